//! The one writer of a project: takes commands in batches, makes them durable, answers, publishes.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, TryLockError};
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc};
use tokio::time::Instant;

use crate::domain::envelope::{Envelope, Receipt};
use crate::domain::id::Uid;
use crate::domain::project::Project;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::workflow;
use crate::engine::batch::{self, Outcome, Trial};
use crate::engine::error::EngineError;
use crate::engine::feed::{Feed, Item};
use crate::engine::node::{CommitReply, Settings, Submitted};
use crate::engine::publisher::{self, Done, SharedStore};
use crate::engine::tending::{Inbox, Message, ReadReply, Start, SubmitReply};
use crate::engine::writer::{self, Writer};
use crate::store::journal::ChangeRecord;
use crate::store::{ProjectStore, key_bytes, with_causes};

/// How long another process may hold a project before we give up.
const WAIT: Duration = Duration::from_secs(5);
/// How long a project must be quiet before its packs and its index are put in order.
const QUIET: Duration = Duration::from_secs(1);
/// How long anybody waits for git.
const LAST_CALL: Duration = Duration::from_secs(10);
/// How long after reading a project there is no need to look at it again.
const MOMENT: Duration = Duration::from_millis(200);
/// How many batches may pass without a look at the folder while the publisher is busy with it.
const BLIND_MAX: u32 = 50;

/// The share of the journal that one project may fill with changes that are not in git.
const SHARE: usize = 4;

/// Why an actor ended.
pub(super) enum End {
    /// Nobody wants anything, or ever will.
    Idle,
    /// Nobody knows what is on the disk, so it has to be looked at.
    Doubt,
    /// Git cannot be read or written.
    Trouble(EngineError),
}

/// What an actor leaves behind.
pub(super) struct Left {
    pub(super) end: End,
    /// The project with everything that was answered.
    pub(super) project: Arc<Project>,
    /// How many changes are in the journal only.
    pub(super) owed: usize,
}

/// A change that is durable and not yet in git.
struct Unpublished {
    record: ChangeRecord,
    bytes: usize,
    reply: Option<CommitReply>,
}

pub(super) struct Actor {
    store: SharedStore,
    project: Arc<Project>,
    trial_state: TrialState,
    path: PathBuf,
    key: Uid,
    writer: Writer,
    settings: Arc<Settings>,
    turns: Arc<Semaphore>,
    feed: Feed,
    unpublished: VecDeque<Unpublished>,
    unpublished_bytes: usize,
    /// How many of the oldest changes the publisher is at work on.
    in_work: usize,
    done: (mpsc::Sender<Done>, mpsc::Receiver<Done>),
    /// Somebody else moved the branch; the project is read again when everything is published.
    stale: bool,
    /// Whether the packs and the index are in order.
    rested: bool,
    /// Whether this process has changed something, so that they cannot be.
    changed: bool,
}

/// What is carried from one batch to the next beside the project.
#[derive(Default)]
struct TrialState {
    /// When the project was read, if nothing in its folder was edited then.
    fresh: Option<Instant>,
    extras: crate::domain::entity::Extra,
    code_head: Option<String>,
    damage: Option<EngineError>,
    blind: u32,
}

impl Actor {
    /// Opens the project, and makes commits of what the journal has and git has not.
    pub(super) async fn open(start: &mut Start) -> Result<Self, EngineError> {
        let pending = start.writer.pending(key_bytes(start.key)).await?;
        let (holder, work, opened) =
            (start.settings.ambient.holder(), start.path.clone(), start.opened.take());
        let is_new = opened.is_some();
        let (journal, key) = (start.writer.clone(), key_bytes(start.key));
        let opening = tokio::task::spawn_blocking(move || match opened {
            Some(opened) => (Ok(opened), pending),
            None => {
                let remembered = || journal.remembered(key);
                (ProjectStore::open(&work, &pending, &remembered, &holder, WAIT), pending)
            }
        });
        let (opened, pending) = opening.await.map_err(|_| EngineError::Stopped)?;
        let (store, project) = opened?;
        if project.key != start.key {
            return Err(another(&start.path, &project).into());
        }
        if let (Some(last), Some(tip)) = (pending.last(), store.tip_id()) {
            start.writer.published(last.project, last.revision, tip).await;
        }
        let fresh = store.is_settled().then(Instant::now);
        let trial_state = TrialState { fresh, extras: store.extras().clone(), ..TrialState::default() };
        Ok(Self {
            store: Arc::new(Mutex::new(store)),
            project: Arc::new(project),
            trial_state,
            path: start.path.clone(),
            key: start.key,
            writer: start.writer.clone(),
            settings: Arc::clone(&start.settings),
            turns: Arc::clone(&start.turns),
            feed: start.feed.clone(),
            unpublished: VecDeque::new(),
            unpublished_bytes: 0,
            in_work: 0,
            done: mpsc::channel(1),
            stale: false,
            rested: is_new,
            changed: !pending.is_empty(),
        })
    }

