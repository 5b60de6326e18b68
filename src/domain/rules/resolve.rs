//! From what a person wrote to the thing that is meant; what names nothing is refused by name.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::domain::entity::{Entity, Epic};
use crate::domain::id::{EpicId, Reference, SprintId, StoryId};
use crate::domain::project::Project;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::story::Story;

/// The thing that `reference` names.
pub(crate) fn entity(project: &Project, reference: &Reference) -> Result<Entity, Refusal> {
    find(project, reference).ok_or_else(|| unknown(Wanted::Anything, reference, project))
}

/// The story that `reference` names.
pub(crate) fn story<'a>(project: &'a Project, reference: &Reference) -> Result<&'a Arc<Story>, Refusal> {
    let found = match find(project, reference) {
        Some(Entity::Story(id)) => project.stories.get(&id),
        Some(other) => return Err(of_another_kind(reference, other, "a story")),
        None => None,
    };
    found.ok_or_else(|| unknown(Wanted::Story, reference, project))
}

/// The stories that `references` name, each once.
pub(crate) fn stories(project: &Project, references: &[Reference]) -> Result<Vec<StoryId>, Refusal> {
    let ids: Vec<StoryId> =
        references.iter().map(|one| story(project, one).map(|story| story.id)).collect::<Result<_, _>>()?;
    let mut seen = BTreeSet::new();
    if let Some(twice) = ids.iter().find(|id| !seen.insert(**id)) {
        let message = format!("{twice} is named twice");
        return Err(Refusal::new(Code::Invalid, message, "name each story once"));
    }
    Ok(ids)
}

/// The epic that `reference` names.
pub(crate) fn epic<'a>(project: &'a Project, reference: &Reference) -> Result<&'a Arc<Epic>, Refusal> {
    let found = match find(project, reference) {
        Some(Entity::Epic(id)) => project.epics.get(&id),
        Some(other) => return Err(of_another_kind(reference, other, "an epic")),
        None => None,
    };
    found.ok_or_else(|| unknown(Wanted::Epic, reference, project))
}

/// A thing's own id goes before an older name of another, which may look the same after two copies of a project
/// were brought together.
fn find(project: &Project, reference: &Reference) -> Option<Entity> {
    let text = reference.as_str();
    let story = text.parse().ok().filter(|id| project.stories.contains_key(id)).map(Entity::Story);
    let epic = || text.parse().ok().filter(|id| project.epics.contains_key(id)).map(Entity::Epic);
    let sprint = || text.parse().ok().filter(|id| project.sprints.contains_key(id)).map(Entity::Sprint);
    story.or_else(epic).or_else(sprint).or_else(|| project.alias(text))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Story,
    Epic,
    Anything,
}

fn of_another_kind(reference: &Reference, found: Entity, wanted: &str) -> Refusal {
    let kind = match found {
        Entity::Epic(_) => "an epic",
        Entity::Story(_) => "a story",
        Entity::Sprint(_) => "a sprint",
    };
    let message = format!("{reference} is {kind}, not {wanted}");
    Refusal::new(Code::Unknown, message, "see what there is with `backlog view`")
}

/// The refusal of an id that names nothing, with the nearest ones that do.
fn unknown(wanted: Wanted, reference: &Reference, project: &Project) -> Refusal {
    let what = match wanted {
        Wanted::Story => "story",
        Wanted::Epic => "epic",
        Wanted::Anything => "story, epic or sprint",
    };
    let near = nearest(&reference.as_str().to_lowercase(), wanted, project);
    let hint = if near.is_empty() {
        "see what there is with `backlog view`".to_owned()
    } else {
        format!("did you mean {}? see what there is with `backlog view`", near.join(" or "))
    };
    Refusal::new(Code::Unknown, format!("there is no {what} {reference}"), hint)
}

/// Up to three ids of existing things that look like `text`.
fn nearest(text: &str, wanted: Wanted, project: &Project) -> Vec<String> {
    let stories = project.stories.keys().rev().take(NEAR_MAX).map(StoryId::to_string);
    let epics = project.epics.keys().rev().take(NEAR_MAX).map(EpicId::to_string);
    let sprints = project.sprints.keys().rev().take(NEAR_MAX).map(SprintId::to_string);
    let stories = stories.filter(|_| wanted != Wanted::Epic);
    let others = epics.filter(|_| wanted != Wanted::Story);
    let sprints = sprints.filter(|_| wanted == Wanted::Anything);
    let mut near: Vec<_> = stories
        .chain(others)
        .chain(sprints)
        .map(|id| (strsim::osa_distance(text, &id.to_lowercase()), id))
        .filter(|(distance, _)| *distance <= 1)
        .collect();
    near.sort();
    near.into_iter().take(3).map(|(_, id)| id).collect()
}

