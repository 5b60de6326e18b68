//! The surface for Discord: messages out, commands and clicks in.

pub mod look;
