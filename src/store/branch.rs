//! The state branch: making commits of changes, in the order in which a power cut can do no harm.

use std::path::Path;

use git2::Repository;

use crate::store::StoreError;
use crate::store::flush::Flushes;
use crate::store::journal::ChangeRecord;
use crate::store::layout;
use crate::store::object::{self, CommitText, Object, Oid};
use crate::store::pack::Packs;
use crate::store::reference::{self, ReferenceError};
use crate::store::repository::Place;
use crate::store::tree::Tree;

/// Who writes the commits down. Who decided them is their author.
pub(crate) const COMMITTER: (&str, &str) = ("Bandmaster", "bandmaster@bandmaster.invalid");

/// The branch as we know it.
pub(crate) struct Branch {
    packs: Packs,
    flushes: Flushes,
    tip: Option<Oid>,
    root: Tree,
    /// Whether `root` may be ahead of what is in git, because a publication has failed.
    stale: bool,
}

/// What became of a publication.
pub(crate) struct Published {
    /// The commits, one for each change.
    pub(crate) commits: Vec<Oid>,
    /// Whether somebody else had moved the branch before, so that the project must be read again.
    pub(crate) moved: bool,
}

/// Commits that are not in git yet.
pub(crate) struct Draft {
    /// One for each change.
    pub(crate) commits: Vec<Oid>,
    objects: Vec<Object>,
}

impl Branch {
    /// Reads where the branch stands.
    pub(crate) fn open(place: &Place) -> Result<Self, StoreError> {
        let tip = reference::read(place.repository(), layout::BRANCH)?;
        Self::at(place, tip)
    }

    /// The branch as if it stood at `tip`.
    pub(crate) fn at(place: &Place, tip: Option<Oid>) -> Result<Self, StoreError> {
        let flushes = Flushes::default();
        let packs = Packs::open(place.common(), flushes.clone())?;
        let root = root(place.repository(), tip)?;
        Ok(Self { packs, flushes, tip, root, stale: false })
    }

    /// The latest commit; `None` before the first.
    pub(crate) fn tip(&self) -> Option<Oid> {
        self.tip
    }

    /// The files of the latest commit.
    pub(crate) fn root(&mut self) -> &mut Tree {
        &mut self.root
    }

    /// How many flushes publishing has cost so far.
    pub(crate) fn flushes(&self) -> u64 {
        self.flushes.count()
    }

    /// Whether somebody else has moved the branch.
    pub(crate) fn has_moved(&self, repository: &Repository) -> Result<bool, StoreError> {
        Ok(reference::read(repository, layout::BRANCH)? != self.tip)
    }

    /// Reads again where the branch stands.
    ///
    /// A branch that has vanished is an error: without it a commit would be the first of a new history.
    pub(crate) fn read(&mut self, repository: &Repository) -> Result<(), StoreError> {
        let tip = reference::read(repository, layout::BRANCH)?;
        if tip.is_none() && self.tip.is_some() {
            let path = repository.workdir().unwrap_or(repository.path()).to_owned();
            let is_gone = !repository.commondir().exists();
            return Err(if is_gone {
                StoreError::NoSuchPath { path }
            } else {
                StoreError::NoBranch { path }
            });
        }
        self.root = root(repository, tip)?;
        (self.tip, self.stale) = (tip, false);
        Ok(())
    }

    /// Takes a reading back, because what is there now cannot be used.
    pub(crate) fn forget_move(&mut self, tip: Option<Oid>) {
        (self.tip, self.stale) = (tip, true);
    }

