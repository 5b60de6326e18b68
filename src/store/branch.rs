//! The state branch: making commits of changes, in the order in which a power cut can do no harm.

use std::path::PathBuf;

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
const COMMITTER: (&str, &str) = ("Bandmaster", "bandmaster@bandmaster.invalid");

/// The branch as we know it.
pub(crate) struct Branch {
    packs: Packs,
    flushes: Flushes,
    tip: Option<Oid>,
    root: Tree,
}

/// What became of a publication.
pub(crate) struct Published {
    /// The commits, one for each change.
    pub(crate) commits: Vec<Oid>,
    /// Whether somebody else had moved the branch before, so that the project must be read again.
    pub(crate) moved: bool,
}

impl Branch {
    /// Reads where the branch stands.
    pub(crate) fn open(place: &Place) -> Result<Self, StoreError> {
        let flushes = Flushes::default();
        let packs = Packs::open(place.common(), flushes.clone())?;
        let mut branch = Self { packs, flushes, tip: None, root: Tree::default() };
        branch.read(place.repository())?;
        Ok(branch)
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
    pub(crate) fn read(&mut self, repository: &Repository) -> Result<(), StoreError> {
        self.tip = reference::read(repository, layout::BRANCH)?;
        self.root = match self.tip {
            None => Tree::default(),
            Some(tip) => root_of(repository, tip).map_err(|source| damaged(repository, tip, &source))?,
        };
        Ok(())
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
            let (commits, objects) = self.commits(repository, records)?;
            let Some(last) = commits.last().copied() else { return Ok(Published { commits, moved }) };
            self.packs.write(&objects)?;
            match reference::compare_and_swap(repository, layout::BRANCH, self.tip, last, &self.flushes) {
                Ok(()) => {
                    self.tip = Some(last);
                    return Ok(Published { commits, moved });
                }
                Err(ReferenceError::Moved { .. }) => {
                    moved = true;
                    self.read(repository)?;
                }
                Err(error) => {
                    self.read(repository)?;
                    return Err(error.into());
                }
            }
        }
        Err(StoreError::Restless { path: repository.path().to_owned() })
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

fn root_of(repository: &Repository, tip: Oid) -> Result<Tree, git2::Error> {
    let commit = repository.find_commit(tip.to_git2()?)?;
    Tree::read(repository, Oid::from(commit.tree_id()))
}

fn damaged(repository: &Repository, tip: Oid, source: &git2::Error) -> StoreError {
    let path: PathBuf = repository.path().to_owned();
    StoreError::DamagedObject { path, oid: tip.to_string(), reason: source.message().to_owned() }
}
