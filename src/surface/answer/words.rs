//! Small pieces of wording that several answers share.

use jiff::Timestamp;
use unicode_segmentation::UnicodeSegmentation;

use crate::domain::entity::Entity;
use crate::domain::id::StoryId;
use crate::domain::project::Project;
use crate::domain::story::Story;
use crate::surface::answer::Table;

/// How many ids a list names before it only counts.
const NAMED_MAX: usize = 8;
/// How many rows a table gets when there may be many.
pub(crate) const ROWS_MAX: usize = 20;
/// How much of a text is shown where it is not what was asked for.
pub(crate) const EXCERPT: usize = 280;

/// At most `max` characters of `text`; what is left out is counted, with where to `see` it.
pub(crate) fn excerpt(text: &str, max: usize, see: &str) -> String {
    let total = text.chars().count();
    if total <= max {
        return text.to_owned();
    }
    let head = head(text, max);
    let left = total - head.chars().count();
    format!("{} … ({} more characters; see {see})", head.trim_end(), thousands(left))
}

/// The beginning of `text` where it is too long for a list, whose items say where the whole is to be seen.
pub(crate) fn cut(text: &str, max: usize) -> String {
    let line = text.lines().next().unwrap_or_default();
    if line.len() == text.len() && text.chars().count() <= max {
        return text.to_owned();
    }
    format!("{}…", head(line, max - 1).trim_end())
}

/// What a description says beyond the title, which often is its first line.
pub(crate) fn beyond<'a>(description: &'a str, title: &str) -> &'a str {
    match description.strip_prefix(title) {
        Some("") => "",
        Some(rest) if rest.starts_with('\n') => rest.trim_start(),
        _ => description,
    }
}

/// The first `max` characters, ending with a whole word where there is one in the last third.
fn head(text: &str, max: usize) -> &str {
    let mut seen = 0;
    let mut end = 0;
    for (at, cluster) in text.grapheme_indices(true) {
        seen += cluster.chars().count();
        if seen > max {
            break;
        }
        end = at + cluster.len();
    }
    let head = &text[..end];
    match head.rfind(char::is_whitespace) {
        Some(at) if at > end / 3 * 2 => &head[..at],
        _ => head,
    }
}

