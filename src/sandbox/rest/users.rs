//! Routes about accounts: the bot's own, other people's, and direct conversations.

use serde_json::{Value, json};

use crate::sandbox::error::refused;
use crate::sandbox::rest::{Answer, Call, Reply, id, id_in};
use crate::sandbox::world::World;

pub(crate) fn route(world: &mut World, call: &Call, parts: &[&str]) -> Answer {
    match (call.method.as_str(), parts) {
        ("GET", ["@me"]) => Ok(Reply::Json(me(world))),
        ("GET", ["@me", "guilds"]) => {
            let guilds = world.guilds.values().filter(|guild| guild.has_bot);
            let brief = guilds.map(|guild| {
                json!({ "id": guild.id, "name": guild.name, "icon": null, "banner": null, "owner": false,
                        "permissions": "0", "features": [] })
            });
            Ok(Reply::Json(brief.collect()))
        }
        ("POST", ["@me", "channels"]) => {
            let user = id_in(&call.body["recipient_id"]).filter(|id| world.users.contains_key(id));
            let user = user.ok_or_else(refused::UnknownUser)?;
            if world.users.get(&user).is_some_and(|user| user.bot) {
                return Err(refused::CannotMessageUser());
            }
            let channel = world.direct_channel(user);
            Ok(Reply::Json(world.channel_json(world.channel(channel)?)))
        }
        ("GET", [user]) => match world.user_json(id(user)?) {
            Value::Null => Err(refused::UnknownUser()),
            user => Ok(Reply::Json(user)),
        },
        _ => Err(refused::NotFound()),
    }
}

fn me(world: &World) -> Value {
    let mut user = world.user_json(world.bot);
    for (key, value) in [
        ("verified", json!(true)),
        ("mfa_enabled", json!(false)),
        ("locale", json!("en-US")),
        ("premium_type", json!(0)),
        ("email", Value::Null),
        ("bio", json!("")),
    ] {
        user[key] = value;
    }
    user
}

pub(crate) fn application(world: &World) -> Value {
    let owner = world.guilds.values().next().map(|guild| world.user_json(guild.owner));
    json!({
        "id": world.bot,
        "name": "bandmaster",
        "icon": null,
        "description": "",
        "summary": "",
        "type": null,
        "bot": world.user_json(world.bot),
        "bot_public": true,
        "bot_require_code_grant": false,
        "integration_types_config": { "0": {} },
        "verify_key": "0".repeat(64),
        "flags": 0,
        "flags_new": "0",
        "explicit_content_filter": 0,
        "eligible_oauth2_scopes": [],
        "owner": owner,
        "team": null,
        "redirect_uris": [],
        "interactions_endpoint_url": null,
        "role_connections_verification_url": null,
        "approximate_guild_count": world.guilds.len(),
        "approximate_user_install_count": 0,
        "approximate_user_authorization_count": 0,
    })
}

pub(crate) fn gateway_bot(world: &World) -> Value {
    let remaining = 1_000_u32.saturating_sub(world.gateway.identified);
    json!({
        "url": world.gateway_url(),
        "shards": 1,
        "session_start_limit":
            { "total": 1_000, "remaining": remaining, "reset_after": 86_400_000, "max_concurrency": 1 },
    })
}
