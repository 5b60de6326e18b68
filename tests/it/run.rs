//! A place with folders of its own, in which the real program runs as a script would run it.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use crate::tidy::files;

/// The program that is tested.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_bandmaster");

/// A home of its own for the program, and room for repositories.
pub(crate) struct Place {
    folder: TempDir,
    /// The folder in which commands are typed.
    pub(crate) here: PathBuf,
    server: Option<Server>,
}

/// What a program left behind.
#[derive(Debug)]
pub(crate) struct Ran {
    /// The exit code.
    pub(crate) code: i32,
    /// Its standard output.
    pub(crate) out: String,
    /// Its standard error.
    pub(crate) err: String,
}

/// A running `bandmaster serve`, ended when dropped.
struct Server {
    child: Child,
    log: BufReader<ChildStderr>,
}

impl Place {
    /// An empty place, in whose repositories Ada works.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let here = folder.path().join("work");
        fs::create_dir(&here).unwrap();
        fs::write(folder.path().join(".gitconfig"), "[user]\nname = Ada\nemail = ada@example.org\n").unwrap();
        // Paths in answers are whole, also where the folder for temporary files is a link.
        let here = fs::canonicalize(here).unwrap();
        Self { folder, here, server: None }
    }

    /// A place with the project `shop`, and a server if `served`. The server runs in another folder than the tests.
    pub(crate) fn with_shop(served: bool) -> Self {
        let mut place = Self::new();
        place.repository("shop");
        if served {
            place.serve();
        }
        place.done(&["register", "shop"]);
        place
    }

    /// Makes a git repository below [`Place::here`].
    pub(crate) fn repository(&self, name: &str) -> PathBuf {
        let path = self.here.join(name);
        fs::create_dir_all(&path).unwrap();
        self.git(&path, &["init", "--quiet", "--initial-branch=main"]);
        path
    }

    /// The data directory.
    pub(crate) fn data_dir(&self) -> PathBuf {
        self.folder.path().join(".local/share/bandmaster")
    }

    /// The whole environment of programs here.
    pub(crate) fn env(&self) -> Vec<(&'static str, String)> {
        vec![
            ("HOME", self.folder.path().to_str().unwrap().to_owned()),
            ("PATH", std::env::var("PATH").unwrap()),
            ("USER", "ada".to_owned()),
            ("TERM", "xterm-256color".to_owned()),
        ]
    }

    /// Runs the program with nothing on its standard input.
    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        self.run_with(args, b"")
    }

    /// Runs the program with `input` on its standard input.
    pub(crate) fn run_with(&self, args: &[&str], input: &[u8]) -> Ran {
        let mut child = self.command(PROGRAM, args).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // A program that reads no input may have ended already.
        let _ = stdin.write_all(input);
        drop(stdin);
        let output = child.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ran { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// Runs the program, which has to succeed.
    pub(crate) fn done(&self, args: &[&str]) -> String {
        let ran = self.run(args);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{args:?}: {}", ran.out);
        ran.out
    }

    /// Runs the program with `--json` and reads its object.
    pub(crate) fn json(&self, args: &[&str]) -> (i32, Value) {
        let ran = self.run(&[args, &["--json"]].concat());
        assert_eq!(ran.err, "", "{args:?}");
        (ran.code, serde_json::from_str(&ran.out).unwrap())
    }

    /// Runs git in `folder`.
    pub(crate) fn git(&self, folder: &Path, args: &[&str]) -> String {
        let output = self.command("git", args).current_dir(folder).output().unwrap();
        assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    /// Starts a server and waits until it serves.
    pub(crate) fn serve(&mut self) -> u32 {
        let mut child = self.command(PROGRAM, &["serve"]).current_dir("/").spawn().unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        let pid = child.id();
        self.server.insert(Server { child, log }).wait_for("serving");
        pid
    }

    /// Tells the server to stop: its exit code, and what it logged since it began to serve.
    pub(crate) fn stop(&mut self, signal: Signal) -> (i32, String) {
        let mut server = self.server.take().unwrap();
        kill_process(Pid::from_child(&server.child), signal).unwrap();
        let mut log = String::new();
        server.log.read_to_string(&mut log).unwrap();
        (server.child.wait().unwrap().code().unwrap_or(-1), log)
    }

    /// Everything that a command could have changed: the branch, the files of the state, the list of projects, and
    /// the folder of the person.
    pub(crate) fn traces(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut found = BTreeMap::new();
        for path in files(&self.here).into_iter().chain([self.data_dir().join("projects.json")]) {
            let is_gits_own = path.components().any(|part| part.as_os_str() == ".git");
            if path.is_file() && !is_gits_own {
                found.insert(path.clone(), fs::read(&path).unwrap());
            }
        }
        let refs = self.git(&self.here.join("shop"), &["for-each-ref"]);
        found.insert(PathBuf::from("refs of shop"), refs.into_bytes());
        found
    }

    /// `text` without what differs from run to run: folders, commits, ids and times. Widths stay.
    pub(crate) fn redacted(&self, text: &str) -> String {
        let mut safe = String::with_capacity(text.len());
        let text = text.replace(self.here.to_str().unwrap(), "/here");
        for word in text.split_inclusive(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | ':'))) {
            let end = word.trim_end_matches(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | ':')));
            let (inner, rest) = word.split_at(end.len());
            let colon = inner.strip_suffix(':').map_or("", |_| ":");
            let inner = inner.trim_end_matches(':');
            let sign = sign_of(inner);
            safe += &sign.map_or_else(|| inner.to_owned(), |sign| sign.to_string().repeat(inner.len()));
            safe += colon;
            safe += rest;
        }
        safe
    }

    #[expect(clippy::disallowed_methods, reason = "tests see the program as a shell does")]
    fn command(&self, program: &str, args: &[&str]) -> Command {
        let mut command = Command::new(program);
        command
            .args(args)
            .current_dir(&self.here)
            .env_clear()
            .envs(self.env())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    fn wait_for(&mut self, words: &str) {
        let mut line = String::new();
        while !line.contains(words) {
            line.clear();
            assert_ne!(self.log.read_line(&mut line).unwrap(), 0, "the server ended");
        }
    }
}

/// The letter for something that differs from run to run.
fn sign_of(word: &str) -> Option<char> {
    let all = |is: fn(char) -> bool| word.chars().all(is);
    let shape: String = word.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    match word.len() {
        8 | 10 | 40 if all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c)) => Some('c'),
        26 if all(|c| c.is_ascii_digit() || c.is_ascii_uppercase()) => Some('i'),
        _ if ["0000-00-00", "00:00", "0000-00-00T00:00:00"].contains(&shape.as_str()) => Some('t'),
        _ => None,
    }
}
