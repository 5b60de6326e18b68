//! Choices as buttons, more of them as menus, and the buttons that turn pages.

use serenity::all::ButtonStyle;
use serenity::builder::{
    CreateActionRow, CreateButton, CreateSelectMenu, CreateSelectMenuKind, CreateSelectMenuOption,
};

use crate::surface::answer::{Choice, ChoiceStyle};
use crate::surface::discord::look::key::{Key, Keys, Writer};
use crate::surface::discord::look::markup::{self, fitting};

/// Discord's bound of the rows of a message.
const ROWS_MAX: usize = 5;
/// Discord's bound of the buttons of a row.
const BUTTONS_MAX: usize = 5;
/// Discord's bound of the options of a menu.
const OPTIONS_MAX: usize = 25;
/// Discord's bound of a label, less what stands behind one that asks.
const LABEL_MAX: usize = 78;
/// Discord's bound of the description of an option.
const DESCRIPTION_MAX: usize = 100;
/// More pairs of yes and no than this go into a menu.
const PAIRS_MAX: usize = 3;

/// Where a person is in an answer of several pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paging {
    /// The page that is shown, counted from 1.
    pub page: u32,
    /// How many there are.
    pub pages: u32,
    /// The text of the command that was answered, which must be one that changes nothing.
    pub command: String,
}

/// What a person can press below a message: at most five rows, empty if there is nothing to press.
///
/// What is too long for a button is kept with `keys`. Choices for which even menus have no room are left out; the
/// last menu says how many.
pub fn rows(choices: &[Choice], paging: Option<Paging>, keys: &mut dyn Keys) -> Vec<CreateActionRow> {
    layout(choices, paging.as_ref(), keys).iter().map(Row::build).collect()
}

/// One row, as it will be.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Row {
    Buttons(Vec<Button>),
    Menu { key: String, placeholder: String, options: Vec<Item> },
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Button {
    key: String,
    label: String,
    style: ButtonStyle,
    disabled: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Item {
    key: String,
    label: String,
    description: String,
}

fn layout(choices: &[Choice], paging: Option<&Paging>, keys: &mut dyn Keys) -> Vec<Row> {
    let mut writer = Writer::new(keys);
    let paging = paging.filter(|paging| paging.pages > 1);
    let room = ROWS_MAX - usize::from(paging.is_some());
    let (shown, listed) = divided(choices, room);
    let mut rows: Vec<_> = side_by_side(&shown, room - menus(listed.len()).min(room))
        .into_iter()
        .map(|row| Row::Buttons(row.iter().map(|choice| button(choice, &mut writer)).collect()))
        .collect();
    let left = room - rows.len();
    let fitting = &listed[..listed.len().min(left * OPTIONS_MAX)];
    for options in fitting.chunks(OPTIONS_MAX) {
        rows.push(menu(options, &mut writer));
    }
    let missing = listed.len() - fitting.len();
    if let Some(Row::Menu { placeholder, .. }) = rows.last_mut().filter(|_| missing > 0) {
        *placeholder = format!("More … ({missing} others can only be typed)");
    }
    rows.extend(paging.map(|paging| turning(paging, &mut writer)));
    rows
}

/// How many menus so many options take.
fn menus(options: usize) -> usize {
    options.div_ceil(OPTIONS_MAX)
}

/// The choices that become buttons, and those that go into menus.
fn divided(choices: &[Choice], room: usize) -> (Vec<&Choice>, Vec<&Choice>) {
    let mut answers = 0;
    let (mut shown, mut listed): (Vec<_>, Vec<_>) = choices.iter().partition(|choice| {
        answers += usize::from(is_answer(choice));
        !is_answer(choice) || answers <= 2 * PAIRS_MAX
    });
    // Each menu takes a row of buttons away, whose choices then have to go into a menu.
    let mut rows = room - menus(listed.len()).min(room);
    while shown.len() > rows * BUTTONS_MAX {
        let listing = listed.len() + shown.len() - rows * BUTTONS_MAX;
        if rows + menus(listing) <= room || rows == 0 {
            let more = shown.split_off(rows * BUTTONS_MAX);
            listed.splice(0..0, more);
            break;
        }
        rows -= 1;
    }
    (shown, listed)
}

/// Whether a choice answers a question that waits.
fn is_answer(choice: &Choice) -> bool {
    ["approve ", "reject "].iter().any(|name| choice.command.starts_with(name))
}

/// Buttons in at most `rows` rows. A yes and its no stay together where there is room for that.
fn side_by_side<'a>(shown: &[&'a Choice], rows: usize) -> Vec<Vec<&'a Choice>> {
    let mut found: Vec<Vec<&Choice>> = Vec::new();
    let mut rest = shown;
    while let Some(first) = rest.first() {
        let is_pair = first.style == ChoiceStyle::Primary
            && rest.get(1).is_some_and(|next| next.style == ChoiceStyle::Danger);
        let (together, behind) = rest.split_at(if is_pair { 2 } else { 1 });
        match found.last_mut() {
            Some(row) if row.len() + together.len() <= BUTTONS_MAX => row.extend(together),
            _ => found.push(together.to_vec()),
        }
        rest = behind;
    }
    if found.len() > rows { shown.chunks(BUTTONS_MAX).map(<[_]>::to_vec).collect() } else { found }
}

