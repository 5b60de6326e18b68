//! A local Discord, projects with a channel each, and the bot between them, all in this process.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Context;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::bench::session::Session;
use crate::bench::workshop::Workshop;
use crate::config;
use crate::domain::id::ProjectName;
use crate::engine::Entry;
use crate::ledger::{Channel, Ledger};
use crate::sandbox::{Discord, Server, Snowflake};
use crate::surface::discord::{Setup, serve};

/// Everything that is spoken to.
pub(super) struct Chat {
    pub(super) server: Server,
    pub(super) session: Session,
    stop: watch::Sender<bool>,
    bot: JoinHandle<anyhow::Result<()>>,
}

/// The name of the channel of a project.
pub(super) fn channel_of(project: &str) -> String {
    format!("bench-{project}")
}

/// Gives a project a channel of its own on a server, as if that had been done long ago.
pub(super) fn tie(ledger: &Ledger, discord: &Discord, guild: Snowflake, entry: &Entry) -> anyhow::Result<()> {
    let channel = discord.add_channel(guild, &channel_of(entry.name.as_str()), None);
    let place = Channel { project: entry.key, guild: guild.get(), channel: channel.get(), bound: false };
    Ok(ledger.set_channel(&place)?)
}

/// The configuration for these servers, with everybody a viewer and their owners admins.
pub(super) fn configuration(discord: &Discord, guilds: &[Snowflake]) -> config::Discord {
    let roles = config::Roles::default;
    let guild = |id: &Snowflake| config::Guild {
        id: id.get(),
        overview: None,
        roles: roles(),
        projects: BTreeMap::new(),
    };
    config::Discord {
        api_base: discord.url(),
        host: Some("bench".to_owned()),
        guilds: guilds.iter().map(guild).collect(),
        ..config::Discord::default()
    }
}

impl Chat {
    /// Starts everything with these projects, in the data folder `name`.
    pub(super) async fn open(workshop: &Workshop, name: &str, projects: &[String]) -> anyhow::Result<Self> {
        let settings = workshop.settings(name);
        let session = Session::start(settings.clone())?;
        let server = Server::start().await?;
        let ledger = Ledger::open(&settings.data_dir)?;
        for project in projects {
            let name: ProjectName =
                session.register(&workshop.folder().join(name).join(project), project).await?;
            let entry = session.engine().find(name.as_str())?;
            tie(&ledger, &server, server.guild(), &entry)?;
        }
        let setup = Setup {
            desk: session.desk().clone(),
            ledger,
            config: configuration(&server, &[server.guild()]),
            roots: Arc::new([]),
            token: server.token(),
            ambient: settings.ambient,
        };
        let (stop, stopping) = watch::channel(false);
        let bot = tokio::spawn(serve(setup, stopping));
        server.until_ready(1).await.context("the bot does not come on line")?;
        Ok(Self { server, session, stop, bot })
    }

    /// Ends everything in order.
    pub(super) async fn close(self) -> anyhow::Result<()> {
        // Nobody listening any more is fine too: then the bot says why.
        let _ = self.stop.send(true);
        let served = self.bot.await.context("the bot failed")?;
        self.session.stop().await;
        served
    }
}
