//! Answers about the sprint: its plan, how it is doing, how it ended.

use jiff::{SignedDuration, Timestamp};

use crate::domain::envelope::Receipt;
use crate::domain::event::Event;
use crate::domain::figures;
use crate::domain::id::{SprintId, StoryId};
use crate::domain::project::Project;
use crate::domain::sprint::{Sprint, SprintStatus};
use crate::domain::story::{Status, Story};
use crate::domain::workflow::State;
use crate::surface::answer::changed::{next_field, onward, state_field};
use crate::surface::answer::{Answer, BurndownDay, Picture, story, words};

/// The plan: goal, stories, points against capacity and past velocity, and what speaks against it.
pub(crate) fn planned(receipt: &Receipt) -> Option<Answer> {
    let (sprint, dropped) = receipt.events.iter().find_map(|event| match event {
        Event::SprintPlanned { sprint, dropped } => Some((sprint, dropped)),
        _ => None,
    })?;
    let project = &receipt.after;
    let progress = figures::progress(project, sprint);
    let size =
        format!("{}, {}", words::count(progress.count(), "story"), words::points(progress.points_total));
    let answer = Answer::done(format!("{} planned: {size}", sprint.id));
    let answer = warnings(project, sprint, progress.points_total).iter().fold(answer, Answer::paragraph);
    let answer = answer
        .field_if("Goal", sprint.goal.as_ref().map(ToString::to_string))
        .field("Length", words::count(sprint.days as usize, "day"))
        .field("Points", format!("{} of a capacity of {}", progress.points_total, sprint.capacity))
        .field("Past velocity", past(project))
        .field_if("No longer in it", (!dropped.is_empty()).then(|| words::ids(dropped)))
        .table(words::stories(project.stories_of(sprint).map(AsRef::as_ref)));
    Some(onward(state_field(answer, receipt), project))
}

fn past(project: &Project) -> String {
    match figures::past_velocity(project) {
        Some(velocity) => format!("{} a sprint on average", words::points(velocity)),
        None => "unknown; no sprint has been finished yet".to_owned(),
    }
}

/// What speaks against a plan, though it may be carried out.
fn warnings(project: &Project, sprint: &Sprint, points: u32) -> Vec<String> {
    let unmet = figures::unmet(project, sprint);
    let mut found: Vec<_> = unmet
        .iter()
        .take(words::ROWS_MAX)
        .map(|(story, on)| {
            format!("**Warning:** {story} waits for {on}, which is not done and not in this sprint.")
        })
        .collect();
    if unmet.len() > words::ROWS_MAX {
        found.push(format!("… and {} more warnings of this kind.", unmet.len() - words::ROWS_MAX));
    }
    if let Some(past) = figures::past_velocity(project).filter(|past| points > *past) {
        found.push(format!(
            "**Warning:** {} are more than the {past} of an average sprint.",
            words::points(points)
        ));
    }
    let unknown: Vec<_> =
        project.stories_of(sprint).filter(|story| story.points.is_none()).map(|story| story.id).collect();
    if !unknown.is_empty() {
        found.push(format!(
            "Not estimated, counted as {} each: {}.",
            Story::UNESTIMATED,
            words::ids(&unknown)
        ));
    }
    found
}

/// A sprint that has begun, with what can be started now.
pub(crate) fn started(receipt: &Receipt) -> Option<Answer> {
    let project = &receipt.after;
    let sprint = project.current_sprint()?;
    let progress = figures::progress(project, sprint);
    let ready = figures::ready(project).filter(|story| story.sprint == Some(sprint.id));
    let ready: Vec<_> = ready.map(AsRef::as_ref).collect();
    let answer = Answer::done(format!("{} started", sprint.id))
        .field_if("Goal", sprint.goal.as_ref().map(ToString::to_string))
        .field_if("Ends", end(sprint).map(words::minute_utc))
        .field(
            "Size",
            format!("{}, {}", words::count(progress.count(), "story"), words::points(progress.points_total)),
        );
    let answer = state_field(answer, receipt)
        .field("Can start now", format!("{}, in this order", words::count(ready.len(), "story")))
        .table(words::stories(ready.into_iter()));
    Some(answer.primary("Sprint status", "sprint status").choice("Pause", "sprint pause"))
}