    /// Makes a commit of each change and moves the branch to the last.
    ///
    /// If somebody else has moved the branch meanwhile, the changes are put on top of what is there now.
    pub(crate) fn publish(
        &mut self,
        repository: &Repository,
        records: &[ChangeRecord],
    ) -> Result<Published, StoreError> {
        let mut moved = false;
        for _ in 0..TRIES {
            if self.stale {
                let before = self.tip;
                self.read(repository)?;
                moved |= self.tip != before;
            }
            let Draft { commits, objects } = self.draft(repository, records)?;
            let Some(last) = commits.last().copied() else {
                self.stale = false;
                return Ok(Published { commits, moved });
            };
            match reference::prepare(repository, layout::BRANCH, self.tip, last, &self.flushes) {
                Ok(prepared) => {
                    self.packs.write(&objects, &[prepared.file()])?;
                    prepared.complete(&self.flushes)?;
                    self.packs.release();
                    (self.tip, self.stale) = (Some(last), false);
                    return Ok(Published { commits, moved });
                }
                Err(ReferenceError::Moved { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(StoreError::Restless { path: repository.path().to_owned() })
    }

    /// Makes a commit of each change, in memory only.
    pub(crate) fn draft(
        &mut self,
        repository: &Repository,
        records: &[ChangeRecord],
    ) -> Result<Draft, StoreError> {
        self.stale = true;
        let (commits, objects) = self.commits(repository, records)?;
        Ok(Draft { commits, objects })
    }

    /// Makes what was drafted durable and moves the branch there, whatever it says now.
    pub(crate) fn settle(&mut self, repository: &Repository, draft: &Draft) -> Result<(), StoreError> {
        self.packs.write(&draft.objects, &[])?;
        if let Some(tip) = draft.commits.last().copied().or(self.tip) {
            reference::overwrite(repository, layout::BRANCH, tip, &self.flushes)?;
        }
        self.packs.release();
        Ok(())
    }

    /// Moves packs of ours that are damaged to `folder`. Says how many there were.
    pub(crate) fn set_aside_damaged(&mut self, folder: &Path) -> Result<usize, StoreError> {
        Ok(self.packs.set_aside_damaged(folder)?)
    }

    /// Says that nothing is on its way to the branch any more: what a process that died had there is where it
    /// belongs, or never will be.
    pub(crate) fn release(&mut self) {
        self.packs.release();
    }

    /// Keeps the packs few. Anything but urgent.
    pub(crate) fn consolidate(&mut self) -> Result<(), StoreError> {
        self.packs.consolidate()?;
        Ok(())
    }

    fn commits(
        &mut self,
        repository: &Repository,
        records: &[ChangeRecord],
    ) -> Result<(Vec<Oid>, Vec<Object>), StoreError> {
        let fail = |source| StoreError::Git { action: "read", path: repository.path().to_owned(), source };
        let mut objects = Vec::with_capacity(records.len() * OBJECTS_A_COMMIT);
        let mut commits: Vec<Oid> = Vec::with_capacity(records.len());
        for record in records {
            for change in &record.files {
                let blob = change.content.clone().map(object::blob);
                let oid = blob.as_ref().map(|blob| blob.oid);
                self.root.set(repository, &change.path, oid).map_err(fail)?;
                objects.extend(blob);
            }
            let tree = self.root.write(&mut objects)?;
            let parents = commits.last().copied().or(self.tip).into_iter().collect();
            let commit = object::commit(&text(record, tree, parents));
            commits.push(commit.oid);
            objects.push(commit);
        }
        Ok((commits, objects))
    }
}

/// How often to try when somebody else keeps moving the branch.
const TRIES: usize = 5;
/// Two files, three folders and the commit itself.
const OBJECTS_A_COMMIT: usize = 6;

fn text(record: &ChangeRecord, tree: Oid, parents: Vec<Oid>) -> CommitText {
    CommitText {
        tree,
        parents,
        author_name: record.meta.author_name.clone(),
        author_email: record.meta.author_email.clone(),
        committer_name: COMMITTER.0.to_owned(),
        committer_email: COMMITTER.1.to_owned(),
        time_seconds: record.meta.time_seconds,
        message: record.meta.message.clone(),
    }
}

fn root(repository: &Repository, tip: Option<Oid>) -> Result<Tree, StoreError> {
    let Some(tip) = tip else { return Ok(Tree::default()) };
    let read = || {
        let commit = repository.find_commit(tip.to_git2()?)?;
        Tree::read(repository, Oid::from(commit.tree_id()))
    };
    read().map_err(|source| StoreError::DamagedObject {
        path: repository.path().to_owned(),
        oid: tip.to_string(),
        reason: source.message().to_owned(),
    })
}
