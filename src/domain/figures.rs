//! Figures that follow from a project: velocity and the like. Only what happened is counted.

use crate::domain::project::Project;

/// The average of the last three sprints that were finished; `None` before the first.
pub fn past_velocity(project: &Project) -> Option<u32> {
    let last: Vec<_> = project.sprints.values().rev().filter_map(|sprint| sprint.velocity).take(3).collect();
    let count = u32::try_from(last.len()).unwrap_or(1);
    (count > 0).then(|| last.iter().sum::<u32>() / count)
}
