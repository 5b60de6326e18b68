//! Whatever is wrong is refused with the rule that it breaks, and leaves no trace.

use crate::run::Place;

/// What is given to the program: its arguments, and standard input.
type Case<'a> = (&'a [&'a str], &'a [u8], &'a str, &'a str);

#[test]
fn what_cannot_be_carried_out_names_the_rule_and_leaves_no_trace() {
    let big = format!("backlog add {}", "x".repeat(10_000));
    let huge = format!("backlog add {}", "x".repeat(40_000));
    #[rustfmt::skip]
    let cases: &[Case<'_>] = &[
        (&["do", ""],                                       b"", "syntax",            "nothing was asked"),
        (&["do", "-"],                                      b"", "syntax",            "nothing was asked"),
        (&["do", "backlog add"],                            b"", "syntax",            "description"),
        (&["do", "backlog add", "-"],                       b" \n\t\n", "invalid",    "description"),
        (&["do", &big],                                     b"", "invalid",           "at most 4000 characters"),
        (&["do", "-"],                                      huge.as_bytes(), "invalid", "at most 16384 bytes"),
        (&["do", "backlog add", "-"],                       b"a\0b", "invalid",       "U+0000"),
        (&["do", "backlog add a\u{1b}[2Jb"],                b"", "invalid",           "U+001B"),
        (&["do", "-"],                                      b"backlog add \xff\xfe", "invalid", "UTF-8"),
        (&["do", "bananas"],                                b"", "unknown",           "bananas"),
        (&["do", "sprnt start"],                            b"", "unknown",           "sprint start"),
        (&["do", "backlog ad x"],                           b"", "unknown",           "backlog add"),
        (&["do", "backlog add x priorty:high"],             b"", "syntax",            "priority"),
        (&["do", "backlog add x priority:hihg"],            b"", "invalid",           "high"),
        (&["do", "backlog add x points:many"],              b"", "invalid",           "points"),
        (&["do", "backlog add x points:-1"],                b"", "invalid",           "points"),
        (&["do", "epic \"never closed"],                    b"", "syntax",            "never closed"),
        (&["do", "backlog add x epic:E-99"],                b"", "unknown",           "E-99"),
        (&["do", "backlog edit S-99 points:1"],             b"", "unknown",           "S-99"),
        (&["do", "story move S-١ done"],                    b"", "invalid",           "S-"),
        (&["do", "sprint plan S-99"],                       b"", "unknown",           "S-99"),
        (&["do", "sprint plan S-2 S-3 S-4"],                b"", "over_capacity",     "capacity of 20"),
        (&["do", "sprint plan S-1"],                        b"", "in_another_sprint", "sprint-001"),
        (&["do", "story move S-1 todo"],                    b"", "in_another_sprint", "sprint-001"),
        (&["do", "backlog edit S-2 depends_on:S-3"],        b"", "dependency_circle", "S-2"),
        (&["do", "backlog edit S-2 depends_on:S-2"],        b"", "dependency_circle", "S-2"),
        (&["do", "backlog remove S-2"],                     b"", "in_use",            "S-3"),
        (&["do", "story move S-2 blocked"],                 b"", "invalid",           "reason"),
        (&["do", "sprint start"],                           b"", "wrong_state",       "sprint plan"),
        (&["do", "feedback good: yes"],                     b"", "wrong_state",       "BACKLOG_READY"),
        (&["do", "undo"],                                   b"", "unconfirmed",       "confirm"),
        (&["do", "restore 0123456789 confirm"],             b"", "unknown",           "0123456789"),
        (&["do", "project unregister"],                     b"", "unconfirmed",       "confirm"),
        (&["do", "--id", "S-1", "state"],                   b"", "invalid",           "--id"),
        (&["do", "--id", "a b", "epic x"],                  b"", "invalid",           "id"),
        (&["do", "--as", "", "epic x"],                     b"", "invalid",           "--as"),
        (&["do", "-p", "nowhere", "epic x"],                b"", "unknown",           "nowhere"),
        (&["do", "-p", "", "epic x"],                       b"", "unknown",           "no project"),
        (&["do", "-p", "plain", "epic x"],                  b"", "unknown",           "plain"),
        (&["register", "plain"],                            b"", "invalid",           "git init"),
        (&["register", "missing"],                          b"", "unknown",           "missing"),
        (&["register", "shop"],                             b"", "taken",             "shop"),
        (&["register", "fresh", "--name", "shop"],          b"", "taken",             "another name"),
        (&["register", "fresh", "--name", "Not A Name"],    b"", "invalid",           "name"),
        (&["register", "fresh\" --name x"],                 b"", "unknown",           "fresh"),
    ];
    for served in [false, true] {
        let place = prepared(served);
        let before = place.traces();
        for (args, input, code, said) in cases {
            let text = place.run_with(args, input);
            let json = place.run_with(&[args, &["--json"][..]].concat(), input);
            let object: serde_json::Value = serde_json::from_str(&json.out).unwrap();

            assert_eq!((text.code, json.code), (2, 2), "{args:?}: {text:?}");
            assert_eq!(object["refusal"]["code"], *code, "{args:?}: {object}");
            assert!(object["refusal"].to_string().contains(said), "{args:?}: {object}");
            assert!(text.out.is_empty() && json.err.is_empty(), "{args:?}: {text:?} {json:?}");
            let steers = |c: char| c.is_control() && c != '\n';
            assert!(!text.err.contains(steers), "{args:?}: {text:?}");
            assert!(place.traces() == before, "{args:?} left a trace");
        }
    }
}

