//! Changes that a bot and a person make alike, and what the gateway tells about them.

use serde_json::json;

use crate::sandbox::error::{ApiError, refused};
use crate::sandbox::gateway::{deleted, intent};
use crate::sandbox::id::Snowflake;
use crate::sandbox::model::{Channel, ChannelKind, HAS_THREAD, Message, ThreadState};
use crate::sandbox::world::World;

impl World {
    /// Takes a message away for good.
    pub(crate) fn remove_message(&mut self, id: Snowflake) -> Result<(), ApiError> {
        let message = self.messages.remove(&id).ok_or_else(refused::UnknownMessage)?;
        if let Some(channel) = self.channels.get(&message.channel) {
            let (intents, data) = deleted(id, channel);
            self.emit("MESSAGE_DELETE", intents, &data);
        }
        Ok(())
    }

    /// Takes a channel away, with its threads and messages. What stood under a category stands free then.
    pub(crate) fn remove_channel(&mut self, id: Snowflake) -> Result<Channel, ApiError> {
        let channel = self.channels.remove(&id).ok_or_else(refused::UnknownChannel)?;
        let below: Vec<_> =
            self.channels.values().filter(|one| one.parent == Some(id)).map(|one| one.id).collect();
        for child in below {
            if channel.kind != ChannelKind::Category {
                self.channels.remove(&child);
                self.messages.retain(|_, message| message.channel != child);
            } else if let Some(one) = self.channels.get_mut(&child) {
                one.parent = None;
                let one = one.clone();
                self.emit_channel("UPDATE", &one);
            }
        }
        self.messages.retain(|_, message| message.channel != id);
        self.emit_channel("DELETE", &channel);
        Ok(channel)
    }

    /// Changes a channel and tells of it.
    pub(crate) fn update_channel(
        &mut self,
        id: Snowflake,
        change: impl FnOnce(&mut Channel),
    ) -> Result<(), ApiError> {
        let channel = self.channel_mut(id)?;
        change(channel);
        let channel = channel.clone();
        self.emit_channel("UPDATE", &channel);
        Ok(())
    }

    /// Puts a thread out of sight, or back.
    pub(crate) fn archive(&mut self, id: Snowflake, archived: bool) -> Result<(), ApiError> {
        let now = self.clock.now();
        self.update_channel(id, |channel| {
            if let Some(thread) = &mut channel.thread {
                thread.archived = archived;
                thread.archived_or_back = now;
            }
        })
    }

    /// Starts a public thread, from a message or by itself.
    pub(crate) fn start_thread(
        &mut self,
        parent: Snowflake,
        from: Option<Snowflake>,
        by: Snowflake,
        name: &str,
        archive_after: u64,
    ) -> Result<Snowflake, ApiError> {
        let guild = self.channel(parent)?.guild;
        // A thread has the id of the message that it hangs on.
        let id = from.unwrap_or_else(|| self.new_id());
        if self.channels.contains_key(&id) {
            return Err(refused::ThreadExists());
        }
        let now = self.clock.now();
        let thread = ThreadState {
            archived: false,
            locked: false,
            archive_after,
            archived_or_back: now,
            created: now,
        };
        let channel = Channel {
            guild,
            parent: Some(parent),
            owner: Some(by),
            thread: Some(thread),
            ..Channel::bare(id, ChannelKind::Thread, name)
        };
        self.channels.insert(id, channel.clone());
        self.emit_channel("CREATE", &channel);
        let mut notice = self.blank_message(if from.is_some() { id } else { parent }, by);
        match from {
            Some(message) => {
                notice.kind = 21;
                notice.reference = Some(json!({ "type": 0, "message_id": message, "channel_id": parent }));
                self.mark_thread(message);
            }
            None => {
                notice.kind = 18;
                name.clone_into(&mut notice.content);
                notice.reference = Some(json!({ "type": 0, "channel_id": id, "guild_id": guild }));
            }
        }
        self.keep_message(notice.clone());
        self.emit_message("MESSAGE_CREATE", &notice);
        Ok(id)
    }

    fn mark_thread(&mut self, message: Snowflake) {
        if let Some(message) = self.messages.get_mut(&message) {
            message.flags |= HAS_THREAD;
            let message: Message = message.clone();
            self.emit_message("MESSAGE_UPDATE", &message);
        }
    }

    /// Tells the bot that a guild is there, or no longer.
    pub(crate) fn set_bot_in_guild(&mut self, id: Snowflake, is_in: bool) {
        let Some(guild) = self.guilds.get_mut(&id) else { return };
        guild.has_bot = is_in;
        if is_in {
            let guild = guild.clone();
            let json = self.guild_create_json(&guild);
            self.emit("GUILD_CREATE", intent::GUILDS, &json);
        } else {
            self.emit("GUILD_DELETE", intent::GUILDS, &json!({ "id": id }));
        }
    }
}
