//! One callback, in time; then fifteen minutes of messages by the token.

use std::time::Duration;

use bandmaster::sandbox::{Asked, Outcome, Person, Server};
use serde_json::{Value, json};

use crate::support::Rest;

/// A guild with a command `ask` that nobody answers by itself.
async fn asked(discord: &Server) -> (Rest, Person, Asked) {
    let rest = Rest::new(discord);
    let command = json!([{ "name": "ask", "description": "asks" }]);
    rest.ok("PUT", &format!("/applications/{}/commands", discord.bot()), command).await;
    let ada = discord.owner();
    let asked = ada.ask_slash("general", "ask", &Value::Null).unwrap();
    (rest, ada, asked)
}

fn callback(asked: &Asked) -> String {
    format!("/interactions/{}/{}/callback", asked.id(), asked.token())
}

fn webhook(discord: &Server, asked: &Asked) -> String {
    format!("/webhooks/{}/{}", discord.bot(), asked.token())
}

#[tokio::test]
async fn there_is_one_callback_and_it_has_no_answer() {
    let discord = Server::start().await.unwrap();
    let (rest, _, asked) = asked(&discord).await;

    let (status, body) = rest.call("POST", &callback(&asked), json!({ "type": 5 })).await;
    assert_eq!((status, body), (204, Value::Null));
    assert_eq!(asked.seen().outcome, Outcome::Thinking);
    let again = rest.refused("POST", &callback(&asked), json!({ "type": 5 })).await;
    assert_eq!(again, (400, 40060));
}

#[tokio::test]
async fn a_callback_after_three_seconds_is_too_late() {
    let discord = Server::start().await.unwrap();
    let (rest, _, asked) = asked(&discord).await;
    discord.skip(Duration::from_secs(4));

    assert_eq!(rest.refused("POST", &callback(&asked), json!({ "type": 5 })).await, (404, 10062));
    assert_eq!(asked.seen().outcome, Outcome::NoResponse);
}

#[tokio::test]
async fn the_token_ends_after_fifteen_minutes() {
    let discord = Server::start().await.unwrap();
    let (rest, _, asked) = asked(&discord).await;
    rest.ok("POST", &callback(&asked), json!({ "type": 5 })).await;
    discord.skip(Duration::from_secs(901));

    let edit = format!("{}/messages/@original", webhook(&discord, &asked));
    assert_eq!(rest.refused("PATCH", &edit, json!({ "content": "a" })).await, (401, 50027));
    assert_eq!(asked.seen().outcome, Outcome::NoResponse);
}

#[tokio::test]
async fn before_the_callback_there_is_nothing_behind_the_token() {
    let discord = Server::start().await.unwrap();
    let (rest, _, asked) = asked(&discord).await;

    let follow_up = rest.refused("POST", &webhook(&discord, &asked), json!({ "content": "a" })).await;
    assert_eq!(follow_up, (404, 10015));
    let strange = format!("/interactions/{}/strange/callback", asked.id());
    assert_eq!(rest.refused("POST", &strange, json!({ "type": 5 })).await, (404, 10062));
}

#[tokio::test]
async fn the_first_follow_up_takes_the_place_of_thinking() {
    let discord = Server::start().await.unwrap();
    let (rest, ada, asked) = asked(&discord).await;
    rest.ok("POST", &callback(&asked), json!({ "type": 5, "data": { "flags": 64 } })).await;
    let webhook = webhook(&discord, &asked);

    rest.ok("POST", &webhook, json!({ "content": "first" })).await;
    let second = rest.ok("POST", &webhook, json!({ "content": "second" })).await;

    let seen = asked.answered().await.unwrap();
    assert_eq!(seen.messages.iter().map(|one| one.content.as_str()).collect::<Vec<_>>(), ["first", "second"]);
    assert!(seen.messages[0].only_for == Some(ada.id()) && seen.messages[1].only_for.is_none());
    let id = second["id"].as_str().unwrap();
    rest.ok("PATCH", &format!("{webhook}/messages/{id}"), json!({ "content": "changed" })).await;
    assert_eq!(asked.seen().messages[1].content, "changed");
    rest.ok("DELETE", &format!("{webhook}/messages/{id}"), Value::Null).await;
    assert_eq!(asked.seen().messages.len(), 1);
}

