//! Remembers which packs are ours, as nothing in a pack says who wrote it.
//!
//! One line per pack: name, number of objects, size. Losing lines is harmless: those packs are left to
//! `git gc`. So a new line is just appended, and only a merge makes the whole list durable.

use std::fs::File;
use std::io;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;

use sha1::Digest;
use sha1::Sha1;

use crate::store::flush::Flushes;
use crate::store::object::Oid;
use crate::store::pack::PackError;
use crate::store::pack::fail;
use crate::store::repository;

/// A pack that we wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OwnPack {
    /// The checksum of its content, which is its name.
    pub(super) name: Oid,
    /// How many objects it has.
    pub(super) objects: u64,
    /// How large it is.
    pub(super) bytes: u64,
}

impl OwnPack {
    /// Where the file of this pack with this extension is.
    pub(super) fn path(&self, folder: &Path, extension: &str) -> PathBuf {
        folder.join(format!("pack-{}.{extension}", self.name))
    }

    /// Whether `content` is this pack: the checksum at its end is right, and is its name.
    pub(super) fn is(&self, content: &[u8]) -> bool {
        let Some((body, checksum)) = content.split_last_chunk::<{ Oid::LEN }>() else { return false };
        let found: [u8; Oid::LEN] = Sha1::digest(body).into();
        checksum == self.name.as_bytes() && found == *checksum
    }

    fn parse(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        let pack = Self {
            name: words.next()?.parse().ok()?,
            objects: words.next()?.parse().ok()?,
            bytes: words.next()?.parse().ok()?,
        };
        words.next().is_none().then_some(pack)
    }

    fn line(&self) -> String {
        format!("{} {} {}\n", self.name, self.objects, self.bytes)
    }
}

/// The list, in memory and in its file.
#[derive(Debug)]
pub(super) struct List {
    path: PathBuf,
    packs: Vec<OwnPack>,
}

impl List {
    /// Reads the list at `path`, leaving out the packs that are no longer in `folder`.
    pub(super) fn open(path: &Path, folder: &Path, flushes: &Flushes) -> Result<Self, PackError> {
        let parent = path.parent().unwrap_or(Path::new("."));
        flushes.create_folder(parent).map_err(fail("create", parent))?;
        let content = match std::fs::read(path) {
            Ok(content) => content,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(fail("read", path)(error)),
        };
        let mut list = Self { path: path.to_owned(), packs: Vec::new() };
        for pack in String::from_utf8_lossy(&content).lines().filter_map(OwnPack::parse) {
            // A person's `git gc` has merged what is gone.
            if pack.path(folder, "idx").exists() {
                list.put(pack);
            }
        }
        if list.text().as_bytes() != content {
            list.save(flushes)?;
        }
        Ok(list)
    }

    /// The packs, in the order in which they were written.
    pub(super) fn packs(&self) -> &[OwnPack] {
        &self.packs
    }

    /// Puts `pack` on the list, here and in the file.
    pub(super) fn add(&mut self, pack: OwnPack) -> Result<(), PackError> {
        if self.put(pack) {
            let file = File::options().create(true).append(true).open(&self.path);
            let written = file.and_then(|mut file| file.write_all(pack.line().as_bytes()));
            written.map_err(fail("append to", &self.path))?;
        }
        Ok(())
    }

    /// Puts `pack` on the list, which the caller saves. Says whether it was not there yet.
    pub(super) fn put(&mut self, pack: OwnPack) -> bool {
        let new = !self.packs.iter().any(|other| other.name == pack.name);
        if new {
            self.packs.push(pack);
        }
        new
    }

    /// Takes `packs` off the list, which the caller saves.
    pub(super) fn forget(&mut self, packs: &[OwnPack]) {
        self.packs.retain(|pack| !packs.contains(pack));
    }

    /// Replaces the file, durably.
    pub(super) fn save(&self, flushes: &Flushes) -> Result<(), PackError> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        // Always the same name: what a killed process leaves behind, the next one writes over.
        let unfinished = folder.join(format!("{}packs", repository::UNFINISHED));
        let replaced = || {
            let mut file = File::create(&unfinished)?;
            file.write_all(self.text().as_bytes())?;
            flushes.data(&file)?;
            std::fs::rename(&unfinished, &self.path)?;
            flushes.folder(folder)
        };
        replaced().map_err(fail("replace", &self.path))
    }

    fn text(&self) -> String {
        self.packs.iter().map(OwnPack::line).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pack(number: u8) -> OwnPack {
        OwnPack { name: Oid::new([number; Oid::LEN]), objects: 6, bytes: 1000 + u64::from(number) }
    }

    #[test]
    fn a_list_survives_torn_lines_and_vanished_packs() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("orch/packs");
        let flushes = Flushes::default();
        let open = || List::open(&path, folder.path(), &flushes).unwrap();
        let mut list = open();
        for number in [1, 2, 3, 2] {
            std::fs::write(pack(number).path(folder.path(), "idx"), "").unwrap();
            list.add(pack(number)).unwrap();
        }
        assert_eq!(open().packs(), [pack(1), pack(2), pack(3)]);

        std::fs::remove_file(pack(2).path(folder.path(), "idx")).unwrap();
        let mut file = File::options().append(true).open(&path).unwrap();
        file.write_all(b"0404040404 6").unwrap();

        let mut list = open();
        assert_eq!(list.packs(), [pack(1), pack(3)]);
        list.add(pack(2)).unwrap();
        let lines = [pack(1), pack(3), pack(2)].map(|pack| pack.line()).concat();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), lines);
    }

    #[test]
    fn saving_replaces_the_whole_list() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("packs");
        let flushes = Flushes::default();
        let mut list = List::open(&path, folder.path(), &flushes).unwrap();
        list.add(pack(1)).unwrap();
        list.forget(&[pack(1)]);
        list.put(pack(2));

        list.save(&flushes).unwrap();

        assert_eq!(std::fs::read_to_string(&path).unwrap(), pack(2).line());
        assert_eq!(flushes.count(), 2);
    }
}
