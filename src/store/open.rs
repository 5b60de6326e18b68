//! Opening a project: taking the lock, mending what a crash left, reading; and making a new one.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::domain::entity::Extra;
use crate::domain::id::ProjectName;
use crate::domain::project::Project;
use crate::store::StoreError;
use crate::store::branch::Branch;
use crate::store::cache::{Cache, Kept};
use crate::store::flush::Flushes;
use crate::store::folder::Folder;
use crate::store::foreign;
use crate::store::format::{self, Parsed, StatusFile};
use crate::store::former::Former;
use crate::store::journal::{ChangeRecord, CommitMeta, FileChange, ProjectKey};
use crate::store::layout::{self, Content};
use crate::store::load;
use crate::store::lock::{Holder, WriterLock};
use crate::store::mend;
use crate::store::object::EntryKind;
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
    check_free(&place)?;
    let has_branch = reference::read(place.repository(), layout::BRANCH)?.is_some();
    let work = place.work().to_owned();
    let folder = place.folder();
    let branch = if has_branch { Survey::Ours } else { Survey::Fresh };
    // A copy of a repository brings the folder along without its mount; the branch is the truth.
    let belongs = || has_branch && (foreign::is_a_mount(&folder) || foreign::is_left_over(&folder));
    if !folder.exists() || place.is_mounted() || is_empty(&folder) {
        Ok((work, branch))
    } else if foreign::is_foreign(&folder) {
        Ok((work, Survey::Foreign))
    } else if belongs() {
        Ok((work, Survey::Ours))
    } else {
        Err(StoreError::UnknownFolder { path: folder })
    }
}

/// What the project is called whose state branch is in the repository of `work`.
pub fn name_kept(work: &Path) -> Result<ProjectName, StoreError> {
    let place = Place::open(work)?;
    let mut branch = Branch::open(&place)?;
    Ok(status(&place, &mut branch)?.name)
}

/// Refuses a place where the folder is somebody else's already.
fn check_free(place: &Place) -> Result<(), StoreError> {
    if let Some(path) = place.mounted_elsewhere() {
        return Err(StoreError::MountedElsewhere { path });
    }
    if place.tracks_folder() {
        return Err(StoreError::TrackedFolder { path: place.folder() });
    }
    Ok(())
}

fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none())
}

impl ProjectStore {
    /// Writes the first commit of a new project. It is durable and in git when this returns.
    ///
    /// `documents` take the place of those that a new project starts with. What is in the folder already is
    /// moved into git's folder. If this fails, everything is as it was.
    pub fn create(
        path: &Path,
        project: &Project,
        documents: Vec<FileChange>,
        meta: CommitMeta,
        holder: &Holder,
        wait: Duration,
    ) -> Result<Self, StoreError> {
        let place = Place::open(path)?;
        check_free(&place)?;
        let lock = take_lock(&place, holder, wait)?;
        let branch = Branch::open(&place)?;
        if branch.tip().is_some() {
            return Err(StoreError::BranchExists { path: place.work().to_owned() });
        }
        let extras = Extra::new();
        let mut files = format::all_files(project, &extras)?;
        files.extend(first_documents(project, documents));
        let record =
            ChangeRecord { project: key_bytes(project.key), revision: project.revision, files, meta };
        let folder = Folder::new(place.folder(), std::iter::empty());
        let aside = foreign::set_aside(&place)?;
        let cache = Cache::new(&place.private());
        let mut store =
            Self { place, branch, folder, extras, cache, behind: false, edited: false, _lock: lock };
        match store.begin(&record) {
            Ok(()) => Ok(store),
            Err(error) => {
                // What cannot be taken back either is told by the first error.
                let _ = store.folder.clear();
                let _ = store.place.unmount();
                let _ = aside.map(|aside| foreign::move_folder(&aside, &store.place.folder()));
                Err(error)
            }
        }
    }

    /// The branch comes last: with it the project exists.
    fn begin(&mut self, record: &ChangeRecord) -> Result<(), StoreError> {
        self.place.mount()?;
        self.show(std::slice::from_ref(record))?;
        self.branch.publish(self.place.repository(), std::slice::from_ref(record))?;
        self.write_index()
    }

    /// Opens a project that has a state branch.
    ///
    /// `pending` are the changes in the journal that were not seen to be published; those that are missing
    /// from the branch are made again. Only if the branch is damaged, `remembered` is asked for all changes
    /// that the journal still holds.
    pub fn open(
        path: &Path,
        pending: &[ChangeRecord],
        remembered: &dyn Fn() -> Vec<ChangeRecord>,
        holder: &Holder,
        wait: Duration,
    ) -> Result<(Self, Project), StoreError> {
        let place = Place::open(path)?;
        if let Some(path) = place.mounted_elsewhere() {
            return Err(StoreError::MountedElsewhere { path });
        }
        let lock = take_lock(&place, holder, wait)?;
        reference::remove_stale_lock(place.repository(), layout::BRANCH)?;
        place.tidy()?;
        let opened = match Opened::read(place, pending) {
            Err(error) if mend::can_help(&error) => {
                tracing::warn!(path = %path.display(), "mending the state branch: {error}");
                mend::mend(&Place::open(path)?, &remembered())?;
                Opened::read(Place::open(path)?, pending)?
            }
            opened => opened?,
        };
        let Opened { place, branch, folder, project, extras, cache } = opened;
        Ok((
            Self { place, branch, folder, extras, cache, behind: false, edited: false, _lock: lock },
            project,
        ))
    }

