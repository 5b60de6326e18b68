//! Takes a folder of agent-workflow over: every epic, story, sprint, question and text of it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value};
use ulid::Ulid;

use crate::domain::check;
use crate::domain::entity::Epic;
use crate::domain::id::{EpicId, ProjectName, SprintId, StoryId, Uid};
use crate::domain::project::Project;
use crate::domain::story::{Priority, Status, Story};
use crate::domain::text::{Line, Prose, TextError, Title};
use crate::store::StoreError;
use crate::store::foreign::approvals;
use crate::store::foreign::fields::Fields;
use crate::store::foreign::plan;
use crate::store::foreign::source::{self, Source};
use crate::store::journal::FileChange;

/// A folder that was taken over, and not written anywhere yet.
#[derive(Debug)]
pub struct Imported {
    /// The whole plan.
    pub project: Project,
    /// The texts for people and agents, as they were.
    pub documents: Vec<FileChange>,
    /// What had to be changed, a sentence each.
    pub notes: Vec<String>,
}

/// Comes behind all that is as urgent.
const LEAST_URGENT: i64 = 1_000_000;
/// Names that our own fields of an epic have.
const EPIC_FIELDS: [&str; 8] =
    ["format", "id", "uid", "title", "description", "aliases", "created_at", "created_by"];
/// Names that our own fields of a story have.
#[rustfmt::skip]
const STORY_FIELDS: [&str; 21] = [
    "format", "id", "uid", "title", "description", "criteria", "priority", "rank", "points", "depends_on",
    "epic", "assignee", "status", "reason", "sprint", "notes", "aliases", "created_at", "created_by",
    "started_at", "done_at",
];
/// Names that our own fields of the status have.
#[rustfmt::skip]
const STATUS_FIELDS: [&str; 9] = [
    "format", "name", "key", "state", "sprint", "counters", "pending_approvals", "revision",
    "recent_commands",
];

/// Reads a folder of agent-workflow and makes a project of it, in which `person` has added everything.
///
/// A damaged file is an error that names it; it never leads to a plan that lacks something.
pub fn import(
    folder: &Path,
    name: &ProjectName,
    key: Uid,
    at: Timestamp,
    entropy: u128,
    person: &Line,
) -> Result<Imported, StoreError> {
    let mut source = Source::read(folder)?;
    let documents = std::mem::take(&mut source.documents);
    let mut import = Import::new(Project::new(name.clone(), key), at, entropy, person.clone());
    import.tell_left_out(&source);
    let refuse = |reason: String| StoreError::NotImportable { path: folder.to_owned(), reason };
    import.take_over(&mut source).map_err(|error| refuse(error.to_string()))?;
    import.remainder(source);
    let Import { project, notes, .. } = import;
    match check::violations(&project).first() {
        Some(broken) => Err(refuse(broken.to_string())),
        None => Ok(Imported { project, documents, notes }),
    }
}

/// An import on its way.
pub(super) struct Import {
    pub(super) project: Project,
    pub(super) notes: Vec<String>,
    pub(super) at: Timestamp,
    pub(super) person: Line,
    entropy: u128,
    uids: u128,
    /// From old ids to ours.
    epics: BTreeMap<String, EpicId>,
    pub(super) stories: BTreeMap<String, StoryId>,
    /// To which sprint each story says that it belongs, by its old id.
    pub(super) sprint_of: BTreeMap<StoryId, String>,
}

impl Import {
    fn new(project: Project, at: Timestamp, entropy: u128, person: Line) -> Self {
        Self {
            project,
            notes: Vec::new(),
            at,
            person,
            entropy,
            uids: 0,
            epics: BTreeMap::new(),
            stories: BTreeMap::new(),
            sprint_of: BTreeMap::new(),
        }
    }

