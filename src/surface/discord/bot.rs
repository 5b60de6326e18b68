//! The bot as a whole: what it works with, how it gets on line, and how it leaves.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use poise::{Framework, FrameworkOptions};
use serenity::all::{Client, ClientBuilder, FullEvent, GatewayError, GatewayIntents, Http};
use tokio::sync::{Notify, watch};
use tokio_util::task::TaskTracker;

use crate::config;
use crate::engine::Ambient;
use crate::ledger::Ledger;
use crate::surface::desk::Desk;
use crate::surface::discord::connect;
use crate::surface::discord::following::Upkeep;
use crate::surface::discord::guilds::Guilds;
use crate::surface::discord::menu;
use crate::surface::discord::places::Places;
use crate::surface::discord::rest::{self, Fault};
use crate::surface::discord::rush::Rush;
use crate::surface::discord::topic::Topics;

/// How long what was begun may take when the program stops.
const LAST_ANSWERS: Duration = Duration::from_secs(10);
/// The pause after Discord could not be reached; it doubles up to the longest.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));
/// How long one try to reach Discord takes at most.
const PATIENCE: Duration = Duration::from_secs(20);

/// What the bot is built of.
#[derive(Clone)]
pub struct Setup {
    /// Where commands go.
    pub desk: Desk,
    /// Where the bot remembers where things are.
    pub ledger: Ledger,
    /// How it appears.
    pub config: config::Discord,
    /// The folders below which repositories may be registered.
    pub roots: Arc<[PathBuf]>,
    /// The token of the bot.
    pub token: String,
    /// Time, chance, and the name of the machine.
    pub ambient: Ambient,
}

/// The bot, as all its parts see it.
pub(super) struct Bot {
    setup: Setup,
    http: Http,
    guilds: Guilds,
    places: Places,
    topics: Topics,
    /// Held by whoever makes channels or looks for what was left of making them.
    pub(super) making: tokio::sync::Mutex<()>,
    upkeep: Upkeep,
    /// What was begun and should be finished before the program ends.
    pub(super) tasks: TaskTracker,
    /// Who has not had a first sign yet.
    pub(super) rush: Rush,
    /// Wakes whoever posts what waits.
    pub(super) outbox_filled: Notify,
    /// Becomes true when the program stops.
    pub(super) stopping: watch::Receiver<bool>,
}

/// What poise calls its data and its error. Nothing that reaches it fails: failures are answers.
pub(super) type Data = Arc<Bot>;
pub(super) type Never = std::convert::Infallible;

impl Bot {
    pub(super) fn setup(&self) -> &Setup {
        &self.setup
    }

    pub(super) fn desk(&self) -> &Desk {
        &self.setup.desk
    }

    pub(super) fn ledger(&self) -> &Ledger {
        &self.setup.ledger
    }

    pub(super) fn config(&self) -> &config::Discord {
        &self.setup.config
    }

    /// What this machine is called in channels.
    pub(super) fn host(&self) -> &str {
        self.setup.config.host.as_deref().unwrap_or(&self.setup.ambient.host)
    }

    pub(super) fn http(&self) -> &Http {
        &self.http
    }

    pub(super) fn guilds(&self) -> &Guilds {
        &self.guilds
    }

    pub(super) fn topics(&self) -> &Topics {
        &self.topics
    }

    pub(super) fn places(&self) -> &Places {
        &self.places
    }

    pub(super) fn upkeep(&self) -> &Upkeep {
        &self.upkeep
    }
}

/// Serves Discord until `stopping` says so. Losing the connection is no end; a token that is not accepted is.
///
/// # Errors
///
/// One sentence for the operator, when Discord can never be served with this configuration.
pub async fn serve(setup: Setup, stopping: watch::Receiver<bool>) -> anyhow::Result<()> {
    let http = connect::http(&setup.token, &setup.config)?;
    let places = Places::open(setup.ledger.clone())?;
    let bot = Arc::new(Bot {
        setup,
        http,
        guilds: Guilds::default(),
        places,
        topics: Topics::default(),
        making: tokio::sync::Mutex::default(),
        upkeep: Upkeep::default(),
        tasks: TaskTracker::new(),
        rush: Rush::default(),
        outbox_filled: Notify::new(),
        stopping,
    });
    bot.start_following();
    bot.tasks.spawn(Arc::clone(&bot).empty_outbox());
    bot.tasks.spawn(Arc::clone(&bot).keep_topics());
    let mut pause = PAUSES.0;
    loop {
        match bot.session().await? {
            Ended::Stopped => break,
            Ended::Away(why) => {
                tracing::warn!("Discord cannot be reached ({why}); trying again in {pause:?}");
                if bot.sleep(pause).await {
                    break;
                }
                pause = (pause * 2).min(PAUSES.1);
            }
        }
    }
    bot.finish().await;
    Ok(())
}

