//! Says things to people who asked: an acknowledgement at once, the answer, later pages, or why not.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serenity::all::{
    Builder, CreateAllowedMentions, CreateAttachment, CreateInteractionResponse,
    CreateInteractionResponseFollowup, CreateInteractionResponseMessage, CreateMessage,
    EditInteractionResponse,
};
use sha1::{Digest, Sha1};

use crate::domain::command::CommandKind;
use crate::domain::refusal::Refusal;
use crate::ledger::Ledger;
use crate::surface::answer::{self, Answer};
use crate::surface::desk::Outcome;
use crate::surface::discord::asking::Line;
use crate::surface::discord::bot::Bot;
use crate::surface::discord::look::{self, Key, Keys, Paging, Sheet};
use crate::surface::discord::picture;
use crate::surface::discord::rest::{self, Fault};
use crate::surface::discord::serving::looks_only;

/// Discord shows an interaction as failed when it hears nothing for three seconds.
const ACKNOWLEDGE: Duration = Duration::from_millis(2500);
/// How long to try to give an answer in its place, before it is posted as a message of its own.
const IN_PLACE: Duration = Duration::from_secs(8);
/// The most messages that one answer may take.
const MESSAGES_MAX: usize = 10;
/// How much of a commit id people read.
const SHORT_ID: usize = 10;

/// Everything that one message shows, before it is known where it goes.
pub(super) struct Parcel {
    pub(super) sheet: Sheet,
    pub(super) rows: Vec<serenity::all::CreateActionRow>,
    pub(super) file: Option<CreateAttachment>,
    pub(super) plain: Option<String>,
}

/// Puts a parcel into a message. The builders have these methods in common, but no trait.
macro_rules! filled {
    ($builder:expr, $parcel:expr, $attach:ident) => {{
        let parcel: &Parcel = $parcel;
        let message = $builder.allowed_mentions(CreateAllowedMentions::new()).components(parcel.rows.clone());
        let message = match &parcel.plain {
            Some(plain) => message.content(plain),
            None => message.embed(parcel.sheet.embed()),
        };
        match &parcel.file {
            Some(file) => message.$attach(file.clone()),
            None => message,
        }
    }};
}

/// Texts that are too long for a button are kept in the ledger.
pub(super) struct Kept<'a>(pub(super) &'a Ledger);

impl Keys for Kept<'_> {
    fn keep(&mut self, text: &str) -> String {
        let digest = Sha1::digest(text.as_bytes());
        let key: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        if let Err(error) = self.0.keep_text(&key, text) {
            tracing::warn!("a button will not work: {error}");
        }
        key
    }
}

impl Bot {
    /// Tells Discord that an answer follows. False if that did not work: then nothing may be carried out.
    ///
    /// What only helps the one who asked need not be seen by all: it is private.
    pub(super) async fn acknowledge(&self, line: &Line, private: bool) -> bool {
        let message = CreateInteractionResponseMessage::new().ephemeral(private);
        self.respond(line, CreateInteractionResponse::Defer(message)).await
    }

    /// Answers an interaction for the first time. False if that did not work, or if it was answered before: the
    /// gateway tells some things twice.
    pub(super) async fn respond(&self, line: &Line, response: CreateInteractionResponse) -> bool {
        let tries = AtomicU32::new(0);
        let sent = rest::patiently(ACKNOWLEDGE, || {
            tries.fetch_add(1, Ordering::Relaxed);
            response.clone().execute(self.http(), (line.id, line.token.as_str()))
        });
        match sent.await {
            Ok(()) => true,
            // An earlier try of ours has arrived although its answer has not.
            Err(Fault::Over(why)) if why.contains("already") => tries.load(Ordering::Relaxed) > 1,
            Err(fault) => {
                tracing::warn!(interaction = %line.id, "cannot be answered, so nothing was done: {fault}");
                false
            }
        }
    }

