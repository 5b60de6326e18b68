//! Answers about what is to be done: epics and stories that were added, changed, removed or moved in the order.

use crate::domain::approval::Approval;
use crate::domain::entity::{Entity, Epic};
use crate::domain::envelope::Receipt;
use crate::domain::event::Event;
use crate::domain::id::StoryId;
use crate::domain::project::Project;
use crate::domain::story::Story;
use crate::domain::workflow::State;
use crate::surface::answer::changed::state_field;
use crate::surface::answer::{Answer, Table, approval, words};

/// An epic, with what follows for its stories.
pub(crate) fn epic_added(receipt: &Receipt) -> Option<Answer> {
    let epic = receipt.events.iter().find_map(|event| match event {
        Event::EpicAdded(epic) => Some(epic),
        _ => None,
    })?;
    let see = format!("`backlog view {}`", epic.id);
    let answer = Answer::done(format!("{} added: {}", epic.id, epic.title));
    let answer = with_description(answer, epic.description.as_str(), epic.title.as_str(), &see);
    let raised: Vec<_> = receipt.events.iter().filter_map(raised).collect();
    if !raised.is_empty() {
        return Some(state_field(approval::asked(answer, &receipt.after, &raised), receipt));
    }
    let answer = answer.paragraph(without_planner(epic));
    let add = format!("backlog add epic:{}", epic.id);
    Some(
        state_field(answer, receipt)
            .choice("Add a story", add)
            .asking("description")
            .choice("Show epic", format!("backlog view {}", epic.id)),
    )
}

fn raised(event: &Event) -> Option<&Approval> {
    match event {
        Event::ApprovalRaised(approval) => Some(approval.as_ref()),
        _ => None,
    }
}

fn without_planner(epic: &Epic) -> String {
    format!(
        "No planner is configured, so no stories are proposed. Add them yourself with \
         `backlog add <description> epic:{}`, one at a time.",
        epic.id
    )
}

/// A story that is new.
pub(crate) fn added(receipt: &Receipt) -> Option<Answer> {
    let story = receipt.events.iter().find_map(|event| match event {
        Event::StoryAdded(story) => Some(story),
        _ => None,
    })?;
    let id = story.id;
    let project = &receipt.after;
    let answer = Answer::done(format!("{id} added: {}", story.title));
    let see = format!("`backlog view {id}`");
    let answer = with_description(answer, story.description.as_str(), story.title.as_str(), &see)
        .field("Priority", story.priority.to_string())
        .field("Points", words::estimate(story))
        .field_if("Place", words::place(project, id))
        .field_if("Epic", words::epic(project, story))
        .field_if("Criteria", criteria(story))
        .field_if("Depends on", words::dependencies(project, story));
    let answer = state_field(answer, receipt);
    let answer = if project.state == State::BacklogReady {
        answer.primary("Plan a sprint", "sprint plan")
    } else {
        answer
    };
    Some(
        answer
            .choice("Put on top", format!("backlog prioritize {id} top"))
            .choice("Show", format!("backlog view {id}")),
    )
}

/// The fields of a story that are different, before and after.
pub(crate) fn edited(receipt: &Receipt) -> Option<Answer> {
    let (after, fields) = receipt.events.iter().find_map(|event| match event {
        Event::StoryEdited { story, fields } => Some((story, fields)),
        _ => None,
    })?;
    let before = receipt.before.stories.get(&after.id)?;
    let mut table = Table::new(&["Field", "Before", "After"]);
    for field in fields {
        table.push([
            (*field).to_owned(),
            field_of(&receipt.before, before, field),
            field_of(&receipt.after, after, field),
        ]);
    }
    let answer = Answer::done(format!("{} changed: {}", after.id, after.title)).table(table);
    Some(answer.choice("Show", format!("backlog view {}", after.id)).choice("Take back", "undo"))
}

/// One field of a story as text, by the name that the event gives it.
fn field_of(project: &Project, story: &Story, field: &str) -> String {
    let see = format!("`backlog view {}`", story.id);
    let value = match field {
        "title" => Some(story.title.to_string()),
        "description" => Some(story.description.to_string()),
        "epic" => words::epic(project, story),
        "priority" => Some(story.priority.to_string()),
        "points" => Some(words::estimate(story)),
        "criteria" => criteria(story),
        "depends_on" => words::dependencies(project, story),
        "assignee" => story.assignee.as_ref().map(ToString::to_string),
        _ => None,
    };
    value.map_or_else(|| "–".to_owned(), |value| words::excerpt(&value, words::EXCERPT, &see))
}

/// A story that is gone, as it was.
pub(crate) fn removed(receipt: &Receipt) -> Option<Answer> {
    let id = receipt.events.iter().find_map(|event| match event {
        Event::StoryRemoved(id) => Some(*id),
        _ => None,
    })?;
    let story = receipt.before.stories.get(&id)?;
    let answer = Answer::done(format!("{id} removed: {}", story.title))
        .field("Before", words::summary(&receipt.before, Entity::Story(id)))
        .field_if("Place", words::place(&receipt.before, id).map(|place| format!("was {place}")))
        .field("After", "gone; the id is not used again");
    Some(state_field(answer, receipt).choice("Take back", "undo"))
}

/// A story at another place of the backlog.
pub(crate) fn prioritized(receipt: &Receipt) -> Option<Answer> {
    let (id, priority) = receipt.events.iter().find_map(|event| match event {
        Event::StoryPrioritized { story, priority, .. } => Some((*story, *priority)),
        _ => None,
    })?;
    let story = receipt.before.stories.get(&id)?;
    let mut table = Table::new(&["", "Before", "After"]);
    table.push(["Priority".to_owned(), story.priority.to_string(), priority.to_string()]);
    let place = |project: &Project, id: StoryId| words::place(project, id).unwrap_or_else(|| "–".to_owned());
    table.push(["Place".to_owned(), place(&receipt.before, id), place(&receipt.after, id)]);
    let answer = Answer::done(format!("{id} has priority {priority}: {}", story.title)).table(table);
    Some(answer.choice("Show backlog", "backlog view"))
}

/// The criteria of a story, a line each.
pub(crate) fn criteria(story: &Story) -> Option<String> {
    let lines: Vec<_> = story.criteria.iter().map(|line| format!("• {line}")).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// Adds a description where it says more than the title.
fn with_description(answer: Answer, description: &str, title: &str, see: &str) -> Answer {
    match words::beyond(description, title) {
        "" => answer,
        more => answer.paragraph(words::excerpt(more, words::EXCERPT, see)),
    }
}
