//! Messages that are kept up to date: posted once, edited when they should show something else, posted anew when gone.

use serenity::all::{ChannelId, MessageId};
use serenity::json::{Value, json};
use sha1::{Digest, Sha1};

use crate::ledger::Posted;
use crate::surface::discord::bot::Bot;
use crate::surface::discord::pace::Went;
use crate::surface::discord::rest::{self, Fault};

/// How much of a digest tells two contents apart.
const DIGEST: usize = 16;
/// The longest nonce that Discord takes.
const NONCE_MAX: usize = 25;

/// A message that is kept up to date.
#[derive(Clone, Copy, Debug)]
pub(super) struct Standing<'a> {
    /// What it is, such as `board`.
    pub(super) kind: &'static str,
    /// Whose it is: there is one of a kind for each.
    pub(super) owner: &'a str,
    /// Where it belongs.
    pub(super) channel: ChannelId,
    /// The beginning of its title if it is pinned: by that it is found again.
    pub(super) pinned_as: Option<&'a str>,
}

/// What a message should show.
#[derive(Clone, Debug)]
pub(super) struct Content {
    /// The body of a request that posts or edits it.
    pub(super) rich: Value,
    /// The same for a channel in which embeds are not allowed.
    pub(super) plain: Value,
}

/// What the ledger remembers of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Shown {
    digest: String,
    is_plain: bool,
    pin: Pin,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pin {
    /// It is as it should be.
    Settled,
    /// It is still to be done.
    Wanted,
    /// Discord did not allow it.
    Refused,
}

impl Shown {
    fn read(text: &str) -> Self {
        let mut words = text.split(' ');
        let digest = words.next().unwrap_or_default().to_owned();
        let (mut is_plain, mut pin) = (false, Pin::Settled);
        for word in words {
            match word {
                "plain" => is_plain = true,
                "unpinned" => pin = Pin::Wanted,
                "unpinnable" => pin = Pin::Refused,
                _ => {}
            }
        }
        Self { digest, is_plain, pin }
    }

    fn write(&self) -> String {
        let plain = if self.is_plain { " plain" } else { "" };
        let pin = match self.pin {
            Pin::Settled => "",
            Pin::Wanted => " unpinned",
            Pin::Refused => " unpinnable",
        };
        format!("{}{plain}{pin}", self.digest)
    }
}

impl Content {
    /// The same for two contents only if they are equal.
    pub(super) fn digest(&self) -> String {
        hex(&self.rich.to_string())
    }

    fn body(&self, is_plain: bool) -> &Value {
        if is_plain { &self.plain } else { &self.rich }
    }
}

fn hex(text: &str) -> String {
    Sha1::digest(text.as_bytes()).iter().take(DIGEST).map(|byte| format!("{byte:02x}")).collect()
}

/// How it went, for the pace; what Discord refused is told in the log.
pub(super) fn went(what: &str, done: Result<(), Fault>) -> Went {
    match done {
        Ok(()) => Went::Well,
        Err(fault @ (Fault::Away(_) | Fault::Token)) => {
            tracing::debug!("{what} waits: {fault}");
            Went::Away
        }
        Err(fault) => {
            tracing::warn!("{what} cannot be kept up to date: {fault}");
            Went::Refused
        }
    }
}

impl Bot {
    /// Makes a message show `content`. Sends nothing if it does already, and never edits it twice.
    pub(super) async fn keep_posted(&self, it: Standing<'_>, content: &Content) -> Result<(), Fault> {
        let known = self.noted(it)?;
        let known = match known {
            Some(posted) if posted.channel != it.channel.get() => {
                self.remove_posted(&posted).await?;
                None
            }
            Some(posted) => Some(posted),
            None => self.pinned_before(it).await?,
        };
        if let Some(posted) = &known
            && self.edit_posted(it, posted, content).await?
        {
            return Ok(());
        }
        self.post_anew(it, content).await
    }

    /// Whether a message is where it belongs and shows the content with this digest, so that nothing is to be done.
    pub(super) fn is_posted(&self, it: Standing<'_>, digest: &str) -> bool {
        let Ok(Some(posted)) = self.noted(it) else { return false };
        let shown = Shown::read(&posted.shown);
        posted.channel == it.channel.get() && shown.digest == digest && shown.pin != Pin::Wanted
    }

    /// Takes a message away that is not wanted any more, and forgets it.
    pub(super) async fn unpost(&self, kind: &str, owner: &str) -> Result<(), Fault> {
        let posted = self.ledger().posted(kind, owner).map_err(|error| Fault::Away(error.to_string()))?;
        let Some(posted) = posted else { return Ok(()) };
        self.remove_posted(&posted).await?;
        self.ledger().forget_posted(kind, owner).map_err(|error| Fault::Away(error.to_string()))
    }

