//! Somebody who uses Discord: types commands, clicks, chooses, submits, and sees what there is to see.

mod components;
mod interaction;
mod options;
mod seen;

use serde_json::{Value, json};

use crate::sandbox::discord::Discord;
use crate::sandbox::error::{ApiError, SandboxError};
use crate::sandbox::id::Snowflake;
use crate::sandbox::model::{Channel, ChannelKind, Message};
use crate::sandbox::permission::Permissions;
pub use crate::sandbox::person::components::{Button, Modal, Select};
use crate::sandbox::person::interaction::Asking;
pub use crate::sandbox::person::seen::{Asked, Outcome, Seen};
use crate::sandbox::rest;
use crate::sandbox::world::World;

/// Somebody with an account, in one of the guilds that they are in.
#[derive(Clone)]
pub struct Person {
    discord: Discord,
    user: Snowflake,
    guild: Snowflake,
}

impl Person {
    pub(crate) fn new(discord: Discord, user: Snowflake, guild: Snowflake) -> Self {
        Self { discord, user, guild }
    }

    /// The id of the account.
    pub fn id(&self) -> Snowflake {
        self.user
    }

    /// The name of the account.
    pub fn name(&self) -> String {
        self.discord.shared().look(|world| world.name_of(self.user))
    }

    /// The same person, looking at another guild.
    #[must_use]
    pub fn in_guild(&self, guild: Snowflake) -> Self {
        Self { guild, ..self.clone() }
    }

    /// A channel or thread that the person sees, by name or id; `@bandmaster` is the conversation with the bot.
    fn channel(&self, world: &mut World, name: &str) -> Result<Channel, SandboxError> {
        if name.starts_with('@') {
            let id = world.direct_channel(self.user);
            return self.channel(world, &id.to_string());
        }
        let name = name.trim_start_matches('#');
        let meant =
            |one: &&Channel| one.id.to_string() == name || one.guild == Some(self.guild) && one.name == name;
        let sees = |one: &&Channel| world.permissions(self.user, one).contains(Permissions::VIEW_CHANNEL);
        let writable = |one: &&Channel| one.kind != ChannelKind::Category;
        let found = world.channels.values().filter(writable).filter(meant).find(sees);
        found.cloned().ok_or_else(|| SandboxError::NoSuchChannel(name.to_owned(), world.name_of(self.user)))
    }

    /// A message that the person sees, as it stands now.
    fn message(&self, world: &World, id: Snowflake) -> Result<Message, SandboxError> {
        let sees = |one: &&Message| one.only_for.is_none_or(|user| user == self.user);
        let found = world.messages.get(&id).filter(sees);
        found.cloned().ok_or_else(|| SandboxError::NoSuchMessage(id, world.name_of(self.user)))
    }
}

/// Asking the bot for something, and waiting for what it says.
impl Person {
    /// Types a command and waits for the answer. `options` is an object: `json!({ "points": 5 })`.
    ///
    /// # Errors
    ///
    /// Fails if a client could not send that, or if the answer takes more than ten seconds.
    pub async fn slash(&self, channel: &str, command: &str, options: Value) -> Result<Seen, SandboxError> {
        self.ask_slash(channel, command, &options)?.answered().await
    }

    /// Types a command, and waits for nothing.
    ///
    /// # Errors
    ///
    /// Fails if a client could not send that: no such channel, command or option.
    pub fn ask_slash(&self, channel: &str, command: &str, options: &Value) -> Result<Asked, SandboxError> {
        self.discord.shared().change(|world| {
            let channel = self.channel(world, channel)?;
            let data = options::command(world, self.user, &channel, command, options)?;
            Ok(self.ask(world, &Asking { kind: 2, channel: &channel, data, source: None, after: None }))
        })
    }

    /// Types into the option `focused` of a command, and waits for what is offered: names and values.
    ///
    /// # Errors
    ///
    /// Fails if the option offers nothing while one types, or if the offer takes more than ten seconds.
    pub async fn autocomplete(
        &self,
        channel: &str,
        command: &str,
        options: Value,
        focused: &str,
    ) -> Result<Vec<(String, Value)>, SandboxError> {
        Ok(self.ask_typing(channel, command, &options, focused)?.answered().await?.choices)
    }

