//! Where people and programs speak to Bandmaster: text comes in, text goes out.
//!
//! ```text
//! console  cli  control ──► desk ──► engine
//!                             │
//!          parse ◄────────────┴────────────► answer ──► render
//! ```
//!
//! Invariant: a surface decides nothing. It turns what came in into a command, hands it on, and shows the answer.
//!
//! Deliberately absent: the rules of a project (they are in the domain) and anything that outlives an answer.

pub mod answer;
pub mod cli;
pub mod console;
pub mod control;
pub mod desk;
pub mod discord;
pub mod door;
pub mod parse;
pub mod render;
pub mod search;
