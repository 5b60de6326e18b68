//! What people see on Discord, for typical answers, and what can be pressed below them.

use std::fmt::Write;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::domain::approval::{Approval, Question};
use crate::domain::command::{Command, StoryEdit, View};
use crate::domain::event::Event;
use crate::domain::id::{ApprovalId, Uid};
use crate::domain::project::Project;
use crate::domain::story::{Priority, Status};
use crate::domain::workflow::State;
use crate::surface::answer::samples::{World, epic, moved, of, plan, story};
use crate::surface::answer::{
    self, Answer, Check, Choice, ChoiceStyle, ProjectRow, changed, refused, sprint_status,
};
use crate::surface::discord::look::{Key, Keys, Paging, Sheet, filled, modal, plain, rows, sheets};
use crate::surface::parse;

/// Keeps texts in memory, under short names.
#[derive(Default)]
pub(super) struct Kept(pub(super) Vec<String>);

impl Keys for Kept {
    fn keep(&mut self, text: &str) -> String {
        let at = self.0.iter().position(|kept| kept == text).unwrap_or_else(|| {
            self.0.push(text.to_owned());
            self.0.len() - 1
        });
        format!("k{at}")
    }
}

/// A message with the first page of an answer, as it is sent.
fn message(answer: &Answer) -> Value {
    let all = sheets(answer);
    let pages = u32::try_from(all.len()).unwrap();
    let paging = (pages > 1).then(|| Paging { page: 1, pages, command: "help".to_owned() });
    let components = rows(&answer.choices, paging, &mut Kept::default());
    json!({ "embeds": [all[0].embed()], "components": components })
}

fn text(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap()
}

/// All pages as a person reads them, but with the marks.
fn read(answer: &Answer) -> String {
    let mut text = String::new();
    for sheet in sheets(answer) {
        let Sheet { title, description, facts, footer, .. } = sheet;
        writeln!(text, "== {title}\n{description}").unwrap();
        for fact in facts {
            let mark = if fact.inline { "|" } else { "-" };
            writeln!(text, "{mark} {}: {}", fact.name, fact.value).unwrap();
        }
        writeln!(text, "{}", footer.unwrap_or_default()).unwrap();
    }
    text
}

fn does(world: &mut World, command: &Command) -> Answer {
    match world.tries(command.clone()) {
        Ok(receipt) => changed(command, &receipt, world.now),
        Err(refusal) => refused(&refusal, Some(command)),
    }
}

/// A project with questions that wait.
fn asking() -> Arc<Project> {
    let mut project = Project::clone(&World::backlog().project);
    for number in 1..=3 {
        project.apply(&Event::ApprovalRaised(Arc::new(Approval {
            id: ApprovalId(number),
            uid: Uid(of("01J00000000000000000000000")),
            question: Question::Proposal { epic: Some(of("E-1")), stories: vec![of("S-1"), of("S-2")] },
            text: of("2 stories proposed for E-1"),
            raised_at: of("2026-03-02T09:00:00Z"),
            raised_by: of("Ada"),
            extra: Default::default(),
        })));
    }
    Arc::new(project)
}

/// Every table that there is, with values of the kind it usually has.
fn with_tables() -> Vec<Answer> {
    let mut world = World::midway();
    let project = world.project.clone();
    let edit = StoryEdit {
        title: Some(of("Export a month as CSV")),
        points: Some(None),
        criteria: Some(vec![of("Opens in a spreadsheet"), of("Has a header")]),
        ..StoryEdit::default()
    };
    let check = |name: &str, ok, detail: &str, mend: Option<&str>| Check {
        name: name.to_owned(),
        ok,
        detail: detail.to_owned(),
        mend: mend.map(str::to_owned),
    };
    let checks = [
        check("state branch", true, "`orch-state` at 1a2b3c4d, 312 commits", None),
        check("lock", false, "held by process 4711 on tower", Some("end it, or wait; see `project status`")),
    ];
    let row = |name, state, open| ProjectRow {
        name: of(name),
        path: format!("/home/ada/src/{name}"),
        state,
        open,
        trouble: None,
    };
    let view = |view| answer::backlog(&project, &view, 1).unwrap();
    vec![
        view(View::Product),
        view(View::One(of("E-1"))),
        answer::ready(&project, 10),
        answer::state(&asking()),
        answer::log(&world.entries[..3]),
        answer::search(&project, &world.entries, &of("accounting columns")),
        answer::project_list(&[row("billing", Some(State::SprintActive), Some(12)), row("shop", None, None)]),
        answer::health(&of("billing"), &checks),
        answer::help(&parse::help(Some("sprint plan")).unwrap()),
        answer::help(&parse::help(Some("sprint")).unwrap()),
        answer::help(&parse::help(None).unwrap()),
        does(&mut world, &Command::SuggestFix { description: of("ask Grace"), id: None }),
        answer::backlog(&world.project, &View::One(of("S-3")), 1).unwrap(),
        does(&mut world, &Command::BacklogEdit { id: of("S-3"), edit: Box::new(edit) }),
        does(&mut world, &Command::BacklogPrioritize { id: of("S-3"), priority: Priority::Top }),
    ]
}

