//! The only way to start a program: in a named folder, with a named environment, for a limited time.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Access, access};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open};
use thiserror::Error;

/// What to start, and the bounds it has to keep.
#[derive(Clone, Debug)]
pub struct Call<'a> {
    /// The program: a path, or a name that is looked up in the `PATH` of `env`.
    pub program: &'a str,
    /// Its arguments.
    pub args: &'a [&'a str],
    /// The folder it works in.
    pub folder: &'a Path,
    /// Its whole environment. Nothing is inherited, so that no secret of ours gets there by accident.
    pub env: &'a [(&'a str, OsString)],
    /// How long it may take.
    pub time_limit: Duration,
    /// How many bytes it may write, to standard output and to standard error each.
    pub output_limit: usize,
}

/// What a program left behind when it ended by itself.
#[derive(Clone, Debug)]
pub struct Output {
    /// How it ended. A failure of the program is an answer, not an error.
    pub status: ExitStatus,
    /// What it wrote to standard output.
    pub stdout: Vec<u8>,
    /// What it wrote to standard error.
    pub stderr: Vec<u8>,
}

/// Why there is no [`Output`]. The program no longer runs.
#[expect(missing_docs, reason = "the messages say it")]
#[derive(Debug, Error)]
pub enum ProcessError {
    #[error("cannot start `{program}` in {}", folder.display())]
    Start { program: String, folder: PathBuf, source: io::Error },
    #[error("`{program}` took longer than {limit:?} and was ended")]
    TooSlow { program: String, limit: Duration },
    #[error("`{program}` wrote more than {limit} bytes and was ended")]
    TooMuch { program: String, limit: usize },
    #[error("cannot follow what `{program}` does")]
    Follow { program: String, source: io::Error },
}

/// Runs a program to its end. Blocks; standard input is empty.
///
/// When this returns, the program is gone, and what it started has been killed: they share a process
/// group. Only a descendant that left the group on purpose escapes that.
pub fn run(call: &Call<'_>) -> Result<Output, ProcessError> {
    run_with(call, Stdio::null())
}

/// The same, for a program that reads a file as its standard input.
pub fn run_on(call: &Call<'_>, input: File) -> Result<Output, ProcessError> {
    run_with(call, input.into())
}

/// Starts a program that works until it is told to stop. The bounds of time and output are not
/// enforced: whoever starts it looks after it, and dropping it ends it.
pub fn start(call: &Call<'_>) -> Result<Background, ProcessError> {
    Ok(Background { running: Running::start(call, Stdio::null())?, program: call.program.to_owned() })
}

/// A program that works beside us.
pub struct Background {
    running: Running,
    program: String,
}

impl Background {
    /// Its number among the processes.
    pub fn id(&self) -> u32 {
        self.running.child.id()
    }

    /// Asks it to end. One that has not ended by itself after `limit` is killed, which is an error.
    pub fn stop(mut self, limit: Duration) -> Result<ExitStatus, ProcessError> {
        let cannot_follow = |source| ProcessError::Follow { program: self.program.clone(), source };
        let asked = rustix::process::kill_process(Pid::from_child(&self.running.child), Signal::TERM);
        asked.map_err(|error| cannot_follow(error.into()))?;
        if !self.running.ended_by(Instant::now() + limit).map_err(cannot_follow)? {
            return Err(ProcessError::TooSlow { program: self.program, limit });
        }
        self.running.end().map_err(cannot_follow)
    }
}

fn run_with(call: &Call<'_>, input: Stdio) -> Result<Output, ProcessError> {
    let mut running = Running::start(call, input)?;
    let deadline = Instant::now() + call.time_limit;
    let [stdout, stderr] = running.read_to_end(call, deadline)?;
    if !running.ended_by(deadline).map_err(|source| call.cannot_follow(source))? {
        return Err(call.too_slow());
    }
    let status = running.end().map_err(|source| call.cannot_follow(source))?;
    Ok(Output { status, stdout, stderr })
}

