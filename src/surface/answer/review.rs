//! Answers about the end of a sprint: what reopened, and what people think of it.

use crate::domain::envelope::Receipt;
use crate::domain::event::Event;
use crate::domain::figures;
use crate::domain::id::SprintId;
use crate::domain::project::Project;
use crate::domain::sprint::{Retrospective, Sprint};
use crate::domain::text::Line;
use crate::surface::answer::changed::{onward, state_field};
use crate::surface::answer::{Answer, Picture, SprintVelocity, words};

/// How many sprints the picture of velocities shows.
const SPRINTS_SHOWN: usize = 8;
/// How many points of one list of a retrospective are shown.
const POINTS_SHOWN: usize = 10;

/// The stories that were not good enough.
pub(crate) fn reopened(receipt: &Receipt) -> Option<Answer> {
    let mut notes = receipt.events.iter().filter_map(|event| match event {
        Event::StoryNoted { story, note } => Some((*story, note)),
        _ => None,
    });
    let (_, note) = notes.clone().next()?;
    let stories = notes.clone().filter_map(|(id, _)| receipt.after.stories.get(&id)).map(AsRef::as_ref);
    let count = words::count(notes.by_ref().count(), "story");
    let sprint = receipt.before.sprint?;
    let answer = Answer::done(format!("Changes requested: {count} reopened"))
        .paragraph(words::excerpt(note.text.as_str(), words::EXCERPT, "`log`"))
        .field("Sprint", format!("{sprint} is closed; what reopened is in the backlog with this note"))
        .table(words::stories(stories));
    Some(onward(state_field(answer, receipt), &receipt.after))
}

/// A sprint that is over, with its retrospective and how it compares.
pub(crate) fn closed(receipt: &Receipt) -> Option<Answer> {
    let (id, said) = receipt.events.iter().find_map(|event| match event {
        Event::SprintClosed { sprint, retrospective } => Some((*sprint, retrospective.as_ref())),
        _ => None,
    })?;
    let project = &receipt.after;
    let velocity = project.sprints.get(&id)?.velocity.unwrap_or(0);
    let answer = Answer::done(format!("{id} closed"))
        .field("Velocity", format!("{}{}", words::points(velocity), compared(project)));
    let answer = said.into_iter().fold(answer, |answer, said| retrospective(answer, said, id));
    let answer = match velocities(project) {
        Some(picture) => answer.picture(picture),
        None => answer,
    };
    Some(onward(state_field(answer, receipt), project))
}

fn compared(project: &Project) -> String {
    match (figures::velocities(project).len(), figures::past_velocity(project)) {
        (0 | 1, _) | (_, None) => String::new(),
        (2, Some(average)) => format!("; {average} on average over both sprints"),
        (_, Some(average)) => format!("; {average} on average over the last three sprints"),
    }
}

/// Adds the three lists of a retrospective.
pub(crate) fn retrospective(answer: Answer, said: &Retrospective, sprint: SprintId) -> Answer {
    answer
        .field_if("Good", lines(&said.good, sprint))
        .field_if("Improve", lines(&said.improve, sprint))
        .field_if("Action", lines(&said.action, sprint))
}

fn lines(points: &[Line], sprint: SprintId) -> Option<String> {
    let mut all: Vec<_> = points.iter().take(POINTS_SHOWN).map(|point| format!("• {point}")).collect();
    if points.len() > POINTS_SHOWN {
        all.push(format!(
            "… and {} more in `.orch-state/sprints/{sprint}.json`",
            points.len() - POINTS_SHOWN
        ));
    }
    (!all.is_empty()).then(|| all.join("\n"))
}

/// What was finished in the latest sprints; nothing to compare before the second.
pub(crate) fn velocities(project: &Project) -> Option<Picture> {
    let all = figures::velocities(project);
    if all.len() < 2 {
        return None;
    }
    let shown = &all[all.len().saturating_sub(SPRINTS_SHOWN)..];
    let words: Vec<_> = shown.iter().map(|(id, points)| format!("{id} {points}")).collect();
    let alt = format!("Points finished in each sprint: {}.", words.join(", "));
    let bar = |(id, points): &(SprintId, u32)| SprintVelocity { sprint: id.to_string(), points: *points };
    Some(Picture::Velocity { sprints: shown.iter().map(bar).collect(), alt })
}

/// Adds what people said after `sprint`, if they did.
pub(crate) fn said_after(answer: Answer, sprint: &Sprint) -> Answer {
    sprint.retrospective.iter().fold(answer, |answer, said| retrospective(answer, said, sprint.id))
}
