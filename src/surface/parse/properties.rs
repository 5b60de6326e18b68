//! What holds for every text and every command.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{
    Just, ProptestConfig, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest,
};
use proptest::sample::select;

use super::*;
use crate::domain::command::{NewStory, StoryEdit, UndoWhat, View};
use crate::domain::id::Reference;
use crate::domain::story::{Priority, Status};
use crate::domain::text::{Line, Prose, Title};

/// Pieces that mean something to the parser, so that odd combinations of them come up.
const PIECES: &[&str] = &[
    "/",
    "sprint ",
    "plan ",
    "backlog add ",
    "edit ",
    "story move ",
    "undo ",
    "feedback ",
    "S-1",
    " ",
    "\n",
    "\"",
    "'",
    "“",
    "”",
    "\\",
    "--",
    "--goal",
    "=",
    ":",
    ",",
    ";",
    "priority:",
    "project:",
    "points: 5",
    "confirm",
    "none",
    "ß",
    "日本",
    "🎺",
    "\u{301}",
    "\u{a0}",
    "\0",
    "help ",
];

fn odd_text() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), vec(select(PIECES), 0..24).prop_map(|pieces| pieces.concat())]
}

/// Text with everything in it that means something elsewhere.
fn words() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zäß:;,'\"“”\\\\/.!?-]{1,8}( [a-z:;'\"\\\\-]{1,8}){0,4}",
        "\\PC{1,40}",
        Just("none".to_owned())
    ]
}

fn line() -> impl Strategy<Value = Line> {
    words().prop_filter_map("not a line", |text| text.parse().ok())
}

fn title() -> impl Strategy<Value = Title> {
    words().prop_filter_map("not a title", |text| text.parse().ok())
}

fn prose() -> impl Strategy<Value = Prose> {
    vec(words(), 1..4).prop_filter_map("not a text", |lines| lines.join("\n").parse().ok())
}

fn id() -> impl Strategy<Value = Reference> {
    "(S|E|sprint|jira|A)[-:_.]{1,2}[0-9]{1,4}".prop_filter_map("not an id", |text| text.parse().ok())
}

fn ids() -> impl Strategy<Value = Vec<Reference>> {
    vec(id(), 0..4)
}

fn priority() -> impl Strategy<Value = Priority> {
    select(&Priority::ALL[..])
}

fn project_name() -> impl Strategy<Value = ProjectName> {
    "[a-z][a-z0-9]{0,8}".prop_filter_map("not a name", |text| text.parse().ok())
}

fn story() -> impl Strategy<Value = NewStory> {
    let parts =
        (prose(), option::of(id()), option::of(priority()), option::of(0..=100u32), vec(line(), 0..3), ids());
    parts.prop_map(|(description, epic, priority, points, criteria, depends_on)| NewStory {
        description,
        epic,
        priority,
        points,
        criteria,
        depends_on,
    })
}

fn edit() -> impl Strategy<Value = StoryEdit> {
    let words =
        (option::of(title()), option::of(prose()), option::of(option::of(line())), option::of(priority()));
    let links = (
        option::of(option::of(id())),
        option::of(option::of(0..=100u32)),
        option::of(vec(line(), 0..3)),
        option::of(ids()),
    );
    (words, links).prop_map(
        |((title, description, assignee, priority), (epic, points, criteria, depends_on))| StoryEdit {
            title,
            description,
            epic,
            priority,
            points,
            criteria,
            depends_on,
            assignee,
        },
    )
}

fn about_projects() -> impl Strategy<Value = Command> {
    prop_oneof![
        (words(), option::of(project_name()), any::<bool>()).prop_map(|(path, name, import)| {
            Command::ProjectRegister { path: path.into(), name, import }
        }),
        Just(Command::ProjectList),
        option::of(project_name()).prop_map(|name| Command::ProjectStatus { name }),
        option::of(project_name()).prop_map(|name| Command::ProjectHealth { name }),
        (option::of(project_name()), any::<bool>())
            .prop_map(|(name, confirm)| Command::ProjectUnregister { name, confirm }),
        (option::of(project_name()), option::of(line()), option::of(words())).prop_map(
            |(name, channel, path)| Command::ProjectBind { name, channel, path: path.map(Into::into) }
        ),
    ]
}

