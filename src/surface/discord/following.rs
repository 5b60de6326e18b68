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
use crate::store::latest_commit;
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
    /// Projects whose threads are in order, and perhaps not their boards.
    told: Mutex<HashMap<Uid, Told>>,
    /// The servers that have appeared since the start.
    met: Mutex<HashSet<GuildId>>,
}

/// How far the threads of a project have told its history.
#[derive(Clone, Debug)]
pub(super) struct Told {
    /// The last commit.
    pub(super) commit: String,
    /// The digest of the board that belongs to it.
    pub(super) board: String,
}

impl Upkeep {
    pub(super) fn note_told(&self, project: Uid, told: Told) {
        held(&self.told).insert(project, told);
    }
}

impl Default for Upkeep {
    fn default() -> Self {
        Self {
            boards: Pace::new(BOARDS),
            threads: Pace::new(THREADS),
            overviews: Pace::new(OVERVIEWS),
            changed: Mutex::default(),
            standings: Mutex::default(),
            told: Mutex::default(),
            met: Mutex::default(),
        }
    }
}

/// What everything in a channel was made from: another version of the program may show it otherwise.
fn settled(place: &Channel, commit: &str) -> String {
    format!("{commit} {} {}", place.channel, env!("CARGO_PKG_VERSION"))
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
    pub(super) fn met(self: &Arc<Self>, guild: GuildId) {
        if !held(&self.upkeep().met).insert(guild) {
            return;
        }
        let bot = Arc::clone(self);
        // Reads a file of every repository, so not here, where every event waits for it.
        self.tasks.spawn_blocking(move || {
            let of_guild = |it: &Channel| it.guild == guild.get();
            for place in bot.places().all().into_iter().filter(of_guild) {
                // What has changed just now may not be in git yet.
                let has_changed = held(&bot.upkeep().changed).contains_key(&place.project);
                if has_changed || !bot.is_settled(&place) {
                    bot.look_after(place.project);
                }
            }
            bot.upkeep().overviews.want(guild);
        });
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
        let guild = self.places().guild_of(key);
        if guild.is_none_or(|guild| self.config_of(guild).is_err()) {
            return;
        }
        held(&upkeep.changed).insert(key, project);
        upkeep.boards.want(key);
        upkeep.threads.want(key);
    }

    fn has_left(&self, entry: &Entry) {
        let upkeep = self.upkeep();
        held(&upkeep.changed).remove(&entry.key);
        held(&upkeep.standings).remove(&entry.key);
        held(&upkeep.told).remove(&entry.key);
        let guild = self.places().guild_of(entry.key);
        self.unregistered(entry);
        guild.into_iter().for_each(|guild| upkeep.overviews.want(guild));
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

    /// The channel of a project, if its server is served and can be reached. Otherwise it is looked after when the
    /// server appears.
    pub(super) fn reachable(&self, project: Uid) -> Option<Channel> {
        let place = self.places().of(project)?;
        let guild = GuildId::new(place.guild);
        let is_known = self.guilds().look(guild, |_| ()).is_some();
        (is_known && self.config_of(guild).is_ok()).then_some(place)
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
        // What was noted before the start is corrected when the project is looked at.
        if let Some(known) = known.or_else(|| self.noted_standing(key)) {
            return Some(known);
        }
        let entry = self.entry_of(key)?;
        let project = self.desk().engine().read(&entry.name).await.ok()?;
        Some(Standing::of(&project))
    }

    /// Notes how a project stands, for the overview of its server.
    pub(super) fn note_standing(&self, project: &Project, place: &Channel) {
        let standing = Standing::of(project);
        let before = held(&self.upkeep().standings).insert(project.key, standing.clone());
        if before.or_else(|| self.noted_standing(project.key)).as_ref() == Some(&standing) {
            return;
        }
        let noted = serde_json::to_string(&standing).unwrap_or_default();
        if let Err(error) = self.ledger().set_cursor(&format!("standing:{}", project.key), &noted) {
            tracing::warn!("how a project stands is forgotten at the next start: {error}");
        }
        self.upkeep().overviews.want(GuildId::new(place.guild));
    }

    fn noted_standing(&self, key: Uid) -> Option<Standing> {
        let noted = self.ledger().cursor(&format!("standing:{key}")).ok().flatten()?;
        serde_json::from_str(&noted).ok()
    }

    /// Notes, if it is so, that everything in a channel is as it should be, so that the next start need not open the
    /// project to find out. Threads and board get there in any order.
    pub(super) fn settle(&self, place: &Channel) {
        let told = held(&self.upkeep().told).get(&place.project).cloned();
        let Some(told) = told.filter(|told| self.board_shows(place, &told.board)) else { return };
        held(&self.upkeep().told).remove(&place.project);
        let (name, settled) = (format!("settled:{}", place.project), settled(place, &told.commit));
        if self.ledger().cursor(&name).is_ok_and(|before| before.as_ref() == Some(&settled)) {
            return;
        }
        if let Err(error) = self.ledger().set_cursor(&name, &settled) {
            tracing::warn!("the next start has more to look at: {error}");
        }
    }

    /// Whether a project is as it was when everything in its channel was as it should be.
    fn is_settled(&self, place: &Channel) -> bool {
        // Commits may follow that nobody has told the followers of.
        if self.desk().engine().was_mended(place.project) {
            return false;
        }
        let latest = self.entry_of(place.project).map(|entry| latest_commit(&entry.path));
        let Some(Ok(Some(latest))) = latest else { return false };
        let noted = self.ledger().cursor(&format!("settled:{}", place.project));
        noted.is_ok_and(|noted| noted == Some(settled(place, &latest)))
    }

    /// How it went with a project that could not be read. Whoever asks for it is told why, and can mend it.
    pub(super) fn unread(&self, entry: &Entry, error: &EngineError) -> Went {
        if error.is_callers_fault() {
            tracing::debug!(project = %entry.name, "its channel shows what was: {error}");
        } else {
            tracing::warn!(project = %entry.name, "its channel shows what was: {error}");
        }
        Went::Away
    }
}
