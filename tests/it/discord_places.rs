//! How projects and channels stay together on Discord: bound, renamed, deleted, let go, forgotten, found again.

use std::path::Path;

use bandmaster::ledger::Ledger;
use bandmaster::sandbox::{Discord, Permissions, Person, Seen, Snowflake};
use serde_json::{Value, json};

use crate::support::discord::Chat;
use crate::support::eventually;

/// What somebody reads: without the signs that keep Discord from taking it for a format.
pub(crate) fn read(seen: &Seen) -> String {
    seen.text().replace('\\', "")
}

/// Gives a command and waits for something to read: a refusal comes after its place in public was given up.
pub(crate) async fn slash(
    chat: &Chat,
    person: &Person,
    channel: &str,
    command: &str,
    options: Value,
) -> Seen {
    let asked = person.ask_slash(channel, command, &options).unwrap();
    let answer = |_: &Discord| Some(asked.seen()).filter(|seen| !seen.messages.is_empty());
    chat.discord.until("something to read", answer).await.unwrap()
}

/// Asks until the answer says something: what has just happened on a server reaches the bot on a way of its own.
pub(crate) async fn slash_until(
    chat: &Chat,
    person: &Person,
    channel: &str,
    (command, options): (&str, Value),
    expected: &str,
) -> Seen {
    for _ in 0..50 {
        let seen = slash(chat, person, channel, command, options.clone()).await;
        if read(&seen).contains(expected) {
            return seen;
        }
    }
    panic!("`{command}` never said {expected:?}");
}

/// A Discord where these projects were registered from `#general`.
async fn chat(projects: &[&str]) -> Chat {
    let chat = Chat::with(&[], "").await;
    for name in projects {
        chat.world.repository(name);
        let path = chat.world.repo(name);
        let seen =
            slash(&chat, &chat.discord.owner(), "general", "project register", json!({ "path": path })).await;
        assert!(!seen.is_private(), "{}", read(&seen));
    }
    chat
}

/// What the topic of a channel says of a project, as soon as it does.
async fn topic(chat: &Chat, channel: &str, end: &str) {
    let says = |it: &Discord| it.channel(channel)?.topic.filter(|topic| topic.ends_with(end));
    chat.discord.until(&format!("the topic of {channel} says {end}"), says).await.unwrap();
}

/// Does to a channel what people can do in their client, in the name of the bot.
async fn ask_api(chat: &Chat, method: reqwest::Method, channel: Snowflake, body: Value) {
    let url = format!("{}/api/v10/channels/{channel}", chat.discord.url());
    let asked = reqwest::Client::new().request(method, url).json(&body);
    let asked = asked.header("authorization", format!("Bot {}", chat.discord.token()));
    asked.send().await.unwrap().error_for_status().unwrap();
}

