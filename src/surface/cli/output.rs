//! Where answers go: text for people, one JSON object for programs.
//!
//! Answers go to standard output; what was refused or failed goes to standard error, so that a script that reads
//! answers never takes one for the other. JSON always goes to standard output, because it says itself what it is.

use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;

use serde::Serialize;

use crate::surface::answer::Answer;
use crate::surface::cli::Exit;
use crate::surface::cli::args::Colour;
use crate::surface::desk::Outcome;
use crate::surface::render::text::{Terminal, paragraph, render};

/// The width where nobody says another.
const WIDTH: usize = 100;

/// How this process speaks.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    /// When to use colours.
    pub colour: Colour,
    /// Whether the environment asks for none.
    pub no_color: bool,
    /// Whether choices can be made by number.
    pub numbered: bool,
    /// Whether to print JSON instead.
    pub json: bool,
}

impl Output {
    /// Prints an answer for people.
    pub fn answer(&self, answer: &Answer) -> io::Result<()> {
        self.text(&render(answer, self.terminal(&io::stdout())))
    }

    /// Prints for people what was not carried out.
    pub fn complaint(&self, answer: &Answer) -> io::Result<()> {
        let mut err = io::stderr().lock();
        err.write_all(render(answer, self.terminal(&io::stderr())).as_bytes())?;
        err.flush()
    }

    /// Prints what became of a request, for people or for programs.
    pub fn outcome(&self, outcome: &Outcome) -> io::Result<Exit> {
        let exit = match outcome {
            Outcome { ok: true, .. } => Exit::Done,
            Outcome { refusal: Some(_), .. } => Exit::Refused,
            _ => Exit::Failed,
        };
        if self.json {
            return self.object(outcome).map(|()| exit);
        }
        match &outcome.reply {
            Some(reply) if exit == Exit::Done => self.answer(reply)?,
            Some(reply) => self.complaint(reply)?,
            None => {}
        }
        if let Some(commit) = &outcome.commit {
            self.text(&format!("commit {commit}\n"))?;
        }
        Ok(exit)
    }

    /// Prints a sentence for people that is no answer.
    pub fn remark(&self, text: &str) -> io::Result<()> {
        self.text(&paragraph(text, self.terminal(&io::stdout())))
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

    /// The terminal behind a stream. It is looked at each time, because people make windows larger and smaller.
    fn terminal(&self, stream: &(impl IsTerminal + AsFd)) -> Terminal {
        let is_terminal = stream.is_terminal();
        let colour = match self.colour {
            Colour::Always => true,
            Colour::Never => false,
            Colour::Auto => is_terminal && !self.no_color,
        };
        let width = if is_terminal { columns(stream) } else { WIDTH };
        Terminal { width, colour, numbered: self.numbered }
    }
}

fn columns(stream: &impl AsFd) -> usize {
    rustix::termios::tcgetwinsize(stream).map_or(WIDTH, |size| match size.ws_col {
        0 => WIDTH,
        columns => usize::from(columns),
    })
}
