//! People edit the files in the folder.

use serde_json::{Value, json};

use super::*;

const STORY: &str = "stories/0/S-1.json";

/// Changes one field of a JSON file, as a person with an editor would.
fn edit(world: &World, path: &str, change: impl FnOnce(&mut Value)) {
    let mut value: Value = serde_json::from_str(&world.text(path)).unwrap();
    change(&mut value);
    fs::write(world.file(path), serde_json::to_string_pretty(&value).unwrap()).unwrap();
}

#[test]
fn a_valid_edit_is_found_and_becomes_a_commit() {
    let mut world = World::with_stories(2);
    assert!(world.is_quiet());
    edit(&world, STORY, |story| story["title"] = json!("By hand"));

    assert_eq!(world.take_edit(), [STORY]);

    assert_eq!(world.project.stories[&StoryId(1)].title.as_str(), "By hand");
    assert!(world.is_quiet());
    world.check();
    let project = world.project.clone();
    world.reopen(&[]);
    assert_eq!(world.project, project);
}

#[test]
fn an_edit_made_while_nothing_ran_is_found_too() {
    let mut world = World::with_stories(2);
    edit(&world, STORY, |story| story["title"] = json!("By hand"));
    world.reopen(&[]);

    assert_eq!(world.project.stories[&StoryId(1)].title.as_str(), "Story 1", "not before it is committed");
    assert_eq!(world.take_edit(), [STORY]);
    world.check();
}

#[test]
fn an_edit_that_cannot_be_taken_names_file_and_line_and_stays() {
    let mut world = World::with_stories(2);
    let whole = world.text(STORY);
    let status = world.text("status.json");
    let with = |from: &str, to: &str| {
        assert!(whole.contains(from), "{from}");
        whole.replace(from, to)
    };
    let other_key = status.replace("00000000000000000000000007", "00000000000000000000000008");
    assert_ne!(status, other_key);
    #[rustfmt::skip]
    let cases = [
        (STORY, with("\"title\"", "title"),                          4, "is not JSON"),
        (STORY, with("\"title\": \"Story 1\"", "\"title\": 7"),      5, "/title"),
        (STORY, with("\"status\": \"todo\"", "\"status\": \"fun\""), 9, "/status"),
        (STORY, with("\"status\": \"todo\"", "\"epic\": \"E-9\",\n  \"status\": \"todo\""), 9, "S-1 refers to E-9"),
        (STORY, with("\"id\": \"S-1\"", "\"id\": \"S-2\""),          1, "holds S-2"),
        (STORY, with("\"format\": 1", "\"format\": 2"),              1, "has format 2"),
        ("status.json", other_key,                                   1, "the key of a project cannot be changed"),
        ("status.json", status.replace("IDLE", "SPRINT_ACTIVE"),     1, "the state is SPRINT_ACTIVE"),
    ];
    for (path, text, expected, part) in cases {
        fs::write(world.file(path), &text).unwrap();

        for _ in 0..2 {
            let error = world.look().err().unwrap();
            let StoreError::DamagedFile { path: found, line, reason } = &error else { panic!("{error}") };
            assert_eq!(found, &world.store().folder().join(path));
            assert!(reason.contains(part), "{reason}");
            assert!(line.abs_diff(expected) <= 2 || expected == 1, "{path}:{line}: {reason}");
            assert_eq!(world.text(path), text, "the edit is left as it is");
        }

        fs::write(world.file(path), if path == STORY { &whole } else { &status }).unwrap();
        assert!(world.is_quiet(), "after mending, {part}");
    }
    world.add();
    world.check();
}

#[test]
fn a_broken_edit_stays_through_a_restart_and_through_publishing() {
    let mut world = World::with_stories(1);
    fs::write(world.file(STORY), "{ half").unwrap();
    world.reopen(&[]);
    let record = world.addition();
    world.publish(&[record]);

    assert!(world.look().is_err());
    assert_eq!(world.text(STORY), "{ half");
}

#[test]
fn unknown_fields_survive_a_later_change() {
    let mut world = World::with_stories(1);
    assert!(world.is_quiet());
    edit(&world, STORY, |story| story["estimate_by"] = json!({"who": "Ada"}));
    edit(&world, "status.json", |status| status["team"] = json!("blue"));
    edit(&world, "backlog.json", |backlog| backlog["colour"] = json!("red"));
    assert_eq!(world.take_edit(), ["backlog.json", "status.json", STORY]);

    let mut changed = story(1);
    changed.title = "Other".parse().unwrap();
    changed.extra = world.project.stories[&StoryId(1)].extra.clone();
    let event = Event::StoryEdited { story: Arc::new(changed), fields: vec!["title"] };
    let record = world.change(&[event]);
    world.publish(&[record]);
    world.reopen(&[]);

    assert!(world.text(STORY).contains("\"who\": \"Ada\""));
    assert!(world.text("status.json").contains("\"team\": \"blue\""));
    assert!(world.text("backlog.json").contains("\"colour\": \"red\""));
    world.check();
}

