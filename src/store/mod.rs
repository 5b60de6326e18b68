//! Keeps a project in its own git repository, durably, without touching what is the person's.
//!
//! The content is a branch, `orch-state`, mounted at `.orch-state/`. A change is durable as soon as
//! the node's journal is flushed; publishing makes it a commit a few milliseconds later.
//!
//! ```text
//! change ──► journal (one flush: the answer) ──► objects ──► branch ──► folder
//!                 └──────── after a crash: what the branch lacks is made again ────────┘
//! ```
//!
//! Invariants:
//!
//! - One process writes a repository's state branch: it holds the lock in git's folder.
//! - Making a commit again from the journal gives the same commit, bit for bit.
//! - Nothing of the person's is written: no index, no HEAD, no branch, no file outside `.orch-state/`.
//!
//! Deliberately absent: what a change means. The domain decides, the store keeps.

mod branch;
mod cache;
mod error;
pub(crate) mod flush;
mod folder;
mod foreign;
pub(crate) mod format;
mod former;
mod history;
mod index;
pub mod journal;
pub mod layout;
mod load;
pub mod lock;
mod mend;
pub(crate) mod object;
mod open;
mod pack;
mod project_store;
pub(crate) mod reference;
mod repository;
pub mod schema;
mod templates;
mod tree;
mod verify;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub use crate::store::error::{StoreError, with_causes};
pub use crate::store::foreign::{Imported, import};
pub use crate::store::history::{Since, latest_commit};
pub use crate::store::open::{Survey, name_kept, survey};
pub use crate::store::project_store::{Look, ProjectStore, Published, change, edited_change, key_bytes};
pub use crate::store::repository::{git_identity, init_repository};
pub use crate::store::templates::documents;
pub use crate::store::verify::Finding;
