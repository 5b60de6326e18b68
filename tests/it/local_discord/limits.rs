//! What is too long, too many or missing is refused, and the answer says where.

use std::time::Duration;

use bandmaster::sandbox::Server;
use serde_json::{Value, json};

use crate::support::Rest;

/// The paths of an answer that lead to faults, with the code of each.
fn faults(answer: &Value, path: &str, found: &mut Vec<String>) {
    for (key, value) in answer.as_object().into_iter().flatten() {
        if key == "_errors" {
            let codes = value.as_array().unwrap().iter().map(|one| one["code"].as_str().unwrap());
            found.extend(codes.map(|code| format!("{} {code}", path.trim_start_matches('.'))));
        } else {
            faults(value, &format!("{path}.{key}"), found);
        }
    }
}

async fn refused(rest: &Rest, method: &str, path: &str, body: Value) -> String {
    let (status, answer) = rest.call(method, path, body).await;
    let mut found = Vec::new();
    faults(&answer["errors"], "", &mut found);
    format!("{status} {} {}", answer["code"], found.join(", ")).trim_end().to_owned()
}

#[tokio::test]
async fn messages_have_bounds() {
    let discord = Server::start().await.unwrap();
    let rest = Rest::new(&discord);
    let path = format!("/channels/{}/messages", discord.channel("general").unwrap().id);
    let long = |length: usize| "x".repeat(length);
    let field = |name: &str, value: &str| json!({ "name": name, "value": value });
    let many_fields: Vec<_> = (0..26).map(|_| field("a", "b")).collect();
    let cases = [
        (json!({}), "400 50006"),
        (json!({ "content": "  " }), "400 50006"),
        (json!({ "content": long(2_001) }), "400 50035 content BASE_TYPE_MAX_LENGTH"),
        (json!({ "content": 5 }), "400 50035 content STRING_TYPE_CONVERT"),
        (json!({ "embeds": vec![json!({ "title": "a" }); 11] }), "400 50035 embeds BASE_TYPE_MAX_LENGTH"),
        (json!({ "embeds": [{}] }), "400 50035 embeds.0.description BASE_TYPE_REQUIRED"),
        (json!({ "embeds": [{ "title": long(257) }] }), "400 50035 embeds.0.title BASE_TYPE_MAX_LENGTH"),
        (json!({ "embeds": [{ "fields": many_fields }] }), "400 50035 embeds.0.fields BASE_TYPE_MAX_LENGTH"),
        (
            json!({ "embeds": [{ "fields": [field("a", " ")] }] }),
            "400 50035 embeds.0.fields.0.value BASE_TYPE_REQUIRED",
        ),
        (
            json!({ "embeds": vec![json!({ "description": long(3_001) }); 2] }),
            "400 50035 embeds MAX_EMBED_SIZE_EXCEEDED",
        ),
        (
            json!({ "content": "a", "allowed_mentions": { "parse": ["users"], "users": ["1"] } }),
            "400 50035 allowed_mentions MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
        ),
    ];
    for (body, expected) in cases {
        assert_eq!(refused(&rest, "POST", &path, body.clone()).await, expected, "{body}");
    }
    let message = rest.ok("POST", &path, json!({ "content": long(2_000) })).await;
    let edit = format!("{path}/{}", message["id"].as_str().unwrap());
    assert_eq!(refused(&rest, "PATCH", &edit, json!({ "content": "" })).await, "400 50006");
    let kept = rest.ok("GET", &edit, Value::Null).await;
    assert_eq!((kept["content"].as_str().unwrap().len(), &kept["edited_timestamp"]), (2_000, &Value::Null));
}

#[tokio::test]
async fn components_have_bounds() {
    let discord = Server::start().await.unwrap();
    let rest = Rest::new(&discord);
    let path = format!("/channels/{}/messages", discord.channel("general").unwrap().id);
    let row = |items: Value| json!({ "type": 1, "components": items });
    let button = |id: &str| json!({ "type": 2, "style": 1, "label": "a", "custom_id": id });
    let select = |options: usize| {
        let option = |at| json!({ "label": "a", "value": format!("{at}") });
        json!({ "type": 3, "custom_id": "s", "options": (0..options).map(option).collect::<Vec<_>>() })
    };
    let cases = [
        (json!(vec![row(json!([button("a")])); 6]), "components BASE_TYPE_MAX_LENGTH"),
        (json!([row(json!([]))]), "components.0.components BASE_TYPE_BAD_LENGTH"),
        (
            json!([row(json!([button("a"), button("a")]))]),
            "components.0.components.1.custom_id COMPONENT_CUSTOM_ID_DUPLICATED",
        ),
        (
            json!([row(json!([{ "type": 2, "style": 1, "label": "a" }]))]),
            "components.0.components.0.custom_id BASE_TYPE_REQUIRED",
        ),
        (json!([row(json!([select(26)]))]), "components.0.components.0.options BASE_TYPE_MAX_LENGTH"),
        (json!([row(json!([select(0)]))]), "components.0.components.0.options BASE_TYPE_BAD_LENGTH"),
        (
            json!([row(json!([select(2), button("a")]))]),
            "components.0.components COMPONENT_LAYOUT_WIDTH_EXCEEDED",
        ),
        (json!([button("a")]), "components.0.type UNION_TYPE_CHOICES"),
    ];
    for (components, expected) in cases {
        let body = json!({ "content": "a", "components": components });
        let answer = refused(&rest, "POST", &path, body).await;
        assert!(answer.starts_with("400 50035 ") && answer.contains(expected), "{answer}\n{expected}");
    }
}

