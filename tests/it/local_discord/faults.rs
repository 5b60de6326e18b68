//! What goes wrong on order: limits, broken answers, cut lines, slow ones, and a token that is no longer right.

use std::time::{Duration, Instant};

use bandmaster::sandbox::{Fault, Server};
use serde_json::{Value, json};

use crate::support::Rest;

#[tokio::test]
async fn a_rate_limit_says_how_long_to_wait_and_passes() {
    let discord = Server::start().await.unwrap();
    let rest = Rest::new(&discord);
    discord.fail(
        "POST",
        "/messages",
        1,
        Fault::RateLimited { wait: Duration::from_millis(1_500), global: false },
    );
    let path = format!("/channels/{}/messages", discord.channel("general").unwrap().id);

    let (status, answer) = rest.call("POST", &path, json!({ "content": "a" })).await;
    assert_eq!((status, &answer["retry_after"], &answer["global"]), (429, &json!(1.5), &json!(false)));
    assert!(answer.get("code").is_none(), "Discord gives no code with it");
    rest.ok("POST", &path, json!({ "content": "a" })).await;
}

#[tokio::test]
async fn a_host_in_front_may_answer_with_a_page() {
    let discord = Server::start().await.unwrap();
    discord.fail("*", "/gateway", 2, Fault::Status(502));
    let rest = Rest::new(&discord);

    for _ in 0..2 {
        let (status, answer) = rest.call("GET", "/gateway", Value::Null).await;
        assert!(status == 502 && answer.as_str().unwrap().starts_with("<html>"), "{status} {answer}");
    }
    rest.ok("GET", "/gateway", Value::Null).await;
}

#[tokio::test]
async fn a_closed_connection_leaves_open_whether_it_was_carried_out() {
    let discord = Server::start().await.unwrap();
    let rest = Rest::new(&discord);
    let channel = discord.channel("general").unwrap().id;
    let path = format!("/channels/{channel}/messages");
    let body = json!({ "content": "once", "nonce": "n1", "enforce_nonce": true });

    discord.fail("POST", "/messages", 1, Fault::Closed);
    rest.try_call("POST", &path, body.clone()).await.unwrap_err();
    assert!(discord.messages(channel).is_empty());
    discord.fail("POST", "/messages", 1, Fault::CarriedOutThenClosed);
    rest.try_call("POST", &path, body.clone()).await.unwrap_err();
    assert_eq!(discord.messages(channel).len(), 1);

    let again = rest.ok("POST", &path, body).await;
    assert_eq!(again["id"], discord.messages(channel)[0].id.to_string());
    assert_eq!(discord.messages(channel).len(), 1, "the nonce tells that it is the same");
    let statuses: Vec<_> = discord.requests_to("POST", "/messages").iter().map(|one| one.status).collect();
    assert_eq!(statuses, [0, 0, 200]);
}

#[tokio::test]
async fn an_answer_may_be_late() {
    let discord = Server::start().await.unwrap();
    discord.fail("GET", "/gateway", 1, Fault::Late(Duration::from_millis(200)));
    let began = Instant::now();
    Rest::new(&discord).ok("GET", "/gateway", Value::Null).await;
    assert!(began.elapsed() >= Duration::from_millis(200));
}

#[tokio::test]
async fn a_wrong_token_is_not_let_in() {
    let discord = Server::start().await.unwrap();
    let stranger = Rest::new(&discord).with_token("Bot nobody");
    assert_eq!(stranger.refused("GET", "/users/@me", Value::Null).await, (401, 0));

    let rest = Rest::new(&discord);
    rest.ok("GET", "/users/@me", Value::Null).await;
    discord.change_token();
    assert_eq!(rest.refused("GET", "/users/@me", Value::Null).await, (401, 0));
}

#[tokio::test]
async fn faults_can_be_taken_back() {
    let discord = Server::start().await.unwrap();
    discord.fail("*", "", 100, Fault::Status(500));
    discord.heal();
    Rest::new(&discord).ok("GET", "/gateway/bot", Value::Null).await;
}
