//! The files of `.orch-state/` as people and programs read them, to and from the domain.

use std::collections::VecDeque;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::approval::Approval;
use crate::domain::entity::{Entity, Epic, Extra};
use crate::domain::event::Event;
use crate::domain::id::{CommandId, ProjectName, SprintId, StoryId, Uid};
use crate::domain::project::{Counters, Project};
use crate::domain::sprint::Sprint;
use crate::domain::story::Story;
use crate::domain::workflow::State;
use crate::store::journal::FileChange;
use crate::store::layout::{self, Content};
use crate::store::schema::{self, Kind};

/// The number of the format that this version writes. A newer one is refused, an older one migrated.
pub(crate) const FORMAT: u32 = 1;

/// Why the content of a file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FormatError {
    #[error("is not JSON")]
    Json(#[source] serde_json::Error),
    #[error("has format {found}, this version knows up to {FORMAT}; use a newer bandmaster")]
    TooNew { found: u64 },
    #[error("does not fit its schema: {0}")]
    Schema(String),
    #[error("cannot be read")]
    Value(#[source] serde_json::Error),
    #[error("holds {found}, which belongs into another file")]
    Misplaced { found: String },
}

/// `status.json`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Status")]
pub(crate) struct StatusFile {
    /// The number of the format.
    pub(crate) format: u32,
    /// What people call the project.
    pub(crate) name: ProjectName,
    /// What never changes about it.
    pub(crate) key: Uid,
    /// Where the workflow stands.
    pub(crate) state: State,
    /// The sprint that is planned, goes on, or waits for feedback.
    pub(crate) sprint: Option<SprintId>,
    /// The highest numbers given away.
    pub(crate) counters: Counters,
    /// What waits for an answer, oldest first.
    pub(crate) pending_approvals: Vec<Approval>,
    /// How many commands have changed the project.
    pub(crate) revision: u64,
    /// The ids of the latest commands, oldest first.
    pub(crate) recent_commands: VecDeque<CommandId>,
    /// What a newer version or a person added; kept and written back.
    #[serde(flatten)]
    pub(crate) extra: Extra,
}

/// `backlog.json`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Backlog")]
pub(crate) struct BacklogFile {
    /// The number of the format.
    pub(crate) format: u32,
    /// The epics, oldest first. The order of the stories follows from their priority and rank.
    pub(crate) epics: Vec<Arc<Epic>>,
    /// What a newer version or a person added; kept and written back.
    #[serde(flatten)]
    pub(crate) extra: Extra,
}

/// A file that holds one thing: its number of the format, then the thing.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct OneFile<T> {
    /// The number of the format.
    pub(crate) format: u32,
    /// The thing.
    #[serde(flatten)]
    pub(crate) thing: T,
}

/// What a file turned out to hold.
#[derive(Clone, Debug)]
pub(crate) enum Parsed {
    /// The status.
    Status(Box<StatusFile>),
    /// The epics.
    Backlog(BacklogFile),
    /// A story.
    Story(Arc<Story>),
    /// A sprint.
    Sprint(Arc<Sprint>),
    /// A text, about which nothing is checked.
    Document,
}

/// Reads the bytes of a file, checked against its schema and against where it lies.
pub(crate) fn parse(content: Content, bytes: &[u8]) -> Result<Parsed, FormatError> {
    if content == Content::Document {
        return Ok(Parsed::Document);
    }
    let value: Value = serde_json::from_slice(bytes).map_err(FormatError::Json)?;
    let value = migrated(kind_of(content), value)?;
    schema::check(kind_of(content), &value).map_err(FormatError::Schema)?;
    typed(content, value)
}

