//! The review: reopening what is not good enough, and closing the sprint with what people think of it.

use crate::domain::event::Event;
use crate::domain::id::{Reference, StoryId};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::rules::{approval, resolve, sprint};
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
    // Proposals can be answered while the backlog is open, so they keep it open.
    let nothing_left = turn.project.open_stories() == 0 && !approval::proposals_wait(turn.project);
    Ok(if nothing_left { State::Idle } else { State::BacklogReady })
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
        let (word, rest) = line.split_once(':').unwrap_or_default();
        let (list, rest) = match word.trim_end().to_ascii_lowercase().as_str() {
            "good" => (&mut lists.good, rest),
            "improve" => (&mut lists.improve, rest),
            "action" => (&mut lists.action, rest),
            _ => (&mut lists.good, line),
        };
        let hint = "write one point a line: `good: …`, `improve: …`, `action: …`";
        let point: Line =
            rest.parse().map_err(|error| Refusal::new(Code::Invalid, format!("{error}"), hint))?;
        list.push(point);
    }
    Ok(lists)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::SprintId;
    use crate::domain::sprint::SprintStatus;
    use crate::domain::testing::{World, check_refusals};

    fn review() -> World {
        let stories = ["backlog add one points=3", "backlog add two points=5", "backlog add three"];
        let sprint = ["sprint plan S-1 S-2 S-3", "sprint start"];
        World::given(&stories).and(&sprint).and(&[
            "story move S-1 done",
            "story move S-2 done",
            "sprint finish",
        ])
    }

    #[test]
    fn what_a_review_refuses() {
        let long = format!("feedback good: {}", "x".repeat(501));
        #[rustfmt::skip]
        check_refusals(&review(), &[
            ("request_changes no ids=S-3", "invalid: S-3 was not finished in sprint-001; name stories of this sprint, or none for all of them"),
            ("request_changes no ids=S-1,S-1", "invalid: S-1 is named twice; name each story once"),
            ("request_changes no ids=S-88", "unknown: there is no story S-88; see what there is with `backlog view`"),
            ("feedback good:", "invalid: a line cannot be empty; write one point a line: `good: …`, `improve: …`, `action: …`"),
            (&long, "invalid: a line has at most 500 characters, this one has 501; write one point a line: `good: …`, `improve: …`, `action: …`"),
        ]);
        let nothing = World::given(&["backlog add one", "sprint plan", "sprint start", "sprint finish"]);
        #[rustfmt::skip]
        check_refusals(&nothing, &[
            ("request_changes no", "nothing: no story was finished in sprint-001; close the sprint with `feedback`"),
        ]);
    }

    #[test]
    fn what_is_reopened_has_the_note_and_does_not_count_any_more() {
        let world = review().and(&["request_changes too slow ids=s-2"]);

        let (one, two) = (&world.project.stories[&StoryId(1)], &world.project.stories[&StoryId(2)]);
        assert_eq!((one.status, one.sprint), (Status::Done, Some(SprintId(1))));
        assert_eq!((two.status, two.sprint, two.done_at), (Status::Todo, None, None));
        assert_eq!(two.notes[0].text.as_str(), "too slow");
        let sprint = &world.project.sprints[&SprintId(1)];
        assert_eq!((sprint.status, sprint.velocity), (SprintStatus::Closed, Some(3)));
        assert_eq!(sprint.returned, [StoryId(3), StoryId(2)]);

        let again = world.and(&["sprint plan S-2", "sprint start", "story move S-2 done", "feedback ok"]);
        assert_eq!(again.project.sprints[&SprintId(2)].velocity, Some(5));
    }

    #[test]
    fn every_finished_story_is_reopened_if_none_is_named() {
        let world = review().and(&["request_changes no"]);

        assert!(world.project.stories.values().all(|story| story.status == Status::Todo));
        assert_eq!(world.project.sprints[&SprintId(1)].velocity, Some(0));
    }

    #[test]
    fn feedback_is_sorted_by_the_word_that_a_line_starts_with() {
        let world =
            review().and(&["feedback Good: fast|IMPROVE : tests|action: pair|also: nice||improve: docs"]);

        let said = world.project.sprints[&SprintId(1)].retrospective.clone().unwrap();
        let texts = |lines: &[Line]| lines.iter().map(Line::to_string).collect::<Vec<_>>();
        assert_eq!(texts(&said.good), ["fast", "also: nice"]);
        assert_eq!(texts(&said.improve), ["tests", "docs"]);
        assert_eq!(texts(&said.action), ["pair"]);
    }

    #[test]
    fn proposals_that_wait_keep_the_backlog_open() {
        let last = ["sprint plan S-1", "sprint start", "story move S-1 done", "feedback ok"];
        let world = World::with_proposal().and(&last);
        assert_eq!(world.project.state, State::BacklogReady);

        let world = World::given(&["backlog add one"]).and(&last);
        assert_eq!(world.project.state, State::Idle);
    }
}
