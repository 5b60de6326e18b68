//! What a server with a thousand projects costs while nobody asks.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};

use crate::bench::REPEATS;
use crate::bench::figure::{Figure, Findings, Target};
use crate::bench::session::Session;
use crate::bench::workshop::Workshop;
use crate::engine::Settings;
use crate::process;
use crate::surface::control::client::Client;
use crate::surface::control::{Ask, Told};

const PROJECTS: usize = 1000;
/// How long the server is watched doing nothing.
const WATCHED: Duration = Duration::from_secs(2);
/// A server that needs longer to start or stop is broken.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
/// What the kernel counts processor time in, per second, on every Linux.
const TICKS: f64 = 100.0;

pub(crate) async fn measure(workshop: &Arc<Workshop>) -> anyhow::Result<Findings> {
    register(workshop).await?;
    let mut values = [const { Vec::new() }; 3];
    workshop.now("starting and watching", REPEATS)?;
    for _ in 0..REPEATS {
        let seen = once(workshop).await?;
        values.iter_mut().zip(seen).for_each(|(values, value)| values.push(value));
        workshop.step()?;
    }
    let [start, memory, processor] = values;
    let figures = vec![
        Figure::new("start until it answers, 1,000 projects", "ms", start).against(Target::AtMost(300.0)),
        Figure::new("resident memory, 1,000 projects", "MB", memory).against(Target::AtMost(40.0)),
        Figure::new("processor time while nobody asks", "ms/s", processor),
    ];
    Ok(Findings { figures, timings: Vec::new() })
}

/// Registers a thousand projects in the data folder `data`.
pub(crate) async fn register(workshop: &Workshop) -> anyhow::Result<()> {
    // Projects that are not needed leave memory soon, as they would have until the server starts.
    let settings = Settings { idle: Duration::from_millis(100), ..workshop.settings("data") };
    let session = Session::start(settings)?;
    workshop.now("registering a thousand projects", PROJECTS)?;
    for number in 0..PROJECTS {
        let name = format!("of-{number}");
        session.register(&workshop.folder().join("projects").join(&name), &name).await?;
        workshop.step()?;
    }
    session.stop().await;
    Ok(())
}

/// Start in ms, memory in MB, processor time in ms per second.
async fn once(workshop: &Workshop) -> anyhow::Result<[f64; 3]> {
    let data_dir = workshop.folder().join("data");
    let dir = data_dir.display().to_string();
    let args = ["--data-dir", &dir, "serve"];
    let began = Instant::now();
    let server = process::start(&workshop.call(&workshop.program, workshop.folder(), &args))?;
    let pid = server.id();
    greeted(&data_dir, pid, began).await?;
    let start = began.elapsed();
    let before = processor(pid)?;
    tokio::time::sleep(WATCHED).await;
    let busy = (processor(pid)? - before) / TICKS * 1e3 / WATCHED.as_secs_f64();
    let memory = resident(pid)?;
    let ended = tokio::task::spawn_blocking(move || server.stop(PATIENCE)).await??;
    ensure!(ended.success(), "the server ended with {ended}");
    Ok([start.as_secs_f64() * 1e3, memory, busy])
}

/// Returns when the server says hello.
async fn greeted(data_dir: &Path, server: u32, began: Instant) -> anyhow::Result<()> {
    loop {
        if let Some(client) = Client::connect(data_dir).await? {
            let told = client.ask(&Ask::Hello).await?;
            ensure!(
                matches!(&told, Told::Hello(greeting) if greeting.pid == server),
                "somebody else answers: {told:?}"
            );
            return Ok(());
        }
        ensure!(began.elapsed() < PATIENCE, "the server does not answer");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// The memory that a process has, in MB.
pub(crate) fn resident(server: u32) -> anyhow::Result<f64> {
    let status = proc(server, "status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    let kibibytes: f64 = line.trim().trim_end_matches("kB").trim().parse().context("VmRSS is no number")?;
    Ok(kibibytes * 1024.0 / 1e6)
}

/// Ticks in user and kernel mode so far.
fn processor(server: u32) -> anyhow::Result<f64> {
    let stat = proc(server, "stat")?;
    // The name in parentheses may hold anything; the numbers follow it.
    let (_, numbers) = stat.rsplit_once(')').context("no name in stat")?;
    let ticks = numbers.split_whitespace().skip(11).take(2).map(str::parse::<f64>);
    Ok(ticks.sum::<Result<f64, _>>()?)
}

fn proc(server: u32, file: &str) -> anyhow::Result<String> {
    let path = format!("/proc/{server}/{file}");
    std::fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))
}
