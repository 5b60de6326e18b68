//! What a Discord consists of: people, guilds, roles, channels, messages.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use crate::sandbox::id::Snowflake;
use crate::sandbox::permission::{Overwrite, Permissions};

/// Somebody with an account, people and bots alike.
#[derive(Clone, Debug)]
pub(crate) struct User {
    pub(crate) id: Snowflake,
    pub(crate) name: String,
    pub(crate) bot: bool,
}

/// A role of a guild. The one with the id of the guild is everybody's.
#[derive(Clone, Debug)]
pub(crate) struct Role {
    pub(crate) id: Snowflake,
    pub(crate) name: String,
    pub(crate) permissions: Permissions,
    pub(crate) position: usize,
    /// Whether it belongs to the bot.
    pub(crate) managed: bool,
}

/// Somebody's place in a guild.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) user: Snowflake,
    pub(crate) roles: Vec<Snowflake>,
    pub(crate) joined: Timestamp,
}

/// What people call a server.
#[derive(Clone, Debug)]
pub(crate) struct Guild {
    pub(crate) id: Snowflake,
    pub(crate) name: String,
    pub(crate) owner: Snowflake,
    pub(crate) roles: Vec<Role>,
    pub(crate) members: BTreeMap<Snowflake, Member>,
    /// Whether the bot is a member of it.
    pub(crate) has_bot: bool,
}

/// The kinds of channels that there are here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChannelKind {
    /// Where people write.
    Text,
    /// Between a person and the bot alone.
    Direct,
    /// A heading over channels.
    Category,
    /// A public thread of a text channel.
    Thread,
}

impl ChannelKind {
    /// Discord's number for it.
    pub(crate) fn number(self) -> u8 {
        match self {
            Self::Text => 0,
            Self::Direct => 1,
            Self::Category => 4,
            Self::Thread => 11,
        }
    }
}

/// A channel, a category or a thread.
#[derive(Clone, Debug)]
pub struct Channel {
    /// Its id.
    pub id: Snowflake,
    /// What it is.
    pub kind: ChannelKind,
    /// The guild; none for a conversation between two.
    pub guild: Option<Snowflake>,
    /// The category of a channel, the channel of a thread.
    pub parent: Option<Snowflake>,
    /// Its name, without the `#`.
    pub name: String,
    /// What people read beside the name.
    pub topic: Option<String>,
    /// Its place in the list.
    pub position: i64,
    /// Seconds that people have to leave between two messages.
    pub slow_mode: u64,
    /// What threads have besides.
    pub thread: Option<ThreadState>,
    pub(crate) overwrites: Vec<Overwrite>,
    pub(crate) owner: Option<Snowflake>,
    pub(crate) last_message: Option<Snowflake>,
    pub(crate) last_pin: Option<Timestamp>,
}

/// What threads have besides what channels have.
#[derive(Clone, Debug)]
pub struct ThreadState {
    /// Whether it is out of sight. Writing into it takes it back, unless it is locked.
    pub archived: bool,
    /// Whether only moderators can take it out of the archive.
    pub locked: bool,
    /// Minutes of silence after which it is archived.
    pub archive_after: u64,
    pub(crate) archived_or_back: Timestamp,
    pub(crate) created: Timestamp,
}

/// A file on a message.
#[derive(Clone, Debug)]
pub struct Attachment {
    /// Its id.
    pub id: Snowflake,
    /// The name of the file.
    pub name: String,
    /// What it shows, in words.
    pub description: Option<String>,
    /// Its media type, as the sender named it.
    pub content_type: Option<String>,
    /// What is in it.
    pub bytes: Vec<u8>,
    /// Where it can be fetched.
    pub url: String,
}

/// A message, as it stands now.
#[derive(Clone, Debug)]
pub struct Message {
    /// Its id.
    pub id: Snowflake,
    /// Where it stands.
    pub channel: Snowflake,
    /// Who wrote it.
    pub author: Snowflake,
    /// Its text.
    pub content: String,
    /// Its embeds, as Discord gives them back.
    pub embeds: Vec<Value>,
    /// Its rows of buttons and selects, as Discord gives them back.
    pub components: Vec<Value>,
    /// Its files.
    pub attachments: Vec<Attachment>,
    /// Discord's number for its kind: 0 for what somebody wrote, 20 for the answer to a command, 6 for "pinned a message".
    pub kind: u8,
    /// Whether it is pinned.
    pub pinned: bool,
    /// How often it was edited.
    pub edits: u32,
    /// When it was written.
    pub written: Timestamp,
    /// When it was edited last.
    pub edited: Option<Timestamp>,
    /// Whether it still says that the application is thinking.
    pub thinking: bool,
    /// The only person who sees it.
    pub only_for: Option<Snowflake>,
    /// Whom it would have told: ids of people and roles, and whether everybody.
    pub pings: Vec<String>,
    pub(crate) flags: u64,
    pub(crate) nonce: Option<Value>,
    pub(crate) reference: Option<Value>,
    pub(crate) interaction: Option<Value>,
    pub(crate) webhook: bool,
}

impl Message {
    /// Whether there is nothing in it that could be seen.
    pub(crate) fn is_empty(&self) -> bool {
        self.content.is_empty()
            && self.embeds.is_empty()
            && self.components.is_empty()
            && self.attachments.is_empty()
    }
}

/// The bit of messages whose links are not shown in full.
pub(crate) const SUPPRESS_EMBEDS: u64 = 1 << 2;
/// The bit of messages that only one person sees.
pub(crate) const EPHEMERAL: u64 = 1 << 6;
/// The bit of messages that say that the application is thinking.
pub(crate) const LOADING: u64 = 1 << 7;
/// The bit of messages that have a thread.
pub(crate) const HAS_THREAD: u64 = 1 << 5;
/// The bit of messages that ring nobody.
pub(crate) const SILENT: u64 = 1 << 12;
/// The bit of messages made of the newer components.
pub(crate) const COMPONENTS_V2: u64 = 1 << 15;

/// A command as an application registered it.
#[derive(Clone, Debug)]
pub(crate) struct Command {
    pub(crate) id: Snowflake,
    /// None for a command of all guilds.
    pub(crate) guild: Option<Snowflake>,
    pub(crate) name: String,
    pub(crate) version: Snowflake,
    /// What was sent, which is also what is given back.
    pub(crate) body: Value,
}

/// One person having asked the application for something.
#[derive(Clone, Debug)]
pub(crate) struct Interaction {
    pub(crate) id: Snowflake,
    pub(crate) token: String,
    /// 2 a command, 3 a component, 4 autocomplete, 5 a modal.
    pub(crate) kind: u8,
    pub(crate) user: Snowflake,
    pub(crate) channel: Snowflake,
    pub(crate) created: Timestamp,
    /// The message whose component was used.
    pub(crate) source: Option<Snowflake>,
    /// The type of the callback, once there was one.
    pub(crate) callback: Option<u8>,
    /// The message that `@original` means.
    pub(crate) original: Option<Snowflake>,
    pub(crate) follow_ups: Vec<Snowflake>,
    /// How often a message was written or edited with the token.
    pub(crate) answers: u32,
    pub(crate) modal: Option<Value>,
    pub(crate) choices: Option<Vec<Value>>,
    /// What messages that answer it say about it.
    pub(crate) metadata: Value,
}
