//! Where on a chat things of a project are: its channel, its board, the threads of its stories.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::domain::id::{StoryId, Uid};
use crate::ledger::{Ledger, LedgerError};

/// The channel in which people speak about a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channel {
    /// Which project.
    pub project: Uid,
    /// The server.
    pub guild: u64,
    /// The channel or thread.
    pub channel: u64,
    /// Whether people made it and tied it to the project; otherwise it is ours.
    pub bound: bool,
}

/// A message that is kept up to date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    /// Where it is.
    pub channel: u64,
    /// Which it is.
    pub message: u64,
    /// What it shows.
    pub shown: String,
}

/// The thread of a story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thread {
    /// Which story.
    pub story: StoryId,
    /// Which thread.
    pub thread: u64,
    /// Whether the story is over and the thread put away.
    pub closed: bool,
}

/// SQLite has signed numbers only; ids of Discord use fewer than 64 bits.
fn signed(id: u64) -> i64 {
    id.cast_signed()
}

fn unsigned(row: &Row<'_>, at: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(at).map(i64::cast_unsigned)
}

fn parsed<T: std::str::FromStr>(row: &Row<'_>, at: usize) -> rusqlite::Result<T> {
    let text: String = row.get(at)?;
    text.parse().map_err(|_| rusqlite::Error::InvalidColumnType(at, text, rusqlite::types::Type::Text))
}

pub(super) fn put_thread(file: &Connection, project: Uid, it: &Thread) -> rusqlite::Result<()> {
    let sql = "INSERT OR REPLACE INTO thread (project, story, thread, closed) VALUES (?1, ?2, ?3, ?4)";
    let story = it.story.to_string();
    file.execute(sql, params![project.to_string(), story, signed(it.thread), it.closed]).map(drop)
}

pub(super) fn put_cursor(file: &Connection, name: &str, value: &str) -> rusqlite::Result<()> {
    file.execute("INSERT OR REPLACE INTO cursor (name, value) VALUES (?1, ?2)", [name, value]).map(drop)
}

impl Ledger {
    /// All channels of projects.
    pub fn channels(&self) -> Result<Vec<Channel>, LedgerError> {
        self.with(|it| {
            let mut all = it.prepare_cached("SELECT project, guild, channel, bound FROM channel")?;
            let rows = all.query_map([], |row| {
                let (guild, channel) = (unsigned(row, 1)?, unsigned(row, 2)?);
                Ok(Channel { project: Uid(parsed(row, 0)?), guild, channel, bound: row.get(3)? })
            })?;
            rows.collect()
        })
    }

    /// Notes the channel of a project, instead of another one that it may have had.
    pub fn set_channel(&self, it: &Channel) -> Result<(), LedgerError> {
        let (project, guild, channel) = (it.project.to_string(), signed(it.guild), signed(it.channel));
        self.with(|file| {
            let sql =
                "INSERT OR REPLACE INTO channel (project, guild, channel, bound) VALUES (?1, ?2, ?3, ?4)";
            file.execute(sql, params![project, guild, channel, it.bound])
        })?;
        Ok(())
    }

    /// Forgets the channel of a project, and nothing else about it.
    pub fn forget_channel(&self, project: Uid) -> Result<(), LedgerError> {
        self.with(|it| it.execute("DELETE FROM channel WHERE project = ?1", [project.to_string()]))?;
        Ok(())
    }

    /// Forgets everything about a project.
    pub fn forget(&self, project: Uid) -> Result<(), LedgerError> {
        let project = project.to_string();
        self.with(|file| {
            file.execute("DELETE FROM channel WHERE project = ?1", [&project])?;
            file.execute("DELETE FROM thread WHERE project = ?1", [&project])?;
            file.execute("DELETE FROM message WHERE owner = ?1", [&project])?;
            file.execute("DELETE FROM cursor WHERE name LIKE '%:' || ?1", [&project])
        })?;
        Ok(())
    }

    /// The message of a kind that `owner` has.
    pub fn posted(&self, kind: &str, owner: &str) -> Result<Option<Posted>, LedgerError> {
        self.with(|it| {
            let sql = "SELECT channel, message, shown FROM message WHERE kind = ?1 AND owner = ?2";
            it.query_row(sql, [kind, owner], |row| {
                Ok(Posted { channel: unsigned(row, 0)?, message: unsigned(row, 1)?, shown: row.get(2)? })
            })
            .optional()
        })
    }

    /// Notes the message of a kind that `owner` has now.
    pub fn set_posted(&self, kind: &str, owner: &str, it: &Posted) -> Result<(), LedgerError> {
        self.with(|file| {
            let sql = "INSERT OR REPLACE INTO message (kind, owner, channel, message, shown) VALUES (?1, ?2, ?3, ?4, ?5)";
            file.execute(sql, params![kind, owner, signed(it.channel), signed(it.message), it.shown])
        })?;
        Ok(())
    }

    /// Forgets the message of a kind that `owner` had.
    pub fn forget_posted(&self, kind: &str, owner: &str) -> Result<(), LedgerError> {
        self.with(|it| it.execute("DELETE FROM message WHERE kind = ?1 AND owner = ?2", [kind, owner]))?;
        Ok(())
    }

