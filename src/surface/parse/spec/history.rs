//! The commands about what was done, and about going back.

use crate::domain::command::{Command, CommandKind, UndoWhat};
use crate::domain::refusal::Refusal;
use crate::surface::parse::fields::Fields;
use crate::surface::parse::spec::{Argument, ArgumentKind, Group, Spec};
use crate::surface::parse::write::Writer;

const LOG_DEFAULT: u32 = 10;
const LOG_MAX: u32 = 100;
const UNDO_MAX: u32 = 20;
/// From this many digits on, a number is a shortened id and not a count.
const ID_DIGITS: usize = 7;

const CONFIRM: Argument =
    Argument::named("confirm", ArgumentKind::Flag, "Yes, it is meant; without it, only look.");

pub(crate) static LOG: Spec = Spec {
    kind: CommandKind::Log,
    group: Group::History,
    aliases: &["history"],
    summary: "Show who did what when.",
    details: "",
    arguments: &[
        Argument::optional(
            "n",
            ArgumentKind::Number { min: 1, max: LOG_MAX },
            "How many entries; 10 by default.",
        )
        .also(&["count"]),
        Argument::optional("id", ArgumentKind::Any, "Only what concerns this story, epic or sprint."),
    ],
    examples: &["log", "log 30", "log S-3"],
    build: |fields| {
        Ok(Command::Log { count: fields.number("n")?.unwrap_or(LOG_DEFAULT), id: fields.get("id")? })
    },
    write,
};

pub(crate) static UNDO: Spec = Spec {
    kind: CommandKind::Undo,
    group: Group::History,
    aliases: &[],
    summary: "Take commands back.",
    details: "Without `confirm` it shows what would change. Then it makes a new commit; nothing is erased. What later \
              commands depend on is refused by name.",
    arguments: &[
        Argument::optional(
            "what",
            ArgumentKind::Steps,
            "How many of the latest (1 to 20), or one command's id.",
        )
        .also(&["n", "id", "command"]),
        CONFIRM,
    ],
    examples: &["undo", "undo 3 confirm", "undo 01JB0Z2Q8W3K4M5N6P7R8S9TAV"],
    build: |fields| Ok(Command::Undo { what: what(fields)?, confirm: fields.flag("confirm")? }),
    write,
};

pub(crate) static RESTORE: Spec = Spec {
    kind: CommandKind::Restore,
    group: Group::History,
    aliases: &[],
    summary: "Go back to how the project was at a commit.",
    details: "Without `confirm` it shows what would change. Then it makes a new commit with the old content. The \
              commits are those of the branch `orch-state`; `log` shows them.",
    arguments: &[
        Argument::required("commit", ArgumentKind::Commit, "A commit of the state branch."),
        CONFIRM,
    ],
    examples: &["restore 1a2b3c4", "restore 1a2b3c4 confirm"],
    build: |fields| Ok(Command::Restore { commit: fields.need("commit")?, confirm: fields.flag("confirm")? }),
    write,
};

fn what(fields: &Fields) -> Result<UndoWhat, Refusal> {
    let is_count = |text: &str| text.len() < ID_DIGITS && text.bytes().all(|byte| byte.is_ascii_digit());
    match fields.one("what") {
        Some(value) if is_count(&value.text) => {
            Ok(UndoWhat::Last(fields.number_in("what", 1, UNDO_MAX)?.unwrap_or(1)))
        }
        Some(_) => Ok(UndoWhat::Command(fields.need("what")?)),
        None => Ok(UndoWhat::Last(1)),
    }
}

fn write(command: &Command, out: &mut Writer) {
    match command {
        Command::Log { count, id } => {
            out.named("n", Some(count).filter(|count| **count != LOG_DEFAULT));
            out.named_list("id", id.as_slice());
        }
        Command::Undo { what, confirm } => {
            match what {
                UndoWhat::Last(1) => {}
                UndoWhat::Last(count) => out.word(count),
                UndoWhat::Command(id) => out.reference(id),
            }
            out.flag("confirm", *confirm);
        }
        Command::Restore { commit, confirm } => {
            out.reference(commit);
            out.flag("confirm", *confirm);
        }
        _ => {}
    }
}
