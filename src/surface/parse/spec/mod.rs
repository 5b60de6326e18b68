//! The command set as data: what every command is called, takes and does, in words for people.
//!
//! Everything that describes a command reads it here: the parser, the completion, the help, the page of the manual,
//! and the menus of a chat. One file per group also holds the two functions that turn arguments into a command
//! and a command into arguments.
//!
//! Invariants:
//!
//! - Every [`CommandKind`] has a description; [`of`] does not compile otherwise.
//! - Descriptions are short enough for the menus of chat programs (a hundred characters).
//!
//! Deliberately absent: in which state a command is possible. The workflow knows.

mod backlog;
mod history;
mod looking;
mod planning;
mod project;
mod sprint;
mod story;

use crate::domain::command::{Command, CommandKind};
use crate::domain::refusal::Refusal;
use crate::surface::parse::fields::Fields;
use crate::surface::parse::write::Writer;

/// What belongs together in an overview.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Which repositories there are.
    Project,
    /// What is to be done.
    Planning,
    /// What is done next, until it is looked at.
    Sprint,
    /// How single stories go on.
    Stories,
    /// What was done, and back.
    History,
    /// What there is, changing nothing.
    Looking,
}

impl Group {
    /// All of them, in the order of an overview.
    pub const ALL: [Self; 6] =
        [Self::Project, Self::Planning, Self::Sprint, Self::Stories, Self::History, Self::Looking];

    /// What stands above it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Project => "Projects",
            Self::Planning => "Planning",
            Self::Sprint => "The sprint",
            Self::Stories => "Stories in work",
            Self::History => "History",
            Self::Looking => "Looking",
        }
    }
}

/// What an argument takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArgumentKind {
    /// Text of several lines.
    Text,
    /// Text of one line.
    Line {
        /// The most characters.
        max: usize,
    },
    /// A folder.
    Path,
    /// A name for a new project.
    ProjectName,
    /// The name of a project that there is.
    Project,
    /// One story.
    Story,
    /// Several stories.
    Stories,
    /// One epic.
    Epic,
    /// A story, an epic or a sprint.
    Any,
    /// `product`, `sprint`, or a story, an epic or a sprint.
    View,
    /// Several questions that wait for an answer, or `all`.
    Approvals,
    /// A whole number.
    Number {
        /// The smallest.
        min: u32,
        /// The largest.
        max: u32,
    },
    /// One of these words.
    Choice(&'static [&'static str]),
    /// Said or not said.
    Flag,
    /// Several lines, with `;` between them.
    List,
    /// A commit of the state branch.
    Commit,
    /// A number of commands, or the id of one.
    Steps,
    /// The name of a command.
    Command,
}

impl ArgumentKind {
    /// Whether it is free text, which takes all words that follow.
    pub fn is_text(self) -> bool {
        matches!(self, Self::Text | Self::Line { .. } | Self::Command)
    }

    /// Whether it may be given more than once.
    pub fn is_list(self) -> bool {
        matches!(self, Self::Stories | Self::Approvals | Self::List)
    }

    /// The words that it takes; for some kinds only besides other things.
    pub fn words(self) -> &'static [&'static str] {
        match self {
            Self::Choice(words) => words,
            Self::View => backlog::VIEWS,
            Self::Approvals => &[planning::ALL],
            _ => &[],
        }
    }

    /// What stands for a value in a usage line.
    pub fn placeholder(self) -> String {
        match self {
            Self::Text | Self::Line { .. } => "\"…\"".to_owned(),
            Self::List => "\"…; …\"".to_owned(),
            Self::Path => "/path".to_owned(),
            Self::ProjectName | Self::Project => "name".to_owned(),
            Self::Story | Self::Any => "S-1".to_owned(),
            Self::Stories => "S-1,S-2".to_owned(),
            Self::Epic => "E-1".to_owned(),
            Self::View => "product|sprint|S-1".to_owned(),
            Self::Approvals => "A-1,A-2".to_owned(),
            Self::Number { .. } => "1".to_owned(),
            Self::Choice(words) => words.join("|"),
            Self::Flag => "yes".to_owned(),
            Self::Commit => "1a2b3c4".to_owned(),
            Self::Steps => "1".to_owned(),
            Self::Command => "command".to_owned(),
        }
    }

    /// What it takes, in words.
    pub fn describe(self) -> String {
        match self {
            Self::Text => "text".to_owned(),
            Self::Line { .. } => "one line of text".to_owned(),
            Self::Path => "a folder".to_owned(),
            Self::ProjectName => "a-z, 0-9 and -".to_owned(),
            Self::Project => "a project".to_owned(),
            Self::Story => "a story".to_owned(),
            Self::Stories => "stories".to_owned(),
            Self::Epic => "an epic".to_owned(),
            Self::Any => "a story, epic or sprint".to_owned(),
            Self::View => "product, sprint or an id".to_owned(),
            Self::Approvals => "approvals, or all".to_owned(),
            Self::Number { min, max } => format!("{min} to {max}"),
            Self::Choice(words) => words.join(", "),
            Self::Flag => "yes or no".to_owned(),
            Self::List => "lines, with ; between them".to_owned(),
            Self::Commit => "a commit".to_owned(),
            Self::Steps => "a number or a command id".to_owned(),
            Self::Command => "a command".to_owned(),
        }
    }
}

