//! A story: one piece of work that can be finished in a sprint.

use std::fmt;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::entity::Extra;
use crate::domain::id::{EpicId, SprintId, StoryId, Uid};
use crate::domain::text::{Line, Prose, Title};

/// What is more urgent comes first.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// Before everything else.
    Top,
    /// Soon.
    High,
    /// Where a new story starts.
    #[default]
    Medium,
    /// When there is time.
    Low,
}

impl Priority {
    /// All of them, most urgent first.
    pub const ALL: [Self; 4] = [Self::Top, Self::High, Self::Medium, Self::Low];
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Top => "top",
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        })
    }
}

/// How far a story is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Proposed for an epic and not yet approved.
    Proposed,
    /// Nobody has begun.
    Todo,
    /// Somebody works on it.
    InProgress,
    /// It waits for somebody to look at it.
    InReview,
    /// It is finished.
    Done,
    /// It cannot go on; the reason says why.
    Blocked,
}

impl Status {
    /// The ones that people may give a story, in the order of work.
    pub const MOVES: [Self; 5] = [Self::Todo, Self::InProgress, Self::InReview, Self::Done, Self::Blocked];
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Proposed => "proposed",
            Self::Todo => "todo",
            Self::InProgress => "in_progress",
            Self::InReview => "in_review",
            Self::Done => "done",
            Self::Blocked => "blocked",
        })
    }
}

/// Something that somebody said about a story.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Note {
    /// When.
    #[schemars(with = "String")]
    pub at: Timestamp,
    /// Who.
    pub by: Line,
    /// What.
    pub text: Prose,
}

/// One piece of work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Story {
    /// What people call it.
    pub id: StoryId,
    /// What never changes.
    pub uid: Uid,
    /// In a few words.
    pub title: Title,
    /// In full.
    pub description: Prose,
    /// When it counts as finished.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub criteria: Vec<Line>,
    /// How urgent it is.
    pub priority: Priority,
    /// The place among stories of the same priority; smaller is earlier.
    pub rank: i64,
    /// How much work it is, 0 to 100; unknown until somebody estimates it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100))]
    pub points: Option<u32>,
    /// What must be done before it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<StoryId>,
    /// What it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epic: Option<EpicId>,
    /// Who is on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee: Option<Line>,
    /// How far it is.
    pub status: Status,
    /// Why it is blocked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Prose>,
    /// The sprint that it is in, or was finished in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sprint: Option<SprintId>,
    /// What was said about it, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
    /// Older names that still find it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// When it was added.
    #[schemars(with = "String")]
    pub created_at: Timestamp,
    /// Who added it.
    pub created_by: Line,
    /// When work began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub started_at: Option<Timestamp>,
    /// When it was finished.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub done_at: Option<Timestamp>,
    /// What a newer version or a person added; kept and written back.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Story {
    /// What a story without an estimate counts for when a sprint is filled.
    pub const UNESTIMATED: u32 = 1;
    /// The most points that a story may have.
    pub const POINTS_MAX: u32 = 100;
    /// The most notes that are kept on a story; older ones stay in the history.
    pub const NOTES_MAX: usize = 50;

    /// The points that it counts for.
    pub fn weight(&self) -> u32 {
        self.points.unwrap_or(Self::UNESTIMATED)
    }

    /// Whether there is still something to do.
    pub fn is_open(&self) -> bool {
        !matches!(self.status, Status::Done | Status::Proposed)
    }

    /// Adds a note, dropping the oldest where there are too many.
    pub fn note(&mut self, note: Note) {
        self.notes.push(note);
        let surplus = self.notes.len().saturating_sub(Self::NOTES_MAX);
        self.notes.drain(..surplus);
    }
}
