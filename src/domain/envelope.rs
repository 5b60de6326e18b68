//! A command on its way: what was asked, by whom, when, and the facts that the rules need to judge it.

use std::sync::Arc;

use jiff::Timestamp;
use ulid::Ulid;

use crate::domain::command::Command;
use crate::domain::event::Event;
use crate::domain::id::{CommandId, Uid};
use crate::domain::past::Past;
use crate::domain::person::{Person, Surface};
use crate::domain::project::Project;

/// A command with everything that it brings along.
#[derive(Clone, Debug)]
pub struct Envelope {
    /// Makes sending it twice carry it out once.
    pub id: CommandId,
    /// When it was asked.
    pub at: Timestamp,
    /// Random bits for the ids that never change.
    pub entropy: u128,
    /// Who asked.
    pub person: Person,
    /// Where it was asked.
    pub surface: Surface,
    /// What was asked.
    pub command: Command,
}

impl Envelope {
    /// The `n`th permanent id that this command may give away.
    pub fn uid(&self, n: usize) -> Uid {
        let milliseconds = u64::try_from(self.at.as_millisecond()).unwrap_or(0);
        Uid(Ulid::from_parts(milliseconds, self.entropy.wrapping_add(n as u128)))
    }
}

/// What the rules must know and cannot see in the project.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Points that a sprint takes if nobody said otherwise, now or before.
    pub capacity: u32,
    /// Days that a sprint lasts if nobody said otherwise.
    pub days: u32,
    /// The content that `/undo` and `/restore` speak of.
    pub past: Option<Past>,
}

/// What a carried-out command led to.
#[derive(Clone, Debug)]
pub struct Receipt {
    /// Which command.
    pub id: CommandId,
    /// What it changed; nothing, for a command that only looked.
    pub events: Vec<Event>,
    /// The project before.
    pub before: Arc<Project>,
    /// The project afterwards.
    pub after: Arc<Project>,
    /// Whether it had been carried out before and was only sent again.
    pub again: bool,
}
