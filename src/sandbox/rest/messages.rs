//! Routes about messages: writing, reading, editing, removing, pinning.

use serde_json::{Value, json};

use crate::sandbox::error::{ApiError, refused};
use crate::sandbox::gateway::{hide_content, intent};
use crate::sandbox::id::Snowflake;
use crate::sandbox::model::{ChannelKind, Message};
use crate::sandbox::permission::Permissions;
use crate::sandbox::rest::{Answer, Call, Reply, id, id_in};
use crate::sandbox::world::World;

/// Pins of one channel.
const PINS: usize = 50;

pub(crate) fn route(world: &mut World, call: &Call, channel: Snowflake, parts: &[&str]) -> Answer {
    match (call.method.as_str(), parts) {
        ("GET", []) => list(world, call, channel),
        ("POST", []) => post(world, call, channel),
        ("POST", ["bulk-delete"]) => remove_many(world, call, channel),
        ("GET", ["pins"]) => pins(world, channel, true),
        ("PUT", ["pins", message]) => pin(world, channel, id(message)?, true),
        ("DELETE", ["pins", message]) => pin(world, channel, id(message)?, false),
        ("GET", [message]) => {
            readable(world, channel)?;
            let message = public(world, channel, id(message)?)?;
            Ok(Reply::Json(seen_by_bot(world, message)))
        }
        ("PATCH", [message]) => edit(world, call, channel, id(message)?),
        ("DELETE", [message]) => remove(world, channel, id(message)?),
        _ => Err(refused::NotFound()),
    }
}

/// A file of a message.
pub(crate) fn file(world: &World, file: &str) -> Answer {
    let wanted = id(file)?;
    let all = world.messages.values().flat_map(|message| &message.attachments);
    let file = all.into_iter().find(|file| file.id == wanted).ok_or_else(refused::NotFound)?;
    let content_type = file.content_type.clone().unwrap_or_else(|| "application/octet-stream".to_owned());
    Ok(Reply::File { bytes: file.bytes.clone(), content_type })
}

fn readable(world: &World, channel: Snowflake) -> Result<(), ApiError> {
    world.allow(world.channel(channel)?, Permissions::READ_MESSAGE_HISTORY)
}

/// A message that stands in the channel for all to see.
fn public(world: &World, channel: Snowflake, message: Snowflake) -> Result<&Message, ApiError> {
    let found = world.messages.get(&message).filter(|one| one.channel == channel && one.only_for.is_none());
    found.ok_or_else(refused::UnknownMessage)
}

/// Without the intent for it, a bot does not read what others wrote to others.
fn seen_by_bot(world: &World, message: &Message) -> Value {
    let mut json = world.message_json(message);
    let in_guild = world.channels.get(&message.channel).is_some_and(|channel| channel.guild.is_some());
    if in_guild && message.author != world.bot && !message.pings.contains(&world.bot.to_string()) {
        hide_content(&mut json);
    }
    json
}

fn list(world: &World, call: &Call, channel: Snowflake) -> Answer {
    readable(world, channel)?;
    let bound = |key: &str| call.query(key).map(id).transpose();
    let (before, after, around) = (bound("before")?, bound("after")?, bound("around")?);
    let limit = call.limit(50, 100);
    let public = |one: &&Message| one.channel == channel && one.only_for.is_none();
    let mut found: Vec<_> = world.messages.values().filter(public).collect();
    if let Some(after) = after {
        found.retain(|one| one.id > after);
        found.truncate(limit);
    }
    if let Some(around) = around {
        let middle = found.iter().position(|one| one.id >= around).unwrap_or(found.len());
        found.truncate(middle + limit / 2 + 1);
    }
    if let Some(before) = before {
        found.retain(|one| one.id < before);
    }
    Ok(Reply::Json(found.into_iter().rev().take(limit).map(|one| seen_by_bot(world, one)).collect()))
}

/// Whether the bot may write into the channel; takes a thread out of the archive if that is all it needs.
fn open_for_writing(world: &mut World, call: &Call, channel: Snowflake) -> Result<(), ApiError> {
    let place = world.channel(channel)?;
    if place.kind == ChannelKind::Category {
        return Err(ApiError::new(400, 50008, "Cannot send messages in a non-text channel"));
    }
    let mut needed = match place.kind {
        ChannelKind::Thread => Permissions::SEND_MESSAGES_IN_THREADS,
        _ => Permissions::SEND_MESSAGES,
    };
    if !call.files.is_empty() {
        needed = needed | Permissions::ATTACH_FILES;
    }
    if call.body["embeds"].as_array().is_some_and(|embeds| !embeds.is_empty()) {
        needed = needed | Permissions::EMBED_LINKS;
    }
    world.allow(place, needed)?;
    let Some(thread) = &place.thread else { return Ok(()) };
    let moderates = world.permissions(world.bot, place).contains(Permissions::MANAGE_THREADS);
    match (thread.locked, thread.archived) {
        (true, true) if !moderates => Err(refused::ThreadArchived()),
        (true, false) if !moderates => Err(refused::ThreadLocked()),
        (_, true) => world.archive(channel, false),
        _ => Ok(()),
    }
}