#[tokio::test]
async fn commands_have_bounds() {
    let discord = Server::start().await.unwrap();
    let rest = Rest::new(&discord);
    let path = format!("/applications/{}/guilds/{}/commands", discord.bot(), discord.guild());
    let command = |name: &str| json!({ "name": name, "description": "a" });
    let with = |options: Value| json!([{ "name": "a", "description": "a", "options": options }]);
    let option = |name: &str, required: bool| json!({ "type": 3, "name": name, "description": "a", "required": required });
    let many: Vec<_> = (0..26).map(|at| option(&format!("o{at}"), false)).collect();
    let cases = [
        (json!([command("Backlog")]), "0.name APPLICATION_COMMAND_INVALID_NAME"),
        (json!([command(&"a".repeat(33))]), "0.name BASE_TYPE_BAD_LENGTH"),
        (json!([{ "name": "a" }]), "0.description BASE_TYPE_REQUIRED"),
        (json!([command("a"), command("a")]), "1.name APPLICATION_COMMANDS_DUPLICATE_NAME"),
        (with(json!(many)), "0.options BASE_TYPE_MAX_LENGTH"),
        (
            with(json!([option("a", false), option("b", true)])),
            "0.options.1 APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
        ),
        (
            with(json!([option("a", false), { "type": 1, "name": "b", "description": "b" }])),
            "0.options APPLICATION_COMMAND_OPTIONS_TYPE_INVALID",
        ),
    ];
    for (body, expected) in cases {
        let answer = refused(&rest, "PUT", &path, body).await;
        assert!(answer.contains(expected), "{answer}\n{expected}");
    }
    assert!(discord.commands().is_empty(), "a refused set changes nothing");
}

#[tokio::test]
async fn only_so_many_commands_are_created_in_a_day() {
    let discord = Server::start().await.unwrap();
    let rest = Rest::new(&discord);
    let path = format!("/applications/{}/guilds/{}/commands", discord.bot(), discord.guild());
    let set = |prefix: &str| -> Value {
        (0..100).map(|at| json!({ "name": format!("{prefix}{at}"), "description": "a" })).collect()
    };
    for prefix in ["a", "a", "b"] {
        rest.ok("PUT", &path, set(prefix)).await;
    }
    assert_eq!(rest.refused("PUT", &path, set("c")).await, (400, 30034));
    assert_eq!(discord.commands().len(), 100);
    discord.skip(Duration::from_hours(25));
    rest.ok("PUT", &path, set("c")).await;
}

#[tokio::test]
async fn a_guild_has_room_for_so_many_channels() {
    let discord = Server::start().await.unwrap();
    let rest = Rest::new(&discord);
    let guild = discord.guild();
    let path = format!("/guilds/{guild}/channels");
    let category = discord.add_category(guild, "Projects");
    for at in 0..50 {
        discord.add_channel(guild, &format!("p{at}"), Some(category));
    }
    let body = json!({ "name": "one-more", "parent_id": category.to_string() });
    let full = refused(&rest, "POST", &path, body).await;
    assert_eq!(full, "400 50035 parent_id CHANNEL_PARENT_MAX_CHANNELS");

    for at in 52..500 {
        discord.add_channel(guild, &format!("p{at}"), None);
    }
    assert_eq!(refused(&rest, "POST", &path, json!({ "name": "one-more" })).await, "400 30013");
}

#[tokio::test]
async fn the_archive_is_for_reading() {
    let discord = Server::start().await.unwrap();
    let rest = Rest::new(&discord);
    let parent = discord.channel("general").unwrap().id;
    let body = json!({ "name": "Run", "type": 11 });
    let thread = rest.ok("POST", &format!("/channels/{parent}/threads"), body).await;
    let path = format!("/channels/{}", thread["id"].as_str().unwrap());
    let message = rest.ok("POST", &format!("{path}/messages"), json!({ "content": "red" })).await;
    rest.ok("PATCH", &path, json!({ "archived": true })).await;

    let edit = format!("{path}/messages/{}", message["id"].as_str().unwrap());
    assert_eq!(rest.refused("PATCH", &edit, json!({ "content": "green" })).await, (400, 50083));
    assert_eq!(rest.refused("PATCH", &path, json!({ "name": "Old run" })).await, (400, 50083));
    rest.ok("POST", &format!("{path}/messages"), json!({ "content": "again" })).await;
    rest.ok("PATCH", &edit, json!({ "content": "green" })).await;
}

#[tokio::test]
async fn files_come_back_as_they_went_and_have_bounds() {
    let discord = Server::start().await.unwrap();
    let rest = Rest::new(&discord);
    let path = format!("/channels/{}/messages", discord.channel("general").unwrap().id);
    let body = json!({
        "embeds": [{ "title": "a", "image": { "url": "attachment://chart.png" } }],
        "attachments": [{ "id": 0, "description": "a chart" }],
    });
    let (status, message) = rest.upload("POST", &path, &body, &[("chart.png", b"not really")]).await;
    assert_eq!(status, 200, "{message}");
    let url = message["attachments"][0]["url"].as_str().unwrap();
    assert_eq!(rest.fetch(url).await, b"not really");
    assert_eq!(message["embeds"][0]["image"]["url"], url);
    assert_eq!(message["attachments"][0]["description"], "a chart");

    let big = vec![0; (10 << 20) + 1];
    let (status, answer) = rest.upload("POST", &path, &json!({}), &[("big.bin", &big)]).await;
    assert_eq!((status, &answer["code"]), (413, &json!(40005)));
    let edit = format!("{path}/{}", message["id"].as_str().unwrap());
    let edited = rest.ok("PATCH", &edit, json!({ "attachments": [] })).await;
    assert_eq!(edited["attachments"], json!([]));
}
