//! Asks the disk to keep what was written, and counts how often.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

/// A count of flushes. Clones share it.
///
/// Flushes are what durable work costs; the count lets tests and benchmarks hold on to that cost.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flushes(Arc<AtomicU64>);

impl Flushes {
    /// How many flushes were asked for so far.
    pub(crate) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Makes the content of `file` durable, and of its metadata what is needed to read it back.
    pub(crate) fn data(&self, file: &File) -> io::Result<()> {
        self.0.fetch_add(1, Ordering::Relaxed);
        file.sync_data()
    }

    /// Makes the content of several files durable at the same time, which takes the disk hardly longer than one.
    pub(crate) fn all(&self, files: &[&File]) -> io::Result<()> {
        let Some((first, others)) = files.split_first() else { return Ok(()) };
        std::thread::scope(|scope| {
            let begin = |file| std::thread::Builder::new().spawn_scoped(scope, move || self.data(file));
            let begun: Vec<_> = others.iter().map(|file| begin(*file)).collect();
            let mut done = self.data(first);
            for (file, begun) in others.iter().zip(begun) {
                done = done.and(match begun {
                    Ok(thread) => thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
                    // No thread to be had: one after the other, then.
                    Err(_) => self.data(file),
                });
            }
            done
        })
    }

    /// Makes the names inside `folder` durable.
    pub(crate) fn folder(&self, folder: &Path) -> io::Result<()> {
        self.0.fetch_add(1, Ordering::Relaxed);
        File::open(folder)?.sync_all()
    }

    /// Creates `folder` with all that leads to it, and makes the new names durable.
    pub(crate) fn create_folder(&self, folder: &Path) -> io::Result<()> {
        let missing: Vec<_> = folder.ancestors().take_while(|path| !path.exists()).collect();
        std::fs::create_dir_all(folder)?;
        for parent in missing.iter().rev().filter_map(|path| path.parent()) {
            // The parent of a relative name of one part is the empty path.
            let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
            self.folder(parent)?;
        }
        Ok(())
    }
}
