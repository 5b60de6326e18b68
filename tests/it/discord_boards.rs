//! Boards and overviews: what stands in channels without anybody having asked, and how often it is touched.

use std::time::{Duration, Instant};

use bandmaster::ledger::{Channel, Ledger};
use bandmaster::sandbox::{Discord, Fault, Logged, Message, Permissions, Snowflake};
use serde_json::json;

use crate::support::discord::{Chat, channel_of};
use crate::support::{LONG, Request, openapi};

/// Waits until something is so, for longer than the local Discord does.
pub(crate) async fn until<T>(chat: &Chat, what: &str, mut look: impl FnMut(&Discord) -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Ok(found) = chat.discord.until(what, &mut look).await {
            return found;
        }
        let requests: Vec<_> = chat.discord.requests().iter().map(brief).collect();
        assert!(began.elapsed() < LONG, "{what}: it never came to that\n{}", requests.join("\n"));
    }
}

/// Stops the program. All that it sent has to be as Discord describes it.
pub(crate) fn end(mut chat: Chat) {
    chat.stop();
    openapi::check(&chat.discord);
}

fn brief(one: &Logged) -> String {
    format!("{} {} {}", one.method, one.path, one.status)
}

/// The channel of a project.
pub(crate) fn channel(chat: &Chat, project: &str) -> Snowflake {
    chat.discord.channel(&channel_of(project)).unwrap().id
}

/// The pinned message of a project, once it says `text`.
async fn board(chat: &Chat, project: &str, text: &str) -> Message {
    let channel = channel(chat, project);
    until(chat, &format!("a board of {project} that says {text:?}"), |discord| {
        discord.pinned(channel).into_iter().find(|message| message.text().contains(text))
    })
    .await
}