#[test]
fn every_table_reads_well_on_a_phone() {
    let texts: Vec<_> = with_tables().iter().map(read).collect();

    insta::assert_snapshot!(texts.join("\n"));
}

#[test]
fn a_message_is_sent_like_this() {
    let mut world = World::midway();
    let asks = Command::Restore { commit: of("1a2b3c4d"), confirm: false };
    let mut other = World::sprint();
    other.remembers("1a2b3c4d", &World::backlog().project);
    let answers = [
        ("a sprint under way", sprint_status(&world.project, world.now)),
        ("a new story", does(&mut world, &story("Receipts\nBy mail, as *PDF*.", |_| {}))),
        ("questions", answer::state(&asking())),
        ("a confirmation", does(&mut other, &asks)),
        ("help", answer::help(&parse::help(None).unwrap())),
        ("a blocked story", does(&mut world, &moved("S-1", Status::Blocked, Some("@everyone look")))),
    ];
    for (name, answer) in answers {
        insta::assert_snapshot!(name.replace(' ', "_"), text(&message(&answer)));
    }
}

#[test]
fn a_picture_is_shown_below_its_sheet() {
    let sheet = sheets(&Answer::info("x")).remove(0).with_picture("burndown.png", &"points\n".repeat(500));

    let embed = serde_json::to_value(sheet.embed()).unwrap();

    assert_eq!(embed["image"]["url"], "attachment://burndown.png");
    let alt = sheet.picture.unwrap().alt;
    assert!(alt.chars().count() <= 1024 && alt.starts_with("points points"), "{alt}");
}

#[test]
fn without_embeds_an_answer_is_a_message() {
    let world = World::midway();

    insta::assert_snapshot!(plain(&sprint_status(&world.project, world.now)));
}

#[test]
fn what_does_not_fit_without_embeds_is_told() {
    let long = Answer::info("Long").paragraph("word ".repeat(1000));

    let text = plain(&long);

    assert!(text.chars().count() <= 2000, "{text}");
    assert!(text.starts_with("**Long**\n\nword word") && text.ends_with("to be shown."), "{text}");
}

#[test]
fn a_long_text_is_split_at_paragraphs_then_at_lines_then_at_words() {
    let line = "w".repeat(900);
    #[rustfmt::skip]
    let cases = [
        // The second paragraph would fit onto neither page in part, so it goes to the next as a whole.
        (format!("{line}\n\n{line}\n{line}"),                   vec![900, 1801]),
        (format!("{line}\n{line}\n{line}"),                     vec![1801, 900]),
        (format!("{} **{}**", "a ".repeat(900), "b".repeat(600)), vec![1799, 604]),
        ("b".repeat(4500),                                      vec![1995, 1995, 510]),
    ];
    for (text, lengths) in cases {
        let found: Vec<_> = sheets(&Answer::info("x").paragraph(&text))
            .iter()
            .map(|sheet| sheet.description.trim_end().chars().count())
            .collect();
        assert_eq!(found, lengths, "for {} characters", text.len());
    }
}

#[test]
fn a_title_that_is_too_long_goes_on_below() {
    let answer = Answer::info("word ".repeat(80)).paragraph("More.");

    let sheet = &sheets(&answer)[0];

    assert!(sheet.title.ends_with("word …") && sheet.title.chars().count() <= 256, "{}", sheet.title);
    assert!(sheet.description.starts_with("… word"), "{}", sheet.description);
    assert!(sheet.description.ends_with("\n\nMore."), "{}", sheet.description);
}

fn choice(label: &str, command: &str, style: ChoiceStyle) -> Choice {
    Choice { label: label.to_owned(), command: command.to_owned(), asks: None, style }
}

/// The labels of each row; a menu is shown with its options in brackets.
fn labels(choices: &[Choice], paging: Option<Paging>) -> Vec<String> {
    let made = rows(choices, paging, &mut Kept::default());
    let label = |part: &Value| match part["options"].as_array() {
        Some(options) => format!("{} [{}]", part["placeholder"].as_str().unwrap(), options.len()),
        None => part["label"].as_str().unwrap().to_owned(),
    };
    let row = |row| {
        let row = serde_json::to_value(row).unwrap();
        row["components"].as_array().unwrap().iter().map(label).collect::<Vec<_>>().join(" | ")
    };
    made.iter().map(row).collect()
}

