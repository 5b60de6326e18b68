//! Buttons, menus and forms: what was pressed becomes a command, as if it had been typed.

use std::sync::Arc;

use serenity::all::{
    ActionRowComponent, ComponentInteraction, ComponentInteractionDataKind, CreateAllowedMentions,
    CreateInteractionResponse, CreateInteractionResponseMessage, Interaction, ModalInteraction,
};

use crate::domain::refusal::{Code, Refusal};
use crate::surface::discord::asking::{Asking, Line, Parts};
use crate::surface::discord::bot::Bot;
use crate::surface::discord::look::{self, Key};
use crate::surface::discord::serving::{Way, looks_only};
use crate::surface::parse;

/// What was pressed, once it is understood.
struct Press<'a> {
    asking: Asking,
    line: Line,
    /// What the button carried: a form says it again.
    custom_id: &'a str,
    key: Key,
}

impl Bot {
    /// Serves what is neither a slash command nor completion; poise takes care of those.
    pub(super) async fn interaction(self: &Arc<Self>, interaction: &Interaction) {
        let tasks = self.tasks.clone();
        match interaction {
            Interaction::Component(it) => tasks.track_future(self.component(it)).await,
            Interaction::Modal(it) => tasks.track_future(self.modal(it)).await,
            _ => {}
        }
    }

    async fn component(self: &Arc<Self>, interaction: &ComponentInteraction) {
        let parts = Parts::from(interaction);
        let custom_id = match &interaction.data.kind {
            ComponentInteractionDataKind::StringSelect { values } => values.first(),
            _ => Some(&interaction.data.custom_id),
        };
        let Some(custom_id) = custom_id else { return };
        match self.pressed(&parts, custom_id).await {
            Ok(press) => self.act(press).await,
            Err(refusal) => self.refuse(&parts.line(), &refusal).await,
        }
    }

    async fn pressed<'a>(&self, parts: &Parts<'_>, custom_id: &'a str) -> Result<Press<'a>, Refusal> {
        let key = self.key(custom_id)?;
        let asking = self.asking(parts).await?;
        Ok(Press { asking, line: parts.line(), custom_id, key })
    }

    /// What a button means.
    fn key(&self, custom_id: &str) -> Result<Key, Refusal> {
        let unusable = |why: String| Refusal::new(Code::Unknown, why, "type the command instead; see `help`");
        let key = Key::read(custom_id).map_err(|why| unusable(why.to_string()))?;
        self.unkept(key).ok_or_else(|| unusable("what that button meant is not known any more".to_owned()))
    }

    async fn act(self: &Arc<Self>, press: Press<'_>) {
        let Press { asking, line, custom_id, key } = press;
        match key {
            Key::Run { command } => self.press(&asking, &line, Way::Pressed, command).await,
            Key::Ask { command, argument } => {
                let form = look::modal(custom_id, &command, &argument);
                self.respond(&line, CreateInteractionResponse::Modal(form)).await;
            }
            Key::Page { number, command } => self.turn_to(&asking, &line, number, command).await,
            Key::Pick | Key::Kept(_) => {
                let refusal = Refusal::new(Code::Unknown, "nothing was chosen", "choose one of the list");
                self.refuse(&line, &refusal).await;
            }
        }
    }

    /// Runs a command that was offered.
    async fn press(self: &Arc<Self>, asking: &Asking, line: &Line, way: Way, text: String) {
        match parse::parse(&text) {
            Ok(parsed) => self.serve(asking, line, way, parsed.command.kind(), text).await,
            Err(refusal) => self.refuse(line, &refusal).await,
        }
    }

    /// Shows another page in place of the one that is shown.
    async fn turn_to(self: &Arc<Self>, asking: &Asking, line: &Line, number: u32, text: String) {
        let kind = parse::parse(&text).ok().map(|parsed| parsed.command.kind());
        let Some(kind) = kind.filter(|kind| looks_only(*kind)) else {
            let refusal = Refusal::new(Code::Invalid, "that page cannot be shown", "type the command again");
            return self.refuse(line, &refusal).await;
        };
        let (outcome, _) = self.carry_out(asking, kind, text.clone()).await;
        if let Some(refusal) = &outcome.refusal {
            return self.refuse(line, refusal).await;
        }
        let Some(reply) = &outcome.reply else { return };
        let number = usize::try_from(number).unwrap_or(1);
        let Some(parcel) = self.parcels(line, reply, None, Some(&text), number).await.into_iter().next()
        else {
            return;
        };
        let message = CreateInteractionResponseMessage::new()
            .allowed_mentions(CreateAllowedMentions::new())
            .components(parcel.rows);
        let message = match parcel.plain {
            Some(plain) => message.content(plain),
            None => message.embed(parcel.sheet.embed()),
        };
        let message = match parcel.file {
            Some(file) => message.add_file(file),
            None => message,
        };
        self.respond(line, CreateInteractionResponse::UpdateMessage(message)).await;
    }

    async fn modal(self: &Arc<Self>, interaction: &ModalInteraction) {
        let parts = Parts::from(interaction);
        let line = parts.line();
        let press = match self.pressed(&parts, &interaction.data.custom_id).await {
            Ok(press) => press,
            Err(refusal) => return self.refuse(&line, &refusal).await,
        };
        let Key::Ask { command, .. } = press.key else {
            let refusal =
                Refusal::new(Code::Unknown, "that form is not one of Bandmaster's", "type the command");
            return self.refuse(&line, &refusal).await;
        };
        let inputs = interaction.data.components.iter().flat_map(|row| &row.components);
        let inputs = inputs.filter_map(|component| match component {
            ActionRowComponent::InputText(input) => Some((input.custom_id.as_str(), input.value.as_deref()?)),
            _ => None,
        });
        let text = look::filled(&command, inputs);
        // What was filled in just now is not a moment that is over.
        self.press(&press.asking, &line, Way::Typed, text).await;
    }
}
