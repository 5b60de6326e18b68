//! The sprint: choosing its stories, beginning, resting, ending.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::domain::command::Command;
use crate::domain::entity::Extra;
use crate::domain::event::Event;
use crate::domain::id::{SprintId, StoryId};
use crate::domain::project::Project;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::rules::resolve;
use crate::domain::sprint::{Sprint, SprintStatus};
use crate::domain::story::{Status, Story};
use crate::domain::workflow::{State, Turn};

/// The most stories that one sprint takes.
const STORIES_MAX: usize = 200;

/// Chooses the stories of the next sprint, or chooses again.
pub(crate) fn plan(turn: &mut Turn<'_>, command: &Command) -> Result<(), Refusal> {
    let Command::SprintPlan { ids, goal, days, capacity } = command else { return Ok(()) };
    let project = turn.project;
    let capacity = bounded("capacity", capacity.unwrap_or(usual_capacity(turn)), Sprint::CAPACITY_MAX)?;
    let days = bounded("days", days.unwrap_or(turn.facts.days), Sprint::DAYS_MAX)?;
    let stories = match ids.as_slice() {
        [] => top_of_backlog(project, capacity)?,
        ids => chosen(project, &resolve::stories(project, ids)?, capacity)?,
    };
    let former = project.current_sprint();
    let dropped = former.map(|former| without(&former.stories, &stories)).unwrap_or_default();
    let sprint = Sprint {
        id: former.map_or(SprintId(project.counters.sprints + 1), |former| former.id),
        uid: former.map_or_else(|| turn.envelope.uid(0), |former| former.uid),
        goal: goal.clone().or_else(|| former.and_then(|former| former.goal.clone())),
        days,
        capacity,
        status: SprintStatus::Planned,
        stories,
        returned: Vec::new(),
        aliases: former.map(|former| former.aliases.clone()).unwrap_or_default(),
        planned_at: turn.envelope.at,
        started_at: None,
        ended_at: None,
        velocity: None,
        retrospective: None,
        extra: former.map_or_else(Extra::new, |former| former.extra.clone()),
    };
    turn.emit(Event::SprintPlanned { sprint: Arc::new(sprint), dropped });
    Ok(())
}

/// Begins the planned sprint.
pub(crate) fn start(turn: &mut Turn<'_>) -> Result<(), Refusal> {
    let sprint = current(turn.project)?.id;
    turn.emit(Event::SprintStarted { sprint, at: turn.envelope.at });
    Ok(())
}

/// Lets work rest.
pub(crate) fn pause(turn: &mut Turn<'_>) -> Result<(), Refusal> {
    let sprint = current(turn.project)?.id;
    turn.emit(Event::SprintPaused(sprint));
    Ok(())
}

/// Lets work go on.
pub(crate) fn resume(turn: &mut Turn<'_>) -> Result<(), Refusal> {
    let sprint = current(turn.project)?.id;
    turn.emit(Event::SprintResumed(sprint));
    Ok(())
}

/// Looks at the sprint; one in which nothing is left to do goes into review.
pub(crate) fn status(turn: &mut Turn<'_>) -> Result<State, Refusal> {
    if turn.project.sprint_stories().any(|story| story.status != Status::Done) {
        return Ok(turn.project.state);
    }
    end(turn)?;
    Ok(State::SprintReview)
}

/// Ends work on the sprint; what is unfinished returns to the backlog.
pub(crate) fn finish(turn: &mut Turn<'_>) -> Result<(), Refusal> {
    return_unfinished(turn)?;
    end(turn)
}

/// Gives the sprint up; what is unfinished returns to the backlog.
pub(crate) fn cancel(turn: &mut Turn<'_>) -> Result<(), Refusal> {
    let sprint = current(turn.project)?.id;
    return_unfinished(turn)?;
    turn.emit(Event::SprintCancelled { sprint, at: turn.envelope.at });
    Ok(())
}

/// Notes that work on the current sprint has ended, with what was finished in it.
pub(crate) fn end(turn: &mut Turn<'_>) -> Result<(), Refusal> {
    let outlook = turn.outlook();
    let sprint = current(&outlook)?.id;
    let done = outlook.sprint_stories().filter(|story| story.status == Status::Done);
    let velocity = done.map(|story| story.weight()).sum();
    turn.emit(Event::SprintEnded { sprint, at: turn.envelope.at, velocity });
    Ok(())
}

