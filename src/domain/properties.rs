//! What holds after any sequence of commands, tried with generated ones that get in each other's way.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::prelude::*;
use proptest::strategy::Union;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};

use crate::domain::approval::Question;
use crate::domain::check;
use crate::domain::command::{CommandKind, Scope};
use crate::domain::entity::Entity;
use crate::domain::event::Event;
use crate::domain::id::StoryId;
use crate::domain::past::Patch;
use crate::domain::project::{Place, Project};
use crate::domain::story::{Status, Story};
use crate::domain::testing::{self, World, approval};
use crate::domain::workflow::{self, State};

/// Sequences that are tried; the same ones in every run.
const CASES: u32 = 512;

/// An id of a story: mostly of one that exists, sometimes of none.
fn story() -> impl Strategy<Value = String> {
    prop_oneof![
        12 => (1..7_u32).prop_map(|number| format!("S-{number}")),
        1 => (1..30_u32).prop_map(|number| format!("s-{number}")),
        1 => Just("E-1".to_owned()),
    ]
}

fn stories(most: usize) -> impl Strategy<Value = String> {
    prop::collection::vec(story(), 0..=most).prop_map(|ids| ids.join(","))
}

/// One of these texts.
fn any_of(texts: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop::sample::select(texts).prop_map(str::to_owned)
}

fn text() -> BoxedStrategy<String> {
    let priority = || any_of(&["top", "high", "medium", "low"]);
    let status = any_of(&["todo", "in_progress", "in_review", "done", "done", "blocked", "blocked"]);
    let options: Vec<(u32, BoxedStrategy<String>)> = vec![
        (1, Just("epic Log in".to_owned()).boxed()),
        (2, stories(2).prop_map(|ids| format!("backlog add more after={ids} epic=E-1")).boxed()),
        (
            6,
            (priority(), 0..9_u32)
                .prop_map(|(p, n)| format!("backlog add it priority={p} points={n}"))
                .boxed(),
        ),
        (3, (story(), stories(3)).prop_map(|(id, ids)| format!("backlog edit {id} after={ids}")).boxed()),
        (
            1,
            (story(), priority())
                .prop_map(|(id, p)| format!("backlog edit {id} priority={p} points=4"))
                .boxed(),
        ),
        (2, story().prop_map(|id| format!("backlog remove {id}")).boxed()),
        (2, (story(), priority()).prop_map(|(id, p)| format!("backlog prioritize {id} {p}")).boxed()),
        (3, stories(4).prop_map(|ids| format!("sprint plan {ids}")).boxed()),
        (2, (1..9_u32).prop_map(|points| format!("sprint plan capacity={points}")).boxed()),
        (9, any_of(&["sprint start", "sprint start", "sprint status", "sprint resume"]).boxed()),
        (2, any_of(&["sprint pause", "sprint finish", "sprint cancel"]).boxed()),
        (12, (story(), status).prop_map(|(id, to)| format!("story move {id} {to} reason=x")).boxed()),
        (
            2,
            (story(), any_of(&["use_mine", "x"]))
                .prop_map(|(id, t)| format!("suggest_fix {t} id={id}"))
                .boxed(),
        ),
        (
            2,
            prop_oneof![Just("skip_task".to_owned()), story().prop_map(|id| format!("skip_task {id}"))]
                .boxed(),
        ),
        (3, stories(1).prop_map(|ids| format!("request_changes no ids={ids}")).boxed()),
        (3, Just("feedback good: fast|improve: slow".to_owned()).boxed()),
        (8, any_of(&["approve", "approve A-1", "reject", "reject A-2", "reject A-1,A-2"]).boxed()),
        (4, (1..4_u32).prop_map(|count| format!("undo {count} confirm")).boxed()),
        (5, (1..10_u32).prop_map(|commit| format!("undo c{commit} confirm")).boxed()),
        (2, (1..40_u32).prop_map(|commit| format!("restore c{commit} confirm")).boxed()),
        (1, Just("undo".to_owned()).boxed()),
        (40, (0..60_u32).prop_map(|choice| format!("onward {choice}")).boxed()),
    ];
    Union::new_weighted(options).boxed()
}

