//! How well an item answers to what somebody typed.

use std::cmp::Reverse;

use memchr::memmem::Finder;
use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use crate::domain::entity::Entity;
use crate::domain::project::Project;
use crate::surface::discord::menu::pool::{Id, Item};

/// Longer than any title, so that whatever is sent takes no more time.
const TYPED_MAX: usize = 200;

/// With fewer letters nearly every title is like what was typed.
const LIKE_MIN: usize = 2;

/// What a letter is worth on average where the letters stand close together or begin words. Letters that are strewn
/// over a title are worth less and say nothing.
const LETTER_MIN: u32 = 14;

/// The letters with which ids begin.
const STORY: &str = "s";
const EPIC: &str = "e";
const SPRINT: &str = "sprint";
const APPROVAL: &str = "a";

/// How well; the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    /// It is called so.
    Exact,
    /// Its id begins so.
    Begun,
    /// Its title begins so.
    Opening,
    /// Every word begins a word of it.
    Words,
    /// The letters occur in it in this order; more is better.
    Like(Reverse<u32>),
}

/// What somebody typed, taken apart once for all items.
pub(super) struct Sought {
    /// In small letters.
    text: String,
    /// Its words.
    words: Vec<Finder<'static>>,
    number: Option<Number>,
    /// What bears the text as an older name.
    alias: Option<Entity>,
    pattern: Option<Pattern>,
    /// The least that a title must be like it.
    like_min: u32,
    matcher: Matcher,
    /// Room for titles that are not plain ASCII.
    buffer: Vec<char>,
    /// The same for texts in small letters.
    folded: String,
}

/// The letters and the digits of an id: `S-7`, `s7` and `7` are the same story.
struct Number {
    letters: String,
    /// Without zeros in front.
    digits: String,
}

impl Sought {
    pub(super) fn new(typed: &str, project: Option<&Project>) -> Self {
        let text = typed.trim().chars().take(TYPED_MAX).collect::<String>().to_lowercase();
        let number = Number::read(&text);
        let letters = text.chars().filter(|c| !c.is_whitespace()).count();
        let like = letters >= LIKE_MIN && number.as_ref().is_none_or(|number| number.digits.is_empty());
        let pattern = || Pattern::new(&text, CaseMatching::Ignore, Normalization::Smart, AtomKind::Fuzzy);
        Self {
            words: words(&text).map(|word| Finder::new(word).into_owned()).collect(),
            number,
            alias: project.and_then(|project| project.alias(&text)),
            pattern: like.then(pattern),
            like_min: LETTER_MIN.saturating_mul(u32::try_from(letters).unwrap_or(u32::MAX)),
            matcher: Matcher::new(Config::DEFAULT),
            buffer: Vec::new(),
            folded: String::new(),
            text,
        }
    }

    /// Whether nothing was typed, so that everything answers to it.
    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// How well `item` answers; `None` if it does not.
    pub(super) fn rank(&mut self, item: &Item<'_>) -> Option<Rank> {
        let by_id = match &item.id {
            Id::Thing(entity) if self.alias == Some(*entity) => Some(Rank::Exact),
            Id::Thing(Entity::Story(id)) => self.numbered(STORY, id.0),
            Id::Thing(Entity::Epic(id)) => self.numbered(EPIC, id.0),
            Id::Thing(Entity::Sprint(id)) => self.numbered(SPRINT, id.0),
            Id::Approval(id) => self.numbered(APPROVAL, id.0),
            Id::Word(word) => self.word(word),
        };
        by_id.or_else(|| self.title(item))
    }

    fn numbered(&self, letters: &str, number: u32) -> Option<Rank> {
        let sought = self.number.as_ref()?;
        if sought.digits.is_empty() {
            return letters.starts_with(&sought.letters).then_some(Rank::Begun);
        }
        if !sought.letters.is_empty() && sought.letters != letters {
            return None;
        }
        let typed: u32 = sought.digits.parse().ok()?;
        let mut begun = number;
        while begun > typed {
            begun /= 10;
        }
        match (number == typed, begun == typed) {
            (true, _) => Some(Rank::Exact),
            (false, true) => Some(Rank::Begun),
            (false, false) => None,
        }
    }

    fn word(&self, word: &str) -> Option<Rank> {
        if word.to_lowercase() == self.text {
            return Some(Rank::Exact);
        }
        word.to_lowercase().starts_with(&self.text).then_some(Rank::Begun)
    }

    fn title(&mut self, item: &Item<'_>) -> Option<Rank> {
        self.folded.clear();
        if let Id::Word(word) = &item.id {
            fold(word, &mut self.folded);
            self.folded.push(' ');
        }
        fold(item.title, &mut self.folded);
        if self.folded.starts_with(&self.text) {
            return Some(Rank::Opening);
        }
        if !self.words.is_empty() && self.words.iter().all(|word| begins_a_word(&self.folded, word)) {
            return Some(Rank::Words);
        }
        let text = Utf32Str::new(&self.folded, &mut self.buffer);
        let score = self.pattern.as_ref()?.score(text, &mut self.matcher)?;
        (score >= self.like_min).then_some(Rank::Like(Reverse(score)))
    }
}

impl Number {
    /// Letters, then digits, whatever stands between them; `None` for everything else.
    fn read(text: &str) -> Option<Self> {
        let plain: String = text.chars().filter(|c| !matches!(c, '-' | '_' | ' ' | '#')).collect();
        let letters: String = plain.chars().take_while(|c| c.is_ascii_alphabetic()).collect();
        let digits = &plain[letters.len()..];
        let begun = [STORY, EPIC, SPRINT, APPROVAL].iter().any(|known| known.starts_with(&letters));
        let known = begun && digits.bytes().all(|byte| byte.is_ascii_digit());
        let digits = digits.trim_start_matches('0').to_owned();
        let says_something = !letters.is_empty() || !digits.is_empty();
        (known && says_something).then_some(Self { letters, digits })
    }
}

/// Adds `text` in small letters.
fn fold(text: &str, folded: &mut String) {
    if text.is_ascii() {
        let from = folded.len();
        folded.push_str(text);
        folded[from..].make_ascii_lowercase();
    } else {
        folded.extend(text.chars().flat_map(char::to_lowercase));
    }
}

/// Whether a word of `text` begins with what `sought` finds.
fn begins_a_word(text: &str, sought: &Finder<'_>) -> bool {
    let in_word = |at: usize| text[..at].chars().next_back().is_some_and(char::is_alphanumeric);
    sought.find_iter(text.as_bytes()).any(|at| !in_word(at))
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}
