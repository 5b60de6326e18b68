//! Measures how fast this program is on this machine, against the disk, git and SQLite in the same run.
//!
//! ```text
//! part (answer, git, flat …) ──► Series: rounds in turns, repeated ──► Figure: a ratio against its target
//!           └──► Workshop: a folder, the repositories in it, the bounds
//! ```
//!
//! Invariants:
//!
//! - What is compared is measured in turns, a round of each after the other, so that whatever else the
//!   machine does meets all of them.
//! - The engine, git, SQLite and the processes are the real ones.
//! - Nothing is left behind: one folder holds everything, and it is removed, also after an interruption.
//! - Every part has a time limit.
//!
//! Deliberately absent: what the figures would be elsewhere. A figure that was not measured is not shown.

mod answer;
mod discord;
mod disk;
mod figure;
mod flat;
mod git;
mod idle;
pub mod inside;
mod load;
mod oneshot;
mod paced;
mod read;
mod report;
mod repository;
mod session;
mod workshop;

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;

use crate::bench::report::Report;
use crate::bench::workshop::Workshop;
use crate::engine::Settings;
use crate::surface::cli::args::{Bench, BenchKind};
use crate::surface::cli::{Exit, Output};

/// How often everything is measured anew, to see how much the machine itself varies.
const REPEATS: usize = 5;

/// What a measurement needs from outside.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The settings that are measured; the data folder is replaced.
    pub settings: Settings,
    /// The environment that git is run with.
    pub env: Vec<(&'static str, OsString)>,
    /// This program.
    pub program: PathBuf,
    /// Where the folder with everything is made.
    pub folder: PathBuf,
}

/// The parts in the order in which they run: seconds they take, MiB they need.
///
/// Those that leave most files to remove come last: ext4 without a journal does not use the place of a
/// file again for some minutes, and making the next file takes longer the more such places it has to skip.
const PARTS: [(BenchKind, &str, u64, u64); 8] = [
    (BenchKind::Answer, "answer", 30, 100),
    (BenchKind::Load, "load", 60, 300),
    (BenchKind::Read, "read", 30, 200),
    (BenchKind::Oneshot, "oneshot", 30, 50),
    (BenchKind::Idle, "idle", 80, 1500),
    (BenchKind::Discord, "discord", 90, 1500),
    (BenchKind::Git, "git", 80, 700),
    (BenchKind::Flat, "flat", 120, 1400),
];

/// Measures, and says whether every target was met.
pub async fn run(args: Bench, setup: Setup, output: Output) -> anyhow::Result<Exit> {
    let wanted = |kind: BenchKind| args.what.is_none_or(|what| what == kind);
    let parts: Vec<_> = PARTS.into_iter().filter(|(kind, ..)| wanted(*kind)).collect();
    let mebibytes = parts.iter().map(|part| part.3).max().unwrap_or(0);
    let workshop = Arc::new(Workshop::open(setup, args.quick, mebibytes)?);
    announce(&workshop, &parts, mebibytes)?;
    let watching = tokio::spawn(interruption(Arc::clone(&workshop)));
    let mut report = Report::new(&workshop);
    let measured = measure(&workshop, &parts, &mut report).await;
    watching.abort();
    // Whatever happened, the folder goes; the first failure is the one to tell.
    let closed = workshop.close().await;
    report.end(measured.is_ok());
    report.show(output)?;
    measured.and(closed)?;
    Ok(if report.ok() { Exit::Done } else { Exit::Failed })
}

async fn measure(
    workshop: &Arc<Workshop>,
    parts: &[(BenchKind, &'static str, u64, u64)],
    report: &mut Report,
) -> anyhow::Result<()> {
    for (kind, name, seconds, _) in parts {
        workshop.begin(name, *seconds)?;
        let findings = match kind {
            BenchKind::Answer => answer::measure(workshop).await,
            BenchKind::Git => git::measure(workshop).await,
            BenchKind::Flat => flat::measure(workshop).await,
            BenchKind::Load => load::measure(workshop).await,
            BenchKind::Read => read::measure(workshop).await,
            BenchKind::Oneshot => oneshot::measure(workshop).await,
            BenchKind::Idle => idle::measure(workshop).await,
            BenchKind::Discord => discord::measure(workshop).await,
        };
        report.add(name, findings.with_context(|| format!("cannot measure `{name}`"))?);
        workshop.end()?;
    }
    Ok(())
}

fn announce(
    workshop: &Workshop,
    parts: &[(BenchKind, &str, u64, u64)],
    mebibytes: u64,
) -> anyhow::Result<()> {
    let seconds: u64 = parts.iter().map(|part| part.2).sum();
    let seconds = if workshop.quick { seconds / 2 } else { seconds };
    let folder = workshop.folder().display();
    let mut text = format!(
        "Takes about {seconds} s and up to {mebibytes} MiB in {folder}, which is removed afterwards.\n"
    );
    if workshop.is_in_memory() {
        text += "That folder is in memory, where flushing costs nothing: give one on a disk with --folder.\n";
    }
    // On standard error, because the one object of `--json` has standard output for itself.
    io::stderr().write_all(text.as_bytes()).context("cannot write to standard error")
}

/// Lets the first signal end the measurement in order: what runs is stopped, the folder is removed.
async fn interruption(workshop: Arc<Workshop>) {
    use tokio::signal::unix::{SignalKind, signal};

    let (Ok(mut terminate), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    workshop.interrupt();
}
