//! Mends a state branch whose reference or newest objects were lost, from what is still there.
//!
//! Objects are flushed before anything speaks of them, so no loss of power alone causes this; a disk that
//! lies does, and a hand that slips.

use std::collections::HashSet;

use git2::{ErrorClass, ErrorCode, ObjectType, Repository};

use crate::store::StoreError;
use crate::store::branch::{Branch, COMMITTER};
use crate::store::foreign;
use crate::store::format::{self, Parsed, StatusFile};
use crate::store::journal::{ChangeRecord, ProjectKey};
use crate::store::layout::{self, Content};
use crate::store::load;
use crate::store::object::Oid;
use crate::store::project_store::key_bytes;
use crate::store::reference::{self, ReferenceError};
use crate::store::repository::Place;
use crate::store::tree::Tree;

/// A commit of ours that can be read.
struct Standing {
    commit: Oid,
    revision: u64,
    time: i64,
}

/// Whether `error` says that something of the branch is lost.
pub(crate) fn can_help(error: &StoreError) -> bool {
    match error {
        StoreError::DamagedObject { .. } | StoreError::Reference(ReferenceError::Damaged { .. }) => true,
        StoreError::Git { source, .. } => {
            source.code() == ErrorCode::NotFound
                || matches!(source.class(), ErrorClass::Odb | ErrorClass::Object | ErrorClass::Zlib)
        }
        _ => false,
    }
}

/// Finds the newest whole commit, makes what came after it again from `remembered`, and moves the branch there.
///
/// Damaged packs are set aside before. Nothing else is changed unless all that is known of is there again.
pub(crate) fn mend(before: &Place, remembered: &[ChangeRecord]) -> Result<(), StoreError> {
    let damaged = foreign::free(&before.private(), "damaged")?;
    Branch::at(before, None)?.set_aside_damaged(&damaged)?;
    // Git2 keeps the damaged packs open.
    let place = Place::open(before.work())?;
    let repository = place.repository();
    let named = match reference::read(repository, layout::BRANCH) {
        Ok(named) => named,
        Err(ReferenceError::Damaged { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    let key = remembered.first().map(|record| record.project).or_else(|| key_of_folder(&place));
    let lost = |missing: String| StoreError::Lost { path: place.work().to_owned(), missing };
    let Some(newest) = newest_whole(repository, key, remembered.len())? else {
        return Err(lost("no commit of it can be read".to_owned()));
    };
    let (records, gap) = following(remembered, newest.revision);
    if let Some(revision) = gap {
        return Err(lost(format!("revision {revision} cannot be made again; {}", left(&newest))));
    }
    let mut branch = Branch::at(&place, Some(newest.commit))?;
    let draft = branch.draft(repository, &records)?;
    let reached = |oid: &Oid| *oid == newest.commit || draft.commits.contains(oid);
    if let Some(commit) = named.filter(|named| !reached(named)) {
        return Err(lost(format!("commit {commit} cannot be made again; {}", left(&newest))));
    }
    branch.settle(repository, &draft)
}

/// What a person can do who would rather lose something than wait for a backup.
fn left(newest: &Standing) -> String {
    let Standing { commit, revision, .. } = newest;
    format!(
        "the newest whole commit is {commit} with revision {revision}: \
         put the missing objects back, or go on from there with `git update-ref {} {commit}`",
        layout::BRANCH
    )
}

/// The changes that directly follow `revision`, and the first that is missing before others.
fn following(remembered: &[ChangeRecord], revision: u64) -> (Vec<ChangeRecord>, Option<u64>) {
    let mut records = Vec::new();
    let later = remembered.iter().filter(|record| record.revision > revision);
    for (expected, record) in (revision + 1..).zip(later) {
        if record.revision != expected {
            return (records, Some(expected));
        }
        records.push(record.clone());
    }
    (records, None)
}

/// The whole commit of ours with the highest revision, whose last `depth` predecessors are whole too: what is
/// missing further back cannot be made again anyway.
fn newest_whole(
    repository: &Repository,
    key: Option<ProjectKey>,
    depth: usize,
) -> Result<Option<Standing>, StoreError> {
    let fail = |source| StoreError::Git { action: "search", path: repository.path().to_owned(), source };
    let database = repository.odb().map_err(fail)?;
    let mut commits = Vec::new();
    let listed = database.foreach(|oid| {
        let is_commit = database.read_header(*oid).is_ok_and(|(_, kind)| kind == ObjectType::Commit);
        if is_commit {
            commits.push(Oid::from(*oid));
        }
        true
    });
    listed.map_err(fail)?;
    let mut standings: Vec<_> =
        commits.into_iter().filter_map(|commit| standing(repository, commit, key)).collect();
    standings.sort_by_key(|standing| (standing.revision, standing.time));
    let mut whole = Whole { repository, seen: HashSet::new() };
    Ok(standings.into_iter().rev().find(|standing| whole.leads_back(standing.commit, depth)))
}

fn standing(repository: &Repository, oid: Oid, key: Option<ProjectKey>) -> Option<Standing> {
    let commit = repository.find_commit(oid.to_git2().ok()?).ok()?;
    if commit.committer().name_bytes() != COMMITTER.0.as_bytes() {
        return None;
    }
    let entry = commit.tree().ok()?.get_name(layout::STATUS)?.id();
    let status = status(&load::blob(repository, entry.into()).ok()?)?;
    let is_wanted = key.is_none_or(|key| key == key_bytes(status.key));
    is_wanted.then(|| Standing { commit: oid, revision: status.revision, time: commit.time().seconds() })
}

fn status(bytes: &[u8]) -> Option<StatusFile> {
    match format::parse(Content::Status, bytes) {
        Ok(Parsed::Status(status)) => Some(*status),
        _ => None,
    }
}

/// Objects that were found to be readable, with all that they lead to but the past.
struct Whole<'r> {
    repository: &'r Repository,
    seen: HashSet<Oid>,
}

impl Whole<'_> {
    /// Whether a commit and its `depth` predecessors can be read with every folder and every file.
    fn leads_back(&mut self, commit: Oid, depth: usize) -> bool {
        let mut next = Some(commit);
        for _ in 0..=depth {
            let Some(commit) = next else { break };
            let read = commit.to_git2().and_then(|id| self.repository.find_commit(id));
            let Ok(read) = read else { return false };
            if !self.has_folder(Oid::from(read.tree_id())) {
                return false;
            }
            next = read.parent_id(0).ok().map(Oid::from);
        }
        true
    }

    fn has_folder(&mut self, folder: Oid) -> bool {
        if self.seen.contains(&folder) {
            return true;
        }
        let files = Tree::read(self.repository, folder).and_then(|mut tree| tree.files(self.repository));
        let is_whole = files.is_ok_and(|files| files.into_values().all(|file| self.has_file(file)));
        if is_whole {
            self.seen.insert(folder);
        }
        is_whole
    }

    fn has_file(&mut self, file: Oid) -> bool {
        let is_there = self.seen.contains(&file) || load::blob(self.repository, file).is_ok();
        if is_there {
            self.seen.insert(file);
        }
        is_there
    }
}

/// Whose folder it is, as far as the folder itself can tell.
fn key_of_folder(place: &Place) -> Option<ProjectKey> {
    let bytes = std::fs::read(place.folder().join(layout::STATUS)).ok()?;
    status(&bytes).map(|status| key_bytes(status.key))
}
