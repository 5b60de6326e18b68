//! Marked-up text as Discord's Markdown, with everything that people wrote made harmless.
//!
//! Discord undoes an escape only outside of code, so there a mention is broken with a sign that has no width.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::surface::render::{Look, Span, harmless, spans};

/// One line, piece by piece.
pub(super) type Line = Vec<Span>;

/// Stands inside what would be a mention; nobody sees it.
pub(super) const GAP: char = '\u{200B}';
/// The most that the marks around one piece take: `**` twice and a [`GAP`].
const MARKS: usize = 5;
/// Code up to this length is not torn apart.
const CODE_MAX: usize = 60;
/// What may be inside a link besides letters and digits. Nothing of it could begin a format, were it no link.
const IN_LINK: &str = "-._~:/?#@!$&+,;=%()";
/// What ends a sentence, and not a link.
const BEHIND_LINK: [char; 7] = ['.', ',', ':', ';', '!', '?', ')'];

/// How long Discord takes a text to be. It counts code points in one place and UTF-16 units in another; the latter
/// are never fewer.
pub(super) fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

/// The lines of a text that may hold `code` and **bold** words.
pub(super) fn lines(text: &str) -> Vec<Line> {
    harmless(text).lines().map(spans).collect()
}

/// The same as a single line.
pub(super) fn line(text: &str) -> Line {
    spans(&harmless(text).replace('\n', " "))
}

/// Words of our own.
pub(super) fn words(look: Look, text: impl Into<String>) -> Span {
    Span { look, text: text.into() }
}

/// The same with its plain pieces in bold.
pub(super) fn bold(line: Line) -> Line {
    let heavy = |span: Span| match span.look {
        Look::Plain => Span { look: Look::Bold, ..span },
        _ => span,
    };
    line.into_iter().map(heavy).collect()
}

/// A line as Markdown for a description, the value of a field or a message.
pub(super) fn markdown(line: &[Span]) -> String {
    written(line, true)
}

/// A line as Markdown for a title or the name of a field, where there are no links.
pub(super) fn heading(line: &[Span]) -> String {
    written(line, false)
}

/// Whether nothing of a text would be seen.
pub(super) fn is_blank(text: &str) -> bool {
    text.trim().width() == 0
}

/// Text in which nothing is a mention, for places that know no other format.
pub(super) fn calm(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        safe.push(c);
        if begins_mention(c, &text[at + c.len_utf8()..]) {
            safe.push(GAP);
        }
    }
    safe
}

fn written(line: &[Span], links: bool) -> String {
    let mut text = String::new();
    let mut last = "";
    for span in line {
        let (mark, inside) = match span.look {
            Look::Plain => ("", escaped(&span.text, links)),
            Look::Bold => ("**", escaped(&span.text, links)),
            Look::Code | Look::Command => ("`", calm(&span.text)),
        };
        // Blanks at the inner side of `**` would keep it from being read as a mark.
        let (before, core, behind) = if mark == "**" { trimmed(&inside) } else { ("", inside.as_str(), "") };
        let mark = if core.is_empty() { "" } else { mark };
        // Two equal marks side by side would be read as another one.
        if !mark.is_empty() && mark == last && before.is_empty() {
            text.push(GAP);
        }
        text.extend([before, mark, core, mark, behind]);
        last = if behind.is_empty() { mark } else { "" };
    }
    text
}

/// The blanks at the beginning of a text, the text, and the blanks at its end.
fn trimmed(text: &str) -> (&str, &str, &str) {
    let (text, behind) = text.split_at(text.trim_end().len());
    let (before, text) = text.split_at(text.len() - text.trim_start().len());
    (before, text, behind)
}

/// Text that reads as it was written.
fn escaped(text: &str, links: bool) -> String {
    let mut safe = String::with_capacity(text.len() + text.len() / 8);
    let mut rest = text;
    let mut before = None;
    // Whether only digits were seen since the last blank: `1. ` would begin a list.
    let mut digits = true;
    while let Some(c) = rest.chars().next() {
        if let Some(link) = link(rest, before).filter(|_| links) {
            safe.extend(["<", link, ">"]);
            before = link.chars().next_back();
            rest = &rest[link.len()..];
            digits = false;
            continue;
        }
        rest = &rest[c.len_utf8()..];
        let listed = c == '.' && digits && before.is_some_and(|c| c.is_ascii_digit());
        if needs_escape(c, before, rest) || (listed && !rest.starts_with(|c: char| !c.is_whitespace())) {
            safe.push('\\');
        }
        safe.push(c);
        if begins_mention(c, rest) {
            safe.push(GAP);
        }
        digits = if c.is_whitespace() { true } else { digits && c.is_ascii_digit() };
        before = Some(c);
    }
    safe
}

