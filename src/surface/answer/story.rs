//! Answers about the work on single stories: moved, helped, left out.

use std::sync::Arc;

use crate::domain::envelope::Receipt;
use crate::domain::event::Event;
use crate::domain::figures;
use crate::domain::id::StoryId;
use crate::domain::project::Project;
use crate::domain::story::{Status, Story};
use crate::domain::workflow::State;
use crate::surface::answer::changed::{next_field, onward, state_field};
use crate::surface::answer::{Answer, Tone, sprint, words};

/// How many blocked stories get choices of their own.
const OFFERED_MAX: usize = 3;

/// A story that is further, or not as far, with what that means for the sprint.
pub(crate) fn moved(receipt: &Receipt) -> Option<Answer> {
    let (id, from, to, reason) = receipt.events.iter().find_map(|event| match event {
        Event::StoryMoved { story, from, to, reason, .. } => Some((*story, *from, *to, reason.as_ref())),
        _ => None,
    })?;
    let project = &receipt.after;
    let story = project.stories.get(&id)?;
    let answer = Answer::done(format!("{id}: {from} → {to}"));
    let answer = consequence(answer, receipt)
        .field("Story", story.title.to_string())
        .field_if("Reason", reason.map(|reason| words::excerpt(reason.as_str(), words::EXCERPT, &see(id))))
        .field_if("Can start now", freed(receipt, to))
        .field_if("Sprint", sprint_line(project, story));
    let answer = state_field(answer, receipt);
    Some(match project.state {
        State::SprintReview | State::Blocked => onward(answer, project),
        _ if to == Status::Blocked => help_choices(answer, project),
        _ => answer.choice("Show", format!("backlog view {id}")),
    })
}

/// What a move did to the sprint as a whole.
fn consequence(mut answer: Answer, receipt: &Receipt) -> Answer {
    let (before, after) = (receipt.before.state, receipt.after.state);
    if let Some((id, velocity)) = sprint::ended(receipt) {
        let done = words::points(velocity);
        return answer
            .paragraph(format!("That was the last story: {id} is in review, with {done} finished."));
    }
    if before != after && after == State::Blocked {
        answer.tone = Tone::Warning;
        return answer.paragraph(
            "No story of the sprint can go on now: all that are left are blocked, or wait for a blocked one.",
        );
    }
    if before == State::Blocked && after == State::SprintActive {
        return answer.paragraph("Work on the sprint goes on.");
    }
    answer
}

/// The stories that waited for nothing but this one.
fn freed(receipt: &Receipt, to: Status) -> Option<String> {
    if to != Status::Done {
        return None;
    }
    let (before, after) = (&receipt.before, &receipt.after);
    let waited = |story: &&Arc<Story>| before.stories.get(&story.id).is_some_and(|old| !before.is_ready(old));
    let ids: Vec<_> = figures::ready(after).filter(waited).map(|story| story.id).collect();
    (!ids.is_empty()).then(|| words::ids(&ids))
}

fn sprint_line(project: &Project, story: &Story) -> Option<String> {
    let sprint = project.sprints.get(&story.sprint?)?;
    Some(format!("{}: {}", sprint.id, sprint::progress_line(project, sprint)))
}

/// A blocked story that goes on with what a person suggested.
pub(crate) fn helped(receipt: &Receipt) -> Option<Answer> {
    let (id, note) = receipt.events.iter().find_map(|event| match event {
        Event::StoryNoted { story, note } => Some((*story, note)),
        _ => None,
    })?;
    let before = receipt.before.stories.get(&id)?;
    let after = receipt.after.stories.get(&id)?;
    let excerpt = |text: &str| words::excerpt(text, words::EXCERPT, &see(id));
    let answer = Answer::done(format!("{id} goes on: {}", after.title))
        .field("Suggested", excerpt(note.text.as_str()))
        .field_if("Was blocked by", before.reason.as_ref().map(|reason| excerpt(reason.as_str())))
        .field("Status", format!("{} → {}", before.status, after.status));
    Some(what_is_left(state_field(answer, receipt), receipt))
}

/// A blocked story that was left out of the sprint.
pub(crate) fn skipped(receipt: &Receipt) -> Option<Answer> {
    let id = receipt.events.iter().find_map(|event| match event {
        Event::StoryReturned { story, .. } => Some(*story),
        _ => None,
    })?;
    let story = receipt.after.stories.get(&id)?;
    let answer = Answer::done(format!("{id} left out of the sprint: {}", story.title));
    let answer = consequence(answer, receipt).field("Now", "in the backlog, still blocked").field_if(
        "Reason",
        story.reason.as_ref().map(|reason| words::excerpt(reason.as_str(), words::EXCERPT, &see(id))),
    );
    Some(what_is_left(state_field(answer, receipt), receipt))
}

/// What continues in the sprint, and what still cannot.
fn what_is_left(answer: Answer, receipt: &Receipt) -> Answer {
    let project = &receipt.after;
    let goes_on = project.sprint_stories().filter(|story| {
        matches!(story.status, Status::InProgress | Status::InReview | Status::Todo)
            && project.is_ready(story)
    });
    let goes_on: Vec<_> = goes_on.map(|story| story.id).collect();
    let blocked: Vec<_> = blocked(project).map(|story| story.id).collect();
    let answer = answer
        .field_if("Goes on", (!goes_on.is_empty()).then(|| words::ids(&goes_on)))
        .field_if("Still blocked", (!blocked.is_empty()).then(|| words::ids(&blocked)));
    if blocked.is_empty() { onward(answer, project) } else { help_choices(answer, project) }
}

fn blocked(project: &Project) -> impl Iterator<Item = &Story> {
    project.sprint_stories().map(AsRef::as_ref).filter(|story: &&Story| story.status == Status::Blocked)
}

/// Says why each of the given stories is blocked.
pub(crate) fn reasons<'a>(answer: Answer, blocked: impl Iterator<Item = &'a Story>) -> Answer {
    let mut answer = answer;
    let mut more = 0;
    for (at, story) in blocked.enumerate() {
        if at >= words::ROWS_MAX {
            more += 1;
            continue;
        }
        let reason = story.reason.as_ref().map_or("no reason is given", |reason| reason.as_str());
        let reason = words::excerpt(reason, words::EXCERPT, &see(story.id));
        answer = answer.paragraph(format!("**{} is blocked:** {reason}", story.id));
    }
    if more > 0 { answer.paragraph(format!("… and {more} more blocked stories.")) } else { answer }
}

/// Offers help for each of the first few blocked stories of the sprint.
pub(crate) fn help_choices(answer: Answer, project: &Project) -> Answer {
    let all: Vec<_> = blocked(project).take(OFFERED_MAX).map(|story| story.id).collect();
    if all.is_empty() {
        return next_field(answer, project.state);
    }
    all.into_iter().fold(answer, |answer, id| {
        answer
            .primary(format!("Suggest a fix for {id}"), format!("suggest_fix id:{id}"))
            .asking("description")
            .danger(format!("Skip {id}"), format!("skip_task {id}"))
    })
}

/// Where the whole of a story is to be seen.
pub(crate) fn see(id: StoryId) -> String {
    format!("`backlog view {id}`")
}
