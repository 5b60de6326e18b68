//! Everything about a project as data, for whoever wants to leave or to look from outside.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::approval::Approval;
use crate::domain::entity::Epic;
use crate::domain::id::{ProjectName, SprintId, Uid};
use crate::domain::past::Entry;
use crate::domain::project::Counters;
use crate::domain::sprint::Sprint;
use crate::domain::story::Story;
use crate::domain::workflow::State;
use crate::engine::EngineError;
use crate::gateway::access::Rights;
use crate::surface::desk::{Desk, Whose};

/// The number of the format of an export.
const FORMAT: u32 = 1;

/// Everything about a project.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Export {
    /// The number of the format.
    pub format: u32,
    /// Which project, and where it stands.
    pub project: ExportedProject,
    /// How many of everything there have ever been.
    pub counters: Counters,
    /// What waits for an answer.
    pub pending_approvals: Vec<Approval>,
    /// The epics, oldest first.
    pub epics: Vec<Epic>,
    /// The open stories in the order of the backlog, then the others, oldest first.
    pub stories: Vec<Story>,
    /// The sprints, oldest first.
    pub sprints: Vec<Sprint>,
    /// Every commit of the state branch, newest first.
    pub history: Vec<ExportedCommit>,
}

/// A project, and where it stands.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ExportedProject {
    /// What people call it.
    pub name: ProjectName,
    /// What never changes about it.
    pub key: Uid,
    /// Where it stands.
    pub state: State,
    /// The sprint that is planned or under way.
    pub sprint: Option<SprintId>,
}

/// One commit of the history.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ExportedCommit {
    /// Its id.
    pub commit: String,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// Where it was asked.
    pub surface: String,
    /// The command in one line.
    pub subject: String,
    /// What it changed, a line each.
    pub events: Vec<String>,
    /// The id of the command.
    pub command_id: Option<String>,
}

impl Desk {
    /// Everything about a project as data.
    pub async fn export(&self, whose: &Whose) -> Result<Export, EngineError> {
        let name = self.project_meant(whose.project.clone(), &whose.folder, &Rights::Owner)?;
        let project = self.engine.read(&name).await?;
        let entries = self.engine.visit(&name, |store, _| store.entries(usize::MAX, &|_| true)).await??;
        let closed = project.stories.values().filter(|story| !story.is_open());
        Ok(Export {
            format: FORMAT,
            project: ExportedProject {
                name: project.name.clone(),
                key: project.key,
                state: project.state,
                sprint: project.sprint,
            },
            counters: project.counters,
            pending_approvals: project.approvals.to_vec(),
            epics: project.epics.values().map(|epic| Epic::clone(epic)).collect(),
            stories: project.backlog().chain(closed).map(|story| Story::clone(story)).collect(),
            sprints: project.sprints.values().map(|sprint| Sprint::clone(sprint)).collect(),
            history: entries.into_iter().map(exported).collect(),
        })
    }
}

fn exported(entry: Entry) -> ExportedCommit {
    ExportedCommit {
        commit: entry.commit,
        at: entry.at,
        actor: entry.actor,
        surface: entry.surface,
        subject: entry.subject,
        events: entry.events,
        command_id: entry.command,
    }
}
