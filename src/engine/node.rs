//! The engine as others see it: projects by name, and what can be asked of them.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc::error::SendTimeoutError;
use tokio::sync::{Semaphore, mpsc, oneshot};

use crate::domain::envelope::{Envelope, Facts, Receipt};
use crate::domain::id::{ProjectName, Uid};
use crate::domain::project::Project;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::workflow;
use crate::engine::ambient::Ambient;
use crate::engine::batch;
use crate::engine::error::EngineError;
use crate::engine::feed::{Feed, Follower};
use crate::engine::registry::{Entry, Registry};
use crate::engine::tending::{self, Message, Start};
use crate::engine::writer::{self, Writer};
use crate::store::journal::ProjectKey;
use crate::store::{self, ProjectStore, key_bytes};

/// How long a full queue may keep somebody waiting.
const QUEUE_WAIT: Duration = Duration::from_secs(5);
/// How often to try when a project ends between finding it and asking it.
const TRIES: usize = 3;
/// How many projects publish at the same time: it is mostly waiting for one disk.
const PUBLISHERS: usize = 4;
/// How long to wait for the commit of a command that is durable already.
const COMMIT_WAIT: Duration = Duration::from_secs(10);
/// How long a project may think about what it was asked.
const ANSWER_WAIT: Duration = Duration::from_secs(60);
/// How long stopping waits for the projects.
const STOP_WAIT: Duration = Duration::from_secs(15);

/// What the engine works with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the journal and the list of projects lie.
    pub data_dir: PathBuf,
    /// How many commands may wait for one project.
    pub queue: usize,
    /// How many commands are made durable together.
    pub batch: usize,
    /// How many accepted commands of one project may be missing from git.
    pub unpublished: usize,
    /// How long a project stays in memory that nobody asks for.
    pub idle: Duration,
    /// The size of each of the two files of the journal.
    pub journal_bytes: u32,
    /// Points that a sprint takes if nobody says otherwise.
    pub capacity: u32,
    /// Days that a sprint lasts if nobody says otherwise.
    pub days: u32,
    /// What an address ends with that nobody has configured.
    pub email_domain: String,
    /// Time, chance and the name of this process.
    pub ambient: Ambient,
}

pub(super) type CommitReply = oneshot::Sender<String>;

/// Tells the commit of a command once it is in git.
#[derive(Debug)]
pub struct CommitWatch(Option<oneshot::Receiver<String>>);

impl CommitWatch {
    /// The commit in full. `None` for a command that changed nothing, and for one that git does not take
    /// for now: it is durable, and will be in git as soon as that is possible.
    pub async fn wait(self) -> Option<String> {
        tokio::time::timeout(COMMIT_WAIT, self.0?).await.ok()?.ok()
    }
}

/// A command that was carried out: durable now, in git soon.
#[derive(Debug)]
pub struct Submitted {
    /// What it led to.
    pub receipt: Receipt,
    /// Tells its commit.
    pub commit: CommitWatch,
}

impl Submitted {
    /// The answer to whoever asked, and the way to tell the commit later.
    pub(super) fn new(
        outcome: Result<Receipt, EngineError>,
    ) -> (Result<Self, EngineError>, Option<CommitReply>) {
        match outcome {
            Err(error) => (Err(error), None),
            Ok(receipt) if receipt.events.is_empty() => {
                (Ok(Self { receipt, commit: CommitWatch(None) }), None)
            }
            Ok(receipt) => {
                let (reply, watch) = oneshot::channel();
                (Ok(Self { receipt, commit: CommitWatch(Some(watch)) }), Some(reply))
            }
        }
    }
}

/// A way to the engine. Copies lead to the same.
#[derive(Clone)]
pub struct Engine {
    pub(super) shared: Arc<Shared>,
}

pub(super) struct Shared {
    pub(super) settings: Arc<Settings>,
    pub(super) writer: Writer,
    pub(super) registry: Mutex<Registry>,
    pub(super) feed: Feed,
    /// The projects for which a crash had left changes in the journal.
    left: BTreeSet<ProjectKey>,
    actors: Mutex<Actors>,
    turns: Arc<Semaphore>,
    /// Done when the first change is asked for, while its project is opened.
    prepared: Once,
}

#[derive(Default)]
struct Actors {
    running: HashMap<ProjectName, Running>,
    stopping: bool,
}

struct Running {
    messages: mpsc::Sender<Message>,
    task: tokio::task::JoinHandle<()>,
}

