//! Routes about channels: reading, changing, removing, typing; messages and threads have files of their own.

use serde_json::Value;

use crate::sandbox::check::Form;
use crate::sandbox::error::{ApiError, refused};
use crate::sandbox::id::Snowflake;
use crate::sandbox::model::{Channel, ChannelKind};
use crate::sandbox::permission::{Overwrite, Permissions};
use crate::sandbox::rest::{Answer, Call, Reply, guilds, id, id_in, messages, threads};
use crate::sandbox::world::World;

const TOPIC: usize = 1_024;
/// Six hours.
const SLOWEST: u64 = 21_600;

pub(crate) fn route(world: &mut World, call: &Call, channel: Snowflake, parts: &[&str]) -> Answer {
    match (call.method.as_str(), parts) {
        (_, ["messages", message, "threads"]) => threads::start(world, call, channel, Some(id(message)?)),
        (_, ["messages", rest @ ..]) => messages::route(world, call, channel, rest),
        (_, ["threads" | "thread-members", ..]) => threads::route(world, call, channel, parts),
        ("GET", ["pins"]) => messages::pins(world, channel, false),
        ("PUT", ["pins", message]) => messages::pin(world, channel, id(message)?, true),
        ("DELETE", ["pins", message]) => messages::pin(world, channel, id(message)?, false),
        ("POST", ["typing"]) => {
            world.allow(world.channel(channel)?, Permissions::SEND_MESSAGES)?;
            world.typing.insert(channel, world.clock.now());
            Ok(Reply::Empty)
        }
        ("GET", []) => {
            let found = world.channel(channel)?;
            world.allow(found, Permissions::NONE)?;
            Ok(Reply::Json(world.channel_json(found)))
        }
        ("PATCH", []) => change(world, call, channel),
        ("DELETE", []) => remove(world, channel),
        ("PUT" | "DELETE", ["permissions", target]) => overwrite(world, call, channel, id(target)?),
        _ => Err(refused::NotFound()),
    }
}

/// The permission that changing a channel needs.
fn needed(channel: &Channel) -> Permissions {
    match channel.kind {
        ChannelKind::Thread => Permissions::MANAGE_THREADS,
        _ => Permissions::MANAGE_CHANNELS,
    }
}

fn remove(world: &mut World, id: Snowflake) -> Answer {
    let channel = world.channel(id)?;
    world.allow(channel, needed(channel))?;
    let json = world.channel_json(channel);
    world.remove_channel(id)?;
    Ok(Reply::Json(json))
}

fn change(world: &mut World, call: &Call, id: Snowflake) -> Answer {
    let channel = world.channel(id)?;
    let body = &call.body;
    if channel.kind == ChannelKind::Thread {
        return threads::change(world, call, id);
    }
    world.allow(channel, needed(channel))?;
    check(body, channel.kind)?;
    if let Some(parent) = id_in(&body["parent_id"]).filter(|parent| channel.parent != Some(*parent)) {
        guilds::fits_in_category(world, channel.guild, parent)?;
    }
    let kind = channel.kind;
    world.update_channel(id, |channel| fill(channel, body, kind))?;
    Ok(Reply::Json(world.channel_json(world.channel(id)?)))
}

/// Checks what a new or changed channel shall be.
pub(crate) fn check(body: &Value, kind: ChannelKind) -> Result<(), ApiError> {
    let mut form = Form::default();
    if !body["name"].is_null() {
        form.needed_text(body, "name", "", 100);
        if named(body["name"].as_str().unwrap_or_default(), kind).is_empty() {
            form.length("name", 0, 1, 100);
        }
    }
    form.text(body, "topic", "", TOPIC);
    if body["rate_limit_per_user"].as_u64().is_some_and(|seconds| seconds > SLOWEST) {
        let message = format!("int value should be less than or equal to {SLOWEST}.");
        form.at("rate_limit_per_user", "NUMBER_TYPE_MAX", message);
    }
    form.finish()
}

/// Puts the body of a request into a channel.
pub(crate) fn fill(channel: &mut Channel, body: &Value, kind: ChannelKind) {
    if let Some(name) = body["name"].as_str() {
        channel.name = named(name, kind);
    }
    if let Some(topic) = body.get("topic") {
        channel.topic = topic.as_str().map(str::to_owned).filter(|topic| !topic.is_empty());
    }
    if let Some(position) = body["position"].as_i64() {
        channel.position = position;
    }
    if body.get("parent_id").is_some() {
        channel.parent = id_in(&body["parent_id"]);
    }
    if let Some(seconds) = body["rate_limit_per_user"].as_u64() {
        channel.slow_mode = seconds;
    }
    if let Some(overwrites) = body["permission_overwrites"].as_array() {
        channel.overwrites =
            overwrites.iter().filter_map(|one| read_overwrite(one, id_in(&one["id"])?)).collect();
    }
}

/// Text channels are called as Discord writes them: small letters and hyphens.
pub(crate) fn named(name: &str, kind: ChannelKind) -> String {
    if kind != ChannelKind::Text {
        return name.trim().to_owned();
    }
    let lower = name.trim().to_lowercase();
    let dropped = |c: &char| !c.is_ascii() || c.is_ascii_alphanumeric() || ['-', '_', ' '].contains(c);
    let kept: String = lower.chars().filter(dropped).map(|c| if c == ' ' { '-' } else { c }).collect();
    let words: Vec<_> = kept.split('-').filter(|word| !word.is_empty()).collect();
    words.join("-")
}

fn read_overwrite(body: &Value, target: Snowflake) -> Option<Overwrite> {
    let bits = |key: &str| match &body[key] {
        Value::String(text) => text.parse().ok(),
        Value::Number(number) => number.as_u64(),
        Value::Null => Some(0),
        _ => None,
    };
    Some(Overwrite {
        target,
        is_member: body["type"] == 1,
        allow: Permissions::from_bits(bits("allow")?),
        deny: Permissions::from_bits(bits("deny")?),
    })
}

fn overwrite(world: &mut World, call: &Call, id: Snowflake, target: Snowflake) -> Answer {
    world.allow(world.channel(id)?, Permissions::MANAGE_ROLES)?;
    let new = (call.method == "PUT").then(|| read_overwrite(&call.body, target)).flatten();
    world.update_channel(id, |channel| {
        channel.overwrites.retain(|one| one.target != target);
        channel.overwrites.extend(new);
    })?;
    Ok(Reply::Empty)
}
