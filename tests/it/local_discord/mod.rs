//! The local Discord: that it takes what Discord takes, refuses what Discord refuses, and tells what Discord tells.

mod client;
mod decoding;
mod faults;
mod framework;
mod gateway;
mod interactions;
mod limits;
mod permissions;
