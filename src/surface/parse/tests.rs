//! What people type, and what it means or why it means nothing.

use super::*;

/// The command that `text` means, in its one form.
fn meaning(text: &str) -> String {
    match parse(text) {
        Ok(Parsed { command, project: None }) => to_text(&command),
        Ok(Parsed { command, project: Some(project) }) => format!("{project}> {}", to_text(&command)),
        Err(refusal) => {
            // The usage line is the same for every refusal of a command; one test below looks at it.
            let hint = refusal.hint.split("usage: ").collect::<Vec<_>>();
            let hint = if hint.len() > 1 { format!("{}USAGE", hint[0]) } else { refusal.hint };
            format!("{}: {} | {hint}", refusal.code, refusal.message)
        }
    }
}

fn check(cases: &[(&str, &str)]) {
    for (text, meant) in cases {
        assert_eq!(meaning(text), *meant, "for {text:?}");
    }
}

#[test]
fn the_slash_the_case_and_the_blanks_do_not_matter() {
    #[rustfmt::skip]
    check(&[
        ("/sprint start", "sprint start"),
        ("sprint start", "sprint start"),
        ("  / Sprint   START  ", "sprint start"),
        ("/sprint_start", "sprint start"),
        ("/state project:billing-api", "billing-api> state"),
        ("/state --project billing-api", "billing-api> state"),
    ]);
}

#[test]
fn arguments_are_given_by_place_or_by_name() {
    #[rustfmt::skip]
    check(&[
        ("/story move S-1 done", "story move S-1 done"),
        ("/story move status:done id:s-1", "story move s-1 done"),
        ("/story move done S-1", "story move S-1 done"),
        ("/story move done id:S-1", "story move S-1 done"),
        ("/story move S-1 In-Progress", "story move S-1 in_progress"),
        ("/story move S-1 blocked reason:\"waits for keys\"", "story move S-1 blocked reason:\"waits for keys\""),
        ("/story move S-1 blocked waits for keys", "story move S-1 blocked reason:\"waits for keys\""),
        ("/story move S-1 --status=blocked --reason 'it waits'", "story move S-1 blocked reason:\"it waits\""),
        ("/backlog edit S-3 points:5", "backlog edit S-3 points:5"),
        ("/backlog edit S-3 --depends-on S-1,S-2", "backlog edit S-3 depends_on:S-1,S-2"),
        ("/backlog prioritize S-3 TOP", "backlog prioritize S-3 top"),
        ("/project register \"/srv/my repo\" shop import", "project register \"/srv/my repo\" name:shop import"),
        ("/project register C:\\repo", "project register \"C:\\\\repo\""),
        ("/skip_task S-1", "skip_task id:S-1"),
        ("/log", "log"),
        ("/log 30 S-1", "log n:30 id:S-1"),
        ("/log S-1", "log id:S-1"),
        ("/log S-1 30", "log n:30 id:S-1"),
        ("/log count:5", "log n:5"),
        ("/ready 5", "ready n:5"),
        ("/backlog view", "backlog view product"),
        ("/backlog view 2", "backlog view product page:2"),
        ("/backlog view sprint 2", "backlog view sprint page:2"),
        ("/backlog view E-1", "backlog view E-1"),
        ("/backlog view sprint-001", "backlog view sprint-001"),
    ]);
}

