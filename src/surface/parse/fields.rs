//! The arguments that were given, and the way from each to a checked value.

use std::fmt::Display;
use std::str::FromStr;

use crate::domain::id::{ProjectName, Reference};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::text::Line;
use crate::surface::parse::lexer::Value;
use crate::surface::parse::names;
use crate::surface::parse::spec::{Argument, ArgumentKind, PROJECT, Spec};

/// The longest path that a system takes.
pub(crate) const PATH_MAX: usize = 4096;

/// What was given for the arguments of one command.
#[derive(Debug)]
pub(crate) struct Fields {
    spec: &'static Spec,
    given: Vec<(&'static str, Value)>,
}

impl Fields {
    pub(crate) fn new(spec: &'static Spec) -> Self {
        Self { spec, given: Vec::new() }
    }

    /// Keeps `value` for `argument`, which only lists take twice.
    pub(crate) fn put(&mut self, argument: &Argument, value: Value) -> Result<(), Refusal> {
        if self.given(argument.name) && !argument.kind.is_list() {
            let message = format!("{} is given twice", argument.name);
            return Err(self.syntax(message));
        }
        self.given.push((argument.name, value));
        Ok(())
    }

    /// Whether the argument was given at all.
    pub(crate) fn given(&self, name: &str) -> bool {
        self.given.iter().any(|(given, _)| *given == name)
    }

    /// What was given, as it is.
    pub(crate) fn one(&self, name: &str) -> Option<&Value> {
        self.many(name).next()
    }

    /// A checked value, or nothing if nothing was given.
    pub(crate) fn get<T: FromStr<Err: Display>>(&self, name: &'static str) -> Result<Option<T>, Refusal> {
        self.one(name).map(|value| self.read(name, &value.text)).transpose()
    }

    /// A checked value that the command cannot do without.
    pub(crate) fn need<T: FromStr<Err: Display>>(&self, name: &'static str) -> Result<T, Refusal> {
        self.get(name)?.ok_or_else(|| self.missing(name))
    }

    /// A path that cannot be left out.
    pub(crate) fn path(&self, name: &'static str) -> Result<&str, Refusal> {
        let text = &self.one(name).ok_or_else(|| self.missing(name))?.text;
        if text.is_empty() {
            return Err(self.invalid(format!("{name}: a path cannot be empty")));
        }
        if text.len() > PATH_MAX {
            let message = format!("{name}: a path has at most {PATH_MAX} bytes, this one has {}", text.len());
            return Err(self.invalid(message));
        }
        if let Some(found) = text.chars().find(|c| c.is_control()) {
            let message = format!("{name}: a path cannot contain U+{:04X}", u32::from(found));
            return Err(self.invalid(message));
        }
        Ok(text)
    }

    /// A number within the bounds that the description of the argument names.
    pub(crate) fn number(&self, name: &'static str) -> Result<Option<u32>, Refusal> {
        match self.spec.argument(name).map(|argument| argument.kind) {
            Some(ArgumentKind::Number { min, max }) => self.number_in(name, min, max),
            _ => self.number_in(name, 0, u32::MAX),
        }
    }

    /// A number within bounds.
    pub(crate) fn number_in(&self, name: &'static str, min: u32, max: u32) -> Result<Option<u32>, Refusal> {
        let Some(Value { text, .. }) = self.one(name) else { return Ok(None) };
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse::<u32>() {
            Ok(number) if digits && (min..=max).contains(&number) => Ok(Some(number)),
            _ => {
                let shown = if digits { names::cut(text) } else { names::shown(text) };
                Err(self.invalid(format!("{name} takes a number from {min} to {max}, not {shown}")))
            }
        }
    }

    /// Whether something was said.
    pub(crate) fn flag(&self, name: &'static str) -> Result<bool, Refusal> {
        let Some(value) = self.one(name) else { return Ok(false) };
        match value.text.to_lowercase().as_str() {
            "yes" | "true" | "on" | "1" => Ok(true),
            "no" | "false" | "off" | "0" => Ok(false),
            text => Err(self.invalid(format!("{name} takes yes or no, not {}", names::shown(text)))),
        }
    }

    /// One of a few values, each called as it is printed.
    pub(crate) fn one_of<T: Copy + Display>(
        &self,
        name: &'static str,
        values: &[T],
    ) -> Result<Option<T>, Refusal> {
        let Some(value) = self.one(name) else { return Ok(None) };
        let words: Vec<_> = values.iter().map(T::to_string).collect();
        let word = names::canonical(&value.text);
        match words.iter().position(|known| *known == word) {
            Some(at) => Ok(values.get(at).copied()),
            None => Err(self.no_choice(name, &value.text, &words)),
        }
    }

    /// One of a few values that the command cannot do without.
    pub(crate) fn need_one_of<T: Copy + Display>(
        &self,
        name: &'static str,
        values: &[T],
    ) -> Result<T, Refusal> {
        self.one_of(name, values)?.ok_or_else(|| self.missing(name))
    }

    /// One of a few words where an id may stand too: what is almost one of the words is refused.
    pub(crate) fn keyword(
        &self,
        name: &'static str,
        words: &[&'static str],
    ) -> Result<Option<&'static str>, Refusal> {
        let Some(value) = self.one(name) else { return Ok(None) };
        let word = names::canonical(&value.text);
        let id = value.text.bytes().any(|byte| byte.is_ascii_digit());
        match words.iter().find(|known| **known == word) {
            Some(known) => Ok(Some(known)),
            None if !id && names::nearest(&word, words.iter().copied()).is_some() => {
                Err(self.no_choice(name, &value.text, words))
            }
            None => Ok(None),
        }
    }

