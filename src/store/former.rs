//! Tells files that we wrote earlier from edits of people, when the folder does not show the latest commit.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use git2::Repository;

use crate::store::StoreError;
use crate::store::journal::ChangeRecord;
use crate::store::object::{self, Oid};

/// How many commits back the folder may be. A disk writes what it was given within half a minute.
const DEPTH: usize = 1000;
/// How many seconds after its command a file may still have been written.
const LAG: i64 = 10;

/// Contents that files of the folder had before.
pub(crate) struct Former<'r> {
    repository: &'r Repository,
    /// Surely ours.
    known: BTreeSet<(String, Oid)>,
    /// Where to look further back, and when that commit was made.
    tip: Option<(Oid, i64)>,
    /// What the latest commits replaced; found out when it is first asked for.
    replaced: OnceCell<BTreeSet<(String, Oid)>>,
}

impl<'r> Former<'r> {
    /// What the folder may hold that was last written by a process that is gone, if the branch is at `tip`.
    ///
    /// The folder is never synced: a loss of power may take it back to any of the latest commits.
    pub(crate) fn of_crash(
        repository: &'r Repository,
        tip: Option<Oid>,
        pending: &[ChangeRecord],
    ) -> Result<Self, StoreError> {
        let files = pending.iter().flat_map(|record| &record.files);
        let contents =
            files.filter_map(|file| Some((file.path.clone(), object::blob_id(file.content.as_ref()?))));
        let time = |tip: Oid| repository.find_commit(tip.to_git2()?).map(|commit| commit.time().seconds());
        let tip = tip.map(|tip| time(tip).map(|time| (tip, time))).transpose();
        let tip = tip.map_err(|source| cannot_read(repository, source))?;
        let mut known: BTreeSet<_> = contents.collect();
        if let Some((tip, _)) = tip {
            let found = replaced(repository, tip, pending.len());
            known.extend(found.map_err(|source| cannot_read(repository, source))?);
        }
        Ok(Self { repository, known, tip, replaced: OnceCell::new() })
    }

    /// What the folder holds according to `known`, while this process goes on.
    pub(crate) fn of_folder<'a>(
        repository: &'r Repository,
        known: impl Iterator<Item = (&'a str, Oid)>,
    ) -> Self {
        let known = known.map(|(path, oid)| (path.to_owned(), oid)).collect();
        Self { repository, known, tip: None, replaced: OnceCell::new() }
    }

    /// Whether we wrote this content to `path` before. `modified` tells when it was written there: what came
    /// after the latest commit is a person's, who wants to have the older content back.
    pub(crate) fn knows(&self, path: &str, oid: Oid, modified: i64) -> Result<bool, StoreError> {
        let key = (path.to_owned(), oid);
        if self.known.contains(&key) {
            return Ok(true);
        }
        let Some((tip, _)) = self.tip.filter(|(_, time)| modified <= time.saturating_add(LAG)) else {
            return Ok(false);
        };
        if self.replaced.get().is_none() {
            let found = replaced(self.repository, tip, DEPTH);
            // Nobody else can have set it meanwhile: this is one thread.
            let _ = self.replaced.set(found.map_err(|source| cannot_read(self.repository, source))?);
        }
        Ok(self.replaced.get().is_some_and(|replaced| replaced.contains(&key)))
    }
}

/// The contents that the latest `depth` commits replaced or removed.
fn replaced(repository: &Repository, tip: Oid, depth: usize) -> Result<BTreeSet<(String, Oid)>, git2::Error> {
    let mut found = BTreeSet::new();
    let mut commit = repository.find_commit(tip.to_git2()?)?;
    for _ in 0..depth {
        let Ok(parent) = commit.parent(0) else { break };
        let diff = repository.diff_tree_to_tree(Some(&parent.tree()?), Some(&commit.tree()?), None)?;
        for delta in diff.deltas().filter(|delta| !delta.old_file().id().is_zero()) {
            let path = delta.old_file().path().and_then(|path| path.to_str());
            found.extend(path.map(|path| (path.to_owned(), Oid::from(delta.old_file().id()))));
        }
        commit = parent;
    }
    Ok(found)
}

fn cannot_read(repository: &Repository, source: git2::Error) -> StoreError {
    StoreError::Git { action: "read the history of", path: repository.path().to_owned(), source }
}
