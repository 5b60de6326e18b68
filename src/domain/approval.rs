//! An approval: a question to people that blocks something.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::entity::Extra;
use crate::domain::id::{ApprovalId, EpicId, StoryId, Uid};
use crate::domain::text::{Line, Prose};

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Question {
    /// May these stories join the backlog? Asked while the backlog is open.
    Proposal {
        /// What they belong to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        epic: Option<EpicId>,
        /// The stories, each `proposed` until somebody decides.
        stories: Vec<StoryId>,
    },
    /// May a run go on? Asked in any state.
    Run {
        /// The story that is worked on.
        story: StoryId,
    },
    /// A question taken over from another tool, with nothing to carry out.
    Imported,
}

/// A question that waits for an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Approval {
    /// What people call it.
    pub id: ApprovalId,
    /// What never changes.
    pub uid: Uid,
    /// What follows from the answer.
    pub question: Question,
    /// The question in words.
    pub text: Prose,
    /// When it was asked.
    #[schemars(with = "String")]
    pub raised_at: Timestamp,
    /// Who asked.
    pub raised_by: Line,
    /// What a newer version or a person added; kept and written back.
    #[serde(flatten)]
    pub extra: Extra,
}