    /// The next permanent id.
    pub(super) fn uid(&mut self) -> Uid {
        let milliseconds = u64::try_from(self.at.as_millisecond()).unwrap_or(0);
        self.uids += 1;
        Uid(Ulid::from_parts(milliseconds, self.entropy.wrapping_add(self.uids)))
    }

    fn tell_left_out(&mut self, source: &Source) {
        if !source.others.is_empty() {
            self.notes
                .push(format!("not taken over, and kept in the old folder: {}", source.others.join(", ")));
        }
    }

    fn take_over(&mut self, source: &mut Source) -> Result<(), TextError> {
        std::mem::take(&mut source.epics).into_iter().try_for_each(|epic| self.epic(epic))?;
        std::mem::take(&mut source.stories).into_iter().try_for_each(|story| self.story(story))?;
        plan::take_over(self, source);
        approvals::take_over(self, source)
    }

    fn epic(&mut self, raw: Map<String, Value>) -> Result<(), TextError> {
        let id = EpicId(self.project.counters.epics + 1);
        let (uid, old) = (self.uid(), source::id(&raw));
        let mut fields = Fields::new(raw, id.to_string(), &mut self.notes);
        let aliases = take_alias(&mut fields, &old, self.epics.contains_key(&old));
        let (title, description) = words(&mut fields)?;
        let created_at = fields.time("created_at").unwrap_or(self.at);
        let created_by = self.person.clone();
        let extra = fields.rest(&EPIC_FIELDS);
        let epic = Epic { id, uid, title, description, aliases, created_at, created_by, extra };
        self.project.set_epic(id, Some(Arc::new(epic)));
        self.epics.entry(old).or_insert(id);
        Ok(())
    }

    fn story(&mut self, raw: Map<String, Value>) -> Result<(), TextError> {
        let id = StoryId(self.project.counters.stories + 1);
        let (uid, old) = (self.uid(), source::id(&raw));
        let mut fields = Fields::new(raw, id.to_string(), &mut self.notes);
        let aliases = take_alias(&mut fields, &old, self.stories.contains_key(&old));
        let (title, description) = words(&mut fields)?;
        let (priority, rank) = priority(&mut fields, id);
        let (status, reason) = status(&mut fields)?;
        if let Some(sprint) = fields.take_text("sprint_id") {
            self.sprint_of.insert(id, sprint.trim().to_owned());
        }
        let story = Story {
            id,
            uid,
            title,
            description,
            criteria: fields.lines("acceptance_criteria"),
            priority,
            rank,
            points: None,
            depends_on: Vec::new(),
            epic: epic_of(&mut fields, &self.epics),
            assignee: None,
            status,
            reason,
            sprint: None,
            notes: Vec::new(),
            aliases,
            created_at: fields.time("created_at").unwrap_or(self.at),
            created_by: self.person.clone(),
            started_at: None,
            done_at: None,
            extra: fields.rest(&STORY_FIELDS),
        };
        self.project.set_story(id, Some(Arc::new(story)));
        self.stories.entry(old).or_insert(id);
        Ok(())
    }

    /// Changes a story that was taken over already.
    pub(super) fn change(&mut self, id: StoryId, change: impl FnOnce(&mut Story)) {
        if let Some(story) = self.project.stories.get(&id) {
            let mut story = Story::clone(story);
            change(&mut story);
            self.project.set_story(id, Some(Arc::new(story)));
        }
    }

    /// Notes that the sprint to which a story says that it belongs does not exist.
    pub(super) fn lose_sprint(&mut self, id: StoryId, sprint: String) {
        let mut notes = std::mem::take(&mut self.notes);
        self.change(id, |story| {
            let raw = std::mem::take(&mut story.extra).into_iter().collect();
            let mut fields = Fields::new(raw, id.to_string(), &mut notes);
            fields.note(&format!("its sprint {sprint} does not exist"));
            fields.keep("sprint_id", Value::String(sprint));
            story.extra = fields.rest(&[]);
        });
        self.notes = notes;
    }

