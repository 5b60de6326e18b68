//! What may be asked: the one list of commands, with arguments that are already checked.

use std::fmt;
use std::path::PathBuf;

use crate::domain::id::{ProjectName, Reference};
use crate::domain::story::{Priority, Status};
use crate::domain::text::{Line, Prose, Title};

/// A new value for something that may also be empty: `None` clears it.
pub type Cleared<T> = Option<T>;

/// Which part of the backlog to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum View {
    /// Every open story.
    Product,
    /// The stories of the current sprint.
    Sprint,
    /// One thing, with everything about it.
    One(Reference),
}

/// A story as it is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewStory {
    /// What is wanted.
    pub description: Prose,
    /// What it belongs to.
    pub epic: Option<Reference>,
    /// How urgent it is.
    pub priority: Option<Priority>,
    /// How much work it is.
    pub points: Option<u32>,
    /// When it counts as finished.
    pub criteria: Vec<Line>,
    /// What must be done before it.
    pub depends_on: Vec<Reference>,
}

/// What shall be different about a story; `None` leaves a field alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoryEdit {
    /// In a few words.
    pub title: Option<Title>,
    /// In full.
    pub description: Option<Prose>,
    /// What it belongs to.
    pub epic: Option<Cleared<Reference>>,
    /// How urgent it is.
    pub priority: Option<Priority>,
    /// How much work it is.
    pub points: Option<Cleared<u32>>,
    /// When it counts as finished; empty clears them.
    pub criteria: Option<Vec<Line>>,
    /// What must be done before it; empty clears them.
    pub depends_on: Option<Vec<Reference>>,
    /// Who is on it.
    pub assignee: Option<Cleared<Line>>,
}

/// Which commands `/undo` takes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UndoWhat {
    /// That many of the latest.
    Last(u32),
    /// The one with this id.
    Command(Reference),
}

