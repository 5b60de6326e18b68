//! Keeps a project in the hands of an actor: opens it, opens it again after trouble, and answers meanwhile.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::Instant;

use crate::domain::envelope::Envelope;
use crate::domain::id::Uid;
use crate::domain::project::Project;
use crate::engine::actor::{Actor, End, Left};
use crate::engine::batch;
use crate::engine::error::EngineError;
use crate::engine::feed::Feed;
use crate::engine::node::{Settings, Submitted};
use crate::engine::writer::Writer;
use crate::store::{ProjectStore, key_bytes, with_causes};

/// How long to wait before a project in trouble is tried again, at first and at most.
const RETRY: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(10));
/// How long after a failure it is worth to try again for somebody who asks.
const PAUSE: Duration = Duration::from_millis(250);

/// Work on the store that is done between commands, when everything accepted is in git.
pub(super) type Visit = Box<dyn FnOnce(&mut ProjectStore, &Arc<Project>) + Send>;

pub(super) type SubmitReply = oneshot::Sender<Result<Submitted, EngineError>>;
pub(super) type ReadReply = oneshot::Sender<Result<Arc<Project>, EngineError>>;

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
    pub(super) feed: Feed,
    /// A store that is open already, with its project, right after registration.
    pub(super) opened: Option<(ProjectStore, Project)>,
}

/// Keeps a project open until nobody wants anything from it for a while.
pub(super) async fn run(mut start: Start, messages: mpsc::Receiver<Message>) {
    let mut inbox = Inbox { messages, queue: VecDeque::new() };
    // What was answered last, while the journal has changes that git has not.
    let mut known = None;
    let mut wait = RETRY.0;
    loop {
        let error = match Actor::open(&mut start).await {
            Err(error) => error,
            Ok(actor) => {
                wait = RETRY.0;
                let Left { end, project, owed } = actor.run(&mut inbox).await;
                known = (owed > 0).then(|| Arc::clone(&project));
                // Taking thousands of stories apart takes a while, and nobody has to wait for it.
                drop(tokio::task::spawn_blocking(move || drop(project)));
                match end {
                    End::Trouble(error) => error,
                    End::Idle if inbox.is_done() => return,
                    End::Idle | End::Doubt => continue,
                }
            }
        };
        let owed = known.is_some() || owes(&start.writer, start.key).await;
        let why = with_causes(&error);
        if owed || !error.is_callers_fault() {
            tracing::warn!(path = %start.path.display(), owed, "cannot go on: {why}");
        } else {
            // Whoever asks is told, and can mend it.
            tracing::debug!(path = %start.path.display(), "cannot go on: {why}");
        }
        if !owed {
            // Whoever asks next makes a new beginning.
            inbox.close();
        }
        inbox.refuse(&error, known.as_ref());
        if !owed || !inbox.pause(&error, known.as_ref(), wait).await {
            return;
        }
        wait = (wait * 2).min(RETRY.1);
    }
}

/// Whether the journal has changes of a project that may be missing from git.
async fn owes(writer: &Writer, key: Uid) -> bool {
    writer.pending(key_bytes(key)).await.is_ok_and(|pending| !pending.is_empty())
}

/// What waits to be served, whoever serves it.
pub(super) struct Inbox {
    messages: mpsc::Receiver<Message>,
    pub(super) queue: VecDeque<Message>,
}

impl Inbox {
    /// Waits for messages and takes all that are there, up to `most`. False if nobody can send any more.
    pub(super) async fn take(&mut self, most: usize) -> bool {
        if !self.queue.is_empty() {
            return true;
        }
        let mut taken = Vec::new();
        let count = self.messages.recv_many(&mut taken, most).await;
        self.queue.extend(taken);
        count > 0
    }

    /// Answers everything that waits: with what is known, or else with an error.
    pub(super) fn refuse(&mut self, error: &EngineError, known: Option<&Arc<Project>>) {
        self.drain();
        self.queue.drain(..).for_each(|message| message.refuse(error, known));
    }

    /// Takes no more, but keeps what has come.
    fn close(&mut self) {
        self.messages.close();
        self.drain();
    }

    /// Takes no more, and says whether everything was served.
    fn is_done(&mut self) -> bool {
        self.close();
        self.queue.is_empty()
    }

    fn drain(&mut self) {
        while let Ok(message) = self.messages.try_recv() {
            self.queue.push_back(message);
        }
    }

    /// Waits until it is worth to try again: for `wait`, or until somebody asks. False if nobody can.
    async fn pause(&mut self, error: &EngineError, known: Option<&Arc<Project>>, wait: Duration) -> bool {
        let began = Instant::now();
        loop {
            let Ok(some) = tokio::time::timeout_at(began + wait, self.take(1)).await else { return true };
            if !some || began.elapsed() > PAUSE {
                return some;
            }
            self.refuse(error, known);
        }
    }
}

impl Message {
    /// Answers without an actor: what is known can be read, and what was carried out is not denied.
    pub(super) fn refuse(self, error: &EngineError, known: Option<&Arc<Project>>) {
        // Whoever asked may have gone away; that is its right.
        match self {
            Self::Submit { envelope, reply } => {
                let again = known.and_then(|project| batch::again(&envelope, project));
                let (answer, _) = Submitted::new(again.ok_or_else(|| error.clone()));
                drop(reply.send(answer));
            }
            Self::Read { reply } => drop(reply.send(known.cloned().ok_or_else(|| error.clone()))),
            Self::Visit { failed, .. } => drop(failed.send(error.clone())),
        }
    }
}
