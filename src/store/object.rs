//! Makes git objects from what they say: text and names in, bytes and an id out.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use serde::Serialize;
use sha1::Digest;
use sha1::Sha1;
use thiserror::Error;

/// The id of a git object: the SHA-1 of its kind, length and body.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Oid([u8; Oid::LEN]);

/// Why a text is not an [`Oid`].
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("an object id has 40 hexadecimal digits")]
pub struct ParseOidError;

impl Oid {
    /// How many bytes an id has.
    pub(crate) const LEN: usize = 20;

    /// The id made of these bytes.
    pub(crate) fn new(bytes: [u8; Self::LEN]) -> Self {
        Self(bytes)
    }

    /// The bytes of the id.
    pub(crate) fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }

    /// The same id for git2, which checks the length although it is always right.
    pub(crate) fn to_git2(self) -> Result<git2::Oid, git2::Error> {
        git2::Oid::from_bytes(&self.0)
    }
}

/// The id that a file with this content has.
pub(crate) fn blob_id(body: &[u8]) -> Oid {
    let mut hash = Sha1::new_with_prefix(format!("blob {}\0", body.len()));
    hash.update(body);
    Oid(hash.finalize().into())
}

impl From<git2::Oid> for Oid {
    fn from(oid: git2::Oid) -> Self {
        let mut bytes = [0; Self::LEN];
        bytes.copy_from_slice(oid.as_bytes());
        Self(bytes)
    }
}

impl FromStr for Oid {
    type Err = ParseOidError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digit = |c: u8| char::from(c).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        if text.len() != 2 * Self::LEN {
            return Err(ParseOidError);
        }
        let mut bytes = [0; Self::LEN];
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().as_chunks::<2>().0) {
            let (Some(high), Some(low)) = (digit(pair[0]), digit(pair[1])) else { return Err(ParseOidError) };
            *byte = high << 4 | low;
        }
        Ok(Self(bytes))
    }
}

impl fmt::Display for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What an object is. The order is the order of objects in a pack: what readers ask for first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum ObjectKind {
    /// A state of the tree, with its history.
    Commit,
    /// A folder.
    Tree,
    /// The content of a file.
    Blob,
}

impl ObjectKind {
    fn name(self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::Tree => "tree",
            Self::Blob => "blob",
        }
    }
}

/// An object, ready to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Object {
    /// What it is.
    pub(crate) kind: ObjectKind,
    /// Its id, which follows from the other two.
    pub(crate) oid: Oid,
    /// What it says, without git's header.
    pub(crate) body: Vec<u8>,
}

impl Object {
    fn new(kind: ObjectKind, body: Vec<u8>) -> Self {
        let mut hash = Sha1::new_with_prefix(format!("{} {}\0", kind.name(), body.len()));
        hash.update(&body);
        Self { kind, oid: Oid(hash.finalize().into()), body }
    }
}

/// What an entry of a tree is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum EntryKind {
    /// A plain file.
    File,
    /// A file that can be run.
    Executable,
    /// A symbolic link.
    Link,
    /// A folder: another tree.
    Folder,
    /// A commit of another repository.
    Submodule,
}

impl EntryKind {
    /// The kind that git means by `mode`, if it is one that git writes.
    pub(crate) fn from_mode(mode: i32) -> Option<Self> {
        match mode {
            0o100_644 => Some(Self::File),
            0o100_755 => Some(Self::Executable),
            0o120_000 => Some(Self::Link),
            0o040_000 => Some(Self::Folder),
            0o160_000 => Some(Self::Submodule),
            _ => None,
        }
    }

    fn mode(self) -> &'static str {
        match self {
            Self::File => "100644",
            Self::Executable => "100755",
            Self::Link => "120000",
            Self::Folder => "40000",
            Self::Submodule => "160000",
        }
    }
}

/// One name in a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TreeEntry {
    /// The name, which need not be UTF-8: people commit what they like.
    pub(crate) name: Vec<u8>,
    /// What it names.
    pub(crate) kind: EntryKind,
    /// Where that is kept.
    pub(crate) oid: Oid,
}

