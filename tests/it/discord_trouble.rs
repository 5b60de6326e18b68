//! Living with Discord: what is accepted is not lost, people are told, the program goes on.

use std::time::Duration;

use bandmaster::sandbox::Fault;
use serde_json::json;

use crate::support::discord::Chat;

const ALPHA: &str = "box-alpha";

fn stories(chat: &Chat) -> usize {
    let listed = chat.world.git("alpha", &["ls-tree", "-r", "--name-only", "orch-state", "stories/"]);
    listed.lines().count()
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_and_limits_of_a_moment_are_not_seen_by_anybody() {
    let mut chat = Chat::with(&["alpha"], "").await;
    let ada = chat.discord.owner();
    chat.discord.fail("POST", "/callback", 1, Fault::Status(502));
    chat.discord.fail("PATCH", "/messages/@original", 1, Fault::Closed);
    let wait = Duration::from_millis(100);
    chat.discord.fail("PATCH", "/messages/@original", 1, Fault::RateLimited { wait, global: false });

    let seen = ada.slash(ALPHA, "backlog add", json!({ "description": "a story" })).await.unwrap();

    assert!(seen.text().contains("S-1"), "{}", seen.text());
    assert_eq!(stories(&chat), 1);
    chat.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_acknowledgement_whose_answer_was_lost_is_not_repeated() {
    let mut chat = Chat::with(&["alpha"], "").await;
    let ada = chat.discord.owner();
    chat.discord.fail("POST", "/callback", 1, Fault::CarriedOutThenClosed);

    let seen = ada.slash(ALPHA, "backlog add", json!({ "description": "a story" })).await.unwrap();

    assert!(seen.text().contains("S-1"), "{}", seen.text());
    assert_eq!(stories(&chat), 1);
    chat.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_carried_out_that_could_not_be_acknowledged() {
    let mut chat = Chat::with(&["alpha"], "").await;
    let ada = chat.discord.owner();
    chat.discord.fail("POST", "/callback", 100, Fault::Status(503));

    let asked = ada.ask_slash(ALPHA, "backlog add", &json!({ "description": "lost" })).unwrap();
    chat.discord
        .until_so("the bot has tried", |it| it.requests_to("POST", "/callback").len() > 2)
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_millis(2600)).await;
    chat.discord.heal();
    let seen = ada.slash(ALPHA, "backlog add", json!({ "description": "kept" })).await.unwrap();

    assert!(asked.seen().messages.is_empty());
    assert!(seen.text().contains("S-1"), "{}", seen.text());
    assert_eq!(stories(&chat), 1);
    chat.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_comes_too_late_for_its_place_is_posted_in_the_channel() {
    let mut chat = Chat::with(&["alpha"], "").await;
    let ada = chat.discord.owner();
    chat.discord.fail("PATCH", "/messages/@original", 1, Fault::Status(500));
    chat.discord.stop_clock();

    let asked = ada.ask_slash(ALPHA, "backlog add", &json!({ "description": "a late story" })).unwrap();
    chat.discord
        .until_so("the bot has tried once", |it| !it.requests_to("PATCH", "/messages/@original").is_empty())
        .await
        .unwrap();
    chat.discord.skip(Duration::from_secs(16 * 60));

    let channel = chat.discord.channel(ALPHA).unwrap().id;
    let posted = chat.discord.until("the answer in the channel", |it| {
        it.messages(channel).into_iter().find(|message| {
            !message.thinking && serde_json::to_string(&message.embeds).unwrap().contains("S-1")
        })
    });
    posted.await.unwrap();
    drop(asked);
    assert_eq!(stories(&chat), 1);
    chat.stop();
}

/// How many messages in the channel of the project say so.
fn saying(discord: &bandmaster::sandbox::Discord, text: &str) -> usize {
    let channel = discord.channel(ALPHA).unwrap().id;
    discord.messages(channel).iter().filter(|one| one.text().contains(text)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_cannot_be_given_now_is_given_once_also_after_a_crash() {
    let mut chat = Chat::with(&["alpha"], "").await;
    let ada = chat.discord.owner();
    chat.discord.fail("PATCH", "", 1000, Fault::Status(503));
    chat.discord.fail("POST", "/messages", 1000, Fault::Status(503));

    ada.ask_slash(ALPHA, "backlog add", &json!({ "description": "a story" })).unwrap();
    let tried =
        |it: &bandmaster::sandbox::Discord| !it.requests_to("PATCH", "/messages/@original").is_empty();
    chat.discord.until_so("it tries to answer", tried).await.unwrap();
    chat.kill();
    chat.discord.heal();
    chat.start().await;

    chat.discord.until_so("the answer", |it| saying(it, "S-1 added") > 0).await.unwrap();
    chat.stop();
    chat.start().await;
    chat.stop();
    assert_eq!(saying(&chat.discord, "S-1 added"), 1);
    assert_eq!(stories(&chat), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_were_given_are_not_given_again_after_a_crash() {
    let mut chat = Chat::with(&["alpha"], "").await;
    let ada = chat.discord.owner();
    for number in 0..3 {
        let options = json!({ "description": format!("story {number}") });
        ada.slash(ALPHA, "backlog add", options).await.unwrap();
    }

    chat.kill();
    chat.start().await;
    let seen = ada.slash(ALPHA, "backlog add", json!({ "description": "the last" })).await.unwrap();
    assert!(seen.text().contains("S-4 added"), "{}", seen.text());
    chat.stop();

    for number in 1..=4 {
        assert!(saying(&chat.discord, &format!("S-{number} added")) <= 1);
    }
    assert_eq!(saying(&chat.discord, "was interrupted"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_gateway_is_found_again_and_commands_are_not_registered_anew() {
    let mut chat = Chat::with(&["alpha"], "").await;
    let ada = chat.discord.owner();
    let registered = |it: &bandmaster::sandbox::Discord| it.requests_to("PUT", "/commands").len();
    assert_eq!(registered(&chat.discord), 1);

    chat.discord.cut_gateway();
    chat.discord.until_so("a resume", |it| it.resumed() > 0).await.unwrap();
    let seen = ada.slash(ALPHA, "backlog add", json!({ "description": "after the cut" })).await.unwrap();
    assert!(seen.text().contains("S-1"), "{}", seen.text());

    chat.discord.ask_to_reconnect();
    chat.discord.until_so("another resume", |it| it.resumed() > 1).await.unwrap();
    let seen =
        ada.slash(ALPHA, "backlog add", json!({ "description": "after the reconnect" })).await.unwrap();
    assert!(seen.text().contains("S-2"), "{}", seen.text());

    chat.discord.invalidate_sessions(false);
    chat.discord.until_so("a new session", |it| it.identified() > 1 && it.is_connected()).await.unwrap();
    let seen =
        ada.slash(ALPHA, "backlog add", json!({ "description": "after a new session" })).await.unwrap();
    assert!(seen.text().contains("S-3"), "{}", seen.text());

    chat.kill();
    chat.start().await;
    assert_eq!(registered(&chat.discord), 1);
    chat.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_token_ends_the_program_with_one_sentence() {
    let mut chat = Chat::offline(&[], "").await;
    chat.discord.change_token();

    chat.start_without_waiting();
    let status = chat.server().wait();

    assert_eq!(status.code(), Some(1));
    let log = chat.server().log();
    let last = log.lines().last().unwrap();
    assert!(last.contains("Discord does not accept the token"), "{log}");
    assert!(!log.contains(&chat.discord.token()), "the token is in the log");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_taken_away_later_ends_the_program_too() {
    let mut chat = Chat::with(&["alpha"], "").await;

    chat.discord.change_token();
    chat.discord.invalidate_sessions(false);
    let status = chat.server().wait();

    assert_eq!(status.code(), Some(1));
    assert!(chat.server().log().contains("Discord does not accept the token"), "{}", chat.server().log());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_discord_everything_else_is_served_and_discord_is_found_later() {
    let mut chat = Chat::offline(&["alpha"], "").await;
    chat.discord.fail("*", "", 40, Fault::Status(502));

    chat.start_without_waiting();
    chat.server().wait_until_ready();
    let done = chat.world.do_as("alpha", "first", "backlog add meanwhile");
    assert_eq!(done["ok"], true, "{done}");
    chat.discord.heal();
    chat.discord.until_so("the bot is on line", bandmaster::sandbox::Discord::is_connected).await.unwrap();

    let ada = chat.discord.owner();
    chat.discord.until_so("the commands are known", |it| !it.commands().is_empty()).await.unwrap();
    let seen = ada.slash(ALPHA, "backlog view", json!({})).await.unwrap();
    assert!(seen.text().contains("meanwhile"), "{}", seen.text());
    chat.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_right_to_show_embeds_answers_are_plain_text() {
    let mut chat = Chat::with(&["alpha"], "").await;
    let ada = chat.discord.owner();
    let fewer = bandmaster::sandbox::Permissions::ALL
        .without(bandmaster::sandbox::Permissions::EMBED_LINKS)
        .without(bandmaster::sandbox::Permissions::ATTACH_FILES)
        .without(bandmaster::sandbox::Permissions::ADMINISTRATOR);
    chat.discord.set_bot_permissions(chat.discord.guild(), fewer);

    let seen = ada.slash(ALPHA, "state", json!({})).await.unwrap();

    let message = seen.message().unwrap();
    assert!(message.content.contains("alpha is IDLE") && message.attachments.is_empty(), "{}", seen.text());
    chat.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn buttons_that_are_not_ours_or_too_old_are_explained() {
    let mut chat = Chat::with(&["alpha"], "").await;
    let ada = chat.discord.owner();
    let seen = ada.slash(ALPHA, "state", json!({})).await.unwrap();
    let message = seen.message().unwrap();

    for (custom_id, expected) in [
        ("approve_all", "not one of Bandmaster"),
        ("bm0r:state", "older version"),
        ("bm9r:state", "newer version"),
        ("bm1r:launch rockets", "there is no command"),
        ("bm1k:0000", "not known any more"),
    ] {
        let answer = ada.press(message, custom_id).await.unwrap();
        assert!(answer.is_private() && answer.text().contains(expected), "{custom_id}: {}", answer.text());
    }
    chat.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_asked_before_the_program_was_told_to_stop_is_answered() {
    let mut chat = Chat::with(&["alpha"], "").await;
    let ada = chat.discord.owner();
    chat.discord.fail("PATCH", "/messages/@original", 20, Fault::Late(Duration::from_millis(300)));

    let asked: Vec<_> = (0..10)
        .map(|number| {
            let options = json!({ "description": format!("story {number}") });
            ada.ask_slash(ALPHA, "backlog add", &options).unwrap()
        })
        .collect();
    chat.discord
        .until_so("all are acknowledged", |it| it.requests_to("POST", "/callback").len() == 10)
        .await
        .unwrap();
    chat.stop();

    for asked in asked {
        let text = asked.seen().text();
        assert!(text.contains("S-"), "{text}");
    }
    assert_eq!(stories(&chat), 10);
    chat.world.assert_sound(&["alpha"]);
}
