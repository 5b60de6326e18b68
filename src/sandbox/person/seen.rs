//! What a person sees after asking for something.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use crate::sandbox::discord::Discord;
use crate::sandbox::error::SandboxError;
use crate::sandbox::id::Snowflake;
use crate::sandbox::log::Logged;
use crate::sandbox::model::{Interaction, Message};
use crate::sandbox::person::Modal;
use crate::sandbox::rest::{CALLBACK, THINKING, TOKEN, WILL_UPDATE};
use crate::sandbox::world::World;

/// How far the bot is with what it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Nothing has come yet.
    Waiting,
    /// "The application is thinking…"
    Thinking,
    /// A click was taken note of, and nothing is to be seen of it yet.
    Noted,
    /// There is a message, a modal, or choices.
    Answered,
    /// "The application did not respond", in three seconds or, after it began to think, in fifteen minutes.
    NoResponse,
}

/// What a person sees of one interaction.
#[derive(Clone, Debug)]
pub struct Seen {
    /// How far it is.
    pub outcome: Outcome,
    /// The first answer (or the message that was clicked, if that was changed), then the follow-ups.
    pub messages: Vec<Message>,
    /// The window that opened.
    pub modal: Option<Modal>,
    /// Names and values that are offered while one types.
    pub choices: Vec<(String, Value)>,
}

impl Seen {
    /// The message that answers.
    ///
    /// # Errors
    ///
    /// Fails if there is none; the error says what there was instead.
    pub fn message(&self) -> Result<&Message, SandboxError> {
        let missing = || SandboxError::Unexpected(format!("a message, but it is {:?}", self.outcome));
        self.messages.first().ok_or_else(missing)
    }

    /// The window that opened.
    ///
    /// # Errors
    ///
    /// Fails if there is none.
    pub fn modal(&self) -> Result<&Modal, SandboxError> {
        let missing = || SandboxError::Unexpected(format!("a modal, but it is {:?}", self.outcome));
        self.modal.as_ref().ok_or_else(missing)
    }

    /// Whether only the person who asked sees the answer.
    pub fn is_private(&self) -> bool {
        !self.messages.is_empty() && self.messages.iter().all(|message| message.only_for.is_some())
    }

    /// All of it as plain text.
    pub fn text(&self) -> String {
        crate::sandbox::render::seen(self)
    }
}

/// Something that was asked of the bot, and may not be answered yet.
#[derive(Clone)]
pub struct Asked {
    discord: Discord,
    interaction: Snowflake,
    user: Snowflake,
    /// How often the clicked message was edited when it was clicked.
    edits: u32,
}

impl Asked {
    pub(crate) fn new(discord: Discord, interaction: Snowflake, user: Snowflake, edits: u32) -> Self {
        Self { discord, interaction, user, edits }
    }

    /// The id of the interaction.
    pub fn id(&self) -> Snowflake {
        self.interaction
    }

    /// The token with which the bot answers.
    pub fn token(&self) -> String {
        let read = |world: &World| world.interactions.get(&self.interaction).map(|one| one.token.clone());
        self.discord.shared().look(read).unwrap_or_default()
    }

    /// How long the bot took for its first sign, and for its first answer after that.
    pub fn took(&self) -> (Option<Duration>, Option<Duration>) {
        let (callback, webhook) = (format!("/{}/callback", self.token()), format!("/{}", self.token()));
        self.discord.shared().look(|world| {
            let Some(asked) = world.interactions.get(&self.interaction) else { return (None, None) };
            let mut done = world.log.entries().filter(|one| (200..300).contains(&one.status));
            let after = |at: Timestamp| Duration::try_from(at.duration_since(asked.created)).ok();
            let first = done.find(|one| one.path.ends_with(&callback)).and_then(|one| after(one.at));
            // The answer comes after the callback, and so it stands behind it.
            let is_answer = |one: &&Logged| one.path.starts_with("/webhooks/") && one.path.contains(&webhook);
            (first, done.find(is_answer).and_then(|one| after(one.at)))
        })
    }

    /// What is to be seen now.
    pub fn seen(&self) -> Seen {
        self.discord.shared().look(|world| match world.interactions.get(&self.interaction) {
            Some(interaction) => self.look(world, interaction),
            None => Seen { outcome: Outcome::NoResponse, messages: vec![], modal: None, choices: vec![] },
        })
    }

    /// Waits for the first sign of the bot: ten seconds at most.
    ///
    /// # Errors
    ///
    /// Fails when the time is over.
    pub async fn acknowledged(&self) -> Result<Seen, SandboxError> {
        let is_there = |_: &Discord| Some(self.seen()).filter(|seen| seen.outcome != Outcome::Waiting);
        self.discord.until("the first sign of the bot", is_there).await
    }

    /// Waits until there is something to read, or nothing will come any more: ten seconds at most. A click
    /// that was noted and then leads to nothing is told as such after that time.
    ///
    /// # Errors
    ///
    /// Fails when the time is over.
    pub async fn answered(&self) -> Result<Seen, SandboxError> {
        let is_final = |_: &Discord| Some(self.seen()).filter(|seen| seen.outcome >= Outcome::Answered);
        match self.discord.until("an answer of the bot", is_final).await {
            Err(_) if self.seen().outcome == Outcome::Noted => Ok(self.seen()),
            result => result,
        }
    }

    fn look(&self, world: &World, interaction: &Interaction) -> Seen {
        let ids = interaction.original.iter().chain(&interaction.follow_ups);
        let visible = |one: &&Message| !one.thinking && one.only_for.is_none_or(|user| user == self.user);
        let messages = ids.filter_map(|id| world.messages.get(id)).filter(visible).cloned().collect();
        let modal = interaction.modal.as_ref().map(|data| Modal {
            title: data["title"].as_str().unwrap_or_default().to_owned(),
            custom_id: data["custom_id"].as_str().unwrap_or_default().to_owned(),
            components: data["components"].as_array().cloned().unwrap_or_default(),
            opened_by: interaction.id,
        });
        let offered = interaction.choices.iter().flatten();
        let choice =
            |one: &Value| (one["name"].as_str().unwrap_or_default().to_owned(), one["value"].clone());
        Seen {
            outcome: self.outcome(world, interaction),
            messages,
            modal,
            choices: offered.map(choice).collect(),
        }
    }

    fn outcome(&self, world: &World, interaction: &Interaction) -> Outcome {
        let age = world.clock.age(interaction.created);
        match interaction.callback {
            None if age > CALLBACK => Outcome::NoResponse,
            None => Outcome::Waiting,
            Some(THINKING) if interaction.answers == 0 && age > TOKEN => Outcome::NoResponse,
            Some(THINKING) if interaction.answers == 0 => Outcome::Thinking,
            Some(WILL_UPDATE) if interaction.answers == 0 => {
                let source = interaction.source.map(|id| world.messages.get(&id));
                let has_changed = source.is_some_and(|one| one.is_none_or(|one| one.edits > self.edits));
                if has_changed { Outcome::Answered } else { Outcome::Noted }
            }
            Some(_) => Outcome::Answered,
        }
    }
}
