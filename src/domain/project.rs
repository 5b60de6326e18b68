//! The whole of a project, and the one function that changes it.

use std::collections::VecDeque;
use std::sync::Arc;

use imbl::{OrdMap, OrdSet};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::approval::Approval;
use crate::domain::entity::{Entity, Epic, Extra};
use crate::domain::event::Event;
use crate::domain::id::{CommandId, EpicId, ProjectName, SprintId, StoryId, Uid};
use crate::domain::past::Patch;
use crate::domain::sprint::{Sprint, SprintStatus};
use crate::domain::story::{Priority, Status, Story};
use crate::domain::text::Prose;
use crate::domain::workflow::State;

/// The highest numbers given away so far. They never go down, so no id is used twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Counters {
    /// Of epics.
    pub epics: u32,
    /// Of stories.
    pub stories: u32,
    /// Of sprints.
    pub sprints: u32,
    /// Of approvals.
    pub approvals: u32,
}

/// Where a story stands in the backlog: more urgent first, then by rank.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// How urgent.
    pub priority: Priority,
    /// The place among equals.
    pub rank: i64,
    /// Which story.
    pub story: StoryId,
}

/// A git repository under management, with everything that is planned for it.
///
/// A copy costs next to nothing: its large parts are shared until one of the copies changes them.
#[derive(Clone, Debug, PartialEq)]
pub struct Project {
    /// What people call it.
    pub name: ProjectName,
    /// What never changes.
    pub key: Uid,
    /// Where the workflow stands.
    pub state: State,
    /// The sprint that is planned, goes on, or waits for feedback.
    pub sprint: Option<SprintId>,
    /// The highest numbers given away.
    pub counters: Counters,
    /// What waits for an answer, oldest first.
    pub approvals: Vec<Approval>,
    /// The latest commands, oldest first.
    pub recent: VecDeque<CommandId>,
    /// How many commands have changed it.
    pub revision: u64,
    /// Epics.
    pub epics: OrdMap<EpicId, Arc<Epic>>,
    /// Stories, also finished ones.
    pub stories: OrdMap<StoryId, Arc<Story>>,
    /// Sprints, also past ones.
    pub sprints: OrdMap<SprintId, Arc<Sprint>>,
    /// The open stories in order. Follows from `stories`.
    backlog: OrdSet<Place>,
    /// Older names in lower case, with what bears each. Follows from the things that bear them, also where
    /// several bear the same one; a map would depend on the order in which they came.
    aliases: OrdSet<(String, Entity)>,
    /// Unknown fields of the status file.
    pub extra: Extra,
}

impl Project {
    /// The number of command ids that are remembered.
    pub const RECENT_MAX: usize = 64;

    /// A project in which nothing has happened.
    pub fn new(name: ProjectName, key: Uid) -> Self {
        Self {
            name,
            key,
            state: State::Idle,
            sprint: None,
            counters: Counters::default(),
            approvals: Vec::new(),
            recent: VecDeque::new(),
            revision: 0,
            epics: OrdMap::new(),
            stories: OrdMap::new(),
            sprints: OrdMap::new(),
            backlog: OrdSet::new(),
            aliases: OrdSet::new(),
            extra: Extra::new(),
        }
    }

    /// The open stories, most urgent first.
    pub fn backlog(&self) -> impl DoubleEndedIterator<Item = &Arc<Story>> {
        self.backlog.iter().filter_map(|place| self.stories.get(&place.story))
    }

    /// How many stories are open.
    pub fn open_stories(&self) -> usize {
        self.backlog.len()
    }

    /// The sprint that is planned, goes on, or waits for feedback.
    pub fn current_sprint(&self) -> Option<&Arc<Sprint>> {
        self.sprint.and_then(|id| self.sprints.get(&id))
    }

    /// The stories of the current sprint, in its order.
    pub fn sprint_stories(&self) -> impl Iterator<Item = &Arc<Story>> {
        let sprint = self.current_sprint();
        sprint.into_iter().flat_map(|sprint| self.stories_of(sprint))
    }

    /// The stories that are in `sprint` and were not returned, in its order.
    pub fn stories_of<'a>(&'a self, sprint: &'a Sprint) -> impl Iterator<Item = &'a Arc<Story>> {
        let id = sprint.id;
        sprint
            .stories
            .iter()
            .filter_map(|story| self.stories.get(story))
            .filter(move |story| story.sprint == Some(id))
    }

