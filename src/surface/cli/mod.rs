//! The one-shot command line: one action, one answer, one exit code.
//!
//! Exit codes: 0 done, 2 refused (or a command line that cannot be read), 1 failed.

pub mod args;
mod ask;
mod checks;
mod discord;
mod doctor;
mod machine;
mod order;
mod output;
mod print;
mod progress;
mod sandbox;

use std::path::PathBuf;

use crate::domain::person::Person;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::text::Line;

pub use crate::surface::cli::ask::{ask, carry_out, register};
pub use crate::surface::cli::checks::{export, verify};
pub use crate::surface::cli::discord::{check, invite};
pub use crate::surface::cli::doctor::{Surroundings, doctor};
pub use crate::surface::cli::output::Output;
pub use crate::surface::cli::print::{completions, schema};
pub use crate::surface::cli::sandbox::sandbox;

/// How an action ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// It was carried out.
    Done,
    /// It was refused, with a reason that people can act on.
    Refused,
    /// Something of ours failed.
    Failed,
}

impl Exit {
    /// The number for the shell.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Refused => 2,
        }
    }
}

/// Who is at the terminal, and where.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Who.
    pub person: Person,
    /// In which folder.
    pub folder: PathBuf,
}

impl Caller {
    /// The same, under another name if one is given.
    pub fn under(&self, name: Option<&str>) -> Result<Self, Refusal> {
        let Some(name) = name else { return Ok(self.clone()) };
        let refused =
            |error| Refusal::new(Code::Invalid, format!("--as: {error}"), "give a name in one line");
        let name: Line = name.parse().map_err(refused)?;
        let person = Person { account: name.clone(), name, email: None };
        Ok(Self { person, folder: self.folder.clone() })
    }
}
