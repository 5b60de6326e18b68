//! The folder `.orch-state/`: shows people the latest commit, and notices what they edit there.
//!
//! Invariants:
//!
//! - A file that a person has edited is never overwritten before the edit has been committed.
//! - A file that is missing, or that a loss of power has emptied, is no edit: it is put back.
//! - Files whose names are not ours are left alone.
//!
//! Deliberately absent: syncing to the disk. All of it can be made again from the branch.

mod swap;
mod watch;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::path::PathBuf;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

pub(crate) use crate::store::folder::swap::Stamp;

use crate::store::StoreError;
use crate::store::folder::swap::is_absent;
use crate::store::folder::watch::{Seen, Watch};
use crate::store::layout;
use crate::store::object::{self, Oid};
use crate::store::repository::{UNFINISHED, make_folder, remove_file};

/// No file of ours is nearly as large.
const LARGEST: u64 = 16 << 20;

/// What we believe a file holds.
#[derive(Clone, Copy, Debug)]
struct Known {
    oid: Oid,
    /// `None` until the file has been seen to hold it.
    stamp: Option<Stamp>,
}

/// A file as it was found.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    /// What it holds.
    pub(crate) content: Vec<u8>,
    /// How it looked just before it was read.
    pub(crate) stamp: Stamp,
}

impl Found {
    /// Whether a loss of power has left this. No person means an empty file, or one with zero bytes.
    pub(crate) fn is_blank(&self) -> bool {
        self.content.is_empty() || self.content.contains(&0)
    }
}

/// A file that a person has edited or added.
#[derive(Clone, Debug)]
pub(crate) struct Edit {
    /// Where, below the folder.
    pub(crate) path: String,
    /// What it says now.
    pub(crate) content: Vec<u8>,
    stamp: Stamp,
}

/// A file that has to be put back.
#[derive(Clone, Debug)]
pub(crate) struct Gap {
    /// Where, below the folder.
    pub(crate) path: String,
    /// What a loss of power has left of it.
    pub(crate) stamp: Option<Stamp>,
}

/// Tells how many files look, one after the other.
pub(crate) struct Looker<'a> {
    folder: &'a Folder,
    /// The folder of the file before, open: a name in it is found sooner than a path that begins at the root.
    open: Option<(&'a str, Option<OwnedFd>)>,
}

impl<'a> Looker<'a> {
    /// How the file at `path` looks now, if there is one.
    pub(crate) fn stamp(&mut self, path: &'a str) -> Option<Stamp> {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        if self.open.as_ref().is_none_or(|(open, _)| *open != folder) {
            let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
            let opened = rustix::fs::open(self.folder.path.join(folder), flags, Mode::empty());
            self.open = Some((folder, opened.ok()));
        }
        let (_, opened) = self.open.as_ref()?;
        Stamp::in_folder(opened.as_ref()?, name)
    }
}

/// The folder as we know it.
pub(crate) struct Folder {
    path: PathBuf,
    known: BTreeMap<String, Known>,
    /// Files to look at, whatever their stamps say.
    suspects: BTreeSet<String>,
    watch: Watching,
}

enum Watching {
    /// The next look is at everything.
    NotYet,
    /// The kernel tells us what changes.
    Kernel(Watch),
    /// The kernel has no watch to spare: everything is looked at every time.
    Polling,
}

