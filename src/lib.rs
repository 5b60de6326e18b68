//! Runs a band of coding agents on people's git repositories, and keeps every decision in git.

pub mod domain;

#[allow(dead_code, unused_imports, reason = "its callers are written next")]
mod store;

pub mod config;
pub mod process;
pub mod telemetry;
