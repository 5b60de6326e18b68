//! Folders of agent-workflow, taken over with everything that is in them.

use serde_json::{Value, json};

use super::*;
use crate::domain::approval::Question;
use crate::domain::check;
use crate::domain::id::{EpicId, SprintId};
use crate::domain::sprint::SprintStatus;
use crate::domain::workflow::State;
use crate::store::{Imported, Survey, import, survey};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/agent-workflow").join(name)
}

fn take_over(folder: &Path) -> Result<Imported, StoreError> {
    let at = "2026-11-20T10:00:00Z".parse().unwrap();
    import(folder, &"alpha".parse().unwrap(), Uid(Ulid(7)), at, 1 << 60, &"Ada".parse().unwrap())
}

/// Names and contents.
type Files<'a> = &'a [(&'a str, &'a str)];

/// A folder with these files.
fn folder_with(files: Files<'_>) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    folder
}

#[test]
fn a_sprint_that_goes_on_is_taken_over_with_all_around_it() {
    let Imported { project, documents, notes } = take_over(&fixture("active")).unwrap();

    assert_eq!(check::violations(&project), []);
    assert_eq!((project.state, project.sprint), (State::SprintActive, Some(SprintId(2))));
    let story = |number| project.stories[&StoryId(number)].as_ref();
    let places: Vec<_> = project.backlog().map(|story| (story.id.0, story.priority.to_string())).collect();
    let places: Vec<_> = places.iter().map(|(id, priority)| (*id, priority.as_str())).collect();
    assert_eq!(places, [(2, "high"), (5, "medium"), (7, "medium"), (4, "low"), (3, "low")]);
    assert_eq!((story(1).status, story(1).sprint), (Status::Done, Some(SprintId(1))));
    assert_eq!((story(2).status, story(2).sprint), (Status::InProgress, Some(SprintId(2))));
    assert_eq!((story(3).sprint, story(4).sprint), (None, Some(SprintId(2))));
    assert_eq!(story(1).epic, Some(EpicId(1)));
    assert_eq!(story(1).criteria[1].as_str(), "a wrong key is refused");
    assert_eq!(story(1).created_at.to_string(), "2025-03-01T10:00:00Z");
    assert_eq!(story(5).description.as_str(), "Of a kind nobody knows");
    assert_eq!(project.epics[&EpicId(2)].title.as_str(), "Reports, monthly");
    assert_eq!(project.alias("Story-00000003"), Some(crate::domain::entity::Entity::Story(StoryId(3))));

    let sprints: Vec<_> = project.sprints.values().map(|sprint| (sprint.status, sprint.days)).collect();
    let expected = [(SprintStatus::Closed, 14), (SprintStatus::Active, 14), (SprintStatus::Cancelled, 14)];
    assert_eq!(sprints, [expected[0], expected[1], expected[2]]);
    let first = &project.sprints[&SprintId(1)];
    assert_eq!((first.velocity, first.returned.as_slice()), (Some(1), [StoryId(3)].as_slice()));
    assert_eq!(first.retrospective.as_ref().unwrap().action[0].as_str(), "smaller stories");

    let questions: Vec<_> = project.approvals.iter().map(|one| (one.text.as_str(), &one.question)).collect();
    assert_eq!(questions[0], ("Deploy to staging?", &Question::Imported));
    let proposal = Question::Proposal { epic: None, stories: vec![StoryId(6)] };
    assert_eq!(questions[1], ("Shall the new story join the backlog?", &proposal));
    assert_eq!(questions[2], ("7", &Question::Imported));

    let names: Vec<_> = documents.iter().map(|document| document.path.as_str()).collect();
    assert_eq!(names, ["architecture.md", "best-practices.md"]);
    assert_eq!(notes, ACTIVE_NOTES);
}

const ACTIVE_NOTES: [&str; 10] = [
    "not taken over, and kept in the old folder: discord.json",
    "S-4: its epic epic-gone does not exist",
    "S-4: `created_at` is not a time: \"some day\"",
    "S-5: the priority \"urgent\" is not known; it is medium now",
    "S-5: the status \"parked\" is not known; it is todo now",
    "sprint-002: it lists what does not exist: story-deleted",
    "S-5: its sprint sprint-gone does not exist",
    "sprint-003: it was \"planned\" and is cancelled now",
    "sprint-003: it does not say how long it lasts; it has 14 days now",
    "S-7: it was proposed, and no question was about it; it is todo now",
];

