//! What cannot be posted now is posted later: in order, once, also after a restart.

use std::sync::Arc;
use std::time::Duration;

use serenity::all::{ChannelId, CreateMessage};
use serenity::json::Value;

use crate::ledger::{Letter, Waiting};
use crate::surface::discord::bot::Bot;
use crate::surface::discord::rest::{self, Fault};

/// How long to try with one message before Discord counts as away.
const PATIENCE: Duration = Duration::from_secs(5);
/// The pause while Discord is away; it doubles up to the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));
/// The longest nonce that Discord takes.
const NONCE_MAX: usize = 25;

/// A message as it is kept. Those with the same name are posted once.
pub(super) fn letter(channel: ChannelId, name: &str, message: &CreateMessage) -> Option<Letter> {
    let mut body = serde_json::to_value(message).ok()?;
    // Discord shows a message with a nonce that it has seen in the last minutes only once.
    let nonce: String = name.chars().rev().take(NONCE_MAX).collect();
    body["nonce"] = Value::from(nonce);
    body["enforce_nonce"] = Value::from(true);
    Some(Letter { channel: channel.get(), nonce: name.to_owned(), body: body.to_string() })
}

impl Bot {
    /// Posts a message, now or later. Texts with the same name are posted once.
    pub(super) fn post_sometime(&self, channel: ChannelId, name: &str, message: CreateMessage) {
        let Some(letter) = letter(channel, name, &message) else { return };
        match self.ledger().put_out(letter.channel, &letter.nonce, &letter.body) {
            Ok(()) => self.outbox_filled.notify_one(),
            Err(error) => tracing::error!(%channel, "a message is lost: {error}"),
        }
    }

    /// Posts what waits, until the program stops.
    pub(super) async fn empty_outbox(self: Arc<Self>) {
        self.redeem_promises().await;
        let mut pause = PAUSES.0;
        while !*self.stopping.borrow() {
            let waiting = self.ledger().waiting(1).unwrap_or_else(|error| {
                tracing::error!("the outbox cannot be read: {error}");
                Vec::new()
            });
            let Some(first) = waiting.into_iter().next() else {
                tokio::select! {
                    () = self.outbox_filled.notified() => {}
                    stopped = self.sleep(PAUSES.1) => if stopped { return },
                }
                continue;
            };
            if self.post(&first).await {
                pause = PAUSES.0;
                continue;
            }
            if self.sleep(pause).await {
                return;
            }
            pause = (pause * 2).min(PAUSES.1);
        }
    }

    /// Posts one message. False if Discord is away, so that it has to wait.
    async fn post(&self, waiting: &Waiting) -> bool {
        let channel = ChannelId::new(waiting.channel);
        let posted = match serde_json::from_str::<Value>(&waiting.body) {
            Ok(body) => rest::patiently(PATIENCE, || self.http().send_message(channel, Vec::new(), &body))
                .await
                .map(drop),
            Err(error) => Err(Fault::Invalid(error.to_string())),
        };
        match posted {
            Ok(()) => {}
            Err(fault) if fault.is_passing() => {
                tracing::warn!(%channel, "a message waits: {fault}");
                return false;
            }
            // It can never be posted; what it said is in the history of the project.
            Err(fault) => {
                tracing::warn!(%channel, "a message cannot be posted: {fault}");
                if matches!(fault, Fault::Gone(_)) {
                    self.guilds().forget_channel(channel);
                }
            }
        }
        if let Err(error) = self.ledger().take_out(waiting.id) {
            tracing::error!("the outbox cannot be written: {error}");
            return false;
        }
        true
    }
}