    /// Types into the option `focused` of a command, and waits for nothing.
    ///
    /// # Errors
    ///
    /// Fails if the option offers nothing while one types.
    pub fn ask_typing(
        &self,
        channel: &str,
        command: &str,
        options: &Value,
        focused: &str,
    ) -> Result<Asked, SandboxError> {
        self.discord.shared().change(|world| {
            let channel = self.channel(world, channel)?;
            let data = options::autocomplete(world, self.user, &channel, command, options, focused)?;
            Ok(self.ask(world, &Asking { kind: 4, channel: &channel, data, source: None, after: None }))
        })
    }

    /// Clicks a button, named by its label or its custom id, and waits for what follows.
    ///
    /// # Errors
    ///
    /// Fails if there is no such button or it is disabled, or if nothing follows within ten seconds.
    pub async fn click(&self, message: &Message, button: &str) -> Result<Seen, SandboxError> {
        self.ask_click(message, button)?.answered().await
    }

    /// Clicks what has this custom id, whether or not the message shows such a button: as on a message of long ago.
    ///
    /// # Errors
    ///
    /// Fails if there is no such message, or if nothing follows within ten seconds.
    pub async fn press(&self, message: &Message, custom_id: &str) -> Result<Seen, SandboxError> {
        let now = self.discord.shared().look(|world| self.message(world, message.id))?;
        self.use_component(&now, json!({ "component_type": 2, "custom_id": custom_id }))?.answered().await
    }

    /// Clicks a button, and waits for nothing.
    ///
    /// # Errors
    ///
    /// Fails if there is no such button or it is disabled.
    pub fn ask_click(&self, message: &Message, button: &str) -> Result<Asked, SandboxError> {
        let now = self.discord.shared().look(|world| self.message(world, message.id))?;
        let button = components::button(&now, button)?;
        self.use_component(&now, json!({ "component_type": 2, "custom_id": button.custom_id }))
    }

    /// Chooses values of a select, each named by its label or value, and waits for what follows.
    ///
    /// # Errors
    ///
    /// Fails if there is no such select or value, or if nothing follows within ten seconds.
    pub async fn choose(
        &self,
        message: &Message,
        select: &str,
        values: &[&str],
    ) -> Result<Seen, SandboxError> {
        self.ask_choose(message, select, values)?.answered().await
    }

    /// Chooses values of a select, and waits for nothing.
    ///
    /// # Errors
    ///
    /// Fails if there is no such select or value.
    pub fn ask_choose(
        &self,
        message: &Message,
        select: &str,
        values: &[&str],
    ) -> Result<Asked, SandboxError> {
        let now = self.discord.shared().look(|world| self.message(world, message.id))?;
        let (select, values) = components::choice(&now, select, values)?;
        let data = json!({ "component_type": 3, "custom_id": select.custom_id, "values": values });
        self.use_component(&now, data)
    }

    fn use_component(&self, message: &Message, data: Value) -> Result<Asked, SandboxError> {
        self.discord.shared().change(|world| {
            let channel = self.channel(world, &message.channel.to_string())?;
            let asking = Asking { kind: 3, channel: &channel, data, source: Some(message), after: None };
            Ok(self.ask(world, &asking))
        })
    }

    /// Fills a modal in and sends it. `values` is an object whose keys are labels or custom ids of inputs.
    ///
    /// # Errors
    ///
    /// Fails if an input does not take its value, or if nothing follows within ten seconds.
    pub async fn submit(&self, modal: &Modal, values: Value) -> Result<Seen, SandboxError> {
        self.ask_submit(modal, &values)?.answered().await
    }

    /// Fills a modal in and sends it, and waits for nothing.
    ///
    /// # Errors
    ///
    /// Fails if an input does not take its value.
    pub fn ask_submit(&self, modal: &Modal, values: &Value) -> Result<Asked, SandboxError> {
        let data = components::submission(modal, values)?;
        self.discord.shared().change(|world| {
            let opened = world.interactions.get(&modal.opened_by).cloned();
            let place = opened.as_ref().map_or(modal.opened_by, |one| one.channel).to_string();
            let channel = self.channel(world, &place)?;
            let source = opened.as_ref().and_then(|one| one.source);
            let source = source.and_then(|id| world.messages.get(&id)).cloned();
            let after = opened.map(|one| one.metadata);
            let asking = Asking { kind: 5, channel: &channel, data, source: source.as_ref(), after };
            Ok(self.ask(world, &asking))
        })
    }
}

