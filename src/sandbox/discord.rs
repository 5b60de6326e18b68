//! What a test or a newcomer holds of a local Discord: to furnish it, to read it, to wait, and to make it misbehave.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::sandbox::error::SandboxError;
use crate::sandbox::faults::Fault;
use crate::sandbox::gateway::{Frame, intent};
use crate::sandbox::id::Snowflake;
use crate::sandbox::json;
use crate::sandbox::log::Logged;
use crate::sandbox::model::{Channel, ChannelKind, Member, Message, Role};
use crate::sandbox::permission::Permissions;
use crate::sandbox::person::Person;
use crate::sandbox::server::{self, Shared};
use crate::sandbox::world::World;

/// How long anything is waited for, in real time.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);
/// How often the clock is looked at while nothing happens.
const TICK: Duration = Duration::from_millis(50);

/// A local Discord. Clones are the same one.
#[derive(Clone)]
pub struct Discord {
    shared: Arc<Shared>,
}

/// Furnishing.
impl Discord {
    /// A Discord whose addresses begin with `base`. There is a guild `workshop` of `ada` with a channel `general`.
    pub fn new(base: &str) -> Self {
        let mut world = World::new(base.to_owned());
        let owner = world.add_user("ada", false);
        let guild = world.add_guild("workshop", owner);
        world.add_channel(guild, ChannelKind::Text, "general", None);
        Self { shared: Arc::new(Shared::new(world)) }
    }

    /// All routes, for a listener of one's own: HTTP, the socket of the gateway at `/`, files.
    pub fn router(&self) -> Router {
        server::router(Arc::clone(&self.shared))
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }

