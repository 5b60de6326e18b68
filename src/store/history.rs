//! Reading the history of the state branch: who did what, and how the project was at another time.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use git2::{Commit, DiffDelta, DiffOptions, Repository};
use jiff::Timestamp;

use crate::domain::past::{Entry, Past, Patch, Step};
use crate::domain::project::Project;
use crate::store::StoreError;
use crate::store::format::{self, Parsed};
use crate::store::layout::{self, Content};
use crate::store::load;
use crate::store::object::Oid;
use crate::store::project_store::ProjectStore;
use crate::store::reference;
use crate::store::repository::Place;
use crate::store::tree::Tree;

/// How far back the history is searched. Beyond that `git log` is the better tool.
const DEPTH: usize = 10_000;
/// How many digits of a commit id people see.
pub(crate) const SHORT: usize = 10;

/// The end of the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Since {
    /// The latest commit; `None` if there is none at all.
    pub latest: Option<String>,
    /// What came after the commit in question, newest first.
    pub entries: Vec<Entry>,
    /// Whether that is all. Otherwise it is more than was wanted, or the history is another one now.
    pub is_whole: bool,
}

impl ProjectStore {
    /// The latest commits, newest first: at most `count`, and only those that `wanted` accepts.
    pub fn entries(&self, count: usize, wanted: &dyn Fn(&Entry) -> bool) -> Result<Vec<Entry>, StoreError> {
        let mut entries = Vec::new();
        self.walk(|commit| {
            let entry = entry(commit);
            if wanted(&entry) {
                entries.push(entry);
            }
            Ok(entries.len() < count)
        })?;
        Ok(entries)
    }

    /// What was committed after `commit`; nothing but the latest commit where none is given.
    pub fn since(&self, commit: Option<&str>, most: usize) -> Result<Since, StoreError> {
        let mut since = Since { latest: None, entries: Vec::new(), is_whole: commit.is_none() };
        self.walk(|one| {
            let id = one.id().to_string();
            since.is_whole |= commit == Some(id.as_str());
            if !since.is_whole {
                since.entries.push(entry(one));
            }
            since.latest.get_or_insert(id);
            Ok(!since.is_whole && since.entries.len() < most)
        })?;
        Ok(since)
    }

    /// The commit that carried out the command with this id, if it is among the latest.
    pub fn commit_of(&self, command: &str) -> Result<Option<String>, StoreError> {
        let found = self.entries(1, &|entry| entry.command.as_deref() == Some(command))?;
        Ok(found.into_iter().next().map(|entry| entry.commit))
    }

    /// What the latest `count` commands changed, newest first.
    pub fn latest_steps(&self, count: usize) -> Result<Past, StoreError> {
        self.steps(count, &|_| true)
    }

    /// What the command with this id changed; no step if it is not among the latest.
    pub fn step_of(&self, command: &str) -> Result<Past, StoreError> {
        self.steps(1, &|entry| entry.command.as_deref() == Some(command) || entry.commit.starts_with(command))
    }

    /// The whole project as it was at a commit, which may be shortened to four digits or more.
    pub fn past_at(&self, text: &str) -> Result<Past, StoreError> {
        let unknown = || StoreError::UnknownCommit { text: text.to_owned() };
        let is_hex = text.len() >= 4 && text.bytes().all(|b| b.is_ascii_hexdigit());
        let wanted = text.to_lowercase();
        let found =
            if is_hex { self.entries(1, &|entry| entry.commit.starts_with(&wanted))? } else { Vec::new() };
        let commit = found.into_iter().next().ok_or_else(unknown)?.commit;
        let oid: Oid = commit.parse().map_err(|_| unknown())?;
        let repository = self.place.repository();
        let read = || {
            let commit = repository.find_commit(oid.to_git2()?)?;
            Tree::read(repository, Oid::from(commit.tree_id()))?.files(repository)
        };
        let (project, _) = load::project_at(repository, &read().map_err(|source| self.git_error(source))?)?;
        Ok(Past::At { commit: commit.chars().take(SHORT).collect(), project: Box::new(project) })
    }

    fn steps(&self, count: usize, wanted: &dyn Fn(&Entry) -> bool) -> Result<Past, StoreError> {
        let mut found = Vec::new();
        self.walk(|commit| {
            let entry = entry(commit);
            // What other programs committed is not a command; what came first has nothing before it.
            if entry.command.is_some() && commit.parent_count() == 1 && wanted(&entry) {
                found.push((Oid::from(commit.id()), entry));
            }
            Ok(found.len() < count)
        })?;
        let steps: Result<Vec<_>, _> = found.into_iter().map(|(oid, entry)| self.step(oid, entry)).collect();
        Ok(Past::Steps(steps?))
    }

    fn step(&self, oid: Oid, entry: Entry) -> Result<Step, StoreError> {
        let repository = self.place.repository();
        let (pairs, old, new) = changed_blobs(repository, oid).map_err(|source| self.git_error(source))?;
        let mut sides = [Side::new(repository, &old)?, Side::new(repository, &new)?];
        for (path, before, after) in pairs {
            for (side, blob) in sides.iter_mut().zip([before, after]) {
                side.add(repository, &path, blob)?;
            }
        }
        let [before, after] = sides.map(|side| side.patch);
        let commit = entry.commit.chars().take(SHORT).collect();
        Ok(Step { subject: entry.subject, commit, before, after })
    }

