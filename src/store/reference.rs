//! Reads and moves a reference of a repository, durably and only from where it is thought to be.
//!
//! Moving follows git's own protocol (a file `<reference>.lock` that only one can create), so that it
//! is safe beside any git program. Git's own moves are not durable: by default the rename is never
//! flushed, and after a loss of power the reference is back where it was.
//!
//! Deliberately absent: reflogs, and symbolic references.

use std::fs::File;
use std::fs::Metadata;
use std::fs::Permissions;
use std::io;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;
use std::time::Instant;

use git2::Repository;
use thiserror::Error;

use crate::store::flush::Flushes;
use crate::store::object::Oid;

/// How long another program may keep a reference locked. Git itself keeps it for milliseconds.
const WAIT: Duration = Duration::from_secs(1);

/// How old a lock of another program has to be before nobody believes any more that it is in use.
const STALE: Duration = Duration::from_secs(60);

/// A bit that means nothing for a file, and that git never sets. By it we know our own locks after a crash.
const OURS: u32 = 0o1000;

/// Between two tries to lock, at most.
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// Why a reference could not be read or moved.
#[derive(Debug, Error)]
pub enum ReferenceError {
    /// The operating system said no.
    #[error("cannot {action} {}", path.display())]
    Io { action: &'static str, path: PathBuf, source: io::Error },
    /// Git said no.
    #[error("cannot read {name} in {}", repository.display())]
    Git { name: String, repository: PathBuf, source: git2::Error },
    /// Not the name of a reference that all worktrees share.
    #[error("{0:?} cannot be the name of a reference")]
    Name(String),
    /// The file is there but names no commit, which a loss of power can cause.
    #[error("{} is damaged: it does not hold the id of a commit", path.display())]
    Damaged { path: PathBuf },
    /// Somebody else moved it, or it was never where we thought.
    #[error("{name} is not where it was expected but at {}", at(found))]
    Moved { name: String, found: Option<Oid> },
    /// Another program holds the lock, or one has died and left it.
    #[error("{} was not removed in time by the program that created it", path.display())]
    Locked { path: PathBuf },
}

fn at(found: &Option<Oid>) -> String {
    found.map_or_else(|| "nothing".to_owned(), |oid| oid.to_string())
}

/// Where the reference `name` points, if it exists.
pub(crate) fn read(repository: &Repository, name: &str) -> Result<Option<Oid>, ReferenceError> {
    let path = loose_path(repository, name)?;
    match std::fs::read(&path) {
        // Git2 would not tell an empty file from other trouble.
        Ok(content) => parse(&content).map(Some).ok_or(ReferenceError::Damaged { path }),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::IsADirectory) => {
            read_packed(repository, name)
        }
        Err(source) => Err(ReferenceError::Io { action: "read", path, source }),
    }
}

/// Prepares to move the reference `name` from `expected` to `new`, or to create it if nothing is expected. Until
/// that has happened nobody else can move it.
pub(crate) fn prepare(
    repository: &Repository,
    name: &str,
    expected: Option<Oid>,
    new: Oid,
    flushes: &Flushes,
) -> Result<Prepared, ReferenceError> {
    let path = loose_path(repository, name)?;
    let mut lock = ReferenceLock::take(&path, WAIT, flushes)?;
    let found = read(repository, name)?;
    if found != expected {
        return Err(ReferenceError::Moved { name: name.to_owned(), found });
    }
    lock.write(new)?;
    Ok(Prepared { path, lock })
}

/// A reference that is about to move. If it does not after all, everything is as it was.
pub(crate) struct Prepared {
    path: PathBuf,
    lock: ReferenceLock,
}

impl Prepared {
    /// The file that will be the reference.
    pub(crate) fn file(&self) -> &File {
        &self.lock.file
    }

    /// Moves the reference. The objects and the file must be durable before.
    ///
    /// When this returns, a loss of power cannot undo it.
    pub(crate) fn complete(mut self, flushes: &Flushes) -> Result<(), ReferenceError> {
        self.lock.replace(&self.path, flushes)
    }
}

