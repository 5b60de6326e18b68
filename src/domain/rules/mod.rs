//! What each command means: functions that judge one command and emit what it changes.
//!
//! Each takes the [`crate::domain::workflow::Turn`] and either emits events or returns a refusal.
//! Deliberately absent: which command is possible in which state; the workflow knows that.

use crate::domain::id::NUMBER_MAX;
use crate::domain::refusal::{Code, Refusal};

pub(crate) mod approval;
pub(crate) mod backlog;
pub(crate) mod blocked;
pub(crate) mod epic;
pub(crate) mod history;
pub(crate) mod resolve;
pub(crate) mod review;
pub(crate) mod samples;
pub(crate) mod sprint;
pub(crate) mod story;

/// The number after `last`, for one of the `things`.
fn next(last: u32, things: &str) -> Result<u32, Refusal> {
    if last < NUMBER_MAX {
        return Ok(last + 1);
    }
    let message = format!("all {NUMBER_MAX} numbers for {things} are used");
    Err(Refusal::new(Code::Invalid, message, "begin a new project"))
}
