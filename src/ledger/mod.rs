//! What operating needs and a project does not, in one SQLite file: where on a chat things are, what is still to be
//! said there.
//!
//! Invariants:
//!
//! - The ledger may be deleted while nothing runs. Projects lose nothing; channels are found again, boards are posted
//!   anew.
//! - What a method has written survives the end of the process; a power cut may take the latest moments.
//! - A file of a newer version is refused, never changed.
//!
//! Deliberately absent: anything about a project that its repository knows.

mod making;
mod outbox;
mod places;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::Connection;
use thiserror::Error;

pub use crate::ledger::making::Making;
pub use crate::ledger::outbox::{Letter, OUTBOX_MAX, Telling, Waiting};
pub use crate::ledger::places::{Channel, Posted, Thread};

/// The name of the file in the data directory.
const FILE: &str = "ledger.db";
/// The steps from an empty file to the present one, in order.
const MIGRATIONS: [&str; 1] = [include_str!("migrations/0001-chat.sql")];
/// How long to wait for another program that has the file open.
const PATIENCE: Duration = Duration::from_secs(5);

/// Why the ledger cannot be used.
#[derive(Clone, Debug, Error)]
pub enum LedgerError {
    /// SQLite says no.
    #[error("cannot use {}", path.display())]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        source: Arc<rusqlite::Error>,
    },
    /// A newer version has written it.
    #[error("{} has version {found}, this program knows up to {known}; use a newer one", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
        /// The newest that is known here.
        known: u32,
    },
    /// There is no room for more.
    #[error("{waiting} messages wait to be posted already")]
    Full {
        /// How many.
        waiting: u32,
    },
}

/// A way to the ledger. Copies lead to the same.
#[derive(Clone, Debug)]
pub struct Ledger {
    path: PathBuf,
    connection: Arc<Mutex<Connection>>,
}

impl Ledger {
    /// Opens the ledger in `folder`, and makes it if there is none.
    pub fn open(folder: &Path) -> Result<Self, LedgerError> {
        let path = folder.join(FILE);
        let fail = |source| LedgerError::Sqlite { path: path.clone(), source: Arc::new(source) };
        let connection = Connection::open(&path).map_err(fail)?;
        connection.busy_timeout(PATIENCE).map_err(fail)?;
        connection.pragma_update(None, "journal_mode", "WAL").map_err(fail)?;
        // The file outlives the process with every write; only a power cut may take the last ones.
        connection.pragma_update(None, "synchronous", "NORMAL").map_err(fail)?;
        let ledger = Self { path: path.clone(), connection: Arc::new(Mutex::new(connection)) };
        ledger.migrate()?;
        Ok(ledger)
    }

    /// Opens the ledger in `folder` as it is, to look at it; `None` if there is none.
    pub fn open_existing(folder: &Path) -> Result<Option<Self>, LedgerError> {
        let path = folder.join(FILE);
        if !path.exists() {
            return Ok(None);
        }
        let fail = |source| LedgerError::Sqlite { path: path.clone(), source: Arc::new(source) };
        let connection = Connection::open(&path).map_err(fail)?;
        connection.busy_timeout(PATIENCE).map_err(fail)?;
        let ledger = Self { path: path.clone(), connection: Arc::new(Mutex::new(connection)) };
        ledger.version().map(|_| Some(ledger))
    }

    /// The version of the file, if it is not newer than this program.
    fn version(&self) -> Result<u32, LedgerError> {
        let found: u32 = self.with(|it| it.pragma_query_value(None, "user_version", |row| row.get(0)))?;
        let known = MIGRATIONS.len() as u32;
        if found > known {
            return Err(LedgerError::Newer { path: self.path.clone(), found, known });
        }
        Ok(found)
    }

    fn migrate(&self) -> Result<(), LedgerError> {
        let found = self.version()?;
        for (at, step) in MIGRATIONS.iter().enumerate().skip(found as usize) {
            self.with(|connection| {
                let step = format!("BEGIN IMMEDIATE;\n{step}\nPRAGMA user_version = {};\nCOMMIT;", at + 1);
                connection.execute_batch(&step)
            })?;
        }
        Ok(())
    }

    /// Does something with the file. Bounded: every statement here touches few rows.
    fn with<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, LedgerError> {
        let connection: MutexGuard<'_, _> = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        work(&connection)
            .map_err(|source| LedgerError::Sqlite { path: self.path.clone(), source: Arc::new(source) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_there_after_it_is_opened_again() {
        let folder = tempfile::tempdir().unwrap();

        Ledger::open(folder.path()).unwrap().set_cursor("x", "1").unwrap();

        assert_eq!(Ledger::open(folder.path()).unwrap().cursor("x").unwrap().as_deref(), Some("1"));
    }

    #[test]
    fn looking_makes_no_ledger() {
        let folder = tempfile::tempdir().unwrap();

        assert!(Ledger::open_existing(folder.path()).unwrap().is_none());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);

        Ledger::open(folder.path()).unwrap().set_cursor("x", "1").unwrap();
        let ledger = Ledger::open_existing(folder.path()).unwrap().unwrap();
        assert_eq!(ledger.cursor("x").unwrap().as_deref(), Some("1"));
    }

    #[test]
    fn a_newer_file_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(folder.path()).unwrap();
        ledger.with(|it| it.pragma_update(None, "user_version", 99)).unwrap();
        drop(ledger);

        let error = Ledger::open(folder.path()).unwrap_err();

        assert!(error.to_string().contains("has version 99"), "{error}");
    }

    #[test]
    fn a_file_that_is_no_ledger_is_named() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(FILE), "x".repeat(4096)).unwrap();

        let error = Ledger::open(folder.path()).unwrap_err();

        assert!(error.to_string().contains(FILE), "{error}");
    }
}
