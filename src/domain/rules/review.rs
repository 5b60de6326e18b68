//! The review: reopening what is not good enough, and closing the sprint with what people think of it.

use crate::domain::event::Event;
use crate::domain::id::{Reference, StoryId};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::rules::{resolve, sprint};
use crate::domain::sprint::Retrospective;
use crate::domain::story::{Note, Status};
use crate::domain::text::{Line, Prose};
use crate::domain::workflow::{State, Turn};

/// Reopens stories of the sprint with a note, and closes it.
pub(crate) fn request_changes(turn: &mut Turn<'_>, text: &Prose, ids: &[Reference]) -> Result<(), Refusal> {
    let project = turn.project;
    let sprint = sprint::current(project)?.id;
    let done: Vec<_> =
        project.sprint_stories().filter(|story| story.status == Status::Done).map(|s| s.id).collect();
    let stories = if ids.is_empty() { done.clone() } else { resolve::stories(project, ids)? };
    if let Some(other) = stories.iter().find(|id| !done.contains(id)) {
        let message = format!("{other} was not finished in {sprint}");
        return Err(Refusal::new(
            Code::Invalid,
            message,
            "name stories of this sprint, or none for all of them",
        ));
    }
    if stories.is_empty() {
        let message = format!("no story was finished in {sprint}");
        return Err(Refusal::new(Code::Nothing, message, "close the sprint with `feedback`"));
    }
    stories.iter().for_each(|id| reopen(turn, *id, text));
    for story in stories {
        turn.emit(Event::StoryReturned { story, sprint });
    }
    turn.emit(Event::SprintClosed { sprint, retrospective: None });
    Ok(())
}

/// Keeps what people think of the sprint, and closes it.
pub(crate) fn feedback(turn: &mut Turn<'_>, text: &Prose) -> Result<State, Refusal> {
    let sprint = sprint::current(turn.project)?.id;
    let retrospective = Some(sorted(text)?);
    turn.emit(Event::SprintClosed { sprint, retrospective });
    Ok(if turn.project.open_stories() == 0 { State::Idle } else { State::BacklogReady })
}

fn reopen(turn: &mut Turn<'_>, story: StoryId, text: &Prose) {
    let (at, by) = (turn.envelope.at, turn.envelope.person.name.clone());
    turn.emit(Event::StoryNoted { story, note: Note { at, by, text: text.clone() } });
    turn.emit(Event::StoryMoved { story, from: Status::Done, to: Status::Todo, reason: None, at });
}

/// Sorts lines by the word that they start with; what has none counts as good.
fn sorted(text: &Prose) -> Result<Retrospective, Refusal> {
    let mut lists = Retrospective::default();
    for line in text.as_str().lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (list, rest) = match line.split_once(':') {
            Some((word, rest)) if word.eq_ignore_ascii_case("good") => (&mut lists.good, rest),
            Some((word, rest)) if word.eq_ignore_ascii_case("improve") => (&mut lists.improve, rest),
            Some((word, rest)) if word.eq_ignore_ascii_case("action") => (&mut lists.action, rest),
            _ => (&mut lists.good, line),
        };
        let hint = "write one point a line: `good: …`, `improve: …`, `action: …`";
        let point: Line =
            rest.parse().map_err(|error| Refusal::new(Code::Invalid, format!("{error}"), hint))?;
        list.push(point);
    }
    Ok(lists)
}