/// What empties a field of a story.
pub const NONE: &str = "none";

/// One argument of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Argument {
    /// What it is called.
    pub name: &'static str,
    /// Other names that are understood.
    pub aliases: &'static [&'static str],
    /// What it takes.
    pub kind: ArgumentKind,
    /// Whether the command needs it.
    pub required: bool,
    /// Whether it can be given by its place, without its name.
    pub placed: bool,
    /// Whether [`NONE`] empties what it stands for.
    pub empties: bool,
    /// What it is for.
    pub description: &'static str,
}

impl Argument {
    /// One that can be left out, and given by its place or its name.
    const fn optional(name: &'static str, kind: ArgumentKind, description: &'static str) -> Self {
        Self { name, aliases: &[], kind, required: false, placed: true, empties: false, description }
    }

    /// One without which the command means nothing.
    const fn required(name: &'static str, kind: ArgumentKind, description: &'static str) -> Self {
        Self { required: true, ..Self::optional(name, kind, description) }
    }

    /// One that can be left out, and is only given by its name.
    const fn named(name: &'static str, kind: ArgumentKind, description: &'static str) -> Self {
        Self { placed: false, ..Self::optional(name, kind, description) }
    }

    const fn also(self, aliases: &'static [&'static str]) -> Self {
        Self { aliases, ..self }
    }

    const fn emptied(self) -> Self {
        Self { empties: true, ..self }
    }

    /// Whether people call it `name`; capitals and hyphens do not matter.
    pub(crate) fn is_called(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase().replace('-', "_");
        self.name == name || self.aliases.contains(&name.as_str())
    }

    /// How it stands in a usage line.
    fn usage(&self) -> String {
        let Self { name, kind, .. } = self;
        match (self.required, kind) {
            (true, _) => format!("<{name}>"),
            (false, ArgumentKind::Flag) => format!("[{name}]"),
            (false, kind) => format!("[{name}:{}]", kind.placeholder()),
        }
    }
}

/// One command in words.
#[derive(Debug)]
pub struct Spec {
    /// Which.
    pub kind: CommandKind,
    /// What it belongs to.
    pub group: Group,
    /// Other names that are understood.
    pub aliases: &'static [&'static str],
    /// What it does, in a sentence.
    pub summary: &'static str,
    /// What else one may want to know; empty if that is all.
    pub details: &'static str,
    /// What it takes. By place come first the required ones, then the others in this order.
    pub arguments: &'static [Argument],
    /// How it may look, without the syntax of a surface.
    pub examples: &'static [&'static str],
    /// From arguments to a command.
    pub(crate) build: fn(&Fields) -> Result<Command, Refusal>,
    /// From a command back to arguments.
    pub(crate) write: fn(&Command, &mut Writer),
}

impl Spec {
    /// Its name and all its arguments in one line.
    pub fn usage(&self) -> String {
        let mut line = self.kind.name().to_owned();
        for argument in self.in_order() {
            line.push(' ');
            line.push_str(&argument.usage());
        }
        line
    }

    /// The arguments in the order of their places.
    pub fn in_order(&self) -> impl Iterator<Item = &'static Argument> + use<> {
        let required = self.arguments.iter().filter(|argument| argument.required);
        required.chain(self.arguments.iter().filter(|argument| !argument.required))
    }

    /// The argument that people call `name`; every command also takes [`PROJECT`].
    pub(crate) fn argument(&self, name: &str) -> Option<&'static Argument> {
        self.arguments.iter().chain([&PROJECT]).find(|argument| argument.is_called(name))
    }

    /// Whether words without a name become free text.
    pub(crate) fn takes_text(&self) -> bool {
        self.arguments.iter().any(|argument| argument.placed && argument.kind.is_text())
    }
}

