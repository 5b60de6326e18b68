//! What is put in order when a server appears: its slash commands, and the channels of its projects.

use std::sync::Arc;
use std::time::Duration;

use serenity::all::{CreateCommand, GuildId};

use crate::surface::discord::bot::{Bot, Data, Never};
use crate::surface::discord::{command, menu, rest};

/// How long to try to make the commands known. Discord shows those that it knows meanwhile.
const PATIENCE: Duration = Duration::from_secs(120);

impl Bot {
    /// A server has appeared, or appeared again. Takes no time: what needs it is done beside.
    pub(super) async fn arrived(self: &Arc<Self>, guild: GuildId) {
        if self.config_of(guild).is_err() {
            tracing::warn!(%guild, "this server is not in the configuration and is not served");
            return;
        }
        let bot = Arc::clone(self);
        self.tasks.spawn(async move { bot.make_commands_known(guild).await });
        let bot = Arc::clone(self);
        self.tasks.spawn(async move { bot.put_in_order(guild).await });
    }

    /// Tells a server about the commands, if it does not know these yet: it may be told only so often a day.
    async fn make_commands_known(&self, guild: GuildId) {
        let commands = menu::commands::<Data, Never>(command::run, command::complete);
        let commands: Vec<CreateCommand> =
            commands.iter().filter_map(poise::Command::create_as_slash_command).collect();
        let (name, print) = (format!("commands:{guild}"), menu::fingerprint(&commands));
        if self.ledger().cursor(&name).is_ok_and(|known| known.as_ref() == Some(&print)) {
            return;
        }
        let told = rest::patiently(PATIENCE, || guild.set_commands(self.http(), commands.clone()));
        match told.await {
            Ok(known) => {
                tracing::info!(%guild, commands = known.len(), "the slash commands are known");
                if let Err(error) = self.ledger().set_cursor(&name, &print) {
                    tracing::warn!("the slash commands will be sent again: {error}");
                }
            }
            Err(fault) => tracing::error!(
                %guild,
                "the slash commands cannot be made known: {fault}; was the bot invited with `applications.commands`?"
            ),
        }
    }
}
