//! The rules that hold between the parts of a project, checked after every change in tests and at every opening.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::domain::approval::Question;
use crate::domain::entity::Entity;
use crate::domain::id::{SprintId, StoryId};
use crate::domain::project::Project;
use crate::domain::sprint::{Sprint, SprintStatus};
use crate::domain::story::{Status, Story};
use crate::domain::workflow::State;

/// A rule that is broken, naming the things.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Violation {
    /// Something speaks of a thing that does not exist.
    Missing {
        /// Who speaks.
        from: String,
        /// Of what.
        to: String,
    },
    /// Stories wait for one another.
    Circle(StoryId),
    /// A story and a sprint disagree on whether they belong together.
    Membership {
        /// The story.
        story: StoryId,
        /// The sprint.
        sprint: SprintId,
    },
    /// The state needs a sprint of another kind than there is.
    StateAndSprint {
        /// The state.
        state: State,
        /// What there is.
        sprint: Option<(SprintId, SprintStatus)>,
    },
    /// A sprint goes on, though it is not the current one.
    SecondSprint(SprintId),
    /// A number was given away that the counter does not know.
    Counter(&'static str),
    /// A story is blocked without a reason, or has a reason without being blocked.
    Reason(StoryId),
    /// A sprint lists a story more than once.
    Twice {
        /// The story.
        story: StoryId,
        /// The sprint.
        sprint: SprintId,
    },
    /// A story is proposed and not asked about exactly once, or the other way round.
    Proposal(StoryId),
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { from, to } => write!(f, "{from} refers to {to}, which does not exist"),
            Self::Circle(story) => write!(f, "{story} waits for itself through its dependencies"),
            Self::Membership { story, sprint } => {
                write!(f, "{story} and {sprint} disagree on whether it is in it")
            }
            Self::StateAndSprint { state, sprint: None } => {
                write!(f, "the state is {state} and there is no sprint")
            }
            Self::StateAndSprint { state, sprint: Some((id, status)) } => {
                write!(f, "the state is {state} and {id} is {status}")
            }
            Self::SecondSprint(sprint) => {
                write!(f, "{sprint} has not ended, though it is not the current sprint")
            }
            Self::Counter(what) => write!(f, "the counter of {what} is lower than an id in use"),
            Self::Reason(story) => {
                write!(f, "{story} is blocked without a reason, or has one without being blocked")
            }
            Self::Twice { story, sprint } => write!(f, "{sprint} lists {story} more than once"),
            Self::Proposal(story) => {
                write!(f, "{story} is proposed and not exactly one approval asks about it, or the reverse")
            }
        }
    }
}

/// Everything that is wrong with a project; nothing, after every accepted command.
pub fn violations(project: &Project) -> Vec<Violation> {
    let mut found = Vec::new();
    counters(project, &mut found);
    project.stories.values().for_each(|story| references(project, story, &mut found));
    project.sprints.values().for_each(|sprint| members(project, sprint, &mut found));
    proposals(project, &mut found);
    standing(project, &mut found);
    circles(project, &mut found);
    found
}

fn counters(project: &Project, found: &mut Vec<Violation>) {
    let counters = project.counters;
    let highest = [
        ("epics", counters.epics, project.epics.keys().next_back().map(|id| id.0)),
        ("stories", counters.stories, project.stories.keys().next_back().map(|id| id.0)),
        ("sprints", counters.sprints, project.sprints.keys().next_back().map(|id| id.0)),
        ("approvals", counters.approvals, project.approvals.iter().map(|one| one.id.0).max()),
    ];
    let low = highest.into_iter().filter(|(_, counter, highest)| highest.is_some_and(|id| id > *counter));
    found.extend(low.map(|(what, ..)| Violation::Counter(what)));
}

fn references(project: &Project, story: &Story, found: &mut Vec<Violation>) {
    let mut missing =
        |to: Entity| found.push(Violation::Missing { from: story.id.to_string(), to: to.to_string() });
    let gone = story.depends_on.iter().filter(|id| !project.stories.contains_key(*id));
    gone.for_each(|id| missing(Entity::Story(*id)));
    if let Some(epic) = story.epic.filter(|id| !project.epics.contains_key(id)) {
        missing(Entity::Epic(epic));
    }
    match story.sprint.map(|id| (id, project.sprints.get(&id))) {
        Some((id, None)) => missing(Entity::Sprint(id)),
        Some((sprint, Some(of))) if !of.stories.contains(&story.id) => {
            found.push(Violation::Membership { story: story.id, sprint });
        }
        _ => {}
    }
    if (story.status == Status::Blocked) != story.reason.is_some() {
        found.push(Violation::Reason(story.id));
    }
}

