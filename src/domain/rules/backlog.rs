//! The backlog: adding, changing, removing and ordering stories.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::domain::approval::{Approval, Question};
use crate::domain::command::{NewStory, StoryEdit};
use crate::domain::entity::Extra;
use crate::domain::event::Event;
use crate::domain::id::{EpicId, Reference, SprintId, StoryId};
use crate::domain::project::Project;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::rules::{next, resolve};
use crate::domain::story::{Priority, Status, Story};
use crate::domain::text::Title;
use crate::domain::workflow::Turn;

/// The most stories that one story may wait for.
const DEPENDENCIES_MAX: usize = 50;
/// The most acceptance criteria of a story.
const CRITERIA_MAX: usize = 50;

/// Adds a story at the end of those with its priority.
pub(crate) fn add(turn: &mut Turn<'_>, new: &NewStory) -> Result<(), Refusal> {
    let project = turn.project;
    let priority = new.priority.unwrap_or_default();
    let story = Story {
        id: StoryId(next(project.counters.stories, "stories")?),
        uid: turn.envelope.uid(0),
        title: Title::from_prose(&new.description),
        description: new.description.clone(),
        criteria: new.criteria.clone(),
        priority,
        rank: project.last_rank(priority),
        points: new.points,
        depends_on: resolve::stories(project, &new.depends_on)?,
        epic: epic(project, new.epic.as_ref())?,
        assignee: None,
        status: Status::Todo,
        reason: None,
        sprint: None,
        notes: Vec::new(),
        aliases: Vec::new(),
        created_at: turn.envelope.at,
        created_by: turn.envelope.person.name.clone(),
        started_at: None,
        done_at: None,
        extra: Extra::new(),
    };
    bounded(&story)?;
    turn.emit(Event::StoryAdded(Arc::new(story)));
    Ok(())
}

/// Changes fields of a story.
pub(crate) fn edit(turn: &mut Turn<'_>, id: &Reference, edit: &StoryEdit) -> Result<(), Refusal> {
    let before = resolve::story(turn.project, id)?;
    let mut story = Story::clone(before);
    set_words(&mut story, edit);
    set_links(&mut story, edit, turn.project)?;
    bounded(&story)?;
    let fields = different(before, &story);
    if fields.is_empty() {
        let message = format!("{} is already like that", before.id);
        return Err(Refusal::new(Code::NoChange, message, "name at least one field with another value"));
    }
    let story = Arc::new(story);
    turn.emit(Event::StoryEdited { story, fields });
    Ok(())
}

/// Takes a story out for good.
pub(crate) fn remove(turn: &mut Turn<'_>, id: &Reference) -> Result<(), Refusal> {
    let project = turn.project;
    let story = resolve::story(project, id)?;
    if let Some(sprint) = story.sprint {
        return Err(in_sprint(project, story, sprint));
    }
    let waiting = dependents(project, story.id);
    if !waiting.is_empty() {
        return Err(needed("removed", story.id, &waiting));
    }
    if let Some(approval) = project.approvals.iter().find(|one| asks_about(one, story.id)) {
        let message = format!("{} waits for the answer to {}", story.id, approval.id);
        return Err(Refusal::new(Code::InUse, message, "answer with `approve` or `reject`"));
    }
    turn.emit(Event::StoryRemoved(story.id));
    Ok(())
}

/// Gives a story another priority; `top` also puts it before all others.
pub(crate) fn prioritize(turn: &mut Turn<'_>, id: &Reference, priority: Priority) -> Result<(), Refusal> {
    let project = turn.project;
    let story = resolve::story(project, id)?;
    let first = project.backlog().next().is_some_and(|first| first.id == story.id);
    if story.priority == priority && (priority != Priority::Top || first) {
        let message = format!("{} already has priority {priority}", story.id);
        return Err(Refusal::new(Code::NoChange, message, "see the order with `backlog view`"));
    }
    let rank = match priority {
        Priority::Top => project.first_rank(priority),
        _ => project.last_rank(priority),
    };
    turn.emit(Event::StoryPrioritized { story: story.id, priority, rank });
    Ok(())
}

