//! Keeps the topics of channels true: the path and the state of the project, the latest only, and not too often.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serenity::all::{ChannelId, EditChannel, GuildId};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::domain::id::ProjectName;
use crate::domain::project::Project;
use crate::surface::discord::bot::Bot;
use crate::surface::discord::naming::{About, End};
use crate::surface::discord::rest;

/// Discord takes two changes of a channel in ten minutes; one is left for people.
const APART: Duration = Duration::from_secs(600);
/// When to try again while Discord is away.
const AGAIN: Duration = Duration::from_secs(30);
/// How long one try may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a topic is to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) guild: GuildId,
    pub(super) about: About,
    pub(super) end: End,
}

/// Topics that are to be changed, each when its time has come.
#[derive(Debug, Default)]
pub(super) struct Topics {
    all: Mutex<HashMap<ChannelId, Slot>>,
    more: Notify,
}

#[derive(Debug)]
struct Slot {
    wanted: Option<Wanted>,
    not_before: Instant,
}

/// What is to be done next.
#[derive(Debug, PartialEq)]
enum Next {
    Now(ChannelId, Wanted),
    At(Instant),
    Nothing,
}

impl Topics {
    /// Asks for a topic, instead of another one that may have been asked for.
    fn want(&self, channel: ChannelId, wanted: Wanted, now: Instant) {
        let slot = Slot { wanted: None, not_before: now };
        self.all().entry(channel).or_insert(slot).wanted = Some(wanted);
        self.more.notify_one();
    }

    fn next(&self, now: Instant) -> Next {
        let mut all = self.all();
        all.retain(|_, slot| slot.wanted.is_some() || slot.not_before > now);
        let waiting = all.iter_mut().filter(|(_, slot)| slot.wanted.is_some());
        let Some((channel, slot)) = waiting.min_by_key(|(_, slot)| slot.not_before) else {
            return Next::Nothing;
        };
        if slot.not_before > now {
            return Next::At(slot.not_before);
        }
        match slot.wanted.take() {
            Some(wanted) => Next::Now(*channel, wanted),
            None => Next::Nothing,
        }
    }

    /// Leaves a channel alone until `not_before`. What was asked for meanwhile comes before `again`.
    fn rest(&self, channel: ChannelId, not_before: Instant, again: Option<Wanted>) {
        let mut all = self.all();
        let slot = all.entry(channel).or_insert(Slot { wanted: None, not_before });
        slot.not_before = not_before;
        slot.wanted = slot.wanted.take().or(again);
    }

    fn all(&self) -> MutexGuard<'_, HashMap<ChannelId, Slot>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Bot {
    /// A project is different; the topic of its channel may have to say so.
    pub(super) fn topic_changed(&self, project: &Project) {
        let Some(place) = self.places().of(project.key) else { return };
        let Ok(entry) = self.desk().engine().find(project.name.as_str()) else { return };
        let (guild, about) = (GuildId::new(place.guild), self.about(&entry.name, &entry.path));
        let wanted = Wanted { guild, about, end: End::State(project.state) };
        self.want_topic(ChannelId::new(place.channel), wanted);
    }

    /// What topics say of a project.
    pub(super) fn about(&self, project: &ProjectName, path: &Path) -> About {
        About::new(self.host(), project, path)
    }

    /// Asks for a topic. Nothing is sent for one that is there already, and none to threads, which have none.
    pub(super) fn want_topic(&self, channel: ChannelId, wanted: Wanted) {
        self.topics().want(channel, wanted, Instant::now());
    }

    /// Sets topics, until the program stops.
    pub(super) async fn keep_topics(self: Arc<Self>) {
        while !*self.stopping.borrow() {
            let at = match self.topics().next(Instant::now()) {
                Next::Now(channel, wanted) => {
                    self.set_topic(channel, wanted).await;
                    continue;
                }
                Next::At(at) => Some(at),
                Next::Nothing => None,
            };
            let due = async {
                match at {
                    Some(at) => tokio::time::sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = self.topics().more.notified() => {}
                () = due => {}
                () = self.stopped() => return,
            }
        }
    }

    async fn set_topic(&self, channel: ChannelId, wanted: Wanted) {
        let now = self.guilds().look(wanted.guild, |known| {
            let place = known.channels.get(&channel).filter(|it| !it.is_thread())?;
            Some(place.topic.clone())
        });
        let Some(now) = now.flatten() else { return };
        let Some(topic) = wanted.about.topic(now.as_deref(), wanted.end) else {
            tracing::info!(%channel, "the topic has no room for the state of the project");
            return;
        };
        if now.as_ref() == Some(&topic) {
            return;
        }
        let edited =
            rest::patiently(PATIENCE, || channel.edit(self.http(), EditChannel::new().topic(topic.as_str())));
        match edited.await {
            Ok(new) => {
                self.guilds().set_channel(&new);
                self.topics().rest(channel, Instant::now() + APART, None);
            }
            Err(fault) if fault.is_passing() => {
                tracing::info!(%channel, "the topic waits: {fault}");
                self.topics().rest(channel, Instant::now() + AGAIN, Some(wanted));
            }
            Err(fault) => {
                tracing::warn!(%channel, "the topic cannot be set: {fault}; see `project health`");
                self.topics().rest(channel, Instant::now() + APART, None);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::workflow::State;

    const CHANNEL: ChannelId = ChannelId::new(5);

    fn wanted(state: State) -> Wanted {
        let about = About::new("box", &"shop".parse().unwrap(), Path::new("/srv/shop"));
        Wanted { guild: GuildId::new(1), about, end: End::State(state) }
    }

    #[test]
    fn a_channel_is_changed_once_in_ten_minutes_and_then_to_the_latest() {
        let topics = Topics::default();
        let began = Instant::now();

        topics.want(CHANNEL, wanted(State::Idle), began);
        topics.want(CHANNEL, wanted(State::BacklogReady), began);
        assert_eq!(topics.next(began), Next::Now(CHANNEL, wanted(State::BacklogReady)));
        topics.rest(CHANNEL, began + APART, None);
        assert_eq!(topics.next(began), Next::Nothing);

        topics.want(CHANNEL, wanted(State::SprintActive), began);
        topics.want(CHANNEL, wanted(State::Blocked), began);
        assert_eq!(topics.next(began + AGAIN), Next::At(began + APART));
        assert_eq!(topics.next(began + APART), Next::Now(CHANNEL, wanted(State::Blocked)));
    }

    #[test]
    fn what_could_not_be_set_is_tried_again_unless_something_newer_is_wanted() {
        let topics = Topics::default();
        let began = Instant::now();

        topics.rest(CHANNEL, began + AGAIN, Some(wanted(State::Idle)));
        assert_eq!(topics.next(began), Next::At(began + AGAIN));
        assert_eq!(topics.next(began + AGAIN), Next::Now(CHANNEL, wanted(State::Idle)));

        topics.want(CHANNEL, wanted(State::Blocked), began);
        topics.rest(CHANNEL, began + AGAIN, Some(wanted(State::Idle)));
        assert_eq!(topics.next(began + AGAIN), Next::Now(CHANNEL, wanted(State::Blocked)));
    }

    #[test]
    fn nothing_is_kept_of_a_channel_that_has_rested() {
        let topics = Topics::default();
        let began = Instant::now();
        topics.rest(CHANNEL, began + APART, None);

        assert_eq!(topics.next(began + APART), Next::Nothing);

        assert!(topics.all().is_empty());
    }
}
