//! Pictures as text: the workflow, a burndown, velocities.
//!
//! Invariant: what a picture shows can also be told without colours.
//!
//! Deliberately absent: figures; a picture brings its own.

mod chart;
mod machine;

use crate::surface::answer::Picture;

/// A picture in at most `width` columns, without a line end at its end.
pub fn draw(picture: &Picture, width: usize, colour: bool) -> String {
    match picture {
        Picture::StateMachine { current, .. } => machine::draw(*current, width, colour),
        Picture::Burndown { total, span, days, .. } => chart::burndown(*total, *span, days, width, colour),
        Picture::Velocity { sprints, .. } => chart::velocity(sprints, width, colour),
    }
}
