//! Follows what happens to projects, and brings up to date what stands in channels because of it.
//!
//! Following takes no time: it only notes what has changed. How often and how fast Discord is told about it is decided
//! by a [`Pace`] for each kind of thing, so however slow Discord is, nothing piles up.

use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serenity::all::GuildId;

use crate::domain::id::Uid;
use crate::domain::project::Project;
use crate::engine::{EngineError, Entry, Follower, Item};
use crate::ledger::Channel;
use crate::surface::answer::Standing;
use crate::surface::discord::bot::Bot;
use crate::surface::discord::pace::{Pace, Went};

/// The least time between two edits of a board. People read no faster.
const BOARDS: Duration = Duration::from_secs(2);
/// The least time between two looks at the history of a project.
const THREADS: Duration = Duration::from_secs(2);
/// The least time between two edits of an overview.
const OVERVIEWS: Duration = Duration::from_secs(5);
/// How many things of a kind are brought up to date at the same time.
const HANDS: usize = 4;

/// What is to be brought up to date.
#[derive(Debug)]
pub(super) struct Upkeep {
    boards: Pace<Uid>,
    threads: Pace<Uid>,
    overviews: Pace<GuildId>,
    /// Projects whose board does not show them yet.
    changed: Mutex<HashMap<Uid, Arc<Project>>>,
    /// How each project that was seen stands.
    standings: Mutex<HashMap<Uid, Standing>>,
    /// The servers that have appeared since the start.
    met: Mutex<HashSet<GuildId>>,
}

impl Default for Upkeep {
    fn default() -> Self {
        Self {
            boards: Pace::new(BOARDS),
            threads: Pace::new(THREADS),
            overviews: Pace::new(OVERVIEWS),
            changed: Mutex::default(),
            standings: Mutex::default(),
            met: Mutex::default(),
        }
    }
}

/// None of these is held while something is awaited.
fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Bot {
    /// Follows from now on, until the program stops.
    pub(super) fn start_following(self: &Arc<Self>) {
        let follower = self.desk().engine().follow();
        self.tasks.spawn(Arc::clone(self).follow(follower));
        for _ in 0..HANDS {
            self.attend(|it| &it.boards, |bot, key| async move { bot.show_board(key).await });
            self.attend(|it| &it.threads, |bot, key| async move { bot.tell_threads(key).await });
        }
        self.attend(|it| &it.overviews, |bot, guild| async move { bot.show_overview(guild).await });
    }

    /// A server has appeared. What stands there is looked at once; later only what changes is.
    pub(super) fn met(&self, guild: GuildId) {
        if !held(&self.upkeep().met).insert(guild) {
            return;
        }
        for place in self.places().all().into_iter().filter(|it| it.guild == guild.get()) {
            self.look_after(place.project);
        }
        self.upkeep().overviews.want(guild);
    }

    /// Looks at everything about a project that stands in its channel, also at what Discord has refused before.
    /// To be called when it has got a channel, or another one.
    pub(super) fn look_after(&self, project: Uid) {
        self.upkeep().boards.want_anew(project);
        self.upkeep().threads.want_anew(project);
        if let Some(guild) = self.places().guild_of(project) {
            self.upkeep().overviews.want_anew(guild);
        }
    }

    async fn follow(self: Arc<Self>, mut follower: Follower) {
        loop {
            let item = tokio::select! {
                item = follower.next() => item,
                () = self.stopped() => None,
            };
            match item {
                None => return,
                Some(Item::Changed(project)) => self.has_changed(project),
                Some(Item::Registered(entry)) => self.look_after(entry.key),
                Some(Item::Unregistered(entry)) => self.has_left(&entry),
                Some(Item::Missed) => self.has_missed_some(),
            }
        }
    }

    /// What is known may be old, so all is looked at again.
    fn has_missed_some(&self) {
        held(&self.upkeep().changed).clear();
        held(&self.upkeep().standings).clear();
        self.places().all().iter().for_each(|it| self.look_after(it.project));
    }

    fn has_changed(&self, project: Arc<Project>) {
        let (key, upkeep) = (project.key, self.upkeep());
        let Some(guild) = self.places().guild_of(key) else { return };
        let standing = Standing::of(&project);
        let is_new = held(&upkeep.standings).insert(key, standing.clone()) != Some(standing);
        held(&upkeep.changed).insert(key, project);
        upkeep.boards.want(key);
        upkeep.threads.want(key);
        if is_new {
            upkeep.overviews.want(guild);
        }
    }

    fn has_left(&self, entry: &Entry) {
        let upkeep = self.upkeep();
        held(&upkeep.changed).remove(&entry.key);
        held(&upkeep.standings).remove(&entry.key);
        let guild = self.places().guild_of(entry.key);
        self.unregistered(entry);
        if let Some(guild) = guild {
            upkeep.overviews.want(guild);
        }
    }

    /// Brings one thing after another up to date, as soon as each is due.
    fn attend<K, F>(
        self: &Arc<Self>,
        which: fn(&Upkeep) -> &Pace<K>,
        work: impl Fn(Arc<Self>, K) -> F + Send + 'static,
    ) where
        K: Clone + Eq + std::hash::Hash + Send + Sync + 'static,
        F: Future<Output = Went> + Send + 'static,
    {
        let bot = Arc::clone(self);
        self.tasks.spawn(async move {
            loop {
                let key = tokio::select! {
                    key = which(bot.upkeep()).next() => key,
                    () = bot.stopped() => return,
                };
                // In a task of its own, so that a panic ends nothing else.
                let went = tokio::spawn(work(Arc::clone(&bot), key.clone())).await;
                let went = went.unwrap_or_else(|error| {
                    tracing::error!("something in a channel could not be brought up to date: {error}");
                    Went::Refused
                });
                which(bot.upkeep()).done(&key, went);
            }
        });
    }

    /// The channel of a project, if its server can be reached. Otherwise it is looked after when the server appears.
    pub(super) fn reachable(&self, project: Uid) -> Option<Channel> {
        let place = self.places().of(project)?;
        self.guilds().look(GuildId::new(place.guild), |_| ()).map(|()| place)
    }

    /// The project with this key.
    pub(super) fn entry_of(&self, project: Uid) -> Option<Entry> {
        self.desk().engine().projects().into_iter().find(|entry| entry.key == project)
    }

    /// A project as it is now.
    pub(super) async fn latest(&self, entry: &Entry) -> Result<Arc<Project>, EngineError> {
        let changed = held(&self.upkeep().changed).remove(&entry.key);
        match changed {
            Some(project) => Ok(project),
            None => self.desk().engine().read(&entry.name).await,
        }
    }

    /// How a project stands; `None` if it cannot be read.
    pub(super) async fn standing(&self, key: Uid) -> Option<Standing> {
        let known = held(&self.upkeep().standings).get(&key).cloned();
        if known.is_some() {
            return known;
        }
        let entry = self.entry_of(key)?;
        let project = self.desk().engine().read(&entry.name).await.ok()?;
        let standing = Standing::of(&project);
        // What was told meanwhile is newer.
        Some(held(&self.upkeep().standings).entry(key).or_insert(standing).clone())
    }
}