/// Reads bytes that were checked before and have not changed since.
pub(crate) fn parse_checked(content: Content, bytes: &[u8]) -> Result<Parsed, FormatError> {
    fn read<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, FormatError> {
        serde_json::from_slice(bytes).map_err(FormatError::Value)
    }
    Ok(match content {
        Content::Status => Parsed::Status(Box::new(read(bytes)?)),
        Content::Backlog => Parsed::Backlog(read(bytes)?),
        // Without `OneFile` around it the thing is read straight, and takes the number for a field it does not know.
        Content::Story(_) => {
            let mut story: Story = read(bytes)?;
            story.extra.remove("format");
            Parsed::Story(Arc::new(story))
        }
        Content::Sprint(_) => {
            let mut sprint: Sprint = read(bytes)?;
            sprint.extra.remove("format");
            Parsed::Sprint(Arc::new(sprint))
        }
        Content::Document => Parsed::Document,
    })
}

fn typed(content: Content, value: Value) -> Result<Parsed, FormatError> {
    match content {
        Content::Status => serde_json::from_value(value).map(|file| Parsed::Status(Box::new(file))),
        Content::Backlog => serde_json::from_value(value).map(Parsed::Backlog),
        Content::Story(id) => {
            let file: OneFile<Story> = serde_json::from_value(value).map_err(FormatError::Value)?;
            in_place(file.thing.id == id, &file.thing.id.to_string())?;
            Ok(Parsed::Story(Arc::new(file.thing)))
        }
        Content::Sprint(id) => {
            let file: OneFile<Sprint> = serde_json::from_value(value).map_err(FormatError::Value)?;
            in_place(file.thing.id == id, &file.thing.id.to_string())?;
            Ok(Parsed::Sprint(Arc::new(file.thing)))
        }
        Content::Document => Ok(Parsed::Document),
    }
    .map_err(FormatError::Value)
}

fn in_place(fits: bool, found: &str) -> Result<(), FormatError> {
    if fits { Ok(()) } else { Err(FormatError::Misplaced { found: found.to_owned() }) }
}

/// How a file of format 1 becomes one of format 2, and so on; the first version needs none.
const STEPS: [fn(Kind, Value) -> Value; FORMAT as usize - 1] = [];

/// Brings a file of an older format up to ours. Looks at the number first: the rest of a newer file may well
/// be unreadable. A file without a number is left to its schema, which asks for one.
fn migrated(kind: Kind, mut value: Value) -> Result<Value, FormatError> {
    let Some(found) = value.get("format").and_then(Value::as_u64) else { return Ok(value) };
    if found > u64::from(FORMAT) {
        return Err(FormatError::TooNew { found });
    }
    let done = usize::try_from(found.saturating_sub(1)).unwrap_or(usize::MAX);
    for step in STEPS.iter().skip(done) {
        value = step(kind, value);
    }
    value["format"] = FORMAT.into();
    Ok(value)
}

fn kind_of(content: Content) -> Kind {
    match content {
        Content::Status | Content::Document => Kind::Status,
        Content::Backlog => Kind::Backlog,
        Content::Story(_) => Kind::Story,
        Content::Sprint(_) => Kind::Sprint,
    }
}

/// The files that differ after `events`, with their new content. The status always does.
pub(crate) fn changed_files(
    project: &Project,
    extras: &Extra,
    events: &[Event],
) -> Result<Vec<FileChange>, FormatError> {
    let mut touched: Vec<Entity> = events.iter().flat_map(Event::touches).collect();
    touched.sort();
    touched.dedup();
    let mut backlog = false;
    let mut files = vec![status_file(project)?];
    for entity in touched {
        match entity {
            Entity::Epic(_) if backlog => {}
            Entity::Epic(_) => {
                backlog = true;
                files.push(backlog_file(project, extras)?);
            }
            Entity::Story(id) => files.push(story_file(project, id)?),
            Entity::Sprint(id) => files.push(sprint_file(project, id)?),
        }
    }
    Ok(files)
}

/// All files of a project.
pub(crate) fn all_files(project: &Project, extras: &Extra) -> Result<Vec<FileChange>, FormatError> {
    let mut files = vec![status_file(project)?, backlog_file(project, extras)?];
    for id in project.stories.keys() {
        files.push(story_file(project, *id)?);
    }
    for id in project.sprints.keys() {
        files.push(sprint_file(project, *id)?);
    }
    Ok(files)
}

