//! Every event that the local Discord sends is one that an independent decoder knows.

use std::collections::BTreeSet;

use bandmaster::sandbox::{Permissions, Server};
use serde::de::DeserializeSeed;
use serde_json::{Value, json};
use twilight_model::gateway::event::{GatewayEvent, GatewayEventDeserializer};

use crate::support::{Rest, Socket, openapi};

const EXPECTED: [&str; 17] = [
    "CHANNEL_CREATE",
    "CHANNEL_DELETE",
    "CHANNEL_PINS_UPDATE",
    "CHANNEL_UPDATE",
    "GUILD_CREATE",
    "GUILD_DELETE",
    "GUILD_ROLE_CREATE",
    "GUILD_ROLE_UPDATE",
    "INTERACTION_CREATE",
    "MESSAGE_CREATE",
    "MESSAGE_DELETE",
    "MESSAGE_UPDATE",
    "READY",
    "RESUMED",
    "THREAD_CREATE",
    "THREAD_DELETE",
    "THREAD_UPDATE",
];

#[tokio::test]
async fn every_event_decodes_elsewhere() {
    let discord = Server::start().await.unwrap();
    let (mut socket, session) = Socket::identified(&discord).await;
    drop(socket);
    everything_happens(&discord).await;

    socket = Socket::connect(&discord).await;
    socket.resume(&discord.token(), &session, 0).await;
    let mut seen = BTreeSet::new();
    let mut kinds = BTreeSet::new();
    while !seen.contains("RESUMED") {
        let frame = socket.frame().await;
        decode(&frame);
        seen.insert(frame["t"].as_str().unwrap().to_owned());
        kinds.extend(frame["d"]["token"].is_string().then(|| frame["d"]["type"].as_u64().unwrap()));
    }

    assert_eq!(seen.iter().map(String::as_str).collect::<Vec<_>>(), EXPECTED);
    assert_eq!(kinds, BTreeSet::from([2, 3, 4, 5]), "the kinds of interactions");
    openapi::check_answers(&discord);
}

/// Fails if twilight does not know the event, or misses a field.
fn decode(frame: &Value) {
    let text = frame.to_string();
    let seed = GatewayEventDeserializer::from_json(&text).unwrap();
    let event = seed.deserialize(&mut serde_json::Deserializer::from_str(&text));
    match event {
        Ok(GatewayEvent::Dispatch(..)) => {}
        other => panic!("{}: {other:?}\n{frame:#}", frame["t"]),
    }
}

/// One of everything that the gateway tells of.
async fn everything_happens(discord: &Server) {
    let rest = Rest::new(discord);
    let guild = discord.guild();
    let bob = discord.add_person(guild, "bob");
    let role = discord.add_role(guild, "approver", Permissions::MANAGE_MESSAGES);
    discord.set_role(guild, role, Permissions::NONE);
    discord.set_roles(&bob, guild, &[role]);
    let elsewhere = discord.add_guild("elsewhere");
    discord.set_bot_in_guild(elsewhere, false);
    channels_and_messages(discord, &rest).await;
    interactions(discord, &rest).await;
}

async fn channels_and_messages(discord: &Server, rest: &Rest) {
    let guild = discord.guild();
    let category = discord.add_category(guild, "Projects");
    let channel = json!({ "name": "demo", "parent_id": category });
    let channel = rest.ok("POST", &format!("/guilds/{guild}/channels"), channel).await;
    let path = format!("/channels/{}", channel["id"].as_str().unwrap());
    rest.ok("PATCH", &path, json!({ "topic": "a project" })).await;
    let embed = json!({ "title": "S-1", "fields": [{ "name": "points", "value": "5" }] });
    let message = json!({ "content": "hello", "embeds": [embed], "components": [row()] });
    let (_, message) =
        rest.upload("POST", &format!("{path}/messages"), &message, &[("a.txt", b"text")]).await;
    let id = message["id"].as_str().unwrap();
    rest.ok("PUT", &format!("{path}/messages/pins/{id}"), Value::Null).await;
    let thread = rest.ok("POST", &format!("{path}/messages/{id}/threads"), json!({ "name": "Run" })).await;
    let thread = format!("/channels/{}", thread["id"].as_str().unwrap());
    rest.ok("POST", &format!("{thread}/messages"), json!({ "content": "red" })).await;
    rest.ok("PATCH", &thread, json!({ "archived": true })).await;
    rest.ok("DELETE", &thread, Value::Null).await;
    rest.ok("DELETE", &format!("{path}/messages/{id}"), Value::Null).await;
    let bob = discord.owner();
    bob.write("demo", "I am here").unwrap();
    bob.write("@bandmaster", "and here").unwrap();
    bob.rename_channel("demo", "demo-2").unwrap();
    bob.delete_channel("demo-2").unwrap();
}

fn row() -> Value {
    let button = json!({ "type": 2, "style": 1, "label": "Edit", "custom_id": "edit" });
    json!({ "type": 1, "components": [button] })
}

