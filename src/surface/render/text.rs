//! Answers as text for a terminal.

use anstyle::{AnsiColor, Style};
use comfy_table::{
    CellAlignment, ColumnConstraint, ContentArrangement, LineStyle, Table as Grid, TableStyle, Width,
};
use unicode_width::UnicodeWidthStr;

use crate::surface::answer::{Align, Answer, Choice, ChoiceStyle, Field, Table, Tone};
use crate::surface::render::picture;
use crate::surface::render::wrap::{self, Look, Span};

/// Narrower than this nothing can be laid out.
const WIDTH_MIN: usize = 32;
/// The widest column of names of facts.
const NAME_MAX: usize = 20;
/// The blanks between two columns, one of which the grid draws itself.
const GAP: u16 = 2;
/// A word in a cell that is longer than this may be torn apart.
const WORD_MAX: usize = 16;
/// Lines of running text are hard to read beyond this.
const TEXT_MAX: usize = 100;

/// How answers are to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terminal {
    /// How many columns there are.
    pub width: usize,
    /// Whether colours are understood and wanted.
    pub colour: bool,
    /// Whether choices can be made by number; otherwise their commands are shown.
    pub numbered: bool,
}

/// What a person reads in a terminal, with a line end at its end.
pub fn render(answer: &Answer, terminal: Terminal) -> String {
    let page = Page { width: terminal.width.max(WIDTH_MIN), colour: terminal.colour };
    let mut blocks = vec![page.title(answer)];
    blocks.extend(answer.text.as_deref().map(|text| page.text(text)));
    if !answer.fields.is_empty() {
        blocks.push(page.fields(&answer.fields));
    }
    blocks.extend(answer.table.as_ref().map(|table| page.table(table)));
    blocks.extend(answer.picture.as_ref().map(|it| picture::draw(it, page.width, page.colour)));
    if !answer.choices.is_empty() && terminal.numbered {
        blocks.push(page.numbered(&answer.choices));
    } else if !answer.choices.is_empty() {
        blocks.push(page.commands(&answer.choices));
    }
    let mut text = blocks.join("\n\n");
    text.push('\n');
    text
}

/// Running text that is no answer, with a line end at its end.
pub fn paragraph(text: &str, terminal: Terminal) -> String {
    let lines = wrap::lines(&wrap::harmless(text), terminal.width.clamp(WIDTH_MIN, TEXT_MAX));
    let mut whole = lines.iter().map(|line| wrap::plain(line)).collect::<Vec<_>>().join("\n");
    whole.push('\n');
    whole
}

/// What all parts of one answer have in common.
#[derive(Clone, Copy)]
struct Page {
    width: usize,
    colour: bool,
}

