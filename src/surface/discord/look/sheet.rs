//! An answer as embeds, each of which fits into a message, and as plain text where embeds are not allowed.

use serenity::builder::{CreateEmbed, CreateEmbedFooter};
use unicode_width::UnicodeWidthStr;

use crate::surface::answer::{Answer, Field, Tone};
use crate::surface::discord::look::markup::{self, Line, fitting};
use crate::surface::discord::look::pages::{Block, Room, pages};
use crate::surface::discord::look::table;
use crate::surface::render::Look;

/// Discord's bound of a title and of the name of a field.
const TITLE_MAX: usize = 256;
/// Discord's bound of the value of a field.
const VALUE_MAX: usize = 1024;
/// Discord's bound of the fields of an embed.
const FIELDS_MAX: usize = 25;
/// Discord's bound of a message.
const MESSAGE_MAX: usize = 2000;
/// What a person reads on a phone before the thumb gets tired; an embed could hold twice as much.
const DESCRIPTION: Room = Room { chars: 2000, rows: table::ROWS };
/// The same for all the fields of a page. With the above and a title this stays below 6,000, Discord's bound of all.
const FIELDS: usize = 2000;
/// Facts that are no wider stand side by side.
const INLINE_WIDTH: usize = 30;
/// The longest description of a picture that Discord takes.
const ALT_MAX: usize = 1024;
/// What is said where plain text has no room for all.
const MORE: &str = "… and more, which needs the permission **Embed Links** in this channel to be shown.";

/// What fits into one message, as an embed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet {
    /// What it is, in Markdown.
    pub title: String,
    /// The text and the rows of this page, in Markdown; may be empty.
    pub description: String,
    /// The facts of this page.
    pub facts: Vec<Fact>,
    /// Which page this is, where there are several.
    pub footer: Option<String>,
    /// The colour at its side, as `0xRRGGBB`.
    pub colour: u32,
    /// The picture below it.
    pub picture: Option<Attached>,
}

/// A fact with a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// What it is about, in Markdown.
    pub name: String,
    /// What it is, in Markdown.
    pub value: String,
    /// Whether others may stand beside it.
    pub inline: bool,
}

/// A picture that is attached to the same message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attached {
    /// The name under which it is attached.
    pub file_name: String,
    /// The picture in words; belongs into the description of the attachment.
    pub alt: String,
}

/// An answer, page by page. There is always one.
pub fn sheets(answer: &Answer) -> Vec<Sheet> {
    let (title, rest) = headed(markup::line(&answer.title), TITLE_MAX);
    let mut blocks = paragraphs(answer, rest);
    blocks.extend(answer.table.iter().flat_map(table::blocks));
    let descriptions = pages(&blocks, DESCRIPTION);
    let facts = side_by_side(answer.fields.iter().flat_map(facts));
    let count = descriptions.len().max(facts.len()).max(1);
    let mut descriptions = descriptions.into_iter();
    let mut facts = facts.into_iter();
    let sheet = |number| Sheet {
        title: title.clone(),
        description: descriptions.next().unwrap_or_default(),
        facts: facts.next().unwrap_or_default(),
        footer: (count > 1).then(|| format!("Page {number} of {count}")),
        colour: colour(answer.tone),
        picture: None,
    };
    (1..=count).map(sheet).collect()
}

/// An answer for a channel in which embeds are not allowed: at most 2,000 characters, and what does not fit is told.
pub fn plain(answer: &Answer) -> String {
    let mark = match answer.tone {
        Tone::Done => "✓ ",
        Tone::Info => "",
        Tone::Warning => "⚠ ",
    };
    let mut title = vec![markup::words(Look::Plain, mark)];
    title.extend(markup::bold(markup::line(&answer.title)));
    let mut blocks = vec![Block::Paragraph(vec![title])];
    blocks.extend(paragraphs(answer, None));
    blocks.push(Block::Paragraph(answer.fields.iter().flat_map(named).collect()));
    blocks.extend(answer.table.iter().flat_map(table::blocks));
    blocks.extend(answer.picture.iter().map(|picture| Block::Paragraph(markup::lines(picture.alt()))));
    let room = |chars| Room { chars, rows: usize::MAX };
    let mut all = pages(&blocks, room(MESSAGE_MAX));
    if all.len() > 1 {
        all = pages(&blocks, room(MESSAGE_MAX - markup::length(MORE) - 2));
        all.truncate(1);
        all.push(MORE.to_owned());
    }
    let text = all.join("\n\n");
    if markup::is_blank(&text) { "–".to_owned() } else { text }
}

