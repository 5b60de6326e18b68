//! From the first words of a text to the command that they name, and to the nearest one where they name none.

use crate::domain::command::CommandKind;
use crate::domain::refusal::{Code, Refusal};
use crate::surface::parse::lexer::word_len;
use crate::surface::parse::spec;

/// More letters of a wrong word say nothing more about what was meant.
const SHOWN_MAX: usize = 40;

/// The command that the words from byte `from` on name, and the byte behind its name.
pub(crate) fn find(text: &str, from: usize) -> Result<(CommandKind, usize), Refusal> {
    let (first, after_first) = word(text, from);
    let (second, after_second) = word(text, after_first);
    let (one, other) = (canonical(first), canonical(second));
    // Two words first: `sprint status` is not `sprint` with an argument.
    let long = format!("{one} {other}");
    for spec in spec::all() {
        if called(spec, &long) && !second.is_empty() {
            return Ok((spec.kind, after_second));
        }
    }
    if let Some(spec) = spec::all().find(|spec| called(spec, &one)) {
        return Ok((spec.kind, after_first));
    }
    if first.is_empty() {
        let message = "nothing was asked";
        return Err(Refusal::new(Code::Syntax, message, "see what can be asked with `help`"));
    }
    Err(if groups().any(|group| group == one) {
        no_member(&one, second)
    } else {
        no_command(&one, first, second)
    })
}

/// The first words of commands of two words, each once.
pub(crate) fn groups() -> impl Iterator<Item = &'static str> {
    let mut last = "";
    let firsts =
        CommandKind::ALL.iter().filter_map(|kind| kind.name().split_once(' ')).map(|(first, _)| first);
    firsts.filter(move |first| std::mem::replace(&mut last, first) != *first)
}

/// The commands that begin with the word `group`.
pub(crate) fn members(group: &str) -> impl Iterator<Item = (CommandKind, &'static str)> {
    CommandKind::ALL.iter().filter_map(move |kind| match kind.name().split_once(' ') {
        Some((first, second)) if first == group => Some((*kind, second)),
        _ => None,
    })
}

/// A word in the form in which names are kept: small letters, and `_` for `-`.
pub(crate) fn canonical(word: &str) -> String {
    word.to_lowercase().replace('-', "_")
}

/// The known word that `word` was most likely meant to be.
pub(crate) fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let letters = word.chars().count();
    if letters > SHOWN_MAX {
        return None;
    }
    let slips = if letters <= 4 { 1 } else { 2 };
    let rank = |name: &'a str| {
        let begun = letters >= 2 && name.starts_with(word);
        let distance = if begun { 1 } else { strsim::osa_distance(word, name) };
        // A word of one or two letters is near to everything that is as short.
        (distance <= slips && (distance < letters)).then_some((distance, name))
    };
    known.filter_map(rank).min_by_key(|(distance, _)| *distance).map(|(_, name)| name)
}

/// Something that a person typed, fit to be shown in a message.
pub(crate) fn shown(text: &str) -> String {
    format!("{:?}", cut(text))
}

/// The beginning of a text.
pub(crate) fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN_MAX) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// The word at or behind the byte `from`, and the byte behind it.
fn word(text: &str, from: usize) -> (&str, usize) {
    let rest = text.get(from..).unwrap_or_default();
    let word = rest.trim_start();
    let word = &word[..word_len(word)];
    let blank = rest.len() - rest.trim_start().len();
    (word, from + blank + word.len())
}

fn called(spec: &spec::Spec, name: &str) -> bool {
    // `sprint_start` is how people write it in programs that know no blanks in names.
    spec.kind.name() == name || spec.kind.name().replace(' ', "_") == name || spec.aliases.contains(&name)
}

/// The refusal of a group of commands without the word that says which.
fn no_member(group: &str, second: &str) -> Refusal {
    let all: Vec<_> = members(group).map(|(kind, _)| format!("`{kind}`")).collect();
    let all = format!("there is {}", all.join(", "));
    if second.is_empty() {
        return Refusal::new(Code::Syntax, format!("`{group}` alone is not a command"), all);
    }
    let message = format!("`{group}` has no command {}", shown(second));
    let near = nearest(&canonical(second), members(group).map(|(_, name)| name));
    let hint = near.map_or_else(|| all.clone(), |near| format!("did you mean `{group} {near}`? {all}"));
    Refusal::new(Code::Unknown, message, hint)
}

/// The refusal of a word with which no command begins.
fn no_command(one: &str, first: &str, second: &str) -> Refusal {
    let likely = likely(one, &canonical(second));
    let message = format!("there is no command {}", shown(first));
    let hint = match likely.as_slice() {
        [] => "see what can be asked with `help`".to_owned(),
        likely => format!("did you mean {}? see all with `help`", likely.join(" or ")),
    };
    Refusal::new(Code::Unknown, message, hint)
}

fn likely(one: &str, other: &str) -> Vec<String> {
    let ends_in: Vec<_> = groups()
        .flat_map(members)
        .filter(|(_, second)| *second == one)
        .map(|(kind, _)| format!("`{kind}`"))
        .collect();
    if !ends_in.is_empty() {
        return ends_in;
    }
    let single = spec::all().flat_map(|spec| spec.aliases.iter().copied().chain([spec.kind.name()]));
    let known = single.filter(|name| !name.contains(' ')).chain(groups());
    let Some(near) = nearest(one, known) else { return Vec::new() };
    match nearest(other, members(near).map(|(_, second)| second)) {
        Some(second) => vec![format!("`{near} {second}`")],
        None if groups().any(|group| group == near) => {
            members(near).map(|(kind, _)| format!("`{kind}`")).collect()
        }
        None => vec![format!("`{near}`")],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_found_by_any_of_its_names() {
        #[rustfmt::skip]
        let cases = [
            ("sprint plan S-1",     CommandKind::SprintPlan,     " S-1"),
            ("  Sprint\n PLAN",     CommandKind::SprintPlan,     ""),
            ("sprint_plan x",       CommandKind::SprintPlan,     " x"),
            ("add_story x",         CommandKind::BacklogAdd,     " x"),
            ("add-story x",         CommandKind::BacklogAdd,     " x"),
            ("request-changes x",   CommandKind::RequestChanges, " x"),
            ("backlog list",        CommandKind::BacklogView,    ""),
            ("?",                   CommandKind::Help,           ""),
        ];
        for (text, kind, rest) in cases {
            let (found, at) = find(text, 0).unwrap();
            assert_eq!((found, &text[at..]), (kind, rest), "for {text:?}");
        }
    }

    #[test]
    fn a_slip_is_recognised_and_nonsense_is_not() {
        let known = || ["start", "status", "plan"].into_iter();
        #[rustfmt::skip]
        let cases = [
            ("strat", Some("start")), ("stat", Some("status")), ("pln", Some("plan")), ("p", None),
            ("banana", None), ("", None), ("planned", None),
        ];
        for (word, near) in cases {
            assert_eq!(nearest(word, known()).is_some(), near.is_some(), "for {word:?}");
        }
        assert_eq!(nearest("strat", known()), Some("start"));
        assert_eq!(nearest(&"x".repeat(10_000), known()), None);
    }
}
