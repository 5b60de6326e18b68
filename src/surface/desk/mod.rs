//! Serves one request of a person from text to answer: the same for every surface.
//!
//! ```text
//! Request ──► parse ──► gateway ──► engine ──► answer ──► Outcome
//! ```
//!
//! Invariants:
//!
//! - Everything that can be asked on one surface can be asked on all of them, in the same words.
//! - An [`Outcome`] is either an answer to a command that was carried out, a refusal, or a failure of ours.
//!
//! Deliberately absent: rules about projects, and how an answer looks.

mod export;
mod look;
mod node;
mod report;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::domain::command::{Command, CommandKind, Scope};
use crate::domain::envelope::Envelope;
use crate::domain::id::{CommandId, ProjectName};
use crate::domain::person::{Person, Surface};
use crate::domain::project::Project;
use crate::domain::refusal::{Code, Refusal};
use crate::engine::{Ambient, CommitWatch, Engine, EngineError, Submitted};
use crate::gateway::access::{self, Given, Rights};
use crate::store::with_causes;
use crate::surface::answer::{self, Answer};
use crate::surface::parse;

pub use crate::surface::desk::export::{Export, ExportedCommit, ExportedProject};
pub use crate::surface::desk::report::{Names, Report};

/// What somebody asks.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Request {
    /// The command as it was typed.
    pub text: String,
    /// The project that is spoken to: a name, or a path in or above its work tree.
    pub project: Option<String>,
    /// The folder from which it is asked: paths are meant from there, and a project around it is meant.
    pub folder: PathBuf,
    /// Who asks.
    pub person: Person,
    /// Where.
    pub surface: Surface,
    /// The surface's own id of the request, where it has one.
    pub id: Option<String>,
    /// Whether to wait until the commit is in git.
    pub wait: bool,
}

/// Which project is meant: the named one, or the one around a folder.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Whose {
    /// A name, or a path in its work tree.
    pub project: Option<String>,
    /// The folder from which it is asked.
    pub folder: PathBuf,
}

/// Why something could not be told.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    /// It was refused.
    Refused(Refusal),
    /// Something of ours failed, with all its causes.
    Failed(String),
}

impl From<EngineError> for Trouble {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Refused(refusal) => Self::Refused(refusal),
            ours => Self::Failed(with_causes(&ours)),
        }
    }
}

/// What became of a request. The object that `--json` prints.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Outcome {
    /// Whether it was carried out.
    pub ok: bool,
    /// The id of the command; the same id again carries nothing out twice.
    pub command_id: String,
    /// The project, where there is one.
    pub project: Option<String>,
    /// Its state now.
    pub state: Option<String>,
    /// Its state before.
    pub previous_state: Option<String>,
    /// The commit, once it is in git; nothing for what changed nothing.
    pub commit: Option<String>,
    /// What changed.
    pub events: Vec<EventLine>,
    /// What people are told.
    pub reply: Option<Answer>,
    /// Why it was not carried out.
    pub refusal: Option<Refusal>,
    /// What failed on our side, with all its causes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl Outcome {
    /// The outcome of what was refused, as far as the refusal tells it.
    pub fn refused(command_id: String, refusal: Refusal) -> Self {
        let reply = answer::refused(&refusal, None);
        let state = refusal.state.clone();
        let nothing = Self::nothing(command_id, reply);
        Self { state: state.clone(), previous_state: state, refusal: Some(refusal), ..nothing }
    }

    /// The outcome of a failure of ours.
    pub fn failed(command_id: String, error: String) -> Self {
        let reply = Answer::warning("Something went wrong here").paragraph(&error);
        Self { error: Some(error), ..Self::nothing(command_id, reply) }
    }

    /// The outcome of what was carried out without changing the state of a project, or of a look.
    pub fn answered(
        command_id: String,
        project: Option<String>,
        state: Option<String>,
        reply: Answer,
    ) -> Self {
        let nothing = Self::nothing(command_id, reply);
        Self { ok: true, project, state: state.clone(), previous_state: state, ..nothing }
    }

    fn nothing(command_id: String, reply: Answer) -> Self {
        Self {
            ok: false,
            command_id,
            project: None,
            state: None,
            previous_state: None,
            commit: None,
            events: Vec::new(),
            reply: Some(reply),
            refusal: None,
            error: None,
        }
    }
}

/// One event.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EventLine {
    /// Its name for programs.
    #[serde(rename = "type")]
    pub name: String,
    /// In words.
    pub text: String,
}

/// What a desk works with.
#[derive(Clone)]
pub struct Desk {
    engine: Engine,
    ambient: Ambient,
}

/// A request on its way: its id, and the project once it is known.
struct Course {
    id: CommandId,
    project: Option<ProjectName>,
    command: Option<Command>,
    /// Tells the commit, if nobody waits for it here.
    commit: Option<CommitWatch>,
}

impl Desk {
    /// A desk for everything that `engine` has.
    pub fn new(engine: Engine, ambient: Ambient) -> Self {
        Self { engine, ambient }
    }

