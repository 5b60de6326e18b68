//! What could stand at the cursor: commands, arguments, their words, and the ids that somebody else knows.

use crate::domain::command::CommandKind;
use crate::surface::parse::bind::Binder;
use crate::surface::parse::lexer::{Shape, Token, tokens, word_len};
use crate::surface::parse::names;
use crate::surface::parse::spec::{self, Argument, ArgumentKind, PROJECT, Spec};
use crate::surface::parse::{INPUT_MAX, start};

/// More candidates than a person reads.
const CANDIDATES_MAX: usize = 100;

/// Fewer letters of a word in a title are in too many of them.
const WORD_MIN: usize = 3;

/// A kind of thing whose names only the caller knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Stories.
    Story,
    /// Epics.
    Epic,
    /// Sprints.
    Sprint,
    /// Questions that wait for an answer.
    Approval,
    /// Projects.
    Project,
}

/// Something that could stand at the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// What replaces the text from [`Completions::start`] to the cursor.
    pub text: String,
    /// What it means.
    pub description: String,
    /// Whether it names a thing, such as a story, which its description finds too.
    pub is_thing: bool,
}

/// All that could stand at the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completions {
    /// The byte of the text from which on it is replaced.
    pub start: usize,
    /// At most a hundred, in the order of their descriptions.
    pub candidates: Vec<Candidate>,
}

/// Completes a command. `names` gives the names of things of a kind, each with a few words about it.
pub fn complete(text_before_cursor: &str, names: &dyn Fn(Wanted) -> Vec<(String, String)>) -> Completions {
    let text = text_before_cursor;
    let none = Completions { start: text.len(), candidates: Vec::new() };
    if text.len() > INPUT_MAX {
        return none;
    }
    let mut completions = match begun_name(text) {
        Some((start, candidates)) => matching(text, start, candidates),
        None => match names::find(text, start(text)) {
            Ok((kind, behind)) => arguments(text, spec::of(kind), behind, names),
            Err(_) => none,
        },
    };
    completions.candidates.truncate(CANDIDATES_MAX);
    completions
}

/// The names that may stand where the cursor is, if it is still in the name of the command.
fn begun_name(text: &str) -> Option<(usize, Vec<Candidate>)> {
    let first = start(text) + blank_len(&text[start(text)..]);
    let behind = first + word_len(&text[first..]);
    if behind == text.len() {
        return Some((first, first_words()));
    }
    let group = names::canonical(&text[first..behind]);
    let second = behind + blank_len(&text[behind..]);
    let is_group = names::groups().any(|known| known == group);
    let in_second = second + word_len(&text[second..]) == text.len();
    (is_group && in_second).then(|| {
        let members = names::members(&group);
        (second, members.map(|(kind, word)| candidate(word, spec::of(kind).summary)).collect())
    })
}

fn first_words() -> Vec<Candidate> {
    let mut found: Vec<Candidate> = Vec::new();
    for spec in spec::all() {
        let Some((group, _)) = spec.kind.name().split_once(' ') else {
            found.push(candidate(spec.kind.name(), spec.summary));
            continue;
        };
        if !found.iter().any(|one| one.text == group) {
            let members: Vec<_> = names::members(group).map(|(_, word)| word).collect();
            found.push(candidate(group, &members.join(", ")));
        }
    }
    found
}

/// The arguments and values that may stand where the cursor is.
fn arguments(
    text: &str,
    spec: &'static Spec,
    behind: usize,
    names: &dyn Fn(Wanted) -> Vec<(String, String)>,
) -> Completions {
    let mut words = tokens(text, behind);
    if words.iter().any(|word| is_inside_quotes(text, word)) {
        return Completions { start: text.len(), candidates: Vec::new() };
    }
    let begun = words.pop_if(|word| word.end() == text.len());
    let at = begun.as_ref().map_or(text.len(), |word| word.start);
    let awaiting = words.last().and_then(|word| awaited(word, spec));
    let mut binder = Binder::new(text, spec);
    // What cannot be read so far is said when the command is sent; what was read still helps.
    let _ = binder.take(words);
    if let Some(argument) = awaiting {
        return matching(text, list_start(text, at, argument), values(argument, names));
    }
    if let Some((argument, start)) = begun.as_ref().and_then(|word| named_value(word, spec)) {
        return matching(text, list_start(text, start, argument), values(argument, names));
    }
    let mut found = Vec::new();
    if let Some(argument) = binder.next_placed() {
        found.extend(values(argument, names));
    }
    found.extend(keys(spec, &binder, text[at..].starts_with("--")));
    matching(text, at, found)
}

