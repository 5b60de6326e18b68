//! Makes sure that only one process writes, and tells the others who does.

use std::fs::File;
use std::io;
use std::io::Read;
use std::io::Seek;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;
use std::time::Instant;

use rustix::fs::FlockOperation;
use rustix::fs::flock;
use rustix::io::Errno;
use serde::Deserialize;
use serde::Serialize;
use thiserror::Error;

/// How long to wait between two looks at a lock that somebody else holds.
const POLL: Duration = Duration::from_millis(10);

/// A line longer than this was not written by us.
const LONGEST_LINE: u64 = 4096;

/// Who holds a lock. Kept in the lock file for whoever comes second.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The name of the machine.
    pub host: String,
    /// The id of the process there.
    pub pid: u32,
    /// Since when, as RFC 3339.
    pub since: String,
}

/// Why a lock could not be taken.
#[expect(missing_docs, reason = "the messages say it")]
#[derive(Debug, Error)]
pub enum LockError {
    #[error("cannot {action} {}", path.display())]
    Io { action: &'static str, path: PathBuf, source: io::Error },
    #[error("{} is held by process {} on {} since {}", path.display(), holder.pid, holder.host, holder.since)]
    Held { path: PathBuf, holder: Holder },
    #[error("{} is held by a process that has not written its name there", path.display())]
    HeldByUnknown { path: PathBuf },
}

/// The right to write. Given back when dropped, or by the kernel when the process dies.
///
/// The file stays: removing it would let two processes hold locks on two files of the same name.
/// A program that this process is just starting has copies of all open files until it runs, so a
/// lock may outlive its drop by some milliseconds. Whoever waits a little never notices.
#[derive(Debug)]
pub(crate) struct WriterLock {
    _file: File,
}

impl WriterLock {
    /// Takes the file `lock` in `folder` for `holder`, waiting at most `wait` for another to let go.
    pub(crate) fn take(folder: &Path, holder: &Holder, wait: Duration) -> Result<Self, LockError> {
        let path = folder.join("lock");
        let fail = |action| {
            let path = path.clone();
            move |source| LockError::Io { action, path, source }
        };
        let mut options = File::options();
        let options = options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(&path).map_err(fail("open"))?;
        let start = Instant::now();
        loop {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => break,
                Err(Errno::WOULDBLOCK) if start.elapsed() < wait => std::thread::sleep(POLL),
                Err(Errno::WOULDBLOCK) => return Err(held(path, &mut file)),
                Err(Errno::INTR) => {}
                Err(errno) => return Err(fail("lock")(errno.into())),
            }
        }
        write_line(&mut file, holder).map_err(fail("write"))?;
        Ok(Self { _file: file })
    }
}

fn write_line(file: &mut File, holder: &Holder) -> io::Result<()> {
    let mut line = serde_json::to_vec(holder)?;
    line.push(b'\n');
    file.rewind()?;
    file.write_all(&line)?;
    // Emptied first, the file would lose its block and need a new one, which takes longer than all the rest.
    file.set_len(line.len() as u64)
}

/// Says who holds the lock. Its holder may be about to write that down, hence the second error.
fn held(path: PathBuf, file: &mut File) -> LockError {
    let mut line = Vec::new();
    let read = file.take(LONGEST_LINE).read_to_end(&mut line);
    match read.map(|_| serde_json::from_slice(&line)) {
        Ok(Ok(holder)) => LockError::Held { path, holder },
        _ => LockError::HeldByUnknown { path },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holder(pid: u32) -> Holder {
        Holder { host: "alpha".into(), pid, since: "2026-11-20T10:00:00Z".into() }
    }

    #[test]
    fn the_second_is_told_who_was_first() {
        let folder = tempfile::tempdir().unwrap();
        let _first = WriterLock::take(folder.path(), &holder(7), Duration::ZERO).unwrap();

        let error = WriterLock::take(folder.path(), &holder(8), Duration::from_millis(15)).unwrap_err();

        let path = folder.path().join("lock");
        let text = format!("{} is held by process 7 on alpha since 2026-11-20T10:00:00Z", path.display());
        assert_eq!(error.to_string(), text);
        assert_eq!(std::fs::read_to_string(path).unwrap().lines().count(), 1);
    }

    #[test]
    fn a_dropped_lock_is_free_and_its_file_stays() {
        let folder = tempfile::tempdir().unwrap();
        drop(WriterLock::take(folder.path(), &holder(7), Duration::ZERO).unwrap());
        assert!(folder.path().join("lock").exists());

        let _second = WriterLock::take(folder.path(), &holder(12345), Duration::from_secs(10)).unwrap();
    }

    #[test]
    fn a_wait_ends_when_the_lock_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let first = WriterLock::take(folder.path(), &holder(7), Duration::ZERO).unwrap();

        std::thread::scope(|scope| {
            let waiting =
                scope.spawn(|| WriterLock::take(folder.path(), &holder(8), Duration::from_secs(60)));
            drop(first);
            assert!(waiting.join().unwrap().is_ok());
        });
    }

    #[test]
    fn a_holder_without_a_name_is_still_a_holder() {
        let folder = tempfile::tempdir().unwrap();
        let _first = WriterLock::take(folder.path(), &holder(7), Duration::ZERO).unwrap();
        std::fs::write(folder.path().join("lock"), "").unwrap();

        let error = WriterLock::take(folder.path(), &holder(8), Duration::ZERO).unwrap_err();

        assert!(matches!(error, LockError::HeldByUnknown { .. }), "{error}");
    }
}