impl Engine {
    /// Opens the journal and the list of projects, and mends the projects that a crash left behind.
    pub fn start(settings: Settings) -> Result<Self, EngineError> {
        let folder = settings.data_dir.join("journal");
        std::fs::create_dir_all(&settings.data_dir).map_err(|source| EngineError::Io {
            action: "create",
            path: settings.data_dir.clone(),
            source: Arc::new(source),
        })?;
        let place =
            writer::Place { folder, file_bytes: settings.journal_bytes, ambient: settings.ambient.clone() };
        let (writer, left) = Writer::start(place)?;
        Registry::tidy(&settings.data_dir);
        let registry = Mutex::new(Registry::open(&settings.data_dir)?);
        let turns = Arc::new(Semaphore::new(PUBLISHERS));
        let (settings, feed) = (Arc::new(settings), Feed::new());
        let (actors, prepared) = (Mutex::default(), Once::new());
        let shared = Shared { settings, writer, registry, feed, left, actors, turns, prepared };
        let engine = Self { shared: Arc::new(shared) };
        engine.mend();
        Ok(engine)
    }

    /// All projects of this node, by name.
    pub fn projects(&self) -> Vec<Entry> {
        self.registry().entries().cloned().collect()
    }

    /// The project with this name, or whose work tree is this path or lies around it. The path must be whole: in
    /// which folder this process happens to run says nothing about whoever asks.
    pub fn find(&self, name_or_path: &str) -> Result<Entry, Refusal> {
        let by_name = |name| self.registry().get(&name).cloned();
        if let Some(entry) = name_or_path.parse().ok().and_then(by_name) {
            return Ok(entry);
        }
        // A folder may take its time; nobody else should wait for it.
        let whole = Some(name_or_path).filter(|path| Path::new(path).is_absolute());
        let path = whole.and_then(|path| std::fs::canonicalize(path).ok()).unwrap_or_default();
        let registry = self.registry();
        let around = path.ancestors().find_map(|path| registry.at(path));
        around.cloned().ok_or_else(|| unknown(name_or_path, &registry))
    }

    /// Carries a command out. It is durable when this returns.
    pub async fn submit(&self, project: &ProjectName, envelope: Envelope) -> Result<Submitted, EngineError> {
        self.shared.prepared.call_once(|| drop(tokio::task::spawn_blocking(store::schema::prepare)));
        let envelope = Box::new(envelope);
        self.ask(project, |reply| Message::Submit { envelope, reply }).await?
    }

    /// The project as it stands.
    pub async fn read(&self, project: &ProjectName) -> Result<Arc<Project>, EngineError> {
        self.ask(project, |reply| Message::Read { reply }).await?
    }

    /// Finds out without carrying it out whether a command would be refused as the project stands. What depends on the
    /// history is only known when it is carried out.
    pub async fn foresee(&self, project: &ProjectName, envelope: &Envelope) -> Result<(), EngineError> {
        if batch::needs_history(&envelope.command) {
            return Ok(());
        }
        let project = self.read(project).await?;
        let settings = &self.shared.settings;
        let facts = Facts { capacity: settings.capacity, days: settings.days, past: None };
        match batch::again(envelope, &project) {
            Some(_) => Ok(()),
            None => Ok(workflow::decide(&project, envelope, &facts).map(drop)?),
        }
    }