    /// Serves until nobody wants anything for a while, or it cannot go on.
    pub(super) async fn run(mut self, inbox: &mut Inbox) -> Left {
        let end = loop {
            if let Err(end) = self.step(inbox).await {
                break end;
            }
            self.publish();
        };
        self.end(end).await
    }

    async fn step(&mut self, inbox: &mut Inbox) -> Result<(), End> {
        let (room, wake) = (self.has_room(), self.next_wake());
        tokio::select! {
            biased;
            Some(done) = self.done.1.recv() => self.finished(done).await,
            some = inbox.take(self.settings.batch), if room => {
                if some { self.serve(inbox).await } else { Err(End::Idle) }
            }
            () = tokio::time::sleep_until(wake) => {
                if !room {
                    // Nobody should wait for what may never come.
                    inbox.refuse(&self.late().into(), Some(&self.project));
                }
                self.woken().await
            }
        }
    }

    fn has_room(&self) -> bool {
        let share = self.settings.journal_bytes as usize / SHARE;
        self.unpublished.len() < self.settings.unpublished && self.unpublished_bytes < share && !self.stale
    }

    /// When there is something to do even if nobody asks.
    fn next_wake(&self) -> Instant {
        let now = Instant::now();
        if !self.unpublished.is_empty() {
            now + LAST_CALL
        } else if self.rested {
            now + self.settings.idle
        } else {
            now + QUIET
        }
    }

    /// Nobody asked for a while.
    async fn woken(&mut self) -> Result<(), End> {
        if !self.unpublished.is_empty() {
            return Ok(());
        }
        if self.rested {
            return Err(End::Idle);
        }
        self.rested = true;
        self.rest().await;
        Ok(())
    }

    async fn rest(&self) {
        if let Some(Err(error)) = self.blocking(|store, _| store.rest()).await {
            let why = with_causes(&error);
            tracing::warn!(path = %self.path.display(), "cannot put the state branch in order: {why}");
        }
    }

    /// Serves what has queued up.
    async fn serve(&mut self, inbox: &mut Inbox) -> Result<(), End> {
        while !inbox.queue.is_empty() {
            let mut envelopes = Vec::new();
            let mut readers = Vec::new();
            let mut visit = None;
            while let Some(message) = inbox.queue.pop_front() {
                match message {
                    Message::Submit { envelope, reply } if !batch::needs_history(&envelope.command) => {
                        envelopes.push((*envelope, reply));
                    }
                    Message::Read { reply } => readers.push(reply),
                    alone if envelopes.is_empty() => {
                        visit = Some(alone);
                        break;
                    }
                    later => {
                        inbox.queue.push_front(later);
                        break;
                    }
                }
            }
            self.carry_out(envelopes, None, readers).await?;
            if let Some(message) = visit {
                self.publish();
                self.alone(message).await?;
            }
        }
        Ok(())
    }

    /// Does what needs the whole history: waits for git first.
    async fn alone(&mut self, message: Message) -> Result<(), End> {
        let deadline = Instant::now() + LAST_CALL;
        while !self.unpublished.is_empty() {
            let Ok(Some(done)) = tokio::time::timeout_at(deadline, self.done.1.recv()).await else {
                message.refuse(&self.late().into(), Some(&self.project));
                return Ok(());
            };
            if let Err(end) = self.finished(done).await {
                if let End::Trouble(error) = &end {
                    message.refuse(error, Some(&self.project));
                }
                return Err(end);
            }
            self.publish();
        }
        match message {
            Message::Submit { envelope, reply } => self.with_history(*envelope, reply).await,
            Message::Visit { visit, .. } => {
                self.blocking(move |store, project| visit(store, project)).await.ok_or(End::Doubt)
            }
            Message::Read { reply } => self.carry_out(Vec::new(), None, vec![reply]).await,
        }
    }

    async fn with_history(&mut self, envelope: Envelope, reply: SubmitReply) -> Result<(), End> {
        let command = envelope.command.clone();
        let past = self.blocking(move |store, _| batch::past(&command, store)).await.ok_or(End::Doubt)?;
        match past {
            Ok(past) => self.carry_out(vec![(envelope, reply)], past, Vec::new()).await,
            Err(EngineError::Refused(refusal)) => {
                let refusal = workflow::placed(refusal, &self.project);
                let _ = reply.send(Err(refusal.into()));
                Ok(())
            }
            Err(error) => {
                let _ = reply.send(Err(error));
                Ok(())
            }
        }
    }

