//! A server that runs beside the test, and is killed or told to stop by its id.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::PathBuf;
use std::process::{Child, ExitStatus, Stdio};
use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use crate::support::{Connection, LONG, PROGRAM, World, eventually};

/// A program of ours that runs on by itself. Dropping it kills it.
pub(crate) struct Server {
    child: Child,
    data: PathBuf,
    log: PathBuf,
}

impl Server {
    /// Starts a server, which may not be ready yet.
    pub(crate) fn start(world: &World) -> Self {
        Self::start_as(world, PROGRAM, &["serve"], Stdio::null())
    }

    /// Starts any program in the environment of the world; what it prints goes to a file.
    #[expect(clippy::disallowed_methods, reason = "what is to be killed cannot be awaited")]
    pub(crate) fn start_as(world: &World, program: &str, args: &[&str], stdin: Stdio) -> Self {
        let log = tempfile::Builder::new().prefix("log-").tempfile_in(world.path()).unwrap();
        let (file, log) = log.keep().unwrap();
        let print = |file: &File| Stdio::from(file.try_clone().unwrap());
        let child = std::process::Command::new(program)
            .args(args)
            .current_dir(world.path())
            .env_clear()
            .envs(world.env())
            .stdin(stdin)
            .stdout(print(&file))
            .stderr(print(&file))
            .spawn()
            .unwrap();
        Self { child, data: world.data(), log }
    }

    /// Waits until the server answers.
    pub(crate) fn wait_until_ready(&self) {
        let pid = self.child.id();
        eventually("the server answers", || {
            assert!(is_alive(pid), "it has ended: {}", self.log());
            let hello = Connection::open(&self.data).and_then(|mut c| c.ask(&json!({ "ask": "hello" })));
            hello.is_ok_and(|hello| hello["pid"] == pid)
        });
    }

    /// Its number.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it can be written to, where that was asked for.
    pub(crate) fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Where it prints to.
    pub(crate) fn log_path(&self) -> PathBuf {
        self.log.clone()
    }

    /// What it has printed.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Ends it as a loss of power would.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Tells it to stop, and waits until it has. It has to end well. Returns what it
    /// has printed.
    pub(crate) fn stop(mut self) -> String {
        self.signal(Signal::TERM);
        let status = self.wait();
        assert_eq!(status.code(), Some(0), "{}", self.log());
        self.log()
    }

    /// Waits for its end.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(began.elapsed() < LONG, "it does not end: {}", self.log());
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        match self.child.kill() {
            Err(error) if error.kind() != ErrorKind::InvalidInput => {}
            _ => drop(self.child.wait()),
        }
    }
}

fn is_alive(pid: u32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z"))
}
