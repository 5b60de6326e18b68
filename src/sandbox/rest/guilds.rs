//! Routes about guilds: what there is, and new channels.

use serde_json::{Value, json};

use crate::sandbox::error::{ApiError, refused};
use crate::sandbox::id::Snowflake;
use crate::sandbox::json;
use crate::sandbox::model::ChannelKind;
use crate::sandbox::permission::{self, Permissions};
use crate::sandbox::rest::{Answer, Call, Reply, channels, id, id_in, threads};
use crate::sandbox::world::World;

/// Channels of one guild, categories counted.
const CHANNELS: usize = 500;
/// Channels of one category.
const IN_CATEGORY: usize = 50;

pub(crate) fn route(world: &mut World, call: &Call, guild: Snowflake, parts: &[&str]) -> Answer {
    let found = world.guild(guild)?;
    match (call.method.as_str(), parts) {
        ("GET", []) => Ok(Reply::Json(world.guild_json(found))),
        ("GET", ["channels"]) => {
            Ok(Reply::Json(world.channels_of(guild).map(|one| world.channel_json(one)).collect()))
        }
        ("POST", ["channels"]) => make(world, call, guild),
        ("PATCH", ["channels"]) => arrange(world, call, guild),
        // Listing members needs an intent that this application was not granted.
        ("GET", ["members"]) => Err(refused::MissingAccess()),
        ("GET", ["members", user]) => {
            let user = if *user == "@me" { world.bot } else { id(user)? };
            let member = found.members.get(&user).ok_or_else(refused::UnknownMember)?;
            Ok(Reply::Json(world.member_json(member)))
        }
        ("GET", ["roles"]) => {
            Ok(Reply::Json(found.roles.iter().map(|role| json::role(role, world.bot)).collect()))
        }
        ("GET", ["threads", "active"]) => {
            let of_guild = world.channels.values().filter(|one| one.guild == Some(guild));
            let active = of_guild.filter(|one| one.kind == ChannelKind::Thread && !threads::is_archived(one));
            Ok(Reply::Json(threads::listed(world, active)))
        }
        _ => Err(refused::NotFound()),
    }
}

fn allow(world: &World, guild: Snowflake, needed: Permissions) -> Result<(), ApiError> {
    let can = permission::in_guild(world.guild(guild)?, world.bot);
    if can.contains(needed) { Ok(()) } else { Err(refused::MissingPermissions()) }
}

fn wrong_parent(code: &str, message: &str) -> ApiError {
    ApiError::form(json!({ "parent_id": { "_errors": [{ "code": code, "message": message }] } }))
}

/// Whether a category of this guild has room for one more.
pub(crate) fn fits_in_category(
    world: &World,
    guild: Option<Snowflake>,
    category: Snowflake,
) -> Result<(), ApiError> {
    let found = world.channels.get(&category).filter(|one| one.guild == guild);
    let Some(found) = found else {
        return Err(wrong_parent("CHANNEL_PARENT_INVALID", "Category does not exist"));
    };
    if found.kind != ChannelKind::Category {
        return Err(wrong_parent("CHANNEL_PARENT_INVALID_TYPE", "Not a category"));
    }
    let below = world.channels.values().filter(|one| one.parent == Some(category)).count();
    if below >= IN_CATEGORY {
        let message = format!("Maximum number of channels in category reached ({IN_CATEGORY})");
        return Err(wrong_parent("CHANNEL_PARENT_MAX_CHANNELS", &message));
    }
    Ok(())
}

fn make(world: &mut World, call: &Call, guild: Snowflake) -> Answer {
    allow(world, guild, Permissions::MANAGE_CHANNELS)?;
    let body = &call.body;
    let kind = match body["type"].as_u64().unwrap_or(0) {
        0 => ChannelKind::Text,
        4 => ChannelKind::Category,
        _ => {
            let fault = json!({ "code": "BASE_TYPE_CHOICES", "message": "Value must be one of {0, 4}." });
            return Err(ApiError::form(json!({ "type": { "_errors": [fault] } })));
        }
    };
    if body["name"].is_null() {
        let fault = json!({ "code": "BASE_TYPE_REQUIRED", "message": "This field is required" });
        return Err(ApiError::form(json!({ "name": { "_errors": [fault] } })));
    }
    channels::check(body, kind)?;
    let parent = id_in(&body["parent_id"]);
    if let Some(parent) = parent {
        fits_in_category(world, Some(guild), parent)?;
    }
    if world.channels_of(guild).count() >= CHANNELS {
        return Err(refused::TooManyChannels());
    }
    let id = world.add_channel(guild, kind, "", parent);
    // A new channel takes over what its category says, unless it says something itself.
    let inherited = parent.and_then(|id| world.channels.get(&id)).map(|parent| parent.overwrites.clone());
    let channel = world.channel_mut(id)?;
    channel.overwrites = inherited.unwrap_or_default();
    channels::fill(channel, body, kind);
    let channel = channel.clone();
    world.emit_channel("CREATE", &channel);
    Ok(Reply::Made(world.channel_json(&channel)))
}

/// Moves channels: to other places in the list, or under other categories.
fn arrange(world: &mut World, call: &Call, guild: Snowflake) -> Answer {
    allow(world, guild, Permissions::MANAGE_CHANNELS)?;
    let moves = call.body.as_array().map(Vec::as_slice).unwrap_or_default();
    for one in moves {
        let channel = id_in(&one["id"]).and_then(|id| world.channels.get(&id));
        let channel = channel.filter(|one| one.guild == Some(guild)).ok_or_else(refused::UnknownChannel)?;
        if let Some(parent) = id_in(&one["parent_id"]).filter(|parent| channel.parent != Some(*parent)) {
            fits_in_category(world, Some(guild), parent)?;
        }
    }
    for one in moves {
        let Some(id) = id_in(&one["id"]) else { continue };
        let mut body = json!({ "position": one["position"] });
        if let Some(parent) = one.get("parent_id").filter(|parent| !matches!(parent, Value::Bool(_))) {
            body["parent_id"] = parent.clone();
        }
        world.update_channel(id, |channel| {
            let kind = channel.kind;
            channels::fill(channel, &body, kind);
        })?;
    }
    Ok(Reply::Empty)
}
