//! Builds everything from the command line and the configuration, in order, and takes it down again.
//!
//! The one place where time, chance and the environment come from.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use jiff::Timestamp;
use tokio::sync::watch;

use crate::bench;
use crate::config::{self, Config, ConfigError, LogLevel};
use crate::domain::person::Person;
use crate::domain::refusal::{Code, Refusal};
use crate::engine::{Ambient, Settings};
use crate::ledger::Ledger;
use crate::store;
use crate::store::with_causes;
use crate::surface::cli::args::{Action, Bench, Cli, Common};
use crate::surface::cli::{self, Caller, Exit, Output, Surroundings};
use crate::surface::console::{self, Console, Opening};
use crate::surface::control;
use crate::surface::control::server::ControlSocket;
use crate::surface::desk::{Desk, Outcome, fresh_id};
use crate::surface::discord;
use crate::surface::door::Door;
use crate::surface::parse::quoted;
use crate::telemetry;

/// The environment, as a value.
pub type Environment = dyn Fn(&str) -> Option<String>;

/// How long to wait for another process that has the projects open: a single command takes only a moment.
const PATIENCE: Duration = Duration::from_secs(5);

/// The variables that programs which we start may see.
const PASSED_ON: [&str; 6] = ["PATH", "HOME", "LANG", "LC_ALL", "XDG_CONFIG_HOME", "GIT_CONFIG_GLOBAL"];

/// Runs the program: the exit code, and what to say to the operator if it failed.
pub fn run(args: impl IntoIterator<Item = OsString>, env: &Environment) -> (u8, Option<String>) {
    let cli = match Cli::read(args) {
        Ok(cli) => cli,
        Err(code) => return (code, None),
    };
    match act(cli, env) {
        Ok(exit) => (exit.code(), None),
        Err(error) if is_closed_pipe(&error) => (0, None),
        Err(error) => (Exit::Failed.code(), Some(format!("{error:#}"))),
    }
}

/// Whoever read our output has had enough, as `head` does.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let io = error.chain().filter_map(|cause| cause.downcast_ref::<std::io::Error>());
    io.map(std::io::Error::kind).any(|kind| kind == std::io::ErrorKind::BrokenPipe)
}

fn act(cli: Cli, env: &Environment) -> anyhow::Result<Exit> {
    let output = Output {
        colour: cli.common.color,
        no_color: env("NO_COLOR").is_some_and(|value| !value.is_empty()),
        numbered: matches!(cli.action, Action::Console(_)),
        json: wants_json(&cli.action),
    };
    match &cli.action {
        Action::Schema { kind } => return cli::schema(kind.as_deref(), output),
        Action::Completions { shell } => return cli::completions(*shell, output),
        _ => {}
    }
    let loaded = Config::load(cli.common.config.as_deref(), &env);
    let data_dir = config::data_dir(cli.common.data_dir.as_deref(), &env)?;
    if let Action::Doctor { .. } = cli.action {
        let config = loaded.map(|_| named(&cli.common)).map_err(|error| with_causes(&error));
        let surroundings = Surroundings { data_dir, config, env: passed_on(env) };
        return small_runtime()?.block_on(cli::doctor(&surroundings, output));
    }
    let ended = loaded
        .map_err(Into::into)
        .and_then(|config| App::new(&config, data_dir, env, output)?.run(cli.action));
    match ended {
        // Whoever reads JSON gets JSON, whatever happens.
        Err(error) if output.json && !is_closed_pipe(&error) => {
            let id = fresh_id(&ambient()).to_string();
            Ok(output.outcome(&Outcome::failed(id, format!("{error:#}")))?)
        }
        ended => ended,
    }
}

fn named(common: &Common) -> String {
    common
        .config
        .as_ref()
        .map_or_else(|| "defaults, or the file of the user".to_owned(), |path| path.display().to_string())
}

