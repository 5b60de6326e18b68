//! A world for one test: a data folder, repositories made with real git, and the real program.
//!
//! Whatever a test starts is ended by its own id, at the latest when the world is dropped, which also looks
//! for anything left running.

mod bot;
mod chance;
mod client;
pub(crate) mod discord;
mod evidence;
pub(crate) mod openapi;
mod rest;
mod server;
mod socket;

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use bandmaster::process::{self, Call, Output};
use serde_json::Value;
use tempfile::TempDir;

pub(crate) use crate::support::bot::Bot;
pub(crate) use crate::support::chance::Chance;
pub(crate) use crate::support::client::{Connection, Request};
pub(crate) use crate::support::evidence::{assert_in_order, leftovers};
pub(crate) use crate::support::rest::Rest;
pub(crate) use crate::support::server::Server;
pub(crate) use crate::support::socket::{Came, INTENTS, Socket};

/// Far longer than anything here takes, also on a machine that is busy with other things.
pub(crate) const LONG: Duration = Duration::from_secs(60);

/// What a program printed is bounded, too.
const OUTPUT: usize = 64 << 20;

/// The program under test.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_bandmaster");

/// A data folder, a home, and repositories.
pub(crate) struct World {
    folder: TempDir,
}

impl World {
    /// An empty world.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["home", "data"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        Self { folder }
    }

    /// A world with a registered project for each name.
    pub(crate) fn with(projects: &[&str]) -> Self {
        let world = Self::new();
        for name in projects {
            world.repository(name);
            let path = world.repo(name);
            let registered = world.run(&["register", path.to_str().unwrap(), "--json"]);
            assert_eq!(registered.code, 0, "{registered:?}");
        }
        world
    }

    /// The operator's settings from now on.
    pub(crate) fn configure(&self, text: &str) {
        fs::write(self.folder.path().join("config.toml"), text).unwrap();
    }

    /// The top of it all.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Where the journal lies.
    pub(crate) fn data(&self) -> PathBuf {
        self.path().join("data")
    }

    /// The work tree of a project.
    pub(crate) fn repo(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    /// Makes a git repository with one commit.
    pub(crate) fn repository(&self, name: &str) {
        let path = self.repo(name);
        self.git_in(self.path(), &["init", "-q", "-b", "main", path.to_str().unwrap()]);
        fs::write(path.join("README"), "hello\n").unwrap();
        self.git(name, &["add", "."]);
        self.git(name, &["commit", "-qm", "begin"]);
    }

    /// Runs git in a repository and returns what it prints; it has to succeed.
    pub(crate) fn git(&self, name: &str, args: &[&str]) -> String {
        self.git_in(&self.repo(name), args)
    }

    /// Runs git in any folder; it has to succeed.
    pub(crate) fn git_in(&self, folder: &Path, args: &[&str]) -> String {
        let output = self.try_git(folder, args);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
        assert!(output.status.success(), "git {args:?}: {}", text(&output.stderr));
        text(&output.stdout)
    }

    /// Runs git in any folder.
    pub(crate) fn try_git(&self, folder: &Path, args: &[&str]) -> Output {
        self.program("git", args, folder).unwrap()
    }

    /// Runs our program to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        self.run_program(PROGRAM, args)
    }

    /// Runs any program to its end.
    pub(crate) fn run_program(&self, program: &str, args: &[&str]) -> Ran {
        let began = Instant::now();
        let output = self.program(program, args, self.path()).unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Ran {
            code: output.status.code().unwrap(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
            took: began.elapsed(),
        }
    }

    /// Has one command carried out by `do`, under `id`.
    pub(crate) fn do_as(&self, project: &str, id: &str, text: &str) -> Value {
        self.run(&["do", "--project", project, "--id", id, "--json", text]).json()
    }

    /// Starts a server and waits until it answers.
    pub(crate) fn serve(&self) -> Server {
        let server = Server::start(self);
        server.wait_until_ready();
        server
    }

    /// A connection to the running server.
    pub(crate) fn connect(&self) -> Connection {
        Connection::open(&self.data()).unwrap()
    }

    /// The ids of the commands on the state branch, oldest first.
    pub(crate) fn command_ids(&self, project: &str) -> Vec<String> {
        let format = "--format=%(trailers:key=Command-Id,valueonly,separator=%x2C)";
        let log = self.git(project, &["log", "--reverse", format, "orch-state"]);
        log.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
    }

    /// Checks everything that can be checked when no server runs.
    pub(crate) fn assert_sound(&self, projects: &[&str]) {
        let verified = self.run(&["verify", "--json"]);
        assert_eq!(verified.code, 0, "{}", verified.stdout);
        for project in projects {
            self.git(project, &["fsck", "--strict", "--no-dangling", "--no-progress"]);
            assert_eq!(self.git(project, &["status", "--porcelain"]), "", "{project}");
            let folder = self.repo(project).join(".orch-state");
            assert_eq!(self.git_in(&folder, &["status", "--porcelain"]), "", "{project}");
            assert_eq!(
                self.git_in(&folder, &["rev-parse", "HEAD"]),
                self.git(project, &["rev-parse", "orch-state"])
            );
        }
        assert_eq!(leftovers(self.path()), Vec::<PathBuf>::new());
    }

    /// What any program does in the clean environment of this world.
    pub(crate) fn program(
        &self,
        program: &str,
        args: &[&str],
        folder: &Path,
    ) -> Result<Output, process::ProcessError> {
        let env = self.env();
        process::run(&Call { program, args, folder, env: &env, time_limit: LONG, output_limit: OUTPUT })
    }

    /// What every program sees.
    pub(crate) fn env(&self) -> Vec<(&'static str, OsString)> {
        let mut env = vec![
            ("HOME", self.path().join("home").into_os_string()),
            ("BANDMASTER_DATA_DIR", self.data().into_os_string()),
        ];
        let fixed = [
            ("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"),
            ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_AUTHOR_NAME", "Ada"),
            ("GIT_AUTHOR_EMAIL", "ada@example.org"),
            ("GIT_COMMITTER_NAME", "Ada"),
            ("GIT_COMMITTER_EMAIL", "ada@example.org"),
            ("TZ", "UTC"),
            ("LC_ALL", "C"),
            ("USER", "ada"),
        ];
        env.extend(fixed.map(|(name, value)| (name, OsString::from(value))));
        let config = self.path().join("config.toml");
        if config.exists() {
            env.push(("BANDMASTER_CONFIG", config.into_os_string()));
        }
        env
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(running_in(self.path()), Vec::<String>::new(), "left running");
        }
    }
}

/// What a program of ours did.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) took: Duration,
}

impl Ran {
    /// The object that it printed.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// Waits until something is so, and fails if it takes too long.
pub(crate) fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < LONG, "{what}: it never came to that");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The command lines of processes that were started for the world in `folder`.
fn running_in(folder: &Path) -> Vec<String> {
    let home = format!("HOME={}/home", folder.display());
    let ours = |entry: &fs::DirEntry| {
        let environ = fs::read(entry.path().join("environ")).unwrap_or_default();
        environ.split(|byte| *byte == 0).any(|variable| variable == home.as_bytes())
    };
    let processes = fs::read_dir("/proc").unwrap().flatten().filter(ours);
    let lines = processes.map(|entry| fs::read(entry.path().join("cmdline")).unwrap_or_default());
    lines
        .map(|line| String::from_utf8_lossy(&line).replace('\0', " "))
        .filter(|line| !line.is_empty())
        .collect()
}