    fn walk(
        &self,
        mut visit: impl FnMut(&Commit<'_>) -> Result<bool, git2::Error>,
    ) -> Result<(), StoreError> {
        let Some(tip) = self.branch.tip() else { return Ok(()) };
        let repository = self.place.repository();
        let mut walk = || -> Result<(), git2::Error> {
            let mut commit = Some(repository.find_commit(tip.to_git2()?)?);
            for _ in 0..DEPTH {
                let Some(this) = commit else { break };
                if !visit(&this)? {
                    break;
                }
                commit = this.parent(0).ok();
            }
            Ok(())
        };
        walk().map_err(|source| self.git_error(source))
    }

    fn git_error(&self, source: git2::Error) -> StoreError {
        StoreError::Git { action: "read the history of", path: self.place.work().to_owned(), source }
    }
}

/// The latest commit on the state branch of the repository of `work`, without opening the project.
pub fn latest_commit(work: &Path) -> Result<Option<String>, StoreError> {
    let place = Place::open(work)?;
    Ok(reference::read(place.repository(), layout::BRANCH)?.map(|oid| oid.to_string()))
}

/// One side of a step: the changed things as they were before, or as they were afterwards.
struct Side {
    patch: Patch,
}

impl Side {
    /// With the standing of the project on that side and nothing else yet.
    fn new(repository: &Repository, tree: &Tree) -> Result<Self, StoreError> {
        let mut tree = tree.clone();
        let git = |source| StoreError::Git { action: "read", path: repository.path().to_owned(), source };
        let only = [layout::STATUS, layout::BACKLOG];
        let mut files = BTreeMap::new();
        for path in only {
            files.extend(tree.get(repository, path).map_err(git)?.map(|oid| (path.to_owned(), oid)));
        }
        let (standing, _): (Project, _) = load::project_at(repository, &files)?;
        Ok(Self { patch: Patch::standing(&standing, String::new()) })
    }

    fn add(&mut self, repository: &Repository, path: &str, blob: Option<Oid>) -> Result<(), StoreError> {
        let Some(content) = layout::content_of(path) else { return Ok(()) };
        let parsed = match blob {
            None => None,
            Some(oid) => {
                let bytes = load::blob(repository, oid)?;
                let parsed = format::parse(content, &bytes);
                Some(parsed.map_err(|error| load::damaged(Path::new(path), &bytes, &error))?)
            }
        };
        match (content, parsed) {
            (Content::Story(id), Some(Parsed::Story(story))) => {
                self.patch.stories.insert(id, Some(story));
            }
            (Content::Story(id), None) => {
                self.patch.stories.insert(id, None);
            }
            (Content::Sprint(id), Some(Parsed::Sprint(sprint))) => {
                self.patch.sprints.insert(id, Some(sprint));
            }
            (Content::Sprint(id), None) => {
                self.patch.sprints.insert(id, None);
            }
            (Content::Backlog, Some(Parsed::Backlog(file))) => {
                self.patch.epics =
                    file.epics.into_iter().map(|epic| (epic.id, Some(Arc::clone(&epic)))).collect();
            }
            _ => {}
        }
        Ok(())
    }
}

type Changed = (Vec<(String, Option<Oid>, Option<Oid>)>, Tree, Tree);

/// The files that a commit changed, before and after, and both of its root folders.
fn changed_blobs(repository: &Repository, oid: Oid) -> Result<Changed, git2::Error> {
    let commit = repository.find_commit(oid.to_git2()?)?;
    let (old, new) = (commit.parent(0)?.tree()?, commit.tree()?);
    let mut options = DiffOptions::new();
    let diff = repository.diff_tree_to_tree(Some(&old), Some(&new), Some(options.skip_binary_check(true)))?;
    let pairs = diff.deltas().filter_map(|delta| changed_blob(&delta)).collect();
    let read = |id| Tree::read(repository, Oid::from(id));
    Ok((pairs, read(old.id())?, read(new.id())?))
}

fn changed_blob(delta: &DiffDelta<'_>) -> Option<(String, Option<Oid>, Option<Oid>)> {
    let path = delta.new_file().path().or(delta.old_file().path())?.to_str()?.to_owned();
    let side = |id: git2::Oid| (!id.is_zero()).then(|| Oid::from(id));
    Some((path, side(delta.old_file().id()), side(delta.new_file().id())))
}

/// A commit as people want to see it.
fn entry(commit: &Commit<'_>) -> Entry {
    let message = String::from_utf8_lossy(commit.message_bytes()).into_owned();
    let author = commit.author();
    let author = String::from_utf8_lossy(author.name_bytes()).into_owned();
    let mut entry = Entry {
        commit: commit.id().to_string(),
        at: Timestamp::from_second(commit.time().seconds()).unwrap_or_default(),
        actor: author,
        surface: String::new(),
        subject: message.lines().next().unwrap_or_default().to_owned(),
        events: Vec::new(),
        command: None,
    };
    for line in message.lines().skip(1).filter(|line| !line.trim().is_empty()) {
        match line.split_once(": ") {
            Some(("Command-Id", id)) => entry.command = Some(id.to_owned()),
            Some(("Surface", surface)) => surface.clone_into(&mut entry.surface),
            Some(("Actor" | "State" | "Code-Head", _)) => {}
            _ => entry.events.push(line.to_owned()),
        }
    }
    entry
}
