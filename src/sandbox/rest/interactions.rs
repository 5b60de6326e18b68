//! Routes that answer a person: the one callback, and messages by the token of the interaction.

use std::time::Duration;

use serde_json::{Value, json};

use crate::sandbox::check::{self, Form};
use crate::sandbox::error::{ApiError, refused};
use crate::sandbox::id::Snowflake;
use crate::sandbox::model::{EPHEMERAL, Interaction, Message};
use crate::sandbox::rest::{Answer, Call, Reply, id, messages};
use crate::sandbox::world::World;

/// How long a person waits for the first sign.
pub(crate) const CALLBACK: Duration = Duration::from_secs(3);
/// How long the token of an interaction can be used.
pub(crate) const TOKEN: Duration = Duration::from_mins(15);

pub(crate) const MESSAGE: u8 = 4;
pub(crate) const THINKING: u8 = 5;
pub(crate) const WILL_UPDATE: u8 = 6;
pub(crate) const UPDATE: u8 = 7;
pub(crate) const CHOICES: u8 = 8;
pub(crate) const MODAL: u8 = 9;

/// The first answer to an interaction.
pub(crate) fn callback(world: &mut World, call: &Call, id_text: &str, token: &str) -> Answer {
    let wanted = id(id_text)?;
    let found = world.interactions.get(&wanted).filter(|one| one.token == token);
    let mut interaction = found.ok_or_else(refused::UnknownInteraction)?.clone();
    if interaction.callback.is_some() {
        return Err(refused::AlreadyAcknowledged());
    }
    if world.clock.age(interaction.created) > CALLBACK {
        return Err(refused::UnknownInteraction());
    }
    let kind = call.body["type"].as_u64().and_then(|kind| u8::try_from(kind).ok()).unwrap_or(0);
    if !is_possible(&interaction, kind) {
        let fault =
            json!({ "code": "BASE_TYPE_CHOICES", "message": "This callback does not fit the interaction" });
        return Err(ApiError::form(json!({ "type": { "_errors": [fault] } })));
    }
    act(world, call, &mut interaction, kind).map_err(inside_data)?;
    interaction.callback = Some(kind);
    let original = interaction.original;
    world.keep_interaction(interaction);
    if call.query("with_response") != Some("true") {
        return Ok(Reply::Empty);
    }
    let message = original.and_then(|id| world.messages.get(&id));
    let resource = message.map(|one| json!({ "type": kind, "message": world.message_json(one) }));
    let about = json!({
        "id": wanted, "type": call.body["type"], "response_message_id": original,
        "response_message_loading": kind == THINKING,
        "response_message_ephemeral": message.is_some_and(|one| one.only_for.is_some()),
    });
    Ok(Reply::Json(json!({ "interaction": about, "resource": resource })))
}

/// In a callback the message is one level deeper, and so are its faults.
fn inside_data(error: ApiError) -> ApiError {
    match error.json().get("errors") {
        Some(errors) if errors.get("data").is_none() => ApiError::form(json!({ "data": errors })),
        _ => error,
    }
}

/// Which callback which kind of interaction takes.
fn is_possible(interaction: &Interaction, kind: u8) -> bool {
    match (interaction.kind, kind) {
        (4, CHOICES) | (2 | 3 | 5, MESSAGE | THINKING) | (2 | 3, MODAL) => true,
        (3 | 5, WILL_UPDATE | UPDATE) => interaction.source.is_some(),
        _ => false,
    }
}

fn act(world: &mut World, call: &Call, interaction: &mut Interaction, kind: u8) -> Result<(), ApiError> {
    let data = &call.body["data"];
    match kind {
        MESSAGE => {
            let message = answering(world, interaction, data);
            let message = fill(world, message, data, call)?;
            interaction.original = Some(message);
            interaction.answers += 1;
        }
        THINKING => {
            let mut message = answering(world, interaction, data);
            message.thinking = true;
            interaction.original = Some(message.id);
            world.keep_message(message.clone());
            world.emit_message("MESSAGE_CREATE", &message);
        }
        UPDATE => {
            let source = source(world, interaction)?;
            messages::change(world, source, data, call)?;
            interaction.answers += 1;
        }
        CHOICES => {
            check::command::offered(data)?;
            interaction.choices = data["choices"].as_array().cloned();
        }
        MODAL => {
            let mut form = Form::default();
            check::component::modal(&mut form, data);
            form.finish()?;
            interaction.modal = Some(data.clone());
        }
        _ => {}
    }
    if matches!(kind, WILL_UPDATE | UPDATE) {
        interaction.original = interaction.source;
    }
    Ok(())
}

