//! `verify` and `export`: everything about a project, checked or written out.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use serde_json::json;

use crate::domain::refusal::Refusal;
use crate::process::{self, Call};
use crate::store::with_causes;
use crate::surface::answer::{self, Check};
use crate::surface::cli::args::{self, ExportFormat};
use crate::surface::cli::progress;
use crate::surface::cli::{Caller, Exit, Output};
use crate::surface::desk::{Report, Trouble, Whose};
use crate::surface::door::Door;
use crate::surface::render::document::document;

/// How long git may take to look at every object.
const FSCK_TIME: Duration = Duration::from_secs(600);
/// More complaints than this nobody reads.
const FSCK_OUTPUT: usize = 1 << 20;

/// `verify`: schemas, references, journal, and the state branch with git itself.
pub async fn verify(
    door: &Door,
    caller: &Caller,
    project: Option<String>,
    env: &[(&str, OsString)],
    output: Output,
) -> anyhow::Result<Exit> {
    let names = match door.projects(whose(caller, project)).await? {
        Ok(names) => names,
        Err(refusal) => return refused(refusal, output),
    };
    let progress = progress::bar(names.len());
    let mut reports = Vec::new();
    for name in names {
        progress.step(&name);
        let mut report = match door.verify(name).await? {
            Ok(report) => report,
            // It was unregistered in between.
            Err(refusal) => return refused(refusal, output),
        };
        // What is not there has been said already.
        if let Some(work) = report.path.as_ref().filter(|work| Path::new(work).is_dir()) {
            report.checks.push(fsck(Path::new(work), env));
        }
        if !output.json {
            progress.aside(|| show(&report, output))?;
        }
        progress.done();
        reports.push(report);
    }
    drop(progress);
    let ok = reports.iter().flat_map(|report| &report.checks).all(|check| check.ok);
    if output.json {
        output.object(&json!({ "ok": ok, "reports": reports, "refusal": null }))?;
    } else if reports.is_empty() {
        output.answer(&answer::project_list(&[]))?;
    }
    Ok(if ok { Exit::Done } else { Exit::Failed })
}

/// `export`: everything about a project, as one JSON object or as a document for people.
pub async fn export(
    door: &Door,
    caller: &Caller,
    args: &args::Export,
    output: Output,
) -> anyhow::Result<Exit> {
    let spinner = progress::spinner("reading the history");
    let everything = match door.export(whose(caller, args.project.clone())).await? {
        Ok(everything) => everything,
        Err(Trouble::Refused(refusal)) => return refused(refusal, output),
        Err(Trouble::Failed(reason)) => anyhow::bail!(reason),
    };
    let mut text = match args.format {
        ExportFormat::Json => serde_json::to_string_pretty(&everything)?,
        ExportFormat::Markdown => document(&everything),
    };
    drop(spinner);
    text.truncate(text.trim_end().len());
    text.push('\n');
    match &args.output {
        None => output.text(&text)?,
        Some(file) => {
            let file = caller.folder.join(file);
            std::fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
        }
    }
    Ok(Exit::Done)
}

fn whose(caller: &Caller, project: Option<String>) -> Whose {
    Whose { project, folder: caller.folder.clone() }
}

fn refused(refusal: Refusal, output: Output) -> anyhow::Result<Exit> {
    if output.json {
        output.object(&json!({ "ok": false, "refusal": refusal }))?;
    } else {
        output.complaint(&answer::refused(&refusal, None))?;
    }
    Ok(Exit::Refused)
}

fn show(report: &Report, output: Output) -> anyhow::Result<()> {
    let name = report.project.parse().context("a project has no possible name")?;
    output.answer(&answer::health(&name, &report.checks))?;
    Ok(output.text("\n")?)
}

/// Lets git look at everything that the state branch leads to.
fn fsck(work: &Path, env: &[(&str, OsString)]) -> Check {
    let call = Call {
        program: "git",
        args: &[
            "fsck",
            "--strict",
            "--no-dangling",
            "--no-progress",
            "--no-reflogs",
            "refs/heads/orch-state",
        ],
        folder: work,
        env,
        time_limit: FSCK_TIME,
        output_limit: FSCK_OUTPUT,
    };
    let (ok, detail) = match process::run(&call) {
        Ok(done) if done.status.success() => (true, "git fsck --strict has nothing to say".to_owned()),
        Ok(done) => (false, String::from_utf8_lossy(&done.stderr).trim().to_owned()),
        Err(error) => (false, with_causes(&error)),
    };
    let mend = (!ok).then(|| "fetch the branch orch-state from a copy, or go back with `restore`".to_owned());
    Check { name: "git fsck".to_owned(), ok, detail, mend }
}
