//! From the arguments of a shell, which has taken the quotes away, to the text of one command.

use crate::surface::parse::bind::Binder;
use crate::surface::parse::spec::{self, ArgumentKind, Spec};
use crate::surface::parse::write::quoted;
use crate::surface::parse::{lexer, names, start};

/// Joins arguments with blanks. A value of several words gets its quotes back where it belongs to an argument by
/// name: `goal:ship it` and `--goal 'ship it'` arrive without any.
pub fn from_words(words: &[String]) -> String {
    let mut line = String::new();
    let mut spec: Option<&'static Spec> = None;
    let mut awaited = false;
    for word in words {
        let piece = match spec {
            Some(spec) => requoted(word, awaited, spec),
            None => word.clone(),
        };
        awaited = spec.is_some_and(|spec| awaits(word, spec));
        if !line.is_empty() {
            line.push(' ');
        }
        line += &piece;
        if spec.is_none() {
            spec = described(&line);
        }
    }
    line
}

/// Whether the command that `text` begins with has an argument of this name.
pub fn has_argument(text: &str, name: &str) -> bool {
    described(text).is_some_and(|spec| spec.argument(name).is_some())
}

/// What describes the command that `text` begins with, if it begins with one.
pub(crate) fn described(text: &str) -> Option<&'static Spec> {
    names::find(text, start(text)).ok().map(|(kind, _)| spec::of(kind))
}

/// Whether the command in `text`, which may be unfinished, already gives the argument of this name.
pub(crate) fn gives(text: &str, name: &str) -> bool {
    let Ok((kind, from)) = names::find(text, start(text)) else { return false };
    let fields = Binder::new(text, spec::of(kind)).bind(lexer::tokens(text, from));
    fields.is_ok_and(|fields| fields.given(name))
}

fn requoted(word: &str, awaited: bool, spec: &Spec) -> String {
    let needs_quotes =
        |value: &str| value.contains(char::is_whitespace) && !value.starts_with(['"', '\'', '“']);
    if awaited && needs_quotes(word) {
        return quoted(word);
    }
    match word.split_once([':', '=']) {
        Some((head, value)) if needs_quotes(value.trim_start()) && knows(spec, head) => {
            // The separator is one byte in both forms.
            format!("{}{}", &word[..=head.len()], quoted(value.trim_start()))
        }
        _ => word.to_owned(),
    }
}

fn knows(spec: &Spec, head: &str) -> bool {
    spec.argument(head.strip_prefix("--").unwrap_or(head)).is_some()
}

/// Whether `word` is like `--goal`, so that the next argument is its value.
fn awaits(word: &str, spec: &Spec) -> bool {
    let argument = word.strip_prefix("--").and_then(|name| spec.argument(name));
    argument.is_some_and(|argument| argument.kind != ArgumentKind::Flag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_several_words_get_their_quotes_back() {
        #[rustfmt::skip]
        let cases: &[(&[&str], &str)] = &[
            (&["/epic Build it"],                             "/epic Build it"),
            (&["epic", "Build", "it"],                        "epic Build it"),
            (&["epic", "Build it: now"],                      "epic Build it: now"),
            (&["epic", "description:Build it"],               "epic description:\"Build it\""),
            (&["epic", "description: Build it"],              "epic description:\"Build it\""),
            (&["epic", "note:Build it"],                      "epic note:Build it"),
            (&["sprint", "plan", "--goal", "ship it", "S-1"], "sprint plan --goal \"ship it\" S-1"),
            (&["sprint", "plan", "--goal=ship it"],           "sprint plan --goal=\"ship it\""),
            (&["sprint plan", "goal:say \"hi\" now"],         "sprint plan goal:\"say \\\"hi\\\" now\""),
            (&["sprint plan", "goal:\"ship it\""],            "sprint plan goal:\"ship it\""),
            (&["sprint plan", "goal:ship"],                   "sprint plan goal:ship"),
            (&["undo", "--confirm", "2"],                     "undo --confirm 2"),
            (&["bogus", "goal:ship it"],                      "bogus goal:ship it"),
            (&[],                                             ""),
        ];
        for (words, line) in cases {
            let words: Vec<_> = words.iter().map(|word| (*word).to_owned()).collect();
            assert_eq!(from_words(&words), *line, "for {words:?}");
        }
    }
}