/// Whether the cursor is in a text in quotes that `word` opened. An apostrophe opens none.
fn is_inside_quotes(text: &str, word: &Token<'_>) -> bool {
    let quote = word.unclosed.and_then(|at| text[at..].chars().next());
    let whole = matches!(word.shape, Shape::Quoted(_)) && word.end() == text.len();
    whole || quote.is_some_and(|quote| !matches!(quote, '\'' | '‘'))
}

/// The argument of a word like `--goal`, whose value is the next word.
fn awaited(word: &Token<'_>, spec: &Spec) -> Option<&'static Argument> {
    match &word.shape {
        Shape::Named { name, dashed: true, value: None } => {
            spec.argument(name).filter(|argument| argument.kind != ArgumentKind::Flag)
        }
        _ => None,
    }
}

/// The argument of a word like `goal:x`, and where its value begins.
fn named_value(word: &Token<'_>, spec: &Spec) -> Option<(&'static Argument, usize)> {
    let Shape::Named { name, dashed, value } = &word.shape else { return None };
    let dashes = if *dashed { 2 } else { 0 };
    let valued = value.is_some() || word.raw.ends_with([':', '=']);
    let start = word.start + dashes + name.len() + 1;
    spec.argument(name).filter(|_| valued).map(|argument| (argument, start))
}

/// Behind a comma begins the next item of a list.
fn list_start(text: &str, start: usize, argument: &Argument) -> usize {
    let comma = text[start..].rfind(',').filter(|_| argument.kind.is_list());
    comma.map_or(start, |comma| start + comma + 1)
}

/// The names of arguments that are not given yet.
fn keys(spec: &'static Spec, binder: &Binder<'_>, dashed: bool) -> Vec<Candidate> {
    let all = spec.in_order().chain([&PROJECT]);
    all.filter(|argument| binder.is_free(argument) || argument.kind.is_list())
        .map(|argument| {
            let flag = argument.kind == ArgumentKind::Flag;
            let text = match (dashed, flag) {
                (true, _) => format!("--{}", argument.name),
                (false, true) => argument.name.to_owned(),
                (false, false) => format!("{}:", argument.name),
            };
            candidate(&text, argument.description)
        })
        .collect()
}

/// What an argument takes, as far as it can be listed.
fn values(argument: &Argument, names: &dyn Fn(Wanted) -> Vec<(String, String)>) -> Vec<Candidate> {
    let words = |words: &[&str]| words.iter().map(|word| candidate(word, "")).collect::<Vec<_>>();
    let named = |kinds: &[Wanted]| {
        let all = kinds.iter().flat_map(|kind| names(*kind));
        all.map(|(text, description)| Candidate { text, description, is_thing: true }).collect::<Vec<_>>()
    };
    match argument.kind {
        ArgumentKind::Choice(choices) => words(choices),
        ArgumentKind::Flag => words(&["yes", "no"]),
        ArgumentKind::Story | ArgumentKind::Stories => named(&[Wanted::Story]),
        ArgumentKind::Epic => named(&[Wanted::Epic]),
        ArgumentKind::Any => named(&[Wanted::Story, Wanted::Epic, Wanted::Sprint]),
        ArgumentKind::View => {
            let mut all = words(argument.kind.words());
            all.extend(named(&[Wanted::Story, Wanted::Epic, Wanted::Sprint]));
            all
        }
        ArgumentKind::Approvals => named(&[Wanted::Approval]),
        ArgumentKind::Project => named(&[Wanted::Project]),
        ArgumentKind::Command => {
            CommandKind::ALL.iter().map(|kind| candidate(kind.name(), spec::of(*kind).summary)).collect()
        }
        _ => Vec::new(),
    }
}

/// Those of `candidates` that go on as the text from `start` does; where none does, the things with such a word
/// in their description, because people remember titles better than ids.
fn matching(text: &str, start: usize, candidates: Vec<Candidate>) -> Completions {
    let begun = text[start..].to_lowercase();
    let goes_on = |text: &str| text.to_lowercase().starts_with(&begun);
    let (found, others): (Vec<_>, Vec<_>) = candidates.into_iter().partition(|one| goes_on(&one.text));
    if !found.is_empty() || begun.len() < WORD_MIN {
        return Completions { start, candidates: found };
    }
    let in_words = |one: &Candidate| one.is_thing && one.description.split_whitespace().any(goes_on);
    Completions { start, candidates: others.into_iter().filter(in_words).collect() }
}

fn candidate(text: &str, description: &str) -> Candidate {
    Candidate { text: text.to_owned(), description: description.to_owned(), is_thing: false }
}

fn blank_len(text: &str) -> usize {
    text.len() - text.trim_start().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(wanted: Wanted) -> Vec<(String, String)> {
        let names: &[&str] = match wanted {
            Wanted::Story => &["S-1", "S-2", "S-10"],
            Wanted::Epic => &["E-1"],
            Wanted::Sprint => &["sprint-001"],
            Wanted::Approval => &["A-1"],
            Wanted::Project => &["billing-api"],
        };
        names.iter().map(|name| ((*name).to_owned(), String::new())).collect()
    }

    #[test]
    fn the_cursor_decides_what_is_offered() {
        #[rustfmt::skip]
        let cases: &[(&str, &str, &[&str])] = &[
            ("/spr",                     "spr",   &["sprint"]),
            ("re",                       "re",    &["reject", "request_changes", "restore", "ready"]),
            ("/Sprint P",                "P",     &["plan", "pause"]),
            ("sprint plan S-1 ",         "",      &["S-1", "S-2", "S-10", "ids:", "goal:", "days:", "capacity:", "project:"]),
            ("sprint plan ids:S-2,s-1",  "s-1",   &["S-1", "S-10"]),
            ("sprint plan g",            "g",     &["goal:"]),
            ("sprint plan --",           "--",    &["--ids", "--goal", "--days", "--capacity", "--project"]),
            ("sprint plan --project ",   "",      &["billing-api"]),
            ("story move S-1 ",          "",      &["todo", "in_progress", "in_review", "done", "blocked", "status:", "reason:", "project:"]),
            ("story move S-1 in",        "in",    &["in_progress", "in_review"]),
            ("backlog add As a user pri", "pri",  &["priority:"]),
            ("backlog add x priority:h", "h",     &["high"]),
            ("backlog add x priority:high p", "p", &["points:", "project:"]),
            ("backlog add \"As a user p", "",     &[]),
            ("backlog view s",           "s",     &["sprint", "S-1", "S-2", "S-10", "sprint-001"]),
            ("approve ",                 "",      &["A-1", "ids:", "project:"]),
            ("undo 2 c",                 "c",     &["confirm"]),
            ("help sprint p",            "p",     &["project:"]),
            ("help spr",                 "spr",   &["sprint plan", "sprint start", "sprint status", "sprint pause", "sprint resume", "sprint finish", "sprint cancel"]),
            ("banana x",                 "",      &[]),
        ];
        for (text, begun, offered) in cases {
            let completions = complete(text, &known);
            let texts: Vec<_> = completions.candidates.iter().map(|one| one.text.as_str()).collect();
            assert_eq!((&text[completions.start..], texts.as_slice()), (*begun, *offered), "for {text:?}");
        }
    }

    #[test]
    fn a_story_is_found_by_a_word_of_its_title() {
        let titled = |wanted| match wanted {
            Wanted::Story => vec![
                ("S-1".to_owned(), "Log in with a passkey".to_owned()),
                ("S-2".to_owned(), "Passkeys of a team".to_owned()),
            ],
            _ => Vec::new(),
        };
        #[rustfmt::skip]
        let cases: &[(&str, &[&str])] = &[
            ("story move pass",       &["S-1", "S-2"]),
            ("story move PASSKEYS",   &["S-2"]),
            ("story move wi",         &[]),
            ("sprint plan ids:S-1,log", &["S-1"]),
            ("backlog add passk",     &[]),
        ];
        for (text, offered) in cases {
            let found = complete(text, &titled).candidates;
            assert_eq!(
                found.iter().map(|one| one.text.as_str()).collect::<Vec<_>>(),
                *offered,
                "for {text:?}"
            );
        }
    }

    #[test]
    fn an_empty_line_offers_every_first_word_once() {
        let completions = complete("", &known);

        let texts: Vec<_> = completions.candidates.iter().map(|one| one.text.as_str()).collect();
        assert_eq!(texts[..4], ["project", "epic", "approve", "reject"]);
        assert_eq!(texts.iter().filter(|text| **text == "sprint").count(), 1);
    }

    #[test]
    fn a_long_list_is_cut() {
        let many = |_| (0..1000).map(|n| (format!("S-{n}"), String::new())).collect();

        assert_eq!(complete("story move ", &many).candidates.len(), CANDIDATES_MAX);
    }
}