    /// Takes the project out of the repository's folder again: our files, as far as nobody has edited them,
    /// and the mount. The branch stays, so that it can be registered again.
    pub fn unmount(mut self) -> Result<(), StoreError> {
        self.folder.clear()?;
        self.place.unmount()
    }
}

/// What an opening finds.
struct Opened {
    place: Place,
    branch: Branch,
    folder: Folder,
    project: Project,
    extras: Extra,
    cache: Cache,
}

impl Opened {
    fn read(place: Place, pending: &[ChangeRecord]) -> Result<Self, StoreError> {
        let mut branch = Branch::open(&place)?;
        if branch.tip().is_none() {
            return Err(StoreError::NoBranch { path: place.work().to_owned() });
        }
        replay(&place, &mut branch, pending)?;
        branch.release();
        place.mount()?;
        let mut cache = Cache::new(&place.private());
        let recollection = branch.tip().and_then(|tip| cache.recall(tip));
        let fail = |source| StoreError::Git { action: "read", path: place.work().to_owned(), source };
        let mut folder = match &recollection {
            Some(known) => Folder::new(place.folder(), known.files()),
            None => {
                Folder::of_commit(place.folder(), &branch.root().files(place.repository()).map_err(fail)?)
            }
        };
        let former = Former::of_crash(place.repository(), branch.tip(), pending)?;
        let known = recollection.as_ref();
        let (project, extras) = load::project(place.repository(), &mut folder, &former, known)?;
        load::sound(place.work(), &project)?;
        let opened = Self { place, branch, folder, project, extras, cache };
        Ok(if known.is_none_or(|known| known.is_bloated) { opened.cached()? } else { opened })
    }

    /// Whether the latest commit holds nothing but plain files with names of ours.
    fn is_all_ours(&mut self) -> Result<bool, StoreError> {
        let leaves = self.branch.root().leaves(self.place.repository());
        let path = self.place.work().to_owned();
        let leaves = leaves.map_err(|source| StoreError::Git { action: "read", path, source })?;
        let is_ours = |path: &str, kind| kind == EntryKind::File && layout::content_of(path).is_some();
        Ok(leaves.iter().all(|(path, (kind, _))| is_ours(path, *kind)))
    }

    /// Writes down what the folder holds, for the next opening.
    fn cached(mut self) -> Result<Self, StoreError> {
        let Some(tip) = self.branch.tip() else { return Ok(self) };
        let mut files = Vec::new();
        let paths: Vec<_> = self.folder.known().map(|(path, _)| path.to_owned()).collect();
        for path in paths {
            // What was not seen to be in order is not worth remembering.
            let Some((oid, stamp)) = self.folder.seen(&path) else { return Ok(self) };
            let is_document = layout::content_of(&path) == Some(Content::Document);
            let content = if is_document { Vec::new() } else { load::blob(self.place.repository(), oid)? };
            files.push((path, Some(Kept { oid, stamp, content })));
        }
        let is_complete = self.is_all_ours()?;
        self.cache.write_whole(tip, files, is_complete);
        Ok(self)
    }
}

/// The documents that were brought along, and the usual ones for those that were not.
fn first_documents(project: &Project, mut documents: Vec<FileChange>) -> Vec<FileChange> {
    documents.retain(|document| layout::content_of(&document.path) == Some(Content::Document));
    for usual in templates::documents(&project.name) {
        if !documents.iter().any(|document| document.path == usual.path) {
            documents.push(usual);
        }
    }
    documents
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
    let (key, revision) = standing(place, branch)?;
    let missing = pending.iter().filter(|record| record.revision > revision && record.project == key);
    let missing: Vec<_> = missing.cloned().collect();
    if !missing.is_empty() {
        branch.publish(place.repository(), &missing)?;
    }
    Ok(())
}

fn standing(place: &Place, branch: &mut Branch) -> Result<(ProjectKey, u64), StoreError> {
    let status = status(place, branch)?;
    Ok((key_bytes(status.key), status.revision))
}

fn status(place: &Place, branch: &mut Branch) -> Result<Box<StatusFile>, StoreError> {
    let none = || StoreError::BrokenRule {
        path: place.work().to_owned(),
        reason: format!("there is no {}", layout::STATUS),
    };
    let fail = |source| StoreError::Git { action: "read", path: place.work().to_owned(), source };
    let oid = branch.root().get(place.repository(), layout::STATUS).map_err(fail)?.ok_or_else(none)?;
    let bytes = load::blob(place.repository(), oid)?;
    let parsed = format::parse(Content::Status, &bytes);
    match parsed.map_err(|error| load::damaged(Path::new(layout::STATUS), &bytes, &error))? {
        Parsed::Status(status) => Ok(status),
        _ => Err(none()),
    }
}
