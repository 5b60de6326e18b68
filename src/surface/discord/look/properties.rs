//! For every answer that can be made: Discord takes it, nobody is mentioned, and nothing is lost.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;
use twilight_model::channel::message::component::Component;
use twilight_model::channel::message::embed::Embed;
use twilight_validate::component::component_v1;
use unicode_width::UnicodeWidthStr;

use crate::surface::answer::{Align, Answer, Choice, ChoiceStyle, Column, Field, Picture, Table, Tone};
use crate::surface::discord::look::tests::Kept;
use crate::surface::discord::look::{Key, Paging, markup, modal, plain, rows, sheets};
use crate::surface::render::harmless;

/// What means something to Discord or to us, and what is hard to cut.
#[rustfmt::skip]
const PIECES: [&str; 56] = [
    "@everyone", "@here", "<@1>", "<@!1>", "<@&1>", "<#1>", "</undo:1>", "<t:0:R>", "<:x:1>", "<a:x:1>", "<id:home>",
    "<", ">", "@", "#", "# ", "-# ", ">>> ", "- ", "1. ", "*", "**", "_", "__", "~~", "||", "`", "```", "\\", "[", "](",
    ")", ":", ":x:", "https://", "http://x.example/a_b", "`sprint plan`", "**bold**", "everyone", "here", " ", "\n",
    "\n\n", "\t", "\r\n", "\u{200b}", "\u{202e}", "\u{7}", "\u{301}", "👨‍👩‍👧‍👦", "🇩🇪", "日本", "עברית", "word", "a", "\0",
];
/// The names that columns have, and two that none has.
#[rustfmt::skip]
const COLUMNS: [&str; 26] = [
    "", "Story", "Title", "Status", "Priority", "Points", "Sprint", "Group", "Command", "What it does", "When (UTC)",
    "Who", "What", "Commit", "Before", "After", "Now", "Mend", "Seen", "Note", "Text", "Found in", "Path", "State",
    "@everyone", "`x`",
];

/// Short text, mostly.
fn odd() -> impl Strategy<Value = String> {
    let pieces = |count| vec(select(&PIECES[..]), count).prop_map(|pieces| pieces.concat());
    prop_oneof![
        4 => pieces(0..6),
        4 => "[a-zA-Z0-9 ]{0,30}",
        2 => any::<String>(),
        1 => pieces(0..80),
    ]
}

/// Text that may be longer than a page.
fn long() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => odd(),
        1 => vec(select(&PIECES[..]), 0..800).prop_map(|pieces| pieces.concat()),
        1 => (select(&PIECES[..]), 0..1500_usize).prop_map(|(piece, times)| piece.repeat(times)),
    ]
}

fn table() -> impl Strategy<Value = Table> {
    let column = (select(&COLUMNS[..]), select(&[Align::Left, Align::Right][..]))
        .prop_map(|(name, align)| Column { name: name.to_owned(), align });
    (1..6_usize).prop_flat_map(move |width| {
        (vec(column.clone(), width), vec(vec(odd(), width), 0..30))
            .prop_map(|(columns, rows)| Table { columns, rows })
    })
}

fn choice() -> impl Strategy<Value = Choice> {
    let styles = select(&[ChoiceStyle::Primary, ChoiceStyle::Secondary, ChoiceStyle::Danger][..]);
    let commands =
        prop_oneof![odd(), select(&["approve A-1", "reject A-1", "undo"][..]).prop_map(str::to_owned)];
    (odd(), commands, option::of(odd()), styles).prop_map(|(label, command, asks, style)| Choice {
        label,
        command,
        asks,
        style,
    })
}

fn some_answer() -> impl Strategy<Value = Answer> {
    let field = (odd(), odd()).prop_map(|(name, value)| Field { name, value });
    let fields = (vec(field, 0..30), option::of(long())).prop_map(|(mut fields, value)| {
        fields.extend(value.map(|value| Field { name: "Long".to_owned(), value }));
        fields
    });
    let picture = odd().prop_map(|alt| Picture::Velocity { sprints: Vec::new(), alt });
    let tone = select(&[Tone::Done, Tone::Info, Tone::Warning][..]);
    (long(), tone, option::of(long()), fields, option::of(table()), option::of(picture)).prop_map(
        |(title, tone, text, fields, table, picture)| Answer {
            title,
            tone,
            text,
            fields,
            table,
            picture,
            choices: Vec::new(),
        },
    )
}