impl Call<'_> {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that the lint points to")]
    fn command(&self, input: Stdio) -> Command {
        let found = self.found();
        let mut command = Command::new(found.as_deref().unwrap_or(Path::new(self.program)));
        command
            .arg0(self.program)
            .args(self.args)
            .current_dir(self.folder)
            .env_clear()
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .stdin(input)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        command
    }

    /// Where a program that is only named lies in the `PATH` of `env`.
    ///
    /// The standard library finds it too, but only in a copy of this process, and making a copy of a large
    /// one takes tens of milliseconds. With a path in hand it starts the program without a copy.
    fn found(&self) -> Option<PathBuf> {
        if self.program.contains('/') {
            return None;
        }
        let (_, folders) = self.env.iter().find(|(name, _)| *name == "PATH")?;
        let mut paths =
            std::env::split_paths(folders).map(|folder| self.folder.join(folder).join(self.program));
        paths.find(|path| path.is_file() && access(path, Access::EXEC_OK).is_ok())
    }

    fn cannot_follow(&self, source: io::Error) -> ProcessError {
        ProcessError::Follow { program: self.program.to_owned(), source }
    }

    fn too_slow(&self) -> ProcessError {
        ProcessError::TooSlow { program: self.program.to_owned(), limit: self.time_limit }
    }
}

/// What one of the two streams (0 is standard output) gave until its end or the limit.
type Piece = (usize, io::Result<Vec<u8>>);

/// A started program. Dropping it ends the program, so that no way out of [`run`] leaves one behind.
struct Running {
    child: Child,
    pieces: Receiver<Piece>,
    ended: bool,
}

