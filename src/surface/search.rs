//! Full text over stories, epics, sprints, notes and history.
//!
//! Every word must occur somewhere in a thing, whatever its case. The words of a thing are folded into one
//! buffer, the most telling part first; so the place of the first occurrence also says how good the hit is,
//! and nothing is allocated per story. Looking through everything each time is fast enough for tens of
//! thousands of stories, and there is no index that could be out of date.

use std::cmp::Reverse;
use std::fmt;

use memchr::memmem::{self, Finder};

use crate::domain::entity::{Entity, Epic};
use crate::domain::past::Entry;
use crate::domain::project::Project;
use crate::domain::sprint::Sprint;
use crate::domain::story::Story;

/// How many hits are shown.
pub const SHOWN: usize = 10;
/// How many characters stand before the word in an excerpt, and how many in all.
const LEAD: usize = 30;
const EXCERPT: usize = 100;

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// How many things have all the words.
    pub total: usize,
    /// The best of them, best first.
    pub hits: Vec<Hit>,
}

/// One thing that has all the words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Which thing.
    pub what: What,
    /// What it is called.
    pub title: String,
    /// Where the first of the words is.
    pub place: Place,
    /// The text around it.
    pub excerpt: String,
    /// How good it is; more is better.
    pub score: u32,
}

/// What can be found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// Something of the project.
    Entity(Entity),
    /// An entry of the history, by the beginning of its commit id.
    Commit(String),
}

impl What {
    /// The thing of the project, where it is one.
    pub fn entity(&self) -> Option<Entity> {
        match self {
            Self::Entity(entity) => Some(*entity),
            Self::Commit(_) => None,
        }
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entity(entity) => entity.fmt(f),
            Self::Commit(commit) => f.write_str(commit),
        }
    }
}

/// The part of a thing in which a word is, the most telling first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The title, the id or the goal.
    Title,
    /// An acceptance criterion.
    Criteria,
    /// The description.
    Description,
    /// A note, a reason or a point of a retrospective.
    Notes,
    /// The line of a command.
    History,
}

impl Place {
    /// A word at a better place outweighs any at a worse one.
    fn score(self) -> u32 {
        match self {
            Self::Title => 10_000,
            Self::Criteria => 1_000,
            Self::Description => 100,
            Self::Notes => 10,
            Self::History => 1,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Title => "title",
            Self::Criteria => "criteria",
            Self::Description => "description",
            Self::Notes => "notes",
            Self::History => "history",
        })
    }
}

