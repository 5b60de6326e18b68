//! A Discord, a repository and the bot, all in this process and in one folder that is removed afterwards.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use serde_json::{Map, json};
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::config;
use crate::engine::{Engine, Settings};
use crate::ledger::Ledger;
use crate::sandbox::{Channel, ChannelKind, Discord, Message, Outcome, Person, SandboxError, Seen, Server};
use crate::store;
use crate::surface::cli::sandbox::script::{Deed, Step, Who};
use crate::surface::desk::Desk;
use crate::surface::discord::{self, Setup};

/// What stands for the name of this machine in names of channels.
const HOST: &str = "sandbox";
/// How long nothing has to be sent before it counts as all: longer than between two edits of a board.
const QUIET: Duration = Duration::from_millis(2_500);
/// How long to wait for that.
const QUIET_AT_LAST: Duration = Duration::from_secs(15);
/// How often to look.
const LOOK: Duration = Duration::from_millis(50);
/// What the repository is called.
const PROJECT: &str = "shop";
/// The channel with a line for each project.
const OVERVIEW: &str = "all-projects";
/// Where people are before there is a project.
const FIRST: &str = "general";

/// Everything that is needed to watch the bot.
pub(super) struct Stage {
    folder: TempDir,
    server: Server,
    desk: Desk,
    stop: watch::Sender<bool>,
    bot: JoinHandle<anyhow::Result<()>>,
    ada: Person,
    bob: Person,
    /// What was answered last in public.
    last: Option<Message>,
}

/// What is to be seen of a step.
pub(super) struct Scene {
    pub(super) who: String,
    /// With its `#`.
    pub(super) channel: String,
    pub(super) does: String,
    pub(super) seen: String,
    pub(super) is_private: bool,
}

impl Stage {
    /// Furnishes everything below `temporary`, and waits until the bot is on line.
    pub(super) async fn open(settings: &Settings, temporary: &Path) -> anyhow::Result<Self> {
        let made = tempfile::Builder::new().prefix("bandmaster-sandbox-").tempdir_in(temporary);
        let folder = made.with_context(|| format!("cannot make a folder in {}", temporary.display()))?;
        store::init_repository(&folder.path().join(PROJECT))?;
        let server = Server::start().await.context("cannot start the local Discord")?;
        let settings = Settings { data_dir: folder.path().join("data"), ..settings.clone() };
        let engine = Engine::start(settings.clone())?;
        let desk = Desk::new(engine, settings.ambient.clone());
        let setup = Setup {
            desk: desk.clone(),
            ledger: Ledger::open(&settings.data_dir)?,
            config: configuration(&server),
            roots: Arc::new([folder.path().to_owned()]),
            token: server.token(),
            ambient: settings.ambient,
        };
        let (stop, stopping) = watch::channel(false);
        let bot = tokio::spawn(discord::serve(setup, stopping));
        let (ada, bob) = (server.owner(), server.add_person(server.guild(), "bob"));
        let stage = Self { folder, server, desk, stop, bot, ada, bob, last: None };
        match stage.server.until_ready(1).await {
            Ok(()) => Ok(stage),
            Err(error) => {
                let why = stage.close(false).await.err();
                Err(why.unwrap_or_else(|| error.into()).context("the bot does not come on line"))
            }
        }
    }

    /// The repository.
    pub(super) fn repository(&self) -> PathBuf {
        self.folder.path().join(PROJECT)
    }

    /// Plays a step.
    ///
    /// # Errors
    ///
    /// If it is answered in another way than the step wants.
    pub(super) async fn play(&mut self, step: &Step) -> anyhow::Result<Scene> {
        let who = if step.who == Who::Ada { &self.ada } else { &self.bob };
        let channel = self.place();
        let seen = self.act(who, &channel, step).await?;
        let text = seen.text();
        if seen.messages.is_empty() || seen.is_private() != step.refused {
            let expected = if step.refused { "a refusal" } else { "an answer" };
            anyhow::bail!("`{}` was to get {expected}, and got: {text}", step.shown());
        }
        let (is_private, who) = (seen.is_private(), who.name());
        if !is_private {
            self.last = seen.messages.into_iter().next();
        }
        Ok(Scene { who, channel: format!("#{channel}"), does: step.shown(), seen: text, is_private })
    }