impl Folder {
    /// The folder at `path`, which shall hold `files`. Nothing is looked at yet.
    pub(crate) fn new<'a>(path: PathBuf, files: impl Iterator<Item = (&'a str, Oid)>) -> Self {
        let ours = files.filter(|(path, _)| layout::content_of(path).is_some());
        let known = ours.map(|(path, oid)| (path.to_owned(), Known { oid, stamp: None })).collect();
        Self { path, known, suspects: BTreeSet::new(), watch: Watching::NotYet }
    }

    /// The folder at `path`, which shall hold the files of a commit.
    pub(crate) fn of_commit(path: PathBuf, files: &BTreeMap<String, Oid>) -> Self {
        Self::new(path, files.iter().map(|(path, oid)| (path.as_str(), *oid)))
    }

    /// Reads a file; nothing if there is none.
    pub(crate) fn read(&self, path: &str) -> Result<Option<Found>, StoreError> {
        let full = self.path.join(path);
        let read = || -> io::Result<Result<Found, &'static str>> {
            // A link may lead anywhere, also to what is nobody's business; a pipe would keep us waiting.
            let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
            let mut file = match rustix::fs::open(&full, flags, Mode::empty()) {
                Ok(file) => File::from(file),
                Err(Errno::LOOP | Errno::NXIO) => return Ok(Err("is not a plain file")),
                Err(errno) => return Err(errno.into()),
            };
            let about = file.metadata()?;
            if !about.is_file() {
                return Ok(Err("is not a plain file"));
            }
            if about.len() > LARGEST {
                return Ok(Err("is too large to be one of ours"));
            }
            // As large as it was a moment ago; what is added meanwhile changes the stamp and is seen later.
            let mut content = vec![0; usize::try_from(about.len()).unwrap_or(0)];
            file.read_exact(&mut content)?;
            Ok(Ok(Found { stamp: Stamp::new(&about), content }))
        };
        match read() {
            Ok(Ok(found)) => Ok(Some(found)),
            Ok(Err(reason)) => {
                Err(StoreError::DamagedFile { path: full, line: 1, reason: reason.to_owned() })
            }
            Err(error) if is_absent(&error) => Ok(None),
            Err(source) => Err(StoreError::Io { action: "read", path: full, source }),
        }
    }

    /// What a file was seen to hold, and how it looked then.
    pub(crate) fn seen(&self, path: &str) -> Option<(Oid, Stamp)> {
        let known = self.known.get(path)?;
        known.stamp.map(|stamp| (known.oid, stamp))
    }

    /// What every file shall hold.
    pub(crate) fn known(&self) -> impl ExactSizeIterator<Item = (&str, Oid)> {
        self.known.iter().map(|(path, known)| (path.as_str(), known.oid))
    }

    /// For looking at many files.
    pub(crate) fn looker(&self) -> Looker<'_> {
        Looker { folder: self, open: None }
    }

    /// Removes unfinished files that a process left when it was killed. Returns the files with names of ours that
    /// the folder shall not hold.
    pub(crate) fn sweep(&self) -> Result<Vec<String>, StoreError> {
        let (mut strangers, mut unfinished) = (Vec::new(), Vec::new());
        self.walk(|folder, name| {
            if name.starts_with(UNFINISHED) {
                unfinished.push(self.path.join(folder).join(name));
                return;
            }
            let path = below(folder, name);
            if !self.known.contains_key(&path) && layout::content_of(&path).is_some() {
                strangers.push(path);
            }
        })?;
        unfinished.iter().try_for_each(|path| remove_file(path))?;
        Ok(strangers)
    }

    /// Notes that a file with this stamp was seen to hold what it shall hold.
    pub(crate) fn confirm(&mut self, path: &str, stamp: Stamp) {
        if let Some(known) = self.known.get_mut(path) {
            known.stamp = Some(stamp);
        }
    }

    /// Notes that a file does not hold what it shall hold, so that the next look finds the edit.
    pub(crate) fn suspect(&mut self, path: &str) {
        self.suspects.insert(path.to_owned());
    }

    /// Whether the last time that everything was read, every file held what it shall hold.
    pub(crate) fn is_settled(&self) -> bool {
        self.suspects.is_empty()
    }

    /// Puts a file, or takes it away, unless a person has edited it since we last looked.
    pub(crate) fn put(&mut self, path: &str, content: Option<&[u8]>) -> Result<(), StoreError> {
        let before = self.known.get(path).and_then(|known| known.stamp);
        match content {
            Some(content) => self.replace(path, object::blob_id(content), content, before),
            None => {
                self.known.remove(path);
                match before {
                    Some(before) => self.take_away(path, before),
                    None => {
                        self.suspect(path);
                        Ok(())
                    }
                }
            }
        }
    }

    /// Writes a file that holds something else now, which was `found` there and may go.
    pub(crate) fn replace(
        &mut self,
        path: &str,
        oid: Oid,
        content: &[u8],
        found: Option<Stamp>,
    ) -> Result<(), StoreError> {
        let stamp = self.write(path, content, found)?;
        if stamp.is_none() {
            // The next look decides whether it is an edit; until then it stays as it is.
            self.suspects.insert(path.to_owned());
        }
        self.known.insert(path.to_owned(), Known { oid, stamp });
        Ok(())
    }

    /// Removes a file that shall not be there and that was `found` there.
    pub(crate) fn take_away(&mut self, path: &str, found: Stamp) -> Result<(), StoreError> {
        let full = self.path.join(path);
        match swap::take_away(&full, found) {
            Ok(true) => Ok(()),
            Ok(false) => {
                self.suspect(path);
                Ok(())
            }
            Err(source) => Err(StoreError::Io { action: "remove", path: full, source }),
        }
    }

    /// Takes an edit for what the file shall hold from now on.
    pub(crate) fn accept(&mut self, edit: &Edit) {
        let oid = object::blob_id(&edit.content);
        self.known.insert(edit.path.clone(), Known { oid, stamp: Some(edit.stamp) });
        self.suspects.remove(&edit.path);
    }

    /// What people have edited since the last look, and what is missing and has to be put back.
    pub(crate) fn look(&mut self) -> Result<(Vec<Edit>, Vec<Gap>), StoreError> {
        self.gather()?;
        let mut edits = Vec::new();
        let mut missing = Vec::new();
        for path in self.suspects.clone() {
            match self.examine(&path)? {
                Finding::AsKnown(stamp) => {
                    self.suspects.remove(&path);
                    stamp.into_iter().for_each(|stamp| self.confirm(&path, stamp));
                }
                Finding::Missing(stamp) => missing.push(Gap { path, stamp }),
                Finding::Edited(edit) => edits.push(edit),
            }
        }
        Ok((edits, missing))
    }

    /// Removes every file of ours that nobody has edited, and the folders that are empty then.
    pub(crate) fn clear(&mut self) -> Result<(), StoreError> {
        let (edits, _) = self.look()?;
        let folders = self.folders();
        let kept: BTreeSet<_> = edits.into_iter().map(|edit| edit.path).collect();
        for (path, known) in std::mem::take(&mut self.known) {
            if let Some(stamp) = known.stamp.filter(|_| !kept.contains(&path)) {
                self.take_away(&path, stamp)?;
            }
        }
        for folder in folders.iter().rev().filter(|folder| !folder.is_empty()) {
            // Other people's files may be in it, and then it stays.
            let _ = fs::remove_dir(self.path.join(folder));
        }
        Ok(())
    }

    /// Goes on as if the kernel had no watch to spare.
    #[cfg(test)]
    pub(in crate::store) fn poll(&mut self) {
        self.watch = Watching::Polling;
    }

    /// Adds to the suspects whatever may have changed since the last look.
    fn gather(&mut self) -> Result<(), StoreError> {
        match &mut self.watch {
            Watching::NotYet => {
                // A folder that is not there cannot be watched; the next look tries again.
                if self.path.exists() {
                    let watch = Watch::start(&self.path, &self.folders());
                    self.watch = watch.map_or(Watching::Polling, Watching::Kernel);
                }
                self.suspect_all()
            }
            Watching::Polling => self.suspect_all(),
            Watching::Kernel(watch) => match watch.drain() {
                Seen::Files(paths) => {
                    let ours = paths.into_iter().filter(|path| layout::content_of(path).is_some());
                    self.suspects.extend(ours);
                    Ok(())
                }
                Seen::TooMuch => {
                    self.watch = Watching::NotYet;
                    self.gather()
                }
            },
        }
    }

    /// Suspects every file that we know, and every file of ours that is there.
    fn suspect_all(&mut self) -> Result<(), StoreError> {
        self.suspects.extend(self.known.keys().cloned());
        let there = self.list()?;
        self.suspects.extend(there);
        Ok(())
    }

    /// The files there that have names of ours.
    fn list(&self) -> Result<Vec<String>, StoreError> {
        let mut found = Vec::new();
        self.walk(|folder, name| {
            let path = below(folder, name);
            found.extend(Some(path).filter(|path| layout::content_of(path).is_some()));
        })?;
        Ok(found)
    }

    /// Visits all that lies in folders that may hold files of ours, by folder and name.
    fn walk(&self, mut visit: impl FnMut(&str, &str)) -> Result<(), StoreError> {
        for folder in self.folders() {
            let full = self.path.join(&folder);
            let entries = match fs::read_dir(&full) {
                Ok(entries) => entries,
                Err(error) if is_absent(&error) => continue,
                Err(source) => return Err(StoreError::Io { action: "list", path: full, source }),
            };
            for entry in entries.flatten() {
                // Names that are not UTF-8 are not ours.
                if let Some(name) = entry.file_name().to_str() {
                    visit(&folder, name);
                }
            }
        }
        Ok(())
    }

    fn examine(&self, path: &str) -> Result<Finding, StoreError> {
        let known = self.known.get(path);
        let absent = || if known.is_some() { Finding::Missing(None) } else { Finding::AsKnown(None) };
        let full = self.path.join(path);
        let stamp =
            Stamp::of(&full).map_err(|source| StoreError::Io { action: "look at", path: full, source })?;
        match stamp {
            None => return Ok(absent()),
            Some(_) if known.is_some_and(|known| known.stamp == stamp) => return Ok(Finding::AsKnown(None)),
            Some(_) => {}
        }
        let Some(found) = self.read(path)? else { return Ok(absent()) };
        if known.is_some_and(|known| known.oid == object::blob_id(&found.content)) {
            return Ok(Finding::AsKnown(Some(found.stamp)));
        }
        if found.is_blank() && known.is_some() {
            return Ok(Finding::Missing(Some(found.stamp)));
        }
        let Found { content, stamp } = found;
        Ok(Finding::Edited(Edit { path: path.to_owned(), content, stamp }))
    }

    /// Every folder that may hold a file of ours, the top as the empty path.
    fn folders(&self) -> BTreeSet<String> {
        let mut folders =
            BTreeSet::from([String::new(), layout::STORIES.to_owned(), layout::SPRINTS.to_owned()]);
        for path in self.known.keys() {
            if let Some((folder, _)) = path.rsplit_once('/')
                && !folders.contains(folder)
            {
                folders.insert(folder.to_owned());
            }
        }
        // A person may add a story in a folder that is new.
        let there = fs::read_dir(self.path.join(layout::STORIES)).into_iter().flatten().flatten();
        let there = there.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        let names = there.filter_map(|entry| entry.file_name().into_string().ok());
        folders.extend(names.map(|name| format!("{}/{name}", layout::STORIES)));
        folders
    }

    fn write(
        &mut self,
        path: &str,
        content: &[u8],
        before: Option<Stamp>,
    ) -> Result<Option<Stamp>, StoreError> {
        let full = self.path.join(path);
        let written = match swap::put(&full, content, before) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                make_folder(full.parent().unwrap_or(&self.path))?;
                if let (Watching::Kernel(watch), Some((folder, _))) = (&mut self.watch, path.rsplit_once('/'))
                {
                    watch.add(&self.path, folder);
                }
                swap::put(&full, content, before)
            }
            written => written,
        };
        written.map_err(|source| StoreError::Io { action: "write", path: full, source })
    }
}

/// The path of what is called `name` in `folder`, of which the top is the empty path.
fn below(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

enum Finding {
    /// With the stamp, if it was read to find out.
    AsKnown(Option<Stamp>),
    /// With the stamp of what a loss of power has left of it.
    Missing(Option<Stamp>),
    Edited(Edit),
}
