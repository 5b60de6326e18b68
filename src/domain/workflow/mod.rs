//! The state machine of a project: which command is possible in which state, and where it leads.
//!
//! The machine has no data of its own. It reads the [`Project`], lets the functions in
//! `rules` judge a command, and collects events in a turn. What no state takes is a refusal, and where an
//! accepted command leads also follows from the stories then: see `settled`.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use statig::prelude::*;

use crate::domain::command::{Command, CommandKind, Scope};
use crate::domain::envelope::{Envelope, Facts};
use crate::domain::event::Event;
use crate::domain::project::Project;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::rules::{approval, backlog, blocked, epic, history, review, samples, sprint, story};

/// Where a project stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum State {
    /// There is nothing to do.
    Idle,
    /// There are stories, or will be.
    BacklogReady,
    /// A sprint is chosen and not begun.
    SprintPlanned,
    /// Work goes on.
    SprintActive,
    /// Work rests.
    SprintPaused,
    /// The sprint waits for feedback.
    SprintReview,
    /// No story of the sprint can go on without a person.
    Blocked,
}

impl State {
    /// All of them, in the order in which a sprint goes through them.
    pub const ALL: [Self; 7] = [
        Self::Idle,
        Self::BacklogReady,
        Self::SprintPlanned,
        Self::SprintActive,
        Self::SprintPaused,
        Self::SprintReview,
        Self::Blocked,
    ];

    /// The name that people see and that is kept in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Idle => "IDLE",
            Self::BacklogReady => "BACKLOG_READY",
            Self::SprintPlanned => "SPRINT_PLANNED",
            Self::SprintActive => "SPRINT_ACTIVE",
            Self::SprintPaused => "SPRINT_PAUSED",
            Self::SprintReview => "SPRINT_REVIEW",
            Self::Blocked => "BLOCKED",
        }
    }

    /// What people most likely want to do next.
    pub fn next_step(self) -> &'static str {
        match self {
            Self::Idle => "add work with `epic` or `backlog add`",
            Self::BacklogReady => "choose stories with `sprint plan`",
            Self::SprintPlanned => "begin with `sprint start`",
            Self::SprintActive => "see how it goes with `sprint status`",
            Self::SprintPaused => "go on with `sprint resume`",
            Self::SprintReview => {
                "close the sprint with `feedback`, or reopen stories with `request_changes`"
            }
            Self::Blocked => "help with `suggest_fix`, or leave a story out with `skip_task`",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Judges a command: what it changes, or why it cannot be carried out.
///
/// # Errors
///
/// A [`Refusal`] that names the rule, the state and what is allowed; then nothing is to be changed.
pub fn decide(project: &Project, envelope: &Envelope, facts: &Facts) -> Result<Vec<Event>, Refusal> {
    let mut turn =
        Turn { project, envelope, facts, events: Vec::new(), refusal: None, taken: false, probe: false };
    let node = step(project.state, &envelope.command, &mut turn);
    let outcome = match turn {
        Turn { refusal: Some(refusal), .. } => Err(refusal),
        // No state took it.
        Turn { taken: false, .. } => Err(wrong_state(envelope.command.kind(), project.state)),
        Turn { events, .. } => Ok(events),
    };
    debug_assert!(outcome.is_ok() || State::from(&node) == project.state, "a refusal changes nothing");
    outcome.map_err(|refusal| placed(refusal, project))
}

/// The commands that are possible in `state`, leaving aside what the project contains.
pub fn possible_in(state: State) -> Vec<CommandKind> {
    CommandKind::ALL.iter().copied().filter(|kind| is_possible(*kind, state)).collect()
}

/// The commands that are possible now.
pub fn allowed(project: &Project) -> Vec<CommandKind> {
    let open = |kind: &CommandKind| match kind {
        CommandKind::Approve | CommandKind::Reject => approval::any(project),
        CommandKind::SuggestFix | CommandKind::SkipTask => blocked::any(project),
        _ => true,
    };
    possible_in(project.state).into_iter().filter(open).collect()
}

/// The states in which `kind` is possible.
pub fn states_of(kind: CommandKind) -> Vec<State> {
    State::ALL.into_iter().filter(|state| is_possible(kind, *state)).collect()
}

fn is_possible(kind: CommandKind, state: State) -> bool {
    let Some((project, envelope, facts)) = samples::world(kind) else { return kind.scope() != Scope::Change };
    let mut turn = Turn {
        project: &project,
        envelope: &envelope,
        facts: &facts,
        events: Vec::new(),
        refusal: None,
        taken: false,
        probe: true,
    };
    step(state, &envelope.command, &mut turn);
    turn.taken
}

fn wrong_state(kind: CommandKind, state: State) -> Refusal {
    let states: Vec<_> = states_of(kind).into_iter().map(State::name).collect();
    let message = format!("`{kind}` is not possible in {state}; it is possible in {}", states.join(", "));
    Refusal::new(Code::WrongState, message, state.next_step())
}

/// Adds to a refusal where the project stands and what is allowed.
pub fn placed(refusal: Refusal, project: &Project) -> Refusal {
    let allowed = allowed(project).into_iter().filter(|kind| kind.scope() == Scope::Change);
    Refusal {
        state: Some(project.state.to_string()),
        allowed: allowed.map(|kind| kind.name().to_owned()).collect(),
        ..refusal
    }
}

/// What `state` amounts to with the content of `project`: a sprint that goes on is blocked while none of its
/// stories can go on, and only an empty backlog is idle.
///
/// So every way of changing a story leads to the right state, also one that nobody thinks of as a move, such as
/// leaving out a dependency.
pub(crate) fn settled(project: &Project, state: State) -> State {
    match state {
        State::SprintActive | State::Blocked if story::is_stuck(project) => State::Blocked,
        State::SprintActive | State::Blocked => State::SprintActive,
        State::Idle if project.open_stories() > 0 => State::BacklogReady,
        other => other,
    }
}

/// Gives one command to a machine that stands at `state`, and says where it stands then.
fn step(state: State, command: &Command, turn: &mut Turn<'_>) -> Node {
    let mut machine = Rules.uninitialized_state_machine();
    *machine.state_mut() = state.into();
    let mut machine = machine.init_with_context(turn);
    machine.handle_with_context(command, turn);
    machine.state().clone()
}

/// One command on its way through the rules: what they may read, and what they decide.
pub(crate) struct Turn<'a> {
    /// The project as it is.
    pub(crate) project: &'a Project,
    /// The command with its time and its person.
    pub(crate) envelope: &'a Envelope,
    /// What cannot be seen in the project.
    pub(crate) facts: &'a Facts,
    events: Vec<Event>,
    refusal: Option<Refusal>,
    taken: bool,
    probe: bool,
}