    /// Says why something is not done, to whoever asked and nobody else.
    pub(super) async fn refuse(&self, line: &Line, refusal: &Refusal) {
        let answer = answer::refused(refusal, None);
        let message = self.ephemeral(line, &answer);
        self.respond(line, CreateInteractionResponse::Message(message)).await;
    }

    /// The same for an outcome, whose reply may offer to confirm.
    pub(super) async fn refuse_at_once(&self, line: &Line, outcome: &Outcome) {
        if let Some(reply) = &outcome.reply {
            let message = self.ephemeral(line, reply);
            self.respond(line, CreateInteractionResponse::Message(message)).await;
        }
    }

    fn ephemeral(&self, line: &Line, answer: &Answer) -> CreateInteractionResponseMessage {
        let parcel = self.first_parcel(line, answer);
        filled!(CreateInteractionResponseMessage::new().ephemeral(true), &parcel, add_file)
    }

    /// The beginning of an answer as one message without a picture: all there is of a refusal.
    fn first_parcel(&self, line: &Line, answer: &Answer) -> Parcel {
        let sheet = look::sheets(answer).swap_remove(0);
        let rows = look::rows(&answer.choices, None, &mut Kept(self.ledger()));
        Parcel { sheet, rows, file: None, plain: (!line.embeds).then(|| look::plain(answer)) }
    }

    /// Says why a command was refused, after it was acknowledged. If that was in public, the place is given up.
    pub(super) async fn tell_refused(&self, line: &Line, outcome: &Outcome, private: bool) {
        let Some(reply) = &outcome.reply else { return };
        if private {
            let parcels = self.parcels(line, reply, None, None, 1).await;
            let Some(parcel) = parcels.into_iter().next() else { return };
            if let Err(fault) = self.edit_original(line, &parcel).await {
                tracing::warn!(interaction = %line.id, "a refusal could not be told: {fault}");
            }
            return;
        }
        let given_up = rest::patiently(IN_PLACE, || async {
            self.http().delete_original_interaction_response(&line.token).await
        });
        if let Err(fault) = given_up.await {
            tracing::debug!("a placeholder stays: {fault}");
        }
        let parcel = self.first_parcel(line, reply);
        let message = filled!(CreateInteractionResponseFollowup::new().ephemeral(true), &parcel, add_file);
        let sent = rest::patiently(IN_PLACE, || async {
            message.clone().execute(self.http(), (None, line.token.as_str())).await
        });
        if let Err(fault) = sent.await {
            // Nothing was done, and nothing may be shown to others.
            tracing::warn!(interaction = %line.id, "a refusal could not be told: {fault}");
        }
    }

    /// Gives the answer to a command that was carried out, or failed on our side.
    pub(super) async fn tell(
        self: &Arc<Self>,
        line: &Line,
        kind: CommandKind,
        text: &str,
        outcome: &Outcome,
    ) {
        let Some(reply) = &outcome.reply else { return };
        let looks_only = looks_only(kind);
        let mut parcels =
            self.parcels(line, reply, outcome.commit.as_deref(), looks_only.then_some(text), 1).await;
        if looks_only {
            parcels.truncate(1);
        }
        let mut parcels = parcels.into_iter().take(MESSAGES_MAX).enumerate();
        let Some((_, first)) = parcels.next() else { return };
        if let Err(fault) = self.edit_original(line, &first).await {
            tracing::info!(interaction = %line.id, "the answer goes to the channel instead: {fault}");
            self.post_instead(line, reply, 0).await;
            return;
        }
        for (number, parcel) in parcels {
            if let Err(fault) = self.follow_up(line, &parcel).await {
                tracing::info!(interaction = %line.id, "page {} goes to the channel: {fault}", number + 1);
                self.post_instead(line, reply, number).await;
                return;
            }
        }
    }

