//! Why the store could not do what it was asked. Each error names the place, for the person who must look.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::store::format::FormatError;
use crate::store::journal::JournalError;
use crate::store::lock::LockError;
use crate::store::object::TreeError;
use crate::store::pack::PackError;
use crate::store::reference::ReferenceError;

/// Why the store could not do what it was asked.
#[expect(missing_docs, reason = "the messages say it")]
#[derive(Debug, Error)]
pub enum StoreError {
    #[error("cannot {action} {}", path.display())]
    Io { action: &'static str, path: PathBuf, source: io::Error },
    #[error("cannot {action} the git repository {}", path.display())]
    Git { action: &'static str, path: PathBuf, source: git2::Error },
    #[error("{} does not exist", path.display())]
    NoSuchPath { path: PathBuf },
    #[error("{} is a git repository already", path.display())]
    ExistsAlready { path: PathBuf },
    #[error("{} is not in a git repository", path.display())]
    NotARepository { path: PathBuf },
    #[error("{} belongs to another user", path.display())]
    OtherOwner { path: PathBuf },
    #[error("{} is a bare repository, which has no folder for people to work in", path.display())]
    Bare { path: PathBuf },
    #[error("{} is a git repository of a kind that cannot be used: {what}", path.display())]
    Unsupported { path: PathBuf, what: String },
    #[error("{} is tracked on the current branch", path.display())]
    TrackedFolder { path: PathBuf },
    #[error("{} was written by agent-workflow", path.display())]
    ForeignFolder { path: PathBuf },
    #[error("{} exists and was not made by Bandmaster", path.display())]
    UnknownFolder { path: PathBuf },
    #[error("{} cannot be imported: {reason}", path.display())]
    NotImportable { path: PathBuf, reason: String },
    #[error("the state branch of this repository is mounted at {}", path.display())]
    MountedElsewhere { path: PathBuf },
    #[error("{} has no state branch", path.display())]
    NoBranch { path: PathBuf },
    #[error("the state branch of {} is damaged: object {oid}: {reason}", path.display())]
    DamagedObject { path: PathBuf, oid: String, reason: String },
    #[error("{}:{line}: {reason}", path.display())]
    DamagedFile { path: PathBuf, line: usize, reason: String },
    #[error("the state branch of {} is damaged: {missing}", path.display())]
    Lost { path: PathBuf, missing: String },
    #[error("{} has a state branch already", path.display())]
    BranchExists { path: PathBuf },
    #[error("the state branch of {} breaks a rule: {reason}", path.display())]
    BrokenRule { path: PathBuf, reason: String },
    #[error("somebody else keeps moving the state branch of {}", path.display())]
    Restless { path: PathBuf },
    #[error("writing {} panicked", path.display())]
    Panicked { path: PathBuf },
    #[error("{text} is not a commit of the state branch")]
    UnknownCommit { text: String },
    #[error("cannot write the change down")]
    Format(#[from] FormatError),
    #[error(transparent)]
    Lock(#[from] LockError),
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Pack(#[from] PackError),
    #[error(transparent)]
    Reference(#[from] ReferenceError),
    #[error("cannot make a git tree")]
    Tree(#[from] TreeError),
}

/// An error with all its causes in one line, for people and for the log.
pub fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text += &format!(": {cause}");
        source = cause.source();
    }
    text
}
