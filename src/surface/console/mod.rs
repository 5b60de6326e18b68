//! The interactive chat with one project in a terminal.
//!
//! Invariants:
//!
//! - What is typed here means what it means on every other surface.
//! - Without a terminal it reads commands line by line, so that a script can speak to it.
//!
//! Deliberately absent: state. What it shows is asked for again each time.

mod choices;
mod completer;
mod lines;
mod opening;

use std::io;
use std::path::PathBuf;

use crate::domain::person::Surface;
use crate::surface::answer::Answer;
use crate::surface::cli::{Caller, Exit, Output};
use crate::surface::console::choices::{Offer, Picked};
use crate::surface::console::lines::{Line, Lines};
use crate::surface::desk::{Outcome, Request};
use crate::surface::door::Door;

pub use crate::surface::console::opening::{Opening, open};

/// What a chat is held with.
pub struct Console {
    /// The way to the projects.
    pub door: Door,
    /// Who chats.
    pub caller: Caller,
    /// How answers look.
    pub output: Output,
    /// Where typed lines are remembered.
    pub history: PathBuf,
    /// The project: its name.
    pub project: String,
    /// Whether somebody sits at a terminal.
    pub interactive: bool,
}

impl Console {
    /// Chats until the person leaves or the input ends.
    pub async fn run(self) -> anyhow::Result<Exit> {
        let mut lines = Lines::open(self.interactive, &self.history)?;
        let mut offer = Offer::default();
        let mut exit = Exit::Done;
        if self.interactive {
            self.output.text("Type a command, a number for a choice, /help, or /quit. Tab completes.\n\n")?;
            offer = self.say("state", &mut exit).await?;
        }
        loop {
            let names = self.door.names(Some(self.project.clone())).await?;
            let prompt = format!("{} {}> ", self.project, names.state.as_deref().unwrap_or("?"));
            let typed = match lines.next(&prompt, names).await? {
                Line::Typed(typed) => typed,
                Line::Interrupted => {
                    self.output.text("/quit leaves.\n")?;
                    continue;
                }
                Line::End => break,
            };
            match offer.pick(&typed) {
                Picked::Nothing => {}
                Picked::Leave => break,
                Picked::NoSuchChoice(count) => self.output.text(&no_such_choice(count))?,
                Picked::Command(text) => offer = self.say(&text, &mut exit).await?,
                Picked::Asks { command, argument } => {
                    let prompt = format!("{argument}: ");
                    if let Line::Typed(value) = lines.next(&prompt, Default::default()).await? {
                        offer = self.say(&format!("{command} {value}"), &mut exit).await?;
                    }
                }
            }
        }
        lines.close();
        self.door.close().await;
        // People see what was refused; a script has only the exit code.
        Ok(if self.interactive { Exit::Done } else { exit })
    }

    /// Has a command carried out, shows the answer, and remembers what it offers.
    async fn say(&self, text: &str, exit: &mut Exit) -> anyhow::Result<Offer> {
        let outcome = self.door.run(self.request(text)).await?;
        *exit = worse(*exit, &outcome);
        let Some(reply) = &outcome.reply else { return Ok(Offer::default()) };
        self.show(reply)?;
        Ok(Offer::new(&reply.choices))
    }

    fn show(&self, reply: &Answer) -> io::Result<()> {
        self.output.answer(reply)?;
        self.output.text("\n")
    }

    fn request(&self, text: &str) -> Request {
        Request {
            text: text.to_owned(),
            project: Some(self.project.clone()),
            folder: self.caller.folder.clone(),
            person: self.caller.person.clone(),
            surface: Surface::Console,
            id: None,
            wait: false,
        }
    }
}

fn no_such_choice(count: usize) -> String {
    match count {
        0 => "There is nothing to choose from now.\n".to_owned(),
        count => format!("Choose a number from 1 to {count}.\n"),
    }
}

fn worse(exit: Exit, outcome: &Outcome) -> Exit {
    match (exit, outcome) {
        (Exit::Failed, _) => Exit::Failed,
        (exit, Outcome { ok: true, .. }) => exit,
        (_, Outcome { refusal: Some(_), .. }) => Exit::Refused,
        _ => Exit::Failed,
    }
}