    /// Judges, keeps, applies, answers: in that order.
    async fn carry_out(
        &mut self,
        envelopes: Vec<(Envelope, SubmitReply)>,
        past: Option<crate::domain::past::Past>,
        readers: Vec<ReadReply>,
    ) -> Result<(), End> {
        let (envelopes, replies): (Vec<_>, Vec<_>) = envelopes.into_iter().unzip();
        let (trial, outcomes) = self.judge(envelopes, past).await.ok_or(End::Doubt)?;
        let records = trial.records.clone();
        if !records.is_empty()
            && let Err(error) = self.writer.append(records).await
        {
            replies.into_iter().for_each(|reply| drop(reply.send(Err(error.clone()))));
            readers.into_iter().for_each(|reply| drop(reply.send(Err(error.clone()))));
            // A full journal refuses before anything has happened, unless the store has taken over what
            // people did; after anything else nobody knows.
            let harmless = error.is_callers_fault() && !trial.outside;
            return if harmless { Ok(()) } else { Err(End::Doubt) };
        }
        self.project = Arc::clone(&trial.project);
        self.trial_state.extras = trial.extras;
        self.trial_state.code_head = trial.code_head;
        self.trial_state.damage = trial.damage;
        self.rested &= trial.records.is_empty();
        self.changed |= !trial.records.is_empty();
        let is_different = !trial.records.is_empty() || trial.outside;
        self.answer(trial.records, outcomes, replies);
        if is_different {
            self.feed.tell(Item::Changed(Arc::clone(&self.project)));
        }
        for reader in readers {
            let _ = reader.send(Ok(Arc::clone(&self.project)));
        }
        // What a person edited a person mends; what git has lost, opening the project again may mend.
        match &self.trial_state.damage {
            Some(error) if !error.is_callers_fault() => Err(End::Trouble(error.clone())),
            _ => Ok(()),
        }
    }

    /// Tries commands on a copy, on a thread that may block.
    async fn judge(
        &mut self,
        envelopes: Vec<Envelope>,
        past: Option<crate::domain::past::Past>,
    ) -> Option<(Trial, Vec<Outcome>)> {
        let mut trial = Trial {
            project: Arc::clone(&self.project),
            extras: self.trial_state.extras.clone(),
            records: Vec::new(),
            damage: self.trial_state.damage.clone(),
            code_head: self.trial_state.code_head.clone(),
            outside: false,
        };
        let (store, settings) = (Arc::clone(&self.store), Arc::clone(&self.settings));
        let alone = self.unpublished.is_empty();
        let must_look = self.trial_state.blind >= BLIND_MAX;
        let fresh = self.trial_state.fresh.take().is_some_and(|read| read.elapsed() < MOMENT);
        let work = tokio::task::spawn_blocking(move || {
            let looked = if fresh {
                trial.code_head = store.lock().unwrap_or_else(PoisonError::into_inner).code_head();
                true
            } else {
                look(&store, &mut trial, &settings, alone, must_look)
            };
            let judged =
                envelopes.iter().map(|envelope| trial.judge(envelope, past.clone(), &settings)).collect();
            (trial, judged, looked)
        });
        let (trial, outcomes, looked) = work.await.ok()?;
        self.trial_state.blind = if looked { 0 } else { self.trial_state.blind + 1 };
        Some((trial, outcomes))
    }

    fn answer(&mut self, records: Vec<ChangeRecord>, outcomes: Vec<Outcome>, replies: Vec<SubmitReply>) {
        let accepted = outcomes.iter().filter(|outcome| is_change(outcome)).count();
        // Edits by hand come first and nobody waits for their commits.
        let edits = records.len() - accepted;
        let mut records = records.into_iter();
        for record in records.by_ref().take(edits) {
            self.keep(record, None);
        }
        for (outcome, reply) in outcomes.into_iter().zip(replies) {
            let changed = is_change(&outcome);
            let (submitted, commit) = Submitted::new(outcome);
            if let Some(record) = changed.then(|| records.next()).flatten() {
                self.keep(record, commit);
            }
            let _ = reply.send(submitted);
        }
    }

    fn keep(&mut self, record: ChangeRecord, reply: Option<CommitReply>) {
        let bytes = writer::weight(&record);
        self.unpublished_bytes += bytes;
        self.unpublished.push_back(Unpublished { record, bytes, reply });
    }