/// The current sprint, which every state with a sprint has.
pub(crate) fn current(project: &Project) -> Result<&Arc<Sprint>, Refusal> {
    project.current_sprint().ok_or_else(|| {
        Refusal::new(Code::Nothing, "there is no current sprint", "choose stories with `sprint plan`")
    })
}

fn return_unfinished(turn: &mut Turn<'_>) -> Result<(), Refusal> {
    let sprint = current(turn.project)?.id;
    let unfinished = turn.project.sprint_stories().filter(|story| story.status != Status::Done);
    let unfinished: Vec<_> = unfinished.map(|story| story.id).collect();
    for story in unfinished {
        turn.emit(Event::StoryReturned { story, sprint });
    }
    Ok(())
}

/// What the latest sprint had; so saying it once is enough.
fn usual_capacity(turn: &Turn<'_>) -> u32 {
    turn.project.sprints.values().next_back().map_or(turn.facts.capacity, |sprint| sprint.capacity)
}

fn bounded(what: &str, value: u32, max: u32) -> Result<u32, Refusal> {
    if (1..=max).contains(&value) {
        return Ok(value);
    }
    let message = format!("{what} is 1 to {max}, not {value}");
    Err(Refusal::new(Code::Invalid, message, format!("give {what} another value")))
}

/// The most urgent stories that fit and wait for nothing outside the sprint.
fn top_of_backlog(project: &Project, capacity: u32) -> Result<Vec<StoryId>, Refusal> {
    let mut left = capacity;
    let mut stories: Vec<StoryId> = Vec::new();
    for story in project.backlog() {
        let is_free = story.sprint.is_none() || story.sprint == project.sprint;
        let waits = story.depends_on.iter().any(|id| !stories.contains(id) && !is_done(project, *id));
        if !is_free || waits || story.status == Status::Blocked || story.weight() > left {
            continue;
        }
        left -= story.weight();
        stories.push(story.id);
        if stories.len() == STORIES_MAX || left == 0 {
            break;
        }
    }
    if stories.is_empty() {
        let message = format!("no story of the backlog can be started and fits into {capacity} points");
        return Err(Refusal::new(
            Code::Nothing,
            message,
            "add stories with `backlog add`, or see `backlog view`",
        ));
    }
    Ok(stories)
}

/// Exactly the stories that were named, if they may be in one sprint together.
fn chosen(project: &Project, ids: &[StoryId], capacity: u32) -> Result<Vec<StoryId>, Refusal> {
    if ids.len() > STORIES_MAX {
        let message = format!("a sprint takes at most {STORIES_MAX} stories, not {}", ids.len());
        return Err(Refusal::new(Code::Invalid, message, "choose fewer stories"));
    }
    let mut points = 0;
    for id in ids {
        let Some(story) = project.stories.get(id) else { continue };
        may_join(project, story)?;
        points += story.weight();
    }
    if points > capacity {
        let message = format!("{points} points do not fit into a capacity of {capacity}");
        return Err(Refusal::new(
            Code::OverCapacity,
            message,
            "choose fewer stories, or give more `capacity`",
        ));
    }
    Ok(ids.to_vec())
}

fn may_join(project: &Project, story: &Story) -> Result<(), Refusal> {
    match (story.status, story.sprint) {
        (_, Some(sprint)) if Some(sprint) != project.sprint => {
            let message = format!("{} is in {sprint}", story.id);
            Err(Refusal::new(Code::InAnotherSprint, message, "a story belongs to one sprint; choose another"))
        }
        (Status::Done, _) => {
            let message = format!("{} is done", story.id);
            Err(Refusal::new(Code::Invalid, message, "choose open stories"))
        }
        (Status::Proposed, _) => {
            let message = format!("{} is proposed and not yet approved", story.id);
            Err(Refusal::new(Code::Invalid, message, "answer with `approve` or `reject`"))
        }
        _ => Ok(()),
    }
}

fn is_done(project: &Project, id: StoryId) -> bool {
    project.stories.get(&id).is_none_or(|story| story.status == Status::Done)
}

fn without(from: &[StoryId], these: &[StoryId]) -> Vec<StoryId> {
    let these: BTreeSet<_> = these.iter().collect();
    from.iter().filter(|id| !these.contains(id)).copied().collect()
}
