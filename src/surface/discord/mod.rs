//! The surface for Discord: messages out, commands and clicks in.

pub mod look;
//! Discord: commands come in as interactions, answers go out as messages.

pub mod menu;
