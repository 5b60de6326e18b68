//! Finds out, when a journal is opened, where it ends and what is pending.

use std::collections::HashMap;
use std::collections::VecDeque;

use crate::store::journal::ChangeRecord;
use crate::store::journal::End;
use crate::store::journal::JournalError;
use crate::store::journal::Pending;
use crate::store::journal::ProjectKey;
use crate::store::journal::file::FixedFile;
use crate::store::journal::record::Chain;
use crate::store::journal::record::Entry;
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
    let fail = |file: &FixedFile, source| {
        let path = file.path().to_owned();
        JournalError::Io { action: "read", path, source }
    };
    let bytes = [
        files[0].read(size).map_err(|source| fail(&files[0], source))?,
        files[1].read(size).map_err(|source| fail(&files[1], source))?,
    ];
    let headers = [start(&files[0], &bytes[0])?, start(&files[1], &bytes[1])?];
    let mut newest_first = [0, 1];
    newest_first.sort_by_key(|file| std::cmp::Reverse(headers[*file].map(|header| header.round)));
    let whole = newest_first.into_iter().find_map(|file| {
        let records = read_records(&headers[file]?, &bytes[file])?;
        Some((file, records))
    });

    // The numbers go on behind all that a write that was cut off can have used.
    let gap = (size / Chain::HEADER) as u64 + 1;
    let seen = |pick: fn(Header) -> u64| headers.iter().flatten().copied().map(pick).max().unwrap_or(0);
    let (round, first_seq) = (seen(|header| header.round), seen(|header| header.first_seq));
    let Some((file, Records { bodies, chain })) = whole else {
        return none_yet(files, headers, round, first_seq + gap);
    };
    let (pending, changes) = unpublished(&files[file], bodies)?;
    let chain = Chain::new(chain.next_seq().max(first_seq) + gap, 0);
    let end = End { file, offset: size, round, chain };
    Ok(Recovered { end, pending, changes })
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
