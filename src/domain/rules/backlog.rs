//! The backlog: adding, changing, removing and ordering stories.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::domain::command::{NewStory, StoryEdit};
use crate::domain::entity::Extra;
use crate::domain::event::Event;
use crate::domain::id::{EpicId, Reference, StoryId};
use crate::domain::project::Project;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::rules::resolve;
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
        id: StoryId(project.counters.stories + 1),
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
        let message = format!("{} belongs to {sprint}", story.id);
        return Err(Refusal::new(
            Code::InUse,
            message,
            "plan the sprint without it, or skip it, then remove it",
        ));
    }
    let waiting = dependents(project, story.id);
    if !waiting.is_empty() {
        let message = format!("{} cannot be removed: {} depends on it", story.id, names(&waiting));
        return Err(Refusal::new(
            Code::InUse,
            message,
            "change what they depend on with `backlog edit` first",
        ));
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

fn asks_about(approval: &crate::domain::approval::Approval, id: StoryId) -> bool {
    use crate::domain::approval::Question;

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
    let mut seen = BTreeSet::new();
    let mut ways: Vec<Vec<StoryId>> = story.depends_on.iter().map(|id| vec![*id]).collect();
    while let Some(way) = ways.pop() {
        let Some(last) = way.last().copied() else { continue };
        if last == story.id {
            let round: Vec<_> = std::iter::once(story.id).chain(way).map(|id| id.to_string()).collect();
            let message = format!("a dependency circle: {}", round.join(" -> "));
            return Err(Refusal::new(Code::DependencyCircle, message, "leave one of these dependencies out"));
        }
        if seen.insert(last) {
            let further =
                project.stories.get(&last).map(|next| next.depends_on.as_slice()).unwrap_or_default();
            ways.extend(further.iter().map(|id| way.iter().copied().chain([*id]).collect()));
        }
    }
    Ok(())
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
