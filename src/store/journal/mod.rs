//! Makes changes durable with one flush, before they become commits.
//!
//! One journal serves all projects of a node. It is two files of fixed size, written in turns. What is
//! in one and not yet published is carried over when the other takes its place, so a project that
//! cannot be published stops nobody until it alone fills half a file.
//!
//! ```text
//! journal-0: header (round 7) | change | change | mark | change …
//! journal-1: header (round 8) | carried change | change | mark | …  zeros, or what round 6 left
//! ```
//!
//! Invariants:
//!
//! - An append that returned is read back by every later `Journal::open` until it is published.
//! - A change that was never appended with success may come back too, but only directly after those
//!   that were; nothing comes back changed or out of order.
//! - A sequence number is never used twice, also not by a write that was cut off.
//! - After a write or flush has failed, nothing is written until the journal is opened again.
//!
//! It relies on one promise of the disk: writing a sector again with other bytes at its end does not
//! destroy the bytes at its beginning.
//!
//! Deliberately absent: any idea of what a change means, and whether its revision follows the one
//! before it.

mod file;
#[cfg(test)]
mod model;
mod record;
mod recover;
mod round;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use thiserror::Error;

pub use crate::store::journal::record::ChangeRecord;
pub use crate::store::journal::record::CommitMeta;
pub use crate::store::journal::record::FileChange;
pub use crate::store::journal::record::ProjectKey;

use crate::store::flush::Flushes;
use crate::store::journal::file::FixedFile;
use crate::store::journal::record::Chain;
use crate::store::journal::record::Entry;
use crate::store::journal::recover::Recovered;
use crate::store::journal::round::FORMAT;
use crate::store::journal::round::Header;
use crate::store::lock::Holder;
use crate::store::lock::LockError;
use crate::store::lock::WriterLock;
use crate::store::object::Oid;

/// A smaller file could not hold a change worth the name.
const LEAST_FILE_BYTES: u32 = 4096;

