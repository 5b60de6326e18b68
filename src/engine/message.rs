//! What a commit of the state branch says: the command, its events, and trailers for programs.

use std::fmt::Write;

use crate::domain::envelope::Envelope;
use crate::domain::event::Event;
use crate::domain::person::Person;
use crate::domain::subject::subject;
use crate::domain::workflow::State;
use crate::store::journal::CommitMeta;

/// More lines than this nobody reads; the commit itself shows the rest.
const LINES_MAX: usize = 200;

/// Where a command was carried out.
pub(super) struct Setting<'a> {
    /// The state before and afterwards.
    pub(super) states: (State, State),
    /// The commit that the person's checkout stands on.
    pub(super) code_head: Option<&'a str>,
    /// What an address ends with that nobody has configured.
    pub(super) email_domain: &'a str,
}

/// The commit of a command.
pub(super) fn of_command(envelope: &Envelope, events: &[Event], setting: &Setting<'_>) -> CommitMeta {
    let mut message = format!("{}\n\n", subject(&envelope.command));
    for event in events.iter().take(LINES_MAX) {
        let _ = writeln!(message, "{}", one_line(&event.to_string()));
    }
    if events.len() > LINES_MAX {
        let _ = writeln!(message, "and {} more", events.len() - LINES_MAX);
    }
    let person = &envelope.person;
    let (before, after) = setting.states;
    let _ = write!(message, "\nCommand-Id: {}\n", envelope.id);
    let _ = writeln!(message, "Actor: {} ({})", person.name, person.account);
    let _ = writeln!(message, "Surface: {}", envelope.surface);
    let _ = writeln!(message, "State: {before} -> {after}");
    if let Some(head) = setting.code_head {
        let _ = writeln!(message, "Code-Head: {head}");
    }
    CommitMeta {
        author_name: person.name.to_string(),
        author_email: address(person, setting.email_domain),
        time_seconds: envelope.at.as_second(),
        message,
    }
}

/// The commit that takes over what a person edited.
pub(super) fn of_edits(paths: &[String], id: &str, time_seconds: i64) -> CommitMeta {
    let mut message = String::from("edited by hand\n\n");
    for path in paths.iter().take(LINES_MAX) {
        let _ = writeln!(message, "{} edited", one_line(path));
    }
    let _ = write!(message, "\nCommand-Id: {id}\nSurface: folder\n");
    CommitMeta {
        author_name: "edited by hand".to_owned(),
        author_email: "edited-by-hand@bandmaster.invalid".to_owned(),
        time_seconds,
        message,
    }
}

/// The configured address, or one made of the account that can belong to nobody.
fn address(person: &Person, domain: &str) -> String {
    if let Some(email) = &person.email {
        return email.clone();
    }
    let plain = |c: char| if c.is_ascii_alphanumeric() || "._-+".contains(c) { c } else { '-' };
    let account: String = person.account.as_str().chars().map(plain).collect();
    format!("{account}@{domain}")
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