/// What leads on from where the project stands, so that sequences get through whole sprints.
fn onward(project: &Project, choice: usize) -> String {
    let story = |status: Status| project.sprint_stories().filter(move |story| story.status == status);
    let first = |status: Status| story(status).next().map_or("S-1".to_owned(), |story| story.id.to_string());
    let any = |texts: &[&str]| texts[choice % texts.len()].to_owned();
    match project.state {
        State::Idle => {
            any(&["epic Log in", "backlog add first", "backlog edit S-1 title=Other", "story move S-1 todo"])
        }
        State::BacklogReady => {
            any(&["sprint plan", "sprint plan", "backlog add one after=S-1", "story move S-1 todo"])
        }
        State::SprintPlanned => any(&["sprint start", "sprint start", "sprint plan capacity=4"]),
        State::SprintActive => {
            let what = ["* done", "* done", "* blocked reason=x", "* in_progress", "* done"];
            match choice % 8 {
                7 => "suggest_fix use mine".to_owned(),
                5 => "sprint pause".to_owned(),
                6 => "skip_task".to_owned(),
                _ => format!("story move {}", any(&what).replace('*', &first(Status::Todo))),
            }
        }
        State::SprintPaused => any(&[
            "sprint resume",
            "sprint finish",
            "backlog edit S-1 title=New",
            "backlog prioritize S-2 top",
            "sprint cancel",
        ]),
        State::SprintReview => {
            any(&["feedback good: fast", "request_changes no", "feedback x", "undo 2 confirm"])
        }
        State::Blocked => {
            let what = any(&[
                "suggest_fix x id=*",
                "skip_task *",
                "story move * in_progress",
                "story move * done",
                "backlog prioritize * low",
            ]);
            what.replace('*', &first(Status::Blocked))
        }
    }
}

/// A project that waits for answers, with finished work, and with older names that two things share.
fn with_questions() -> Project {
    let mut world = World::with_proposal().and(&["epic Log in", "backlog add done", "story move S-3 done"]);
    let mut patch = Patch::standing(&world.project, "asked".to_owned());
    for (id, alias) in [(1, "S-90"), (3, "s-90"), (3, "S-91")] {
        let mut story = Story::clone(&world.project.stories[&StoryId(id)]);
        story.aliases.push(alias.to_owned());
        patch.stories.insert(story.id, Some(Arc::new(story)));
    }
    patch.approvals.push(approval(2, Question::Run { story: StoryId(1) }));
    patch.approvals.push(approval(3, Question::Imported));
    world.project.apply(&Event::Replaced(Arc::new(patch)));
    world.project
}

/// A project in which all that there was is done.
fn with_nothing_left() -> Project {
    let outside = ["epic Log in", "backlog add one", "story move S-1 done", "backlog add two"];
    World::given(&outside).and(&["sprint plan", "sprint start", "story move S-2 done", "feedback ok"]).project
}

fn content(project: &Project) -> Patch {
    Patch::between(&World::empty(), project, String::new())
}

/// Everything of which the value is not the same.
fn different(before: &Project, after: &Project) -> BTreeSet<Entity> {
    Patch::between(before, after, String::new()).entities().collect()
}

/// The same project, put together anew from its parts, as after reading it from files.
fn put_together(project: &Project) -> Project {
    let mut anew = World::empty();
    anew.counters = project.counters;
    (anew.state, anew.sprint, anew.approvals) = (project.state, project.sprint, project.approvals.clone());
    (anew.recent, anew.revision) = (project.recent.clone(), project.revision);
    project.sprints.iter().for_each(|(id, sprint)| anew.set_sprint(*id, Some(sprint.clone())));
    project.stories.iter().rev().for_each(|(id, story)| anew.set_story(*id, Some(story.clone())));
    project.epics.iter().for_each(|(id, epic)| anew.set_epic(*id, Some(epic.clone())));
    anew
}

