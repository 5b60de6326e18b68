//! The commands that only look.

use crate::domain::command::{Command, CommandKind};
use crate::domain::text::Line;
use crate::surface::parse::spec::{Argument, ArgumentKind, Group, Spec};
use crate::surface::parse::write::Writer;

const READY_DEFAULT: u32 = 10;
const READY_MAX: u32 = 100;

pub(crate) static STATE: Spec = Spec {
    kind: CommandKind::State,
    group: Group::Looking,
    aliases: &[],
    summary: "Show where the project stands and what is possible now.",
    details: "",
    arguments: &[],
    examples: &["state"],
    build: |_| Ok(Command::State),
    write,
};

pub(crate) static READY: Spec = Spec {
    kind: CommandKind::Ready,
    group: Group::Looking,
    aliases: &[],
    summary: "Show which stories can be started now, in order.",
    details: "",
    arguments: &[Argument::optional(
        "n",
        ArgumentKind::Number { min: 1, max: READY_MAX },
        "How many stories; 10 by default.",
    )
    .also(&["count"])],
    examples: &["ready", "ready 5"],
    build: |fields| Ok(Command::Ready { count: fields.number("n")?.unwrap_or(READY_DEFAULT) }),
    write,
};

pub(crate) static SEARCH: Spec = Spec {
    kind: CommandKind::Search,
    group: Group::Looking,
    aliases: &["find"],
    summary: "Find a text in stories, notes and history.",
    details: "",
    arguments: &[Argument::required("text", ArgumentKind::Line { max: Line::MAX }, "The words to look for.")],
    examples: &["search login key"],
    build: |fields| Ok(Command::Search { text: fields.need("text")? }),
    write,
};

pub(crate) static HELP: Spec = Spec {
    kind: CommandKind::Help,
    group: Group::Looking,
    aliases: &["?"],
    summary: "Show what can be asked, or everything about one command.",
    details: "",
    arguments: &[
        Argument::optional("command", ArgumentKind::Command, "About which command.").also(&["topic"])
    ],
    examples: &["help", "help sprint plan"],
    build: |fields| Ok(Command::Help { topic: fields.get("command")? }),
    write,
};

fn write(command: &Command, out: &mut Writer) {
    match command {
        Command::Ready { count } => out.named("n", Some(count).filter(|count| **count != READY_DEFAULT)),
        Command::Search { text } => out.text(text.as_str()),
        Command::Help { topic: Some(topic) } => out.text(topic.as_str()),
        _ => {}
    }
}
