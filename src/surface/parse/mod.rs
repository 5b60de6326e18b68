//! From the text that people type to a command, once for every surface, and everything that describes commands.
//!
//! ```text
//! text ──► names ──► lexer ──► bind ──► fields ──► Command
//!            │                  │         │
//!            └──────────────────┴─────────┴──► Refusal: what is wrong, what was meant, how it is written
//! ```
//!
//! How a command is written:
//!
//! - its name, with or without a `/` in front: `/sprint plan`
//! - arguments by name, in any order: `points:5`, `goal:"ship it"`, `--points 5`, `--points=5`, `--confirm`
//! - arguments by place: the needed ones first, then the others in the order of the description
//! - free text takes all words that follow and needs no quotes: `/backlog add As a user I log in priority:high`
//! - quotes are `"…"`, `'…'`, `“…”`; between `"` and `"` stand `\"`, `\\` and `\n` for a quote, a backslash and a
//!   new line; after `--` nothing is an argument by its name
//!
//! Invariants:
//!
//! - [`parse`] of what [`to_text`] gives is the command again.
//! - No text leads to a panic, and none that was understood in part is carried out in part.
//! - Hints name commands in backticks and without `/`; whoever shows them adds what the surface needs.
//!
//! Deliberately absent: whether ids exist and what a state allows. The domain decides that.

mod bind;
mod complete;
mod fields;
mod help;
mod lexer;
mod names;
mod page;
mod spec;
mod words;
mod write;

pub use crate::surface::parse::complete::{Candidate, Completions, Wanted, complete};
pub use crate::surface::parse::help::{CommandHelp, Help, Section, help};
pub use crate::surface::parse::page::commands_page;
pub use crate::surface::parse::spec::{Argument, ArgumentKind, Group, NONE, PROJECT, Spec, all, of};
pub use crate::surface::parse::words::{from_words, has_argument};
pub use crate::surface::parse::write::to_text;

pub(crate) use crate::surface::parse::fields::PATH_MAX;
pub(crate) use crate::surface::parse::words::{described, gives};
pub(crate) use crate::surface::parse::write::quoted;

use crate::domain::command::{Command, CommandKind};
use crate::domain::id::ProjectName;
use crate::domain::refusal::{Code, Refusal};
use crate::surface::parse::bind::Binder;
use crate::surface::parse::fields::{Fields, usage_hint};
use crate::surface::parse::lexer::Value;

/// The longest command, in bytes: the longest text four times over, and room for the rest.
pub const INPUT_MAX: usize = 16 * 1024;

/// A command as a person wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parsed {
    /// What is asked.
    pub command: Command,
    /// The project that was named; otherwise it is the one that is spoken to.
    pub project: Option<ProjectName>,
}

/// Reads a command from text.
///
/// # Errors
///
/// A [`Refusal`] that says what cannot be read and how the command is written.
pub fn parse(text: &str) -> Result<Parsed, Refusal> {
    bounded(text.len())?;
    let (kind, from) = names::find(text, start(text))?;
    let spec = of(kind);
    let fields = Binder::new(text, spec).bind(lexer::tokens(text, from))?;
    built(spec, &fields)
}

/// Makes a command of arguments that a surface has already told apart, such as the options of a menu.
///
/// # Errors
///
/// A [`Refusal`] that names the argument that is missing, unknown or wrong.
pub fn assemble<'a>(
    kind: CommandKind,
    given: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<Parsed, Refusal> {
    let spec = of(kind);
    let mut fields = Fields::new(spec);
    let mut len = 0;
    for (name, text) in given {
        len += name.len() + text.len();
        bounded(len)?;
        let Some(argument) = spec.argument(name) else {
            let message = format!("`{kind}` has no argument {}", names::shown(name));
            return Err(Refusal::new(Code::Syntax, message, usage_hint(spec)));
        };
        fields.put(argument, Value::bare(text))?;
    }
    built(spec, &fields)
}

fn built(spec: &Spec, fields: &Fields) -> Result<Parsed, Refusal> {
    Ok(Parsed { project: fields.project()?, command: (spec.build)(fields)? })
}

fn bounded(len: usize) -> Result<(), Refusal> {
    if len > INPUT_MAX {
        let message = format!("a command has at most {INPUT_MAX} bytes, this one has {len}");
        return Err(Refusal::new(Code::Invalid, message, "shorten its texts"));
    }
    Ok(())
}

/// Where the name of the command begins: a `/` in front of it is a habit of chat programs.
fn start(text: &str) -> usize {
    let blank = text.len() - text.trim_start().len();
    blank + usize::from(text[blank..].starts_with('/'))
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
