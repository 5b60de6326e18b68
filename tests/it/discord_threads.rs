//! Threads of stories: what they tell, once and in order, and when they come and go.

use bandmaster::sandbox::{Channel, Discord, Fault, Permissions, Snowflake};

use crate::discord_boards::{channel, end, until};
use crate::support::discord::Chat;

/// Two stories in a sprint that has not begun.
async fn planned() -> Chat {
    let chat = Chat::with(&["alpha"], "").await;
    chat.world.do_as("alpha", "p1", "backlog add \"Log in with a password\" points:3");
    chat.world.do_as("alpha", "p2", "backlog add \"Log out\"");
    chat.world.do_as("alpha", "p3", "sprint plan S-1 S-2");
    // Who has heard nothing yet begins with what comes.
    let told = || rows(&chat, "SELECT count(*) FROM cursor WHERE name LIKE 'told:%'");
    until(&chat, "the bot has looked at the history", |_| (told() == 1).then_some(())).await;
    chat
}

fn rows(chat: &Chat, sql: &str) -> u32 {
    let ledger = rusqlite::Connection::open(chat.world.data().join("ledger.db")).unwrap();
    ledger.query_row(sql, [], |row| row.get(0)).unwrap()
}

fn says(chat: &Chat, id: &str, text: &str) {
    let outcome = chat.world.do_as("alpha", id, text);
    assert_eq!(outcome["ok"], true, "{outcome}");
}

fn thread(discord: &Discord, parent: Snowflake, story: &str) -> Option<Channel> {
    discord.threads(parent).into_iter().find(|it| it.name.starts_with(&format!("{story} ")))
}

fn is_archived(thread: &Channel) -> bool {
    thread.thread.as_ref().unwrap().archived
}

/// What was said in a thread after its introduction.
fn told(discord: &Discord, thread: Snowflake) -> Vec<String> {
    discord.messages(thread).into_iter().map(|it| it.content).filter(|it| !it.is_empty()).collect()
}

