//! How answers look on Discord: embeds, as values that are ready to be sent.
//!
//! ```text
//! Answer ──► sheet ──► pages ──► markup      one embed for each page
//!                 └──► table
//! ```
//!
//! Invariants:
//!
//! - Everything fits into the bounds of Discord, whatever an answer holds. What does not fit on a page goes on to the
//!   next one.
//! - Nothing that people wrote is a mention, a format or a link in disguise; only `code` and **bold** are.
//!
//! Deliberately absent: sending, and whoever is spoken to. Pictures are drawn elsewhere and handed in by name.

mod markup;
mod pages;
mod sheet;
mod table;

pub use crate::surface::discord::look::sheet::{Attached, Fact, Sheet, plain, sheets};
