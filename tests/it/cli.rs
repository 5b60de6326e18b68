//! The one-shot command line: streams, exit codes, JSON, and which project is meant. With and without a server.

use std::fs;

use serde_json::Value;

use crate::run::{Place, Ran};

/// The same, with a server and without.
const BOTH: [bool; 2] = [false, true];

#[test]
fn answers_go_to_standard_output_and_refusals_to_standard_error() {
    for served in BOTH {
        let place = Place::with_shop(served);

        let done = place.run(&["do", "/epic", "Sign", "in"]);
        let refused = place.run(&["do", "sprint start"]);

        assert_eq!((done.code, done.err.as_str()), (0, ""), "{done:?}");
        assert!(done.out.starts_with("✓ E-1 added: Sign in\n") && done.out.contains("\ncommit "), "{done:?}");
        assert_eq!((refused.code, refused.out.as_str()), (2, ""), "{refused:?}");
        assert!(refused.err.starts_with("! Not possible now\n"), "{refused:?}");
        assert!(refused.err.contains("BACKLOG_READY") && refused.err.contains("/sprint plan"), "{refused:?}");
    }
}

#[test]
fn json_is_one_object_on_standard_output_whatever_happens() {
    for served in BOTH {
        let place = Place::with_shop(served);
        place.done(&["do", "epic Sign in"]);
        let done = place.run(&["do", "--json", "--id", "job-7", "backlog", "add", "Log in", "epic:E-1"]);
        let refused = place.run(&["do", "sprint start", "--id=job-8", "--json"]);

        assert_eq!((done.code, refused.code), (0, 2));
        assert_eq!((done.err, refused.err), (String::new(), String::new()));
        insta::assert_snapshot!("json_done", place.redacted(&done.out));
        insta::assert_snapshot!("json_refused", place.redacted(&refused.out));
    }
}

#[test]
fn a_failure_of_ours_is_an_object_too_and_ends_with_1() {
    let place = Place::with_shop(false);
    fs::write(place.data_dir().join("projects.json"), "{").unwrap();

    let (code, object) = place.json(&["do", "-p", "shop", "state"]);
    let text = place.run(&["do", "-p", "shop", "state"]);

    assert_eq!((code, object["ok"].clone(), object["refusal"].clone()), (1, Value::Bool(false), Value::Null));
    assert!(object["error"].as_str().unwrap().contains("projects.json is damaged"), "{object}");
    assert_eq!((text.code, text.out.as_str()), (1, ""));
    assert!(text.err.starts_with("bandmaster: "), "{text:?}");
}

#[test]
fn the_project_is_found_by_name_by_path_and_by_where_it_is_asked() {
    for served in BOTH {
        let mut place = Place::with_shop(served);
        let other = place.repository("other");
        fs::create_dir_all(other.join("src/deep")).unwrap();
        place.done(&["register", "other", "--name", "boot"]);
        let top = place.here.clone();
        let whole = other.join("src").to_str().unwrap().to_owned();
        #[rustfmt::skip]
        let cases: &[(&str, &[&str], &str)] = &[
            ("",               &["-p", "boot"],           "boot"),
            ("",               &["-p", "other"],          "boot"),
            ("",               &["-p", "./other/src"],    "boot"),
            ("",               &["--project", &whole],    "boot"),
            ("",               &["-p", "other/src/deep"], "boot"),
            ("shop",           &[],                       "shop"),
            ("shop",           &["-p", "../other"],       "boot"),
            ("other/src/deep", &[],                       "boot"),
            ("other/src/deep", &["-p", "."],              "boot"),
            ("other/src/deep", &["-p", "shop"],           "shop"),
        ];
        for (folder, args, project) in cases {
            place.here = top.join(folder);
            for ask in [&["do", "state"][..], &["do", "log"]] {
                let (code, object) = place.json(&[ask, args].concat());
                assert_eq!((code, object["project"].as_str()), (0, Some(*project)), "{folder:?} {args:?}");
            }
            // Other actions take the project by its place.
            let by_place: Vec<_> = args.iter().skip(1).copied().collect();
            for action in ["status", "export", "verify"] {
                let ran = place.run(&[&[action, "--json"], &by_place[..]].concat());
                assert_eq!(ran.code, 0, "{action} {folder:?} {args:?}: {ran:?}");
                assert!(ran.out.contains(&format!("\"{project}\"")), "{action} {folder:?} {args:?}: {ran:?}");
            }
        }
        place.here = top;
        let ran = place.run(&["do", "state"]);
        assert_eq!(ran.code, 2);
        assert!(ran.err.contains("name one with `project:`") && ran.err.contains("boot, shop"), "{ran:?}");
    }
}

