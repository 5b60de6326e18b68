//! The table of the workflow, made by carrying commands out, and what the machine promises about silence.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use insta::assert_snapshot;

use super::*;
use crate::domain::testing::World;

/// A project in `state`, with `S-1` and then `S-2` in the sprint where there is one, and `S-3` outside of it.
pub(crate) fn in_state(state: State) -> World {
    const BACKLOG: &[&str] = &["backlog add one points=3", "backlog add two after=S-1", "backlog add three"];
    const PLANNED: &[&str] = &["sprint plan S-1 S-2"];
    const ACTIVE: &[&str] = &["sprint plan S-1 S-2", "sprint start"];
    let (begun, then): (&[&str], &[&str]) = match state {
        State::Idle => return World::given(&[]),
        State::BacklogReady => (&[], &[]),
        State::SprintPlanned => (PLANNED, &[]),
        State::SprintActive => (ACTIVE, &[]),
        State::SprintPaused => (ACTIVE, &["sprint pause"]),
        State::SprintReview => (ACTIVE, &["story move S-1 done", "story move S-2 done"]),
        State::Blocked => (ACTIVE, &["story move S-1 blocked reason=no_key"]),
    };
    let world = World::given(BACKLOG).and(begun).and(then);
    assert_eq!(world.project.state, state);
    world
}

/// Every command that changes a project, with what it is done to.
#[rustfmt::skip]
pub(crate) const COMMANDS: &[(CommandKind, &str)] = &[
    (CommandKind::Epic,              "epic Log in"),
    (CommandKind::Approve,           "approve"),
    (CommandKind::Reject,            "reject"),
    (CommandKind::BacklogAdd,        "backlog add four"),
    (CommandKind::BacklogEdit,       "backlog edit S-3 points=5"),
    (CommandKind::BacklogRemove,     "backlog remove S-3"),
    (CommandKind::BacklogPrioritize, "backlog prioritize S-3 top"),
    (CommandKind::SprintPlan,        "sprint plan S-3"),
    (CommandKind::SprintStart,       "sprint start"),
    (CommandKind::SprintStatus,      "sprint status"),
    (CommandKind::SprintPause,       "sprint pause"),
    (CommandKind::SprintResume,      "sprint resume"),
    (CommandKind::SprintFinish,      "sprint finish"),
    (CommandKind::SprintCancel,      "sprint cancel"),
    (CommandKind::StoryMove,         "story move S-1 in_progress"),
    (CommandKind::StoryMove,         "story move S-3 done"),
    (CommandKind::RequestChanges,    "request_changes not yet"),
    (CommandKind::SuggestFix,        "suggest_fix use_mine id=S-1"),
    (CommandKind::SkipTask,          "skip_task S-1"),
    (CommandKind::Feedback,          "feedback good: fast"),
    (CommandKind::Undo,              "undo confirm"),
    (CommandKind::Restore,           "restore c1 confirm"),
];

/// Where a command leads, `=` for the same state, `-` if the state does not take it, the code of another refusal.
fn outcome(mut world: World, command: &str) -> String {
    let state = world.project.state;
    match world.run(command) {
        Ok(_) if world.project.state == state => "=".to_owned(),
        Ok(_) => world.project.state.to_string(),
        Err(refusal) if refusal.code == Code::WrongState => "-".to_owned(),
        Err(refusal) => refusal.code.to_string(),
    }
}

#[test]
fn the_table_of_the_workflow() {
    let mut table = format!("{:32}", "");
    State::ALL.iter().for_each(|state| write!(table, "{state:16}", state = state.name()).unwrap());
    for (_, command) in COMMANDS {
        write!(table, "\n{command:32}").unwrap();
        State::ALL
            .iter()
            .for_each(|state| write!(table, "{:16}", outcome(in_state(*state), command)).unwrap());
    }
    let table: Vec<_> = table.lines().map(str::trim_end).collect();
    assert_snapshot!(table.join("\n"));
}

