//! What each step of one command costs: parse, judge, keep, publish, render.
#![expect(clippy::unwrap_used, reason = "a benchmark whose world cannot be built has to stop")]

use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use bandmaster::bench::inside::Journaling;
use bandmaster::domain::entity::Extra;
use bandmaster::domain::envelope::{Envelope, Facts, Receipt};
use bandmaster::domain::event::Event;
use bandmaster::domain::id::Uid;
use bandmaster::domain::person::{Person, Surface};
use bandmaster::domain::project::Project;
use bandmaster::domain::workflow;
use bandmaster::store::journal::{ChangeRecord, CommitMeta};
use bandmaster::store::lock::Holder;
use bandmaster::store::{self, ProjectStore};
use bandmaster::surface::answer;
use bandmaster::surface::parse::parse;
use bandmaster::surface::render::text::{Terminal, render};
use divan::{Bencher, black_box};
use jiff::Timestamp;
use tempfile::TempDir;

/// About as many as a team writes in ten years.
const STORIES: usize = 10_000;
const EDIT: &str = "backlog edit S-1 title:\"As it is in round 1\"";
const FACTS: Facts = Facts { capacity: 20, days: 14, past: None };

static SMALL: LazyLock<Arc<Project>> = LazyLock::new(|| world(100));
static LARGE: LazyLock<Arc<Project>> = LazyLock::new(|| world(STORIES));

fn main() {
    divan::main();
}

fn world(stories: usize) -> Arc<Project> {
    let mut project =
        Project::new("bench".parse().unwrap(), Uid("01J00000000000000000000000".parse().unwrap()));
    for number in 0..stories {
        let text = format!("backlog add As a user I want story {number} to be done points:3");
        let envelope = envelope(&text, number);
        let events = workflow::decide(&project, &envelope, &FACTS).unwrap();
        events.iter().for_each(|event| project.apply(event));
        project.remember(envelope.id);
    }
    Arc::new(project)
}

fn envelope(text: &str, number: usize) -> Envelope {
    Envelope {
        id: format!("bench-{number}").parse().unwrap(),
        at: Timestamp::UNIX_EPOCH,
        entropy: number as u128,
        person: Person { name: "Ada".parse().unwrap(), account: "ada".parse().unwrap(), email: None },
        surface: Surface::Cli,
        command: parse(text).unwrap().command,
    }
}

/// As an actor does it: on a copy.
fn judge(project: &Project, envelope: &Envelope) -> (Project, Vec<Event>) {
    let events = workflow::decide(project, envelope, &FACTS).unwrap();
    let mut after = project.clone();
    events.iter().for_each(|event| after.apply(event));
    after.remember(envelope.id.clone());
    (after, events)
}

fn meta() -> CommitMeta {
    CommitMeta {
        author_name: "Ada".to_owned(),
        author_email: "ada@bandmaster.invalid".to_owned(),
        time_seconds: 0,
        message: "backlog edit: S-1".to_owned(),
    }
}

#[divan::bench]
fn parsing() -> usize {
    black_box(parse(black_box(EDIT))).map_or(0, |parsed| size_of_val(&parsed))
}

#[divan::bench(args = [100, STORIES])]
fn judging(bencher: Bencher<'_, '_>, stories: usize) {
    let project = if stories == STORIES { &*LARGE } else { &*SMALL };
    let envelope = envelope(EDIT, STORIES);
    bencher.bench_local(|| judge(black_box(project), black_box(&envelope)));
}

#[divan::bench]
fn answering_and_rendering(bencher: Bencher<'_, '_>) {
    let envelope = envelope(EDIT, STORIES);
    let (after, events) = judge(&SMALL, &envelope);
    let (before, after) = (Arc::clone(&SMALL), Arc::new(after));
    let receipt = Receipt { id: envelope.id.clone(), events, before, after, again: false };
    let terminal = Terminal { width: 100, colour: true, numbered: false };
    bencher.bench_local(|| {
        render(&answer::changed(&envelope.command, black_box(&receipt), Timestamp::UNIX_EPOCH), terminal)
    });
}

#[divan::bench(args = [1, 64])]
fn journaling(bencher: Bencher<'_, '_>, changes: u64) {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = Journaling::open(folder.path()).unwrap();
    bencher.bench_local(|| journal.append(changes).unwrap());
}

#[divan::bench(args = [1, 64])]
fn publishing(bencher: Bencher<'_, '_>, commits: usize) {
    let (_folder, mut store, mut project) = stored();
    let mut number = STORIES;
    bencher.with_inputs(|| changes(&mut project, &mut number, commits)).bench_local_values(|records| {
        store.publish(&records).map(|published| published.commits.len()).unwrap()
    });
}

/// A project of a hundred stories in a repository of its own.
fn stored() -> (TempDir, ProjectStore, Project) {
    let folder = tempfile::tempdir().unwrap();
    let path: &Path = &folder.path().join("one");
    store::init_repository(path).unwrap();
    let project = Project::clone(&SMALL);
    let holder = Holder { host: "bench".to_owned(), pid: std::process::id(), since: String::new() };
    let store =
        ProjectStore::create(path, &project, Vec::new(), meta(), &holder, Duration::from_secs(5)).unwrap();
    (folder, store, project)
}

fn changes(project: &mut Project, number: &mut usize, count: usize) -> Vec<ChangeRecord> {
    let mut records = Vec::new();
    for _ in 0..count {
        *number += 1;
        let text = format!("backlog edit S-{} title:\"As it is in round {number}\"", *number % 100 + 1);
        let (after, events) = judge(project, &envelope(&text, *number));
        records.push(store::change(&after, &Extra::new(), &events, meta()).unwrap());
        *project = after;
    }
    records
}
