//! A project for tests that is spoken to in words, with a history to take back.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use ulid::Ulid;

use crate::domain::approval::{Approval, Question};
use crate::domain::command::{Command, CommandKind, NewStory, StoryEdit, UndoWhat};
use crate::domain::entity::Extra;
use crate::domain::envelope::{Envelope, Facts};
use crate::domain::event::Event;
use crate::domain::id::{ApprovalId, Reference, StoryId, Uid};
use crate::domain::past::{Past, Patch, Step};
use crate::domain::person::{Person, Surface};
use crate::domain::project::Project;
use crate::domain::refusal::Refusal;
use crate::domain::story::{Priority, Status, Story};
use crate::domain::workflow;

/// A project, and what led to it.
#[derive(Clone, Debug)]
pub(crate) struct World {
    /// As it is now.
    pub(crate) project: Project,
    /// One entry per command that changed something, oldest first: the project before and after it.
    pub(crate) history: Vec<(Project, Project)>,
    /// Everything that happened, in order.
    pub(crate) events: Vec<Event>,
    /// When the next command is asked.
    pub(crate) now: Timestamp,
    asked: u64,
}

impl World {
    /// The project in which nothing has happened.
    pub(crate) fn empty() -> Project {
        Project::new("band".parse().unwrap(), Uid(Ulid::nil()))
    }

    /// A project in which these commands were carried out.
    pub(crate) fn given(commands: &[&str]) -> Self {
        Self::of(Self::empty()).and(commands)
    }

    /// A project that is already there.
    pub(crate) fn of(project: Project) -> Self {
        let now = "2026-03-02T08:00:00Z".parse().unwrap();
        Self { project, history: Vec::new(), events: Vec::new(), now, asked: 0 }
    }

    /// A project with `S-1`, and with `S-2`, which `A-1` proposes.
    pub(crate) fn with_proposal() -> Self {
        let mut world = Self::given(&["backlog add one", "backlog add two"]);
        let mut patch = Patch::standing(&world.project, "proposed".to_owned());
        let story = Story::clone(&world.project.stories[&StoryId(2)]);
        let story = Story { status: Status::Proposed, ..story };
        patch.stories.insert(story.id, Some(Arc::new(story)));
        let stories = vec![StoryId(2)];
        patch.approvals.push(approval(1, Question::Proposal { epic: None, stories }));
        world.project.apply(&Event::Replaced(Arc::new(patch)));
        world
    }

    /// The same after these commands.
    pub(crate) fn and(mut self, commands: &[&str]) -> Self {
        for command in commands {
            if let Err(refusal) = self.run(command) {
                panic!("{command:?} was refused: {refusal}");
            }
        }
        self
    }

    /// Carries one command out, or says why not.
    pub(crate) fn run(&mut self, text: &str) -> Result<Vec<Event>, Refusal> {
        self.carry_out(command(text))
    }

    /// The refusal of a command, as one line: code, message, hint.
    pub(crate) fn refusal(&mut self, text: &str) -> String {
        let before = self.project.clone();
        let refusal = self.run(text).expect_err(text);
        assert_eq!(before, self.project, "a refusal leaves no trace: {text}");
        format!("{}: {}; {}", refusal.code, refusal.message, refusal.hint)
    }

    /// Carries one command out as an actor would, a minute after the one before.
    pub(crate) fn carry_out(&mut self, command: Command) -> Result<Vec<Event>, Refusal> {
        self.asked += 1;
        self.now += SignedDuration::from_mins(1);
        let facts = Facts { capacity: 20, days: 14, past: self.past(&command) };
        let envelope = envelope(self.asked, self.now, command);
        let events = workflow::decide(&self.project, &envelope, &facts)?;
        let before = self.project.clone();
        events.iter().for_each(|event| self.project.apply(event));
        if !events.is_empty() {
            self.history.push((before, self.project.clone()));
        }
        self.events.extend(events.iter().cloned());
        self.project.remember(envelope.id);
        Ok(events)
    }

