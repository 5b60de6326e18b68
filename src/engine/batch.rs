//! Judging a batch of commands on a copy of the project: the part of an actor that needs no waiting.

use std::sync::Arc;

use crate::domain::command::Command;
use crate::domain::entity::Extra;
use crate::domain::envelope::{Envelope, Facts, Receipt};
use crate::domain::past::Past;
use crate::domain::project::Project;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::workflow;
use crate::engine::ambient::Ambient;
use crate::engine::error::EngineError;
use crate::engine::message::{self, Setting};
use crate::engine::node::Settings;
use crate::store::journal::{ChangeRecord, FileChange};
use crate::store::{self, Look, ProjectStore, StoreError};

/// What became of one command.
pub(super) type Outcome = Result<Receipt, EngineError>;

/// A project on which commands are being tried.
pub(super) struct Trial {
    /// As it is after what was accepted so far.
    pub(super) project: Arc<Project>,
    /// Unknown fields of the backlog file.
    pub(super) extras: Extra,
    /// What has to be made durable before anybody is answered.
    pub(super) records: Vec<ChangeRecord>,
    /// Why no command can be carried out now: a file that a person has to mend.
    pub(super) damage: Option<EngineError>,
    /// The commit that the person's checkout stands on.
    pub(super) code_head: Option<String>,
    /// Whether the store has taken over what people did, so that nothing may be forgotten any more.
    pub(super) outside: bool,
}

impl Trial {
    /// Takes over what happened outside since the last look.
    ///
    /// `alone` says that everything accepted is in git, so that the branch speaks for the project.
    pub(super) fn look(&mut self, store: &mut ProjectStore, ambient: &Ambient, alone: bool) {
        self.code_head = store.code_head();
        self.damage = None;
        match store.look(&self.project, alone) {
            Ok(Look::Quiet) => {}
            Ok(Look::Moved(project)) => {
                self.outside = true;
                self.project = Arc::from(project);
                self.extras = store.extras().clone();
            }
            Ok(Look::Edited { project, files, paths }) => {
                self.outside = true;
                self.extras = store.extras().clone();
                if let Err(error) = self.take_edits(*project, files, &paths, ambient) {
                    self.damage = Some(error.into());
                }
            }
            Err(error) => self.damage = Some(error.into()),
        }
    }

    /// Judges one command; if it is accepted the project and the records have it.
    pub(super) fn judge(&mut self, envelope: &Envelope, past: Option<Past>, settings: &Settings) -> Outcome {
        let before = Arc::clone(&self.project);
        if let Some(receipt) = again(envelope, &before) {
            return Ok(receipt);
        }
        if let Some(damage) = &self.damage {
            return Err(damage.clone());
        }
        let facts = Facts { capacity: settings.capacity, days: settings.days, past };
        let events = workflow::decide(&before, envelope, &facts)?;
        if !events.is_empty() {
            let mut after = Project::clone(&before);
            events.iter().for_each(|event| after.apply(event));
            after.remember(envelope.id.clone());
            let setting = Setting {
                states: (before.state, after.state),
                code_head: self.code_head.as_deref(),
                email_domain: &settings.email_domain,
            };
            let meta = message::of_command(envelope, &events, &setting);
            self.records.push(store::change(&after, &self.extras, &events, meta)?);
            self.project = Arc::new(after);
        }
        let after = Arc::clone(&self.project);
        Ok(Receipt { id: envelope.id.clone(), events, before, after, again: false })
    }

    fn take_edits(
        &mut self,
        mut project: Project,
        files: Vec<FileChange>,
        paths: &[String],
        ambient: &Ambient,
    ) -> Result<(), StoreError> {
        let id = format!("edit-{}", ulid::Ulid(((ambient.entropy)() << 80) | (ambient.entropy)()));
        if let Ok(id) = id.parse() {
            project.remember(id);
        }
        let meta = message::of_edits(paths, &id, (ambient.now)().as_second());
        self.records.push(store::edited_change(&project, files, meta)?);
        self.project = Arc::new(project);
        Ok(())
    }
}

/// The answer to a command that was carried out before.
pub(super) fn again(envelope: &Envelope, project: &Arc<Project>) -> Option<Receipt> {
    let (before, after) = (Arc::clone(project), Arc::clone(project));
    let known = project.recent.contains(&envelope.id);
    known.then(|| Receipt { id: envelope.id.clone(), events: Vec::new(), before, after, again: true })
}

/// The older content that a command needs, if it needs any.
pub(super) fn past(command: &Command, store: &ProjectStore) -> Result<Option<Past>, EngineError> {
    use crate::domain::command::UndoWhat;

    let past = match command {
        Command::Undo { what: UndoWhat::Last(count), .. } => store.latest_steps(*count as usize)?,
        Command::Undo { what: UndoWhat::Command(id), .. } => store.step_of(id.as_str())?,
        Command::Restore { commit, .. } => store.past_at(commit.as_str())?,
        _ => return Ok(None),
    };
    match &past {
        Past::Steps(steps) if steps.is_empty() => {
            let hint = "see what can be taken back with `log`";
            Err(Refusal::new(Code::Unknown, "there is no such command in the history", hint).into())
        }
        _ => Ok(Some(past)),
    }
}

/// Whether a command needs the history, which is only complete when nothing waits to be published.
pub(super) fn needs_history(command: &Command) -> bool {
    matches!(command, Command::Undo { .. } | Command::Restore { .. })
}
