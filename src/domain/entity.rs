//! What epics, stories and sprints have in common, and the epic, which has little else.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::id::{EpicId, SprintId, StoryId, Uid};
use crate::domain::text::{Line, Prose, Title};

/// Fields that this version does not know, by name. They are kept and written back.
pub type Extra = BTreeMap<String, serde_json::Value>;

/// Several stories with one purpose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Epic {
    /// What people call it.
    pub id: EpicId,
    /// What never changes.
    pub uid: Uid,
    /// In a few words.
    pub title: Title,
    /// In full.
    pub description: Prose,
    /// Older names that still find it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// When it was added.
    #[schemars(with = "String")]
    pub created_at: Timestamp,
    /// Who added it.
    pub created_by: Line,
    /// What a newer version or a person added; kept and written back.
    #[serde(flatten)]
    pub extra: Extra,
}

/// One thing with a file of its own, or a place in one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Entity {
    /// An epic.
    Epic(EpicId),
    /// A story.
    Story(StoryId),
    /// A sprint.
    Sprint(SprintId),
}

impl fmt::Display for Entity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Epic(id) => id.fmt(f),
            Self::Story(id) => id.fmt(f),
            Self::Sprint(id) => id.fmt(f),
        }
    }
}
