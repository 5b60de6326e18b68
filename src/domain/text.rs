//! Text that people type: checked for length and for characters that would deceive a reader.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Why a text cannot be taken. Shown to the person who typed it.
#[expect(missing_docs, reason = "the messages say it")]
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TextError {
    #[error("{what} cannot be empty")]
    Empty { what: &'static str },
    #[error("{what} has at most {max} characters, this one has {found}")]
    TooLong { what: &'static str, max: usize, found: usize },
    #[error("{what} cannot contain the control character U+{:04X}", u32::from(*found))]
    Control { what: &'static str, found: char },
    #[error("{what} cannot contain U+{:04X}, which changes the order in which text is shown", u32::from(*found))]
    Direction { what: &'static str, found: char },
    #[error("{what} has more than {max} combining marks in a row", max = MARKS_MAX)]
    Marks { what: &'static str },
    #[error("{what} is one line, this one has several")]
    Lines { what: &'static str },
}

/// What ends a line for one reader or another.
const LINE_ENDS: [char; 3] = ['\n', '\u{2028}', '\u{2029}'];

/// More marks on one letter than any script needs; beyond that lines run into each other.
const MARKS_MAX: usize = 8;

/// Defines a kind of text: what it is called, how long it may be, and whether it may have several lines.
macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $what:literal, $max:literal, $lines:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The most characters (Unicode scalar values) that it may have.
            pub const MAX: usize = $max;

            /// The text of it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = TextError;

            fn from_str(text: &str) -> Result<Self, TextError> {
                checked(text, $what, $max, $lines).map(Self)
            }
        }

        impl TryFrom<String> for $name {
            type Error = TextError;

            fn try_from(text: String) -> Result<Self, TextError> {
                if is_plain(&text, $max) { Ok(Self(text)) } else { text.parse() }
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> String {
                text.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "minLength": 1, "maxLength": $max })
            }
        }
    };
}

text!(
    /// What an epic or a story is called: one line of up to 120 characters.
    Title, "a title", 120, false
);
text!(
    /// A description, a note or a reason: up to 4,000 characters, lines allowed.
    Prose, "a text", 4000, true
);
text!(
    /// One line, such as an acceptance criterion, a goal or a point of a retrospective.
    Line, "a line", 500, false
);

impl Title {
    /// A title made of the first line of `prose`, cut between words where it is too long.
    pub fn from_prose(prose: &Prose) -> Self {
        let line =
            prose.0.split(LINE_ENDS).map(str::trim).find(|line| !line.is_empty()).unwrap_or("untitled");
        if line.chars().count() <= Self::MAX {
            return Self(line.replace('\t', " "));
        }
        let head: String = line.chars().take(Self::MAX - 1).collect();
        let cut = head.rfind(char::is_whitespace).filter(|at| *at > Self::MAX / 2).unwrap_or(head.len());
        Self(format!("{}…", head[..cut].trim_end()).replace('\t', " "))
    }
}

/// Whether a text is of the kind that most are: one line of plain characters, with nothing to trim.
/// Thousands of them are read when a project is opened.
fn is_plain(text: &str, max: usize) -> bool {
    let outer = |c: Option<char>| c.is_some_and(|c| !c.is_whitespace());
    // Nothing up to U+00A0 is a mark, ends a line or reorders.
    let harmless = |c: char| {
        matches!(c, ' '..='~') || c >= '\u{A0}' && !is_mark(c) && !reorders(c) && !LINE_ENDS.contains(&c)
    };
    outer(text.chars().next())
        && outer(text.chars().next_back())
        && text.chars().all(harmless)
        && (text.len() <= max || text.chars().count() <= max)
}

fn checked(text: &str, what: &'static str, max: usize, lines: bool) -> Result<String, TextError> {
    let text = text.replace("\r\n", "\n");
    let text = text.trim();
    if text.is_empty() {
        return Err(TextError::Empty { what });
    }
    let found = text.chars().count();
    if found > max {
        return Err(TextError::TooLong { what, max, found });
    }
    if !lines && text.contains(LINE_ENDS) {
        return Err(TextError::Lines { what });
    }
    if let Some(found) = text.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\t')) {
        return Err(TextError::Control { what, found });
    }
    if let Some(found) = text.chars().find(|c| reorders(*c)) {
        return Err(TextError::Direction { what, found });
    }
    if longest_run_of_marks(text) > MARKS_MAX {
        return Err(TextError::Marks { what });
    }
    Ok(text.to_owned())
}

/// Embeddings, overrides and isolates: letters of right-to-left scripts need none of them, deceptions do.
fn reorders(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

fn longest_run_of_marks(text: &str) -> usize {
    let mut longest = 0;
    let mut run = 0;
    for c in text.chars() {
        run = if is_mark(c) { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

/// The blocks of marks that stack above and below any letter.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{0300}'..='\u{036F}' | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}' | '\u{20D0}'..='\u{20FF}' | '\u{FE20}'..='\u{FE2F}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, prop_assert_eq, proptest};
    use proptest::test_runner::RngSeed;

    use super::*;

    #[test]
    fn a_text_says_what_is_wrong_with_it() {
        let long = "x".repeat(10_240);
        let stacked = format!("e{}", "\u{0301}".repeat(9));
        #[rustfmt::skip]
        let cases = [
            ("",               "a text cannot be empty"),
            (" \n\t ",         "a text cannot be empty"),
            (long.as_str(),    "a text has at most 4000 characters, this one has 10240"),
            ("a\u{0}b",        "a text cannot contain the control character U+0000"),
            ("a\u{1b}[31m",    "a text cannot contain the control character U+001B"),
            ("a\u{202e}b",     "a text cannot contain U+202E, which changes the order in which text is shown"),
            (stacked.as_str(), "a text has more than 8 combining marks in a row"),
        ];
        for (text, reason) in cases {
            assert_eq!(text.parse::<Prose>().unwrap_err().to_string(), reason);
        }
        assert_eq!(
            "a\nb".parse::<Title>().unwrap_err().to_string(),
            "a title is one line, this one has several"
        );
        assert!("a\u{2028}b".parse::<Line>().is_err(), "some readers end a line there");
    }

    #[test]
    fn the_short_way_and_the_long_way_agree() {
        let (long, wide) = ("x".repeat(121), "é".repeat(121));
        for text in [
            "a",
            "a b",
            " a",
            "a ",
            "",
            " ",
            "a\tb",
            "a\nb",
            "\u{7f}",
            "\u{85}",
            "é",
            "~!",
            "a…",
            "\u{a0}a",
            "a\u{3000}",
            "a\u{2028}b",
            "a\u{202e}b",
            "e\u{301}",
            long.as_str(),
            &long[1..],
            wide.as_str(),
            &wide[2..],
        ] {
            assert_eq!(Title::try_from(text.to_owned()), text.parse::<Title>(), "for {text:?}");
        }
    }

    #[test]
    fn every_script_and_every_shell_character_is_just_text() {
        for text in
            ["שלום עולם", "مرحبا", "e\u{0301}tude", "$(rm -rf /) `id` ; | & > <", "a\nb\tc", "日本語 🎺"]
        {
            assert_eq!(text.parse::<Prose>().unwrap().as_str(), text);
        }
    }

    #[test]
    fn a_title_is_the_first_line_cut_between_words() {
        let title = |text: &str| Title::from_prose(&text.parse().unwrap()).to_string();

        assert_eq!(title("Log in\nwith a key"), "Log in");
        let long = title(&"word ".repeat(60));
        assert!(long.ends_with("word…") && long.chars().count() <= Title::MAX, "{long}");
        assert_eq!(title(&"x".repeat(300)).chars().count(), Title::MAX);
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            failure_persistence: None,
            rng_seed: RngSeed::Fixed(1),
            ..ProptestConfig::default()
        })]

        #[test]
        fn a_title_of_any_text_can_be_read_back(text in "[ \\ta-z\\u{2028}\\u{2029}\\n\\u{301}🎺ש]{1,300}") {
            if let Ok(prose) = text.parse::<Prose>() {
                let title = Title::from_prose(&prose);
                prop_assert_eq!(title.as_str().parse(), Ok(title));
            }
        }
    }
}