    /// Keeps what the files say besides.
    fn remainder(&mut self, source: Source) {
        let mut status = Fields::new(source.status, "status.json".to_owned(), &mut self.notes);
        source.kept.into_iter().for_each(|(name, value)| status.keep(&name, value));
        if !source.backlog.is_empty() {
            status.keep("backlog", Value::Object(source.backlog));
        }
        self.project.extra = status.rest(&STATUS_FIELDS);
    }
}

/// The old id, under which people still find the thing.
pub(super) fn take_alias(fields: &mut Fields<'_>, old: &str, is_taken: bool) -> Vec<String> {
    fields.take("id");
    if old.is_empty() {
        fields.note("it had no id");
        return Vec::new();
    }
    if is_taken {
        fields.note(&format!("another one is called {old}, too; that name leads to the first"));
        fields.keep("id", Value::String(old.to_owned()));
        return Vec::new();
    }
    let is_ours = old.parse::<StoryId>().is_ok() || old.parse::<EpicId>().is_ok();
    if is_ours || old.parse::<SprintId>().is_ok() {
        fields.note(&format!("it was called {old}, a name that is given to others now"));
    }
    vec![old.to_owned()]
}

/// Title and description. Where one is missing, the other has to do.
fn words(fields: &mut Fields<'_>) -> Result<(Title, Prose), TextError> {
    let (title, description) = (fields.take_text("title"), fields.take_text("description"));
    let prose = description.as_deref().and_then(|text| fields.prose("description", text));
    let short = title.as_deref().and_then(|text| fields.title(text));
    Ok(match (short, prose) {
        (Some(title), Some(prose)) => (title, prose),
        (None, Some(prose)) => (Title::from_prose(&prose), prose),
        (Some(title), None) => {
            let prose = title.as_str().parse()?;
            (title, prose)
        }
        (None, None) => {
            fields.note("it had neither a title nor a description");
            ("untitled".parse()?, "untitled".parse()?)
        }
    })
}

/// How urgent, and the place that follows from it: two of the old levels share one of ours.
fn priority(fields: &mut Fields<'_>, id: StoryId) -> (Priority, i64) {
    let place = i64::from(id.0);
    let text = fields.take_text("priority");
    match text.as_deref().map(str::trim) {
        Some("1") => (Priority::Top, place),
        Some("2") => (Priority::High, place),
        Some("3") | None => (Priority::Medium, place),
        Some("4") => (Priority::Low, place),
        Some("5") => {
            fields.keep("priority", Value::from(5));
            (Priority::Low, LEAST_URGENT + place)
        }
        Some(other) => {
            fields.note(&format!("the priority {other:?} is not known; it is medium now"));
            fields.keep("priority", Value::from(other));
            (Priority::Medium, place)
        }
    }
}

fn status(fields: &mut Fields<'_>) -> Result<(Status, Option<Prose>), TextError> {
    let text = fields.take_text("status");
    let status = match text.as_deref().map(str::trim) {
        Some("backlog" | "sprint" | "todo") | None => Status::Todo,
        Some("in_progress") => Status::InProgress,
        Some("in_review" | "review") => Status::InReview,
        Some("done") => Status::Done,
        Some("proposed") => Status::Proposed,
        Some("blocked") => return Ok((Status::Blocked, Some("it was blocked in agent-workflow".parse()?))),
        Some(other) => {
            fields.note(&format!("the status {other:?} is not known; it is todo now"));
            fields.keep("status", Value::from(other));
            Status::Todo
        }
    };
    Ok((status, None))
}

fn epic_of(fields: &mut Fields<'_>, epics: &BTreeMap<String, EpicId>) -> Option<EpicId> {
    let old = fields.take_text("epic_id")?;
    let epic = epics.get(old.trim()).copied();
    if epic.is_none() {
        fields.note(&format!("its epic {old} does not exist"));
        fields.keep("epic_id", Value::String(old));
    }
    epic
}
