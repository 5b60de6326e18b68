//! How soon ids and titles are offered while somebody types, in a project with ten thousand stories.

use std::sync::Arc;
use std::time::Instant;

use anyhow::ensure;
use serde_json::json;

use crate::bench::REPEATS;
use crate::bench::discord::chat::{Chat, channel_of};
use crate::bench::figure::{Figure, Findings, Samples, Series, Target};
use crate::bench::workshop::Workshop;

const STORIES: usize = 10_000;
const ROUNDS: usize = 50;
/// What people type: nothing yet, ids, words, words with a slip.
const TYPED: [&str; 6] = ["", "S-9", "s-1234", "invoice", "search report", "the exprot"];

pub(super) async fn measure(workshop: &Arc<Workshop>) -> anyhow::Result<Findings> {
    workshop.now("writing ten thousand stories", 0)?;
    let chat = Chat::open(workshop, "typing", &["one".to_owned()]).await?;
    chat.session.write_stories(&"one".parse()?, STORIES).await?;
    let (ada, channel) = (chat.server.owner(), channel_of("one"));
    let mut series = Series::of(["until choices are offered"]);
    let mut slow = Vec::new();
    let rounds = workshop.rounds(ROUNDS);
    workshop.now("typing", REPEATS * rounds)?;
    for _ in 0..REPEATS {
        series.repeat();
        let mut samples = Samples::default();
        for typed in TYPED.iter().cycle().take(rounds) {
            let began = Instant::now();
            let choices = ada.autocomplete(&channel, "story move", json!({ "id": typed }), "id").await?;
            let took = began.elapsed();
            ensure!(!choices.is_empty(), "nothing is offered for {typed:?}");
            series.add(0, took);
            samples.add(took);
            workshop.step()?;
        }
        slow.push(samples.quantile(0.99));
    }
    chat.close().await?;
    let figure = Figure::new("choices among 10,000 stories, 99 of 100", "ms", slow);
    Ok(Findings { figures: vec![figure.against(Target::AtMost(100.0))], timings: series.timings() })
}
