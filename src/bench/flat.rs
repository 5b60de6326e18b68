//! Whether size matters: files, commits, loose objects, stories.

use std::path::PathBuf;
use std::sync::Arc;

use crate::bench::REPEATS;
use crate::bench::disk::aside;
use crate::bench::figure::{Figure, Findings, Series, Target};
use crate::bench::repository::{Plan, SMALL, Shape, lengthen_state};
use crate::bench::session::Session;
use crate::bench::workshop::Workshop;
use crate::domain::id::ProjectName;

const ROUNDS: usize = 100;
/// How many times longer a command may take in the large one.
const TARGET: Target = Target::AtMost(1.2);

/// A kind of size: the name, the repository, stories, commits that the state branch gets in addition.
type Case = (&'static str, Plan, usize, usize);

const CASES: [Case; 6] = [
    ("small", SMALL, 100, 0),
    ("100,000 files", Plan { files: 100_000, ..SMALL }, 100, 0),
    ("100,000 files in one folder", Plan { files: 100_000, shape: Shape::Flat, ..SMALL }, 100, 0),
    ("100,000 commits", Plan { commits: 100_000, ..SMALL }, 100, 100_000),
    ("10,000 loose objects", Plan { loose: 10_000, ..SMALL }, 100, 0),
    ("10,000 stories", SMALL, 10_000, 0),
];

pub(crate) async fn measure(workshop: &Arc<Workshop>) -> anyhow::Result<Findings> {
    let projects = prepare(workshop).await?;
    let session = Session::start(workshop.settings("data"))?;
    let names = |what: &'static str| CASES.map(|case| format!("{what}, {}", case.0));
    let mut answers = Series::of(names("answer"));
    let mut visible = Series::of(names("visible"));
    let rounds = workshop.rounds(ROUNDS);
    // The first command opens a project, which is not what is measured.
    for project in &projects {
        session.change(project, 1, REPEATS * rounds).await?.visible().await?;
        session.settle(project).await?;
    }
    workshop.now("in turns", REPEATS * rounds)?;
    for repeat in 0..REPEATS {
        answers.repeat();
        visible.repeat();
        for round in repeat * rounds..(repeat + 1) * rounds {
            for (at, project) in projects.iter().enumerate() {
                let asked = session.change(project, 1, round).await?;
                answers.add(at, asked.answer);
                visible.add(at, asked.visible().await?);
            }
            workshop.step()?;
        }
    }
    session.stop().await;
    let mut findings = Findings::default();
    for (what, series) in [("answer", answers), ("visible", visible)] {
        for (at, case) in CASES.iter().enumerate().skip(1) {
            let ratio = series.each(|median| median[at] / median[0]);
            findings.figures.push(Figure::new(format!("{what}, {}", case.0), "x", ratio).against(TARGET));
        }
        findings.timings.extend(series.timings());
    }
    Ok(findings)
}

/// Makes all repositories and projects, and lets go of them, so that history can be added behind our back.
async fn prepare(workshop: &Arc<Workshop>) -> anyhow::Result<Vec<ProjectName>> {
    let session = Session::start(workshop.settings("data"))?;
    let mut projects = Vec::new();
    let mut longer: Vec<(PathBuf, usize)> = Vec::new();
    for (at, (what, plan, stories, commits)) in CASES.into_iter().enumerate() {
        workshop.now(&format!("making {what}"), 0)?;
        let name = format!("case-{at}");
        let (_, path) =
            aside((Arc::clone(workshop), name.clone()), move |(workshop, name)| plan.make(workshop, name))
                .await?;
        let project = session.register(&path, &name).await?;
        session.write_stories(&project, stories).await?;
        projects.push(project);
        longer.push((path, commits));
    }
    session.stop().await;
    for (path, commits) in longer.into_iter().filter(|(_, commits)| *commits > 0) {
        let work = move |workshop: &mut Arc<Workshop>| lengthen_state(workshop, &path, commits);
        aside(Arc::clone(workshop), work).await?;
    }
    Ok(projects)
}
