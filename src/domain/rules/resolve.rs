//! From what a person wrote to the thing that is meant; what names nothing is refused by name.

use std::sync::Arc;

use crate::domain::entity::{Entity, Epic};
use crate::domain::id::{EpicId, Reference, StoryId};
use crate::domain::project::Project;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::story::Story;

/// The thing that `reference` names.
pub(crate) fn entity(project: &Project, reference: &Reference) -> Result<Entity, Refusal> {
    let text = reference.as_str();
    let story = text.parse().ok().filter(|id| project.stories.contains_key(id)).map(Entity::Story);
    let epic = || text.parse().ok().filter(|id| project.epics.contains_key(id)).map(Entity::Epic);
    let sprint = || text.parse().ok().filter(|id| project.sprints.contains_key(id)).map(Entity::Sprint);
    story
        .or_else(epic)
        .or_else(sprint)
        .or_else(|| project.alias(text))
        .ok_or_else(|| unknown("story, epic or sprint", reference, project))
}

/// The story that `reference` names.
pub(crate) fn story<'a>(project: &'a Project, reference: &Reference) -> Result<&'a Arc<Story>, Refusal> {
    let id = match (reference.as_str().parse::<StoryId>(), project.alias(reference.as_str())) {
        (Ok(id), _) | (_, Some(Entity::Story(id))) => Some(id),
        _ => None,
    };
    id.and_then(|id| project.stories.get(&id)).ok_or_else(|| unknown("story", reference, project))
}

/// The stories that `references` name, each once.
pub(crate) fn stories(project: &Project, references: &[Reference]) -> Result<Vec<StoryId>, Refusal> {
    let mut ids = Vec::with_capacity(references.len());
    for reference in references {
        let id = story(project, reference)?.id;
        if ids.contains(&id) {
            let message = format!("{id} is named twice");
            return Err(Refusal::new(Code::Invalid, message, "name each story once"));
        }
        ids.push(id);
    }
    Ok(ids)
}

/// The epic that `reference` names.
pub(crate) fn epic<'a>(project: &'a Project, reference: &Reference) -> Result<&'a Arc<Epic>, Refusal> {
    let id = match (reference.as_str().parse::<EpicId>(), project.alias(reference.as_str())) {
        (Ok(id), _) | (_, Some(Entity::Epic(id))) => Some(id),
        _ => None,
    };
    id.and_then(|id| project.epics.get(&id)).ok_or_else(|| unknown("epic", reference, project))
}

/// The refusal of an id that names nothing, with the nearest ones that do.
pub(crate) fn unknown(what: &str, reference: &Reference, project: &Project) -> Refusal {
    let near = nearest(reference.as_str(), project);
    let hint = if near.is_empty() {
        "see what there is with `backlog view`".to_owned()
    } else {
        format!("did you mean {}? see what there is with `backlog view`", near.join(" or "))
    };
    Refusal::new(Code::Unknown, format!("there is no {what} {reference}"), hint)
}

/// Up to three ids of existing things that look like `text`.
fn nearest(text: &str, project: &Project) -> Vec<String> {
    let text = text.to_lowercase();
    let stories = project.stories.keys().rev().take(NEAR_MAX).map(StoryId::to_string);
    let epics = project.epics.keys().rev().take(NEAR_MAX).map(EpicId::to_string);
    let mut near: Vec<_> = stories
        .chain(epics)
        .map(|id| (strsim::osa_distance(&text, &id.to_lowercase()), id))
        .filter(|(distance, _)| *distance <= 1)
        .collect();
    near.sort();
    near.into_iter().take(3).map(|(_, id)| id).collect()
}

/// Looking for a likeness among more ids than this takes longer than it helps.
const NEAR_MAX: usize = 1000;