    /// The engine behind the desk.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Serves a request of somebody with these rights. Never fails: a failure is an outcome too.
    pub async fn handle(&self, request: Request, rights: &Rights) -> Outcome {
        self.begin(request, rights).await.0
    }

    /// Like [`Desk::handle`], and tells the commit later where the request does not wait for it.
    pub async fn begin(&self, request: Request, rights: &Rights) -> (Outcome, Option<CommitWatch>) {
        let fresh = fresh_id(&self.ambient);
        let id = request.id.as_deref().map_or(Ok(fresh.clone()), str::parse);
        let mut course = Course { id: fresh, project: None, command: None, commit: None };
        let served = match id {
            Ok(id) => {
                course.id = id;
                self.serve(&request, rights, &mut course).await
            }
            Err(error) => {
                Err(Refusal::new(Code::Invalid, error.to_string(), "give another id, or none").into())
            }
        };
        let outcome = served.unwrap_or_else(|error| failed(&course, error));
        (outcome, course.commit)
    }

    async fn serve(
        &self,
        request: &Request,
        rights: &Rights,
        course: &mut Course,
    ) -> Result<Outcome, EngineError> {
        let parsed = parse::parse(&request.text)?;
        let kind = parsed.command.kind();
        course.command = Some(parsed.command.clone());
        let named = parsed.project.map(|name| name.to_string()).or_else(|| request.project.clone());
        match kind.scope() {
            Scope::Node => self.for_node(request, rights, course, parsed.command, named).await,
            Scope::Read if matches!(parsed.command, Command::Help { .. }) => {
                let Command::Help { topic } = &parsed.command else { return Err(EngineError::Stopped) };
                let reply = answer::help(&parse::help(topic.as_ref().map(|topic| topic.as_str()))?);
                Ok(looked(course, None, reply))
            }
            Scope::Read => {
                let named = own_name(&parsed.command).or(named);
                let project = self.project_meant(named, &request.folder, rights)?;
                access::allow(rights, kind, Some(&project))?;
                course.project = Some(project.clone());
                self.look(course, &project, &parsed.command).await
            }
            Scope::Change => {
                let project = self.project_meant(named, &request.folder, rights)?;
                access::allow(rights, kind, Some(&project))?;
                course.project = Some(project.clone());
                self.change(request, course, &project, parsed.command).await
            }
        }
    }

    /// The outcome of a request that would be refused as things stand, found out without carrying anything out.
    /// `None` if nothing is known to refuse it.
    pub async fn foresee(&self, request: &Request, rights: &Rights) -> Option<Outcome> {
        let id = request.id.as_deref().and_then(|id| id.parse().ok());
        let id = id.unwrap_or_else(|| fresh_id(&self.ambient));
        let mut course = Course { id, project: None, command: None, commit: None };
        match self.foreseen(request, rights, &mut course).await {
            Ok(()) | Err(EngineError::Stopped | EngineError::Silent { .. }) => None,
            Err(error) => Some(failed(&course, error)),
        }
    }

    async fn foreseen(
        &self,
        request: &Request,
        rights: &Rights,
        course: &mut Course,
    ) -> Result<(), EngineError> {
        let parsed = parse::parse(&request.text)?;
        course.command = Some(parsed.command.clone());
        let kind = parsed.command.kind();
        let named = parsed.project.map(|name| name.to_string()).or_else(|| request.project.clone());
        match kind.scope() {
            Scope::Node => {
                let Command::ProjectUnregister { name, .. } = &parsed.command else {
                    return Ok(access::allow(rights, kind, None)?);
                };
                let named = name.as_ref().map(ToString::to_string).or(named);
                let project = self.project_meant(named, &request.folder, rights)?;
                Ok(access::allow(rights, kind, Some(&project))?)
            }
            Scope::Read if kind == CommandKind::Help => Ok(()),
            Scope::Read => {
                let named = own_name(&parsed.command).or(named);
                let project = self.project_meant(named, &request.folder, rights)?;
                Ok(access::allow(rights, kind, Some(&project))?)
            }
            Scope::Change => {
                let project = self.project_meant(named, &request.folder, rights)?;
                access::allow(rights, kind, Some(&project))?;
                course.project = Some(project.clone());
                let envelope = self.envelope(request, course, parsed.command);
                self.engine.foresee(&project, &envelope).await
            }
        }
    }

    async fn change(
        &self,
        request: &Request,
        course: &mut Course,
        project: &ProjectName,
        command: Command,
    ) -> Result<Outcome, EngineError> {
        let envelope = self.envelope(request, course, command.clone());
        let at = envelope.at;
        let Submitted { receipt, commit } = self.engine.submit(project, envelope).await?;
        let mut reply = answer::changed(&command, &receipt, at);
        let commit = match (receipt.again, request.wait) {
            (true, _) => self.commit_of(project, course).await,
            (false, true) => commit.wait().await,
            (false, false) => {
                course.commit = Some(commit);
                None
            }
        };
        if request.wait && commit.is_none() && !receipt.events.is_empty() {
            reply = reply.field("Commit", "it is kept and follows; git cannot be written now");
        }
        let events = receipt.events.iter();
        Ok(Outcome {
            ok: true,
            command_id: course.id.to_string(),
            project: Some(project.to_string()),
            state: Some(receipt.after.state.to_string()),
            previous_state: Some(receipt.before.state.to_string()),
            commit,
            events: events
                .map(|event| EventLine { name: event.name().to_owned(), text: event.to_string() })
                .collect(),
            reply: Some(reply),
            refusal: None,
            error: None,
        })
    }

