//! What is said to people: one value for every surface, and the functions that build it.
//!
//! A builder is a pure function of a project, a receipt or the history. What it says does not depend on
//! the surface; how that looks is the business of [`crate::surface::render`] and of the chat surfaces.
//!
//! Invariants:
//!
//! - Text, field values and cells may hold `code` in backticks. A command is written there without the syntax
//!   of a surface (`sprint plan`), and the renderer adds that. Text may also hold **bold** words.
//! - Nothing is cut silently: what is left out is counted, with where to find it.
//! - Text that other people wrote is passed on as it is; a renderer makes it harmless for its medium.
//!
//! Deliberately absent: the commit id of a command, which follows its answer.

mod approval;
mod backlog;
mod board;
mod changed;
mod help;
mod history;
mod project;
mod refusal;
mod review;
mod sprint;
mod state;
mod story;
mod thread;
mod view;
pub(crate) mod words;

#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use self::board::{Standing, board, board_title};
pub use self::changed::changed;
pub use self::help::help;
pub use self::history::{log, search};
pub use self::project::{
    Check, ProjectRow, Registered, bound, health, let_go, moved_away, project_list, project_status,
    registered, unregistered, welcome,
};
pub use self::refusal::refused;
pub use self::sprint::sprint_status;
pub use self::state::{ready, state};
pub use self::thread::{news, story_news};
pub use self::view::backlog;

use crate::domain::workflow::State;

/// One reply.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// What happened or what this is, in one line.
    pub title: String,
    /// Whether it is good news.
    pub tone: Tone,
    /// Paragraphs with `code` and **bold** words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Facts, each with a name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Field>,
    /// Rows of the same kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<Table>,
    /// Something to look at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<Picture>,
    /// What the reader most likely wants to do next.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<Choice>,
}

/// Whether an answer is good news.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tone {
    /// What was asked has been done.
    Done,
    /// Nothing was changed.
    #[default]
    Info,
    /// Somebody should look at it.
    Warning,
}

/// A fact with a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// What it is about.
    pub name: String,
    /// What it is; may have several lines.
    pub value: String,
}

/// Rows of the same kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// What is in each place of a row.
    pub columns: Vec<Column>,
    /// The rows, each as long as there are columns.
    pub rows: Vec<Vec<String>>,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its heading.
    pub name: String,
    /// On which side its cells stand.
    pub align: Align,
}

/// On which side a cell stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Align {
    /// For words.
    Left,
    /// For numbers.
    Right,
}

/// A command that is offered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// A few words.
    pub label: String,
    /// The command, without the syntax of a surface.
    pub command: String,
    /// The argument that has to be asked for first, where the command cannot do without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asks: Option<String>,
    /// How much weight it gets.
    pub style: ChoiceStyle,
}

/// How much weight a choice gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChoiceStyle {
    /// What most people want.
    Primary,
    /// One of several.
    Secondary,
    /// Another part of the same: where that is possible, it takes the place of what is shown.
    Turn,
    /// It throws something away.
    Danger,
}

/// Something to look at, as data; `alt` says it in words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Picture {
    /// The workflow, with the current state marked.
    StateMachine {
        /// Where the project stands.
        current: State,
        /// The picture in words.
        alt: String,
    },
    /// What was left to do on each day of a sprint.
    Burndown {
        /// The points of the sprint.
        total: u32,
        /// How many days the sprint lasts.
        span: u32,
        /// The days that have begun.
        days: Vec<BurndownDay>,
        /// The picture in words.
        alt: String,
    },
    /// What was finished in each sprint.
    Velocity {
        /// The sprints, oldest first.
        sprints: Vec<SprintVelocity>,
        /// The picture in words.
        alt: String,
    },
}

/// One day of a burndown picture.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BurndownDay {
    /// Counted from the start, which is 0.
    pub day: u32,
    /// The points that were left.
    pub remaining: u32,
    /// The points that would be left if work went on evenly.
    pub ideal: f64,
}