/// Lets the reference `name` point to `new`, whatever it says now, even if that cannot be read.
///
/// When this returns, a loss of power cannot undo it. The objects must be durable before.
pub(crate) fn overwrite(
    repository: &Repository,
    name: &str,
    new: Oid,
    flushes: &Flushes,
) -> Result<(), ReferenceError> {
    let path = loose_path(repository, name)?;
    let mut lock = ReferenceLock::take(&path, WAIT, flushes)?;
    lock.write(new)?;
    flushes.data(&lock.file).map_err(fail("flush", &lock.path))?;
    lock.replace(&path, flushes)
}

/// Removes a lock that a dead process has left on the reference `name`. Says whether there was one.
///
/// The caller holds the writer lock, which tells it that no living process of ours made this one. A lock of
/// another program may be in use, and is only removed when that has become unbelievable.
pub(crate) fn remove_stale_lock(repository: &Repository, name: &str) -> Result<bool, ReferenceError> {
    let path = lock_path(&loose_path(repository, name)?);
    let is_stale = |found: Metadata| {
        let age = found.modified().ok().and_then(|modified| modified.elapsed().ok()).unwrap_or_default();
        found.permissions().mode() & OURS != 0 || age > STALE
    };
    match std::fs::symlink_metadata(&path).map(is_stale) {
        Ok(false) => return Ok(false),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        _ => {}
    }
    match std::fs::remove_file(&path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(source) => Err(ReferenceError::Io { action: "remove", path, source }),
    }
}

fn loose_path(repository: &Repository, name: &str) -> Result<PathBuf, ReferenceError> {
    if !name.starts_with("refs/") || !git2::Reference::is_valid_name(name) {
        return Err(ReferenceError::Name(name.to_owned()));
    }
    Ok(repository.commondir().join(name))
}

fn lock_path(path: &Path) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(".lock");
    path.into()
}

fn parse(content: &[u8]) -> Option<Oid> {
    str::from_utf8(content).ok()?.trim_ascii_end().parse().ok()
}

/// Looks where references go that `git pack-refs` has put away.
fn read_packed(repository: &Repository, name: &str) -> Result<Option<Oid>, ReferenceError> {
    match repository.find_reference(name) {
        Ok(reference) => match reference.target() {
            Some(oid) => Ok(Some(oid.into())),
            None => Err(ReferenceError::Damaged { path: repository.commondir().join(name) }),
        },
        Err(error) if error.code() == git2::ErrorCode::NotFound => Ok(None),
        Err(source) => {
            let repository = repository.commondir().to_owned();
            Err(ReferenceError::Git { name: name.to_owned(), repository, source })
        }
    }
}

/// The right to move one reference. The lock is removed however this ends.
struct ReferenceLock {
    path: PathBuf,
    file: File,
    /// False once the lock has become the reference: a lock of that name is then somebody else's.
    ours: bool,
}

impl ReferenceLock {
    fn take(reference: &Path, wait: Duration, flushes: &Flushes) -> Result<Self, ReferenceError> {
        let path = lock_path(reference);
        let start = Instant::now();
        let mut pause = Duration::from_millis(1);
        loop {
            let error = match File::options().write(true).create_new(true).mode(OURS | 0o666).open(&path) {
                Ok(file) => return Ok(Self { path, file, ours: true }),
                Err(error) => error,
            };
            match (error.kind(), reference.parent()) {
                _ if start.elapsed() > wait && error.kind() == io::ErrorKind::AlreadyExists => {
                    return Err(ReferenceError::Locked { path });
                }
                (io::ErrorKind::AlreadyExists, _) => std::thread::sleep(pause),
                (io::ErrorKind::NotFound, Some(folder)) if start.elapsed() <= wait => {
                    flushes.create_folder(folder).map_err(fail("create the folder of", &path))?;
                }
                _ => return Err(fail("create", &path)(error)),
            }
            pause = LONGEST_PAUSE.min(pause * 2);
        }
    }

    fn write(&mut self, new: Oid) -> Result<(), ReferenceError> {
        self.file.write_all(format!("{new}\n").as_bytes()).map_err(fail("write", &self.path))
    }

