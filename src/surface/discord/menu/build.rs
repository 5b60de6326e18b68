//! From the descriptions of the commands to the commands of poise, of which Discord gets its menu.

use std::borrow::Cow;

use poise::{ApplicationContext, BoxFuture, Command, CommandParameter, FrameworkError};
use serenity::all::{CreateAutocompleteResponse, InstallationContext, InteractionContext};

use crate::domain::command::{CommandKind, Scope};
use crate::surface::discord::menu::takes::{is_completed, setter};
use crate::surface::parse::{self, Argument, ArgumentKind, PROJECT, Spec};

/// Carries a command out; the same function for all of them.
pub type SlashAction<U, E> =
    for<'a> fn(ApplicationContext<'a, U, E>) -> BoxFuture<'a, Result<(), FrameworkError<'a, U, E>>>;

/// Completes what somebody types for an option; the same function for all of them.
pub type Autocomplete<U, E> =
    for<'a> fn(ApplicationContext<'a, U, E>, &'a str) -> BoxFuture<'a, CreateAutocompleteResponse>;

/// All commands, in the order in which people meet them. A command of two words is the second under the first; an
/// alias of one word is a command of its own.
///
/// They can be called in guilds only.
pub fn commands<U, E>(run: SlashAction<U, E>, complete: Autocomplete<U, E>) -> Vec<Command<U, E>> {
    let mut found: Vec<Command<U, E>> = Vec::new();
    for spec in parse::all() {
        for name in names(spec) {
            match name.split_once(' ') {
                Some((group, member)) => {
                    let member = command(spec, member, run, complete);
                    add_member(&mut found, group, member, run);
                }
                None => found.push(command(spec, name, run, complete)),
            }
        }
    }
    found
}

/// The names under which a command is in the menu.
pub(super) fn names(spec: &'static Spec) -> impl Iterator<Item = &'static str> {
    // Discord's names have no blanks, and no signs such as `?`.
    let plain = |name: &&str| name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    [spec.kind.name()].into_iter().chain(spec.aliases.iter().copied().filter(plain))
}

/// What a command takes on Discord: what it needs first, as Discord demands, and the project last.
pub(super) fn arguments(spec: &'static Spec) -> impl Iterator<Item = &'static Argument> {
    let names_one = spec.arguments.iter().any(|argument| argument.kind == ArgumentKind::Project);
    let concerns_one = spec.kind.scope() != Scope::Node && spec.kind != CommandKind::Help;
    spec.in_order().chain((concerns_one && !names_one).then_some(&PROJECT))
}

fn command<U, E>(
    spec: &'static Spec,
    name: &'static str,
    run: SlashAction<U, E>,
    complete: Autocomplete<U, E>,
) -> Command<U, E> {
    Command {
        category: Some(Cow::Borrowed(spec.group.title())),
        parameters: arguments(spec).map(|argument| parameter(argument, complete)).collect(),
        ..named(name, Cow::Borrowed(spec.summary), run)
    }
}

fn add_member<U, E>(
    found: &mut Vec<Command<U, E>>,
    group: &'static str,
    member: Command<U, E>,
    run: SlashAction<U, E>,
) {
    let at = found.iter().position(|one| one.name == group).unwrap_or_else(|| {
        found.push(Command { subcommand_required: true, ..named(group, Cow::Borrowed(""), run) });
        found.len() - 1
    });
    if let Some(parent) = found.get_mut(at) {
        parent.subcommands.push(member);
        let members: Vec<_> = parent.subcommands.iter().map(|one| one.name.as_ref()).collect();
        parent.description = Some(Cow::Owned(members.join(", ")));
    }
}

fn named<U, E>(name: &'static str, description: Cow<'static, str>, run: SlashAction<U, E>) -> Command<U, E> {
    Command {
        name: Cow::Borrowed(name),
        qualified_name: Cow::Borrowed(name),
        identifying_name: Cow::Borrowed(name),
        description: Some(description),
        slash_action: Some(run),
        guild_only: true,
        interaction_context: Some(vec![InteractionContext::Guild]),
        install_context: Some(vec![InstallationContext::Guild]),
        ..Command::default()
    }
}

fn parameter<U, E>(argument: &'static Argument, complete: Autocomplete<U, E>) -> CommandParameter<U, E> {
    CommandParameter {
        name: Cow::Borrowed(argument.name),
        name_localizations: Cow::Borrowed(&[]),
        description: Some(Cow::Borrowed(argument.description)),
        description_localizations: Cow::Borrowed(&[]),
        required: argument.required,
        channel_types: None,
        // poise would make numbers of them; what sets the type adds the words.
        choices: Cow::Borrowed(&[]),
        type_setter: setter(argument),
        autocomplete_callback: is_completed(argument).then_some(complete),
        __non_exhaustive: (),
    }
}