/// Why the journal could not do what it was asked. Each names the place, for the person who must look.
#[expect(missing_docs, reason = "the messages say it")]
#[derive(Debug, Error)]
pub enum JournalError {
    /// The operating system said no.
    #[error("cannot {action} {}", path.display())]
    Io { action: &'static str, path: PathBuf, source: io::Error },
    /// Another process writes this journal.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The beginning of a file is neither blank nor ours.
    #[error("{} is damaged: it does not begin as a journal does", path.display())]
    Damaged { path: PathBuf },
    /// A record is intact but says nothing we know.
    #[error("{} is damaged: it has a record that cannot be read", path.display())]
    Record { path: PathBuf, source: postcard::Error },
    /// A newer program wrote this journal.
    #[error("{} has format {found}, this build knows up to {FORMAT}", path.display())]
    TooNew { path: PathBuf, found: u32 },
    /// A change could not be turned into bytes.
    #[error("cannot encode a change for the journal")]
    Encode(#[from] postcard::Error),
    /// Publishing is too far behind.
    #[error("the journal in {} is full of changes of {projects} projects that are not in git yet", folder.display())]
    Full { folder: PathBuf, projects: usize },
    /// The changes can never fit, however empty the journal is. One that is too large alone is published
    /// at once instead, which makes it just as durable, only later: a whole plan that is restored, say.
    #[error("changes of {bytes} bytes do not fit into the journal, which takes {limit} at once")]
    TooLarge { bytes: usize, limit: usize },
    /// An earlier failure left the disk in doubt.
    #[error("the journal in {} has failed before and must be opened again", folder.display())]
    Broken { folder: PathBuf },
}

/// An open journal. Nobody else can have it open.
#[derive(Debug)]
pub(crate) struct Journal {
    _lock: WriterLock,
    folder: PathBuf,
    files: [FixedFile; 2],
    size: usize,
    end: End,
    pending: VecDeque<Pending>,
    /// What was published since the last write: for each project the highest revision.
    marks: BTreeMap<ProjectKey, (u64, Oid)>,
    broken: bool,
    flushes: Flushes,
}

/// Where the next record goes.
#[derive(Clone, Copy, Debug)]
struct End {
    file: usize,
    offset: usize,
    round: u64,
    chain: Chain,
}

/// A change that is not published. Its body is kept so that it can be carried over.
#[derive(Clone, Debug)]
struct Pending {
    project: ProjectKey,
    revision: u64,
    body: Vec<u8>,
}

/// A write that is prepared, and where the journal ends once it is done.
struct Draft {
    offset: usize,
    bytes: Vec<u8>,
    end: End,
}

impl Pending {
    fn len(&self) -> usize {
        Chain::HEADER + self.body.len()
    }
}

impl Journal {
    /// Opens the journal in `folder`, creating what is missing, and returns the changes that are not
    /// marked as published, in the order in which they were appended.
    ///
    /// Waits at most `wait` for another process to let go. Files larger than `file_bytes` stay as they are.
    pub(crate) fn open(
        folder: &Path,
        file_bytes: u32,
        holder: &Holder,
        wait: Duration,
    ) -> Result<(Self, Vec<ChangeRecord>), JournalError> {
        let fail = |action, path: &Path| {
            let path = path.to_owned();
            move |source| JournalError::Io { action, path, source }
        };
        let flushes = Flushes::default();
        flushes.create_folder(folder).map_err(fail("create", folder))?;
        let lock = WriterLock::take(folder, holder, wait)?;
        let paths = ["journal-0", "journal-1"].map(|name| folder.join(name));
        let lengths = paths.iter().filter_map(|path| path.metadata().ok()).map(|found| found.len());
        let size = lengths.fold(u64::from(file_bytes.max(LEAST_FILE_BYTES)), u64::max);
        let open = |path: &PathBuf| {
            FixedFile::open(path.clone(), size, &flushes).map_err(fail("make room for the journal in", path))
        };
        let files = [open(&paths[0])?, open(&paths[1])?];
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let Recovered { end, pending, changes } = recover::read(&files, size)?;

        let (marks, broken) = (BTreeMap::new(), false);
        let folder = folder.to_owned();
        let mut journal = Self { _lock: lock, folder, files, size, end, pending, marks, broken, flushes };
        // A new round makes whatever a cut-off write has left behind the last record meaningless.
        journal.write(journal.new_round(&[]))?;
        Ok((journal, changes))
    }

    /// Makes `records` durable with one flush: all of them, or an error.
    ///
    /// After [`JournalError::Full`], [`JournalError::TooLarge`] and [`JournalError::Encode`] nothing
    /// has happened. After any other error nobody knows what is on the disk.
    pub(crate) fn append(&mut self, records: &[ChangeRecord]) -> Result<(), JournalError> {
        self.check_whole()?;
        let added = records.iter().map(encode).collect::<Result<Vec<_>, _>>()?;
        if added.is_empty() {
            return Ok(());
        }
        self.check_room(added.iter().map(Pending::len).sum())?;
        let draft = self.continued(&added).unwrap_or_else(|| self.new_round(&added));
        self.write(draft)?;
        self.pending.extend(added);
        Ok(())
    }

    /// Notes that the changes of `project` up to `revision` are in git, the last of them as `commit`.
    ///
    /// The mark is written with the next flush. Until then a crash makes the changes come back.
    pub(crate) fn published(&mut self, project: ProjectKey, revision: u64, commit: Oid) {
        let before = self.pending.len();
        self.pending.retain(|pending| pending.project != project || pending.revision > revision);
        if self.pending.len() < before {
            self.marks.insert(project, (revision, commit));
        }
    }

    /// The changes of `project` that are not marked as published, in the order in which they were appended.
    pub(crate) fn pending_of(&self, project: ProjectKey) -> Result<Vec<ChangeRecord>, JournalError> {
        let bodies =
            self.pending.iter().filter(|pending| pending.project == project).map(|pending| &pending.body);
        let mut changes = Vec::new();
        for body in bodies {
            let path = self.files[self.end.file].path().to_owned();
            match Entry::decode(body).map_err(|source| JournalError::Record { path, source })? {
                Entry::Change(change) => changes.push(change.into_owned()),
                Entry::Published { .. } => {}
            }
        }
        Ok(changes)
    }

    /// The projects that have changes which are not marked as published.
    pub(crate) fn pending_projects(&self) -> BTreeSet<ProjectKey> {
        self.pending.iter().map(|pending| pending.project).collect()
    }

    /// Makes the marks durable if nothing is pending, so that the next opening finds nothing to do.
    ///
    /// Costs one flush if something was published since the last write, and nothing otherwise.
    pub(crate) fn checkpoint(&mut self) -> Result<(), JournalError> {
        self.check_whole()?;
        if !self.pending.is_empty() || self.marks.is_empty() {
            return Ok(());
        }
        let draft = self.continued(&[]).unwrap_or_else(|| self.new_round(&[]));
        self.write(draft)
    }

    /// Every intact change of `project` that is still in the files, published or not, in the order of
    /// revisions. What a repository has lost can be made again from them.
    pub(crate) fn remembered(&self, project: ProjectKey) -> Result<Vec<ChangeRecord>, JournalError> {
        recover::remembered(&self.files, self.size, project)
    }

    /// How many bytes of changes one append can take, twenty bytes for each change included.
    pub(crate) fn batch_limit(&self) -> usize {
        self.size - Header::LEN
    }

    /// How many flushes the journal has cost since it was opened, opening included.
    pub(crate) fn flushes(&self) -> u64 {
        self.flushes.count()
    }

    fn check_whole(&self) -> Result<(), JournalError> {
        if self.broken { Err(JournalError::Broken { folder: self.folder.clone() }) } else { Ok(()) }
    }

    /// Refuses what could not be carried over together into one file. Half a file of pending changes
    /// is the limit before that, or carrying them over would soon be all that the journal does.
    fn check_room(&self, added: usize) -> Result<(), JournalError> {
        let limit = self.batch_limit();
        if added > limit {
            return Err(JournalError::TooLarge { bytes: added, limit });
        }
        let pending: usize = self.pending.iter().map(Pending::len).sum();
        if pending > self.size / 2 || pending + added > limit {
            let projects: BTreeSet<_> = self.pending.iter().map(|pending| pending.project).collect();
            return Err(JournalError::Full { folder: self.folder.clone(), projects: projects.len() });
        }
        Ok(())
    }

    /// Prepares to write the marks and `added` behind what is there, if they fit.
    fn continued(&self, added: &[Pending]) -> Option<Draft> {
        let mut end = self.end;
        let mut bytes = Vec::with_capacity(added.iter().map(Pending::len).sum());
        for (&project, &(revision, commit)) in &self.marks {
            // A mark that cannot be encoded is a mark less, and the changes come back once more.
            if let Ok(body) = (Entry::Published { project, revision, commit }).encode() {
                end.chain.push(&mut bytes, &body);
            }
        }
        for pending in added {
            end.chain.push(&mut bytes, &pending.body);
        }
        end.offset += bytes.len();
        (end.offset <= self.size).then_some(Draft { offset: self.end.offset, bytes, end })
    }

    /// Prepares to begin a round in the other file with what is pending, followed by `added`.
    ///
    /// Marks are left out: what they speak of is not carried over.
    fn new_round(&self, added: &[Pending]) -> Draft {
        let round = self.end.round + 1;
        // There are never more pending changes than bytes in a file.
        let carried = self.pending.len() as u32;
        let header = Header { round, first_seq: self.end.chain.next_seq(), carried };
        let mut bytes = header.encode();
        let mut chain = header.chain();
        for pending in self.pending.iter().chain(added) {
            chain.push(&mut bytes, &pending.body);
        }
        let end = End { file: 1 - self.end.file, offset: bytes.len(), round, chain };
        Draft { offset: 0, bytes, end }
    }

    fn write(&mut self, draft: Draft) -> Result<(), JournalError> {
        let Draft { offset, bytes, end } = draft;
        let file = &self.files[end.file];
        // After a failed flush the kernel may drop the data and report success to the next one, so
        // trying again would prove nothing.
        self.broken = true;
        file.write(&bytes, offset, &self.flushes).map_err(|source| {
            let path = file.path().to_owned();
            JournalError::Io { action: "write", path, source }
        })?;
        self.broken = false;
        self.end = end;
        self.marks.clear();
        Ok(())
    }
}

fn encode(record: &ChangeRecord) -> Result<Pending, JournalError> {
    let body = Entry::Change(Cow::Borrowed(record)).encode()?;
    Ok(Pending { project: record.project, revision: record.revision, body })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    const SMALL: u32 = LEAST_FILE_BYTES;

    /// A program that another test is starting holds copies of our locks until it runs.
    const PATIENCE: Duration = Duration::from_secs(10);

    fn holder() -> Holder {
        Holder { host: "alpha".into(), pid: 1, since: "2026-11-20T10:00:00Z".into() }
    }

    fn open(folder: &Path) -> (Journal, Vec<ChangeRecord>) {
        Journal::open(folder, SMALL, &holder(), PATIENCE).unwrap()
    }

    fn open_error(folder: &Path) -> String {
        let error = Journal::open(folder, SMALL, &holder(), Duration::ZERO).unwrap_err();
        let source = std::error::Error::source(&error).map(|source| format!(": {source}"));
        format!("{error}{}", source.unwrap_or_default()).replace(&format!("{}/", folder.display()), "")
    }

    fn change(project: u8, revision: u64, bytes: usize) -> ChangeRecord {
        let content = Some(vec![project; bytes]);
        ChangeRecord {
            project: [project; 16],
            revision,
            files: vec![FileChange { path: "story.json".into(), content }],
            meta: CommitMeta {
                author_name: "Ada".into(),
                author_email: "ada@example.org".into(),
                time_seconds: 1_700_000_000,
                message: "story add\n".into(),
            },
        }
    }

    fn commit() -> Oid {
        Oid::new([1; Oid::LEN])
    }

    #[test]
    fn a_change_comes_back_until_it_is_published() {
        let folder = tempfile::tempdir().unwrap();
        let changes = [change(1, 1, 10), change(2, 1, 20), change(1, 2, 30), change(1, 3, 0)];
        let (mut journal, found) = open(folder.path());
        assert_eq!(found, []);
        journal.append(&changes).unwrap();
        drop(journal);

        let (mut journal, found) = open(folder.path());
        assert_eq!(found, changes);
        journal.published([1; 16], 2, commit());
        journal.append(&[change(2, 2, 1)]).unwrap();
        drop(journal);

        let (mut journal, found) = open(folder.path());
        assert_eq!(found, [change(2, 1, 20), change(1, 3, 0), change(2, 2, 1)]);
        journal.published([1; 16], 3, commit());
        journal.published([2; 16], 2, commit());
        journal.checkpoint().unwrap();
        drop(journal);

        assert_eq!(open(folder.path()).1, []);
    }

    #[test]
    fn a_batch_costs_one_flush_and_a_mark_none() {
        let folder = tempfile::tempdir().unwrap();
        let (mut journal, _) = open(folder.path());
        let before = journal.flushes();
        let mut cost = |act: &mut dyn FnMut(&mut Journal)| {
            let before = journal.flushes();
            act(&mut journal);
            journal.flushes() - before
        };

        assert!(before >= 1);
        assert_eq!(cost(&mut |journal| journal.append(&[]).unwrap()), 0);
        assert_eq!(cost(&mut |journal| journal.append(&[change(1, 1, 9), change(2, 1, 9)]).unwrap()), 1);
        assert_eq!(cost(&mut |journal| journal.published([1; 16], 1, commit())), 0);
        assert_eq!(cost(&mut |journal| journal.checkpoint().unwrap()), 0, "something is pending");
        assert_eq!(cost(&mut |journal| journal.published([2; 16], 1, commit())), 0);
        assert_eq!(cost(&mut |journal| journal.checkpoint().unwrap()), 1);
        assert_eq!(cost(&mut |journal| journal.checkpoint().unwrap()), 0, "nothing is new");
    }

    /// The file that the journal last wrote into, and where its last record begins and ends.
    fn last_record(folder: &Path, kept: &[ChangeRecord], last: &ChangeRecord) -> (PathBuf, usize, usize) {
        let (mut journal, _) = open(folder);
        journal.append(kept).unwrap();
        let start = journal.end.offset;
        journal.append(std::slice::from_ref(last)).unwrap();
        (journal.files[journal.end.file].path().to_owned(), start, journal.end.offset)
    }

    #[test]
    fn a_torn_record_is_no_record_and_spoils_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let kept = [change(1, 1, 5), change(2, 1, 0)];
        let (path, start, end) = last_record(folder.path(), &kept, &change(1, 2, 40));
        let whole = std::fs::read(&path).unwrap();
        let cut = |at: usize| whole[..at].to_vec();
        let blanked = |at: usize| [&whole[..at], &vec![0; whole.len() - at]].concat();
        let flipped = |at: usize| {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x10;
            bytes
        };
        // A cut in front of zeros that belong to the record takes nothing away from it.
        let solid = end - whole[..end].iter().rev().take_while(|byte| **byte == 0).count();

        for at in start..end {
            for (how, bytes) in [("cut", cut(at)), ("blanked", blanked(at)), ("flipped", flipped(at))] {
                if how != "flipped" && at >= solid {
                    continue;
                }
                let other = tempfile::tempdir().unwrap();
                std::fs::write(other.path().join(path.file_name().unwrap()), bytes).unwrap();

                let (mut journal, found) = open(other.path());
                assert_eq!(found, kept, "{how} at {at}");
                journal.append(&[change(1, 2, 7)]).unwrap();
                drop(journal);

                let all = [kept.to_vec(), vec![change(1, 2, 7)]].concat();
                assert_eq!(open(other.path()).1, all, "{how} at {at}");
            }
        }
    }

    #[test]
    fn a_project_that_cannot_be_published_stops_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let (mut journal, _) = open(folder.path());
        journal.append(&[change(9, 1, 500)]).unwrap();

        for revision in 1..=100 {
            journal.append(&[change(1, revision, 900)]).unwrap();
            journal.published([1; 16], revision, commit());
        }

        assert!(journal.end.round > 20, "the files were not written in turns");
        drop(journal);
        let found = open(folder.path()).1;
        assert_eq!(found, [change(9, 1, 500), change(1, 100, 900)], "the last mark was not flushed");
    }

