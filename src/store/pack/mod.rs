//! Keeps git objects as packs of our own, and keeps those packs few.
//!
//! Objects are never written loose: a pack costs three flushes however many objects it has, and loose
//! objects cost two each. In exchange packs pile up, and every reader of the repository slows down
//! with their number. So packs of about the same size are merged: sixteen small ones into one
//! larger, sixteen of those into a still larger one. An object is copied a handful of times in its life.
//!
//! Invariants:
//!
//! - Both files of a pack are on the disk before either gets its final name, the pack before its
//!   index: whoever finds an index finds the pack, and whoever finds a name finds the data.
//! - A pack is removed only after the one that replaces it is durable, the index before the pack.
//! - Only packs on our own list are ever removed, and none of them that git has come to rely on.
//! - Until a reference leads to it, a new pack is marked as one to keep. A `git repack -ad` that read the
//!   references before would otherwise remove it after they have moved, and what they lead to with it.
//! - The same objects written again make the same pack.
//!
//! Deliberately absent: deltas. Without them an entry means the same in any pack, so that merging
//! copies bytes and computes nothing. `git gc` makes deltas when a person wants them.

mod entry;
mod list;
mod merge;
mod write;

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::path::Path;
use std::path::PathBuf;

use thiserror::Error;

use crate::store::flush::Flushes;
use crate::store::object::Object;
use crate::store::object::Oid;
use crate::store::pack::entry::Deflater;
use crate::store::pack::list::List;
use crate::store::pack::list::OwnPack;
use crate::store::pack::write::PackWriter;

/// A tier with more packs than this is merged. Tier 1 begins at this many objects, and so on.
const PER_TIER: usize = 16;

/// Whatever their sizes, more packs of our own than this are not left lying about.
const MOST_PACKS: usize = 40;

/// With more packs than this they are merged even while git collects garbage.
const PATIENCE: usize = 200;

/// Packs are not merged into anything larger, so that offsets fit the short form of an index.
const LARGEST: u64 = 1 << 30;

/// How the names of unfinished files begin. Not as those of git do: `git gc --prune=now` removes them, even
/// while they are being written.
const UNFINISHED: [&str; 2] = [".band-tmp-pack-", ".band-tmp-idx-"];

/// What a file says by which we ask git to leave a pack alone. A file that says anything else is not ours.
const KEEP: &[u8] = b"bandmaster: on its way to the state branch\n";

/// Why objects could not be kept. Each names the file, for the person who must look.
#[derive(Debug, Error)]
pub enum PackError {
    /// The operating system said no.
    #[error("cannot {action} {}", path.display())]
    Io { action: &'static str, path: PathBuf, source: io::Error },
    /// A pack of ours does not say what we wrote.
    #[error("{} is damaged", path.display())]
    Damaged { path: PathBuf },
    /// More than a pack can take.
    #[error("objects of {bytes} bytes do not fit into one pack, which takes {LARGEST}")]
    TooLarge { bytes: u64 },
}

/// The packs of one repository that are ours.
#[derive(Debug)]
pub(crate) struct Packs {
    folder: PathBuf,
    list: List,
    deflater: Deflater,
    flushes: Flushes,
    /// The files that ask git to leave packs alone.
    kept: BTreeSet<PathBuf>,
}

impl Packs {
    /// Takes up the packs of the repository whose common git folder this is, and removes what a
    /// process that died has left unfinished.
    ///
    /// The caller holds the writer lock.
    pub(crate) fn open(git_folder: &Path, flushes: Flushes) -> Result<Self, PackError> {
        let folder = git_folder.join("objects/pack");
        flushes.create_folder(&folder).map_err(fail("create", &folder))?;
        let kept = tidy(&folder)?;
        let list = List::open(&git_folder.join("orch/packs"), &folder, &flushes)?;
        Ok(Self { folder, list, deflater: Deflater::default(), flushes, kept })
    }

