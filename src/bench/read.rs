//! Looking at a project of ten thousand stories.

use std::sync::Arc;

use crate::bench::REPEATS;
use crate::bench::figure::{Figure, Findings, Series, Target};
use crate::bench::session::Session;
use crate::bench::workshop::Workshop;

const ROUNDS: usize = 50;
const STORIES: usize = 10_000;
/// Milliseconds that an answer may take.
const LIMIT: f64 = 10.0;

const VIEWS: [&str; 5] = [
    "backlog view",
    "backlog view product 900",
    "ready",
    "search invoice phone",
    "search nowhere-to-be-found",
];

pub(crate) async fn measure(workshop: &Arc<Workshop>) -> anyhow::Result<Findings> {
    let session = Session::start(workshop.settings("data"))?;
    let project = session.register(&workshop.folder().join("large"), "large").await?;
    workshop.now("writing 10,000 stories", 0)?;
    session.write_stories(&project, STORIES).await?;
    session.settle(&project).await?;
    let mut series = Series::of(VIEWS);
    let rounds = workshop.rounds(ROUNDS);
    workshop.now("looking", REPEATS * rounds)?;
    for _ in 0..REPEATS {
        series.repeat();
        for _ in 0..rounds {
            for (at, text) in VIEWS.iter().enumerate() {
                series.add(at, session.look(&project, text).await?.0);
            }
            workshop.step()?;
        }
    }
    session.stop().await;
    let figure = |(at, text): (usize, &&str)| {
        Figure::new(format!("{text}, 10,000 stories"), "ms", series.each(|median| median[at]))
            .against(Target::AtMost(LIMIT))
    };
    Ok(Findings { figures: VIEWS.iter().enumerate().map(figure).collect(), timings: series.timings() })
}
