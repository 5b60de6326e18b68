//! Many commands at once: on one project, and on a hundred.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use tokio::task::JoinSet;

use crate::bench::REPEATS;
use crate::bench::figure::{Figure, Findings, Samples, Target, Timing};
use crate::bench::session::Session;
use crate::bench::workshop::Workshop;
use crate::domain::id::ProjectName;

const IN_FLIGHT: usize = 64;
const PROJECTS: usize = 100;
const ALONE: usize = 300;
const EACH: usize = 30;
/// As many as the journal takes for sure while git is busy with the first.
const BURST: usize = 8;
/// Between two commands of one project, when a hundred people work calmly.
const CALM: Duration = Duration::from_millis(500);

/// When a command counts as done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Until {
    /// When it is answered. Nobody takes the next until all commits are in git, because whoever goes on
    /// faster than git is slowed down to its pace.
    Answer,
    /// When it is in git.
    Visible,
    /// When it is in git and a while has passed.
    Pause,
}

/// Everybody sends a command, waits for it, and sends the next.
#[derive(Clone, Debug)]
pub(crate) struct Load {
    /// On these.
    pub(crate) projects: Vec<ProjectName>,
    /// So many at a time on each.
    pub(crate) in_flight: usize,
    /// So many by everybody.
    pub(crate) each: usize,
    /// What is waited for.
    pub(crate) until: Until,
}

/// What became of a load.
pub(crate) struct Loaded {
    took: Duration,
    /// The answers and the commits of each project.
    by_project: Vec<(Samples, Samples)>,
}

impl Loaded {
    /// How many commands were carried out.
    pub(crate) fn commands(&self) -> usize {
        self.by_project.iter().map(|(answers, _)| answers.0.len()).sum()
    }

    fn rate(&self) -> f64 {
        self.commands() as f64 / self.took.as_secs_f64()
    }

    fn worst_median(&self, of: impl Fn(&(Samples, Samples)) -> &Samples) -> f64 {
        self.by_project.iter().map(|project| of(project).median()).fold(0.0, f64::max)
    }

    fn all(&self, of: impl Fn(&(Samples, Samples)) -> &Samples) -> Vec<f64> {
        self.by_project.iter().flat_map(|project| of(project).0.clone()).collect()
    }
}

/// Carries a load out.
pub(crate) async fn run(workshop: &Arc<Workshop>, session: &Session, load: &Load) -> anyhow::Result<Loaded> {
    let mut people = JoinSet::new();
    let first = (session.engine().journal_flushes() as usize) << 16;
    let began = Instant::now();
    for at in 0..load.projects.len() {
        for person in 0..load.in_flight {
            let (workshop, session, load) = (Arc::clone(workshop), session.clone(), load.clone());
            people.spawn(async move { one(&workshop, &session, &load, (at, person, first)).await });
        }
    }
    let mut by_project = vec![(Samples::default(), Samples::default()); load.projects.len()];
    let mut ended = began;
    while let Some(done) = people.join_next().await {
        let (at, answers, visible, last) = done??;
        by_project[at].0.0.extend(answers.0);
        by_project[at].1.0.extend(visible.0);
        ended = ended.max(last);
    }
    Ok(Loaded { took: ended - began, by_project })
}

async fn one(
    workshop: &Workshop,
    session: &Session,
    load: &Load,
    (at, person, first): (usize, usize, usize),
) -> anyhow::Result<(usize, Samples, Samples, Instant)> {
    let (mut answers, mut visible) = (Samples::default(), Samples::default());
    let project = &load.projects[at];
    if load.until == Until::Pause {
        // Not all in the same moment.
        tokio::time::sleep(CALM * u32::try_from(at)? / u32::try_from(load.projects.len())?).await;
    }
    let mut last = None;
    for round in first..first + load.each {
        let asked = session.change(project, person + 1, round).await?;
        answers.add(asked.answer);
        if load.until == Until::Answer {
            last = Some(asked);
        } else {
            visible.add(asked.visible().await?);
        }
        if load.until == Until::Pause {
            tokio::time::sleep(CALM).await;
        }
        workshop.step()?;
    }
    let ended = Instant::now();
    if let Some(last) = last {
        last.visible().await?;
    }
    Ok((at, answers, visible, ended))
}

pub(crate) async fn measure(workshop: &Arc<Workshop>) -> anyhow::Result<Findings> {
    let session = Session::start(workshop.settings("data"))?;
    let mut findings = on_one(workshop, &session).await?;
    let many = on_many(workshop, &session).await?;
    findings.figures.extend(many.figures);
    findings.timings.extend(many.timings);
    session.stop().await;
    Ok(findings)
}

