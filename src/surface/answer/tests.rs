//! What people read, for every command, on one sample project.

use std::sync::Arc;

use crate::domain::approval::{Approval, Question};
use crate::domain::command::{Command, StoryEdit, UndoWhat, View};
use crate::domain::envelope::Receipt;
use crate::domain::event::Event;
use crate::domain::id::{ApprovalId, EpicId, StoryId, Uid};
use crate::domain::project::Project;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::story::{Note, Priority, Status, Story};
use crate::domain::workflow::State;
use crate::surface::answer::samples::{World, epic, moved, of, plan, story};
use crate::surface::answer::{
    Answer, Check, ProjectRow, Registered, Standing, backlog, board, board_title, bound, changed, health,
    help, let_go, log, moved_away, project_list, project_status, ready, refused, registered, search,
    sprint_status, state, unregistered, welcome,
};
use crate::surface::parse;
use crate::surface::render::text::{Terminal, render};

/// Replies one below the other, as in a terminal of 80 columns.
fn shown(answers: &[Answer]) -> String {
    answers.iter().for_each(offers_only_commands);
    let terminal = Terminal { width: 80, colour: false, numbered: true };
    let texts: Vec<_> = answers.iter().map(|answer| render(answer, terminal)).collect();
    texts.join(&format!("\n{}\n\n", "~".repeat(80)))
}

/// What is offered must be understood when it is chosen.
fn offers_only_commands(answer: &Answer) {
    for choice in &answer.choices {
        let asked =
            choice.asks.as_ref().map(|argument| format!(" {argument}:\"some text\"")).unwrap_or_default();
        let text = format!("{}{asked}", choice.command);
        if let Err(refusal) = parse::parse(&text) {
            panic!("`{text}` is offered by “{}”: {refusal}", answer.title);
        }
    }
}

impl World {
    /// What is said to somebody who asks for `command`.
    fn says(&mut self, command: Command) -> Answer {
        match self.tries(command.clone()) {
            Ok(receipt) => changed(&command, &receipt, self.now),
            Err(refusal) => refused(&refusal, Some(&command)),
        }
    }
}

#[test]
fn adding_to_the_backlog() {
    let mut world = World::new();
    let answers = [
        world.says(epic("Customers pay online", "Cards first, then invoices.\nNo cash.")),
        world.says(story("As a customer I pay by card", |new| {
            new.epic = Some(of("E-1"));
            new.points = Some(8);
            new.criteria = vec![of("Visa and Mastercard work"), of("A declined card is explained")];
        })),
        world.says(story("Receipts\nBy mail, as PDF.", |new| new.depends_on = vec![of("S-1")])),
    ];

    insta::assert_snapshot!(shown(&answers));
}

#[test]
fn changing_the_backlog() {
    let mut world = World::backlog();
    let edit = StoryEdit {
        title: Some(of("Export a month as CSV")),
        points: Some(None),
        criteria: Some(vec![of("Opens in a spreadsheet")]),
        epic: Some(Some(of("e-1"))),
        ..StoryEdit::default()
    };
    let answers = [
        world.says(Command::BacklogEdit { id: of("s-3"), edit: Box::new(edit) }),
        world.says(Command::BacklogPrioritize { id: of("S-3"), priority: Priority::Top }),
        world.says(Command::BacklogRemove { id: of("S-5") }),
        world.says(Command::BacklogRemove { id: of("S-1") }),
    ];

    insta::assert_snapshot!(shown(&answers));
}

#[test]
fn a_sprint_from_plan_to_pause() {
    let mut world = World::backlog();
    let answers = [
        world.says(plan("S-2 S-4", Some("Customers can pay"))),
        world.says(plan("S-4 S-1 S-2 S-3", None)),
        world.says(Command::SprintStart),
        world.says(Command::SprintPause),
        world.says(Command::SprintResume),
    ];

    insta::assert_snapshot!(shown(&answers));
}

