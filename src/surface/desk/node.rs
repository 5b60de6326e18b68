//! Commands for the node: registering projects, listing them, letting them go.

use std::path::{Path, PathBuf};

use crate::domain::command::Command;
use crate::domain::id::ProjectName;
use crate::domain::refusal::{Code, Refusal};
use crate::engine::{EngineError, Entry};
use crate::store::with_causes;
use crate::surface::answer::{self, ProjectRow};
use crate::surface::desk::{Course, Desk, Outcome, Request, looked};

/// More projects than this are not opened for a list; they are shown without their state.
const OPENED_MAX: usize = 25;

impl Desk {
    pub(super) async fn for_node(
        &self,
        request: &Request,
        course: &mut Course,
        command: Command,
        named: Option<String>,
    ) -> Result<Outcome, EngineError> {
        match command {
            Command::ProjectRegister { path, name, import } => {
                self.register(request, course, &request.folder.join(path), name, import).await
            }
            Command::ProjectUnregister { name, confirm } => {
                let named = name.map(|name| name.to_string()).or(named);
                self.unregister(request, course, named, confirm).await
            }
            _ => Ok(looked(course, None, self.list().await)),
        }
    }

    async fn register(
        &self,
        request: &Request,
        course: &mut Course,
        path: &Path,
        name: Option<ProjectName>,
        import: bool,
    ) -> Result<Outcome, EngineError> {
        let command = Command::ProjectRegister { path: path.to_owned(), name: name.clone(), import };
        let envelope = self.envelope(request, course, command);
        let registered = self.engine.register(path, name, import, envelope).await?;
        course.project = Some(registered.entry.name.clone());
        let mut remarks = registered.notes.clone();
        if registered.taken_up {
            remarks.insert(0, "its state branch was there already and was taken up".to_owned());
        }
        let reply = answer::registered(&answer::Registered {
            name: registered.entry.name.clone(),
            path: registered.entry.path.display().to_string(),
            channel: None,
            state: registered.project.state,
            remark: (!remarks.is_empty()).then(|| remarks.join("\n")),
        });
        let mut outcome = looked(course, Some(&registered.project), reply);
        outcome.commit = registered.commit;
        Ok(outcome)
    }

    async fn unregister(
        &self,
        request: &Request,
        course: &mut Course,
        named: Option<String>,
        confirm: bool,
    ) -> Result<Outcome, EngineError> {
        let name = self.project_meant(named, &request.folder)?;
        course.project = Some(name.clone());
        if !confirm {
            let message = format!("{name} would be let go; its state branch would stay in its repository");
            return Err(Refusal::new(Code::Unconfirmed, message, "add `confirm` to do it").into());
        }
        let entry = self.engine.unregister(&name).await?;
        let reply = answer::unregistered(&entry.name, &entry.path.display().to_string());
        Ok(looked(course, None, reply))
    }

    async fn list(&self) -> answer::Answer {
        let entries = self.engine.projects();
        let open = entries.len() <= OPENED_MAX;
        let mut rows = Vec::with_capacity(entries.len());
        for entry in entries {
            rows.push(if open { self.opened_row(entry).await } else { closed_row(entry) });
        }
        answer::project_list(&rows)
    }

    async fn opened_row(&self, entry: Entry) -> ProjectRow {
        let read = self.engine.read(&entry.name).await;
        let mut row = closed_row(entry);
        match read {
            Ok(project) => {
                row.state = Some(project.state);
                row.open = Some(project.open_stories());
            }
            Err(error) => row.trouble = Some(with_causes(&error)),
        }
        row
    }
}

fn closed_row(entry: Entry) -> ProjectRow {
    let path: PathBuf = entry.path;
    ProjectRow { name: entry.name, path: path.display().to_string(), state: None, open: None, trouble: None }
}
