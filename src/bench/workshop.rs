//! The folder in which everything is measured, and the bounds that measuring keeps.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tempfile::TempDir;

use crate::bench::Setup;
use crate::engine::Settings;
use crate::process::{self, Call, Output};

/// A part that takes this many times longer than expected is given up.
const PATIENCE: u32 = 10;
/// How long one program may take.
const PROGRAM_TIME: Duration = Duration::from_secs(120);
/// How much one program may say.
const PROGRAM_OUTPUT: usize = 1 << 20;
/// How often removing is tried, because a program that was just ended may still be writing.
const REMOVALS: u32 = 20;

/// Everything that a part needs.
pub(crate) struct Workshop {
    /// A tenth of the rounds.
    pub(crate) quick: bool,
    /// This program.
    pub(crate) program: String,
    root: PathBuf,
    folder: Mutex<Option<TempDir>>,
    settings: Settings,
    env: Vec<(&'static str, OsString)>,
    interrupted: AtomicBool,
    deadline: Mutex<Instant>,
    progress: ProgressBar,
}

impl Workshop {
    /// Makes the folder, if the disk has room.
    pub(crate) fn open(setup: Setup, quick: bool, mebibytes: u64) -> anyhow::Result<Self> {
        let at = &setup.folder;
        let space = rustix::fs::statvfs(at).with_context(|| format!("cannot look at {}", at.display()))?;
        let free = space.f_bavail.saturating_mul(space.f_frsize) >> 20;
        if free < mebibytes {
            bail!("{} has {free} MiB left and {mebibytes} are needed: give another --folder", at.display());
        }
        let made = tempfile::Builder::new().prefix("bandmaster-bench-").tempdir_in(at);
        let folder = made.with_context(|| format!("cannot make a folder in {}", at.display()))?;
        let root = folder.path().canonicalize().context("cannot find the new folder")?;
        let program = setup.program.to_str().context("the path of this program is not text")?.to_owned();
        Ok(Self {
            quick,
            program,
            env: environment(setup.env, &root),
            root,
            folder: Mutex::new(Some(folder)),
            settings: setup.settings,
            interrupted: AtomicBool::new(false),
            deadline: Mutex::new(Instant::now()),
            progress: bar(),
        })
    }

    /// Where everything is.
    pub(crate) fn folder(&self) -> &Path {
        &self.root
    }

    /// Whether the folder is on no disk at all.
    pub(crate) fn is_in_memory(&self) -> bool {
        const TMPFS: i128 = 0x0102_1994;
        rustix::fs::statfs(&self.root).is_ok_and(|at| i128::from(at.f_type) == TMPFS)
    }

    /// The settings for an engine whose data folder is called `name`.
    pub(crate) fn settings(&self, name: &str) -> Settings {
        Settings { data_dir: self.root.join(name), ..self.settings.clone() }
    }

    /// How many rounds to measure.
    pub(crate) fn rounds(&self, full: usize) -> usize {
        if self.quick { full.div_ceil(10) } else { full }
    }

    /// Begins a part that takes about so many seconds.
    pub(crate) fn begin(&self, part: &str, seconds: u64) -> anyhow::Result<()> {
        *self.deadline() = Instant::now() + Duration::from_secs(seconds) * PATIENCE;
        self.progress.set_prefix(part.to_owned());
        self.now("preparing", 0)
    }

    /// Begins a stretch of so many steps.
    pub(crate) fn now(&self, doing: &str, steps: usize) -> anyhow::Result<()> {
        self.progress.set_position(0);
        self.progress.set_length(steps as u64);
        self.progress.set_message(doing.to_owned());
        self.progress.tick();
        self.go_on()
    }

    /// One step is done. Fails when it is time to stop.
    pub(crate) fn step(&self) -> anyhow::Result<()> {
        self.progress.inc(1);
        self.go_on()
    }

    /// Ends a part: its files go, so that the next one has the room.
    pub(crate) fn end(&self) -> anyhow::Result<()> {
        for entry in std::fs::read_dir(&self.root).context("cannot read the folder")? {
            let path = entry.context("cannot read the folder")?.path();
            std::fs::remove_dir_all(&path).with_context(|| format!("cannot remove {}", path.display()))?;
        }
        Ok(())
    }

    /// Makes every later step fail.
    pub(crate) fn interrupt(&self) {
        self.interrupted.store(true, Ordering::Relaxed);
    }