#[test]
fn a_sprint_under_way() {
    let mut world = World::midway();
    let answers = [
        world.says(Command::SprintStatus),
        world.says(moved("S-1", Status::Blocked, Some("the sandbox of the provider is down"))),
        world.says(Command::SuggestFix { description: of("use the mock provider"), id: Some(of("S-1")) }),
        world.says(Command::SkipTask { id: None }),
        world.says(moved("S-1", Status::Done, None)),
        world.says(moved("S-2", Status::Done, None)),
    ];

    insta::assert_snapshot!(shown(&answers));
}

#[test]
fn a_sprint_that_ends_early() {
    let mut world = World::midway();
    let finished = world.says(Command::SprintFinish);
    let reviewed = sprint_status(&world.project, world.now);
    let mut other = World::midway();

    insta::assert_snapshot!(shown(&[finished, reviewed, other.says(Command::SprintCancel)]));
}

/// A world in which one sprint is closed and a second one in review.
fn second_review() -> World {
    let mut world = World::midway();
    world.does(Command::SprintFinish);
    world.does(Command::Feedback { description: of("good: it works") });
    world.days(3);
    world.does(plan("S-1 S-2", None));
    world.does(Command::SprintStart);
    world.does(moved("S-1", Status::Done, None));
    world.does(moved("S-2", Status::Done, None));
    world
}

#[test]
fn the_end_of_a_sprint() {
    let said = "good: cards work\nimprove: fewer blocked stories\naction: ask accounting earlier\nNice team";
    let answers = [
        second_review().says(Command::Feedback { description: of(said) }),
        second_review()
            .says(Command::RequestChanges { description: of("Amex is missing"), ids: vec![of("S-1")] }),
    ];

    insta::assert_snapshot!(shown(&answers));
}

#[test]
fn looking_at_the_backlog() {
    let mut world = World::midway();
    for number in 6..=23 {
        world.does(story(&format!("Small thing number {number}"), |new| new.points = Some(1)));
    }
    let look = |view: View, page| match backlog(&world.project, &view, page) {
        Ok(answer) => answer,
        Err(refusal) => refused(&refusal, None),
    };
    let answers = [
        look(View::Product, 1),
        look(View::Product, 3),
        look(View::Product, 9),
        look(View::Sprint, 1),
        look(View::One(of("S-1")), 1),
        look(View::One(of("S-3")), 1),
        look(View::One(of("e-1")), 1),
        look(View::One(of("sprint-001")), 1),
        look(View::One(of("S-77")), 1),
    ];

    insta::assert_snapshot!(shown(&answers));
}

#[test]
fn where_the_project_stands() {
    let world = World::midway();
    let answers = [
        state(&world.project),
        state(&World::new().project),
        ready(&world.project, 10),
        ready(&World::backlog().project, 2),
        ready(&World::new().project, 10),
        project_status(&second_review().project, &world.entries),
    ];

    insta::assert_snapshot!(shown(&answers));
}

/// A project in which two stories are proposed for an epic.
fn proposed() -> World {
    let mut world = World::backlog();
    let mut project = Project::clone(&world.project);
    for number in [6, 7] {
        let story = Story {
            id: StoryId(number),
            status: Status::Proposed,
            ..Story::clone(&world.project.stories[&StoryId(2)])
        };
        project.apply(&Event::StoryAdded(Arc::new(story)));
    }
    project.apply(&Event::ApprovalRaised(Arc::new(Approval {
        id: ApprovalId(1),
        uid: Uid(of("01J00000000000000000000000")),
        question: Question::Proposal { epic: Some(EpicId(1)), stories: vec![StoryId(6), StoryId(7)] },
        text: of("2 stories proposed for E-1"),
        raised_at: world.now,
        raised_by: of("planner"),
        extra: Default::default(),
    })));
    world.project = Arc::new(project);
    world
}

#[test]
fn answering_questions() {
    let mut yes = proposed();
    let asked = state(&yes.project);
    let mut no = proposed();
    let answers = [
        asked,
        yes.says(Command::Approve { ids: vec![] }),
        no.says(Command::Reject { ids: vec![of("A-1")], reason: Some(of("too vague")) }),
        no.says(Command::Approve { ids: vec![] }),
    ];

    insta::assert_snapshot!(shown(&answers));
}

