//! A sprint: the stories that are to be finished by a day, and what people thought of it afterwards.

use std::fmt;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::entity::Extra;
use crate::domain::id::{SprintId, StoryId, Uid};
use crate::domain::text::Line;

/// How far a sprint is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SprintStatus {
    /// Chosen, not begun.
    Planned,
    /// Work goes on.
    Active,
    /// Work rests.
    Paused,
    /// It waits for feedback.
    Review,
    /// It has ended and people have said what they think.
    Closed,
    /// It was given up.
    Cancelled,
}

impl fmt::Display for SprintStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Planned => "planned",
            Self::Active => "active",
            Self::Paused => "paused",
            Self::Review => "review",
            Self::Closed => "closed",
            Self::Cancelled => "cancelled",
        })
    }
}

/// What people said after a sprint.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Retrospective {
    /// What went well.
    #[serde(default)]
    pub good: Vec<Line>,
    /// What should go better.
    #[serde(default)]
    pub improve: Vec<Line>,
    /// What will be done about it.
    #[serde(default)]
    pub action: Vec<Line>,
}

/// A number of days with a goal and stories.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Sprint {
    /// What people call it.
    pub id: SprintId,
    /// What never changes.
    pub uid: Uid,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goal: Option<Line>,
    /// How many days it lasts, 1 to 90.
    #[schemars(range(min = 1, max = 90))]
    pub days: u32,
    /// How many points fit in, 1 to 1,000.
    #[schemars(range(min = 1, max = 1000))]
    pub capacity: u32,
    /// How far it is.
    pub status: SprintStatus,
    /// What belongs to it, in the order of work.
    pub stories: Vec<StoryId>,
    /// What went back to the backlog unfinished, skipped or reopened.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub returned: Vec<StoryId>,
    /// Older names that still find it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// When it was planned.
    #[schemars(with = "String")]
    pub planned_at: Timestamp,
    /// When it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub started_at: Option<Timestamp>,
    /// When work on it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub ended_at: Option<Timestamp>,
    /// The points that were finished in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub velocity: Option<u32>,
    /// What people said afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retrospective: Option<Retrospective>,
    /// What a newer version or a person added; kept and written back.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Sprint {
    /// The longest sprint, in days.
    pub const DAYS_MAX: u32 = 90;
    /// The largest sprint, in points.
    pub const CAPACITY_MAX: u32 = 1000;

    /// Whether nothing can happen to it any more.
    pub fn has_ended(&self) -> bool {
        matches!(self.status, SprintStatus::Closed | SprintStatus::Cancelled)
    }
}
