//! Looks whether the channel of a project is in order, and mends what can be mended from here.

use std::sync::Arc;
use std::time::Duration;

use serenity::all::{ChannelId, ChannelType, EditChannel, GuildId};

use crate::domain::command::{Command, CommandKind};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::workflow::State;
use crate::engine::Entry;
use crate::gateway::access;
use crate::ledger::Channel;
use crate::surface::answer::{self, Check};
use crate::surface::desk::Outcome;
use crate::surface::discord::asking::Asking;
use crate::surface::discord::bot::Bot;
use crate::surface::discord::guilds::Place;
use crate::surface::discord::naming::{self, End};
use crate::surface::discord::permission;
use crate::surface::discord::registering::{Why, outcome};
use crate::surface::discord::rest::{self, Fault};
use crate::surface::discord::topic::Wanted;
use crate::surface::parse;

/// How long to try with one call.
const PATIENCE: Duration = Duration::from_secs(5);

impl Bot {
    /// Checks a project and its channel.
    pub(super) async fn health(self: &Arc<Self>, asking: &Asking, text: String) -> Outcome {
        self.try_to_check(asking, &text).await.unwrap_or_else(|why| why.told(asking, &text))
    }

    async fn try_to_check(self: &Arc<Self>, asking: &Asking, text: &str) -> Result<Outcome, Why> {
        let parsed = parse::parse(text)?;
        let Command::ProjectHealth { name } = parsed.command else {
            return Err(Refusal::new(Code::Syntax, "this checks nothing", "see `help`").into());
        };
        let named = name.or(parsed.project).map(|name| name.to_string());
        let entry = self.meant(asking, named.as_deref()).ok_or_else(|| {
            let unclear = || Refusal::new(Code::Invalid, "it is not clear which project is meant", "name it");
            named.as_deref().map_or_else(unclear, |named| access::unseen(&asking.rights, named))
        })?;
        access::allow(&asking.rights, CommandKind::ProjectHealth, Some(&entry.name))?;
        let mut checks = self.desk().verify(entry.name.as_str()).await?.checks;
        // A repository that cannot be opened does not say its state; its channel can be looked at all the same.
        let state = self.desk().engine().read(&entry.name).await.map(|project| project.state).ok();
        checks.extend(self.check_channel(asking.guild, &entry, state).await);
        let reply = answer::health(&entry.name, &checks);
        Ok(outcome(asking, &entry.name, state, reply))
    }

    /// Looks at the channel of a project. One that is gone is made again.
    async fn check_channel(
        self: &Arc<Self>,
        here: GuildId,
        entry: &Entry,
        state: Option<State>,
    ) -> Vec<Check> {
        let mut place = self.places().of(entry.key);
        if let Some(there) = &place
            && self.is_gone(there).await
        {
            self.channel_gone(ChannelId::new(there.channel));
            place = None;
        }
        let Some(place) = place else {
            let guild = self.places().guild_of(entry.key).unwrap_or(here);
            return vec![self.make_again(guild, entry, state.unwrap_or(State::Idle)).await];
        };
        let (guild, id) = (GuildId::new(place.guild), ChannelId::new(place.channel));
        let Some(seen) = self.guilds().look(guild, |known| known.channels.get(&id).cloned()).flatten() else {
            return vec![Check::good(
                "channel",
                "it is a thread in the archive, and comes back when something is said",
            )];
        };
        let mut checks = vec![self.check_name(&place, &seen, entry), self.check_permissions(guild, id)];
        if !seen.is_thread() {
            checks.push(self.check_topic(guild, id, &seen, entry, state));
        }
        if !place.bound {
            checks.push(self.check_category(guild, id, &seen).await);
        }
        checks
    }

    /// Whether a channel is not there any more. What cannot be found out counts as there.
    async fn is_gone(&self, place: &Channel) -> bool {
        let channel = ChannelId::new(place.channel);
        let found = rest::patiently(PATIENCE, || self.http().get_channel(channel)).await;
        if let Ok(serenity::all::Channel::Guild(found)) = &found {
            self.guilds().set_channel(found);
        }
        matches!(found, Err(Fault::Gone(_)))
    }

