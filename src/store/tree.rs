//! The folders of the state branch in memory: setting a file makes only the folders above it anew.

use std::collections::BTreeMap;

use git2::Repository;

use crate::store::object::{self, EntryKind, Object, Oid, TreeEntry, TreeError};

/// A folder. Folders that nobody has looked into stay unread.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tree {
    /// Its id, unless something in it has changed since it was made.
    oid: Option<Oid>,
    entries: BTreeMap<Vec<u8>, Node>,
}

#[derive(Clone, Debug)]
enum Node {
    Leaf(EntryKind, Oid),
    Unread(Oid),
    Folder(Tree),
}

impl Tree {
    /// Reads one folder, not those in it.
    pub(crate) fn read(repository: &Repository, oid: Oid) -> Result<Self, git2::Error> {
        let tree = repository.find_tree(oid.to_git2()?)?;
        let mut entries = BTreeMap::new();
        for entry in &tree {
            let kind = EntryKind::from_mode(entry.filemode()).unwrap_or(EntryKind::File);
            let oid = Oid::from(entry.id());
            let node = if kind == EntryKind::Folder { Node::Unread(oid) } else { Node::Leaf(kind, oid) };
            entries.insert(entry.name_bytes().to_owned(), node);
        }
        Ok(Self { oid: Some(oid), entries })
    }

    /// The file at `path`.
    pub(crate) fn get(&mut self, repository: &Repository, path: &str) -> Result<Option<Oid>, git2::Error> {
        match path.split_once('/') {
            None => Ok(match self.entries.get(path.as_bytes()) {
                Some(Node::Leaf(_, oid)) => Some(*oid),
                _ => None,
            }),
            Some((folder, rest)) => match self.folder(repository, folder)? {
                Some(tree) => tree.get(repository, rest),
                None => Ok(None),
            },
        }
    }

    /// Puts a file at `path`, or takes it away. Folders without files go too.
    pub(crate) fn set(
        &mut self,
        repository: &Repository,
        path: &str,
        file: Option<Oid>,
    ) -> Result<(), git2::Error> {
        self.oid = None;
        let Some((name, rest)) = path.split_once('/') else {
            match file {
                Some(oid) => self.entries.insert(path.into(), Node::Leaf(EntryKind::File, oid)),
                None => self.entries.remove(path.as_bytes()),
            };
            return Ok(());
        };
        if self.folder(repository, name)?.is_none() {
            self.entries.insert(name.into(), Node::Folder(Self::default()));
        }
        let Some(folder) = self.folder(repository, name)? else { return Ok(()) };
        folder.set(repository, rest, file)?;
        if folder.entries.is_empty() {
            self.entries.remove(name.as_bytes());
        }
        Ok(())
    }

    /// The id of this folder; the folders that had to be made for it are added to `objects`.
    pub(crate) fn write(&mut self, objects: &mut Vec<Object>) -> Result<Oid, TreeError> {
        if let Some(oid) = self.oid {
            return Ok(oid);
        }
        let mut entries = Vec::with_capacity(self.entries.len());
        for (name, node) in &mut self.entries {
            let (kind, oid) = match node {
                Node::Leaf(kind, oid) => (*kind, *oid),
                Node::Unread(oid) => (EntryKind::Folder, *oid),
                Node::Folder(tree) => (EntryKind::Folder, tree.write(objects)?),
            };
            entries.push(TreeEntry { name: name.clone(), kind, oid });
        }
        let made = object::tree(entries)?;
        let oid = made.oid;
        objects.push(made);
        self.oid = Some(oid);
        Ok(oid)
    }

    /// Every file with its path; reads all folders. Names that are not UTF-8 are not ours.
    pub(crate) fn files(&mut self, repository: &Repository) -> Result<BTreeMap<String, Oid>, git2::Error> {
        let leaves = self.leaves(repository)?.into_iter();
        let files = leaves.filter(|(_, (kind, _))| matches!(kind, EntryKind::File | EntryKind::Executable));
        Ok(files.map(|(path, (_, oid))| (path, oid)).collect())
    }

    /// Everything but folders, with its path; reads all folders.
    pub(crate) fn leaves(
        &mut self,
        repository: &Repository,
    ) -> Result<BTreeMap<String, (EntryKind, Oid)>, git2::Error> {
        let mut leaves = BTreeMap::new();
        self.collect(repository, "", &mut leaves)?;
        Ok(leaves)
    }

    fn collect(
        &mut self,
        repository: &Repository,
        prefix: &str,
        leaves: &mut BTreeMap<String, (EntryKind, Oid)>,
    ) -> Result<(), git2::Error> {
        for (name, node) in &mut self.entries {
            let Ok(name) = std::str::from_utf8(name) else { continue };
            if let Node::Unread(oid) = node {
                *node = Node::Folder(Self::read(repository, *oid)?);
            }
            match node {
                Node::Leaf(kind, oid) => drop(leaves.insert(format!("{prefix}{name}"), (*kind, *oid))),
                Node::Folder(tree) => tree.collect(repository, &format!("{prefix}{name}/"), leaves)?,
                Node::Unread(_) => {}
            }
        }
        Ok(())
    }

    fn folder(&mut self, repository: &Repository, name: &str) -> Result<Option<&mut Self>, git2::Error> {
        let Some(node) = self.entries.get_mut(name.as_bytes()) else { return Ok(None) };
        if let Node::Unread(oid) = node {
            *node = Node::Folder(Self::read(repository, *oid)?);
        }
        match node {
            Node::Folder(tree) => Ok(Some(tree)),
            _ => Ok(None),
        }
    }
}