#[test]
fn lists_take_several_ids() {
    #[rustfmt::skip]
    check(&[
        ("/sprint plan", "sprint plan"),
        ("/sprint plan S-1 S-2 goal:\"ship it\" days:10", "sprint plan ids:S-1,S-2 goal:\"ship it\" days:10"),
        ("/sprint plan S-1, S-2,S-3", "sprint plan ids:S-1,S-2,S-3"),
        ("/sprint plan ids:S-1, S-2 capacity:8", "sprint plan ids:S-1,S-2 capacity:8"),
        ("/sprint plan ids:S-1 ids:S-2", "sprint plan ids:S-1,S-2"),
        ("/sprint plan ids:S-1 S-2", "sprint plan ids:S-1,S-2"),
        ("/reject ids:A-1 2 tests are missing", "reject ids:A-1 reason:\"2 tests are missing\""),
        // The project knows that there is no such story, and says so.
        ("/sprint plan S-1 login", "sprint plan ids:S-1,login"),
        ("/approve", "approve"),
        ("/approve all", "approve"),
        ("/approve A-1 a-2", "approve ids:A-1,a-2"),
        ("/reject A-1 A-2 not good", "reject ids:A-1,A-2 reason:\"not good\""),
        ("/reject A-1 not good, see S-3", "reject ids:A-1 reason:\"not good, see S-3\""),
        ("/reject not good", "reject reason:\"not good\""),
        ("/reject A1 not good", "reject ids:A1 reason:\"not good\""),
        ("/request_changes It fails ids:S-1, S-2", "request_changes \"It fails\" ids:S-1,S-2"),
        ("/backlog edit S-1 criteria:\"a; b\" criteria:c", "backlog edit S-1 criteria:\"a\" criteria:\"b\" criteria:\"c\""),
        ("/backlog edit S-1 criteria:none depends_on:none epic:none points:NONE assignee:none", "backlog edit S-1 epic:none points:none criteria:none depends_on:none assignee:none"),
        ("/backlog edit S-1 criteria:\"none\" assignee:\"none\"", "backlog edit S-1 criteria:\"none\" assignee:\"none\""),
    ]);
}

#[test]
fn free_text_needs_no_quotes() {
    #[rustfmt::skip]
    check(&[
        ("/epic Build a login page", "epic \"Build a login page\""),
        ("/epic \"Build a login page\"", "epic \"Build a login page\""),
        ("/epic “Build a login page” title:‘Login’", "epic \"Build a login page\" title:\"Login\""),
        ("/epic \"Build a login page\" \"Login\"", "epic \"Build a login page\" title:\"Login\""),
        ("/epic \"Login\" button is broken", "epic \"\\\"Login\\\" button is broken\""),
        ("/epic \"Login\"-button is broken", "epic \"\\\"Login\\\"-button is broken\""),
        ("/epic Don't ask 'tis late", "epic \"Don't ask 'tis late\""),
        ("/epic The 5\" screen", "epic \"The 5\\\" screen\""),
        ("/backlog add As a user I log in priority:high", "backlog add \"As a user I log in\" priority:high"),
        ("/backlog add As a user priority:high I  log in", "backlog add \"As a user I  log in\" priority:high"),
        ("/backlog add \"As a user\" priority:high epic:E-1", "backlog add \"As a user\" epic:E-1 priority:high"),
        ("/backlog add \"As a user\" E-1 high 5", "backlog add \"As a user\" epic:E-1 priority:high points:5"),
        ("/add_story Log in", "backlog add \"Log in\""),
        ("/search login page", "search \"login page\""),
        ("/help backlog add", "help \"backlog add\""),
    ]);
}

#[test]
fn only_names_of_arguments_mean_something_inside_a_text() {
    #[rustfmt::skip]
    check(&[
        ("/backlog add See http://x/y at 12:30 note: a::b", "backlog add \"See http://x/y at 12:30 note: a::b\""),
        ("/backlog add Use a -v flag -- or not", "backlog add \"Use a -v flag -- or not\""),
        ("/backlog add -- priority:high is --odd", "backlog add \"priority:high is --odd\""),
        ("/backlog add \"priority:high is --odd\"", "backlog add \"priority:high is --odd\""),
        ("/backlog add Show \"priority:high\" in red", "backlog add \"Show \\\"priority:high\\\" in red\""),
        ("/backlog add Migrate project: phase 1", "backlog add \"Migrate project: phase 1\""),
        ("/backlog add Points: how many", "backlog add \"Points: how many\""),
        ("/backlog add The point:of it", "backlog add \"The point:of it\""),
        ("/epic confirm", "epic \"confirm\""),
        ("/feedback good: fast\nimprove: smaller stories\n\naction: estimate", "feedback \"good: fast\\nimprove: smaller stories\\n\\naction: estimate\""),
        ("/feedback\ngood: a\nproject:alpha\nimprove: b", "alpha> feedback \"good: a\\nimprove: b\""),
        ("/feedback good:fast improve:tests", "feedback \"good:fast improve:tests\""),
    ]);
}

