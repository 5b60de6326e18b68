//! What can be picked for an argument, most useful first.

use std::borrow::Cow;
use std::fmt;

use jiff::Timestamp;

use crate::domain::approval::Approval;
use crate::domain::command::CommandKind;
use crate::domain::entity::Entity;
use crate::domain::id::ApprovalId;
use crate::domain::past::Entry;
use crate::domain::project::Project;
use crate::domain::sprint::SprintStatus;
use crate::domain::story::{Status, Story};
use crate::surface::answer::words::{minute_utc, short};
use crate::surface::parse::{self, Argument, ArgumentKind, NONE};

/// What the caller knows. What is left empty is not offered.
#[derive(Clone, Copy, Debug, Default)]
pub struct Candidates<'a> {
    /// The project that is spoken to: its stories, epics, sprints and questions.
    pub project: Option<&'a Project>,
    /// Its latest commands, newest first.
    pub entries: &'a [Entry],
    /// The names of the projects that there are.
    pub projects: &'a [String],
    /// Repositories that could be registered.
    pub folders: &'a [String],
}

/// Something that can be picked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Item<'a> {
    /// What is sent when it is picked.
    pub(super) id: Id<'a>,
    /// What it is called; may be empty.
    pub(super) title: &'a str,
    /// What else helps to tell it from others.
    pub(super) note: Note,
}

/// What else helps to tell an item from others. It is put into words only for the few that are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Note {
    /// Nothing.
    Nothing,
    /// How far a story is.
    Story(Status),
    /// How far a sprint is.
    Sprint(SprintStatus),
    /// When a command was carried out.
    At(Timestamp),
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => Ok(()),
            Self::Story(status) => f.write_str(&status.to_string().replace('_', " ")),
            Self::Sprint(status) => status.fmt(f),
            Self::At(at) => f.write_str(&minute_utc(*at)),
        }
    }
}

/// The name by which an item is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Id<'a> {
    /// A story, an epic or a sprint.
    Thing(Entity),
    /// A question.
    Approval(ApprovalId),
    /// A word that stands for itself.
    Word(Cow<'a, str>),
}

impl fmt::Display for Id<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Thing(entity) => entity.fmt(f),
            Self::Approval(id) => id.fmt(f),
            Self::Word(word) => f.write_str(word),
        }
    }
}

impl<'a> Item<'a> {
    /// A word that needs no title.
    pub(super) fn word(word: impl Into<Cow<'a, str>>) -> Self {
        Self { id: Id::Word(word.into()), title: "", note: Note::Nothing }
    }
}

/// All that can be picked for `argument` of the command `kind`.
pub(super) fn pool<'a>(kind: CommandKind, argument: &Argument, from: &Candidates<'a>) -> Vec<Item<'a>> {
    let mut items: Vec<_> = argument.kind.words().iter().map(|word| Item::word(*word)).collect();
    match argument.kind {
        ArgumentKind::Project => items.extend(from.projects.iter().map(|name| Item::word(name.as_str()))),
        ArgumentKind::Path => items.extend(from.folders.iter().map(|path| Item::word(path.as_str()))),
        ArgumentKind::Command => items.extend(parse::all().map(topic)),
        ArgumentKind::Steps => items.extend(from.entries.iter().filter_map(step)),
        ArgumentKind::Commit => items.extend(from.entries.iter().map(commit)),
        _ => {
            if let Some(project) = from.project {
                add_things(&mut items, kind, argument.kind, project);
            }
        }
    }
    if argument.empties {
        items.push(Item::word(NONE));
    }
    items
}

/// Adds what there is in a project for an argument that takes `wanted`.
fn add_things<'a>(items: &mut Vec<Item<'a>>, kind: CommandKind, wanted: ArgumentKind, project: &'a Project) {
    match wanted {
        ArgumentKind::Approvals => items.extend(project.approvals.iter().map(approval)),
        ArgumentKind::Story | ArgumentKind::Stories => items.extend(stories(kind, project)),
        ArgumentKind::Epic => items.extend(epics(project)),
        ArgumentKind::Any | ArgumentKind::View => {
            items.extend(stories(kind, project));
            items.extend(epics(project));
            items.extend(sprints(project));
        }
        _ => {}
    }
}

/// Open stories in the order of the backlog, then the others, newest first; and before all of them those that the
/// command is made for.
fn stories(kind: CommandKind, project: &Project) -> impl Iterator<Item = Item<'_>> {
    let others = project.stories.values().rev().filter(|story| !story.is_open());
    let mut all: Vec<&Story> = project.backlog().chain(others).map(AsRef::as_ref).collect();
    if wants_some(kind) {
        // The sort is stable, so the order stays within each part.
        all.sort_by_key(|story| !fits(kind, story, project));
    }
    all.into_iter().map(|story| Item {
        id: Id::Thing(Entity::Story(story.id)),
        title: story.title.as_str(),
        note: Note::Story(story.status),
    })
}

/// Whether the command is made for stories that are at a certain point.
fn wants_some(kind: CommandKind) -> bool {
    use CommandKind as Kind;

    matches!(kind, Kind::SuggestFix | Kind::SkipTask | Kind::StoryMove | Kind::RequestChanges)
}

/// Whether `story` is one of those that the command is made for.
fn fits(kind: CommandKind, story: &Story, project: &Project) -> bool {
    let in_sprint = project.sprint.is_some() && story.sprint == project.sprint;
    match kind {
        CommandKind::SuggestFix | CommandKind::SkipTask => story.status == Status::Blocked,
        CommandKind::RequestChanges => in_sprint && story.status == Status::Done,
        _ => in_sprint,
    }
}

fn epics(project: &Project) -> impl Iterator<Item = Item<'_>> {
    project.epics.values().rev().map(|epic| Item {
        id: Id::Thing(Entity::Epic(epic.id)),
        title: epic.title.as_str(),
        note: Note::Nothing,
    })
}

fn sprints(project: &Project) -> impl Iterator<Item = Item<'_>> {
    project.sprints.values().rev().map(|sprint| Item {
        id: Id::Thing(Entity::Sprint(sprint.id)),
        title: sprint.goal.as_ref().map_or("", |goal| goal.as_str()),
        note: Note::Sprint(sprint.status),
    })
}

fn approval(approval: &Approval) -> Item<'_> {
    Item { id: Id::Approval(approval.id), title: approval.text.as_str(), note: Note::Nothing }
}

fn topic<'a>(spec: &'static parse::Spec) -> Item<'a> {
    Item { title: spec.summary, ..Item::word(spec.kind.name()) }
}

/// A command that can be taken back.
fn step(entry: &Entry) -> Option<Item<'_>> {
    let id = entry.command.as_deref()?;
    Some(Item { title: &entry.subject, note: Note::At(entry.at), ..Item::word(id) })
}

fn commit(entry: &Entry) -> Item<'_> {
    Item { title: &entry.subject, note: Note::At(entry.at), ..Item::word(short(&entry.commit)) }
}