/// A story of a sprint is in it, has been returned, or has been removed since.
fn members(project: &Project, sprint: &Sprint, found: &mut Vec<Violation>) {
    let mut seen = BTreeSet::new();
    for id in &sprint.stories {
        if !seen.insert(*id) {
            found.push(Violation::Twice { story: *id, sprint: sprint.id });
        }
        let Some(story) = project.stories.get(id) else {
            if !sprint.returned.contains(id) {
                found.push(Violation::Missing { from: sprint.id.to_string(), to: id.to_string() });
            }
            continue;
        };
        if (story.sprint == Some(sprint.id)) == sprint.returned.contains(id) {
            found.push(Violation::Membership { story: *id, sprint: sprint.id });
        }
    }
    if !sprint.has_ended() && project.sprint != Some(sprint.id) {
        found.push(Violation::SecondSprint(sprint.id));
    }
}

fn proposals(project: &Project, found: &mut Vec<Violation>) {
    let mut asked = BTreeSet::new();
    for approval in &project.approvals {
        match &approval.question {
            Question::Proposal { stories, .. } => {
                let twice = stories.iter().filter(|id| !asked.insert(**id));
                found.extend(twice.map(|id| Violation::Proposal(*id)));
            }
            Question::Run { story } if !project.stories.contains_key(story) => {
                found.push(Violation::Missing { from: approval.id.to_string(), to: story.to_string() });
            }
            Question::Run { .. } | Question::Imported => {}
        }
    }
    let proposed = project.stories.values().filter(|story| story.status == Status::Proposed);
    let proposed: BTreeSet<_> = proposed.map(|story| story.id).collect();
    found.extend(asked.symmetric_difference(&proposed).map(|id| Violation::Proposal(*id)));
}

fn standing(project: &Project, found: &mut Vec<Violation>) {
    if let Some(id) = project.sprint.filter(|id| !project.sprints.contains_key(id)) {
        found.push(Violation::Missing { from: "the project".to_owned(), to: id.to_string() });
        return;
    }
    let current = project.current_sprint().map(|sprint| (sprint.id, sprint.status));
    let fits = match (project.state, current.map(|(_, status)| status)) {
        (State::Idle | State::BacklogReady, None) => true,
        (State::SprintPlanned, Some(status)) => status == SprintStatus::Planned,
        (State::SprintActive | State::Blocked, Some(status)) => status == SprintStatus::Active,
        (State::SprintPaused, Some(status)) => status == SprintStatus::Paused,
        (State::SprintReview, Some(status)) => status == SprintStatus::Review,
        _ => false,
    };
    if !fits {
        found.push(Violation::StateAndSprint { state: project.state, sprint: current });
    }
}

