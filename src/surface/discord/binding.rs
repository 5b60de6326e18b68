//! Ties a project to a channel or thread that is there already.

use std::sync::Arc;
use std::time::Duration;

use serenity::all::{ChannelId, ChannelType, GuildId};

use crate::domain::command::{Command, CommandKind};
use crate::domain::id::ProjectName;
use crate::domain::refusal::{Code, Refusal};
use crate::engine::{Entry, Site};
use crate::gateway::access;
use crate::ledger::Channel;
use crate::surface::answer;
use crate::surface::desk::Outcome;
use crate::surface::discord::asking::Asking;
use crate::surface::discord::bot::Bot;
use crate::surface::discord::guilds::Known;
use crate::surface::discord::naming::End;
use crate::surface::discord::registering::{Why, outcome};
use crate::surface::discord::rest;
use crate::surface::discord::topic::Wanted;
use crate::surface::parse::{self, to_text};

/// How long to ask Discord about a channel.
const PATIENCE: Duration = Duration::from_secs(5);
/// More names than this nobody reads.
const NAMED_MAX: usize = 10;

impl Bot {
    /// Ties a project to a channel or thread.
    pub(super) async fn bind(self: &Arc<Self>, asking: &Asking, text: String) -> Outcome {
        let _alone = self.making.lock().await;
        self.try_to_bind(asking, &text).await.unwrap_or_else(|why| why.told(asking, &text))
    }

    async fn try_to_bind(&self, asking: &Asking, text: &str) -> Result<Outcome, Why> {
        let parsed = parse::parse(text)?;
        let Command::ProjectBind { name, channel, path } = parsed.command else {
            return Err(Refusal::new(Code::Syntax, "this ties nothing", "see `help`").into());
        };
        let name = name.or(parsed.project);
        let text = channel.map_or_else(|| asking.channel.to_string(), |channel| channel.to_string());
        if let Some(path) = path {
            access::allow(&asking.rights, CommandKind::ProjectBind, None)?;
            let channel = self.channel_meant(asking.guild, &text).await?;
            let site = asking.site(&path, name, false);
            return self.register_in(asking, channel, site).await;
        }
        let entry = self.project_to_bind(asking, name.as_ref())?;
        access::allow(&asking.rights, CommandKind::ProjectBind, Some(&entry.name))?;
        let channel = self.channel_meant(asking.guild, &text).await?;
        let project = self.desk().engine().read(&entry.name).await?;
        let called = |channel| format!("#{}", self.name_of(asking.guild, channel));
        let now = called(channel);
        // Twice is as good as once.
        if self.places().project_in(channel) == Some(entry.key) {
            let reply = answer::bound(&entry.name, &now, None, project.state);
            return Ok(outcome(asking, &entry.name, Some(project.state), reply));
        }
        self.may_bind(asking.guild, channel)?;
        let before = self.tie(asking.guild, channel, &entry)?;
        self.topic_changed(&project);
        self.welcome(channel, asking.guild, &entry, project.state);
        let was = before.map(|it| called(ChannelId::new(it.channel)));
        let reply = answer::bound(&entry.name, &now, was.as_deref(), project.state);
        Ok(outcome(asking, &entry.name, Some(project.state), reply))
    }

    /// Puts a repository under management that gets no channel of its own.
    async fn register_in(&self, asking: &Asking, channel: ChannelId, site: Site) -> Result<Outcome, Why> {
        let (name, work) = self.desk().engine().may_register(site.clone()).await?;
        self.may_bind(asking.guild, channel)?;
        let command = Command::ProjectRegister { path: site.path, name: Some(name), import: false };
        let mut outcome = self.desk().handle(asking.request(to_text(&command)), &asking.rights).await;
        let Some(entry) = self.entry_at(&work).filter(|_| outcome.ok) else {
            return Err(Why::Told(Box::new(outcome)));
        };
        self.tie(asking.guild, channel, &entry)?;
        let project = self.desk().engine().read(&entry.name).await?;
        self.topic_changed(&project);
        self.welcome(channel, asking.guild, &entry, project.state);
        let now = format!("#{}", self.name_of(asking.guild, channel));
        outcome.reply = Some(answer::bound(&entry.name, &now, None, project.state));
        Ok(outcome)
    }

