//! How far a story is: moving it, in the sprint or outside, and what follows for the sprint.

use std::sync::Arc;

use crate::domain::event::Event;
use crate::domain::id::Reference;
use crate::domain::project::Project;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::rules::{resolve, sprint};
use crate::domain::story::{Note, Status, Story};
use crate::domain::text::Prose;
use crate::domain::workflow::{State, Turn};

/// Moves any story while a sprint goes on; the last one of the sprint that is done leads to the review.
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
    if turn.outlook().sprint_stories().all(|story| story.status == Status::Done) {
        sprint::end(turn)?;
        return Ok(State::SprintReview);
    }
    Ok(turn.project.state)
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
    let can_go_on = |story: &Story| match story.status {
        Status::InProgress | Status::InReview => true,
        Status::Todo => project.is_ready(story),
        Status::Proposed | Status::Done | Status::Blocked => false,
    };
    let any_blocked = project.sprint_stories().any(|story| story.status == Status::Blocked);
    any_blocked && !project.sprint_stories().any(|story| can_go_on(story))
}

/// Moves a story that may be moved; a reason that is not one for being blocked is kept as a note.
fn set(turn: &mut Turn<'_>, story: &Story, to: Status, reason: Option<&Prose>) -> Result<(), Refusal> {
    if story.status == Status::Proposed {
        let message = format!("{} is proposed and not yet approved", story.id);
        return Err(Refusal::new(Code::Invalid, message, "answer with `approve` or `reject`"));
    }
    if story.status == to && (to != Status::Blocked || reason.is_none() || story.reason.as_ref() == reason) {
        let message = format!("{} is already {to}", story.id);
        return Err(Refusal::new(Code::NoChange, message, "see where it stands with `backlog view`"));
    }
    if to == Status::Blocked && reason.is_none() {
        let message = format!("{} cannot be blocked without a reason", story.id);
        return Err(Refusal::new(Code::Invalid, message, "say what it waits for with `reason`"));
    }
    let (at, by) = (turn.envelope.at, turn.envelope.person.name.clone());
    let (reason, remark) = if to == Status::Blocked { (reason, None) } else { (None, reason) };
    if let Some(text) = remark {
        turn.emit(Event::StoryNoted { story: story.id, note: Note { at, by, text: text.clone() } });
    }
    let (from, reason) = (story.status, reason.cloned());
    turn.emit(Event::StoryMoved { story: story.id, from, to, reason, at });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::StoryId;
    use crate::domain::testing::{World, check_refusals};

    #[test]
    fn what_moving_refuses() {
        let stories = ["backlog add one", "backlog add two", "backlog add three"];
        let planned = World::given(&stories).and(&["sprint plan S-1 S-2"]);
        let active = planned.clone().and(&["sprint start", "story move S-2 blocked reason=no_key"]);
        let later = active.clone().and(&["story move S-1 done", "sprint finish", "feedback ok"]);
        #[rustfmt::skip]
        check_refusals(&active, &[
            ("story move S-1 todo", "no_change: S-1 is already todo; see where it stands with `backlog view`"),
            ("story move S-1 todo reason=x", "no_change: S-1 is already todo; see where it stands with `backlog view`"),
            ("story move S-2 blocked", "no_change: S-2 is already blocked; see where it stands with `backlog view`"),
            ("story move S-2 blocked reason=no_key", "no_change: S-2 is already blocked; see where it stands with `backlog view`"),
            ("story move S-1 blocked", "invalid: S-1 cannot be blocked without a reason; say what it waits for with `reason`"),
            ("story move S-7 done", "unknown: there is no story S-7; did you mean S-1 or S-2 or S-3? see what there is with `backlog view`"),
        ]);
        #[rustfmt::skip]
        check_refusals(&planned, &[
            ("story move S-1 done", "wrong_state: S-1 is in sprint-001, which is not going on: the project is SPRINT_PLANNED; begin with `sprint start`"),
        ]);
        #[rustfmt::skip]
        check_refusals(&active.and(&["story move S-1 in_review", "sprint pause"]), &[
            ("story move S-1 done", "wrong_state: S-1 is in sprint-001, which is not going on: the project is SPRINT_PAUSED; go on with `sprint resume`"),
        ]);
        #[rustfmt::skip]
        check_refusals(&later, &[
            ("story move S-1 todo", "in_another_sprint: S-1 was finished in sprint-001; add a new story with `backlog add`"),
        ]);
        #[rustfmt::skip]
        check_refusals(&World::with_proposal(), &[
            ("story move S-2 todo", "invalid: S-2 is proposed and not yet approved; answer with `approve` or `reject`"),
        ]);
    }

    #[test]
    fn a_story_keeps_when_it_began_and_when_it_was_done() {
        let mut world = World::given(&["backlog add one"]);
        let times = |world: &World| {
            let story = &world.project.stories[&StoryId(1)];
            (story.started_at, story.done_at)
        };
        world.run("story move S-1 in_progress").unwrap();
        let began = world.now;
        world.run("story move S-1 done").unwrap();
        assert_eq!(times(&world), (Some(began), Some(world.now)));

        world.run("story move S-1 todo").unwrap();
        assert_eq!(times(&world), (Some(began), None), "what is not done was not done at any time");
    }

    #[test]
    fn a_reason_is_kept_for_a_blocked_story_and_as_a_note_for_others() {
        let mut world = World::given(&["backlog add one", "story move S-1 blocked reason=no_key"]);
        let reason = |world: &World| world.project.stories[&StoryId(1)].reason.as_ref().map(Prose::to_string);
        assert_eq!(reason(&world).as_deref(), Some("no key"));

        world.run("story move S-1 done reason=found_it").unwrap();

        assert_eq!(reason(&world), None);
        assert_eq!(world.project.stories[&StoryId(1)].notes[0].text.as_str(), "found it");
    }
}
