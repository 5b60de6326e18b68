//! What the folder was seen to hold, so that the next opening looks at files instead of reading them.
//!
//! One file in git's folder: chunks, each with a checksum, each saying at which commit the branch stood and which
//! files were written since the chunk before. Everything in it was checked against its schema on its way in.
//!
//! Invariants:
//!
//! - It is only used for exactly the commit that it was made for.
//! - A file is taken from it only if it looks as it did then; one written a moment before is read again.
//! - Losing it, or a part of it, costs time and nothing else.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::store::folder::Stamp;
use crate::store::object::Oid;
use crate::store::repository;

/// Changes with the shape of what is kept; another number is another time's.
const FORMAT: u32 = 2;
/// Length and checksum before each chunk.
const HEADER: usize = 8;
/// Reading fewer files costs less than keeping this up.
const WORTH_IT: usize = 50;
/// Larger than this it would cost more memory than it saves time.
const LARGEST: u64 = 256 << 20;
/// Files written this many nanoseconds before the cache may have been written twice within one tick of the
/// disk's clock, and look the same.
const TICK: i128 = 20_000_000;

/// What one file held.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    /// The id of its content.
    pub(crate) oid: Oid,
    /// How it looked then.
    pub(crate) stamp: Stamp,
    /// Its content; nothing for documents, of which nobody needs it.
    pub(crate) content: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
struct Chunk<'a> {
    format: u32,
    tip: Oid,
    /// Starts anew instead of adding to what came before.
    whole: bool,
    /// Whether the commit holds nothing else.
    complete: bool,
    #[serde(borrow)]
    files: Vec<(&'a str, Option<Row<'a>>)>,
}

/// What is kept of one file, where it lies in the bytes of the cache.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Row<'a> {
    oid: Oid,
    stamp: Stamp,
    content: &'a [u8],
}

/// The file, and what has to be added to it.
pub(crate) struct Cache {
    path: PathBuf,
    /// What was written since the last chunk; `None` removes.
    news: BTreeMap<String, Option<Kept>>,
    /// Whether the file on disk leads up to the news.
    is_current: bool,
    /// Whether the branch holds nothing but what is known here.
    is_complete: bool,
}

/// What the cache knows of a commit.
pub(crate) struct Recollection {
    bytes: Vec<u8>,
    /// By path: what a file held, and where its content lies in the bytes.
    files: BTreeMap<String, (Oid, Stamp, Range<usize>)>,
    /// When the cache was written, in nanoseconds.
    written: i128,
    /// Whether it holds so much that is outdated that writing it anew pays.
    pub(crate) is_bloated: bool,
}

impl Kept {
    fn row(&self) -> Row<'_> {
        Row { oid: self.oid, stamp: self.stamp, content: &self.content }
    }
}

impl Recollection {
    /// The files with the ids of their contents.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&str, Oid)> {
        self.files.iter().map(|(path, (oid, ..))| (path.as_str(), *oid))
    }

    /// Whether `oid` is what the file at `path` held.
    pub(crate) fn has(&self, path: &str, oid: Oid) -> bool {
        self.files.get(path).is_some_and(|(held, ..)| *held == oid)
    }

    /// How a file looked that held `oid`, and its content; nothing if it may look the same and hold something else.
    pub(crate) fn of(&self, path: &str, oid: Oid) -> Option<(Stamp, &[u8])> {
        let (held, stamp, content) = self.files.get(path)?;
        let is_sure = *held == oid && stamp.modified_nanoseconds() + TICK < self.written;
        Some((*stamp, self.bytes.get(content.clone())?)).filter(|_| is_sure)
    }
}

impl Cache {
    /// The cache in git's private folder for us. Nothing is read yet.
    pub(crate) fn new(private: &Path) -> Self {
        Self { path: private.join("cache"), news: BTreeMap::new(), is_current: false, is_complete: false }
    }

