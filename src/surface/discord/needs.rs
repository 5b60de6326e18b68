//! What the bot has to be allowed on a server, and what for: the one list behind the invitation, the checks and the
//! page about Discord.

use std::fmt::Write;

/// One permission that the bot needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Need {
    /// What Discord calls it in the settings of a server.
    pub name: &'static str,
    /// The number of its bit.
    pub bit: u8,
    /// What does not work without it.
    pub reason: &'static str,
}

/// All of them. A permission that is not here is not asked for.
pub const NEEDS: [Need; 10] = [
    need("View Channels", 10, "to see the channels of projects"),
    need("Manage Channels", 4, "to make a channel for a project, and to keep its topic up to date"),
    need("Send Messages", 11, "to post boards and what happens"),
    need("Embed Links", 14, "to show answers as tables and fields"),
    need("Attach Files", 15, "to show pictures: burndown, velocity, the states"),
    need("Read Message History", 16, "to find its boards again"),
    // Since February 2026 Discord does not take Manage Messages for this any more.
    need("Pin Messages", 51, "to pin the board of a project"),
    need("Create Public Threads", 35, "to open a thread for each story of a sprint"),
    need("Send Messages in Threads", 38, "to tell there what happens to the story"),
    need("Manage Threads", 34, "to put a thread away when its story ends, also one that somebody has locked"),
];

const fn need(name: &'static str, bit: u8, reason: &'static str) -> Need {
    Need { name, bit, reason }
}

/// The bit that allows everything.
pub(super) const ADMINISTRATOR: u64 = 1 << 3;
/// The bit without which nothing in a channel can be done.
pub(super) const VIEW_CHANNEL: u64 = 1 << 10;

/// All needs as the number that Discord takes.
pub const fn bits() -> u64 {
    let (mut all, mut at) = (0, 0);
    // A constant function cannot iterate.
    while at < NEEDS.len() {
        all |= 1 << NEEDS[at].bit;
        at += 1;
    }
    all
}

/// The names of what is needed and not among `has`; empty if nothing is missing.
pub(super) fn missing(has: u64) -> Vec<&'static str> {
    let lacking = |need: &&Need| has & 1 << need.bit == 0;
    NEEDS.iter().filter(lacking).map(|need| need.name).collect()
}

/// The list as a Markdown table, for the page about Discord.
pub fn table() -> String {
    let mut text = String::from("| permission | what for |\n|---|---|\n");
    for Need { name, reason, .. } in NEEDS {
        // Writing to a text cannot fail.
        let _ = writeln!(text, "| {name} | {reason} |");
    }
    text
}

#[cfg(test)]
mod tests {
    use serenity::all::Permissions;

    use super::*;

    #[test]
    fn the_bits_are_those_of_discord() {
        /// Newer than the list of serenity. discord-api-docs, change log of 2025-11-24.
        const PIN_MESSAGES: u64 = 1 << 51;
        let expected = Permissions::VIEW_CHANNEL
            | Permissions::MANAGE_CHANNELS
            | Permissions::SEND_MESSAGES
            | Permissions::EMBED_LINKS
            | Permissions::ATTACH_FILES
            | Permissions::READ_MESSAGE_HISTORY
            | Permissions::CREATE_PUBLIC_THREADS
            | Permissions::SEND_MESSAGES_IN_THREADS
            | Permissions::MANAGE_THREADS;

        assert_eq!(bits(), expected.bits() | PIN_MESSAGES);
    }

    #[test]
    fn what_is_missing_is_named() {
        assert_eq!(missing(bits()), [""; 0]);
        assert_eq!(missing(bits() & !(1 << 51) & !(1 << 4)), ["Manage Channels", "Pin Messages"]);
    }
}
