//! Opening a project: taking the lock, mending what a crash left, reading; and making a new one.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use git2::Repository;

use crate::domain::entity::Extra;
use crate::domain::project::Project;
use crate::store::StoreError;
use crate::store::branch::Branch;
use crate::store::flush::Flushes;
use crate::store::folder::Folder;
use crate::store::foreign;
use crate::store::format::{self, Parsed};
use crate::store::journal::{ChangeRecord, CommitMeta};
use crate::store::layout::{self, Content};
use crate::store::load;
use crate::store::lock::{Holder, WriterLock};
use crate::store::object::Oid;
use crate::store::project_store::{ProjectStore, key_bytes};
use crate::store::reference;
use crate::store::repository::Place;
use crate::store::templates;

/// What is in a repository before it is registered.
pub enum Survey {
    /// Nothing of ours.
    Fresh,
    /// A state branch: a project that was registered before, here or elsewhere.
    Ours,
    /// A folder that agent-workflow wrote.
    Foreign,
}

/// Looks at a repository that somebody wants to register; also says where its work tree is.
pub fn survey(path: &Path) -> Result<(PathBuf, Survey), StoreError> {
    let place = Place::open(path)?;
    if let Some(path) = place.mounted_elsewhere() {
        return Err(StoreError::MountedElsewhere { path });
    }
    if place.tracks_folder() {
        return Err(StoreError::TrackedFolder { path: place.folder() });
    }
    let has_branch = reference::read(place.repository(), layout::BRANCH)?.is_some();
    let work = place.work().to_owned();
    let folder = place.folder();
    match (has_branch, folder.exists() && !place.is_mounted()) {
        (true, false) => Ok((work, Survey::Ours)),
        (false, false) => Ok((work, Survey::Fresh)),
        (_, true) if foreign::is_foreign(&folder) => Ok((work, Survey::Foreign)),
        // A copy of the repository brings the folder along without its mount; the branch is the truth.
        (true, true) if foreign::is_a_mount(&folder) => Ok((work, Survey::Ours)),
        (_, true) if is_empty(&folder) => Ok((work, if has_branch { Survey::Ours } else { Survey::Fresh })),
        _ => Err(StoreError::UnknownFolder { path: folder }),
    }
}

fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none())
}

impl ProjectStore {
    /// Writes the first commit of a new project. It is durable and in git when this returns.
    pub fn create(
        path: &Path,
        project: &Project,
        meta: CommitMeta,
        holder: &Holder,
        wait: Duration,
    ) -> Result<Self, StoreError> {
        let place = Place::open(path)?;
        let lock = take_lock(&place, holder, wait)?;
        let mut branch = Branch::open(&place)?;
        let extras = Extra::new();
        let mut files = format::all_files(project, &extras)?;
        files.extend(templates::documents(&project.name));
        let record =
            ChangeRecord { project: key_bytes(project.key), revision: project.revision, files, meta };
        let folder = Folder::new(place.folder(), &BTreeMap::new());
        foreign::set_aside(&place)?;
        place.mount()?;
        let published = branch.publish(place.repository(), std::slice::from_ref(&record));
        let mut store = Self { place, branch, folder, extras, _lock: lock };
        let shown = published.and_then(|_| store.show(std::slice::from_ref(&record)));
        match shown {
            Ok(()) => {
                store.place.refresh_index(store.branch.tip())?;
                Ok(store)
            }
            Err(error) => {
                // Refused leaves no trace; what cannot be removed either is told by the first error.
                let _ = store.place.unmount();
                Err(error)
            }
        }
    }