/// A command, its completion, a click on the answer, a filled-in window, a select, and the same between two.
async fn interactions(discord: &Server, rest: &Rest) {
    let bot = discord.bot();
    let options: Vec<_> = [(3, "text"), (6, "who"), (7, "where"), (8, "role")]
        .map(|(kind, name)| {
            json!({ "type": kind, "name": name, "description": name, "autocomplete": kind == 3 })
        })
        .into();
    let command = json!([{ "name": "ask", "description": "asks", "options": options }]);
    rest.ok("PUT", &format!("/applications/{bot}/commands"), command).await;
    let ada = discord.owner();
    let channel = discord.channel("general").unwrap().id;
    let given = json!({ "text": "t", "who": ada.id().to_string(), "where": channel.to_string(),
        "role": discord.guild().to_string() });
    let asked = ada.ask_slash("general", "ask", &given).unwrap();
    let select = json!({ "type": 3, "custom_id": "s", "options": [{ "label": "A", "value": "a" }] });
    let data = json!({ "content": "?", "components": [row(), { "type": 1, "components": [select] }] });
    let callback = |id, token: String| format!("/interactions/{id}/{token}/callback");
    let answer = json!({ "type": 4, "data": data });
    rest.ok("POST", &callback(asked.id(), asked.token()), answer).await;
    let message = asked.seen().message().unwrap().clone();
    let clicked = ada.ask_click(&message, "Edit").unwrap();
    let input = json!({ "type": 4, "custom_id": "i", "label": "Title", "style": 1 });
    let modal =
        json!({ "title": "T", "custom_id": "m", "components": [{ "type": 1, "components": [input] }] });
    rest.ok("POST", &callback(clicked.id(), clicked.token()), json!({ "type": 9, "data": modal })).await;
    let modal = clicked.seen().modal.unwrap();
    let submitted = ada.ask_submit(&modal, &json!({ "Title": "new" })).unwrap();
    let answer = json!({ "type": 4, "data": { "content": "done", "flags": 64 } });
    rest.ok("POST", &callback(submitted.id(), submitted.token()), answer).await;
    ada.ask_choose(&message, "s", &["A"]).unwrap();
    ada.ask_slash("@bandmaster", "ask", &json!({})).unwrap();
    ada.ask_typing("general", "ask", &json!({ "text": "x" }), "text").unwrap();
}

#[tokio::test]
async fn every_answer_is_as_discord_describes_it() {
    let discord = Server::start().await.unwrap();
    let rest = Rest::new(&discord);
    let (guild, bot) = (discord.guild(), discord.bot());
    let channel = discord.channel("general").unwrap().id;
    everything_happens(&discord).await;
    let message = json!({ "content": "hello", "nonce": "7", "enforce_nonce": true, "components": [row()] });
    let message = rest.ok("POST", &format!("/channels/{channel}/messages"), message).await;
    let pin = format!("/channels/{channel}/pins/{}", message["id"].as_str().unwrap());
    rest.ok("PUT", &pin, Value::Null).await;
    for path in [
        "/gateway".to_owned(),
        "/gateway/bot".to_owned(),
        "/users/@me".to_owned(),
        "/users/@me/guilds".to_owned(),
        format!("/users/{}", discord.owner().id()),
        "/applications/@me".to_owned(),
        "/oauth2/applications/@me".to_owned(),
        format!("/applications/{bot}/commands"),
        format!("/applications/{bot}/guilds/{guild}/commands"),
        format!("/guilds/{guild}"),
        format!("/guilds/{guild}/channels"),
        format!("/guilds/{guild}/roles"),
        format!("/guilds/{guild}/members/{bot}"),
        format!("/guilds/{guild}/threads/active"),
        format!("/channels/{channel}"),
        format!("/channels/{channel}/messages"),
        format!("/channels/{channel}/messages/pins"),
        format!("/channels/{channel}/pins"),
        format!("/channels/{channel}/threads/archived/public"),
    ] {
        rest.ok("GET", &path, Value::Null).await;
    }
    rest.ok("POST", &format!("/channels/{channel}/typing"), Value::Null).await;
    let recipient = json!({ "recipient_id": discord.owner().id().to_string() });
    rest.ok("POST", "/users/@me/channels", recipient).await;
    let moved = json!([{ "id": channel.to_string(), "position": 3 }]);
    rest.ok("PATCH", &format!("/guilds/{guild}/channels"), moved).await;

    openapi::check(&discord);
    openapi::check_answers(&discord);
}

#[tokio::test]
async fn a_body_that_does_not_fit_is_found() {
    let discord = Server::start().await.unwrap();
    let rest = Rest::new(&discord);
    let path = format!("/channels/{}/messages", discord.channel("general").unwrap().id);
    rest.ok("POST", &path, json!({ "content": "fits", "tts": false })).await;
    assert!(openapi::faults(&discord).is_none_or(|faults| faults.is_empty()));

    // The local Discord does not look at it, its description does.
    rest.ok("POST", &path, json!({ "content": "does not", "tts": "perhaps" })).await;
    let Some(faults) = openapi::faults(&discord) else { return };
    assert!(faults.len() == 1 && faults[0].contains("/tts"), "{faults:?}");
}