/// `2310` as `2,310`.
pub(crate) fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 story`, `2 stories`; every noun that we count is regular but that one.
pub(crate) fn count(number: usize, noun: &str) -> String {
    match (number, noun) {
        (1, noun) => format!("1 {noun}"),
        (number, "story") => format!("{} stories", thousands(number)),
        (number, noun) => format!("{} {noun}s", thousands(number)),
    }
}

/// `1 point`, `13 points`.
pub(crate) fn points(number: u32) -> String {
    count(number as usize, "point")
}

/// The estimate of a story, or what it counts for without one.
pub(crate) fn estimate(story: &Story) -> String {
    story.points.map_or_else(|| format!("not estimated, counts as {}", Story::UNESTIMATED), |n| n.to_string())
}

/// The estimate of a story for a narrow column.
pub(crate) fn short_estimate(story: &Story) -> String {
    story.points.map_or_else(|| "–".to_owned(), |points| points.to_string())
}

/// A few ids, and how many more there are.
pub(crate) fn ids<'a>(ids: impl IntoIterator<Item = &'a StoryId>) -> String {
    list(ids.into_iter().map(StoryId::to_string))
}

/// A few words, and how many more there are.
pub(crate) fn list(words: impl Iterator<Item = String>) -> String {
    let all: Vec<_> = words.collect();
    let text = all[..all.len().min(NAMED_MAX)].join(", ");
    match all.len().saturating_sub(NAMED_MAX) {
        0 => text,
        more => format!("{text} and {} more", thousands(more)),
    }
}

/// A moment to the minute. All times are UTC; the heading or the reader's surface says so.
pub(crate) fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M").to_string()
}

/// A moment to the minute, for a sentence.
pub(crate) fn minute_utc(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// A day.
pub(crate) fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}

/// The beginning of a commit id, as git shows it.
pub(crate) fn short(commit: &str) -> String {
    commit.chars().take(8).collect()
}

/// The place of a story among the open ones, as `3 of 12`; `None` for one that is not open.
pub(crate) fn place(project: &Project, id: StoryId) -> Option<String> {
    let at = project.backlog().position(|story| story.id == id)?;
    Some(format!("{} of {}", thousands(at + 1), thousands(project.open_stories())))
}

/// An epic with its title.
pub(crate) fn epic(project: &Project, story: &Story) -> Option<String> {
    let id = story.epic?;
    Some(project.epics.get(&id).map_or_else(|| id.to_string(), |epic| format!("{id} {}", epic.title)))
}

/// What a story waits for, each with how far it is.
pub(crate) fn dependencies(project: &Project, story: &Story) -> Option<String> {
    let one = |id: &StoryId| match project.stories.get(id) {
        Some(on) => format!("{id} ({})", on.status),
        None => format!("{id} (removed)"),
    };
    (!story.depends_on.is_empty()).then(|| list(story.depends_on.iter().map(one)))
}

/// One thing in a few words, for comparing before with after.
pub(crate) fn summary(project: &Project, entity: Entity) -> String {
    match entity {
        Entity::Epic(id) => project.epics.get(&id).map_or_else(gone, |epic| epic.title.to_string()),
        Entity::Story(id) => project.stories.get(&id).map_or_else(gone, |story| {
            let sprint = story.sprint.map(|id| format!(", {id}")).unwrap_or_default();
            format!("{}, {}, {}{sprint}", story.status, story.priority, points(story.weight()))
        }),
        Entity::Sprint(id) => project.sprints.get(&id).map_or_else(gone, |sprint| {
            format!("{}, {}", sprint.status, count(project.stories_of(sprint).count(), "story"))
        }),
    }
}

fn gone() -> String {
    "–".to_owned()
}

/// Stories with how far they are, in the order given; at most [`ROWS_MAX`], the rest is counted.
pub(crate) fn stories<'a>(stories: impl Iterator<Item = &'a Story>) -> Table {
    let mut table = Table::new(&["Story", "Title", "Status", "Priority", ">Points"]);
    let mut more = 0;
    for story in stories {
        if table.rows.len() == ROWS_MAX {
            more += 1;
            continue;
        }
        table.push([
            story.id.to_string(),
            story.title.to_string(),
            story.status.to_string(),
            story.priority.to_string(),
            short_estimate(story),
        ]);
    }
    remark(&mut table, more);
    table
}

/// Says in a last row how many rows were left out.
pub(crate) fn remark(table: &mut Table, more: usize) {
    if more > 0 {
        let mut row = vec![String::new(); table.columns.len()];
        row[1] = format!("… and {} more", thousands(more));
        table.rows.push(row);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_counted() {
        let long = "word ".repeat(520);
        #[rustfmt::skip]
        let cases = [
            ("short",       10, "short"),
            ("one two three", 9, "one two … (6 more characters; see `x`)"),
            ("ééééé",        3, "ééé … (2 more characters; see `x`)"),
            (long.trim(),    4, "word … (2,595 more characters; see `x`)"),
        ];
        for (text, max, shown) in cases {
            assert_eq!(excerpt(text, max, "`x`"), shown);
        }
    }

    #[test]
    fn a_family_is_not_torn_apart() {
        let family = "👨‍👩‍👧‍👦 and friends";
        assert_eq!(excerpt(family, 3, "`x`"), " … (19 more characters; see `x`)");
        assert_eq!(excerpt(family, 8, "`x`"), "👨‍👩‍👧‍👦 … (12 more characters; see `x`)");
    }

    #[test]
    fn a_list_shows_the_beginning_of_one_line() {
        #[rustfmt::skip]
        let cases = [
            ("as it is",          8, "as it is"),
            ("one two three",     9, "one two…"),
            ("first\nsecond",   20, "first…"),
            ("éééééé",            4, "ééé…"),
        ];
        for (text, max, shown) in cases {
            assert_eq!(cut(text, max), shown);
        }
    }

    #[test]
    fn numbers_are_written_for_people() {
        let cases = [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")];
        for (number, text) in cases {
            assert_eq!(thousands(number), text);
        }
        assert_eq!(
            (count(1, "story"), count(2, "story"), points(1)),
            ("1 story".into(), "2 stories".into(), "1 point".into())
        );
    }
}
