//! The one writer of a project: takes commands in batches, makes them durable, answers, publishes.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, TryLockError};
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::Instant;

use crate::domain::envelope::{Envelope, Receipt};
use crate::domain::id::Uid;
use crate::domain::project::Project;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::workflow;
use crate::engine::batch::{self, Outcome, Trial};
use crate::engine::error::EngineError;
use crate::engine::node::{CommitReply, Settings, Submitted};
use crate::engine::publisher::{self, Done, SharedStore};
use crate::engine::writer::Writer;
use crate::store::journal::ChangeRecord;
use crate::store::{ProjectStore, StoreError, key_bytes};

/// How long another process may hold a project before we give up.
const WAIT: Duration = Duration::from_secs(5);
/// How long a project must be quiet before its packs and its index are put in order.
const QUIET: Duration = Duration::from_secs(1);
/// How long to wait before publishing is tried again, at first and at most.
const RETRY: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(10));
/// How long the end of the process waits for git.
const LAST_CALL: Duration = Duration::from_secs(10);
/// How many batches may pass without a look at the folder while the publisher is busy with it.
const BLIND_MAX: u32 = 50;

/// Work on the store that is done between commands, when everything accepted is in git.
pub(super) type Visit = Box<dyn FnOnce(&mut ProjectStore, &Arc<Project>) + Send>;

type SubmitReply = oneshot::Sender<Result<Submitted, EngineError>>;
type ReadReply = oneshot::Sender<Result<Arc<Project>, EngineError>>;

/// Everything that can make an actor act.
pub(super) enum Message {
    Submit { envelope: Box<Envelope>, reply: SubmitReply },
    Read { reply: ReadReply },
    Visit { visit: Visit, failed: oneshot::Sender<EngineError> },
}

/// What an actor is started with.
pub(super) struct Start {
    pub(super) path: PathBuf,
    pub(super) key: Uid,
    pub(super) writer: Writer,
    pub(super) settings: Arc<Settings>,
    pub(super) turns: Arc<Semaphore>,
    /// A store that is open already, with its project, right after registration.
    pub(super) opened: Option<(ProjectStore, Project)>,
}

/// Runs an actor until nobody wants anything from it for a while.
pub(super) async fn run(start: Start, mut inbox: mpsc::Receiver<Message>) {
    match Actor::open(start).await {
        Ok(actor) => actor.run(inbox).await,
        Err(error) => {
            // Whoever asked is told, and can mend it.
            if error.is_callers_fault() {
                tracing::debug!("cannot open a project: {error}");
            } else {
                tracing::warn!("cannot open a project: {error}");
            }
            inbox.close();
            while let Some(message) = inbox.recv().await {
                message.fail(&error);
            }
        }
    }
}

impl Message {
    fn fail(self, error: &EngineError) {
        // Whoever asked may have gone away; that is its right.
        match self {
            Self::Submit { reply, .. } => drop(reply.send(Err(error.clone()))),
            Self::Read { reply } => drop(reply.send(Err(error.clone()))),
            Self::Visit { failed, .. } => drop(failed.send(error.clone())),
        }
    }
}

/// A change that is durable and not yet in git.
struct Unpublished {
    record: ChangeRecord,
    reply: Option<CommitReply>,
}

struct Actor {
    store: SharedStore,
    project: Arc<Project>,
    trial_state: TrialState,
    path: PathBuf,
    key: Uid,
    writer: Writer,
    settings: Arc<Settings>,
    turns: Arc<Semaphore>,
    unpublished: VecDeque<Unpublished>,
    /// How many of the oldest changes the publisher is at work on.
    in_work: usize,
    done: (mpsc::Sender<Done>, mpsc::Receiver<Done>),
    /// When publishing is tried again, after how long a wait, and why it failed.
    trouble: Option<(Instant, Duration, String)>,
    /// Somebody else moved the branch; the project is read again when everything is published.
    stale: bool,
    rested: bool,
}

/// What is carried from one batch to the next beside the project.
#[derive(Default)]
struct TrialState {
    /// The project was read a moment ago, and nothing in its folder was edited.
    fresh: bool,
    extras: crate::domain::entity::Extra,
    code_head: Option<String>,
    damage: Option<EngineError>,
    blind: u32,
}

