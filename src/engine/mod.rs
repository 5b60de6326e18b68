//! Lets every project have one writer, and many projects share one journal.
//!
//! ```text
//! submit ──► queue ──► actor: look, decide on a copy ──► writer: one flush for all projects
//!                        ▲                                   │
//!                        └── swap, answer, publish ◄─────────┘
//! ```
//!
//! Invariants:
//!
//! - Only the actor of a project changes it; everyone else sends a message.
//! - A command is answered after the journal has it, and never twice carried out.
//! - An actor that cannot know what is on the disk ends, and the project is opened again. While that fails
//!   and the journal has changes that git has not, it is tried again and again; commands are refused.
//! - No project waits for another but in the journal's queue, whose every step is bounded.
//!
//! Deliberately absent: how a command was written and how the answer will look.

mod actor;
mod ambient;
mod batch;
mod error;
mod feed;
mod message;
mod node;
mod publisher;
mod register;
mod registry;
mod tending;
mod writer;

#[cfg(test)]
mod tests;

pub use crate::engine::ambient::Ambient;
pub use crate::engine::error::EngineError;
pub use crate::engine::feed::{Follower, Item};
pub use crate::engine::node::{CommitWatch, Engine, Settings, Submitted};
pub use crate::engine::register::{Registered, Site};
pub use crate::engine::registry::{Entry, registered};
