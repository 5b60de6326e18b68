//! Figures that follow from a project: what can be started, velocity, burndown. Only what happened is counted.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::id::{SprintId, StoryId};
use crate::domain::project::Project;
use crate::domain::sprint::{Sprint, SprintStatus};
use crate::domain::story::{Status, Story};

/// The average of the last three sprints that were finished; `None` before the first.
pub fn past_velocity(project: &Project) -> Option<u32> {
    let last: Vec<_> = project.sprints.values().rev().filter_map(|sprint| sprint.velocity).take(3).collect();
    let count = u32::try_from(last.len()).unwrap_or(1);
    (count > 0).then(|| last.iter().sum::<u32>() / count)
}

/// The points that were finished in each sprint that came to an end, oldest first.
pub fn velocities(project: &Project) -> Vec<(SprintId, u32)> {
    project.sprints.values().filter_map(|sprint| sprint.velocity.map(|points| (sprint.id, points))).collect()
}

/// The stories that can be started, in order: nobody has begun them and they wait for nothing.
///
/// While a sprint goes on its own come first, in its order of work; then the backlog follows.
pub fn ready(project: &Project) -> impl Iterator<Item = &Arc<Story>> {
    let active = project.current_sprint().filter(|sprint| sprint.status == SprintStatus::Active);
    let first = active.map(|sprint| sprint.id);
    let of_sprint = active.into_iter().flat_map(|sprint| project.stories_of(sprint));
    let others = project.backlog().filter(move |story| first.is_none() || story.sprint != first);
    let can_start = |story: &&Arc<Story>| story.status == Status::Todo && project.is_ready(story);
    of_sprint.chain(others).filter(can_start)
}

/// How far the stories of a sprint are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// How many stories have each status; what none has is absent.
    pub stories: BTreeMap<Status, usize>,
    /// The points that are done.
    pub points_done: u32,
    /// The points of all stories that are in it now.
    pub points_total: u32,
    /// What cannot go on, in the order of the sprint.
    pub blocked: Vec<Arc<Story>>,
}

impl Progress {
    /// How many stories there are.
    pub fn count(&self) -> usize {
        self.stories.values().sum()
    }
}

/// How far the stories of `sprint` are. What went back to the backlog is not counted.
pub fn progress(project: &Project, sprint: &Sprint) -> Progress {
    let mut progress = Progress::default();
    for story in project.stories_of(sprint) {
        *progress.stories.entry(story.status).or_default() += 1;
        progress.points_total += story.weight();
        match story.status {
            Status::Done => progress.points_done += story.weight(),
            Status::Blocked => progress.blocked.push(Arc::clone(story)),
            Status::Proposed | Status::Todo | Status::InProgress | Status::InReview => {}
        }
    }
    progress
}

/// The dependencies that `sprint` itself will not fulfil: a story of it, and what that waits for, which is
/// neither done nor in the sprint.
pub fn unmet(project: &Project, sprint: &Sprint) -> Vec<(StoryId, StoryId)> {
    let outside = |id: &StoryId| {
        let on = project.stories.get(id);
        on.is_some_and(|on| on.status != Status::Done && on.sprint != Some(sprint.id))
    };
    let waiting = project.stories_of(sprint).filter(|story| story.status != Status::Done);
    waiting
        .flat_map(|story| story.depends_on.iter().filter(|id| outside(id)).map(|id| (story.id, *id)))
        .collect()
}

/// What was left to do at the end of one day of a sprint.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BurndownDay {
    /// The day; 0 is the moment at which the sprint began.
    pub day: u32,
    /// The points that were not done, at the end of the day or now, whichever was first.
    pub remaining: u32,
    /// What would be left if every day were like every other.
    pub ideal: f64,
}

/// How the work of a sprint became less.
#[derive(Clone, Debug, PartialEq)]
pub struct Burndown {
    /// The points that the sprint began with, also of what left it later.
    pub total: u32,
    /// How many days it was to last.
    pub planned_days: u32,
    /// The days so far, today included. There are none before the sprint begins.
    pub days: Vec<BurndownDay>,
}

