//! Takes the fields of one foreign thing one by one, so that none is lost.

use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use crate::domain::entity::Extra;
use crate::domain::text::{Line, Prose, Title};

/// Where values are kept whose old names mean something else with us.
const CLASHING: &str = "agent_workflow";

/// The fields of one thing that are not taken yet, and what there is to tell about it.
pub(super) struct Fields<'n> {
    fields: Map<String, Value>,
    /// What could not be taken as it was, by its old name.
    originals: Map<String, Value>,
    /// What people call the thing now.
    name: String,
    notes: &'n mut Vec<String>,
}

impl<'n> Fields<'n> {
    /// The fields of the thing that is called `name` from now on.
    pub(super) fn new(mut fields: Map<String, Value>, name: String, notes: &'n mut Vec<String>) -> Self {
        let originals = match fields.remove(CLASHING) {
            Some(Value::Object(originals)) => originals,
            Some(other) => Map::from_iter([(CLASHING.to_owned(), other)]),
            None => Map::new(),
        };
        Self { fields, originals, name, notes }
    }

    /// The fields of a thing inside this one.
    pub(super) fn within(&mut self, fields: Map<String, Value>, name: &str) -> Fields<'_> {
        Fields::new(fields, format!("{}: {name}", self.name), self.notes)
    }

    /// Tells people something about the thing.
    pub(super) fn note(&mut self, text: &str) {
        self.notes.push(format!("{}: {text}", self.name));
    }

    /// Takes a field whatever it is.
    pub(super) fn take(&mut self, name: &str) -> Option<Value> {
        self.fields.remove(name).filter(|value| !value.is_null())
    }

    /// Takes a field that is text, or a number that stands for text. Anything else stays.
    pub(super) fn take_text(&mut self, name: &str) -> Option<String> {
        match self.fields.get(name)? {
            Value::String(text) if text.trim().is_empty() => {
                self.fields.remove(name);
                None
            }
            Value::String(text) => Some(text.clone()).inspect(|_| drop(self.fields.remove(name))),
            Value::Number(number) => Some(number.to_string()).inspect(|_| drop(self.fields.remove(name))),
            _ => None,
        }
    }

    /// Keeps a value that could not be taken as it was.
    pub(super) fn keep(&mut self, name: &str, value: Value) {
        self.originals.insert(name.to_owned(), value);
    }

    /// A title; one that is too long is cut, and kept in full.
    pub(super) fn title(&mut self, text: &str) -> Option<Title> {
        self.fitted("title", text, Title::MAX, false)
    }

    /// A text of several lines.
    pub(super) fn prose(&mut self, name: &str, text: &str) -> Option<Prose> {
        self.fitted(name, text, Prose::MAX, true)
    }

    /// A text of one line.
    pub(super) fn line(&mut self, name: &str, text: &str) -> Option<Line> {
        self.fitted(name, text, Line::MAX, false)
    }

    /// A list of lines. If one of them had to be changed, the whole list is kept.
    pub(super) fn lines(&mut self, name: &str) -> Vec<Line> {
        let whole = match self.take(name) {
            Some(Value::Array(list)) => list,
            Some(one) => vec![one],
            None => return Vec::new(),
        };
        let as_text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let texts = whole.iter().map(as_text).filter(|text| !text.trim().is_empty());
        let lines: Vec<_> = texts.filter_map(|text| self.line(name, &text)).collect();
        if self.originals.contains_key(name) {
            self.keep(name, Value::Array(whole));
        }
        lines
    }

    /// A time; without a zone it is meant in UTC.
    pub(super) fn time(&mut self, name: &str) -> Option<Timestamp> {
        let text = self.take_text(name)?;
        let time = parse_time(text.trim());
        if time.is_none() {
            self.note(&format!("`{name}` is not a time: {text:?}"));
            self.keep(name, Value::String(text));
        }
        time
    }

    /// What is left, under its old names; where such a name is one of `ours`, under another.
    pub(super) fn rest(mut self, ours: &[&str]) -> Extra {
        let mut extra = Extra::new();
        for (name, value) in std::mem::take(&mut self.fields) {
            if ours.contains(&name.as_str()) && value.is_null() {
                continue;
            }
            if ours.contains(&name.as_str()) {
                self.originals.entry(name).or_insert(value);
            } else {
                extra.insert(name, value);
            }
        }
        if !self.originals.is_empty() {
            extra.insert(CLASHING.to_owned(), Value::Object(self.originals));
        }
        extra
    }

    fn fitted<T: FromStr>(&mut self, name: &str, text: &str, max: usize, lines: bool) -> Option<T> {
        if let Ok(fits) = text.parse() {
            return Some(fits);
        }
        let fitted = fit(text, max, lines);
        let parsed = fitted.parse().ok();
        // Whether lines are joined is no loss; whether words are missing is.
        let is_shorter = fitted.ends_with('…');
        if is_shorter {
            self.note(&format!("`{name}` was cut to {max} characters"));
        } else if parsed.is_none() && !text.trim().is_empty() {
            self.note(&format!("`{name}` cannot be kept as text"));
        }
        self.keep(name, Value::String(text.to_owned()));
        parsed
    }
}

