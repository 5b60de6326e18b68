//! How long a keystroke in a menu takes in a large project. Discord forgets it after three seconds.
#![expect(clippy::unwrap_used, reason = "a benchmark whose world cannot be built has to stop")]

use std::sync::Arc;

use bandmaster::domain::command::CommandKind;
use bandmaster::domain::entity::Extra;
use bandmaster::domain::id::{StoryId, Uid};
use bandmaster::domain::project::Project;
use bandmaster::domain::story::{Priority, Status, Story};
use bandmaster::surface::discord::menu::{Candidates, suggest};
use bandmaster::surface::parse;
use divan::{Bencher, black_box};
use jiff::Timestamp;

/// About as many as a team writes in ten years.
const STORIES: u32 = 10_000;
const WORDS: [&str; 8] =
    ["payment", "login", "customer", "export", "report", "button", "invoice", "Kündigung"];

fn main() {
    divan::main();
}

fn world() -> Project {
    let mut project =
        Project::new("bench".parse().unwrap(), Uid("01J00000000000000000000000".parse().unwrap()));
    for number in 1..=STORIES {
        project.set_story(StoryId(number), Some(Arc::new(story(number))));
    }
    project
}

fn story(number: u32) -> Story {
    let word = |at: u32| WORDS[at as usize % WORDS.len()];
    let title = format!("As a user I want the {} to {} number {number}", word(number), word(number / 8));
    Story {
        id: StoryId(number),
        uid: Uid(ulid::Ulid::from_parts(u64::from(number), 1)),
        title: title.parse().unwrap(),
        description: title.parse().unwrap(),
        criteria: Vec::new(),
        priority: Priority::Medium,
        rank: i64::from(number),
        points: None,
        depends_on: Vec::new(),
        epic: None,
        assignee: None,
        status: if number.is_multiple_of(3) { Status::Done } else { Status::Todo },
        reason: None,
        sprint: None,
        notes: Vec::new(),
        aliases: Vec::new(),
        created_at: Timestamp::UNIX_EPOCH,
        created_by: "ada".parse().unwrap(),
        started_at: None,
        done_at: None,
        extra: Extra::new(),
    }
}

/// Nothing, a number, the beginning of a word, words, letters in order, and letters that are nowhere.
#[divan::bench(args = ["", "77", "kün", "pay exp 42", "pymnt", "xyzxyz"])]
fn a_keystroke(bencher: Bencher<'_, '_>, typed: &str) {
    let project = world();
    let kind = CommandKind::StoryMove;
    let argument = parse::of(kind).arguments.iter().find(|argument| argument.name == "id").unwrap();
    let candidates = Candidates { project: Some(&project), ..Candidates::default() };
    bencher.bench(|| suggest(black_box(kind), argument, black_box(typed), &candidates));
}
