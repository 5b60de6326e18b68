//! Epics: a larger purpose, from which stories follow.

use std::sync::Arc;

use crate::domain::entity::{Epic, Extra};
use crate::domain::event::Event;
use crate::domain::id::EpicId;
use crate::domain::refusal::Refusal;
use crate::domain::rules::next;
use crate::domain::text::{Prose, Title};
use crate::domain::workflow::Turn;

/// Adds an epic.
pub(crate) fn add(turn: &mut Turn<'_>, description: &Prose, title: Option<&Title>) -> Result<(), Refusal> {
    let epic = Epic {
        id: EpicId(next(turn.project.counters.epics, "epics")?),
        uid: turn.envelope.uid(0),
        title: title.cloned().unwrap_or_else(|| Title::from_prose(description)),
        description: description.clone(),
        aliases: Vec::new(),
        created_at: turn.envelope.at,
        created_by: turn.envelope.person.name.clone(),
        extra: Extra::new(),
    };
    turn.emit(Event::EpicAdded(Arc::new(epic)));
    Ok(())
}