#[tokio::test]
async fn what_only_one_person_sees_is_nowhere_else() {
    let discord = Server::start().await.unwrap();
    let (rest, ada, asked) = asked(&discord).await;
    let data = json!({ "content": "for you", "flags": 64 });
    rest.ok("POST", &callback(&asked), json!({ "type": 4, "data": data })).await;
    let bob = discord.add_person(discord.guild(), "bob");

    assert_eq!(ada.messages("general").unwrap().len(), 1);
    assert!(bob.messages("general").unwrap().is_empty());
    let channel = discord.channel("general").unwrap().id;
    assert_eq!(rest.ok("GET", &format!("/channels/{channel}/messages"), Value::Null).await, json!([]));
    let id = asked.seen().messages[0].id;
    let edit = rest.refused("PATCH", &format!("/channels/{channel}/messages/{id}"), json!({})).await;
    assert_eq!(edit, (404, 10008));
}

#[tokio::test]
async fn a_callback_has_to_fit_and_its_faults_are_found_inside_data() {
    let discord = Server::start().await.unwrap();
    let (rest, _, asked) = asked(&discord).await;
    for kind in [6, 7, 8, 99] {
        let refused = rest.refused("POST", &callback(&asked), json!({ "type": kind })).await;
        assert_eq!(refused, (400, 50035), "{kind}");
    }
    let long = json!({ "type": 4, "data": { "content": "x".repeat(2_001) } });
    let (_, answer) = rest.call("POST", &callback(&asked), long).await;
    assert_eq!(answer["errors"]["data"]["content"]["_errors"][0]["code"], "BASE_TYPE_MAX_LENGTH");

    rest.ok("POST", &callback(&asked), json!({ "type": 4, "data": { "content": "a" } })).await;
    assert_eq!(asked.seen().text(), "a", "what was refused has not used it up");
}

#[tokio::test]
async fn people_ask_between_two_from_elsewhere_and_as_bots() {
    let discord = Server::start().await.unwrap();
    let (rest, ada, _) = asked(&discord).await;
    let elsewhere = discord.add_guild("elsewhere");
    let visitor = discord.add_person(elsewhere, "eve");
    let robot = discord.add_bot(discord.guild(), "robot");

    for (person, channel) in [(&ada, "@bandmaster"), (&visitor, "general"), (&robot, "general")] {
        let asked = person.ask_slash(channel, "ask", &Value::Null).unwrap();
        let body = json!({ "type": 4, "data": { "content": "heard" } });
        rest.ok("POST", &callback(&asked), body).await;
        assert_eq!(asked.answered().await.unwrap().text(), "heard");
    }
    assert_eq!(discord.messages(discord.direct_channel(&ada).unwrap().id).len(), 1);
}

#[tokio::test]
async fn offers_while_typing_have_bounds() {
    let discord = Server::start().await.unwrap();
    let rest = Rest::new(&discord);
    let option = json!({ "type": 3, "name": "id", "description": "id", "autocomplete": true });
    let command = json!([{ "name": "ask", "description": "asks", "options": [option] }]);
    rest.ok("PUT", &format!("/applications/{}/commands", discord.bot()), command).await;
    let ada = discord.owner();
    let typing = ada.ask_typing("general", "ask", &json!({ "id": "S-" }), "id").unwrap();

    let choice = json!({ "name": "a", "value": "a" });
    let offer = |choices: Vec<Value>| json!({ "type": 8, "data": { "choices": choices } });
    assert_eq!(rest.refused("POST", &callback(&typing), offer(vec![choice.clone(); 26])).await, (400, 50035));
    let long = json!({ "name": "x".repeat(101), "value": "a" });
    assert_eq!(rest.refused("POST", &callback(&typing), offer(vec![long])).await, (400, 50035));
    rest.ok("POST", &callback(&typing), offer(vec![choice; 25])).await;
    assert_eq!(typing.answered().await.unwrap().choices.len(), 25);
}
