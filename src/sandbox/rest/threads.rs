//! Routes about threads: starting, archiving, locking, listing.

use serde_json::{Value, json};

use crate::sandbox::check::Form;
use crate::sandbox::error::{ApiError, refused};
use crate::sandbox::id::Snowflake;
use crate::sandbox::model::{Channel, ChannelKind};
use crate::sandbox::permission::Permissions;
use crate::sandbox::rest::{Answer, Call, Reply};
use crate::sandbox::world::World;

const ARCHIVE_AFTER: [u64; 4] = [60, 1_440, 4_320, 10_080];

/// Threads of a guild that are not in the archive.
const ACTIVE: usize = 1_000;

pub(crate) fn route(world: &mut World, call: &Call, channel: Snowflake, parts: &[&str]) -> Answer {
    match (call.method.as_str(), parts) {
        ("POST", ["threads"]) => start(world, call, channel, None),
        ("GET", ["threads", "archived", "public"]) => {
            world.allow(world.channel(channel)?, Permissions::READ_MESSAGE_HISTORY)?;
            let own = |one: &&Channel| one.parent == Some(channel) && is_archived(one);
            Ok(Reply::Json(listed(world, world.channels.values().filter(own).rev())))
        }
        ("PUT" | "DELETE", ["thread-members", _]) => {
            world.allow(world.channel(channel)?, Permissions::NONE)?;
            Ok(Reply::Empty)
        }
        _ => Err(refused::NotFound()),
    }
}

pub(crate) fn is_archived(channel: &Channel) -> bool {
    channel.thread.as_ref().is_some_and(|thread| thread.archived)
}

/// Threads as lists of them are answered.
pub(crate) fn listed<'a>(world: &World, threads: impl Iterator<Item = &'a Channel>) -> Value {
    let threads: Vec<_> = threads.take(100).map(|one| world.channel_json(one)).collect();
    json!({ "threads": threads, "members": [], "has_more": false })
}

/// Starts a thread from a message, or by itself.
pub(crate) fn start(world: &mut World, call: &Call, parent: Snowflake, from: Option<Snowflake>) -> Answer {
    let channel = world.channel(parent)?;
    world.allow(channel, Permissions::CREATE_PUBLIC_THREADS)?;
    if channel.kind != ChannelKind::Text {
        return Err(refused::NotOfThisChannelKind());
    }
    if let Some(message) = from {
        let found =
            world.messages.get(&message).filter(|one| one.channel == parent && one.only_for.is_none());
        let found = found.ok_or_else(refused::UnknownMessage)?;
        if !matches!(found.kind, 0 | 19 | 20 | 23) {
            return Err(refused::SystemMessage());
        }
    }
    let body = &call.body;
    let mut form = Form::default();
    form.needed_text(body, "name", "", 100);
    check_archive_after(&mut form, body);
    // Without a type it would be private, which nobody here can make.
    if from.is_none() && body["type"] != 11 {
        form.at("type", "BASE_TYPE_CHOICES", "Value must be one of {11}.");
    }
    form.finish()?;
    let guild = channel.guild;
    let active =
        world.channels.values().filter(|one| one.guild == guild && one.thread.is_some() && !is_archived(one));
    if active.count() >= ACTIVE {
        return Err(refused::TooManyThreads());
    }
    let name = body["name"].as_str().unwrap_or_default().trim().to_owned();
    let after = body["auto_archive_duration"].as_u64().unwrap_or(4_320);
    let id = world.start_thread(parent, from, world.bot, &name, after)?;
    Ok(Reply::Made(world.channel_json(world.channel(id)?)))
}

fn check_archive_after(form: &mut Form, body: &Value) {
    let fine = |after: &Value| after.as_u64().is_some_and(|after| ARCHIVE_AFTER.contains(&after));
    if body.get("auto_archive_duration").is_some_and(|after| !after.is_null() && !fine(after)) {
        let message = "Value must be one of {60, 1440, 4320, 10080}.";
        form.at("auto_archive_duration", "BASE_TYPE_CHOICES", message);
    }
}

/// Renames, archives or locks a thread.
pub(crate) fn change(world: &mut World, call: &Call, id: Snowflake) -> Answer {
    let channel = world.channel(id)?;
    let body = &call.body;
    let thread = channel.thread.as_ref().ok_or_else(refused::NotOfThisChannelKind)?;
    let by_owner = channel.owner == Some(world.bot) && body.get("locked").is_none() && !thread.locked;
    world.allow(channel, if by_owner { Permissions::NONE } else { Permissions::MANAGE_THREADS })?;
    // In the archive nothing changes but that it is left.
    if thread.archived && body["archived"] != false {
        return Err(refused::ThreadArchived());
    }
    checked(body)?;
    let now = world.clock.now();
    world.update_channel(id, |channel| {
        if let Some(name) = body["name"].as_str() {
            name.trim().clone_into(&mut channel.name);
        }
        if let Some(seconds) = body["rate_limit_per_user"].as_u64() {
            channel.slow_mode = seconds;
        }
        let Some(thread) = &mut channel.thread else { return };
        if let Some(archived) = body["archived"].as_bool().filter(|archived| *archived != thread.archived) {
            thread.archived = archived;
            thread.archived_or_back = now;
        }
        thread.locked = body["locked"].as_bool().unwrap_or(thread.locked);
        thread.archive_after = body["auto_archive_duration"].as_u64().unwrap_or(thread.archive_after);
    })?;
    Ok(Reply::Json(world.channel_json(world.channel(id)?)))
}

fn checked(body: &Value) -> Result<(), ApiError> {
    let mut form = Form::default();
    if !body["name"].is_null() {
        form.needed_text(body, "name", "", 100);
    }
    check_archive_after(&mut form, body);
    form.finish()
}
