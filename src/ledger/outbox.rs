//! What could not be said yet: kept in order until it is.

use rusqlite::{Row, params};

use crate::ledger::{Ledger, LedgerError};

/// How many messages may wait. Whoever is away for longer than that reads the log.
pub const OUTBOX_MAX: u32 = 10_000;

/// A message that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Its place in the order.
    pub id: i64,
    /// Where it goes.
    pub channel: u64,
    /// Makes saying it twice show it once.
    pub nonce: String,
    /// The message as JSON.
    pub body: String,
}

impl Ledger {
    /// Keeps a message until it can be said. The same nonce again changes nothing.
    pub fn put_out(&self, channel: u64, nonce: &str, body: &str) -> Result<(), LedgerError> {
        let waiting: u32 =
            self.with(|it| it.query_row("SELECT count(*) FROM outbox", [], |row| row.get(0)))?;
        if waiting >= OUTBOX_MAX {
            return Err(LedgerError::Full { waiting });
        }
        self.with(|it| {
            let sql = "INSERT OR IGNORE INTO outbox (channel, nonce, body) VALUES (?1, ?2, ?3)";
            it.execute(sql, params![channel.cast_signed(), nonce, body])
        })?;
        Ok(())
    }

    /// The messages that have waited longest, at most `most`.
    pub fn waiting(&self, most: u32) -> Result<Vec<Waiting>, LedgerError> {
        self.with(|it| {
            let sql = "SELECT id, channel, nonce, body FROM outbox ORDER BY id LIMIT ?1";
            let mut some = it.prepare_cached(sql)?;
            let rows = some.query_map([most], |row: &Row<'_>| {
                let channel = row.get::<_, i64>(1)?.cast_unsigned();
                Ok(Waiting { id: row.get(0)?, channel, nonce: row.get(2)?, body: row.get(3)? })
            })?;
            rows.collect()
        })
    }

    /// Forgets a message, because it was said or can never be.
    pub fn take_out(&self, id: i64) -> Result<(), LedgerError> {
        self.with(|it| it.execute("DELETE FROM outbox WHERE id = ?1", [id]))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_come_out_in_the_order_in_which_they_went_in_and_once() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(folder.path()).unwrap();
        for (nonce, body) in [("a", "first"), ("b", "second"), ("a", "first"), ("c", "third")] {
            ledger.put_out(5, nonce, body).unwrap();
        }

        let mut seen = Vec::new();
        while let Some(one) = ledger.waiting(1).unwrap().pop() {
            ledger.take_out(one.id).unwrap();
            seen.push(one.body);
        }

        assert_eq!(seen, ["first", "second", "third"]);
    }
}