    /// Starts the publisher, if there is something to publish and it is not at work.
    fn publish(&mut self) {
        if self.in_work > 0 || self.unpublished.is_empty() {
            return;
        }
        self.in_work = self.unpublished.len().min(self.settings.batch);
        let records = self.unpublished.iter().take(self.in_work).map(|one| one.record.clone()).collect();
        publisher::start(
            self.path.clone(),
            Arc::clone(&self.store),
            records,
            Arc::clone(&self.turns),
            self.done.0.clone(),
        );
    }

    /// Takes note of what the publisher did.
    async fn finished(&mut self, done: Done) -> Result<(), End> {
        let count = std::mem::take(&mut self.in_work);
        let published = done.map_err(|error| {
            let why = with_causes(&error);
            tracing::warn!(path = %self.path.display(), "cannot publish {count} changes: {why}");
            // Some of it may be in git. Opening the project again finds out, and publishes the rest.
            End::Trouble(self.not_in_git(&why).into())
        })?;
        let last = self.unpublished.get(count.saturating_sub(1)).map(|one| one.record.revision);
        for (one, commit) in self.unpublished.drain(..count).zip(&published.commits) {
            self.unpublished_bytes -= one.bytes;
            if let Some(reply) = one.reply {
                let _ = reply.send(commit.clone());
            }
        }
        if let (Some(revision), Some(commit)) = (last, published.last) {
            self.writer.published(key_bytes(self.key), revision, commit).await;
        }
        self.stale |= published.moved.is_some();
        if self.stale && self.unpublished.is_empty() {
            return self.reread().await;
        }
        Ok(())
    }

    /// Reads the project again, after somebody else moved the branch under changes of ours.
    async fn reread(&mut self) -> Result<(), End> {
        self.stale = false;
        let (project, extras) = self
            .blocking(|store, _| store.reread().map(|project| (project, store.extras().clone())))
            .await
            .ok_or(End::Doubt)?
            .map_err(|error| End::Trouble(error.into()))?;
        (self.project, self.trial_state.extras) = (Arc::new(project), extras);
        self.feed.tell(Item::Changed(Arc::clone(&self.project)));
        Ok(())
    }

    /// Leaves everything in order: all changes in git, few packs, a fresh index.
    async fn end(mut self, mut end: End) -> Left {
        let deadline = Instant::now() + LAST_CALL;
        while !self.unpublished.is_empty() && !matches!(end, End::Trouble(_)) {
            self.publish();
            // What is not in git by then is in the journal, for the next start.
            let Ok(Some(done)) = tokio::time::timeout_at(deadline, self.done.1.recv()).await else { break };
            if let Err(worse) = self.finished(done).await {
                end = worse;
            }
        }
        let owed = self.unpublished.len();
        if self.changed && !self.rested && owed == 0 {
            self.rest().await;
        }
        Left { end, project: self.project, owed }
    }

    fn not_in_git(&self, why: &str) -> Refusal {
        let message = format!("git cannot be written: {why}");
        let hint = format!(
            "mend the repository; the journal keeps {} commands that are not in git yet",
            self.unpublished.len()
        );
        Refusal::new(Code::Busy, message, hint)
    }

    fn late(&self) -> Refusal {
        self.not_in_git("it takes too long")
    }

    /// Runs something on the store, on a thread that may block. `None` if it panicked.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut ProjectStore, &Arc<Project>) -> T + Send + 'static,
    ) -> Option<T> {
        let (store, project) = (Arc::clone(&self.store), Arc::clone(&self.project));
        let work = move || work(&mut store.lock().unwrap_or_else(PoisonError::into_inner), &project);
        tokio::task::spawn_blocking(work).await.ok()
    }
}

/// Whether a command was accepted and changed something.
fn is_change(outcome: &Outcome) -> bool {
    outcome.as_ref().is_ok_and(|receipt: &Receipt| !receipt.events.is_empty())
}

/// Looks at the folder unless the publisher is at work in it. Says whether it could.
fn look(store: &SharedStore, trial: &mut Trial, settings: &Settings, alone: bool, must: bool) -> bool {
    let guard = match store.try_lock() {
        Ok(guard) => Some(guard),
        Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) if must => Some(store.lock().unwrap_or_else(PoisonError::into_inner)),
        Err(TryLockError::WouldBlock) => None,
    };
    let Some(mut guard) = guard else { return false };
    trial.look(&mut guard, &settings.ambient, alone);
    true
}

/// Somebody has put another project where ours was.
fn another(path: &Path, found: &Project) -> Refusal {
    let message = format!("{} holds another project now, {}", path.display(), found.name);
    Refusal::new(Code::Damaged, message, "let this one go with `project unregister`, then register that one")
}
