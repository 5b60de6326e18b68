//! The one integration binary: a file per behaviour.
#![expect(clippy::unwrap_used, reason = "clippy excuses tests, but not the functions they share")]

mod again;
mod bad_input;
mod cli;
mod commands_page;
mod console;
mod crash;
mod discord;
mod discord_approvals;
mod discord_boards;
mod discord_channels;
mod discord_cli;
mod discord_commands;
mod discord_people;
mod discord_places;
mod discord_resolve;
mod discord_threads;
mod discord_trouble;
mod disk;
mod docs;
mod isolation;
mod life;
mod local_discord;
mod person;
mod run;
mod serve;
mod stopping;
mod support;
mod terminal;
mod tidy;