impl Turn<'_> {
    /// Adds what happened.
    pub(crate) fn emit(&mut self, event: Event) {
        self.events.push(event);
    }

    /// The project as it will be after what happened so far.
    pub(crate) fn outlook(&self) -> Project {
        let mut project = self.project.clone();
        self.events.iter().for_each(|event| project.apply(event));
        project
    }

    /// Lets `rule` judge and, if it agrees, goes to `target`.
    fn go(&mut self, target: State, rule: impl FnOnce(&mut Self) -> Result<(), Refusal>) -> Outcome<Node> {
        self.follow(|turn| rule(turn).map(|()| target))
    }

    /// Lets `rule` judge and stays.
    fn stay(&mut self, rule: impl FnOnce(&mut Self) -> Result<(), Refusal>) -> Outcome<Node> {
        self.follow(|turn| rule(turn).map(|()| turn.project.state))
    }

    /// Lets `rule` judge and goes where it says.
    fn follow(&mut self, rule: impl FnOnce(&mut Self) -> Result<State, Refusal>) -> Outcome<Node> {
        self.taken = true;
        if self.probe {
            return Handled;
        }
        match rule(self).map(|state| settled(&self.outlook(), state)) {
            Ok(state) if state == self.project.state => Handled,
            Ok(state) => Transition(state.into()),
            Err(refusal) => {
                self.refusal = Some(refusal);
                Handled
            }
        }
    }
}

/// Carries no data: all there is to know is in the [`Project`], which the rules only read.
#[derive(Clone)]
struct Rules;

#[state_machine(
    initial = "Node::idle()",
    event_identifier = "command",
    context_identifier = "turn",
    after_transition = "Self::announce",
    visibility = "pub(self)",
    state(name = "Node", derive(Clone, Debug)),
    superstate(name = "Group")
)]
impl Rules {
    #[state(superstate = "planning")]
    fn idle(command: &Command, turn: &mut Turn<'_>) -> Outcome<Node> {
        match command {
            Command::Epic { description, title } => {
                turn.go(State::BacklogReady, |turn| epic::add(turn, description, title.as_ref()))
            }
            Command::BacklogAdd { story } => turn.go(State::BacklogReady, |turn| backlog::add(turn, story)),
            _ => Super,
        }
    }

    #[state(superstate = "planning")]
    fn backlog_ready(command: &Command, turn: &mut Turn<'_>) -> Outcome<Node> {
        match command {
            Command::Epic { description, title } => {
                turn.stay(|turn| epic::add(turn, description, title.as_ref()))
            }
            Command::SprintPlan { .. } => turn.go(State::SprintPlanned, |turn| sprint::plan(turn, command)),
            _ => Super,
        }
    }

    #[state(superstate = "sprint")]
    fn sprint_planned(command: &Command, turn: &mut Turn<'_>) -> Outcome<Node> {
        match command {
            Command::SprintPlan { .. } => turn.stay(|turn| sprint::plan(turn, command)),
            Command::SprintStart => turn.go(State::SprintActive, sprint::start),
            Command::SprintStatus => turn.stay(|_| Ok(())),
            _ => Super,
        }
    }

