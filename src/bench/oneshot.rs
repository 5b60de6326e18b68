//! `do` without a server, from start to exit, against the smallest thing that git does.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::ensure;

use crate::bench::REPEATS;
use crate::bench::disk::aside;
use crate::bench::figure::{Figure, Findings, Series, Target};
use crate::bench::session::Session;
use crate::bench::workshop::Workshop;

const ROUNDS: usize = 40;
const STORIES: usize = 1000;

/// The numbers of what is measured in turns.
const GIT: usize = 0;
const VERSION: usize = 1;
const DO: usize = 2;
const STATE: usize = 3;

pub(crate) async fn measure(workshop: &Arc<Workshop>) -> anyhow::Result<Findings> {
    let session = Session::start(workshop.settings("data"))?;
    let project = session.register(&workshop.folder().join("one"), "one").await?;
    session.write_stories(&project, STORIES).await?;
    session.stop().await;
    let mut series =
        Series::of(["git --version", "bandmaster --version", "bandmaster do", "bandmaster do state"]);
    let rounds = workshop.rounds(ROUNDS);
    workshop.now("from start to exit", REPEATS * rounds)?;
    for repeat in 0..REPEATS {
        series.repeat();
        for round in repeat * rounds..(repeat + 1) * rounds {
            let (_, times) = aside(Arc::clone(workshop), move |workshop| all(workshop, round)).await?;
            for (which, took) in [GIT, VERSION, DO, STATE].into_iter().zip(times) {
                series.add(which, took);
            }
            workshop.step()?;
        }
    }
    let over = |which: usize| series.each(|median| median[which] - median[GIT]);
    let figures = vec![
        Figure::new("do, until its commit is in git, more than git --version", "ms", over(DO))
            .against(Target::AtMost(10.0)),
        Figure::new("do state, more than git --version", "ms", over(STATE)),
        Figure::new("--version, more than git --version", "ms", over(VERSION)),
    ];
    Ok(Findings { figures, timings: series.timings() })
}

fn all(workshop: &Workshop, round: usize) -> anyhow::Result<[Duration; 4]> {
    let change = format!("backlog edit S-1 title:\"As it is in round {round}\"");
    let data_dir = workshop.folder().join("data").display().to_string();
    let options = ["--data-dir", &data_dir, "do", "--project", "one"];
    Ok([
        timed(workshop, "git", &["--version"])?,
        timed(workshop, &workshop.program, &["--version"])?,
        timed(workshop, &workshop.program, &[&options[..], &[&change]].concat())?,
        timed(workshop, &workshop.program, &[&options[..], &["state"]].concat())?,
    ])
}

fn timed(workshop: &Workshop, program: &str, args: &[&str]) -> anyhow::Result<Duration> {
    let began = Instant::now();
    let done = workshop.program(program, workshop.folder(), args, None)?;
    let took = began.elapsed();
    ensure!(done.status.success(), "{program} failed: {}", String::from_utf8_lossy(&done.stderr).trim());
    Ok(took)
}
