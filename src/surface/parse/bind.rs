//! Decides which word of a command belongs to which argument.
//!
//! A word is an argument by its name only if the command knows that name, because `http://x`, `12:30` and `good: …`
//! are ordinary text. What is almost a name is refused only if what follows is a value that the argument takes (for
//! texts: one in quotes); so `priorty:high` is a slip, and `note: high time` is text.
//!
//! Words without a name go to the arguments in the order of their places. Free text takes all words that follow, as
//! they were typed; one whole word in quotes is the text without its quotes.

use crate::domain::id::{ProjectName, Reference};
use crate::domain::refusal::{Code, Refusal};
use crate::surface::parse::fields::{Fields, id_parts, usage_hint};
use crate::surface::parse::lexer::{Shape, Token, Value};
use crate::surface::parse::names;
use crate::surface::parse::spec::{Argument, ArgumentKind, PROJECT, Spec};

/// Goes through the words of one command.
pub(crate) struct Binder<'a> {
    text: &'a str,
    spec: &'static Spec,
    /// What was found so far.
    pub(crate) fields: Fields,
    /// The free text that takes the words now.
    pub(crate) open: Option<OpenText<'a>>,
    /// Whether `--` was seen.
    ended: bool,
    /// The list that still takes ids.
    list: Option<&'static Argument>,
}

/// A free text while its words come in.
pub(crate) struct OpenText<'a> {
    argument: &'static Argument,
    words: Vec<Token<'a>>,
    /// Where a named argument stood between two words.
    cuts: Vec<usize>,
}

impl<'a> Binder<'a> {
    /// For the arguments of `spec` in `text`.
    pub(crate) fn new(text: &'a str, spec: &'static Spec) -> Self {
        Self { text, spec, fields: Fields::new(spec), open: None, ended: false, list: None }
    }

    /// Takes all words up and gives what was found.
    pub(crate) fn bind(mut self, tokens: Vec<Token<'a>>) -> Result<Fields, Refusal> {
        self.take(tokens)?;
        self.close()?;
        Ok(self.fields)
    }

    /// Takes words up.
    pub(crate) fn take(&mut self, tokens: Vec<Token<'a>>) -> Result<(), Refusal> {
        let mut tokens = tokens.into_iter().peekable();
        let mut first = true;
        while let Some(token) = tokens.next() {
            self.check_quote(&token, first)?;
            first = false;
            match self.named(&token, tokens.peek())? {
                Named::Is(argument, value) => self.put(argument, value)?,
                Named::Awaits(argument) => {
                    let value = tokens
                        .next()
                        .filter(|next| !is_option(next))
                        .ok_or_else(|| self.fields.syntax(format!("--{} has no value", argument.name)))?;
                    self.check_quote(&value, true)?;
                    self.put(argument, value.value())?;
                }
                Named::Ends => self.ended = true,
                Named::IsNot => self.word(token)?,
            }
        }
        Ok(())
    }

    /// Whether the next word belongs to nothing but the argument's name in front of it.
    pub(crate) fn is_free(&self, argument: &Argument) -> bool {
        !self.fields.given(argument.name)
            && self.open.as_ref().is_none_or(|open| open.argument.name != argument.name)
    }