/// The stories that wait for `id`.
pub(crate) fn dependents(project: &Project, id: StoryId) -> Vec<StoryId> {
    project.stories.values().filter(|story| story.depends_on.contains(&id)).map(|story| story.id).collect()
}

/// A few ids as text.
pub(crate) fn names(ids: &[StoryId]) -> String {
    const SHOWN: usize = 5;

    let mut text = ids.iter().take(SHOWN).map(StoryId::to_string).collect::<Vec<_>>().join(", ");
    if ids.len() > SHOWN {
        text += &format!(" and {} more", ids.len() - SHOWN);
    }
    text
}

/// The refusal to let go of a story that others depend on.
pub(crate) fn needed(what: &str, story: StoryId, by: &[StoryId]) -> Refusal {
    let depend = if by.len() == 1 { "depends" } else { "depend" };
    let message = format!("{story} cannot be {what}: {} {depend} on it", names(by));
    Refusal::new(Code::InUse, message, "change the dependencies with `backlog edit` first")
}

fn in_sprint(project: &Project, story: &Story, sprint: SprintId) -> Refusal {
    if project.sprint == Some(sprint) {
        let message = format!("{} belongs to {sprint}", story.id);
        return Refusal::new(Code::InUse, message, "plan the sprint without it, or wait until it has ended");
    }
    let message = format!("{} was finished in {sprint}", story.id);
    Refusal::new(Code::InUse, message, "a sprint keeps what was finished in it")
}

/// Whether `approval` is a question about the story.
pub(crate) fn asks_about(approval: &Approval, id: StoryId) -> bool {
    match &approval.question {
        Question::Proposal { stories, .. } => stories.contains(&id),
        Question::Run { story } => *story == id,
        Question::Imported => false,
    }
}

fn epic(project: &Project, reference: Option<&Reference>) -> Result<Option<EpicId>, Refusal> {
    reference.map(|reference| resolve::epic(project, reference).map(|epic| epic.id)).transpose()
}

fn set_words(story: &mut Story, edit: &StoryEdit) {
    if let Some(title) = &edit.title {
        story.title.clone_from(title);
    }
    if let Some(description) = &edit.description {
        story.description.clone_from(description);
    }
    if let Some(points) = edit.points {
        story.points = points;
    }
    if let Some(criteria) = &edit.criteria {
        story.criteria.clone_from(criteria);
    }
    if let Some(assignee) = &edit.assignee {
        story.assignee.clone_from(assignee);
    }
}

fn set_links(story: &mut Story, edit: &StoryEdit, project: &Project) -> Result<(), Refusal> {
    if let Some(reference) = &edit.epic {
        story.epic = epic(project, reference.as_ref())?;
    }
    if let Some(priority) = edit.priority.filter(|priority| *priority != story.priority) {
        story.priority = priority;
        story.rank = project.last_rank(priority);
    }
    if let Some(references) = &edit.depends_on {
        story.depends_on = resolve::stories(project, references)?;
        no_circle(project, story)?;
    }
    Ok(())
}

/// Refuses what would make `story` wait for itself, naming the way round.
fn no_circle(project: &Project, story: &Story) -> Result<(), Refusal> {
    let mut came_from: BTreeMap<StoryId, StoryId> = BTreeMap::new();
    let mut open = vec![story.id];
    while let Some(at) = open.pop() {
        let next = if at == story.id {
            story.depends_on.as_slice()
        } else {
            project.stories.get(&at).map(|story| story.depends_on.as_slice()).unwrap_or_default()
        };
        if next.contains(&story.id) {
            return Err(circle(story.id, at, &came_from));
        }
        for id in next {
            if came_from.insert(*id, at).is_none() {
                open.push(*id);
            }
        }
    }
    Ok(())
}