/// What was sent about messages of a channel.
fn sent(discord: &Discord, channel: Snowflake) -> Vec<String> {
    let path = format!("/channels/{channel}/");
    discord.requests_to("*", &path).iter().filter(|one| one.method != "GET").map(brief).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_has_one_pinned_board_that_shows_how_it_stands() {
    let chat = Chat::with(&["alpha"], "").await;
    let first = board(&chat, "alpha", "alpha is IDLE").await;

    chat.world.do_as("alpha", "c1", "backlog add \"Log in with a password\" points:5");
    chat.world.do_as("alpha", "c2", "backlog add \"Log out\"");
    let second = board(&chat, "alpha", "Log out").await;
    chat.world.do_as("alpha", "c3", "sprint plan S-1 goal:\"People get in\"");
    chat.world.do_as("alpha", "c4", "sprint start");
    chat.world.do_as("alpha", "c5", "story move S-1 blocked reason:\"no **bold** @everyone\"");
    let third = board(&chat, "alpha", "alpha is BLOCKED").await;

    assert!(second.text().contains("S-1 Log in with a password (5)"), "{}", second.text());
    assert!(third.text().contains("0 of 1 story done, 0 of 5 points"), "{}", third.text());
    assert!(third.pings.is_empty() && third.text().contains("People get in"), "{}", third.text());
    assert_eq!((first.id, second.id), (second.id, third.id));
    assert_eq!(chat.discord.pinned(channel(&chat, "alpha")).len(), 1);
    let ada = chat.discord.owner();
    let answer = ada.click(&third, "Skip S-1").await.unwrap();
    assert!(answer.text().contains("left out of the sprint"), "{}", answer.text());
    board(&chat, "alpha", "Left the sprint").await;
    end(chat);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_board_that_was_deleted_is_posted_and_pinned_again() {
    let chat = Chat::with(&["alpha"], "").await;
    let first = board(&chat, "alpha", "IDLE").await;

    chat.discord.owner().delete_message(&first).unwrap();
    chat.world.do_as("alpha", "c1", "backlog add x");

    let second = board(&chat, "alpha", "BACKLOG").await;
    assert_ne!(second.id, first.id);
    assert_eq!(chat.discord.pinned(channel(&chat, "alpha")).len(), 1);
    end(chat);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_or_a_lost_connection_sends_nothing_about_what_is_shown_already() {
    let mut chat = Chat::with(&["alpha", "beta"], "overview = \"overview\"").await;
    board(&chat, "alpha", "IDLE").await;
    board(&chat, "beta", "IDLE").await;
    let overview = until(&chat, "an overview", |discord| discord.channel("overview")).await.id;
    until(&chat, "an overview that is posted", |it| it.messages(overview).pop()).await;
    chat.stop();
    chat.discord.clear_requests();

    chat.start().await;
    chat.discord.invalidate_sessions(false);
    until(&chat, "another session", |it| (it.identified() == 3).then_some(())).await;
    chat.world.do_as("beta", "c1", "backlog add x");
    board(&chat, "beta", "BACKLOG").await;
    until(&chat, "an overview that is new", |it| it.messages(overview).pop().filter(|one| one.edits == 1))
        .await;

    assert_eq!(sent(&chat.discord, channel(&chat, "alpha")), [""; 0]);
    assert_eq!(sent(&chat.discord, channel(&chat, "beta")).len(), 1);
    assert_eq!(sent(&chat.discord, overview).len(), 1);
    assert_eq!(chat.discord.requests_to("PUT", "/commands").len(), 0);
    end(chat);
}

/// Whether the program has a project open: it holds files of its repository then.
fn is_open(chat: &mut Chat, project: &str) -> bool {
    let (folder, pid) = (chat.world.repo(project), chat.server().pid());
    let files = std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap().flatten();
    let mut targets = files.filter_map(|file| std::fs::read_link(file.path()).ok());
    targets.any(|target| target.starts_with(&folder))
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_may_have_changed_is_opened_at_the_next_start() {
    let mut chat = Chat::with(&["alpha", "beta"], "").await;
    for project in ["alpha", "beta"] {
        board(&chat, project, "IDLE").await;
        chat.world.do_as(project, &format!("c-{project}"), "backlog add x");
        board(&chat, project, "BACKLOG").await;
    }
    until_settled(&chat, 2).await;
    chat.stop();
    chat.world.do_as("beta", "c2", "backlog add \"while nobody looked\"");

    chat.start().await;
    board(&chat, "beta", "while nobody looked").await;
    assert!(!is_open(&mut chat, "alpha") && is_open(&mut chat, "beta"));
    end(chat);
}

/// Waits until the ledger says of so many projects that nothing is to be done.
async fn until_settled(chat: &Chat, projects: u32) {
    let ledger = rusqlite::Connection::open(chat.world.data().join("ledger.db")).unwrap();
    until(chat, "everything is settled", |_| {
        let noted = |project: &str| {
            let commit = chat.world.git(project, &["rev-parse", "orch-state"]);
            let sql = "SELECT count(*) FROM cursor WHERE name LIKE 'settled:%' AND value LIKE ?1";
            let count: u32 = ledger.query_row(sql, [format!("{commit} %")], |row| row.get(0)).unwrap();
            count
        };
        (noted("alpha") + noted("beta") == projects).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_ledger_makes_no_second_board() {
    let mut chat = Chat::with(&["alpha"], "").await;
    let first = board(&chat, "alpha", "IDLE").await;
    let channel = channel(&chat, "alpha");
    chat.stop();
    for end in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(chat.world.data().join(format!("ledger.db{end}")));
    }
    chat.tie("alpha", channel);

    chat.start().await;
    chat.world.do_as("alpha", "c1", "backlog add x");

    assert_eq!(board(&chat, "alpha", "BACKLOG").await.id, first.id);
    assert_eq!(chat.discord.pinned(channel).len(), 1);
    end(chat);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_of_events_makes_at_most_one_edit_in_two_seconds() {
    let chat = Chat::with(&["alpha"], "").await;
    let first = board(&chat, "alpha", "IDLE").await;

    let mut connection = chat.world.connect();
    for number in 1..=500 {
        let (id, text) = (format!("c{number}"), format!("backlog add \"story {number}\""));
        let request = Request { project: "alpha", id: &id, text: &text, wait: false };
        assert_eq!(connection.run(&request).unwrap()["ok"], true);
    }

    board(&chat, "alpha", "Backlog (500)").await;
    let edits = chat.discord.requests_to("PATCH", &format!("/messages/{}", first.id));
    let gaps = edits.windows(2).map(|two| two[1].at.duration_since(two[0].at));
    assert!(gaps.clone().all(|gap| gap.as_millis() >= 2000), "{:?}", gaps.collect::<Vec<_>>());
    assert!((1..=30).contains(&edits.len()), "{} edits", edits.len());
    end(chat);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_discord_could_not_take_is_shown_as_it_is_by_then() {
    let chat = Chat::with(&["alpha"], "").await;
    let first = board(&chat, "alpha", "IDLE").await;
    let edit = format!("/messages/{}", first.id);
    chat.discord.fail("PATCH", &edit, 1, Fault::Status(502));
    let wait = Duration::from_millis(100);
    chat.discord.fail("PATCH", &edit, 1, Fault::RateLimited { wait, global: false });

    chat.world.do_as("alpha", "c1", "backlog add early");
    until(&chat, "an edit that fails", |it| it.requests_to("PATCH", &edit).pop()).await;
    chat.world.do_as("alpha", "c2", "backlog add late");

    let shown = board(&chat, "alpha", "late").await;
    assert!(shown.text().contains("early"), "{}", shown.text());
    assert_eq!((shown.id, shown.edits), (first.id, 1));
    end(chat);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_was_lost_makes_no_second_board() {
    let mut chat = Chat::offline(&["alpha"], "").await;
    let channel = channel(&chat, "alpha");
    let path = format!("/channels/{channel}/messages");
    chat.discord.fail("POST", &path, 1, Fault::CarriedOutThenClosed);

    chat.start().await;

    board(&chat, "alpha", "IDLE").await;
    assert_eq!(chat.discord.messages(channel).iter().filter(|one| !one.embeds.is_empty()).count(), 1);
    assert_eq!(chat.discord.requests_to("POST", &path).len(), 2);
    end(chat);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_permission_to_pin_a_board_is_still_posted() {
    let mut chat = Chat::offline(&["alpha"], "").await;
    let less = Permissions::MANAGE_MESSAGES | Permissions::PIN_MESSAGES;
    chat.discord.set_bot_permissions(chat.discord.guild(), Permissions::BOT.without(less));

    chat.start().await;

    let channel = channel(&chat, "alpha");
    let refused = |it: &Discord| it.requests_to("PUT", "/pins/").pop().filter(|one| one.status == 403);
    until(&chat, "a pin that is refused", refused).await;
    assert!(chat.discord.messages(channel)[0].text().contains("alpha is IDLE"));
    chat.discord.set_bot_permissions(chat.discord.guild(), Permissions::BOT);
    chat.world.do_as("alpha", "c1", "backlog add x");
    board(&chat, "alpha", "BACKLOG").await;
    end(chat);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_permission_for_embeds_a_board_is_text() {
    let mut chat = Chat::offline(&["alpha"], "").await;
    let less = Permissions::BOT.without(Permissions::EMBED_LINKS);
    chat.discord.set_bot_permissions(chat.discord.guild(), less);

    chat.start().await;
    let first = board(&chat, "alpha", "alpha is IDLE").await;
    chat.world.do_as("alpha", "c1", "backlog add x");
    let second = board(&chat, "alpha", "BACKLOG").await;

    assert_eq!((first.id, second.embeds.len()), (second.id, 0));
    end(chat);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_board_moves_with_the_project_to_another_channel() {
    let mut chat = Chat::with(&["alpha"], "").await;
    let first = board(&chat, "alpha", "IDLE").await;
    chat.stop();
    let other = chat.discord.add_channel(chat.discord.guild(), "elsewhere", None);
    chat.tie("alpha", other);

    chat.start().await;

    until(&chat, "a board elsewhere", |it| it.pinned(other).pop()).await;
    assert!(chat.discord.message(first.id).is_none());
    end(chat);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_overview_has_a_line_for_each_project_of_its_server() {
    let mut chat = Chat::offline(&["alpha", "beta", "gamma"], "").await;
    let elsewhere = chat.discord.add_guild("elsewhere");
    let settings = format!("overview = \"Overview\"\n[[discord.guilds]]\nid = \"{elsewhere}\"");
    chat.configure(&settings);
    let far = chat.discord.add_channel(elsewhere, "far", None);
    tie_elsewhere(&chat, "gamma", elsewhere, far);

    chat.start().await;
    let shown = async |text: &str| {
        until(&chat, text, |it| {
            let channel = it.channel("overview")?.id;
            it.messages(channel).into_iter().find(|one| one.content.contains(text))
        })
        .await
    };
    let first = shown("beta").await;
    chat.world.do_as("beta", "c1", "backlog add x");
    let second = shown("1 open").await;

    let line = |project: &str, rest: &str| {
        let channel = channel(&chat, project);
        format!("● **{project}** {rest} · <#{channel}>")
    };
    let lines = [line("alpha", "`IDLE` 0 open"), line("beta", "`BACKLOG_READY` 1 open")];
    assert_eq!(second.content, lines.join("\n"));
    assert_eq!((first.id, second.edits), (second.id, 1));
    let made = chat.discord.requests_to("POST", &format!("/guilds/{}/channels", chat.discord.guild()));
    assert_eq!(made[0].body["name"], json!("overview"));
    end(chat);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_projects_on_three_servers_cost_nothing_when_the_connection_was_lost() {
    let names: Vec<_> = (0..30).map(|number| format!("p{number:02}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let mut chat = Chat::offline(&names[..10], "").await;
    let guilds = [chat.discord.add_guild("second"), chat.discord.add_guild("third")];
    chat.configure(&guilds.map(|guild| format!("[[discord.guilds]]\nid = \"{guild}\"")).join("\n"));
    for (at, project) in names.iter().enumerate().skip(10) {
        let guild = guilds[at % 2];
        chat.world.repository(project);
        chat.world.run(&["register", chat.world.repo(project).to_str().unwrap()]);
        let channel = chat.discord.add_channel(guild, project, None);
        tie_elsewhere(&chat, project, guild, channel);
    }
    chat.start().await;
    let pins = |it: &Discord| it.requests_to("PUT", "/pins/").len();
    until(&chat, "thirty boards", |it| (pins(it) == 30).then_some(())).await;
    until(&chat, "commands for three servers", |it| {
        (it.requests_to("PUT", "/commands").len() == 3).then_some(())
    })
    .await;
    chat.discord.clear_requests();

    chat.discord.invalidate_sessions(false);
    until(&chat, "another session", |it| (it.identified() == 2).then_some(())).await;
    for project in ["p00", "p10", "p11"] {
        chat.world.do_as(project, "c1", "backlog add x");
    }

    let edits = |it: &Discord| it.requests_to("PATCH", "/messages/").len();
    until(&chat, "three edits", |it| (edits(it) == 3).then_some(())).await;
    // Topics may follow; boards and commands are not told anew.
    let others = |one: &&Logged| one.method != "GET" && !one.body["topic"].is_string();
    let all: Vec<_> = chat.discord.requests().iter().filter(others).map(brief).collect();
    assert_eq!(all.len(), 3, "{all:?}");
    end(chat);
}

fn tie_elsewhere(chat: &Chat, project: &str, guild: Snowflake, channel: Snowflake) {
    let entries = bandmaster::engine::registered(&chat.world.data()).unwrap();
    let entry = entries.into_iter().find(|entry| entry.name.as_str() == project).unwrap();
    let place = Channel { project: entry.key, guild: guild.get(), channel: channel.get(), bound: false };
    Ledger::open(&chat.world.data()).unwrap().set_channel(&place).unwrap();
}