    /// The threads of the stories of a project.
    pub fn threads(&self, project: Uid) -> Result<Vec<Thread>, LedgerError> {
        self.with(|it| {
            let mut some =
                it.prepare_cached("SELECT story, thread, closed FROM thread WHERE project = ?1")?;
            let rows = some.query_map([project.to_string()], |row| {
                Ok(Thread { story: parsed(row, 0)?, thread: unsigned(row, 1)?, closed: row.get(2)? })
            })?;
            rows.collect()
        })
    }

    /// Notes the thread of a story.
    pub fn set_thread(&self, project: Uid, it: &Thread) -> Result<(), LedgerError> {
        self.with(|file| put_thread(file, project, it))
    }

    /// How far `name` has got.
    pub fn cursor(&self, name: &str) -> Result<Option<String>, LedgerError> {
        self.with(|it| {
            it.query_row("SELECT value FROM cursor WHERE name = ?1", [name], |row| row.get(0)).optional()
        })
    }

    /// How far everything has got whose name begins with `prefix`, each without the prefix.
    pub fn cursors(&self, prefix: &str) -> Result<Vec<(String, String)>, LedgerError> {
        self.with(|it| {
            let sql = "SELECT substr(name, length(?1) + 1), value FROM cursor WHERE substr(name, 1, length(?1)) = ?1";
            let mut some = it.prepare_cached(sql)?;
            let rows = some.query_map([prefix], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect()
        })
    }

    /// Forgets how far `name` has got.
    pub fn forget_cursor(&self, name: &str) -> Result<(), LedgerError> {
        self.with(|it| it.execute("DELETE FROM cursor WHERE name = ?1", [name]))?;
        Ok(())
    }

    /// Notes how far `name` has got.
    pub fn set_cursor(&self, name: &str, value: &str) -> Result<(), LedgerError> {
        self.with(|file| put_cursor(file, name, value))
    }

    /// Keeps a text under a key that is made of it.
    pub fn keep_text(&self, key: &str, text: &str) -> Result<(), LedgerError> {
        self.with(|it| {
            it.execute("INSERT OR IGNORE INTO kept_text (key, text) VALUES (?1, ?2)", [key, text])
        })?;
        Ok(())
    }

    /// The text that was kept under a key.
    pub fn kept_text(&self, key: &str) -> Result<Option<String>, LedgerError> {
        self.with(|it| {
            it.query_row("SELECT text FROM kept_text WHERE key = ?1", [key], |row| row.get(0)).optional()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ledger() -> (tempfile::TempDir, Ledger) {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(folder.path()).unwrap();
        (folder, ledger)
    }

    fn project(last: char) -> Uid {
        Uid(format!("01J0000000000000000000000{last}").parse().unwrap())
    }

    #[test]
    fn a_project_has_one_channel_and_a_channel_one_project() {
        let (_folder, ledger) = ledger();
        let place = |project, channel| Channel { project, guild: 7, channel, bound: false };

        ledger.set_channel(&place(project('A'), u64::MAX)).unwrap();
        ledger.set_channel(&place(project('B'), 2)).unwrap();
        ledger.set_channel(&place(project('A'), 3)).unwrap();
        assert_eq!(ledger.channels().unwrap().len(), 2);

        ledger.set_channel(&place(project('B'), 3)).unwrap();
        assert_eq!(ledger.channels().unwrap(), [place(project('B'), 3)]);
    }

    #[test]
    fn forgetting_a_project_leaves_the_others() {
        let (_folder, ledger) = ledger();
        let thread = |thread| Thread { story: "S-1".parse().unwrap(), thread, closed: false };
        for (name, number) in [('A', 1), ('B', 2)] {
            let owner = project(name);
            let posted = Posted { channel: number, message: number, shown: "x".to_owned() };
            ledger.set_channel(&Channel { project: owner, guild: 7, channel: number, bound: true }).unwrap();
            ledger.set_thread(owner, &thread(number)).unwrap();
            ledger.set_posted("board", &owner.to_string(), &posted).unwrap();
            ledger.set_cursor(&format!("told:{owner}"), "abc").unwrap();
        }

        ledger.forget(project('A')).unwrap();

        let left = |name| {
            let owner = project(name);
            let channels = ledger.channels().unwrap().iter().filter(|it| it.project == owner).count();
            let board = ledger.posted("board", &owner.to_string()).unwrap().is_some();
            let told = ledger.cursor(&format!("told:{owner}")).unwrap().is_some();
            (channels, board, told, ledger.threads(owner).unwrap().len())
        };
        assert_eq!((left('A'), left('B')), ((0, false, false, 0), (1, true, true, 1)));
    }

    #[test]
    fn a_text_is_found_by_its_key() {
        let (_folder, ledger) = ledger();

        ledger.keep_text("k", "approve A-1").unwrap();
        ledger.keep_text("k", "approve A-1").unwrap();

        assert_eq!(ledger.kept_text("k").unwrap().as_deref(), Some("approve A-1"));
        assert_eq!(ledger.kept_text("other").unwrap(), None);
    }
}
