//! The console in a real terminal, and as the reader of a script.

use rustix::process::Signal;

use crate::run::Place;
use crate::terminal::Terminal;

/// Tab.
const TAB: &str = "\t";
const CTRL_C: &str = "\u{3}";
const CTRL_D: &str = "\u{4}";
const UP: &str = "\u{1b}[A";

#[test]
fn a_newcomer_gets_from_nothing_to_a_closed_sprint() {
    for served in [false, true] {
        newcomer(Place::new(), served);
    }
}

fn newcomer(mut place: Place, served: bool) {
    if served {
        place.serve();
    }
    let mut terminal = Terminal::start(&place, 100, &["console", "--new", "demo"], &[]);
    terminal.wait_for("demo IDLE>");

    terminal.say("/epic Sign in without a password", "demo BACKLOG_READY>");
    terminal.say("1", "description:");
    terminal.say("Log in with a passkey", "S-1 added: Log in with a passkey");
    terminal.say("/backlog add Recover an account points:5 priority:high", "S-2 added");
    terminal.say("1", "demo SPRINT_PLANNED>");
    terminal.say("1", "demo SPRINT_ACTIVE>");
    terminal.say("/story move S-2 done", "1 of 2 stories done");
    terminal.say("/story move S-1 done", "demo SPRINT_REVIEW>");
    terminal.say("1", "description:");
    terminal.say("good: it went well", "demo IDLE>");
    terminal.press("/quit\r");

    assert_eq!(terminal.ended(), 0);
    // A console does not wait for commits, but checking does.
    assert_eq!(place.run(&["verify"]).code, 0);
    let subjects = place.git(&place.here.join("demo"), &["log", "--format=%s", "orch-state"]);
    #[rustfmt::skip]
    assert_eq!(place.redacted(&subjects).lines().collect::<Vec<_>>(), [
        "feedback: good: it went well",
        "story move: S-1 done",
        "story move: S-2 done",
        "sprint start",
        "sprint plan: top of the backlog",
        "backlog add: Recover an account",
        "backlog add: Log in with a passkey",
        "epic: Sign in without a password",
        "project register: /here/demo",
    ]);
}

#[test]
fn a_repository_is_registered_only_after_a_yes() {
    let place = Place::new();
    place.repository("shop");
    for (answer, code) in [("n\r", 2), (CTRL_D, 2), ("\r", 0)] {
        let mut terminal = Terminal::start(&place, 80, &["console", "shop"], &[]);
        terminal.wait_for("Register it? [Y/n]");
        terminal.press(answer);
        if code == 0 {
            terminal.wait_for("shop IDLE>");
            terminal.press(CTRL_D);
        }
        assert_eq!(terminal.ended(), code, "for {answer:?}");
    }
    let mut terminal = Terminal::start(&place, 80, &["console", "fresh"], &[]);
    terminal.wait_for("Make one and register it? [Y/n]");
    terminal.press("y\r");
    terminal.wait_for("fresh IDLE>");
}

#[test]
fn tab_completes_commands_ids_and_words_of_titles() {
    let place = Place::with_shop(false);
    place.done(&["do", "backlog add Log in with a passkey"]);
    place.done(&["do", "backlog add Recover an account"]);
    let mut terminal = Terminal::start(&place, 100, &["console", "shop"], &[]);
    terminal.wait_for("shop BACKLOG_READY>");

    #[rustfmt::skip]
    let cases = [
        (format!("/backl{TAB} vi{TAB} s-2{TAB}\r"),          "S-2 Recover an account"),
        (format!("/backlog view passk{TAB}\r"),              "S-1 Log in with a passkey"),
        (format!("/backlog view accou{TAB}\r"),              "S-2 Recover an account"),
    ];
    for (keys, shown) in cases {
        terminal.press(&keys);
        terminal.wait_for(shown);
        terminal.press("\u{c}");
    }
    terminal.press(&format!("/backlog prioritize S-{TAB}{TAB}"));
    terminal.wait_for("S-1  Log in with a passkey");
}

