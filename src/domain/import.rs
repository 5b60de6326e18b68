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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::check;
    use crate::domain::testing::World;

    #[test]
    fn a_plan_that_is_taken_over_is_as_it_was_and_work_goes_on() {
        let stories = ["epic Log in", "backlog add one epic=E-1", "backlog add two after=S-1"];
        let plan = World::given(&stories).and(&["sprint plan S-1", "sprint start"]).project;
        let mut project = World::empty();

        let event = take_over(&project, &plan, "a file");
        project.apply(&event);

        assert_eq!(event.to_string(), "imported 1 epics, 2 stories and 1 sprints from a file");
        assert_eq!(check::violations(&project), []);
        assert_eq!((project.state, project.counters), (plan.state, plan.counters));
        assert_eq!((&project.stories, &project.sprints), (&plan.stories, &plan.sprints));
        let world =
            World::of(project).and(&["story move S-1 done", "feedback good: fast", "backlog add three"]);
        assert_eq!(world.project.counters.stories, 3);
    }
}
