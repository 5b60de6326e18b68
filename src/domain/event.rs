//! What a carried-out command changed: facts, in the order in which they happened.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::approval::Approval;
use crate::domain::entity::{Entity, Epic};
use crate::domain::id::{ApprovalId, SprintId, StoryId};
use crate::domain::past::Patch;
use crate::domain::sprint::{Retrospective, Sprint};
use crate::domain::story::{Note, Priority, Status, Story};
use crate::domain::text::{Line, Prose};
use crate::domain::workflow::State;

/// A fact. It is never refused and never edited.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// An epic was added.
    EpicAdded(Arc<Epic>),
    /// A story was added.
    StoryAdded(Arc<Story>),
    /// A story is now as given; `fields` names what is different.
    StoryEdited {
        /// How it is now.
        story: Arc<Story>,
        /// What is different.
        fields: Vec<&'static str>,
    },
    /// A story is gone; its id is not used again.
    StoryRemoved(StoryId),
    /// A story has another place in the backlog.
    StoryPrioritized {
        /// Which.
        story: StoryId,
        /// How urgent it is now.
        priority: Priority,
        /// Its place among equals.
        rank: i64,
    },
    /// A story is further, or not as far.
    StoryMoved {
        /// Which.
        story: StoryId,
        /// How far it was.
        from: Status,
        /// How far it is.
        to: Status,
        /// Why, for a blocked one.
        reason: Option<Prose>,
        /// When.
        at: Timestamp,
    },
    /// Somebody said something about a story.
    StoryNoted {
        /// Which.
        story: StoryId,
        /// What, by whom, when.
        note: Note,
    },
    /// A story left a sprint and is in the backlog again.
    StoryReturned {
        /// Which.
        story: StoryId,
        /// What it left.
        sprint: SprintId,
    },
    /// A sprint is planned as given, also when it was planned otherwise before.
    SprintPlanned {
        /// How it is planned now.
        sprint: Arc<Sprint>,
        /// What was in an earlier plan of it and is not any more.
        dropped: Vec<StoryId>,
    },
    /// Work on a sprint began.
    SprintStarted {
        /// Which.
        sprint: SprintId,
        /// When.
        at: Timestamp,
    },
    /// Work rests.
    SprintPaused(SprintId),
    /// Work goes on.
    SprintResumed(SprintId),
    /// Work on a sprint ended; it waits for feedback.
    SprintEnded {
        /// Which.
        sprint: SprintId,
        /// When.
        at: Timestamp,
        /// The points that were finished in it.
        velocity: u32,
    },
    /// A sprint was given up.
    SprintCancelled {
        /// Which.
        sprint: SprintId,
        /// When.
        at: Timestamp,
    },
    /// A sprint is over.
    SprintClosed {
        /// Which.
        sprint: SprintId,
        /// What people said, if they did.
        retrospective: Option<Retrospective>,
    },
    /// A question waits for an answer.
    ApprovalRaised(Arc<Approval>),
    /// A question was answered with yes.
    ApprovalGranted {
        /// Which.
        approval: ApprovalId,
        /// By whom.
        by: Line,
    },
    /// A question was answered with no.
    ApprovalRejected {
        /// Which.
        approval: ApprovalId,
        /// By whom.
        by: Line,
        /// Why.
        reason: Option<Prose>,
    },
    /// The workflow is in another state.
    StateEntered(State),
    /// Much is as it was at another time, or elsewhere.
    Replaced(Arc<Patch>),
}