    #[test]
    fn a_full_journal_says_so_and_recovers() {
        let folder = tempfile::tempdir().unwrap();
        let (mut journal, _) = open(folder.path());
        journal.append(&[change(1, 1, 1500), change(2, 1, 900)]).unwrap();

        let error = journal.append(&[change(3, 1, 1)]).unwrap_err();
        assert!(matches!(error, JournalError::Full { projects: 2, .. }), "{error}");
        journal.published([1; 16], 1, commit());
        journal.append(&[change(3, 1, 1500)]).unwrap();
        drop(journal);

        assert_eq!(open(folder.path()).1, [change(2, 1, 900), change(3, 1, 1500)]);
    }

    #[test]
    fn what_can_never_fit_is_refused_and_leaves_no_trace() {
        let folder = tempfile::tempdir().unwrap();
        let (mut journal, _) = open(folder.path());
        let limit = journal.batch_limit();

        let error = journal.append(&[change(1, 1, 1), change(1, 2, limit)]).unwrap_err();
        assert!(matches!(error, JournalError::TooLarge { .. }), "{error}");
        let room = limit + 4000 - encode(&change(1, 1, 4000)).unwrap().len();
        journal.append(&[change(1, 1, room)]).unwrap();
        drop(journal);

        assert_eq!(open(folder.path()).1, [change(1, 1, room)]);
    }

