//! Commands for the node: registering projects, listing them, letting them go.

use std::path::PathBuf;

use crate::domain::command::Command;
use crate::domain::id::ProjectName;
use crate::domain::refusal::{Code, Refusal};
use crate::engine::{EngineError, Entry, Site};
use crate::gateway::access::{self, Rights};
use crate::store::with_causes;
use crate::surface::answer::{self, ProjectRow};
use crate::surface::desk::{Course, Desk, Outcome, Request, looked};

/// More projects than this are not opened for a list; they are shown without their state.
const OPENED_MAX: usize = 25;

impl Desk {
    pub(super) async fn for_node(
        &self,
        request: &Request,
        rights: &Rights,
        course: &mut Course,
        command: Command,
        named: Option<String>,
    ) -> Result<Outcome, EngineError> {
        let kind = command.kind();
        match command {
            Command::ProjectRegister { path, name, import } => {
                access::allow(rights, kind, None)?;
                let path = request.folder.join(path);
                let site = Site { path, name, import, roots: rights.roots() };
                self.register(request, course, site).await
            }
            Command::ProjectUnregister { name, confirm } => {
                let named = name.map(|name| name.to_string()).or(named);
                let name = self.project_meant(named, &request.folder, rights)?;
                access::allow(rights, kind, Some(&name))?;
                self.unregister(course, name, confirm).await
            }
            Command::ProjectBind { .. } => {
                access::allow(rights, kind, None)?;
                let message = "there are no channels here that a project could be tied to";
                Err(Refusal::new(Code::Forbidden, message, "ask in a chat, in the channel that is meant")
                    .into())
            }
            _ => {
                access::allow(rights, kind, None)?;
                Ok(looked(course, None, self.list(rights).await))
            }
        }
    }

    async fn register(
        &self,
        request: &Request,
        course: &mut Course,
        site: Site,
    ) -> Result<Outcome, EngineError> {
        let Site { path, name, import, .. } = site.clone();
        let envelope = self.envelope(request, course, Command::ProjectRegister { path, name, import });
        let registered = self.engine.register(site, envelope).await?;
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
        course: &mut Course,
        name: ProjectName,
        confirm: bool,
    ) -> Result<Outcome, EngineError> {
        course.project = Some(name.clone());
        if !confirm {
            let message = format!("{name} would be let go; its state branch would stay in its repository");
            return Err(Refusal::new(Code::Unconfirmed, message, "add `confirm` to do it").into());
        }
        let entry = self.engine.unregister(&name).await?;
        let reply = answer::unregistered(&entry.name, &entry.path.display().to_string());
        Ok(looked(course, None, reply))
    }

    async fn list(&self, rights: &Rights) -> answer::Answer {
        let mut entries = self.engine.projects();
        entries.retain(|entry| rights.sees(&entry.name));
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