    /// What is known of the folder at `tip`, if anything.
    pub(crate) fn recall(&mut self, tip: Oid) -> Option<Recollection> {
        let about = fs::metadata(&self.path).ok().filter(|about| about.len() <= LARGEST)?;
        let bytes = fs::read(&self.path).ok()?;
        let mut files: BTreeMap<String, _> = BTreeMap::new();
        let mut last = None;
        let mut whole_bytes = 0;
        let mut rest = bytes.as_slice();
        while let Some((chunk, size, behind)) = next(rest) {
            // Borrowed from the bytes, so the distance of the addresses is the place.
            let place = |row: Row<'_>| {
                let start = row.content.as_ptr().addr() - bytes.as_ptr().addr();
                (row.oid, row.stamp, start..start + row.content.len())
            };
            let news = chunk.files.into_iter().map(|(path, kept)| (path.to_owned(), kept.map(place)));
            if chunk.whole {
                files = news.filter_map(|(path, kept)| Some((path, kept?))).collect();
                whole_bytes = size;
            } else {
                for (path, kept) in news {
                    match kept {
                        Some(kept) => files.insert(path, kept),
                        None => files.remove(&path),
                    };
                }
            }
            (last, self.is_complete) = (Some(chunk.tip), chunk.complete);
            rest = behind;
        }
        if last != Some(tip) || !rest.is_empty() {
            return None;
        }
        self.is_current = true;
        let is_bloated = bytes.len() > 2 * whole_bytes;
        Some(Recollection { bytes, files, written: nanoseconds(&about), is_bloated })
    }

    /// Whether what is known of the folder is all that the branch holds.
    pub(crate) fn knows_all(&self) -> bool {
        self.is_current && self.is_complete
    }

    /// Notes that a file was written, or taken away.
    pub(crate) fn note(&mut self, path: &str, kept: Option<Kept>) {
        self.news.insert(path.to_owned(), kept);
    }

    /// Forgets everything: the folder was not followed closely enough.
    pub(crate) fn forget(&mut self) {
        self.news.clear();
        self.is_current = false;
    }

    /// Writes all of it anew; `is_complete` says that the branch holds nothing else.
    pub(crate) fn write_whole(&mut self, tip: Oid, files: Vec<(String, Option<Kept>)>, is_complete: bool) {
        self.forget();
        self.is_complete = is_complete;
        if files.len() < WORTH_IT {
            return;
        }
        let chunk = encode(tip, (true, is_complete), &files);
        self.is_current = chunk.is_some_and(|chunk| repository::replace(&self.path, &chunk).is_ok());
    }

    /// Adds what was noted since; `tip` is the commit that the folder shows now.
    pub(crate) fn save(&mut self, tip: Oid) {
        if !self.is_current || self.news.is_empty() {
            return;
        }
        let files: Vec<_> = std::mem::take(&mut self.news).into_iter().collect();
        let chunk = encode(tip, (false, self.is_complete), &files);
        self.is_current = chunk.is_some_and(|chunk| append(&self.path, &chunk).is_ok());
    }
}

fn append(path: &Path, chunk: &[u8]) -> io::Result<()> {
    File::options().append(true).open(path)?.write_all(chunk)
}

fn encode(tip: Oid, (whole, complete): (bool, bool), files: &[(String, Option<Kept>)]) -> Option<Vec<u8>> {
    let files = files.iter().map(|(path, kept)| (path.as_str(), kept.as_ref().map(Kept::row))).collect();
    let body = postcard::to_allocvec(&Chunk { format: FORMAT, tip, whole, complete, files }).ok()?;
    let mut bytes = Vec::with_capacity(HEADER + body.len());
    bytes.extend_from_slice(&u32::try_from(body.len()).ok()?.to_le_bytes());
    bytes.extend_from_slice(&crc32fast::hash(&body).to_le_bytes());
    bytes.extend_from_slice(&body);
    Some(bytes)
}

/// The next chunk, its size, and what is behind it; nothing where the bytes say nothing that we know.
fn next(bytes: &[u8]) -> Option<(Chunk<'_>, usize, &[u8])> {
    let (header, behind) = bytes.split_at_checked(HEADER)?;
    let len = u32::from_le_bytes(header[..4].try_into().ok()?) as usize;
    let (body, behind) = behind.split_at_checked(len)?;
    if crc32fast::hash(body).to_le_bytes() != header[4..] {
        return None;
    }
    let chunk: Chunk<'_> =
        postcard::from_bytes(body).ok().filter(|chunk: &Chunk<'_>| chunk.format == FORMAT)?;
    Some((chunk, HEADER + len, behind))
}

fn nanoseconds(about: &fs::Metadata) -> i128 {
    use std::os::unix::fs::MetadataExt;

    i128::from(about.mtime()) * 1_000_000_000 + i128::from(about.mtime_nsec())
}