fn wants_json(action: &Action) -> bool {
    match action {
        Action::Do(args) => args.json,
        Action::Register(args) => args.json,
        Action::Bench(args) => args.json,
        Action::Projects { json } | Action::Doctor { json } => *json,
        Action::Status(project) | Action::Verify(project) => project.json,
        Action::Log { project, .. }
        | Action::Ready { project, .. }
        | Action::Search { project, .. }
        | Action::Restore { project, .. } => project.json,
        Action::Schema { .. } => true,
        Action::Export(args) => args.json,
        Action::Discord { action } => match action {
            cli::args::Discord::Invite { json, .. } | cli::args::Discord::Check { json } => *json,
            cli::args::Discord::Sandbox(args) => args.json,
        },
        Action::Console(_) | Action::Serve | Action::Completions { .. } => false,
    }
}

/// One thread is enough for one command, and starts faster.
fn small_runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start the runtime")
}

fn large_runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start the runtime")
}

/// Runs on the threads of the runtime, as a server does, so that it measures what a server does.
async fn bench(app: App, args: Bench) -> anyhow::Result<Exit> {
    let setup = bench::Setup {
        settings: app.settings,
        env: app.env,
        program: std::env::current_exe().context("cannot find this program")?,
        folder: args.folder.clone().unwrap_or(app.temporary),
    };
    tokio::spawn(bench::run(args, setup, app.output)).await.context("measuring failed")?
}

fn passed_on(env: &Environment) -> Vec<(&'static str, OsString)> {
    PASSED_ON.iter().filter_map(|name| env(name).map(|value| (*name, OsString::from(value)))).collect()
}

fn settings(config: &Config, data_dir: PathBuf) -> Settings {
    Settings {
        data_dir,
        queue: config.limits.queue,
        batch: config.limits.batch,
        unpublished: config.limits.unpublished,
        idle: Duration::from_secs(config.limits.idle_seconds),
        journal_bytes: u32::try_from(config.journal.file_size_mib << 20).unwrap_or(u32::MAX),
        capacity: config.planning.capacity,
        days: config.planning.sprint_days,
        email_domain: config.identity.email_domain.clone(),
        ambient: ambient(),
    }
}

fn ambient() -> Ambient {
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    Ambient { now: milliseconds, entropy: || ulid::Ulid::generate().random(), host, pid: std::process::id() }
}

/// Nobody reads more than milliseconds, and files stay shorter.
fn milliseconds() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
}

/// The person at the terminal: as configured, else as git knows them, else as the system does.
fn caller(config: &Config, env: &Environment) -> anyhow::Result<Caller> {
    let account = env("USER").or_else(|| env("LOGNAME")).unwrap_or_else(|| "local".to_owned());
    let mut name = config.identity.name.clone();
    let mut email = config.identity.email.clone();
    if name.is_none() || email.is_none() {
        let (git_name, git_email) = store::git_identity();
        name = name.or(git_name);
        email = email.or(git_email);
    }
    let name = name.unwrap_or_else(|| account.clone());
    let person = Person {
        name: name.parse().context("your name cannot be used; set [identity] name")?,
        account: account.parse().context("the name of your account cannot be used")?,
        email,
    };
    Ok(Caller { person, folder: std::env::current_dir().context("cannot tell the current folder")? })
}

struct App {
    settings: Settings,
    log: config::Log,
    env: Vec<(&'static str, OsString)>,
    output: Output,
    caller: Caller,
    /// The folder for temporary files.
    temporary: PathBuf,
    discord: config::Discord,
    roots: Arc<[PathBuf]>,
    /// The token for Discord, or why it cannot be had; only a server needs it.
    token: Result<Option<String>, ConfigError>,
}

impl App {
    fn new(config: &Config, data_dir: PathBuf, env: &Environment, output: Output) -> anyhow::Result<Self> {
        Ok(Self {
            settings: settings(config, data_dir),
            log: config.log.clone(),
            env: passed_on(env),
            output,
            caller: caller(config, env)?,
            temporary: env("TMPDIR").map_or_else(|| PathBuf::from("/tmp"), PathBuf::from),
            discord: config.discord.clone(),
            roots: config.projects.roots.clone().into(),
            token: config::discord_token(config, &env),
        })
    }

