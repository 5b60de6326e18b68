//! The commands about epics, and about answers to what waits for people.

use crate::domain::command::{Command, CommandKind};
use crate::domain::text::Title;
use crate::surface::parse::spec::{Argument, ArgumentKind, Group, Spec};
use crate::surface::parse::write::Writer;

/// What stands for every approval that waits.
pub(crate) const ALL: &str = "all";

pub(crate) static EPIC: Spec = Spec {
    kind: CommandKind::Epic,
    group: Group::Planning,
    aliases: &[],
    summary: "Name a larger purpose, from which stories follow.",
    details: "Stories that are proposed for it wait for `approve` or `reject`.",
    arguments: &[
        Argument::required("description", ArgumentKind::Text, "What is wanted, and what for."),
        Argument::optional(
            "title",
            ArgumentKind::Line { max: Title::MAX },
            "In a few words; by default the first line.",
        ),
    ],
    examples: &["epic Build a login page", "epic \"People log in with a key.\" title:\"Login with a key\""],
    build: |fields| {
        Ok(Command::Epic { description: fields.need("description")?, title: fields.get("title")? })
    },
    write,
};

pub(crate) static APPROVE: Spec = Spec {
    kind: CommandKind::Approve,
    group: Group::Planning,
    aliases: &[],
    summary: "Say yes to what waits for an answer.",
    details: "Without ids it is the answer to everything that waits.",
    arguments: &[Argument::optional("ids", ArgumentKind::Approvals, "Which; all by default.").also(&["id"])],
    examples: &["approve", "approve A-1 A-2"],
    build: |fields| Ok(Command::Approve { ids: fields.ids("ids", ALL)? }),
    write,
};

pub(crate) static REJECT: Spec = Spec {
    kind: CommandKind::Reject,
    group: Group::Planning,
    aliases: &[],
    summary: "Say no to what waits for an answer.",
    details: "Without ids it is the answer to everything that waits. Words with a digit in them are read as ids until \
              one is not; the rest is the reason.",
    arguments: &[
        Argument::optional("ids", ArgumentKind::Approvals, "Which; all by default.").also(&["id"]),
        Argument::optional("reason", ArgumentKind::Text, "Why."),
    ],
    examples: &["reject A-1 too large for one story", "reject ids:A-1,A-2 reason:\"not now\""],
    build: |fields| Ok(Command::Reject { ids: fields.ids("ids", ALL)?, reason: fields.get("reason")? }),
    write,
};

fn write(command: &Command, out: &mut Writer) {
    match command {
        Command::Epic { description, title } => {
            out.text(description.as_str());
            out.named_text("title", title.as_ref().map(|title| title.as_str()));
        }
        Command::Approve { ids } => out.named_list("ids", ids),
        Command::Reject { ids, reason } => {
            out.named_list("ids", ids);
            out.named_text("reason", reason.as_ref().map(|reason| reason.as_str()));
        }
        _ => {}
    }
}