/// What every command takes besides its own arguments.
pub static PROJECT: Argument =
    Argument::named("project", ArgumentKind::Project, "Another project than the one that is spoken to.");

/// The description of `kind`.
pub fn of(kind: CommandKind) -> &'static Spec {
    match kind {
        CommandKind::ProjectRegister => &project::REGISTER,
        CommandKind::ProjectList => &project::LIST,
        CommandKind::ProjectStatus => &project::STATUS,
        CommandKind::ProjectHealth => &project::HEALTH,
        CommandKind::ProjectUnregister => &project::UNREGISTER,
        CommandKind::ProjectBind => &project::BIND,
        CommandKind::Epic => &planning::EPIC,
        CommandKind::Approve => &planning::APPROVE,
        CommandKind::Reject => &planning::REJECT,
        CommandKind::BacklogView => &backlog::VIEW,
        CommandKind::BacklogAdd => &backlog::ADD,
        CommandKind::BacklogEdit => &backlog::EDIT,
        CommandKind::BacklogRemove => &backlog::REMOVE,
        CommandKind::BacklogPrioritize => &backlog::PRIORITIZE,
        CommandKind::SprintPlan => &sprint::PLAN,
        CommandKind::SprintStart => &sprint::START,
        CommandKind::SprintStatus => &sprint::STATUS,
        CommandKind::SprintPause => &sprint::PAUSE,
        CommandKind::SprintResume => &sprint::RESUME,
        CommandKind::SprintFinish => &sprint::FINISH,
        CommandKind::SprintCancel => &sprint::CANCEL,
        CommandKind::StoryMove => &story::MOVE,
        CommandKind::RequestChanges => &sprint::REQUEST_CHANGES,
        CommandKind::SuggestFix => &story::SUGGEST_FIX,
        CommandKind::SkipTask => &story::SKIP_TASK,
        CommandKind::Feedback => &sprint::FEEDBACK,
        CommandKind::State => &looking::STATE,
        CommandKind::Log => &history::LOG,
        CommandKind::Undo => &history::UNDO,
        CommandKind::Restore => &history::RESTORE,
        CommandKind::Ready => &looking::READY,
        CommandKind::Search => &looking::SEARCH,
        CommandKind::Help => &looking::HELP,
    }
}

/// All descriptions, in the order in which people meet the commands.
pub fn all() -> impl Iterator<Item = &'static Spec> {
    CommandKind::ALL.iter().copied().map(of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_described_as_itself() {
        for kind in CommandKind::ALL {
            assert_eq!(of(*kind).kind, *kind);
        }
    }

    #[test]
    fn descriptions_fit_into_the_menus_of_chat_programs() {
        for spec in all() {
            let name = spec.kind.name();
            let fits = |text: &str| text.ends_with('.') && text.chars().count() <= 100;
            assert!(fits(spec.summary), "{name}: {}", spec.summary);
            assert!(spec.arguments.len() <= 25, "{name}");
            for argument in spec.arguments {
                assert!(fits(argument.description), "{name} {}: {}", argument.name, argument.description);
                let plain = |c: char| c.is_ascii_lowercase() || c == '_';
                assert!(argument.name.len() <= 32 && argument.name.chars().all(plain), "{}", argument.name);
            }
        }
    }

    #[test]
    fn no_name_is_used_twice() {
        for spec in all() {
            let arguments = spec.arguments.iter().chain([&PROJECT]);
            let mut names: Vec<_> =
                arguments.flat_map(|argument| argument.aliases.iter().chain([&argument.name])).collect();
            names.sort();
            let count = names.len();
            names.dedup();
            assert_eq!(names.len(), count, "in {}", spec.kind);
        }
        let mut names: Vec<_> =
            all().flat_map(|spec| spec.aliases.iter().copied().chain([spec.kind.name()])).collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn every_example_means_its_command() {
        for spec in all() {
            assert!(!spec.examples.is_empty(), "{} has no example", spec.kind);
            for example in spec.examples {
                let parsed = crate::surface::parse::parse(example).unwrap();
                assert_eq!(parsed.command.kind(), spec.kind, "{example}");
            }
        }
    }

    #[test]
    fn a_usage_line_shows_what_is_needed_first() {
        let usage = |kind| of(kind).usage();

        assert_eq!(usage(CommandKind::StoryMove), "story move <id> <status> [reason:\"…\"]");
        assert_eq!(usage(CommandKind::Undo), "undo [what:1] [confirm]");
        assert_eq!(usage(CommandKind::SprintStart), "sprint start");
    }
}
