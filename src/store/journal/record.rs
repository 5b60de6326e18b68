//! What a journal holds, and how one record follows another on the disk.

use std::borrow::Cow;

use serde::Deserialize;
use serde::Serialize;
use serde::Serializer;

use crate::store::object::Oid;

/// Which project a record belongs to: the bytes of its ULID.
pub type ProjectKey = [u8; 16];

/// One change of one project, with all it takes to make the same commit again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeRecord {
    /// Whose change it is.
    pub project: ProjectKey,
    /// The number of the change within its project: 1, 2, 3 and so on.
    pub revision: u64,
    /// The files that are different now.
    pub files: Vec<FileChange>,
    /// What the commit says.
    pub meta: CommitMeta,
}

/// A file as a change left it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileChange {
    /// Its path, with `/` between the parts.
    pub path: String,
    /// All of its bytes, or nothing if it was removed.
    #[serde(serialize_with = "as_bytes")]
    pub content: Option<Vec<u8>>,
}

/// What a commit says besides its files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitMeta {
    /// Who decided the change.
    pub author_name: String,
    /// The author's address.
    pub author_email: String,
    /// When, as seconds since 1970 in UTC.
    pub time_seconds: i64,
    /// Subject, body and trailers.
    pub message: String,
}

/// The body of a record. The order of variants and fields is the format on the disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Entry<'a> {
    /// A project changed.
    Change(Cow<'a, ChangeRecord>),
    /// Everything up to a revision is in git.
    Published { project: ProjectKey, revision: u64, commit: Oid },
}

impl Entry<'_> {
    /// The entry as it is written.
    pub(super) fn encode(&self) -> Result<Vec<u8>, postcard::Error> {
        postcard::to_stdvec(self)
    }

    /// Reads an entry back.
    pub(super) fn decode(body: &[u8]) -> Result<Entry<'static>, postcard::Error> {
        postcard::from_bytes(body)
    }
}

/// The end of a row of records: what the next one has to continue.
///
/// Two things keep a record of former times from being taken for the next one. Its sequence number
/// would have to fit, and those are never used twice. And every checksum covers the checksum before
/// it, back to the header of the round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Chain {
    next_seq: u64,
    checksum: u32,
}

impl Chain {
    /// How many bytes stand before the body of a record: magic, length, sequence number, checksum.
    pub(super) const HEADER: usize = 20;

    const MAGIC: [u8; 4] = *b"band";

    /// A row that begins after a header with this checksum.
    pub(super) fn new(first_seq: u64, checksum: u32) -> Self {
        Self { next_seq: first_seq, checksum }
    }

    /// The sequence number that the next record will have.
    pub(super) fn next_seq(&self) -> u64 {
        self.next_seq
    }

    /// Adds a record with this body to `out`.
    pub(super) fn push(&mut self, out: &mut Vec<u8>, body: &[u8]) {
        // A body is at most as long as a file, whose size is a `u32`.
        let length = body.len() as u32;
        let checksum = self.checksum_of(length, body);
        out.extend_from_slice(&Self::MAGIC);
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(&self.next_seq.to_le_bytes());
        out.extend_from_slice(&checksum.to_le_bytes());
        out.extend_from_slice(body);
        *self = Self { next_seq: self.next_seq + 1, checksum };
    }

    /// How many bytes the next record has, as far as `bytes` tell. `None` if what is there cannot continue.
    ///
    /// With too few bytes for that the answer is how many it takes to know.
    pub(super) fn needs(&self, bytes: &[u8]) -> Option<usize> {
        let Some(head) = bytes.first_chunk::<{ Self::HEADER }>() else { return Some(Self::HEADER) };
        let frame = Frame::read(head);
        (frame.seq == self.next_seq && frame.is_ours).then(|| Self::HEADER.saturating_add(frame.length))
    }

    /// Takes the body of the next record from the front of `bytes`, if there is one that continues.
    pub(super) fn pull<'b>(&mut self, bytes: &mut &'b [u8]) -> Option<&'b [u8]> {
        let (head, rest) = bytes.split_first_chunk::<{ Self::HEADER }>()?;
        let Frame { is_ours, length, seq, checksum } = Frame::read(head);
        let (body, rest) = rest.split_at_checked(length)?;
        let continues = is_ours && seq == self.next_seq;
        if !continues || checksum != self.checksum_of(length as u32, body) {
            return None;
        }
        *self = Self { next_seq: self.next_seq + 1, checksum };
        *bytes = rest;
        Some(body)
    }

    fn checksum_of(&self, length: u32, body: &[u8]) -> u32 {
        let mut hash = crc32fast::Hasher::new();
        hash.update(&self.checksum.to_le_bytes());
        hash.update(&self.next_seq.to_le_bytes());
        hash.update(&length.to_le_bytes());
        hash.update(body);
        hash.finalize()
    }
}

