//! A bot on serenity on one side, a person on the other.

use bandmaster::sandbox::{Outcome, SandboxError, Server};
use serde_json::json;

use crate::support::{Bot, openapi};

#[tokio::test(flavor = "multi_thread")]
async fn a_serenity_bot_is_commanded_clicked_and_answers() {
    let discord = Server::start().await.unwrap();
    let _bot = Bot::start(&discord).await;
    discord.until_ready(3).await.unwrap();
    let ada = discord.owner();

    let given = json!({ "description": "Log in", "points": 5 });
    let seen = ada.slash("#general", "backlog add", given).await.unwrap();
    let story = seen.message().unwrap();
    assert_eq!(story.embeds[0]["fields"][0]["value"], "description=String(\"Log in\"), points=Integer(5)");
    assert_eq!(story.attachments[0].bytes, b"points,5");
    assert_eq!(story.edits, 0, "the first answer is no edit");

    let chosen = ada.choose(story, "v1:status", &["Done"]).await.unwrap();
    assert_eq!(chosen.message().unwrap().content, "chosen: done");
    assert!(chosen.is_private());

    let edit = ada.click(story, "Edit").await.unwrap();
    let submitted = ada.submit(edit.modal().unwrap(), json!({ "Title": "Sign in" })).await.unwrap();
    assert_eq!(submitted.message().unwrap().content, "title is now Sign in");

    let approved = ada.click(story, "Approve").await.unwrap();
    assert_eq!(approved.message().unwrap().content, "approved");
    assert!(approved.message().unwrap().buttons().is_empty());
    openapi::check(&discord);
    openapi::check_answers(&discord);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_serenity_bot_makes_channels_pins_and_threads() {
    let discord = Server::start().await.unwrap();
    let _bot = Bot::start(&discord).await;
    discord.until_ready(3).await.unwrap();

    let seen = discord.owner().slash("general", "board", json!({})).await.unwrap();

    assert!(seen.is_private(), "{}", seen.text());
    let channel = discord.channel("sprint-board").unwrap();
    assert_eq!(channel.topic.as_deref(), Some("what is going on"));
    let [pinned] = &discord.pinned(channel.id)[..] else { panic!("one message is pinned") };
    assert_eq!((pinned.text().as_str(), pinned.edits), ("| **Sprint 1: done**", 1));
    let [thread] = &discord.threads(channel.id)[..] else { panic!("there is one thread") };
    assert_eq!(discord.messages(thread.id).last().unwrap().content, "red");
    openapi::check(&discord);
    openapi::check_answers(&discord);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_client_cannot_send_is_refused_by_name() {
    let discord = Server::start().await.unwrap();
    let _bot = Bot::start(&discord).await;
    discord.until_ready(3).await.unwrap();
    let ada = discord.owner();

    let refused =
        |command: &str, options| ada.ask_slash("general", command, &options).err().unwrap().to_string();

    insta::assert_snapshot!(
        [
            refused("backlog remove", json!({})),
            refused("backlog add", json!({ "points": 5 })),
            refused("backlog add", json!({ "description": "x", "size": 5 })),
            refused("backlog add", json!({ "description": "x", "points": "5" })),
            refused("backlog add", json!({ "description": "x", "points": 500 })),
        ]
        .join("\n"),
        @r#"
    there is no command `/backlog remove` here; registered are: backlog add, board, hello
    `/backlog add` needs the option `description`
    `/backlog add` has no option `size`; it has: description, points, epic
    the option `points` does not take "5": it is of another type
    the option `points` does not take 500: it is too small or too large
    "#
    );
    let elsewhere = discord.add_guild("elsewhere");
    let stranger = discord.add_person(elsewhere, "eve");
    let error = stranger.ask_slash("general", "board", &json!({})).err().unwrap();
    assert!(matches!(error, SandboxError::NoSuchCommand { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_typed_is_offered_completions() {
    let discord = Server::start().await.unwrap();
    let _bot = Bot::start(&discord).await;
    discord.until_ready(3).await.unwrap();

    let offered =
        discord.owner().autocomplete("general", "backlog add", json!({ "epic": "al" }), "epic").await;

    assert_eq!(offered.unwrap(), [("alpha".to_owned(), json!("alpha"))]);
    openapi::check(&discord);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_bot_nobody_answers() {
    let discord = Server::start().await.unwrap();
    let bot = Bot::start(&discord).await;
    discord.until_ready(3).await.unwrap();
    bot.stop().await;
    discord.until_so("the bot to go", |discord| !discord.is_connected()).await.unwrap();

    let asked = discord.owner().ask_slash("general", "board", &json!({})).unwrap();
    assert_eq!(asked.seen().outcome, Outcome::Waiting);
    discord.skip(std::time::Duration::from_secs(4));

    assert_eq!(asked.answered().await.unwrap().outcome, Outcome::NoResponse);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_serenity_bot_is_asked_between_two_and_in_other_guilds() {
    let discord = Server::start().await.unwrap();
    let _bot = Bot::start(&discord).await;
    discord.until_ready(3).await.unwrap();
    let elsewhere = discord.add_guild("elsewhere");
    let eve = discord.add_person(elsewhere, "eve");

    for (person, channel, expected) in
        [(discord.owner(), "@bandmaster", "ada between us"), (eve, "general", "eve in a guild")]
    {
        let seen = person.slash(channel, "hello", json!({})).await.unwrap();
        assert_eq!(seen.text(), expected);
    }
    openapi::check(&discord);
}
