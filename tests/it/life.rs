//! The whole life of a project through `do`: every answer, and the history that it leaves in git.

use std::fmt::Write;

use crate::run::Place;

/// What is asked, in order. Refusals belong to life too.
const LIFE: &[&str] = &[
    "state",
    "epic Sign in without a password title:Passkeys",
    "backlog add As a user I log in with a passkey epic:E-1 priority:high points:5 criteria:\"It works offline; It is fast\"",
    "backlog add Recover an account depends_on:S-1 points:3",
    "backlog add Invite a friend points:8",
    "backlog edit S-3 points:5",
    "backlog prioritize S-2 top",
    "backlog view",
    "sprint plan S-1 S-2 goal:\"Nobody types a password\" days:7",
    "sprint start",
    "story move S-1 in_progress",
    "ready",
    "story move S-1 blocked reason:\"no test key\"",
    "story move S-2 blocked reason:\"waits for S-1\"",
    "state",
    "suggest_fix Use the key of the simulator S-1",
    "suggest_fix Use the key of the simulator id:S-1",
    "story move S-1 in_review",
    "skip_task S-2",
    "story move S-1 done",
    "sprint status",
    "request_changes It must also work on a phone ids:S-1",
    "sprint plan S-1",
    "sprint start",
    "story move S-1 done",
    "feedback good: quick\nimprove: fewer surprises\naction: write them down",
    "undo",
    "undo confirm",
    "feedback good: quick",
    "search passkey",
    "log 5",
    "backlog view S-1",
    "project status",
];

#[test]
fn a_whole_life() {
    let mut pages = Vec::new();
    for served in [false, true] {
        let place = Place::with_shop(served);
        let mut page = String::new();
        for command in LIFE {
            let ran = place.run(&["do", command]);
            let _ = writeln!(page, "$ {command}\n{}{}[{}]\n", ran.out, ran.err, ran.code);
        }
        let shop = place.here.join("shop");
        let first = place.git(&shop, &["rev-list", "--max-parents=0", "orch-state"]);
        let restored = place.run(&["restore", &first, "--confirm"]);
        let _ = writeln!(page, "$ restore\n{}{}[{}]\n", restored.out, restored.err, restored.code);
        let format = "--format=%an <%ae>, %cn: %s%n%b";
        let history = place.git(&shop, &["log", "--reverse", format, "orch-state"]);
        let _ = writeln!(page, "$ git log\n{history}");
        assert_eq!(place.run(&["verify"]).code, 0);
        assert_eq!(place.git(&shop, &["status", "--porcelain"]), "", "the folder of the person is as it was");
        pages.push(place.redacted(&page));
    }

    let differs = pages[0].lines().zip(pages[1].lines()).find(|(alone, served)| alone != served);
    assert_eq!(differs, None, "a server changes nothing");
    insta::assert_snapshot!(pages[0]);
}