/// Defines the commands together with the name of each, so that neither can be forgotten.
macro_rules! commands {
    ($( $(#[$doc:meta])* $variant:ident $({ $( $(#[$fdoc:meta])* $field:ident : $type:ty ),* $(,)? })? = $name:literal ),* $(,)?) => {
        /// What may be asked.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Command {
            $( $(#[$doc])* $variant $({ $( $(#[$fdoc])* $field: $type ),* })? ),*
        }

        /// Which command it is, without its arguments.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum CommandKind {
            $( $(#[$doc])* $variant ),*
        }

        impl CommandKind {
            /// All of them, in the order in which people meet them.
            pub const ALL: &'static [Self] = &[$( Self::$variant ),*];

            /// What people call it, without the syntax of a surface.
            pub fn name(self) -> &'static str {
                match self { $( Self::$variant => $name ),* }
            }
        }

        impl Command {
            /// Which command it is.
            pub fn kind(&self) -> CommandKind {
                match self { $( Self::$variant { .. } => CommandKind::$variant ),* }
            }
        }
    };
}

commands! {
    /// Put a repository under management.
    ProjectRegister {
        /// The folder of the repository.
        path: PathBuf,
        /// What to call it; the name of the folder by default.
        name: Option<ProjectName>,
        /// Take over the state that another tool left there.
        import: bool,
    } = "project register",
    /// All projects.
    ProjectList = "project list",
    /// How one project is doing.
    ProjectStatus {
        /// Another project than the one that is spoken to.
        name: Option<ProjectName>,
    } = "project status",
    /// Whether everything about a project is in order.
    ProjectHealth {
        /// Another project than the one that is spoken to.
        name: Option<ProjectName>,
    } = "project health",
    /// Let a project go; its state stays in its repository.
    ProjectUnregister {
        /// Another project than the one that is spoken to.
        name: Option<ProjectName>,
        /// It is meant.
        confirm: bool,
    } = "project unregister",
    /// Speak about a project in a channel that is there already.
    ProjectBind {
        /// Which project; the only one without a channel by default.
        name: Option<ProjectName>,
        /// Which channel or thread; the one in which it is asked by default.
        channel: Option<Line>,
        /// Put this repository under management first.
        path: Option<PathBuf>,
    } = "project bind",
    /// A larger purpose, from which stories follow.
    Epic {
        /// What is wanted.
        description: Prose,
        /// In a few words.
        title: Option<Title>,
    } = "epic",
    /// Yes to what waits for an answer.
    Approve {
        /// Which; none means all.
        ids: Vec<Reference>,
    } = "approve",
    /// No to what waits for an answer.
    Reject {
        /// Which; none means all.
        ids: Vec<Reference>,
        /// Why.
        reason: Option<Prose>,
    } = "reject",
    /// What is to be done, in order.
    BacklogView {
        /// Which part.
        view: View,
        /// Ten a page, from 1.
        page: u32,
    } = "backlog view",
    /// One more story.
    BacklogAdd {
        /// The story.
        story: Box<NewStory>,
    } = "backlog add",
    /// A story shall be different.
    BacklogEdit {
        /// Which.
        id: Reference,
        /// How.
        edit: Box<StoryEdit>,
    } = "backlog edit",
    /// A story is not wanted any more.
    BacklogRemove {
        /// Which.
        id: Reference,
    } = "backlog remove",
    /// A story is more or less urgent than it was.
    BacklogPrioritize {
        /// Which.
        id: Reference,
        /// How urgent.
        priority: Priority,
    } = "backlog prioritize",
    /// Choose the stories of the next sprint.
    SprintPlan {
        /// Which; none means the top of the backlog.
        ids: Vec<Reference>,
        /// What for.
        goal: Option<Line>,
        /// How long.
        days: Option<u32>,
        /// How many points fit in.
        capacity: Option<u32>,
    } = "sprint plan",
    /// Begin the sprint.
    SprintStart = "sprint start",
    /// How the sprint is doing.
    SprintStatus = "sprint status",
    /// Let work rest.
    SprintPause = "sprint pause",
    /// Let work go on.
    SprintResume = "sprint resume",
    /// End work on the sprint and look at it.
    SprintFinish = "sprint finish",
    /// Give the sprint up.
    SprintCancel = "sprint cancel",
    /// A story is further, or not as far.
    StoryMove {
        /// Which.
        id: Reference,
        /// How far.
        status: Status,
        /// Why, for a blocked one.
        reason: Option<Prose>,
    } = "story move",
    /// The result of the sprint is not good enough.
    RequestChanges {
        /// What is missing.
        description: Prose,
        /// Which stories; none means all that were finished in the sprint.
        ids: Vec<Reference>,
    } = "request_changes",
    /// How a blocked story can go on.
    SuggestFix {
        /// What to do.
        description: Prose,
        /// Which; not needed if only one is blocked.
        id: Option<Reference>,
    } = "suggest_fix",
    /// Leave a blocked story out of the sprint.
    SkipTask {
        /// Which; not needed if only one is blocked.
        id: Option<Reference>,
    } = "skip_task",
    /// What people think of the sprint; this closes it.
    Feedback {
        /// Lines that start with `good:`, `improve:` or `action:`.
        description: Prose,
    } = "feedback",
    /// Where the project stands and what is possible.
    State = "state",
    /// Who did what, when.
    Log {
        /// How many entries.
        count: u32,
        /// Only what concerns this.
        id: Option<Reference>,
    } = "log",
    /// Take commands back.
    Undo {
        /// Which.
        what: UndoWhat,
        /// It is meant.
        confirm: bool,
    } = "undo",
    /// Go back to how the project was at a commit.
    Restore {
        /// Which commit.
        commit: Reference,
        /// It is meant.
        confirm: bool,
    } = "restore",
    /// What can be started now, in order.
    Ready {
        /// How many.
        count: u32,
    } = "ready",
    /// Where a text occurs in stories, notes and history.
    Search {
        /// The text.
        text: Line,
    } = "search",
    /// What can be asked.
    Help {
        /// About one command.
        topic: Option<Line>,
    } = "help",
}

/// Whom a command is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The node: its list of projects.
    Node,
    /// A project, whose rules decide.
    Change,
    /// A project, which is only looked at.
    Read,
}

impl CommandKind {
    /// Whom it is for.
    pub fn scope(self) -> Scope {
        use CommandKind as Kind;

        match self {
            Kind::ProjectRegister | Kind::ProjectList | Kind::ProjectUnregister | Kind::ProjectBind => {
                Scope::Node
            }
            Kind::ProjectStatus
            | Kind::ProjectHealth
            | Kind::BacklogView
            | Kind::State
            | Kind::Log
            | Kind::Ready
            | Kind::Search
            | Kind::Help => Scope::Read,
            _ => Scope::Change,
        }
    }
}

impl fmt::Display for CommandKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