fn planning() -> impl Strategy<Value = Command> {
    let view = prop_oneof![Just(View::Product), Just(View::Sprint), id().prop_map(View::One)];
    prop_oneof![
        (prose(), option::of(title())).prop_map(|(description, title)| Command::Epic { description, title }),
        ids().prop_map(|ids| Command::Approve { ids }),
        (ids(), option::of(prose())).prop_map(|(ids, reason)| Command::Reject { ids, reason }),
        (view, 1..50u32).prop_map(|(view, page)| Command::BacklogView { view, page }),
        story().prop_map(|story| Command::BacklogAdd { story: Box::new(story) }),
        (id(), edit()).prop_map(|(id, edit)| Command::BacklogEdit { id, edit: Box::new(edit) }),
        id().prop_map(|id| Command::BacklogRemove { id }),
        (id(), priority()).prop_map(|(id, priority)| Command::BacklogPrioritize { id, priority }),
    ]
}

fn sprinting() -> impl Strategy<Value = Command> {
    let bare = [
        Command::SprintStart,
        Command::SprintStatus,
        Command::SprintPause,
        Command::SprintResume,
        Command::SprintFinish,
        Command::SprintCancel,
        Command::State,
    ];
    let plan = (ids(), option::of(line()), option::of(1..=90u32), option::of(1..=1000u32));
    let status = select(&Status::MOVES[..]);
    prop_oneof![
        select(bare.to_vec()),
        plan.prop_map(|(ids, goal, days, capacity)| Command::SprintPlan { ids, goal, days, capacity }),
        (id(), status, option::of(prose())).prop_map(|(id, status, reason)| Command::StoryMove {
            id,
            status,
            reason
        }),
        (prose(), ids()).prop_map(|(description, ids)| Command::RequestChanges { description, ids }),
        (prose(), option::of(id())).prop_map(|(description, id)| Command::SuggestFix { description, id }),
        option::of(id()).prop_map(|id| Command::SkipTask { id }),
        prose().prop_map(|description| Command::Feedback { description }),
    ]
}

fn looking() -> impl Strategy<Value = Command> {
    let what = prop_oneof![(1..=20u32).prop_map(UndoWhat::Last), id().prop_map(UndoWhat::Command)];
    prop_oneof![
        (1..=100u32, option::of(id())).prop_map(|(count, id)| Command::Log { count, id }),
        (what, any::<bool>()).prop_map(|(what, confirm)| Command::Undo { what, confirm }),
        (id(), any::<bool>()).prop_map(|(commit, confirm)| Command::Restore { commit, confirm }),
        (1..=100u32).prop_map(|count| Command::Ready { count }),
        line().prop_map(|text| Command::Search { text }),
        option::of(line()).prop_map(|topic| Command::Help { topic }),
    ]
}

fn command() -> impl Strategy<Value = Command> {
    prop_oneof![about_projects(), planning(), sprinting(), looking()]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_command_survives_being_written_and_read(command in command()) {
        let text = to_text(&command);

        prop_assert_eq!(parse(&text).map(|parsed| parsed.command), Ok(command), "{}", text);
    }

    #[test]
    fn no_text_is_too_odd(text in odd_text()) {
        match parse(&text) {
            Ok(parsed) => {
                let again = parse(&to_text(&parsed.command)).map(|parsed| parsed.command);
                prop_assert_eq!(again, Ok(parsed.command));
            }
            Err(refusal) => prop_assert!(!refusal.message.is_empty() && !refusal.hint.is_empty()),
        }
    }

    #[test]
    fn anything_can_stand_before_the_cursor(text in odd_text()) {
        let names = |_| vec![("S-1".to_owned(), String::new())];
        for at in (0..=text.len()).filter(|at| text.is_char_boundary(*at)) {
            let completions = complete(&text[..at], &names);
            prop_assert!(text[..at].get(completions.start..).is_some());
        }
    }
}
