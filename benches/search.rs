//! How long it takes to look through a large project.
#![expect(clippy::unwrap_used, reason = "a benchmark whose world cannot be built has to stop")]

use std::sync::Arc;

use bandmaster::domain::entity::Extra;
use bandmaster::domain::id::{StoryId, Uid};
use bandmaster::domain::past::Entry;
use bandmaster::domain::project::Project;
use bandmaster::domain::story::{Note, Priority, Status, Story};
use bandmaster::surface::search::search;
use divan::{Bencher, black_box};
use jiff::Timestamp;

/// About as many as a team writes in ten years.
const STORIES: u32 = 10_000;
const WORDS: [&str; 16] = [
    "payment",
    "login",
    "customer",
    "export",
    "report",
    "button",
    "invoice",
    "search",
    "page",
    "error",
    "mobile",
    "account",
    "upload",
    "database",
    "notify",
    "Kündigung",
];

fn main() {
    divan::main();
}

/// Stories with 500 to 1,000 characters each, and as many entries of the history.
fn world(filler: &str) -> (Project, Vec<Entry>) {
    let mut project =
        Project::new("bench".parse().unwrap(), Uid("01J00000000000000000000000".parse().unwrap()));
    for number in 1..=STORIES {
        project.set_story(StoryId(number), Some(Arc::new(story(number, filler))));
    }
    let entries = (0..STORIES).map(|number| Entry {
        commit: format!("{number:040x}"),
        at: Timestamp::UNIX_EPOCH,
        actor: "ada".into(),
        surface: "cli".into(),
        subject: format!("backlog add: As a user I want {}", word(number)),
        events: vec![format!("S-{number} added")],
        command: None,
    });
    (project, entries.collect())
}

fn story(number: u32, filler: &str) -> Story {
    let sentence = format!("As a user I want the {} to {} {filler}. ", word(number), word(number / 16));
    Story {
        id: StoryId(number),
        uid: Uid("01J00000000000000000000000".parse().unwrap()),
        title: format!("Story {number} about {}", word(number)).parse().unwrap(),
        description: sentence.repeat(8).parse().unwrap(),
        criteria: vec!["It works on a phone".parse().unwrap(), "It is fast".parse().unwrap()],
        priority: Priority::Medium,
        rank: i64::from(number),
        points: Some(3),
        depends_on: vec![],
        epic: None,
        assignee: None,
        status: if number.is_multiple_of(2) { Status::Done } else { Status::Todo },
        reason: None,
        sprint: None,
        notes: vec![Note {
            at: Timestamp::UNIX_EPOCH,
            by: "ada".parse().unwrap(),
            text: "Talked about it in the meeting on Monday".parse().unwrap(),
        }],
        aliases: vec![],
        created_at: Timestamp::UNIX_EPOCH,
        created_by: "ada".parse().unwrap(),
        started_at: None,
        done_at: None,
        extra: Extra::new(),
    }
}

fn word(number: u32) -> &'static str {
    WORDS[number as usize % WORDS.len()]
}

const QUERIES: [&str; 5] = ["zebra", "payment login", "a", "kündigung", "one two three four five six"];

#[divan::bench(args = QUERIES)]
fn ascii(bencher: Bencher<'_, '_>, query: &str) {
    let (project, entries) = world("without thinking about where the button is, because it is always there");
    bencher.bench_local(|| search(black_box(&project), black_box(&entries), black_box(query)));
}

#[divan::bench(args = QUERIES)]
fn umlauts(bencher: Bencher<'_, '_>, query: &str) {
    let (project, entries) = world("für die größeren Übungen öfter prüfen, ärgerliche Rückläufer zählen");
    bencher.bench_local(|| search(black_box(&project), black_box(&entries), black_box(query)));
}

#[divan::bench(args = QUERIES)]
fn japanese(bencher: Bencher<'_, '_>, query: &str) {
    let (project, entries) = world("請求書の検索ページでエラーが発生した場合は、お客様に通知する");
    bencher.bench_local(|| search(black_box(&project), black_box(&entries), black_box(query)));
}