    /// The commit of a command that was carried out before; nothing while git cannot be read.
    async fn commit_of(&self, project: &ProjectName, course: &Course) -> Option<String> {
        let id = course.id.to_string();
        self.engine.visit(project, move |store, _| store.commit_of(&id)).await.ok()?.ok()?
    }

    fn envelope(&self, request: &Request, course: &Course, command: Command) -> Envelope {
        Envelope {
            id: course.id.clone(),
            at: (self.ambient.now)(),
            entropy: (self.ambient.entropy)(),
            person: request.person.clone(),
            surface: request.surface,
            command,
        }
    }

    /// The project that is meant: the named one, the one around `folder`, or the only one.
    fn project_meant(
        &self,
        named: Option<String>,
        folder: &Path,
        rights: &Rights,
    ) -> Result<ProjectName, Refusal> {
        if let Rights::Given(given) = rights {
            return self.project_given(named, given, rights);
        }
        match named {
            None => self.around(folder).map_or_else(|| self.project_named(None, folder), Ok),
            named => self.project_named(named, folder),
        }
    }

    /// The project that somebody in a chat means: the named one. Paths say nothing there.
    fn project_given(
        &self,
        named: Option<String>,
        given: &Given,
        rights: &Rights,
    ) -> Result<ProjectName, Refusal> {
        let Some(named) = named else {
            let hint = access::known_here(given);
            return Err(Refusal::new(Code::Invalid, "it is not clear which project is meant", hint));
        };
        let project = named.to_lowercase().parse().ok().filter(|name| rights.sees(name));
        let project: ProjectName = project.ok_or_else(|| access::unseen(rights, &named))?;
        self.engine.find(project.as_str()).map(|entry| entry.name)
    }

    /// The project in whose work tree `folder` is.
    fn around(&self, folder: &Path) -> Option<ProjectName> {
        self.engine.find(folder.to_str()?).ok().map(|entry| entry.name)
    }

    /// The project that is meant: the named one, or the only one. A path is meant from `folder`.
    fn project_named(&self, named: Option<String>, folder: &Path) -> Result<ProjectName, Refusal> {
        if let Some(named) = named {
            let entry = self.engine.find(&named).or_else(|refusal| {
                let path = folder.join(&named);
                let found = path.to_str().and_then(|path| self.engine.find(path).ok());
                found.filter(|_| !named.is_empty()).ok_or(refusal)
            });
            return entry.map(|entry| entry.name);
        }
        let projects = self.engine.projects();
        match projects.as_slice() {
            [only] => Ok(only.name.clone()),
            [] => {
                let hint = "register a repository with `project register`";
                Err(Refusal::new(Code::Nothing, "there is no project yet", hint))
            }
            several => {
                let names: Vec<_> = several.iter().take(10).map(|entry| entry.name.as_str()).collect();
                let hint = format!("name one with `project:`, such as {}", names.join(", "));
                Err(Refusal::new(Code::Invalid, "it is not clear which project is meant", hint))
            }
        }
    }
}

/// A new id for a command. Who makes it before asking can ask again without doing anything twice.
pub fn fresh_id(ambient: &Ambient) -> CommandId {
    let milliseconds = u64::try_from((ambient.now)().as_millisecond()).unwrap_or(0);
    let text = ulid::Ulid::from_parts(milliseconds, (ambient.entropy)()).to_string();
    // Every ULID is a token, so the loop ends at once; the type cannot say so.
    loop {
        if let Ok(id) = text.parse() {
            return id;
        }
    }
}

/// The name of another project that the command itself carries.
pub fn own_name(command: &Command) -> Option<String> {
    match command {
        Command::ProjectStatus { name } | Command::ProjectHealth { name } => {
            name.as_ref().map(ToString::to_string)
        }
        _ => None,
    }
}

/// The outcome of a command that only looked.
fn looked(course: &Course, project: Option<&Arc<Project>>, reply: Answer) -> Outcome {
    let state = project.map(|project| project.state.to_string());
    let name = course.project.as_ref().map(ToString::to_string);
    Outcome::answered(course.id.to_string(), name, state, reply)
}

/// The outcome of a command that was not carried out.
fn failed(course: &Course, error: EngineError) -> Outcome {
    let project = course.project.as_ref().map(ToString::to_string);
    let id = course.id.to_string();
    match Trouble::from(error) {
        Trouble::Refused(refusal) => {
            let reply = answer::refused(&refusal, course.command.as_ref());
            Outcome { project, reply: Some(reply), ..Outcome::refused(id, refusal) }
        }
        Trouble::Failed(text) => {
            tracing::error!(command = %course.id, "a command failed: {text}");
            Outcome { project, ..Outcome::failed(id, text) }
        }
    }
}