    /// The argument to which the next word would go by its place.
    pub(crate) fn next_placed(&self) -> Option<&'static Argument> {
        match &self.open {
            Some(_) => None,
            None => self.list.or_else(|| self.free().next()),
        }
    }

    fn put(&mut self, argument: &'static Argument, value: Value) -> Result<(), Refusal> {
        if let Some(open) = &mut self.open {
            open.cuts.push(open.words.len());
        }
        if !self.is_free(argument) && !argument.kind.is_list() {
            return Err(self.fields.syntax(format!("{} is given twice", argument.name)));
        }
        self.list = takes_more(argument, &value, self.spec).then_some(argument);
        self.fields.put(argument, value)
    }

    /// A quote at the head of a word must be closed; only an apostrophe inside a text may stand alone.
    fn check_quote(&self, token: &Token<'_>, first: bool) -> Result<(), Refusal> {
        let Some(at) = token.unclosed else { return Ok(()) };
        let quote = self.text[at..].chars().next().unwrap_or_default();
        let harmless = match &token.shape {
            Shape::Named { name, .. } => self.spec.argument(name).is_none(),
            _ => !first && matches!(quote, '\'' | '‘') && self.spec.takes_text(),
        };
        if harmless {
            return Ok(());
        }
        let place = self.text[..at].chars().count() + 1;
        let shown = names::shown(&self.text[at..]);
        let message = format!("the quote {quote} at character {place} is never closed: {shown}");
        let hint = "close it, or write \\\" for the sign itself inside a text in quotes";
        Err(Refusal::new(Code::Syntax, message, hint))
    }

    /// Whether a word is an argument by its name.
    fn named(&self, token: &Token<'_>, next: Option<&Token<'_>>) -> Result<Named, Refusal> {
        match &token.shape {
            _ if self.ended => Ok(Named::IsNot),
            // Later in a text it is a dash.
            Shape::End if self.open.is_none() => Ok(Named::Ends),
            Shape::Named { name, dashed, value } => match (self.spec.argument(name), value) {
                (Some(argument), Some(value)) => Ok(Named::Is(argument, value.clone())),
                (Some(argument), None) if *dashed && argument.kind == ArgumentKind::Flag => {
                    Ok(Named::Is(argument, Value::bare("yes")))
                }
                (Some(argument), None) if *dashed => Ok(Named::Awaits(argument)),
                (Some(argument), None) => self.blank_behind(argument, token, next),
                (None, value) => self.stranger(name, *dashed, value.as_ref(), token),
            },
            _ => Ok(Named::IsNot),
        }
    }

    /// `points: 5`: a slip, unless it reads as text.
    fn blank_behind(
        &self,
        argument: &'static Argument,
        token: &Token<'_>,
        next: Option<&Token<'_>>,
    ) -> Result<Named, Refusal> {
        let same_line = |next: &&Token<'_>| !self.text[token.end()..next.start].contains('\n');
        let next = next.filter(same_line);
        // `project` is too common a word, and nearly every word could be the name of one.
        let common = argument.kind == ArgumentKind::Project;
        let meant = !common && next.is_some_and(|next| fits_strictly(argument.kind, &next.value()));
        if self.spec.takes_text() && !meant {
            return Ok(Named::IsNot);
        }
        let name = argument.name;
        let message = format!("nothing stands behind {name}:");
        let value = next.map_or_else(|| argument.kind.placeholder(), |next| next.raw.to_owned());
        let mut hint =
            format!("write {name}:{} without a blank; {}", names::cut(&value), usage_hint(self.spec));
        if self.spec.takes_text() {
            hint =
                format!("write {name}:{} without a blank, or the whole text in quotes", names::cut(&value));
        }
        Err(Refusal::new(Code::Syntax, message, hint))
    }

    /// A name that the command does not know: text, or a slip.
    fn stranger(
        &self,
        name: &str,
        dashed: bool,
        value: Option<&Value>,
        token: &Token<'_>,
    ) -> Result<Named, Refusal> {
        let known = self.spec.arguments.iter().chain([&PROJECT]);
        let names = known.flat_map(|argument| argument.aliases.iter().chain([&argument.name]).copied());
        let near = names::nearest(&names::canonical(name), names);
        let text = self.spec.takes_text();
        if !dashed {
            let argument = near.and_then(|near| self.spec.argument(near));
            let meant =
                argument.zip(value).is_some_and(|(argument, value)| fits_strictly(argument.kind, value));
            // A path may have a colon in it.
            let path = self.free().next().is_some_and(|argument| argument.kind == ArgumentKind::Path);
            if path || (text && !meant) {
                return Ok(Named::IsNot);
            }
        }
        let kind = self.spec.kind;
        let message = format!("`{kind}` has no argument {}", names::shown(name));
        let mut hint = usage_hint(self.spec);
        if text {
            hint = format!("put the whole text in quotes if {} belongs to it; {hint}", names::cut(token.raw));
        }
        if let Some(near) = near {
            hint = format!("did you mean {near}? {hint}");
        }
        Err(Refusal::new(Code::Syntax, message, hint))
    }

    /// Gives a word without a name to its argument.
    fn word(&mut self, token: Token<'a>) -> Result<(), Refusal> {
        let value = token.value();
        if let Some(list) = self.list.filter(|list| fits(list.kind, &value)) {
            return self.more(list, value);
        }
        if self.spec.takes_text() {
            // From here on ids are words of the text.
            self.list = None;
        }
        if let Some(open) = &mut self.open {
            if !closes(open, &token, self.spec, &self.fields) {
                open.words.push(token);
                return Ok(());
            }
            self.close()?;
        }
        if let Some(flag) = self.flag(&value) {
            return self.put(flag, Value::bare("yes"));
        }
        let Some(argument) = self.place(&value) else { return self.surplus(&token) };
        if argument.kind.is_text() {
            self.open = Some(OpenText { argument, words: vec![token], cuts: Vec::new() });
            return Ok(());
        }
        self.list = is_of_ids(argument).then_some(argument);
        self.fields.put(argument, value)
    }

    /// Goes on with a list.
    fn more(&mut self, list: &'static Argument, value: Value) -> Result<(), Refusal> {
        if let Some(open) = &mut self.open {
            open.cuts.push(open.words.len());
        }
        self.list = takes_more(list, &value, self.spec).then_some(list);
        self.fields.put(list, value)
    }

    /// The argument whose place it is: the first that the word fits, of the needed ones as long as one is left.
    fn place(&self, value: &Value) -> Option<&'static Argument> {
        let first = self.free().next()?;
        let mut equal = self.free().filter(|argument| argument.required == first.required);
        equal.find(|argument| fits(argument.kind, value)).or(Some(first))
    }

    fn free(&self) -> impl Iterator<Item = &'static Argument> {
        self.spec.in_order().filter(|argument| argument.placed && self.is_free(argument))
    }

    /// `confirm` alone means yes, unless it may be a word of a text.
    fn flag(&self, value: &Value) -> Option<&'static Argument> {
        if value.quoted || self.ended || self.spec.takes_text() {
            return None;
        }
        let flag = self.spec.argument(&value.text)?;
        (flag.kind == ArgumentKind::Flag).then_some(flag)
    }

    /// A word too many. A list takes it, so that a wrong id is refused as such.
    fn surplus(&mut self, token: &Token<'_>) -> Result<(), Refusal> {
        if let Some(list) = self.list {
            return self.fields.put(list, token.value());
        }
        let kind = self.spec.kind;
        let message = format!("`{kind}` does not know what {} is for", names::shown(token.raw));
        Err(self.fields.syntax(message))
    }

    /// Ends the free text.
    fn close(&mut self) -> Result<(), Refusal> {
        let Some(open) = self.open.take() else { return Ok(()) };
        let value = open.value(self.text);
        self.fields.put(open.argument, value)
    }
}