fn with_ledger<T>(data: &Path, look: impl FnOnce(&Ledger) -> T) -> T {
    look(&Ledger::open(data).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_moves_to_a_channel_and_to_a_thread_that_are_there() {
    let mut chat = chat(&["shop"]).await;
    let (ada, guild) = (chat.discord.owner(), chat.discord.guild());
    chat.discord.add_channel(guild, "till", None);

    let bind = ("project bind", json!({ "name": "shop", "channel": "#till" }));
    let bound = slash_until(&chat, &ada, "general", bind, "Project shop belongs to #till").await;

    let text = read(&bound);
    assert!(text.contains("Project shop belongs to #till") && text.contains("#box-shop"), "{text}");
    assert!(read(&slash(&chat, &ada, "till", "state", json!({})).await).contains("IDLE"));
    topic(&chat, "till", " · IDLE").await;
    topic(&chat, "box-shop", " · in another channel now").await;
    let elsewhere = slash(&chat, &ada, "box-shop", "state", json!({})).await;
    assert!(elsewhere.is_private() && read(&elsewhere).contains("#till (shop)"), "{}", read(&elsewhere));

    let again = slash(&chat, &ada, "till", "project bind", json!({ "name": "shop" })).await;
    assert!(read(&again).contains("Project shop belongs to #till"), "{}", read(&again));
    let till = chat.discord.channel("till").unwrap().id;
    let welcomes = |it: &Discord| {
        it.messages(till).iter().filter(|one| one.text().contains("This is the channel of shop")).count() == 1
    };
    chat.discord.until_so("one welcome", welcomes).await.unwrap();

    let thread = ada.start_thread("general", None, "about the shop").unwrap();
    let bound = slash(&chat, &ada, &thread.id.to_string(), "project bind", json!({ "name": "shop" })).await;
    assert!(read(&bound).contains("#till"), "{}", read(&bound));
    assert!(read(&slash(&chat, &ada, &thread.id.to_string(), "state", json!({})).await).contains("IDLE"));
    chat.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_binding_that_makes_no_sense_is_refused() {
    let mut chat = chat(&["shop", "other"]).await;
    let (ada, guild) = (chat.discord.owner(), chat.discord.guild());
    chat.discord.add_category(guild, "heading");
    let heading = chat.discord.channel("heading").unwrap().id.to_string();
    let bob = chat.person("bob", &[]);

    let cases = [
        (&ada, "box-shop", json!({ "name": "other" }), "#box-shop belongs to shop"),
        (&ada, "general", json!({ "name": "nobody" }), "there is no project nobody"),
        (&ada, "general", json!({}), "every project has a channel"),
        (&ada, "general", json!({ "name": "shop", "channel": "#nowhere" }), "there is no channel #nowhere"),
        (&ada, "general", json!({ "name": "shop", "channel": heading }), "is not a channel for text"),
        (&bob, "general", json!({ "name": "shop" }), "needs the role admin"),
    ];
    for (person, channel, options, expected) in cases {
        let seen = slash(&chat, person, channel, "project bind", options).await;
        assert!(seen.is_private() && read(&seen).contains(expected), "{expected}: {}", read(&seen));
    }
    let refused = chat.world.run(&["do", "--project", "shop", "project bind"]);
    assert!(refused.code != 0 && format!("{refused:?}").contains("no channels here"), "{refused:?}");
    chat.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_that_was_registered_elsewhere_gets_a_channel() {
    let mut chat = chat(&[]).await;
    let ada = chat.discord.owner();
    for name in ["shop", "other"] {
        chat.world.repository(name);
        let ran = chat.world.run(&["register", chat.world.repo(name).to_str().unwrap()]);
        assert_eq!(ran.code, 0, "{ran:?}");
    }

    let again =
        slash(&chat, &ada, "general", "project register", json!({ "path": chat.world.repo("shop") })).await;
    assert!(read(&again).contains("it was registered already"), "{}", read(&again));
    assert!(read(&slash(&chat, &ada, "box-shop", "state", json!({})).await).contains("IDLE"));
    // The only one without a channel is meant.
    let bound = slash(&chat, &ada, "general", "project bind", json!({})).await;
    assert!(read(&bound).contains("Project other belongs to #general"), "{}", read(&bound));
    let taken =
        slash(&chat, &ada, "general", "project register", json!({ "path": chat.world.repo("shop") })).await;
    assert!(taken.is_private() && read(&taken).contains("its channel is #box-shop"), "{}", read(&taken));
    chat.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renamed_channel_stays_the_channel_of_its_project() {
    let mut chat = chat(&["shop"]).await;
    let ada = chat.discord.owner();

    ada.rename_channel("box-shop", "the-shop").unwrap();

    assert!(read(&slash(&chat, &ada, "the-shop", "state", json!({})).await).contains("IDLE"));
    let health = slash(&chat, &ada, "the-shop", "project health", json!({})).await;
    assert!(read(&health).contains("shop is in order"), "{}", read(&health));
    assert!(read(&health).contains("renamed from #box-shop"), "{}", read(&health));
    assert!(chat.discord.channel("the-shop").is_some(), "people's name stays");
    chat.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_channel_is_noticed_and_made_again() {
    let mut chat = chat(&["shop", "other"]).await;
    let ada = chat.discord.owner();

    ada.delete_channel("box-shop").unwrap();
    let data = chat.world.data();
    eventually("it is noticed", || with_ledger(&data, |it| it.channels().unwrap().len()) == 1);
    let elsewhere = slash(&chat, &ada, "general", "state", json!({})).await;
    assert!(
        elsewhere.is_private() && read(&elsewhere).contains("#box-other (other)"),
        "{}",
        read(&elsewhere)
    );
    assert!(!read(&elsewhere).contains("shop"), "{}", read(&elsewhere));
    assert!(
        read(&slash(&chat, &ada, "general", "state", json!({ "project": "shop" })).await).contains("IDLE")
    );
    let health = slash(&chat, &ada, "general", "project health", json!({ "name": "shop" })).await;

    assert!(read(&health).contains("#box-shop is a new one"), "{}", read(&health));
    assert!(read(&slash(&chat, &ada, "box-shop", "state", json!({})).await).contains("IDLE"));
    chat.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_was_deleted_while_nobody_looked_is_noticed_at_the_next_start() {
    let mut chat = chat(&["shop"]).await;
    let data = chat.world.data();
    chat.stop();
    chat.discord.owner().delete_channel("box-shop").unwrap();

    chat.start().await;

    eventually("it is noticed", || with_ledger(&data, |it| it.channels().unwrap().is_empty()));
    chat.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn health_names_what_the_bot_may_not_do_and_mends_topic_and_category() {
    let mut chat = chat(&["shop"]).await;
    let (ada, guild) = (chat.discord.owner(), chat.discord.guild());
    let category = chat.discord.channel("Bandmaster").unwrap().id;
    ask_api(&chat, reqwest::Method::DELETE, category, json!({})).await;
    let id = chat.discord.channel("box-shop").unwrap().id;
    ask_api(&chat, reqwest::Method::PATCH, id, json!({ "topic": "All about the till" })).await;
    chat.discord
        .until_so("it is outside", |it| it.channel("box-shop").unwrap().parent.is_none())
        .await
        .unwrap();

    let health = ("project health", json!({}));
    slash_until(&chat, &ada, "box-shop", health.clone(), "Bandmaster is a new one").await;
    topic(&chat, "box-shop", " · IDLE").await;
    let topic = chat.discord.channel("box-shop").unwrap().topic.unwrap();
    assert!(topic.starts_with("All about the till | Bandmaster: shop · box:/"), "{topic}");
    let category = chat.discord.channel("Bandmaster").unwrap().id;
    assert_eq!(chat.discord.channel("box-shop").unwrap().parent, Some(category));

    let lacking = Permissions::MANAGE_THREADS | Permissions::ATTACH_FILES;
    chat.discord.set_bot_permissions(guild, Permissions::BOT.without(lacking));
    let missing = "missing: Attach Files, Manage Threads";
    let health = slash_until(&chat, &ada, "box-shop", health, missing).await;
    assert!(read(&health).contains("shop: 1 of "), "{}", read(&health));
    chat.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thread_in_the_archive_stays_with_its_project() {
    let mut chat = chat(&["shop"]).await;
    let ada = chat.discord.owner();
    let thread = ada.start_thread("general", None, "about the shop").unwrap().id.to_string();
    chat.stop();
    ada.archive_thread(&thread, false).unwrap();
    chat.start().await;

    let options = json!({ "name": "shop", "channel": format!("<#{thread}>") });
    let bound = slash(&chat, &ada, "general", "project bind", options).await;
    assert!(read(&bound).contains("Project shop belongs to #about the shop"), "{}", read(&bound));
    chat.discord
        .until_so("the welcome brings it back", |it| {
            it.channel("about the shop").unwrap().thread.is_some_and(|it| !it.archived)
        })
        .await
        .unwrap();
    ada.archive_thread(&thread, false).unwrap();
    chat.stop();
    chat.start().await;

    let health = slash(&chat, &ada, "general", "project health", json!({ "name": "shop" })).await;
    assert!(read(&health).contains("shop is in order"), "{}", read(&health));
    chat.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_ledger_is_rebuilt_from_the_topics() {
    let mut chat = chat(&["shop", "other"]).await;
    let ada = chat.discord.owner();
    ada.rename_channel("box-shop", "the-shop").unwrap();
    chat.stop();
    for end in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(chat.world.data().join(format!("ledger.db{end}")));
    }

    chat.start().await;

    let data = chat.world.data();
    eventually("they are found", || with_ledger(&data, |it| it.channels().unwrap().len()) == 2);
    assert!(read(&slash(&chat, &ada, "the-shop", "state", json!({})).await).contains("IDLE"));
    assert!(
        slash(&chat, &ada, "box-other", "project health", json!({}))
            .await
            .text()
            .contains("other is in order")
    );
    chat.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_channel_of_a_project_that_was_let_go_stays_and_is_taken_up_again() {
    let mut chat = chat(&["shop"]).await;
    let ada = chat.discord.owner();
    let id = chat.discord.channel("box-shop").unwrap().id;
    let path = chat.world.repo("shop");

    let asked = slash(&chat, &ada, "box-shop", "project unregister", json!({})).await;
    assert!(asked.is_private() && read(&asked).contains("Please confirm"), "{}", read(&asked));
    let gone = slash(&chat, &ada, "box-shop", "project unregister", json!({ "confirm": true })).await;
    assert!(read(&gone).contains("Project shop unregistered"), "{}", read(&gone));
    topic(&chat, "box-shop", " · not registered any more").await;
    let farewells = |it: &Discord| {
        it.messages(id).iter().filter(|one| one.text().contains("is not managed here any more")).count() == 1
    };
    chat.discord.until_so("the last word", farewells).await.unwrap();
    assert!(slash(&chat, &ada, "box-shop", "state", json!({})).await.is_private());

    let again = slash(&chat, &ada, "general", "project register", json!({ "path": path })).await;
    assert!(read(&again).contains("#box-shop"), "{}", read(&again));
    assert_eq!(chat.discord.channel("box-shop").unwrap().id, id);
    assert!(read(&slash(&chat, &ada, "box-shop", "state", json!({})).await).contains("IDLE"));
    assert!(farewells(&chat.discord), "once");
    chat.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_that_was_let_go_at_the_console_takes_leave_too() {
    let mut chat = chat(&["shop", "other"]).await;

    let ran = chat.world.run(&["do", "--project", "shop", "project unregister confirm"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    topic(&chat, "box-shop", " · not registered any more").await;
    chat.stop();
    let ran = chat.world.run(&["do", "--project", "other", "project unregister confirm"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    chat.start().await;

    let id = chat.discord.channel("box-other").unwrap().id;
    let told =
        |it: &Discord| it.messages(id).iter().any(|one| one.text().contains("not managed here any more"));
    chat.discord.until_so("the last word", told).await.unwrap();
    topic(&chat, "box-other", " · not registered any more").await;
    chat.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_topic_follows_the_state_but_not_more_than_once_in_ten_minutes() {
    let mut chat = chat(&["shop"]).await;
    let ada = chat.discord.owner();
    let edits = |it: &Discord| {
        let all = it.requests_to("PATCH", "/channels/");
        all.iter().filter(|one| !one.path.contains("/messages")).count()
    };

    slash(&chat, &ada, "box-shop", "backlog add", json!({ "description": "Log in", "points": 3 })).await;
    topic(&chat, "box-shop", " · BACKLOG_READY").await;
    slash(&chat, &ada, "box-shop", "sprint plan", json!({ "ids": "S-1" })).await;
    slash(&chat, &ada, "box-shop", "sprint start", json!({})).await;
    let health = slash(&chat, &ada, "box-shop", "project health", json!({})).await;

    assert!(read(&health).contains("it will be within ten minutes"), "{}", read(&health));
    assert_eq!(edits(&chat.discord), 1);
    chat.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_is_unknown_on_other_servers_even_without_its_channel() {
    let mut chat = Chat::offline(&[], "").await;
    let elsewhere = chat.discord.add_guild("elsewhere");
    chat.configure(&format!("[[discord.guilds]]\nid = \"{elsewhere}\""));
    let boss = chat.discord.add_role(elsewhere, "Boss", Permissions::ADMINISTRATOR);
    let eve = chat.discord.add_person(elsewhere, "eve");
    chat.discord.set_roles(&eve, elsewhere, &[boss]);
    chat.start().await;
    let there = |it: &Discord| it.commands().iter().any(|one| one["guild_id"] == elsewhere.to_string());
    chat.discord.until_so("the commands are known there", there).await.unwrap();
    chat.world.repository("shop");
    let (ada, path) = (chat.discord.owner(), chat.world.repo("shop"));
    slash(&chat, &ada, "general", "project register", json!({ "path": path })).await;

    for has_channel in [true, false] {
        for (command, options) in [
            ("project bind", json!({ "name": "shop" })),
            ("project health", json!({ "name": "shop" })),
            ("project register", json!({ "path": path })),
        ] {
            let seen = slash(&chat, &eve, "general", command, options).await;
            let text = read(&seen);
            assert!(seen.is_private() && !text.contains("box-shop"), "{has_channel} {command}: {text}");
            assert!(
                text.contains("no project shop") || text.contains("is registered as"),
                "{command}: {text}"
            );
        }
        if has_channel {
            ada.delete_channel("box-shop").unwrap();
            let data = chat.world.data();
            eventually("it is noticed", || with_ledger(&data, |it| it.channels().unwrap().is_empty()));
        }
    }
    chat.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_changes_nothing_where_all_is_in_order() {
    let mut chat = chat(&["shop", "other"]).await;
    for channel in ["box-shop", "box-other"] {
        let id = chat.discord.channel(channel).unwrap().id;
        let welcome =
            |it: &Discord| it.messages(id).iter().any(|one| one.text().contains("This is the channel"));
        chat.discord.until_so("the welcome", welcome).await.unwrap();
        chat.discord.until_so("the board", |it| !it.pinned(id).is_empty()).await.unwrap();
    }
    chat.stop();
    chat.discord.clear_requests();

    chat.start().await;
    let ada = chat.discord.owner();
    assert!(read(&slash(&chat, &ada, "box-shop", "state", json!({})).await).contains("IDLE"));

    for method in ["POST", "PATCH", "DELETE", "PUT"] {
        let sent = chat.discord.requests_to(method, "/channels");
        assert!(sent.is_empty(), "{sent:?}");
        let sent = chat.discord.requests_to(method, "/commands");
        assert!(sent.is_empty(), "{sent:?}");
    }
    chat.stop();
}
