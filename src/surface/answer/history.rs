//! Answers about the past: who did what, where a text occurs, and going back.

use crate::domain::entity::Entity;
use crate::domain::envelope::Receipt;
use crate::domain::event::Event;
use crate::domain::past::Entry;
use crate::domain::project::Project;
use crate::domain::text::Line;
use crate::surface::answer::changed::{next_field, state_field};
use crate::surface::answer::{Answer, Table, words};
use crate::surface::search::{self, Place};

/// How much of a subject is shown; commits of other programs may have any length.
const SUBJECT: usize = 200;
/// How many changed things an answer names.
const EVENTS_SHOWN: usize = 10;

/// Who did what, when: the given entries, newest first. A single one is shown with everything it changed.
pub fn log(entries: &[Entry]) -> Answer {
    match entries {
        [] => Answer::info("The history has no such entry"),
        [one] => whole(one),
        many => Answer::info(format!("The latest {}", words::count(many.len(), "command")))
            .table(entries_table(many.iter()))
            .choice("Take the latest back", "undo"),
    }
}

/// Entries as rows.
pub(crate) fn entries_table<'a>(entries: impl Iterator<Item = &'a Entry>) -> Table {
    let mut table = Table::new(&["When (UTC)", "Who", "What", "Commit"]);
    for entry in entries {
        let see = git_show(entry);
        let who = words::excerpt(&entry.actor, 40, &see);
        let subject = words::excerpt(&entry.subject, SUBJECT, &see);
        table.push([words::minute(entry.at), who, subject, words::short(&entry.commit)]);
    }
    table
}

/// Where all of a commit is to be seen.
fn git_show(entry: &Entry) -> String {
    format!("git show {}", words::short(&entry.commit))
}

fn whole(entry: &Entry) -> Answer {
    let see = git_show(entry);
    let mut events: Vec<_> =
        entry.events.iter().take(EVENTS_SHOWN).map(|event| words::excerpt(event, SUBJECT, &see)).collect();
    if entry.events.len() > EVENTS_SHOWN {
        events.push(format!("… and {} more; see {see}", entry.events.len() - EVENTS_SHOWN));
    }
    let surface = if entry.surface.is_empty() { "outside, with git" } else { &entry.surface };
    let answer = Answer::info(words::excerpt(&entry.subject, SUBJECT, &see))
        .field("Who", words::excerpt(&entry.actor, SUBJECT, &see))
        .field("When", words::minute_utc(entry.at))
        .field("Where", surface)
        .field("Commit", entry.commit.clone())
        .field_if("Command", entry.command.clone())
        .field_if("Changed", (!events.is_empty()).then(|| events.join("\n")));
    match &entry.command {
        Some(command) => answer
            .choice("Take it back", format!("undo {command}"))
            .choice("Go back to here", format!("restore {}", words::short(&entry.commit))),
        None => answer,
    }
}

/// Where a text occurs in stories, notes and history.
pub fn search(project: &Project, entries: &[Entry], text: &Line) -> Answer {
    let found = search::search(project, entries, text.as_str());
    let wanted = words::excerpt(text.as_str(), 60, "what you typed");
    if found.total == 0 {
        return Answer::info(format!("Nothing has all of “{wanted}”"))
            .paragraph("All words must occur in one story, epic, sprint or history entry. Try fewer words.")
            .choice("Show backlog", "backlog view");
    }
    let title = match found.total - found.hits.len() {
        0 => format!("{} for “{wanted}”", words::count(found.total, "hit")),
        _ => format!("The best {} of {} for “{wanted}”", found.hits.len(), words::count(found.total, "hit")),
    };
    let mut table = Table::new(&["Where", "Title", "Found in", "Text"]);
    for hit in &found.hits {
        table.push([hit.what.to_string(), hit.title.clone(), hit.place.to_string(), text_of(hit)]);
    }
    let answer = Answer::info(title).table(table);
    found.hits.iter().filter_map(|hit| hit.what.entity()).take(3).fold(answer, |answer, entity| {
        answer.choice(format!("Show {entity}"), format!("backlog view {entity}"))
    })
}

/// What was found in the title is already there to be read.
fn text_of(hit: &search::Hit) -> String {
    if hit.place == Place::Title { String::new() } else { hit.excerpt.clone() }
}

/// What `/undo` or `/restore` brought back.
pub(crate) fn went_back(receipt: &Receipt) -> Option<Answer> {
    let patch = receipt.events.iter().find_map(|event| match event {
        Event::Replaced(patch) => Some(patch),
        _ => None,
    })?;
    let (before, after) = (&receipt.before, &receipt.after);
    let things: Vec<Entity> = patch.entities().collect();
    let mut table = Table::new(&["What", "Before", "Now"]);
    for entity in things.iter().take(words::ROWS_MAX) {
        let (was, is) = (words::summary(before, *entity), words::summary(after, *entity));
        let is = if was == is { format!("{is} (other details differ)") } else { is };
        table.push([named(before, after, *entity), was, is]);
    }
    words::remark(&mut table, things.len().saturating_sub(words::ROWS_MAX));
    let answer = Answer::done(format!("Went back: {} changed", words::count(things.len(), "thing")))
        .paragraph(words::excerpt(&patch.why, words::EXCERPT, "`log`"))
        .table(table);
    let answer = state_field(answer, receipt);
    let answer = if before.state == after.state { next_field(answer, after.state) } else { answer };
    Some(answer.choice("Take that back too", "undo").choice("History", "log"))
}

fn named(before: &Project, after: &Project, entity: Entity) -> String {
    let title = match entity {
        Entity::Story(id) => {
            before.stories.get(&id).or_else(|| after.stories.get(&id)).map(|it| it.title.to_string())
        }
        Entity::Epic(id) => {
            before.epics.get(&id).or_else(|| after.epics.get(&id)).map(|it| it.title.to_string())
        }
        Entity::Sprint(_) => None,
    };
    title.map_or_else(|| entity.to_string(), |title| format!("{entity} {title}"))
}
