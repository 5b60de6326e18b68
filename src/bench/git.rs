//! Against `git add` and `git commit`, in the same repository and the same run.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;

use crate::bench::REPEATS;
use crate::bench::disk::aside;
use crate::bench::figure::{Figure, Findings, Series, Target};
use crate::bench::repository::{Plan, SMALL};
use crate::bench::session::Session;
use crate::bench::workshop::Workshop;

const ROUNDS: usize = 30;
const STORIES: usize = 100;

/// The numbers of what is measured in turns.
const GIT: usize = 0;
const ANSWER: usize = 1;
const VISIBLE: usize = 2;

/// Repositories, and how many times faster an answer and a visible commit have to be there.
const CASES: [(usize, f64, f64); 2] = [(100, 20.0, 7.0), (100_000, 500.0, 200.0)];

pub(crate) async fn measure(workshop: &Arc<Workshop>) -> anyhow::Result<Findings> {
    let mut findings = Findings::default();
    let session = Session::start(workshop.settings("data"))?;
    for (files, answer, visible) in CASES {
        let series = one(workshop, &session, files).await?;
        let times = |which: usize| series.each(|median| median[GIT] / median[which]);
        findings.figures.extend([
            Figure::new(format!("answer, faster than git, {files} files"), "x", times(ANSWER))
                .against(Target::AtLeast(answer)),
            Figure::new(format!("visible in git, faster than git, {files} files"), "x", times(VISIBLE))
                .against(Target::AtLeast(visible)),
        ]);
        findings.timings.extend(series.timings());
    }
    session.stop().await;
    Ok(findings)
}

async fn one(workshop: &Arc<Workshop>, session: &Session, files: usize) -> anyhow::Result<Series> {
    let plan = Plan { files, ..SMALL };
    let name = format!("files-{files}");
    workshop.now(&format!("making {files} files"), 0)?;
    let (_, path) =
        aside((Arc::clone(workshop), name.clone()), move |(workshop, name)| plan.make(workshop, name))
            .await?;
    let project = session.register(&path, &name).await?;
    session.write_stories(&project, STORIES).await?;
    session.settle(&project).await?;
    let names = ["git add, git commit", "answer", "visible in git"];
    let mut series = Series::of(names.map(|what| format!("{what}, {files} files")));
    let rounds = workshop.rounds(ROUNDS);
    let mut git = Git { workshop: Arc::clone(workshop), path, file: plan.path(files / 2) };
    workshop.now(&format!("{files} files"), REPEATS * rounds)?;
    for repeat in 0..REPEATS {
        series.repeat();
        for round in repeat * rounds..(repeat + 1) * rounds {
            let (back, took) = aside(git, move |git| git.commit(round)).await?;
            git = back;
            series.add(GIT, took);
            let asked = session.change(&project, 1, round).await?;
            series.add(ANSWER, asked.answer);
            series.add(VISIBLE, asked.visible().await?);
            workshop.step()?;
        }
    }
    Ok(series)
}

struct Git {
    workshop: Arc<Workshop>,
    path: PathBuf,
    file: String,
}

impl Git {
    /// Changes a tracked file and commits it, as a script would.
    fn commit(&self, round: usize) -> anyhow::Result<Duration> {
        let content = story_file(round);
        let (path, file): (&Path, &str) = (&self.path, &self.file);
        let began = Instant::now();
        std::fs::write(path.join(file), content).with_context(|| format!("cannot write {file}"))?;
        self.workshop.git(path, &["add", "--", file], None)?;
        self.workshop.git(path, &["commit", "-q", "-m", "As it is"], None)?;
        Ok(began.elapsed())
    }
}

/// About as long as the file of a story.
fn story_file(round: usize) -> String {
    format!(
        "{{\n  \"title\": \"As it is in round {round}\",\n  \"description\": \"{}\"\n}}\n",
        "x".repeat(600)
    )
}