fn post(world: &mut World, call: &Call, channel: Snowflake) -> Answer {
    open_for_writing(world, call, channel)?;
    let body = &call.body;
    let nonce = body.get("nonce").filter(|nonce| !nonce.is_null());
    if let Some(nonce) = nonce.filter(|_| body["enforce_nonce"] == true)
        && let Some(same) = same_nonce(world, channel, nonce)
    {
        return Ok(Reply::Json(world.message_json(same)));
    }
    let mut message = world.blank_message(channel, world.bot);
    world.fill(&mut message, body, &call.files)?;
    message.nonce = nonce.cloned();
    if let Some(to) = id_in(&body["message_reference"]["message_id"]) {
        if world.messages.get(&to).is_none_or(|one| one.channel != channel) {
            return Err(ApiError::form(json!({ "message_reference": { "_errors": [
                { "code": "REPLIES_UNKNOWN_MESSAGE", "message": "Unknown message" }] } })));
        }
        message.kind = 19;
        message.reference = Some(json!({ "type": 0, "message_id": to, "channel_id": channel }));
    }
    let json = world.message_json(&message);
    world.keep_message(message.clone());
    world.typing.remove(&channel);
    world.emit_message("MESSAGE_CREATE", &message);
    Ok(Reply::Json(json))
}

/// A message of the bot with the same nonce, written in the last minutes.
fn same_nonce<'a>(world: &'a World, channel: Snowflake, nonce: &Value) -> Option<&'a Message> {
    let recent = |one: &&Message| world.clock.age(one.written).as_secs() < 300;
    let same = |one: &&Message| one.channel == channel && one.nonce.as_ref() == Some(nonce);
    world.messages.values().rev().take_while(recent).filter(same).find(|one| one.author == world.bot)
}

/// The archive is for reading.
fn not_archived(world: &World, channel: Snowflake) -> Result<(), ApiError> {
    match &world.channel(channel)?.thread {
        Some(thread) if thread.archived => Err(refused::ThreadArchived()),
        _ => Ok(()),
    }
}

fn edit(world: &mut World, call: &Call, channel: Snowflake, id: Snowflake) -> Answer {
    world.allow(world.channel(channel)?, Permissions::NONE)?;
    not_archived(world, channel)?;
    let message = public(world, channel, id)?.clone();
    if message.author != world.bot {
        return Err(refused::AnothersMessage());
    }
    Ok(Reply::Json(change(world, message, &call.body, call)?))
}

/// Edits a message of the bot, by whichever route, and tells of it.
pub(crate) fn change(
    world: &mut World,
    mut message: Message,
    body: &Value,
    call: &Call,
) -> Result<Value, ApiError> {
    world.fill(&mut message, body, &call.files)?;
    if message.thinking {
        // The first answer is not an edit to those who read it.
        message.thinking = false;
    } else {
        message.edits += 1;
        message.edited = Some(world.clock.now());
    }
    let json = world.message_json(&message);
    world.keep_message(message.clone());
    world.emit_message("MESSAGE_UPDATE", &message);
    Ok(json)
}

fn remove(world: &mut World, channel: Snowflake, id: Snowflake) -> Answer {
    world.allow(world.channel(channel)?, Permissions::NONE)?;
    not_archived(world, channel)?;
    if public(world, channel, id)?.author != world.bot {
        world.allow(world.channel(channel)?, Permissions::MANAGE_MESSAGES)?;
    }
    world.remove_message(id)?;
    Ok(Reply::Empty)
}

fn remove_many(world: &mut World, call: &Call, channel: Snowflake) -> Answer {
    world.allow(world.channel(channel)?, Permissions::MANAGE_MESSAGES)?;
    let ids: Vec<_> = call.body["messages"].as_array().into_iter().flatten().filter_map(id_in).collect();
    if !(2..=100).contains(&ids.len()) {
        return Err(ApiError::form(json!({ "messages": { "_errors": [
            { "code": "BASE_TYPE_BAD_LENGTH", "message": "Must be between 2 and 100 in length." }] } })));
    }
    for id in ids {
        if public(world, channel, id).is_ok() {
            world.remove_message(id)?;
        }
    }
    Ok(Reply::Empty)
}

/// The pinned messages; the newer route wraps them.
pub(crate) fn pins(world: &World, channel: Snowflake, wrapped: bool) -> Answer {
    readable(world, channel)?;
    let pinned = world.messages.values().rev().filter(|one| one.channel == channel && one.pinned);
    if !wrapped {
        return Ok(Reply::Json(pinned.map(|one| seen_by_bot(world, one)).collect()));
    }
    let items =
        pinned.map(|one| json!({ "pinned_at": one.written.to_string(), "message": seen_by_bot(world, one) }));
    Ok(Reply::Json(json!({ "items": items.collect::<Value>(), "has_more": false })))
}

/// Pins a message or takes the pin away. Doing either twice changes nothing.
pub(crate) fn pin(world: &mut World, channel: Snowflake, id: Snowflake, pinned: bool) -> Answer {
    let place = world.channel(channel)?;
    // In force since January 2026, before which managing messages was enough.
    world.allow(place, Permissions::PIN_MESSAGES)?;
    not_archived(world, channel)?;
    let mut message = public(world, channel, id)?.clone();
    if message.pinned == pinned {
        return Ok(Reply::Empty);
    }
    let others = world.messages.values().filter(|one| one.channel == channel && one.pinned).count();
    if pinned && others >= PINS {
        return Err(refused::TooManyPins());
    }
    message.pinned = pinned;
    let now = world.clock.now();
    let place = world.channel_mut(channel)?;
    place.last_pin = pinned.then_some(now).or(place.last_pin);
    let update =
        json!({ "guild_id": place.guild, "channel_id": channel, "last_pin_timestamp": now.to_string() });
    world.keep_message(message.clone());
    world.emit("CHANNEL_PINS_UPDATE", intent::GUILDS, &update);
    world.emit_message("MESSAGE_UPDATE", &message);
    if pinned {
        // "bandmaster pinned a message to this channel."
        let mut notice = world.blank_message(channel, world.bot);
        notice.kind = 6;
        notice.reference = Some(json!({ "type": 0, "message_id": id, "channel_id": channel }));
        world.keep_message(notice.clone());
        world.emit_message("MESSAGE_CREATE", &notice);
    }
    Ok(Reply::Empty)
}