    /// What a store would say about the past that a command speaks of; commits are called `c1`, `c2` …
    fn past(&self, command: &Command) -> Option<Past> {
        match command {
            Command::Undo { what: UndoWhat::Last(count), .. } => {
                let steps = (0..self.history.len()).rev().take(*count as usize);
                Some(Past::Steps(steps.map(|at| self.step(at)).collect()))
            }
            Command::Undo { what: UndoWhat::Command(id), .. } => {
                self.commit(id).map(|at| Past::Steps(vec![self.step(at)]))
            }
            Command::Restore { commit, .. } => self.commit(commit).map(|at| Past::At {
                commit: format!("c{}", at + 1),
                project: Box::new(self.history[at].1.clone()),
            }),
            _ => None,
        }
    }

    fn commit(&self, name: &Reference) -> Option<usize> {
        let number: usize = name.as_str().strip_prefix('c')?.parse().ok()?;
        number.checked_sub(1).filter(|at| *at < self.history.len())
    }

    fn step(&self, at: usize) -> Step {
        let (before, after) = &self.history[at];
        Step {
            subject: format!("command {}", at + 1),
            commit: format!("c{}", at + 1),
            before: Patch::between(after, before, String::new()),
            after: Patch::between(before, after, String::new()),
        }
    }
}

/// Checks what a person reads where a command is refused: code, message and hint in one line.
pub(crate) fn check_refusals(given: &World, cases: &[(&str, &str)]) {
    for (command, expected) in cases {
        assert_eq!(given.clone().refusal(command), *expected, "{command}");
    }
}

/// A question that waits for an answer.
pub(crate) fn approval(number: u32, question: Question) -> Approval {
    Approval {
        id: ApprovalId(number),
        uid: Uid(Ulid::nil()),
        question,
        text: "May it?".parse().unwrap(),
        raised_at: Timestamp::UNIX_EPOCH,
        raised_by: "Ada".parse().unwrap(),
        extra: Extra::new(),
    }
}

/// An envelope around `command`.
pub(crate) fn envelope(number: u64, at: Timestamp, command: Command) -> Envelope {
    let name = "Ada".parse().unwrap();
    let account = "ada".parse().unwrap();
    Envelope {
        id: format!("m{number}").parse().unwrap(),
        at,
        entropy: u128::from(number),
        person: Person { name, account, email: None },
        surface: Surface::Cli,
        command,
    }
}

/// A command from words: positional ones first, then `key=value`, with `_` for a blank and `|` for a new line.
/// An empty value clears a field.
pub(crate) fn command(text: &str) -> Command {
    let kinds = CommandKind::ALL.iter().filter(|kind| {
        text.strip_prefix(kind.name()).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    });
    let kind = *kinds.max_by_key(|kind| kind.name().len()).expect(text);
    let words = Words::new(&text[kind.name().len()..]);
    match kind {
        CommandKind::Epic | CommandKind::BacklogAdd | CommandKind::BacklogEdit => about_backlog(kind, &words),
        CommandKind::BacklogRemove => Command::BacklogRemove { id: words.id() },
        CommandKind::BacklogPrioritize => {
            let priority = Priority::ALL.into_iter().find(|one| one.to_string() == words.plain[1]);
            Command::BacklogPrioritize { id: words.id(), priority: priority.unwrap() }
        }
        CommandKind::StoryMove => {
            let status = Status::MOVES.into_iter().find(|one| one.to_string() == words.plain[1]);
            let reason = words.key("reason").map(|text| text.parse().unwrap());
            Command::StoryMove { id: words.id(), status: status.unwrap(), reason }
        }
        CommandKind::Approve => Command::Approve { ids: words.ids() },
        CommandKind::Reject => Command::Reject { ids: words.ids(), reason: None },
        CommandKind::RequestChanges => {
            let ids = words.key("ids").map(|ids| references(&ids)).unwrap_or_default();
            Command::RequestChanges { description: words.text().parse().unwrap(), ids }
        }
        CommandKind::SuggestFix => {
            let id = words.key("id").map(|id| id.parse().unwrap());
            Command::SuggestFix { description: words.text().parse().unwrap(), id }
        }
        CommandKind::SkipTask => Command::SkipTask { id: words.ids().pop() },
        CommandKind::Feedback => Command::Feedback { description: words.text().parse().unwrap() },
        CommandKind::Undo => {
            let what = match words.plain.first().filter(|word| *word != "confirm") {
                Some(word) if word.starts_with('c') => UndoWhat::Command(word.parse().unwrap()),
                Some(word) => UndoWhat::Last(word.parse().unwrap()),
                None => UndoWhat::Last(1),
            };
            Command::Undo { what, confirm: words.confirm() }
        }
        CommandKind::Restore => Command::Restore { commit: words.id(), confirm: words.confirm() },
        kind => about_sprint(kind, &words),
    }
}

