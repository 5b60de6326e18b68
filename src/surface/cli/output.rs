//! Where answers go: text for people, one JSON object for programs.

use std::io::{self, IsTerminal, Write};

use serde::Serialize;

use crate::surface::answer::Answer;
use crate::surface::cli::args::Colour;
use crate::surface::render::text::{Terminal, render};

/// The width where nobody says another.
const WIDTH: usize = 100;

/// How this process speaks.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    /// How answers are to look.
    pub terminal: Terminal,
    /// Whether to print JSON instead.
    pub json: bool,
}

impl Output {
    /// Prints an answer for people.
    pub fn answer(&self, answer: &Answer) -> io::Result<()> {
        self.text(&render(answer, self.terminal))
    }

    /// Prints text that is made up already.
    pub fn text(&self, text: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes())?;
        out.flush()
    }

    /// Prints one JSON object.
    pub fn object(&self, value: &impl Serialize) -> io::Result<()> {
        let mut text = serde_json::to_string_pretty(value)?;
        text.push('\n');
        self.text(&text)
    }
}

/// The terminal that this process speaks to.
pub fn terminal(colour: Colour, no_color: bool, numbered: bool) -> Terminal {
    let is_terminal = io::stdout().is_terminal();
    let colour = match colour {
        Colour::Always => true,
        Colour::Never => false,
        Colour::Auto => is_terminal && !no_color,
    };
    let width = if is_terminal { columns() } else { WIDTH };
    Terminal { width, colour, numbered }
}

fn columns() -> usize {
    rustix::termios::tcgetwinsize(io::stdout()).map_or(WIDTH, |size| match size.ws_col {
        0 => WIDTH,
        columns => usize::from(columns),
    })
}