/// Everything in which all words of `text` occur, best first; `SHOWN` of it in full.
pub fn search(project: &Project, entries: &[Entry], text: &str) -> Found {
    let words = words(text);
    if words.is_empty() {
        return Found::default();
    }
    let finders: Vec<_> = words.iter().map(Finder::new).collect();
    let mut folded = Folded::default();
    let mut matched: Vec<(u32, bool, Thing<'_>)> = Vec::new();
    for thing in things(project, entries) {
        folded.fill(thing);
        if let Some(score) = folded.score(&finders) {
            matched.push((score, thing.is_open(), thing));
        }
    }
    let total = matched.len();
    // The order of `things` decides among equals; the sort is stable.
    matched.sort_by_key(|(score, open, _)| Reverse((*score, *open)));
    let hits = matched.into_iter().take(SHOWN).map(|(score, _, thing)| hit(thing, score, &words));
    Found { total, hits: hits.collect() }
}

/// The newest come first, because people rather ask about those.
fn things<'a>(project: &'a Project, entries: &'a [Entry]) -> impl Iterator<Item = Thing<'a>> {
    let stories = project.stories.values().rev().map(|story| Thing::Story(story));
    let epics = project.epics.values().rev().map(|epic| Thing::Epic(epic));
    let sprints = project.sprints.values().rev().map(|sprint| Thing::Sprint(sprint));
    stories.chain(epics).chain(sprints).chain(entries.iter().map(Thing::Entry))
}

fn words(text: &str) -> Vec<Vec<u8>> {
    let mut words: Vec<Vec<u8>> = Vec::new();
    for word in text.split_whitespace() {
        let mut folded = Vec::new();
        fold(word, &mut folded);
        if !words.contains(&folded) {
            words.push(folded);
        }
    }
    words
}

fn hit(thing: Thing<'_>, score: u32, words: &[Vec<u8>]) -> Hit {
    let mut best: Option<(Place, &str, &[u8])> = None;
    let mut folded = Vec::new();
    thing.parts(&mut |place, text| {
        if best.is_some_and(|(found, ..)| found <= place) {
            return;
        }
        folded.clear();
        fold(text, &mut folded);
        if let Some(word) = words.iter().find(|word| memmem::find(&folded, word).is_some()) {
            best = Some((place, text, word));
        }
    });
    let (place, excerpt) = match best {
        Some((place, text, word)) => (place, excerpt(text, word)),
        None => (Place::Title, String::new()),
    };
    Hit { what: thing.what(), title: thing.title(), place, excerpt, score }
}

/// The text around the first occurrence of a folded word, in one line.
fn excerpt(text: &str, word: &[u8]) -> String {
    let chars: Vec<char> = text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).collect();
    // Folding may change how many characters there are, so the place is counted in those of the text.
    let mut folded = Vec::new();
    let mut ends = Vec::with_capacity(chars.len());
    for c in &chars {
        fold_char(*c, &mut folded);
        ends.push(folded.len());
    }
    let at = memmem::find(&folded, word).map_or(0, |at| ends.partition_point(|end| *end <= at));
    let from = if at <= LEAD { 0 } else { word_start(&chars, at - LEAD, at) };
    let to = (from + EXCERPT).min(chars.len());
    let middle: String = chars[from..to].iter().collect();
    let before = if from > 0 { "… " } else { "" };
    let after = if to < chars.len() { " …" } else { "" };
    format!("{before}{}{after}", middle.trim())
}

/// The beginning of the first whole word between two places, or the first place.
fn word_start(chars: &[char], from: usize, to: usize) -> usize {
    let blank = chars[from..to].iter().position(|c| *c == ' ');
    blank.map_or(from, |at| from + at + 1)
}

