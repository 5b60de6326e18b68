//! Two hundred commands at once on twenty projects: how soon each is acknowledged, and answered.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use serde_json::json;

use crate::bench::REPEATS;
use crate::bench::discord::chat::{Chat, channel_of};
use crate::bench::figure::{Figure, Findings, Samples, Series, Target};
use crate::bench::workshop::Workshop;
use crate::sandbox::{Asked, Outcome};

const PROJECTS: usize = 20;
const COMMANDS: usize = 200;
/// Discord gives up on what is not acknowledged by then.
const LOST: f64 = 3_000.0;
/// An answer that takes longer never comes.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often to look whether all have answered. More often would take time from the bot.
const LOOK: Duration = Duration::from_millis(20);

/// The numbers of what is measured.
const CALLBACK: usize = 0;
const ANSWER: usize = 1;

pub(super) async fn measure(workshop: &Arc<Workshop>) -> anyhow::Result<Findings> {
    workshop.now("registering twenty projects", 0)?;
    let projects: Vec<_> = (0..PROJECTS).map(|number| format!("of-{number}")).collect();
    let chat = Chat::open(workshop, "burst", &projects).await?;
    let mut series = Series::of(["until acknowledged", "until answered"]);
    let (mut callbacks, mut slowest, mut lost) = (Vec::new(), Vec::new(), 0.0);
    workshop.now("200 commands at once", REPEATS)?;
    for repeat in 0..REPEATS {
        let asked = at_once(&chat, &projects, repeat)?;
        let times = all_answered(&asked).await?;
        series.repeat();
        let (mut first, mut last) = (Samples::default(), Samples::default());
        for (callback, answer) in times {
            series.add(CALLBACK, callback);
            series.add(ANSWER, answer);
            first.add(callback);
            last.add(answer);
        }
        lost += first.0.iter().filter(|took| **took > LOST).count() as f64;
        callbacks.push(first.quantile(0.99));
        slowest.push(last.quantile(1.0));
        chat.server.clear_requests();
        workshop.step()?;
    }
    chat.close().await?;
    let figures = vec![
        Figure::new("200 commands at once: acknowledged, 99 of 100", "ms", callbacks)
            .against(Target::AtMost(50.0)),
        Figure::new("200 commands at once: answered, the slowest", "ms", slowest)
            .against(Target::AtMost(2_000.0)),
        Figure::new("commands that Discord gave up on", "", vec![lost]).against(Target::AtMost(0.0)),
    ];
    Ok(Findings { figures, timings: series.timings() })
}

/// Somebody sends all commands before the first answer can come.
fn at_once(chat: &Chat, projects: &[String], repeat: usize) -> anyhow::Result<Vec<Asked>> {
    let ada = chat.server.owner();
    let ask = |number: usize| {
        let channel = channel_of(&projects[number % projects.len()]);
        let options = json!({ "description": format!("Story {number} of round {repeat}"), "points": 3 });
        Ok(ada.ask_slash(&channel, "backlog add", &options)?)
    };
    (0..COMMANDS).map(ask).collect()
}

/// How long each took until it was acknowledged, and until it was answered.
async fn all_answered(asked: &[Asked]) -> anyhow::Result<Vec<(Duration, Duration)>> {
    let began = Instant::now();
    let mut times = Vec::new();
    for one in asked {
        while one.seen().outcome < Outcome::Answered {
            ensure!(began.elapsed() < PATIENCE, "a command was not answered: {}", one.seen().text());
            tokio::time::sleep(LOOK).await;
        }
        let seen = one.seen();
        ensure!(!seen.is_private(), "a command was not carried out: {}", seen.text());
        let took = one.took();
        times.push((took.0.context("no callback")?, took.1.context("no answer")?));
    }
    Ok(times)
}