/// Looks through what a file still holds of former rounds: every record that continues the one before it.
///
/// The first of such a row cannot be checked and is left out. Returns sequence numbers and bodies.
pub(super) fn scan(bytes: &[u8]) -> Vec<(u64, &[u8])> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(next) = memchr::memmem::find(&bytes[at..], &Chain::MAGIC) {
        at += next;
        let Some(head) = bytes[at..].first_chunk::<{ Chain::HEADER }>() else { break };
        let Frame { length, seq, checksum, .. } = Frame::read(head);
        let mut chain = Chain { next_seq: seq.wrapping_add(1), checksum };
        let after = bytes.get((at + Chain::HEADER).saturating_add(length)..).unwrap_or_default();
        let mut rest = after;
        while let Some(body) = chain.pull(&mut rest) {
            found.push((chain.next_seq - 1, body));
        }
        let passed = bytes.len() - rest.len();
        at = if rest.len() < after.len() { passed } else { at + 1 };
    }
    found
}

/// What stands before the body of a record.
struct Frame {
    is_ours: bool,
    length: usize,
    seq: u64,
    checksum: u32,
}

impl Frame {
    fn read(head: &[u8; Chain::HEADER]) -> Self {
        let four = |at: usize| [head[at], head[at + 1], head[at + 2], head[at + 3]];
        let [a, b, c, d] = four(8);
        let [e, f, g, h] = four(12);
        Self {
            is_ours: four(0) == Chain::MAGIC,
            length: u32::from_le_bytes(four(4)) as usize,
            seq: u64::from_le_bytes([a, b, c, d, e, f, g, h]),
            checksum: u32::from_le_bytes(four(16)),
        }
    }
}

/// Writes the bytes in one go. Reading them one by one gives the same, so only this side needs help.
fn as_bytes<S: Serializer>(content: &Option<Vec<u8>>, serializer: S) -> Result<S::Ok, S::Error> {
    struct Bytes<'a>(&'a [u8]);

    impl Serialize for Bytes<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_bytes(self.0)
        }
    }

    content.as_deref().map(Bytes).serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_of_an_entry_is_pinned() {
        let change = ChangeRecord {
            project: [7; 16],
            revision: 300,
            files: vec![
                FileChange { path: "a".into(), content: Some(vec![0, 255]) },
                FileChange { path: "b".into(), content: None },
            ],
            meta: CommitMeta {
                author_name: "A".into(),
                author_email: "e".into(),
                time_seconds: -1,
                message: "m".into(),
            },
        };
        let mark = Entry::Published { project: [7; 16], revision: 1, commit: Oid::new([9; 20]) };
        let key = "07".repeat(16);
        let cases = [
            (
                Entry::Change(Cow::Owned(change)),
                format!("00{key}ac020201610102 00ff 016200 0141 0165 01 016d"),
            ),
            (mark, format!("01{key}01{}", "09".repeat(20))),
        ];
        for (entry, bytes) in cases {
            let body = entry.encode().unwrap();
            let hex: String = body.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(hex, bytes.replace(' ', ""));
            assert_eq!(Entry::decode(&body).unwrap(), entry);
        }
    }

    #[test]
    fn records_come_back_until_one_does_not_continue() {
        let start = Chain::new(5, 1);
        let mut chain = start;
        let mut bytes = Vec::new();
        for body in [b"one".as_slice(), b"", b"three"] {
            chain.push(&mut bytes, body);
        }
        bytes.extend_from_slice(&[0; 64]);

        let mut reader = start;
        let mut rest = bytes.as_slice();
        let bodies: Vec<_> = std::iter::from_fn(|| reader.pull(&mut rest)).collect();

        assert_eq!(bodies, [b"one".as_slice(), b"", b"three"]);
        assert_eq!((reader, rest.len()), (chain, 64));
        for stranger in [Chain::new(6, 1), Chain::new(4, 1), Chain::new(5, 2)] {
            assert_eq!({ stranger }.pull(&mut bytes.as_slice()), None, "{stranger:?}");
        }
    }
}