    #[state(superstate = "working")]
    fn sprint_active(command: &Command, turn: &mut Turn<'_>) -> Outcome<Node> {
        match command {
            Command::SprintPause => turn.go(State::SprintPaused, sprint::pause),
            Command::SprintStatus => turn.follow(sprint::status),
            _ => Super,
        }
    }

    #[state(superstate = "sprint")]
    fn sprint_paused(command: &Command, turn: &mut Turn<'_>) -> Outcome<Node> {
        match command {
            Command::SprintResume => turn.go(State::SprintActive, sprint::resume),
            Command::SprintStatus => turn.stay(|_| Ok(())),
            Command::SprintFinish => turn.go(State::SprintReview, sprint::finish),
            _ => Super,
        }
    }

    #[state(superstate = "working")]
    fn blocked(command: &Command, turn: &mut Turn<'_>) -> Outcome<Node> {
        match command {
            Command::SprintStatus => turn.stay(|_| Ok(())),
            _ => Super,
        }
    }

    #[state(superstate = "always")]
    fn sprint_review(command: &Command, turn: &mut Turn<'_>) -> Outcome<Node> {
        match command {
            Command::SprintStatus => turn.stay(|_| Ok(())),
            Command::RequestChanges { description, ids } => {
                turn.go(State::BacklogReady, |turn| review::request_changes(turn, description, ids))
            }
            Command::Feedback { description } => turn.follow(|turn| review::feedback(turn, description)),
            _ => Super,
        }
    }

    /// A sprint has begun and people or agents are on it.
    #[superstate(superstate = "sprint")]
    fn working(command: &Command, turn: &mut Turn<'_>) -> Outcome<Node> {
        match command {
            Command::StoryMove { id, status, reason } => {
                turn.follow(|turn| story::move_to(turn, id, *status, reason.as_ref()))
            }
            Command::SuggestFix { description, id } => {
                turn.go(State::SprintActive, |turn| blocked::suggest_fix(turn, description, id.as_ref()))
            }
            Command::SkipTask { id } => turn.go(State::SprintActive, |turn| blocked::skip(turn, id.as_ref())),
            Command::SprintFinish => turn.go(State::SprintReview, sprint::finish),
            _ => Super,
        }
    }

    /// There is a sprint that can be given up.
    #[superstate(superstate = "planning")]
    fn sprint(command: &Command, turn: &mut Turn<'_>) -> Outcome<Node> {
        match command {
            Command::SprintCancel => turn.go(State::BacklogReady, sprint::cancel),
            _ => Super,
        }
    }

    /// The backlog is open to changes: always but in a review.
    #[superstate(superstate = "always")]
    fn planning(command: &Command, turn: &mut Turn<'_>) -> Outcome<Node> {
        match command {
            Command::BacklogAdd { story } => turn.stay(|turn| backlog::add(turn, story)),
            Command::BacklogEdit { id, edit } => turn.stay(|turn| backlog::edit(turn, id, edit)),
            Command::BacklogRemove { id } => turn.stay(|turn| backlog::remove(turn, id)),
            Command::BacklogPrioritize { id, priority } => {
                turn.stay(|turn| backlog::prioritize(turn, id, *priority))
            }
            Command::StoryMove { id, status, reason } => {
                turn.stay(|turn| story::move_outside(turn, id, *status, reason.as_ref()))
            }
            _ => Super,
        }
    }

    /// Answers to questions, and going back in time.
    #[superstate]
    fn always(command: &Command, turn: &mut Turn<'_>) -> Outcome<Node> {
        match command {
            Command::Approve { ids } => turn.stay(|turn| approval::approve(turn, ids)),
            Command::Reject { ids, reason } => turn.stay(|turn| approval::reject(turn, ids, reason.as_ref())),
            Command::Undo { confirm, .. } => turn.follow(|turn| history::undo(turn, *confirm)),
            Command::Restore { confirm, .. } => turn.follow(|turn| history::restore(turn, *confirm)),
            _ => Super,
        }
    }
}

impl Rules {
    fn announce(&mut self, _source: &Node, target: &Node, turn: &mut Turn<'_>) {
        turn.emit(Event::StateEntered(target.into()));
    }
}

impl From<State> for Node {
    fn from(state: State) -> Self {
        match state {
            State::Idle => Self::idle(),
            State::BacklogReady => Self::backlog_ready(),
            State::SprintPlanned => Self::sprint_planned(),
            State::SprintActive => Self::sprint_active(),
            State::SprintPaused => Self::sprint_paused(),
            State::SprintReview => Self::sprint_review(),
            State::Blocked => Self::blocked(),
        }
    }
}

impl From<&Node> for State {
    fn from(node: &Node) -> Self {
        match node {
            Node::Idle {} => Self::Idle,
            Node::BacklogReady {} => Self::BacklogReady,
            Node::SprintPlanned {} => Self::SprintPlanned,
            Node::SprintActive {} => Self::SprintActive,
            Node::SprintPaused {} => Self::SprintPaused,
            Node::SprintReview {} => Self::SprintReview,
            Node::Blocked {} => Self::Blocked,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
