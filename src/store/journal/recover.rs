//! Finds out, when a journal is opened, where it ends and what is pending.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::collections::VecDeque;
use std::io;

use crate::store::journal::ChangeRecord;
use crate::store::journal::End;
use crate::store::journal::JournalError;
use crate::store::journal::Pending;
use crate::store::journal::ProjectKey;
use crate::store::journal::file::FixedFile;
use crate::store::journal::record::Chain;
use crate::store::journal::record::Entry;
use crate::store::journal::record::scan;
use crate::store::journal::round::CHUNK;
use crate::store::journal::round::Header;
use crate::store::journal::round::Records;
use crate::store::journal::round::Start;
use crate::store::journal::round::read_records;

/// What the files of a journal say.
pub(super) struct Recovered {
    /// Where a round ends that the next one must follow. Nothing may be written there.
    pub(super) end: End,
    /// The changes that no mark covers.
    pub(super) pending: VecDeque<Pending>,
    /// The same, in words.
    pub(super) changes: Vec<ChangeRecord>,
}

/// Reads both files, of which the newest whole round counts.
pub(super) fn read(files: &[FixedFile; 2], size: usize) -> Result<Recovered, JournalError> {
    let mut beginnings = [beginning(&files[0], size)?, beginning(&files[1], size)?];
    let headers = [start(&files[0], &beginnings[0])?, start(&files[1], &beginnings[1])?];
    let mut newest_first = [0, 1];
    newest_first.sort_by_key(|file| std::cmp::Reverse(headers[*file].map(|header| header.round)));
    let mut whole = None;
    for file in newest_first {
        let Some(header) = headers[file].filter(|_| whole.is_none()) else { continue };
        let bytes = std::mem::take(&mut beginnings[file]);
        let records = read_records(&header, &files[file], size, bytes);
        whole = records.map_err(|source| unreadable(&files[file], source))?.map(|records| (file, records));
    }

    // The numbers go on behind all that a write that was cut off can have used.
    let gap = (size / Chain::HEADER) as u64 + 1;
    let seen = |pick: fn(Header) -> u64| headers.iter().flatten().copied().map(pick).max().unwrap_or(0);
    let (round, first_seq) = (seen(|header| header.round), seen(|header| header.first_seq));
    let Some((file, Records { bytes, bodies, chain })) = whole else {
        return none_yet(files, headers, round, first_seq + gap);
    };
    let bodies = bodies.into_iter().map(|body| &bytes[body]);
    let (pending, changes) = unpublished(&files[file], bodies.collect())?;
    let chain = Chain::new(chain.next_seq().max(first_seq) + gap, 0);
    let end = End { file, offset: size, round, chain };
    Ok(Recovered { end, pending, changes })
}

/// Every intact change of `project` that the files still hold, in the order of revisions.
///
/// What was written last counts where a revision is there twice: the other belongs to a write that was cut off.
pub(super) fn remembered(
    files: &[FixedFile; 2],
    size: usize,
    project: ProjectKey,
) -> Result<Vec<ChangeRecord>, JournalError> {
    let mut found = BTreeMap::new();
    for file in files {
        let mut bytes = Vec::new();
        file.read_on(&mut bytes, size).map_err(|source| unreadable(file, source))?;
        let header = start(file, &bytes)?;
        let mut rest = bytes.get(Header::LEN..).unwrap_or_default();
        let mut bodies = Vec::new();
        if let Some(mut chain) = header.map(|header| header.chain()) {
            while let Some(body) = chain.pull(&mut rest) {
                bodies.push((chain.next_seq() - 1, body));
            }
        }
        bodies.extend(scan(rest));
        for (seq, body) in bodies {
            // A record of former times that says nothing we know is no reason to mend nothing at all.
            let Ok(Entry::Change(change)) = Entry::decode(body) else { continue };
            let is_newer = found.get(&change.revision).is_none_or(|(other, _)| *other < seq);
            if change.project == project && is_newer {
                found.insert(change.revision, (seq, change.into_owned()));
            }
        }
    }
    Ok(found.into_values().map(|(_, change)| change).collect())
}

fn beginning(file: &FixedFile, size: usize) -> Result<Vec<u8>, JournalError> {
    let mut bytes = Vec::new();
    let read = file.read_on(&mut bytes, size.min(CHUNK));
    read.map(|()| bytes).map_err(|source| unreadable(file, source))
}

fn unreadable(file: &FixedFile, source: io::Error) -> JournalError {
    JournalError::Io { action: "read", path: file.path().to_owned(), source }
}

fn start(file: &FixedFile, bytes: &[u8]) -> Result<Option<Header>, JournalError> {
    let path = file.path().to_owned();
    match Start::read(bytes) {
        Start::Blank => Ok(None),
        Start::Round(header) => Ok(Some(header)),
        Start::TooNew(found) => Err(JournalError::TooNew { path, found }),
        Start::Damaged => Err(JournalError::Damaged { path }),
    }
}

