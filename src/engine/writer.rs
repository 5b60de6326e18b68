//! The one thread that writes the journal: what all projects have ready becomes durable with one flush.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use crate::engine::ambient::Ambient;
use crate::engine::error::EngineError;
use crate::store::journal::{ChangeRecord, Journal, JournalError, ProjectKey};
use crate::store::object::Oid;

/// How many projects may wait for the journal at once.
const QUEUE: usize = 1024;
/// How long another process may hold the journal before we give up.
const WAIT: Duration = Duration::from_secs(10);

type Reply<T> = oneshot::Sender<Result<T, EngineError>>;

enum Job {
    Append { records: Vec<ChangeRecord>, reply: Reply<()> },
    Published { project: ProjectKey, revision: u64, commit: Oid },
    Pending { project: ProjectKey, reply: Reply<Vec<ChangeRecord>> },
    Remembered { project: ProjectKey, reply: Reply<Vec<ChangeRecord>> },
    Checkpoint { reply: Reply<()> },
}

/// Where the journal lies and how large it is.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) folder: PathBuf,
    pub(super) file_bytes: u32,
    pub(super) ambient: Ambient,
}

/// A way to the journal's thread. Copies lead to the same.
#[derive(Clone)]
pub(super) struct Writer {
    jobs: mpsc::Sender<Job>,
    flushes: Arc<AtomicU64>,
}

impl Writer {
    /// Opens the journal and starts its thread, which ends when the last way to it is gone. Also says
    /// for which projects a crash left changes.
    pub(super) fn start(place: Place) -> Result<(Self, BTreeSet<ProjectKey>), EngineError> {
        let journal = open(&place)?;
        let left = journal.pending_projects();
        let (jobs, inbox) = mpsc::channel(QUEUE);
        let flushes = Arc::new(AtomicU64::new(0));
        let thread = Thread { place, journal: Some(journal), flushes: Arc::clone(&flushes) };
        let started = std::thread::Builder::new().name("journal".to_owned()).spawn(move || thread.run(inbox));
        let path = PathBuf::from("the journal's thread");
        started.map_err(|source| EngineError::Io { action: "start", path, source: Arc::new(source) })?;
        Ok((Self { jobs, flushes }, left))
    }

    /// Makes changes durable.
    pub(super) async fn append(&self, records: Vec<ChangeRecord>) -> Result<(), EngineError> {
        self.ask(|reply| Job::Append { records, reply }).await
    }

    /// Notes that changes are in git.
    pub(super) async fn published(&self, project: ProjectKey, revision: u64, commit: Oid) {
        // A journal that is gone has nothing to note; recovery finds out by itself.
        let _ = self.jobs.send(Job::Published { project, revision, commit }).await;
    }

    /// The changes of a project that are durable and were not seen in git.
    pub(super) async fn pending(&self, project: ProjectKey) -> Result<Vec<ChangeRecord>, EngineError> {
        self.ask(|reply| Job::Pending { project, reply }).await
    }

    /// Every change of a project that the journal still has, in git or not. Waits for the journal; not for
    /// threads that others wait for.
    pub(super) fn remembered(&self, project: ProjectKey) -> Vec<ChangeRecord> {
        let (reply, answer) = oneshot::channel();
        let sent = self.jobs.blocking_send(Job::Remembered { project, reply });
        let answer = sent.ok().and_then(|()| answer.blocking_recv().ok());
        match answer {
            Some(Ok(changes)) => changes,
            Some(Err(error)) => {
                tracing::warn!("the journal cannot help to mend a project: {error}");
                Vec::new()
            }
            None => Vec::new(),
        }
    }

    /// Makes the journal's own notes durable.
    pub(super) async fn checkpoint(&self) -> Result<(), EngineError> {
        self.ask(|reply| Job::Checkpoint { reply }).await
    }

    /// How many flushes the journal has cost so far.
    pub(super) fn flushes(&self) -> u64 {
        self.flushes.load(Ordering::Relaxed)
    }

    async fn ask<T>(&self, job: impl FnOnce(Reply<T>) -> Job) -> Result<T, EngineError> {
        let (reply, answer) = oneshot::channel();
        self.jobs.send(job(reply)).await.map_err(|_| EngineError::Stopped)?;
        answer.await.map_err(|_| EngineError::Stopped)?
    }
}

struct Thread {
    place: Place,
    /// Absent after a failure, until it has been opened again.
    journal: Option<Journal>,
    flushes: Arc<AtomicU64>,
}

fn open(place: &Place) -> Result<Journal, EngineError> {
    let (journal, _) = Journal::open(&place.folder, place.file_bytes, &place.ambient.holder(), WAIT)?;
    Ok(journal)
}

impl Thread {
    fn run(mut self, mut inbox: mpsc::Receiver<Job>) {
        let mut jobs = Vec::new();
        while inbox.blocking_recv_many(&mut jobs, QUEUE) > 0 {
            self.round(std::mem::take(&mut jobs));
            let flushes = self.journal.as_ref().map_or(0, Journal::flushes);
            self.flushes.store(flushes, Ordering::Relaxed);
        }
    }

