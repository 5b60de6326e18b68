//! Tables for narrow screens: a grid where it fits on a phone, else a few lines for each row.
//!
//! In lines, columns lose their headings, so what a value is must be seen without them. The names of the columns say
//! how: `**S-1** Log in with a key`, and below it `todo · high · 5 points`.

use unicode_width::UnicodeWidthStr;

use crate::surface::answer::{Align, Column, Table};
use crate::surface::discord::look::markup::{self, GAP, Line};
use crate::surface::discord::look::pages::Block;
use crate::surface::render::{Look, harmless, spans};

/// The signs of one width that a phone shows side by side.
const GRID_WIDTH: usize = 36;
/// A line of a grid may have more signs than columns, but not without end.
const GRID_LINE: usize = 3 * GRID_WIDTH;
/// The lines of a grid on one page.
pub(super) const ROWS: usize = 12;
/// What stands for no value.
const NOTHING: &str = "–";

/// Where the value of a column goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// In front of everything: a place in an order, or a mark.
    Place,
    /// What the row is about, in bold.
    Key,
    /// A line above the rows that it holds together.
    Group,
    /// Behind the key.
    Head,
    /// One of the facts below; it speaks for itself.
    Fact,
    /// One of the facts below, with the name behind the number.
    Unit,
    /// One of the facts below, with the name in front.
    Said,
    /// A line of its own, with the name in front.
    Named,
    /// Lines of their own.
    Prose,
}

/// A table as what stands on pages.
pub(super) fn blocks(table: &Table) -> Vec<Block> {
    let roles = roles(&table.columns);
    // In a grid, words that people wrote would be hard to read.
    let has_words = roles.iter().any(|role| matches!(role, Role::Head | Role::Prose));
    let grid = if has_words { None } else { grid(table) };
    grid.unwrap_or_else(|| rows(table, &roles))
}

