//! How a chat begins: finding the project, and offering to make one.

use std::io::{self, BufRead, Write};
use std::path::Path;

use anyhow::Context;

use crate::domain::person::Surface;
use crate::store;
use crate::surface::answer::Answer;
use crate::surface::cli::args;
use crate::surface::cli::{Caller, Exit, Output};
use crate::surface::desk::Request;
use crate::surface::door::Door;

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
    let path = caller.folder.join(&args.path);
    if args.new {
        if let Err(error) = store::init_repository(&path) {
            output.answer(&Answer::warning("No repository was made").paragraph(error.to_string()))?;
            return Ok(Opening::Ended(Exit::Refused));
        }
        output.text(&format!("Made the git repository {}.\n", path.display()))?;
    }
    let whole = std::fs::canonicalize(&path).unwrap_or(path);
    if let Some(project) = registered(door, &whole).await? {
        return Ok(Opening::Project(project));
    }
    if !(args.new || args.yes || agreed(&whole, interactive)?) {
        let answer = Answer::warning("Nothing was registered")
            .paragraph(format!("{} is not a project yet.", whole.display()))
            .field("Hint", "register it with --yes, or make a new repository with --new");
        output.answer(&answer)?;
        return Ok(Opening::Ended(Exit::Refused));
    }
    register(door, caller, &whole, output).await
}

/// The name of the project around `path`.
async fn registered(door: &Door, path: &Path) -> anyhow::Result<Option<String>> {
    let names = door.names(None).await?;
    let around = |(_, at): &&(String, String)| path.starts_with(at);
    // The innermost, where one repository lies in another.
    let found = names.projects.iter().filter(around).max_by_key(|(_, at)| at.len());
    Ok(found.map(|(name, _)| name.clone()))
}

fn agreed(path: &Path, interactive: bool) -> anyhow::Result<bool> {
    if !interactive {
        return Ok(false);
    }
    let mut out = io::stdout().lock();
    write!(out, "{} is not a project yet. Register it? [Y/n] ", path.display())?;
    out.flush()?;
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).context("cannot read from the terminal")?;
    Ok(matches!(line.trim().to_lowercase().as_str(), "" | "y" | "yes"))
}

async fn register(door: &Door, caller: &Caller, path: &Path, output: Output) -> anyhow::Result<Opening> {
    let quoted = path.to_string_lossy().replace('\\', "\\\\").replace('"', "\\\"");
    let request = Request {
        text: format!("project register \"{quoted}\""),
        project: None,
        folder: caller.folder.clone(),
        person: caller.person.clone(),
        surface: Surface::Console,
        id: None,
        wait: true,
    };
    let outcome = door.run(request).await?;
    if let Some(reply) = &outcome.reply {
        output.answer(reply)?;
        output.text("\n")?;
    }
    match (outcome.ok, outcome.project) {
        (true, Some(project)) => Ok(Opening::Project(project)),
        _ => Ok(Opening::Ended(if outcome.refusal.is_some() { Exit::Refused } else { Exit::Failed })),
    }
}
