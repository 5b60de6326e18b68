//! What programs and operators want to know beyond the commands: checks, and names for completion.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::domain::id::ProjectName;
use crate::domain::project::Project;
use crate::domain::refusal::Refusal;
use crate::engine::EngineError;
use crate::gateway::access::Rights;
use crate::store::Finding;
use crate::store::with_causes;
use crate::surface::answer::Check;
use crate::surface::desk::{Desk, Whose};

/// More names than this help nobody to complete one.
const NAMES_MAX: usize = 2000;

/// The names that can be completed, each with a few words about it, most relevant first.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Names {
    /// Where the project stands.
    pub state: Option<String>,
    /// Stories: open ones in the order of the backlog, then the others, newest first.
    pub stories: Vec<(String, String)>,
    /// Epics, newest first.
    pub epics: Vec<(String, String)>,
    /// Sprints, newest first.
    pub sprints: Vec<(String, String)>,
    /// What waits for an answer, oldest first.
    pub approvals: Vec<(String, String)>,
    /// The projects of the node.
    pub projects: Vec<(String, String)>,
}

/// What was found out about one project.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Report {
    /// Which project.
    pub project: String,
    /// The top of its work tree.
    pub path: Option<String>,
    /// What was looked at.
    pub checks: Vec<Check>,
}

impl Desk {
    /// The names that can be completed for a project.
    pub async fn names(&self, project: Option<&str>) -> Names {
        let mut names = match self.project_named(project.map(str::to_owned), Path::new("/")) {
            Ok(name) => self.engine.read(&name).await.map(|project| names_of(&project)).unwrap_or_default(),
            Err(_) => Names::default(),
        };
        let entries = self.engine.projects().into_iter().take(NAMES_MAX);
        names.projects =
            entries.map(|entry| (entry.name.to_string(), entry.path.display().to_string())).collect();
        names
    }

    /// The names of the projects that are meant: of one, or of all where nothing says which.
    pub fn projects_of(&self, whose: &Whose) -> Result<Vec<String>, Refusal> {
        if whose.project.is_some() || self.around(&whose.folder).is_some() {
            let meant = self.project_meant(whose.project.clone(), &whose.folder, &Rights::Owner)?;
            return Ok(vec![meant.to_string()]);
        }
        Ok(self.engine.projects().into_iter().map(|entry| entry.name.to_string()).collect())
    }

    /// Checks one project.
    pub async fn verify(&self, project: &str) -> Result<Report, Refusal> {
        let entry = self.engine.find(project)?;
        let path = Some(entry.path.display().to_string());
        Ok(Report { project: entry.name.to_string(), path, checks: self.checks(&entry.name).await })
    }

    /// Looks at everything about a project that can be out of order.
    pub(super) async fn checks(&self, name: &ProjectName) -> Vec<Check> {
        let visited = self.engine.visit(name, |store, project| {
            let tip = store.tip().unwrap_or_default();
            (store.work().display().to_string(), tip, store.verify(project))
        });
        let (work, tip, findings) = match visited.await {
            Ok(found) => found,
            Err(error) => return vec![trouble("opened", &error)],
        };
        let mut checks = vec![
            passed("opened", format!("{work} is open and nobody else writes it")),
            passed("journal", "every accepted command is in git".to_owned()),
            passed("tip", format!("the state branch stands at {tip}")),
        ];
        match findings {
            Ok(findings) => checks.extend(findings.iter().map(found)),
            Err(error) => checks.push(trouble("contents", &EngineError::from(error))),
        }
        checks
    }
}

fn names_of(project: &Project) -> Names {
    let story =
        |story: &std::sync::Arc<crate::domain::story::Story>| (story.id.to_string(), story.title.to_string());
    let open = project.backlog().map(story);
    let others = project.stories.values().rev().filter(|story| !story.is_open()).map(story);
    let epics = project.epics.values().rev().map(|epic| (epic.id.to_string(), epic.title.to_string()));
    let sprints = project.sprints.values().rev().map(|sprint| {
        let goal = sprint.goal.as_ref().map_or_else(|| sprint.status.to_string(), ToString::to_string);
        (sprint.id.to_string(), goal)
    });
    let approvals =
        project.approvals.iter().map(|approval| (approval.id.to_string(), approval.text.to_string()));
    Names {
        state: Some(project.state.to_string()),
        stories: open.chain(others).take(NAMES_MAX).collect(),
        epics: epics.take(NAMES_MAX).collect(),
        sprints: sprints.take(NAMES_MAX).collect(),
        approvals: approvals.take(NAMES_MAX).collect(),
        projects: Vec::new(),
    }
}

fn passed(name: &str, detail: String) -> Check {
    Check { name: name.to_owned(), ok: true, detail, mend: None }
}

fn found(finding: &Finding) -> Check {
    let Some(first) = finding.faults.first() else {
        return passed(finding.name, format!("{} looked at", finding.looked_at));
    };
    let more = finding.faults.len() - 1;
    let detail = if more == 0 { first.clone() } else { format!("{first} (and {more} more)") };
    let mend = match finding.name {
        "edits by hand" => "mend the file, or take it back with: git -C .orch-state checkout -- .",
        _ => "see what changed with: git log -p orch-state; go back with `restore`",
    };
    Check { name: finding.name.to_owned(), ok: false, detail, mend: Some(mend.to_owned()) }
}

fn trouble(name: &str, error: &EngineError) -> Check {
    let (detail, mend) = match error {
        EngineError::Refused(refusal) => (refusal.message.clone(), refusal.hint.clone()),
        other => (with_causes(other), "see the log of the program".to_owned()),
    };
    Check { name: name.to_owned(), ok: false, detail, mend: Some(mend) }
}
