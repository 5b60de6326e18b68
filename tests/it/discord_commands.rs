//! Every command on Discord: what the person sees, and what is in git afterwards.

use std::collections::BTreeSet;

use bandmaster::domain::command::CommandKind;
use serde_json::{Value, json};

use crate::support::discord::Chat;

const ALPHA: &str = "box-alpha";

/// One command: its name, its options, what the answer says, and the subject of its commit; empty where there is none.
type Step = (&'static str, Value, &'static str, &'static str);

/// The life of a project, with every command in it at least once.
fn life() -> Vec<Step> {
    let add = |text: &str, points: u32| json!({ "description": text, "points": points, "criteria": "it works; it is fast" });
    vec![
        ("help", json!({}), "/backlog", ""),
        ("help", json!({ "command": "sprint plan" }), "sprint plan", ""),
        ("state", json!({}), "alpha is IDLE", ""),
        ("project list", json!({}), "alpha", ""),
        ("project status", json!({}), "alpha is IDLE", ""),
        ("project health", json!({}), "alpha", ""),
        ("epic", json!({ "description": "People have accounts", "title": "Accounts" }), "E-1", "epic"),
        ("backlog add", add("As a user I log in", 3), "S-1", "backlog add"),
        ("add_story", add("As a user I log out", 2), "S-2", "backlog add"),
        (
            "backlog add",
            json!({ "description": "third", "depends_on": "S-1", "epic": "E-1", "priority": "low" }),
            "S-3",
            "backlog add",
        ),
        ("backlog add", add("fourth", 1), "S-4", "backlog add"),
        (
            "backlog edit",
            json!({ "id": "S-3", "points": "5", "title": "The third" }),
            "The third",
            "backlog edit",
        ),
        ("backlog prioritize", json!({ "id": "S-2", "priority": "top" }), "top", "backlog prioritize"),
        ("backlog remove", json!({ "id": "S-4" }), "S-4", "backlog remove"),
        ("backlog view", json!({}), "As a user I log in", ""),
        ("ready", json!({}), "S-2", ""),
        ("search", json!({ "text": "log out" }), "S-2", ""),
        ("log", json!({ "n": 5 }), "backlog remove", ""),
        (
            "sprint plan",
            json!({ "ids": "S-1,S-2,S-3", "goal": "Accounts work", "days": 7 }),
            "sprint-001",
            "sprint plan",
        ),
        ("sprint cancel", json!({}), "sprint-001", "sprint cancel"),
        ("sprint plan", json!({ "ids": "S-1,S-2,S-3" }), "sprint-002", "sprint plan"),
        ("sprint start", json!({}), "sprint-002", "sprint start"),
        ("sprint status", json!({}), "sprint-002", ""),
        ("sprint pause", json!({}), "sprint-002", "sprint pause"),
        ("sprint resume", json!({}), "sprint-002", "sprint resume"),
        ("story move", json!({ "id": "S-1", "status": "in_progress" }), "S-1", "story move"),
        (
            "story move",
            json!({ "id": "S-1", "status": "blocked", "reason": "no keys" }),
            "no keys",
            "story move",
        ),
        ("suggest_fix", json!({ "id": "S-1", "description": "use the old keys" }), "S-1", "suggest_fix"),
        ("story move", json!({ "id": "S-1", "status": "done" }), "S-1", "story move"),
        (
            "story move",
            json!({ "id": "S-2", "status": "blocked", "reason": "not wanted" }),
            "S-2",
            "story move",
        ),
        ("skip_task", json!({ "id": "S-2" }), "S-2", "skip_task"),
        ("sprint finish", json!({}), "SPRINT", "sprint finish"),
        ("request_changes", json!({ "ids": "S-1", "description": "too slow" }), "S-1", "request_changes"),
        ("undo", json!({ "confirm": true }), "request", "undo"),
        ("feedback", json!({ "description": "good: quick" }), "quick", "feedback"),
        ("restore", json!({ "commit": "orch-state~1", "confirm": true }), "", "restore"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_is_answered_and_what_changes_something_is_one_commit() {
    let mut chat = Chat::with(&["alpha"], "").await;
    let ada = chat.discord.owner();
    let mut done = BTreeSet::new();
    let head = |chat: &Chat| chat.world.git("alpha", &["log", "-1", "--format=%H %s", "orch-state"]);

    for (command, mut options, says, subject) in life() {
        if options["commit"].is_string() {
            let commit = chat.world.git("alpha", &["rev-parse", "--short=12", "orch-state~1"]);
            options["commit"] = json!(commit);
        }
        let before = head(&chat);
        let seen = ada.slash(ALPHA, command, options.clone()).await.unwrap();
        let text = seen.text().replace('\\', "");

        assert!(text.contains(says), "{command} {options}: {text}");
        assert_eq!(seen.is_private(), command == "help", "{command} {options}: {text}");
        let after = head(&chat);
        if subject.is_empty() {
            assert_eq!(before, after, "{command} changed something");
        } else {
            let (_, told) = after.split_once(' ').unwrap();
            assert!(told.starts_with(subject) && before != after, "{command}: {after}");
        }
        done.insert(command);
    }

    // These have tests of their own.
    let elsewhere = ["approve", "reject", "project register", "project unregister", "project bind"];
    for kind in CommandKind::ALL {
        assert!(done.contains(kind.name()) || elsewhere.contains(&kind.name()), "{kind} was not tried");
    }
    chat.stop();
    chat.world.assert_sound(&["alpha"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn pictures_come_with_words_for_those_who_cannot_see_them() {
    let mut chat = Chat::with(&["alpha"], "").await;
    let ada = chat.discord.owner();
    ada.slash(ALPHA, "backlog add", json!({ "description": "a story", "points": 3 })).await.unwrap();
    ada.slash(ALPHA, "sprint plan", json!({})).await.unwrap();
    ada.slash(ALPHA, "sprint start", json!({})).await.unwrap();

    for (command, file, words) in
        [("state", "state.png", "The workflow stands at"), ("sprint status", "burndown.png", "points")]
    {
        let seen = ada.slash(ALPHA, command, json!({})).await.unwrap();
        let message = seen.message().unwrap();
        let attached = &message.attachments[0];
        assert_eq!(attached.name, file);
        assert!(attached.bytes.starts_with(b"\x89PNG"), "{command}");
        assert!(attached.description.as_deref().unwrap_or_default().contains(words), "{attached:?}");
        assert_eq!(message.embeds[0]["image"]["url"], attached.url);
    }
    chat.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_typed_is_completed_from_the_project_of_the_channel() {
    let mut chat = Chat::with(&["alpha"], "").await;
    let ada = chat.discord.owner();
    for title in ["Log in with a password", "Log out", "Pay by card"] {
        ada.slash(ALPHA, "backlog add", json!({ "description": title })).await.unwrap();
    }
    let values = |offered: Vec<(String, Value)>| -> Vec<String> {
        offered.into_iter().map(|(_, value)| value.as_str().unwrap().to_owned()).collect()
    };

    let nothing = ada.autocomplete(ALPHA, "backlog edit", json!({ "id": "" }), "id").await.unwrap();
    let words = ada.autocomplete(ALPHA, "backlog edit", json!({ "id": "pay" }), "id").await.unwrap();
    let second = ada.autocomplete(ALPHA, "sprint plan", json!({ "ids": "S-1,out" }), "ids").await.unwrap();
    let topic = ada.autocomplete(ALPHA, "help", json!({ "command": "sprint st" }), "command").await.unwrap();

    assert_eq!(values(nothing), ["S-1", "S-2", "S-3"]);
    assert_eq!(values(words), ["S-3"]);
    assert_eq!(values(second), ["S-1,S-2"]);
    assert!(values(topic).contains(&"sprint start".to_owned()));
    chat.stop();
}
