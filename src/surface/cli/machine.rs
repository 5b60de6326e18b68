//! What `doctor` looks at outside our own settings: disk, journal, limits of the kernel, repositories.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use crate::engine::Entry;
use crate::process::{self, Call};
use crate::store::with_causes;
use crate::surface::answer::Check;
use crate::surface::cli::doctor::check;

/// With less room than this the journal and the next commits may not fit.
const FREE_MIN: u64 = 256 << 20;
/// Watches of a project: its folders, and some for stories yet to come.
const WATCHES: u64 = 32;
/// Instances that other programs of the same user have.
const OTHERS: u64 = 32;
/// A healthy git answers at once.
const GIT_TIME: Duration = Duration::from_secs(10);

/// The disk and the journal of a data directory.
pub(super) fn checks(data_dir: &Path) -> [Check; 2] {
    [check("disk", disk(data_dir)), check("journal", journal(&data_dir.join("journal")))]
}

/// Whether the kernel lets us see edits by hand in so many projects.
pub(super) fn watches(projects: usize) -> Check {
    let projects = projects as u64;
    let limits = [
        ("max_user_instances", projects + OTHERS, "raise it with: sysctl fs.inotify.max_user_instances=1024"),
        ("max_user_watches", projects * WATCHES, "raise it with: sysctl fs.inotify.max_user_watches=524288"),
    ];
    let mut seen = Vec::new();
    for (name, least, mend) in limits {
        let text = fs::read_to_string(format!("/proc/sys/fs/inotify/{name}")).unwrap_or_default();
        // Where the kernel does not tell, nothing is known to be wrong.
        let Ok(limit) = text.trim().parse::<u64>() else { continue };
        if limit < least {
            let detail = format!(
                "{name} is {limit}, {projects} projects need about {least}; edits are still seen, but slowly"
            );
            return check("inotify", Err((detail, mend)));
        }
        seen.push(format!("{name} is {limit}"));
    }
    check(
        "inotify",
        Ok(if seen.is_empty() { "the kernel does not tell".to_owned() } else { seen.join(", ") }),
    )
}

/// Whether the repository of a project is there, and ours. Its content is the business of `verify`.
pub(super) fn project(entry: &Entry, env: &[(&str, OsString)]) -> Check {
    check(&format!("project {}", entry.name), repository(&entry.path, env))
}

fn disk(data_dir: &Path) -> Result<String, (String, &'static str)> {
    let mend = "make room, or give another disk with --data-dir";
    let there = data_dir.ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("/"));
    let seen = rustix::fs::statvfs(there).map_err(|error| (format!("{}: {error}", there.display()), mend))?;
    let free = seen.f_bavail.saturating_mul(seen.f_frsize);
    let detail = format!("{} MiB free at {}", free >> 20, there.display());
    if free < FREE_MIN { Err((detail, mend)) } else { Ok(detail) }
}

fn journal(folder: &Path) -> Result<String, (String, &'static str)> {
    let mend = "make the folder and its files yours with chown and chmod u+rw";
    let wrong = |error: io::Error| (format!("{}: {error}", folder.display()), mend);
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok("there is none yet".to_owned()),
        entries => entries.map_err(wrong)?,
    };
    let mut bytes = 0;
    for entry in entries {
        let entry = entry.map_err(wrong)?;
        let found = entry.metadata().map_err(wrong)?;
        let access = rustix::fs::Access::READ_OK | rustix::fs::Access::WRITE_OK;
        if rustix::fs::access(entry.path(), access).is_err() {
            return Err((format!("{} cannot be read and written", entry.path().display()), mend));
        }
        bytes += found.len();
    }
    Ok(format!("{} KiB in {}", bytes.div_ceil(1024), folder.display()))
}

fn repository(path: &Path, env: &[(&str, OsString)]) -> Result<String, (String, &'static str)> {
    let shown = path.display();
    let away = "bring it back, or let it go with `project unregister`";
    let found = fs::metadata(path).map_err(|error| (format!("{shown}: {error}"), away))?;
    if found.uid() != rustix::process::geteuid().as_raw() {
        return Err((format!("{shown} belongs to another user"), "run as its owner, or chown it"));
    }
    let call = Call {
        program: "git",
        args: &["rev-parse", "--verify", "--quiet", "refs/heads/orch-state"],
        folder: path,
        env,
        time_limit: GIT_TIME,
        output_limit: 4096,
    };
    match process::run(&call) {
        Ok(done) if done.status.success() => {}
        Ok(_) => {
            let mend = "fetch the branch orch-state from a copy of the repository";
            return Err((format!("{shown} has no branch orch-state, or is no git repository"), mend));
        }
        Err(error) => return Err((with_causes(&error), "install git")),
    }
    if !path.join(crate::store::layout::FOLDER).is_dir() {
        return Ok(format!("{shown}; .orch-state is written again when it is opened"));
    }
    Ok(shown.to_string())
}