#[test]
fn going_back() {
    let mut world = World::backlog();
    let then = Project::clone(&world.project);
    world.does(plan("S-4 S-1", None));
    world.does(story("One story too many", |_| {}));
    world.remembers("1a2b3c4d", &then);
    let asked = world.says(Command::Restore { commit: of("1a2b3c4d"), confirm: false });
    world.remembers("1a2b3c4d", &then);
    let done = world.says(Command::Restore { commit: of("1a2b3c4d"), confirm: true });

    insta::assert_snapshot!(shown(&[asked, done]));
}

#[test]
fn the_history() {
    let mut world = World::midway();
    world.entries[2].actor = "Mallory \u{1b}[31m".to_owned();
    world.entries[2].subject = format!("a commit of another program {}", "x".repeat(300));
    world.entries[2].command = None;
    let found = |text: &str| search(&world.project, &world.entries, &of(text));
    let answers = [
        log(&world.entries[..5]),
        log(&world.entries[..1]),
        log(&world.entries[2..3]),
        log(&[]),
        found("CUSTOMER"),
        found("pay card"),
        found("accounting columns"),
        found("no such thing"),
    ];

    insta::assert_snapshot!(shown(&answers));
}

#[test]
fn projects() {
    let row = |name: &str, state, open, trouble: Option<&str>| ProjectRow {
        name: of(name),
        path: format!("/home/ada/src/{name}"),
        state,
        open,
        trouble: trouble.map(str::to_owned),
    };
    let check = |name: &str, ok, detail: &str, mend: Option<&str>| Check {
        name: name.to_owned(),
        ok,
        detail: detail.to_owned(),
        mend: mend.map(str::to_owned),
    };
    let good = check("state branch", true, "orch-state at 1a2b3c4d, 312 commits", None);
    let bad =
        check("lock", false, "held by process 4711 on tower", Some("end it, or wait; see `project status`"));
    let answers = [
        registered(&Registered {
            name: of("billing"),
            path: "/home/ada/src/billing".into(),
            channel: None,
            state: State::Idle,
            remark: None,
        }),
        project_list(&[
            row("billing", Some(State::SprintActive), Some(12), None),
            row("shop", None, None, None),
        ]),
        project_list(&[row(
            "billing",
            None,
            None,
            Some("`.orch-state/status.json` line 3: expected a comma"),
        )]),
        project_list(&[]),
        health(&of("billing"), std::slice::from_ref(&good)),
        health(&of("billing"), &[good, bad]),
        unregistered(&of("billing"), "/home/ada/my src/billing"),
        welcome(&of("billing"), "/home/ada/src/billing", State::Idle),
        welcome(&of("billing"), "/home/ada/src/billing", State::SprintActive),
        bound(&of("billing"), "#money", Some("#tower-billing"), State::SprintActive),
        moved_away(&of("billing"), "#money"),
        let_go(Some(&of("billing"))),
        let_go(None),
    ];

    insta::assert_snapshot!(shown(&answers));
}

#[test]
fn refusals() {
    let mut world = World::midway();
    let unconfirmed = Refusal::new(
        Code::Unconfirmed,
        "took back 1a2b3c4d: epic would change: E-1",
        "add `confirm` to do it",
    );
    let answers = [
        world.says(Command::SprintStart),
        world.says(moved("S-99", Status::Done, None)),
        refused(&unconfirmed, Some(&Command::Undo { what: UndoWhat::Last(2), confirm: false })),
    ];

    insta::assert_snapshot!(shown(&answers));
}

#[test]
fn what_can_be_asked() {
    let about = |topic| match parse::help(topic) {
        Ok(found) => help(&found),
        Err(refusal) => refused(&refusal, None),
    };
    let answers =
        [about(None), about(Some("project")), about(Some("sprint plan")), about(Some("sprint strat"))];

    insta::assert_snapshot!(shown(&answers));
}

#[test]
fn what_is_sent_twice_was_done_once() {
    let mut world = World::backlog();
    let command = plan("S-4", None);
    let first = world.does(command.clone());
    let full = Receipt { again: true, ..first.clone() };
    let bare = Receipt { again: true, events: vec![], before: Arc::clone(&first.after), ..first };

    insta::assert_snapshot!(shown(&[
        changed(&command, &full, world.now),
        changed(&command, &bare, world.now)
    ]));
}

