//! How answers look on Discord: embeds, buttons, menus and forms, as values that are ready to be sent.
//!
//! ```text
//!           ┌─► sheet ──► pages ──► markup      one embed for each page
//! Answer ───┤        └──► table
//!           └─► buttons ──► key                 what can be pressed, and what it carries
//! key ────────► modal ────► text of a command   what a form asks, and what was filled in
//! ```
//!
//! Invariants:
//!
//! - Everything fits into the bounds of Discord, whatever an answer holds. What does not fit on a page goes on to the
//!   next one.
//! - Nothing that people wrote is a mention, a format or a link in disguise; only `code` and **bold** are.
//! - What a button carries is enough to act on when it is pressed, also after a restart.
//!
//! Deliberately absent: sending, and whoever is spoken to. Pictures are drawn elsewhere and handed in by name.

mod buttons;
mod key;
mod markup;
mod modal;
mod pages;
mod sheet;
mod table;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

pub use crate::surface::discord::look::buttons::{Paging, rows};
pub use crate::surface::discord::look::key::{Key, Keys, NotOurs};
pub use crate::surface::discord::look::modal::{filled, modal};
pub use crate::surface::discord::look::sheet::{Attached, Fact, Sheet, plain, sheets};