#[test]
fn a_story_that_a_person_adds_is_taken_also_in_a_new_folder() {
    let mut world = World::with_stories(1);
    assert!(world.is_quiet());
    let text = world.text(STORY).replace("S-1", "S-250").replace("\"rank\": 1", "\"rank\": 250");
    let text = text.replace("00000000000000000000000001", "0000000000000000000000007T");
    fs::create_dir(world.file("stories/2")).unwrap();
    fs::write(world.file("stories/2/S-250.json"), &text).unwrap();

    assert_eq!(world.take_edit(), ["stories/2/S-250.json"]);
    assert_eq!(world.project.counters.stories, 250);
    // The kernel has to tell about the new folder, too.
    edit(&world, "stories/2/S-250.json", |story| story["title"] = json!("Again"));
    assert_eq!(world.take_edit(), ["stories/2/S-250.json"]);
    world.check();
}

#[test]
fn files_of_others_are_left_alone() {
    let mut world = World::with_stories(1);
    for name in ["notes.txt", "stories/0/S-1.json~", "stories/0/.S-1.json.swp", "S-9.json"] {
        fs::write(world.file(name), "mine").unwrap();
    }
    fs::create_dir_all(world.file("a/b")).unwrap();

    assert!(world.is_quiet());
    world.add();
    world.reopen(&[]);
    assert!(world.is_quiet());
    assert_eq!(world.text("notes.txt"), "mine");
    assert!(world.file("a/b").exists());
}

#[test]
fn what_is_deleted_or_emptied_is_put_back() {
    let mut world = World::with_stories(2);
    assert!(world.is_quiet());
    for round in 0..2 {
        fs::remove_file(world.file(STORY)).unwrap();
        fs::write(world.file("status.json"), "").unwrap();
        fs::write(world.file("backlog.json"), [0; 300]).unwrap();
        fs::remove_file(world.file(".git")).unwrap();
        if round == 1 {
            world.reopen(&[]);
        }
        assert!(world.is_quiet());
        world.check();
        assert_eq!(git(&world.path().join(".orch-state"), &["branch", "--show-current"], b""), "orch-state");
    }
}

#[test]
fn a_deleted_folder_is_put_back_and_watched_again() {
    let mut world = World::with_stories(2);
    for round in 0..3 {
        assert!(world.is_quiet());
        fs::remove_dir_all(world.path().join(".orch-state")).unwrap();
        if round == 1 {
            git(world.path(), &["worktree", "prune"], b"");
        }
        if round == 2 {
            world.reopen(&[]);
        }
        assert!(world.is_quiet());
        world.check();
        assert!(world.is_quiet());
        let title = format!("Round {round}");
        edit(&world, STORY, |story| story["title"] = json!(title));
        assert_eq!(world.take_edit(), [STORY]);
        world.check();
    }
}

#[test]
fn an_edit_of_a_file_that_is_just_being_published_is_not_overwritten() {
    let mut world = World::with_stories(1);
    assert!(world.is_quiet());
    let mut changed = story(1);
    changed.points = Some(3);
    let event = Event::StoryEdited { story: Arc::new(changed), fields: vec!["points"] };
    let record = world.change(&[event]);
    edit(&world, STORY, |story| story["title"] = json!("At the same moment"));
    world.publish(&[record]);

    assert!(world.text(STORY).contains("At the same moment"));
    assert_eq!(world.take_edit(), [STORY]);
    assert_eq!(world.project.stories[&StoryId(1)].title.as_str(), "At the same moment");
    world.check();
}

#[test]
fn more_changes_than_the_kernel_remembers_hide_none() {
    let mut world = World::with_stories(1);
    assert!(world.is_quiet());
    let limit = fs::read_to_string("/proc/sys/fs/inotify/max_queued_events").unwrap();
    let limit: usize = limit.trim().parse().unwrap();
    let noise = world.file("noise");
    for _ in 0..=limit / 2 {
        fs::write(&noise, "").unwrap();
        fs::remove_file(&noise).unwrap();
    }
    edit(&world, STORY, |story| story["title"] = json!("After the noise"));

    assert_eq!(world.take_edit(), [STORY]);
}

#[test]
fn without_a_watch_every_look_looks_at_everything() {
    let mut world = World::with_stories(2);
    world.store().folder.poll();
    for title in ["One", "Two"] {
        edit(&world, STORY, |story| story["title"] = json!(title));
        assert_eq!(world.take_edit(), [STORY]);
        fs::remove_file(world.file("status.json")).unwrap();
        assert!(world.is_quiet());
        world.check();
    }
}

#[test]
fn what_is_no_plain_file_is_refused_and_never_followed() {
    let mut world = World::with_stories(1);
    assert!(world.is_quiet());
    fs::remove_file(world.file("architecture.md")).unwrap();
    std::os::unix::fs::symlink("/etc/hostname", world.file("architecture.md")).unwrap();

    let error = world.look().err().unwrap();
    assert!(error.to_string().ends_with("architecture.md:1: is not a plain file"), "{error}");
    let error = world.error_of_opening();
    assert!(error.to_string().ends_with("architecture.md:1: is not a plain file"), "{error}");
}

#[test]
fn a_document_is_a_persons_own() {
    let mut world = World::new();
    fs::write(world.file("architecture.md"), "# Mine\r\nNo newline").unwrap();
    fs::write(world.file("decisions.md"), "new").unwrap();

    assert_eq!(world.take_edit(), ["architecture.md", "decisions.md"]);
    assert_eq!(world.text("architecture.md"), "# Mine\r\nNo newline");
    world.check();
}