    fn run(self, action: Action) -> anyhow::Result<Exit> {
        use cli::args::Discord::Sandbox;

        let is_server = matches!(action, Action::Serve);
        telemetry::start(&self.log, if is_server { LogLevel::Info } else { LogLevel::Warn })?;
        // What a server does is measured on the threads that a server has.
        let is_busy =
            is_server || matches!(action, Action::Bench(_) | Action::Discord { action: Sandbox(_) });
        let runtime = if is_busy { large_runtime()? } else { small_runtime()? };
        let exit = runtime.block_on(self.act(action));
        // A thread that waits for a terminal must not keep the process.
        runtime.shutdown_background();
        exit
    }

    async fn act(self, action: Action) -> anyhow::Result<Exit> {
        match action {
            Action::Serve => self.serve().await,
            Action::Console(args) => self.console(args).await,
            Action::Bench(args) => bench(self, args).await,
            Action::Discord { action } => self.about_discord(action).await,
            action => {
                let door = match Door::open(&self.settings, PATIENCE).await? {
                    Ok(door) => door,
                    Err(refusal) => return self.refused(refusal),
                };
                let exit = self.ask(&door, action).await;
                door.close().await;
                exit
            }
        }
    }

    async fn ask(&self, door: &Door, action: Action) -> anyhow::Result<Exit> {
        let (caller, output) = (&self.caller, self.output);
        let (project, text) = match action {
            Action::Do(args) => {
                let caller = match caller.under(args.person.as_deref()) {
                    Ok(caller) => caller,
                    Err(refusal) => return self.refused(refusal),
                };
                let id = fresh_id(&self.settings.ambient);
                return cli::carry_out(door, &caller, &args, id, output).await;
            }
            Action::Register(args) => return cli::register(door, caller, &args, output).await,
            Action::Verify(project) => {
                return cli::verify(door, caller, project.project, &self.env, output).await;
            }
            Action::Export(args) => return cli::export(door, caller, &args, output).await,
            Action::Projects { .. } => (None, "project list".to_owned()),
            Action::Status(project) => (project.project, "project status".to_owned()),
            Action::Log { project, count, id } => {
                let id = id.map(|id| format!(" id:{}", quoted(&id))).unwrap_or_default();
                (project.project, format!("log {count}{id}"))
            }
            Action::Ready { project, count } => (project.project, format!("ready {count}")),
            Action::Search { text, project } => (project.project, format!("search {}", quoted(&text))),
            Action::Restore { commit, project, confirm } => (
                project.project,
                format!("restore {}{}", quoted(&commit), if confirm { " confirm" } else { "" }),
            ),
            other => anyhow::bail!("{other:?} needs no project"),
        };
        cli::ask(door, caller, project, text, output).await
    }

    async fn console(self, args: cli::args::Console) -> anyhow::Result<Exit> {
        use std::io::IsTerminal;

        let interactive = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
        let caller = match self.caller.under(args.person.as_deref()) {
            Ok(caller) => caller,
            Err(refusal) => return self.refused(refusal),
        };
        let door = match Door::open(&self.settings, PATIENCE).await? {
            Ok(door) => door,
            Err(refusal) => return self.refused(refusal),
        };
        match console::open(&door, &caller, &args, self.output, interactive).await? {
            Opening::Ended(exit) => {
                door.close().await;
                Ok(exit)
            }
            Opening::Project(project) => {
                let (settings, output) = (self.settings, self.output);
                Console { door, settings, caller, output, project, interactive }.run().await
            }
        }
    }

    async fn serve(self) -> anyhow::Result<Exit> {
        let data_dir = self.settings.data_dir.clone();
        let desk = match Door::open(&self.settings, PATIENCE).await? {
            Ok(Door::Here(desk)) => desk,
            Ok(there) => return self.refused(running_already(&there, &data_dir).await?),
            Err(refusal) => return self.refused(refusal),
        };
        let served = self.serve_desk(&desk, &data_dir).await;
        tracing::info!("stopping: finishing what was begun");
        desk.engine().stop().await;
        tracing::info!("stopped");
        served.map(|()| Exit::Done)
    }