fn button(choice: &Choice, writer: &mut Writer<'_>) -> Button {
    let style = match choice.style {
        ChoiceStyle::Primary if is_answer(choice) => ButtonStyle::Success,
        ChoiceStyle::Primary => ButtonStyle::Primary,
        ChoiceStyle::Secondary | ChoiceStyle::Turn => ButtonStyle::Secondary,
        ChoiceStyle::Danger => ButtonStyle::Danger,
    };
    Button { key: writer.write(&key(choice)), label: label(choice), style, disabled: false }
}

fn menu(options: &[&Choice], writer: &mut Writer<'_>) -> Row {
    let item = |choice: &&Choice, writer: &mut Writer<'_>| Item {
        key: writer.write(&key(choice)),
        label: label(choice),
        description: fitting(&format!("/{}", choice.command), DESCRIPTION_MAX),
    };
    Row::Menu {
        key: writer.write(&Key::Pick),
        placeholder: "More …".to_owned(),
        options: options.iter().map(|choice| item(choice, writer)).collect(),
    }
}

/// `‹ Page 1 of 3 ›`.
fn turning(paging: &Paging, writer: &mut Writer<'_>) -> Row {
    let Paging { page, pages, command } = paging;
    let mut button = |label: String, number: u32| {
        let disabled = number == *page || !(1..=*pages).contains(&number);
        // What cannot be pressed needs to be no more than unique.
        let command = if disabled { String::new() } else { command.clone() };
        let key = writer.write(&Key::Page { number, command });
        Button { key, label, style: ButtonStyle::Secondary, disabled }
    };
    Row::Buttons(vec![
        button("‹".to_owned(), page.saturating_sub(1)),
        button(format!("Page {page} of {pages}"), *page),
        button("›".to_owned(), page.saturating_add(1)),
    ])
}

fn key(choice: &Choice) -> Key {
    let command = choice.command.clone();
    match &choice.asks {
        Some(argument) => Key::Ask { command, argument: argument.clone() },
        // The first page of another part is the next page of the whole.
        None if choice.style == ChoiceStyle::Turn => Key::Page { number: 1, command },
        None => Key::Run { command },
    }
}

/// A label knows no Markdown.
fn label(choice: &Choice) -> String {
    let text =
        if markup::is_blank(&choice.label) { format!("/{}", choice.command) } else { choice.label.clone() };
    let label = fitting(&text, LABEL_MAX);
    if choice.asks.is_some() { format!("{label} …") } else { label }
}

impl Row {
    fn build(&self) -> CreateActionRow {
        match self {
            Self::Buttons(buttons) => CreateActionRow::Buttons(buttons.iter().map(Button::build).collect()),
            Self::Menu { key, placeholder, options } => {
                let options = options.iter().map(|item| {
                    CreateSelectMenuOption::new(&item.label, &item.key).description(&item.description)
                });
                let kind = CreateSelectMenuKind::String { options: options.collect() };
                CreateActionRow::SelectMenu(CreateSelectMenu::new(key, kind).placeholder(placeholder))
            }
        }
    }
}

impl Button {
    fn build(&self) -> CreateButton {
        CreateButton::new(&self.key).label(&self.label).style(self.style).disabled(self.disabled)
    }
}