/// Whether Discord would make something of a text that is not a format.
fn mentions(text: &str) -> bool {
    let small = text.to_ascii_lowercase();
    ["@everyone", "@here", "<@", "<#", "</", "<:", "<a:", "<t:", "<id:"].iter().any(|it| small.contains(it))
}

/// What a text says: without blanks and without everything that may be a mark or an escape.
fn said(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace() && !"\\*`<>…–\u{200b}".contains(*c)).collect()
}

/// What Discord shows of one line. Panics at a mark that is not one of ours.
fn shown(line: &str) -> String {
    let head = line.trim_start();
    assert!(!head.starts_with(['#', '>', '-', '+']), "{line:?} begins a heading, a quote or a list");
    let behind_digits = head.trim_start_matches(|c: char| c.is_ascii_digit());
    assert!(behind_digits.len() == head.len() || !behind_digits.starts_with(". "), "{line:?} begins a list");
    let mut text = String::new();
    let mut rest = line;
    let mut bold = false;
    while let Some(c) = rest.chars().next() {
        let (shown, length) = match c {
            '\\' => (&rest[1..2], 2),
            '*' => {
                assert!(rest.starts_with("**"), "{line:?} has a `*` of its own");
                bold = !bold;
                ("", 2)
            }
            '`' => {
                let end = rest[1..].find('`').unwrap_or_else(|| panic!("{line:?} has code without an end"));
                (&rest[1..=end], end + 2)
            }
            '<' => {
                let end = rest.find('>').unwrap();
                assert!(rest[1..end].starts_with("http"), "{line:?} has a mention");
                (&rest[1..end], end + 1)
            }
            '_' | '~' | '|' | '[' | ']' => panic!("{line:?} has a `{c}` that is a mark"),
            c => (&rest[..c.len_utf8()], c.len_utf8()),
        };
        text += shown;
        rest = &rest[length..];
    }
    assert!(!bold, "{line:?} has bold words without an end");
    text
}

/// The longer of Discord's two ways to count.
fn length(value: &Value) -> usize {
    value.as_str().map_or(0, |text| text.encode_utf16().count())
}

fn check_embed(embed: &Value) {
    let fields = embed["fields"].as_array().map_or(&[][..], Vec::as_slice);
    let mut total =
        length(&embed["title"]) + length(&embed["description"]) + length(&embed["footer"]["text"]);
    assert!(length(&embed["title"]) <= 256 && length(&embed["description"]) <= 2000, "{embed}");
    assert!(fields.len() <= 25, "{embed}");
    for field in fields {
        let (name, value) = (&field["name"], &field["value"]);
        assert!(length(name) <= 256 && length(value) <= 1024, "{field}");
        assert!(
            name.as_str().unwrap().trim().width() > 0 && value.as_str().unwrap().trim().width() > 0,
            "{field}"
        );
        total += length(name) + length(value);
    }
    assert!(total <= 6000 && length(&embed["title"]) > 0, "{embed}");
    let texts = [&embed["title"], &embed["description"], &embed["footer"]["text"]].into_iter();
    for text in texts.chain(fields.iter().flat_map(|field| [&field["name"], &field["value"]])) {
        assert!(!mentions(text.as_str().unwrap_or_default()), "{text}");
    }
    let read: Embed = serde_json::from_value(embed.clone()).unwrap();
    twilight_validate::embed::embed(&read).unwrap();
}

