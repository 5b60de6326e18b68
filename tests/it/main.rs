//! The one integration binary: a file per behaviour.
#![expect(clippy::unwrap_used, reason = "clippy excuses tests, but not the functions they share")]

mod bad_input;
mod cli;
mod commands_page;
mod console;
mod docs;
mod life;
mod run;
mod serve;
mod terminal;
mod tidy;