    async fn act(&self, who: &Person, channel: &str, step: &Step) -> Result<Seen, SandboxError> {
        let asked = match &step.deed {
            Deed::Types(command, options) => {
                let options = options.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
                who.ask_slash(channel, command, &options.collect::<Map<_, _>>().into())?
            }
            Deed::Clicks(button) => who.ask_click(self.last()?, button)?,
            Deed::FillsIn(button, text) => {
                let opened = who.click(self.last()?, button).await?;
                let modal = opened.modal()?;
                let (label, _) = modal.inputs().into_iter().next().unwrap_or_default();
                who.ask_submit(modal, &json!({ label: text }))?
            }
        };
        // A late refusal first takes the public answer back; for a moment there is nothing to read.
        let is_there = |_: &Discord| {
            let seen = asked.seen();
            let has_failed = seen.outcome == Outcome::NoResponse;
            (has_failed || seen.outcome == Outcome::Answered && !seen.messages.is_empty()).then_some(seen)
        };
        self.server.until("an answer of the bot", is_there).await
    }

    fn last(&self) -> Result<&Message, SandboxError> {
        self.last.as_ref().ok_or_else(|| SandboxError::Unexpected("a message with buttons".to_owned()))
    }

    /// Where people speak about the project: its channel, as soon as it has one.
    fn place(&self) -> String {
        let own = format!("{HOST}-{PROJECT}");
        self.server.channel(&own).map_or_else(|| FIRST.to_owned(), |channel| channel.name)
    }

    /// Waits until the bot has nothing to say any more: boards follow a little later.
    pub(super) async fn settle(&self) {
        let (began, mut since, mut sent) = (Instant::now(), Instant::now(), 0);
        while since.elapsed() < QUIET && began.elapsed() < QUIET_AT_LAST {
            let now = self.server.requests_count();
            if now != sent {
                (sent, since) = (now, Instant::now());
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// What else there is to see in the end: pinned boards, threads, the overview.
    pub(super) fn rest(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for channel in self.server.channels(self.server.guild()) {
            let name = format!("#{}", channel.name);
            match channel.kind {
                ChannelKind::Thread => found.push((name, self.all_of(&channel))),
                ChannelKind::Text if channel.name == OVERVIEW => found.push((name, self.all_of(&channel))),
                ChannelKind::Text => {
                    let pinned = self.server.pinned(channel.id);
                    found.extend(pinned.iter().map(|it| (format!("{name}, pinned"), it.text())));
                }
                ChannelKind::Category | ChannelKind::Direct => {}
            }
        }
        found
    }

    fn all_of(&self, channel: &Channel) -> String {
        let texts = self.server.messages(channel.id);
        let texts: Vec<_> = texts.iter().map(Message::text).collect();
        texts.join("\n")
    }

    /// Ends everything, and removes the folder unless it is to be kept.
    pub(super) async fn close(self, keep: bool) -> anyhow::Result<()> {
        // Nobody listening any more is fine too: then the bot says why.
        let _ = self.stop.send(true);
        let served = self.bot.await.context("the bot failed")?;
        self.desk.engine().stop().await;
        drop(self.server);
        if keep {
            let _ = self.folder.keep();
        } else {
            self.folder.close().context("cannot remove the folder of the sandbox")?;
        }
        served
    }
}

fn configuration(server: &Server) -> config::Discord {
    let guild = config::Guild {
        id: server.guild().get(),
        overview: Some(OVERVIEW.to_owned()),
        roles: config::Roles::default(),
        projects: BTreeMap::new(),
    };
    config::Discord {
        api_base: server.url(),
        host: Some(HOST.to_owned()),
        guilds: vec![guild],
        ..config::Discord::default()
    }
}
