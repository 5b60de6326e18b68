//! The store as a whole, in real repositories and beside the real git.

mod edits;
mod foreign;
mod lifecycle;
mod mending;
mod people;
mod places;
mod recovery;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tempfile::TempDir;
use ulid::Ulid;

use crate::domain::entity::Extra;
use crate::domain::event::Event;
use crate::domain::id::{StoryId, Uid};
use crate::domain::project::Project;
use crate::domain::story::{Priority, Status, Story};
use crate::store::journal::{ChangeRecord, CommitMeta, FileChange};
use crate::store::lock::Holder;
use crate::store::project_store::edited_change;
use crate::store::testing::git;
use crate::store::{Look, ProjectStore, StoreError, change};

/// A program that another test is starting holds copies of our locks until it runs.
const PATIENCE: Duration = Duration::from_secs(10);

fn holder() -> Holder {
    Holder { host: "alpha".into(), pid: 1, since: "2026-11-20T10:00:00Z".into() }
}

fn meta(message: &str) -> CommitMeta {
    CommitMeta {
        author_name: "Ada".into(),
        author_email: "ada@example.org".into(),
        time_seconds: Timestamp::now().as_second(),
        message: format!("{message}\n\nCommand-Id: {message}\n"),
    }
}

fn story(number: u32) -> Story {
    Story {
        id: StoryId(number),
        uid: Uid(Ulid(u128::from(number))),
        title: format!("Story {number}").parse().unwrap(),
        description: "Do it well.".parse().unwrap(),
        criteria: Vec::new(),
        priority: Priority::Medium,
        rank: i64::from(number),
        points: None,
        depends_on: Vec::new(),
        epic: None,
        assignee: None,
        status: Status::Todo,
        reason: None,
        sprint: None,
        notes: Vec::new(),
        aliases: Vec::new(),
        created_at: Timestamp::UNIX_EPOCH,
        created_by: "Ada".parse().unwrap(),
        started_at: None,
        done_at: None,
        extra: Extra::new(),
    }
}

/// A repository of a person, with some code in it.
fn repository() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    git(folder.path(), &["init", "--quiet", "--initial-branch=main"], b"");
    fs::write(folder.path().join("code.txt"), "one\n").unwrap();
    git(folder.path(), &["add", "."], b"");
    git(folder.path(), &["commit", "--quiet", "-m", "code"], b"");
    folder
}

fn new_project() -> Project {
    Project::new("alpha".parse().unwrap(), Uid(Ulid(7)))
}

fn create(path: &Path) -> Result<(ProjectStore, Project), StoreError> {
    let project = new_project();
    let store = ProjectStore::create(path, &project, Vec::new(), meta("register"), &holder(), PATIENCE)?;
    Ok((store, project))
}

fn open_with(path: &Path, pending: &[ChangeRecord]) -> Result<(ProjectStore, Project), StoreError> {
    let never = || -> Vec<ChangeRecord> { panic!("nothing was to be mended") };
    ProjectStore::open(path, pending, &never, &holder(), PATIENCE)
}

/// A registered project, and all that a test wants to do with it.
struct World {
    folder: TempDir,
    store: Option<ProjectStore>,
    project: Project,
}

impl World {
    fn new() -> Self {
        let folder = repository();
        let (store, project) = create(folder.path()).unwrap();
        Self { folder, store: Some(store), project }
    }

    /// With this many stories, each a commit of its own.
    fn with_stories(count: u32) -> Self {
        let mut world = Self::new();
        for _ in 0..count {
            world.add();
        }
        world
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The path of a file in our folder.
    fn file(&self, name: &str) -> PathBuf {
        self.path().join(".orch-state").join(name)
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.file(name)).unwrap()
    }

    fn store(&mut self) -> &mut ProjectStore {
        self.store.as_mut().unwrap()
    }

    /// A change that carries out these events, and is in the project, but in no journal and in no commit.
    fn change(&mut self, events: &[Event]) -> ChangeRecord {
        events.iter().for_each(|event| self.project.apply(event));
        let command = format!("c{}", self.project.revision + 1);
        self.project.remember(command.parse().unwrap());
        let extras = self.store.as_ref().map(|store| store.extras().clone()).unwrap_or_default();
        change(&self.project, &extras, events, meta(&command)).unwrap()
    }

    /// A change that adds a story.
    fn addition(&mut self) -> ChangeRecord {
        let number = self.project.counters.stories + 1;
        self.change(&[Event::StoryAdded(Arc::new(story(number)))])
    }

    fn publish(&mut self, records: &[ChangeRecord]) -> Vec<String> {
        let published = self.store().publish(records).unwrap();
        assert!(published.moved.is_none());
        published.commits
    }

    /// Adds a story, published.
    fn add(&mut self) {
        let record = self.addition();
        self.publish(&[record]);
    }

    fn look(&mut self) -> Result<Look, StoreError> {
        let project = self.project.clone();
        self.store().look(&project, true)
    }

    fn is_quiet(&mut self) -> bool {
        matches!(self.look().unwrap(), Look::Quiet)
    }

    /// Takes an edit over as the engine does. Returns the names of the edited files.
    fn take_edit(&mut self) -> Vec<String> {
        let Look::Edited { project, files, paths } = self.look().unwrap() else {
            panic!("no edit was found")
        };
        self.project = *project;
        self.project.remember(format!("edit{}", self.project.revision + 1).parse().unwrap());
        let record = edited_change(&self.project, files, meta("edited by hand")).unwrap();
        self.publish(&[record]);
        paths
    }

    /// The process ends, and another begins.
    fn reopen(&mut self, pending: &[ChangeRecord]) {
        drop(self.store.take());
        let (store, project) = open_with(self.path(), pending).unwrap();
        self.store = Some(store);
        self.project = project;
    }

    fn error_of_opening(&mut self) -> StoreError {
        drop(self.store.take());
        open_with(self.path(), &[]).err().unwrap()
    }

    /// The folder shows the latest commit, git finds no fault, and the person's work is as it was.
    fn check(&self) {
        git(self.path(), &["fsck", "--strict", "--full", "--no-dangling"], b"");
        assert_eq!(git(self.path(), &["status", "--porcelain"], b""), "");
        let files = git(self.path(), &["ls-tree", "-r", "--name-only", "orch-state"], b"");
        for name in files.lines() {
            let committed = git(self.path(), &["rev-parse", &format!("orch-state:{name}")], b"");
            let shown = git(self.path(), &["hash-object", &format!(".orch-state/{name}")], b"");
            assert_eq!(shown, committed, "{name}");
        }
        assert_eq!(shown_files(&self.path().join(".orch-state")), files.lines().count());
    }
}

/// How many files people see, git's own apart.
fn shown_files(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let count = |path: PathBuf| match path.is_dir() {
        true => shown_files(&path),
        false => usize::from(!path.ends_with(".git")),
    };
    entries.map(count).sum()
}
