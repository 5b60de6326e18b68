//! The commands about single stories while they are worked on.

use crate::domain::command::{Command, CommandKind};
use crate::domain::story::Status;
use crate::surface::parse::spec::{Argument, ArgumentKind, Group, Spec};
use crate::surface::parse::write::Writer;

/// The words for every status that people may give.
const STATUSES: &[&str] = &["todo", "in_progress", "in_review", "done", "blocked"];

const BLOCKED: Argument =
    Argument::named("id", ArgumentKind::Story, "Which story; not needed if only one is blocked.")
        .also(&["story"]);

pub(crate) static MOVE: Spec = Spec {
    kind: CommandKind::StoryMove,
    group: Group::Stories,
    aliases: &[],
    summary: "Say how far a story is.",
    details: "A blocked story needs a reason. When the last story of the sprint has ended, its review begins.",
    arguments: &[
        Argument::required("id", ArgumentKind::Story, "Which story.").also(&["story"]),
        Argument::required("status", ArgumentKind::Choice(STATUSES), "How far it is."),
        Argument::optional("reason", ArgumentKind::Text, "Why; a blocked story needs it."),
    ],
    examples: &["story move S-1 in_progress", "story move S-1 blocked waits for keys"],
    build: |fields| {
        Ok(Command::StoryMove {
            id: fields.need("id")?,
            status: fields.need_one_of("status", &Status::MOVES)?,
            reason: fields.get("reason")?,
        })
    },
    write,
};

pub(crate) static SUGGEST_FIX: Spec = Spec {
    kind: CommandKind::SuggestFix,
    group: Group::Stories,
    aliases: &[],
    summary: "Say how a blocked story can go on.",
    details: "The text is kept with the story, which continues.",
    arguments: &[Argument::required("description", ArgumentKind::Text, "What to do."), BLOCKED],
    examples: &["suggest_fix Use the staging key", "suggest_fix Use the staging key id:S-1"],
    build: |fields| {
        Ok(Command::SuggestFix { description: fields.need("description")?, id: fields.get("id")? })
    },
    write,
};

pub(crate) static SKIP_TASK: Spec = Spec {
    kind: CommandKind::SkipTask,
    group: Group::Stories,
    aliases: &[],
    summary: "Leave a blocked story out of the sprint.",
    details: "It returns to the backlog.",
    arguments: &[Argument { placed: true, ..BLOCKED }],
    examples: &["skip_task", "skip_task S-1"],
    build: |fields| Ok(Command::SkipTask { id: fields.get("id")? }),
    write,
};

fn write(command: &Command, out: &mut Writer) {
    match command {
        Command::StoryMove { id, status, reason } => {
            out.reference(id);
            out.word(status);
            out.named_text("reason", reason.as_ref().map(|reason| reason.as_str()));
        }
        Command::SuggestFix { description, id } => {
            out.text(description.as_str());
            out.named_list("id", id.as_slice());
        }
        Command::SkipTask { id } => out.named_list("id", id.as_slice()),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_those_of_the_domain() {
        assert_eq!(Status::MOVES.map(|status| status.to_string()), STATUSES);
    }
}