#[test]
fn a_text_is_one_argument_many_words_or_standard_input() {
    for served in BOTH {
        let place = Place::with_shop(served);
        let long = "Log in\n\n\"quoted\", priority:high and $HOME; `x`\n";
        #[rustfmt::skip]
        let cases: &[(&[&str], &str, &str)] = &[
            (&["do", "/backlog add Log in"],                         "",   "Log in"),
            (&["do", "backlog", "add", "Log", "in"],                 "",   "Log in"),
            (&["do", "backlog", "add", "description:Log in"],        "",   "Log in"),
            (&["do", "backlog", "add", "--description", "Log in"],   "",   "Log in"),
            (&["do", "backlog add", "-"],                            long, long.trim_end()),
            (&["do", "backlog", "add", "-", "-p", "shop"],           "x\n", "x"),
            (&["do", "-"],                                           "backlog add Log in\n", "Log in"),
            (&["do", "backlog", "add", "--", "Log", "in"],           "",   "Log in"),
        ];
        for (at, (args, input, text)) in cases.iter().enumerate() {
            let ran = place.run_with(args, input.as_bytes());
            assert_eq!(ran.code, 0, "{args:?}: {ran:?}");
            let (_, export) = place.json(&["export"]);
            let stories = export["stories"].as_array().unwrap();
            let id = format!("S-{}", at + 1);
            let story = stories.iter().find(|story| story["id"] == id.as_str()).unwrap();
            assert_eq!(story["description"], *text, "{args:?}");
            assert_eq!(story["priority"], "medium", "{args:?}");
        }
    }
}

#[test]
fn the_same_id_is_carried_out_once_and_the_person_can_be_named() {
    for served in BOTH {
        let place = Place::with_shop(served);
        let ask = ["do", "--id", "job-1", "--as", "Grace Hopper", "epic", "Sign in"];

        let (_, first) = place.json(&ask);
        let (_, again) = place.json(&ask);
        let (_, soon) = place.json(&["do", "--no-wait", "epic", "Pay"]);

        assert_eq!(first["commit"], again["commit"]);
        assert!(first["commit"].is_string() && soon["commit"].is_null());
        let shop = place.here.join("shop");
        assert_eq!(
            place.git(&shop, &["log", "-1", "--format=%an", first["commit"].as_str().unwrap()]),
            "Grace Hopper"
        );
        let epics = || place.git(&shop, &["log", "--format=%s", "--grep=^epic:", "orch-state"]);
        // What was answered without waiting is in git a moment later, at the latest when the program ends.
        place.done(&["verify"]);
        assert_eq!(epics(), "epic: Pay\nepic: Sign in");
    }
}

#[test]
fn several_at_once_wait_for_each_other() {
    let place = Place::with_shop(false);
    std::thread::scope(|scope| {
        for n in 0..6 {
            let place = &place;
            scope.spawn(move || place.done(&["do", &format!("backlog add Story number {n}")]));
        }
    });

    let (_, export) = place.json(&["export"]);
    assert_eq!(export["stories"].as_array().unwrap().len(), 6);
}

#[test]
fn actions_that_report_do_so_for_people_and_for_programs() {
    for served in BOTH {
        let place = Place::with_shop(served);
        place.done(&["do", "epic", "Sign in"]);
        place.done(&["do", "backlog add Log in with a passkey epic:E-1 points:3"]);
        let start = place.git(&place.here.join("shop"), &["rev-list", "--max-parents=0", "orch-state"]);
        #[rustfmt::skip]
        let cases: &[(&[&str], i32, &str)] = &[
            (&["projects"],                     0, "1 project"),
            (&["status"],                       0, "shop"),
            (&["log", "-n", "1"],               0, "backlog add: Log in with a passkey"),
            (&["log", "--id", "e-1"],           0, "epic: Sign in"),
            (&["log", "--id", "E-1 n:3"],       2, "E-1 n:3"),
            (&["ready"],                        0, "Log in with a passkey"),
            (&["search", "passkey"],            0, "S-1"),
            (&["search", "project:nowhere"],    0, "project:nowhere"),
            (&["restore", &start],              2, "to do it"),
            (&["restore", "0000 confirm"],      2, "0000 confirm"),
            (&["verify"],                       0, "git fsck"),
            (&["verify", "nowhere"],            2, "there is no project nowhere"),
            (&["export", "nowhere"],            2, "there is no project nowhere"),
            (&["schema", "stori"],              2, "there are: status, backlog, story, sprint"),
            (&["schema", "story"],              0, "\"$schema\""),
            (&["restore", &start, "--confirm"], 0, "commit "),
        ];
        for (args, code, shown) in cases {
            let Ran { code: ended, out, err } = place.run(args);
            let (said, silent) = if *code == 0 { (&out, &err) } else { (&err, &out) };
            let flat = said.split_whitespace().collect::<Vec<_>>().join(" ");
            let found = flat.contains(shown.trim()) || flat.contains(&shown.replace('"', "\\\""));
            assert!(ended == *code && found, "{args:?}: {out}{err}");
            assert!(silent.is_empty(), "{args:?}: {silent}");
            if !["schema"].contains(&args[0]) && *args != ["restore", start.as_str(), "--confirm"] {
                let (ended, object) = place.json(args);
                assert_eq!((ended, object["refusal"].is_object()), (*code, *code == 2), "{args:?}: {object}");
            }
        }
    }
}

