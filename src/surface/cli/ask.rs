//! Actions that are commands of the chat: `do`, and the shortcuts for what scripts ask most.

use crate::domain::person::Surface;
use crate::surface::cli::args::{Do, Register};
use crate::surface::cli::{Caller, Exit, Output};
use crate::surface::desk::{Outcome, Request};
use crate::surface::door::Door;

/// `do`: one command as it is written in a chat.
pub async fn carry_out(door: &Door, caller: &Caller, args: &Do, output: Output) -> anyhow::Result<Exit> {
    let request = Request {
        text: args.text.join(" "),
        project: args.project.clone(),
        folder: caller.folder.clone(),
        person: caller.person.clone(),
        surface: Surface::Cli,
        id: args.id.clone(),
        wait: !args.no_wait,
    };
    run(door, request, output).await
}

/// `register`: a path is passed on as it is, whatever characters it has.
pub async fn register(door: &Door, caller: &Caller, args: &Register, output: Output) -> anyhow::Result<Exit> {
    let path = args.path.to_string_lossy();
    let mut text = format!("project register {}", quoted(&path));
    if let Some(name) = &args.name {
        text += &format!(" name:{}", quoted(name));
    }
    if args.import {
        text += " --import";
    }
    ask(door, caller, None, text, output).await
}

/// Any command that an action stands for.
pub async fn ask(
    door: &Door,
    caller: &Caller,
    project: Option<String>,
    text: String,
    output: Output,
) -> anyhow::Result<Exit> {
    let request = Request {
        text,
        project,
        folder: caller.folder.clone(),
        person: caller.person.clone(),
        surface: Surface::Cli,
        id: None,
        wait: true,
    };
    run(door, request, output).await
}

async fn run(door: &Door, mut request: Request, output: Output) -> anyhow::Result<Exit> {
    // The server may run in another folder, so paths are made whole on this side.
    request.project = request.project.map(|project| whole(&request.folder, project));
    let outcome = door.run(request).await?;
    show(&outcome, output)?;
    Ok(exit(&outcome))
}

/// A name stays a name; what is a folder here becomes its whole path.
fn whole(folder: &std::path::Path, project: String) -> String {
    let path = folder.join(&project);
    let looks_like_a_path = project.contains('/') || project.starts_with('.');
    if looks_like_a_path || path.is_dir() && project.parse::<crate::domain::id::ProjectName>().is_err() {
        path.to_string_lossy().into_owned()
    } else {
        project
    }
}

/// A value in the quotes of the chat.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn show(outcome: &Outcome, output: Output) -> std::io::Result<()> {
    if output.json {
        return output.object(outcome);
    }
    if let Some(reply) = &outcome.reply {
        output.answer(reply)?;
    }
    match &outcome.commit {
        Some(commit) => output.text(&format!("commit {commit}\n")),
        None => Ok(()),
    }
}

fn exit(outcome: &Outcome) -> Exit {
    match outcome {
        Outcome { ok: true, .. } => Exit::Done,
        Outcome { refusal: Some(_), .. } => Exit::Refused,
        _ => Exit::Failed,
    }
}
