//! One example of every command that changes a project, for asking the workflow what is possible without doing it.

use jiff::Timestamp;
use ulid::Ulid;

use crate::domain::command::{Command, CommandKind, NewStory, StoryEdit, UndoWhat};
use crate::domain::envelope::{Envelope, Facts};
use crate::domain::id::{ProjectName, Reference, Uid};
use crate::domain::person::{Person, Surface};
use crate::domain::project::Project;
use crate::domain::story::{Priority, Status};
use crate::domain::text::{Line, Prose};

/// An empty project, and a sample of `kind` on its way to it. `None` for what does not change a project.
pub(crate) fn world(kind: CommandKind) -> Option<(Project, Envelope, Facts)> {
    let line: Line = "x".parse().ok()?;
    let name: ProjectName = "x".parse().ok()?;
    let envelope = Envelope {
        id: "x".parse().ok()?,
        at: Timestamp::UNIX_EPOCH,
        entropy: 0,
        person: Person { name: line.clone(), account: line, email: None },
        surface: Surface::Cli,
        command: command(kind)?,
    };
    let facts = Facts { capacity: 1, days: 1, past: None };
    Some((Project::new(name, Uid(Ulid::nil())), envelope, facts))
}

fn command(kind: CommandKind) -> Option<Command> {
    let id: Reference = "S-1".parse().ok()?;
    let text: Prose = "x".parse().ok()?;
    Some(match kind {
        CommandKind::Epic => Command::Epic { description: text, title: None },
        CommandKind::Approve => Command::Approve { ids: vec![] },
        CommandKind::Reject => Command::Reject { ids: vec![], reason: None },
        CommandKind::BacklogAdd => Command::BacklogAdd { story: Box::new(story(text)) },
        CommandKind::BacklogEdit => Command::BacklogEdit { id, edit: Box::new(StoryEdit::default()) },
        CommandKind::BacklogRemove => Command::BacklogRemove { id },
        CommandKind::BacklogPrioritize => Command::BacklogPrioritize { id, priority: Priority::Top },
        CommandKind::SprintPlan => {
            Command::SprintPlan { ids: vec![], goal: None, days: None, capacity: None }
        }
        CommandKind::SprintStart => Command::SprintStart,
        CommandKind::SprintStatus => Command::SprintStatus,
        CommandKind::SprintPause => Command::SprintPause,
        CommandKind::SprintResume => Command::SprintResume,
        CommandKind::SprintFinish => Command::SprintFinish,
        CommandKind::SprintCancel => Command::SprintCancel,
        CommandKind::StoryMove => Command::StoryMove { id, status: Status::Done, reason: None },
        CommandKind::RequestChanges => Command::RequestChanges { description: text, ids: vec![] },
        CommandKind::SuggestFix => Command::SuggestFix { description: text, id: None },
        CommandKind::SkipTask => Command::SkipTask { id: None },
        CommandKind::Feedback => Command::Feedback { description: text },
        CommandKind::Undo => Command::Undo { what: UndoWhat::Last(1), confirm: false },
        CommandKind::Restore => Command::Restore { commit: id, confirm: false },
        CommandKind::ProjectRegister
        | CommandKind::ProjectList
        | CommandKind::ProjectStatus
        | CommandKind::ProjectHealth
        | CommandKind::ProjectUnregister
        | CommandKind::ProjectBind
        | CommandKind::BacklogView
        | CommandKind::State
        | CommandKind::Log
        | CommandKind::Ready
        | CommandKind::Search
        | CommandKind::Help => return None,
    })
}

fn story(description: Prose) -> NewStory {
    NewStory { description, epic: None, priority: None, points: None, criteria: vec![], depends_on: vec![] }
}
