//! The answer to `help`, as data for whoever shows it.

use crate::domain::command::{CommandKind, Scope};
use crate::domain::refusal::Refusal;
use crate::domain::workflow::{State, states_of};
use crate::surface::parse::names;
use crate::surface::parse::spec::{self, Group, Spec};

/// An answer to `help`.
#[derive(Clone, Debug)]
pub enum Help {
    /// All commands, by group.
    Overview(Vec<Section>),
    /// The commands that begin with the same word.
    Section(Section),
    /// One command in full.
    Command(Box<CommandHelp>),
}

/// Commands under one title.
#[derive(Clone, Debug)]
pub struct Section {
    /// What they have in common.
    pub title: &'static str,
    /// The commands.
    pub commands: Vec<&'static Spec>,
}

/// One command in full.
#[derive(Clone, Debug)]
pub struct CommandHelp {
    /// What it is called, does and takes.
    pub spec: &'static Spec,
    /// Its name and all its arguments in one line.
    pub usage: String,
    /// When it is possible, as a sentence.
    pub when: String,
    /// Its arguments in the order of their places: how each is written, what it takes, what it is for.
    pub arguments: Vec<[String; 3]>,
}

/// Answers `help`, about everything or about one topic: a command, or the first word of several.
///
/// # Errors
///
/// A refusal that names the nearest command, if the topic is none.
pub fn help(topic: Option<&str>) -> Result<Help, Refusal> {
    let Some(topic) = topic.map(str::trim).filter(|topic| !topic.is_empty()) else {
        return Ok(Help::Overview(overview()));
    };
    let topic = topic.strip_prefix('/').unwrap_or(topic);
    let word = names::canonical(topic);
    if let Some(group) = names::groups().find(|group| *group == word) {
        let commands = names::members(group).map(|(kind, _)| spec::of(kind)).collect();
        return Ok(Help::Section(Section { title: group, commands }));
    }
    let (kind, _) = names::find(topic, 0)?;
    Ok(Help::Command(Box::new(about(kind))))
}

/// All commands, by group.
pub(crate) fn overview() -> Vec<Section> {
    Group::ALL.map(section).into()
}

/// One command in full.
pub(crate) fn about(kind: CommandKind) -> CommandHelp {
    let spec = spec::of(kind);
    let arguments = spec.in_order().map(|argument| {
        let mut takes = argument.kind.describe();
        if argument.required {
            takes += "; needed";
        }
        if !argument.aliases.is_empty() {
            takes += &format!("; also called {}", argument.aliases.join(", "));
        }
        [argument.name.to_owned(), takes, argument.description.to_owned()]
    });
    CommandHelp { spec, usage: spec.usage(), when: when(kind), arguments: arguments.collect() }
}

fn section(group: Group) -> Section {
    let commands = spec::all().filter(|spec| spec.group == group).collect();
    Section { title: group.title(), commands }
}

fn when(kind: CommandKind) -> String {
    let states = states_of(kind);
    let names: Vec<_> = states.iter().map(|state| state.name()).collect();
    let absent: Vec<_> =
        State::ALL.iter().filter(|state| !states.contains(state)).map(|state| state.name()).collect();
    match (kind.scope(), absent.as_slice()) {
        (Scope::Node, _) if kind == CommandKind::ProjectBind => "Possible at any time, in a chat.".to_owned(),
        (Scope::Node, _) => "Possible at any time; it is about the list of projects.".to_owned(),
        (Scope::Read, _) => "Possible in any state; it changes nothing.".to_owned(),
        (Scope::Change, []) => "Possible in any state.".to_owned(),
        (Scope::Change, [one]) => format!("Possible in any state but {one}."),
        (Scope::Change, _) => format!("Possible in {}.", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_overview_has_every_command_once() {
        let Ok(Help::Overview(sections)) = help(None) else { panic!("no overview") };

        let mut kinds: Vec<_> =
            sections.iter().flat_map(|section| &section.commands).map(|spec| spec.kind).collect();
        kinds.sort();
        assert_eq!(kinds, CommandKind::ALL);
    }

    #[test]
    fn a_topic_is_a_command_or_the_first_word_of_several() {
        let Ok(Help::Command(command)) = help(Some("/story-move")) else { panic!("no command") };
        assert_eq!(command.spec.kind, CommandKind::StoryMove);
        assert_eq!(command.arguments[0], ["id", "a story; needed; also called story", "Which story."]);

        let Ok(Help::Section(section)) = help(Some("Sprint")) else { panic!("no section") };
        assert_eq!(section.commands.len(), 7);

        let refusal = help(Some("sprint strat")).unwrap_err();
        assert!(refusal.hint.starts_with("did you mean `sprint start`?"), "{}", refusal.hint);
    }

    #[test]
    fn it_says_when_a_command_is_possible() {
        #[rustfmt::skip]
        let cases = [
            (CommandKind::ProjectList, "Possible at any time; it is about the list of projects."),
            (CommandKind::State,       "Possible in any state; it changes nothing."),
            (CommandKind::Undo,        "Possible in any state."),
            (CommandKind::BacklogAdd,  "Possible in any state but SPRINT_REVIEW."),
            (CommandKind::SprintPlan,  "Possible in BACKLOG_READY, SPRINT_PLANNED."),
        ];
        for (kind, sentence) in cases {
            assert_eq!(when(kind), sentence);
        }
    }
}