    /// The messages that an answer takes. What only looks has all its pages behind buttons, and gives page `number`.
    pub(super) async fn parcels(
        &self,
        line: &Line,
        reply: &Answer,
        commit: Option<&str>,
        pages_of: Option<&str>,
        number: usize,
    ) -> Vec<Parcel> {
        let mut sheets = look::sheets(reply);
        let mut file = self.attach(line, reply, &mut sheets).await;
        if let (Some(commit), Some(last)) = (commit, sheets.last_mut()) {
            name_commit(last, commit);
        }
        let count = sheets.len();
        let mut keys = Kept(self.ledger());
        if let Some(command) = pages_of.map(str::to_owned)
            && count > 1
        {
            let shown = number.clamp(1, count);
            let small = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
            let paging = Paging { page: small(shown), pages: small(count), command };
            let rows = look::rows(&reply.choices, Some(paging), &mut keys);
            let plain = (!line.embeds).then(|| look::plain(reply));
            return vec![Parcel {
                sheet: sheets.swap_remove(shown - 1),
                rows,
                file: file.filter(|_| shown == 1),
                plain,
            }];
        }
        let parcel = |(at, sheet): (usize, Sheet)| {
            let rows = if at + 1 == count { look::rows(&reply.choices, None, &mut keys) } else { Vec::new() };
            let plain = (!line.embeds && at == 0).then(|| look::plain(reply));
            Parcel { sheet, rows, file: file.take(), plain }
        };
        sheets.into_iter().enumerate().map(parcel).collect()
    }

    /// The picture of an answer as a file, which the first sheet shows.
    async fn attach(&self, line: &Line, reply: &Answer, sheets: &mut [Sheet]) -> Option<CreateAttachment> {
        let picture = reply.picture.as_ref().filter(|_| line.files && line.embeds)?;
        let drawn = picture::drawn(picture).await?;
        let first = sheets.first_mut()?;
        *first = first.clone().with_picture(drawn.file_name, &drawn.alt);
        Some(CreateAttachment::bytes(drawn.bytes, drawn.file_name).description(drawn.alt))
    }

    async fn edit_original(&self, line: &Line, parcel: &Parcel) -> Result<(), Fault> {
        let message = filled!(EditInteractionResponse::new(), parcel, new_attachment);
        let edited = rest::patiently(IN_PLACE, || async {
            message.clone().execute(self.http(), line.token.as_str()).await
        });
        edited.await.map(drop)
    }

    async fn follow_up(&self, line: &Line, parcel: &Parcel) -> Result<(), Fault> {
        let message = filled!(CreateInteractionResponseFollowup::new(), parcel, add_file);
        let sent = rest::patiently(IN_PLACE, || async {
            message.clone().execute(self.http(), (None, line.token.as_str())).await
        });
        sent.await.map(drop)
    }

    /// Posts the answer, or what is left of it from a page on, as ordinary messages: now or as soon as that works.
    async fn post_instead(self: &Arc<Self>, line: &Line, reply: &Answer, from: usize) {
        let sheets = look::sheets(reply);
        let last = sheets.len().saturating_sub(1);
        for (at, sheet) in sheets.into_iter().enumerate().skip(from).take(MESSAGES_MAX) {
            let message = CreateMessage::new().allowed_mentions(CreateAllowedMentions::new());
            let message =
                if line.embeds { message.embed(sheet.embed()) } else { message.content(look::plain(reply)) };
            let rows = if at == last {
                look::rows(&reply.choices, None, &mut Kept(self.ledger()))
            } else {
                Vec::new()
            };
            self.post_sometime(line.channel, &format!("{}-{at}", line.id), message.components(rows));
        }
    }

    /// The key behind a button, also when it was too long for it.
    pub(super) fn unkept(&self, key: Key) -> Option<Key> {
        let Key::Kept(name) = key else { return Some(key) };
        let text = self.ledger().kept_text(&name).ok().flatten()?;
        Key::read(&text).ok()
    }
}

fn name_commit(sheet: &mut Sheet, commit: &str) {
    let short: String = commit.chars().take(SHORT_ID).collect();
    sheet.footer = Some(match sheet.footer.take() {
        Some(footer) => format!("{footer} · commit {short}"),
        None => format!("commit {short}"),
    });
}