    /// Everything that is ready, in the order in which it came.
    fn round(&mut self, jobs: Vec<Job>) {
        let mut records = Vec::new();
        let mut replies = Vec::new();
        for job in jobs {
            match job {
                Job::Append { records: more, reply } => {
                    if !self.fits(&records, &more) {
                        self.write(std::mem::take(&mut records), std::mem::take(&mut replies));
                    }
                    records.extend(more);
                    replies.push(reply);
                }
                // It speaks of what was written before this round, and nobody waits for it.
                Job::Published { .. } => self.note(job),
                Job::Pending { .. } | Job::Remembered { .. } | Job::Checkpoint { .. } => {
                    // What was asked before has happened when the answer to this is given.
                    self.write(std::mem::take(&mut records), std::mem::take(&mut replies));
                    self.note(job);
                }
            }
        }
        self.write(records, replies);
    }

    fn note(&mut self, job: Job) {
        // Whoever asked may have gone away; that is its right.
        match job {
            Job::Published { project, revision, commit } => {
                if let Some(journal) = &mut self.journal {
                    journal.published(project, revision, commit);
                }
            }
            Job::Pending { project, reply } => {
                let pending = self.journal().and_then(|journal| Ok(journal.pending_of(project)?));
                let _ = reply.send(pending);
            }
            Job::Remembered { project, reply } => {
                let changes = self.journal().and_then(|journal| Ok(journal.remembered(project)?));
                let _ = reply.send(changes);
            }
            Job::Checkpoint { reply } => {
                let done = self.journal().and_then(|journal| Ok(journal.checkpoint()?));
                let _ = reply.send(done);
            }
            Job::Append { .. } => {}
        }
    }

    fn fits(&self, records: &[ChangeRecord], more: &[ChangeRecord]) -> bool {
        let bytes: usize = records.iter().chain(more).map(weight).sum();
        self.journal.as_ref().is_none_or(|journal| bytes < journal.batch_limit() / 2)
    }

    fn write(&mut self, records: Vec<ChangeRecord>, replies: Vec<Reply<()>>) {
        if replies.is_empty() {
            return;
        }
        let written = self.journal().and_then(|journal| {
            journal.append(&records).map_err(|error| match error {
                JournalError::TooLarge { .. } | JournalError::Encode(_) => too_large(&error),
                other => other.into(),
            })
        });
        if let Err(EngineError::Journal(error)) = &written {
            tracing::error!("the journal failed and will be opened again: {error}");
            self.journal = None;
        }
        for reply in replies {
            let _ = reply.send(written.clone());
        }
    }

    /// The journal, opened again after a failure: only the disk knows then what it holds.
    fn journal(&mut self) -> Result<&mut Journal, EngineError> {
        match &mut self.journal {
            Some(journal) => Ok(journal),
            none => Ok(none.insert(open(&self.place)?)),
        }
    }
}

fn too_large(error: &JournalError) -> EngineError {
    use crate::domain::refusal::{Code, Refusal};

    Refusal::new(Code::Busy, error.to_string(), "give the journal more room: [journal] file_size_mib").into()
}

/// About how many bytes a change takes.
pub(super) fn weight(record: &ChangeRecord) -> usize {
    let files =
        record.files.iter().map(|file| file.path.len() + file.content.as_ref().map_or(0, Vec::len) + 16);
    files.sum::<usize>() + record.meta.message.len() + 128
}

#[cfg(test)]
mod tests {
    use crate::store::journal::{CommitMeta, FileChange};

    use super::*;

    fn change(project: u8, revision: u64) -> ChangeRecord {
        let files = vec![FileChange { path: "a".into(), content: Some(b"x".to_vec()) }];
        let meta = CommitMeta {
            author_name: "Ada".into(),
            author_email: "ada@example.org".into(),
            time_seconds: 0,
            message: String::new(),
        };
        ChangeRecord { project: [project; 16], revision, files, meta }
    }

    #[test]
    fn what_many_projects_have_ready_costs_one_flush_also_while_they_publish() {
        let folder = tempfile::tempdir().unwrap();
        let ambient =
            Ambient { now: || jiff::Timestamp::UNIX_EPOCH, entropy: || 7, host: "alpha".into(), pid: 1 };
        let place = Place { folder: folder.path().to_owned(), file_bytes: 1 << 16, ambient };
        let journal = open(&place).unwrap();
        let mut thread = Thread { place, journal: Some(journal), flushes: Arc::default() };
        let append = |project, revision| {
            let (reply, answer) = oneshot::channel();
            (Job::Append { records: vec![change(project, revision)], reply }, answer)
        };
        let (first, first_answers): (Vec<_>, Vec<_>) = (1..=9).map(|project| append(project, 1)).unzip();
        thread.round(first);
        let before = thread.journal.as_ref().unwrap().flushes();

        let mut jobs = Vec::new();
        let mut answers = Vec::new();
        for project in 1..=9 {
            let (job, answer) = append(project, 2);
            let commit = Oid::new([project; Oid::LEN]);
            jobs.extend([job, Job::Published { project: [project; 16], revision: 1, commit }]);
            answers.push(answer);
        }
        thread.round(jobs);

        assert_eq!(thread.journal.as_ref().unwrap().flushes() - before, 1);
        for answer in first_answers.into_iter().chain(answers) {
            assert!(answer.blocking_recv().unwrap().is_ok());
        }
        let (reply, pending) = oneshot::channel();
        thread.round(vec![Job::Pending { project: [3; 16], reply }]);
        assert_eq!(pending.blocking_recv().unwrap().unwrap(), [change(3, 2)]);
    }
}