/// Takes away what waits for nothing, again and again; what is left waits for itself.
fn circles(project: &Project, found: &mut Vec<Violation>) {
    // Every circle has a story that waits for a younger one, which is rare: most projects are done here.
    if !project.stories.values().any(|story| story.depends_on.iter().any(|on| *on >= story.id)) {
        return;
    }
    let mut waiting: BTreeMap<StoryId, usize> = BTreeMap::new();
    let mut dependents: BTreeMap<StoryId, Vec<StoryId>> = BTreeMap::new();
    for story in project.stories.values().filter(|story| !story.depends_on.is_empty()) {
        let known: BTreeSet<_> =
            story.depends_on.iter().filter(|id| project.stories.contains_key(*id)).collect();
        waiting.insert(story.id, known.len());
        known.into_iter().for_each(|id| dependents.entry(*id).or_default().push(story.id));
    }
    let mut free: Vec<StoryId> = dependents.keys().filter(|id| !waiting.contains_key(id)).copied().collect();
    while let Some(id) = free.pop() {
        for dependent in dependents.get(&id).into_iter().flatten() {
            let Some(left) = waiting.get_mut(dependent) else { continue };
            *left = left.saturating_sub(1);
            if *left == 0 {
                free.push(*dependent);
            }
        }
    }
    found.extend(waiting.iter().find(|(_, left)| **left > 0).map(|(id, _)| Violation::Circle(*id)));
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::domain::id::EpicId;
    use crate::domain::testing::{World, approval};

    /// A running sprint with `S-1`, of which `S-2` was returned, and `S-3` outside that waits for `S-1`.
    fn sound() -> Project {
        let stories = ["backlog add one", "backlog add two", "backlog add three after=S-1"];
        let sprint = ["sprint plan S-1 S-2", "sprint start", "story move S-2 blocked reason=x", "skip_task"];
        World::given(&stories).and(&sprint).project
    }

    fn story(project: &mut Project, id: u32, change: impl FnOnce(&mut Story)) {
        let mut story = Story::clone(&project.stories[&StoryId(id)]);
        change(&mut story);
        project.set_story(story.id, Some(Arc::new(story)));
    }

    fn sprint(project: &mut Project, change: impl FnOnce(&mut Sprint)) {
        let mut sprint = Sprint::clone(&project.sprints[&SprintId(1)]);
        change(&mut sprint);
        project.set_sprint(sprint.id, Some(Arc::new(sprint)));
    }

    type Damage = fn(&mut Project);

    #[test]
    fn whatever_is_wrong_is_said() {
        #[rustfmt::skip]
        let cases: &[(Damage, &[&str])] = &[
            (|_| {}, &[]),
            (|p| story(p, 3, |s| s.depends_on.push(StoryId(9))), &["S-3 refers to S-9, which does not exist"]),
            (|p| story(p, 3, |s| s.epic = Some(EpicId(4))), &["S-3 refers to E-4, which does not exist"]),
            (|p| story(p, 3, |s| s.sprint = Some(SprintId(7))), &["S-3 refers to sprint-007, which does not exist"]),
            (|p| story(p, 3, |s| s.sprint = Some(SprintId(1))), &["S-3 and sprint-001 disagree on whether it is in it"]),
            (|p| story(p, 1, |s| s.sprint = None), &["S-1 and sprint-001 disagree on whether it is in it"]),
            (|p| story(p, 2, |s| s.sprint = Some(SprintId(1))), &["S-2 and sprint-001 disagree on whether it is in it"]),
            (|p| sprint(p, |s| s.stories.push(StoryId(1))), &["sprint-001 lists S-1 more than once"]),
            (|p| sprint(p, |s| s.stories.push(StoryId(8))), &["sprint-001 refers to S-8, which does not exist"]),
            (|p| p.set_story(StoryId(2), None), &[]),
            (|p| story(p, 1, |s| s.depends_on.push(StoryId(3))), &["S-1 waits for itself through its dependencies"]),
            (|p| story(p, 3, |s| s.depends_on = vec![StoryId(3)]), &["S-3 waits for itself through its dependencies"]),
            (|p| story(p, 1, |s| s.depends_on = vec![StoryId(2), StoryId(2)]), &[]),
            (|p| story(p, 1, |s| s.status = Status::Blocked), &["S-1 is blocked without a reason, or has one without being blocked"]),
            (|p| story(p, 1, |s| s.reason = Some("x".parse().unwrap())), &["S-1 is blocked without a reason, or has one without being blocked"]),
            (|p| p.state = State::Idle, &["the state is IDLE and sprint-001 is active"]),
            (|p| p.state = State::SprintPaused, &["the state is SPRINT_PAUSED and sprint-001 is active"]),
            (|p| p.sprint = None, &["sprint-001 has not ended, though it is not the current sprint", "the state is SPRINT_ACTIVE and there is no sprint"]),
            (|p| p.sprint = Some(SprintId(5)), &["sprint-001 has not ended, though it is not the current sprint", "the project refers to sprint-005, which does not exist"]),
            (|p| p.counters.stories = 2, &["the counter of stories is lower than an id in use"]),
            (|p| p.approvals.push(approval(1, Question::Imported)), &["the counter of approvals is lower than an id in use"]),
        ];
        for (at, (damage, expected)) in cases.iter().enumerate() {
            let mut project = sound();
            damage(&mut project);
            let found: Vec<_> = violations(&project).iter().map(Violation::to_string).collect();
            assert_eq!(found, *expected, "case {at}");
        }
    }

    #[test]
    fn each_proposed_story_is_asked_about_once() {
        const WRONG: &str = "S-2 is proposed and not exactly one approval asks about it, or the reverse";
        let sound = World::with_proposal().project;
        assert_eq!(violations(&sound), []);

        let mut silent = sound.clone();
        silent.approvals.clear();
        let mut twice = sound.clone();
        twice.approvals.push(approval(1, sound.approvals[0].question.clone()));
        let mut decided = sound.clone();
        story(&mut decided, 2, |story| story.status = Status::Todo);
        for project in [silent, twice, decided] {
            let found: Vec<_> = violations(&project).iter().map(Violation::to_string).collect();
            assert_eq!(found, [WRONG]);
        }

        let mut lost = sound;
        lost.approvals.push(approval(1, Question::Run { story: StoryId(9) }));
        assert_eq!(violations(&lost)[0].to_string(), "A-1 refers to S-9, which does not exist");
    }
}
