//! A plan that another tool wrote, taken over as one change.

use std::sync::Arc;

use crate::domain::event::Event;
use crate::domain::past::Patch;
use crate::domain::project::Project;

/// The event that takes a foreign plan over into a project in which nothing has happened.
pub fn take_over(empty: &Project, plan: &Project, from: &str) -> Event {
    let why = format!(
        "imported {} epics, {} stories and {} sprints from {from}",
        plan.epics.len(),
        plan.stories.len(),
        plan.sprints.len()
    );
    Event::Replaced(Arc::new(Patch::between(empty, plan, why)))
}