/// A journal in which no round is whole must be one in which none ever began.
fn none_yet(
    files: &[FixedFile; 2],
    headers: [Option<Header>; 2],
    round: u64,
    next_seq: u64,
) -> Result<Recovered, JournalError> {
    if let Some(file) = headers.iter().position(Option::is_some) {
        return Err(JournalError::Damaged { path: files[file].path().to_owned() });
    }
    // As if the second file were full, so that the first round begins in the first.
    let end = End { file: 1, offset: usize::MAX, round, chain: Chain::new(next_seq, 0) };
    Ok(Recovered { end, pending: VecDeque::new(), changes: Vec::new() })
}

/// The changes that no later mark covers. Read backwards, so that each mark is known in time.
fn unpublished(
    file: &FixedFile,
    bodies: Vec<&[u8]>,
) -> Result<(VecDeque<Pending>, Vec<ChangeRecord>), JournalError> {
    let mut marks: HashMap<ProjectKey, u64> = HashMap::new();
    let mut found = Vec::new();
    for body in bodies.into_iter().rev() {
        let entry = Entry::decode(body).map_err(|source| {
            let path = file.path().to_owned();
            JournalError::Record { path, source }
        })?;
        match entry {
            Entry::Published { project, revision, .. } => {
                let mark = marks.entry(project).or_default();
                *mark = revision.max(*mark);
            }
            Entry::Change(change) => {
                let (project, revision) = (change.project, change.revision);
                if marks.get(&project).is_none_or(|mark| revision > *mark) {
                    found.push((Pending { project, revision, body: body.to_vec() }, change.into_owned()));
                }
            }
        }
    }
    Ok(found.into_iter().rev().unzip())
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Duration;

    use crate::store::journal::CommitMeta;
    use crate::store::journal::FileChange;
    use crate::store::journal::Journal;
    use crate::store::lock::Holder;
    use crate::store::object::Oid;

    use super::*;

    fn open(folder: &Path) -> (Journal, Vec<ChangeRecord>) {
        let holder = Holder { host: "alpha".into(), pid: 1, since: "2026-11-20T10:00:00Z".into() };
        Journal::open(folder, 64 << 10, &holder, Duration::from_secs(10)).unwrap()
    }

    fn change(project: u8, revision: u64, bytes: usize) -> ChangeRecord {
        let files = vec![FileChange { path: "a".into(), content: Some(vec![b'x'; bytes]) }];
        let meta = CommitMeta {
            author_name: "Ada".into(),
            author_email: "ada@example.org".into(),
            time_seconds: 0,
            message: String::new(),
        };
        ChangeRecord { project: [project; 16], revision, files, meta }
    }

    #[test]
    fn what_was_published_is_remembered_until_it_is_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let mut expected = Vec::new();
        for revision in 1..=9 {
            let (mut journal, found) = open(folder.path());
            assert_eq!(found, []);
            for (project, bytes) in [(1, 100), (2, 900)] {
                journal.append(&[change(project, revision, bytes)]).unwrap();
                journal.published([project; 16], revision, Oid::new([1; Oid::LEN]));
            }
            journal.checkpoint().unwrap();
            expected.push(change(1, revision, 100));
        }

        let (journal, _) = open(folder.path());
        let found = journal.remembered([1; 16]).unwrap();

        // Each opening begins a round, in the other file: only the two latest are still there.
        assert_eq!(found, expected[8..], "the newest round has none, the one before it has one");
        assert_eq!(journal.remembered([3; 16]).unwrap(), []);
    }

    #[test]
    fn the_tail_of_a_former_round_is_remembered_too() {
        let folder = tempfile::tempdir().unwrap();
        let (mut journal, _) = open(folder.path());
        for revision in 1..=20 {
            journal.append(&[change(1, revision, 500)]).unwrap();
        }
        journal.published([1; 16], 20, Oid::new([1; Oid::LEN]));
        journal.checkpoint().unwrap();
        drop(journal);
        // Two openings, and the beginning of the file with the twenty is written over.
        drop(open(folder.path()));
        let (mut journal, _) = open(folder.path());
        journal.append(&[change(1, 21, 300)]).unwrap();

        let revisions = journal.remembered([1; 16]).unwrap();
        let revisions: Vec<_> = revisions.iter().map(|change| change.revision).collect();

        // The first whose predecessor is gone cannot be checked.
        assert_eq!(revisions, (3..=21).collect::<Vec<_>>());
    }

    #[test]
    fn opening_reads_no_more_than_the_records_take() {
        let folder = tempfile::tempdir().unwrap();
        for bytes in [0, 10, CHUNK - 100, CHUNK, 3 * CHUNK] {
            let (mut journal, _) = open(folder.path());
            journal.append(&[change(1, 1, 7), change(1, 2, bytes), change(1, 3, 7)]).unwrap();
            drop(journal);

            let (mut journal, found) = open(folder.path());
            assert_eq!(found, [change(1, 1, 7), change(1, 2, bytes), change(1, 3, 7)], "{bytes}");
            journal.published([1; 16], 3, Oid::new([1; Oid::LEN]));
            journal.checkpoint().unwrap();
        }
    }
}