#[test]
fn the_history_survives_the_session_and_keeps_no_answers() {
    let place = Place::with_shop(false);
    let mut terminal = Terminal::start(&place, 100, &["console", "shop"], &[]);
    terminal.wait_for("shop IDLE>");
    terminal.say("/log 1", "project register");
    terminal.say("/state", "shop IDLE>");
    terminal.say("1", "description:");
    terminal.say("kept out of the history", "S-1 added");
    drop(terminal);

    let mut terminal = Terminal::start(&place, 100, &["console", "shop"], &[]);
    terminal.wait_for("shop BACKLOG_READY>");
    terminal.press(&format!("{UP}{UP}{UP}"));

    terminal.wait_for("shop BACKLOG_READY> /log 1");
    assert!(!terminal.shown().contains("kept out"), "{}", terminal.shown());
}

#[test]
fn control_c_drops_a_line_and_control_d_leaves() {
    let place = Place::with_shop(false);
    let mut terminal = Terminal::start(&place, 100, &["console", "shop"], &[]);
    terminal.wait_for("shop IDLE>");

    terminal.press(&format!("/epic half a thought{CTRL_C}"));
    terminal.wait_for("/quit leaves.");
    terminal.say("/state", "shop IDLE>");
    terminal.say("1", "description:");
    terminal.press(CTRL_C);
    terminal.wait_for("Nothing was sent.\nshop IDLE>");
    terminal.press(CTRL_D);

    assert_eq!(terminal.ended(), 0);
    assert_eq!(place.git(&place.here.join("shop"), &["rev-list", "--count", "orch-state"]), "1");
}

#[test]
fn lines_can_go_on_and_pasted_text_stays_one_text() {
    let place = Place::with_shop(false);
    let mut terminal = Terminal::start(&place, 100, &["console", "shop"], &[]);
    terminal.wait_for("shop IDLE>");
    let paste = |text: &str| format!("\u{1b}[200~{text}\u{1b}[201~");

    terminal.press("/backlog add Several lines\\\r");
    terminal.say("the second", "S-1 added: Several lines");
    terminal.say(&paste("/backlog add Pasted\rwith \"quotes\"\rand (a third)"), "S-2 added: Pasted");
    terminal.say(&paste("/backlog add One\r/backlog add Two\r"), "S-4 added: Two");
    terminal.say(&paste(&format!("/backlog add {}", "x".repeat(12_000))), "at most 4000 characters");
    drop(terminal);

    let (_, export) = place.json(&["export", "shop"]);
    let texts: Vec<_> = export["stories"].as_array().unwrap().iter().map(|one| &one["description"]).collect();
    assert_eq!(texts, ["Several lines\nthe second", "Pasted\nwith \"quotes\"\nand (a third)", "One", "Two"]);
}

#[test]
fn nothing_is_wider_than_the_window_also_after_it_was_resized() {
    let place = Place::with_shop(false);
    for title in ["Log in with a passkey and a rather long title that has to be broken", "Recover"] {
        place.done(&["do", "backlog", "add", title, "points:3"]);
    }
    place.done(&["do", "sprint plan"]);
    let mut terminal = Terminal::start(&place, 40, &["console", "shop"], &[]);
    terminal.wait_for("shop SPRINT_PLANNED>");
    terminal.say("/sprint status", "shop SPRINT_PLANNED>");
    let narrow = terminal.shown();
    terminal.resize(120);
    terminal.say("/backlog view", "shop SPRINT_PLANNED>");

    // No word is torn apart, neither by us nor by the terminal.
    let words = ["Story", "Status", "Priority", "Points", "passkey", "medium", "rather"];
    assert!(words.iter().all(|word| narrow.contains(word)), "{narrow}");
    terminal.wait_for("Log in with a passkey and a rather long title that has to be broken  todo");
}

#[test]
fn colours_are_for_terminals_whose_owner_wants_them() {
    let place = Place::with_shop(false);
    let coloured = |args: &[&str], env: &[(&str, &str)]| {
        let terminal = Terminal::start(&place, 80, &[&["status", "shop"], args].concat(), env);
        terminal.wait_for("shop");
        terminal.wait_for("IDLE");
        let raw = terminal.raw();
        terminal.ended();
        raw.contains("\u{1b}[")
    };

    assert!(coloured(&[], &[]));
    assert!(coloured(&[], &[("NO_COLOR", "")]));
    assert!(!coloured(&[], &[("NO_COLOR", "1")]));
    assert!(!coloured(&["--color", "never"], &[]));
    assert!(coloured(&["--color", "always"], &[("NO_COLOR", "1")]));
    assert!(!place.done(&["status", "shop"]).contains('\u{1b}'));
    assert!(place.done(&["status", "shop", "--color=always"]).contains('\u{1b}'));
}