/// The refusal of the circle that leads from `start` over `last` back to it.
fn circle(start: StoryId, last: StoryId, came_from: &BTreeMap<StoryId, StoryId>) -> Refusal {
    const SHOWN: usize = 12;

    let mut way = vec![start];
    let back = std::iter::successors(Some(last), |id| came_from.get(id).copied());
    way.extend(back.take_while(|id| *id != start));
    way.push(start);
    way.reverse();
    let mut names: Vec<_> = way.iter().map(StoryId::to_string).collect();
    if names.len() > SHOWN {
        names.splice(SHOWN / 2..names.len() - SHOWN / 2, ["…".to_owned()]);
    }
    let message = format!("a dependency circle: {}", names.join(" -> "));
    Refusal::new(Code::DependencyCircle, message, "leave one of these dependencies out")
}

fn bounded(story: &Story) -> Result<(), Refusal> {
    let too_many = |what: &str, max: usize, found: usize| {
        let message = format!("a story has at most {max} {what}, this one has {found}");
        Err(Refusal::new(Code::Invalid, message, "split the story"))
    };
    if let Some(points) = story.points.filter(|points| *points > Story::POINTS_MAX) {
        let message = format!("a story has at most {} points, not {points}", Story::POINTS_MAX);
        return Err(Refusal::new(Code::Invalid, message, "split the story"));
    }
    if story.criteria.len() > CRITERIA_MAX {
        return too_many("criteria", CRITERIA_MAX, story.criteria.len());
    }
    if story.depends_on.len() > DEPENDENCIES_MAX {
        return too_many("dependencies", DEPENDENCIES_MAX, story.depends_on.len());
    }
    Ok(())
}