    /// Does something with the store of a project when everything accepted is in git.
    pub async fn visit<T: Send + 'static>(
        &self,
        project: &ProjectName,
        work: impl FnOnce(&mut ProjectStore, &Arc<Project>) -> T + Send + 'static,
    ) -> Result<T, EngineError> {
        let (failed, failure) = oneshot::channel();
        let (result, answer) = oneshot::channel();
        let visit: tending::Visit = Box::new(move |store, project| drop(result.send(work(store, project))));
        self.send(project, Message::Visit { visit, failed }).await?;
        match tokio::time::timeout(ANSWER_WAIT, answer).await {
            Err(_) => Err(EngineError::Silent { project: project.clone() }),
            Ok(Ok(result)) => Ok(result),
            Ok(Err(_)) => Err(failure.await.unwrap_or(EngineError::Stopped)),
        }
    }

    /// Everything that happens to projects from now on.
    pub fn follow(&self) -> Follower {
        self.shared.feed.follow()
    }

    /// Whether a crash before the start had left changes of a project that may have come into git since.
    pub fn was_mended(&self, project: Uid) -> bool {
        self.shared.left.contains(&key_bytes(project))
    }

    /// How many flushes the journal has cost so far.
    pub fn journal_flushes(&self) -> u64 {
        self.shared.writer.flushes()
    }

    /// Takes no more, finishes what was begun, and leaves everything in order.
    pub async fn stop(&self) {
        let running: Vec<_> = {
            let mut actors = self.actors();
            actors.stopping = true;
            actors.running.drain().map(|(_, running)| running.task_only()).collect()
        };
        let deadline = tokio::time::Instant::now() + STOP_WAIT;
        for task in running {
            if tokio::time::timeout_at(deadline, task).await.is_err() {
                tracing::warn!("a project did not stop in time; the journal has what is missing from git");
            }
        }
        if let Err(error) = self.shared.writer.checkpoint().await {
            tracing::warn!("cannot put the journal in order: {error}");
        }
    }

    pub(super) fn registry(&self) -> MutexGuard<'_, Registry> {
        self.shared.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the actor of a project and waits for it.
    pub(super) async fn release(&self, project: &ProjectName) {
        let running = self.actors().running.remove(project);
        if let Some(running) = running {
            let _ = tokio::time::timeout(STOP_WAIT, running.task_only()).await;
        }
    }

    /// Starts the actor of a project, with its store if that is open already.
    pub(super) fn launch(
        &self,
        entry: &Entry,
        opened: Option<(ProjectStore, Project)>,
    ) -> Result<mpsc::Sender<Message>, EngineError> {
        let shared = &self.shared;
        let mut actors = self.actors();
        if actors.stopping {
            return Err(EngineError::Stopped);
        }
        if let Some(running) = actors.running.get(&entry.name).filter(|running| !running.messages.is_closed())
        {
            return Ok(running.messages.clone());
        }
        let (messages, inbox) = mpsc::channel(shared.settings.queue);
        let start = Start {
            path: entry.path.clone(),
            key: entry.key,
            writer: shared.writer.clone(),
            settings: Arc::clone(&shared.settings),
            turns: Arc::clone(&shared.turns),
            feed: shared.feed.clone(),
            opened,
        };
        let task = tokio::spawn(tending::run(start, inbox));
        actors.running.insert(entry.name.clone(), Running { messages: messages.clone(), task });
        Ok(messages)
    }

    fn actors(&self) -> MutexGuard<'_, Actors> {
        self.shared.actors.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn actor(&self, project: &ProjectName) -> Result<mpsc::Sender<Message>, EngineError> {
        let entry = {
            let registry = self.registry();
            registry.get(project).cloned().ok_or_else(|| unknown(project.as_str(), &registry))?
        };
        self.launch(&entry, None)
    }

    async fn ask<T>(
        &self,
        project: &ProjectName,
        message: impl FnOnce(oneshot::Sender<T>) -> Message,
    ) -> Result<T, EngineError> {
        let (reply, answer) = oneshot::channel();
        self.send(project, message(reply)).await?;
        match tokio::time::timeout(ANSWER_WAIT, answer).await {
            Err(_) => Err(EngineError::Silent { project: project.clone() }),
            Ok(answer) => answer.map_err(|_| EngineError::Stopped),
        }
    }

    async fn send(&self, project: &ProjectName, mut message: Message) -> Result<(), EngineError> {
        for _ in 0..TRIES {
            match self.actor(project)?.send_timeout(message, QUEUE_WAIT).await {
                Ok(()) => return Ok(()),
                Err(SendTimeoutError::Timeout(_)) => return Err(busy(project)),
                // It ended between finding it and asking it; nothing was taken.
                Err(SendTimeoutError::Closed(returned)) => message = returned,
            }
        }
        Err(EngineError::Stopped)
    }

    /// Opens the projects for which a crash left changes in the journal.
    fn mend(&self) {
        let entries: Vec<_> = self.projects().into_iter().filter(|it| self.was_mended(it.key)).collect();
        for entry in entries {
            tracing::info!(project = %entry.name, "the last run did not end cleanly; mending");
            if let Err(error) = self.launch(&entry, None) {
                tracing::warn!(project = %entry.name, "cannot be mended now: {error}");
            }
        }
    }
}

impl Running {
    /// Lets the queue end, so that the task does.
    fn task_only(self) -> tokio::task::JoinHandle<()> {
        self.task
    }
}

fn busy(project: &ProjectName) -> EngineError {
    let message = format!("{project} has more to do than it can take");
    Refusal::new(Code::Busy, message, "try again in a moment").into()
}

/// The refusal of a project that does not exist, with the ones that do.
pub(super) fn unknown(name: &str, registry: &Registry) -> Refusal {
    let mut near: Vec<_> = registry
        .entries()
        .map(|entry| (strsim::osa_distance(name, entry.name.as_str()), entry.name.as_str()))
        .collect();
    near.sort_unstable();
    let hint = match near.as_slice() {
        [] => "register a repository with `project register`".to_owned(),
        // Two slips in a short name make another name.
        [(distance, nearest), ..] if *distance <= if name.len() <= 4 { 1 } else { 2 } => {
            format!("did you mean {nearest}?")
        }
        some => format!(
            "there are: {}",
            some.iter().take(10).map(|(_, name)| *name).collect::<Vec<_>>().join(", ")
        ),
    };
    Refusal::new(Code::Unknown, format!("there is no project {name}"), hint)
}

/// Whether two paths lead to the same place.
pub(super) fn canonical(path: &Path) -> PathBuf {
    std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}
