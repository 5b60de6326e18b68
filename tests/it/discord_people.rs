//! Who may do what on Discord: roles, other channels, other servers, direct messages, programs.

use serde_json::json;

use crate::support::discord::Chat;
use crate::support::eventually;

const ALPHA: &str = "box-alpha";

const ROLES: &str = r#"
roles.viewer = ["Guests"]
roles.contributor = ["Devs"]
roles.approver = ["Leads"]
projects.beta.contributor = ["Guests"]
"#;

#[tokio::test(flavor = "multi_thread")]
async fn each_role_may_do_what_the_configuration_gives_it_and_a_refusal_names_the_role() {
    let mut chat = Chat::with(&["alpha", "beta"], ROLES).await;
    let (guest, dev, lead) =
        (chat.person("gil", &["Guests"]), chat.person("dora", &["Devs"]), chat.person("lena", &["Leads"]));
    let add = || json!({ "description": "a story" });

    let refused = guest.slash(ALPHA, "backlog add", add()).await.unwrap();
    let elsewhere = guest.slash("box-beta", "backlog add", add()).await.unwrap();
    let added = dev.slash(ALPHA, "backlog add", add()).await.unwrap();
    let planned = dev.slash(ALPHA, "sprint plan", json!({})).await.unwrap();
    let button = planned.message().unwrap();
    let not_started = dev.click(button, "Start sprint").await.unwrap();
    let started = lead.click(button, "Start sprint").await.unwrap();
    let not_let_go = lead.slash(ALPHA, "project unregister", json!({ "confirm": true })).await.unwrap();

    let says = |seen: &bandmaster::sandbox::Seen, text: &str| {
        assert!(seen.text().contains(text), "{text:?} is not in {}", seen.text());
    };
    assert!(refused.is_private());
    says(&refused, "needs the role contributor, yours in alpha is viewer");
    says(&elsewhere, "S-1");
    says(&added, "S-1");
    assert!(not_started.is_private());
    says(&not_started, "needs the role approver, yours in alpha is contributor");
    says(&started, "sprint-001");
    says(&not_let_go, "needs the role admin, yours in alpha is approver");
    let authors = chat.world.git("alpha", &["log", "--reverse", "--format=%an", "orch-state"]);
    assert!(authors.ends_with("dora\ndora\nlena"), "{authors}");
    chat.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_no_role_that_is_served_is_told_so_and_offered_nothing() {
    let mut chat = Chat::with(&["alpha"], ROLES).await;
    let (nobody, admin) = (chat.person("ned", &[]), chat.discord.owner());
    admin.slash(ALPHA, "backlog add", json!({ "description": "secret plans" })).await.unwrap();

    let seen = nobody.slash(ALPHA, "state", json!({})).await.unwrap();
    let offered = nobody.autocomplete(ALPHA, "backlog edit", json!({}), "id").await.unwrap();

    assert!(seen.is_private() && seen.text().contains("none of your roles"), "{}", seen.text());
    assert_eq!(offered, []);
    chat.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_channel_of_no_project_the_channels_of_projects_are_named_and_a_project_may_be() {
    let mut chat = Chat::with(&["alpha", "beta"], "").await;
    let ada = chat.discord.owner();

    let lost = ada.slash("general", "state", json!({})).await.unwrap();
    let named = ada.slash("general", "state", json!({ "project": "beta" })).await.unwrap();
    let unknown = ada.slash("general", "state", json!({ "project": "gamma" })).await.unwrap();
    let offered = ada.autocomplete("general", "state", json!({ "project": "be" }), "project").await.unwrap();

    assert!(lost.is_private());
    let text = lost.text();
    assert!(text.contains("box-alpha") && text.contains("box-beta"), "{text}");
    assert!(named.text().contains("beta is IDLE"), "{}", named.text());
    assert!(unknown.is_private() && unknown.text().contains("no project gamma"), "{}", unknown.text());
    assert_eq!(offered.iter().map(|(_, value)| value).collect::<Vec<_>>(), [&json!("beta")]);
    chat.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thread_in_the_channel_of_a_project_belongs_to_the_project() {
    let mut chat = Chat::with(&["alpha"], "").await;
    let ada = chat.discord.owner();
    ada.start_thread(ALPHA, None, "planning").unwrap();

    let seen = ada.slash("planning", "state", json!({})).await.unwrap();

    assert!(seen.text().contains("alpha is IDLE"), "{}", seen.text());
    chat.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn other_servers_and_other_programs_are_not_served() {
    let mut chat = Chat::offline(&["alpha"], "").await;
    let other = chat.discord.add_guild("others");
    chat.start().await;
    let stranger = chat.discord.add_person(other, "eve");
    let robot = chat.discord.add_bot(chat.discord.guild(), "robot");

    // A server that is not served learns no commands; they may be left from before.
    let elsewhere = stranger.slash("general", "state", json!({ "project": "alpha" })).await;
    let from_robot = robot.slash(ALPHA, "state", json!({})).await.unwrap();

    match elsewhere {
        Err(error) => assert!(error.to_string().contains("state"), "{error}"),
        Ok(seen) => assert!(seen.text().contains("this server is not served"), "{}", seen.text()),
    }
    assert!(from_robot.text().contains("other programs are not served"), "{}", from_robot.text());
    let log = chat.server().log_path();
    eventually("the operator is told", || {
        std::fs::read_to_string(&log).unwrap().contains("not in the configuration")
    });
    chat.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_write_pings_nobody_and_breaks_nothing() {
    let mut chat = Chat::with(&["alpha"], "").await;
    let ada = chat.discord.owner();
    let nasty = "@everyone @here <@1> <@&2> ```** [x](http://e.vil) || <#3> \u{202e}";

    let added = ada.slash(ALPHA, "backlog add", json!({ "description": nasty })).await.unwrap();
    let viewed = ada.slash(ALPHA, "backlog view", json!({ "view": "S-1" })).await.unwrap();

    for seen in [added, viewed] {
        let text = seen.text();
        assert!(text.contains("S-1"), "{text}");
        for ping in ["@everyone", "@here", "<@1>", "<@&2>", "<#3>"] {
            assert!(!text.contains(ping), "{ping} is in {text}");
        }
    }
    let channel = chat.discord.channel(ALPHA).unwrap().id;
    for message in chat.discord.messages(channel) {
        assert_eq!(message.pings, Vec::<String>::new());
    }
    chat.stop();
}
