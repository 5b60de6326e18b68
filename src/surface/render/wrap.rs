//! Marked-up text as lines of a given width: spans with a look, and the breaks between them.

use std::fmt::Write;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::domain::command::CommandKind;

/// How a piece of text looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// Like everything else.
    Plain,
    /// Important.
    Bold,
    /// Something to be typed or read letter by letter.
    Code,
    /// A command, already with the slash that a terminal takes.
    Command,
}

/// A command up to this length is not broken.
const COMMAND_MAX: usize = 24;

/// A piece of text with one look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    /// How it looks.
    pub(crate) look: Look,
    /// What it says.
    pub(crate) text: String,
}

/// Reads `code` and **bold**; a mark without its partner is just a sign.
pub(crate) fn spans(text: &str) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut rest = text;
    let mut plain = 0;
    while plain < rest.len() {
        let tail = &rest[plain..];
        let found = marked(tail, "`", Look::Code).or_else(|| marked(tail, "**", Look::Bold));
        match found {
            Some((span, length)) => {
                push(&mut spans, Look::Plain, &rest[..plain]);
                spans.push(span);
                rest = &rest[plain + length..];
                plain = 0;
            }
            None => plain += tail.chars().next().map_or(1, char::len_utf8),
        }
    }
    push(&mut spans, Look::Plain, rest);
    spans
}

/// The marked text at the very beginning of `text`, and how long it is with its marks.
fn marked(text: &str, mark: &str, look: Look) -> Option<(Span, usize)> {
    let inside = text.strip_prefix(mark)?;
    let end = inside.find(mark).filter(|end| *end > 0)?;
    let inside = &inside[..end];
    if inside.contains('\n') {
        return None;
    }
    let length = end + 2 * mark.len();
    if look == Look::Code && is_command(inside) {
        return Some((Span { look: Look::Command, text: format!("/{inside}") }, length));
    }
    Some((Span { look, text: inside.to_owned() }, length))
}

/// Whether a text begins with the name of a command.
fn is_command(text: &str) -> bool {
    let begins =
        |name: &str| text.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '));
    CommandKind::ALL.iter().any(|kind| begins(kind.name()))
}

fn push(spans: &mut Vec<Span>, look: Look, text: &str) {
    if !text.is_empty() {
        spans.push(Span { look, text: text.to_owned() });
    }
}

/// Breaks text into lines of at most `width` columns; its own line ends are kept.
pub(crate) fn lines(text: &str, width: usize) -> Vec<Vec<Span>> {
    text.lines().flat_map(|line| wrapped(&spans(line), width.max(1))).collect()
}

/// What a line says, whatever it looks like.
pub(crate) fn plain(line: &[Span]) -> String {
    line.iter().map(|span| span.text.as_str()).collect()
}

fn wrapped(spans: &[Span], width: usize) -> Vec<Vec<Span>> {
    let mut lines = vec![Vec::new()];
    let mut used = 0;
    for word in words(spans) {
        let wide: usize = word.iter().map(|(_, part)| part.width()).sum();
        let blank = word.iter().all(|(_, part)| *part == " ");
        if blank && (used >= width || (used == 0 && lines.len() > 1)) {
            // A blank at a break is not seen; the next word begins a line.
            continue;
        }
        if !blank && used > 0 && used + wide > width {
            trim_end(lines.last_mut());
            lines.push(Vec::new());
            used = 0;
        }
        for (look, token) in word {
            for part in fitting(token, width) {
                if used > 0 && used + part.width() > width {
                    lines.push(Vec::new());
                    used = 0;
                }
                used += part.width();
                append(lines.last_mut(), look, part);
            }
        }
    }
    trim_end(lines.last_mut());
    lines
}

/// What must stay on one line: the pieces between two blanks, whatever their look, and each blank.
fn words(spans: &[Span]) -> Vec<Vec<(Look, &str)>> {
    let mut words: Vec<Vec<(Look, &str)>> = Vec::new();
    for (look, token) in tokens(spans) {
        match words.last_mut() {
            Some(word) if token != " " && word.iter().all(|(_, part)| *part != " ") => {
                word.push((look, token));
            }
            _ => words.push(vec![(look, token)]),
        }
    }
    words
}

