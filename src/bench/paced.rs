//! How soon after its answer a command is visible in git, at a steady rate.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use crate::bench::REPEATS;
use crate::bench::disk::{Disk, aside};
use crate::bench::figure::{Figure, Findings, Series, Target};
use crate::bench::session::Session;
use crate::bench::workshop::Workshop;
use crate::domain::id::ProjectName;

/// Two hundred commands a second.
const PACE: Duration = Duration::from_millis(5);
const COMMANDS: usize = 400;
const APPENDS: usize = 100;
const STORIES: usize = 16;

/// The numbers of what is measured.
const APPEND: usize = 0;
const ANSWER: usize = 1;
const LAG: usize = 2;

/// Measures a project that has at least sixteen stories.
pub(crate) async fn measure(
    workshop: &Arc<Workshop>,
    session: &Session,
    project: &ProjectName,
) -> anyhow::Result<Findings> {
    let names =
        ["append 4 KiB, flush, before and after", "answer at 200/s", "from answer to visible at 200/s"];
    let mut series = Series::of(names);
    let mut disk = Disk::open(&workshop.folder().join("paced"))?;
    let commands = workshop.rounds(COMMANDS);
    workshop.now("200 commands a second", REPEATS * commands)?;
    for repeat in 0..REPEATS {
        series.repeat();
        // Half before and half after, so that a change of the machine's mood meets both.
        disk = appends(disk, &mut series).await?;
        for (answer, visible) in at_pace(workshop, session, project, repeat * commands).await? {
            series.add(ANSWER, answer);
            series.add(LAG, visible.saturating_sub(answer));
        }
        disk = appends(disk, &mut series).await?;
    }
    let ratio = series.each(|median| median[LAG] / median[APPEND]);
    let figure = Figure::new("from answer to visible at 200/s, in appends with a flush", "x", ratio);
    Ok(Findings { figures: vec![figure.against(Target::AtMost(15.0))], timings: series.timings() })
}

async fn appends(disk: Disk, series: &mut Series) -> anyhow::Result<Disk> {
    let work = |disk: &mut Disk| (0..APPENDS / 2).map(|_| disk.append()).collect::<anyhow::Result<Vec<_>>>();
    let (disk, times) = aside(disk, work).await?;
    times.into_iter().for_each(|took| series.add(APPEND, took));
    Ok(disk)
}

async fn at_pace(
    workshop: &Workshop,
    session: &Session,
    project: &ProjectName,
    first: usize,
) -> anyhow::Result<Vec<(Duration, Duration)>> {
    let mut clock = tokio::time::interval(PACE);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut under_way = JoinSet::new();
    for round in first..first + workshop.rounds(COMMANDS) {
        clock.tick().await;
        workshop.step()?;
        let (session, project) = (session.clone(), project.clone());
        under_way.spawn(async move {
            let asked = session.change(&project, round % STORIES + 1, round).await?;
            anyhow::Ok((asked.answer, asked.visible().await?))
        });
    }
    let mut times = Vec::new();
    while let Some(done) = under_way.join_next().await {
        times.push(done??);
    }
    Ok(times)
}
