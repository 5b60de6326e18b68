//! The gateway: sessions that hear of every change, and can take up where they were cut off.

mod socket;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::mpsc::Sender;

pub(crate) use crate::sandbox::gateway::socket::serve;
use crate::sandbox::id::Snowflake;
use crate::sandbox::model::{Channel, ChannelKind, Message};
use crate::sandbox::permission::Permissions;
use crate::sandbox::world::World;

/// Events that a session may have missed. Whoever misses more starts anew.
const REPLAYED: usize = 1_000;
/// Sessions that can be resumed. More, and the oldest cannot.
const SESSIONS: usize = 16;
/// Frames that wait for a slow client. With more, it is cut off.
pub(crate) const FRAMES: usize = 4_096;

/// What a client has to ask for to hear of something. Interactions need none.
pub(crate) mod intent {
    pub(crate) const NONE: u64 = 0;
    pub(crate) const GUILDS: u64 = 1;
    pub(crate) const GUILD_MEMBERS: u64 = 1 << 1;
    pub(crate) const GUILD_PRESENCES: u64 = 1 << 8;
    pub(crate) const GUILD_MESSAGES: u64 = 1 << 9;
    pub(crate) const DIRECT_MESSAGES: u64 = 1 << 12;
    pub(crate) const MESSAGE_CONTENT: u64 = 1 << 15;
    /// Those that an application has to be granted. This one is not.
    pub(crate) const PRIVILEGED: u64 = GUILD_MEMBERS | GUILD_PRESENCES | MESSAGE_CONTENT;
    /// All that Discord knows of.
    pub(crate) const KNOWN: u64 = 0x0331_ffff;
}

/// What is sent over a socket.
#[derive(Debug)]
pub(crate) enum Frame {
    Text(String),
    /// A close frame with this code.
    Close(u16),
    /// The connection ends without a word.
    Cut,
}

/// All sessions, and how the gateway is to misbehave.
#[derive(Debug)]
pub(crate) struct Gateway {
    sessions: BTreeMap<String, Session>,
    made: u64,
    /// How often a client has identified, and resumed.
    pub(crate) identified: u32,
    pub(crate) resumed: u32,
    pub(crate) heartbeats: u32,
    pub(crate) refuses_resumes: bool,
    pub(crate) ignores_heartbeats: bool,
    pub(crate) heartbeat_interval: Duration,
}

impl Default for Gateway {
    fn default() -> Self {
        Self {
            sessions: BTreeMap::new(),
            made: 0,
            identified: 0,
            resumed: 0,
            heartbeats: 0,
            refuses_resumes: false,
            ignores_heartbeats: false,
            heartbeat_interval: Duration::from_millis(41_250),
        }
    }
}

#[derive(Debug)]
struct Session {
    sequence: u64,
    replay: VecDeque<(u64, String)>,
    intents: u64,
    /// The socket that listens now.
    link: Option<Sender<Frame>>,
}

impl Session {
    fn dispatch(&mut self, name: &str, data: &Value) {
        self.sequence += 1;
        let text = json!({ "op": 0, "s": self.sequence, "t": name, "d": data }).to_string();
        self.replay.push_back((self.sequence, text.clone()));
        if self.replay.len() > REPLAYED {
            self.replay.pop_front();
        }
        self.send(Frame::Text(text));
    }

    fn send(&mut self, frame: Frame) {
        if self.link.as_ref().is_some_and(|link| link.try_send(frame).is_err()) {
            // Gone, or too slow: what it missed it gets when it resumes.
            self.link = None;
        }
    }
}

impl Gateway {
    /// Tells every session that asked for it. `data` is made for those with and without what people wrote.
    fn dispatch(&mut self, name: &str, intents: u64, data: impl Fn(u64) -> Value) {
        for session in self.sessions.values_mut() {
            if intents == intent::NONE || session.intents & intents != 0 {
                let data = data(session.intents);
                session.dispatch(name, &data);
            }
        }
    }

    /// Sends the same frame to all that are connected.
    pub(crate) fn tell_all(&mut self, frame: impl Fn() -> Frame) {
        for session in self.sessions.values_mut() {
            session.send(frame());
        }
    }

    /// Whether somebody listens.
    pub(crate) fn is_connected(&self) -> bool {
        self.sessions.values().any(|session| session.link.as_ref().is_some_and(|link| !link.is_closed()))
    }

    /// Makes every session unknown.
    pub(crate) fn forget_sessions(&mut self) {
        self.sessions.clear();
    }

    fn open(&mut self, intents: u64, link: Sender<Frame>) -> String {
        self.made += 1;
        self.identified += 1;
        let id = format!("{:032x}", self.made);
        let session = Session { sequence: 0, replay: VecDeque::new(), intents, link: Some(link) };
        self.sessions.insert(id.clone(), session);
        if self.sessions.len() > SESSIONS {
            self.sessions.pop_first();
        }
        id
    }

