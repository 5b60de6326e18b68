//! Looks whether Discord is set up as the configuration says, without changing anything there.
//!
//! ```text
//! token ──► gateway ──► each server: permissions, commands, category, roles ──► the channel of each project
//! ```
//!
//! Invariants:
//!
//! - Everything that is not in order comes with a mend.
//! - Nothing is identified on the gateway: Discord counts that, and a running server is not disturbed.
//!
//! Deliberately absent: mending. `project health` does that where it can be done from here.

mod place;
mod server;
mod told;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serenity::all::{ApplicationId, GatewayIntents, Http, ShardId, ShardInfo};
use serenity::gateway::Shard;
use tokio::sync::Mutex;

use crate::config;
use crate::engine::{Entry, registered};
use crate::ledger::{Channel, Ledger};
use crate::store::with_causes;
use crate::surface::answer::Check;
use crate::surface::discord::connect;
use crate::surface::discord::inspect::server::Server;
use crate::surface::discord::invite::{self, Application};
use crate::surface::discord::rest::{self, Fault};

/// How long to try to get one thing out of Discord.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is looked at.
#[derive(Clone, Debug)]
pub struct Inspection {
    /// Where the list of projects and the ledger lie.
    pub data_dir: PathBuf,
    /// How the bot is to appear.
    pub config: config::Discord,
    /// The folders below which repositories may be registered.
    pub roots: Arc<[PathBuf]>,
    /// The token of the bot, if there is one, or why it cannot be read.
    pub token: Result<Option<String>, String>,
}

/// Which application a token belongs to.
///
/// # Errors
///
/// One sentence for the operator: the token is not accepted, or Discord cannot be reached.
pub async fn application(config: &config::Discord, token: &str) -> anyhow::Result<Application> {
    Ok(invite::application(&connect::http(token, config)?).await?)
}

/// Checks everything. A server process may run meanwhile.
pub async fn inspect(inspection: &Inspection) -> Vec<Check> {
    let mut checks = vec![roots(&inspection.roots)];
    let Some(token) = token(inspection, &mut checks) else { return checks };
    let Some((http, application)) = online(inspection, &token, &mut checks).await else { return checks };
    checks.push(gateway(&http, &token).await);
    if inspection.config.guilds.is_empty() {
        let mend = "put `[[discord.guilds]]` with the id of your server into the configuration";
        checks.push(Check::bad("servers", "the configuration names none, so nobody is served", mend));
    }
    let mut servers = Vec::new();
    for guild in &inspection.config.guilds {
        let looking =
            server::Looking { http: &http, application: application.id, config: &inspection.config, guild };
        servers.extend(looking.check(&mut checks).await);
    }
    match projects(&inspection.data_dir) {
        Ok((entries, channels)) => {
            checks.extend(server::unknown_projects(&inspection.config, &entries));
            checks.extend(place::checks(&http, &servers, &entries, &channels).await);
        }
        Err(reason) => {
            let mend =
                "run `bandmaster doctor`; a ledger that cannot be read may be moved away, it is made again";
            checks.push(Check::bad("projects", reason, mend));
        }
    }
    checks
}

/// The token. `None` if that ends the inspection.
fn token(inspection: &Inspection, checks: &mut Vec<Check>) -> Option<String> {
    let (detail, mend) = match &inspection.token {
        Ok(Some(token)) => return Some(token.clone()),
        Ok(None) => (
            "there is none",
            "take the token of the bot from the developer portal, and put it into DISCORD_TOKEN or the file of `discord.token_file`",
        ),
        Err(reason) => (
            reason.as_str(),
            "correct `discord.token_file`, or let this user read the file; its one line is the token",
        ),
    };
    checks.push(Check::bad("token", detail, mend));
    None
}

/// A way to Discord, and who the bot is there. `None` if that ends the inspection.
async fn online(
    inspection: &Inspection,
    token: &str,
    checks: &mut Vec<Check>,
) -> Option<(Http, Application)> {
    let http = match connect::http(token, &inspection.config) {
        Ok(http) => http,
        Err(error) => {
            let mend = "correct `api_base`, `resolve` and `root_certificate` in the configuration";
            checks.push(Check::bad("connection", format!("{error:#}"), mend));
            return None;
        }
    };
    let (check, application) = match invite::application(&http).await {
        Ok(application) => {
            let seen = format!("accepted; the bot is {} ({})", application.name, application.id);
            (Check::good("token", seen), Some(application))
        }
        Err(fault @ Fault::Token) => {
            let mend = "reset the token in the developer portal, and put the new one where the old one was";
            (Check::bad("token", fault.to_string(), mend), None)
        }
        Err(fault) => {
            let mend = "see whether this machine gets out to `discord.api_base`; if it does, try again later";
            (Check::bad("connection", fault.to_string(), mend), None)
        }
    };
    checks.push(check);
    Some((http, application?))
}

/// Whether the gateway takes a connection. Nobody identifies, so that none of the day's thousand is used up.
async fn gateway(http: &Http, token: &str) -> Check {
    let mend = "let this machine open websockets (wss) to that address";
    let url = match rest::patiently(PATIENCE, || http.get_gateway()).await {
        Ok(gateway) => gateway.url,
        Err(fault) => return Check::bad("gateway", fault.to_string(), mend),
    };
    let info = ShardInfo { id: ShardId(0), total: 1 };
    let at = Arc::new(Mutex::new(url.clone()));
    let connected = Shard::new(at, token, info, GatewayIntents::GUILDS, None);
    match tokio::time::timeout(PATIENCE, connected).await {
        Ok(Ok(_)) => Check::good("gateway", format!("{url} takes a connection")),
        Ok(Err(error)) => Check::bad("gateway", format!("{url}: {error}"), mend),
        Err(_) => Check::bad("gateway", format!("{url} does not answer"), mend),
    }
}

/// Whether anything can be registered from a chat.
fn roots(roots: &[PathBuf]) -> Check {
    if roots.is_empty() {
        let mend = "name folders under `[projects]`: roots = [\"/srv/git\"]";
        return Check::bad("roots", "there are none, so nothing can be registered from Discord", mend);
    }
    let shown = |paths: &[&PathBuf]| {
        let all: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
        all.join(", ")
    };
    let missing: Vec<_> = roots.iter().filter(|path| !path.is_dir()).collect();
    if missing.is_empty() {
        return Check::good("roots", shown(&roots.iter().collect::<Vec<_>>()));
    }
    Check::bad(
        "roots",
        format!("no such folder: {}", shown(&missing)),
        "make it, or correct `projects.roots`",
    )
}

/// The projects of this machine, and what the ledger knows of their channels.
fn projects(data_dir: &std::path::Path) -> Result<(Vec<Entry>, Vec<Channel>), String> {
    let entries = registered(data_dir).map_err(|error| with_causes(&error))?;
    let ledger = Ledger::open_existing(data_dir).map_err(|error| with_causes(&error))?;
    let channels = ledger.map(|ledger| ledger.channels()).transpose().map_err(|error| with_causes(&error))?;
    Ok((entries, channels.unwrap_or_default()))
}

/// What stands for a server in the names of checks.
fn named(what: &str, server: &Server) -> String {
    format!("{what} on {}", server.name)
}

/// Whom a link is for.
fn link_for(application: ApplicationId, guild: u64) -> String {
    invite::link_for(application.get(), guild)
}