    /// Makes the lock the reference. Its content must be durable before.
    fn replace(&mut self, reference: &Path, flushes: &Flushes) -> Result<(), ReferenceError> {
        rename(&self.path, reference).map_err(fail("replace", reference))?;
        self.ours = false;
        // On a reference the bit does no harm, it is only odd.
        if let Ok(found) = self.file.metadata() {
            let _ = self.file.set_permissions(Permissions::from_mode(found.permissions().mode() & !OURS));
        }
        let folder = reference.parent().unwrap_or(Path::new("."));
        flushes.folder(folder).map_err(fail("flush", folder))
    }
}

impl Drop for ReferenceLock {
    fn drop(&mut self) {
        if self.ours {
            // Whoever finds it left behind removes it as stale.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Makes an error that says what was tried with which file.
fn fail(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> ReferenceError {
    let path = path.to_owned();
    move |source| ReferenceError::Io { action, path, source }
}

/// Renames, also over an empty folder: git leaves those behind when references inside are removed.
fn rename(from: &Path, to: &Path) -> io::Result<()> {
    match std::fs::rename(from, to) {
        Err(error) if error.kind() == io::ErrorKind::IsADirectory => {
            std::fs::remove_dir(to)?;
            std::fs::rename(from, to)
        }
        result => result,
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use crate::store::object::CommitText;
    use crate::store::object::commit;
    use crate::store::object::tree;
    use crate::store::testing::bare_repository;
    use crate::store::testing::git;

    use super::*;

    const NAME: &str = "refs/heads/orch-state";

    /// A repository with two commits that no reference knows.
    fn repository() -> (TempDir, Repository, Oid, Oid) {
        let folder = bare_repository();
        let repository = Repository::open(folder.path()).unwrap();
        let tree = tree(Vec::new()).unwrap();
        let text = |time_seconds| CommitText {
            tree: tree.oid,
            parents: Vec::new(),
            author_name: "Ada".into(),
            author_email: "ada@example.org".into(),
            committer_name: "Ada".into(),
            committer_email: "ada@example.org".into(),
            time_seconds,
            message: "start".into(),
        };
        let (one, two) = (commit(&text(1)), commit(&text(2)));
        for (kind, object) in [("tree", &tree), ("commit", &one), ("commit", &two)] {
            git(folder.path(), &["hash-object", "-t", kind, "-w", "--stdin"], &object.body);
        }
        (folder, repository, one.oid, two.oid)
    }

    fn compare_and_swap(
        repository: &Repository,
        name: &str,
        expected: Option<Oid>,
        new: Oid,
        flushes: &Flushes,
    ) -> Result<(), ReferenceError> {
        let prepared = prepare(repository, name, expected, new, flushes)?;
        flushes.all(&[prepared.file()]).unwrap();
        prepared.complete(flushes)
    }

    fn swap(repository: &Repository, expected: Option<Oid>, new: Oid) -> Result<(), ReferenceError> {
        compare_and_swap(repository, NAME, expected, new, &Flushes::default())
    }

    fn locks(folder: &Path) -> bool {
        folder.join(format!("{NAME}.lock")).exists()
    }

    #[test]
    fn a_reference_moves_only_from_where_it_is_expected() {
        let (folder, repository, one, two) = repository();
        #[rustfmt::skip]
        let cases = [
            (Some(one), one, Err(None)),
            (None,      one, Ok(())),
            (None,      two, Err(Some(one))),
            (Some(two), one, Err(Some(one))),
            (Some(one), two, Ok(())),
            (Some(two), two, Ok(())),
        ];
        for (expected, new, outcome) in cases {
            let result = match swap(&repository, expected, new) {
                Ok(()) => Ok(()),
                Err(ReferenceError::Moved { found, .. }) => Err(found),
                Err(error) => panic!("{error}"),
            };
            assert_eq!(result, outcome, "from {expected:?} to {new}");
            assert!(!locks(folder.path()));
        }
        assert_eq!(git(folder.path(), &["rev-parse", NAME], b""), two.to_string());
        git(folder.path(), &["fsck", "--strict", "--no-dangling"], b"");
    }

    #[test]
    fn a_packed_reference_is_read_and_moved() {
        let (folder, repository, one, two) = repository();
        assert_eq!(read(&repository, NAME).unwrap(), None);
        swap(&repository, None, one).unwrap();
        git(folder.path(), &["pack-refs", "--all"], b"");
        assert!(!folder.path().join(NAME).exists());

        assert_eq!(read(&repository, NAME).unwrap(), Some(one));
        swap(&repository, Some(one), two).unwrap();

        assert_eq!(read(&repository, NAME).unwrap(), Some(two));
        assert_eq!(git(folder.path(), &["rev-parse", NAME], b""), two.to_string());
    }

    #[test]
    fn a_damaged_reference_is_not_a_missing_one() {
        let (folder, repository, one, _) = repository();
        let short = format!("{one}")[..39].to_owned();
        for content in ["", "\0\0\0\0", "garbage", short.as_str(), "ref: refs/heads/other"] {
            std::fs::write(folder.path().join(NAME), content).unwrap();

            let error = read(&repository, NAME).unwrap_err();
            assert!(matches!(error, ReferenceError::Damaged { .. }), "{content:?}: {error}");
            let error = swap(&repository, None, one).unwrap_err();
            assert!(matches!(error, ReferenceError::Damaged { .. }), "{content:?}: {error}");
            assert!(!locks(folder.path()));
        }
    }

    #[test]
    fn a_lock_of_another_program_is_waited_for_and_named() {
        let (folder, repository, one, _) = repository();
        let lock = folder.path().join(format!("{NAME}.lock"));
        std::fs::write(&lock, "").unwrap();

        let error = swap(&repository, None, one).unwrap_err();
        assert!(matches!(&error, ReferenceError::Locked { path } if path.ends_with(format!("{NAME}.lock"))));
        assert!(!remove_stale_lock(&repository, NAME).unwrap());
        assert!(lock.exists(), "somebody else's lock was removed");

        std::fs::set_permissions(&lock, Permissions::from_mode(OURS | 0o644)).unwrap();
        assert!(remove_stale_lock(&repository, NAME).unwrap());
        assert!(!remove_stale_lock(&repository, NAME).unwrap());
        swap(&repository, None, one).unwrap();
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o7777;
        assert_eq!(mode(&folder.path().join(NAME)), mode(&folder.path().join("HEAD")));

        std::fs::write(&lock, "").unwrap();
        let long_ago = std::time::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        File::options().write(true).open(&lock).unwrap().set_modified(long_ago).unwrap();
        assert!(remove_stale_lock(&repository, NAME).unwrap());
    }

    #[test]
    fn a_move_costs_two_flushes_and_leaves_no_lock_when_it_fails() {
        let (folder, repository, one, two) = repository();
        swap(&repository, None, one).unwrap();
        let flushes = Flushes::default();
        compare_and_swap(&repository, NAME, Some(one), two, &flushes).unwrap();
        assert_eq!(flushes.count(), 2);

        let nested = "refs/heads/orch-state-of/a";
        compare_and_swap(&repository, nested, None, one, &flushes).unwrap();
        let error =
            compare_and_swap(&repository, "refs/heads/orch-state-of", None, one, &flushes).unwrap_err();
        assert!(matches!(error, ReferenceError::Io { action: "replace", .. }), "{error}");
        assert!(!folder.path().join("refs/heads/orch-state-of.lock").exists());

        std::fs::remove_file(folder.path().join(nested)).unwrap();
        compare_and_swap(&repository, "refs/heads/orch-state-of", None, one, &flushes).unwrap();
    }

    #[test]
    fn only_one_of_many_wins() {
        let (folder, repository, one, two) = repository();
        swap(&repository, None, one).unwrap();

        let won = std::thread::scope(|scope| {
            let attempt = || {
                let repository = Repository::open(folder.path()).unwrap();
                swap(&repository, Some(one), two).is_ok()
            };
            let attempts: Vec<_> = (0..8).map(|_| scope.spawn(attempt)).collect();
            attempts.into_iter().map(|attempt| attempt.join().unwrap()).filter(|won| *won).count()
        });

        assert_eq!(won, 1);
    }

    #[test]
    fn only_shared_references_have_a_place() {
        let (_folder, repository, _, _) = repository();
        for name in ["HEAD", "refs/heads/../x", "refs/heads/a b", "", "refs/heads/x.lock"] {
            let error = read(&repository, name).unwrap_err();
            assert!(matches!(error, ReferenceError::Name(_)), "{name:?}: {error}");
        }
    }
}