    /// Opens all surfaces, and closes them when the program is told to stop or one of them cannot go on.
    async fn serve_desk(self, desk: &Desk, data_dir: &Path) -> anyhow::Result<()> {
        let pid = self.settings.ambient.pid;
        let socket = ControlSocket::open(data_dir).with_context(|| cannot_listen(data_dir))?;
        let (stop, stopping) = watch::channel(false);
        let stopped = told_to_stop()?;
        let control = tokio::spawn(socket.serve(desk.clone(), pid, stopping.clone()));
        let bot = self.discord(desk, data_dir)?;
        let mut chat = tokio::spawn(async move {
            let mut stopping = stopping;
            match bot {
                Some(bot) => discord::serve(bot, stopping).await,
                None => {
                    // Whoever could say so has gone: then it stops, too.
                    let _ = stopping.wait_for(|stop| *stop).await;
                    Ok(())
                }
            }
        });
        let at = control::socket_path(data_dir).display().to_string();
        let projects = desk.engine().projects().len();
        tracing::info!(pid, socket = at, projects, "serving; SIGTERM or Ctrl-C stops");
        let ended = tokio::select! {
            () = stopped => None,
            ended = &mut chat => Some(ended),
        };
        // Nobody listening any more is fine too.
        let _ = stop.send(true);
        control.await.context("the control socket failed")?;
        match ended {
            Some(ended) => ended.context("serving Discord failed")?,
            None => chat.await.context("serving Discord failed")?,
        }
    }

    /// Setting Discord up. Nothing here opens a project of this machine.
    async fn about_discord(self, action: cli::args::Discord) -> anyhow::Result<Exit> {
        use cli::args::Discord as About;

        match action {
            About::Invite { application, .. } => {
                // Whoever names the application needs no token.
                let token = if application.is_some() { None } else { self.token? };
                cli::invite(application, &self.discord, token.as_deref(), self.output).await
            }
            About::Check { .. } => {
                let inspection = discord::Inspection {
                    data_dir: self.settings.data_dir,
                    config: self.discord,
                    roots: self.roots,
                    token: self.token.map_err(|error| with_causes(&error)),
                };
                cli::check(&inspection, self.output).await
            }
            About::Sandbox(args) => {
                let stopped = told_to_stop()?;
                cli::sandbox(&args, &self.settings, &self.temporary, stopped, self.output).await
            }
        }
    }

    /// What the bot is built of, if there is a token.
    fn discord(&self, desk: &Desk, data_dir: &Path) -> anyhow::Result<Option<discord::Setup>> {
        let Some(token) = self.token.clone()? else { return Ok(None) };
        let mut config = self.discord.clone();
        if config.guilds.is_empty() {
            tracing::warn!(
                "Discord: no `[[discord.guilds]]` in the configuration, so nobody there is served"
            );
        }
        config.host.get_or_insert_with(|| self.settings.ambient.host.clone());
        Ok(Some(discord::Setup {
            desk: desk.clone(),
            ledger: Ledger::open(data_dir)?,
            config,
            roots: Arc::clone(&self.roots),
            token,
            ambient: self.settings.ambient.clone(),
        }))
    }

    fn refused(&self, refusal: Refusal) -> anyhow::Result<Exit> {
        let id = fresh_id(&self.settings.ambient).to_string();
        Ok(self.output.outcome(&Outcome::refused(id, refusal))?)
    }
}

async fn running_already(door: &Door, data_dir: &Path) -> anyhow::Result<Refusal> {
    let who = door.server().await?.map_or_else(String::new, |server| format!(", process {}", server.pid));
    let message = format!("a server is running already for {}{who}", data_dir.display());
    Ok(Refusal::new(Code::Held, message, "stop it first, or give another --data-dir"))
}

fn cannot_listen(data_dir: &Path) -> String {
    let path = control::socket_path(data_dir);
    format!("cannot listen on {} (a path of a socket has at most 107 bytes)", path.display())
}

/// Ends when this process is told to stop. From this call on, and not only while it is waited for, a signal no
/// longer kills.
fn told_to_stop() -> anyhow::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut terminate = signal(SignalKind::terminate()).context("cannot wait for signals")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot wait for signals")?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
