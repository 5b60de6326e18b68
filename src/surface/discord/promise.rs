//! Answers that are owed: whoever was told to wait hears something, even if the program ends before it could answer.

use std::time::Duration;

use serenity::all::{ChannelId, CreateAllowedMentions, CreateMessage, Message, MessageFlags};

use crate::ledger::Letter;
use crate::surface::answer::Answer;
use crate::surface::discord::asking::Line;
use crate::surface::discord::bot::Bot;
use crate::surface::discord::look;
use crate::surface::discord::outbox::letter;
use crate::surface::discord::rest;

/// How long to try to find out whether somebody was answered, before that is tried anew.
const PATIENCE: Duration = Duration::from_secs(10);
/// The pause while Discord is away.
const PAUSE: Duration = Duration::from_secs(2);
/// The latest messages of a channel that are looked at: as many as Discord gives at once.
const LATEST: u8 = 100;

impl Bot {
    /// Notes what whoever waits is to be told if the program ends before it could answer.
    pub(super) fn promise(&self, line: &Line, answer: &Answer) {
        let message = CreateMessage::new().allowed_mentions(CreateAllowedMentions::new());
        let message = match look::sheets(answer).first() {
            Some(sheet) if line.embeds => message.embed(sheet.embed()),
            _ => message.content(look::plain(answer)),
        };
        let noted = letter(line.channel, &nonce(line), &message).map(|it| self.ledger().promise(&it));
        if let Some(Err(error)) = noted {
            tracing::warn!(interaction = %line.id, "a crash now would leave somebody without an answer: {error}");
        }
    }

    /// Whoever waited was answered.
    pub(super) fn keep_promise(&self, line: &Line) {
        if let Err(error) = self.ledger().forget_promise(&nonce(line)) {
            tracing::warn!(interaction = %line.id, "whether it was answered will be looked up: {error}");
        }
    }

    /// Has everything said that the run before this one has promised and not come to say.
    pub(super) async fn redeem_promises(&self) {
        let promises = self.ledger().promises().unwrap_or_else(|error| {
            tracing::error!("the ledger cannot be read: {error}");
            Vec::new()
        });
        for promised in promises {
            let Some(answered) = self.was_answered(&promised).await else { return };
            let noted = if answered {
                self.ledger().forget_promise(&promised.nonce)
            } else {
                tracing::info!(
                    answer = promised.nonce,
                    "somebody who waited when the program ended is answered"
                );
                self.ledger().redeem(&promised.nonce)
            };
            if let Err(error) = noted {
                tracing::error!("the ledger cannot be written: {error}");
            }
        }
    }

    /// Whether the answer to an interaction is in its channel. `None` if the program stops meanwhile.
    async fn was_answered(&self, promised: &Letter) -> Option<bool> {
        let channel = ChannelId::new(promised.channel);
        loop {
            let latest =
                rest::patiently(PATIENCE, || self.http().get_messages(channel, None, Some(LATEST))).await;
            match latest {
                Ok(messages) => return Some(messages.iter().any(|message| answers(message, promised))),
                Err(fault) if fault.is_passing() => {
                    if self.sleep(PAUSE).await {
                        return None;
                    }
                }
                // Rather told twice than never.
                Err(fault) => {
                    tracing::debug!(%channel, "what was answered there cannot be seen: {fault}");
                    return Some(false);
                }
            }
        }
    }
}

/// The first message of an answer.
fn nonce(line: &Line) -> String {
    format!("{}-0", line.id)
}

/// Whether a message is the answer that was promised, and not only the sign that one will follow.
fn answers(message: &Message, promised: &Letter) -> bool {
    let waits = message.flags.is_some_and(|flags| flags.contains(MessageFlags::LOADING));
    let about = message.interaction_metadata.as_deref().and_then(|it| serde_json::to_value(it).ok());
    let id = about.as_ref().and_then(|about| about["id"].as_str());
    !waits && id.is_some_and(|id| promised.nonce.strip_prefix(id) == Some("-0"))
}
