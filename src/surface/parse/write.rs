//! From a command back to the text that means it, in one form of many.

use std::fmt::Display;

use crate::domain::command::Command;
use crate::domain::id::Reference;
use crate::surface::parse::spec;

/// The text that means `command`, without the syntax of a surface: [`parse`](crate::surface::parse::parse) gives it
/// back.
pub fn to_text(command: &Command) -> String {
    let spec = spec::of(command.kind());
    let mut out = Writer { line: spec.kind.name().to_owned() };
    (spec.write)(command, &mut out);
    out.line
}

/// Puts arguments behind the name of a command.
pub(crate) struct Writer {
    line: String,
}

impl Writer {
    /// A word that means itself.
    pub(crate) fn word(&mut self, word: impl Display) {
        self.line += &format!(" {word}");
    }

    /// An id by its place.
    pub(crate) fn reference(&mut self, id: &Reference) {
        self.line += &format!(" {}", ids(std::slice::from_ref(id)));
    }

    /// Free text by its place.
    pub(crate) fn text(&mut self, text: &str) {
        self.line += &format!(" {}", quoted(text));
    }

    /// A value that needs no quotes; nothing is written for nothing.
    pub(crate) fn named(&mut self, name: &str, value: Option<impl Display>) {
        if let Some(value) = value {
            self.line += &format!(" {name}:{value}");
        }
    }

    /// Free text by its name; nothing is written for nothing.
    pub(crate) fn named_text(&mut self, name: &str, text: Option<&str>) {
        self.named(name, text.map(quoted));
    }

    /// Ids by their name; nothing is written for none.
    pub(crate) fn named_list(&mut self, name: &str, list: &[Reference]) {
        self.named(name, (!list.is_empty()).then(|| ids(list)));
    }

    /// A word that stands there or does not.
    pub(crate) fn flag(&mut self, name: &str, given: bool) {
        if given {
            self.word(name);
        }
    }
}

/// One item of a list, so that a `;` inside it does not end it.
pub(crate) fn list_item(text: &str) -> String {
    let mut item = String::with_capacity(text.len());
    let mut backslashes = 0;
    for c in text.chars() {
        if c == ';' {
            // As many again, and one for the sign itself: see how lists are read.
            item.extend(std::iter::repeat_n('\\', backslashes + 1));
        }
        backslashes = if c == '\\' { backslashes + 1 } else { 0 };
        item.push(c);
    }
    item
}

/// Text in quotes, read back as it is.
pub(crate) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

fn ids(list: &[Reference]) -> String {
    let joined = list.iter().map(Reference::as_str).collect::<Vec<_>>().join(",");
    let plain = |text: &str| text.starts_with(|c: char| c.is_ascii_alphanumeric()) && !text.contains(':');
    if plain(&joined) && joined.bytes().any(|byte| byte.is_ascii_digit()) { joined } else { quoted(&joined) }
}