/// The words and the blanks of all spans, in order. A short command counts as one word.
fn tokens(spans: &[Span]) -> impl Iterator<Item = (Look, &str)> {
    spans.iter().flat_map(|span| {
        let whole = span.look == Look::Command && span.text.len() <= COMMAND_MAX;
        let (whole, rest) = if whole { (span.text.as_str(), "") } else { ("", span.text.as_str()) };
        let pieces = rest.split_inclusive(' ').flat_map(|piece| {
            let word = piece.strip_suffix(' ');
            [word.unwrap_or(piece), word.map_or("", |_| " ")]
        });
        let all = std::iter::once(whole).chain(pieces).filter(|token| !token.is_empty());
        all.map(|token| (span.look, token))
    })
}

/// A word that is wider than a line, cut between signs.
fn fitting(token: &str, width: usize) -> Vec<&str> {
    if token.width() <= width {
        return vec![token];
    }
    let mut parts = Vec::new();
    let mut start = 0;
    let mut used = 0;
    for (at, cluster) in token.grapheme_indices(true) {
        if used > 0 && used + cluster.width() > width {
            parts.push(&token[start..at]);
            start = at;
            used = 0;
        }
        used += cluster.width();
    }
    parts.push(&token[start..]);
    parts
}

fn append(line: Option<&mut Vec<Span>>, look: Look, text: &str) {
    let Some(line) = line else { return };
    match line.last_mut() {
        Some(last) if last.look == look => last.text.push_str(text),
        _ => line.push(Span { look, text: text.to_owned() }),
    }
}

fn trim_end(line: Option<&mut Vec<Span>>) {
    let Some(line) = line else { return };
    if let Some(last) = line.last_mut() {
        last.text.truncate(last.text.trim_end().len());
    }
    line.retain(|span| !span.text.is_empty());
}

/// Makes visible what would steer a terminal or turn text around; line ends and tabs are harmless.
pub(crate) fn harmless(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => safe.push('\n'),
            '\t' => safe.push_str("    "),
            c if steers(c) => {
                // Writing to a string cannot fail.
                let _ = write!(safe, "\\u{{{:x}}}", u32::from(c));
            }
            c => safe.push(c),
        }
    }
    safe
}

/// Control characters of both sets, marks that change the direction, and line ends that only some know.
fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200E}' | '\u{200F}' | '\u{061C}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, width: usize) -> Vec<String> {
        lines(text, width).iter().map(|line| plain(line)).collect()
    }

    #[test]
    fn marks_become_looks() {
        let look =
            |text: &str| spans(text).into_iter().map(|span| (span.look, span.text)).collect::<Vec<_>>();
        let of = |look, text: &str| (look, text.to_owned());

        #[rustfmt::skip]
        let cases = [
            ("plain",                vec![of(Look::Plain, "plain")]),
            ("see `sprint plan`",    vec![of(Look::Plain, "see "), of(Look::Command, "/sprint plan")]),
            ("`undo 2 confirm`",     vec![of(Look::Command, "/undo 2 confirm")]),
            ("`sprint planner`",     vec![of(Look::Code, "sprint planner")]),
            ("**now** `x`!",         vec![of(Look::Bold, "now"), of(Look::Plain, " "), of(Look::Code, "x"), of(Look::Plain, "!")]),
            ("a ` b ** c",           vec![of(Look::Plain, "a ` b ** c")]),
            ("``",                   vec![of(Look::Plain, "``")]),
            ("é`ü`",                 vec![of(Look::Plain, "é"), of(Look::Code, "ü")]),
        ];
        for (text, expected) in cases {
            assert_eq!(look(text), expected, "{text}");
        }
    }

    #[test]
    fn no_line_is_wider_than_asked_for() {
        #[rustfmt::skip]
        let cases = [
            ("one two three",   7, vec!["one two", "three"]),
            ("one two three",   3, vec!["one", "two", "thr", "ee"]),
            ("a\n\nb",         10, vec!["a", "", "b"]),
            ("日本語日本語",     5, vec!["日本", "語日", "本語"]),
            ("go **very bold**", 7, vec!["go very", "bold"]),
            ("see `x`.",        5, vec!["see", "x."]),
            ("  indented",     20, vec!["  indented"]),
        ];
        for (text, width, expected) in cases {
            assert_eq!(shown(text, width), expected, "{text}");
        }
    }

    #[test]
    fn nothing_steers_a_terminal() {
        let cases = [
            ("a\u{1b}[31mred", "a\\u{1b}[31mred"),
            ("a\rb\u{7}\u{9b}", "a\\u{d}b\\u{7}\\u{9b}"),
            ("a\u{202e}b\u{2028}", "a\\u{202e}b\\u{2028}"),
            ("a\tb\nc", "a    b\nc"),
            ("עברית", "עברית"),
        ];
        for (text, safe) in cases {
            assert_eq!(harmless(text), safe);
        }
    }
}
