//! Replaces single files so that no reader sees half of one, and no edit of a person is lost to it.

use std::fs::{self, Metadata};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, RenameFlags, renameat_with, statat};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use crate::store::repository::UNFINISHED;

/// How a file looks from outside. The same stamp means the same content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stamp {
    inode: u64,
    size: u64,
    modified: (i64, i64),
}

impl Stamp {
    /// The stamp of a file that was looked at.
    pub(super) fn new(found: &Metadata) -> Self {
        Self { inode: found.ino(), size: found.size(), modified: (found.mtime(), found.mtime_nsec()) }
    }

    /// The stamp of the file at `path`, if there is one.
    pub(super) fn of(path: &Path) -> io::Result<Option<Self>> {
        match fs::symlink_metadata(path) {
            Ok(found) => Ok(Some(Self::new(&found))),
            Err(error) if is_absent(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The stamp of the file called `name` in an open folder, if there is one and it can be looked at.
    pub(super) fn in_folder(folder: impl AsFd, name: &str) -> Option<Self> {
        let found = statat(folder, name, AtFlags::SYMLINK_NOFOLLOW).ok()?;
        let nanoseconds = i64::try_from(found.st_mtime_nsec).ok()?;
        let size = u64::try_from(found.st_size).ok()?;
        Some(Self { inode: found.st_ino, size, modified: (found.st_mtime, nanoseconds) })
    }

    /// When the content was written, in nanoseconds.
    pub(crate) fn modified_nanoseconds(&self) -> i128 {
        i128::from(self.modified.0) * 1_000_000_000 + i128::from(self.modified.1)
    }

    /// When the content was written, in seconds.
    pub(crate) fn modified(&self) -> i64 {
        self.modified.0
    }
}

/// Puts `content` at `path` if the file there still is the one with the stamp `before`, or still is not there.
///
/// Returns the new stamp, or nothing if somebody else was faster; then their file is there.
pub(super) fn put(path: &Path, content: &[u8], before: Option<Stamp>) -> io::Result<Option<Stamp>> {
    let beside = beside(path);
    fs::write(&beside, content)?;
    let placed = Stamp::of(&beside).and_then(|stamp| {
        let is_placed = match before {
            None => place(&beside, path)?,
            Some(before) => exchange(&beside, path, before)?,
        };
        Ok(stamp.filter(|_| is_placed))
    });
    match fs::remove_file(&beside) {
        Err(error) if !is_absent(&error) => placed.and(Err(error)),
        _ => placed,
    }
}

/// Removes the file at `path` if it still is the one with the stamp `before`. Says whether it did.
pub(super) fn take_away(path: &Path, before: Stamp) -> io::Result<bool> {
    let beside = beside(path);
    match fs::rename(path, &beside) {
        Err(error) if is_absent(&error) => return Ok(true),
        renamed => renamed?,
    }
    if Stamp::of(&beside)? == Some(before) {
        fs::remove_file(&beside)?;
        return Ok(true);
    }
    place(&beside, path)?;
    Ok(false)
}

/// Whether `error` says that there is no such file.
pub(super) fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!("{UNFINISHED}{name}"))
}

/// Moves a file to where there is none.
fn place(from: &Path, to: &Path) -> io::Result<bool> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        Ok(()) => Ok(true),
        Err(Errno::EXIST) => Ok(false),
        Err(errno) if is_unknown(errno) => fs::rename(from, to).map(|()| true),
        Err(errno) => Err(errno.into()),
    }
}

/// Exchanges two files, and back again if the one that was at `path` is not the expected one.
fn exchange(beside: &Path, path: &Path, before: Stamp) -> io::Result<bool> {
    match renameat_with(CWD, beside, CWD, path, RenameFlags::EXCHANGE) {
        Ok(()) => {}
        Err(Errno::NOENT) => return place(beside, path),
        Err(errno) if is_unknown(errno) => return fs::rename(beside, path).map(|()| true),
        Err(errno) => return Err(errno.into()),
    }
    if Stamp::of(beside)? == Some(before) {
        return Ok(true);
    }
    renameat_with(CWD, beside, CWD, path, RenameFlags::EXCHANGE)?;
    Ok(false)
}

/// Whether the file system knows only the plain way of renaming.
fn is_unknown(errno: Errno) -> bool {
    matches!(errno, Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_only_as_long_as_it_is_the_known_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let text = || fs::read_to_string(&path).unwrap();

        let first = put(&path, b"one", None).unwrap().unwrap();
        assert_eq!(put(&path, b"two", None).unwrap(), None, "there is one already");
        assert_eq!(text(), "one");
        let second = put(&path, b"three", Some(first)).unwrap().unwrap();
        assert_eq!((text(), Stamp::of(&path).unwrap()), ("three".to_owned(), Some(second)));

        fs::write(&path, "edited").unwrap();
        assert_eq!(put(&path, b"four", Some(second)).unwrap(), None);
        assert!(!take_away(&path, second).unwrap());
        assert_eq!(text(), "edited");

        let edited = Stamp::of(&path).unwrap().unwrap();
        assert!(take_away(&path, edited).unwrap());
        assert!(take_away(&path, edited).unwrap(), "what is gone is gone");
        assert!(put(&path, b"five", Some(edited)).unwrap().is_some(), "a missing file is no edit");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "something was left lying about");
    }
}
