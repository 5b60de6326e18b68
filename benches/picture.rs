//! What a picture costs, from its figures to a PNG file.
#![expect(clippy::unwrap_used, reason = "a benchmark whose picture cannot be drawn has to stop")]

use bandmaster::domain::workflow::State;
use bandmaster::surface::answer::{BurndownDay, Picture, SprintVelocity};
use bandmaster::surface::render::image::png;
use divan::Bencher;

fn main() {
    // The fonts are read by the first one.
    png(&workflow()).unwrap();
    divan::main();
}

fn workflow() -> Picture {
    Picture::StateMachine { current: State::SprintActive, alt: String::new() }
}

#[divan::bench]
fn state(bencher: Bencher<'_, '_>) {
    let picture = workflow();
    bencher.bench(|| png(&picture).unwrap());
}

#[divan::bench(args = [14, 90])]
fn burndown(bencher: Bencher<'_, '_>, span: u32) {
    let total = 4 * span;
    let day = |day| BurndownDay { day, remaining: total - 3 * day, ideal: f64::from(total - 4 * day) };
    let picture = Picture::Burndown { total, span, days: (0..span).map(day).collect(), alt: String::new() };
    bencher.bench(|| png(&picture).unwrap());
}

#[divan::bench]
fn velocity(bencher: Bencher<'_, '_>) {
    let sprint = |at: u32| SprintVelocity { sprint: format!("sprint-{at:03}"), points: 10 + at * 7 % 13 };
    let picture = Picture::Velocity { sprints: (1..=20).map(sprint).collect(), alt: String::new() };
    bencher.bench(|| png(&picture).unwrap());
}