/// One thing that is looked through.
#[derive(Clone, Copy)]
enum Thing<'a> {
    Story(&'a Story),
    Epic(&'a Epic),
    Sprint(&'a Sprint),
    Entry(&'a Entry),
}

impl<'a> Thing<'a> {
    /// Calls `each` with every part, the most telling first.
    fn parts(self, each: &mut dyn FnMut(Place, &'a str)) {
        match self {
            Self::Story(story) => story_parts(story, each),
            Self::Epic(epic) => {
                each(Place::Title, epic.title.as_str());
                epic.aliases.iter().for_each(|name| each(Place::Title, name));
                each(Place::Description, epic.description.as_str());
            }
            Self::Sprint(sprint) => {
                sprint.goal.iter().for_each(|goal| each(Place::Title, goal.as_str()));
                sprint.aliases.iter().for_each(|name| each(Place::Title, name));
                let said = sprint.retrospective.iter();
                let said = said.flat_map(|said| said.good.iter().chain(&said.improve).chain(&said.action));
                said.for_each(|point| each(Place::Notes, point.as_str()));
            }
            Self::Entry(entry) => {
                each(Place::History, &entry.subject);
                each(Place::History, &entry.actor);
                entry.events.iter().for_each(|event| each(Place::History, event));
            }
        }
    }

    fn is_open(self) -> bool {
        match self {
            Self::Story(story) => story.is_open(),
            Self::Epic(_) => true,
            Self::Sprint(sprint) => !sprint.has_ended(),
            Self::Entry(_) => false,
        }
    }

    fn what(self) -> What {
        match self {
            Self::Story(story) => What::Entity(Entity::Story(story.id)),
            Self::Epic(epic) => What::Entity(Entity::Epic(epic.id)),
            Self::Sprint(sprint) => What::Entity(Entity::Sprint(sprint.id)),
            Self::Entry(entry) => What::Commit(entry.commit.chars().take(8).collect()),
        }
    }

    fn title(self) -> String {
        match self {
            Self::Story(story) => story.title.to_string(),
            Self::Epic(epic) => epic.title.to_string(),
            Self::Sprint(sprint) => sprint.goal.as_ref().map(ToString::to_string).unwrap_or_default(),
            Self::Entry(entry) => entry.subject.chars().take(EXCERPT).collect(),
        }
    }
}

fn story_parts<'a>(story: &'a Story, each: &mut dyn FnMut(Place, &'a str)) {
    each(Place::Title, story.title.as_str());
    story.aliases.iter().for_each(|name| each(Place::Title, name));
    story.criteria.iter().for_each(|line| each(Place::Criteria, line.as_str()));
    each(Place::Description, story.description.as_str());
    story.reason.iter().for_each(|reason| each(Place::Notes, reason.as_str()));
    story.notes.iter().for_each(|note| each(Place::Notes, note.text.as_str()));
    story.assignee.iter().for_each(|name| each(Place::Notes, name.as_str()));
}

/// The folded parts of one thing behind each other; kept from thing to thing to save allocations.
#[derive(Default)]
struct Folded {
    text: Vec<u8>,
    /// Where each place ends.
    ends: Vec<(Place, usize)>,
}

impl Folded {
    fn fill(&mut self, thing: Thing<'_>) {
        let Self { text, ends } = self;
        text.clear();
        ends.clear();
        thing.parts(&mut |place, part| {
            fold(part, text);
            // No word has a line end in it, so none is found across two parts.
            text.push(b'\n');
            ends.push((place, text.len()));
        });
    }

    /// The sum of the best places of all words; `None` if one is missing.
    fn score(&self, finders: &[Finder<'_>]) -> Option<u32> {
        finders.iter().try_fold(0, |score: u32, finder| {
            let at = finder.find(&self.text)?;
            let part = self.ends.partition_point(|(_, end)| *end <= at);
            Some(score.saturating_add(self.ends.get(part)?.0.score()))
        })
    }
}

/// Appends `text` in lower case. What has no capitals but those of ASCII goes in one piece.
fn fold(text: &str, into: &mut Vec<u8>) {
    let mut rest = text;
    while !rest.is_empty() {
        let (plain, tail) = rest.split_at(plain(rest.as_bytes()));
        let start = into.len();
        into.extend_from_slice(plain.as_bytes());
        into[start..].make_ascii_lowercase();
        let mut chars = tail.chars();
        if let Some(c) = chars.next() {
            fold_char(c, into);
        }
        rest = chars.as_str();
    }
}

/// How many bytes at the beginning are ASCII, small letters of western Europe, or of scripts without capitals.
fn plain(bytes: &[u8]) -> usize {
    const HIGH: u64 = 0x8080_8080_8080_8080;

    let mut at = 0;
    loop {
        if let Some(eight) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
            let high = u64::from_le_bytes(*eight) & HIGH;
            if high == 0 {
                at += 8;
                continue;
            }
            at += high.trailing_zeros() as usize / 8;
        }
        match bytes.get(at..) {
            Some([0..=0x7F, ..]) => at += 1,
            // ß to ÿ.
            Some([0xC3, 0x9F..=0xBF, ..]) => at += 2,
            // Kana, Chinese characters and most of Hangul.
            Some([0xE3..=0xE9 | 0xEB | 0xEC, _, _, ..]) => at += 3,
            _ => return at,
        }
    }
}

fn fold_char(c: char, into: &mut Vec<u8>) {
    let mut push = |c: char| into.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    match c {
        // The sigma at the end of a word is the same letter.
        'ς' => push('σ'),
        _ => c.to_lowercase().for_each(push),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::story::Status;
    use crate::surface::answer::samples::{World, moved, of, story};

    fn folded(text: &str) -> String {
        let mut bytes = Vec::new();
        fold(text, &mut bytes);
        String::from_utf8(bytes).unwrap()
    }

    fn found(world: &World, text: &str) -> Vec<String> {
        let found = search(&world.project, &world.entries, text);
        found.hits.iter().map(|hit| hit.what.to_string()).filter(|what| what.contains('-')).collect()
    }

    #[test]
    fn case_makes_no_difference() {
        #[rustfmt::skip]
        let cases = [
            ("Hello WORLD",              "hello world"),
            ("ÄÖÜ äöü ß ÿ Ÿ × ÷",        "äöü äöü ß ÿ ÿ × ÷"),
            ("Straße nach KÖLN-Süd 12",  "straße nach köln-süd 12"),
            ("ΟΔΥΣΣΕΥΣ Οδυσσεύς",        "οδυσσευσ οδυσσεύσ"),
            ("Привет МИР",               "привет мир"),
            ("日本語 ＡＢＣ 한국어 ĞİŞ",   "日本語 ａｂｃ 한국어 ği̇ş"),
            ("x日",                      "x日"),
        ];
        for (text, expected) in cases {
            assert_eq!(folded(text), expected);
            assert_eq!(folded(&folded(text)), expected, "folding twice changes {text}");
        }
    }

    #[test]
    fn folding_in_pieces_is_folding_sign_by_sign() {
        // Every sign behind runs of different length, so that it stands at every place of a piece.
        for c in (0..=0x0001_FFFF).filter_map(char::from_u32) {
            let mut alone = Vec::new();
            fold_char(c, &mut alone);
            let text = format!("{}{c}A", "B".repeat(c as usize % 9));
            let expected = format!("{}{}a", "b".repeat(c as usize % 9), String::from_utf8(alone).unwrap());
            assert_eq!(folded(&text), expected, "U+{:04X}", c as u32);
        }
    }

    #[test]
    fn all_words_must_occur_and_better_places_come_first() {
        let mut world = World::backlog();
        world.does(story("Something else\nabout a card", |_| {}));
        world.does(story("And more", |new| new.criteria = vec![of("a card")]));

        #[rustfmt::skip]
        let cases: [(&str, &[&str]); 6] = [
            ("CARD",            &["S-1", "S-7", "S-6", "E-1"]),
            ("card declined",   &["S-1"]),
            ("ard  Ecline",     &["S-1"]),
            ("card card",       &["S-1", "S-7", "S-6", "E-1"]),
            ("card zebra",      &[]),
            ("  ",              &[]),
        ];
        for (text, expected) in cases {
            assert_eq!(found(&world, text), expected, "for {text:?}");
        }
    }

    #[test]
    fn what_is_open_comes_before_what_is_done() {
        let mut world = World::midway();
        world.does(story("Rotate the logs", |_| {}));

        assert_eq!(found(&world, "rotate"), ["S-6", "S-4"]);
        world.does(moved("S-6", Status::Done, None));
        assert_eq!(found(&world, "rotate"), ["S-6", "S-4"], "both are done, the newer one comes first");
    }

    #[test]
    fn ten_are_shown_and_all_are_counted() {
        let mut world = World::new();
        for number in 0..25 {
            world.does(story(&format!("Needle {number}"), |_| {}));
        }
        let found = search(&world.project, &[], "needle");

        assert_eq!((found.total, found.hits.len()), (25, SHOWN));
    }

    #[test]
    fn an_excerpt_shows_the_word() {
        let long = format!("{}the Äpfel {}", "before ".repeat(20), "after ".repeat(40));
        #[rustfmt::skip]
        let cases = [
            ("short text", "text", "short text"),
            ("two\nlines",  "lines", "two lines"),
            ("İİİ x needle", "needle", "İİİ x needle"),
            (long.as_str(), "äpfel", "… before before before the Äpfel after after after after after after after after after after after aft …"),
        ];
        for (text, word, expected) in cases {
            assert_eq!(excerpt(text, word.as_bytes()), expected);
        }
    }
}
