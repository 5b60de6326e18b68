//! The scripted person: what it does in which order, and what it says when nobody answers.

use bandmaster::sandbox::{Server, tour};
use serde_json::{Value, json};

use crate::support::{Rest, Socket};

fn command(name: &str, options: &[Value]) -> Value {
    json!({ "name": name, "description": name, "options": options })
}

fn option(kind: u8, name: &str) -> Value {
    json!({ "type": kind, "name": name, "description": name })
}

fn below(name: &str, options: &[Value]) -> Value {
    json!({ "type": 1, "name": name, "description": name, "options": options })
}

async fn register(discord: &Server, rest: &Rest) {
    let description = option(3, "description");
    let commands = json!([
        command("state", &[]),
        command("epic", std::slice::from_ref(&description)),
        command("backlog", &[below("add", &[description.clone(), option(4, "points")])]),
        command(
            "sprint",
            &[
                below("plan", &[option(3, "ids"), option(3, "goal")]),
                below("start", &[]),
                below("status", &[])
            ]
        ),
        command("story", &[below("move", &[option(3, "id"), option(3, "status")])]),
        command("feedback", &[description]),
    ]);
    rest.ok("PUT", &format!("/applications/{}/commands", discord.bot()), commands).await;
}

/// Answers everything with the number of the question; an epic comes with a button.
async fn answer(rest: Rest, mut socket: Socket) {
    for number in 1.. {
        let asked = socket.event("INTERACTION_CREATE").await;
        let mut data = json!({ "content": format!("S-{number}") });
        if asked["data"]["name"] == "epic" {
            let button = json!({ "type": 2, "style": 3, "label": "Approve all", "custom_id": "approve" });
            data["components"] = json!([{ "type": 1, "components": [button] }]);
        }
        let (id, token) = (asked["id"].as_str().unwrap(), asked["token"].as_str().unwrap());
        let path = format!("/interactions/{id}/{token}/callback");
        rest.ok("POST", &path, json!({ "type": 4, "data": data })).await;
    }
}

#[tokio::test]
async fn a_project_is_led_through_a_sprint() {
    let discord = Server::start().await.unwrap();
    let rest = Rest::new(&discord);
    register(&discord, &rest).await;
    let (socket, _) = Socket::identified(&discord).await;
    let bot = tokio::spawn(answer(rest, socket));

    let mut lines = Vec::new();
    let ada = discord.owner();
    let told = tour(&ada, "general", |step| {
        lines.push(format!("{}\n  {}", step.typed, step.seen.replace('\n', "\n  ")));
    });
    told.await.unwrap();
    bot.abort();

    insta::assert_snapshot!(lines.join("\n"), @r"
    /state
      S-1
    /epic description:People sign in with a code that comes by mail
      S-2
      [Approve all]
    [Approve all]
      S-3
    /backlog add description:The sign-in page asks for an address points:3
      S-4
    /backlog add description:The code comes by mail points:2
      S-5
    /backlog add description:A wrong code is refused points:1
      S-6
    /sprint plan goal:People can sign in ids:S-4 S-5 S-6
      S-7
    /sprint start
      S-8
    /story move id:S-4 status:in_progress
      S-9
    /story move id:S-4 status:done
      S-10
    /story move id:S-5 status:in_progress
      S-11
    /story move id:S-5 status:done
      S-12
    /story move id:S-6 status:in_progress
      S-13
    /story move id:S-6 status:done
      S-14
    /sprint status
      S-15
    /feedback description:good: small stories / improve: talk about the words on the page earlier / action: write them down
      S-16
    /state
      S-17
    ");
}

#[tokio::test]
async fn a_missing_command_is_named() {
    let discord = Server::start().await.unwrap();
    let error = tour(&discord.owner(), "general", |_| {}).await.unwrap_err();
    assert_eq!(error.to_string(), "there is no command `/state` here; registered are: none");
}

#[tokio::test]
async fn silence_is_an_error_and_not_a_step() {
    let discord = Server::start().await.unwrap();
    register(&discord, &Rest::new(&discord)).await;
    discord.stop_clock();
    let mut steps = 0;
    let ada = discord.owner();
    let told = tour(&ada, "general", |_| steps += 1);
    let (error, _) = tokio::join!(told, async {
        discord.until_so("the first question", |discord| discord.asked() == 1).await.unwrap();
        discord.skip(std::time::Duration::from_secs(4));
    });
    assert_eq!(error.unwrap_err().to_string(), "expected an answer to `/state`, but there was none");
    assert_eq!(steps, 0);
}