fn source(world: &World, interaction: &Interaction) -> Result<Message, ApiError> {
    let source = interaction.source.and_then(|id| world.messages.get(&id));
    source.cloned().ok_or_else(refused::UnknownMessage)
}

/// An empty message that answers `interaction`.
fn answering(world: &mut World, interaction: &Interaction, data: &Value) -> Message {
    let mut message = world.blank_message(interaction.channel, world.bot);
    let is_command = interaction.kind == 2;
    message.kind = if is_command { 20 } else { 0 };
    message.interaction = Some(interaction.metadata.clone());
    message.webhook = true;
    if let Some(source) = interaction.source {
        message.kind = 19;
        message.reference =
            Some(json!({ "type": 0, "message_id": source, "channel_id": interaction.channel }));
    }
    if data["flags"].as_u64().unwrap_or(0) & EPHEMERAL != 0 {
        message.flags |= EPHEMERAL;
        message.only_for = Some(interaction.user);
    }
    message
}

fn fill(world: &mut World, mut message: Message, data: &Value, call: &Call) -> Result<Snowflake, ApiError> {
    world.fill(&mut message, data, &call.files)?;
    let id = message.id;
    world.keep_message(message.clone());
    world.emit_message("MESSAGE_CREATE", &message);
    Ok(id)
}

/// What can be done with the token of an interaction.
pub(crate) fn webhook(
    world: &mut World,
    call: &Call,
    application: &str,
    token: &str,
    parts: &[&str],
) -> Answer {
    let found = world.interactions.values().find(|one| one.token == token);
    let interaction =
        found.filter(|_| application == world.bot.to_string()).ok_or_else(refused::UnknownWebhook)?;
    if world.clock.age(interaction.created) > TOKEN {
        return Err(refused::InvalidWebhookToken());
    }
    // Before the callback there is nothing behind the token.
    if interaction.callback.is_none() {
        return Err(refused::UnknownWebhook());
    }
    let interaction = interaction.clone();
    match (call.method.as_str(), parts) {
        ("POST", []) => follow_up(world, call, interaction),
        (method, ["messages", message]) => {
            let message = own_message(world, &interaction, message)?;
            match method {
                "GET" => Ok(Reply::Json(world.message_json(&message))),
                "PATCH" => {
                    let json = messages::change(world, message, &call.body, call)?;
                    answered(world, interaction.id);
                    Ok(Reply::Json(json))
                }
                "DELETE" => {
                    world.remove_message(message.id)?;
                    answered(world, interaction.id);
                    Ok(Reply::Empty)
                }
                _ => Err(refused::MethodNotAllowed()),
            }
        }
        _ => Err(refused::NotFound()),
    }
}

fn answered(world: &mut World, id: Snowflake) {
    if let Some(interaction) = world.interactions.get_mut(&id) {
        interaction.answers += 1;
    }
}

/// `@original`, or a follow-up of the same interaction.
fn own_message(world: &World, interaction: &Interaction, name: &str) -> Result<Message, ApiError> {
    let wanted = if name == "@original" { interaction.original } else { Some(id(name)?) };
    let own = |id: &Snowflake| interaction.original == Some(*id) || interaction.follow_ups.contains(id);
    let message = wanted.filter(own).and_then(|id| world.messages.get(&id));
    message.cloned().ok_or_else(refused::UnknownMessage)
}

fn follow_up(world: &mut World, call: &Call, mut interaction: Interaction) -> Answer {
    let original = interaction.original.and_then(|id| world.messages.get(&id));
    // The first word after "is thinking" takes the place of that.
    if let Some(thinking) = original.filter(|one| one.thinking).cloned() {
        let json = messages::change(world, thinking, &call.body, call)?;
        answered(world, interaction.id);
        return Ok(Reply::Json(json));
    }
    let mut message = answering(world, &interaction, &call.body);
    message.kind = 19;
    if let Some(original) = interaction.original {
        message.reference =
            Some(json!({ "type": 0, "message_id": original, "channel_id": interaction.channel }));
        if let Some(metadata) = &mut message.interaction {
            metadata["original_response_message_id"] = json!(original);
        }
    }
    let id = fill(world, message, &call.body, call)?;
    interaction.follow_ups.push(id);
    interaction.answers += 1;
    world.keep_interaction(interaction);
    let message = world.messages.get(&id).ok_or_else(refused::UnknownMessage)?;
    Ok(Reply::Json(world.message_json(message)))
}