    /// Keeps `objects` as one pack and returns its name. When this returns they are durable, and so is what the
    /// files `beside` them hold. Git leaves the pack alone until it is released.
    ///
    /// Returns nothing for no objects.
    pub(crate) fn write(&mut self, objects: &[Object], beside: &[&File]) -> Result<Option<Oid>, PackError> {
        let mut objects: Vec<&Object> = objects.iter().collect();
        objects.sort_unstable_by_key(|object| (object.kind, object.oid));
        objects.dedup_by_key(|object| object.oid);
        if objects.is_empty() {
            self.flushes.all(beside).map_err(fail("flush new files beside", &self.folder))?;
            return Ok(None);
        }
        let bytes = objects.iter().map(|object| object.body.len() as u64).sum();
        if bytes > LARGEST {
            return Err(PackError::TooLarge { bytes });
        }
        let mut writer = PackWriter::new(&self.folder, objects.len())?;
        for object in objects {
            let entry = self.deflater.entry(object).map_err(fail("compress objects for", &self.folder))?;
            writer.add(object.oid, &entry)?;
        }
        let pack = writer.finish(&self.flushes, beside, Some(&mut self.kept))?;
        self.list.add(pack)?;
        Ok(Some(pack.name))
    }

    /// Lets git do what it likes with everything that was written: references lead there now.
    pub(crate) fn release(&mut self) {
        for path in std::mem::take(&mut self.kept) {
            // A pack that stays marked is one that is never repacked, which is no reason to fail.
            let _ = std::fs::remove_file(path);
        }
    }

    /// Merges packs until there are few again. Returns how many were merged away.
    ///
    /// Cheap when nothing is due. What is due grows with what was written, not with what there is.
    pub(crate) fn consolidate(&mut self) -> Result<usize, PackError> {
        let mut gone = 0;
        while let Some(due) = due(self.list.packs()) {
            if self.git_collects() && self.list.packs().len() < PATIENCE {
                break;
            }
            let merged = self.merge(&due)?;
            if merged == 0 {
                break;
            }
            gone += merged;
        }
        Ok(gone)
    }

    /// Whether a `git gc` of the person is at work, which would fail if a pack vanished under it. Git leaves a
    /// file with its process while it is; one that was killed leaves it for good, hence the limit to our patience.
    fn git_collects(&self) -> bool {
        self.folder.ancestors().nth(2).is_some_and(|git_folder| git_folder.join("gc.pid").exists())
    }

    /// Moves packs of ours that are not what we wrote to `target`, so that their objects can be written
    /// again. Says how many there were.
    ///
    /// Reads every pack of ours from end to end.
    pub(crate) fn set_aside_damaged(&mut self, target: &Path) -> Result<usize, PackError> {
        let is_whole =
            |pack: &OwnPack| std::fs::read(pack.path(&self.folder, "pack")).is_ok_and(|c| pack.is(&c));
        let damaged: Vec<_> = self.list.packs().iter().copied().filter(|pack| !is_whole(pack)).collect();
        if damaged.is_empty() {
            return Ok(0);
        }
        std::fs::create_dir_all(target).map_err(fail("create", target))?;
        for pack in &damaged {
            // Without its index nobody looks at a pack.
            for extension in ["idx", "pack"] {
                let path = pack.path(&self.folder, extension);
                match std::fs::rename(&path, pack.path(target, extension)) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => {
                        return Err(fail("move away", &path)(error));
                    }
                    _ => {}
                }
            }
        }
        self.list.forget(&damaged);
        self.list.save(&self.flushes)?;
        Ok(damaged.len())
    }

    #[cfg(test)]
    /// How many packs of ours there are.
    pub(crate) fn count(&self) -> usize {
        self.list.packs().len()
    }

    /// Merges `due` into one pack. Packs that git has removed or relies on now are struck off the list.
    fn merge(&mut self, due: &[OwnPack]) -> Result<usize, PackError> {
        let (free, bound) = merge::partition(&self.folder, due)?;
        self.list.forget(&bound);
        if free.len() < 2 {
            self.list.save(&self.flushes)?;
            return Ok(bound.len());
        }
        let merged = merge::merge(&self.folder, &free, &self.flushes)?;
        // The list keeps the old packs until they are gone: a loss of power may bring them back.
        self.list.put(merged);
        self.list.save(&self.flushes)?;
        let old: Vec<_> = free.into_iter().filter(|pack| pack.name != merged.name).collect();
        merge::remove(&self.folder, &old)?;
        self.list.forget(&old);
        Ok(due.len())
    }
}