#[test]
fn going_back_is_confirmed_with_one_word() {
    #[rustfmt::skip]
    check(&[
        ("/undo", "undo"),
        ("/undo 3", "undo 3"),
        ("/undo confirm", "undo confirm"),
        ("/undo 2 confirm", "undo 2 confirm"),
        ("/undo confirm 2", "undo 2 confirm"),
        ("/undo confirm:true", "undo confirm"),
        ("/undo --confirm", "undo confirm"),
        ("/undo confirm:no", "undo"),
        ("/undo 01JB0Z2Q8W3K4M5N6P7R8S9TAV", "undo 01JB0Z2Q8W3K4M5N6P7R8S9TAV"),
        ("/undo 1234567", "undo 1234567"),
        ("/restore 1a2b3c4 confirm", "restore 1a2b3c4 confirm"),
        ("/project unregister billing-api confirm", "project unregister name:billing-api confirm"),
    ]);
}

#[test]
fn an_unknown_command_is_refused_with_the_nearest() {
    const SPRINT: &str = "there is `sprint plan`, `sprint start`, `sprint status`, `sprint pause`, \
                          `sprint resume`, `sprint finish`, `sprint cancel`";
    #[rustfmt::skip]
    check(&[
        ("", "syntax: nothing was asked | see what can be asked with `help`"),
        (" / ", "syntax: nothing was asked | see what can be asked with `help`"),
        ("/banana", "unknown: there is no command \"banana\" | see what can be asked with `help`"),
        ("/sprnt plan", "unknown: there is no command \"sprnt\" | did you mean `sprint plan`? see all with `help`"),
        ("/sprnt strat", "unknown: there is no command \"sprnt\" | did you mean `sprint start`? see all with `help`"),
        ("/start", "unknown: there is no command \"start\" | did you mean `sprint start`? see all with `help`"),
        ("/status", "unknown: there is no command \"status\" | did you mean `project status` or `sprint status`? see all with `help`"),
        ("/aprove", "unknown: there is no command \"aprove\" | did you mean `approve`? see all with `help`"),
        ("/story", "syntax: `story` alone is not a command | there is `story move`"),
        ("/story mv S-1", "unknown: `story` has no command \"mv\" | there is `story move`"),
        ("/\u{1b}[31m", "unknown: there is no command \"\\u{1b}[31m\" | see what can be asked with `help`"),
        ("/sprint strat", &format!("unknown: `sprint` has no command \"strat\" | did you mean `sprint start`? {SPRINT}")),
        ("/sprint", &format!("syntax: `sprint` alone is not a command | {SPRINT}")),
    ]);
}

#[test]
fn a_value_that_cannot_be_is_refused_with_its_name() {
    #[rustfmt::skip]
    check(&[
        ("/backlog add x priority:hihg", "invalid: priority takes one of top, high, medium, low, not \"hihg\" | did you mean high? USAGE"),
        ("/backlog add x points:many", "invalid: points takes a number from 0 to 100, not \"many\" | USAGE"),
        ("/backlog add x points:101", "invalid: points takes a number from 0 to 100, not 101 | USAGE"),
        ("/backlog add x points:-1", "invalid: points takes a number from 0 to 100, not \"-1\" | USAGE"),
        ("/backlog add a\u{0}b", "invalid: description: a text cannot contain the control character U+0000 | USAGE"),
        ("/backlog add \"\"", "invalid: description: a text cannot be empty | USAGE"),
        ("/backlog add x epic:a/b", "invalid: epic: \"a/b\" is not an id: use 1 to 64 of a-z, A-Z, 0-9, '-', '_', '.' and ':' | USAGE"),
        ("/backlog add x project:Billing", "invalid: project: a project name cannot contain 'B'; use a-z, 0-9 and '-' | USAGE"),
        ("/story move S-1 doen", "invalid: status takes one of todo, in_progress, in_review, done, blocked, not \"doen\" | did you mean done? USAGE"),
        ("/sprint plan days:0", "invalid: days takes a number from 1 to 90, not 0 | USAGE"),
        ("/undo 21", "invalid: what takes a number from 1 to 20, not 21 | USAGE"),
        ("/undo confirm:perhaps", "invalid: confirm takes yes or no, not \"perhaps\" | USAGE"),
        ("/log 101", "invalid: n takes a number from 1 to 100, not 101 | USAGE"),
        ("/backlog view sprnt", "invalid: view takes one of product, sprint, not \"sprnt\" | did you mean sprint? USAGE"),
        ("/project register \"\"", "invalid: path: a path cannot be empty | USAGE"),
    ]);
}

