//! Discord as a surface: slash commands, buttons and forms come in, messages with pictures go out.
//!
//! ```text
//! gateway event ──► asking: who, where, what may they ──► desk ──► look: embeds, buttons ──► reply
//!                                                          │
//!                    feed of the engine ──► boards, threads┘──► outbox: what could not be said yet
//! ```
//!
//! Invariants:
//!
//! - Nothing is carried out that Discord does not know to be on its way to an answer.
//! - The id of an interaction is the id of its command, so that a repeated one changes nothing twice.
//! - What is posted pings nobody, whatever people wrote.
//! - What stands in a channel unasked is edited at most once in two seconds, shows the last state in the end, and is
//!   not sent again while it shows that.
//! - What happens to stories is told from the history, in order and once.
//! - Where things are is in the ledger; whatever is lost there is found or posted again.
//!
//! Deliberately absent: what commands mean, and who may give them. The desk and the gateway know.

mod arrival;
mod asking;
mod binding;
mod board;
mod bot;
mod channels;
mod click;
mod command;
mod connect;
mod following;
mod guilds;
mod health;
mod inspect;
mod invite;
pub mod look;
mod mending;
pub mod menu;
mod naming;
pub mod needs;
mod outbox;
mod overview;
mod pace;
mod people;
mod permission;
mod picture;
mod places;
mod posted;
mod promise;
mod registering;
mod reply;
mod rest;
mod rush;
mod serving;
mod threads;
mod topic;

pub use crate::surface::discord::bot::{Setup, serve};
pub use crate::surface::discord::inspect::{Inspection, application, inspect};
pub use crate::surface::discord::invite::{Application, link};
