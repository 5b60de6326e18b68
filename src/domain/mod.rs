//! What a project is, and which command is legal when.
//!
//! Everything here is a value or a pure function of values. Nothing here reads a clock, a file, a
//! socket or an environment variable, and nothing here is `async`: times and random bits arrive in
//! the [`envelope::Envelope`]. So a fault in the rules can always be reproduced from a list of commands.
//!
//! The way of one command:
//!
//! ```text
//! Envelope ──► workflow::decide ──► Vec<Event> ──► Project::apply
//!                    │
//!                    └────────────► Refusal (nothing changes)
//! ```
//!
//! Invariants:
//!
//! - A refused command leaves no trace: no event, no change of state.
//! - Applying the same events to the same project always gives the same project.
//! - After every accepted command [`check::violations`] finds nothing.
//! - [`event::Event::touches`] names every epic, story and sprint that an event changes.
//! - Numbers of things never go down, so no id is used twice, whatever is taken back.
//!
//! Deliberately absent: how a command is written by a person, how an answer looks, where a file lies.

pub mod approval;
pub mod check;
pub mod command;
pub mod entity;
pub mod envelope;
pub mod event;
pub mod figures;
pub mod id;
pub mod import;
pub mod past;
pub mod person;
pub mod project;
#[cfg(test)]
mod properties;
pub mod refusal;
pub(crate) mod rules;
pub mod sprint;
pub mod story;
pub mod subject;
#[cfg(test)]
pub(crate) mod testing;
pub mod text;
pub mod workflow;