    /// Brings a message up to date that should be there; false if it is not.
    async fn edit_posted(&self, it: Standing<'_>, posted: &Posted, content: &Content) -> Result<bool, Fault> {
        let mut shown = Shown::read(&posted.shown);
        let (channel, message) = (ChannelId::new(posted.channel), MessageId::new(posted.message));
        let is_new = shown.digest != content.digest();
        if is_new {
            let body = content.body(shown.is_plain);
            match rest::within(rest::TRY, self.http().edit_message(channel, message, body, Vec::new())).await
            {
                Ok(_) => {}
                Err(Fault::Gone(_)) => return Ok(false),
                Err(fault) => return Err(fault),
            }
            shown.digest = content.digest();
            // Somebody may have allowed it since.
            shown.pin = if shown.pin == Pin::Refused { Pin::Wanted } else { shown.pin };
            self.note(it, message, &shown)?;
        }
        self.pin(it, message, shown).await?;
        Ok(true)
    }

    async fn post_anew(&self, it: Standing<'_>, content: &Content) -> Result<(), Fault> {
        let before = self.noted(it)?.map_or(0, |posted| posted.message);
        // A second try after a crash, or after an answer that was lost, gives the message that is there already.
        let nonce = hex(&format!("{} {} {} {before}", it.kind, it.owner, it.channel));
        let post = async |is_plain: bool| {
            let mut body = content.body(is_plain).clone();
            body["nonce"] = json!(nonce.get(..NONCE_MAX).unwrap_or(&nonce));
            body["enforce_nonce"] = json!(true);
            rest::within(rest::TRY, self.http().send_message(it.channel, Vec::new(), &body)).await
        };
        let (posted, is_plain) = match post(false).await {
            Err(Fault::Forbidden(_)) => (post(true).await?, true),
            other => (other?, false),
        };
        let pin = if it.pinned_as.is_some() { Pin::Wanted } else { Pin::Settled };
        let shown = Shown { digest: content.digest(), is_plain, pin };
        self.note(it, posted.id, &shown)?;
        self.pin(it, posted.id, shown).await
    }

    async fn pin(&self, it: Standing<'_>, message: MessageId, shown: Shown) -> Result<(), Fault> {
        if shown.pin != Pin::Wanted {
            return Ok(());
        }
        let pin = match rest::within(rest::TRY, self.http().pin_message(it.channel, message, None)).await {
            Ok(()) => Pin::Settled,
            Err(fault) if fault.is_passing() => return Err(fault),
            Err(fault) => {
                tracing::warn!(channel = %it.channel, "the {} is not pinned: {fault}", it.kind);
                Pin::Refused
            }
        };
        self.note(it, message, &Shown { pin, ..shown })
    }

    /// A message of ours that is pinned already, though the ledger does not know it.
    async fn pinned_before(&self, it: Standing<'_>) -> Result<Option<Posted>, Fault> {
        let Some(title) = it.pinned_as else { return Ok(None) };
        let pinned = match rest::within(rest::TRY, self.http().get_pins(it.channel)).await {
            Ok(pinned) => pinned,
            Err(fault) if fault.is_passing() => return Err(fault),
            Err(_) => return Ok(None),
        };
        let is_titled =
            |embed: &serenity::all::Embed| embed.title.as_deref().is_some_and(|it| it.starts_with(title));
        let mut titled =
            pinned.into_iter().filter(|one| one.embeds.first().is_some_and(is_titled)).peekable();
        if titled.peek().is_none() {
            return Ok(None);
        }
        let own = rest::within(rest::TRY, self.http().get_current_user()).await?.id;
        let found = titled.find(|one| one.author.id == own);
        Ok(found.map(|one| Posted { channel: it.channel.get(), message: one.id.get(), shown: String::new() }))
    }

    /// Deletes a message, unless somebody else has.
    async fn remove_posted(&self, posted: &Posted) -> Result<(), Fault> {
        let (channel, message) = (ChannelId::new(posted.channel), MessageId::new(posted.message));
        match rest::within(rest::TRY, self.http().delete_message(channel, message, None)).await {
            Err(fault) if fault.is_passing() => Err(fault),
            Err(fault) => {
                tracing::debug!(%channel, "an old message stays: {fault}");
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    fn noted(&self, it: Standing<'_>) -> Result<Option<Posted>, Fault> {
        self.ledger().posted(it.kind, it.owner).map_err(|error| Fault::Away(error.to_string()))
    }

    fn note(&self, it: Standing<'_>, message: MessageId, shown: &Shown) -> Result<(), Fault> {
        let posted = Posted { channel: it.channel.get(), message: message.get(), shown: shown.write() };
        let noted = self.ledger().set_posted(it.kind, it.owner, &posted);
        noted.map_err(|error| Fault::Away(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_of_a_message_reads_as_it_was_written() {
        for is_plain in [false, true] {
            for pin in [Pin::Settled, Pin::Wanted, Pin::Refused] {
                let shown = Shown { digest: "0a1b".to_owned(), is_plain, pin };
                assert_eq!(Shown::read(&shown.write()), shown);
            }
        }
    }
}