/// The table in columns, if it is narrow enough.
fn grid(table: &Table) -> Option<Vec<Block>> {
    let heading: Vec<_> = table.columns.iter().map(|column| cell(&column.name)).collect();
    let rows: Vec<Vec<_>> =
        table.rows.iter().map(|row| row.iter().map(|text| cell(text)).collect()).collect();
    let wide = |at: usize| {
        let cells = rows.iter().filter_map(|row| row.get(at));
        cells.chain([&heading[at]]).map(|text| text.width()).max().unwrap_or(0)
    };
    let widths: Vec<_> = (0..heading.len()).map(wide).collect();
    let width = widths.iter().sum::<usize>() + 2 * widths.len().saturating_sub(1);
    let draw = |cells: &[String]| {
        let cells = cells.iter().zip(&widths).zip(&table.columns);
        let cells = cells.map(|((text, width), column)| aligned(text, *width, column.align));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let rule = "─".repeat(width);
    let top = [draw(&heading), rule];
    let lines: Vec<_> = rows.iter().map(|row| draw(row)).collect();
    let fits = |line: &String| !line.contains('\n') && markup::length(line) <= GRID_LINE;
    if width > GRID_WIDTH || !top.iter().chain(&lines).all(fits) {
        return None;
    }
    let page = |lines: &[String]| Block::Grid([&top[..], lines].concat());
    Some(lines.chunks(ROWS).map(page).collect())
}

/// A cell without marks, which mean nothing in a grid.
fn cell(text: &str) -> String {
    let lines = harmless(text);
    let lines = lines.lines().map(|line| spans(line).into_iter().map(|span| span.text).collect::<String>());
    let text = lines.collect::<Vec<_>>().join("\n");
    // Three of them in a row would end the grid.
    markup::calm(&text).replace('`', &format!("`{GAP}"))
}

fn aligned(text: &str, width: usize, align: Align) -> String {
    let gap = " ".repeat(width.saturating_sub(text.width()));
    match align {
        Align::Left => format!("{text}{gap}"),
        Align::Right => format!("{gap}{text}"),
    }
}

fn rows(table: &Table, roles: &[Role]) -> Vec<Block> {
    let rows: Vec<_> = table.rows.iter().map(|row| lines(&table.columns, roles, row)).collect();
    let long = rows.iter().any(|lines| lines.len() > 2);
    let begins = |row: &[String]| {
        roles.first() == Some(&Role::Group) && row.first().is_some_and(|title| !title.is_empty())
    };
    let blocks = table.rows.iter().zip(rows).filter(|(_, lines)| !lines.is_empty());
    blocks.map(|(row, lines)| Block::Row { lines, apart: long || begins(row) }).collect()
}

fn roles(columns: &[Column]) -> Vec<Role> {
    let key = columns.iter().position(|column| !column.name.is_empty());
    columns.iter().enumerate().map(|(at, column)| role(column, Some(at) == key)).collect()
}

fn role(column: &Column, first: bool) -> Role {
    match column.name.as_str() {
        "" => Role::Place,
        "Group" if first => Role::Group,
        _ if first => Role::Key,
        _ if column.align == Align::Right => Role::Unit,
        "Command" | "Note by" | "Takes" | "Title" | "What" | "What it does" => Role::Head,
        "Commit" | "Path" | "Priority" | "Sprint" | "State" | "Status" | "Who" => Role::Fact,
        "After" | "Before" | "Mend" | "Now" => Role::Named,
        "Note" | "Seen" | "Stories" | "Text" | "What for" => Role::Prose,
        _ => Role::Said,
    }
}

/// One row below the other columns' values.
fn lines(columns: &[Column], roles: &[Role], row: &[String]) -> Vec<Line> {
    let cells = || {
        let all = columns.iter().zip(roles).zip(row);
        all.map(|((column, role), text)| (column, *role, text)).filter(|(_, _, text)| !text.is_empty())
    };
    // A remark about the table is all that stands in its row.
    if cells().count() == 1 {
        return cells().flat_map(|(_, role, text)| alone(role, text)).collect();
    }
    let mut lines = Vec::new();
    let mut first = Line::new();
    let mut facts = Line::new();
    let mut below = Vec::new();
    for (column, role, text) in cells() {
        match role {
            Role::Group => lines.push(markup::bold(markup::line(text))),
            Role::Place => join(&mut first, " ", numbered(text)),
            Role::Key => join(&mut first, " ", markup::bold(with_zone(column, text))),
            Role::Head => join(&mut first, " ", with_zone(column, text)),
            Role::Fact | Role::Unit | Role::Said if text == NOTHING => {}
            Role::Fact => join(&mut facts, " · ", with_zone(column, text)),
            Role::Unit => join(&mut facts, " · ", with_unit(column, text)),
            Role::Said => join(&mut facts, " · ", markup::line(&format!("{}: {text}", column.name))),
            Role::Named => below.extend(named(column, text)),
            Role::Prose => below.extend(markup::lines(text)),
        }
    }
    lines.extend([first, facts].into_iter().filter(|line| !line.is_empty()));
    lines.extend(below);
    lines
}

fn alone(role: Role, text: &str) -> Vec<Line> {
    match role {
        Role::Key | Role::Group => markup::lines(text).into_iter().map(markup::bold).collect(),
        _ => markup::lines(text),
    }
}

fn join(line: &mut Line, between: &str, more: Line) {
    if !line.is_empty() {
        line.push(markup::words(Look::Plain, between));
    }
    line.extend(more);
}

/// A place in an order gets the dot that it has in a list.
fn numbered(text: &str) -> Line {
    let number = text.bytes().all(|byte| byte.is_ascii_digit());
    if number { vec![markup::words(Look::Plain, format!("{text}."))] } else { markup::line(text) }
}

/// `When (UTC)` is a heading; without it the value has to say so.
fn with_zone(column: &Column, text: &str) -> Line {
    let zone = if column.name.ends_with("(UTC)") { " UTC" } else { "" };
    markup::line(&format!("{text}{zone}"))
}

/// `5 points`, `1 point`, `12 open`.
fn with_unit(column: &Column, text: &str) -> Line {
    let name = column.name.to_lowercase();
    let unit = if text == "1" { name.strip_suffix('s').unwrap_or(&name) } else { &name };
    markup::line(&format!("{text} {unit}"))
}

fn named(column: &Column, text: &str) -> Vec<Line> {
    markup::lines(&format!("{}: {text}", column.name))
}
