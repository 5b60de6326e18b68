//! The gateway: who is let in, what is told again after a cut, and what a bad line does.

use std::time::Duration;

use bandmaster::sandbox::Server;
use serde_json::{Value, json};

use crate::support::{Bot, Came, INTENTS, Socket};

#[tokio::test]
async fn a_wrong_token_or_a_privileged_intent_is_not_let_in() {
    let discord = Server::start().await.unwrap();
    let token = discord.token();
    for (token, intents, code) in
        [("wrong", INTENTS, 4004), (token.as_str(), 1 << 15, 4014), (token.as_str(), 1 << 40, 4013)]
    {
        let mut socket = Socket::connect(&discord).await;
        socket.identify(token, intents).await;
        assert!(matches!(socket.next().await, Came::Closed(found) if found == code), "{code}");
    }
    assert!(!discord.is_connected());
}

#[tokio::test]
async fn what_was_missed_is_told_again() {
    let discord = Server::start().await.unwrap();
    let (mut socket, session) = Socket::identified(&discord).await;
    socket.event("GUILD_CREATE").await;
    discord.cut_gateway();
    assert!(matches!(socket.next().await, Came::Cut));
    discord.add_channel(discord.guild(), "while-away", None);

    let mut socket = Socket::connect(&discord).await;
    socket.resume(&discord.token(), &session, 2).await;

    assert_eq!(socket.event("CHANNEL_CREATE").await["name"], "while-away");
    socket.event("RESUMED").await;
    assert_eq!((discord.identified(), discord.resumed()), (1, 1));
}

#[tokio::test]
async fn a_session_that_cannot_be_resumed_is_invalid() {
    let discord = Server::start().await.unwrap();
    let (_, session) = Socket::identified(&discord).await;
    discord.refuse_resumes(true);

    let mut socket = Socket::connect(&discord).await;
    socket.resume(&discord.token(), &session, 1).await;
    assert_eq!(socket.frame().await, json!({ "op": 9, "d": false, "s": null, "t": null }));

    // The same connection may begin anew.
    socket.identify(&discord.token(), INTENTS).await;
    socket.event("READY").await;
}

#[tokio::test]
async fn clients_can_be_asked_to_reconnect_or_told_that_it_is_over() {
    let discord = Server::start().await.unwrap();
    let (mut socket, session) = Socket::identified(&discord).await;
    socket.event("GUILD_CREATE").await;

    discord.ask_to_reconnect();
    assert_eq!(socket.frame().await["op"], 7);
    discord.invalidate_sessions(false);
    assert_eq!(socket.frame().await["op"], 9);

    let mut socket = Socket::connect(&discord).await;
    socket.resume(&discord.token(), &session, 1).await;
    assert_eq!(socket.frame().await["op"], 9, "it is unknown now");
}

#[tokio::test]
async fn heartbeats_are_acknowledged_unless_told_otherwise() {
    let discord = Server::start().await.unwrap();
    let mut socket = Socket::connect(&discord).await;
    socket.send(&json!({ "op": 1, "d": null })).await;
    assert_eq!(socket.frame().await["op"], 11);

    discord.ignore_heartbeats(true);
    socket.send(&json!({ "op": 1, "d": null })).await;
    discord.until_so("the second heartbeat", |discord| discord.heartbeats() == 2).await.unwrap();
    discord.close_gateway(4000);
    socket.identify(&discord.token(), INTENTS).await;
    assert_eq!(socket.frame().await["t"], "READY", "nothing came in between");
}

#[tokio::test]
async fn what_is_not_understood_ends_the_connection() {
    let discord = Server::start().await.unwrap();
    for (frame, code) in [
        (json!("nonsense"), 4001),
        (json!({ "op": 99 }), 4001),
        (json!({ "op": 3, "d": {} }), 4003),
        (json!({ "op": 2, "d": {} }), 4013),
    ] {
        let mut socket = Socket::connect(&discord).await;
        socket.send(&frame).await;
        assert!(matches!(socket.next().await, Came::Closed(found) if found == code), "{frame}");
    }
}

#[tokio::test]
async fn messages_are_told_to_those_who_ask_for_them_and_hide_what_was_not_granted() {
    let discord = Server::start().await.unwrap();
    let (mut all, _) = Socket::identified(&discord).await;
    let mut few = Socket::connect(&discord).await;
    few.identify(&discord.token(), 1).await;
    few.event("GUILD_CREATE").await;
    let ada = discord.owner();

    ada.write("general", "for people").unwrap();
    ada.write("general", &format!("for the bot <@{}>", discord.bot())).unwrap();
    ada.rename_channel("general", "talk").unwrap();

    assert_eq!(all.event("MESSAGE_CREATE").await["content"], "");
    assert!(all.event("MESSAGE_CREATE").await["content"].as_str().unwrap().starts_with("for the bot"));
    assert_eq!(few.frame().await["t"], "CHANNEL_UPDATE", "no message came before");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_serenity_bot_resumes_after_a_cut_and_has_missed_nothing() {
    let discord = Server::start().await.unwrap();
    let _bot = Bot::start(&discord).await;
    discord.until_ready(3).await.unwrap();

    discord.cut_gateway();
    let seen = discord.owner().slash("general", "board", json!({})).await.unwrap();

    assert_eq!(seen.message().unwrap().content, "made");
    assert_eq!((discord.identified(), discord.resumed()), (1, 1));
}

#[tokio::test]
async fn clients_are_told_how_often_to_send_heartbeats() {
    let discord = Server::start().await.unwrap();
    discord.set_heartbeat_interval(Duration::from_millis(500));
    let (mut socket, _) = Socket::identified(&discord).await;
    let guild: Value = socket.event("GUILD_CREATE").await;
    assert_eq!(guild["channels"][0]["name"], "general");
}