    /// Ids, with commas or blanks between them; the bare word `nothing` alone stands for none.
    pub(crate) fn ids(&self, name: &'static str, nothing: &str) -> Result<Vec<Reference>, Refusal> {
        if self.clears(name, nothing) {
            return Ok(Vec::new());
        }
        let parts = self.many(name).flat_map(|value| id_parts(&value.text));
        parts.map(|part| self.read(name, part)).collect()
    }

    /// Lines, with `;` or line ends between them; the bare word `nothing` alone stands for none.
    pub(crate) fn lines(&self, name: &'static str, nothing: &str) -> Result<Vec<Line>, Refusal> {
        if self.clears(name, nothing) {
            return Ok(Vec::new());
        }
        let parts = self.many(name).flat_map(|value| list_items(&value.text));
        parts.filter(|part| !part.trim().is_empty()).map(|part| self.read(name, &part)).collect()
    }

    /// A new value, the absence of one (for the bare word `nothing` or an empty text), or no change.
    pub(crate) fn cleared<T: FromStr<Err: Display>>(
        &self,
        name: &'static str,
        nothing: &str,
    ) -> Result<Option<Option<T>>, Refusal> {
        if self.clears(name, nothing) {
            return Ok(Some(None));
        }
        Ok(self.get(name)?.map(Some))
    }

    /// Whether what was given empties the field.
    pub(crate) fn clears(&self, name: &str, nothing: &str) -> bool {
        let mut values = self.many(name);
        let (Some(value), None) = (values.next(), values.next()) else { return false };
        value.text.trim().is_empty() || (!value.quoted && value.text.eq_ignore_ascii_case(nothing))
    }

    /// The project that was named.
    pub(crate) fn project(&self) -> Result<Option<ProjectName>, Refusal> {
        self.get(PROJECT.name)
    }

    /// A refusal of how the command is written.
    pub(crate) fn syntax(&self, message: String) -> Refusal {
        Refusal::new(Code::Syntax, message, usage_hint(self.spec))
    }

    /// A refusal of something that the command needs and did not get.
    fn missing(&self, name: &str) -> Refusal {
        self.syntax(format!("`{}` needs {} {name}", self.spec.kind, article(name)))
    }

    fn invalid(&self, message: String) -> Refusal {
        Refusal::new(Code::Invalid, message, usage_hint(self.spec))
    }

    fn no_choice(&self, name: &str, text: &str, words: &[impl AsRef<str>]) -> Refusal {
        let words: Vec<_> = words.iter().map(AsRef::as_ref).collect();
        let message = format!("{name} takes one of {}, not {}", words.join(", "), names::shown(text));
        let near = names::nearest(&names::canonical(text), words.iter().copied());
        let usage = usage_hint(self.spec);
        let hint = near.map_or_else(|| usage.clone(), |near| format!("did you mean {near}? {usage}"));
        Refusal::new(Code::Invalid, message, hint)
    }

    fn many(&self, name: &str) -> impl Iterator<Item = &Value> {
        self.given.iter().filter(move |(given, _)| *given == name).map(|(_, value)| value)
    }

    fn read<T: FromStr<Err: Display>>(&self, name: &str, text: &str) -> Result<T, Refusal> {
        text.parse().map_err(|error| self.invalid(format!("{name}: {error}")))
    }
}

/// The line that shows how a command is written.
pub(crate) fn usage_hint(spec: &Spec) -> String {
    format!("usage: `{}`", spec.usage())
}

/// The single ids in `text`.
pub(crate) fn id_parts(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c == ',' || c.is_whitespace()).filter(|part| !part.is_empty())
}

/// The items of a list. Backslashes matter only before a `;`: each pair of them is one, and a single one makes the
/// `;` part of the item.
fn list_items(text: &str) -> Vec<String> {
    let mut items = vec![String::new()];
    let mut backslashes = 0;
    for c in text.chars() {
        if c == '\\' {
            backslashes += 1;
            continue;
        }
        let kept = if c == ';' { backslashes / 2 } else { backslashes };
        let ends = c == '\n' || (c == ';' && backslashes % 2 == 0);
        if let Some(item) = items.last_mut() {
            item.extend(std::iter::repeat_n('\\', kept));
            item.extend((!ends).then_some(c));
        }
        if ends {
            items.push(String::new());
        }
        backslashes = 0;
    }
    if let Some(item) = items.last_mut() {
        item.extend(std::iter::repeat_n('\\', backslashes));
    }
    items
}

fn article(noun: &str) -> &'static str {
    if noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::surface::parse::write::list_item;

    #[test]
    fn a_list_has_its_items_between_semicolons_and_lines() {
        #[rustfmt::skip]
        let cases: &[(&str, &[&str])] = &[
            ("a; b\nc", &["a", " b", "c"]),
            (r"a\;b", &["a;b"]),
            (r"a\\;b", &[r"a\", "b"]),
            (r"C:\x\", &[r"C:\x\"]),
            ("", &[""]),
        ];
        for (text, items) in cases {
            assert_eq!(&list_items(text), items, "for {text:?}");
        }
    }

    #[test]
    fn an_item_survives_being_written_into_a_list() {
        for text in ["a", "a;b", r"a\;b", r"a\\;", r"\", r"\\", ";", r";\"] {
            assert_eq!(list_items(&list_item(text)), [text]);
        }
    }
}
