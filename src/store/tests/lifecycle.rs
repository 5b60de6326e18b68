//! A project from its registration to its end.

use super::*;
use crate::store::{Survey, latest_commit, survey};

/// What of a repository belongs to the person alone.
fn belongings(path: &Path) -> Vec<Option<Vec<u8>>> {
    let names = [".git/index", ".git/HEAD", ".git/refs/heads/main", ".git/config", "code.txt"];
    names.map(|name| fs::read(path.join(name)).ok()).to_vec()
}

#[test]
fn what_was_created_is_what_is_opened() {
    let mut world = World::with_stories(3);
    let before = world.project.clone();
    world.check();

    world.reopen(&[]);

    assert_eq!(world.project, before);
    assert!(world.is_quiet());
    world.check();
}

#[test]
fn nothing_of_the_person_is_touched() {
    let folder = repository();
    let before = belongings(folder.path());
    let (mut store, mut project) = create(folder.path()).unwrap();
    let event = Event::StoryAdded(Arc::new(story(1)));
    project.apply(&event);
    project.remember("c1".parse().unwrap());
    let record = change(&project, store.extras(), &[event], meta("c1")).unwrap();
    store.publish(&[record]).unwrap();
    store.rest().unwrap();
    drop(store);
    let (store, _) = open_with(folder.path(), &[]).unwrap();

    assert!(belongings(folder.path()) == before);
    assert_eq!(git(folder.path(), &["status", "--porcelain"], b""), "");
    assert_eq!(git(folder.path(), &["log", "--format=%s"], b""), "code");
    store.unmount().unwrap();
    assert!(belongings(folder.path()) == before);
}

#[test]
fn git_in_the_folder_sees_a_clean_branch_after_a_rest() {
    let mut world = World::with_stories(2);
    world.store().rest().unwrap();
    let folder = world.path().join(".orch-state");

    assert_eq!(git(&folder, &["status", "--porcelain"], b""), "");
    assert_eq!(git(&folder, &["branch", "--show-current"], b""), "orch-state");
    let log = git(&folder, &["log", "--format=%s|%an|%cn"], b"");
    assert_eq!(log, "c2|Ada|Bandmaster\nc1|Ada|Bandmaster\nregister|Ada|Bandmaster");
    assert_eq!(git(world.path(), &["worktree", "list"], b"").lines().count(), 2);
}

#[test]
fn git_in_a_large_folder_sees_a_clean_branch_with_and_without_files_of_others() {
    // Enough for the cache, from which the index is made then.
    let mut world = World::with_stories(60);
    let folder = world.path().join(".orch-state");
    let listed = ["ls-files", "--stage"];
    let in_tree = ["ls-tree", "-r", "--format=%(objectmode) %(objectname) 0%x09%(path)", "orch-state"];
    for file_of_others in [None, Some("notes.txt")] {
        if let Some(name) = file_of_others {
            world.store().rest().unwrap();
            fs::write(folder.join(name), "mine\n").unwrap();
            git(&folder, &["add", name], b"");
            git(&folder, &["commit", "--quiet", "-m", "mine"], b"");
        }
        // The first opening writes the cache, the second uses it.
        world.reopen(&[]);
        world.reopen(&[]);
        world.add();
        let edited = world.text("stories/0/S-2.json").replace("\"title\": \"", "\"title\": \"Now ");
        fs::write(world.file("stories/0/S-2.json"), edited).unwrap();
        let steps: [fn(&mut World); 2] = [|_| {}, |world| drop(world.take_edit())];
        for step in steps {
            step(&mut world);
            world.store().rest().unwrap();
            assert_eq!(git(&folder, &listed, b""), git(&folder, &in_tree, b""), "{file_of_others:?}");
        }
        assert_eq!(git(&folder, &["status", "--porcelain"], b""), "");
        git(world.path(), &["fsck", "--strict", "--full", "--no-dangling"], b"");
    }
}

#[test]
fn hundreds_of_commits_cost_no_more_packs_than_git_likes() {
    let mut world = World::with_stories(60);
    for _ in 0..3 {
        let records: Vec<_> = (0..60).map(|_| world.addition()).collect();
        world.publish(&records);
        world.store().rest().unwrap();
    }

    let packs = fs::read_dir(world.path().join(".git/objects/pack")).unwrap().count() / 2;
    assert!(packs <= 20, "{packs} packs");
    let project = world.project.clone();
    let findings = world.store().verify(&project).unwrap();
    assert!(findings.iter().all(|finding| finding.faults.is_empty()), "{findings:?}");
    assert_eq!(world.store().entries(500, &|_| true).unwrap().len(), 241);
    world.reopen(&[]);
    assert_eq!(world.project, project);
    world.check();
}

#[test]
fn a_removed_story_takes_its_file_with_it() {
    let mut world = World::with_stories(2);
    let record = world.change(&[Event::StoryRemoved(StoryId(2))]);
    world.publish(&[record]);

    assert!(!world.file("stories/0/S-2.json").exists());
    assert!(world.is_quiet());
    world.check();
    world.reopen(&[]);
    assert_eq!(world.project.stories.len(), 1);
}

#[test]
fn an_unregistered_project_leaves_only_its_branch_and_can_come_back() {
    let mut world = World::with_stories(3);
    let exclude = world.path().join(".git/info/exclude");
    assert!(fs::read_to_string(&exclude).unwrap().contains("/.orch-state/\n"));
    let before = world.project.clone();
    world.store.take().unwrap().unmount().unwrap();

    assert!(!world.path().join(".orch-state").exists());
    assert!(!world.path().join(".git/worktrees/orch-state").exists());
    assert!(!fs::read_to_string(&exclude).unwrap().contains("orch-state"));
    assert_eq!(git(world.path(), &["status", "--porcelain"], b""), "");
    assert!(matches!(survey(world.path()).unwrap().1, Survey::Ours));

    world.reopen(&[]);
    assert_eq!(world.project, before);
    world.check();
}