#[test]
fn odd_text_that_is_allowed_is_kept_as_it_is() {
    #[rustfmt::skip]
    let texts = [
        "$(rm -rf /) && `reboot`; echo $HOME > /dev/null | cat *",
        "שלום עולם עם קוד",
        "e\u{301}clair, 👩‍👩‍👧, Ⅷ, ﷽",
        "../../etc/passwd -rf --no-preserve-root",
        "'single' and don't",
        "<script>alert(1)</script> **bold** [x](y) @everyone",
    ];
    for served in [false, true] {
        let place = Place::with_shop(served);
        for text in texts {
            let ran = place.run_with(&["do", "backlog add", "-"], text.as_bytes());
            assert_eq!(ran.code, 0, "{text}: {ran:?}");
        }
        let (_, export) = place.json(&["export"]);
        let kept: Vec<_> = export["stories"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["description"].as_str().unwrap())
            .collect();
        assert_eq!(kept, texts);
        assert_eq!(place.run(&["verify"]).code, 0);
    }
}

#[test]
fn a_console_refuses_the_same_and_leaves_no_trace() {
    for served in [false, true] {
        let place = prepared(served);
        let before = place.traces();
        let big = "x".repeat(40_000);
        let script = format!("/bananas\n/sprint start\n/epic \"open\n{big}\n\u{0}\u{7}\n/backlog add\n99\n");

        let ran = place.run_with(&["console", "shop"], script.as_bytes());

        assert_eq!(ran.code, 2, "{ran:?}");
        assert_eq!(
            ran.out.matches("\n! ").count() + usize::from(ran.out.starts_with("! ")),
            6,
            "{}",
            ran.out
        );
        assert!(place.traces() == before, "left a trace");
    }
}

/// A project with one sprint behind it: S-1 was finished in it, S-3 waits for S-2, and S-2 to S-4 have 24 points.
fn prepared(served: bool) -> Place {
    let place = Place::with_shop(served);
    std::fs::create_dir(place.here.join("plain")).unwrap();
    place.repository("fresh");
    for command in [
        "epic Sign in",
        "backlog add Log in points:3",
        "backlog add Recover an account points:8",
        "backlog add Invite a friend points:8 depends_on:S-2",
        "backlog add Pay points:8",
        "sprint plan S-1",
        "sprint start",
        "story move S-1 done",
        "feedback good: quick",
    ] {
        place.done(&["do", command]);
    }
    place
}
