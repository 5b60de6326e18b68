//! Keeps what was decided: first in a journal, then as commits on a branch of its own.
//!
//! A change is answered when the journal has it, which takes one flush. Becoming a commit follows in
//! the background and takes several, in an order that survives a loss of power at any moment:
//!
//! ```text
//! change ──► journal (one flush) ──► answered
//!               │
//!               └──► objects ──► pack (data, then names) ──► reference ──► mark in the journal
//! ```
//!
//! Invariants:
//!
//! - A file gets its final name only after its data is on the disk.
//! - A reference moves only after every object it needs is on the disk.
//! - After a failed write or flush nobody knows what is on the disk, so nothing more is written.
//!
//! Deliberately absent: threads, async, and clocks other than those that bound a wait. Callers bring
//! the time and decide what runs where.

pub(crate) mod flush;
pub(crate) mod journal;
pub(crate) mod lock;
pub(crate) mod object;
pub(crate) mod pack;
pub(crate) mod reference;

#[cfg(test)]
mod testing;