fn check_accepted(before: &Project, after: &Project, events: &[Event]) -> Result<(), TestCaseError> {
    prop_assert_eq!(check::violations(after), vec![]);
    prop_assert_eq!(workflow::settled(after, after.state), after.state);
    let touched: BTreeSet<_> = events.iter().flat_map(Event::touches).collect();
    let missed: Vec<_> = different(before, after).difference(&touched).copied().collect();
    prop_assert_eq!(missed, vec![], "changed and not touched");
    let (was, is) = (before.counters, after.counters);
    prop_assert!(was.epics <= is.epics && was.stories <= is.stories && was.sprints <= is.sprints);
    for id in after.stories.keys() {
        let holds = after
            .sprints
            .values()
            .filter(|sprint| sprint.stories.contains(id) && !sprint.returned.contains(id));
        prop_assert!(holds.count() <= 1, "{} is in two sprints", id);
    }
    let place = |story: &Story| Place { priority: story.priority, rank: story.rank, story: story.id };
    prop_assert!(after.backlog().map(|story| place(story)).is_sorted());
    prop_assert_eq!(&put_together(after), after);
    Ok(())
}

/// Taking the last command back gives what was before it, and restoring a commit what was there.
fn check_history(command: &str, world: &World, before: &World) -> Result<(), TestCaseError> {
    let at = |number: usize| content(&before.history[number].1);
    if command == "undo 1 confirm" {
        let last = before.history.last().map(|(before, _)| content(before));
        prop_assert_eq!(Some(content(&world.project)), last);
    } else if let Some(commit) = command.strip_prefix("restore c") {
        let number: usize = commit.trim_end_matches(" confirm").parse().unwrap();
        prop_assert_eq!(content(&world.project), at(number - 1));
    }
    Ok(())
}

fn check_sequence(
    start: Project,
    commands: &[String],
    tally: &mut BTreeSet<(State, CommandKind)>,
) -> Result<(), TestCaseError> {
    let mut world = World::of(start.clone());
    for command in commands {
        let before = world.clone();
        let choice = command.strip_prefix("onward ").map(|choice| choice.parse().unwrap());
        let command = &choice.map_or(command.clone(), |choice| onward(&before.project, choice));
        match world.run(command) {
            Ok(events) => {
                check_accepted(&before.project, &world.project, &events)?;
                check_history(command, &world, &before)?;
                tally.insert((before.project.state, testing::command(command).kind()));
            }
            Err(refusal) => {
                prop_assert_eq!(&before.project, &world.project);
                prop_assert!(
                    !refusal.message.is_empty() && !refusal.hint.is_empty() && refusal.state.is_some()
                );
            }
        }
    }
    let mut again = start;
    world.events.iter().for_each(|event| again.apply(event));
    (again.recent, again.revision) = (world.project.recent.clone(), world.project.revision);
    prop_assert_eq!(again, world.project);
    Ok(())
}

#[test]
fn any_sequence_of_commands_keeps_every_rule() {
    let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let starts = prop_oneof![
        2 => Just(World::empty()),
        1 => Just(World::given(&["epic Log in", "backlog add one", "backlog add two points=5"]).project),
        3 => Just(with_questions()),
        1 => Just(with_nothing_left()),
    ];
    let tally = RefCell::new(BTreeSet::new());
    let sequences = (starts, prop::collection::vec(text(), 1..60));
    let outcome =
        runner.run(&sequences, |(start, commands)| check_sequence(start, &commands, &mut tally.borrow_mut()));
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
    let seen = tally.into_inner();
    // Little leads to IDLE; every other state has to have seen everything that is possible there.
    let others = State::ALL.into_iter().filter(|state| *state != State::Idle);
    for state in others {
        let missed: Vec<_> = workflow::possible_in(state)
            .into_iter()
            .filter(|kind| kind.scope() == Scope::Change && !seen.contains(&(state, *kind)))
            .collect();
        assert_eq!(missed, vec![], "no sequence had these in {state}");
    }
}
