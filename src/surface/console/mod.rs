//! The interactive chat with one project in a terminal.
//!
//! Invariants:
//!
//! - What is typed here means what it means on every other surface.
//! - Without a terminal it reads commands line by line, so that a script can speak to it.
//! - A command gets its id here, before it is sent: where a server goes away in the middle it is asked again under
//!   the same id, and so never carried out twice.
//!
//! Deliberately absent: state. What it shows is asked for again each time.

mod choices;
mod completer;
mod lines;
mod opening;

use std::time::Duration;

use crate::domain::person::Surface;
use crate::engine::Settings;
use crate::surface::answer::{self, Answer};
use crate::surface::cli::{Caller, Exit, Output};
use crate::surface::console::choices::{Offer, Picked, commands};
use crate::surface::console::lines::{Line, Lines};
use crate::surface::desk::{Names, Outcome, Request, fresh_id};
use crate::surface::door::{Door, DoorError};

pub use crate::surface::console::opening::{Opening, open};

/// How long a console waits for another process that has the projects open.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a chat is held with.
pub struct Console {
    /// The way to the projects.
    pub door: Door,
    /// With what the projects are opened if the server goes away.
    pub settings: Settings,
    /// Who chats.
    pub caller: Caller,
    /// How answers look.
    pub output: Output,
    /// The project: its name.
    pub project: String,
    /// Whether somebody sits at a terminal.
    pub interactive: bool,
}

impl Console {
    /// Chats until the person leaves or the input ends.
    pub async fn run(self) -> anyhow::Result<Exit> {
        let lines = Lines::open(self.interactive, &self.settings.data_dir.join("console-history"))?;
        let mut chat = Chat { with: self, lines, offer: Offer::default(), exit: Exit::Done };
        let ended = chat.hold().await;
        chat.lines.close();
        chat.with.door.close().await;
        ended?;
        // People see what was refused; a script has only the exit code.
        Ok(if chat.with.interactive { Exit::Done } else { chat.exit })
    }
}

/// Whether the chat goes on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    Line,
    Leave,
}

struct Chat {
    with: Console,
    lines: Lines,
    /// What the latest answer offers.
    offer: Offer,
    /// The worst that happened so far.
    exit: Exit,
}

impl Chat {
    async fn hold(&mut self) -> anyhow::Result<()> {
        if self.with.interactive {
            self.with.output.remark(WELCOME)?;
            self.with.output.text("\n")?;
            let Some(mut outcome) = self.ask("state").await? else { return Ok(()) };
            if let Some(reply) = &mut outcome.reply {
                // It fills the screen, and `/state` draws it.
                reply.picture = None;
            }
            self.show(&outcome)?;
        }
        loop {
            // Where nobody answers, the next command finds out.
            let names = self.with.door.names(Some(self.with.project.clone())).await.unwrap_or_default();
            let typed = match self.lines.next(&prompt(&self.with.project, &names), names).await? {
                Line::Typed(typed) => typed,
                Line::Interrupted => {
                    self.with.output.remark("/quit leaves.")?;
                    continue;
                }
                Line::NotText => {
                    self.exit = worse(self.exit, Exit::Refused);
                    self.with.output.complaint(&Answer::warning("Not understood").paragraph(NOT_TEXT))?;
                    continue;
                }
                Line::End => return Ok(()),
            };
            for command in commands(&typed) {
                if self.take(command).await? == Next::Leave {
                    return Ok(());
                }
            }
        }
    }

    /// Does what a typed line asks.
    async fn take(&mut self, typed: &str) -> anyhow::Result<Next> {
        let text = match self.offer.pick(typed) {
            Picked::Nothing => return Ok(Next::Line),
            Picked::Leave => return Ok(Next::Leave),
            Picked::NoSuchChoice(count) => {
                self.exit = worse(self.exit, Exit::Refused);
                self.with.output.remark(&no_such_choice(count))?;
                return Ok(Next::Line);
            }
            Picked::Command(text) => text,
            Picked::Asks { command, argument } => match self.lines.answer(&format!("{argument}: ")).await? {
                Some(value) => format!("{command} {value}"),
                None => {
                    self.with.output.remark("Nothing was sent.")?;
                    return Ok(Next::Line);
                }
            },
        };
        let Some(outcome) = self.ask(&text).await? else { return Ok(Next::Leave) };
        self.show(&outcome)?;
        Ok(Next::Line)
    }

    /// Has a command carried out; nothing if the server went away and the person leaves too.
    async fn ask(&mut self, text: &str) -> anyhow::Result<Option<Outcome>> {
        let request = self.request(text);
        loop {
            match self.with.door.run(request.clone()).await {
                Ok(outcome) => return Ok(Some(outcome)),
                Err(DoorError::Gone { source }) if self.with.interactive => {
                    let answer = Answer::warning("The server went away")
                        .paragraph(source.to_string())
                        .paragraph("It is not known whether the command was carried out. Going on asks it again; it is not carried out twice.");
                    self.with.output.answer(&answer)?;
                    if !self.reopened().await? {
                        return Ok(None);
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Finds the projects again, if the person wants that.
    async fn reopened(&mut self) -> anyhow::Result<bool> {
        while self.lines.agreed("Go on? [Y/n] ").await? {
            match Door::open(&self.with.settings, PATIENCE).await? {
                Ok(door) => {
                    let how = match &door {
                        Door::Here(_) => "No server is running; this console has opened the projects itself.",
                        Door::There(_) => "Connected to the server again.",
                    };
                    self.with.door = door;
                    self.with.output.remark(how)?;
                    self.with.output.text("\n")?;
                    return Ok(true);
                }
                Err(refusal) => self.with.output.answer(&answer::refused(&refusal, None))?,
            }
        }
        Ok(false)
    }

    /// Shows an answer and remembers what it offers.
    fn show(&mut self, outcome: &Outcome) -> anyhow::Result<()> {
        self.exit = worse(self.exit, exit(outcome));
        self.offer = Offer::default();
        if let Some(reply) = &outcome.reply {
            self.with.output.answer(reply)?;
            self.with.output.text("\n")?;
            self.offer = Offer::new(&reply.choices);
        }
        Ok(())
    }

    fn request(&self, text: &str) -> Request {
        Request {
            text: text.to_owned(),
            project: Some(self.with.project.clone()),
            folder: self.with.caller.folder.clone(),
            person: self.with.caller.person.clone(),
            surface: Surface::Console,
            id: Some(fresh_id(&self.with.settings.ambient).to_string()),
            wait: false,
        }
    }
}

const WELCOME: &str = "Type a command, a number for a choice, /help, or /quit. Tab completes.";
const NOT_TEXT: &str = "a line is not text in UTF-8";

fn prompt(project: &str, names: &Names) -> String {
    format!("{project} {}> ", names.state.as_deref().unwrap_or("?"))
}

fn no_such_choice(count: usize) -> String {
    match count {
        0 => "There is nothing to choose from now.".to_owned(),
        count => format!("Choose a number from 1 to {count}."),
    }
}

fn exit(outcome: &Outcome) -> Exit {
    match outcome {
        Outcome { ok: true, .. } => Exit::Done,
        Outcome { refusal: Some(_), .. } => Exit::Refused,
        _ => Exit::Failed,
    }
}

fn worse(one: Exit, other: Exit) -> Exit {
    match (one, other) {
        (Exit::Failed, _) | (_, Exit::Failed) => Exit::Failed,
        (Exit::Refused, _) | (_, Exit::Refused) => Exit::Refused,
        _ => Exit::Done,
    }
}