impl Actor {
    async fn open(start: Start) -> Result<Self, EngineError> {
        let Start { path, key, writer, settings, turns, opened } = start;
        let pending = writer.pending(key_bytes(key)).await?;
        let (holder, work) = (settings.ambient.holder(), path.clone());
        let journal = writer.clone();
        let opening = tokio::task::spawn_blocking(move || match opened {
            Some(opened) => (Ok(opened), pending),
            None => {
                let remembered = || journal.remembered(key_bytes(key));
                (ProjectStore::open(&work, &pending, &remembered, &holder, WAIT), pending)
            }
        });
        let (opened, pending) = opening.await.map_err(|_| EngineError::Stopped)?;
        let (store, project) = opened?;
        if let (Some(last), Some(tip)) = (pending.last(), store.tip_id()) {
            writer.published(last.project, last.revision, tip).await;
        }
        let trial_state =
            TrialState { fresh: store.is_settled(), extras: store.extras().clone(), ..TrialState::default() };
        let store = Arc::new(Mutex::new(store));
        Ok(Self {
            store,
            project: Arc::new(project),
            trial_state,
            path,
            key,
            writer,
            settings,
            turns,
            unpublished: VecDeque::new(),
            in_work: 0,
            done: mpsc::channel(1),
            trouble: None,
            stale: false,
            rested: true,
        })
    }

    async fn run(mut self, mut inbox: mpsc::Receiver<Message>) {
        let mut queue = VecDeque::new();
        loop {
            let room = self.unpublished.len() < self.settings.unpublished && !self.stale;
            let wake = self.next_wake();
            tokio::select! {
                biased;
                Some(done) = self.done.1.recv() => {
                    if !self.finished(done).await {
                        break;
                    }
                }
                taken = take(&mut inbox, &mut queue, self.settings.batch), if room => {
                    if taken == 0 || self.serve(&mut queue).await.is_err() {
                        break;
                    }
                }
                () = tokio::time::sleep_until(wake) => {
                    if !self.woken().await {
                        break;
                    }
                }
            }
            self.publish();
        }
        inbox.close();
        while let Ok(message) = inbox.try_recv() {
            queue.push_back(message);
        }
        queue.into_iter().for_each(|message| message.fail(&EngineError::Stopped));
        self.end().await;
    }

    /// When there is something to do even if nobody asks.
    fn next_wake(&self) -> Instant {
        let now = Instant::now();
        match &self.trouble {
            Some((at, ..)) => *at,
            None if !self.unpublished.is_empty() => now + LAST_CALL,
            None if !self.rested => now + QUIET,
            None => now + self.settings.idle,
        }
    }

    /// Nobody asked for a while. Says whether to go on.
    async fn woken(&mut self) -> bool {
        if self.trouble.is_some() || !self.unpublished.is_empty() {
            return true;
        }
        if self.rested {
            return false;
        }
        self.rested = true;
        let rested = self.blocking(|store, _| store.rest()).await;
        if let Some(Err(error)) = rested {
            tracing::warn!("cannot put the state branch in order: {error}");
        }
        true
    }

