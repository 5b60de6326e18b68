//! One filling of a journal file: a header, and the records that follow it.
//!
//! A round begins with the changes that were pending when it began, so it says everything on its own:
//! only the newest whole round counts. One that lacks a carried record was cut off while it was being
//! begun; nobody was told that it exists, and the round before it still says everything.

use std::io;
use std::ops::Range;

use crate::store::journal::file::FixedFile;
use crate::store::journal::record::Chain;

/// How much of a file to read at once. Most openings find a handful of records.
pub(super) const CHUNK: usize = 16 << 10;

/// The version of the format. A file with a higher one is left alone.
pub(super) const FORMAT: u32 = 1;

const MAGIC: [u8; 8] = *b"bandjrnl";

/// How a round begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// Grows by one with each round.
    pub(super) round: u64,
    /// The sequence number of the first record.
    pub(super) first_seq: u64,
    /// How many records were carried over from the round before.
    pub(super) carried: u32,
}

/// What stands at the beginning of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// Zeros: no round began here yet.
    Blank,
    /// A round.
    Round(Header),
    /// A round in a format of the future.
    TooNew(u32),
    /// Something else. A header fits into one sector, so no loss of power leaves half of one.
    Damaged,
}

impl Header {
    /// How many bytes a header has.
    pub(super) const LEN: usize = 36;

    const CHECKED: usize = Self::LEN - 4;

    /// The header as it is written.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = self.checked_part();
        bytes.extend_from_slice(&self.checksum().to_le_bytes());
        bytes
    }

    /// The row of records that this header begins.
    pub(super) fn chain(&self) -> Chain {
        Chain::new(self.first_seq, self.checksum())
    }

    fn checksum(&self) -> u32 {
        crc32fast::hash(&self.checked_part())
    }

    fn checked_part(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(Self::LEN);
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&FORMAT.to_le_bytes());
        bytes.extend_from_slice(&self.carried.to_le_bytes());
        bytes.extend_from_slice(&self.round.to_le_bytes());
        bytes.extend_from_slice(&self.first_seq.to_le_bytes());
        bytes
    }
}

impl Start {
    /// Reads the beginning of a file.
    pub(super) fn read(bytes: &[u8]) -> Self {
        if bytes.iter().take(Header::LEN).all(|byte| *byte == 0) {
            return Self::Blank;
        }
        Self::read_header(bytes).unwrap_or(Self::Damaged)
    }

    fn read_header(bytes: &[u8]) -> Option<Self> {
        let (magic, rest) = bytes.split_first_chunk::<8>()?;
        let (format, rest) = rest.split_first_chunk::<4>()?;
        let (carried, rest) = rest.split_first_chunk::<4>()?;
        let (round, rest) = rest.split_first_chunk::<8>()?;
        let (first_seq, rest) = rest.split_first_chunk::<8>()?;
        let (checksum, _) = rest.split_first_chunk::<4>()?;
        if *magic != MAGIC {
            return None;
        }
        // The number first: the rest of a newer header may well be different.
        let format = u32::from_le_bytes(*format);
        if format > FORMAT {
            return Some(Self::TooNew(format));
        }
        let intact = crc32fast::hash(&bytes[..Header::CHECKED]) == u32::from_le_bytes(*checksum);
        intact.then_some(Self::Round(Header {
            round: u64::from_le_bytes(*round),
            first_seq: u64::from_le_bytes(*first_seq),
            carried: u32::from_le_bytes(*carried),
        }))
    }
}

/// What a file holds after its header.
pub(super) struct Records {
    /// The bytes of the file, as far as they were needed.
    pub(super) bytes: Vec<u8>,
    /// Where in them the bodies are, in order.
    pub(super) bodies: Vec<Range<usize>>,
    /// What the next record would continue.
    pub(super) chain: Chain,
}

/// Reads the records of the round that `header` begins, and no more of the file than they take.
///
/// `bytes` is the beginning of `file`, which has `size`. `None` if the round was cut off while it began.
pub(super) fn read_records(
    header: &Header,
    file: &FixedFile,
    size: usize,
    mut bytes: Vec<u8>,
) -> io::Result<Option<Records>> {
    let mut chain = header.chain();
    let mut bodies = Vec::new();
    let mut at = Header::LEN;
    while let Some(needed) = chain.needs(bytes.get(at..).unwrap_or_default()) {
        let end = at.saturating_add(needed);
        if end > size {
            break;
        }
        if end > bytes.len() {
            file.read_on(&mut bytes, size.min(end + CHUNK))?;
            continue;
        }
        if chain.pull(&mut &bytes[at..end]).is_none() {
            break;
        }
        bodies.push(at + Chain::HEADER..end);
        at = end;
    }
    let whole = bodies.len() >= header.carried as usize;
    Ok(whole.then_some(Records { bytes, bodies, chain }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_says_what_it_is() {
        let header = Header { round: 3, first_seq: 70, carried: 2 };
        let whole = header.encode();
        let with = |at: usize, byte: u8| {
            let mut bytes = whole.clone();
            bytes[at] = byte;
            bytes
        };
        let cases = [
            (vec![0; 64], Start::Blank),
            (Vec::new(), Start::Blank),
            (whole.clone(), Start::Round(header)),
            (with(8, 2), Start::TooNew(2)),
            (with(0, b'x'), Start::Damaged),
            (with(16, 9), Start::Damaged),
            (with(35, 0), Start::Damaged),
            (whole[..20].to_vec(), Start::Damaged),
        ];
        assert_eq!(whole.len(), Header::LEN);
        for (bytes, start) in cases {
            assert_eq!(Start::read(&bytes), start, "{bytes:?}");
        }
    }
}