    #[test]
    fn after_a_failed_write_nothing_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let (mut journal, _) = open(folder.path());
        journal.append(&[change(1, 1, 1)]).unwrap();
        let full = || FixedFile::open("/dev/full".into(), 0, &Flushes::default()).unwrap();
        let files = std::mem::replace(&mut journal.files, [full(), full()]);

        let error = journal.append(&[change(1, 2, 1)]).unwrap_err();
        assert_eq!(error.to_string(), "cannot write /dev/full");
        journal.files = files;
        let error = journal.append(&[change(1, 2, 1)]).unwrap_err();
        assert!(matches!(error, JournalError::Broken { .. }), "{error}");
        assert!(journal.checkpoint().is_err());
        drop(journal);

        assert_eq!(open(folder.path()).1, [change(1, 1, 1)]);
    }

    #[test]
    fn a_full_disk_is_named() {
        let folder = tempfile::tempdir().unwrap();
        symlink("/dev/full", folder.path().join("journal-1")).unwrap();

        let text = "cannot make room for the journal in journal-1: No space left on device (os error 28)";
        assert_eq!(open_error(folder.path()), text);
    }

    #[test]
    fn a_file_that_is_not_ours_is_left_alone() {
        let newer = [b"bandjrnl".as_slice(), &9_u32.to_le_bytes(), &[1; 50]].concat();
        let incomplete = Header { round: 4, first_seq: 9, carried: 1 }.encode();
        let cases = [
            (newer, "journal-0 has format 9, this build knows up to 1"),
            (b"hello".to_vec(), "journal-0 is damaged: it does not begin as a journal does"),
            (incomplete, "journal-0 is damaged: it does not begin as a journal does"),
        ];
        for (content, message) in cases {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("journal-0");
            std::fs::write(&path, &content).unwrap();

            assert_eq!(open_error(folder.path()), message);
            assert!(std::fs::read(&path).unwrap().starts_with(&content));
        }
    }

    #[test]
    fn a_round_that_was_cut_off_while_it_began_does_not_count() {
        let folder = tempfile::tempdir().unwrap();
        let (mut journal, _) = open(folder.path());
        journal.append(&[change(1, 1, 30), change(1, 2, 30)]).unwrap();
        let Draft { bytes, end, .. } = journal.new_round(&[change(1, 3, 1)].map(|c| encode(&c).unwrap()));
        let path = journal.files[end.file].path().to_owned();
        drop(journal);
        let mut content = std::fs::read(&path).unwrap();
        let carried = Header::LEN + encode(&change(1, 1, 30)).unwrap().len();
        content[..carried].copy_from_slice(&bytes[..carried]);
        std::fs::write(&path, content).unwrap();

        assert_eq!(open(folder.path()).1, [change(1, 1, 30), change(1, 2, 30)]);
        assert_eq!(open(folder.path()).1, [change(1, 1, 30), change(1, 2, 30)]);
    }

    #[test]
    fn a_journal_grows_without_forgetting() {
        let folder = tempfile::tempdir().unwrap();
        let (mut journal, _) = open(folder.path());
        journal.append(&[change(1, 1, 1500)]).unwrap();
        drop(journal);

        let (journal, found) = Journal::open(folder.path(), 3 * SMALL, &holder(), PATIENCE).unwrap();
        assert_eq!(found, [change(1, 1, 1500)]);
        assert_eq!(journal.batch_limit(), 3 * SMALL as usize - Header::LEN);
        drop(journal);
        assert_eq!(open(folder.path()).1, [change(1, 1, 1500)]);
    }

    #[test]
    fn only_one_process_has_it_open() {
        let folder = tempfile::tempdir().unwrap();
        let _first = open(folder.path());

        assert_eq!(
            open_error(folder.path()),
            "lock is held by process 1 on alpha since 2026-11-20T10:00:00Z"
        );
    }
}