fn different(before: &Story, after: &Story) -> Vec<&'static str> {
    let fields = [
        ("title", before.title != after.title),
        ("description", before.description != after.description),
        ("epic", before.epic != after.epic),
        ("priority", before.priority != after.priority),
        ("points", before.points != after.points),
        ("criteria", before.criteria != after.criteria),
        ("depends_on", before.depends_on != after.depends_on),
        ("assignee", before.assignee != after.assignee),
    ];
    fields.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::testing::{World, check_refusals};

    fn order(world: &World) -> Vec<String> {
        world.project.backlog().map(|story| story.id.to_string()).collect()
    }

    #[test]
    fn what_the_backlog_refuses() {
        let world = World::given(&[
            "backlog add one",
            "backlog add two after=S-1",
            "backlog add three after=S-2",
            "backlog add four",
            "sprint plan S-4",
        ]);
        let done = world.clone().and(&["sprint start", "story move S-4 done", "feedback ok"]);
        #[rustfmt::skip]
        check_refusals(&world, &[
            ("backlog add x points=101", "invalid: a story has at most 100 points, not 101; split the story"),
            ("backlog edit S-1 points=4000000000", "invalid: a story has at most 100 points, not 4000000000; split the story"),
            ("backlog add x after=S-1,s-1", "invalid: S-1 is named twice; name each story once"),
            ("backlog edit S-1 after=S-1", "dependency_circle: a dependency circle: S-1 -> S-1; leave one of these dependencies out"),
            ("backlog edit S-1 after=S-3", "dependency_circle: a dependency circle: S-1 -> S-3 -> S-2 -> S-1; leave one of these dependencies out"),
            ("backlog edit S-1 after=S-4,S-2", "dependency_circle: a dependency circle: S-1 -> S-2 -> S-1; leave one of these dependencies out"),
            ("backlog edit S-1 title=one", "no_change: S-1 is already like that; name at least one field with another value"),
            ("backlog edit S-1", "no_change: S-1 is already like that; name at least one field with another value"),
            ("backlog remove S-1", "in_use: S-1 cannot be removed: S-2 depends on it; change the dependencies with `backlog edit` first"),
            ("backlog remove S-4", "in_use: S-4 belongs to sprint-001; plan the sprint without it, or wait until it has ended"),
            ("backlog prioritize S-1 medium", "no_change: S-1 already has priority medium; see the order with `backlog view`"),
        ]);
        #[rustfmt::skip]
        check_refusals(&done, &[
            ("backlog remove S-4", "in_use: S-4 was finished in sprint-001; a sprint keeps what was finished in it"),
        ]);
        #[rustfmt::skip]
        check_refusals(&World::with_proposal(), &[
            ("backlog remove S-2", "in_use: S-2 waits for the answer to A-1; answer with `approve` or `reject`"),
        ]);
    }

    #[test]
    fn too_much_on_one_story_is_refused() {
        let ids: Vec<_> = (1..=51).map(|number| format!("S-{number}")).collect();
        let mut world = World::given(&["backlog add it"; 51]);

        let refusal = world.refusal(&format!("backlog add last after={}", ids.join(",")));
        assert_eq!(refusal, "invalid: a story has at most 50 dependencies, this one has 51; split the story");
        let refusal = world.refusal(&format!("backlog edit S-1 criteria={}", ["x"; 51].join(",")));
        assert_eq!(refusal, "invalid: a story has at most 50 criteria, this one has 51; split the story");
        let waiting = world
            .and(&["backlog edit S-2 after=S-1", "backlog edit S-3 after=S-1"])
            .refusal("backlog remove S-1");
        assert!(waiting.contains("S-1 cannot be removed: S-2, S-3 depend on it"), "{waiting}");
    }

    #[test]
    fn a_long_circle_is_shown_by_its_ends() {
        let mut world = World::given(&["backlog add it"]);
        for number in 1..40 {
            world.run(&format!("backlog add it after=S-{number}")).unwrap();
        }

        let refusal = world.run("backlog edit S-1 after=S-40").unwrap_err();

        assert_eq!(
            refusal.message,
            "a dependency circle: S-1 -> S-40 -> S-39 -> S-38 -> S-37 -> S-36 -> … -> S-6 -> S-5 -> S-4 -> S-3 -> S-2 -> S-1"
        );
    }

    #[test]
    fn ids_run_out_rather_than_over() {
        let mut world = World::given(&[]);
        world.project.counters.stories = u32::MAX;

        assert_eq!(
            world.refusal("backlog add it"),
            "invalid: all 999999999 numbers for stories are used; begin a new project"
        );
    }

    #[test]
    fn a_removed_id_is_not_used_again() {
        let world = World::given(&["backlog add one", "backlog remove S-1", "backlog add two"]);

        assert_eq!(order(&world), ["S-2"]);
    }

    #[test]
    fn the_backlog_is_ordered_by_priority_and_then_by_arrival() {
        let world = World::given(&[
            "backlog add one",
            "backlog add two priority=low",
            "backlog add three priority=high",
            "backlog add four",
            "backlog add five priority=top",
        ]);
        assert_eq!(order(&world), ["S-5", "S-3", "S-1", "S-4", "S-2"]);

        let world = world.and(&["backlog prioritize S-2 medium", "backlog prioritize S-1 top"]);
        assert_eq!(order(&world), ["S-1", "S-5", "S-3", "S-4", "S-2"], "top is before all others");

        let world = world.and(&["backlog edit S-4 priority=top", "backlog prioritize S-5 top"]);
        assert_eq!(order(&world), ["S-5", "S-1", "S-4", "S-3", "S-2"]);

        let world = world.and(&["story move S-1 done"]);
        assert_eq!(order(&world), ["S-5", "S-4", "S-3", "S-2"], "finished stories are not in it");
    }

    #[test]
    fn an_edit_names_what_is_different_and_may_clear_it() {
        let mut world = World::given(&[
            "epic Log in",
            "backlog add one points=3 epic=E-1 criteria=a,b",
            "backlog add two",
        ]);

        let events =
            world.run("backlog edit s-1 points= epic= criteria=c after=S-2 title=one assignee=Bo").unwrap();

        assert_eq!(events[0].to_string(), "S-1 edited: epic, points, criteria, depends_on, assignee");
        let story = &world.project.stories[&StoryId(1)];
        assert_eq!((story.points, story.epic, story.depends_on.as_slice()), (None, None, &[StoryId(2)][..]));
    }
}
