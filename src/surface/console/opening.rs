//! How a chat begins: finding the project, and offering to make one.

use std::io::{self, BufRead, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::domain::id::ProjectName;
use crate::domain::person::Surface;
use crate::domain::refusal::{Code, Refusal};
use crate::store;
use crate::store::with_causes;
use crate::surface::answer;
use crate::surface::cli::args;
use crate::surface::cli::{Caller, Exit, Output};
use crate::surface::desk::Request;
use crate::surface::door::Door;
use crate::surface::parse;

/// How the beginning went.
pub enum Opening {
    /// The chat can begin with this project.
    Project(String),
    /// It cannot; the reason was shown.
    Ended(Exit),
}

/// Finds the project around the given path; makes a repository and registers it where that is wanted.
pub async fn open(
    door: &Door,
    caller: &Caller,
    args: &args::Console,
    output: Output,
    interactive: bool,
) -> anyhow::Result<Opening> {
    let opening = Beginning { door, caller, args, output, interactive };
    let path = caller.folder.join(&args.path);
    let path = std::fs::canonicalize(&path).unwrap_or(path);
    match opening.project_at(path).await? {
        Ok(opening) => Ok(opening),
        Err(refusal) => {
            output.complaint(&answer::refused(&refusal, None))?;
            Ok(Opening::Ended(Exit::Refused))
        }
    }
}

struct Beginning<'a> {
    door: &'a Door,
    caller: &'a Caller,
    args: &'a args::Console,
    output: Output,
    interactive: bool,
}

impl Beginning<'_> {
    async fn project_at(&self, path: PathBuf) -> anyhow::Result<Result<Opening, Refusal>> {
        let known = self.door.names(None).await?.projects;
        if self.args.new {
            return self.make_and_register(path, &known).await;
        }
        if let Some(project) = around(&known, &path) {
            return Ok(Ok(Opening::Project(project)));
        }
        let shown = path.display();
        if has_repository(&path) {
            let question = format!("{shown} is not a project yet. Register it? [Y/n] ");
            return if self.args.yes || self.agreed(&question)? {
                self.register(&path).await.map(Ok)
            } else {
                let hint = "register it with --yes";
                Ok(Err(Refusal::new(Code::Unknown, format!("{shown} is not a project yet"), hint)))
            };
        }
        let question = format!("There is no git repository at {shown}. Make one and register it? [Y/n] ");
        if !self.args.yes && self.agreed(&question)? {
            return self.make_and_register(path, &known).await;
        }
        let message = format!("there is no git repository at {shown}");
        Ok(Err(Refusal::new(Code::Unknown, message, "make one with --new")))
    }

    async fn make_and_register(
        &self,
        path: PathBuf,
        known: &[(String, String)],
    ) -> anyhow::Result<Result<Opening, Refusal>> {
        if let Err(refusal) = self.make(&path, known)? {
            return Ok(Err(refusal));
        }
        self.register(&std::fs::canonicalize(&path).unwrap_or(path)).await.map(Ok)
    }

    /// Makes a repository, after a look at what could be refused afterwards.
    fn make(&self, path: &Path, known: &[(String, String)]) -> anyhow::Result<Result<(), Refusal>> {
        let folder = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let name =
            self.args.name.clone().or_else(|| ProjectName::suggest(folder).map(|name| name.to_string()));
        let taken =
            known.iter().find(|(known, _)| Some(known) == name.as_ref() && !path.join(".git").exists());
        if let Some((name, at)) = taken {
            let message = format!("the name {name} is taken by {at}");
            return Ok(Err(Refusal::new(Code::Taken, message, "give another with --name")));
        }
        if let Err(error) = store::init_repository(path) {
            let hint = match error {
                store::StoreError::ExistsAlready { .. } => "open it without --new",
                _ => "give another path",
            };
            let message = with_causes(&error);
            return Ok(Err(Refusal::new(Code::Taken, message, hint)));
        }
        self.output.text(&format!("Made the git repository {}.\n", path.display()))?;
        Ok(Ok(()))
    }

    fn agreed(&self, question: &str) -> anyhow::Result<bool> {
        if !self.interactive {
            return Ok(false);
        }
        let mut out = io::stdout().lock();
        write!(out, "{question}")?;
        out.flush()?;
        let mut line = String::new();
        let typed = io::stdin().lock().read_line(&mut line).context("cannot read from the terminal")?;
        // The end of the input is not a yes.
        Ok(typed > 0 && ["", "y", "yes"].contains(&line.trim().to_lowercase().as_str()))
    }

    async fn register(&self, path: &Path) -> anyhow::Result<Opening> {
        let mut text = format!("project register {}", parse::quoted(&path.to_string_lossy()));
        if let Some(name) = &self.args.name {
            text += &format!(" name:{}", parse::quoted(name));
        }
        let request = Request {
            text,
            project: None,
            folder: self.caller.folder.clone(),
            person: self.caller.person.clone(),
            surface: Surface::Console,
            id: None,
            wait: true,
        };
        let mut outcome = self.door.run(request).await?;
        if let Some(reply) = outcome.reply.as_mut().filter(|_| outcome.ok) {
            // The chat begins with choices of its own.
            reply.choices.clear();
        }
        outcome.commit = None;
        let exit = self.output.outcome(&outcome)?;
        self.output.text("\n")?;
        match (exit, outcome.project) {
            (Exit::Done, Some(project)) => Ok(Opening::Project(project)),
            (exit, _) => Ok(Opening::Ended(exit)),
        }
    }
}

/// The name of the project around `path`: the innermost, where one repository lies in another.
fn around(known: &[(String, String)], path: &Path) -> Option<String> {
    let around = |(_, at): &&(String, String)| path.starts_with(at);
    known.iter().filter(around).max_by_key(|(_, at)| at.len()).map(|(name, _)| name.clone())
}

fn has_repository(path: &Path) -> bool {
    path.ancestors().any(|folder| folder.join(".git").exists())
}