#[test]
fn a_long_text_is_cut_with_a_remark() {
    let mut world = World::new();
    let long = format!("A short first line.\n{}", "word ".repeat(790));
    let added = world.says(story(&long, |_| {}));

    let text = added.text.unwrap();
    assert!(text.ends_with("more characters; see `backlog view S-1`)"), "{text}");
    assert!(text.chars().count() < 350, "{text}");
    let whole = backlog(&world.project, &View::One(of("S-1")), 1).unwrap();
    assert_eq!(whole.text.unwrap(), "word ".repeat(790).trim());
}

#[test]
fn older_notes_are_counted() {
    let mut world = World::backlog();
    let mut project = Project::clone(&world.project);
    for number in 0..13 {
        let note =
            Note { at: world.now, by: of("Ada"), text: of(&format!("note {number} {}", "y".repeat(800))) };
        project.apply(&Event::StoryNoted { story: StoryId(1), note });
    }
    world.project = Arc::new(project);

    let rows = backlog(&world.project, &View::One(of("S-1")), 1).unwrap().table.unwrap().rows;

    assert_eq!(rows.len(), 11);
    assert!(rows[0][2].starts_with("note 12") && rows[0][2].contains("more characters; see `.orch-state/"));
    assert_eq!(rows[10][2], "… 3 older notes in `.orch-state/stories/0/S-1.json`");
}

#[test]
fn an_answer_survives_being_json() {
    let world = World::midway();
    for answer in [state(&world.project), sprint_status(&world.project, world.now), log(&world.entries)] {
        let text = serde_json::to_string(&answer).unwrap();
        assert_eq!(serde_json::from_str::<Answer>(&text).unwrap(), answer, "{text}");
    }
    let bare = serde_json::to_string(&Answer::done("x")).unwrap();
    assert_eq!(bare, r#"{"title":"x","tone":"done"}"#);
}

#[test]
fn the_board_of_a_sprint() {
    let planned = World::sprint();
    let mut midway = World::midway();
    midway.does(moved("S-1", Status::InReview, None));
    let mut review = World::midway();
    review.does(Command::SprintFinish);
    let mut stuck = World::midway();
    stuck.does(moved("S-1", Status::Blocked, Some("the sandbox of the provider is down")));
    let all = [planned, midway, review, stuck];

    insta::assert_snapshot!(shown(&all.map(|world| board(&world.project, 8))));
}

#[test]
fn the_board_of_a_backlog_and_of_questions() {
    let mut asking = World::backlog();
    let project = Arc::make_mut(&mut asking.project);
    for number in 1..=3 {
        project.apply(&Event::ApprovalRaised(question(number)));
    }
    let boards = [board(&World::new().project, 8), board(&asking.project, 2), board(&asking.project, 0)];

    insta::assert_snapshot!(shown(&boards));
}

fn question(number: u32) -> Arc<Approval> {
    Arc::new(Approval {
        id: ApprovalId(number),
        uid: Uid(of("01J00000000000000000000001")),
        question: Question::Imported,
        text: of("May the provider be asked?"),
        raised_at: of("2026-03-02T09:00:00Z"),
        raised_by: of("Ada"),
        extra: crate::domain::entity::Extra::new(),
    })
}

#[test]
fn a_board_says_the_same_until_something_happens() {
    let mut world = World::midway();
    let before = board(&world.project, 8);
    world.days(3);

    assert_eq!(board(&world.project, 8), before);
    assert!(before.title.starts_with(&board_title(&world.project)));
}

#[test]
fn a_standing_is_one_line() {
    let mut idle = World::backlog();
    Arc::make_mut(&mut idle.project).apply(&Event::ApprovalRaised(question(1)));
    let standings = [&World::midway(), &idle].map(|world| Standing::of(&world.project).words());

    assert_eq!(standings, ["1/17 points, 1 blocked", "5 open, 1 waits"]);
}
