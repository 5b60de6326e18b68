//! Cuts a command into words, and sees which of them are quoted, named or an option.
//!
//! Nothing is refused here: whether an odd word is a slip or just text depends on the command, which this file does
//! not know. Every word keeps its place, so that a text can be taken over exactly as it was typed.

/// What was given for an argument, and whether it stood in quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Value {
    /// The text without its quotes.
    pub(crate) text: String,
    /// Quoted words have no special meaning: `"none"` is the text, `none` is nothing.
    pub(crate) quoted: bool,
}

impl Value {
    /// A value that stood in no quotes.
    pub(crate) fn bare(text: &str) -> Self {
        Self { text: text.to_owned(), quoted: false }
    }
}

/// What a word looks like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Shape<'a> {
    /// An ordinary word.
    Plain,
    /// A whole word in quotes, here without them.
    Quoted(String),
    /// `name:value`, `name:`, `--name=value` or `--name`.
    Named {
        /// As it was typed.
        name: &'a str,
        /// Whether it was written with `--`.
        dashed: bool,
        /// What follows at once; nothing if a blank does.
        value: Option<Value>,
    },
    /// `--`, after which nothing is an option.
    End,
}

/// One word and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token<'a> {
    /// The byte at which it starts.
    pub(crate) start: usize,
    /// As it was typed.
    pub(crate) raw: &'a str,
    /// What it looks like.
    pub(crate) shape: Shape<'a>,
    /// The byte of a quote that is opened in it and never closed.
    pub(crate) unclosed: Option<usize>,
}

impl Token<'_> {
    /// The byte behind its last.
    pub(crate) fn end(&self) -> usize {
        self.start + self.raw.len()
    }

    /// What it stands for where it is an argument of its own.
    pub(crate) fn value(&self) -> Value {
        match &self.shape {
            Shape::Quoted(text) => Value { text: text.clone(), quoted: true },
            _ => Value::bare(self.raw),
        }
    }
}

/// The words of `text` from the byte `from` on, which must be the start of a character.
pub(crate) fn tokens(text: &str, from: usize) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let mut quotes = Quotes { never_closed: Vec::new() };
    let mut at = from;
    while let Some(rest) = text.get(at..) {
        let blank = rest.len() - rest.trim_start().len();
        if blank == rest.len() {
            break;
        }
        let token = token_at(text, at + blank, &mut quotes);
        at = token.end();
        found.push(token);
    }
    found
}

/// The number of bytes up to the next blank.
pub(crate) fn word_len(text: &str) -> usize {
    text.find(char::is_whitespace).unwrap_or(text.len())
}

fn token_at<'a>(text: &'a str, start: usize, quotes: &mut Quotes) -> Token<'a> {
    let rest = &text[start..];
    let plain = |len: usize| Token { start, raw: &rest[..len], shape: Shape::Plain, unclosed: None };
    match quotes.read(rest) {
        Quote::Closed { value, len } if word_len(&rest[len..]) == 0 => {
            Token { shape: Shape::Quoted(value), ..plain(len) }
        }
        // `"Login"-button`: an ordinary word, and what stands in its quotes belongs to it.
        Quote::Closed { len, .. } => plain(len + word_len(&rest[len..])),
        Quote::Open => Token { unclosed: Some(start), ..plain(word_len(rest)) },
        Quote::Absent if &rest[..word_len(rest)] == "--" => Token { shape: Shape::End, ..plain(2) },
        Quote::Absent => named(rest, start, quotes).unwrap_or_else(|| plain(word_len(rest))),
    }
}

fn named<'a>(rest: &'a str, start: usize, quotes: &mut Quotes) -> Option<Token<'a>> {
    let dashed = rest.starts_with("--");
    let from = if dashed { 2 } else { 0 };
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let name = &rest[from..];
    let name = &name[..name.find(|c| !is_name(c)).unwrap_or(name.len())];
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let behind = from + name.len();
    let token = |len: usize, value| Token {
        start,
        raw: &rest[..len],
        shape: Shape::Named { name, dashed, value },
        unclosed: None,
    };
    match rest[behind..].chars().next() {
        None => dashed.then(|| token(behind, None)),
        Some(c) if c.is_whitespace() => dashed.then(|| token(behind, None)),
        Some(c) if c == if dashed { '=' } else { ':' } => {
            let value = &rest[behind + 1..];
            Some(with_value(value, quotes.read(value), behind + 1, &token))
        }
        Some(_) => None,
    }
}

/// Completes `token` with the value at the head of `rest`, which begins `behind` bytes into the word.
fn with_value<'a>(
    rest: &str,
    quote: Quote,
    behind: usize,
    token: &dyn Fn(usize, Option<Value>) -> Token<'a>,
) -> Token<'a> {
    let bare = |len: usize| token(behind + len, Some(Value::bare(&rest[..len])));
    match quote {
        _ if word_len(rest) == 0 => token(behind, None),
        Quote::Closed { value, len } if word_len(&rest[len..]) == 0 => {
            token(behind + len, Some(Value { text: value, quoted: true }))
        }
        Quote::Closed { len, .. } => bare(len + word_len(&rest[len..])),
        Quote::Open => {
            let token = bare(word_len(rest));
            Token { unclosed: Some(token.start + behind), ..token }
        }
        Quote::Absent => bare(word_len(rest)),
    }
}

