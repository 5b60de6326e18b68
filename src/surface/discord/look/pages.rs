//! Puts paragraphs, rows and grids onto pages: what does not fit goes on to the next one, and nothing is lost.

use crate::surface::discord::look::markup::{self, Line};

/// What may stand on a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Block {
    /// Lines with a blank line before and behind them.
    Paragraph(Vec<Line>),
    /// A row of a table, in a few lines.
    Row {
        /// What it says.
        lines: Vec<Line>,
        /// Whether a blank line keeps it from the row before.
        apart: bool,
    },
    /// Lines whose signs all have the same width. They come ready, and must fit on a page.
    Grid(Vec<String>),
}

/// How much a page takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Room {
    /// In all.
    pub(super) chars: usize,
    /// Rows of tables.
    pub(super) rows: usize,
}

/// The blocks as Markdown. No page is longer than there is room, and none is empty.
pub(super) fn pages(blocks: &[Block], room: Room) -> Vec<String> {
    let mut pager = Pager { room, pages: Vec::new(), page: Page::default() };
    blocks.iter().for_each(|block| pager.block(block));
    pager.turn();
    pager.pages
}

struct Pager {
    room: Room,
    pages: Vec<String>,
    page: Page,
}

#[derive(Default)]
struct Page {
    text: String,
    rows: usize,
    /// Whether a row is what stands last.
    in_rows: bool,
}

impl Block {
    fn text(&self) -> String {
        match self {
            Self::Paragraph(lines) | Self::Row { lines, .. } => {
                lines.iter().map(|line| markup::markdown(line)).collect::<Vec<_>>().join("\n")
            }
            Self::Grid(lines) => format!("```\n{}\n```", lines.join("\n")),
        }
    }
}

impl Pager {
    fn block(&mut self, block: &Block) {
        let is_row = matches!(block, Block::Row { .. });
        if is_row && self.page.rows >= self.room.rows {
            self.turn();
        }
        let text = block.text();
        if text.is_empty() {
            return;
        }
        let close = matches!(block, Block::Row { apart: false, .. });
        let gap = if close && self.page.in_rows { "\n" } else { "\n\n" };
        if !self.fits(gap, &text) && markup::length(&text) <= self.room.chars {
            self.turn();
        }
        if self.fits(gap, &text) {
            self.write(gap, &text);
        } else if let Block::Paragraph(lines) | Block::Row { lines, .. } = block {
            let gaps = std::iter::once(gap).chain(std::iter::repeat("\n"));
            lines.iter().zip(gaps).for_each(|(line, gap)| self.line(line, gap));
        }
        self.page.rows += usize::from(is_row);
        self.page.in_rows = is_row;
    }

    /// Writes a line of a block that is larger than a page, on as many pages as it takes.
    fn line(&mut self, line: &Line, gap: &str) {
        let mut gap = gap;
        let mut rest = line.clone();
        loop {
            let text = markup::markdown(&rest);
            if self.fits(gap, &text) {
                return self.write(gap, &text);
            }
            // The end of a page is used, unless it is so short that hardly a word fits.
            if self.left(gap) < self.room.chars / 4 {
                self.turn();
            }
            let (head, tail) = markup::cut(&rest, self.left(gap));
            self.write(gap, &markup::markdown(&head));
            rest = tail;
            if rest.is_empty() {
                return;
            }
            self.turn();
            gap = "";
        }
    }

    fn fits(&self, gap: &str, text: &str) -> bool {
        let gap = if self.page.text.is_empty() { "" } else { gap };
        markup::length(&self.page.text) + markup::length(gap) + markup::length(text) <= self.room.chars
    }

    /// How much still fits behind a gap.
    fn left(&self, gap: &str) -> usize {
        let gap = if self.page.text.is_empty() { "" } else { gap };
        self.room.chars.saturating_sub(markup::length(&self.page.text) + markup::length(gap))
    }

    fn write(&mut self, gap: &str, text: &str) {
        if !self.page.text.is_empty() {
            self.page.text += gap;
        }
        self.page.text += text;
    }

    /// Ends a page, if anything stands on it.
    fn turn(&mut self) {
        let page = std::mem::take(&mut self.page);
        if !page.text.is_empty() {
            self.pages.push(page.text);
        }
    }
}