/// Why names do not make a tree.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TreeError {
    #[error("git cannot keep a file called {0:?}")]
    Name(String),
    #[error("two files are called {0:?}")]
    Twice(String),
}

/// What a commit says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CommitText {
    /// The root folder.
    pub(crate) tree: Oid,
    /// The commits before this one.
    pub(crate) parents: Vec<Oid>,
    /// Who decided the change.
    pub(crate) author_name: String,
    /// The author's address.
    pub(crate) author_email: String,
    /// Who wrote it down.
    pub(crate) committer_name: String,
    /// The committer's address.
    pub(crate) committer_email: String,
    /// When, as seconds since 1970 in UTC.
    pub(crate) time_seconds: i64,
    /// Subject, body and trailers.
    pub(crate) message: String,
}

/// The content of a file.
pub(crate) fn blob(body: Vec<u8>) -> Object {
    Object::new(ObjectKind::Blob, body)
}

/// A folder with these entries, in whatever order they come.
pub(crate) fn tree(mut entries: Vec<TreeEntry>) -> Result<Object, TreeError> {
    check_names(&entries)?;
    entries.sort_unstable_by(|a, b| sort_key(a).cmp(sort_key(b)));
    let mut body = Vec::with_capacity(entries.iter().map(|entry| entry.name.len() + 28).sum());
    for entry in &entries {
        body.extend_from_slice(entry.kind.mode().as_bytes());
        body.push(b' ');
        body.extend_from_slice(&entry.name);
        body.push(0);
        body.extend_from_slice(entry.oid.as_bytes());
    }
    Ok(Object::new(ObjectKind::Tree, body))
}

/// A commit that says `text`, with names and message made acceptable to git.
pub(crate) fn commit(text: &CommitText) -> Object {
    let mut body = format!("tree {}\n", text.tree);
    for parent in &text.parents {
        body += &format!("parent {parent}\n");
    }
    // Git knows no time before 1970.
    let time = text.time_seconds.max(0);
    for (role, name, email) in [
        ("author", &text.author_name, &text.author_email),
        ("committer", &text.committer_name, &text.committer_email),
    ] {
        let name = Some(clean(name)).filter(|name| !name.is_empty()).unwrap_or_else(|| "unknown".to_owned());
        body += &format!("{role} {name} <{}> {time} +0000\n", clean(email));
    }
    body.push('\n');
    body.extend(text.message.chars().filter(|c| *c != '\0'));
    if !body.ends_with('\n') {
        body.push('\n');
    }
    Object::new(ObjectKind::Commit, body.into_bytes())
}

/// Leaves out of a name or address what git leaves out, so that the line can be taken apart again.
fn clean(text: &str) -> String {
    let crud = |c: char| c <= ' ' || ".,:;<>\"\\'".contains(c);
    text.trim_matches(crud).chars().filter(|c| !matches!(c, '\n' | '<' | '>' | '\0')).collect()
}

/// Git compares the name of a folder as if it ended in a slash.
fn sort_key(entry: &TreeEntry) -> impl Iterator<Item = u8> {
    let slash = (entry.kind == EntryKind::Folder).then_some(b'/');
    entry.name.iter().copied().chain(slash)
}

