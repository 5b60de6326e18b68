//! The index of the folder's own worktree, written in one go: it says that the folder holds the latest commit.
//!
//! Git's format 2, without what git knows of the files from outside: the first `git status` in the folder looks at
//! each of them and writes that down. libgit2 takes ten times as long, and a one-shot command waits for it.

use sha1::{Digest, Sha1};

use crate::store::object::{EntryKind, Oid};

/// What git stores of each file from outside: times, device, inode, owner. All unknown.
const UNKNOWN: [u8; 24] = [0; 24];
/// Names of this length and above are measured by their end.
const NAME_MAX: usize = 0xFFF;

/// The bytes of an index with these files, which come in the order of their paths.
pub(crate) fn encode<'a>(files: impl ExactSizeIterator<Item = (&'a str, EntryKind, Oid)>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(files.len() * 96 + 32);
    bytes.extend_from_slice(b"DIRC");
    bytes.extend_from_slice(&2_u32.to_be_bytes());
    bytes.extend_from_slice(&u32::try_from(files.len()).unwrap_or(u32::MAX).to_be_bytes());
    for (path, kind, oid) in files {
        let start = bytes.len();
        bytes.extend_from_slice(&UNKNOWN);
        bytes.extend_from_slice(&mode(kind).to_be_bytes());
        // Owner, group and size.
        bytes.extend_from_slice(&[0; 12]);
        bytes.extend_from_slice(oid.as_bytes());
        let name_len = u16::try_from(path.len().min(NAME_MAX)).unwrap_or(u16::MAX);
        bytes.extend_from_slice(&name_len.to_be_bytes());
        bytes.extend_from_slice(path.as_bytes());
        // One to eight zeros, so that the next entry begins at a multiple of eight.
        let len = bytes.len() - start;
        bytes.resize(start + (len / 8 + 1) * 8, 0);
    }
    let checksum = Sha1::digest(&bytes);
    bytes.extend_from_slice(&checksum);
    bytes
}

fn mode(kind: EntryKind) -> u32 {
    match kind {
        EntryKind::File => 0o100_644,
        EntryKind::Executable => 0o100_755,
        EntryKind::Link => 0o120_000,
        EntryKind::Submodule => 0o160_000,
        EntryKind::Folder => 0o040_000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::object;
    use crate::store::testing::git;

    #[test]
    fn git_reads_what_was_written() {
        let repository = tempfile::tempdir().unwrap();
        git(repository.path(), &["init", "--quiet"], b"");
        let oid = object::blob_id(b"x");
        let long = "d/".repeat(2100) + "long";
        let paths = ["a", "ab", "abc", "abcdefgh", "b/c.json", long.as_str(), "z"];

        let entries = paths.iter().map(|path| (*path, EntryKind::File, oid));
        std::fs::write(repository.path().join(".git/index"), encode(entries)).unwrap();

        let listed = git(repository.path(), &["ls-files", "--stage"], b"");
        let expected: Vec<_> = paths.iter().map(|path| format!("100644 {oid} 0\t{path}")).collect();
        assert_eq!(listed, expected.join("\n"));
    }
}