/// How the work of `sprint` became less until `now`, or until it ended.
///
/// A story counts as done from the last time that it was moved there, and not at all while it is anything else.
pub fn burndown(project: &Project, sprint: &Sprint, now: Timestamp) -> Burndown {
    // A sprint that nobody ended goes on; beyond this no picture says more.
    const DAYS_SHOWN: i64 = 10 * Sprint::DAYS_MAX as i64;
    // A story may be finished in the second in which its sprint began.
    const DAY: i64 = 24 * 60 * 60 * 1000;

    let total =
        sprint.stories.iter().filter_map(|id| project.stories.get(id)).map(|story| story.weight()).sum();
    let mut burndown = Burndown { total, planned_days: sprint.days, days: Vec::new() };
    let Some(start) = sprint.started_at.map(Timestamp::as_millisecond) else { return burndown };
    let elapsed = sprint.ended_at.unwrap_or(now).as_millisecond().saturating_sub(start).max(0);
    let days = elapsed.saturating_add(DAY - 1) / DAY;
    let mut done: Vec<(i64, u32)> = project
        .stories_of(sprint)
        .filter(|story| story.status == Status::Done)
        .filter_map(|story| {
            story.done_at.map(|at| (at.as_millisecond().saturating_sub(start), story.weight()))
        })
        .collect();
    done.sort_unstable();
    let mut done = done.into_iter().peekable();
    let mut remaining = total;
    for day in 0..=days.min(DAYS_SHOWN) {
        while let Some((_, points)) = done.next_if(|(at, _)| *at <= day * DAY) {
            remaining = remaining.saturating_sub(points);
        }
        let day = u32::try_from(day).unwrap_or(u32::MAX);
        burndown.days.push(BurndownDay { day, remaining, ideal: ideal(total, day, sprint.days) });
    }
    burndown
}