/// Whether `c` between `before` and `rest` would be read as a mark.
fn needs_escape(c: char, before: Option<char>, rest: &str) -> bool {
    match c {
        '\\' | '*' | '_' | '~' | '|' | '`' | '[' | ']' | '<' => true,
        // These mean something at the beginning of a line, and each word may come to stand there.
        '#' | '>' | '-' | '+' => before.is_none_or(|c| !c.is_ascii_graphic() && !c.is_alphanumeric()),
        // `:a:` is an emoji.
        ':' => {
            let name = rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || "_+-".contains(c));
            name.len() < rest.len() && name.starts_with(':')
        }
        _ => false,
    }
}

/// Whether `c` with `rest` behind it may begin a mention, a timestamp or an emoji.
fn begins_mention(c: char, rest: &str) -> bool {
    let begins = |word: &str| rest.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word));
    match c {
        '<' => rest.starts_with(['@', '#', '/', ':']) || ["a:", "t:", "id:"].iter().any(|word| begins(word)),
        '@' => begins("everyone") || begins("here"),
        _ => false,
    }
}

/// The address at the beginning of `text`. It is shown between `<` and `>`: so it ends where it should, and what is
/// inside needs no escapes, which would become part of it.
fn link(text: &str, before: Option<char>) -> Option<&str> {
    if before.is_some_and(char::is_alphanumeric) {
        return None;
    }
    let scheme = ["https://", "http://"].into_iter().find(|scheme| text.starts_with(scheme))?;
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && !IN_LINK.contains(c)).unwrap_or(text.len());
    let link = text[..end].trim_end_matches(|c| c != ')' && BEHIND_LINK.contains(&c));
    // A bracket that was opened before the link does not belong to it.
    let link = if link.contains('(') { link } else { link.trim_end_matches(BEHIND_LINK) };
    let mentions = calm(link) != link;
    (link.len() > scheme.len() && !mentions).then_some(link)
}

/// Cuts a line so that the first part takes at most `max`: between words where possible, else between signs.
pub(super) fn cut(line: &[Span], max: usize) -> (Line, Line) {
    let mut head: Line = Vec::new();
    let mut used = 0;
    for (at, span) in line.iter().enumerate() {
        used += MARKS;
        let mut end = 0;
        for word in words_of(span) {
            if used + cost(word) > max {
                break;
            }
            used += cost(word);
            end += word.len();
        }
        if end == 0 && head.is_empty() {
            // Not even one word fits.
            end = signs_within(&span.text, max.saturating_sub(used));
        }
        if end > 0 {
            head.push(words(span.look, &span.text[..end]));
        }
        if end < span.text.len() {
            let mut rest = vec![words(span.look, &span.text[end..])];
            rest.extend_from_slice(&line[at + 1..]);
            return (head, rest);
        }
    }
    (head, Vec::new())
}

/// At most `max` of a text, as one line for a place that knows no format.
pub(super) fn fitting(text: &str, max: usize) -> String {
    let line = calm(&harmless(text).replace('\n', " "));
    let line = line.trim();
    if length(line) <= max {
        return line.to_owned();
    }
    let mut used = 0;
    let fits = |cluster: &&str| {
        used += length(cluster);
        used < max
    };
    let head: String = line.graphemes(true).take_while(fits).collect();
    format!("{}…", head.trim_end())
}

/// The words of a piece, each with the blank behind it; short code is one word.
fn words_of(span: &Span) -> impl Iterator<Item = &str> {
    let code = matches!(span.look, Look::Code | Look::Command) && length(&span.text) <= CODE_MAX;
    let (whole, rest) = if code { (span.text.as_str(), "") } else { ("", span.text.as_str()) };
    std::iter::once(whole).filter(|word| !word.is_empty()).chain(rest.split_inclusive(' '))
}

/// How many bytes of `text` fit, at least one sign of it.
fn signs_within(text: &str, max: usize) -> usize {
    let fit = |pieces: &mut dyn Iterator<Item = &str>| {
        let mut used = 0;
        let fitting = pieces.take_while(|piece| {
            used += cost(piece);
            used <= max
        });
        fitting.map(str::len).sum::<usize>()
    };
    let clusters = fit(&mut text.graphemes(true));
    // A letter with more marks on it than a page can take.
    let signs =
        if clusters == 0 { fit(&mut text.split("").filter(|piece| !piece.is_empty())) } else { clusters };
    signs.max(text.chars().next().map_or(0, char::len_utf8))
}