    /// Serves what has queued up. An error means that this actor cannot go on.
    async fn serve(&mut self, queue: &mut VecDeque<Message>) -> Result<(), ()> {
        while !queue.is_empty() {
            let mut envelopes = Vec::new();
            let mut readers = Vec::new();
            let mut visit = None;
            while let Some(message) = queue.pop_front() {
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
                        queue.push_front(later);
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
    async fn alone(&mut self, message: Message) -> Result<(), ()> {
        let deadline = Instant::now() + LAST_CALL;
        while !self.unpublished.is_empty() {
            let done = tokio::time::timeout_at(deadline, self.done.1.recv()).await;
            let Ok(Some(done)) = done else {
                message.fail(&self.not_in_git().into());
                return Ok(());
            };
            if !self.finished(done).await {
                message.fail(&EngineError::Stopped);
                return Err(());
            }
            self.publish();
        }
        match message {
            Message::Submit { envelope, reply } => self.with_history(*envelope, reply).await,
            Message::Visit { visit, .. } => {
                self.blocking(move |store, project| visit(store, project)).await.ok_or(())
            }
            Message::Read { reply } => self.carry_out(Vec::new(), None, vec![reply]).await,
        }
    }

    async fn with_history(&mut self, envelope: Envelope, reply: SubmitReply) -> Result<(), ()> {
        let command = envelope.command.clone();
        let past = self.blocking(move |store, _| batch::past(&command, store)).await.ok_or(())?;
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
    ) -> Result<(), ()> {
        let (envelopes, replies): (Vec<_>, Vec<_>) = envelopes.into_iter().unzip();
        let (trial, outcomes) = self.judge(envelopes, past).await.ok_or(())?;
        let records = trial.records.clone();
        if !records.is_empty()
            && let Err(error) = self.writer.append(records).await
        {
            replies.into_iter().for_each(|reply| drop(reply.send(Err(error.clone()))));
            readers.into_iter().for_each(|reply| drop(reply.send(Err(error.clone()))));
            // Nothing has happened if a full journal refused it; after anything else nobody knows.
            return if error.is_callers_fault() { Ok(()) } else { Err(()) };
        }
        self.project = Arc::clone(&trial.project);
        self.trial_state.extras = trial.extras;
        self.trial_state.code_head = trial.code_head;
        self.trial_state.damage = trial.damage;
        self.rested &= trial.records.is_empty();
        self.answer(trial.records, outcomes, replies);
        for reader in readers {
            let _ = reader.send(Ok(Arc::clone(&self.project)));
        }
        Ok(())
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
        };
        let stuck = self.trouble.is_some().then(|| EngineError::from(self.not_in_git()));
        let (store, settings) = (Arc::clone(&self.store), Arc::clone(&self.settings));
        let alone = self.unpublished.is_empty();
        let must_look = self.trial_state.blind >= BLIND_MAX;
        let fresh = std::mem::take(&mut self.trial_state.fresh);
        let work = tokio::task::spawn_blocking(move || {
            let looked = if fresh {
                trial.code_head = store.lock().unwrap_or_else(PoisonError::into_inner).code_head();
                true
            } else {
                look(&store, &mut trial, &settings, alone, must_look)
            };
            trial.damage = stuck.or(trial.damage);
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
            self.unpublished.push_back(Unpublished { record, reply: None });
        }
        for (outcome, reply) in outcomes.into_iter().zip(replies) {
            let changed = is_change(&outcome);
            let (submitted, commit) = Submitted::new(outcome);
            if let Some(record) = changed.then(|| records.next()).flatten() {
                self.unpublished.push_back(Unpublished { record, reply: commit });
            }
            let _ = reply.send(submitted);
        }
    }

    /// Starts the publisher, if there is something to publish and it is not at work.
    fn publish(&mut self) {
        let waits = self.trouble.as_ref().is_some_and(|(at, ..)| *at > Instant::now());
        if self.in_work > 0 || self.unpublished.is_empty() || waits {
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

    /// Takes note of what the publisher did. Says whether to go on.
    async fn finished(&mut self, done: Done) -> bool {
        let count = std::mem::take(&mut self.in_work);
        let published = match done {
            Ok(published) => published,
            Err(error) => {
                if matches!(error, StoreError::Panicked { .. }) {
                    return false;
                }
                let wait = self.trouble.as_ref().map_or(RETRY.0, |(_, wait, _)| (*wait * 2).min(RETRY.1));
                tracing::warn!("cannot publish {count} changes, trying again in {wait:?}: {error}");
                self.trouble = Some((Instant::now() + wait, wait, error.to_string()));
                return true;
            }
        };
        self.trouble = None;
        let last = self.unpublished.get(count.saturating_sub(1)).map(|one| one.record.revision);
        for (one, commit) in self.unpublished.drain(..count).zip(&published.commits) {
            if let Some(reply) = one.reply {
                let _ = reply.send(Ok(commit.clone()));
            }
        }
        if let (Some(revision), Some(commit)) = (last, published.last) {
            self.writer.published(key_bytes(self.key), revision, commit).await;
        }
        self.stale |= published.moved.is_some();
        if self.stale && self.unpublished.is_empty() {
            return self.reread().await;
        }
        true
    }

    /// Reads the project again, after somebody else moved the branch under changes of ours.
    async fn reread(&mut self) -> bool {
        self.stale = false;
        match self.blocking(|store, _| store.reread()).await {
            Some(Ok(project)) => {
                self.project = Arc::new(project);
                true
            }
            Some(Err(error)) => {
                tracing::warn!("the state branch was moved and cannot be used: {error}");
                false
            }
            None => false,
        }
    }

    /// Leaves everything in order: all changes in git, few packs, a fresh index.
    async fn end(mut self) {
        let deadline = Instant::now() + LAST_CALL;
        self.publish();
        while !self.unpublished.is_empty() {
            match tokio::time::timeout_at(deadline, self.done.1.recv()).await {
                Ok(Some(done)) if done.is_ok() => drop(self.finished(done).await),
                // What is not in git by now is in the journal, for the next start.
                _ => break,
            }
            self.publish();
        }
        if !self.rested {
            let _ = self.blocking(|store, _| store.rest()).await;
        }
    }

    fn not_in_git(&self) -> Refusal {
        let why = self.trouble.as_ref().map_or("it takes too long", |(_, _, why)| why);
        let message = format!("git cannot be written: {why}");
        let hint = format!(
            "{} accepted commands are safe in the journal; mend the repository",
            self.unpublished.len()
        );
        Refusal::new(Code::Busy, message, hint)
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

/// Waits for messages and takes all that are there, up to `most`.
async fn take(inbox: &mut mpsc::Receiver<Message>, queue: &mut VecDeque<Message>, most: usize) -> usize {
    let mut taken = Vec::new();
    let count = inbox.recv_many(&mut taken, most).await;
    queue.extend(taken);
    count
}