impl Sheet {
    /// Shows the picture that is attached to the same message as `file_name`; `alt` says it in words.
    #[must_use]
    pub fn with_picture(mut self, file_name: &str, alt: &str) -> Self {
        let alt = fitting(alt, ALT_MAX);
        self.picture = Some(Attached { file_name: file_name.to_owned(), alt });
        self
    }

    /// The embed for a message.
    pub fn embed(&self) -> CreateEmbed {
        let facts = self.facts.iter().map(|fact| (&fact.name, &fact.value, fact.inline));
        let mut embed = CreateEmbed::new().title(&self.title).colour(self.colour).fields(facts);
        if !self.description.is_empty() {
            embed = embed.description(&self.description);
        }
        if let Some(footer) = &self.footer {
            embed = embed.footer(CreateEmbedFooter::new(footer));
        }
        match &self.picture {
            Some(picture) => embed.attachment(&picture.file_name),
            None => embed,
        }
    }
}

fn colour(tone: Tone) -> u32 {
    match tone {
        Tone::Done => 0x57_F2_87,
        Tone::Info => 0x58_65_F2,
        Tone::Warning => 0xFE_E7_5C,
    }
}

/// What precedes the table, with what did not fit into the title in front.
fn paragraphs(answer: &Answer, rest: Option<Line>) -> Vec<Block> {
    let mut paragraphs = vec![Vec::from_iter(rest), Vec::new()];
    for line in answer.text.iter().flat_map(|text| markup::lines(text)) {
        if line.iter().all(|span| span.text.trim().is_empty()) {
            paragraphs.push(Vec::new());
        } else if let Some(paragraph) = paragraphs.last_mut() {
            paragraph.push(line);
        }
    }
    paragraphs.into_iter().filter(|lines| !lines.is_empty()).map(Block::Paragraph).collect()
}

/// A line that must fit, and what did not.
fn headed(mut line: Line, max: usize) -> (String, Option<Line>) {
    if markup::is_blank(&markup::heading(&line)) {
        line.insert(0, markup::words(Look::Plain, "–"));
    }
    let whole = markup::heading(&line);
    if markup::length(&whole) <= max {
        return (whole, None);
    }
    let (head, mut rest) = markup::cut(&line, max - 2);
    rest.insert(0, markup::words(Look::Plain, "… "));
    (format!("{} …", markup::heading(&head).trim_end()), Some(rest))
}

/// A field as one fact, or as several where its value is too long for one.
fn facts(field: &Field) -> Vec<Fact> {
    // Room for a number behind the name.
    let (name, rest) = headed(markup::line(&field.name), TITLE_MAX - 16);
    let mut lines = Vec::from_iter(rest);
    lines.extend(markup::lines(&field.value));
    let mut values = pages(&[Block::Paragraph(lines)], Room { chars: VALUE_MAX - 1, rows: 0 });
    if values.is_empty() {
        values.push(String::new());
    }
    let short = field.value.width().max(field.name.width()) <= INLINE_WIDTH && !field.value.contains('\n');
    let inline = short && values.len() == 1;
    let fact = |(at, value): (usize, String)| Fact {
        name: if at == 0 { name.clone() } else { format!("{name} ({})", at + 1) },
        // Discord refuses a value in which nothing is to be seen.
        value: if markup::is_blank(&value) { format!("–{value}") } else { value },
        inline,
    };
    values.into_iter().enumerate().map(fact).collect()
}

/// The facts of each page.
fn side_by_side(all: impl Iterator<Item = Fact>) -> Vec<Vec<Fact>> {
    let mut pages: Vec<Vec<Fact>> = Vec::new();
    let mut used = 0;
    for fact in all {
        let wide = markup::length(&fact.name) + markup::length(&fact.value);
        match pages.last_mut() {
            Some(page) if used + wide <= FIELDS && page.len() < FIELDS_MAX => {
                used += wide;
                page.push(fact);
            }
            _ => {
                used = wide;
                pages.push(vec![fact]);
            }
        }
    }
    pages
}

/// A field as lines, the name in bold before its value.
fn named(field: &Field) -> Vec<Line> {
    let mut lines = markup::lines(&field.value);
    if lines.is_empty() {
        lines.push(Line::new());
    }
    let mut name = markup::bold(markup::line(&field.name));
    name.push(markup::words(Look::Plain, " "));
    lines[0].splice(0..0, name);
    lines
}