/// The packs to merge next, if any: a tier that is full, or else the smallest of too many.
fn due(packs: &[OwnPack]) -> Option<Vec<OwnPack>> {
    let mut packs: Vec<_> = packs.iter().copied().filter(|pack| pack.bytes < LARGEST / 2).collect();
    packs.sort_by_key(|pack| (pack.objects, pack.name));
    let full = packs.chunk_by(|a, b| tier(a) == tier(b)).find(|tier| tier.len() > PER_TIER);
    let mut due = match full {
        Some(tier) => tier.to_vec(),
        None if packs.len() > MOST_PACKS => packs[..PER_TIER].to_vec(),
        None => return None,
    };
    let mut bytes = 0;
    due.retain(|pack| {
        bytes += pack.bytes;
        bytes <= LARGEST
    });
    (due.len() > 1).then_some(due)
}

fn tier(pack: &OwnPack) -> u32 {
    pack.objects.max(1).ilog(PER_TIER as u64)
}

/// Makes an error that says what was tried with which file.
fn fail(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> PackError {
    let path = path.to_owned();
    move |source| PackError::Io { action, path, source }
}

/// Removes unfinished files. Returns those by which a process that died asked git to leave packs alone: what
/// is in these packs may still have to be led to.
fn tidy(folder: &Path) -> Result<BTreeSet<PathBuf>, PackError> {
    let mut kept = BTreeSet::new();
    for entry in std::fs::read_dir(folder).map_err(fail("read", folder))? {
        let entry = entry.map_err(fail("read", folder))?;
        let (name, path) = (entry.file_name(), entry.path());
        if UNFINISHED.iter().any(|start| name.as_encoded_bytes().starts_with(start.as_bytes())) {
            std::fs::remove_file(&path).map_err(fail("remove", &path))?;
        } else if name.as_encoded_bytes().ends_with(b".keep") {
            match std::fs::read(&path) {
                Ok(note) if note == KEEP => drop(kept.insert(path)),
                // Begun, and the process died before it could say whose it is. Left there, it would be taken for a
                // person's once its pack is written again.
                Ok(note) if note.is_empty() && !path.with_extension("pack").exists() => {
                    std::fs::remove_file(&path).map_err(fail("remove", &path))?;
                }
                _ => {}
            }
        }
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use crate::store::object::CommitText;
    use crate::store::object::EntryKind;
    use crate::store::object::TreeEntry;
    use crate::store::object::blob;
    use crate::store::object::commit;
    use crate::store::object::tree;
    use crate::store::testing::bare_repository;
    use crate::store::testing::git;

    use super::*;

    /// What one small change adds to a repository.
    fn objects(number: usize) -> Vec<Object> {
        let file = blob(format!("{{ \"story\": {number} }}\n").into_bytes());
        let same = blob(b"the same in every change\n".to_vec());
        let entry = |name: &str, oid| TreeEntry { name: name.into(), kind: EntryKind::File, oid };
        let root = tree(vec![entry("story.json", file.oid), entry("same", same.oid)]).unwrap();
        let text = CommitText {
            tree: root.oid,
            parents: Vec::new(),
            author_name: "Ada".into(),
            author_email: "ada@example.org".into(),
            committer_name: "Bandmaster".into(),
            committer_email: "band@example.org".into(),
            time_seconds: 1_700_000_000,
            message: format!("change {number}"),
        };
        vec![file, same, commit(&text), root]
    }

    fn open(repository: &TempDir) -> Packs {
        Packs::open(repository.path(), Flushes::default()).unwrap()
    }

    /// The names of the files in the folder for packs that end in `end`.
    fn files(repository: &TempDir, end: &str) -> Vec<String> {
        let entries = std::fs::read_dir(repository.path().join("objects/pack")).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.ends_with(end)).collect()
    }

    /// The real git finds every one of `objects`, unharmed.
    fn check<'a>(repository: &TempDir, objects: impl IntoIterator<Item = &'a Object>) {
        git(repository.path(), &["fsck", "--strict", "--full", "--no-dangling"], b"");
        let names: String = objects.into_iter().map(|object| format!("{}\n", object.oid)).collect();
        let found = git(repository.path(), &["cat-file", "--batch-check"], names.as_bytes());
        assert!(!found.contains("missing"), "{found}");
    }

    #[test]
    fn git_reads_what_was_packed() {
        let repository = bare_repository();
        let mut packs = open(&repository);
        let mut all = objects(1);
        all.push(blob((0..3_000_000_u32).map(|n| n.wrapping_mul(n).to_be_bytes()[1]).collect()));
        all.push(blob(Vec::new()));

        let name = packs.write(&all, &[]).unwrap().unwrap();

        check(&repository, &all);
        let large = git(repository.path(), &["hash-object", "--stdin"], &all[4].body);
        assert_eq!(large, all[4].oid.to_string());
        let index = format!("objects/pack/pack-{name}.idx");
        git(repository.path(), &["verify-pack", &index], b"");
        let mode = std::os::unix::fs::PermissionsExt::mode;
        let permissions = std::fs::metadata(repository.path().join(index)).unwrap().permissions();
        assert_eq!(mode(&permissions) & 0o777, 0o444);
    }

    #[test]
    fn a_pack_costs_three_flushes_and_nothing_costs_none() {
        let repository = bare_repository();
        let flushes = Flushes::default();
        let mut packs = Packs::open(repository.path(), flushes.clone()).unwrap();
        let before = flushes.count();

        packs.write(&objects(1), &[]).unwrap();
        assert_eq!(flushes.count() - before, 3);
        assert_eq!(packs.write(&[], &[]).unwrap(), None);
        assert_eq!(packs.consolidate().unwrap(), 0);
        assert_eq!(flushes.count() - before, 3);
    }

    #[test]
    fn the_same_objects_make_the_same_pack_and_leftovers_are_replaced() {
        let repository = bare_repository();
        let mut reversed = objects(1);
        reversed.reverse();
        let name = open(&repository).write(&objects(1), &[]).unwrap().unwrap();
        let path = |extension: &str| repository.path().join(format!("objects/pack/pack-{name}.{extension}"));
        let whole = [path("pack"), path("idx")].map(|path| std::fs::read(path).unwrap());

        for damage in ["none", "empty pack", "empty index", "no index", "zeros"] {
            match damage {
                "empty pack" => replace(&path("pack"), b""),
                "empty index" => replace(&path("idx"), b""),
                "no index" => std::fs::remove_file(path("idx")).unwrap(),
                "zeros" => replace(&path("pack"), &vec![0; whole[0].len()]),
                _ => {}
            }
            let mut packs = open(&repository);
            assert_eq!(packs.write(&reversed, &[]).unwrap(), Some(name), "{damage}");
            packs.release();
            let now = [path("pack"), path("idx")].map(|path| std::fs::read(path).unwrap());
            assert!(now == whole, "{damage}");
            assert_eq!(files(&repository, "").len(), 2, "{damage}");
            assert_eq!(open(&repository).count(), 1, "{damage}");
        }
        check(&repository, &objects(1));
    }

    fn replace(path: &Path, content: &[u8]) {
        std::fs::remove_file(path).unwrap();
        std::fs::write(path, content).unwrap();
    }

    #[test]
    fn git_leaves_a_pack_alone_until_a_reference_may_lead_to_it() {
        let repository = bare_repository();
        let is_there = || {
            let name = format!("{}\n", objects(1)[0].oid);
            !git(repository.path(), &["cat-file", "--batch-check"], name.as_bytes()).contains("missing")
        };
        open(&repository).write(&objects(1), &[]).unwrap();
        // A person's own mark is none of our business.
        let mut packs = open(&repository);
        let other = packs.write(&objects(2), &[]).unwrap().unwrap();
        let theirs = repository.path().join(format!("objects/pack/pack-{other}.keep"));
        std::fs::write(&theirs, "mine").unwrap();

        for command in [["repack", "-adq"], ["gc", "--prune=now"]] {
            git(repository.path(), &command, b"");
            assert!(is_there(), "{command:?}");
        }

        open(&repository).release();
        assert!(theirs.exists());
        git(repository.path(), &["repack", "-adq"], b"");
        assert!(!is_there());
    }

    #[test]
    fn packs_stay_few_and_copying_stays_cheap() {
        let repository = bare_repository();
        let mut packs = open(&repository);
        let mut merged_objects = 0;
        let changes = 600;
        for number in 0..changes {
            packs.write(&objects(number), &[]).unwrap();
            packs.release();
            let before: u64 = packs.list.packs().iter().map(|pack| pack.objects).sum();
            let due: u64 = due(packs.list.packs()).iter().flatten().map(|pack| pack.objects).sum();
            packs.consolidate().unwrap();
            merged_objects += due;
            let after: u64 = packs.list.packs().iter().map(|pack| pack.objects).sum();
            assert!(after <= before);
            assert!(packs.count() <= MOST_PACKS, "{} packs", packs.count());
        }

        assert!(merged_objects < 4 * 4 * changes as u64, "{merged_objects} objects were copied");
        assert_eq!(files(&repository, ".pack").len(), packs.count());
        assert_eq!(open(&repository).list.packs(), packs.list.packs());
        check(&repository, (0..changes).flat_map(objects).collect::<Vec<_>>().iter());
    }

    #[test]
    fn the_packs_to_merge_are_a_full_tier_or_the_smallest() {
        let packs = |sizes: &[(u64, usize)]| -> Vec<OwnPack> {
            let sizes = sizes.iter().flat_map(|(objects, count)| std::iter::repeat_n(*objects, *count));
            let pack =
                |(number, objects)| OwnPack { name: Oid::new([number; Oid::LEN]), objects, bytes: 1 << 20 };
            (0_u8..).zip(sizes).map(pack).collect()
        };
        let cases = [
            (vec![], vec![]),
            (vec![(6, 16)], vec![]),
            (vec![(15, 1), (6, 16), (16, 16)], vec![6, 15]),
            (vec![(6, 13), (100, 13), (300, 14)], vec![]),
            (vec![(6, 13), (100, 13), (300, 15)], vec![6, 100]),
            (vec![(5000, 17), (6, 3)], vec![5000]),
        ];
        for (sizes, merged) in cases {
            let due = due(&packs(&sizes)).unwrap_or_default();
            let mut objects: Vec<_> = due.iter().map(|pack| pack.objects).collect();
            objects.dedup();
            assert_eq!(objects, merged, "{sizes:?}");
            assert!(due.is_empty() || due.len() >= PER_TIER);
        }
    }

    #[test]
    fn gc_by_a_person_takes_packs_off_the_list() {
        let repository = bare_repository();
        let mut packs = open(&repository);
        for number in 0..20 {
            packs.write(&objects(number), &[]).unwrap();
            packs.release();
            let commit = objects(number)[2].oid.to_string();
            git(repository.path(), &["update-ref", &format!("refs/heads/b{number}"), &commit], b"");
        }
        git(repository.path(), &["gc", "--quiet"], b"");

        assert_eq!(open(&repository).count(), 0);
        assert_eq!(packs.consolidate().unwrap(), 20, "the list in memory was not looked through");
        assert_eq!(packs.count(), 0);
        packs.write(&objects(99), &[]).unwrap();
        check(&repository, (0..20).chain([99]).flat_map(objects).collect::<Vec<_>>().iter());
    }

    #[test]
    fn packs_that_git_relies_on_are_left_alone() {
        let repository = bare_repository();
        let mut packs = open(&repository);
        for number in 0..10 {
            packs.write(&objects(number), &[]).unwrap();
        }
        git(repository.path(), &["multi-pack-index", "write"], b"");
        let kept = packs.write(&objects(10), &[]).unwrap().unwrap();
        packs.release();
        std::fs::write(repository.path().join(format!("objects/pack/pack-{kept}.keep")), "").unwrap();
        for number in 11..20 {
            packs.write(&objects(number), &[]).unwrap();
        }
        packs.release();

        packs.consolidate().unwrap();

        assert_eq!(packs.count(), 1, "the nine that are free, merged");
        assert_eq!(files(&repository, ".pack").len(), 12);
        check(&repository, (0..20).flat_map(objects).collect::<Vec<_>>().iter());
    }

    #[test]
    fn a_damaged_pack_is_not_merged_away() {
        let repository = bare_repository();
        let mut packs = open(&repository);
        let names: Vec<_> =
            (0..17).map(|number| packs.write(&objects(number), &[]).unwrap().unwrap()).collect();
        packs.release();
        let path = repository.path().join(format!("objects/pack/pack-{}.pack", names[5]));
        let mut content = std::fs::read(&path).unwrap();
        content[40] ^= 1;
        replace(&path, &content);

        let error = packs.consolidate().unwrap_err();

        assert_eq!(error.to_string(), format!("{} is damaged", path.display()));
        assert_eq!((files(&repository, ".pack").len(), files(&repository, "").len()), (17, 34));
    }

    #[test]
    fn unfinished_files_are_removed_at_the_next_opening() {
        let repository = bare_repository();
        let folder = repository.path().join("objects/pack");
        for name in [".band-tmp-pack-a", ".band-tmp-idx-b", "tmp_pack_git"] {
            std::fs::write(folder.join(name), "").unwrap();
        }

        open(&repository);

        assert_eq!(files(&repository, ""), ["tmp_pack_git"]);
    }
}