#[test]
fn unregistering_keeps_what_people_put_into_the_folder() {
    let mut world = World::with_stories(1);
    fs::write(world.file("notes.txt"), "mine").unwrap();
    fs::write(world.file("stories/0/S-1.json"), "half an ed").unwrap();
    world.store.take().unwrap().unmount().unwrap();

    assert_eq!(world.text("notes.txt"), "mine");
    assert_eq!(world.text("stories/0/S-1.json"), "half an ed");
    assert!(!world.file("status.json").exists());
    assert_eq!(git(world.path(), &["status", "--porcelain"], b""), "", "it is still ignored");
    fs::remove_file(world.file("notes.txt")).unwrap();
    assert!(matches!(survey(world.path()).unwrap().1, Survey::Ours));
}

#[test]
fn an_exclude_line_of_the_person_stays() {
    let folder = repository();
    let exclude = folder.path().join(".git/info/exclude");
    fs::write(&exclude, "*.o\n/.orch-state/").unwrap();
    let (store, _) = create(folder.path()).unwrap();
    store.unmount().unwrap();

    assert_eq!(fs::read_to_string(&exclude).unwrap(), "*.o\n/.orch-state/");
}

#[test]
fn a_second_process_is_told_who_writes() {
    let world = World::new();

    let never = || Vec::new();
    let error = ProjectStore::open(world.path(), &[], &never, &holder(), Duration::ZERO).err().unwrap();

    assert!(
        error.to_string().ends_with("is held by process 1 on alpha since 2026-11-20T10:00:00Z"),
        "{error}"
    );
}

#[test]
fn a_failed_registration_leaves_everything_as_it_was() {
    let folder = repository();
    let kept = folder.path().join(".orch-state/mine.txt");
    fs::create_dir(folder.path().join(".orch-state")).unwrap();
    fs::write(&kept, "mine").unwrap();
    // Where the reference goes there is a folder with something in it.
    fs::create_dir_all(folder.path().join(".git/refs/heads/orch-state/x")).unwrap();
    fs::write(folder.path().join(".git/refs/heads/orch-state/x/y"), "").unwrap();

    assert!(create(folder.path()).is_err());

    assert_eq!(fs::read_to_string(&kept).unwrap(), "mine");
    assert_eq!(fs::read_dir(folder.path().join(".orch-state")).unwrap().count(), 1);
    assert!(!folder.path().join(".git/worktrees/orch-state").exists());
}

#[test]
fn a_project_is_not_created_over_another() {
    let world = World::new();
    let path = world.path().to_owned();
    let World { store, folder: _folder, .. } = world;
    drop(store);

    let error = create(&path).err().unwrap();

    assert!(matches!(error, StoreError::BranchExists { .. }), "{error}");
}

#[test]
fn documents_that_were_brought_along_are_kept() {
    let folder = repository();
    let brought = FileChange { path: "architecture.md".into(), content: Some(b"# Ours\n".to_vec()) };
    let project = new_project();
    let store =
        ProjectStore::create(folder.path(), &project, vec![brought], meta("register"), &holder(), PATIENCE)
            .unwrap();

    let text = |name: &str| fs::read_to_string(store.folder().join(name)).unwrap();
    assert_eq!(text("architecture.md"), "# Ours\n");
    assert!(text("best-practices.md").contains("alpha"));
}

#[test]
fn the_history_says_what_each_command_changed() {
    let mut world = World::with_stories(2);
    let entries = world.store().entries(2, &|entry| entry.command.is_some()).unwrap();
    assert_eq!(entries.iter().map(|entry| entry.subject.as_str()).collect::<Vec<_>>(), ["c2", "c1"]);

    let crate::domain::past::Past::Steps(steps) = world.store().step_of("c2").unwrap() else { panic!() };
    assert_eq!(steps[0].before.stories[&StoryId(2)], None);
    assert!(steps[0].after.stories[&StoryId(2)].is_some());

    let short = &entries[1].commit[..8];
    let crate::domain::past::Past::At { project, .. } = world.store().past_at(short).unwrap() else {
        panic!()
    };
    assert_eq!(project.stories.len(), 1);
    assert!(matches!(world.store().past_at("ffffffff").unwrap_err(), StoreError::UnknownCommit { .. }));
}

#[test]
fn what_came_after_a_commit_is_told_as_far_as_it_is_wanted() {
    let mut world = World::with_stories(4);
    let all = world.store().entries(100, &|_| true).unwrap();
    let (latest, third) = (all[0].commit.clone(), all[2].commit.clone());

    assert_eq!(latest_commit(world.path()).unwrap().as_ref(), Some(&latest));
    let since = |world: &mut World, commit: Option<&str>, most| {
        let since = world.store().since(commit, most).unwrap();
        assert_eq!(since.latest.as_ref(), Some(&latest));
        (since.entries, since.is_whole)
    };

    assert_eq!(since(&mut world, Some(&third), 10), (all[..2].to_vec(), true));
    assert_eq!(since(&mut world, Some(&latest), 10), (Vec::new(), true));
    assert_eq!(since(&mut world, None, 10), (Vec::new(), true));
    assert_eq!(since(&mut world, Some(&third), 1), (all[..1].to_vec(), false));
    assert_eq!(since(&mut world, Some("another history"), 100), (all, false));
}