/// One bar of a velocity picture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SprintVelocity {
    /// Which sprint.
    pub sprint: String,
    /// The points that were finished in it.
    pub points: u32,
}

impl Answer {
    /// An answer to a command that changed something.
    pub fn done(title: impl Into<String>) -> Self {
        Self { title: title.into(), tone: Tone::Done, ..Self::default() }
    }

    /// An answer to a command that only looked.
    pub fn info(title: impl Into<String>) -> Self {
        Self { title: title.into(), ..Self::default() }
    }

    /// An answer that somebody should look at.
    pub fn warning(title: impl Into<String>) -> Self {
        Self { title: title.into(), tone: Tone::Warning, ..Self::default() }
    }

    /// Adds a paragraph.
    #[must_use]
    pub fn paragraph(mut self, text: impl AsRef<str>) -> Self {
        let whole = self.text.get_or_insert_default();
        if !whole.is_empty() {
            whole.push_str("\n\n");
        }
        whole.push_str(text.as_ref());
        self
    }

    /// Adds a fact.
    #[must_use]
    pub fn field(mut self, name: &str, value: impl Into<String>) -> Self {
        self.fields.push(Field { name: name.to_owned(), value: value.into() });
        self
    }

    /// Adds a fact where there is one.
    #[must_use]
    pub fn field_if(self, name: &str, value: Option<impl Into<String>>) -> Self {
        match value {
            Some(value) => self.field(name, value),
            None => self,
        }
    }

    /// Sets the table, unless it has no rows.
    #[must_use]
    pub fn table(mut self, table: Table) -> Self {
        self.table = Some(table).filter(|table| !table.rows.is_empty());
        self
    }

    /// Sets the picture.
    #[must_use]
    pub fn picture(mut self, picture: Picture) -> Self {
        self.picture = Some(picture);
        self
    }

    /// Offers a command.
    #[must_use]
    pub fn choice(self, label: impl Into<String>, command: impl Into<String>) -> Self {
        self.offer(label.into(), command.into(), ChoiceStyle::Secondary)
    }

    /// Offers what most people want.
    #[must_use]
    pub fn primary(self, label: impl Into<String>, command: impl Into<String>) -> Self {
        self.offer(label.into(), command.into(), ChoiceStyle::Primary)
    }

    /// Offers what throws something away.
    #[must_use]
    pub fn danger(self, label: impl Into<String>, command: impl Into<String>) -> Self {
        self.offer(label.into(), command.into(), ChoiceStyle::Danger)
    }

    /// Offers another part of the same.
    #[must_use]
    pub fn turn(self, label: impl Into<String>, command: impl Into<String>) -> Self {
        self.offer(label.into(), command.into(), ChoiceStyle::Turn)
    }

    /// Says that the choice offered last needs `argument` from the reader.
    #[must_use]
    pub fn asking(mut self, argument: &str) -> Self {
        if let Some(choice) = self.choices.last_mut() {
            choice.asks = Some(argument.to_owned());
        }
        self
    }

    fn offer(mut self, label: String, command: String, style: ChoiceStyle) -> Self {
        self.choices.push(Choice { label, command, asks: None, style });
        self
    }
}

impl Table {
    /// A table without rows; a heading that starts with `>` is one of numbers.
    pub fn new(headings: &[&str]) -> Self {
        let column = |heading: &&str| match heading.strip_prefix('>') {
            Some(name) => Column { name: name.to_owned(), align: Align::Right },
            None => Column { name: (*heading).to_owned(), align: Align::Left },
        };
        Self { columns: headings.iter().map(column).collect(), rows: Vec::new() }
    }

    /// Adds a row.
    pub fn push<const N: usize>(&mut self, row: [String; N]) {
        self.rows.push(row.into());
    }
}

impl Picture {
    /// The picture in words, for surfaces and people that cannot see it.
    pub fn alt(&self) -> &str {
        match self {
            Self::StateMachine { alt, .. } | Self::Burndown { alt, .. } | Self::Velocity { alt, .. } => alt,
        }
    }
}