fn ideal(total: u32, day: u32, days: u32) -> f64 {
    let left = f64::from(days.saturating_sub(day)) / f64::from(days.max(1));
    f64::from(total) * left
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::domain::testing::World;

    const BACKLOG: &[&str] = &[
        "backlog add one points=3",
        "backlog add two points=5 after=S-1",
        "backlog add three points=2",
        "backlog add four priority=high",
        "backlog add five after=S-4",
    ];

    fn names<'a>(stories: impl Iterator<Item = &'a Arc<Story>>) -> Vec<String> {
        stories.map(|story| story.id.to_string()).collect()
    }

    fn days(world: &World) -> Vec<(u32, u32, f64)> {
        let sprint = &world.project.sprints[&SprintId(1)];
        let days = burndown(&world.project, sprint, world.now).days;
        days.into_iter().map(|day| (day.day, day.remaining, day.ideal)).collect()
    }

    fn later(mut world: World, hours: i64) -> World {
        world.now += SignedDuration::from_hours(hours);
        world
    }

    #[test]
    fn what_can_be_started_comes_in_the_order_of_the_backlog_and_the_sprint_first() {
        let world = World::given(BACKLOG);
        #[rustfmt::skip]
        let cases: &[(&[&str], &[&str])] = &[
            (&[], &["S-4", "S-1", "S-3"]),
            (&["story move S-4 done"], &["S-1", "S-3", "S-5"]),
            (&["story move S-1 in_progress"], &["S-4", "S-3"]),
            (&["story move S-1 blocked reason=x"], &["S-4", "S-3"]),
            (&["sprint plan S-3 S-1"], &["S-4", "S-1", "S-3"]),
            (&["sprint plan S-3 S-2 S-1", "sprint start"], &["S-3", "S-1", "S-4"]),
            (&["sprint plan S-2 S-1", "sprint start", "story move S-1 done"], &["S-2", "S-4", "S-3"]),
        ];
        for (given, expected) in cases {
            assert_eq!(names(ready(&world.clone().and(given).project)), *expected, "{given:?}");
        }
    }

    #[test]
    fn velocity_counts_what_was_finished_and_the_average_the_last_three() {
        let mut world = World::given(&[]);
        assert_eq!(past_velocity(&world.project), None);
        for (number, points) in [90, 3, 4, 6].into_iter().enumerate() {
            let story = number + 1;
            let add = format!("backlog add it points={points}");
            let done = format!("story move S-{story} done");
            world = world.and(&[&add, "sprint plan capacity=100", "sprint start", &done, "feedback ok"]);
        }
        let found: Vec<_> = velocities(&world.project).into_iter().map(|(_, points)| points).collect();
        assert_eq!(found, [90, 3, 4, 6]);
        assert_eq!(past_velocity(&world.project), Some(4));

        let world = world.and(&[
            "backlog add it points=50",
            "sprint plan capacity=100",
            "sprint start",
            "sprint cancel",
        ]);
        assert_eq!(past_velocity(&world.project), Some(4), "a cancelled sprint has no velocity");
    }

    #[test]
    fn progress_counts_stories_and_points_that_are_still_in_the_sprint() {
        let world = World::given(BACKLOG).and(&[
            "sprint plan S-1 S-2 S-3 S-4",
            "sprint start",
            "story move S-3 done",
            "story move S-1 in_review",
            "story move S-4 blocked reason=no_key",
        ]);
        let sprint = world.project.current_sprint().unwrap();

        let found = progress(&world.project, sprint);

        assert_eq!((found.points_done, found.points_total, found.count()), (2, 11, 4));
        assert_eq!(names(found.blocked.iter()), ["S-4"]);
        let counts = [(Status::Todo, 1), (Status::InReview, 1), (Status::Done, 1), (Status::Blocked, 1)];
        assert_eq!(found.stories, BTreeMap::from(counts));

        let world = world.and(&["skip_task"]);
        assert_eq!(progress(&world.project, world.project.current_sprint().unwrap()).points_total, 10);
    }

    #[test]
    fn a_plan_names_what_it_waits_for_and_will_not_do() {
        let world = World::given(BACKLOG);
        #[rustfmt::skip]
        let cases: &[(&[&str], &str)] = &[
            (&["sprint plan S-2 S-5"], "S-2 on S-1, S-5 on S-4"),
            (&["sprint plan S-2 S-1"], ""),
            (&["story move S-4 done", "sprint plan S-2 S-5"], "S-2 on S-1"),
        ];
        for (given, expected) in cases {
            let world = world.clone().and(given);
            let found = unmet(&world.project, world.project.current_sprint().unwrap());
            let found: Vec<_> = found.into_iter().map(|(story, on)| format!("{story} on {on}")).collect();
            assert_eq!(found.join(", "), *expected, "{given:?}");
        }
    }

    #[test]
    fn a_burndown_shows_each_day_until_now_and_then_stands_still() {
        let world = World::given(BACKLOG).and(&["sprint plan S-1 S-2 S-3 days=4"]);
        assert_eq!(days(&world), [], "nothing has happened");

        let world = world.and(&["sprint start"]);
        assert_eq!(days(&world), [(0, 10, 10.0)]);

        let world = later(world, 1).and(&["story move S-3 done"]);
        assert_eq!(days(&world), [(0, 10, 10.0), (1, 8, 7.5)]);

        let world =
            later(world, 48).and(&["story move S-1 done", "story move S-2 blocked reason=x", "skip_task"]);
        assert_eq!(days(&world), [(0, 10, 10.0), (1, 8, 7.5), (2, 8, 5.0), (3, 5, 2.5)]);

        let world = later(world, 24).and(&["sprint status"]);
        assert_eq!(days(&world)[3..], [(3, 5, 2.5), (4, 5, 0.0)]);
        assert_eq!(days(&later(world.clone(), 1000)), days(&world), "the sprint has ended");
    }

    #[test]
    fn a_burndown_forgets_what_was_not_done_after_all_and_endures_odd_times() {
        let world =
            World::given(BACKLOG).and(&["sprint plan S-1 S-3", "sprint start", "story move S-1 done"]);
        let again = world.clone().and(&["story move S-1 todo"]);
        assert_eq!(days(&again).last().map(|day| day.1), Some(5));

        for now in [Timestamp::MIN, Timestamp::MAX] {
            let sprint = world.project.current_sprint().unwrap();
            let found = burndown(&world.project, sprint, now);
            assert!((1..=1000).contains(&found.days.len()), "{now}");
        }
    }
}
