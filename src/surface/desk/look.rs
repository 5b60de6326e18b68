//! Commands that only look at a project.

use crate::domain::command::Command;
use crate::domain::id::{ProjectName, Reference};
use crate::domain::past::Entry;
use crate::domain::rules::resolve;
use crate::domain::workflow;
use crate::engine::EngineError;
use crate::surface::answer;
use crate::surface::desk::{Course, Desk, Outcome, looked};

/// How many commands the status of a project shows.
const LATEST: usize = 5;
/// How much of the history is searched.
const SEARCHED: usize = 2000;

impl Desk {
    pub(super) async fn look(
        &self,
        course: &Course,
        name: &ProjectName,
        command: &Command,
    ) -> Result<Outcome, EngineError> {
        let project = self.engine.read(name).await?;
        let reply = match command {
            Command::BacklogView { view, page } => answer::backlog(&project, view, *page)?,
            Command::State => answer::state(&project),
            Command::Ready { count } => answer::ready(&project, *count),
            Command::Search { text } => {
                let entries = self.history(name, SEARCHED, None).await?;
                answer::search(&project, &entries, text)
            }
            Command::Log { count, id } => {
                if let Some(id) = id {
                    // An id that names nothing is refused by name, here as everywhere.
                    resolve::entity(&project, id).map_err(|refusal| workflow::placed(refusal, &project))?;
                }
                answer::log(&self.history(name, *count as usize, id.clone()).await?)
            }
            Command::ProjectHealth { .. } => answer::health(name, &self.checks(name).await),
            _ => answer::project_status(&project, &self.history(name, LATEST, None).await?),
        };
        Ok(looked(course, Some(&project), reply))
    }

    /// The latest entries of the history, newest first; with an id, only those that speak of it.
    async fn history(
        &self,
        name: &ProjectName,
        count: usize,
        id: Option<Reference>,
    ) -> Result<Vec<Entry>, EngineError> {
        let wanted = move |entry: &Entry| id.as_ref().is_none_or(|id| speaks_of(entry, id.as_str()));
        Ok(self.engine.visit(name, move |store, _| store.entries(count, &wanted)).await??)
    }
}

/// Whether an id stands as a word in the subject or the events of an entry.
fn speaks_of(entry: &Entry, id: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '-';
    let mut lines = std::iter::once(&entry.subject).chain(&entry.events);
    lines.any(|line| line.split(|c| !is_part(c)).any(|word| word.eq_ignore_ascii_case(id)))
}
