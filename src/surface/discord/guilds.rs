//! What is known of the servers that are served: their roles and channels, as the gateway tells them.

use std::collections::HashMap;
use std::sync::{OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use serenity::all::{
    ChannelId, ChannelType, FullEvent, Guild, GuildChannel, GuildId, PermissionOverwrite, Permissions, Role,
    RoleId, UserId,
};
use tokio::sync::Notify;

use crate::surface::discord::permission;

/// One server.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    /// Whose it is.
    pub(super) owner: Option<UserId>,
    /// Its roles with their names and permissions.
    pub(super) roles: HashMap<RoleId, (String, Permissions)>,
    /// Its channels and threads that are not archived.
    pub(super) channels: HashMap<ChannelId, Place>,
    /// The roles of the programs in it; ours is one of them.
    pub(super) programs: HashMap<UserId, Vec<RoleId>>,
}

/// A channel, a category or a thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// What people call it.
    pub(super) name: String,
    /// What it is.
    pub(super) kind: ChannelType,
    /// The category of a channel, the channel of a thread.
    pub(super) parent: Option<ChannelId>,
    /// What stands above it.
    pub(super) topic: Option<String>,
    /// What it allows and denies, other than its server does.
    pub(super) overwrites: Vec<PermissionOverwrite>,
}

impl Place {
    /// Whether it is a thread; those do not count as channels.
    pub(super) fn is_thread(&self) -> bool {
        use ChannelType as Type;

        matches!(self.kind, Type::PublicThread | Type::PrivateThread | Type::NewsThread)
    }

    /// Whether people and programs can write in it.
    pub(super) fn takes_text(&self) -> bool {
        self.is_thread() || matches!(self.kind, ChannelType::Text | ChannelType::News)
    }
}

impl Known {
    /// How many channels there are of those that Discord counts: categories too, threads not.
    pub(super) fn count(&self) -> usize {
        self.channels.values().filter(|it| !it.is_thread()).count()
    }
}

/// All servers.
#[derive(Debug, Default)]
pub(super) struct Guilds {
    known: RwLock<HashMap<GuildId, Known>>,
    news: Notify,
    /// Who we are.
    me: OnceLock<UserId>,
}

/// How long somebody may have to wait for what the gateway tells right after the start.
const SOON: Duration = Duration::from_millis(700);

impl Guilds {
    /// Waits until the gateway has told about a server and these roles of it, but not for long: what was told before
    /// somebody asked may be heard after it.
    pub(super) async fn wait_for(&self, guild: GuildId, roles: &[RoleId]) {
        let is_known = || {
            let about = |known: &Known| roles.iter().all(|role| known.roles.contains_key(role));
            self.look(guild, about).unwrap_or(false)
        };
        let wait = async {
            loop {
                let news = self.news.notified();
                tokio::pin!(news);
                news.as_mut().enable();
                if is_known() {
                    return;
                }
                news.await;
            }
        };
        if tokio::time::timeout(SOON, wait).await.is_err() {
            tracing::warn!(%guild, "not all roles are known yet; unknown ones count by their ids only");
        }
    }

    /// A look at one server; `None` before the gateway has told about it.
    pub(super) fn look<T>(&self, guild: GuildId, look: impl FnOnce(&Known) -> T) -> Option<T> {
        self.read().get(&guild).map(look)
    }

    /// What the bot may do on a server, or in one of its channels. `None` while that cannot be told.
    pub(super) fn may(&self, guild: GuildId, channel: Option<ChannelId>) -> Option<Permissions> {
        let me = *self.me.get()?;
        self.look(guild, |known| permission::of(known, guild, me, channel)).flatten()
    }

    /// Takes note of an event, if it is about such things.
    pub(super) fn notice(&self, event: &FullEvent) {
        match event {
            FullEvent::Ready { data_about_bot } => drop(self.me.set(data_about_bot.user.id)),
            FullEvent::GuildMemberUpdate { event, .. } if event.user.bot => {
                let (id, roles) = (event.user.id, event.roles.clone());
                self.change(event.guild_id, |known| drop(known.programs.insert(id, roles)));
            }
            FullEvent::GuildCreate { guild, .. } => {
                self.write().insert(guild.id, known(guild));
                self.news.notify_waiters();
            }
            // A server that is only out of order comes back with everything about it.
            FullEvent::GuildDelete { incomplete, .. } if !incomplete.unavailable => {
                drop(self.write().remove(&incomplete.id));
            }
            FullEvent::GuildRoleCreate { new } | FullEvent::GuildRoleUpdate { new, .. } => {
                let (id, about) = role(new);
                self.change(new.guild_id, |known| drop(known.roles.insert(id, about)));
                self.news.notify_waiters();
            }
            FullEvent::GuildRoleDelete { guild_id, removed_role_id, .. } => {
                self.change(*guild_id, |known| drop(known.roles.remove(removed_role_id)));
            }
            FullEvent::ThreadUpdate { new, .. } if is_archived(new) => {
                self.change(new.guild_id, |known| drop(known.channels.remove(&new.id)));
            }
            FullEvent::ChannelCreate { channel: new }
            | FullEvent::CategoryCreate { category: new }
            | FullEvent::ChannelUpdate { new, .. }
            | FullEvent::ThreadCreate { thread: new }
            | FullEvent::ThreadUpdate { new, .. } => self.set_channel(new),
            FullEvent::ChannelDelete { channel, .. } | FullEvent::CategoryDelete { category: channel } => {
                self.forget_channel(channel.id);
            }
            FullEvent::ThreadDelete { thread, .. } => {
                self.forget_channel(thread.id);
            }
            _ => {}
        }
    }

    /// Takes note of a channel as it is now.
    pub(super) fn set_channel(&self, new: &GuildChannel) {
        let (id, place) = place(new);
        self.change(new.guild_id, |known| drop(known.channels.insert(id, place)));
    }

    /// Takes note that a channel, category or thread is not there any more.
    pub(super) fn forget_channel(&self, gone: ChannelId) {
        self.write().values_mut().for_each(|known| drop(known.channels.remove(&gone)));
    }

    fn change(&self, guild: GuildId, change: impl FnOnce(&mut Known)) {
        if let Some(known) = self.write().get_mut(&guild) {
            change(known);
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, HashMap<GuildId, Known>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, HashMap<GuildId, Known>> {
        self.known.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a thread was put away.
pub(super) fn is_archived(thread: &GuildChannel) -> bool {
    thread.thread_metadata.is_some_and(|it| it.archived)
}

fn known(guild: &Guild) -> Known {
    Known {
        owner: Some(guild.owner_id),
        roles: guild.roles.values().map(role).collect(),
        channels: guild.channels.values().chain(&guild.threads).map(place).collect(),
        programs: guild
            .members
            .values()
            .filter(|it| it.user.bot)
            .map(|it| (it.user.id, it.roles.clone()))
            .collect(),
    }
}

fn role(role: &Role) -> (RoleId, (String, Permissions)) {
    (role.id, (role.name.clone(), role.permissions))
}

fn place(channel: &GuildChannel) -> (ChannelId, Place) {
    let place = Place {
        name: channel.name.clone(),
        kind: channel.kind,
        parent: channel.parent_id,
        topic: channel.topic.clone(),
        overwrites: channel.permission_overwrites.clone(),
    };
    (channel.id, place)
}
