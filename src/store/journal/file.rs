//! A file whose blocks are all written in advance, so that writing into it needs one flush.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::path::PathBuf;

use crate::store::flush::Flushes;

/// A file of fixed size.
#[derive(Debug)]
pub(super) struct FixedFile {
    file: File,
    path: PathBuf,
}

impl FixedFile {
    /// Opens `path`, filling it up with zeros to `size` if it is missing or short.
    ///
    /// The zeros are really written: space that is only reserved costs a second flush at first use,
    /// because the file system has to note that it holds data now.
    pub(super) fn open(path: PathBuf, size: u64, flushes: &Flushes) -> io::Result<Self> {
        // The journal repeats what is in the projects, which may be private.
        let mut options = File::options();
        let options = options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let file = options.open(&path)?;
        let length = file.metadata()?.len();
        if length < size {
            if let Err(error) = fill(&file, length, size) {
                // A full disk should not be made fuller by half a journal.
                let _ = file.set_len(length);
                return Err(error);
            }
            flushes.data(&file)?;
            flushes.folder(path.parent().unwrap_or(Path::new(".")))?;
        }
        Ok(Self { file, path })
    }

    /// Where the file is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Reads on, until `bytes` are the first `size` bytes of the file.
    pub(super) fn read_on(&self, bytes: &mut Vec<u8>, size: usize) -> io::Result<()> {
        let known = bytes.len();
        bytes.resize(size.max(known), 0);
        self.file.read_exact_at(&mut bytes[known..], known as u64)
    }

    /// Writes `bytes` at `offset` and makes them durable.
    pub(super) fn write(&self, bytes: &[u8], offset: usize, flushes: &Flushes) -> io::Result<()> {
        self.file.write_all_at(bytes, offset as u64)?;
        flushes.data(&self.file)
    }
}

fn fill(file: &File, from: u64, to: u64) -> io::Result<()> {
    let zeros = vec![0; 1 << 18];
    let mut offset = from;
    while offset < to {
        let piece = zeros.len().min(usize::try_from(to - offset).unwrap_or(zeros.len()));
        file.write_all_at(&zeros[..piece], offset)?;
        offset += piece as u64;
    }
    Ok(())
}