impl Running {
    fn start(call: &Call<'_>, input: Stdio) -> Result<Self, ProcessError> {
        let mut child = call.command(input).spawn().map_err(|source| ProcessError::Start {
            program: call.program.to_owned(),
            folder: call.folder.to_owned(),
            source,
        })?;
        let (sender, pieces) = mpsc::channel();
        // One byte more than allowed tells "exactly the limit" from "too much".
        let most = call.output_limit as u64 + 1;
        if let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) {
            read_aside(0, stdout.take(most), sender.clone());
            read_aside(1, stderr.take(most), sender);
        }
        Ok(Self { child, pieces, ended: false })
    }

    fn read_to_end(&self, call: &Call<'_>, deadline: Instant) -> Result<[Vec<u8>; 2], ProcessError> {
        let mut streams = [Vec::new(), Vec::new()];
        for _ in 0..streams.len() {
            let left = deadline.saturating_duration_since(Instant::now());
            let (stream, bytes) = self.pieces.recv_timeout(left).map_err(|error| match error {
                RecvTimeoutError::Timeout => call.too_slow(),
                RecvTimeoutError::Disconnected => call.cannot_follow(io::ErrorKind::BrokenPipe.into()),
            })?;
            let bytes = bytes.map_err(|source| call.cannot_follow(source))?;
            if bytes.len() > call.output_limit {
                let program = call.program.to_owned();
                return Err(ProcessError::TooMuch { program, limit: call.output_limit });
            }
            streams[stream] = bytes;
        }
        Ok(streams)
    }

    /// Waits for the end, and says whether it came. Does not collect the status, because a collected
    /// process number may soon belong to somebody else, and [`Running::end`] still has to signal the
    /// group of that number.
    fn ended_by(&self, deadline: Instant) -> io::Result<bool> {
        let process = pidfd_open(Pid::from_child(&self.child), PidfdFlags::empty())?;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let limit = Timespec::try_from(left).map_err(io::Error::other)?;
            match poll(&mut [PollFd::new(&process, PollFlags::IN)], Some(&limit)) {
                Ok(0) if !left.is_zero() => {}
                Ok(ended) => return Ok(ended > 0),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Ends the whole group and collects the status.
    fn end(&mut self) -> io::Result<ExitStatus> {
        if !self.ended {
            self.ended = true;
            // A group without members is what we want, so that failure is none.
            let _ = rustix::process::kill_process_group(Pid::from_child(&self.child), Signal::KILL);
        }
        self.child.wait()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Err(error) = self.end() {
            tracing::warn!("cannot collect a program that was ended: {error}");
        }
    }
}

/// Reads on a thread of its own: a program that fills one pipe while we read the other would wait forever.
fn read_aside(stream: usize, mut from: impl Read + Send + 'static, sender: Sender<Piece>) {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let result = from.read_to_end(&mut bytes).map(|_| bytes);
        // Nobody listens any more after a time-out.
        let _ = sender.send((stream, result));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(20);

    fn shell(script: &str, time_limit: Duration) -> Result<Output, ProcessError> {
        let env = [("PATH", OsString::from("/usr/bin:/bin"))];
        let args = ["-c", script];
        run(&Call {
            program: "sh",
            args: &args,
            folder: Path::new("/"),
            env: &env,
            time_limit,
            output_limit: 10,
        })
    }

    #[test]
    fn a_program_answers_with_its_output_and_status() {
        let output = shell("echo out; echo err >&2; exit 3", LONG).unwrap();

        assert_eq!(output.status.code(), Some(3));
        assert_eq!((output.stdout.as_slice(), output.stderr.as_slice()), (&b"out\n"[..], &b"err\n"[..]));
    }

    #[test]
    fn a_program_sees_only_the_environment_and_the_folder_it_was_given() {
        let folder = tempfile::tempdir().unwrap();
        let env = [("WORD", OsString::from("hello"))];
        let args = ["-c", "pwd -P; echo $WORD$HOME$USER$CARGO_MANIFEST_DIR"];

        let call = Call {
            program: "/bin/sh",
            args: &args,
            folder: folder.path(),
            env: &env,
            time_limit: LONG,
            output_limit: 10_000,
        };
        let output = run(&call).unwrap();

        let expected = format!("{}\nhello\n", folder.path().canonicalize().unwrap().display());
        assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
    }

    #[test]
    fn a_program_that_takes_too_long_is_ended_with_all_it_started() {
        #[rustfmt::skip]
        let cases = [
            "sleep 60 & echo $! >&2; wait",
            "exec >&- 2>&-; sleep 60",
            "sleep 60 & exit 0",
        ];
        for script in cases {
            let began = Instant::now();
            let error = shell(script, Duration::from_millis(200)).unwrap_err();

            assert_eq!(error.to_string(), "`sh` took longer than 200ms and was ended", "{script}");
            assert!(began.elapsed() < LONG, "{script}");
        }
    }

    #[test]
    fn what_a_program_leaves_running_is_ended() {
        let output = shell("sleep 60 >/dev/null 2>&1 & echo $!", LONG).unwrap();

        let number = String::from_utf8(output.stdout).unwrap();
        let stat = format!("/proc/{}/stat", number.trim());
        // A killed process takes a moment to die, and may then wait to be collected by who adopted it.
        let began = Instant::now();
        while std::fs::read_to_string(&stat).is_ok_and(|text| !text.contains(") Z")) {
            assert!(began.elapsed() < LONG, "process {number} is still there");
            thread::yield_now();
        }
    }

    #[test]
    fn a_program_may_read_a_file() {
        let mut file = tempfile::tempfile().unwrap();
        io::Write::write_all(&mut file, b"text").unwrap();
        io::Seek::rewind(&mut file).unwrap();
        let env = [("PATH", OsString::from("/usr/bin:/bin"))];
        let folder = Path::new("/");
        let call = Call { program: "cat", args: &[], folder, env: &env, time_limit: LONG, output_limit: 10 };

        assert_eq!(run_on(&call, file).unwrap().stdout, b"text");
    }

    #[test]
    fn a_program_in_the_background_is_asked_to_end_and_then_made_to() {
        let env = [("PATH", OsString::from("/usr/bin:/bin"))];
        let folder = tempfile::tempdir().unwrap();
        let begin = |script: &str| {
            let script = format!("{script}; touch ready; while :; do sleep 0.01; done");
            let args = ["-c", script.as_str()];
            let call = Call {
                program: "sh",
                args: &args,
                folder: folder.path(),
                env: &env,
                time_limit: LONG,
                output_limit: 10,
            };
            let background = start(&call).unwrap();
            let began = Instant::now();
            while std::fs::remove_file(folder.path().join("ready")).is_err() {
                assert!(began.elapsed() < LONG, "it did not start");
                thread::yield_now();
            }
            background
        };

        assert_eq!(begin("trap 'exit 3' TERM").stop(LONG).unwrap().code(), Some(3));
        let error = begin("trap '' TERM").stop(Duration::from_millis(50)).unwrap_err();
        assert_eq!(error.to_string(), "`sh` took longer than 50ms and was ended");
    }

    #[test]
    fn output_has_a_bound() {
        assert_eq!(shell("printf 1234567890", LONG).unwrap().stdout, b"1234567890");
        for script in ["yes", "yes >&2", "printf 12345678901"] {
            let error = shell(script, LONG).unwrap_err();

            assert_eq!(error.to_string(), "`sh` wrote more than 10 bytes and was ended", "{script}");
        }
    }

    #[test]
    fn a_program_that_does_not_exist_is_named() {
        let args = [];
        let folder = Path::new("/");
        let call =
            Call { program: "no-such", args: &args, folder, env: &[], time_limit: LONG, output_limit: 1 };

        let error = run(&call).unwrap_err();

        assert_eq!(error.to_string(), "cannot start `no-such` in /");
    }
}