/// Looking for a likeness among more ids than this takes longer than it helps.
const NEAR_MAX: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::Event;
    use crate::domain::past::Patch;
    use crate::domain::testing::{World, check_refusals};

    /// Three stories, an epic that once was `E-9`, and a story that once was `S-7` elsewhere.
    fn world() -> World {
        let mut world = World::given(&[
            "epic Log in",
            "backlog add one",
            "backlog add two",
            "backlog add three",
            "sprint plan",
        ]);
        let mut patch = Patch::standing(&world.project, String::new());
        let mut story = Story::clone(&world.project.stories[&StoryId(2)]);
        story.aliases.push("S-7".to_owned());
        let mut epic = Epic::clone(&world.project.epics[&EpicId(1)]);
        epic.aliases.push("Auth-Epic".to_owned());
        patch.stories.insert(story.id, Some(Arc::new(story)));
        patch.epics.insert(epic.id, Some(Arc::new(epic)));
        world.project.apply(&Event::Replaced(Arc::new(patch)));
        world
    }

    #[test]
    fn a_thing_is_found_by_its_id_in_any_case_and_by_older_names() {
        #[rustfmt::skip]
        let cases = [
            ("S-2", Some("S-2")), ("s-2", Some("S-2")), ("S-002", Some("S-2")), ("s-7", Some("S-2")),
            ("e-1", Some("E-1")), ("auth-epic", Some("E-1")), ("SPRINT-1", Some("sprint-001")),
            ("S-4", None), ("A-1", None), ("c0ffee", None),
        ];
        for (text, expected) in cases {
            let found = entity(&world().project, &text.parse().unwrap()).ok().map(|found| found.to_string());
            assert_eq!(found.as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn a_things_own_id_goes_before_an_older_name_of_another() {
        let mut world = world();
        let own = Story {
            id: StoryId(7),
            aliases: Vec::new(),
            ..Story::clone(&world.project.stories[&StoryId(1)])
        };
        world.project.apply(&Event::StoryAdded(Arc::new(own)));

        assert_eq!(story(&world.project, &"S-7".parse().unwrap()).unwrap().id, StoryId(7));

        world.project.apply(&Event::StoryRemoved(StoryId(7)));
        assert_eq!(story(&world.project, &"S-7".parse().unwrap()).unwrap().id, StoryId(2));

        world.project.apply(&Event::StoryRemoved(StoryId(2)));
        assert!(story(&world.project, &"S-7".parse().unwrap()).is_err(), "the name goes with what bears it");
    }

    #[test]
    fn what_names_nothing_is_refused_by_name() {
        #[rustfmt::skip]
        check_refusals(&world(), &[
            ("backlog remove S-33", "unknown: there is no story S-33; did you mean S-3? see what there is with `backlog view`"),
            ("backlog remove X-2", "unknown: there is no story X-2; did you mean S-2? see what there is with `backlog view`"),
            ("backlog remove S2", "unknown: there is no story S2; did you mean S-2? see what there is with `backlog view`"),
            ("backlog remove login", "unknown: there is no story login; see what there is with `backlog view`"),
            ("backlog remove E-1", "unknown: E-1 is an epic, not a story; see what there is with `backlog view`"),
            ("backlog remove sprint-1", "unknown: sprint-1 is a sprint, not a story; see what there is with `backlog view`"),
            ("backlog edit S-1 epic=E-2", "unknown: there is no epic E-2; did you mean E-1? see what there is with `backlog view`"),
            ("backlog edit S-1 epic=S-1", "unknown: S-1 is a story, not an epic; see what there is with `backlog view`"),
            ("backlog add four after=S-99", "unknown: there is no story S-99; see what there is with `backlog view`"),
            ("sprint plan S-1,S-55", "unknown: there is no story S-55; see what there is with `backlog view`"),
        ]);
        let refusal = entity(&world().project, &"sprint-002".parse().unwrap()).unwrap_err();
        assert_eq!(refusal.message, "there is no story, epic or sprint sprint-002");
        assert_eq!(refusal.hint, "did you mean sprint-001? see what there is with `backlog view`");
    }
}
