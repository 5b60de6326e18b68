//! How far a story is: moving it, in the sprint or outside, and what follows for the sprint.

use std::sync::Arc;

use crate::domain::event::Event;
use crate::domain::id::Reference;
use crate::domain::project::Project;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::rules::{resolve, sprint};
use crate::domain::story::{Status, Story};
use crate::domain::text::Prose;
use crate::domain::workflow::{State, Turn};

/// Moves any story while a sprint goes on, and says in which state the project is then.
pub(crate) fn move_to(
    turn: &mut Turn<'_>,
    id: &Reference,
    to: Status,
    reason: Option<&Prose>,
) -> Result<State, Refusal> {
    let story = Arc::clone(resolve::story(turn.project, id)?);
    if story.sprint.is_none() || story.sprint != turn.project.sprint {
        move_outside(turn, id, to, reason)?;
        return Ok(turn.project.state);
    }
    set(turn, &story, to, reason)?;
    let outlook = turn.outlook();
    if outlook.sprint_stories().all(|story| story.status == Status::Done) {
        sprint::end(turn)?;
        return Ok(State::SprintReview);
    }
    Ok(if is_stuck(&outlook) { State::Blocked } else { State::SprintActive })
}

/// Moves a story that is not in the current sprint; that is possible whenever the backlog is open.
pub(crate) fn move_outside(
    turn: &mut Turn<'_>,
    id: &Reference,
    to: Status,
    reason: Option<&Prose>,
) -> Result<(), Refusal> {
    let project = turn.project;
    let story = Arc::clone(resolve::story(project, id)?);
    match story.sprint {
        None => set(turn, &story, to, reason),
        Some(sprint) if Some(sprint) == project.sprint => {
            let message = format!(
                "{} is in {sprint}, which is not going on: the project is {}",
                story.id, project.state
            );
            Err(Refusal::new(Code::WrongState, message, project.state.next_step()))
        }
        Some(sprint) => {
            let message = format!("{} was finished in {sprint}", story.id);
            Err(Refusal::new(Code::InAnotherSprint, message, "add a new story with `backlog add`"))
        }
    }
}

/// Whether at least one story of the sprint is blocked and none of the others can go on.
pub(crate) fn is_stuck(project: &Project) -> bool {
    let unfinished: Vec<_> = project.sprint_stories().filter(|story| story.status != Status::Done).collect();
    let any_blocked = unfinished.iter().any(|story| story.status == Status::Blocked);
    let runnable = |story: &Story| story.status != Status::Blocked && project.is_ready(story);
    any_blocked && !unfinished.iter().any(|story| runnable(story))
}

fn set(turn: &mut Turn<'_>, story: &Story, to: Status, reason: Option<&Prose>) -> Result<(), Refusal> {
    if story.status == Status::Proposed {
        let message = format!("{} is proposed and not yet approved", story.id);
        return Err(Refusal::new(Code::Invalid, message, "answer with `approve` or `reject`"));
    }
    if story.status == to && story.reason.as_ref() == reason {
        let message = format!("{} is already {to}", story.id);
        return Err(Refusal::new(Code::NoChange, message, "see where it stands with `backlog view`"));
    }
    if to == Status::Blocked && reason.is_none() {
        let message = format!("{} cannot be blocked without a reason", story.id);
        return Err(Refusal::new(Code::Invalid, message, "say what it waits for with `reason`"));
    }
    let reason = reason.cloned().filter(|_| to == Status::Blocked);
    turn.emit(Event::StoryMoved { story: story.id, from: story.status, to, reason, at: turn.envelope.at });
    Ok(())
}