    /// Opens a project that has a state branch. `pending` are the changes in the journal that were not
    /// seen to be published; those that are missing from the branch are made again.
    pub fn open(
        path: &Path,
        pending: &[ChangeRecord],
        holder: &Holder,
        wait: Duration,
    ) -> Result<(Self, Project), StoreError> {
        let place = Place::open(path)?;
        if let Some(path) = place.mounted_elsewhere() {
            return Err(StoreError::MountedElsewhere { path });
        }
        let lock = take_lock(&place, holder, wait)?;
        reference::remove_stale_lock(place.repository(), layout::BRANCH)?;
        let mut branch = Branch::open(&place)?;
        if branch.tip().is_none() {
            return Err(StoreError::NoBranch { path: place.work().to_owned() });
        }
        let first = branch.tip();
        replay(&place, &mut branch, pending)?;
        place.mount()?;
        let fail = |source| StoreError::Git { action: "read", path: place.work().to_owned(), source };
        let files = branch.root().files(place.repository()).map_err(fail)?;
        let former = former_files(place.repository(), first, pending).map_err(fail)?;
        let mut folder = Folder::new(place.folder(), &files);
        folder.tidy()?;
        let is_ours = |path: &str, oid: Oid| former.contains(&(path.to_owned(), oid));
        let (project, extras) = load::project(place.repository(), &files, &mut folder, &is_ours)?;
        load::sound(place.work(), &project)?;
        Ok((Self { place, branch, folder, extras, _lock: lock }, project))
    }
}

fn take_lock(place: &Place, holder: &Holder, wait: Duration) -> Result<WriterLock, StoreError> {
    let private = place.private();
    let io = |source| StoreError::Io { action: "create", path: private.clone(), source };
    Flushes::default().create_folder(&private).map_err(io)?;
    Ok(WriterLock::take(&private, holder, wait)?)
}

/// Publishes the changes that the branch does not have. The status of the branch says which those are.
fn replay(place: &Place, branch: &mut Branch, pending: &[ChangeRecord]) -> Result<(), StoreError> {
    if pending.is_empty() {
        return Ok(());
    }
    let revision = revision(place, branch)?;
    let missing: Vec<_> = pending.iter().filter(|record| record.revision > revision).cloned().collect();
    if !missing.is_empty() {
        branch.publish(place.repository(), &missing)?;
    }
    Ok(())
}

fn revision(place: &Place, branch: &mut Branch) -> Result<u64, StoreError> {
    let fail = |source| StoreError::Git { action: "read", path: place.work().to_owned(), source };
    let Some(oid) = branch.root().get(place.repository(), layout::STATUS).map_err(fail)? else {
        return Ok(0);
    };
    let bytes = load::blob(place.repository(), oid)?;
    let parsed = format::parse(Content::Status, &bytes);
    match parsed.map_err(|error| load::damaged(Path::new(layout::STATUS), &bytes, &error))? {
        Parsed::Status(status) => Ok(status.revision),
        _ => Ok(0),
    }
}

/// What the folder may hold from before a crash: the files that the pending changes replaced, and theirs.
fn former_files(
    repository: &Repository,
    tip: Option<Oid>,
    pending: &[ChangeRecord],
) -> Result<BTreeSet<(String, Oid)>, git2::Error> {
    let mut former = BTreeSet::new();
    let paths: BTreeSet<&str> =
        pending.iter().flat_map(|record| &record.files).map(|file| file.path.as_str()).collect();
    for change in pending.iter().flat_map(|record| &record.files) {
        if let Some(content) = &change.content {
            former.insert((change.path.clone(), crate::store::object::blob_id(content)));
        }
    }
    let mut commit = match tip {
        Some(tip) if !pending.is_empty() => Some(repository.find_commit(tip.to_git2()?)?),
        _ => None,
    };
    for _ in 0..=pending.len() {
        let Some(this) = commit else { break };
        let tree = this.tree()?;
        let entries =
            paths.iter().filter_map(|path| tree.get_path(Path::new(path)).ok().map(|entry| (path, entry)));
        former.extend(entries.map(|(path, entry)| ((*path).to_owned(), Oid::from(entry.id()))));
        commit = this.parent(0).ok();
    }
    Ok(former)
}
