//! The folder `.orch-state/`: shows people the latest commit, and notices what they edit there.
//!
//! Invariants:
//!
//! - A file that a person has edited is never overwritten before the edit has been committed.
//! - A file that is missing is no edit: it is put back.
//! - Files whose names are not ours are left alone.
//!
//! Deliberately absent: syncing to the disk. All of it can be made again from the branch.

mod watch;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use crate::store::StoreError;
use crate::store::folder::watch::{Seen, Watch};
use crate::store::layout;
use crate::store::object::{self, Oid};
use crate::store::repository::{UNFINISHED, make_folder, remove_file, replace};

/// How a file looked when we last knew its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    inode: u64,
    size: u64,
    modified: (i64, i64),
}

impl Stamp {
    fn of(found: &Metadata) -> Self {
        Self { inode: found.ino(), size: found.size(), modified: (found.mtime(), found.mtime_nsec()) }
    }
}

/// What we believe a file holds.
#[derive(Clone, Copy, Debug)]
struct Known {
    oid: Oid,
    /// `None` until the file has been seen to hold it.
    stamp: Option<Stamp>,
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

/// The folder as we know it.
pub(crate) struct Folder {
    path: PathBuf,
    known: BTreeMap<String, Known>,
    /// Files to look at, whatever their stamps say.
    suspects: BTreeSet<String>,
    watch: Watching,
}

enum Watching {
    /// Everything was just looked at; most openings end before a second look.
    NotYet,
    /// The kernel tells us what changes.
    Kernel(Watch),
    /// The kernel has no watch to spare: everything is looked at every time.
    Polling,
}

impl Folder {
    /// The folder at `path`, which shall hold `files`. Nothing is looked at yet.
    pub(crate) fn new(path: PathBuf, files: &BTreeMap<String, Oid>) -> Self {
        let ours = files.iter().filter(|(path, _)| layout::content_of(path).is_some());
        let known = ours.map(|(path, oid)| (path.clone(), Known { oid: *oid, stamp: None })).collect();
        Self { path, known, suspects: BTreeSet::new(), watch: Watching::NotYet }
    }

    /// Reads a file.
    pub(crate) fn read(&self, path: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let path = self.path.join(path);
        match fs::read(&path) {
            Ok(content) => Ok(Some(content)),
            Err(error) if is_absent(&error) => Ok(None),
            Err(source) => Err(StoreError::Io { action: "read", path, source }),
        }
    }

    /// Notes that a file was seen to hold what it shall hold.
    pub(crate) fn confirm(&mut self, path: &str) -> Result<(), StoreError> {
        let stamp = self.stamp(path)?;
        if let Some(known) = self.known.get_mut(path) {
            known.stamp = stamp;
        }
        Ok(())
    }

    /// Notes that a file does not hold what it shall hold, so that the next look finds the edit.
    pub(crate) fn suspect(&mut self, path: &str) {
        self.suspects.insert(path.to_owned());
    }

    /// Puts a file, or takes it away, unless a person has edited it since we last looked.
    pub(crate) fn put(&mut self, path: &str, content: Option<&[u8]>) -> Result<(), StoreError> {
        let before = self.known.get(path).and_then(|known| known.stamp);
        let now = self.stamp(path)?;
        // The next look decides whether it is an edit; until then it stays as it is.
        let touched = now.is_some() && now != before;
        if touched {
            self.suspects.insert(path.to_owned());
        }
        let Some(content) = content else {
            self.known.remove(path);
            return if touched { Ok(()) } else { remove_file(&self.path.join(path)) };
        };
        let stamp = if touched {
            None
        } else {
            self.write(path, content)?;
            self.stamp(path)?
        };
        self.known.insert(path.to_owned(), Known { oid: object::blob_id(content), stamp });
        Ok(())
    }

    /// Writes over whatever is there.
    pub(crate) fn force(&mut self, path: &str, oid: Oid, content: &[u8]) -> Result<(), StoreError> {
        self.write(path, content)?;
        let stamp = self.stamp(path)?;
        self.known.insert(path.to_owned(), Known { oid, stamp });
        Ok(())
    }

