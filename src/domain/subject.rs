//! A command in one line, as people read it in the history.

use std::fmt::Display;

use crate::domain::command::{Command, StoryEdit, UndoWhat, View};
use crate::domain::text::Title;

/// The longest subject, in characters: what programs that show a history have room for.
pub const SUBJECT_MAX: usize = 72;

/// The command in one line of at most [`SUBJECT_MAX`] characters: its name, and what it is mainly about.
pub fn subject(command: &Command) -> String {
    let name = command.kind().name();
    let main = main_argument(command);
    let line = if main.is_empty() { name.to_owned() } else { format!("{name}: {main}") };
    shortened(&line)
}

fn main_argument(command: &Command) -> String {
    match command {
        Command::ProjectRegister { path, name, .. } => {
            name.as_ref().map_or_else(|| path.display().to_string(), ToString::to_string)
        }
        Command::ProjectStatus { name }
        | Command::ProjectHealth { name }
        | Command::ProjectUnregister { name, .. }
        | Command::ProjectBind { name, .. } => text(name.as_ref()),
        Command::Epic { description, title } => {
            title.clone().unwrap_or_else(|| Title::from_prose(description)).to_string()
        }
        Command::Approve { ids } | Command::Reject { ids, .. } => named(ids, "all"),
        Command::BacklogView { view: View::One(id), .. } => id.to_string(),
        Command::BacklogAdd { story } => Title::from_prose(&story.description).to_string(),
        Command::BacklogEdit { id, edit } => {
            format!("{id} {}", fields(edit).join(", ")).trim_end().to_owned()
        }
        Command::BacklogRemove { id } => id.to_string(),
        Command::BacklogPrioritize { id, priority } => format!("{id} {priority}"),
        Command::SprintPlan { ids, .. } => named(ids, "top of the backlog"),
        Command::StoryMove { id, status, .. } => format!("{id} {status}"),
        Command::RequestChanges { description, .. } | Command::Feedback { description } => {
            Title::from_prose(description).to_string()
        }
        Command::SuggestFix { description, id } => {
            let fix = Title::from_prose(description);
            id.as_ref().map_or_else(|| fix.to_string(), |id| format!("{id} {fix}"))
        }
        Command::SkipTask { id } => text(id.as_ref()),
        Command::Log { id, .. } => text(id.as_ref()),
        Command::Undo { what: UndoWhat::Last(1), .. } => "the latest command".to_owned(),
        Command::Undo { what: UndoWhat::Last(count), .. } => format!("the latest {count} commands"),
        Command::Undo { what: UndoWhat::Command(id), .. } => id.to_string(),
        Command::Restore { commit, .. } => commit.to_string(),
        Command::Search { text } => text.to_string(),
        Command::Help { topic } => text(topic.as_ref()),
        Command::ProjectList
        | Command::BacklogView { .. }
        | Command::SprintStart
        | Command::SprintStatus
        | Command::SprintPause
        | Command::SprintResume
        | Command::SprintFinish
        | Command::SprintCancel
        | Command::State
        | Command::Ready { .. } => String::new(),
    }
}

fn text(value: Option<&impl Display>) -> String {
    value.map(ToString::to_string).unwrap_or_default()
}

fn named(ids: &[impl Display], none: &str) -> String {
    if ids.is_empty() {
        return none.to_owned();
    }
    ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// The names of the fields that an edit changes.
fn fields(edit: &StoryEdit) -> Vec<&'static str> {
    let given = [
        ("title", edit.title.is_some()),
        ("description", edit.description.is_some()),
        ("epic", edit.epic.is_some()),
        ("priority", edit.priority.is_some()),
        ("points", edit.points.is_some()),
        ("criteria", edit.criteria.is_some()),
        ("depends_on", edit.depends_on.is_some()),
        ("assignee", edit.assignee.is_some()),
    ];
    given.into_iter().filter(|(_, given)| *given).map(|(name, _)| name).collect()
}

/// One line without control characters, cut between words where it is too long.
fn shortened(line: &str) -> String {
    let line: String = line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if line.chars().count() <= SUBJECT_MAX {
        return line.trim_end().to_owned();
    }
    let head: String = line.chars().take(SUBJECT_MAX - 1).collect();
    let cut = head.rfind(char::is_whitespace).filter(|at| *at > SUBJECT_MAX / 2).unwrap_or(head.len());
    format!("{}…", head[..cut].trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::story::{Priority, Status};

    #[test]
    fn it_names_the_command_and_what_it_is_about() {
        let id = || "S-1".parse().unwrap();
        let edit = StoryEdit { points: Some(None), priority: Some(Priority::Low), ..StoryEdit::default() };
        #[rustfmt::skip]
        let cases = [
            (Command::SprintStart, "sprint start"),
            (Command::Epic { description: "\nLog in\nwith a key".parse().unwrap(), title: None }, "epic: Log in"),
            (Command::StoryMove { id: id(), status: Status::Blocked, reason: None }, "story move: S-1 blocked"),
            (Command::BacklogEdit { id: id(), edit: Box::new(edit) }, "backlog edit: S-1 priority, points"),
            (Command::SprintPlan { ids: vec![id(), id()], goal: None, days: None, capacity: None }, "sprint plan: S-1, S-1"),
            (Command::Approve { ids: vec![] }, "approve: all"),
            (Command::SuggestFix { description: "Use it".parse().unwrap(), id: Some(id()) }, "suggest_fix: S-1 Use it"),
            (Command::Undo { what: UndoWhat::Last(3), confirm: true }, "undo: the latest 3 commands"),
            (Command::ProjectRegister { path: "/a\nb".into(), name: None, import: false }, "project register: /a b"),
        ];
        for (command, line) in cases {
            assert_eq!(subject(&command), line);
        }
    }

    #[test]
    fn it_is_one_line_that_fits() {
        for word in ["word ", "ä", "日本語 "] {
            let description = word.repeat(500).parse().unwrap();
            let line = subject(&Command::Feedback { description });
            assert!(
                line.chars().count() <= SUBJECT_MAX && line.ends_with('…') && !line.contains('\n'),
                "{line}"
            );
        }
    }
}
