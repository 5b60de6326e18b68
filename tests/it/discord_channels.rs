//! The channels of projects on Discord: registering makes them, and whatever fails leaves nothing behind.

use std::path::Path;
use std::time::Duration;

use bandmaster::ledger::Ledger;
use bandmaster::sandbox::{Channel, Fault, Permissions, Person, Seen};
use serde_json::json;

use crate::discord_places::{read, slash, slash_until};
use crate::support::discord::Chat;
use crate::support::eventually;

/// Has a repository of the world registered.
async fn register(chat: &Chat, person: &Person, path: &Path) -> Seen {
    slash(chat, person, "general", "project register", json!({ "path": path })).await
}

/// A Discord with nothing in it, the program on line, and a repository for each name.
async fn chat(repositories: &[&str]) -> Chat {
    let chat = Chat::with(&[], "").await;
    repositories.iter().for_each(|name| chat.world.repository(name));
    chat
}

/// The names of all channels and categories.
fn names(chat: &Chat) -> Vec<String> {
    chat.discord.channels(chat.discord.guild()).into_iter().map(|it| it.name).collect()
}

fn channel(chat: &Chat, name: &str) -> Channel {
    chat.discord.channel(name).unwrap_or_else(|| panic!("there is no #{name} among {:?}", names(chat)))
}

/// Nothing of ours is in the repository.
fn assert_untouched(chat: &Chat, repository: &str) {
    assert_eq!(chat.world.git(repository, &["branch", "--list", "orch-state"]), "");
    assert!(!chat.world.repo(repository).join(".orch-state").exists());
}

/// Where the channels of one guild are made.
fn making(chat: &Chat) -> String {
    format!("/guilds/{}/channels", chat.discord.guild())
}

