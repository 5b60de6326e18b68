//! A short text that stands for a whole set of commands, to see whether the set has changed.

use std::fmt::Write;

use serenity::all::CreateCommand;
use sha1::{Digest, Sha1};

/// Forty digits that are the same exactly as long as Discord would be told the same. Discord allows 200 creations a
/// day in a guild, so a set is registered only when this differs from the one that was registered last.
pub fn fingerprint(commands: &[CreateCommand]) -> String {
    // What cannot be told to Discord differs from everything that can.
    let told = serde_json::to_vec(commands).unwrap_or_default();
    let mut digits = String::with_capacity(40);
    for byte in Sha1::digest(told) {
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}