enum Quote {
    Absent,
    Open,
    Closed { value: String, len: usize },
}

/// Reads quotes, also those that phones make of the straight ones.
struct Quotes {
    /// What is not closed once is not closed later either. Without this, a text full of apostrophes would be searched
    /// to its end for each of them.
    never_closed: Vec<char>,
}

impl Quotes {
    /// Reads the quote at the head of `text`.
    fn read(&mut self, text: &str) -> Quote {
        let Some(opener) = text.chars().next() else { return Quote::Absent };
        if self.never_closed.contains(&opener) {
            return Quote::Open;
        }
        let quote = match opener {
            '"' => double(text, &['"']),
            '“' => double(text, &['”']),
            '„' => double(text, &['“', '”']),
            '\'' => single(text, '\''),
            '‘' => single(text, '’'),
            _ => Quote::Absent,
        };
        if matches!(quote, Quote::Open) {
            self.never_closed.push(opener);
        }
        quote
    }
}

fn double(text: &str, closers: &[char]) -> Quote {
    let mut value = String::new();
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if closers.contains(&c) {
            return Quote::Closed { value, len: at + c.len_utf8() };
        }
        let next = chars.peek().map(|(_, next)| *next);
        match (c, next) {
            ('\\', Some(next)) if next == '"' || next == '\\' || closers.contains(&next) => {
                value.push(next);
                chars.next();
            }
            ('\\', Some('n')) => {
                value.push('\n');
                chars.next();
            }
            _ => value.push(c),
        }
    }
    Quote::Open
}

/// Closes only before a blank, because the same sign is the apostrophe of `don't`.
fn single(text: &str, closer: char) -> Quote {
    let head = text.chars().next().map_or(0, char::len_utf8);
    for (at, c) in text.char_indices().skip(1) {
        let len = at + c.len_utf8();
        if c == closer && word_len(&text[len..]) == 0 {
            return Quote::Closed { value: text[head..at].to_owned(), len };
        }
    }
    Quote::Open
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One word in a form that fits into a table.
    fn shown(token: &Token<'_>) -> String {
        match &token.shape {
            Shape::Plain if token.unclosed.is_some() => format!("open({})", token.raw),
            Shape::Plain => token.raw.to_owned(),
            Shape::Quoted(text) => format!("q({text})"),
            Shape::End => "end".to_owned(),
            Shape::Named { name, value: None, .. } => format!("{name}="),
            Shape::Named { name, value: Some(value), .. } if value.quoted => {
                format!("{name}=q({})", value.text)
            }
            Shape::Named { name, value: Some(value), .. } => format!("{name}={}", value.text),
        }
    }

    #[test]
    fn words_are_told_apart_by_their_looks() {
        #[rustfmt::skip]
        let cases: &[(&str, &[&str])] = &[
            ("", &[]),
            ("  a\u{a0}b\n c ", &["a", "b", "c"]),
            ("don't panic", &["don't", "panic"]),
            ("'don't panic' now", &["q(don't panic)", "now"]),
            ("'tis late", &["open('tis)", "late"]),
            (r#""a \"b\" \\ c\nd \x""#, &["q(a \"b\" \\ c\nd \\x)"]),
            ("“smart one” „auch“ ‘so’", &["q(smart one)", "q(auch)", "q(so)"]),
            (r#""Login now"-button is"#, &["\"Login now\"-button", "is"]),
            (r#"5" screen"#, &["5\"", "screen"]),
            (r#"say "hello world"#, &["say", "open(\"hello)", "world"]),
            ("priority:high", &["priority=high"]),
            ("priority: high", &["priority=", "high"]),
            (r#"goal:"ship it" x"#, &["goal=q(ship it)", "x"]),
            (r#"goal:"a"b"#, &["goal=\"a\"b"]),
            ("12:30 http://x a::b :x", &["12:30", "http=//x", "a=:b", ":x"]),
            ("--goal x --days=5 --confirm", &["goal=", "x", "days=5", "confirm="]),
            (r#"--goal="a b" -- --x ---- --1"#, &["goal=q(a b)", "end", "x=", "----", "--1"]),
            ("\"\"", &["q()"]),
        ];
        for (text, words) in cases {
            let found: Vec<_> = tokens(text, 0).iter().map(shown).collect();
            assert_eq!(&found, words, "for {text:?}");
        }
    }

    #[test]
    fn a_word_knows_its_place() {
        for token in tokens("ä “ö ü” goal:\"x", 0) {
            assert_eq!(&"ä “ö ü” goal:\"x"[token.start..token.end()], token.raw);
        }
        assert_eq!(tokens("goal:\"x", 0)[0].unclosed, Some(5));
    }
}