#[tokio::test(flavor = "multi_thread")]
async fn registering_makes_a_channel_that_says_what_it_is_for() {
    let mut chat = chat(&["shop"]).await;
    let ada = chat.discord.owner();
    let path = chat.world.repo("shop");

    let seen = register(&chat, &ada, &path).await;

    assert!(!seen.is_private() && read(&seen).contains("#box-shop"), "{}", read(&seen));
    let made = channel(&chat, "box-shop");
    let path = std::fs::canonicalize(path).unwrap();
    assert_eq!(made.topic, Some(format!("Bandmaster: shop · box:{} · IDLE", path.display())));
    assert_eq!(made.parent, Some(channel(&chat, "Bandmaster").id));
    chat.discord.until_so("the welcome", |it| !it.messages(made.id).is_empty()).await.unwrap();
    let welcome = chat.discord.messages(made.id)[0].text();
    assert!(
        welcome.contains("This is the channel of shop") && welcome.contains("[Add an epic …]"),
        "{welcome}"
    );
    let state = slash(&chat, &ada, "box-shop", "state", json!({})).await;
    assert!(read(&state).contains("IDLE"), "{}", read(&state));
    chat.stop();
    chat.world.assert_sound(&["shop"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_registered_is_refused_in_private_and_leaves_nothing() {
    let mut chat = chat(&["shop", "other", "third", "last"]).await;
    let ada = chat.discord.owner();
    let outside = tempfile::tempdir().unwrap();
    chat.world.git_in(outside.path(), &["init", "-q"]);
    let folder = chat.world.path().join("folder");
    std::fs::create_dir(&folder).unwrap();
    assert!(!register(&chat, &ada, &chat.world.repo("shop")).await.is_private());
    chat.discord.add_channel(chat.discord.guild(), "box-third", None);
    let before = names(&chat);
    let world = &chat.world;

    let cases = [
        (json!({ "path": world.repo("nowhere") }), "nowhere"),
        (json!({ "path": folder }), "is not in a git repository"),
        (json!({ "path": outside.path() }), "is not in a folder that is open to chat"),
        (json!({ "path": world.repo("shop") }), "is registered as shop"),
        (json!({ "path": world.repo("other"), "name": "shop" }), "the name shop is taken"),
        (json!({ "path": world.repo("third") }), "there is a channel #box-third already"),
    ];
    for (options, expected) in cases {
        let seen = slash(&chat, &ada, "general", "project register", options).await;
        assert!(seen.is_private() && read(&seen).contains(expected), "{expected}: {}", read(&seen));
    }
    let guild = chat.discord.guild();
    chat.discord.set_bot_permissions(guild, Permissions::BOT.without(Permissions::MANAGE_CHANNELS));
    let last = ("project register", json!({ "path": world.repo("last") }));
    let seen = slash_until(&chat, &ada, "general", last, "may not make channels").await;

    assert!(seen.is_private(), "{}", read(&seen));
    assert!(read(&seen).contains("Manage Channels"), "{}", read(&seen));
    assert_eq!(names(&chat), before);
    ["other", "third", "last"].iter().for_each(|name| assert_untouched(&chat, name));
    chat.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_registers_nothing() {
    let mut chat = chat(&["shop"]).await;
    let bob = chat.person("bob", &[]);
    let before = names(&chat);

    let seen = register(&chat, &bob, &chat.world.repo("shop")).await;

    assert!(seen.is_private() && read(&seen).contains("needs the role admin"), "{}", read(&seen));
    assert_eq!(names(&chat), before);
    assert_untouched(&chat, "shop");
    chat.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_of_discord_leaves_neither_channel_nor_branch() {
    let mut chat = chat(&["shop"]).await;
    let ada = chat.discord.owner();
    let before = names(&chat);

    // The category is made and the channel is not; then neither is, for as long as anybody waits.
    chat.discord.fail("POST", &making(&chat), 1, Fault::Late(Duration::ZERO));
    chat.discord.fail("POST", &making(&chat), 1, Fault::Status(403));
    let refused = register(&chat, &ada, &chat.world.repo("shop")).await;
    assert!(read(&refused).contains("no channel could be made"), "{}", read(&refused));
    chat.discord.until_so("the category is gone", |_| names(&chat) == before).await.unwrap();
    chat.discord.fail("POST", &making(&chat), 1000, Fault::Status(502));
    let refused = register(&chat, &ada, &chat.world.repo("shop")).await;
    assert!(read(&refused).contains("Too busy"), "{}", read(&refused));

    assert_eq!(names(&chat), before);
    assert_untouched(&chat, "shop");
    chat.discord.heal();
    let seen = register(&chat, &ada, &chat.world.repo("shop")).await;
    assert!(!seen.is_private(), "{}", read(&seen));
    chat.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_of_the_repository_takes_the_channel_away_again() {
    let mut chat = chat(&["shop"]).await;
    let ada = chat.discord.owner();
    let before = names(&chat);
    // git cannot have a branch and a folder of branches with the same name.
    chat.world.git("shop", &["branch", "orch-state/other"]);

    let refused = register(&chat, &ada, &chat.world.repo("shop")).await;

    let text = read(&refused);
    assert!(!text.contains("registered"), "{text}");
    chat.discord.until_so("all is as before", |_| names(&chat) == before).await.unwrap();
    assert!(!chat.discord.requests_to("DELETE", "/channels/").is_empty(), "it was made before");
    assert!(!chat.world.repo("shop").join(".orch-state").exists());
    chat.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_discord_does_without_saying_so_is_not_done_twice() {
    let mut chat = chat(&["shop"]).await;
    let ada = chat.discord.owner();

    chat.discord.fail("POST", &making(&chat), 2, Fault::CarriedOutThenClosed);
    chat.discord.fail("POST", "/messages", 2, Fault::Status(500));
    let seen = register(&chat, &ada, &chat.world.repo("shop")).await;

    assert!(read(&seen).contains("#box-shop"), "{}", read(&seen));
    assert_eq!(names(&chat), ["general", "Bandmaster", "box-shop"]);
    let made = channel(&chat, "box-shop");
    chat.discord.until_so("the welcome", |it| it.messages(made.id).len() == 1).await.unwrap();
    chat.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_kill_leaves_half_made_is_gone_after_the_next_start() {
    for has_category in [false, true] {
        let mut chat = chat(&["shop"]).await;
        let guild = chat.discord.guild();
        if has_category {
            chat.discord.add_category(guild, "Bandmaster");
        }
        let before = names(&chat);
        // The bot does not hear that it is made, and looks, and gets no answer to that either.
        chat.discord.fail("POST", &making(&chat), 1, Fault::CarriedOutThenClosed);
        chat.discord.fail("GET", &making(&chat), 1000, Fault::Status(502));
        let path = chat.world.repo("shop");
        let options = json!({ "path": path });
        let _asked = chat.discord.owner().ask_slash("general", "project register", &options).unwrap();
        chat.discord.until_so("it is made", |_| names(&chat) != before).await.unwrap();
        chat.kill();
        chat.discord.heal();
        let ledger = Ledger::open(&chat.world.data()).unwrap();
        assert_eq!(ledger.makings(guild.get()).unwrap().len(), 1);
        chat.start().await;

        chat.discord.until_so("it is gone", |_| names(&chat) == before).await.unwrap();
        eventually("nothing is noted", || ledger.makings(guild.get()).unwrap().is_empty());
        assert_untouched(&chat, "shop");
        assert!(!register(&chat, &chat.discord.owner(), &path).await.is_private());
        chat.stop();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_category_takes_fifty_channels_and_then_there_is_another() {
    let chat = Chat::offline(&[], "").await;
    let (discord, guild) = (&chat.discord, chat.discord.guild());
    let first = discord.add_category(guild, "Bandmaster");
    for number in 0..49 {
        discord.add_channel(guild, &format!("x-{number}"), Some(first));
    }
    let mut chat = chat;
    chat.start().await;
    let ada = chat.discord.owner();

    for name in ["one", "two", "three"] {
        chat.world.repository(name);
        assert!(!register(&chat, &ada, &chat.world.repo(name)).await.is_private());
    }

    assert_eq!(channel(&chat, "box-one").parent, Some(first));
    let second = channel(&chat, "Bandmaster 2").id;
    assert_eq!(channel(&chat, "box-two").parent, Some(second));
    assert_eq!(channel(&chat, "box-three").parent, Some(second));
    chat.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_server_is_told_and_a_thread_takes_the_project() {
    let chat = Chat::offline(&[], "").await;
    let (discord, guild) = (&chat.discord, chat.discord.guild());
    // With #general and the category and the channel that are made first, 499.
    for number in 0..496 {
        discord.add_channel(guild, &format!("x-{number}"), None);
    }
    let mut chat = chat;
    ["shop", "other", "third"].iter().for_each(|name| chat.world.repository(name));
    chat.start().await;
    let ada = chat.discord.owner();

    let first = register(&chat, &ada, &chat.world.repo("shop")).await;
    assert!(read(&first).contains("499 of 500 channels"), "{}", read(&first));
    assert!(!register(&chat, &ada, &chat.world.repo("other")).await.is_private());
    let full = register(&chat, &ada, &chat.world.repo("third")).await;

    assert!(full.is_private() && read(&full).contains("no more than 500"), "{}", read(&full));
    assert!(read(&full).contains("/project bind"), "{}", read(&full));
    assert_untouched(&chat, "third");
    ada.start_thread("general", None, "third").unwrap();
    let options = json!({ "path": chat.world.repo("third") });
    let bound = slash(&chat, &ada, "third", "project bind", options).await;
    assert!(read(&bound).contains("Project third belongs to #third"), "{}", read(&bound));
    let state = slash(&chat, &ada, "third", "state", json!({})).await;
    assert!(read(&state).contains("IDLE"), "{}", read(&state));
    chat.stop();
    chat.world.assert_sound(&["shop", "other", "third"]);
}
