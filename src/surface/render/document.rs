//! A whole project as one Markdown document: the backlog, the sprints and the history, for people.

use std::fmt::{Display, Write};

use jiff::Timestamp;

use crate::domain::entity::Epic;
use crate::domain::sprint::Sprint;
use crate::domain::story::Story;
use crate::surface::desk::{Export, ExportedCommit};
use crate::surface::render::wrap::harmless;

/// Letters of a commit id that are enough to find it.
const COMMIT: usize = 10;

/// Everything in `export` that people want to read.
pub fn document(export: &Export) -> String {
    let open = export.stories.iter().filter(|story| story.is_open()).count();
    let mut page = Page(format!("# {}\n\n", export.project.name));
    page.fact("State", Some(export.project.state));
    page.fact("Sprint", export.project.sprint);
    page.fact("Open stories", Some(open));
    page.fact("Stories ever", Some(export.counters.stories));
    page.fact("Commits", Some(export.history.len()));
    if !export.pending_approvals.is_empty() {
        page.heading(2, "Waiting for an answer");
        for approval in &export.pending_approvals {
            page.item(format!("{}: {}", approval.id, inline(approval.text.as_str())));
        }
    }
    page.backlog(&export.stories);
    page.section("Epics", &export.epics, Page::epic);
    page.section("Stories", &export.stories, Page::story);
    page.section("Sprints", &export.sprints, Page::sprint);
    page.history(&export.history);
    page.0
}

struct Page(String);

impl Page {
    fn line(&mut self, text: impl Display) {
        // Writing to a string cannot fail.
        let _ = write!(self.0, "{text}\n\n");
    }

    fn item(&mut self, text: impl Display) {
        let _ = writeln!(self.0, "- {text}");
    }

    fn fact(&mut self, name: &str, value: Option<impl Display>) {
        if let Some(value) = value {
            self.item(format!("{name}: {value}"));
        }
    }

    fn heading(&mut self, level: usize, text: impl Display) {
        let end = self.0.trim_end().len();
        self.0.truncate(end);
        let _ = write!(self.0, "\n\n{} {text}\n\n", "#".repeat(level));
    }

    /// Text of several lines as somebody wrote it, Markdown included.
    fn quote(&mut self, text: &str) {
        for line in harmless(text).lines() {
            let _ = writeln!(self.0, "{}", format!("> {line}").trim_end());
        }
        self.0.push('\n');
    }

    fn section<T>(&mut self, title: &str, things: &[T], write: fn(&mut Self, &T)) {
        if !things.is_empty() {
            self.heading(2, title);
            things.iter().for_each(|thing| write(self, thing));
        }
    }

    fn table(&mut self, headings: &[&str], rows: impl Iterator<Item = Vec<String>>) {
        let _ = writeln!(self.0, "| {} |", headings.join(" | "));
        let _ = writeln!(self.0, "|{}", "---|".repeat(headings.len()));
        for row in rows {
            let _ = writeln!(self.0, "| {} |", row.join(" | "));
        }
    }

    fn backlog(&mut self, stories: &[Story]) {
        let open: Vec<_> = stories.iter().filter(|story| story.is_open()).collect();
        self.heading(2, "Backlog");
        if open.is_empty() {
            return self.line("Nothing is open.");
        }
        let rows = open.iter().map(|story| {
            vec![
                story.id.to_string(),
                inline(story.title.as_str()),
                story.status.to_string(),
                story.priority.to_string(),
                or_dash(story.points),
                or_dash(story.epic),
                or_dash(story.sprint),
            ]
        });
        self.table(&["Story", "Title", "Status", "Priority", "Points", "Epic", "Sprint"], rows);
    }

    fn epic(&mut self, epic: &Epic) {
        self.heading(3, format!("{} {}", epic.id, inline(epic.title.as_str())));
        self.quote(epic.description.as_str());
    }

    fn story(&mut self, story: &Story) {
        self.heading(3, format!("{} {}", story.id, inline(story.title.as_str())));
        self.quote(story.description.as_str());
        self.fact("Status", Some(story.status));
        self.fact("Blocked by", story.reason.as_ref().map(|reason| inline(reason.as_str())));
        self.fact("Priority", Some(story.priority));
        self.fact("Points", story.points);
        self.fact("Epic", story.epic);
        self.fact("Sprint", story.sprint);
        self.fact("Depends on", joined(&story.depends_on));
        self.fact("Assignee", story.assignee.as_ref().map(|name| inline(name.as_str())));
        self.fact(
            "Added",
            Some(format!("{} by {}", day(story.created_at), inline(story.created_by.as_str()))),
        );
        self.fact("Done", story.done_at.map(day));
        for criterion in &story.criteria {
            self.item(format!("Criterion: {}", inline(criterion.as_str())));
        }
        for note in &story.notes {
            let by = inline(note.by.as_str());
            self.item(format!("Note, {} by {by}: {}", day(note.at), inline(note.text.as_str())));
        }
    }

    fn sprint(&mut self, sprint: &Sprint) {
        self.heading(3, sprint.id);
        self.fact("Goal", sprint.goal.as_ref().map(|goal| inline(goal.as_str())));
        self.fact("Status", Some(sprint.status));
        self.fact("Length", Some(format!("{} days", sprint.days)));
        self.fact("Capacity", Some(format!("{} points", sprint.capacity)));
        self.fact("Started", sprint.started_at.map(day));
        self.fact("Ended", sprint.ended_at.map(day));
        self.fact("Velocity", sprint.velocity.map(|points| format!("{points} points")));
        self.fact("Stories", joined(&sprint.stories));
        self.fact("Returned to the backlog", joined(&sprint.returned));
        if let Some(retrospective) = &sprint.retrospective {
            let lists = [
                ("Good", &retrospective.good),
                ("To improve", &retrospective.improve),
                ("Action", &retrospective.action),
            ];
            for (name, lines) in lists {
                lines.iter().for_each(|line| self.item(format!("{name}: {}", inline(line.as_str()))));
            }
        }
    }

    fn history(&mut self, history: &[ExportedCommit]) {
        self.heading(2, "History");
        let rows = history.iter().map(|entry| {
            let short = entry.commit.get(..COMMIT).unwrap_or(&entry.commit);
            vec![
                entry.at.strftime("%Y-%m-%d %H:%M UTC").to_string(),
                inline(&entry.actor),
                inline(&entry.subject),
                format!("`{short}`"),
            ]
        });
        self.table(&["When", "Who", "What", "Commit"], rows);
    }
}

fn or_dash(value: Option<impl Display>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| value.to_string())
}

fn joined(ids: &[impl Display]) -> Option<String> {
    let ids: Vec<_> = ids.iter().map(ToString::to_string).collect();
    (!ids.is_empty()).then(|| ids.join(", "))
}

fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}

/// Text of other people as words of one line, whatever signs of Markdown it has.
fn inline(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in harmless(text).chars() {
        match c {
            '\n' => safe.push(' '),
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '~' => safe.extend(['\\', c]),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_other_people_is_no_markdown() {
        let cases = [
            ("a|b", "a\\|b"),
            ("<img>", "\\<img\\>"),
            ("two\nlines", "two lines"),
            ("\u{1b}[2J", "\\\\u{1b}\\[2J"),
        ];
        for (text, safe) in cases {
            assert_eq!(inline(text), safe, "for {text:?}");
        }
    }
}