/// Work that rests.
pub(crate) fn paused(receipt: &Receipt) -> Option<Answer> {
    let sprint = receipt.after.current_sprint()?;
    let answer = Answer::done(format!("{} paused", sprint.id))
        .paragraph("Stories of the sprint cannot be moved until it goes on.")
        .field("Progress", progress_line(&receipt.after, sprint));
    Some(onward(state_field(answer, receipt), &receipt.after))
}

/// Work that goes on.
pub(crate) fn resumed(receipt: &Receipt) -> Option<Answer> {
    let sprint = receipt.after.current_sprint()?;
    let answer = Answer::done(format!("{} goes on", sprint.id))
        .field("Progress", progress_line(&receipt.after, sprint))
        .field_if("Ends", end(sprint).map(words::minute_utc));
    Some(onward(state_field(answer, receipt), &receipt.after))
}

/// A sprint that ended, with what was finished and what was not.
pub(crate) fn finished(receipt: &Receipt) -> Option<Answer> {
    let (id, velocity) = ended(receipt)?;
    let project = &receipt.after;
    let sprint = project.sprints.get(&id)?;
    let done = project.stories_of(sprint).filter(|story| story.status == Status::Done).count();
    let answer = Answer::done(format!("{id} finished with {} done", words::points(velocity)))
        .field("Finished", words::count(done, "story"))
        .field_if("Back in the backlog", returned(receipt))
        .field("Past velocity", past(&receipt.before))
        .table(words::stories(project.stories_of(sprint).map(AsRef::as_ref)));
    Some(onward(state_field(answer, receipt), project))
}

/// A sprint that was given up.
pub(crate) fn cancelled(receipt: &Receipt) -> Option<Answer> {
    let id = receipt.before.sprint?;
    let sprint = receipt.after.sprints.get(&id)?;
    let kept = receipt.after.stories_of(sprint).count();
    let answer = Answer::done(format!("{id} cancelled"))
        .field_if("Back in the backlog", returned(receipt))
        .field_if("Stays finished", (kept > 0).then(|| words::count(kept, "story")));
    Some(onward(state_field(answer, receipt), &receipt.after).choice("Take back", "undo"))
}

/// How the sprint is doing, where looking may have ended it.
pub(crate) fn looked_at(receipt: &Receipt, now: Timestamp) -> Answer {
    let mut answer = sprint_status(&receipt.after, now);
    if let Some((id, velocity)) = ended(receipt) {
        let done = words::points(velocity);
        answer.text = Some(format!("Every story is done, so {id} is in review now, with {done} finished."));
    }
    answer
}

/// How the sprint is doing: progress of each story, points, burndown, and what is blocked.
pub fn sprint_status(project: &Project, now: Timestamp) -> Answer {
    let Some(sprint) = project.current_sprint() else {
        let answer = Answer::info("There is no current sprint").field("State", project.state.name());
        return onward(next_field(answer, project.state), project);
    };
    let progress = figures::progress(project, sprint);
    let blocked = &progress.blocked;
    let answer = match blocked.as_slice() {
        [] => Answer::info(standing(sprint)),
        some => {
            let blocked = words::count(some.len(), "story");
            Answer::warning(format!("{}; {blocked} blocked", standing(sprint)))
        }
    };
    let answer = story::reasons(answer, blocked.iter().map(|story| story.as_ref()))
        .field_if("Goal", sprint.goal.as_ref().map(ToString::to_string))
        .field("State", project.state.name())
        .field_if("Time", time(sprint, now))
        .field("Progress", progress_line(project, sprint))
        .field_if("Left the sprint", (!sprint.returned.is_empty()).then(|| words::ids(&sprint.returned)))
        .table(words::stories(project.stories_of(sprint).map(AsRef::as_ref)));
    let answer = match burndown(project, sprint, now) {
        Some(picture) => answer.picture(picture),
        None => answer,
    };
    if blocked.is_empty() {
        onward_from_status(answer, project)
    } else {
        story::help_choices(answer, project)
    }
}