async fn on_one(workshop: &Arc<Workshop>, session: &Session) -> anyhow::Result<Findings> {
    let path = workshop.folder().join("one");
    let project = session.register(&path, "one").await?;
    session.write_stories(&project, IN_FLIGHT).await?;
    session.settle(&project).await?;
    let load = |in_flight, each: usize, until| Load {
        projects: vec![project.clone()],
        in_flight,
        each: workshop.rounds(each),
        until,
    };
    let loads = [
        ("one at a time, until visible", load(1, ALONE, Until::Visible)),
        ("64 in flight, until visible", load(IN_FLIGHT, EACH, Until::Visible)),
        ("one at a time, until answered", load(1, ALONE, Until::Answer)),
        ("64 in flight, until answered", load(IN_FLIGHT, BURST, Until::Answer)),
    ];
    workshop.now(
        "one project",
        REPEATS * loads.iter().map(|(_, load)| load.in_flight * load.each).sum::<usize>(),
    )?;
    let mut rates = [const { Vec::new() }; 4];
    let mut per_command = Vec::new();
    for _ in 0..REPEATS {
        let (before, mut sent) = (commits(workshop, &path)?, 0);
        for (at, (_, load)) in loads.iter().enumerate() {
            let loaded = run(workshop, session, load).await?;
            rates[at].push(loaded.rate());
            sent += loaded.commands();
            session.settle(&project).await?;
        }
        per_command.push((commits(workshop, &path)? - before) as f64 / sent as f64);
    }
    let gain =
        |many: usize, one: usize| rates[many].iter().zip(&rates[one]).map(|(many, one)| many / one).collect();
    let mut figures = vec![
        Figure::new("64 in flight against one, until visible", "x", gain(1, 0)).against(Target::AtLeast(8.0)),
        Figure::new("64 in flight against one, until answered", "x", gain(3, 2)),
        Figure::new("commits per command", "", per_command).against(Target::AtMost(1.0)),
    ];
    figures.extend(loads.iter().zip(&rates).map(|((name, _), rate)| Figure::new(*name, "/s", rate.clone())));
    Ok(Findings { figures, timings: Vec::new() })
}

fn commits(workshop: &Workshop, path: &std::path::Path) -> anyhow::Result<u64> {
    let counted = workshop.git(path, &["rev-list", "--count", crate::store::layout::BRANCH], None)?;
    String::from_utf8_lossy(&counted.stdout).trim().parse().context("git counted no commits")
}

async fn on_many(workshop: &Arc<Workshop>, session: &Session) -> anyhow::Result<Findings> {
    let projects = many_projects(workshop, session).await?;
    let alone = vec![projects[0].clone()];
    let each = workshop.rounds(EACH);
    let calm = each.div_ceil(5);
    let load = |projects: &[ProjectName], each, until| Load {
        projects: projects.to_vec(),
        in_flight: 1,
        each,
        until,
    };
    let loads = [
        ("one project", load(&alone, workshop.rounds(ALONE), Until::Visible)),
        ("100 projects without a pause", load(&projects, each, Until::Visible)),
        ("100 projects, 2 commands a second each", load(&projects, calm, Until::Pause)),
    ];
    workshop.now("a hundred projects", REPEATS * PROJECTS * (each + calm + ALONE / PROJECTS))?;
    let mut ratios = [const { Vec::new() }; 4];
    let mut all = [const { (Samples(Vec::new()), Samples(Vec::new())) }; 3];
    for _ in 0..REPEATS {
        let mut worst = Vec::new();
        for (at, (_, load)) in loads.iter().enumerate() {
            let loaded = run(workshop, session, load).await?;
            all[at].0.0.extend(loaded.all(|times| &times.0));
            all[at].1.0.extend(loaded.all(|times| &times.1));
            worst.push((loaded.worst_median(|times| &times.0), loaded.worst_median(|times| &times.1)));
        }
        for (at, busy) in worst[1..].iter().enumerate() {
            ratios[2 * at].push(busy.0 / worst[0].0);
            ratios[2 * at + 1].push(busy.1 / worst[0].1);
        }
    }
    let names = [
        "slowest of 100 projects without a pause against one alone, answer",
        "slowest of 100 projects without a pause against one alone, visible",
        "slowest of 100 projects at 2/s each against one alone, answer",
        "slowest of 100 projects at 2/s each against one alone, visible",
    ];
    let figures = names.into_iter().zip(ratios).map(|(name, ratio)| Figure::new(name, "x", ratio));
    let figures = figures.map(|figure| figure.against(Target::AtMost(5.0))).collect();
    let timings = loads.iter().zip(all).flat_map(|((name, _), (answers, visible))| {
        [timing(format!("answer, {name}"), &answers), timing(format!("visible, {name}"), &visible)]
    });
    Ok(Findings { figures, timings: timings.collect() })
}

fn timing(name: String, samples: &Samples) -> Timing {
    Timing { name, count: samples.0.len(), p50_ms: samples.median(), p99_ms: samples.quantile(0.99) }
}

async fn many_projects(workshop: &Workshop, session: &Session) -> anyhow::Result<Vec<ProjectName>> {
    let mut projects = Vec::new();
    workshop.now("registering a hundred projects", PROJECTS)?;
    for number in 0..PROJECTS {
        let name = format!("of-{number}");
        let project = session.register(&workshop.folder().join(&name), &name).await?;
        session.write_stories(&project, 1).await?;
        projects.push(project);
        workshop.step()?;
    }
    Ok(projects)
}
