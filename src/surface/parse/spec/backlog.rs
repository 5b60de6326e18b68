//! The commands about the backlog.

use crate::domain::command::{Command, CommandKind, NewStory, StoryEdit, View};
use crate::domain::refusal::Refusal;
use crate::domain::story::{Priority, Story};
use crate::domain::text::{Line, Title};
use crate::surface::parse::fields::Fields;
use crate::surface::parse::spec::{Argument, ArgumentKind, Group, NONE, Spec};
use crate::surface::parse::write::{Writer, list_item};

/// The words for every [`Priority`].
pub(crate) const PRIORITIES: &[&str] = &["top", "high", "medium", "low"];
/// The words for the two parts of the backlog.
pub(crate) const VIEWS: &[&str] = &["product", "sprint"];
const POINTS: ArgumentKind = ArgumentKind::Number { min: 0, max: Story::POINTS_MAX };
const PAGE_MAX: u32 = 100_000;

const ID: Argument = Argument::required("id", ArgumentKind::Story, "Which story.").also(&["story"]);

pub(crate) static VIEW: Spec = Spec {
    kind: CommandKind::BacklogView,
    group: Group::Planning,
    aliases: &["backlog list", "backlog show"],
    summary: "Show what is to be done in order, or everything about one thing.",
    details: "Ten stories a page. An id shows everything about that story, epic or sprint.",
    arguments: &[
        Argument::optional("view", ArgumentKind::View, "The product (default), the sprint, or an id.")
            .also(&["id", "what"]),
        Argument::optional("page", ArgumentKind::Number { min: 1, max: PAGE_MAX }, "Which page, from 1."),
    ],
    examples: &["backlog view", "backlog view sprint", "backlog view S-3", "backlog view page:2"],
    build: |fields| {
        let view = match fields.keyword("view", VIEWS)? {
            Some("product") => View::Product,
            Some(_) => View::Sprint,
            None => fields.get("view")?.map_or(View::Product, View::One),
        };
        Ok(Command::BacklogView { view, page: fields.number("page")?.unwrap_or(1) })
    },
    write,
};

pub(crate) static ADD: Spec = Spec {
    kind: CommandKind::BacklogAdd,
    group: Group::Planning,
    aliases: &["add_story"],
    summary: "Add a story.",
    details: "Its title is the first line of the description; it joins at the end of its priority.",
    arguments: &[
        Argument::required("description", ArgumentKind::Text, "What is wanted, by whom, and what for."),
        Argument::optional("epic", ArgumentKind::Epic, "The epic that it belongs to."),
        Argument::optional(
            "priority",
            ArgumentKind::Choice(PRIORITIES),
            "How urgent it is; medium by default.",
        ),
        Argument::optional("points", POINTS, "How much work it is."),
        Argument::named(
            "criteria",
            ArgumentKind::List,
            "When it counts as finished; several with ; between them.",
        )
        .also(&["criterion"]),
        Argument::named("depends_on", ArgumentKind::Stories, "Stories that must be done before it.")
            .also(&["depends"]),
    ],
    examples: &[
        "backlog add As a user I log in with a key priority:high",
        "backlog add \"As a user I reset my key\" epic:E-1 points:3 criteria:\"a mail arrives; it works once\"",
    ],
    build: |fields| {
        let story = NewStory {
            description: fields.need("description")?,
            epic: fields.get("epic")?,
            priority: fields.one_of("priority", &Priority::ALL)?,
            points: fields.number("points")?,
            criteria: fields.lines("criteria", NONE)?,
            depends_on: fields.ids("depends_on", NONE)?,
        };
        Ok(Command::BacklogAdd { story: Box::new(story) })
    },
    write,
};

pub(crate) static EDIT: Spec = Spec {
    kind: CommandKind::BacklogEdit,
    group: Group::Planning,
    aliases: &[],
    summary: "Change fields of a story.",
    details: "Only the fields that you name change. `none` empties the epic, the points, the criteria, the \
              dependencies or the assignee.",
    arguments: &[
        ID,
        Argument::named("title", ArgumentKind::Line { max: Title::MAX }, "In a few words."),
        Argument::named("description", ArgumentKind::Text, "In full."),
        Argument::named("epic", ArgumentKind::Epic, "The epic that it belongs to, or none.").emptied(),
        Argument::named("priority", ArgumentKind::Choice(PRIORITIES), "How urgent it is."),
        Argument::named("points", POINTS, "How much work it is, or none.").emptied(),
        Argument::named("criteria", ArgumentKind::List, "When it counts as finished, or none.")
            .also(&["criterion"])
            .emptied(),
        Argument::named("depends_on", ArgumentKind::Stories, "Stories that must be done before it, or none.")
            .also(&["depends"])
            .emptied(),
        Argument::named("assignee", ArgumentKind::Line { max: Line::MAX }, "Who is on it, or none.")
            .emptied(),
    ],
    examples: &["backlog edit S-3 points:5", "backlog edit S-3 title:\"Log in with a key\" epic:none"],
    build: |fields| {
        let edit = StoryEdit {
            title: fields.get("title")?,
            description: fields.get("description")?,
            epic: fields.cleared("epic", NONE)?,
            priority: fields.one_of("priority", &Priority::ALL)?,
            points: cleared_points(fields)?,
            criteria: fields.given("criteria").then(|| fields.lines("criteria", NONE)).transpose()?,
            depends_on: fields.given("depends_on").then(|| fields.ids("depends_on", NONE)).transpose()?,
            assignee: fields.cleared("assignee", NONE)?,
        };
        Ok(Command::BacklogEdit { id: fields.need("id")?, edit: Box::new(edit) })
    },
    write,
};

