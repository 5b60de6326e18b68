//! Putting a repository under management, and letting it go.

use std::path::{Path, PathBuf};
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
use crate::engine::feed::Item;
use crate::engine::message::{self, Setting};
use crate::engine::node::{Engine, canonical};
use crate::engine::registry::Entry;
use crate::store::journal::FileChange;
use crate::store::object::Oid;
use crate::store::{self, ProjectStore, Survey, key_bytes};

/// How long another process may hold a repository before we give up.
const WAIT: Duration = Duration::from_secs(5);

/// A repository that somebody wants to put under management.
#[derive(Clone, Debug)]
pub struct Site {
    /// A folder in its work tree.
    pub path: PathBuf,
    /// What to call it; the name of the folder by default.
    pub name: Option<ProjectName>,
    /// Take over the state that another tool left there.
    pub import: bool,
    /// The folders below which it must lie; `None` means anywhere.
    pub roots: Option<Arc<[PathBuf]>>,
}

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
    pub async fn register(&self, site: Site, envelope: Envelope) -> Result<Registered, EngineError> {
        let engine = self.clone();
        let work = move || engine.register_blocking(&site, &envelope);
        let made = tokio::task::spawn_blocking(work).await.map_err(|_| EngineError::Stopped)??;
        let (registered, store) = made;
        self.launch(&registered.entry, Some((store, Project::clone(&registered.project))))?;
        self.shared.feed.tell(Item::Registered(registered.entry.clone()));
        Ok(registered)
    }

    /// Says what [`Engine::register`] would call a repository and where its work tree is, or why it would refuse.
    pub async fn may_register(&self, site: Site) -> Result<(ProjectName, PathBuf), EngineError> {
        let engine = self.clone();
        let work = move || {
            let (work, survey) = engine.surveyed(&site)?;
            let name = match (survey, site.name) {
                (Survey::Ours, _) => store::name_kept(&work)?,
                (_, Some(name)) => name,
                (_, None) => suggested(&work)?,
            };
            engine.is_free(&work, Some(&name))?;
            Ok((name, canonical(&work)))
        };
        tokio::task::spawn_blocking(work).await.map_err(|_| EngineError::Stopped)?
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
        self.shared.feed.tell(Item::Unregistered(entry.clone()));
        Ok(entry)
    }

    /// Looks at a repository: a path, a repository, in a place that is allowed, not registered; in this order.
    fn surveyed(&self, site: &Site) -> Result<(PathBuf, Survey), EngineError> {
        let (work, survey) = store::survey(&site.path)?;
        if let Some(roots) = &site.roots {
            is_below(&work, roots)?;
        }
        self.is_free(&work, None)?;
        match survey {
            Survey::Foreign if !site.import => {
                Err(store::StoreError::ForeignFolder { path: work.join(store::layout::FOLDER) }.into())
            }
            survey => Ok((work, survey)),
        }
    }

    fn register_blocking(
        &self,
        site: &Site,
        envelope: &Envelope,
    ) -> Result<(Registered, ProjectStore), EngineError> {
        let (work, survey) = self.surveyed(site)?;
        let holder = self.shared.settings.ambient.holder();
        let (store, project, taken_up, notes) = match survey {
            Survey::Ours => {
                let (store, project) = ProjectStore::open(&work, &[], &Vec::new, &holder, WAIT)?;
                (store, project, true, Vec::new())
            }
            survey => {
                let name = site.name.clone().map_or_else(|| suggested(&work), Ok)?;
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

/// From a chat, only what the operator has opened to it may be put under management.
fn is_below(work: &Path, roots: &[PathBuf]) -> Result<(), Refusal> {
    let place = canonical(work);
    if roots.iter().any(|root| place.starts_with(canonical(root))) {
        return Ok(());
    }
    let hint = match roots {
        [] => "`projects.roots` in the configuration opens none; ask whoever runs Bandmaster".to_owned(),
        some => {
            let some: Vec<_> = some.iter().map(|root| root.display().to_string()).collect();
            format!("repositories must lie below {}", some.join(" or "))
        }
    };
    let message = format!("{} is not in a folder that is open to chat", work.display());
    Err(Refusal::new(Code::Forbidden, message, hint))
}

fn suggested(work: &Path) -> Result<ProjectName, Refusal> {
    let folder = work.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    ProjectName::suggest(folder).ok_or_else(|| {
        let message = format!("no project name can be made of {folder:?}");
        Refusal::new(Code::Invalid, message, "give a name of a-z, 0-9 and '-'")
    })
}
