//! What the bot may do is decided by its role, by everybody's, and by the channel.

use bandmaster::sandbox::{Permissions, Server};
use serde_json::{Value, json};

use crate::support::{Rest, Socket};

const MISSING_ACCESS: (u16, u64) = (403, 50001);
const MISSING_PERMISSIONS: (u16, u64) = (403, 50013);

#[tokio::test]
async fn what_the_bot_lost_it_cannot_do() {
    let discord = Server::start().await.unwrap();
    let rest = Rest::new(&discord);
    let guild = discord.guild();
    let channel = discord.channel("general").unwrap().id;
    let message = discord.owner().write("general", "not the bot's").unwrap().id;
    let messages = format!("/channels/{channel}/messages");
    let embed = json!({ "embeds": [{ "title": "S-1" }] });
    let cases = [
        (Permissions::SEND_MESSAGES, "POST", messages.clone(), json!({ "content": "a" })),
        (Permissions::EMBED_LINKS, "POST", messages.clone(), embed),
        (Permissions::MANAGE_CHANNELS, "POST", format!("/guilds/{guild}/channels"), json!({ "name": "a" })),
        (Permissions::MANAGE_CHANNELS, "PATCH", format!("/channels/{channel}"), json!({ "name": "a" })),
        (Permissions::MANAGE_CHANNELS, "DELETE", format!("/channels/{channel}"), Value::Null),
        (Permissions::MANAGE_MESSAGES, "DELETE", format!("{messages}/{message}"), Value::Null),
        (Permissions::PIN_MESSAGES, "PUT", format!("{messages}/pins/{message}"), Value::Null),
        (Permissions::PIN_MESSAGES, "PUT", format!("/channels/{channel}/pins/{message}"), Value::Null),
        (Permissions::READ_MESSAGE_HISTORY, "GET", messages.clone(), Value::Null),
        (
            Permissions::CREATE_PUBLIC_THREADS,
            "POST",
            format!("{messages}/{message}/threads"),
            json!({ "name": "a" }),
        ),
    ];
    for (lost, method, path, body) in cases {
        discord.set_bot_permissions(guild, Permissions::BOT.without(lost));
        assert_eq!(rest.refused(method, &path, body).await, MISSING_PERMISSIONS, "{method} {path}");
    }
    discord.set_bot_permissions(guild, Permissions::BOT.without(Permissions::ATTACH_FILES));
    let (status, answer) = rest.upload("POST", &messages, &json!({}), &[("a.txt", b"a")]).await;
    assert_eq!((status, &answer["code"]), (403, &json!(50013)));
}

#[tokio::test]
async fn a_channel_that_the_bot_does_not_see_is_out_of_reach() {
    let discord = Server::start().await.unwrap();
    let rest = Rest::new(&discord);
    let channel = format!("/channels/{}", discord.channel("general").unwrap().id);
    discord.set_bot_permissions(discord.guild(), Permissions::BOT.without(Permissions::VIEW_CHANNEL));

    assert_eq!(rest.refused("GET", &channel, Value::Null).await, MISSING_ACCESS);
    let post = rest.refused("POST", &format!("{channel}/messages"), json!({ "content": "a" })).await;
    assert_eq!(post, MISSING_ACCESS);
}

#[tokio::test]
async fn of_a_channel_that_the_bot_does_not_see_it_hears_no_message() {
    let discord = Server::start().await.unwrap();
    let (mut socket, _) = Socket::identified(&discord).await;
    socket.event("GUILD_CREATE").await;
    let guild = discord.guild();
    for seen in [Permissions::NONE, Permissions::BOT] {
        discord.set_bot_permissions(guild, seen);
        discord.owner().write("general", "hello").unwrap();
    }

    let mut told = Vec::new();
    while !told.contains(&json!("MESSAGE_CREATE")) {
        told.push(socket.frame().await["t"].take());
    }
    let roles = vec![json!("GUILD_ROLE_UPDATE"); 4];
    assert_eq!(told, [roles, vec![json!("MESSAGE_CREATE")]].concat());
}

#[tokio::test]
async fn a_guild_without_the_bot_is_unknown_to_it() {
    let discord = Server::start().await.unwrap();
    let rest = Rest::new(&discord);
    let guild = discord.guild();
    discord.set_bot_in_guild(guild, false);

    assert_eq!(rest.refused("GET", &format!("/guilds/{guild}"), Value::Null).await, (404, 10004));
    let channel = discord.channel("general").unwrap().id;
    assert_eq!(rest.refused("GET", &format!("/channels/{channel}"), Value::Null).await, MISSING_ACCESS);
}

#[tokio::test]
async fn threads_need_permissions_of_their_own() {
    let discord = Server::start().await.unwrap();
    let rest = Rest::new(&discord);
    let guild = discord.guild();
    let thread = discord.owner().start_thread("general", None, "Run of S-1").unwrap().id;
    let path = format!("/channels/{thread}");

    discord.set_bot_permissions(guild, Permissions::BOT.without(Permissions::SEND_MESSAGES_IN_THREADS));
    let post = rest.refused("POST", &format!("{path}/messages"), json!({ "content": "a" })).await;
    assert_eq!(post, MISSING_PERMISSIONS);
    discord.set_bot_permissions(guild, Permissions::BOT.without(Permissions::MANAGE_THREADS));
    assert_eq!(rest.refused("PATCH", &path, json!({ "locked": true })).await, MISSING_PERMISSIONS);

    discord.owner().archive_thread("Run of S-1", true).unwrap();
    let post = rest.refused("POST", &format!("{path}/messages"), json!({ "content": "a" })).await;
    assert_eq!(post, (400, 50083), "locked in the archive");
    discord.set_bot_permissions(guild, Permissions::BOT);
    rest.ok("POST", &format!("{path}/messages"), json!({ "content": "a" })).await;
    let thread = discord.channel("Run of S-1").unwrap().thread.unwrap();
    assert!(!thread.archived, "a moderator takes it back by writing");
}

#[tokio::test]
async fn people_use_what_they_are_allowed_to() {
    let discord = Server::start().await.unwrap();
    let rest = Rest::new(&discord);
    let guild = discord.guild();
    let needed = Permissions::MANAGE_GUILD.bits().to_string();
    let command = json!([{ "name": "admin", "description": "a", "default_member_permissions": needed }]);
    rest.ok("PUT", &format!("/applications/{}/guilds/{guild}/commands", discord.bot()), command).await;
    let bob = discord.add_person(guild, "bob");

    assert!(discord.owner().ask_slash("general", "admin", &Value::Null).is_ok());
    let refused = bob.ask_slash("general", "admin", &Value::Null).err().unwrap();
    assert_eq!(refused.to_string(), "bob may not use `/admin`");
    let role = discord.add_role(guild, "admins", Permissions::MANAGE_GUILD);
    discord.set_roles(&bob, guild, &[role]);
    assert!(bob.ask_slash("general", "admin", &Value::Null).is_ok());
}