/// Checks the rows of a message; gives the keys that are in it.
fn check_rows(rows: &[Value]) -> Vec<String> {
    assert!(rows.len() <= 5);
    let mut keys = Vec::new();
    for row in rows {
        let mut row = row.clone();
        for part in row["components"].as_array_mut().unwrap() {
            for option in part["options"].as_array().into_iter().flatten() {
                assert!(
                    (1..=100).contains(&length(&option["value"])) && length(&option["description"]) <= 100
                );
                assert!(
                    (1..=100).contains(&length(&option["label"]))
                        && !mentions(option["label"].as_str().unwrap())
                );
                keys.push(option["value"].as_str().unwrap().to_owned());
            }
            if part["type"] == 2 {
                assert!((1..=80).contains(&length(&part["label"])), "{part}");
                assert!(!mentions(part["label"].as_str().unwrap()), "{part}");
            }
            assert!((1..=100).contains(&length(&part["custom_id"])), "{part}");
            keys.push(part["custom_id"].as_str().unwrap().to_owned());
        }
        let read: Component = serde_json::from_value(row).unwrap();
        component_v1(&read).unwrap();
    }
    keys
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn discord_takes_every_answer(answer in some_answer()) {
        for sheet in sheets(&answer) {
            check_embed(&serde_json::to_value(sheet.embed()).unwrap());
        }
        let text = plain(&answer);
        prop_assert!((1..=2000).contains(&text.encode_utf16().count()) && !mentions(&text), "{}", text);
    }

    #[test]
    fn what_is_shown_is_what_was_written(text in odd(), max in 20..200_usize) {
        for line in markup::lines(&text) {
            let written: String = line.iter().map(|span| span.text.as_str()).collect();
            let mut parts = String::new();
            let mut rest = line;
            while !rest.is_empty() {
                let (head, tail) = markup::cut(&rest, max);
                let part = markup::markdown(&head);
                prop_assert!(markup::length(&part) <= max, "{} is longer than {}", part, max);
                parts += &shown(&part);
                rest = tail;
            }
            prop_assert_eq!(parts.replace(markup::GAP, ""), written.replace(markup::GAP, ""));
        }
    }

    #[test]
    fn nothing_is_lost_between_pages(answer in some_answer()) {
        let sheets = sheets(&answer);
        let text: String = sheets.iter().map(|sheet| said(&sheet.description)).collect();
        let facts: String = sheets.iter().flat_map(|sheet| &sheet.facts).map(|fact| said(&fact.value)).collect();
        // Commands get a slash in front.
        let without_slashes = |text: &str| text.replace('/', "");

        let title = without_slashes(&said(&sheets[0].title));
        let whole = without_slashes(&said(&harmless(&answer.title)));
        let rest = whole.strip_prefix(&title).unwrap();
        let written = said(&harmless(answer.text.as_deref().unwrap_or_default()));
        let first = [rest, &without_slashes(&written)].concat();
        prop_assert!(without_slashes(&text).starts_with(&first), "{} is not in front of {}", first, text);
        for cell in answer.table.iter().flat_map(|table| &table.rows).flatten() {
            let cell = without_slashes(&said(&harmless(cell)));
            prop_assert!(without_slashes(&text).contains(&cell), "{} is not in {}", cell, text);
        }
        for field in &answer.fields {
            let value = without_slashes(&said(&harmless(&field.value)));
            prop_assert!(without_slashes(&facts).contains(&value), "{} is not in {}", value, facts);
        }
    }

    #[test]
    fn discord_takes_every_row_and_gives_every_key_back(
        choices in vec(choice(), 0..60), page in option::of((0..5u32, 0..5u32, odd())),
    ) {
        let paging = page.map(|(page, pages, command)| Paging { page, pages, command });
        let mut kept = Kept::default();
        let made = rows(&choices, paging, &mut kept);
        let made: Vec<_> = made.iter().map(|row| serde_json::to_value(row).unwrap()).collect();

        let keys = check_rows(&made);

        let distinct: std::collections::BTreeSet<_> = keys.iter().collect();
        prop_assert_eq!(distinct.len(), keys.len());
        let read = keys.iter().map(|text| match Key::read(text).unwrap() {
            Key::Kept(name) => Key::read(&kept.0[name[1..].parse::<usize>().unwrap()]).unwrap(),
            key => key,
        });
        let read: Vec<_> = read.collect();
        for Choice { command, asks, .. } in &choices {
            let command = command.clone();
            let key = match asks.clone() {
                Some(argument) => Key::Ask { command, argument },
                None => Key::Run { command },
            };
            prop_assert!(read.contains(&key), "{:?} is not offered", key);
        }
    }

    #[test]
    fn no_key_is_too_odd(text in odd(), head in select(&["", "bm", "bm1", "bm1r:", "bm1n:", "bm1a", "bm2"][..])) {
        let _ = Key::read(&format!("{head}{text}"));
    }

    #[test]
    fn discord_takes_every_form(command in odd(), argument in odd()) {
        let form = serde_json::to_value(modal("bm1p:", &command, &argument)).unwrap();
        prop_assert!((1..=45).contains(&length(&form["title"])));
        let inputs = form["components"].as_array().unwrap();
        prop_assert!((1..=5).contains(&inputs.len()));
        for row in inputs {
            let read: Component = serde_json::from_value(row.clone()).unwrap();
            component_v1(&read).unwrap();
            let input = &row["components"][0];
            prop_assert!((1..=100).contains(&length(&input["custom_id"])), "{}", input);
            prop_assert!((1..=45).contains(&length(&input["label"])), "{}", input);
        }
    }
}
