//! Which channel belongs to which project: in memory for every command, in the ledger for good.
//!
//! A project whose channel was deleted stays with its server: nobody elsewhere gets to see it by that.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use serenity::all::{ChannelId, GuildId};

use crate::domain::id::Uid;
use crate::ledger::{Channel, Ledger, LedgerError};

/// What the ledger calls the server of a project without a channel.
const WITHOUT: &str = "without-channel:";

/// The channels of all projects.
#[derive(Debug)]
pub(super) struct Places {
    ledger: Ledger,
    all: RwLock<All>,
}

#[derive(Debug, Default)]
struct All {
    channels: HashMap<Uid, Channel>,
    /// The servers of projects that have lost their channel.
    without: HashMap<Uid, GuildId>,
}

impl Places {
    /// Reads what the ledger knows.
    pub(super) fn open(ledger: Ledger) -> Result<Self, LedgerError> {
        let channels = ledger.channels()?.into_iter().map(|it| (it.project, it)).collect();
        let without = ledger.cursors(WITHOUT)?.into_iter().filter_map(|(project, guild)| {
            let guild = guild.parse().ok().filter(|id| *id != 0)?;
            Some((Uid(project.parse().ok()?), GuildId::new(guild)))
        });
        let all = All { channels, without: without.collect() };
        Ok(Self { ledger, all: RwLock::new(all) })
    }

    /// The channel of a project.
    pub(super) fn of(&self, project: Uid) -> Option<Channel> {
        self.read().channels.get(&project).cloned()
    }

    /// The project of a channel.
    pub(super) fn project_in(&self, channel: ChannelId) -> Option<Uid> {
        self.read().channels.values().find(|it| it.channel == channel.get()).map(|it| it.project)
    }

    /// The server in which a project has its channel, or had it.
    pub(super) fn guild_of(&self, project: Uid) -> Option<GuildId> {
        let all = self.read();
        let guild = all.channels.get(&project).map(|it| GuildId::new(it.guild));
        guild.or_else(|| all.without.get(&project).copied())
    }

    /// All of them.
    pub(super) fn all(&self) -> Vec<Channel> {
        self.read().channels.values().cloned().collect()
    }

    /// Gives a project this channel from now on.
    pub(super) fn set(&self, channel: Channel) -> Result<(), LedgerError> {
        self.ledger.set_channel(&channel)?;
        self.ledger.forget_cursor(&format!("{WITHOUT}{}", channel.project))?;
        let mut all = self.write();
        all.channels.retain(|_, it| it.channel != channel.channel);
        all.without.remove(&channel.project);
        all.channels.insert(channel.project, channel);
        Ok(())
    }

    /// Takes note that a channel is gone. Gives what it was, if it belonged to a project.
    pub(super) fn lose(&self, channel: ChannelId) -> Result<Option<Channel>, LedgerError> {
        let Some(project) = self.project_in(channel) else { return Ok(None) };
        let Some(lost) = self.of(project) else { return Ok(None) };
        self.ledger.set_cursor(&format!("{WITHOUT}{project}"), &lost.guild.to_string())?;
        self.ledger.forget_channel(project)?;
        let mut all = self.write();
        all.without.insert(project, GuildId::new(lost.guild));
        Ok(all.channels.remove(&project))
    }

    /// Forgets everything about a project. Gives its channel to whoever is first to do so.
    pub(super) fn forget(&self, project: Uid) -> Result<Option<Channel>, LedgerError> {
        self.ledger.forget(project)?;
        let mut all = self.write();
        all.without.remove(&project);
        Ok(all.channels.remove(&project))
    }

    fn read(&self) -> RwLockReadGuard<'_, All> {
        self.all.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, All> {
        self.all.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(channel: u64) -> Channel {
        let project = Uid("01J0000000000000000000000A".parse().unwrap());
        Channel { project, guild: 7, channel, bound: false }
    }

    #[test]
    fn a_project_without_its_channel_stays_with_its_server() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(folder.path()).unwrap();
        let places = Places::open(ledger.clone()).unwrap();
        let project = place(1).project;
        places.set(place(1)).unwrap();

        assert_eq!(places.lose(ChannelId::new(1)).unwrap(), Some(place(1)));

        for places in [&places, &Places::open(ledger.clone()).unwrap()] {
            assert_eq!(places.of(project), None);
            assert_eq!(places.guild_of(project), Some(GuildId::new(7)));
        }
        assert_eq!(places.lose(ChannelId::new(1)).unwrap(), None, "once");
        places.set(place(2)).unwrap();
        assert_eq!(places.project_in(ChannelId::new(2)), Some(project));
        assert_eq!(ledger.cursors(WITHOUT).unwrap(), []);
    }

    #[test]
    fn only_the_first_to_forget_a_project_gets_its_channel() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(folder.path()).unwrap();
        let places = Places::open(ledger.clone()).unwrap();
        places.set(place(1)).unwrap();

        assert_eq!(places.forget(place(1).project).unwrap(), Some(place(1)));
        assert_eq!(places.forget(place(1).project).unwrap(), None);
        assert_eq!(Places::open(ledger).unwrap().guild_of(place(1).project), None);
    }
}