/// The most that a text takes as Markdown, wherever it stands.
fn cost(text: &str) -> usize {
    let of = |c| match c {
        '<' | '@' | ':' => 3,
        '\\' | '*' | '_' | '~' | '|' | '`' | '[' | ']' | '#' | '>' | '-' | '+' | '.' => 2,
        c => char::len_utf16(c),
    };
    text.chars().map(of).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        lines(text).iter().map(|line| markdown(line)).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn our_marks_stay_and_commands_get_their_slash() {
        #[rustfmt::skip]
        let cases = [
            ("see `sprint plan` now",   "see `/sprint plan` now"),
            ("on `orch-state`",         "on `orch-state`"),
            ("**Warning:** S-1",        "**Warning:** S-1"),
            ("** spaced **x",           " **spaced** x"),
            ("**a**b**",                "**a**b\\*\\*"),
            ("`a``b`",                  "`a`\u{200b}`b`"),
            ("one ` alone",             "one \\` alone"),
            ("`add <id>`",              "`add <id>`"),
        ];
        for (text, expected) in cases {
            assert_eq!(shown(text), expected, "for {text:?}");
        }
    }

    #[test]
    fn what_people_write_is_not_a_format() {
        #[rustfmt::skip]
        let cases = [
            ("*a* _b_ ~~c~~ ||d||",     r"\*a\* \_b\_ \~\~c\~\~ \|\|d\|\|"),
            ("# Title\n-# small\n> x",  "\\# Title\n\\-# small\n\\> x"),
            ("- a\n+ b\n  - c\n1. d",   "\\- a\n\\+ b\n  \\- c\n1\\. d"),
            ("12. x 2.5 v1. y 3.",      "12\\. x 2.5 v1. y 3\\."),
            ("[x](https://evil.example)", r"\[x\](<https://evil.example>)"),
            ("```\nrm\n```",            "\\`\\`\\`\nrm\n\\`\\`\\`"),
            ("S-1 a-b C# a>b x+y",      "S-1 a-b C# a>b x+y"),
            ("Foo::x::y at 12:30",      "Foo:\\:x::y at 12:30"),
            (r"a\b \*c",                r"a\\b \\\*c"),
            ("\u{202e}x\u{7}",          r"\\u{202e}x\\u{7}"),
        ];
        for (text, expected) in cases {
            assert_eq!(shown(text), expected, "for {text:?}");
        }
    }

    #[test]
    fn nobody_is_mentioned() {
        #[rustfmt::skip]
        let cases = [
            ("@everyone @HERE @ada",    "@\u{200b}everyone @\u{200b}HERE @ada"),
            ("`@everyone` **@here**",   "`@\u{200b}everyone` **@\u{200b}here**"),
            ("<@1> <@!1> <@&1> <#1>",   "\\<\u{200b}@1> \\<\u{200b}@!1> \\<\u{200b}@&1> \\<\u{200b}#1>"),
            ("`<@1>` </undo:1>",        "`<\u{200b}@1>` \\<\u{200b}/undo:1>"),
            ("<t:0:R> <:x:1> <a:x:1>",  "\\<\u{200b}t\\:0:R> \\<\u{200b}\\:x:1> \\<\u{200b}a\\:x:1>"),
            ("<id:guide> a < b <x>",    "\\<\u{200b}id:guide> a \\< b \\<x>"),
            ("https://x.example/@everyone", "https://x.example/@\u{200b}everyone"),
        ];
        for (text, expected) in cases {
            assert_eq!(shown(text), expected, "for {text:?}");
        }
    }

    #[test]
    fn a_link_stays_a_link() {
        #[rustfmt::skip]
        let cases = [
            ("see https://x.example/a_b_c.",        "see <https://x.example/a_b_c>."),
            ("(http://x.example/q?a=1&b=~2#z)",     "(<http://x.example/q?a=1&b=~2#z>)"),
            ("https://x.example/wiki/A_(b), so",    "<https://x.example/wiki/A_(b)>, so"),
            ("https:// xhttps://y",                 "https:// xhttps://y"),
            ("https://x.example/**a**",             "<https://x.example/>**a**"),
            ("**https://x.example/a_b**",           "**<https://x.example/a_b>**"),
        ];
        for (text, expected) in cases {
            assert_eq!(shown(text), expected, "for {text:?}");
        }
        assert_eq!(heading(&line("https://x.example/a_b")), r"https://x.example/a\_b");
    }

    #[test]
    fn a_line_is_cut_between_words_and_marks_are_closed() {
        #[rustfmt::skip]
        let cases = [
            ("one two three",       14, "one two ",         "three"),
            ("**one two three**",   14, "**one two** ",     "**three**"),
            ("onetwothree",          8, "one",              "twothree"),
            ("👨‍👩‍👧‍👦👨‍👩‍👧‍👦",            20, "👨‍👩‍👧‍👦",          "👨‍👩‍👧‍👦"),
            ("a `sprint plan` b",   14, "a ",               "`/sprint plan` b"),
        ];
        for (text, max, head, tail) in cases {
            let (first, rest) = cut(&line(text), max);
            assert_eq!((markdown(&first).as_str(), markdown(&rest).as_str()), (head, tail), "for {text:?}");
        }
    }

    #[test]
    fn a_text_without_format_is_one_line_that_fits() {
        let cases =
            [("a\nb", 5, "a b"), ("abcdef", 5, "abcd…"), ("ab 👍🏽", 6, "ab…"), ("<@1>", 9, "<\u{200b}@1>")];
        for (text, max, expected) in cases {
            assert_eq!(fitting(text, max), expected);
        }
    }
}
