//! Putting a repository under management, and letting it go.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::domain::envelope::Envelope;
use crate::domain::event::Event;
use crate::domain::id::ProjectName;
use crate::domain::import;
use crate::domain::project::Project;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::workflow::State;
use crate::engine::error::EngineError;
use crate::engine::message::{self, Setting};
use crate::engine::node::{Engine, canonical};
use crate::engine::registry::Entry;
use crate::store::journal::FileChange;
use crate::store::object::Oid;
use crate::store::{self, ProjectStore, Survey, key_bytes};

/// How long another process may hold a repository before we give up.
const WAIT: Duration = Duration::from_secs(5);

/// A repository that is under management now.
#[derive(Clone, Debug)]
pub struct Registered {
    /// Its place in the list of this node.
    pub entry: Entry,
    /// The project.
    pub project: Arc<Project>,
    /// Whether it had been registered before, here or elsewhere, and was taken up again.
    pub taken_up: bool,
    /// The latest commit of the state branch.
    pub commit: Option<String>,
    /// What was adjusted while importing.
    pub notes: Vec<String>,
}

impl Engine {
    /// Puts a repository under management. A failure at any step leaves nothing behind.
    pub async fn register(
        &self,
        path: &Path,
        name: Option<ProjectName>,
        import: bool,
        envelope: Envelope,
    ) -> Result<Registered, EngineError> {
        let engine = self.clone();
        let path = path.to_owned();
        let work = move || engine.register_blocking(&path, name, import, &envelope);
        let made = tokio::task::spawn_blocking(work).await.map_err(|_| EngineError::Stopped)??;
        let (registered, store) = made;
        self.launch(&registered.entry, Some((store, Project::clone(&registered.project))))?;
        Ok(registered)
    }

    /// Lets a project go. Its state branch stays; `.orch-state/` goes, but for what people have edited there.
    ///
    /// A repository that cannot be opened any more is only taken off the list.
    pub async fn unregister(&self, name: &ProjectName) -> Result<Entry, EngineError> {
        let entry = self.find(name.as_str())?;
        self.release(name).await;
        let (writer, key) = (&self.shared.writer, key_bytes(entry.key));
        let pending = writer.pending(key).await?;
        let owed = pending.len();
        let (path, holder) = (entry.path.clone(), self.shared.settings.ambient.holder());
        let leave = move || {
            let (store, _) = ProjectStore::open(&path, &pending, &Vec::new, &holder, WAIT)?;
            store.unmount()
        };
        let left = tokio::task::spawn_blocking(leave).await.map_err(|_| EngineError::Stopped)?;
        if let Err(error) = left {
            if owed > 0 && entry.path.exists() {
                let message = format!("{owed} accepted commands of {name} are not in git yet: {error}");
                return Err(Refusal::new(Code::Busy, message, "mend the repository first").into());
            }
            tracing::warn!(project = %name, "its repository was left as it is: {error}");
        }
        if owed > 0 {
            // They are in git now, or there is no git any more that they could be put into.
            writer.published(key, u64::MAX, Oid::new([0; Oid::LEN])).await;
        }
        self.registry().remove(name)?;
        // Somebody may have asked for it in between.
        self.release(name).await;
        Ok(entry)
    }

    fn register_blocking(
        &self,
        path: &Path,
        name: Option<ProjectName>,
        import: bool,
        envelope: &Envelope,
    ) -> Result<(Registered, ProjectStore), EngineError> {
        let (work, survey) = store::survey(path)?;
        self.is_free(&work, None)?;
        let holder = self.shared.settings.ambient.holder();
        let (store, project, taken_up, notes) = match survey {
            Survey::Ours => {
                let (store, project) = ProjectStore::open(&work, &[], &Vec::new, &holder, WAIT)?;
                (store, project, true, Vec::new())
            }
            Survey::Foreign if !import => {
                return Err(
                    store::StoreError::ForeignFolder { path: work.join(store::layout::FOLDER) }.into()
                );
            }
            survey => {
                let name = name.map_or_else(|| suggested(&work), Ok)?;
                self.is_free(&work, Some(&name))?;
                let folder = matches!(survey, Survey::Foreign).then(|| work.join(store::layout::FOLDER));
                let Plan { project, documents, events, notes } = planned(name, folder.as_deref(), envelope)?;
                let setting = Setting {
                    states: (State::Idle, project.state),
                    code_head: None,
                    email_domain: &self.shared.settings.email_domain,
                };
                let meta = message::of_command(envelope, &events, &setting);
                let store = ProjectStore::create(&work, &project, documents, meta, &holder, WAIT)?;
                (store, project, false, notes)
            }
        };
        let entry = Entry { name: project.name.clone(), path: canonical(&work), key: project.key };
        self.is_free(&work, Some(&entry.name))?;
        self.registry().add(entry.clone())?;
        let commit = store.tip();
        let project = Arc::new(project);
        Ok((Registered { entry, project, taken_up, commit, notes }, store))
    }

    fn is_free(&self, work: &Path, name: Option<&ProjectName>) -> Result<(), Refusal> {
        let registry = self.registry();
        if let Some(entry) = registry.at(&canonical(work)) {
            let message = format!("{} is registered as {}", work.display(), entry.name);
            return Err(Refusal::new(Code::Taken, message, "see all projects with `project list`"));
        }
        if let Some(entry) = name.and_then(|name| registry.get(name)) {
            let message = format!("the name {} is taken by {}", entry.name, entry.path.display());
            return Err(Refusal::new(Code::Taken, message, "give another name"));
        }
        Ok(())
    }
}

/// What a new project begins with.
struct Plan {
    project: Project,
    documents: Vec<FileChange>,
    events: Vec<Event>,
    notes: Vec<String>,
}

/// An empty plan, or the one that another tool left in `folder`.
fn planned(name: ProjectName, folder: Option<&Path>, envelope: &Envelope) -> Result<Plan, EngineError> {
    let empty = Project::new(name.clone(), envelope.uid(0));
    let mut plan = match folder {
        None => Plan { project: empty, documents: Vec::new(), events: Vec::new(), notes: Vec::new() },
        Some(folder) => {
            let (at, by) = (envelope.at, &envelope.person.name);
            let found = store::import(folder, &name, empty.key, at, envelope.entropy, by)?;
            let events = vec![import::take_over(&empty, &found.project, "agent-workflow")];
            Plan { project: found.project, documents: found.documents, events, notes: found.notes }
        }
    };
    plan.project.remember(envelope.id.clone());
    Ok(plan)
}

fn suggested(work: &Path) -> Result<ProjectName, Refusal> {
    let folder = work.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    ProjectName::suggest(folder).ok_or_else(|| {
        let message = format!("no project name can be made of {folder:?}");
        Refusal::new(Code::Invalid, message, "give a name of a-z, 0-9 and '-'")
    })
}
