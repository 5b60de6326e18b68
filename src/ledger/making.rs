//! Channels that are being made: noted before, so that nothing is left of what did not come to its end.

use rusqlite::params;

use crate::ledger::{Ledger, LedgerError};

/// A channel that is being made for a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Making {
    /// The server.
    pub guild: u64,
    /// What the channel will be called.
    pub channel: String,
    /// What the project will be called.
    pub project: String,
    /// The top of its work tree.
    pub path: String,
    /// The category that is made for it, if there is none with room.
    pub category: Option<String>,
}

impl Ledger {
    /// Notes that a channel is about to be made.
    pub fn begin_making(&self, it: &Making) -> Result<(), LedgerError> {
        let (guild, category) = (it.guild.cast_signed(), it.category.as_deref());
        self.with(|file| {
            let sql = "INSERT OR REPLACE INTO making (guild, channel, project, path, category) VALUES (?1, ?2, ?3, ?4, ?5)";
            file.execute(sql, params![guild, it.channel, it.project, it.path, category])
        })?;
        Ok(())
    }

    /// What was begun on a server and is not ended.
    pub fn makings(&self, guild: u64) -> Result<Vec<Making>, LedgerError> {
        self.with(|it| {
            let sql = "SELECT channel, project, path, category FROM making WHERE guild = ?1 ORDER BY channel";
            let mut all = it.prepare_cached(sql)?;
            let rows = all.query_map([guild.cast_signed()], |row| {
                let (channel, project, path) = (row.get(0)?, row.get(1)?, row.get(2)?);
                Ok(Making { guild, channel, project, path, category: row.get(3)? })
            })?;
            rows.collect()
        })
    }

    /// Notes that a channel is made, or not wanted any more and gone.
    pub fn end_making(&self, guild: u64, channel: &str) -> Result<(), LedgerError> {
        let sql = "DELETE FROM making WHERE guild = ?1 AND channel = ?2";
        self.with(|it| it.execute(sql, params![guild.cast_signed(), channel]))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_begun_is_known_until_it_is_ended() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(folder.path()).unwrap();
        let making = |guild, channel: &str| Making {
            guild,
            channel: channel.to_owned(),
            project: "shop".to_owned(),
            path: "/srv/shop".to_owned(),
            category: Some("Bandmaster".to_owned()),
        };
        let (first, second) = (making(u64::MAX, "a"), making(u64::MAX, "b"));
        for one in [&first, &second, &first, &making(7, "a")] {
            ledger.begin_making(one).unwrap();
        }

        assert_eq!(ledger.makings(u64::MAX).unwrap(), [first, second.clone()]);
        ledger.end_making(u64::MAX, "a").unwrap();
        assert_eq!(ledger.makings(u64::MAX).unwrap(), [second]);
        assert_eq!(ledger.makings(7).unwrap().len(), 1);
    }
}
