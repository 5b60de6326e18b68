//! A local Discord: its REST API and its gateway over real sockets, and people who use it.
//!
//! It stands in for Discord where there is none: in tests, and for somebody who wants to see the bot before
//! making an account for it. A client that is pointed at [`Discord::url`] works with it unmodified.
//!
//! ```text
//!   bot ──HTTP──► rest ─────► world ◄───── person     types commands, clicks, reads
//!    ▲                          │
//!    └──socket── gateway ◄──────┘                     hears of every change
//! ```
//!
//! Invariants:
//!
//! - All state is in one `World` behind one lock, which is never held across an await.
//! - What Discord refuses is refused, with its codes; limits and permissions count.
//! - Time is that of a clock which can be put forward, so nothing is waited for.
//! - Every list that grows by use is bounded.
//!
//! Absent on purpose: voice, reactions, polls, stickers, webhooks of channels, more than one application, more
//! than one shard, rate limits that nobody asked for.

mod change;
mod check;
mod clock;
mod discord;
mod draft;
mod error;
mod faults;
mod gateway;
mod id;
mod json;
mod log;
mod model;
mod permission;
mod person;
mod render;
mod rest;
mod server;
mod world;

pub use crate::sandbox::discord::Discord;
pub use crate::sandbox::error::SandboxError;
pub use crate::sandbox::faults::Fault;
pub use crate::sandbox::id::Snowflake;
pub use crate::sandbox::log::Logged;
pub use crate::sandbox::model::{Attachment, Channel, ChannelKind, Message, ThreadState};
pub use crate::sandbox::permission::Permissions;
pub use crate::sandbox::person::{Asked, Button, Modal, Outcome, Person, Seen, Select};
pub use crate::sandbox::server::Server;