fn about_backlog(kind: CommandKind, words: &Words) -> Command {
    let after = words.key("after").map(|ids| references(&ids));
    let criteria: Option<Vec<_>> =
        words.key("criteria").map(|all| all.split(',').map(|one| one.parse().unwrap()).collect());
    let cleared = |name: &str| words.key(name).map(|text| (!text.is_empty()).then_some(text));
    let points = cleared("points").map(|points| points.map(|points| points.parse().unwrap()));
    let epic = cleared("epic").map(|epic| epic.map(|epic| epic.parse().unwrap()));
    let priority =
        words.key("priority").and_then(|name| Priority::ALL.into_iter().find(|one| one.to_string() == name));
    let title = words.key("title").map(|title| title.parse().unwrap());
    match kind {
        CommandKind::BacklogAdd => Command::BacklogAdd {
            story: Box::new(NewStory {
                description: words.text().parse().unwrap(),
                epic: epic.flatten(),
                priority,
                points: points.flatten(),
                criteria: criteria.unwrap_or_default(),
                depends_on: after.unwrap_or_default(),
            }),
        },
        CommandKind::BacklogEdit => Command::BacklogEdit {
            id: words.id(),
            edit: Box::new(StoryEdit {
                title,
                description: words.key("description").map(|text| text.parse().unwrap()),
                epic,
                priority,
                points,
                criteria,
                depends_on: after,
                assignee: cleared("assignee").map(|name| name.map(|name| name.parse().unwrap())),
            }),
        },
        _ => Command::Epic { description: words.text().parse().unwrap(), title },
    }
}

fn about_sprint(kind: CommandKind, words: &Words) -> Command {
    let number = |name: &str| words.key(name).map(|text| text.parse().unwrap());
    match kind {
        CommandKind::SprintPlan => Command::SprintPlan {
            ids: words.ids(),
            goal: words.key("goal").map(|text| text.parse().unwrap()),
            days: number("days"),
            capacity: number("capacity"),
        },
        CommandKind::SprintStart => Command::SprintStart,
        CommandKind::SprintStatus => Command::SprintStatus,
        CommandKind::SprintPause => Command::SprintPause,
        CommandKind::SprintResume => Command::SprintResume,
        CommandKind::SprintFinish => Command::SprintFinish,
        CommandKind::SprintCancel => Command::SprintCancel,
        other => panic!("{other} has no words here"),
    }
}

struct Words {
    plain: Vec<String>,
    keys: Vec<(String, String)>,
}

impl Words {
    fn new(text: &str) -> Self {
        let (keys, plain): (Vec<&str>, Vec<&str>) =
            text.split_whitespace().partition(|word| word.contains('='));
        let keys = keys.into_iter().filter_map(|word| word.split_once('='));
        Self {
            plain: plain.into_iter().map(str::to_owned).collect(),
            keys: keys.map(|(key, value)| (key.to_owned(), value.replace('_', " "))).collect(),
        }
    }

    fn key(&self, name: &str) -> Option<String> {
        self.keys.iter().find(|(key, _)| key == name).map(|(_, value)| value.replace('|', "\n"))
    }

    fn text(&self) -> String {
        self.plain.join(" ").replace('|', "\n")
    }

    fn id(&self) -> Reference {
        self.plain[0].parse().unwrap()
    }

    fn ids(&self) -> Vec<Reference> {
        references(&self.plain.join(","))
    }

    fn confirm(&self) -> bool {
        self.plain.iter().any(|word| word == "confirm")
    }
}

fn references(text: &str) -> Vec<Reference> {
    text.split([',', ' ']).filter(|id| !id.is_empty()).map(|id| id.parse().unwrap()).collect()
}