#[test]
fn an_export_is_also_a_document() {
    let place = Place::with_shop(false);
    place.done(&["do", "epic", "Sign in"]);
    place.done(&[
        "do",
        "backlog add Log *in* with <b>passkeys</b> | now epic:E-1 points:3 criteria:\"It works\"",
    ]);
    place.done(&["do", "sprint plan goal:ship"]);

    place.done(&["export", "--format", "markdown", "-o", "shop.md"]);

    let document = fs::read_to_string(place.here.join("shop.md")).unwrap();
    insta::assert_snapshot!(place.redacted(&document));
}

#[test]
fn verify_finds_damage_and_says_how_to_mend_it() {
    let place = Place::with_shop(false);
    place.repository("other");
    place.done(&["register", "other"]);
    let broken = place.here.join("other/.orch-state/status.json");
    let text = fs::read_to_string(&broken).unwrap();
    fs::write(&broken, text.replace("IDLE", "IDEL")).unwrap();

    let (code, object) = place.json(&["verify"]);
    let ran = place.run(&["verify"]);

    assert_eq!((code, object["ok"].clone()), (1, Value::Bool(false)));
    assert_eq!(ran.code, 1);
    assert!(ran.out.contains("✓ shop is in order") && ran.out.contains("! other: "), "{ran:?}");
    assert!(ran.out.contains("status.json"), "{ran:?}");
}

#[test]
fn doctor_looks_at_the_machine_and_at_every_project() {
    for served in BOTH {
        let place = Place::with_shop(served);
        let (code, object) = place.json(&["doctor"]);
        let names: Vec<_> = object["checks"].as_array().unwrap().iter().map(|check| &check["name"]).collect();
        let expected = [
            "configuration",
            "git",
            "data directory",
            "server",
            "disk",
            "journal",
            "inotify",
            "project shop",
        ];
        assert_eq!(names, expected);
        assert_eq!(code, 0, "{object}");

        fs::rename(place.here.join("shop"), place.here.join("moved")).unwrap();
        let ran = place.run(&["doctor", "--config", "missing.toml"]);
        assert_eq!(ran.code, 1);
        assert!(
            ran.out.contains("FAILED  project shop") && ran.out.contains("FAILED  configuration"),
            "{ran:?}"
        );
    }
}

#[test]
fn help_is_shown_where_it_is_asked_for_and_no_line_is_too_wide() {
    let place = Place::new();
    let actions = [
        "console",
        "do",
        "register",
        "serve",
        "projects",
        "status",
        "log",
        "ready",
        "search",
        "restore",
        "verify",
        "doctor",
        "schema",
        "export",
        "completions",
        "bench",
    ];
    for action in actions {
        let ran = place.run(&[action, "--help"]);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{action}");
        assert!(ran.out.contains("Usage: bandmaster "), "{action}: {}", ran.out);
        let wide = ran.out.lines().find(|line| line.chars().count() > 100);
        assert_eq!(wide, None, "{action}");
    }
    assert_eq!(place.done(&["--version"]).trim_end(), format!("bandmaster {}", env!("CARGO_PKG_VERSION")));
    let bare = place.run(&[]);
    assert!(bare.code == 2 && bare.err.contains("First steps:") && bare.out.is_empty(), "{bare:?}");
    let slip = place.run(&["projcets"]);
    assert!(slip.code == 2 && slip.err.contains("'projects'"), "{slip:?}");
    for shell in ["bash", "zsh", "fish"] {
        assert!(place.done(&["completions", shell]).contains("bandmaster"));
    }
}