#[test]
fn what_has_no_place_is_kept_under_its_old_name() {
    let Imported { project, .. } = take_over(&fixture("active")).unwrap();
    let extra = |number| json!(project.stories[&StoryId(number)].extra);

    assert_eq!(extra(1)["test_files"], json!(["tests/test_key.py"]));
    assert_eq!(extra(1)["test_coverage"], json!(93.5));
    assert_eq!(extra(3)["agent_workflow"], json!({"priority": 5, "rank": "last"}));
    assert_eq!(extra(4)["agent_workflow"], json!({"created_at": "some day", "epic_id": "epic-gone"}));
    let five = json!({"priority": "urgent", "sprint_id": "sprint-gone", "status": "parked"});
    assert_eq!(extra(5)["agent_workflow"], five);
    assert_eq!(json!(project.epics[&EpicId(1)].extra)["tdd_constraints"], json!({"min_coverage": 90}));
    assert_eq!(json!(project.epics[&EpicId(1)].extra)["status"], json!("active"));
    let sprint = |number| json!(project.sprints[&SprintId(number)].extra);
    assert_eq!(sprint(1), json!({"agent_workflow": {"retrospective": {"mood": "good"}}}));
    assert_eq!(sprint(2)["story_ids"][2], json!("story-deleted"));
    assert_eq!(sprint(2)["burndown"], json!([3, 2]));
    let whole = json!(project.extra);
    assert_eq!(whole["agent_workflow"], json!({"backlog": {"velocity_target": 12}, "name": "old name"}));
    assert_eq!(whole["last_updated"], json!("2025-03-20T10:00:00"));
}

#[test]
fn an_imported_plan_is_kept_and_read_again() {
    let folder = repository();
    let foreign = folder.path().join(".orch-state");
    for name in ["backlog.json", "status.json", "architecture.md", "discord.json"] {
        fs::create_dir_all(foreign.join("sprints")).unwrap();
        fs::copy(fixture("active").join(name), foreign.join(name)).unwrap();
    }
    assert!(matches!(survey(folder.path()).unwrap().1, Survey::Foreign));
    let Imported { project, documents, .. } = take_over(&foreign).unwrap();
    let store = ProjectStore::create(folder.path(), &project, documents, meta("import"), &holder(), PATIENCE);
    drop(store.unwrap());

    let (store, found) = open_with(folder.path(), &[]).unwrap();

    assert_eq!(found, project);
    let world = World { folder, store: Some(store), project };
    world.check();
    assert!(world.text("architecture.md").contains("A queue in the middle."));
    let aside = world.path().join(".git/orch/set-aside-1");
    assert!(aside.join("discord.json").exists() && aside.join("backlog.json").exists());
}

#[test]
fn an_empty_plan_is_an_idle_project() {
    let Imported { project, notes, .. } = take_over(&fixture("idle")).unwrap();

    assert_eq!((project.state, project.stories.len(), notes.len()), (State::Idle, 0, 0));
}

#[test]
fn every_state_is_made_to_agree_with_the_sprints() {
    let sprint = |status: &str| json!({"id": "x", "status": status, "story_ids": ["a", "b"]}).to_string();
    let backlog = |first: &str, second: &str| {
        let story = |id: &str, status: &str| json!({"id": id, "title": id, "status": status});
        json!({"epics": [], "stories": [story("a", first), story("b", second)]}).to_string()
    };
    #[rustfmt::skip]
    let cases = [
        ("IDLE",           "completed", "backlog",     "done", State::BacklogReady,  None),
        ("BACKLOG_READY",  "completed", "done",        "done", State::Idle,          None),
        ("SPRINT_PLANNED", "planned",   "sprint",      "sprint", State::SprintPlanned, Some(SprintStatus::Planned)),
        ("BACKLOG_READY",  "planned",   "sprint",      "sprint", State::SprintPlanned, Some(SprintStatus::Planned)),
        ("SPRINT_ACTIVE",  "active",    "in_progress", "done", State::SprintActive,  Some(SprintStatus::Active)),
        ("SPRINT_ACTIVE",  "completed", "in_progress", "done", State::BacklogReady,  None),
        ("IDLE",           "active",    "in_progress", "done", State::SprintActive,  Some(SprintStatus::Active)),
        ("SPRINT_PAUSED",  "active",    "in_progress", "done", State::SprintPaused,  Some(SprintStatus::Paused)),
        ("SPRINT_REVIEW",  "completed", "done",        "done", State::SprintReview,  Some(SprintStatus::Review)),
        ("SPRINT_REVIEW",  "active",    "done",        "done", State::SprintReview,  Some(SprintStatus::Review)),
        ("BLOCKED",        "active",    "blocked",     "done", State::Blocked,       Some(SprintStatus::Active)),
        ("BLOCKED",        "active",    "in_progress", "done", State::SprintActive,  Some(SprintStatus::Active)),
        ("DREAMING",       "strange",   "in_progress", "done", State::BacklogReady,  None),
    ];
    for (old, status, first, second, state, current) in cases {
        let standing = json!({"current_state": old, "current_sprint": "x"}).to_string();
        let (plan, sprint) = (backlog(first, second), sprint(status));
        let files = [("status.json", &standing), ("backlog.json", &plan), ("sprints/x.json", &sprint)];
        let folder = folder_with(&files.map(|(name, text)| (name, text.as_str())));

        let Imported { project, notes, .. } = take_over(folder.path()).unwrap();

        let found = project.current_sprint().map(|sprint| sprint.status);
        assert_eq!((project.state, found), (state, current), "{old} with a sprint that is {status}");
        let is_told = notes.iter().any(|note| note.starts_with("the state"));
        assert_eq!(is_told, old != state.name(), "{old}: {notes:?}");
    }
}

