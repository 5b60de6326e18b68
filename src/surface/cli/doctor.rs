//! `doctor`: whether this machine has what Bandmaster needs, and how to mend what it has not.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;

use crate::engine::registered;
use crate::process::{self, Call};
use crate::store::with_causes;
use crate::surface::answer::{Answer, Check, Table};
use crate::surface::cli::machine;
use crate::surface::cli::{Exit, Output};
use crate::surface::control::client::Client;

/// A healthy git answers at once.
const GIT_TIME: Duration = Duration::from_secs(10);

/// What helps where the list of projects cannot be read.
const LIST_MEND: &str =
    "correct projects.json in the data directory, or move it away and register the projects again";

/// What is looked at.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// Where the journal and the list of projects lie.
    pub data_dir: PathBuf,
    /// Which configuration is used, or what is wrong with it.
    pub config: Result<String, String>,
    /// The environment that git is run with.
    pub env: Vec<(&'static str, OsString)>,
}

/// Checks everything and changes nothing; a failed check fails the action.
pub async fn doctor(surroundings: &Surroundings, output: Output) -> anyhow::Result<Exit> {
    let data_dir = &surroundings.data_dir;
    let mut checks = vec![config(surroundings), git(surroundings), self::data_dir(data_dir)];
    checks.push(server(data_dir).await);
    checks.extend(machine::checks(data_dir));
    match registered(data_dir) {
        Ok(entries) => {
            checks.push(machine::watches(entries.len()));
            checks.extend(entries.iter().map(|entry| machine::project(entry, &surroundings.env)));
        }
        Err(error) => checks.push(check("list of projects", Err((with_causes(&error), LIST_MEND)))),
    }
    show(&checks, output)
}

/// Shows checks; a failed one fails the action.
pub(super) fn show(checks: &[Check], output: Output) -> anyhow::Result<Exit> {
    let ok = checks.iter().all(|check| check.ok);
    if output.json {
        output.object(&json!({ "ok": ok, "checks": checks }))?;
    } else {
        output.answer(&shown(checks, ok))?;
    }
    Ok(if ok { Exit::Done } else { Exit::Failed })
}

fn shown(checks: &[Check], ok: bool) -> Answer {
    let mut table = Table::new(&["", "Check", "Seen", "Mend"]);
    for check in checks {
        let mark = if check.ok { "ok" } else { "FAILED" };
        table.push([
            mark.to_owned(),
            check.name.clone(),
            check.detail.clone(),
            check.mend.clone().unwrap_or_default(),
        ]);
    }
    let answer =
        if ok { Answer::done("Everything is there") } else { Answer::warning("Something is missing") };
    if ok {
        table.columns.truncate(3);
        table.rows.iter_mut().for_each(|row| row.truncate(3));
    }
    answer.table(table)
}

/// A check by what was seen: something fine, or something wrong with its mend.
pub(super) fn check(name: &str, seen: Result<String, (String, &str)>) -> Check {
    match seen {
        Ok(detail) => Check::good(name, detail),
        Err((detail, mend)) => Check::bad(name, detail, mend),
    }
}

fn config(surroundings: &Surroundings) -> Check {
    let seen = surroundings.config.clone();
    check("configuration", seen.map_err(|reason| (reason, "correct the file, or give another with --config")))
}

fn git(surroundings: &Surroundings) -> Check {
    let call = Call {
        program: "git",
        args: &["--version"],
        folder: Path::new("/"),
        env: &surroundings.env,
        time_limit: GIT_TIME,
        output_limit: 4096,
    };
    let mend = "install git; it is needed for `verify` and for people";
    let seen = match process::run(&call) {
        Ok(done) if done.status.success() => Ok(String::from_utf8_lossy(&done.stdout).trim().to_owned()),
        Ok(done) => Err((format!("git --version ended with {}", done.status), mend)),
        Err(error) => Err((with_causes(&error), mend)),
    };
    check("git", seen)
}

fn data_dir(path: &Path) -> Check {
    let mend = "make it a folder of yours with: mkdir -p and chmod 700, or give another with --data-dir";
    let seen = match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let parent = path.ancestors().skip(1).find(|parent| parent.exists());
            match parent.map(writable) {
                Some(true) => Ok(format!("{} will be made when it is needed", path.display())),
                _ => Err((format!("{} cannot be made", path.display()), mend)),
            }
        }
        Err(error) => Err((format!("{}: {error}", path.display()), mend)),
        Ok(found) if !found.is_dir() => Err((format!("{} is not a folder", path.display()), mend)),
        Ok(_) if !writable(path) => Err((format!("{} cannot be written", path.display()), mend)),
        Ok(found) if found.permissions().mode() & 0o022 != 0 => {
            Err((format!("others can write {}", path.display()), mend))
        }
        Ok(_) => Ok(format!("{} can be written", path.display())),
    };
    check("data directory", seen)
}

fn writable(path: &Path) -> bool {
    rustix::fs::access(path, rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK).is_ok()
}

async fn server(data_dir: &Path) -> Check {
    let seen = match Client::connect(data_dir).await {
        Ok(Some(_)) => Ok("a server is running and is asked".to_owned()),
        Ok(None) => Ok("no server is running; commands are carried out directly".to_owned()),
        Err(error) => {
            Err((error.to_string(), "end the server, and remove control.sock from the data directory"))
        }
    };
    check("server", seen)
}