    async fn make_again(self: &Arc<Self>, guild: GuildId, entry: &Entry, state: State) -> Check {
        let _alone = self.making.lock().await;
        if let Some(place) = self.places().of(entry.key) {
            // Somebody else was faster.
            return Check::good(
                "channel",
                format!("#{}", self.name_of(guild, ChannelId::new(place.channel))),
            );
        }
        self.clear_up(guild).await;
        let made = self.give_channel(guild, entry, state).await;
        if !self.clear_up(guild).await {
            self.clear_up_later(guild);
        }
        match made {
            Ok(channel) => {
                let name = self.name_of(guild, channel);
                Check::good("channel", format!("there was none any more; #{name} is a new one"))
            }
            Err(Why::Refused(refusal)) => Check::bad("channel", refusal.message, refusal.hint),
            Err(Why::Failed(text)) => Check::bad("channel", text, "see the log of the program"),
            Err(Why::Told(_)) => Check::bad("channel", "there is none", "tie one with `project bind`"),
        }
    }

    fn check_name(&self, place: &Channel, seen: &Place, entry: &Entry) -> Check {
        let expected = naming::channel(&self.config().channel, self.host(), &entry.name);
        if place.bound || naming::same(&seen.name, &expected) {
            return Check::good("channel", format!("#{}", seen.name));
        }
        Check::good("channel", format!("#{}; it was renamed from #{expected}, which is fine", seen.name))
    }

    fn check_permissions(&self, guild: GuildId, channel: ChannelId) -> Check {
        let Some(has) = self.guilds().may(guild, Some(channel)) else {
            return Check::good("permissions", "Discord has not told them; nothing has failed so far");
        };
        match permission::missing(has, permission::IN_CHANNEL) {
            None => Check::good("permissions", "the bot has all that it needs there"),
            Some(missing) => {
                Check::bad("permissions", format!("missing: {missing}"), "give them to the role of the bot")
            }
        }
    }

    fn check_topic(
        &self,
        guild: GuildId,
        channel: ChannelId,
        seen: &Place,
        entry: &Entry,
        state: Option<State>,
    ) -> Check {
        let Some(state) = state else {
            return Check::good("topic", "it waits until the project can be opened");
        };
        let about = self.about(&entry.name, &entry.path);
        let wanted = about.topic(seen.topic.as_deref(), End::State(state));
        if wanted.is_none() {
            return Check::good("topic", "what people wrote there leaves no room for path and state");
        }
        if wanted == seen.topic {
            return Check::good("topic", "it says path and state");
        }
        self.want_topic(channel, Wanted { guild, about, end: End::State(state) });
        Check::good(
            "topic",
            "it was not up to date; it will be within ten minutes, which is as often as Discord allows",
        )
    }

    /// A channel outside of all categories is put into ours, if ours is gone: then nobody has moved it.
    async fn check_category(&self, guild: GuildId, channel: ChannelId, seen: &Place) -> Check {
        if let Some(category) = seen.parent {
            return Check::good("category", self.name_of(guild, category));
        }
        let base = &self.config().category;
        let is_ours = |it: &Place| it.kind == ChannelType::Category && naming::same(&it.name, base);
        let ours = self.guilds().look(guild, |known| known.channels.values().any(is_ours));
        if ours.unwrap_or(true) {
            return Check::good("category", "none; it was moved out, which is fine");
        }
        match self.put_into_category(guild, channel).await {
            Ok(()) => Check::good("category", format!("there was none any more; {base} is a new one")),
            Err(fault) => Check::bad(
                "category",
                format!("{base} cannot be made: {fault}"),
                "give the role of the bot the permission Manage Channels",
            ),
        }
    }

    async fn put_into_category(&self, guild: GuildId, channel: ChannelId) -> Result<(), Fault> {
        let _alone = self.making.lock().await;
        let category = self.category_with_room(guild).await?;
        let edit = || channel.edit(self.http(), EditChannel::new().category(category));
        let moved = rest::patiently(PATIENCE, edit).await?;
        self.guilds().set_channel(&moved);
        Ok(())
    }
}
