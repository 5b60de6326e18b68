//! How the project was at another time, and the difference that leads there.

use std::collections::BTreeMap;
use std::sync::Arc;

use imbl::ordmap::DiffItem;
use jiff::Timestamp;

use crate::domain::approval::Approval;
use crate::domain::entity::{Entity, Epic};
use crate::domain::id::{EpicId, SprintId, StoryId};
use crate::domain::project::Project;
use crate::domain::sprint::Sprint;
use crate::domain::story::Story;
use crate::domain::workflow::State;

/// The older content that a command speaks of; whoever keeps the history provides it.
#[derive(Clone, Debug)]
pub enum Past {
    /// The whole project at a commit.
    At {
        /// The commit, as people see it.
        commit: String,
        /// The project there.
        project: Box<Project>,
    },
    /// Single commands with what each changed, newest first.
    Steps(Vec<Step>),
}

/// What one command changed.
#[derive(Clone, Debug)]
pub struct Step {
    /// The first line of its commit.
    pub subject: String,
    /// The commit, as people see it.
    pub commit: String,
    /// What it left alone is absent from both.
    pub before: Patch,
    /// The same things afterwards.
    pub after: Patch,
}

/// One commit of the history, as people want to see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The id of the commit, in full.
    pub commit: String,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// Where it was asked; empty for commits of other programs.
    pub surface: String,
    /// The command in one line.
    pub subject: String,
    /// What it changed, a line each.
    pub events: Vec<String>,
    /// The id of the command; absent from commits of other programs.
    pub command: Option<String>,
}

/// A project with some things set; `None` removes a thing.
#[derive(Clone, Debug, PartialEq)]
pub struct Patch {
    /// One line that says what it is for.
    pub why: String,
    /// Epics.
    pub epics: BTreeMap<EpicId, Option<Arc<Epic>>>,
    /// Stories.
    pub stories: BTreeMap<StoryId, Option<Arc<Story>>>,
    /// Sprints.
    pub sprints: BTreeMap<SprintId, Option<Arc<Sprint>>>,
    /// The state of the workflow.
    pub state: State,
    /// The current sprint.
    pub sprint: Option<SprintId>,
    /// What waits for an answer.
    pub approvals: Vec<Approval>,
}

impl Patch {
    /// A patch that sets nothing but the standing of `project`.
    pub fn standing(project: &Project, why: String) -> Self {
        Self {
            why,
            epics: BTreeMap::new(),
            stories: BTreeMap::new(),
            sprints: BTreeMap::new(),
            state: project.state,
            sprint: project.sprint,
            approvals: project.approvals.clone(),
        }
    }

    /// What leads from `now` to `then`.
    pub fn between(now: &Project, then: &Project, why: String) -> Self {
        Self {
            epics: difference(&now.epics, &then.epics),
            stories: difference(&now.stories, &then.stories),
            sprints: difference(&now.sprints, &then.sprints),
            ..Self::standing(then, why)
        }
    }

    /// Everything that it sets or removes.
    pub fn entities(&self) -> impl Iterator<Item = Entity> {
        let epics = self.epics.keys().map(|id| Entity::Epic(*id));
        let stories = self.stories.keys().map(|id| Entity::Story(*id));
        let sprints = self.sprints.keys().map(|id| Entity::Sprint(*id));
        epics.chain(stories).chain(sprints)
    }

    /// Whether it sets no thing.
    pub fn is_empty(&self) -> bool {
        self.entities().next().is_none()
    }
}

fn difference<K: Ord + Copy, V: PartialEq>(
    now: &imbl::OrdMap<K, Arc<V>>,
    then: &imbl::OrdMap<K, Arc<V>>,
) -> BTreeMap<K, Option<Arc<V>>> {
    // Skips what both share, which is nearly everything.
    let changes = now.diff(then).map(|change| match change {
        DiffItem::Remove(id, _) => (*id, None),
        DiffItem::Add(id, value) | DiffItem::Update { new: (id, value), .. } => {
            (*id, Some(Arc::clone(value)))
        }
    });
    changes.collect()
}