impl Event {
    /// The name for programs, kept for good.
    pub fn name(&self) -> &'static str {
        match self {
            Self::EpicAdded(_) => "epic_added",
            Self::StoryAdded(_) => "story_added",
            Self::StoryEdited { .. } => "story_edited",
            Self::StoryRemoved(_) => "story_removed",
            Self::StoryPrioritized { .. } => "story_prioritized",
            Self::StoryMoved { .. } => "story_moved",
            Self::StoryNoted { .. } => "story_noted",
            Self::StoryReturned { .. } => "story_returned",
            Self::SprintPlanned { .. } => "sprint_planned",
            Self::SprintStarted { .. } => "sprint_started",
            Self::SprintPaused(_) => "sprint_paused",
            Self::SprintResumed(_) => "sprint_resumed",
            Self::SprintEnded { .. } => "sprint_ended",
            Self::SprintCancelled { .. } => "sprint_cancelled",
            Self::SprintClosed { .. } => "sprint_closed",
            Self::ApprovalRaised(_) => "approval_raised",
            Self::ApprovalGranted { .. } => "approval_granted",
            Self::ApprovalRejected { .. } => "approval_rejected",
            Self::StateEntered(_) => "state_entered",
            Self::Replaced(_) => "replaced",
        }
    }

    /// What it changes, apart from the standing of the project as a whole.
    pub fn touches(&self) -> Vec<Entity> {
        match self {
            Self::EpicAdded(epic) => vec![Entity::Epic(epic.id)],
            Self::StoryAdded(story) | Self::StoryEdited { story, .. } => vec![Entity::Story(story.id)],
            Self::StoryRemoved(id)
            | Self::StoryPrioritized { story: id, .. }
            | Self::StoryMoved { story: id, .. }
            | Self::StoryNoted { story: id, .. } => vec![Entity::Story(*id)],
            Self::StoryReturned { story, sprint } => vec![Entity::Story(*story), Entity::Sprint(*sprint)],
            Self::SprintPlanned { sprint, dropped } => {
                let stories = sprint.stories.iter().chain(dropped).map(|id| Entity::Story(*id));
                std::iter::once(Entity::Sprint(sprint.id)).chain(stories).collect()
            }
            Self::SprintStarted { sprint: id, .. }
            | Self::SprintPaused(id)
            | Self::SprintResumed(id)
            | Self::SprintEnded { sprint: id, .. }
            | Self::SprintCancelled { sprint: id, .. }
            | Self::SprintClosed { sprint: id, .. } => vec![Entity::Sprint(*id)],
            Self::ApprovalRaised(_)
            | Self::ApprovalGranted { .. }
            | Self::ApprovalRejected { .. }
            | Self::StateEntered(_) => Vec::new(),
            Self::Replaced(patch) => patch.entities().collect(),
        }
    }
}

/// One line for the body of a commit.
impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EpicAdded(epic) => write!(f, "{} added: {}", epic.id, epic.title),
            Self::StoryAdded(story) => write!(f, "{} added: {}", story.id, story.title),
            Self::StoryEdited { story, fields } => write!(f, "{} edited: {}", story.id, fields.join(", ")),
            Self::StoryRemoved(id) => write!(f, "{id} removed"),
            Self::StoryPrioritized { story, priority, .. } => write!(f, "{story} has priority {priority}"),
            Self::StoryMoved { story, from, to, reason: None, .. } => write!(f, "{story}: {from} -> {to}"),
            Self::StoryMoved { story, from, to, reason: Some(reason), .. } => {
                write!(f, "{story}: {from} -> {to} ({})", first_line(reason))
            }
            Self::StoryNoted { story, note } => write!(f, "{story} noted: {}", first_line(&note.text)),
            Self::StoryReturned { story, sprint } => write!(f, "{story} left {sprint}"),
            Self::SprintPlanned { sprint, .. } => {
                write!(f, "{} planned with {}", sprint.id, count(sprint.stories.len()))
            }
            Self::SprintStarted { sprint, .. } => write!(f, "{sprint} started"),
            Self::SprintPaused(sprint) => write!(f, "{sprint} paused"),
            Self::SprintResumed(sprint) => write!(f, "{sprint} resumed"),
            Self::SprintEnded { sprint, velocity, .. } => {
                write!(f, "{sprint} ended with {velocity} points done")
            }
            Self::SprintCancelled { sprint, .. } => write!(f, "{sprint} cancelled"),
            Self::SprintClosed { sprint, .. } => write!(f, "{sprint} closed"),
            Self::ApprovalRaised(approval) => {
                write!(f, "{} raised: {}", approval.id, first_line(&approval.text))
            }
            Self::ApprovalGranted { approval, by } => write!(f, "{approval} approved by {by}"),
            Self::ApprovalRejected { approval, by, .. } => write!(f, "{approval} rejected by {by}"),
            Self::StateEntered(state) => write!(f, "now {state}"),
            Self::Replaced(patch) => write!(f, "{}", patch.why),
        }
    }
}

fn first_line(text: &Prose) -> &str {
    text.as_str().lines().next().unwrap_or_default()
}

fn count(stories: usize) -> String {
    if stories == 1 { "1 story".to_owned() } else { format!("{stories} stories") }
}