impl Page {
    fn title(self, answer: &Answer) -> String {
        let (mark, colour) = match answer.tone {
            Tone::Done => ("✓ ", AnsiColor::Green),
            Tone::Info => ("", AnsiColor::Cyan),
            Tone::Warning => ("! ", AnsiColor::Yellow),
        };
        let indent = " ".repeat(mark.width());
        let style = colour.on_default().bold();
        let title = wrap::harmless(&answer.title).replace('\n', " ");
        let lines = wrap::lines(&title, self.width - mark.width());
        let lines = lines.iter().enumerate().map(|(at, line)| {
            let text: String = line.iter().map(uncoloured).collect();
            let text = if at == 0 { format!("{mark}{text}") } else { format!("{indent}{text}") };
            paint(self.colour, style, &text)
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    fn text(self, text: &str) -> String {
        let lines = wrap::lines(&wrap::harmless(text), self.width.min(TEXT_MAX));
        lines.iter().map(|line| self.line(line)).collect::<Vec<_>>().join("\n")
    }

    fn line(self, spans: &[Span]) -> String {
        spans.iter().map(|span| self.span(span)).collect()
    }

    fn span(self, span: &Span) -> String {
        if !self.colour {
            return uncoloured(span);
        }
        let style = match span.look {
            Look::Plain => return span.text.clone(),
            Look::Bold => Style::new().bold(),
            Look::Code => AnsiColor::Magenta.on_default(),
            Look::Command => AnsiColor::Cyan.on_default(),
        };
        paint(true, style, &span.text)
    }

    /// The names in a column of their own, the values beside them.
    fn fields(self, fields: &[Field]) -> String {
        let names: Vec<_> = fields.iter().map(|field| wrap::harmless(&field.name)).collect();
        let column = names.iter().map(|name| name.width()).max().unwrap_or(0).min(NAME_MAX) + 2;
        let room = self.width.saturating_sub(column).clamp(1, TEXT_MAX);
        let mut lines = Vec::new();
        for (field, name) in fields.iter().zip(&names) {
            let mut values = wrap::lines(&wrap::harmless(&field.value), room);
            if values.is_empty() {
                values.push(Vec::new());
            }
            for (at, value) in values.iter().enumerate() {
                let name = if at == 0 { name.as_str() } else { "" };
                let gap = " ".repeat(column.saturating_sub(name.width()));
                let name = paint(self.colour && !name.is_empty(), Style::new().dimmed(), name);
                lines.push(format!("{name}{gap}{}", self.line(value)).trim_end().to_owned());
            }
        }
        lines.join("\n")
    }

    fn table(self, table: &Table) -> String {
        if least_width(table) > self.width {
            return self.records(table);
        }
        let mut grid = Grid::new();
        grid.load_style(TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─')));
        grid.set_content_arrangement(ContentArrangement::Dynamic);
        grid.set_width(u16::try_from(self.width).unwrap_or(u16::MAX));
        grid.set_header(table.columns.iter().map(|column| wrap::harmless(&column.name)));
        for row in &table.rows {
            grid.add_row(row.iter().map(|cell| cell_text(cell)));
        }
        for (at, column) in table.columns.iter().enumerate() {
            let Some(drawn) = grid.column_mut(at) else { continue };
            let padding = if at + 1 < table.columns.len() { GAP - 1 } else { 0 };
            drawn.set_padding((0, padding));
            // Without this one long cell would tear the words of all the others apart.
            let least = u16::try_from(longest_word(table, at)).unwrap_or(u16::MAX).saturating_add(padding);
            drawn.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(least)));
            if column.align == Align::Right {
                drawn.set_cell_alignment(CellAlignment::Right);
            }
        }
        let mut heading = true;
        let lines = grid.lines().map(|line| {
            let line = line.trim_end();
            heading &= !line.starts_with('─');
            let style = if heading { Style::new().bold() } else { Style::new().dimmed() };
            paint(self.colour && (heading || line.starts_with('─')), style, line)
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    /// The rows one below the other, for terminals that are too narrow for columns.
    fn records(self, table: &Table) -> String {
        let record = |row: &Vec<String>| {
            let cells = table.columns.iter().zip(row).filter(|(_, cell)| !cell.is_empty());
            let fields = cells.map(|(column, cell)| Field { name: column.name.clone(), value: cell.clone() });
            self.fields(&fields.collect::<Vec<_>>())
        };
        table.rows.iter().map(record).collect::<Vec<_>>().join("\n\n")
    }

    /// `[1] Start sprint   [2] Cancel`, as many to a line as fit.
    fn numbered(self, choices: &[Choice]) -> String {
        let mut lines = vec![String::new()];
        let mut used = 0;
        for (at, choice) in choices.iter().enumerate() {
            let asks = if choice.asks.is_some() { " …" } else { "" };
            let number = format!("[{}]", at + 1);
            let label = wrap::harmless(&choice.label);
            let wide = number.width() + 1 + label.width() + asks.width();
            if used > 0 && used + 3 + wide > self.width {
                lines.push(String::new());
                used = 0;
            }
            let Some(line) = lines.last_mut() else { continue };
            if used > 0 {
                line.push_str("   ");
                used += 3;
            }
            used += wide;
            let number = paint(self.colour, weight(choice.style), &number);
            line.push_str(&number);
            line.push(' ');
            line.push_str(&label);
            line.push_str(asks);
        }
        lines.join("\n")
    }

    /// The commands of the choices with what they do, for those who cannot choose by number.
    fn commands(self, choices: &[Choice]) -> String {
        let text = |choice: &Choice| match &choice.asks {
            Some(argument) => format!("/{} <{argument}>", wrap::harmless(&choice.command)),
            None => format!("/{}", wrap::harmless(&choice.command)),
        };
        let column = choices.iter().map(|choice| text(choice).width()).max().unwrap_or(0) + 2;
        let lines = choices.iter().flat_map(|choice| {
            let text = text(choice);
            let gap = " ".repeat(column.saturating_sub(text.width()));
            let label = wrap::harmless(&choice.label);
            let fits = column + label.width() <= self.width;
            let label = if fits { format!("{gap}{label}") } else { String::new() };
            let wrapped = wrap::lines(&text, self.width);
            let style = weight(choice.style);
            let mut lines: Vec<_> =
                wrapped.iter().map(|line| paint(self.colour, style, &wrap::plain(line))).collect();
            lines.last_mut().into_iter().for_each(|line| line.push_str(&label));
            lines
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}

/// Without colours the marks of code stay, or it could not be told from the words around it.
fn uncoloured(span: &Span) -> String {
    match span.look {
        Look::Code => format!("`{}`", span.text),
        Look::Plain | Look::Bold | Look::Command => span.text.clone(),
    }
}

/// The width below which the columns of a table would tear words apart.
fn least_width(table: &Table) -> usize {
    let columns = (0..table.columns.len()).map(|at| longest_word(table, at) + usize::from(GAP));
    columns.sum::<usize>().saturating_sub(usize::from(GAP))
}

/// The longest word in a column that may not be torn apart.
fn longest_word(table: &Table, at: usize) -> usize {
    let longest = |text: &str| text.split_whitespace().map(UnicodeWidthStr::width).max().unwrap_or(0);
    let cells = table.rows.iter().filter_map(|row| row.get(at)).map(|cell| longest(cell));
    cells.chain([longest(&table.columns[at].name)]).max().unwrap_or(0).min(WORD_MAX)
}

/// Cells are laid out by their width, so they carry no colours.
fn cell_text(cell: &str) -> String {
    let safe = wrap::harmless(cell);
    let lines = safe.lines().map(|line| wrap::spans(line).iter().map(uncoloured).collect::<String>());
    lines.collect::<Vec<_>>().join("\n")
}

fn weight(style: ChoiceStyle) -> Style {
    match style {
        ChoiceStyle::Primary => AnsiColor::Green.on_default().bold(),
        ChoiceStyle::Secondary | ChoiceStyle::Turn => AnsiColor::Cyan.on_default(),
        ChoiceStyle::Danger => AnsiColor::Red.on_default(),
    }
}

/// `text` in a style, or as it is.
pub(crate) fn paint(colour: bool, style: Style, text: &str) -> String {
    if colour { format!("{style}{text}{style:#}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::surface::answer::{samples::World, sprint_status, state};

    fn looked(answer: &Answer, width: usize, colour: bool, numbered: bool) -> String {
        render(answer, Terminal { width, colour, numbered })
    }

    /// What a terminal shows of a text with colours.
    fn without_colours(text: &str) -> String {
        let pieces = text.split('\u{1b}').enumerate();
        pieces
            .map(
                |(at, piece)| {
                    if at == 0 { piece } else { piece.split_once('m').map_or("", |(_, rest)| rest) }
                },
            )
            .collect()
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        let world = World::midway();
        for width in [32, 36, 40, 60, 80, 100, 200] {
            for answer in [state(&world.project), sprint_status(&world.project, world.now)] {
                for numbered in [true, false] {
                    let text = looked(&answer, width, false, numbered);
                    let wide = text.lines().find(|line| line.width() > width);
                    assert_eq!(wide, None, "{width} columns:\n{text}");
                }
            }
        }
    }

    #[test]
    fn colours_change_nothing_but_the_colour() {
        let world = World::midway();
        let plain = looked(&sprint_status(&world.project, world.now), 80, false, true);
        let coloured = looked(&sprint_status(&world.project, world.now), 80, true, true);

        assert!(!plain.contains('\u{1b}') && coloured.contains('\u{1b}'));
        assert_eq!(without_colours(&coloured), plain);
    }

    #[test]
    fn a_narrow_terminal_gets_a_list_of_records_and_commands() {
        let world = World::midway();

        insta::assert_snapshot!(looked(&sprint_status(&world.project, world.now), 36, false, false));
    }

    #[test]
    fn text_of_other_people_stays_text() {
        let evil = "\u{1b}]0;owned\u{7}\u{1b}[2J\u{202e}";
        let mut table = Table::new(&["A", "B"]);
        table.push([evil.to_owned(), evil.to_owned()]);
        let answer = Answer::info(evil).paragraph(evil).field(evil, evil).table(table).choice(evil, evil);
        for numbered in [true, false] {
            let text = looked(&answer, 80, false, numbered);
            assert!(!text.contains(|c: char| (c.is_control() && c != '\n') || c == '\u{202e}'), "{text:?}");
        }
    }
}
