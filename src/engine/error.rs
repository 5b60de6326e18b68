//! Why the engine could not carry a command out, and whose fault that is.

use std::path::PathBuf;
use std::sync::Arc;

use thiserror::Error;

use crate::domain::id::ProjectName;
use crate::domain::refusal::{Code, Refusal};
use crate::store::StoreError;
use crate::store::journal::JournalError;
use crate::store::lock::LockError;
use crate::store::reference::ReferenceError;

/// Why a command was not carried out.
#[expect(missing_docs, reason = "the messages say it")]
#[derive(Clone, Debug, Error)]
pub enum EngineError {
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error("the project cannot be used")]
    Store(#[source] Arc<StoreError>),
    #[error("the journal of this node cannot be written")]
    Journal(#[source] Arc<JournalError>),
    #[error("cannot {action} {}", path.display())]
    Io { action: &'static str, path: PathBuf, source: Arc<std::io::Error> },
    #[error("{} is damaged: {reason}", path.display())]
    Registry { path: PathBuf, reason: String },
    #[error("the project stopped in the middle of it; look before you try again")]
    Stopped,
    #[error("{project} does not answer; what was asked may still happen")]
    Silent { project: ProjectName },
}

impl EngineError {
    /// Whether the person who asked can do something about it.
    pub fn is_callers_fault(&self) -> bool {
        matches!(self, Self::Refused(_))
    }
}

impl From<JournalError> for EngineError {
    fn from(error: JournalError) -> Self {
        match &error {
            JournalError::Lock(LockError::Held { holder, .. }) => {
                let message =
                    format!("process {} on {} is at work since {}", holder.pid, holder.host, holder.since);
                let hint =
                    "end it first, or let `bandmaster serve` run: then several can work at the same time";
                Refusal::new(Code::Held, message, hint).into()
            }
            JournalError::Full { .. } => {
                Refusal::new(Code::Busy, error.to_string(), "try again in a moment").into()
            }
            _ => Self::Journal(Arc::new(error)),
        }
    }
}

/// What a person can mend becomes a refusal that says how.
impl From<StoreError> for EngineError {
    fn from(error: StoreError) -> Self {
        let message = error.to_string();
        let (code, hint) = match &error {
            StoreError::NoSuchPath { .. } => (Code::Unknown, "give the path of a git repository".to_owned()),
            StoreError::NotARepository { path } => {
                (Code::Invalid, format!("make one with: git init {}", path.display()))
            }
            StoreError::OtherOwner { path } => {
                let hint =
                    format!("if you trust it: git config --global --add safe.directory {}", path.display());
                (Code::Forbidden, hint)
            }
            StoreError::Bare { .. } => (Code::Invalid, "clone it, and register the clone".to_owned()),
            StoreError::Unsupported { .. } => (
                Code::Invalid,
                "only repositories with SHA-1 ids and plain files for references can be used".to_owned(),
            ),
            StoreError::TrackedFolder { path } => (Code::Taken, untrack(path)),
            StoreError::ForeignFolder { .. } => {
                (Code::Taken, "take it over with `project register` and `import`".to_owned())
            }
            StoreError::UnknownFolder { path } => {
                (Code::Taken, format!("move {} away first", path.display()))
            }
            StoreError::NotImportable { .. } => {
                (Code::Invalid, "mend the file, or move the folder away".to_owned())
            }
            StoreError::MountedElsewhere { path } => {
                (Code::Taken, format!("register the folder around {}", path.display()))
            }
            StoreError::NoBranch { .. } => {
                (Code::Damaged, "fetch the branch orch-state, or register it again".to_owned())
            }
            StoreError::DamagedFile { .. } | StoreError::BrokenRule { .. } => (
                Code::Damaged,
                "mend the file, or take it back with: git -C .orch-state checkout -- .".to_owned(),
            ),
            StoreError::UnknownCommit { .. } => (Code::Unknown, "see the commits with `log`".to_owned()),
            StoreError::Lock(LockError::Held { .. } | LockError::HeldByUnknown { .. }) => {
                (Code::Held, "only one Bandmaster writes a project; end the other one first".to_owned())
            }
            StoreError::Reference(ReferenceError::Locked { .. }) => {
                (Code::Busy, "if no git is at work there, remove the file".to_owned())
            }
            _ => return Self::Store(Arc::new(error)),
        };
        Refusal::new(code, message, hint).into()
    }
}

fn untrack(folder: &std::path::Path) -> String {
    let work = folder.parent().unwrap_or(folder).display();
    format!("run: git -C {work} rm -r --cached .orch-state && git -C {work} commit -m 'Untrack .orch-state'")
}