    /// Removes everything.
    pub(crate) async fn close(&self) -> anyhow::Result<()> {
        self.progress.finish_and_clear();
        let folder = self.folder.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(folder) = folder.map(TempDir::keep) else { return Ok(()) };
        let mut tries = 1;
        loop {
            let removed = std::fs::remove_dir_all(&folder);
            if tries == REMOVALS || removed.is_ok() {
                return removed.with_context(|| format!("cannot remove {}", folder.display()));
            }
            tries += 1;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Runs git; a failure of git is one of ours.
    pub(crate) fn git(&self, folder: &Path, args: &[&str], input: Option<File>) -> anyhow::Result<Output> {
        let done = self.program("git", folder, args, input)?;
        if !done.status.success() {
            bail!("git {} failed: {}", args.join(" "), String::from_utf8_lossy(&done.stderr).trim());
        }
        Ok(done)
    }

    /// Runs a program to its end.
    pub(crate) fn program(
        &self,
        program: &str,
        folder: &Path,
        args: &[&str],
        input: Option<File>,
    ) -> anyhow::Result<Output> {
        let call = self.call(program, folder, args);
        Ok(match input {
            None => process::run(&call)?,
            Some(input) => process::run_on(&call, input)?,
        })
    }

    /// A program with our bounds and the environment of this folder.
    pub(crate) fn call<'a>(&'a self, program: &'a str, folder: &'a Path, args: &'a [&'a str]) -> Call<'a> {
        let (time_limit, output_limit) = (PROGRAM_TIME, PROGRAM_OUTPUT);
        Call { program, args, folder, env: &self.env, time_limit, output_limit }
    }

    fn go_on(&self) -> anyhow::Result<()> {
        if self.interrupted.load(Ordering::Relaxed) {
            bail!("interrupted");
        }
        if Instant::now() > *self.deadline() {
            bail!("it takes {PATIENCE} times longer than expected; is the machine busy?");
        }
        Ok(())
    }

    fn deadline(&self) -> MutexGuard<'_, Instant> {
        self.deadline.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// No configuration of the user's may sign commits or run hooks: that is not what is measured.
fn environment(passed: Vec<(&'static str, OsString)>, root: &Path) -> Vec<(&'static str, OsString)> {
    let path = passed.into_iter().filter(|(name, _)| *name == "PATH");
    let fixed = [
        ("HOME", root.as_os_str().to_owned()),
        ("GIT_CONFIG_GLOBAL", "/dev/null".into()),
        ("GIT_CONFIG_NOSYSTEM", "1".into()),
        ("GIT_AUTHOR_NAME", "Bench".into()),
        ("GIT_AUTHOR_EMAIL", "bench@bandmaster.invalid".into()),
        ("GIT_COMMITTER_NAME", "Bench".into()),
        ("GIT_COMMITTER_EMAIL", "bench@bandmaster.invalid".into()),
    ];
    path.chain(fixed).collect()
}

fn bar() -> ProgressBar {
    let target =
        if io::stderr().is_terminal() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let style = ProgressStyle::with_template("{prefix:>8} {bar:30} {pos}/{len} {msg}");
    let bar = ProgressBar::with_draw_target(Some(0), target);
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Ambient;
    use jiff::Timestamp;

    fn setup(folder: &Path) -> Setup {
        let host = "here".to_owned();
        let ambient = Ambient { now: || Timestamp::UNIX_EPOCH, entropy: || 0, host, pid: 1 };
        let settings = Settings {
            data_dir: folder.to_owned(),
            queue: 1,
            batch: 1,
            unpublished: 1,
            idle: Duration::ZERO,
            journal_bytes: 4096,
            capacity: 1,
            days: 1,
            email_domain: String::new(),
            ambient,
        };
        Setup { settings, env: Vec::new(), program: PathBuf::from("program"), folder: folder.to_owned() }
    }

    #[tokio::test]
    async fn an_interruption_is_noticed_at_the_next_step_and_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let workshop = Workshop::open(setup(folder.path()), true, 0).unwrap();
        workshop.begin("part", 60).unwrap();
        workshop.step().unwrap();
        std::fs::write(workshop.folder().join("file"), "text").unwrap();

        workshop.interrupt();
        assert_eq!(workshop.step().unwrap_err().to_string(), "interrupted");
        workshop.close().await.unwrap();

        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_part_that_takes_far_too_long_is_given_up() {
        let folder = tempfile::tempdir().unwrap();
        let workshop = Workshop::open(setup(folder.path()), true, 0).unwrap();

        assert!(workshop.begin("part", 0).is_err());
    }

    #[test]
    fn a_disk_that_is_too_full_is_refused() {
        let folder = tempfile::tempdir().unwrap();

        let refused = Workshop::open(setup(folder.path()), true, u64::MAX).err().unwrap().to_string();

        assert!(refused.ends_with("are needed: give another --folder"), "{refused}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
