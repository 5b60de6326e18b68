//! What a server with a thousand projects on three Discord servers costs while nobody asks.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::ensure;

use crate::bench::REPEATS;
use crate::bench::discord::chat::tie;
use crate::bench::figure::{Figure, Findings, Target};
use crate::bench::idle;
use crate::bench::workshop::Workshop;
use crate::engine::registered;
use crate::ledger::Ledger;
use crate::process;
use crate::sandbox::Server;

/// How long nothing has to be sent before it counts as quiet.
const QUIET: Duration = Duration::from_secs(2);
/// How often to look.
const LOOK: Duration = Duration::from_millis(20);
/// A server that needs longer to come to rest is broken.
const PATIENCE: Duration = Duration::from_secs(300);

/// What one start amounts to.
struct Seen {
    start: Duration,
    memory: f64,
    /// Requests that change something on Discord.
    changes: usize,
}

pub(super) async fn measure(workshop: &Arc<Workshop>) -> anyhow::Result<Findings> {
    idle::register(workshop).await?;
    let server = Server::start().await?;
    let config = furnish(workshop, &server)?;
    workshop.now("starting and watching", REPEATS + 1)?;
    // The first start makes the commands known and posts what there is to post.
    once(workshop, &server, &config).await?;
    workshop.step()?;
    let (mut start, mut memory, mut changes) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..REPEATS {
        let seen = once(workshop, &server, &config).await?;
        start.push(seen.start.as_secs_f64() * 1e3);
        memory.push(seen.memory);
        changes.push(seen.changes as f64);
        workshop.step()?;
    }
    let figures = vec![
        Figure::new("resident memory, 1,000 projects on three servers", "MB", memory)
            .against(Target::AtMost(100.0)),
        Figure::new("what a restart sends to Discord", "", changes).against(Target::AtMost(0.0)),
        Figure::new("start until on line, 1,000 projects", "ms", start),
    ];
    Ok(Findings { figures, timings: Vec::new() })
}

/// A channel for each project, a third of them on each server. Returns the configuration.
fn furnish(workshop: &Workshop, server: &Server) -> anyhow::Result<PathBuf> {
    let guilds = [server.guild(), server.add_guild("second"), server.add_guild("third")];
    let data_dir = workshop.folder().join("data");
    let ledger = Ledger::open(&data_dir)?;
    for (entry, guild) in registered(&data_dir)?.iter().zip(guilds.into_iter().cycle()) {
        tie(&ledger, server, guild, entry)?;
    }
    let (token, config) = (data_dir.join("token"), data_dir.join("config.toml"));
    std::fs::write(&token, server.token())?;
    let mut text =
        format!("[discord]\ntoken_file = {token:?}\napi_base = {:?}\nhost = \"bench\"\n", server.url());
    for guild in guilds {
        text += &format!("[[discord.guilds]]\nid = \"{guild}\"\n");
    }
    std::fs::write(&config, text)?;
    Ok(config)
}

async fn once(workshop: &Workshop, server: &Server, config: &std::path::Path) -> anyhow::Result<Seen> {
    let (data_dir, config) = (workshop.folder().join("data"), config.display().to_string());
    let data_dir = data_dir.display().to_string();
    let args = ["--data-dir", &data_dir, "--config", &config, "serve"];
    server.clear_requests();
    let before = server.identified();
    let began = Instant::now();
    let running = process::start(&workshop.call(&workshop.program, workshop.folder(), &args))?;
    let pid = running.id();
    while server.identified() == before {
        ensure!(began.elapsed() < PATIENCE, "the bot does not come on line");
        tokio::time::sleep(LOOK).await;
    }
    let start = began.elapsed();
    let changes = quiet(server, began).await?;
    let memory = idle::resident(pid)?;
    let ended = tokio::task::spawn_blocking(move || running.stop(idle::PATIENCE)).await??;
    ensure!(ended.success(), "the server ended with {ended}");
    Ok(Seen { start, memory, changes })
}

/// Waits until nothing is sent any more; how many requests have changed something.
async fn quiet(server: &Server, began: Instant) -> anyhow::Result<usize> {
    let (mut sent, mut since) = (0, Instant::now());
    while since.elapsed() < QUIET {
        ensure!(began.elapsed() < PATIENCE, "the bot does not come to rest");
        tokio::time::sleep(LOOK).await;
        let now = server.requests_count();
        if now != sent {
            (sent, since) = (now, Instant::now());
        }
    }
    Ok(server.requests().iter().filter(|one| one.method != "GET").count())
}
