//! Runs a band of coding agents on people's git repositories, and keeps every decision in git.

pub mod domain;

pub mod store;

pub mod ledger;

pub mod engine;

pub mod gateway;

pub mod surface;

pub mod bench;

pub mod app;

pub mod config;
pub mod process;
pub mod sandbox;
pub mod telemetry;
