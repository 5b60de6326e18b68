//! What could not be said yet: kept in order until it is.

use rusqlite::{Row, params};

use crate::domain::id::Uid;
use crate::ledger::places::{self, Thread};
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

/// A message that is to be posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// Where it goes.
    pub channel: u64,
    /// Makes saying it twice show it once.
    pub nonce: String,
    /// The message as JSON.
    pub body: String,
}

/// What is told of a part of a history, with everything that follows from having told it.
#[derive(Clone, Debug)]
pub struct Telling {
    /// Whose history it is.
    pub project: Uid,
    /// The cursor that moves.
    pub cursor: String,
    /// How far the history is told then.
    pub told: String,
    /// The threads that were made or opened for it.
    pub threads: Vec<Thread>,
    /// What is said.
    pub letters: Vec<Letter>,
}

const PUT: &str = "INSERT OR IGNORE INTO outbox (channel, nonce, body) VALUES (?1, ?2, ?3)";

impl Ledger {
    /// Keeps all of a telling or, if the process ends meanwhile, nothing: so it is told once.
    pub fn tell(&self, telling: &Telling) -> Result<(), LedgerError> {
        self.has_room_for(telling.letters.len())?;
        self.with(|it| {
            let transaction = it.unchecked_transaction()?;
            for thread in &telling.threads {
                places::put_thread(&transaction, telling.project, thread)?;
            }
            for letter in &telling.letters {
                let row = params![letter.channel.cast_signed(), letter.nonce, letter.body];
                transaction.execute(PUT, row)?;
            }
            places::put_cursor(&transaction, &telling.cursor, &telling.told)?;
            transaction.commit()
        })
    }

    /// Whether something waits to be said in a channel.
    pub fn has_letters_for(&self, channel: u64) -> Result<bool, LedgerError> {
        self.with(|it| {
            let sql = "SELECT EXISTS (SELECT 1 FROM outbox WHERE channel = ?1)";
            it.query_row(sql, [channel.cast_signed()], |row| row.get(0))
        })
    }

    fn has_room_for(&self, more: usize) -> Result<(), LedgerError> {
        let waiting: u32 =
            self.with(|it| it.query_row("SELECT count(*) FROM outbox", [], |row| row.get(0)))?;
        let more = u32::try_from(more).unwrap_or(u32::MAX);
        if waiting.saturating_add(more) > OUTBOX_MAX { Err(LedgerError::Full { waiting }) } else { Ok(()) }
    }

    /// Keeps a message until it can be said. The same nonce again changes nothing.
    pub fn put_out(&self, channel: u64, nonce: &str, body: &str) -> Result<(), LedgerError> {
        self.has_room_for(1)?;
        self.with(|it| it.execute(PUT, params![channel.cast_signed(), nonce, body]))?;
        Ok(())
    }

    /// Notes what is to be said if this process does not come to say something itself; instead of what was noted with
    /// the same nonce before.
    pub fn promise(&self, letter: &Letter) -> Result<(), LedgerError> {
        self.with(|it| {
            let sql = "INSERT OR REPLACE INTO promise (nonce, channel, body) VALUES (?1, ?2, ?3)";
            it.execute(sql, params![letter.nonce, letter.channel.cast_signed(), letter.body])
        })?;
        Ok(())
    }

    /// Forgets a promise, because it was kept.
    pub fn forget_promise(&self, nonce: &str) -> Result<(), LedgerError> {
        self.with(|it| it.execute("DELETE FROM promise WHERE nonce = ?1", [nonce]))?;
        Ok(())
    }

    /// What was promised and not kept, oldest first.
    pub fn promises(&self) -> Result<Vec<Letter>, LedgerError> {
        self.with(|it| {
            let mut all = it.prepare_cached("SELECT channel, nonce, body FROM promise ORDER BY rowid")?;
            let rows = all.query_map([], |row: &Row<'_>| {
                let channel = row.get::<_, i64>(0)?.cast_unsigned();
                Ok(Letter { channel, nonce: row.get(1)?, body: row.get(2)? })
            })?;
            rows.collect()
        })
    }

    /// Has something said that was promised.
    pub fn redeem(&self, nonce: &str) -> Result<(), LedgerError> {
        self.with(|it| {
            let transaction = it.unchecked_transaction()?;
            let sql = "INSERT OR IGNORE INTO outbox (channel, nonce, body) \
                       SELECT channel, nonce, body FROM promise WHERE nonce = ?1";
            transaction.execute(sql, [nonce])?;
            transaction.execute("DELETE FROM promise WHERE nonce = ?1", [nonce])?;
            transaction.commit()
        })
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

    #[test]
    fn a_telling_is_kept_as_a_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(folder.path()).unwrap();
        let project = Uid("01J0000000000000000000000A".parse().unwrap());
        let letter = |at: usize| Letter { channel: 5, nonce: at.to_string(), body: "x".to_owned() };
        let thread = Thread { story: "S-1".parse().unwrap(), thread: 5, closed: false };
        let telling = |letters| Telling {
            project,
            cursor: "told".to_owned(),
            told: "abc".to_owned(),
            threads: vec![thread.clone()],
            letters,
        };

        let full = ledger.tell(&telling((0..=OUTBOX_MAX as usize).map(letter).collect()));
        assert!(matches!(full, Err(LedgerError::Full { .. })));
        assert_eq!((ledger.cursor("told").unwrap(), ledger.has_letters_for(5).unwrap()), (None, false));
        assert_eq!(ledger.threads(project).unwrap(), []);

        ledger.tell(&telling(vec![letter(1), letter(2)])).unwrap();
        assert_eq!(ledger.cursor("told").unwrap().as_deref(), Some("abc"));
        assert_eq!(ledger.waiting(10).unwrap().len(), 2);
        assert_eq!((ledger.has_letters_for(5).unwrap(), ledger.has_letters_for(6).unwrap()), (true, false));
        assert_eq!(ledger.threads(project).unwrap(), std::slice::from_ref(&thread));
    }

    #[test]
    fn only_promises_that_were_not_kept_are_redeemed_and_with_their_latest_words() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(folder.path()).unwrap();
        let letter =
            |nonce: &str, body: &str| Letter { channel: 5, nonce: nonce.to_owned(), body: body.to_owned() };
        for (nonce, body) in [("a", "wait"), ("b", "wait"), ("b", "done"), ("c", "wait")] {
            ledger.promise(&letter(nonce, body)).unwrap();
        }
        ledger.forget_promise("a").unwrap();

        for promised in ledger.promises().unwrap() {
            ledger.redeem(&promised.nonce).unwrap();
        }

        assert_eq!(ledger.promises().unwrap(), []);
        let said: Vec<_> = ledger.waiting(9).unwrap().into_iter().map(|it| (it.nonce, it.body)).collect();
        let expected = [("b", "done"), ("c", "wait")];
        assert_eq!(said, expected.map(|(nonce, body)| (nonce.to_owned(), body.to_owned())));
    }
}