/// The file that holds `content`, as it is to be written.
pub(crate) fn file(project: &Project, extras: &Extra, content: Content) -> Result<FileChange, FormatError> {
    match content {
        Content::Status | Content::Document => status_file(project),
        Content::Backlog => backlog_file(project, extras),
        Content::Story(id) => story_file(project, id),
        Content::Sprint(id) => sprint_file(project, id),
    }
}

/// The status, which every change writes.
pub(crate) fn status_file(project: &Project) -> Result<FileChange, FormatError> {
    let file = StatusFile {
        format: FORMAT,
        name: project.name.clone(),
        key: project.key,
        state: project.state,
        sprint: project.sprint,
        counters: project.counters,
        pending_approvals: project.approvals.clone(),
        revision: project.revision,
        recent_commands: project.recent.clone(),
        extra: project.extra.clone(),
    };
    written(layout::STATUS.to_owned(), Kind::Status, &file)
}

fn backlog_file(project: &Project, extras: &Extra) -> Result<FileChange, FormatError> {
    let epics = project.epics.values().cloned().collect();
    let file = BacklogFile { format: FORMAT, epics, extra: extras.clone() };
    written(layout::BACKLOG.to_owned(), Kind::Backlog, &file)
}

fn story_file(project: &Project, id: StoryId) -> Result<FileChange, FormatError> {
    let path = layout::path_of(Entity::Story(id));
    match project.stories.get(&id) {
        Some(story) => written(path, Kind::Story, &OneFile { format: FORMAT, thing: story.as_ref() }),
        None => Ok(FileChange { path, content: None }),
    }
}

fn sprint_file(project: &Project, id: SprintId) -> Result<FileChange, FormatError> {
    let path = layout::path_of(Entity::Sprint(id));
    match project.sprints.get(&id) {
        Some(sprint) => written(path, Kind::Sprint, &OneFile { format: FORMAT, thing: sprint.as_ref() }),
        None => Ok(FileChange { path, content: None }),
    }
}

/// Two-space indented, keys in a fixed order, final newline; and only if its schema agrees.
fn written(path: String, kind: Kind, file: &impl Serialize) -> Result<FileChange, FormatError> {
    let value = serde_json::to_value(file).map_err(FormatError::Value)?;
    schema::check(kind, &value).map_err(FormatError::Schema)?;
    let mut content = serde_json::to_vec_pretty(file).map_err(FormatError::Value)?;
    content.push(b'\n');
    Ok(FileChange { path, content: Some(content) })
}

/// A project put together from the content of its files.
#[derive(Default)]
pub(crate) struct Parts {
    status: Option<Box<StatusFile>>,
    epics: Vec<Arc<Epic>>,
    stories: Vec<Arc<Story>>,
    sprints: Vec<Arc<Sprint>>,
    /// Unknown fields of the backlog file.
    extras: Extra,
}

impl Parts {
    /// Adds the content of one file.
    pub(crate) fn add(&mut self, parsed: Parsed) {
        match parsed {
            Parsed::Status(file) => self.status = Some(file),
            Parsed::Backlog(file) => {
                self.epics = file.epics;
                self.extras = file.extra;
            }
            Parsed::Story(story) => self.stories.push(story),
            Parsed::Sprint(sprint) => self.sprints.push(sprint),
            Parsed::Document => {}
        }
    }

    /// The project and the unknown fields of its backlog file; `None` without a status file.
    pub(crate) fn assemble(self) -> Option<(Project, Extra)> {
        let status = *self.status?;
        let mut project = Project::new(status.name, status.key);
        self.epics.into_iter().for_each(|epic| project.set_epic(epic.id, Some(epic)));
        self.stories.into_iter().for_each(|story| project.set_story(story.id, Some(story)));
        self.sprints.into_iter().for_each(|sprint| project.set_sprint(sprint.id, Some(sprint)));
        // The counters as they are written: one that is too low is a fault that somebody must see.
        project.counters = status.counters;
        project.state = status.state;
        project.sprint = status.sprint;
        project.approvals = status.pending_approvals;
        project.revision = status.revision;
        project.recent = status.recent_commands;
        project.extra = status.extra;
        Some((project, self.extras))
    }
}