enum Named {
    Is(&'static Argument, Value),
    /// The next word is its value.
    Awaits(&'static Argument),
    Ends,
    IsNot,
}

impl OpenText<'_> {
    /// The words as they were typed, with what stood between them.
    fn value(&self, text: &str) -> Value {
        if let [only] = self.words.as_slice() {
            return only.value();
        }
        let mut joined = String::new();
        let mut behind = None;
        for (at, word) in self.words.iter().enumerate() {
            let gap = behind.map_or("", |end| &text[end..word.start]);
            joined += match self.cuts.contains(&at) {
                false => gap,
                true if gap.contains('\n') => "\n",
                true => " ",
            };
            joined += word.raw;
            behind = Some(word.end());
        }
        Value { text: joined, quoted: true }
    }
}

/// Whether a text in quotes has ended, because the next word is made for the next argument: `"As a user …" E-1`.
fn closes(open: &OpenText<'_>, token: &Token<'_>, spec: &Spec, fields: &Fields) -> bool {
    let [Token { shape: Shape::Quoted(_), .. }] = open.words.as_slice() else { return false };
    let others = spec.in_order().filter(|argument| argument.placed && argument.name != open.argument.name);
    others
        .filter(|argument| !fields.given(argument.name))
        .any(|argument| fits_strictly(argument.kind, &token.value()))
}

fn is_of_ids(argument: &Argument) -> bool {
    argument.kind.is_list() && argument.kind != ArgumentKind::List
}

/// Whether a list goes on behind the blank after `value`. In a text only a comma says so: `ids:S-1, S-2`.
fn takes_more(argument: &Argument, value: &Value, spec: &Spec) -> bool {
    let comma = !value.quoted && value.text.ends_with(',');
    is_of_ids(argument) && (comma || !spec.takes_text())
}

fn is_option(token: &Token<'_>) -> bool {
    matches!(token.shape, Shape::End | Shape::Named { dashed: true, .. })
}

/// Whether a word can be meant for an argument of this kind.
fn fits(kind: ArgumentKind, value: &Value) -> bool {
    let text = value.text.as_str();
    let letter = text.starts_with(|c: char| c.is_alphabetic());
    match kind {
        ArgumentKind::Number { .. } => !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()),
        ArgumentKind::Choice(words) => words.contains(&names::canonical(text).as_str()),
        ArgumentKind::Stories => looks_like_ids(text),
        ArgumentKind::Approvals => looks_like_ids(text) || text.eq_ignore_ascii_case("all"),
        ArgumentKind::Story | ArgumentKind::Epic | ArgumentKind::Any => letter && looks_like_ids(text),
        ArgumentKind::View => letter,
        ArgumentKind::Flag | ArgumentKind::List => false,
        _ => true,
    }
}

/// The same where a word might as well be text: a text must then be in quotes.
fn fits_strictly(kind: ArgumentKind, value: &Value) -> bool {
    match kind {
        _ if value.text.is_empty() => false,
        ArgumentKind::Flag => {
            matches!(names::canonical(&value.text).as_str(), "yes" | "no" | "true" | "false")
        }
        ArgumentKind::Project => value.text.parse::<ProjectName>().is_ok(),
        ArgumentKind::Text | ArgumentKind::Line { .. } | ArgumentKind::List => value.quoted,
        kind => fits(kind, value),
    }
}

/// Ids have a digit in them; ordinary words have none.
fn looks_like_ids(text: &str) -> bool {
    let is_id =
        |part: &str| part.bytes().any(|byte| byte.is_ascii_digit()) && part.parse::<Reference>().is_ok();
    id_parts(text).next().is_some() && id_parts(text).all(is_id)
}
