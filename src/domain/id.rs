//! The names of things: one type per entity, checked once, printed as people write them.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use ulid::Ulid;

/// Why a text is not the id of an epic, a story, a sprint or an approval.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{text:?} is not the id of {entity}; ids look like {example}")]
pub struct ParseIdError {
    text: String,
    entity: &'static str,
    example: &'static str,
}

/// Defines the number of one kind of entity, with the way people write it.
macro_rules! numbered_id {
    ($(#[$doc:meta])* $name:ident, $entity:literal, $prefix:literal, $width:literal, $example:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "Cow<'_, str>", into = "String")]
        pub struct $name(pub u32);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{:0width$}"), self.0, width = $width)
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                number_after($prefix, text)
                    .map(Self)
                    .ok_or_else(|| ParseIdError { text: text.to_owned(), entity: $entity, example: $example })
            }
        }

        impl TryFrom<Cow<'_, str>> for $name {
            type Error = ParseIdError;

            fn try_from(text: Cow<'_, str>) -> Result<Self, ParseIdError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.to_string()
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({
                    "type": "string",
                    "pattern": concat!("^", $prefix, "[0-9]{1,9}$"),
                    "description": concat!("The id of ", $entity, ", such as ", $example, "."),
                })
            }
        }
    };
}

numbered_id!(
    /// An epic, such as `E-1`.
    EpicId, "an epic", "E-", 1, "E-1"
);
numbered_id!(
    /// A story, such as `S-7`.
    StoryId, "a story", "S-", 1, "S-7"
);
numbered_id!(
    /// A sprint, such as `sprint-001`.
    SprintId, "a sprint", "sprint-", 3, "sprint-001"
);
numbered_id!(
    /// A pending approval, such as `A-2`.
    ApprovalId, "an approval", "A-", 1, "A-2"
);

/// The highest number that an id may have; ten digits would not be read back.
pub const NUMBER_MAX: u32 = 999_999_999;

/// The number behind `prefix`, whatever the case; `None` for anything else and for numbers over nine digits.
fn number_after(prefix: &str, text: &str) -> Option<u32> {
    let head = text.get(..prefix.len())?;
    let digits = text.get(prefix.len()..)?;
    let plain = !digits.is_empty() && digits.len() <= 9 && digits.bytes().all(|b| b.is_ascii_digit());
    if !head.eq_ignore_ascii_case(prefix) || !plain {
        return None;
    }
    digits.parse().ok().filter(|number| *number > 0)
}

/// The name of an entity that never changes, also when two copies of a project are brought together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Uid(pub Ulid);

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl JsonSchema for Uid {
    fn schema_name() -> Cow<'static, str> {
        "Uid".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^[0-7][0-9A-HJKMNP-TV-Z]{25}$",
            "description": "A ULID that never changes.",
        })
    }
}

/// The short name by which people address a project, such as `billing-api`.
///
/// Invariant: 1 to 40 characters from `a-z`, `0-9` and `-`, with no hyphen at either end. It becomes the
/// name of a chat channel and of folders, hence the narrow alphabet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ProjectName(String);

/// Why a text is not a [`ProjectName`]. Shown to the person who typed it.
#[expect(missing_docs, reason = "the messages say it")]
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ParseProjectNameError {
    #[error("a project name cannot be empty")]
    Empty,
    #[error("a project name has at most {max} characters, this one has {0}", max = ProjectName::MAX)]
    TooLong(usize),
    #[error("a project name cannot contain {0:?}; use a-z, 0-9 and '-'")]
    Character(char),
    #[error("a project name cannot start or end with '-'")]
    OuterHyphen,
}

impl ProjectName {
    /// The most characters that a name may have.
    pub const MAX: usize = 40;

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The nearest legal name to `text`, such as the name of a folder; `None` if no letter or digit is in it.
    pub fn suggest(text: &str) -> Option<Self> {
        let mut name = String::new();
        for c in text.chars().flat_map(char::to_lowercase) {
            if c.is_ascii_lowercase() || c.is_ascii_digit() {
                name.push(c);
            } else if !name.ends_with('-') {
                name.push('-');
            }
        }
        let short: String = name.trim_matches('-').chars().take(Self::MAX).collect();
        short.trim_matches('-').parse().ok()
    }
}