    /// What to point a client at, as its proxy: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        self.shared.look(|world| world.base.clone())
    }

    /// The token of the bot.
    pub fn token(&self) -> String {
        self.shared.look(|world| world.token.clone())
    }

    /// The bot: its user and its application have the same id.
    pub fn bot(&self) -> Snowflake {
        self.shared.look(|world| world.bot)
    }

    /// The first guild.
    pub fn guild(&self) -> Snowflake {
        self.shared.look(|world| world.guilds.keys().next().copied().unwrap_or_default())
    }

    /// The owner of the first guild, who may do anything there.
    pub fn owner(&self) -> Person {
        let guild = self.guild();
        let owner = self.shared.look(|world| world.guilds.get(&guild).map(|guild| guild.owner));
        Person::new(self.clone(), owner.unwrap_or_default(), guild)
    }

    /// Another guild with the bot in it, of an owner of its own, with a channel `general`.
    pub fn add_guild(&self, name: &str) -> Snowflake {
        self.shared.change(|world| {
            let owner = world.add_user(&format!("owner of {name}"), false);
            let guild = world.add_guild(name, owner);
            world.add_channel(guild, ChannelKind::Text, "general", None);
            world.set_bot_in_guild(guild, true);
            guild
        })
    }

    /// Takes the bot into a guild, or throws it out.
    pub fn set_bot_in_guild(&self, guild: Snowflake, is_in: bool) {
        self.shared.change(|world| world.set_bot_in_guild(guild, is_in));
    }

    /// A person with an account and a place in `guild`.
    pub fn add_person(&self, guild: Snowflake, name: &str) -> Person {
        self.add_account(guild, name, false)
    }

    /// Another bot with a place in `guild`, which can do what people can.
    pub fn add_bot(&self, guild: Snowflake, name: &str) -> Person {
        self.add_account(guild, name, true)
    }

    fn add_account(&self, guild: Snowflake, name: &str, bot: bool) -> Person {
        let user = self.shared.change(|world| world.add_user(name, bot));
        let person = Person::new(self.clone(), user, guild);
        self.join(&person, guild);
        person
    }

    /// Gives a person a place in another guild, too.
    pub fn join(&self, person: &Person, guild: Snowflake) {
        self.shared.change(|world| {
            let joined = world.clock.now();
            if let Some(guild) = world.guilds.get_mut(&guild) {
                let member = Member { user: person.id(), roles: Vec::new(), joined };
                guild.members.insert(person.id(), member);
            }
        });
    }

    /// A new role of `guild` that nobody has yet.
    pub fn add_role(&self, guild: Snowflake, name: &str, permissions: Permissions) -> Snowflake {
        self.shared.change(|world| {
            let id = world.new_id();
            let bot = world.bot;
            let Some(found) = world.guilds.get_mut(&guild) else { return id };
            let position = found.roles.len();
            let role = Role { id, name: name.to_owned(), permissions, position, managed: false };
            let data = json!({ "guild_id": guild, "role": json::role(&role, bot) });
            found.roles.push(role);
            world.emit("GUILD_ROLE_CREATE", intent::GUILDS, &data);
            id
        })
    }

    /// Changes what a role allows. The role of everybody has the id of the guild.
    pub fn set_role(&self, guild: Snowflake, role: Snowflake, permissions: Permissions) {
        self.shared.change(|world| {
            let bot = world.bot;
            let roles = world.guilds.get_mut(&guild).map(|guild| &mut guild.roles);
            let Some(found) = roles.into_iter().flatten().find(|one| one.id == role) else { return };
            found.permissions = permissions;
            let data = json!({ "guild_id": guild, "role": json::role(found, bot) });
            world.emit("GUILD_ROLE_UPDATE", intent::GUILDS, &data);
        });
    }

    /// Gives a person exactly these roles.
    pub fn set_roles(&self, person: &Person, guild: Snowflake, roles: &[Snowflake]) {
        self.shared.change(|world| {
            let Some(found) = world.guilds.get_mut(&guild) else { return };
            let Some(member) = found.members.get_mut(&person.id()) else { return };
            member.roles = roles.to_vec();
            let member = member.clone();
            let mut data = world.member_json(&member);
            data["guild_id"] = json!(guild);
            world.emit("GUILD_MEMBER_UPDATE", intent::GUILD_MEMBERS, &data);
        });
    }

    /// A text channel at the end of the list, under a category if one is named.
    pub fn add_channel(&self, guild: Snowflake, name: &str, category: Option<Snowflake>) -> Snowflake {
        self.add(guild, ChannelKind::Text, name, category)
    }

    /// A category at the end of the list.
    pub fn add_category(&self, guild: Snowflake, name: &str) -> Snowflake {
        self.add(guild, ChannelKind::Category, name, None)
    }

    fn add(&self, guild: Snowflake, kind: ChannelKind, name: &str, parent: Option<Snowflake>) -> Snowflake {
        self.shared.change(|world| {
            let id = world.add_channel(guild, kind, name, parent);
            if let Some(channel) = world.channels.get(&id).cloned() {
                world.emit_channel("CREATE", &channel);
            }
            id
        })
    }
}

/// Reading.
impl Discord {
    /// Channels, categories and threads of a guild, in the order in which they were made.
    pub fn channels(&self, guild: Snowflake) -> Vec<Channel> {
        let of_guild = |channel: &&Channel| channel.guild == Some(guild);
        self.shared.look(|world| world.channels.values().filter(of_guild).cloned().collect())
    }

    /// A channel, category or thread of the first guild, by its name.
    pub fn channel(&self, name: &str) -> Option<Channel> {
        let guild = self.guild();
        self.channels(guild).into_iter().find(|channel| channel.name == name.trim_start_matches('#'))
    }

    /// A channel as it stands now.
    pub fn channel_by_id(&self, id: Snowflake) -> Option<Channel> {
        self.shared.look(|world| world.channels.get(&id).cloned())
    }

    /// The threads of a channel.
    pub fn threads(&self, channel: Snowflake) -> Vec<Channel> {
        let own = |one: &&Channel| one.parent == Some(channel) && one.kind == ChannelKind::Thread;
        self.shared.look(|world| world.channels.values().filter(own).cloned().collect())
    }

    /// The messages of a channel, oldest first, with those that only one person sees.
    pub fn messages(&self, channel: Snowflake) -> Vec<Message> {
        let own = |message: &&Message| message.channel == channel;
        self.shared.look(|world| world.messages.values().filter(own).cloned().collect())
    }

