//! The sprint: choosing its stories, beginning, resting, ending.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::domain::command::Command;
use crate::domain::entity::Extra;
use crate::domain::event::Event;
use crate::domain::id::{SprintId, StoryId};
use crate::domain::project::Project;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::rules::{next, resolve};
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
    let id = match former {
        Some(former) => former.id,
        None => SprintId(next(project.counters.sprints, "sprints")?),
    };
    let sprint = Sprint {
        id,
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
        let waits = story.depends_on.iter().any(|id| !is_done(project, *id) && !stories.contains(id));
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
            let message = match story.status {
                Status::Done => format!("{} was finished in {sprint}", story.id),
                _ => format!("{} is in {sprint}", story.id),
            };
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::testing::{World, check_refusals};

    const BACKLOG: &[&str] = &[
        "backlog add one points=8",
        "backlog add two points=13",
        "backlog add three points=5",
        "backlog add four priority=low",
        "backlog edit S-2 after=S-4",
    ];

    fn members(world: &World) -> Vec<String> {
        world.project.sprint_stories().map(|story| story.id.to_string()).collect()
    }

    #[test]
    fn what_planning_refuses() {
        let done = ["sprint plan S-4", "sprint start", "story move S-4 done", "feedback good: fast"];
        let world = World::given(BACKLOG).and(&done).and(&["backlog add five", "story move S-5 done"]);
        #[rustfmt::skip]
        check_refusals(&world, &[
            ("sprint plan S-1 S-2", "over_capacity: 21 points do not fit into a capacity of 20; choose fewer stories, or give more `capacity`"),
            ("sprint plan S-1 capacity=7", "over_capacity: 8 points do not fit into a capacity of 7; choose fewer stories, or give more `capacity`"),
            ("sprint plan capacity=4", "nothing: no story of the backlog can be started and fits into 4 points; add stories with `backlog add`, or see `backlog view`"),
            ("sprint plan S-1 s-1", "invalid: S-1 is named twice; name each story once"),
            ("sprint plan S-9", "unknown: there is no story S-9; did you mean S-1 or S-2 or S-3? see what there is with `backlog view`"),
            ("sprint plan S-4", "in_another_sprint: S-4 was finished in sprint-001; a story belongs to one sprint; choose another"),
            ("sprint plan S-5", "invalid: S-5 is done; choose open stories"),
            ("sprint plan S-1 days=0", "invalid: days is 1 to 90, not 0; give days another value"),
            ("sprint plan S-1 days=91", "invalid: days is 1 to 90, not 91; give days another value"),
            ("sprint plan S-1 capacity=0", "invalid: capacity is 1 to 1000, not 0; give capacity another value"),
            ("sprint plan S-1 capacity=1001", "invalid: capacity is 1 to 1000, not 1001; give capacity another value"),
        ]);
        #[rustfmt::skip]
        check_refusals(&World::with_proposal(), &[
            ("sprint plan S-2", "invalid: S-2 is proposed and not yet approved; answer with `approve` or `reject`"),
        ]);
    }

    #[test]
    fn the_plan_without_ids_is_the_top_of_the_backlog_that_fits_and_can_be_started() {
        let world = World::given(BACKLOG);
        #[rustfmt::skip]
        let cases: &[(&[&str], &str, &[&str])] = &[
            (&[], "sprint plan", &["S-1", "S-3", "S-4"]),
            (&[], "sprint plan capacity=5", &["S-3"]),
            (&["backlog prioritize S-4 high"], "sprint plan capacity=30", &["S-4", "S-1", "S-2", "S-3"]),
            (&["story move S-1 blocked reason=x"], "sprint plan", &["S-3", "S-4"]),
            (&["story move S-4 done"], "sprint plan capacity=21", &["S-1", "S-2"]),
            (&["sprint plan S-3", "backlog remove S-1"], "sprint plan", &["S-3", "S-4"]),
        ];
        for (given, plan, expected) in cases {
            assert_eq!(members(&world.clone().and(given).and(&[plan])), *expected, "{given:?}, {plan}");
        }
    }

    #[test]
    fn planning_again_keeps_the_sprint_and_lets_go_of_what_is_not_in_it() {
        let world = World::given(BACKLOG).and(&["sprint plan S-1 S-3 goal=Log_in days=5"]);
        let uid = world.project.current_sprint().unwrap().uid;

        let world = world.and(&["sprint plan S-3 S-4"]);

        let sprint = world.project.current_sprint().unwrap();
        assert_eq!((sprint.id, sprint.uid), (SprintId(1), uid));
        assert_eq!(
            sprint.goal.as_ref().map(|goal| goal.as_str()),
            Some("Log in"),
            "a goal stays until another is given"
        );
        assert_eq!(members(&world), ["S-3", "S-4"]);
        assert_eq!(world.project.stories[&StoryId(1)].sprint, None);
        assert_eq!(world.and(&["backlog remove S-1"]).project.stories.len(), 3);
    }

    #[test]
    fn the_capacity_of_the_last_sprint_goes_on_until_another_is_given() {
        let world =
            World::given(BACKLOG).and(&["sprint plan S-3 capacity=7", "sprint cancel", "sprint plan"]);

        assert_eq!(world.project.current_sprint().unwrap().capacity, 7);
    }

    #[test]
    fn what_is_unfinished_returns_and_what_is_done_counts() {
        let world = World::given(BACKLOG).and(&[
            "sprint plan S-1 S-3 S-4",
            "sprint start",
            "story move S-3 done",
            "story move S-1 in_progress",
            "sprint finish",
        ]);
        let sprint = world.project.current_sprint().unwrap();
        assert_eq!((sprint.status, sprint.velocity), (SprintStatus::Review, Some(5)));
        assert_eq!(sprint.returned, [StoryId(1), StoryId(4)]);
        assert_eq!(members(&world), ["S-3"]);

        let world = world.and(&["feedback good: fast", "sprint plan S-1"]);
        assert_eq!(world.project.current_sprint().unwrap().id, SprintId(2));
        assert_eq!(members(&world), ["S-1"]);
    }

    #[test]
    fn a_cancelled_sprint_keeps_what_was_done_in_it_and_has_no_velocity() {
        let world = World::given(BACKLOG).and(&[
            "sprint plan S-1 S-3",
            "sprint start",
            "story move S-3 done",
            "sprint cancel",
        ]);

        let sprint = &world.project.sprints[&SprintId(1)];
        assert_eq!(
            (sprint.status, sprint.velocity, sprint.ended_at.is_some()),
            (SprintStatus::Cancelled, None, true)
        );
        assert_eq!(world.project.stories[&StoryId(3)].sprint, Some(SprintId(1)));
        assert_eq!(world.project.stories[&StoryId(1)].sprint, None);
    }
}
