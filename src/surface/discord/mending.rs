//! Compares what is known of channels with what there is: clears up what was begun and not ended, notices what was
//! deleted, and finds again what was forgotten.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serenity::all::{ChannelId, ChannelType, GuildChannel, GuildId};

use crate::domain::id::ProjectName;
use crate::engine::Entry;
use crate::ledger::{Channel, LedgerError, Making};
use crate::surface::discord::bot::Bot;
use crate::surface::discord::guilds::Known;
use crate::surface::discord::naming::{self, About, End};
use crate::surface::discord::rest::{self, Fault};

/// How long to try with one call.
const PATIENCE: Duration = Duration::from_secs(10);
/// When to try again what could not be cleared up.
const AGAIN: Duration = Duration::from_secs(30);

impl Bot {
    /// Puts the channels of a server in order. What costs a call to Discord is only what is not as expected.
    pub(super) async fn put_in_order(self: &Arc<Self>, guild: GuildId) {
        let entries = self.desk().engine().projects();
        for place in self.places().all().into_iter().filter(|it| it.guild == guild.get()) {
            if !entries.iter().any(|entry| entry.key == place.project) {
                // It was let go while nobody here could notice.
                self.let_go(place.project, None);
            } else if let Err(fault) = self.notice_if_deleted(guild, &place).await {
                tracing::info!(%guild, "its channels cannot be looked at now: {fault}");
                break;
            }
        }
        let _alone = self.making.lock().await;
        if !self.clear_up(guild).await {
            self.clear_up_later(guild);
        }
        self.find_again(guild, &self.desk().engine().projects());
    }

    /// Notices that a channel was deleted while nobody here could.
    async fn notice_if_deleted(&self, guild: GuildId, place: &Channel) -> Result<(), Fault> {
        let channel = ChannelId::new(place.channel);
        let is_there = |known: &Known| known.channels.contains_key(&channel);
        if self.guilds().look(guild, is_there).unwrap_or(true) {
            return Ok(());
        }
        // Threads in the archive are not told, so Discord is asked.
        match rest::patiently(PATIENCE, || self.http().get_channel(channel)).await {
            Err(Fault::Gone(_)) => self.channel_gone(channel),
            Err(fault) if fault.is_passing() => return Err(fault),
            // It is there; what the bot may not see, `project health` says.
            _ => {}
        }
        Ok(())
    }

    /// A channel or thread was deleted.
    pub(super) fn channel_gone(&self, channel: ChannelId) {
        match self.places().lose(channel) {
            Ok(None) => {}
            Ok(Some(lost)) => {
                let entries = self.desk().engine().projects();
                let name = entries.iter().find(|it| it.key == lost.project).map(|it| it.name.to_string());
                tracing::warn!(
                    project = name.as_deref().unwrap_or_default(),
                    "its channel was deleted; `project health` makes another, `project bind` takes one that is there"
                );
            }
            Err(error) => tracing::error!(%channel, "was deleted, which cannot be noted: {error}"),
        }
    }

    /// Gives projects back the channels that say they are theirs, where the ledger does not know any.
    fn find_again(&self, guild: GuildId, entries: &[Entry]) {
        for entry in entries {
            let elsewhere = self.places().guild_of(entry.key).is_some_and(|it| it != guild);
            if elsewhere || self.places().of(entry.key).is_some() {
                continue;
            }
            let about = self.about(&entry.name, &entry.path);
            let found = self.guilds().look(guild, |known| theirs(known, &about)).flatten();
            let Some(channel) = found.filter(|it| self.places().project_in(*it).is_none()) else { continue };
            let (project, bound) = (entry.key, false);
            let place = Channel { project, guild: guild.get(), channel: channel.get(), bound };
            match self.move_in(place) {
                Ok(()) => tracing::info!(project = %entry.name, %channel, "its channel was found again"),
                Err(error) => tracing::error!(project = %entry.name, "cannot be given a channel: {error}"),
            }
        }
    }

    /// Removes what was made for projects that there are not. True if nothing is left to do.
    pub(super) async fn clear_up(&self, guild: GuildId) -> bool {
        let makings = self.ledger().makings(guild.get()).unwrap_or_else(|error| {
            tracing::error!("cannot tell which channels were being made: {error}");
            Vec::new()
        });
        if makings.is_empty() {
            return true;
        }
        let there = match rest::patiently(PATIENCE, || self.http().get_channels(guild)).await {
            Ok(there) => there,
            Err(fault) => {
                tracing::warn!(%guild, "what was begun cannot be cleared up now: {fault}");
                return false;
            }
        };
        let mut all = true;
        for making in &makings {
            match self.clear_up_one(making, &there).await {
                Ok(()) => {
                    let ended = self.ledger().end_making(making.guild, &making.channel);
                    all &= ended.inspect_err(|error| tracing::error!("{error}")).is_ok();
                }
                Err(why) => {
                    tracing::warn!(channel = making.channel, "cannot be cleared up now: {why}");
                    all = false;
                }
            }
        }
        all
    }

