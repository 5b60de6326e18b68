//! Completion in the terminal, with the names of the project that is spoken to.

use rustyline::completion::{Completer, Pair};
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Context, Helper};

use crate::surface::desk::Names;
use crate::surface::parse::{Wanted, complete};

/// What the editor knows while a line is typed.
#[derive(Default)]
pub(super) struct Knowledge {
    /// The names that can be completed.
    pub(super) names: Names,
}

impl Knowledge {
    fn named(&self, wanted: Wanted) -> Vec<(String, String)> {
        match wanted {
            Wanted::Story => self.names.stories.clone(),
            Wanted::Epic => self.names.epics.clone(),
            Wanted::Sprint => self.names.sprints.clone(),
            Wanted::Approval => self.names.approvals.clone(),
            Wanted::Project => self.names.projects.clone(),
        }
    }
}

impl Completer for Knowledge {
    type Candidate = Pair;

    fn complete(&self, line: &str, at: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        let before = line.get(..at).unwrap_or(line);
        let found = complete(before, &|wanted| self.named(wanted));
        let pair = |candidate: crate::surface::parse::Candidate| Pair {
            display: format!("{}  {}", candidate.text, candidate.description),
            replacement: candidate.text,
        };
        Ok((found.start, found.candidates.into_iter().map(pair).collect()))
    }
}

/// A line that ends with a backslash goes on, so that texts can have several lines.
impl Validator for Knowledge {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let goes_on = context.input().ends_with('\\');
        Ok(if goes_on { ValidationResult::Incomplete } else { ValidationResult::Valid(None) })
    }
}

impl Hinter for Knowledge {
    type Hint = String;
}

impl Highlighter for Knowledge {}

impl Helper for Knowledge {}
