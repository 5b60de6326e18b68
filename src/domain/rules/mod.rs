//! What each command means: functions that judge one command and emit what it changes.
//!
//! Each takes the [`crate::domain::workflow::Turn`] and either emits events or returns a refusal.
//! Deliberately absent: which command is possible in which state; the workflow knows that.

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
