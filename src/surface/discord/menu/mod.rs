//! The command set as Discord shows it: a menu of commands with typed options, and completion while people type.
//!
//! ```text
//! parse::all() ──► commands() ──► Discord: what there is
//!
//! interaction ──► given() ──► Given ──► text() ──► the same text that any surface sends
//! keystroke   ──► asked() ──► Asked ──► suggest() ──► at most 25 choices
//! ```
//!
//! Invariants:
//!
//! - Nothing about commands is written here: names, arguments, bounds and descriptions come from their descriptions
//!   in `surface::parse`.
//! - An interaction leads to exactly the command that its text would lead to.
//! - What Discord still offers from an older set of commands is refused by name, never guessed.
//!
//! Deliberately absent: when the set is registered, and who carries a command out.

mod build;
mod given;
mod pool;
mod print;
mod rank;
mod suggest;
mod takes;

pub use crate::surface::discord::menu::build::{Autocomplete, SlashAction, commands};
pub use crate::surface::discord::menu::given::{Asked, Given, asked, given, text};
pub use crate::surface::discord::menu::pool::Candidates;
pub use crate::surface::discord::menu::print::fingerprint;
pub use crate::surface::discord::menu::suggest::suggest;

/// What stands between an id and its title in a choice. What follows it is never part of a value.
const BETWEEN: &str = " · ";

#[cfg(test)]
mod tests;
