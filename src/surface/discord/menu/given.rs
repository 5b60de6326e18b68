//! From what Discord sends back to named arguments, and from those to the text of the command.

use serenity::all::{CommandData, CommandDataOption, CommandDataOptionValue};

use crate::domain::command::CommandKind;
use crate::domain::refusal::{Code, Refusal};
use crate::surface::discord::menu::BETWEEN;
use crate::surface::discord::menu::build::names;
use crate::surface::parse::{self, Argument, ArgumentKind, PROJECT, Spec};

/// A command as it was put together in the menu.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// Which.
    pub kind: CommandKind,
    /// What was given for its arguments, each with its name.
    pub arguments: Vec<(String, String)>,
}

impl Given {
    /// What was given for the argument `name`.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.arguments.iter().find(|(given, _)| given == name).map(|(_, text)| text.as_str())
    }

    /// The project that was named, whatever the command calls that argument.
    pub fn project(&self) -> Option<&str> {
        let arguments = parse::of(self.kind).arguments.iter().chain([&PROJECT]);
        arguments
            .filter(|argument| argument.kind == ArgumentKind::Project)
            .find_map(|argument| self.get(argument.name))
    }
}

/// A command in the making, in one of whose options somebody types.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The command with what was given for the other options.
    pub given: Given,
    /// What the option is for.
    pub argument: &'static Argument,
    /// What stands in it so far.
    pub typed: String,
}

/// The command that somebody called, with its arguments.
///
/// # Errors
///
/// A refusal that names what this version does not know: Discord shows the commands of an older one for a while.
pub fn given(data: &CommandData) -> Result<Given, Refusal> {
    let (spec, options) = called(data)?;
    let mut arguments = Vec::with_capacity(options.len());
    for option in options {
        let argument = argument(spec, &option.name)?;
        let unknown = || outdated(&format!("this kind of value for `{}` of `/{}`", option.name, spec.kind));
        let text = value(argument, &option.value).ok_or_else(unknown)?;
        arguments.push((argument.name.to_owned(), text));
    }
    Ok(Given { kind: spec.kind, arguments })
}

/// What somebody types, and in which option of which command.
///
/// # Errors
///
/// A refusal as with [`given`], and where Discord does not say in which option.
pub fn asked(data: &CommandData) -> Result<Asked, Refusal> {
    let (spec, options) = called(data)?;
    let typed = |option: &&CommandDataOption| match &option.value {
        CommandDataOptionValue::Autocomplete { value, .. } => Some((option.name.clone(), value.clone())),
        _ => None,
    };
    let (name, typed) = options.iter().find_map(|option| typed(&option)).ok_or_else(|| {
        let message = format!("Discord does not say which option of `/{}` is typed", spec.kind);
        Refusal::new(Code::Invalid, message, "pick the command again")
    })?;
    let argument = argument(spec, &name)?;
    let mut given = given(data)?;
    given.arguments.retain(|(other, _)| other != argument.name);
    Ok(Asked { given, argument, typed })
}

/// The text that means the same command on every surface.
///
/// # Errors
///
/// A refusal that names the argument that is missing or wrong, as [`parse::assemble`] gives it.
pub fn text(given: &Given) -> Result<String, Refusal> {
    let arguments = given.arguments.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    let parsed = parse::assemble(given.kind, arguments)?;
    let text = parse::to_text(&parsed.command);
    Ok(match parsed.project {
        Some(project) => format!("{text} {}:{project}", PROJECT.name),
        None => text,
    })
}

/// The command that an interaction names, and its options.
fn called(data: &CommandData) -> Result<(&'static Spec, &[CommandDataOption]), Refusal> {
    let mut name = data.name.clone();
    let mut options = data.options.as_slice();
    while let [option] = options {
        let (CommandDataOptionValue::SubCommand(inner) | CommandDataOptionValue::SubCommandGroup(inner)) =
            &option.value
        else {
            break;
        };
        name = format!("{name} {}", option.name);
        options = inner;
    }
    let spec = parse::all().find(|spec| names(spec).any(|known| known == name));
    Ok((spec.ok_or_else(|| outdated(&format!("`/{name}`")))?, options))
}

fn argument(spec: &'static Spec, name: &str) -> Result<&'static Argument, Refusal> {
    let mut known = spec.arguments.iter().chain([&PROJECT]);
    let unknown = || outdated(&format!("`{name}` of `/{}`", spec.kind));
    known.find(|argument| argument.name == name).ok_or_else(unknown)
}

/// The refusal of something that Discord offers and this version does not know.
fn outdated(what: &str) -> Refusal {
    let message = format!("this version does not know {what}");
    let hint = "the commands are being updated; press Ctrl+R in Discord or wait a minute, then pick the command again";
    Refusal::new(Code::Unknown, message, hint)
}

/// A value in words; nothing for a kind of value that no command takes.
fn value(argument: &Argument, value: &CommandDataOptionValue) -> Option<String> {
    match value {
        CommandDataOptionValue::String(text) | CommandDataOptionValue::Autocomplete { value: text, .. } => {
            Some(picked(argument.kind, text))
        }
        CommandDataOptionValue::Integer(number) => Some(number.to_string()),
        CommandDataOptionValue::Boolean(yes) => Some(if *yes { "yes" } else { "no" }.to_owned()),
        _ => None,
    }
}

/// What was picked without the title behind it: the client sends all that it shows once somebody edits a choice.
fn picked(kind: ArgumentKind, text: &str) -> String {
    match kind {
        ArgumentKind::Stories | ArgumentKind::Approvals => {
            text.split(',').map(without_title).collect::<Vec<_>>().join(",")
        }
        ArgumentKind::Story
        | ArgumentKind::Epic
        | ArgumentKind::Any
        | ArgumentKind::View
        | ArgumentKind::Commit
        | ArgumentKind::Steps
        | ArgumentKind::Command => without_title(text).to_owned(),
        _ => text.to_owned(),
    }
}

/// What stands before the title of a choice; all of it where there is none.
pub(super) fn without_title(text: &str) -> &str {
    text.split_once(BETWEEN).map_or(text, |(id, _)| id).trim()
}
