//! Completion in the terminal, with the names of the project that is spoken to.

use rustyline::completion::{Completer, Pair};
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Context, Helper};

use crate::surface::desk::Names;
use crate::surface::parse::{Candidate, Wanted, complete};
use crate::surface::render::harmless;

/// What the editor knows while a line is typed.
#[derive(Default)]
pub(super) struct Knowledge {
    /// The names that can be completed.
    pub(super) names: Names,
    /// Whether a question is answered, where commands mean nothing.
    pub(super) is_answer: bool,
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
        if self.is_answer {
            return Ok((at, Vec::new()));
        }
        let before = line.get(..at).unwrap_or(line);
        let found = complete(before, &|wanted| self.named(wanted));
        let pair = |candidate: Candidate| Pair { display: shown(&candidate), replacement: candidate.text };
        Ok((found.start, found.candidates.into_iter().map(pair).collect()))
    }
}

/// The longest description that is shown beside a candidate.
const DESCRIPTION_MAX: usize = 60;

/// A candidate with what it means, which other people may have written.
fn shown(candidate: &Candidate) -> String {
    let description = harmless(&candidate.description.replace('\n', " "));
    let mut short: String = description.chars().take(DESCRIPTION_MAX).collect();
    if short.len() < description.len() {
        short.push('…');
    }
    format!("{}  {short}", candidate.text).trim_end().to_owned()
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