#[test]
fn choices_are_buttons_and_too_many_are_a_menu() {
    let pairs = |count| -> Vec<_> {
        let pair = |n| {
            let id = format!("A-{n}");
            let yes = choice(&format!("Approve {id}"), &format!("approve {id}"), ChoiceStyle::Primary);
            [yes, choice(&format!("Reject {id}"), &format!("reject {id}"), ChoiceStyle::Danger)]
        };
        (1..=count).flat_map(pair).collect()
    };
    let many = |count| -> Vec<_> {
        (1..=count).map(|n| choice(&n.to_string(), &format!("undo {n}"), ChoiceStyle::Secondary)).collect()
    };
    let paging = || Some(Paging { page: 2, pages: 3, command: "help".to_owned() });
    let turning = "‹ | Page 2 of 3 | ›";

    #[rustfmt::skip]
    let cases = [
        (vec![],    None,     vec![]),
        (many(2),   None,     vec!["1 | 2"]),
        (many(2),   paging(), vec!["1 | 2", turning]),
        (pairs(3),  None,     vec!["Approve A-1 | Reject A-1 | Approve A-2 | Reject A-2", "Approve A-3 | Reject A-3"]),
        (pairs(5),  None,     vec!["Approve A-1 | Reject A-1 | Approve A-2 | Reject A-2", "Approve A-3 | Reject A-3", "More … [4]"]),
        (many(22),  paging(), vec!["1 | 2 | 3 | 4 | 5", "6 | 7 | 8 | 9 | 10", "11 | 12 | 13 | 14 | 15", "More … [7]", turning]),
        (many(140), None,     vec!["More … [25]", "More … [25]", "More … [25]", "More … [25]", "More … (15 others can only be typed) [25]"]),
    ];
    for (choices, paging, expected) in cases {
        assert_eq!(labels(&choices, paging), expected);
    }
}

#[test]
fn pages_cannot_be_turned_beyond_their_ends() {
    let turning = |page| {
        let paging = Paging { page, pages: 3, command: "backlog view".to_owned() };
        let row = serde_json::to_value(&rows(&[], Some(paging), &mut Kept::default())[0]).unwrap();
        let part = |part: &Value| (part["disabled"] == true, part["custom_id"].as_str().unwrap().to_owned());
        row["components"].as_array().unwrap().iter().map(part).collect::<Vec<_>>()
    };
    let of = |disabled, text: &str| (disabled, text.to_owned());

    assert_eq!(turning(1), [of(true, "bm1n:0:"), of(true, "bm1n:1:"), of(false, "bm1n:2:backlog view")]);
    assert_eq!(turning(3), [of(false, "bm1n:2:backlog view"), of(true, "bm1n:3:"), of(true, "bm1n:4:")]);
}

#[test]
fn what_is_too_long_for_a_button_is_kept_and_read_back() {
    let path = "x".repeat(200);
    let command = format!("project register \"/home/{path}\"");
    let mut kept = Kept::default();

    let made = rows(&[choice("Again", &command, ChoiceStyle::Primary)], None, &mut kept);

    let row = serde_json::to_value(&made[0]).unwrap();
    let key = Key::read(row["components"][0]["custom_id"].as_str().unwrap());
    assert_eq!(key, Ok(Key::Kept("k0".to_owned())));
    assert_eq!(Key::read(&kept.0[0]), Ok(Key::Run { command }));
}

/// Answers of many kinds, with all that they offer.
fn with_choices() -> Vec<Answer> {
    let mut world = World::midway();
    let mut answers = with_tables();
    answers.push(answer::state(&World::new().project));
    answers.push(does(&mut World::new(), &epic("Customers pay", "Cards first.")));
    answers.push(does(&mut World::backlog(), &plan("S-1", None)));
    answers.push(does(&mut world, &Command::SprintFinish));
    answers
}

#[test]
fn every_form_of_an_answer_leads_to_a_command() {
    let mut forms = 0;
    for Choice { command, asks, .. } in with_choices().iter().flat_map(|answer| &answer.choices) {
        let Some(argument) = asks else { continue };
        forms += 1;
        let form = serde_json::to_value(modal("bm1p:", command, argument)).unwrap();
        let rows = form["components"].as_array().unwrap();
        let typed: Vec<_> = rows.iter().map(|row| &row["components"][0]).collect();
        assert_eq!(typed[0]["custom_id"], argument.as_str());
        assert!(typed[0]["required"] == true && typed[1..].iter().all(|input| input["required"] == false));

        let text = filled(command, [(argument.as_str(), "Say \"so\"\nand more")]);

        assert!(parse::parse(&text).is_ok(), "{text}");
    }
    assert!(forms >= 5, "only {forms} forms were looked at");
}

#[test]
fn a_form_is_sent_like_this() {
    let form = modal("bm1a:description:backlog add epic:E-1", "backlog add epic:E-1", "description");

    insta::assert_snapshot!(text(&serde_json::to_value(form).unwrap()));
}