#[test]
fn a_word_that_cannot_be_placed_is_refused() {
    const QUOTE: &str = "close it, or write \\\" for the sign itself inside a text in quotes";
    #[rustfmt::skip]
    check(&[
        ("/backlog add", "syntax: `backlog add` needs a description | USAGE"),
        ("/backlog add x priorty:high", "syntax: `backlog add` has no argument \"priorty\" | did you mean priority? put the whole text in quotes if priorty:high belongs to it; USAGE"),
        ("/backlog add x projct:alpha", "syntax: `backlog add` has no argument \"projct\" | did you mean project? put the whole text in quotes if projct:alpha belongs to it; USAGE"),
        ("/backlog add x --prio high", "syntax: `backlog add` has no argument \"prio\" | did you mean priority? put the whole text in quotes if --prio belongs to it; USAGE"),
        ("/backlog add x --verbose", "syntax: `backlog add` has no argument \"verbose\" | put the whole text in quotes if --verbose belongs to it; USAGE"),
        ("/backlog add x priority: high", "syntax: nothing stands behind priority: | write priority:high without a blank, or the whole text in quotes"),
        ("/backlog edit S-3 points:5 POINTS:5", "syntax: points is given twice | USAGE"),
        ("/backlog edit S-1 criteria:a b", "syntax: `backlog edit` does not know what \"b\" is for | USAGE"),
        ("/epic x description:y", "syntax: description is given twice | USAGE"),
        ("/epic say \"hello world", &format!("syntax: the quote \" at character 11 is never closed: \"\\\"hello world\" | {QUOTE}")),
        ("/epic 'Tis late", &format!("syntax: the quote ' at character 7 is never closed: \"'Tis late\" | {QUOTE}")),
        ("/epic x title:\"y", &format!("syntax: the quote \" at character 15 is never closed: \"\\\"y\" | {QUOTE}")),
        ("/story move S-1", "syntax: `story move` needs a status | USAGE"),
        ("/story move", "syntax: `story move` needs an id | USAGE"),
        ("/sprint plan golas:\"ship\"", "syntax: `sprint plan` has no argument \"golas\" | did you mean goal? USAGE"),
        ("/sprint plan goal: ship", "syntax: nothing stands behind goal: | write goal:ship without a blank; USAGE"),
        ("/sprint plan --goal", "syntax: --goal has no value | USAGE"),
        ("/sprint plan --goal --days 3", "syntax: --goal has no value | USAGE"),
        ("/sprint start now", "syntax: `sprint start` does not know what \"now\" is for | USAGE"),
    ]);
}

#[test]
fn a_refusal_ends_with_the_usage_line() {
    let refusal = parse("/story move").unwrap_err();

    assert_eq!(refusal.hint, "usage: `story move <id> <status> [reason:\"…\"]`");
}

#[test]
fn a_command_that_is_too_long_is_refused_with_the_limit() {
    let refusal = parse(&format!("/epic {}", "x".repeat(INPUT_MAX))).unwrap_err();

    assert_eq!(refusal.code, Code::Invalid);
    assert_eq!(refusal.message, "a command has at most 16384 bytes, this one has 16390");
}

#[test]
fn the_options_of_a_menu_are_read_like_text() {
    let parsed = assemble(CommandKind::BacklogEdit, [("id", "S-3"), ("epic", "none"), ("title", "a:b \"c")]);
    assert_eq!(to_text(&parsed.unwrap().command), "backlog edit S-3 title:\"a:b \\\"c\" epic:none");

    let refusal = assemble(CommandKind::SprintStart, [("banana", "1")]).unwrap_err();
    assert_eq!(refusal.message, "`sprint start` has no argument \"banana\"");
}