impl FromStr for ProjectName {
    type Err = ParseProjectNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let allowed = |c: &char| c.is_ascii_lowercase() || c.is_ascii_digit() || *c == '-';
        if text.is_empty() {
            return Err(ParseProjectNameError::Empty);
        }
        if let Some(c) = text.chars().find(|c| !allowed(c)) {
            return Err(ParseProjectNameError::Character(c));
        }
        if text.len() > Self::MAX {
            return Err(ParseProjectNameError::TooLong(text.len()));
        }
        if text.starts_with('-') || text.ends_with('-') {
            return Err(ParseProjectNameError::OuterHyphen);
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for ProjectName {
    type Error = ParseProjectNameError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<ProjectName> for String {
    fn from(name: ProjectName) -> Self {
        name.0
    }
}

impl fmt::Display for ProjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl JsonSchema for ProjectName {
    fn schema_name() -> Cow<'static, str> {
        "ProjectName".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$" })
    }
}

/// Defines a short printable token: no blanks, no control characters, so that it fits into one line of anything.
macro_rules! token {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The text of it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = ParseTokenError;

            fn from_str(text: &str) -> Result<Self, ParseTokenError> {
                let fits = |c: char| c.is_ascii_alphanumeric() || "-_.:".contains(c);
                if text.is_empty() || text.len() > TOKEN_MAX || !text.chars().all(fits) {
                    let shown = text.chars().take(TOKEN_MAX).collect();
                    return Err(ParseTokenError { what: $what, text: shown });
                }
                Ok(Self(text.to_owned()))
            }
        }

        impl TryFrom<String> for $name {
            type Error = ParseTokenError;

            fn try_from(text: String) -> Result<Self, ParseTokenError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(token: $name) -> String {
                token.0
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
                json_schema!({ "type": "string", "pattern": "^[A-Za-z0-9_.:-]{1,64}$" })
            }
        }
    };
}

/// The longest token, in characters.
const TOKEN_MAX: usize = 64;

/// Why a text is not a token such as a command id.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{text:?} is not {what}: use 1 to 64 of a-z, A-Z, 0-9, '-', '_', '.' and ':'")]
pub struct ParseTokenError {
    what: &'static str,
    text: String,
}

token!(
    /// Identifies one command, so that sending it twice carries it out once.
    CommandId, "a command id"
);
token!(
    /// How a person names an epic, a story, a sprint, an approval or a commit: an id in any case, or an older name of it.
    Reference, "an id"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_in_any_case_and_printed_in_one() {
        #[rustfmt::skip]
        let cases = [
            ("S-7", Some("S-7")), ("s-7", Some("S-7")), ("S-007", Some("S-7")),
            ("S-0", None), ("S-", None), ("S7", None), ("E-7", None), ("S--7", None), ("S-+7", None),
            ("S-1234567890", None), ("ß-7", None), ("S-７", None), ("", None),
        ];
        for (text, id) in cases {
            let parsed = text.parse::<StoryId>().ok().map(|id| id.to_string());
            assert_eq!(parsed.as_deref(), id, "for {text:?}");
        }
        assert_eq!("SPRINT-3".parse::<SprintId>().unwrap().to_string(), "sprint-003");
        assert_eq!(SprintId(1234).to_string(), "sprint-1234");
    }

    #[test]
    fn a_project_name_says_what_is_wrong() {
        use ParseProjectNameError::*;

        let long = "x".repeat(41);
        #[rustfmt::skip]
        let cases = [
            ("",            Empty),
            ("Billing",     Character('B')),
            ("a/b",         Character('/')),
            ("$(reboot)",   Character('$')),
            ("naïve",       Character('ï')),
            (long.as_str(), TooLong(41)),
            ("-a",          OuterHyphen),
            ("a-",          OuterHyphen),
        ];
        for (text, error) in cases {
            assert_eq!(text.parse::<ProjectName>(), Err(error), "for {text:?}");
        }
    }

    #[test]
    fn a_folder_suggests_a_name() {
        #[rustfmt::skip]
        let cases = [
            ("My Project", Some("my-project")), ("__x__", Some("x")), ("Grüße 2", Some("gr-e-2")), ("日本", None), ("", None),
        ];
        for (text, name) in cases {
            assert_eq!(ProjectName::suggest(text).as_ref().map(ProjectName::as_str), name, "for {text:?}");
        }
    }
}