fn parse_time(text: &str) -> Option<Timestamp> {
    let in_utc = |time: DateTime| time.to_zoned(TimeZone::UTC).ok().map(|time| time.timestamp());
    text.parse::<Timestamp>()
        .ok()
        .or_else(|| text.parse::<DateTime>().ok().and_then(in_utc))
        .or_else(|| text.parse::<Date>().ok().and_then(|day| in_utc(day.at(0, 0, 0, 0))))
}

/// Leaves out what no text may contain, and cuts between words what is too long.
fn fit(text: &str, max: usize, lines: bool) -> String {
    let text = text.replace("\r\n", "\n");
    let blank = |c: char| if c == '\n' && !lines { ' ' } else { c };
    let plain: String = text.chars().map(blank).filter(|c| keeps_order(*c)).collect();
    let plain = without_stacks(plain.trim());
    if plain.chars().count() <= max {
        return plain;
    }
    let head: String = plain.chars().take(max - 1).collect();
    let cut = head.rfind(char::is_whitespace).filter(|at| *at > head.len() / 2).unwrap_or(head.len());
    format!("{}…", head[..cut].trim_end())
}

fn keeps_order(c: char) -> bool {
    let is_control = c.is_control() && !matches!(c, '\n' | '\t');
    !is_control && !matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Takes marks away where so many are stacked that the text is refused.
fn without_stacks(text: &str) -> String {
    let is_fine = |text: &str| {
        text.is_empty() || text.chars().take(Prose::MAX).collect::<String>().parse::<Prose>().is_ok()
    };
    if is_fine(text) {
        return text.to_owned();
    }
    text.chars().filter(|c| c.is_alphanumeric() || c.is_ascii() || c.is_whitespace()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_time_without_a_zone_is_meant_in_utc() {
        #[rustfmt::skip]
        let cases = [
            ("2025-03-01T10:20:30.123456",       Some("2025-03-01T10:20:30.123456Z")),
            ("2025-03-01T10:20:30",              Some("2025-03-01T10:20:30Z")),
            ("2025-03-01 10:20:30",              Some("2025-03-01T10:20:30Z")),
            ("2025-03-01T10:20:30Z",             Some("2025-03-01T10:20:30Z")),
            ("2025-03-01T10:20:30+02:00",        Some("2025-03-01T08:20:30Z")),
            ("2025-03-01",                       Some("2025-03-01T00:00:00Z")),
            ("soon",                             None),
        ];
        for (text, time) in cases {
            assert_eq!(parse_time(text).map(|time| time.to_string()).as_deref(), time, "{text}");
        }
    }

    #[test]
    fn every_text_can_be_made_to_fit() {
        let stacked = format!("e{}x", "\u{0301}".repeat(20));
        let long = "word ".repeat(2000);
        for text in ["a\0b", "a\u{1b}[31m", "a\u{202e}b", &stacked, &long, "a\nb", &"x".repeat(9000)] {
            for (max, lines) in [(Title::MAX, false), (Prose::MAX, true)] {
                let fitted = fit(text, max, lines);
                let is_text =
                    if lines { fitted.parse::<Prose>().is_ok() } else { fitted.parse::<Title>().is_ok() };
                assert!(is_text, "{text:?} became {fitted:?}");
            }
        }
    }

    #[test]
    fn what_is_not_taken_is_kept_beside_what_is() {
        let Value::Object(fields) = json!({"title": "T\u{0}", "rank": 7, "colour": "red", "none": null})
        else {
            panic!()
        };
        let mut notes = Vec::new();
        let mut fields = Fields::new(fields, "S-1".into(), &mut notes);
        let text = fields.take_text("title").unwrap();
        assert_eq!(fields.title(&text).unwrap().as_str(), "T");

        let extra = fields.rest(&["rank"]);

        assert_eq!(
            json!(extra),
            json!({"agent_workflow": {"title": "T\u{0}", "rank": 7}, "colour": "red", "none": null})
        );
    }
}