    /// The pinned messages of a channel, oldest first.
    pub fn pinned(&self, channel: Snowflake) -> Vec<Message> {
        self.messages(channel).into_iter().filter(|message| message.pinned).collect()
    }

    /// A message as it stands now.
    pub fn message(&self, id: Snowflake) -> Option<Message> {
        self.shared.look(|world| world.messages.get(&id).cloned())
    }

    /// The conversation between the bot and a person, if there was one.
    pub fn direct_channel(&self, person: &Person) -> Option<Channel> {
        let own = |one: &&Channel| one.kind == ChannelKind::Direct && one.owner == Some(person.id());
        self.shared.look(|world| world.channels.values().find(own).cloned())
    }

    /// Whether the bot has said of late that it types in a channel.
    pub fn is_typing(&self, channel: Snowflake) -> bool {
        let lasts = |world: &World| {
            world.typing.get(&channel).is_some_and(|since| world.clock.age(*since) < Duration::from_secs(10))
        };
        self.shared.look(lasts)
    }

    /// The registered commands, as Discord gives them back: those of all guilds, and those of each.
    pub fn commands(&self) -> Vec<Value> {
        self.shared.look(|world| world.commands.iter().map(|one| json::command(one, world.bot)).collect())
    }

    /// What the bot has asked of the REST API, oldest first. The latest ten thousand.
    pub fn requests(&self) -> Vec<Logged> {
        self.shared.look(|world| world.log.entries().cloned().collect())
    }

    /// How many requests there were so far, or since they were forgotten; never more than are kept.
    pub fn requests_count(&self) -> usize {
        self.shared.look(|world| world.log.entries().count())
    }

    /// The requests with a method (`*` for any) and a part of the path.
    pub fn requests_to(&self, method: &str, path_part: &str) -> Vec<Logged> {
        let matches = |one: &&Logged| (method == "*" || one.method == method) && one.path.contains(path_part);
        self.shared.look(|world| world.log.entries().filter(matches).cloned().collect())
    }

    /// Forgets the requests so far.
    pub fn clear_requests(&self) {
        self.shared.change(|world| world.log.clear());
    }

    /// How many interactions there were, answered or not.
    pub fn asked(&self) -> usize {
        self.shared.look(|world| world.interactions.len())
    }

    /// Whether a client is connected to the gateway and has identified.
    pub fn is_connected(&self) -> bool {
        self.shared.look(|world| world.gateway.is_connected())
    }

    /// How often a client has identified.
    pub fn identified(&self) -> u32 {
        self.shared.look(|world| world.gateway.identified)
    }

    /// How often a session was resumed.
    pub fn resumed(&self) -> u32 {
        self.shared.look(|world| world.gateway.resumed)
    }

    /// How many heartbeats have come.
    pub fn heartbeats(&self) -> u32 {
        self.shared.look(|world| world.gateway.heartbeats)
    }
}

/// Waiting.
impl Discord {
    /// Waits until `look` finds something: ten seconds at most.
    ///
    /// # Errors
    ///
    /// Fails when the time is over; the message names `what` was awaited.
    pub async fn until<T>(
        &self,
        what: &str,
        mut look: impl FnMut(&Self) -> Option<T>,
    ) -> Result<T, SandboxError> {
        let deadline = Instant::now() + PATIENCE;
        let mut changes = self.shared.changes();
        loop {
            changes.mark_unchanged();
            if let Some(found) = look(self) {
                return Ok(found);
            }
            if Instant::now() >= deadline {
                return Err(self.too_slow(what));
            }
            // The clock passes without a change, so that a look is due now and then.
            let _ = timeout(TICK, changes.changed()).await;
        }
    }

    /// Waits until `is_so` holds: ten seconds at most.
    ///
    /// # Errors
    ///
    /// Fails when the time is over.
    pub async fn until_so(
        &self,
        what: &str,
        mut is_so: impl FnMut(&Self) -> bool,
    ) -> Result<(), SandboxError> {
        self.until(what, |discord| is_so(discord).then_some(())).await
    }

