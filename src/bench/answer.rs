//! How long a durable answer takes, against an append with a flush and an insert into SQLite.

use std::sync::Arc;

use crate::bench::REPEATS;
use crate::bench::disk::{Disk, aside};
use crate::bench::figure::{Figure, Findings, Series, Target};
use crate::bench::load::{self, Load, Until};
use crate::bench::paced;
use crate::bench::session::Session;
use crate::bench::workshop::Workshop;
use crate::domain::id::ProjectName;

const ROUNDS: usize = 300;
const STORIES: usize = 100;
const PROJECTS: usize = 100;
const BURSTS: usize = 10;
/// How much longer than the disk an answer may take, in milliseconds.
const ALLOWANCE: f64 = 0.3;

/// The numbers of what is measured in turns.
const APPEND: usize = 0;
const INSERT: usize = 1;
const ANSWER: usize = 2;
const VISIBLE: usize = 3;

pub(crate) async fn measure(workshop: &Arc<Workshop>) -> anyhow::Result<Findings> {
    let session = Session::start(workshop.settings("data"))?;
    let project = session.register(&workshop.folder().join("one"), "one").await?;
    session.write_stories(&project, STORIES).await?;
    session.settle(&project).await?;
    let mut findings = one_in_flight(workshop, &session, &project).await?;
    findings.figures.extend(flushes(workshop, &session, project.clone()).await?);
    let visible = paced::measure(workshop, &session, &project).await?;
    findings.figures.extend(visible.figures);
    findings.timings.extend(visible.timings);
    session.stop().await;
    Ok(findings)
}

async fn one_in_flight(
    workshop: &Workshop,
    session: &Session,
    project: &ProjectName,
) -> anyhow::Result<Findings> {
    let names = ["append 4 KiB, flush", "SQLite insert", "answer", "visible in git"];
    let mut series = Series::of(names);
    let mut flushes = Vec::new();
    let mut disk = Disk::open(&workshop.folder().join("disk"))?;
    let rounds = workshop.rounds(ROUNDS);
    workshop.now("one command in flight", REPEATS * rounds)?;
    for repeat in 0..REPEATS {
        series.repeat();
        let before = session.engine().journal_flushes();
        for round in 0..rounds {
            let taken = aside(disk, |disk| Ok((disk.append()?, disk.insert()?))).await?;
            disk = taken.0;
            series.add(APPEND, taken.1.0);
            series.add(INSERT, taken.1.1);
            let asked = session.change(project, 1, repeat * rounds + round).await?;
            series.add(ANSWER, asked.answer);
            series.add(VISIBLE, asked.visible().await?);
            workshop.step()?;
        }
        flushes.push((session.engine().journal_flushes() - before) as f64 / rounds as f64);
    }
    let over = |other: usize| series.each(|median| median[ANSWER] - median[other]);
    let figures = vec![
        Figure::new("answer, more than an append with a flush", "ms", over(APPEND))
            .against(Target::AtMost(ALLOWANCE)),
        Figure::new("answer, more than an SQLite insert", "ms", over(INSERT))
            .against(Target::AtMost(ALLOWANCE)),
        Figure::new("flushes per answer, one in flight", "", flushes).against(Target::AtMost(1.0)),
    ];
    Ok(Findings { figures, timings: series.timings() })
}

async fn flushes(
    workshop: &Arc<Workshop>,
    session: &Session,
    project: ProjectName,
) -> anyhow::Result<Vec<Figure>> {
    let one = Load { projects: vec![project], in_flight: 64, each: 8, until: Until::Answer };
    let mut projects = Vec::new();
    workshop.now("a hundred projects: registering", PROJECTS)?;
    for number in 0..PROJECTS {
        let name = format!("of-{number}");
        let project = session.register(&workshop.folder().join(&name), &name).await?;
        session.write_stories(&project, 8).await?;
        projects.push(project);
        workshop.step()?;
    }
    let many = Load { projects: projects.clone(), in_flight: 1, each: 6, until: Until::Answer };
    let crowd = Load { projects, in_flight: 6, each: 1, until: Until::Answer };
    let mut per_answer = [const { Vec::new() }; 3];
    let bursts = workshop.rounds(BURSTS);
    workshop.now("bursts", REPEATS * bursts * (512 + 600 + 600))?;
    for _ in 0..REPEATS {
        let mut spent = [(0, 0); 3];
        for _ in 0..bursts {
            for (spent, load) in spent.iter_mut().zip([&one, &many, &crowd]) {
                let before = session.engine().journal_flushes();
                let loaded = load::run(workshop, session, load).await?;
                spent.0 += session.engine().journal_flushes() - before;
                spent.1 += loaded.commands();
            }
        }
        for (figure, (flushes, answers)) in per_answer.iter_mut().zip(spent) {
            figure.push(flushes as f64 / answers as f64);
        }
    }
    let [one, many, crowd] = per_answer;
    Ok(vec![
        Figure::new("flushes per answer, 64 in flight", "", one).against(Target::AtMost(1.0 / 32.0)),
        Figure::new("flushes per answer, 100 projects with one in flight each", "", many)
            .against(Target::AtMost(0.02)),
        Figure::new("flushes per answer, 100 projects with 6 in flight each", "", crowd),
    ])
}