#[test]
fn texts_beyond_our_limits_are_cut_and_kept_in_full() {
    let long = "word ".repeat(3000);
    let control = "a\u{1b}[31mred\u{202e}";
    let story = json!({"id": "s", "title": long, "description": long, "acceptance_criteria": [long, "short", 7],
        "status": "backlog"});
    let other = json!({"id": "t", "title": control, "description": control});
    let plan = json!({"epics": [], "stories": [story, other]}).to_string();
    let folder = folder_with(&[("backlog.json", &plan)]);

    let Imported { project, notes, .. } = take_over(folder.path()).unwrap();

    let story = &project.stories[&StoryId(1)];
    assert!(story.title.as_str().ends_with("word…") && story.description.as_str().ends_with("word…"));
    assert_eq!((story.criteria.len(), story.criteria[2].as_str()), (3, "7"));
    let kept: Value = json!(story.extra)["agent_workflow"].clone();
    assert_eq!((&kept["title"], &kept["acceptance_criteria"][0]), (&json!(long), &json!(long)));
    assert_eq!(project.stories[&StoryId(2)].title.as_str(), "a[31mred");
    assert_eq!(json!(project.stories[&StoryId(2)].extra)["agent_workflow"]["title"], json!(control));
    assert!(notes.contains(&"S-1: `title` was cut to 120 characters".to_owned()), "{notes:?}");
}

#[test]
fn odd_ids_lose_nothing() {
    let story = |id: Value| json!({"id": id, "title": "t", "status": "backlog"});
    let stories = [
        story(json!("same")),
        story(json!("same")),
        story(json!(null)),
        story(json!(12)),
        story(json!("S-1")),
    ];
    let plan =
        json!({"stories": stories, "sprints": [{"id": "sprint-9", "status": "planned", "story_ids": [12]}]});
    let folder = folder_with(&[("backlog.json", &plan.to_string())]);

    let Imported { project, notes, .. } = take_over(folder.path()).unwrap();

    assert_eq!(project.stories.len(), 5);
    assert_eq!(project.stories[&StoryId(4)].sprint, Some(SprintId(1)));
    let expected = [
        "S-2: another one is called same, too; that name leads to the first",
        "S-3: it had no id",
        "S-5: it was called S-1, a name that is given to others now",
        "sprint-001: it was called sprint-9, a name that is given to others now",
        "sprint-001: it does not say how long it lasts; it has 14 days now",
    ];
    assert_eq!(notes, expected);
}

#[test]
fn damage_is_named_and_never_an_empty_plan() {
    #[rustfmt::skip]
    let cases: [(Files<'_>, &str, &str); 6] = [
        (&[("backlog.json", "{\n\"epics\": [\n")],                      "backlog.json",    "line 3: EOF while parsing"),
        (&[("backlog.json", ""), ("status.json", "{\"current_state\": \"IDLE\"}")], "backlog.json", "line 1: EOF while parsing"),
        (&[("backlog.json", "[]")],                                      "backlog.json",    "line 1: it does not hold an object"),
        (&[("backlog.json", "{\"stories\": {}}")],                      "backlog.json",    "`stories` is not a list"),
        (&[("backlog.json", "{\"stories\": [{}, 1]}")],                 "backlog.json",    "number 2 of `stories` is not an object"),
        (&[("backlog.json", "{}"), ("sprints/a.json", "{\n\nx")],       "sprints/a.json",  "line 3: key must be a string"),
    ];
    for (files, name, reason) in cases {
        let folder = folder_with(files);

        let error = take_over(folder.path()).unwrap_err();

        let start = format!("{} cannot be imported: {reason}", folder.path().join(name).display());
        assert!(error.to_string().starts_with(&start), "{error}");
    }
    let error = take_over(&fixture("damaged")).unwrap_err();
    assert!(error.to_string().contains("backlog.json cannot be imported: line 5"), "{error}");
}

#[test]
fn a_damaged_plan_is_still_recognised() {
    let folder = repository();
    fs::create_dir(folder.path().join(".orch-state")).unwrap();
    fs::copy(fixture("damaged").join("backlog.json"), folder.path().join(".orch-state/backlog.json"))
        .unwrap();

    assert!(matches!(survey(folder.path()).unwrap().1, Survey::Foreign));
}
