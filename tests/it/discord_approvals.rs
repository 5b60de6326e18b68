//! Questions that wait for people on Discord: asked with buttons, answered once, by those who may.

use std::path::Path;

use serde_json::json;

use crate::discord_places::slash;
use crate::support::discord::Chat;

/// Copies a folder with everything in it.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_are_answered_with_buttons_once_and_by_those_who_may() {
    let mut chat = Chat::with(&[], "roles.approver = [\"Leads\"]").await;
    let (ada, lena, vera) = (chat.discord.owner(), chat.person("lena", &["Leads"]), chat.person("vera", &[]));
    chat.world.repository("shop");
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/agent-workflow/active");
    copy(&fixture, &chat.world.repo("shop").join(".orch-state"));
    let path = chat.world.repo("shop");

    let refused = slash(&chat, &ada, "general", "project register", json!({ "path": path })).await;
    assert!(refused.is_private() && refused.text().contains("import"), "{}", refused.text());
    let options = json!({ "path": path, "import": true });
    let registered = slash(&chat, &ada, "general", "project register", options).await;
    assert!(registered.text().contains("Project shop registered"), "{}", registered.text());
    ada.slash("box-shop", "sprint cancel", json!({})).await.unwrap();
    let asked = lena.slash("box-shop", "state", json!({})).await.unwrap();
    let asked = asked.message().unwrap();

    let not_allowed = vera.click(asked, "Approve A-1").await.unwrap();
    let approved = lena.click(asked, "Approve A-1").await.unwrap();
    let twice = lena.click(asked, "Approve A-1").await.unwrap();
    let rejected = lena.click(asked, "Reject A-2").await.unwrap();
    let rest = lena.slash("box-shop", "approve", json!({})).await.unwrap();

    assert!(not_allowed.is_private() && not_allowed.text().contains("needs the role approver"));
    assert!(approved.text().contains("A-1 approved by lena"), "{}", approved.text());
    assert!(twice.is_private() && twice.text().contains("decided already"), "{}", twice.text());
    assert!(rejected.text().contains("A-2 rejected by lena"), "{}", rejected.text());
    assert!(rest.text().contains("A-3 approved by lena"), "{}", rest.text());
    let subjects = chat.world.git("shop", &["log", "-3", "--format=%an %s", "orch-state"]);
    let subjects: Vec<_> = subjects.lines().map(|line| line.split(':').next().unwrap().to_owned()).collect();
    assert_eq!(subjects, ["lena approve", "lena reject", "lena approve"]);
    chat.stop();
    chat.world.assert_sound(&["shop"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_direct_message_there_are_no_commands() {
    let mut chat = Chat::with(&["alpha"], "").await;
    let ada = chat.discord.owner();

    let refused = ada.slash("@bandmaster", "state", json!({})).await;

    assert!(refused.is_err(), "{:?}", refused.map(|seen| seen.text()));
    chat.stop();
}
