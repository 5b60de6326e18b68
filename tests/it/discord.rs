//! Discord as a person sees it: commands, answers, refusals, buttons, forms, pages, completion.

use bandmaster::sandbox::Message;
use serde_json::json;

use crate::support::discord::{Chat, channel_of};

const ALPHA: &str = "box-alpha";

#[tokio::test(flavor = "multi_thread")]
async fn a_slash_command_is_answered_in_its_channel_and_is_a_commit_of_the_person() {
    let mut chat = Chat::with(&["alpha"], "").await;
    let ada = chat.discord.owner();

    let options = json!({ "description": "As a user I log in", "priority": "high", "points": 5 });
    let seen = ada.slash(ALPHA, "backlog add", options).await.unwrap();

    assert!(!seen.is_private());
    let text = seen.text();
    assert!(text.contains("S-1") && text.contains("As a user I log in"), "{text}");
    let log = chat.world.git("alpha", &["log", "-1", "--format=%an|%ae|%s%n%b", "orch-state"]);
    assert!(log.starts_with(&format!("ada|{}@discord.invalid|backlog add", ada.id())), "{log}");
    assert!(log.contains("Surface: discord") && log.contains(&format!("Actor: ada ({})", ada.id())), "{log}");
    let commit = chat.world.git("alpha", &["rev-parse", "orch-state"]);
    assert!(text.contains(&commit[..10]), "{text}");
    chat.stop();
    chat.world.assert_sound(&["alpha"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_seen_only_by_whoever_asked_and_leaves_no_trace() {
    let mut chat = Chat::with(&["alpha"], "").await;
    let ada = chat.discord.owner();
    let before = chat.world.git("alpha", &["rev-parse", "orch-state"]);

    let seen = ada.slash(ALPHA, "sprint start", json!({})).await.unwrap();

    assert!(seen.is_private(), "{}", seen.text());
    assert!(seen.text().contains("Not possible now") && seen.text().contains("IDLE"), "{}", seen.text());
    assert_eq!(chat.world.git("alpha", &["rev-parse", "orch-state"]), before);
    let channel = chat.discord.channel(&channel_of("alpha")).unwrap();
    let tells = |message: &Message| message.only_for.is_none() && message.text().contains("Not possible");
    assert!(!chat.discord.messages(channel.id).iter().any(tells));
    chat.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_needs_a_confirmation_is_confirmed_with_a_button() {
    let mut chat = Chat::with(&["alpha"], "").await;
    let ada = chat.discord.owner();
    ada.slash(ALPHA, "backlog add", json!({ "description": "first" })).await.unwrap();

    let asked = ada.slash(ALPHA, "undo", json!({})).await.unwrap();
    let done = ada.click(asked.message().unwrap(), "Do it").await.unwrap();

    assert!(asked.is_private() && asked.text().contains("Please confirm"), "{}", asked.text());
    assert!(done.text().contains("S-1"), "{}", done.text());
    assert!(chat.world.git("alpha", &["log", "-1", "--format=%s", "orch-state"]).starts_with("undo"));
    chat.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn buttons_lead_from_the_first_story_to_a_sprint_and_forms_ask_for_text() {
    let mut chat = Chat::with(&["alpha"], "").await;
    let ada = chat.discord.owner();

    let state = ada.slash(ALPHA, "state", json!({})).await.unwrap();
    let form = ada.click(state.message().unwrap(), "Add a story …").await.unwrap();
    let text = "As a user I say \"hi\"; then I leave\nwith a second line";
    let added = ada.submit(form.modal().unwrap(), json!({ "description": text })).await.unwrap();
    assert!(added.text().contains("S-1"), "{}", added.text());
    let planned = ada.click(added.message().unwrap(), "Plan a sprint").await.unwrap();
    let started = ada.click(planned.message().unwrap(), "Start sprint").await.unwrap();

    assert!(started.text().contains("sprint-001"), "{}", started.text());
    let story =
        std::fs::read_to_string(chat.world.repo("alpha").join(".orch-state/stories/0/S-1.json")).unwrap();
    let story: serde_json::Value = serde_json::from_str(&story).unwrap();
    assert_eq!(story["description"], text);
    // The button is still there, and what it did cannot be done twice.
    let again = ada.click(planned.message().unwrap(), "Start sprint").await.unwrap();
    assert!(again.is_private() && again.text().contains("decided already"), "{}", again.text());
    chat.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn buttons_of_old_messages_work_after_the_program_was_killed() {
    let mut chat = Chat::with(&["alpha"], "").await;
    let ada = chat.discord.owner();
    for number in 0..25 {
        ada.slash(ALPHA, "backlog add", json!({ "description": format!("story {number}") })).await.unwrap();
    }
    let view = ada.slash(ALPHA, "backlog view", json!({})).await.unwrap();
    chat.kill();
    chat.start().await;

    let message = view.message().unwrap();
    let next = ada.click(message, "Next").await.unwrap();

    assert!(next.text().contains("story 10") && !next.text().contains("story 9"), "{}", next.text());
    assert_eq!(next.message().unwrap().id, message.id, "the page takes the place of the other one");
    chat.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_filled_in_wrongly_is_told_as_what_it_is() {
    let mut chat = Chat::with(&["alpha"], "").await;
    let ada = chat.discord.owner();
    let state = ada.slash(ALPHA, "state", json!({})).await.unwrap();

    let form = ada.click(state.message().unwrap(), "Add a story …").await.unwrap();
    let filled = json!({ "description": "second", "points": "999" });
    let refused = ada.submit(form.modal().unwrap(), filled).await.unwrap();

    assert!(refused.is_private(), "{}", refused.text());
    assert!(
        refused.text().contains("999") && !refused.text().contains("decided already"),
        "{}",
        refused.text()
    );
    assert_eq!(chat.world.command_ids("alpha").len(), 1, "only the registration");
    chat.stop();
}