    /// Gives a project this channel, and lets the one that it had before say so. Gives what it had before.
    fn tie(&self, guild: GuildId, channel: ChannelId, entry: &Entry) -> Result<Option<Channel>, Why> {
        let before = self.places().of(entry.key);
        let place = Channel { project: entry.key, guild: guild.get(), channel: channel.get(), bound: true };
        self.move_in(place)?;
        if let Some(before) = &before {
            let former = ChannelId::new(before.channel);
            let about = self.about(&entry.name, &entry.path);
            let (of, end) = (GuildId::new(before.guild), End::Moved);
            self.want_topic(former, Wanted { guild: of, about, end });
            let now = format!("#{}", self.name_of(guild, channel));
            let name = format!("moved-{former}-{channel}");
            self.say(former, of, &name, &answer::moved_away(&entry.name, &now));
        }
        Ok(before)
    }

    /// Whether a channel can be a project's: of a kind for words, of no other project, and the bot is heard in it.
    fn may_bind(&self, guild: GuildId, channel: ChannelId) -> Result<(), Refusal> {
        let name = self.name_of(guild, channel);
        let for_text = |known: &Known| known.channels.get(&channel).is_none_or(|it| it.takes_text());
        if !self.guilds().look(guild, for_text).unwrap_or(true) {
            let hint = "choose a text channel or a thread";
            return Err(Refusal::new(Code::Invalid, format!("#{name} is not a channel for text"), hint));
        }
        if self.places().project_in(channel).is_some() {
            let owner = self.project_in(channel).map(|it| it.name.to_string());
            let owner = owner.unwrap_or_else(|| "another project".to_owned());
            let hint = "choose another channel, or a thread in this one";
            return Err(Refusal::new(Code::Taken, format!("#{name} belongs to {owner}"), hint));
        }
        self.may_speak(guild, channel)
    }

    /// The project that somebody means: the named one, or the only one without a channel.
    fn project_to_bind(&self, asking: &Asking, name: Option<&ProjectName>) -> Result<Entry, Refusal> {
        if let Some(name) = name {
            let meant = self.meant(asking, Some(name.as_str()));
            return meant.ok_or_else(|| access::unseen(&asking.rights, name.as_str()));
        }
        let mut entries = self.desk().engine().projects();
        entries.retain(|it| asking.rights.sees(&it.name) && self.places().of(it.key).is_none());
        match entries.as_slice() {
            [only] => Ok(only.clone()),
            [] => {
                let message = "every project has a channel";
                let hint = "name the project that is to move, or a repository with `path:`";
                Err(Refusal::new(Code::Nothing, message, hint))
            }
            several => {
                let names: Vec<_> = several.iter().take(NAMED_MAX).map(|it| it.name.as_str()).collect();
                let message = format!("{} projects have no channel", several.len());
                let hint = format!("name one of them, such as {}", names.join(", "));
                Err(Refusal::new(Code::Invalid, message, hint))
            }
        }
    }

    /// The channel that a text names: `#name`, its id, or how Discord writes a link to it.
    async fn channel_meant(&self, guild: GuildId, text: &str) -> Result<ChannelId, Refusal> {
        let bare = text.trim().trim_start_matches("<#").trim_end_matches('>');
        let Some(id) = bare.parse().ok().filter(|id| *id != 0).map(ChannelId::new) else {
            return self.channel_called(guild, text);
        };
        let known = self.guilds().look(guild, |known| known.channels.contains_key(&id)).unwrap_or(false);
        if known {
            return Ok(id);
        }
        // A thread in the archive is not told, and a new channel perhaps not yet, so Discord is asked.
        let found = rest::patiently(PATIENCE, || self.http().get_channel(id)).await;
        match found.ok().and_then(serenity::all::Channel::guild).filter(|it| it.guild_id == guild) {
            Some(found) => {
                self.guilds().set_channel(&found);
                Ok(id)
            }
            None => Err(no_channel(text)),
        }
    }

    fn channel_called(&self, guild: GuildId, text: &str) -> Result<ChannelId, Refusal> {
        let name = text.trim().trim_start_matches('#').to_lowercase();
        let found = self.guilds().look(guild, |known| {
            let called = known.channels.iter();
            let called =
                called.filter(|(_, it)| it.kind != ChannelType::Category && it.name.to_lowercase() == name);
            called.map(|(id, _)| *id).collect::<Vec<_>>()
        });
        match found.unwrap_or_default().as_slice() {
            [only] => Ok(*only),
            [] => Err(no_channel(text)),
            _ => {
                let message = format!("several channels are called {text}");
                Err(Refusal::new(Code::Invalid, message, "give the id of the one that is meant"))
            }
        }
    }
}

fn no_channel(text: &str) -> Refusal {
    let hint = "name a channel or thread of this server that the bot sees, or ask in it";
    Refusal::new(Code::Unknown, format!("there is no channel {text}"), hint)
}
