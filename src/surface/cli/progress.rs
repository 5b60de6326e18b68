//! Says on standard error that something takes a while, where somebody sits at a terminal.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// What is over sooner than this needs no sign of life.
const BEAT: Duration = Duration::from_millis(120);

/// A bar that leaves the screen as it was when it is dropped.
pub(super) struct Progress(ProgressBar);

impl Progress {
    /// Goes on to the next step, which has this name.
    pub(super) fn step(&self, name: &str) {
        self.0.set_message(name.to_owned());
    }

    /// One step is done.
    pub(super) fn done(&self) {
        self.0.inc(1);
    }

    /// Makes room for something else on the terminal while `print` runs.
    pub(super) fn aside<T>(&self, print: impl FnOnce() -> T) -> T {
        self.0.suspend(print)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// A bar of so many steps.
pub(super) fn bar(steps: usize) -> Progress {
    let bar = ProgressBar::with_draw_target(Some(steps as u64), target());
    started(bar, "{bar:24} {pos}/{len} {wide_msg}")
}

/// A sign of life for one long step.
pub(super) fn spinner(name: &str) -> Progress {
    let bar = ProgressBar::with_draw_target(None, target());
    let progress = started(bar, "{spinner} {wide_msg} {elapsed}");
    progress.step(name);
    progress
}

/// A word on standard error for whoever sits there.
pub(super) fn note(text: &str) -> io::Result<()> {
    writeln!(io::stderr(), "{text}")
}

fn started(bar: ProgressBar, template: &str) -> Progress {
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.enable_steady_tick(BEAT);
    Progress(bar)
}

fn target() -> ProgressDrawTarget {
    if io::stderr().is_terminal() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() }
}