    /// What an older name stands for.
    pub fn alias(&self, name: &str) -> Option<Entity> {
        let first = (name.to_lowercase(), Entity::Epic(EpicId(0)));
        let found = self.aliases.get_next(&first).filter(|(alias, _)| *alias == first.0);
        found.map(|(_, entity)| *entity)
    }

    /// Whether `story` waits for nothing.
    pub fn is_ready(&self, story: &Story) -> bool {
        story.depends_on.iter().all(|id| self.stories.get(id).is_none_or(|on| on.status == Status::Done))
    }

    /// The place behind the last of the stories with `priority`.
    pub fn last_rank(&self, priority: Priority) -> i64 {
        let beyond = Place { priority, rank: i64::MAX, story: StoryId(u32::MAX) };
        let last = self.backlog.get_prev(&beyond).filter(|place| place.priority == priority);
        last.map_or(0, |place| place.rank.saturating_add(1))
    }

    /// The place before the first of the stories with `priority`.
    pub fn first_rank(&self, priority: Priority) -> i64 {
        let before = Place { priority, rank: i64::MIN, story: StoryId(0) };
        let first = self.backlog.get_next(&before).filter(|place| place.priority == priority);
        first.map_or(0, |place| place.rank.saturating_sub(1))
    }

    /// Changes the project as `event` says. The only way its content changes.
    ///
    /// An event is a fact, so this cannot fail. There is no wildcard arm on purpose: whoever adds an
    /// event has to say what it changes.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::EpicAdded(epic) => self.set_epic(epic.id, Some(Arc::clone(epic))),
            Event::StoryAdded(story) | Event::StoryEdited { story, .. } => {
                self.set_story(story.id, Some(Arc::clone(story)));
            }
            Event::StoryRemoved(id) => self.set_story(*id, None),
            Event::StoryPrioritized { story, priority, rank } => self.change_story(*story, |story| {
                story.priority = *priority;
                story.rank = *rank;
            }),
            Event::StoryMoved { story, to, reason, at, .. } => {
                self.change_story(*story, |story| move_story(story, *to, reason.clone(), *at));
            }
            Event::StoryNoted { story, note } => self.change_story(*story, |story| story.note(note.clone())),
            Event::StoryReturned { story, sprint } => self.return_story(*story, *sprint),
            Event::SprintPlanned { sprint, dropped } => self.plan(sprint, dropped),
            Event::SprintStarted { sprint, at } => self.change_sprint(*sprint, |sprint| {
                sprint.status = SprintStatus::Active;
                sprint.started_at = Some(*at);
            }),
            Event::SprintPaused(id) => self.change_sprint(*id, |sprint| sprint.status = SprintStatus::Paused),
            Event::SprintResumed(id) => {
                self.change_sprint(*id, |sprint| sprint.status = SprintStatus::Active);
            }
            Event::SprintEnded { sprint, at, velocity } => self.change_sprint(*sprint, |sprint| {
                sprint.status = SprintStatus::Review;
                sprint.ended_at = Some(*at);
                sprint.velocity = Some(*velocity);
            }),
            Event::SprintCancelled { sprint, at } => self.cancel(*sprint, *at),
            Event::SprintClosed { sprint, retrospective } => {
                self.sprint = None;
                self.change_sprint(*sprint, |sprint| {
                    sprint.status = SprintStatus::Closed;
                    sprint.retrospective.clone_from(retrospective);
                });
            }
            Event::ApprovalRaised(approval) => self.raise(approval),
            Event::ApprovalGranted { approval, .. } | Event::ApprovalRejected { approval, .. } => {
                self.approvals.retain(|one| one.id != *approval);
            }
            Event::StateEntered(state) => self.state = *state,
            Event::Replaced(patch) => self.replace(patch),
        }
    }

    /// Notes that a command was carried out, for whoever sends it again.
    pub fn remember(&mut self, command: CommandId) {
        self.revision += 1;
        self.recent.push_back(command);
        while self.recent.len() > Self::RECENT_MAX {
            self.recent.pop_front();
        }
    }

    /// Puts a story in, or takes it out, with everything that follows from it.
    pub fn set_story(&mut self, id: StoryId, story: Option<Arc<Story>>) {
        if let Some(old) = self.stories.remove(&id) {
            self.backlog.remove(&Place { priority: old.priority, rank: old.rank, story: id });
            self.forget_names(&old.aliases, Entity::Story(id));
        }
        let Some(story) = story else { return };
        if story.is_open() {
            self.backlog.insert(Place { priority: story.priority, rank: story.rank, story: id });
        }
        self.learn_names(&story.aliases, Entity::Story(id));
        self.counters.stories = self.counters.stories.max(id.0);
        self.stories.insert(id, story);
    }

    /// Puts an epic in, or takes it out.
    pub fn set_epic(&mut self, id: EpicId, epic: Option<Arc<Epic>>) {
        if let Some(old) = self.epics.remove(&id) {
            self.forget_names(&old.aliases, Entity::Epic(id));
        }
        let Some(epic) = epic else { return };
        self.learn_names(&epic.aliases, Entity::Epic(id));
        self.counters.epics = self.counters.epics.max(id.0);
        self.epics.insert(id, epic);
    }

    /// Puts a sprint in, or takes it out.
    pub fn set_sprint(&mut self, id: SprintId, sprint: Option<Arc<Sprint>>) {
        if let Some(old) = self.sprints.remove(&id) {
            self.forget_names(&old.aliases, Entity::Sprint(id));
        }
        let Some(sprint) = sprint else { return };
        self.learn_names(&sprint.aliases, Entity::Sprint(id));
        self.counters.sprints = self.counters.sprints.max(id.0);
        self.sprints.insert(id, sprint);
    }

    fn learn_names(&mut self, aliases: &[String], entity: Entity) {
        for name in aliases {
            self.aliases.insert((name.to_lowercase(), entity));
        }
    }

    fn forget_names(&mut self, aliases: &[String], entity: Entity) {
        for name in aliases {
            self.aliases.remove(&(name.to_lowercase(), entity));
        }
    }

    fn change_story(&mut self, id: StoryId, change: impl FnOnce(&mut Story)) {
        if let Some(story) = self.stories.get(&id) {
            let mut story = Story::clone(story);
            change(&mut story);
            self.set_story(id, Some(Arc::new(story)));
        }
    }

    fn change_sprint(&mut self, id: SprintId, change: impl FnOnce(&mut Sprint)) {
        if let Some(sprint) = self.sprints.get_mut(&id) {
            change(Arc::make_mut(sprint));
        }
    }

    /// What leaves a sprint after its end was not finished in it, so it does not count there any more.
    fn return_story(&mut self, story: StoryId, sprint: SprintId) {
        let weight = self.stories.get(&story).map_or(0, |story| story.weight());
        self.change_story(story, |story| story.sprint = None);
        self.change_sprint(sprint, |sprint| {
            if !sprint.returned.contains(&story) {
                sprint.returned.push(story);
            }
            sprint.velocity = sprint.velocity.map(|points| points.saturating_sub(weight));
        });
    }

    fn plan(&mut self, sprint: &Arc<Sprint>, dropped: &[StoryId]) {
        for id in dropped {
            self.change_story(*id, |story| story.sprint = None);
        }
        for id in &sprint.stories {
            self.change_story(*id, |story| story.sprint = Some(sprint.id));
        }
        self.sprint = Some(sprint.id);
        self.set_sprint(sprint.id, Some(Arc::clone(sprint)));
    }

    fn cancel(&mut self, id: SprintId, at: Timestamp) {
        self.sprint = None;
        self.change_sprint(id, |sprint| {
            sprint.status = SprintStatus::Cancelled;
            sprint.ended_at = Some(at);
        });
    }

    fn raise(&mut self, approval: &Approval) {
        self.counters.approvals = self.counters.approvals.max(approval.id.0);
        self.approvals.push(approval.clone());
    }

    fn replace(&mut self, patch: &Patch) {
        patch.epics.iter().for_each(|(id, epic)| self.set_epic(*id, epic.clone()));
        patch.stories.iter().for_each(|(id, story)| self.set_story(*id, story.clone()));
        patch.sprints.iter().for_each(|(id, sprint)| self.set_sprint(*id, sprint.clone()));
        self.state = patch.state;
        self.sprint = patch.sprint;
        self.approvals.clone_from(&patch.approvals);
        let raised = self.approvals.iter().map(|one| one.id.0).max().unwrap_or(0);
        self.counters.approvals = self.counters.approvals.max(raised);
    }
}

/// Sets how far a story is, and the times that follow from it.
fn move_story(story: &mut Story, to: Status, reason: Option<Prose>, at: Timestamp) {
    if matches!(to, Status::InProgress | Status::InReview) && story.started_at.is_none() {
        story.started_at = Some(at);
    }
    story.done_at = (to == Status::Done).then_some(at);
    story.status = to;
    story.reason = reason;
}
