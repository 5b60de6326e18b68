//! The yardsticks: one append with a flush, and one insert into SQLite, on the same disk.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context;
use rusqlite::Connection;

/// What is appended: a page, which is what a small change costs any program.
const PAGE: [u8; 4096] = [b'b'; 4096];
/// About as much as the journal keeps of a small command.
const ROW: [u8; 1024] = [b'b'; 1024];

/// Files to measure the disk with.
pub(crate) struct Disk {
    file: File,
    database: Connection,
}

impl Disk {
    /// Makes them in a folder.
    pub(crate) fn open(folder: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder).context("cannot make the folder of the yardsticks")?;
        let file = File::create(folder.join("appended")).context("cannot make a file to append to")?;
        let database = Connection::open(folder.join("inserted.sqlite")).context("cannot open SQLite")?;
        database.pragma_update(None, "journal_mode", "wal")?;
        database.pragma_update(None, "synchronous", "full")?;
        database.execute("create table change (id integer primary key, content blob)", ())?;
        Ok(Self { file, database })
    }

    /// Appends a page and flushes.
    pub(crate) fn append(&mut self) -> anyhow::Result<Duration> {
        let began = Instant::now();
        self.file.write_all(&PAGE).context("cannot append")?;
        self.file.sync_data().context("cannot flush")?;
        Ok(began.elapsed())
    }

    /// Inserts a row, durably.
    pub(crate) fn insert(&self) -> anyhow::Result<Duration> {
        let began = Instant::now();
        self.database.prepare_cached("insert into change (content) values (?1)")?.execute([ROW])?;
        Ok(began.elapsed())
    }
}

/// Does something that blocks, and gives back what it was done with.
pub(crate) async fn aside<S: Send + 'static, T: Send + 'static>(
    mut with: S,
    work: impl FnOnce(&mut S) -> anyhow::Result<T> + Send + 'static,
) -> anyhow::Result<(S, T)> {
    let done = tokio::task::spawn_blocking(move || {
        let result = work(&mut with);
        (with, result)
    });
    let (with, result) = done.await?;
    Ok((with, result?))
}