/// The thread of a story, once it is as wished.
async fn thread_that(chat: &Chat, story: &str, archived: bool) -> Channel {
    let parent = channel(chat, "alpha");
    until(chat, &format!("a thread of {story}, archived: {archived}"), |discord| {
        thread(discord, parent, story).filter(|it| is_archived(it) == archived)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_story_has_a_thread_while_its_sprint_goes_on() {
    let chat = planned().await;
    let parent = channel(&chat, "alpha");
    assert_eq!(chat.discord.threads(parent).len(), 0);

    says(&chat, "c1", "sprint start");
    let first = thread_that(&chat, "S-1", false).await;
    let second = thread_that(&chat, "S-2", false).await;
    let introduced = |it: &Discord| it.messages(first.id).pop().filter(|one| !one.embeds.is_empty());
    let introduction = until(&chat, "an introduction", introduced).await;
    says(&chat, "c2", "story move S-1 in_progress");
    let hears = |id: Snowflake, text: &'static str| {
        move |it: &Discord| told(it, id).iter().any(|line| line.contains(text)).then_some(())
    };
    until(&chat, "the first line", hears(first.id, "ada moved S-1 to in\\_progress")).await;
    says(&chat, "c3", "story move S-1 blocked reason:\"@everyone <@1> `x`\"");
    until(&chat, "the reason", hears(first.id, "blocked")).await;
    says(&chat, "c4", "story move S-1 done");
    let closed = thread_that(&chat, "S-1", true).await;

    assert_eq!((first.name.as_str(), closed.id), ("S-1 Log in with a password", first.id));
    assert!(introduction.text().contains("Log in with a password"), "{}", introduction.text());
    assert!(chat.discord.messages(first.id).iter().all(|one| one.pings.is_empty()));
    assert_eq!(told(&chat.discord, first.id).len(), 3);
    assert_eq!(told(&chat.discord, second.id), [""; 0]);
    says(&chat, "c5", "story move S-1 in_progress");
    assert_eq!(thread_that(&chat, "S-1", false).await.id, first.id);
    says(&chat, "c6", "sprint finish");
    thread_that(&chat, "S-1", true).await;
    thread_that(&chat, "S-2", true).await;
    assert_eq!(chat.discord.threads(parent).len(), 2);
    end(chat);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_while_discord_is_away_is_told_later_in_order_and_once() {
    let mut chat = planned().await;
    says(&chat, "c1", "sprint start");
    let first = thread_that(&chat, "S-1", false).await;
    let introduced = |it: &Discord| it.messages(first.id).pop().filter(|one| !one.embeds.is_empty());
    until(&chat, "an introduction", introduced).await;
    chat.discord.fail("*", "/channels/", 10_000, Fault::Status(503));
    chat.discord.cut_gateway();

    says(&chat, "c2", "story move S-1 in_progress");
    says(&chat, "c3", "story move S-1 in_review");
    until(&chat, "a failure", |it| it.requests_to("*", "/channels/").pop().filter(|one| one.status == 503))
        .await;
    says(&chat, "c4", "story move S-1 done");
    chat.stop();
    chat.start_without_waiting();
    chat.server().wait_until_ready();
    says(&chat, "c5", "story move S-1 in_progress");
    says(&chat, "c6", "story move S-1 done");
    chat.discord.heal();

    let whole = until(&chat, "the last line", |it| {
        let lines = told(it, first.id).join("\n");
        (lines.matches("moved S-1 to done").count() == 2).then_some(lines)
    })
    .await;
    let moves: Vec<_> = whole.split_whitespace().filter(|word| is_status(word)).collect();
    assert_eq!(moves.len(), 5, "{whole}");
    let stripped: Vec<_> = moves.iter().map(|word| word.replace(['\\', '*'], "")).collect();
    assert_eq!(stripped, ["in_progress", "in_review", "done", "in_progress", "done"]);
    thread_that(&chat, "S-1", true).await;
    end(chat);
}

fn is_status(word: &str) -> bool {
    ["in_progress", "in_review", "done"].contains(&word.replace(['\\', '*'], "").as_str())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sprint_that_came_and_went_while_discord_was_away_is_told_whole() {
    let chat = planned().await;
    let parent = channel(&chat, "alpha");
    chat.discord.fail("*", &format!("/channels/{parent}/threads"), 10_000, Fault::Closed);

    says(&chat, "c1", "sprint start");
    says(&chat, "c2", "story move S-1 in_progress");
    until(&chat, "a failure", |it| it.requests_to("POST", "/threads").pop()).await;
    says(&chat, "c3", "story move S-1 done");
    says(&chat, "c4", "story move S-2 done");
    chat.discord.heal();

    let first = thread_that(&chat, "S-1", true).await;
    let second = thread_that(&chat, "S-2", true).await;
    assert_eq!(told(&chat.discord, first.id).len(), 1);
    let lines = told(&chat.discord, first.id).remove(0);
    assert!(lines.contains("to in\\_progress\nada moved S-1 to done"), "{lines}");
    assert_eq!(told(&chat.discord, second.id), ["**ada moved S-2 to done**"]);
    assert_eq!(chat.discord.threads(parent).len(), 2);
    end(chat);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_between_posting_and_noting_it_shows_the_message_once() {
    let mut chat = planned().await;
    says(&chat, "c1", "sprint start");
    let first = thread_that(&chat, "S-1", false).await;
    let introduced = |it: &Discord| it.messages(first.id).pop().filter(|one| !one.embeds.is_empty());
    until(&chat, "an introduction", introduced).await;
    let path = format!("/channels/{}/messages", first.id);
    chat.discord.fail("POST", &path, 10_000, Fault::CarriedOutThenClosed);

    says(&chat, "c2", "story move S-1 in_progress");
    until(&chat, "the message", |it| told(it, first.id).pop()).await;
    assert_eq!(rows(&chat, "SELECT count(*) FROM outbox"), 1);
    chat.kill();
    chat.discord.heal();
    chat.start().await;
    chat.server().wait_until_ready();
    says(&chat, "c3", "story move S-1 in_review");

    let second = |it: &Discord| told(it, first.id).into_iter().find(|it| it.contains("in\\_review"));
    until(&chat, "the next message", second).await;
    assert_eq!(told(&chat.discord, first.id).len(), 2, "{:?}", told(&chat.discord, first.id));
    end(chat);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_at_any_moment_loses_nothing_and_repeats_nothing() {
    let mut chat = planned().await;
    says(&chat, "c1", "sprint start");
    let first = thread_that(&chat, "S-1", false).await;

    for round in 0..4 {
        let (there, back) = (format!("k{round}"), format!("b{round}"));
        says(&chat, &there, "story move S-1 in_review");
        says(&chat, &back, "story move S-1 in_progress");
        chat.kill();
        chat.start().await;
        chat.server().wait_until_ready();
    }

    let count = |it: &Discord, status: &str| told(it, first.id).join("\n").matches(status).count();
    until(&chat, "all that happened", |it| (count(it, "to in\\_progress") >= 4).then_some(())).await;
    says(&chat, "c9", "story move S-1 done");
    thread_that(&chat, "S-1", true).await;
    let all = told(&chat.discord, first.id).join("\n");
    assert_eq!(
        (count(&chat.discord, "to in\\_progress"), count(&chat.discord, "to in\\_review")),
        (4, 4),
        "{all}"
    );
    end(chat);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thread_that_was_deleted_or_put_away_is_there_again_when_there_is_something_to_tell() {
    let chat = planned().await;
    says(&chat, "c1", "sprint start");
    let first = thread_that(&chat, "S-1", false).await;
    let second = thread_that(&chat, "S-2", false).await;
    for id in [first.id, second.id] {
        until(&chat, "an introduction", |it| it.messages(id).pop().filter(|one| !one.embeds.is_empty()))
            .await;
    }
    let ada = chat.discord.owner();
    ada.delete_channel(&first.id.to_string()).unwrap();
    ada.archive_thread(&second.id.to_string(), true).unwrap();

    says(&chat, "c2", "story move S-1 in_progress");
    says(&chat, "c3", "story move S-2 in_progress");

    let anew = thread_that(&chat, "S-1", false).await;
    until(&chat, "the line", |it| told(it, anew.id).pop()).await;
    until(&chat, "the line", |it| told(it, second.id).pop()).await;
    assert_ne!(anew.id, first.id);
    assert_eq!(thread_that(&chat, "S-2", false).await.id, second.id);
    end(chat);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_ledger_finds_the_threads_again() {
    let mut chat = planned().await;
    says(&chat, "c1", "sprint start");
    let first = thread_that(&chat, "S-1", false).await;
    thread_that(&chat, "S-2", false).await;
    let parent = channel(&chat, "alpha");
    chat.stop();
    for end in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(chat.world.data().join(format!("ledger.db{end}")));
    }
    chat.tie("alpha", parent);

    chat.start().await;
    until(&chat, "the threads are known", |_| {
        (rows(&chat, "SELECT count(*) FROM thread") == 2).then_some(())
    })
    .await;
    says(&chat, "c2", "story move S-1 in_progress");

    until(&chat, "the line", |it| told(it, first.id).pop()).await;
    assert_eq!(chat.discord.threads(parent).len(), 2);
    end(chat);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_in_a_thread_is_told_there() {
    let mut chat = Chat::offline(&["alpha"], "").await;
    let thread = chat.discord.owner().start_thread("general", None, "our project").unwrap();
    chat.tie("alpha", thread.id);
    chat.start().await;
    until(&chat, "a board", |it| it.pinned(thread.id).pop()).await;
    until(&chat, "a cursor", |_| {
        (rows(&chat, "SELECT count(*) FROM cursor WHERE name LIKE 'told:%'") == 1).then_some(())
    })
    .await;

    says(&chat, "c1", "backlog add x");
    says(&chat, "c2", "sprint plan S-1");
    says(&chat, "c3", "sprint start");
    says(&chat, "c4", "story move S-1 in_progress");

    until(&chat, "the line", |it| told(it, thread.id).pop()).await;
    assert_eq!(chat.discord.requests_to("POST", "/threads").len(), 0);
    end(chat);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_allowed_is_told_when_it_is() {
    let mut chat = planned().await;
    let guild = chat.discord.guild();
    chat.discord.set_bot_permissions(guild, Permissions::BOT.without(Permissions::CREATE_PUBLIC_THREADS));
    says(&chat, "c1", "sprint start");
    says(&chat, "c2", "story move S-1 in_progress");
    until(&chat, "a refusal", |it| it.requests_to("POST", "/threads").pop().filter(|one| one.status == 403))
        .await;
    chat.stop();
    chat.discord.set_bot_permissions(guild, Permissions::BOT);

    chat.start().await;

    let first = thread_that(&chat, "S-1", false).await;
    until(&chat, "the line", |it| told(it, first.id).pop()).await;
    end(chat);
}

#[tokio::test(flavor = "multi_thread")]
async fn threads_go_on_in_the_new_channel_of_a_project() {
    let mut chat = planned().await;
    says(&chat, "c1", "sprint start");
    let first = thread_that(&chat, "S-1", false).await;
    let introduced = |it: &Discord| it.messages(first.id).pop().filter(|one| !one.embeds.is_empty());
    until(&chat, "an introduction", introduced).await;
    chat.stop();
    let other = chat.discord.add_channel(chat.discord.guild(), "elsewhere", None);
    chat.tie("alpha", other);

    chat.start().await;
    says(&chat, "c2", "story move S-1 in_progress");

    let anew = until(&chat, "a thread elsewhere", |it| thread(it, other, "S-1")).await;
    until(&chat, "the line", |it| told(it, anew.id).pop()).await;
    assert!(is_archived(&chat.discord.channel_by_id(first.id).unwrap()));
    end(chat);
}