/// Why a session ended.
enum Ended {
    Stopped,
    Away(String),
}

impl Bot {
    /// Gets on line and serves until the program stops, or Discord is away for good.
    async fn session(self: &Arc<Self>) -> anyhow::Result<Ended> {
        // serenity asks for the real gateway when it cannot get this one, so it must be there before.
        let ready = rest::patiently(PATIENCE, || async {
            self.http.get_current_user().await?;
            self.http.get_gateway().await
        });
        match ready.await {
            Ok(_) => {}
            Err(Fault::Token) => return Err(bad_token()),
            Err(fault) => return Ok(Ended::Away(fault.to_string())),
        }
        let mut client = self.client().await?;
        let shards = Arc::clone(&client.shard_manager);
        let ended = tokio::select! {
            ended = client.start() => ended,
            () = self.stopped() => {
                shards.shutdown_all().await;
                return Ok(Ended::Stopped);
            }
        };
        match ended {
            Ok(()) => Ok(Ended::Away("the gateway closed the connection".to_owned())),
            Err(serenity::Error::Gateway(GatewayError::InvalidAuthentication)) => Err(bad_token()),
            Err(serenity::Error::Gateway(
                error @ (GatewayError::DisallowedGatewayIntents | GatewayError::InvalidGatewayIntents),
            )) => Err(anyhow!("Discord does not let the bot see its servers: {error}")),
            Err(error) => Ok(Ended::Away(error.to_string())),
        }
    }

    async fn client(self: &Arc<Self>) -> anyhow::Result<Client> {
        let options = FrameworkOptions {
            commands: menu::commands(super::command::run, super::command::complete),
            event_handler: |framework, event| {
                let bot = Arc::clone(framework.user_data);
                Box::pin(async move {
                    bot.event(event).await;
                    Ok(())
                })
            },
            on_error: |error| Box::pin(super::command::failed(error)),
            skip_checks_for_owners: false,
            ..FrameworkOptions::default()
        };
        let bot = Arc::clone(self);
        let framework = Framework::builder()
            .options(options)
            .initialize_owners(false)
            // Nothing here may fail or take its time: every event waits for it.
            .setup(move |_, _, _| Box::pin(std::future::ready(Ok(bot))))
            .build();
        // Interactions need no intent; channels, threads and roles need this one.
        let http = connect::http(&self.setup.token, &self.setup.config)?;
        ClientBuilder::new_with_http(http, GatewayIntents::GUILDS)
            .framework(framework)
            .await
            .context("cannot prepare the connection to Discord")
    }

    async fn event(self: &Arc<Self>, event: &FullEvent) {
        self.guilds.notice(event);
        match event {
            FullEvent::Ready { data_about_bot } => {
                self.http.set_application_id(data_about_bot.application.id);
                tracing::info!(name = data_about_bot.user.name, "on Discord");
            }
            FullEvent::Resume { .. } => tracing::info!("on Discord again"),
            FullEvent::GuildCreate { guild, .. } => {
                self.arrived(guild.id).await;
                self.met(guild.id);
            }
            FullEvent::ChannelDelete { channel, .. } => self.channel_gone(channel.id),
            FullEvent::ThreadDelete { thread, .. } => self.channel_gone(thread.id),
            FullEvent::InteractionCreate { interaction } => self.interaction(interaction).await,
            _ => {}
        }
    }

    /// Ends when the program stops.
    pub(super) async fn stopped(&self) {
        // Whoever could say so has gone: then it stops, too.
        let _ = self.stopping.clone().wait_for(|stop| *stop).await;
    }

    /// Waits; true if the program stops meanwhile.
    pub(super) async fn sleep(&self, pause: Duration) -> bool {
        tokio::time::timeout(pause, self.stopped()).await.is_ok()
    }

    async fn finish(&self) {
        self.tasks.close();
        if tokio::time::timeout(LAST_ANSWERS, self.tasks.wait()).await.is_err() {
            tracing::warn!("some answers could not be given before the end");
        }
    }
}

fn bad_token() -> anyhow::Error {
    anyhow!(
        "Discord does not accept the token of the bot; take a new one from the developer portal and put it into DISCORD_TOKEN or `discord.token_file`"
    )
}
