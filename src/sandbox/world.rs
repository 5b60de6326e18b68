//! All that a local Discord knows, behind one lock, and the plain ways to change it.

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;

use crate::sandbox::clock::Clock;
use crate::sandbox::error::{ApiError, refused};
use crate::sandbox::faults::Faults;
use crate::sandbox::gateway::Gateway;
use crate::sandbox::id::Snowflake;
use crate::sandbox::log::RequestLog;
use crate::sandbox::model::{Channel, ChannelKind, Command, Guild, Interaction, Member, Message, Role, User};
use crate::sandbox::permission::{self, Permissions};

/// The token of the bot, unless a test revokes it.
pub(crate) const TOKEN: &str = "MTAwMDAwMDAwMDAwMDAwMDAwMA.GLocal.sandbox-of-bandmaster-not-a-secret";

/// More messages than that, and the oldest are forgotten.
const MESSAGES: usize = 50_000;
/// More interactions than that, and the oldest are forgotten.
const INTERACTIONS: usize = 10_000;

/// Everything. Commands, guilds and people are as many as a test makes; the rest is bounded.
pub(crate) struct World {
    pub(crate) clock: Clock,
    /// Where the REST API can be reached: `http://127.0.0.1:PORT`.
    pub(crate) base: String,
    pub(crate) token: String,
    /// The bot: the application and its user have the same id.
    pub(crate) bot: Snowflake,
    pub(crate) users: BTreeMap<Snowflake, User>,
    pub(crate) guilds: BTreeMap<Snowflake, Guild>,
    pub(crate) channels: BTreeMap<Snowflake, Channel>,
    pub(crate) messages: BTreeMap<Snowflake, Message>,
    pub(crate) commands: Vec<Command>,
    pub(crate) interactions: BTreeMap<Snowflake, Interaction>,
    /// When the bot last said that it types, by channel.
    pub(crate) typing: BTreeMap<Snowflake, Timestamp>,
    /// When commands were created of late, by the guild that they are for.
    pub(crate) created_commands: VecDeque<(Option<Snowflake>, Timestamp)>,
    pub(crate) gateway: Gateway,
    pub(crate) faults: Faults,
    pub(crate) log: RequestLog,
    serial: u64,
}

impl World {
    /// A world with nobody in it but the bot.
    pub(crate) fn new(base: String) -> Self {
        let clock = Clock::start();
        // Accounts are older than what they do.
        let bot = Snowflake::from(1_000_000_000_000_000_000);
        let user = User { id: bot, name: "bandmaster".to_owned(), bot: true };
        Self {
            clock,
            base,
            token: TOKEN.to_owned(),
            bot,
            users: BTreeMap::from([(bot, user)]),
            guilds: BTreeMap::new(),
            channels: BTreeMap::new(),
            messages: BTreeMap::new(),
            commands: Vec::new(),
            interactions: BTreeMap::new(),
            typing: BTreeMap::new(),
            created_commands: VecDeque::new(),
            gateway: Gateway::default(),
            faults: Faults::default(),
            log: RequestLog::default(),
            serial: 0,
        }
    }

    /// An id that was never given before.
    pub(crate) fn new_id(&mut self) -> Snowflake {
        self.serial += 1;
        Snowflake::new(self.clock.now(), self.serial)
    }

    /// A person with an account and no guild yet.
    pub(crate) fn add_user(&mut self, name: &str, bot: bool) -> Snowflake {
        let id = self.new_id();
        self.users.insert(id, User { id, name: name.to_owned(), bot });
        id
    }

    /// A guild of `owner` with the bot in it, and no channel.
    pub(crate) fn add_guild(&mut self, name: &str, owner: Snowflake) -> Snowflake {
        let id = self.new_id();
        let bot_role = self.new_id();
        let role = |id, name: &str, permissions, position, managed| Role {
            id,
            name: name.to_owned(),
            permissions,
            position,
            managed,
        };
        let roles = vec![
            role(id, "@everyone", Permissions::EVERYONE, 0, false),
            role(bot_role, "bandmaster", Permissions::BOT, 1, true),
        ];
        let joined = self.clock.now();
        let members = BTreeMap::from([
            (owner, Member { user: owner, roles: Vec::new(), joined }),
            (self.bot, Member { user: self.bot, roles: vec![bot_role], joined }),
        ]);
        let guild = Guild { id, name: name.to_owned(), owner, roles, members, has_bot: true };
        self.guilds.insert(id, guild);
        id
    }