#[test]
fn a_console_goes_on_when_the_server_goes_away() {
    let mut place = Place::with_shop(true);
    let mut terminal = Terminal::start(&place, 100, &["console", "shop"], &[]);
    terminal.wait_for("shop IDLE>");
    place.stop(Signal::KILL);

    terminal.say("/epic Sign in", "Go on? [Y/n]");
    terminal.say("y", "this console has opened the projects itself");
    terminal.wait_for("E-1 added: Sign in");
    let held = place.run(&["do", "-p", "shop", "state"]);
    terminal.press("/quit\r");

    assert_eq!(terminal.ended(), 0);
    assert_eq!(held.code, 2, "{held:?}");
    assert_eq!(place.git(&place.here.join("shop"), &["rev-list", "--count", "orch-state"]), "2");
}

#[test]
fn a_console_finds_the_next_server() {
    let mut place = Place::with_shop(true);
    let mut terminal = Terminal::start(&place, 100, &["console", "shop"], &[]);
    terminal.wait_for("shop IDLE>");
    place.stop(Signal::TERM);
    place.serve();

    terminal.say("/epic Sign in", "Go on? [Y/n]");
    terminal.say("", "Connected to the server again.");
    terminal.wait_for("E-1 added: Sign in");
    terminal.wait_for("shop BACKLOG_READY>");

    assert_eq!(place.done(&["do", "-p", "shop", "log 1"]).matches("epic: Sign in").count(), 1);
}

#[test]
fn a_console_leaves_when_the_server_is_gone_and_nobody_wants_to_go_on() {
    let mut place = Place::with_shop(true);
    let mut terminal = Terminal::start(&place, 100, &["console", "shop"], &[]);
    terminal.wait_for("shop IDLE>");
    place.stop(Signal::TERM);

    terminal.say("/state", "Go on? [Y/n]");
    terminal.press("n\r");

    assert_eq!(terminal.ended(), 0);
}

#[test]
fn a_script_is_carried_out_line_by_line_and_its_exit_code_tells_of_refusals() {
    for served in [false, true] {
        let place = Place::with_shop(served);
        #[rustfmt::skip]
        let cases: &[(&str, i32, &str)] = &[
            ("",                                             0, ""),
            ("/state\n",                                     0, "shop is IDLE"),
            ("/epic Sign in\n1\nLog in\n",                   0, "S-1 added: Log in"),
            ("/backlog add Two \\\nlines\n/quit\n/bogus\n",  0, "S-2 added: Two"),
            ("/bogus\n/backlog add After a refusal\n",       2, "S-3 added"),
            ("7\n",                                          2, "nothing to choose from"),
        ];
        for (script, code, shown) in cases {
            let ran = place.run_with(&["console", "shop"], script.as_bytes());
            assert_eq!(ran.code, *code, "{script:?}: {ran:?}");
            assert!(ran.out.contains(shown), "{script:?}: {ran:?}");
            assert!(
                !ran.out.contains("shop IDLE>") && !ran.out.contains('\u{1b}'),
                "no prompt, no colours: {ran:?}"
            );
        }
        assert_eq!(place.run_with(&["console", "shop"], b"/state\n\xff\n").code, 2);
    }
}

#[test]
fn without_a_terminal_nothing_is_registered_unasked() {
    let place = Place::with_shop(false);
    place.repository("other");
    std::fs::create_dir(place.here.join("plain")).unwrap();
    #[rustfmt::skip]
    let cases: &[(&[&str], i32, &str)] = &[
        (&["console", "other"],                              2, "register it with --yes"),
        (&["console", "plain"],                              2, "make one with --new"),
        (&["console", "missing"],                            2, "make one with --new"),
        (&["console", "--new", "shop"],                      2, "open it without --new"),
        (&["console", "--new", "deep/shop"],                 2, "give another with --name"),
        (&["console", "--new", "deep/shop", "--name=boot"],  0, ""),
        (&["console", "--yes", "other"],                     0, ""),
    ];
    for (args, code, shown) in cases {
        let ran = place.run(args);
        assert_eq!(ran.code, *code, "{args:?}: {ran:?}");
        assert!(ran.err.contains(shown), "{args:?}: {ran:?}");
    }
    assert!(!place.here.join("missing").exists());
}