    /// Takes an edit for what the file shall hold from now on.
    pub(crate) fn accept(&mut self, edit: &Edit) {
        let oid = object::blob_id(&edit.content);
        self.known.insert(edit.path.clone(), Known { oid, stamp: Some(edit.stamp) });
        self.suspects.remove(&edit.path);
    }

    /// What people have edited since the last look, and what is missing and has to be put back.
    pub(crate) fn look(&mut self) -> Result<(Vec<Edit>, Vec<String>), StoreError> {
        self.gather()?;
        let mut edits = Vec::new();
        let mut missing = Vec::new();
        for path in self.suspects.clone() {
            match self.examine(&path)? {
                Finding::AsKnown => drop(self.suspects.remove(&path)),
                Finding::Missing => missing.push(path),
                Finding::Edited(edit) => edits.push(edit),
            }
        }
        Ok((edits, missing))
    }

    /// Removes unfinished files that a process left when it was killed.
    pub(crate) fn tidy(&self) -> Result<(), StoreError> {
        for folder in self.folders() {
            let Ok(entries) = fs::read_dir(self.path.join(&folder)) else { continue };
            let unfinished =
                entries.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with(UNFINISHED));
            for entry in unfinished {
                remove_file(&entry.path())?;
            }
        }
        Ok(())
    }

    /// Adds to the suspects whatever may have changed since the last look.
    fn gather(&mut self) -> Result<(), StoreError> {
        match &mut self.watch {
            Watching::NotYet => {
                let watch = Watch::start(&self.path, &self.folders());
                self.watch = watch.map_or(Watching::Polling, Watching::Kernel);
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
        for folder in self.folders() {
            let full = self.path.join(&folder);
            let entries = match fs::read_dir(&full) {
                Ok(entries) => entries,
                Err(error) if is_absent(&error) => continue,
                Err(source) => return Err(StoreError::Io { action: "list", path: full, source }),
            };
            let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
            let paths = names.map(|name| if folder.is_empty() { name } else { format!("{folder}/{name}") });
            self.suspects.extend(paths.filter(|path| layout::content_of(path).is_some()));
        }
        Ok(())
    }

    fn examine(&self, path: &str) -> Result<Finding, StoreError> {
        let known = self.known.get(path);
        let Some(stamp) = self.stamp(path)? else {
            return Ok(if known.is_some() { Finding::Missing } else { Finding::AsKnown });
        };
        if known.is_some_and(|known| known.stamp == Some(stamp)) {
            return Ok(Finding::AsKnown);
        }
        let Some(content) = self.read(path)? else { return Ok(Finding::Missing) };
        let is_known = known.is_some_and(|known| known.oid == object::blob_id(&content));
        // A power cut leaves empty files; no person means one.
        if content.is_empty() && known.is_some() {
            return Ok(Finding::Missing);
        }
        Ok(if is_known {
            Finding::AsKnown
        } else {
            Finding::Edited(Edit { path: path.to_owned(), content, stamp })
        })
    }

    /// Every folder that may hold a file of ours, the top as the empty path.
    fn folders(&self) -> BTreeSet<String> {
        let mut folders = BTreeSet::from([String::new(), "stories".to_owned(), "sprints".to_owned()]);
        for path in self.known.keys() {
            if let Some((folder, _)) = path.rsplit_once('/')
                && !folders.contains(folder)
            {
                folders.insert(folder.to_owned());
            }
        }
        folders
    }

    fn write(&mut self, path: &str, content: &[u8]) -> Result<(), StoreError> {
        let full = self.path.join(path);
        match replace(&full, content) {
            Err(StoreError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                let folder = full.parent().unwrap_or(&self.path).to_owned();
                make_folder(&folder)?;
                if let (Watching::Kernel(watch), Some((folder, _))) = (&mut self.watch, path.rsplit_once('/'))
                {
                    watch.add(&self.path, folder);
                }
                replace(&full, content)
            }
            written => written,
        }
    }

    fn stamp(&self, path: &str) -> Result<Option<Stamp>, StoreError> {
        let path = self.path.join(path);
        match fs::symlink_metadata(&path) {
            Ok(found) => Ok(Some(Stamp::of(&found))),
            Err(error) if is_absent(&error) => Ok(None),
            Err(source) => Err(StoreError::Io { action: "look at", path, source }),
        }
    }
}

enum Finding {
    AsKnown,
    Missing,
    Edited(Edit),
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}