#[test]
fn where_it_leads_may_depend_on_the_stories() {
    const FREED: &[&str] = &["backlog edit S-2 after="];
    #[rustfmt::skip]
    let cases: &[(State, &[&str], &str, &str)] = &[
        // The last story that is done ends the sprint.
        (State::SprintActive, &["story move S-1 done"], "story move S-2 done", "SPRINT_REVIEW"),
        (State::SprintActive, &["story move S-2 done"], "story move S-1 done", "SPRINT_REVIEW"),
        (State::SprintActive, &["story move S-1 done"], "story move S-2 in_review", "="),
        // A sprint is blocked when nothing in it can go on.
        (State::SprintActive, &[], "story move S-1 blocked reason=x", "BLOCKED"),
        (State::SprintActive, FREED, "story move S-1 blocked reason=x", "="),
        (State::SprintActive, &["story move S-2 in_progress"], "story move S-1 blocked reason=x", "="),
        (State::SprintActive, &["story move S-2 done"], "story move S-1 blocked reason=x", "BLOCKED"),
        (State::SprintActive, &["story move S-2 blocked reason=x"], "story move S-1 done", "BLOCKED"),
        (State::SprintActive, &["backlog edit S-2 after=", "story move S-1 blocked reason=x"], "backlog edit S-2 after=S-1", "BLOCKED"),
        // It goes on as soon as one story can.
        (State::Blocked, &[], "story move S-1 todo", "SPRINT_ACTIVE"),
        (State::Blocked, &[], "story move S-2 in_progress", "SPRINT_ACTIVE"),
        (State::Blocked, &[], "backlog edit S-2 after=", "SPRINT_ACTIVE"),
        (State::Blocked, &[], "story move S-1 blocked reason=other", "="),
        (State::Blocked, &["story move S-2 blocked reason=x"], "suggest_fix use_mine id=S-1", "SPRINT_ACTIVE"),
        (State::Blocked, &["story move S-2 blocked reason=x"], "suggest_fix use_mine id=S-2", "="),
        (State::Blocked, &["story move S-2 blocked reason=x"], "skip_task S-1", "="),
        (State::Blocked, &[], "story move S-2 done", "="),
        (State::Blocked, &["story move S-2 done"], "story move S-1 done", "SPRINT_REVIEW"),
        (State::Blocked, &["sprint cancel", "sprint plan S-1"], "sprint start", "BLOCKED"),
        // Nothing is left to do: the next look at the sprint ends it.
        (State::Blocked, &["story move S-2 done", "skip_task"], "sprint status", "SPRINT_REVIEW"),
        (State::SprintActive, &["backlog edit S-2 after=", "story move S-2 done", "story move S-1 blocked reason=x", "skip_task"], "sprint status", "SPRINT_REVIEW"),
        // A story may be blocked while the rest goes on.
        (State::SprintActive, &["backlog edit S-2 after=", "story move S-1 blocked reason=x"], "suggest_fix go on", "="),
        (State::SprintActive, &["backlog edit S-2 after=", "story move S-1 blocked reason=x"], "skip_task", "="),
        // An empty backlog is idle, another is not.
        (State::SprintReview, &[], "feedback good: fast", "BACKLOG_READY"),
        (State::SprintReview, &["request_changes no", "backlog remove S-3", "sprint plan S-1 S-2", "sprint start", "story move S-1 done", "story move S-2 done"], "feedback good: fast", "IDLE"),
        (State::BacklogReady, &["story move S-1 done", "story move S-2 done", "story move S-3 done"], "backlog edit S-1 points=1", "="),
    ];
    for (state, given, command, expected) in cases {
        assert_eq!(outcome(in_state(*state).and(given), command), *expected, "{state}: {given:?}, {command}");
    }
}

#[test]
fn asking_what_is_possible_gives_the_same_answer_as_doing_it() {
    for state in State::ALL {
        let possible: BTreeSet<_> = possible_in(state).into_iter().collect();
        for (kind, command) in COMMANDS.iter().filter(|(kind, _)| !needs_content(*kind)) {
            let taken = outcome(in_state(state), command) != "-";
            assert_eq!(possible.contains(kind), taken, "{command} in {state}");
        }
    }
}

/// Whether a state takes the command and its rule may still say that the state is wrong, for the thing in question.
fn needs_content(kind: CommandKind) -> bool {
    matches!(kind, CommandKind::Approve | CommandKind::Reject | CommandKind::StoryMove)
}

#[test]
fn every_command_that_changes_a_project_has_a_sample_and_a_row() {
    let rows: BTreeSet<_> = COMMANDS.iter().map(|(kind, _)| *kind).collect();
    for kind in CommandKind::ALL {
        let changes = kind.scope() == Scope::Change;
        let sample = samples::world(*kind).map(|(_, envelope, _)| envelope.command.kind());
        assert_eq!(sample, changes.then_some(*kind), "{kind}");
        assert_eq!(rows.contains(kind), changes, "{kind}");
    }
}

#[test]
fn silence_of_the_machine_is_a_refusal_that_says_where_it_is_possible() {
    let refusal = in_state(State::SprintActive).run("sprint start").unwrap_err();

    assert_eq!(refusal.code, Code::WrongState);
    assert_eq!(
        refusal.message,
        "`sprint start` is not possible in SPRINT_ACTIVE; it is possible in SPRINT_PLANNED"
    );
    assert_eq!(refusal.hint, "see how it goes with `sprint status`");
    assert_eq!(refusal.state.as_deref(), Some("SPRINT_ACTIVE"));
    assert_eq!(
        refusal.allowed.join(", "),
        "backlog add, backlog edit, backlog remove, backlog prioritize, sprint status, sprint pause, sprint finish, \
         sprint cancel, story move, undo, restore"
    );
}

#[test]
fn a_rule_that_refuses_says_as_much_and_changes_no_state() {
    let mut world = in_state(State::Blocked);

    let refusal = world.run("suggest_fix x id=S-9").unwrap_err();

    assert_eq!((refusal.code, refusal.message.as_str()), (Code::Unknown, "there is no story S-9"));
    assert_eq!(refusal.hint, "did you mean S-1 or S-2 or S-3? see what there is with `backlog view`");
    assert_eq!(refusal.state.as_deref(), Some("BLOCKED"));
    assert!(refusal.allowed.iter().any(|name| name == "skip_task"), "{:?}", refusal.allowed);
    assert_eq!(world.project, in_state(State::Blocked).project);
}

#[test]
fn answers_to_questions_are_allowed_while_one_waits() {
    let named = |world: &World| allowed(&world.project).contains(&CommandKind::Approve);

    assert!(!named(&in_state(State::BacklogReady)));
    assert!(named(&World::with_proposal()));
    assert!(!named(&World::with_proposal().and(&["sprint plan S-1"])), "the backlog is not open");
}

#[test]
fn a_change_of_state_is_the_last_event_and_a_look_has_none() {
    let mut world = in_state(State::SprintActive);
    world.run("story move S-1 done").unwrap();

    let events: Vec<_> = world.run("story move S-2 done").unwrap().iter().map(Event::name).collect();

    assert_eq!(events, ["story_moved", "sprint_ended", "state_entered"]);
    assert_eq!(world.run("sprint status").unwrap(), []);
}
