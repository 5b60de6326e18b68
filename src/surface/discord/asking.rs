//! Somebody asks something: what commands, buttons and forms have in common.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serenity::all::{
    ChannelId, CommandInteraction, ComponentInteraction, GuildId, InteractionId, Member, ModalInteraction,
    PartialChannel, Permissions, User,
};

use crate::config;
use crate::domain::id::ProjectName;
use crate::domain::person::{Person, Role, Surface};
use crate::domain::refusal::{Code, Refusal};
use crate::engine::{Entry, Site};
use crate::gateway::access::Rights;
use crate::surface::desk::Request;
use crate::surface::discord::bot::Bot;
use crate::surface::discord::guilds::Known;
use crate::surface::discord::people::{self, Standing};

/// The raw parts of an interaction, whatever its kind.
pub(super) struct Parts<'a> {
    id: InteractionId,
    token: &'a str,
    guild: Option<GuildId>,
    channel: ChannelId,
    about_channel: Option<&'a PartialChannel>,
    member: Option<&'a Member>,
    user: &'a User,
    app_permissions: Option<Permissions>,
}

macro_rules! parts_of {
    ($($kind:ty: $member:expr),* $(,)?) => {$(
        impl<'a> From<&'a $kind> for Parts<'a> {
            fn from(it: &'a $kind) -> Self {
                let member: fn(&'a $kind) -> Option<&'a Member> = $member;
                Self {
                    id: it.id,
                    token: &it.token,
                    guild: it.guild_id,
                    channel: it.channel_id,
                    about_channel: it.channel.as_ref(),
                    member: member(it),
                    user: &it.user,
                    app_permissions: it.app_permissions,
                }
            }
        }
    )*};
}

parts_of! {
    CommandInteraction: |it| it.member.as_deref(),
    ComponentInteraction: |it| it.member.as_ref(),
    ModalInteraction: |it| it.member.as_ref(),
}

/// Where an answer to an interaction goes.
#[derive(Clone, Debug)]
pub(super) struct Line {
    /// The id of the interaction, which is the id of the command.
    pub(super) id: InteractionId,
    /// Lets us answer, for a quarter of an hour.
    pub(super) token: String,
    /// Where it was asked.
    pub(super) channel: ChannelId,
    /// Whether embeds are allowed there.
    pub(super) embeds: bool,
    /// Whether files are allowed there.
    pub(super) files: bool,
}

impl Parts<'_> {
    /// Where the answer goes.
    pub(super) fn line(&self) -> Line {
        let may = |what| self.app_permissions.is_none_or(|all| all.contains(what));
        Line {
            id: self.id,
            token: self.token.to_owned(),
            channel: self.channel,
            embeds: may(Permissions::EMBED_LINKS),
            files: may(Permissions::ATTACH_FILES),
        }
    }
}

/// Somebody who may ask.
#[derive(Clone, Debug)]
pub(super) struct Asking {
    pub(super) guild: GuildId,
    /// Where: the channel, or the thread.
    pub(super) channel: ChannelId,
    pub(super) person: Person,
    pub(super) rights: Rights,
    /// The project that people speak about there.
    pub(super) project: Option<Entry>,
    id: InteractionId,
    folder: PathBuf,
}

impl Bot {
    /// Finds out who asks, where, and what they may do.
    ///
    /// # Errors
    ///
    /// For direct messages, other servers, programs, and people whom no role lets in.
    pub(super) async fn asking(&self, parts: &Parts<'_>) -> Result<Asking, Refusal> {
        let (Some(guild), Some(member)) = (parts.guild, parts.member) else {
            let hint = "ask in the channel of a project, on a server";
            return Err(Refusal::new(Code::Forbidden, "direct messages are not served", hint));
        };
        if parts.user.bot {
            return Err(Refusal::new(Code::Forbidden, "other programs are not served", "ask as a person"));
        }
        let config = self.config_of(guild)?;
        self.guilds().wait_for(guild, &member.roles).await;
        let standing = Standing {
            guild,
            roles: &member.roles,
            permissions: member.permissions.unwrap_or_else(Permissions::empty),
        };
        let rights = self.rights(guild, config, &standing).ok_or_else(|| {
            let hint = "ask an administrator of this server for one of the roles of `discord.guilds` in the configuration";
            Refusal::new(Code::NotAllowed, "none of your roles is served here", hint)
        })?;
        let around =
            parts.about_channel.filter(|it| it.thread_metadata.is_some()).and_then(|it| it.parent_id);
        let project = [Some(parts.channel), around].into_iter().flatten().find_map(|it| self.project_in(it));
        let project = project.filter(|entry| rights.sees(&entry.name));
        let person = people::person(parts.user, Some(member));
        let folder = self.roots().first().cloned().unwrap_or_else(|| PathBuf::from("/"));
        Ok(Asking { guild, channel: parts.channel, person, rights, project, id: parts.id, folder })
    }

    /// The configuration of a server, if it is served.
    pub(super) fn config_of(&self, guild: GuildId) -> Result<&config::Guild, Refusal> {
        self.config().guilds.iter().find(|it| it.id == guild.get()).ok_or_else(|| {
            let hint = format!("put `[[discord.guilds]]` with `id = \"{guild}\"` into the configuration");
            Refusal::new(Code::Forbidden, "this server is not served", hint)
        })
    }

    fn rights(&self, guild: GuildId, config: &config::Guild, standing: &Standing<'_>) -> Option<Rights> {
        let entries = self.desk().engine().projects();
        let (here, nowhere): (Vec<_>, Vec<_>) = entries
            .into_iter()
            .filter(|entry| self.places().guild_of(entry.key).is_none_or(|it| it == guild))
            .partition(|entry| self.places().guild_of(entry.key).is_some());
        let names = |entries: Vec<Entry>| entries.into_iter().map(|entry| entry.name);
        let look = |known: &Known| {
            let rights = standing.rights(config, known, names(here.clone()), self.roots())?;
            // A project without a channel waits for an admin who gives it one.
            match rights.role(None) {
                Some(Role::Admin) => {
                    let all = here.iter().chain(&nowhere).cloned().collect();
                    standing.rights(config, known, names(all), self.roots())
                }
                _ => Some(rights),
            }
        };
        self.guilds().look(guild, look).unwrap_or_else(|| look(&Known::default()))
    }

    /// The project whose channel this is.
    pub(super) fn project_in(&self, channel: ChannelId) -> Option<Entry> {
        self.entry_of(self.places().project_in(channel)?)
    }

    /// The folders below which repositories may be registered.
    pub(super) fn roots(&self) -> Arc<[PathBuf]> {
        Arc::clone(&self.setup().roots)
    }
}

impl Asking {
    /// The id of the command.
    pub(super) fn id(&self) -> String {
        self.id.to_string()
    }

    /// A repository that is to be put under management.
    pub(super) fn site(&self, path: &Path, name: Option<ProjectName>, import: bool) -> Site {
        Site { path: self.folder.join(path), name, import, roots: self.rights.roots() }
    }

    /// The request that `text` is.
    pub(super) fn request(&self, text: String) -> Request {
        Request {
            text,
            project: self.project.as_ref().map(|entry| entry.name.to_string()),
            folder: self.folder.clone(),
            person: self.person.clone(),
            surface: Surface::Discord,
            id: Some(self.id.to_string()),
            wait: false,
        }
    }
}
