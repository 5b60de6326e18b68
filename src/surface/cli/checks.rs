//! `verify` and `export`: everything about a project, checked or written out.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use serde_json::json;

use crate::process::{self, Call};
use crate::surface::answer::{self, Check};
use crate::surface::cli::{Caller, Exit, Output};
use crate::surface::desk::Report;
use crate::surface::door::Door;

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
    let project = project.or_else(|| around(caller));
    let mut reports = match door.verify(project).await? {
        Ok(reports) => reports,
        Err(refusal) => {
            if output.json {
                output.object(&json!({ "ok": false, "refusal": refusal, "reports": [] }))?;
            } else {
                output.answer(&answer::refused(&refusal, None))?;
            }
            return Ok(Exit::Refused);
        }
    };
    for report in &mut reports {
        if let Some(work) = &report.path {
            report.checks.push(fsck(Path::new(work), env));
        }
    }
    let ok = reports.iter().flat_map(|report| &report.checks).all(|check| check.ok);
    if output.json {
        output.object(&json!({ "ok": ok, "reports": reports }))?;
    } else {
        reports.iter().try_for_each(|report| show(report, output))?;
    }
    Ok(if ok { Exit::Done } else { Exit::Failed })
}

/// `export`: one JSON object with everything about a project.
pub async fn export(
    door: &Door,
    caller: &Caller,
    project: Option<String>,
    file: Option<&PathBuf>,
    output: Output,
) -> anyhow::Result<Exit> {
    match door.export(project.or_else(|| around(caller))).await? {
        Ok(everything) => {
            let Some(file) = file else {
                return output.object(&everything).map(|()| Exit::Done).map_err(Into::into);
            };
            let mut text = serde_json::to_string_pretty(&everything)?;
            text.push('\n');
            std::fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))?;
            Ok(Exit::Done)
        }
        Err(reason) => anyhow::bail!(reason),
    }
}

/// The folder of the caller names the project around it; elsewhere the desk chooses.
fn around(caller: &Caller) -> Option<String> {
    let is_mounted = |folder: &Path| folder.join(crate::store::layout::FOLDER).is_dir();
    let folder = caller.folder.ancestors().find(|folder| is_mounted(folder))?;
    folder.to_str().map(str::to_owned)
}

fn show(report: &Report, output: Output) -> std::io::Result<()> {
    match report.project.parse() {
        Ok(name) => output.answer(&answer::health(&name, &report.checks)),
        Err(_) => Ok(()),
    }
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
        Err(error) => (false, crate::surface::desk::chain(&error)),
    };
    let mend = (!ok).then(|| "fetch the branch orch-state from a copy, or go back with `restore`".to_owned());
    Check { name: "git fsck".to_owned(), ok, detail, mend }
}
