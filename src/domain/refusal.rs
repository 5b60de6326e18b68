//! Why a command was not carried out, in words for the person who asked.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The rule that a command would have broken. The texts are for programs and are kept for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The state of the project does not allow it.
    WrongState,
    /// An id names nothing.
    Unknown,
    /// The text of the command cannot be read.
    Syntax,
    /// A value is not one that may be given.
    Invalid,
    /// A story would have to wait for itself.
    DependencyCircle,
    /// The stories have more points than the sprint takes.
    OverCapacity,
    /// A story cannot be in two sprints.
    InAnotherSprint,
    /// Something else still needs it.
    InUse,
    /// There is nothing to do it to.
    Nothing,
    /// Nothing would change.
    NoChange,
    /// It says what would change and waits for `confirm`.
    Unconfirmed,
    /// A name or a path is taken.
    Taken,
    /// The project cannot be used as it is; a person must mend it.
    Damaged,
    /// Too much is asked at once.
    Busy,
    /// Another program holds it.
    Held,
    /// The place does not allow it.
    Forbidden,
    /// The role of the person does not allow it.
    NotAllowed,
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::WrongState => "wrong_state",
            Self::Unknown => "unknown",
            Self::Syntax => "syntax",
            Self::Invalid => "invalid",
            Self::DependencyCircle => "dependency_circle",
            Self::OverCapacity => "over_capacity",
            Self::InAnotherSprint => "in_another_sprint",
            Self::InUse => "in_use",
            Self::Nothing => "nothing",
            Self::NoChange => "no_change",
            Self::Unconfirmed => "unconfirmed",
            Self::Taken => "taken",
            Self::Damaged => "damaged",
            Self::Busy => "busy",
            Self::Held => "held",
            Self::Forbidden => "forbidden",
            Self::NotAllowed => "not_allowed",
        })
    }
}

/// A command that was not carried out, and what is possible instead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The rule.
    pub code: Code,
    /// What is wrong, naming the thing.
    pub message: String,
    /// What to do next.
    pub hint: String,
    /// The state of the project, where there is one.
    pub state: Option<String>,
    /// What is allowed now: names of commands, without surface syntax.
    pub allowed: Vec<String>,
}

impl Refusal {
    /// A refusal that knows nothing of a project yet.
    pub fn new(code: Code, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: hint.into(), state: None, allowed: Vec::new() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Refusal {}
