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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::testing::{World, check_refusals};

    fn active() -> World {
        let stories = ["backlog add one", "backlog add two", "backlog add three", "backlog add four"];
        World::given(&stories).and(&["sprint plan S-1 S-2 S-3", "sprint start"])
    }

    #[test]
    fn what_help_for_blocked_stories_refuses() {
        let one = active().and(&["story move S-1 blocked reason=x", "story move S-4 blocked reason=x"]);
        let two = one.clone().and(&["story move S-2 blocked reason=x"]);
        #[rustfmt::skip]
        check_refusals(&active(), &[
            ("suggest_fix x", "nothing: no story of the sprint is blocked; see how it goes with `sprint status`"),
            ("skip_task", "nothing: no story of the sprint is blocked; see how it goes with `sprint status`"),
            ("skip_task S-2", "invalid: S-2 is not a blocked story of the sprint; see how it goes with `sprint status`"),
        ]);
        #[rustfmt::skip]
        check_refusals(&one, &[
            ("skip_task S-2", "invalid: S-2 is not a blocked story of the sprint; blocked: S-1"),
            ("skip_task S-4", "invalid: S-4 is not a blocked story of the sprint; blocked: S-1"),
            ("skip_task S-77", "unknown: there is no story S-77; see what there is with `backlog view`"),
        ]);
        #[rustfmt::skip]
        check_refusals(&two, &[
            ("suggest_fix x", "invalid: several stories are blocked: S-1, S-2; say which one with `id`"),
            ("skip_task", "invalid: several stories are blocked: S-1, S-2; say which one with `id`"),
        ]);
    }

    #[test]
    fn a_suggestion_becomes_a_note_and_lets_the_story_go_on_where_it_was() {
        let world = active().and(&["story move S-2 in_progress"]);
        for (story, status) in [(1, Status::Todo), (2, Status::InProgress)] {
            let block = format!("story move S-{story} blocked reason=no_key");
            let story =
                &world.clone().and(&[&block, "suggest_fix use mine"]).project.stories[&StoryId(story)];

            assert_eq!((story.status, &story.reason), (status, &None));
            assert_eq!(story.notes[0].text.as_str(), "use mine");
        }
    }

    #[test]
    fn a_skipped_story_is_in_the_backlog_with_its_reason() {
        let world = active().and(&["story move S-1 blocked reason=no_key", "skip_task"]);

        let story = &world.project.stories[&StoryId(1)];
        assert_eq!((story.status, story.sprint), (Status::Blocked, None));
        assert_eq!(world.project.current_sprint().unwrap().returned, [StoryId(1)]);
    }
}
