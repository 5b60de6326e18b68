//! Blocked stories: a hint how they can go on, or leaving them out of the sprint.

use std::sync::Arc;

use crate::domain::event::Event;
use crate::domain::id::{Reference, StoryId};
use crate::domain::project::Project;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::rules::backlog::names;
use crate::domain::rules::{resolve, sprint};
use crate::domain::story::{Note, Status, Story};
use crate::domain::text::Prose;
use crate::domain::workflow::Turn;

/// Lets a blocked story go on with what a person suggests.
pub(crate) fn suggest_fix(turn: &mut Turn<'_>, text: &Prose, id: Option<&Reference>) -> Result<(), Refusal> {
    let story = the_blocked(turn.project, id)?;
    let (at, by) = (turn.envelope.at, turn.envelope.person.name.clone());
    turn.emit(Event::StoryNoted { story: story.id, note: Note { at, by, text: text.clone() } });
    let to = if story.started_at.is_some() { Status::InProgress } else { Status::Todo };
    turn.emit(Event::StoryMoved { story: story.id, from: story.status, to, reason: None, at });
    Ok(())
}

/// Leaves a blocked story out of the sprint; it keeps its reason in the backlog.
pub(crate) fn skip(turn: &mut Turn<'_>, id: Option<&Reference>) -> Result<(), Refusal> {
    let story = the_blocked(turn.project, id)?.id;
    let sprint = sprint::current(turn.project)?.id;
    turn.emit(Event::StoryReturned { story, sprint });
    Ok(())
}

/// Whether a story of the sprint is blocked.
pub(crate) fn any(project: &Project) -> bool {
    blocked(project).next().is_some()
}

fn blocked(project: &Project) -> impl Iterator<Item = &Arc<Story>> {
    project.sprint_stories().filter(|story| story.status == Status::Blocked)
}

/// The story that is meant: the named one, or the only one.
fn the_blocked<'a>(project: &'a Project, id: Option<&Reference>) -> Result<&'a Arc<Story>, Refusal> {
    let all: Vec<&Arc<Story>> = blocked(project).collect();
    let ids: Vec<StoryId> = all.iter().map(|story| story.id).collect();
    let Some(id) = id else {
        return match all.as_slice() {
            [one] => Ok(one),
            [] => Err(Refusal::new(
                Code::Nothing,
                "no story of the sprint is blocked",
                project.state.next_step(),
            )),
            _ => {
                let message = format!("several stories are blocked: {}", names(&ids));
                Err(Refusal::new(Code::Invalid, message, "say which one with `id`"))
            }
        };
    };
    let story = resolve::story(project, id)?;
    if ids.contains(&story.id) {
        return Ok(story);
    }
    let message = format!("{} is not a blocked story of the sprint", story.id);
    let hint = if ids.is_empty() {
        project.state.next_step().to_owned()
    } else {
        format!("blocked: {}", names(&ids))
    };
    Err(Refusal::new(Code::Invalid, message, hint))
}
