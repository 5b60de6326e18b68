//! Which channel belongs to which project: in memory for every command, in the ledger for good.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use serenity::all::{ChannelId, GuildId};

use crate::domain::id::Uid;
use crate::ledger::{Channel, Ledger, LedgerError};

/// The channels of all projects.
#[derive(Debug)]
pub(super) struct Places {
    ledger: Ledger,
    by_project: RwLock<HashMap<Uid, Channel>>,
}

impl Places {
    /// Reads what the ledger knows.
    pub(super) fn open(ledger: Ledger) -> Result<Self, LedgerError> {
        let channels = ledger.channels()?.into_iter().map(|it| (it.project, it)).collect();
        Ok(Self { ledger, by_project: RwLock::new(channels) })
    }

    /// The channel of a project.
    pub(super) fn of(&self, project: Uid) -> Option<Channel> {
        self.read().get(&project).cloned()
    }

    /// The project of a channel.
    pub(super) fn project_in(&self, channel: ChannelId) -> Option<Uid> {
        self.read().values().find(|it| it.channel == channel.get()).map(|it| it.project)
    }

    /// The server in which a project has its channel.
    pub(super) fn guild_of(&self, project: Uid) -> Option<GuildId> {
        self.read().get(&project).map(|it| GuildId::new(it.guild))
    }

    /// All of them.
    pub(super) fn all(&self) -> Vec<Channel> {
        self.read().values().cloned().collect()
    }

    /// Gives a project this channel from now on.
    pub(super) fn set(&self, channel: Channel) -> Result<(), LedgerError> {
        self.ledger.set_channel(&channel)?;
        let mut all = self.by_project.write().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, it| it.channel != channel.channel);
        all.insert(channel.project, channel);
        Ok(())
    }

    /// Forgets everything about a project.
    pub(super) fn forget(&self, project: Uid) -> Result<(), LedgerError> {
        self.ledger.forget(project)?;
        self.by_project.write().unwrap_or_else(PoisonError::into_inner).remove(&project);
        Ok(())
    }

    fn read(&self) -> RwLockReadGuard<'_, HashMap<Uid, Channel>> {
        self.by_project.read().unwrap_or_else(PoisonError::into_inner)
    }
}