/// How far a sprint is, as a sentence.
pub(crate) fn standing(sprint: &Sprint) -> String {
    match sprint.status {
        SprintStatus::Review => format!("{} is in review", sprint.id),
        status => format!("{} is {status}", sprint.id),
    }
}

/// Offering the status again to somebody who looks at it would help nobody.
fn onward_from_status(answer: Answer, project: &Project) -> Answer {
    let mut answer = onward(answer, project);
    answer.choices.retain(|choice| choice.command != "sprint status");
    if project.state == State::SprintActive {
        return answer.choice("What can be started", "ready").choice("Pause", "sprint pause");
    }
    answer
}

/// The stories and points that are done, in one line.
pub(crate) fn progress_line(project: &Project, sprint: &Sprint) -> String {
    let progress = figures::progress(project, sprint);
    let done = progress.stories.get(&Status::Done).copied().unwrap_or(0);
    let percent = (progress.points_done * 100).checked_div(progress.points_total).unwrap_or(0);
    format!(
        "{} of {} done, {} of {} ({percent}%)",
        done,
        words::count(progress.count(), "story"),
        progress.points_done,
        words::points(progress.points_total)
    )
}

/// When the sprint should be over.
pub(crate) fn end(sprint: &Sprint) -> Option<Timestamp> {
    let start = sprint.started_at?;
    start.checked_add(SignedDuration::from_hours(24 * i64::from(sprint.days))).ok()
}

fn time(sprint: &Sprint, now: Timestamp) -> Option<String> {
    let start = sprint.started_at?;
    let length = words::count(sprint.days as usize, "day");
    if let Some(ended) = sprint.ended_at {
        return Some(format!("{} to {}, planned for {length}", words::day(start), words::day(ended)));
    }
    let day = days_between(start, now) + 1;
    let until = end(sprint).map(words::day).unwrap_or_default();
    Some(match day.checked_sub(sprint.days).filter(|over| *over > 0) {
        Some(over) => format!("{} over; it should have ended on {until}", words::count(over as usize, "day")),
        None => format!("day {day} of {}, until {until}", sprint.days),
    })
}

/// The whole days between two moments.
fn days_between(start: Timestamp, now: Timestamp) -> u32 {
    u32::try_from(now.duration_since(start).as_hours() / 24).unwrap_or(0)
}

/// The burndown of a sprint that has begun.
pub(crate) fn burndown(project: &Project, sprint: &Sprint, now: Timestamp) -> Option<Picture> {
    let burndown = figures::burndown(project, sprint, now);
    let last = burndown.days.last()?;
    let alt = format!(
        "Burndown of {}: {} of {} left on day {} of {}; {:.0} would be left if work went on evenly.",
        sprint.id,
        last.remaining,
        words::points(burndown.total),
        last.day,
        sprint.days,
        last.ideal
    );
    let day =
        |one: &figures::BurndownDay| BurndownDay { day: one.day, remaining: one.remaining, ideal: one.ideal };
    let days = burndown.days.iter().map(day).collect();
    Some(Picture::Burndown { total: burndown.total, span: sprint.days, days, alt })
}

/// The sprint that ended by a command, with its velocity.
pub(crate) fn ended(receipt: &Receipt) -> Option<(SprintId, u32)> {
    receipt.events.iter().find_map(|event| match event {
        Event::SprintEnded { sprint, velocity, .. } => Some((*sprint, *velocity)),
        _ => None,
    })
}

/// The stories that a command gave back to the backlog.
pub(crate) fn returned(receipt: &Receipt) -> Option<String> {
    let ids: Vec<StoryId> = receipt
        .events
        .iter()
        .filter_map(|event| match event {
            Event::StoryReturned { story, .. } => Some(*story),
            _ => None,
        })
        .collect();
    (!ids.is_empty()).then(|| words::ids(&ids))
}