pub(crate) static REMOVE: Spec = Spec {
    kind: CommandKind::BacklogRemove,
    group: Group::Planning,
    aliases: &[],
    summary: "Take a story out for good.",
    details: "It stays in the history, and `undo` brings it back. A story on which others depend is not removed.",
    arguments: &[ID],
    examples: &["backlog remove S-3"],
    build: |fields| Ok(Command::BacklogRemove { id: fields.need("id")? }),
    write,
};

pub(crate) static PRIORITIZE: Spec = Spec {
    kind: CommandKind::BacklogPrioritize,
    group: Group::Planning,
    aliases: &["backlog prioritise"],
    summary: "Say how urgent a story is.",
    details: "`top` also puts it before all others.",
    arguments: &[ID, Argument::required("priority", ArgumentKind::Choice(PRIORITIES), "How urgent it is.")],
    examples: &["backlog prioritize S-3 top"],
    build: |fields| {
        Ok(Command::BacklogPrioritize {
            id: fields.need("id")?,
            priority: fields.need_one_of("priority", &Priority::ALL)?,
        })
    },
    write,
};

fn cleared_points(fields: &Fields) -> Result<Option<Option<u32>>, Refusal> {
    if fields.clears("points", NONE) {
        return Ok(Some(None));
    }
    Ok(fields.number("points")?.map(Some))
}

fn write(command: &Command, out: &mut Writer) {
    match command {
        Command::BacklogView { view, page } => {
            match view {
                View::Product => out.word("product"),
                View::Sprint => out.word("sprint"),
                View::One(id) => out.reference(id),
            }
            out.named("page", Some(page).filter(|page| **page != 1));
        }
        Command::BacklogAdd { story } => {
            out.text(story.description.as_str());
            out.named_list("epic", story.epic.as_slice());
            out.named("priority", story.priority);
            out.named("points", story.points);
            story
                .criteria
                .iter()
                .for_each(|line| out.named_text("criteria", Some(&list_item(line.as_str()))));
            out.named_list("depends_on", &story.depends_on);
        }
        Command::BacklogEdit { id, edit } => {
            out.reference(id);
            write_edit(edit, out);
        }
        Command::BacklogRemove { id } => out.reference(id),
        Command::BacklogPrioritize { id, priority } => {
            out.reference(id);
            out.word(priority);
        }
        _ => {}
    }
}

fn write_edit(edit: &StoryEdit, out: &mut Writer) {
    out.named_text("title", edit.title.as_ref().map(|title| title.as_str()));
    out.named_text("description", edit.description.as_ref().map(|text| text.as_str()));
    match &edit.epic {
        Some(None) => out.named("epic", Some(NONE)),
        Some(Some(epic)) => out.named_list("epic", std::slice::from_ref(epic)),
        None => {}
    }
    out.named("priority", edit.priority);
    match edit.points {
        Some(None) => out.named("points", Some(NONE)),
        Some(points) => out.named("points", points),
        None => {}
    }
    match edit.criteria.as_deref() {
        Some([]) => out.named("criteria", Some(NONE)),
        Some(lines) => {
            lines.iter().for_each(|line| out.named_text("criteria", Some(&list_item(line.as_str()))));
        }
        None => {}
    }
    match edit.depends_on.as_deref() {
        Some([]) => out.named("depends_on", Some(NONE)),
        Some(ids) => out.named_list("depends_on", ids),
        None => {}
    }
    match &edit.assignee {
        Some(None) => out.named("assignee", Some(NONE)),
        Some(Some(assignee)) => out.named_text("assignee", Some(assignee.as_str())),
        None => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_those_of_the_domain() {
        assert_eq!(Priority::ALL.map(|priority| priority.to_string()), PRIORITIES);
    }

    #[test]
    fn what_is_said_to_be_emptied_is() {
        for argument in EDIT.arguments.iter().filter(|argument| !argument.required) {
            let text = format!("backlog edit S-1 {}:{NONE}", argument.name);
            let read = crate::surface::parse::parse(&text);
            let empties = read.is_ok_and(|read| crate::surface::parse::to_text(&read.command) == text);
            assert_eq!(argument.empties, empties, "{text}");
        }
    }
}
