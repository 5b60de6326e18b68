//! A sample project for tests, grown by real commands.

use std::fmt::Display;
use std::str::FromStr;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::domain::command::{Command, NewStory};
use crate::domain::envelope::{Envelope, Facts, Receipt};
use crate::domain::event::Event;
use crate::domain::id::Uid;
use crate::domain::past::{Entry, Past};
use crate::domain::person::{Person, Surface};
use crate::domain::project::Project;
use crate::domain::refusal::Refusal;
use crate::domain::story::{Priority, Status};
use crate::domain::workflow;

/// A text as any of the checked types.
pub(crate) fn of<T: FromStr<Err: Display>>(text: &str) -> T {
    text.parse().unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

/// A project with a clock and a history.
pub(crate) struct World {
    pub(crate) project: Arc<Project>,
    pub(crate) now: Timestamp,
    pub(crate) entries: Vec<Entry>,
    past: Option<Past>,
}

impl World {
    /// A project in which nothing has happened, on a Monday morning.
    pub(crate) fn new() -> Self {
        let project = Project::new(of("billing"), Uid(of("01J00000000000000000000000")));
        let now = of("2026-03-02T09:00:00Z");
        Self { project: Arc::new(project), now, entries: Vec::new(), past: None }
    }

    /// Two epics and five stories, one of which waits for another.
    pub(crate) fn backlog() -> Self {
        let mut world = Self::new();
        world.does(epic("Customers pay online", "Cards first, then invoices.\nNo cash."));
        world.does(epic("Reports", "What the accountants ask for every month."));
        world.does(story("As a customer I pay by card", |new| {
            new.epic = Some(of("E-1"));
            new.points = Some(8);
            new.priority = Some(Priority::High);
            new.criteria = vec![of("Visa and Mastercard work"), of("A declined card is explained")];
        }));
        world.does(story("As a customer I get a receipt", |new| {
            new.epic = Some(of("E-1"));
            new.points = Some(3);
            new.depends_on = vec![of("S-1")];
        }));
        world.does(story("Export the month as CSV", |new| {
            new.epic = Some(of("E-2"));
            new.points = Some(5);
        }));
        world
            .does(story("Rotate the keys of the payment provider", |new| new.priority = Some(Priority::Top)));
        world.does(story("Dark mode", |new| new.priority = Some(Priority::Low)));
        world
    }

    /// A sprint of the first four stories that has begun.
    pub(crate) fn sprint() -> Self {
        let mut world = Self::backlog();
        world.does(plan("S-4 S-1 S-2 S-3", Some("Customers can pay")));
        world.does(Command::SprintStart);
        world
    }

    /// Five days later: one story done, one begun, one blocked.
    pub(crate) fn midway() -> Self {
        let mut world = Self::sprint();
        world.days(1);
        world.does(moved("S-4", Status::Done, None));
        world.days(2);
        world.does(moved("S-1", Status::InProgress, None));
        world.days(2);
        world.does(moved("S-3", Status::Blocked, Some("waits for the list of columns from accounting")));
        world
    }

    /// Carries out a command that must be possible, a minute after the one before.
    pub(crate) fn does(&mut self, command: Command) -> Receipt {
        self.tries(command).unwrap_or_else(|refusal| panic!("{refusal}"))
    }

    /// Asks for a command.
    pub(crate) fn tries(&mut self, command: Command) -> Result<Receipt, Refusal> {
        self.now += SignedDuration::from_mins(1);
        let number = self.entries.len() + 1;
        let envelope = Envelope {
            id: of(&format!("c-{number}")),
            at: self.now,
            entropy: number as u128,
            person: Person { name: of("Ada"), account: of("ada"), email: None },
            surface: Surface::Console,
            command,
        };
        let facts = Facts { capacity: 20, days: 14, past: self.past.take() };
        let events = workflow::decide(&self.project, &envelope, &facts)?;
        let before = Arc::clone(&self.project);
        let mut after = Project::clone(&before);
        events.iter().for_each(|event| after.apply(event));
        after.remember(envelope.id.clone());
        self.project = Arc::new(after);
        self.entries.insert(0, self.entry(&envelope, number, &events));
        Ok(Receipt { id: envelope.id, events, before, after: Arc::clone(&self.project), again: false })
    }

    fn entry(&self, envelope: &Envelope, number: usize, events: &[Event]) -> Entry {
        Entry {
            commit: format!("{:08x}{}", number * 0x0123_4567, "0".repeat(32)),
            at: self.now,
            actor: "Ada".to_owned(),
            surface: "console".to_owned(),
            subject: format!("{}: …", envelope.command.kind()),
            events: events.iter().map(ToString::to_string).collect(),
            command: Some(envelope.id.to_string()),
        }
    }

    /// Lets time pass.
    pub(crate) fn days(&mut self, days: i64) {
        self.now += SignedDuration::from_hours(24 * days);
    }

    /// What the next command may go back to.
    pub(crate) fn remembers(&mut self, commit: &str, project: &Project) {
        self.past = Some(Past::At { commit: commit.to_owned(), project: Box::new(project.clone()) });
    }
}

pub(crate) fn epic(title: &str, description: &str) -> Command {
    Command::Epic { description: of(description), title: Some(of(title)) }
}

pub(crate) fn story(description: &str, more: impl FnOnce(&mut NewStory)) -> Command {
    let mut story = NewStory {
        description: of(description),
        epic: None,
        priority: None,
        points: None,
        criteria: Vec::new(),
        depends_on: Vec::new(),
    };
    more(&mut story);
    Command::BacklogAdd { story: Box::new(story) }
}

pub(crate) fn plan(ids: &str, goal: Option<&str>) -> Command {
    let ids = ids.split_whitespace().map(of).collect();
    Command::SprintPlan { ids, goal: goal.map(of), days: None, capacity: None }
}

pub(crate) fn moved(id: &str, status: Status, reason: Option<&str>) -> Command {
    Command::StoryMove { id: of(id), status, reason: reason.map(of) }
}
