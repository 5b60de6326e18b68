//! Makes one pack of several by copying their entries as they are.

use std::collections::HashSet;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::path::PathBuf;

use memchr::memmem;

use crate::store::flush::Flushes;
use crate::store::object::Oid;
use crate::store::pack::PackError;
use crate::store::pack::entry::is_whole;
use crate::store::pack::fail;
use crate::store::pack::list::OwnPack;
use crate::store::pack::write::PackWriter;
use crate::store::pack::write::Place;

/// Files beside a pack by which git, or a person, says that the pack has to stay.
const BINDING: [&str; 4] = ["keep", "promisor", "bitmap", "mtimes"];

/// Divides `packs` into those that may be merged and those that may not or are gone.
pub(super) fn partition(folder: &Path, packs: &[OwnPack]) -> Result<(Vec<OwnPack>, Vec<OwnPack>), PackError> {
    let indexes = multi_pack_indexes(folder)?;
    Ok(packs.iter().partition(|pack| {
        let there = pack.path(folder, "pack").exists() && pack.path(folder, "idx").exists();
        let bound = BINDING.iter().any(|extension| pack.path(folder, extension).exists());
        there && !bound && !is_named(pack, &indexes)
    }))
}

/// Writes one pack with all objects of `packs`, each once. The old packs stay.
pub(super) fn merge(folder: &Path, packs: &[OwnPack], flushes: &Flushes) -> Result<OwnPack, PackError> {
    let mut sources = packs.iter().map(|pack| Source::open(folder, pack)).collect::<Result<Vec<_>, _>>()?;
    let mut seen = HashSet::new();
    for source in &mut sources {
        source.entries.retain(|entry| seen.insert(entry.place.oid));
    }
    let mut writer = PackWriter::new(folder, seen.len())?;
    let mut bytes = Vec::new();
    for source in &sources {
        for entry in &source.entries {
            source.read(entry, &mut bytes)?;
            writer.add(entry.place.oid, &bytes)?;
        }
    }
    // References lead to all of it already.
    writer.finish(flushes, &[], None)
}

/// Removes `packs`, except those that git has begun to rely on in the meantime.
pub(super) fn remove(folder: &Path, packs: &[OwnPack]) -> Result<(), PackError> {
    let indexes = multi_pack_indexes(folder)?;
    for pack in packs.iter().filter(|pack| !is_named(pack, &indexes)) {
        // The index first: a reader that finds an index looks for its pack.
        for extension in ["idx", "rev", "pack"] {
            let path = pack.path(folder, extension);
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(fail("remove", &path)(error));
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// The content of the indexes that git keeps over several packs, a whole one or one in layers.
fn multi_pack_indexes(folder: &Path) -> Result<Vec<Vec<u8>>, PackError> {
    let mut paths = vec![folder.join("multi-pack-index")];
    if let Ok(layers) = std::fs::read_dir(folder.join("multi-pack-index.d")) {
        paths.extend(layers.filter_map(|layer| Some(layer.ok()?.path())));
    }
    let mut indexes = Vec::new();
    for path in paths {
        match std::fs::read(&path) {
            Ok(index) => indexes.push(index),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(fail("read", &path)(error)),
        }
    }
    Ok(indexes)
}

fn is_named(pack: &OwnPack, indexes: &[Vec<u8>]) -> bool {
    let name = format!("pack-{}.idx", pack.name);
    indexes.iter().any(|index| memmem::find(index, name.as_bytes()).is_some())
}

/// A pack that is open for copying.
struct Source {
    path: PathBuf,
    file: File,
    entries: Vec<Entry>,
}

/// An entry and its length, which is what lies between it and the next one.
struct Entry {
    place: Place,
    length: usize,
}

impl Source {
    fn open(folder: &Path, pack: &OwnPack) -> Result<Self, PackError> {
        let (path, index) = (pack.path(folder, "pack"), pack.path(folder, "idx"));
        // Once it is open nobody can take it away from us.
        let file = File::open(&path).map_err(fail("open", &path))?;
        let end = file.metadata().map_err(fail("read", &path))?.len().saturating_sub(Oid::LEN as u64);
        let places = std::fs::read(&index).map_err(fail("read", &index))?;
        let places = decode_index(&places).ok_or(PackError::Damaged { path: index })?;
        let entries = entries(places, end).ok_or_else(|| PackError::Damaged { path: path.clone() })?;
        Ok(Self { path, file, entries })
    }

    /// Reads an entry and makes sure that it is what we once wrote.
    fn read(&self, entry: &Entry, bytes: &mut Vec<u8>) -> Result<(), PackError> {
        bytes.resize(entry.length, 0);
        self.file.read_exact_at(bytes, entry.place.offset.into()).map_err(fail("read", &self.path))?;
        let intact =
            crc32fast::hash(bytes) == entry.place.crc && bytes.first().copied().is_some_and(is_whole);
        if intact { Ok(()) } else { Err(PackError::Damaged { path: self.path.clone() }) }
    }
}

/// In the order in which they stand in a pack whose entries end at `end`.
fn entries(mut places: Vec<Place>, end: u64) -> Option<Vec<Entry>> {
    places.sort_unstable_by_key(|place| place.offset);
    let ends = places.iter().skip(1).map(|place| u64::from(place.offset)).chain([end]);
    let entry = |(place, end): (&Place, u64)| {
        let length = usize::try_from(end.checked_sub(place.offset.into())?).ok()?;
        Some(Entry { place: *place, length })
    };
    places.iter().zip(ends).map(entry).collect()
}

fn decode_index(index: &[u8]) -> Option<Vec<Place>> {
    let rest = index.strip_prefix(b"\xfftOc\0\0\0\x02")?;
    let (counts, rest) = rest.split_at_checked(4 * 256)?;
    let count = u32::from_be_bytes(*counts.last_chunk()?) as usize;
    let (oids, rest) = rest.split_at_checked(Oid::LEN * count)?;
    let (crcs, rest) = rest.split_at_checked(4 * count)?;
    let (offsets, rest) = rest.split_at_checked(4 * count)?;
    if rest.len() != 2 * Oid::LEN {
        return None;
    }
    let numbers = |bytes: &'_ [u8]| -> Vec<u32> {
        bytes.as_chunks().0.iter().map(|bytes| u32::from_be_bytes(*bytes)).collect()
    };
    let columns = numbers(crcs).into_iter().zip(numbers(offsets));
    let places = oids.as_chunks().0.iter().zip(columns);
    Some(places.map(|(oid, (crc, offset))| Place { oid: Oid::new(*oid), offset, crc }).collect())
}