    async fn clear_up_one(&self, making: &Making, there: &[GuildChannel]) -> anyhow::Result<()> {
        let project: ProjectName = making.project.parse()?;
        let about = self.about(&project, Path::new(&making.path));
        let is_ours = |it: &&GuildChannel| {
            it.name == making.channel
                && it.topic.as_deref().is_some_and(|topic| about.end(topic).is_some())
                && self.places().project_in(it.id).is_none()
        };
        let ours: Vec<_> = there.iter().filter(is_ours).map(|it| it.id).collect();
        let entries = self.desk().engine().projects();
        let made = entries.iter().find(|it| it.name == project && self.about(&it.name, &it.path) == about);
        if let Some(entry) = made {
            // The program ended between the last two steps: the project is there, so it keeps its channel.
            return self.keep_first(making.guild, entry, &ours).map_err(Into::into);
        }
        for channel in &ours {
            self.remove(GuildId::new(making.guild), *channel).await?;
        }
        let Some(name) = &making.category else { return Ok(()) };
        let is_empty =
            |id: ChannelId| !there.iter().any(|it| it.parent_id == Some(id) && !ours.contains(&it.id));
        let is_it = |it: &&GuildChannel| it.kind == ChannelType::Category && naming::same(&it.name, name);
        if let Some(category) = there.iter().find(is_it).filter(|it| is_empty(it.id)) {
            self.remove(GuildId::new(making.guild), category.id).await?;
        }
        Ok(())
    }

    /// A project has a channel, or another one than before: from here on all that is about it goes there.
    pub(super) fn move_in(&self, place: Channel) -> Result<(), LedgerError> {
        let project = place.project;
        self.places().set(place)?;
        self.look_after(project);
        Ok(())
    }

    fn keep_first(&self, guild: u64, entry: &Entry, ours: &[ChannelId]) -> Result<(), LedgerError> {
        match ours.first().filter(|_| self.places().of(entry.key).is_none()) {
            Some(channel) => {
                let (project, channel) = (entry.key, channel.get());
                self.move_in(Channel { project, guild, channel, bound: false })
            }
            None => Ok(()),
        }
    }

    async fn remove(&self, guild: GuildId, channel: ChannelId) -> Result<(), Fault> {
        match rest::patiently(PATIENCE, || self.http().delete_channel(channel, None)).await {
            Ok(_) | Err(Fault::Gone(_)) => {
                self.guilds().forget_channel(channel);
                tracing::info!(%guild, %channel, "was removed: its project did not come about");
                Ok(())
            }
            Err(fault) => Err(fault),
        }
    }

    /// Clears up as soon as that works.
    pub(super) fn clear_up_later(self: &Arc<Self>, guild: GuildId) {
        let bot = Arc::clone(self);
        self.tasks.spawn(async move {
            while !bot.sleep(AGAIN).await {
                let _alone = bot.making.lock().await;
                if bot.clear_up(guild).await {
                    return;
                }
            }
        });
    }
}

/// The channel that says it is this project's; one of a project in use comes before one of a project let go.
fn theirs(known: &Known, about: &About) -> Option<ChannelId> {
    let ends = known.channels.iter().filter_map(|(id, place)| {
        let end = about.end(place.topic.as_deref()?)?;
        place.takes_text().then_some((*id, end))
    });
    let mut ends: Vec<_> = ends.filter(|(_, end)| *end != End::Moved).collect();
    ends.sort_by_key(|(id, end)| (*end == End::LetGo, *id));
    ends.first().map(|(id, _)| *id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::workflow::State;
    use crate::surface::discord::guilds::Place;

    #[test]
    fn a_channel_in_use_comes_before_one_that_was_left() {
        let about = About::new("box", &"shop".parse().unwrap(), Path::new("/srv/shop"));
        let other = About::new("box", &"other".parse().unwrap(), Path::new("/srv/other"));
        let idle = End::State(State::Idle);
        let place = |id: u64, kind, topic: Option<String>| {
            let name = "x".to_owned();
            (ChannelId::new(id), Place { name, kind, parent: None, topic, overwrites: Vec::new() })
        };
        let text = ChannelType::Text;
        let mut known = Known::default();
        known.channels.extend([
            place(1, text, about.topic(None, End::LetGo)),
            place(2, text, about.topic(None, End::Moved)),
            place(3, text, other.topic(None, idle)),
            place(4, text, None),
            place(5, ChannelType::Voice, about.topic(None, idle)),
        ]);
        assert_eq!(theirs(&known, &about), Some(ChannelId::new(1)));

        known.channels.extend([place(6, text, about.topic(Some("People's words"), idle))]);
        assert_eq!(theirs(&known, &about), Some(ChannelId::new(6)));
    }
}