    /// Replays what came after `sequence`. Gives the link back if that is not possible.
    fn resume(&mut self, id: &str, sequence: u64, link: Sender<Frame>) -> Result<(), Sender<Frame>> {
        let refused = self.refuses_resumes;
        let Some(session) = self.sessions.get_mut(id).filter(|_| !refused) else { return Err(link) };
        let reaches_back = session.replay.front().is_none_or(|(first, _)| *first <= sequence + 1);
        if sequence > session.sequence || !reaches_back {
            return Err(link);
        }
        session.link = Some(link);
        let missed: Vec<_> = session.replay.iter().filter(|(at, _)| *at > sequence).cloned().collect();
        for (_, text) in missed {
            session.send(Frame::Text(text));
        }
        session.dispatch("RESUMED", &json!({}));
        self.resumed += 1;
        Ok(())
    }
}

impl World {
    /// Opens a session and tells it what there is.
    fn identify(&mut self, intents: u64, link: Sender<Frame>) {
        let id = self.gateway.open(intents, link);
        let guilds: Vec<_> = self.guilds.values().filter(|guild| guild.has_bot).collect();
        let mut user = self.user_json(self.bot);
        for (key, value) in [("verified", json!(true)), ("mfa_enabled", json!(false)), ("email", Value::Null)]
        {
            user[key] = value;
        }
        let unavailable = guilds.iter().map(|guild| json!({ "id": guild.id, "unavailable": true }));
        let ready = json!({
            "v": 10,
            "user": user,
            "user_settings": {},
            "guilds": unavailable.collect::<Value>(),
            "private_channels": [],
            "relationships": [],
            "presences": [],
            "session_id": id,
            "session_type": "normal",
            "resume_gateway_url": self.gateway_url(),
            "shard": [0, 1],
            "application": { "id": self.bot, "flags": 0 },
            "_trace": ["sandbox"],
        });
        let created: Vec<_> = guilds.iter().map(|guild| self.guild_create_json(guild)).collect();
        if let Some(session) = self.gateway.sessions.get_mut(&id) {
            session.dispatch("READY", &ready);
            for guild in created.iter().filter(|_| intents & intent::GUILDS != 0) {
                session.dispatch("GUILD_CREATE", guild);
            }
        }
    }

    /// Where clients connect.
    pub(crate) fn gateway_url(&self) -> String {
        self.base.replacen("http", "ws", 1)
    }

    /// Tells everyone who asked for `intents`.
    pub(crate) fn emit(&mut self, name: &str, intents: u64, data: &Value) {
        self.gateway.dispatch(name, intents, |_| data.clone());
    }

    /// Tells what happened to a channel or thread of a guild with the bot in it.
    pub(crate) fn emit_channel(&mut self, happened: &str, channel: &Channel) {
        let is_thread = channel.kind == ChannelKind::Thread;
        let name = format!("{}_{happened}", if is_thread { "THREAD" } else { "CHANNEL" });
        if channel.guild.is_some_and(|id| self.guild(id).is_err()) {
            return;
        }
        let mut json = self.channel_json(channel);
        if is_thread && happened == "CREATE" {
            json["newly_created"] = json!(true);
        }
        if is_thread && happened == "DELETE" {
            json = json!({
                "id": channel.id,
                "guild_id": channel.guild,
                "parent_id": channel.parent,
                "type": channel.kind.number(),
            });
        }
        self.emit(&name, intent::GUILDS, &json);
    }

    /// Tells that a message was written or edited, if the bot sees the channel.
    pub(crate) fn emit_message(&mut self, name: &str, message: &Message) {
        let Some(channel) = self.channels.get(&message.channel) else { return };
        if self.allow(channel, Permissions::NONE).is_err() {
            return;
        }
        let mut json = self.message_json(message);
        let guild = channel.guild.and_then(|id| self.guilds.get(&id));
        if let Some(guild) = guild {
            json["guild_id"] = json!(guild.id);
            if let Some(member) = guild.members.get(&message.author) {
                json["member"] = Self::bare_member_json(member);
            }
        }
        let told = if guild.is_some() { intent::GUILD_MESSAGES } else { intent::DIRECT_MESSAGES };
        let is_open =
            guild.is_none() || message.author == self.bot || message.pings.contains(&self.bot.to_string());
        self.gateway.dispatch(name, told, |intents| {
            let mut json = json.clone();
            if !is_open && intents & intent::MESSAGE_CONTENT == 0 {
                hide_content(&mut json);
            }
            json
        });
    }
}

/// What an application sees of a message that is not for it.
pub(crate) fn hide_content(message: &mut Value) {
    message["content"] = json!("");
    for field in ["embeds", "components", "attachments"] {
        message[field] = json!([]);
    }
}

/// Where an event belongs that says little: a deleted message.
pub(crate) fn deleted(id: Snowflake, channel: &Channel) -> (u64, Value) {
    let mut data = json!({ "id": id, "channel_id": channel.id });
    match channel.guild {
        Some(guild) => {
            data["guild_id"] = json!(guild);
            (intent::GUILD_MESSAGES, data)
        }
        None => (intent::DIRECT_MESSAGES, data),
    }
}