/// What people do without the bot.
impl Person {
    /// Writes a message.
    ///
    /// # Errors
    ///
    /// Fails if the person sees no such channel.
    pub fn write(&self, channel: &str, text: &str) -> Result<Message, SandboxError> {
        self.discord.shared().change(|world| {
            let channel = self.channel(world, channel)?;
            let mut message = world.blank_message(channel.id, self.user);
            let filled = world.fill(&mut message, &json!({ "content": text }), &[]);
            filled.map_err(|error| SandboxError::Unexpected(error.json().to_string()))?;
            world.keep_message(message.clone());
            world.emit_message("MESSAGE_CREATE", &message);
            Ok(message)
        })
    }

    /// Takes a message away, one's own or another's.
    ///
    /// # Errors
    ///
    /// Fails if it is gone already.
    pub fn delete_message(&self, message: &Message) -> Result<(), SandboxError> {
        let gone = |_| SandboxError::NoSuchMessage(message.id, self.name());
        self.discord.shared().change(|world| world.remove_message(message.id)).map_err(gone)
    }

    /// Gives a channel or thread another name.
    ///
    /// # Errors
    ///
    /// Fails if the person sees no such channel.
    pub fn rename_channel(&self, channel: &str, name: &str) -> Result<(), SandboxError> {
        self.change_channel(channel, |channel| channel.name = rest::named(name, channel.kind))
    }

    /// Puts a thread out of sight, locked so that only moderators can take it back if so wished.
    ///
    /// # Errors
    ///
    /// Fails if the person sees no such thread.
    pub fn archive_thread(&self, thread: &str, locked: bool) -> Result<(), SandboxError> {
        self.change_channel(thread, |channel| {
            if let Some(thread) = &mut channel.thread {
                (thread.archived, thread.locked) = (true, locked);
            }
        })
    }

    fn change_channel(&self, name: &str, change: impl FnOnce(&mut Channel)) -> Result<(), SandboxError> {
        self.discord.shared().change(|world| {
            let found = self.channel(world, name)?;
            let changed = world.update_channel(found.id, change);
            changed.map_err(|_| SandboxError::NoSuchChannel(name.to_owned(), world.name_of(self.user)))
        })
    }

    /// Takes a channel or thread away, with all that is in it.
    ///
    /// # Errors
    ///
    /// Fails if the person sees no such channel.
    pub fn delete_channel(&self, channel: &str) -> Result<(), SandboxError> {
        self.discord.shared().change(|world| {
            let found = self.channel(world, channel)?;
            let removed = world.remove_channel(found.id);
            removed
                .map(|_| ())
                .map_err(|_| SandboxError::NoSuchChannel(channel.to_owned(), self.user.to_string()))
        })
    }

    /// Starts a thread of a channel, from a message or by itself.
    ///
    /// # Errors
    ///
    /// Fails if the person sees no such channel, or if the message has a thread already.
    pub fn start_thread(
        &self,
        channel: &str,
        from: Option<&Message>,
        name: &str,
    ) -> Result<Channel, SandboxError> {
        self.discord.shared().change(|world| {
            let parent = self.channel(world, channel)?;
            let from = from.map(|message| message.id);
            let started = world.start_thread(parent.id, from, self.user, name, 4_320);
            let refused = |error: ApiError| SandboxError::Unexpected(error.json().to_string());
            let id = started.map_err(refused)?;
            self.channel(world, &id.to_string())
        })
    }

    /// The messages of a channel that this person sees, oldest first.
    ///
    /// # Errors
    ///
    /// Fails if the person sees no such channel.
    pub fn messages(&self, channel: &str) -> Result<Vec<Message>, SandboxError> {
        self.discord.shared().change(|world| {
            let channel = self.channel(world, channel)?.id;
            let sees =
                |one: &&Message| one.channel == channel && one.only_for.is_none_or(|user| user == self.user);
            Ok(world.messages.values().filter(sees).cloned().collect())
        })
    }
}
