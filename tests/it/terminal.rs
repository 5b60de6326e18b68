//! A real terminal around the real program: what is typed goes in, and the screen can be looked at.

use std::io::{Read, Write};
use std::num::NonZero;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use crate::run::{PROGRAM, Place};

/// How long anything on the screen may take.
const LONG: Duration = Duration::from_secs(20);
/// How much scrolls away and can still be seen.
const SCROLLED: usize = 2000;

/// The program in a terminal. It is ended when dropped.
pub(crate) struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    keyboard: Box<dyn Write + Send>,
    pty: Box<dyn MasterPty + Send>,
    screen: Arc<Screen>,
}

struct Screen {
    seen: Mutex<Seen>,
    changed: Condvar,
}

struct Seen {
    parser: vt100::Parser,
    /// All that was written since the beginning.
    raw: String,
    ended: bool,
}

impl Terminal {
    /// Starts the program in `place`, in a terminal of `columns` by 50.
    pub(crate) fn start(place: &Place, columns: u16, args: &[&str], env: &[(&str, &str)]) -> Self {
        let size = PtySize { rows: 50, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(PROGRAM);
        command.args(args);
        command.cwd(&place.here);
        command.env_clear();
        place.env().into_iter().for_each(|(name, value)| command.env(name, value));
        env.iter().for_each(|(name, value)| command.env(name, value));
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let parser = vt100::Parser::new(size_of(50), size_of(columns), SCROLLED);
        let seen = Mutex::new(Seen { parser, raw: String::new(), ended: false });
        let screen = Arc::new(Screen { seen, changed: Condvar::new() });
        let output = pair.master.try_clone_reader().unwrap();
        let watched = Arc::clone(&screen);
        thread::spawn(move || watched.watch(output));
        let keyboard = pair.master.take_writer().unwrap();
        Self { child, keyboard, pty: pair.master, screen }
    }

    /// Presses keys.
    pub(crate) fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
        self.keyboard.flush().unwrap();
    }

    /// Types a line and waits until what follows it on the screen has `words`.
    pub(crate) fn say(&mut self, line: &str, words: &str) {
        // The terminal takes keys at any time, but its own line editor would get them.
        self.wait("a prompt", |seen| seen.parser.screen().contents().trim_end().ends_with(['>', ':', ']']));
        self.press(line);
        self.wait_for(&last_letters(line));
        // From here on only the answer can bring them.
        let before = self.screen.seen.lock().unwrap().raw.len();
        self.press("\r");
        self.wait_behind(before, words);
    }

    /// Waits until the screen shows `words`.
    pub(crate) fn wait_for(&self, words: &str) {
        self.wait(words, |seen| seen.parser.screen().contents().contains(words));
    }

    /// What has been written since the beginning, escapes included.
    pub(crate) fn raw(&self) -> String {
        self.screen.seen.lock().unwrap().raw.clone()
    }

    /// What the screen shows.
    pub(crate) fn shown(&self) -> String {
        self.screen.seen.lock().unwrap().parser.screen().contents()
    }

    /// Makes the window as wide as this.
    pub(crate) fn resize(&self, columns: u16) {
        let size = PtySize { rows: 50, cols: columns, pixel_width: 0, pixel_height: 0 };
        self.pty.resize(size).unwrap();
        self.screen.seen.lock().unwrap().parser.screen_mut().set_size(size_of(50), size_of(columns));
    }

    /// Waits for the end of the program: its exit code.
    pub(crate) fn ended(mut self) -> u32 {
        self.wait("the end", |seen| seen.ended);
        self.child.wait().unwrap().exit_code()
    }

    fn wait_behind(&self, before: usize, words: &str) {
        // The words may be broken by a line end of a narrow window.
        let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        self.wait(words, |seen| flat(&seen.raw[before..]).contains(words));
    }

    fn wait(&self, what: &str, is_there: impl Fn(&Seen) -> bool) {
        let deadline = Instant::now() + LONG;
        let mut seen = self.screen.seen.lock().unwrap();
        while !is_there(&seen) {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero() && !seen.ended, "no {what:?} on:\n{}", seen.parser.screen().contents());
            seen = self.screen.changed.wait_timeout(seen, left).unwrap().0;
        }
    }
}

/// The end of what a line looks like on the screen.
fn last_letters(line: &str) -> String {
    let typed = line.replace("\u{1b}[200~", "").replace("\u{1b}[201~", "");
    let word: Vec<char> = typed.split_whitespace().last().unwrap_or_default().chars().collect();
    word[word.len().saturating_sub(8)..].iter().collect()
}

fn size_of(cells: u16) -> NonZero<u16> {
    NonZero::new(cells).unwrap()
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Screen {
    fn watch(&self, mut output: Box<dyn Read + Send>) {
        let mut bytes = [0; 4096];
        let mut pending = Vec::new();
        loop {
            // A closed terminal ends in an error on Linux.
            let read = output.read(&mut bytes).unwrap_or(0);
            let mut seen = self.seen.lock().unwrap();
            seen.parser.process(&bytes[..read]);
            pending.extend_from_slice(&bytes[..read]);
            let whole = std::str::from_utf8(&pending).map_or_else(|error| error.valid_up_to(), str::len);
            seen.raw.push_str(std::str::from_utf8(&pending[..whole]).unwrap());
            pending.drain(..whole);
            seen.ended = read == 0;
            self.changed.notify_all();
            if read == 0 {
                return;
            }
        }
    }
}
