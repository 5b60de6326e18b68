//! Writes a pack and its index in the order that survives a loss of power.

use std::collections::BTreeSet;
use std::fs::File;
use std::fs::Permissions;
use std::io;
use std::io::BufWriter;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::path::PathBuf;

use sha1::Digest;
use sha1::Sha1;
use tempfile::NamedTempFile;

use crate::store::flush::Flushes;
use crate::store::object::Oid;
use crate::store::pack::KEEP;
use crate::store::pack::PackError;
use crate::store::pack::UNFINISHED;
use crate::store::pack::fail;
use crate::store::pack::list::OwnPack;

/// From here on an index needs a second table of offsets, which we do not write.
const LAST_OFFSET: u64 = (1 << 31) - 1;

/// Where an object is in a pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// The object.
    pub(super) oid: Oid,
    /// Where its entry begins.
    pub(super) offset: u32,
    /// The checksum of its entry, as compressed.
    pub(super) crc: u32,
}

/// A pack on its way. Until it is finished, all there is of it is a temporary file.
pub(super) struct PackWriter {
    folder: PathBuf,
    pack: BufWriter<NamedTempFile>,
    hash: Sha1,
    bytes: u64,
    places: Vec<Place>,
}

impl PackWriter {
    /// Begins a pack in `folder` that will have this many objects.
    pub(super) fn new(folder: &Path, objects: usize) -> Result<Self, PackError> {
        let pack = BufWriter::with_capacity(1 << 16, unfinished(folder, UNFINISHED[0])?);
        let places = Vec::with_capacity(objects);
        let mut writer = Self { folder: folder.to_owned(), pack, hash: Sha1::new(), bytes: 0, places };
        writer.put(b"PACK\0\0\0\x02")?;
        // More objects than this would not fit into the size that a pack can have.
        writer.put(&(objects as u32).to_be_bytes())?;
        Ok(writer)
    }

    /// Adds an entry that is not there yet.
    pub(super) fn add(&mut self, oid: Oid, entry: &[u8]) -> Result<(), PackError> {
        if self.bytes > LAST_OFFSET {
            return Err(PackError::TooLarge { bytes: self.bytes });
        }
        self.places.push(Place { oid, offset: self.bytes as u32, crc: crc32fast::hash(entry) });
        self.put(entry)
    }

    /// Makes the pack durable, and the files `beside` it, and gives it its name, which follows from its content.
    /// With `kept`, git is asked to leave it alone before it can see it, and the mark is added there.
    pub(super) fn finish(
        mut self,
        flushes: &Flushes,
        beside: &[&File],
        kept: Option<&mut BTreeSet<PathBuf>>,
    ) -> Result<OwnPack, PackError> {
        let checksum: [u8; Oid::LEN] = self.hash.finalize_reset().into();
        self.put(&checksum)?;
        self.places.sort_unstable();
        let pack = OwnPack { name: Oid::new(checksum), objects: self.places.len() as u64, bytes: self.bytes };
        let folder = &self.folder;
        let data =
            self.pack.into_inner().map_err(io::IntoInnerError::into_error).map_err(fail("write", folder))?;
        let mut index = unfinished(folder, UNFINISHED[1])?;
        index.write_all(&encode_index(&self.places, &checksum)).map_err(fail("write", index.path()))?;

        let files = [&[data.as_file(), index.as_file()], beside].concat();
        flushes.all(&files).map_err(fail("flush new files in", folder))?;
        if let Some(kept) = kept {
            kept.extend(mark(&pack.path(folder, "keep"))?);
        }
        name(data, &pack.path(folder, "pack"), flushes)?;
        name(index, &pack.path(folder, "idx"), flushes)?;
        flushes.folder(folder).map_err(fail("flush", folder))?;
        Ok(pack)
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), PackError> {
        self.hash.update(bytes);
        self.bytes += bytes.len() as u64;
        self.pack.write_all(bytes).map_err(fail("write", self.pack.get_ref().path()))
    }
}

/// A file that git will remove one day if we do not, readable by all and writable by nobody, as git
/// makes its own.
fn unfinished(folder: &Path, start: &str) -> Result<NamedTempFile, PackError> {
    let permissions = Permissions::from_mode(0o444);
    let mut builder = tempfile::Builder::new();
    builder
        .prefix(start)
        .permissions(permissions)
        .tempfile_in(folder)
        .map_err(fail("create a file in", folder))
}

/// Asks git to leave a pack alone. Nothing if somebody has asked for that already.
fn mark(path: &Path) -> Result<Option<PathBuf>, PackError> {
    match File::create_new(path) {
        Ok(mut file) => {
            file.write_all(KEEP).map_err(fail("write", path))?;
            Ok(Some(path.to_owned()))
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(None),
        Err(error) => Err(fail("create", path)(error)),
    }
}

/// Gives a file whose data is durable its final name.
///
/// A file of that name may be there already. It is as good as ours if its bytes are the same, but
/// after a loss of power it may also be empty, and trusting it would lose the objects.
fn name(file: NamedTempFile, path: &Path, flushes: &Flushes) -> Result<(), PackError> {
    match File::open(path) {
        Ok(old) if same(&old, file.as_file()).map_err(fail("read", path))? => {
            flushes.data(&old).map_err(fail("flush", path))
        }
        _ => file.persist(path).map(drop).map_err(|error| fail("create", path)(error.error)),
    }
}

fn same(old: &File, new: &File) -> io::Result<bool> {
    if old.metadata()?.len() != new.metadata()?.len() {
        return Ok(false);
    }
    let mut pieces = [vec![0; 1 << 16], vec![0; 1 << 16]];
    let mut offset = 0;
    loop {
        let [a, b] = &mut pieces;
        let read = old.read_at(a, offset)?;
        if read == 0 {
            return Ok(true);
        }
        new.read_exact_at(&mut b[..read], offset)?;
        if a[..read] != b[..read] {
            return Ok(false);
        }
        offset += read as u64;
    }
}

/// An index of version 2: how many names begin with each byte or a lower one, then the columns.
fn encode_index(places: &[Place], pack: &[u8; Oid::LEN]) -> Vec<u8> {
    let mut index = Vec::with_capacity(8 + 4 * 256 + 28 * places.len() + 40);
    index.extend_from_slice(b"\xfftOc\0\0\0\x02");
    for first in 0..=u8::MAX {
        let upto = places.partition_point(|place| place.oid.as_bytes()[0] <= first);
        index.extend_from_slice(&(upto as u32).to_be_bytes());
    }
    places.iter().for_each(|place| index.extend_from_slice(place.oid.as_bytes()));
    places.iter().for_each(|place| index.extend_from_slice(&place.crc.to_be_bytes()));
    places.iter().for_each(|place| index.extend_from_slice(&place.offset.to_be_bytes()));
    index.extend_from_slice(pack);
    let checksum = Sha1::digest(&index);
    index.extend_from_slice(&checksum);
    index
}