    /// Waits until a bot is connected and has registered `count` commands.
    ///
    /// # Errors
    ///
    /// Fails when that takes more than ten seconds.
    pub async fn until_ready(&self, count: usize) -> Result<(), SandboxError> {
        let is_ready = |discord: &Self| discord.is_connected() && discord.commands().len() >= count;
        self.until_so("a bot that is connected and has its commands", is_ready).await
    }

    fn too_slow(&self, what: &str) -> SandboxError {
        let last = self.requests().pop().map_or_else(
            || "no request at all".to_owned(),
            |one| {
                let answer: String = one.answer.to_string().chars().take(300).collect();
                format!("{} {} {} {answer}", one.method, one.path, one.status)
            },
        );
        SandboxError::TooSlow { what: what.to_owned(), limit: PATIENCE, last }
    }

    /// Puts the clock forward.
    pub fn skip(&self, time: Duration) {
        self.shared.change(|world| world.clock.skip(time));
    }

    /// Stops the clock, so that only what is skipped passes.
    pub fn stop_clock(&self) {
        self.shared.change(|world| world.clock.stop());
    }
}

/// Misbehaving.
impl Discord {
    /// Lets `fault` happen to the next `times` requests with `method` (`*` for any) and `path_part` in the path.
    pub fn fail(&self, method: &str, path_part: &str, times: u32, fault: Fault) {
        self.shared.change(|world| world.faults.add(method, path_part, times, fault));
    }

    /// Takes back all faults that have not happened yet.
    pub fn heal(&self) {
        self.shared.change(|world| {
            world.faults.clear();
            world.gateway.refuses_resumes = false;
            world.gateway.ignores_heartbeats = false;
        });
    }

    /// Gives the bot exactly these permissions in a guild. What everybody may do includes the bot, so everybody
    /// but the owner loses what is missing from them.
    pub fn set_bot_permissions(&self, guild: Snowflake, permissions: Permissions) {
        let own_role = self.shared.look(|world| {
            let roles = world.guilds.get(&guild).map(|guild| guild.roles.clone()).unwrap_or_default();
            roles.into_iter().find(|role| role.managed).map(|role| role.id)
        });
        if let Some(role) = own_role {
            self.set_role(guild, role, permissions);
        }
        let everyone = Permissions::EVERYONE.without(Permissions::ALL.without(permissions));
        self.set_role(guild, guild, everyone);
    }

    /// Makes another token the right one, so that the bot's is wrong from now on.
    pub fn change_token(&self) {
        self.shared.change(|world| world.token.push_str("-new"));
    }

    /// Ends all connections to the gateway without a word.
    pub fn cut_gateway(&self) {
        self.shared.change(|world| world.gateway.tell_all(|| Frame::Cut));
    }

    /// Ends all connections to the gateway with a close code.
    pub fn close_gateway(&self, code: u16) {
        self.shared.change(|world| world.gateway.tell_all(|| Frame::Close(code)));
    }

    /// Asks all clients to reconnect and resume.
    pub fn ask_to_reconnect(&self) {
        self.tell(7, &Value::Null);
    }

    /// Tells all clients that their session is over; they may resume it or have to start anew.
    pub fn invalidate_sessions(&self, resumable: bool) {
        self.tell(9, &json!(resumable));
        if !resumable {
            self.shared.change(|world| world.gateway.forget_sessions());
        }
    }

    fn tell(&self, op: u8, data: &Value) {
        let text = json!({ "op": op, "s": null, "t": null, "d": data }).to_string();
        self.shared.change(|world| world.gateway.tell_all(|| Frame::Text(text.clone())));
    }

    /// From now on no session can be resumed, or again.
    pub fn refuse_resumes(&self, refuse: bool) {
        self.shared.change(|world| world.gateway.refuses_resumes = refuse);
    }

    /// From now on heartbeats are not acknowledged, or again.
    pub fn ignore_heartbeats(&self, ignore: bool) {
        self.shared.change(|world| world.gateway.ignores_heartbeats = ignore);
    }

    /// How often clients that connect from now on are to send heartbeats.
    pub fn set_heartbeat_interval(&self, interval: Duration) {
        self.shared.change(|world| world.gateway.heartbeat_interval = interval);
    }
}