fn check_names(entries: &[TreeEntry]) -> Result<(), TreeError> {
    let shown = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
    let mut names: Vec<&[u8]> = entries.iter().map(|entry| entry.name.as_slice()).collect();
    for name in &names {
        let bad = matches!(*name, b"" | b"." | b"..") || name.eq_ignore_ascii_case(b".git");
        if bad || name.contains(&b'/') || name.contains(&0) {
            return Err(TreeError::Name(shown(name)));
        }
    }
    names.sort_unstable();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(TreeError::Twice(shown(pair[0]))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use crate::store::testing::bare_repository;
    use crate::store::testing::git;

    use super::*;

    fn entry(name: &str, kind: EntryKind, oid: Oid) -> TreeEntry {
        TreeEntry { name: name.into(), kind, oid }
    }

    fn text(tree: Oid) -> CommitText {
        CommitText {
            tree,
            parents: Vec::new(),
            author_name: "Ada".into(),
            author_email: "ada@example.org".into(),
            committer_name: "Bandmaster".into(),
            committer_email: "band@example.org".into(),
            time_seconds: 1_700_000_000,
            message: "start\n".into(),
        }
    }

    /// Gives `object` to the real git, which must accept it under the same id.
    fn check(repository: &std::path::Path, object: &Object) {
        let arguments = ["hash-object", "-t", object.kind.name(), "-w", "--stdin"];
        assert_eq!(git(repository, &arguments, &object.body), object.oid.to_string());
    }

    #[test]
    fn git_gives_the_same_ids() {
        let repository = bare_repository();
        let repository = repository.path();
        let empty = blob(Vec::new());
        let binary = blob((0..=255).cycle().take(100_000).collect());
        let inner = tree(vec![entry("z", EntryKind::File, binary.oid)]).unwrap();
        let outer = tree(vec![
            entry("a", EntryKind::Folder, inner.oid),
            entry("a0", EntryKind::Executable, empty.oid),
            entry("a.b", EntryKind::Link, empty.oid),
            entry("ab", EntryKind::Folder, inner.oid),
            entry("naïve", EntryKind::File, empty.oid),
            entry("a-", EntryKind::File, empty.oid),
            entry("Z", EntryKind::File, empty.oid),
        ])
        .unwrap();
        let first = commit(&text(outer.oid));
        let second = commit(&CommitText { parents: vec![first.oid, first.oid], ..text(inner.oid) });

        for object in [&empty, &binary, &inner, &outer, &tree(Vec::new()).unwrap(), &first, &second] {
            check(repository, object);
        }
        let order = git(repository, &["ls-tree", "--name-only", "-z", &outer.oid.to_string()], b"");
        assert_eq!(order, "Z\0a-\0a.b\0a\0a0\0ab\0naïve\0");
    }

    #[test]
    fn odd_names_and_messages_make_commits_that_git_can_read() {
        let repository = bare_repository();
        let tree = tree(Vec::new()).unwrap();
        check(repository.path(), &tree);
        let cases = [
            ("Ada <b> Lovelace", "Ada b Lovelace"),
            ("  .Ada\n ", "Ada"),
            ("Ada\nLovelace", "AdaLovelace"),
            ("<>", "unknown"),
            ("", "unknown"),
            ("Łukasz\0", "Łukasz"),
        ];
        for (name, kept) in cases {
            let text = CommitText {
                author_name: name.into(),
                author_email: "<a>\n@b".into(),
                time_seconds: -5,
                message: "no\0 newline".into(),
                ..text(tree.oid)
            };
            let object = commit(&text);
            check(repository.path(), &object);
            let shown = ["log", "-1", "--format=%an|%ae|%at|%B", &object.oid.to_string()];
            assert_eq!(git(repository.path(), &shown, b""), format!("{kept}|a@b|0|no newline"), "{name:?}");
        }
        git(repository.path(), &["fsck", "--strict", "--no-dangling"], b"");
    }

    #[test]
    fn a_tree_refuses_names_that_git_cannot_keep() {
        let oid = blob(Vec::new()).oid;
        for name in ["", ".", "..", "a/b", "a\0b", ".git", ".GIT"] {
            let error = tree(vec![entry(name, EntryKind::File, oid)]).unwrap_err();
            assert_eq!(error, TreeError::Name(name.into()));
        }
        let twice = vec![
            entry("a", EntryKind::File, oid),
            entry("a.b", EntryKind::File, oid),
            entry("a", EntryKind::Folder, oid),
        ];
        assert_eq!(tree(twice), Err(TreeError::Twice("a".into())));
    }

    #[test]
    fn an_id_survives_its_text() {
        let oid = blob(b"x".to_vec()).oid;
        assert_eq!(oid.to_string().parse(), Ok(oid));
        assert_eq!(Oid::from(oid.to_git2().unwrap()), oid);
        for text in ["", "12", &"g".repeat(40), &"é".repeat(20), &"a".repeat(41)] {
            assert_eq!(text.parse::<Oid>(), Err(ParseOidError), "{text:?}");
        }
    }
}