    /// A channel or category at the end of the list.
    pub(crate) fn add_channel(
        &mut self,
        guild: Snowflake,
        kind: ChannelKind,
        name: &str,
        parent: Option<Snowflake>,
    ) -> Snowflake {
        let id = self.new_id();
        let position = self.channels_of(guild).map(|channel| channel.position + 1).max().unwrap_or(0);
        let channel = Channel { position, parent, guild: Some(guild), ..Channel::bare(id, kind, name) };
        self.channels.insert(id, channel);
        id
    }

    /// Channels and categories of a guild, not its threads.
    pub(crate) fn channels_of(&self, guild: Snowflake) -> impl Iterator<Item = &Channel> {
        let own =
            move |channel: &&Channel| channel.guild == Some(guild) && channel.kind != ChannelKind::Thread;
        self.channels.values().filter(own)
    }

    /// The conversation between the bot and `user`, which begins now if there was none.
    pub(crate) fn direct_channel(&mut self, user: Snowflake) -> Snowflake {
        let between = |channel: &&Channel| channel.kind == ChannelKind::Direct && channel.owner == Some(user);
        if let Some(channel) = self.channels.values().find(between) {
            return channel.id;
        }
        let id = self.new_id();
        let channel = Channel { owner: Some(user), ..Channel::bare(id, ChannelKind::Direct, "") };
        self.channels.insert(id, channel);
        id
    }

    pub(crate) fn guild(&self, id: Snowflake) -> Result<&Guild, ApiError> {
        let guild = self.guilds.get(&id).ok_or_else(refused::UnknownGuild)?;
        // Discord does not say whether there is one.
        if guild.has_bot { Ok(guild) } else { Err(refused::UnknownGuild()) }
    }

    pub(crate) fn channel(&self, id: Snowflake) -> Result<&Channel, ApiError> {
        self.channels.get(&id).ok_or_else(refused::UnknownChannel)
    }

    pub(crate) fn channel_mut(&mut self, id: Snowflake) -> Result<&mut Channel, ApiError> {
        self.channels.get_mut(&id).ok_or_else(refused::UnknownChannel)
    }

    /// What `user` may do in a channel. A thread follows its channel.
    pub(crate) fn permissions(&self, user: Snowflake, channel: &Channel) -> Permissions {
        let Some(guild) = channel.guild.and_then(|id| self.guilds.get(&id)) else {
            let takes_part = channel.owner == Some(user) || user == self.bot;
            return if takes_part { Permissions::EVERYONE } else { Permissions::NONE };
        };
        let parent = channel.parent.and_then(|id| self.channels.get(&id));
        let ruled_by = match (channel.kind, parent) {
            (ChannelKind::Thread, Some(parent)) => parent,
            _ => channel,
        };
        permission::in_channel(guild, ruled_by, user)
    }

    /// Refuses unless the bot sees the channel and may do all of `needed` there.
    pub(crate) fn allow(&self, channel: &Channel, needed: Permissions) -> Result<(), ApiError> {
        let can = self.permissions(self.bot, channel);
        let out = channel.guild.is_some_and(|id| self.guild(id).is_err());
        if out || !can.contains(Permissions::VIEW_CHANNEL) {
            return Err(refused::MissingAccess());
        }
        if can.contains(needed) { Ok(()) } else { Err(refused::MissingPermissions()) }
    }

    /// Keeps a message, and forgets the oldest if there are too many.
    pub(crate) fn keep_message(&mut self, message: Message) {
        let is_first_sight = !self.messages.contains_key(&message.id);
        if let Some(channel) = self.channels.get_mut(&message.channel).filter(|_| is_first_sight) {
            channel.last_message = Some(message.id);
        }
        self.messages.insert(message.id, message);
        if self.messages.len() > MESSAGES {
            self.messages.pop_first();
        }
    }

    /// Keeps an interaction, and forgets the oldest if there are too many.
    pub(crate) fn keep_interaction(&mut self, interaction: Interaction) {
        self.interactions.insert(interaction.id, interaction);
        if self.interactions.len() > INTERACTIONS {
            self.interactions.pop_first();
        }
    }

    /// The name of somebody, for messages to people.
    pub(crate) fn name_of(&self, user: Snowflake) -> String {
        self.users.get(&user).map_or_else(|| user.to_string(), |user| user.name.clone())
    }
}

impl Channel {
    /// A channel with nothing but a name.
    pub(crate) fn bare(id: Snowflake, kind: ChannelKind, name: &str) -> Self {
        Self {
            id,
            kind,
            guild: None,
            parent: None,
            name: name.to_owned(),
            topic: None,
            position: 0,
            slow_mode: 0,
            thread: None,
            overwrites: Vec::new(),
            owner: None,
            last_message: None,
            last_pin: None,
        }
    }
}
