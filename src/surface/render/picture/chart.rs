//! Charts of blocks: what is left of a sprint, and what was finished in each.

use anstyle::{AnsiColor, Style};
use unicode_width::UnicodeWidthStr;

use crate::surface::answer::{BurndownDay, SprintVelocity};
use crate::surface::render::text::paint;
use crate::surface::render::wrap;

/// How many rows of blocks a burndown has.
const ROWS: u32 = 8;
/// The widest column of a day.
const SLOT_MAX: usize = 4;
/// The columns that the full legend needs.
const LEGEND: usize = 64;
/// The longest bar of a velocity.
const BAR_MAX: usize = 40;
/// A block in eighths, from nothing to full, growing upwards and to the right.
const UP: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const RIGHT: [char; 9] = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'];

/// The points left on each day as bars, and an even pace as dots.
pub(crate) fn burndown(total: u32, span: u32, days: &[BurndownDay], width: usize, colour: bool) -> String {
    let axis = total.to_string().len();
    let room = width.saturating_sub(axis + 2).max(2);
    let last = days.last().map_or(span, |day| day.day.max(span));
    let step = (last as usize + 1).div_ceil(room / 2).max(1);
    let shown: Vec<u32> = (0..=last).step_by(step).collect();
    let slot = (room / shown.len().max(1)).clamp(2, SLOT_MAX);
    let mut lines = Vec::new();
    for row in (0..ROWS).rev() {
        let label = if row + 1 == ROWS { total.to_string() } else { String::new() };
        let cells: String =
            shown.iter().map(|day| cell(total, span, days, *day, row, slot, colour)).collect();
        lines.push(format!("{label:>axis$} ┤{}", cells.trim_end()));
    }
    lines.push(format!("{:>axis$} └{}", 0, "─".repeat(slot * shown.len())));
    lines.push(format!("{:axis$}  {}", "", day_labels(&shown, slot)));
    let bar = paint(colour, bar_style(), "█");
    let (left, pace) =
        if width < LEGEND { ("left", "pace") } else { ("points left", "even pace   (days from the start)") };
    lines.push(format!("{:axis$}  {bar} {left}   · {pace}", ""));
    lines.join("\n")
}

/// One day in one row: the bar, and the dot beside or above it.
fn cell(
    total: u32,
    span: u32,
    days: &[BurndownDay],
    day: u32,
    row: u32,
    slot: usize,
    colour: bool,
) -> String {
    let left = days.iter().find(|one| one.day == day).map_or(0, |one| one.remaining);
    let eighths = (u64::from(left) * u64::from(ROWS) * 8).checked_div(u64::from(total)).unwrap_or(0);
    // A little that is left must not look like nothing.
    let eighths = if left > 0 { eighths.max(1) } else { 0 };
    let filled = eighths.saturating_sub(u64::from(row) * 8).min(8);
    let block = UP[usize::try_from(filled).unwrap_or(0)].to_string().repeat(slot - 1);
    let dot = if ideal_row(span, day) == Some(row) { "·" } else { " " };
    if filled == 0 { format!("{block}{dot}") } else { format!("{}{dot}", paint(colour, bar_style(), &block)) }
}

/// The row in which an even pace would be; below all rows on the last day.
fn ideal_row(span: u32, day: u32) -> Option<u32> {
    let left = span.saturating_sub(day);
    // Rounded up, so that the first day is in the top row.
    (left * ROWS).div_ceil(span.max(1)).checked_sub(1)
}

fn day_labels(shown: &[u32], slot: usize) -> String {
    let mut line = String::new();
    for (at, day) in shown.iter().enumerate() {
        let start = at * slot;
        // A label goes where the one before has left a gap.
        if line.is_empty() || line.width() < start {
            line.push_str(&" ".repeat(start - line.width()));
            line.push_str(&day.to_string());
        }
    }
    line
}

/// A bar for each sprint.
pub(crate) fn velocity(sprints: &[SprintVelocity], width: usize, colour: bool) -> String {
    let names: Vec<_> = sprints.iter().map(|one| wrap::harmless(&one.sprint)).collect();
    let most = sprints.iter().map(|one| one.points).max().unwrap_or(0);
    let column = names.iter().map(|name| name.width()).max().unwrap_or(0);
    let room = width.saturating_sub(column + 3 + most.to_string().len()).clamp(1, BAR_MAX);
    let lines = sprints.iter().zip(&names).map(|(one, name)| {
        let bar = bar(one.points, most, room);
        let gap = " ".repeat(column - name.width() + 2);
        let bar = if bar.is_empty() { bar } else { format!("{} ", paint(colour, bar_style(), &bar)) };
        format!("{name}{gap}{bar}{}", one.points)
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn bar(points: u32, most: u32, room: usize) -> String {
    let eighths = (u64::from(points) * room as u64 * 8).checked_div(u64::from(most)).unwrap_or(0);
    let eighths = usize::try_from(eighths).unwrap_or(0);
    let end = if eighths % 8 == 0 { String::new() } else { RIGHT[eighths % 8].to_string() };
    format!("{}{end}", "█".repeat(eighths / 8))
}

fn bar_style() -> Style {
    AnsiColor::Blue.on_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(remaining: &[u32]) -> Vec<BurndownDay> {
        let day = |(day, remaining): (u32, &u32)| BurndownDay { day, remaining: *remaining, ideal: 0.0 };
        (0..).zip(remaining).map(day).collect()
    }

    #[test]
    fn a_burndown_shows_what_is_left_and_an_even_pace() {
        let drawn = burndown(21, 14, &days(&[21, 21, 18, 18, 13, 10, 8, 1]), 80, false);

        insta::assert_snapshot!(drawn);
    }

    #[test]
    fn a_chart_fits_where_it_is_drawn() {
        for (span, width) in [(1, 24), (14, 24), (14, 200), (90, 40), (90, 80)] {
            let drawn = burndown(1000, span, &days(&[1000, 600, 20]), width, false);
            assert!(drawn.lines().all(|line| line.width() <= width), "{span} in {width}:\n{drawn}");
        }
        let sprints = [SprintVelocity { sprint: "sprint-001".into(), points: 900 }];
        assert!(velocity(&sprints, 24, false).lines().all(|line| line.width() <= 24));
    }

    #[test]
    fn velocities_are_bars_of_one_scale() {
        let sprint = |name: &str, points| SprintVelocity { sprint: name.into(), points };
        let sprints = [sprint("sprint-001", 21), sprint("sprint-002", 13), sprint("sprint-010", 0)];

        insta::assert_snapshot!(velocity(&sprints, 50, false));
    }

    #[test]
    fn nothing_planned_is_no_reason_to_fail() {
        assert!(burndown(0, 0, &days(&[0]), 10, false).lines().count() > 0);
        assert_eq!(velocity(&[], 10, false), "");
    }
}
