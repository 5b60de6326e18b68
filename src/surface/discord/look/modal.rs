//! Forms: what a command still needs is asked for, and what was filled in becomes the text of the command.

use serenity::all::InputTextStyle;
use serenity::builder::{CreateActionRow, CreateInputText, CreateModal};

use crate::domain::text::{Line, Prose};
use crate::surface::discord::look::markup::fitting;
use crate::surface::parse::{self, Argument, ArgumentKind, quoted};

/// Discord's bound of the title of a form, and of a label.
const TITLE_MAX: usize = 45;
/// Discord's bound of what stands in an empty input.
const PLACEHOLDER_MAX: usize = 100;
/// Discord's bound of the inputs of a form.
const INPUTS_MAX: usize = 5;
/// Discord's bound of what can be typed into one.
const VALUE_MAX: usize = 4000;
/// Discord's bound of the name of an input.
const NAME_MAX: usize = 100;

/// The form that asks for an argument of a command, and for others that people often give with it.
///
/// `custom_id` is the text of the [`Key::Ask`](crate::surface::discord::look::Key::Ask) that was pressed, so that
/// what comes back with the form says which command it is for.
pub fn modal(custom_id: &str, command: &str, argument: &str) -> CreateModal {
    let row = |input: &Input| CreateActionRow::InputText(input.build());
    CreateModal::new(custom_id, fitting(&format!("/{command}"), TITLE_MAX))
        .components(inputs(command, argument).iter().map(row).collect())
}

/// The text of `command` with what was typed into a form, each as the name of its argument and the value. Inputs
/// that were left empty say nothing.
pub fn filled<'a>(command: &str, inputs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut text = command.to_owned();
    for (name, value) in inputs {
        let kind =
            parse::described(command).and_then(|spec| spec.argument(name)).map(|argument| argument.kind);
        let value = value.replace("\r\n", "\n");
        // A blank is easily typed behind a number, and part of a text.
        let value = if kind.is_some_and(|kind| !kind.is_text()) { value.trim() } else { value.as_str() };
        if !value.is_empty() {
            text += &format!(" {name}:{}", quoted(value));
        }
    }
    text
}

/// One line or field of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Input {
    /// The name of the argument.
    name: String,
    label: String,
    placeholder: Option<String>,
    several_lines: bool,
    required: bool,
    max: usize,
}

/// What is asked for, then what is often given with it and does not need an id to be looked up.
fn inputs(command: &str, asked: &str) -> Vec<Input> {
    let spec = parse::described(command);
    let Some(argument) = spec.and_then(|spec| spec.argument(asked)) else {
        return vec![unknown(asked)];
    };
    let with_it = |argument: &&Argument| {
        let kind = argument.kind;
        let typed = matches!(kind, ArgumentKind::Line { .. } | ArgumentKind::List | ArgumentKind::Choice(_));
        let typed = typed || matches!(kind, ArgumentKind::Number { .. });
        typed && !argument.is_called(asked) && !parse::gives(command, argument.name)
    };
    let others = spec.into_iter().flat_map(parse::Spec::in_order).filter(with_it);
    let all = std::iter::once(Input { required: true, ..input(argument) }).chain(others.map(input));
    all.take(INPUTS_MAX).collect()
}

fn input(argument: &Argument) -> Input {
    let (several_lines, max) = match argument.kind {
        ArgumentKind::Text => (true, Prose::MAX),
        ArgumentKind::List => (true, VALUE_MAX),
        ArgumentKind::Number { max, .. } => (false, max.to_string().len()),
        _ => (false, Line::MAX),
    };
    let placeholder = match argument.kind {
        ArgumentKind::Choice(words) => format!("{} ({})", argument.description, words.join(", ")),
        _ => argument.description.to_owned(),
    };
    Input {
        name: argument.name.to_owned(),
        label: label(argument.name),
        placeholder: Some(fitting(&placeholder, PLACEHOLDER_MAX)),
        several_lines,
        required: argument.required,
        max: max.min(VALUE_MAX),
    }
}

/// An input for an argument of which nothing is known.
fn unknown(name: &str) -> Input {
    let shown = fitting(name, NAME_MAX);
    Input {
        name: if shown.is_empty() { "value".to_owned() } else { shown },
        label: label(name),
        placeholder: None,
        several_lines: true,
        required: true,
        max: VALUE_MAX,
    }
}

/// `depends_on` as `Depends on`.
fn label(name: &str) -> String {
    let words = name.replace('_', " ");
    let mut letters = words.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    let label = fitting(&format!("{first}{}", letters.as_str()), TITLE_MAX);
    if label.is_empty() { "Value".to_owned() } else { label }
}

impl Input {
    fn build(&self) -> CreateInputText {
        let style = if self.several_lines { InputTextStyle::Paragraph } else { InputTextStyle::Short };
        let input = CreateInputText::new(style, &self.label, &self.name)
            .required(self.required)
            .min_length(u16::from(self.required))
            .max_length(u16::try_from(self.max).unwrap_or(u16::MAX));
        match &self.placeholder {
            Some(placeholder) => input.placeholder(placeholder),
            None => input,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::command::Command;
    use crate::surface::parse::parse;

    fn names(command: &str, asked: &str) -> Vec<String> {
        let of = |input: Input| format!("{}{}", input.name, if input.required { "" } else { "?" });
        inputs(command, asked).into_iter().map(of).collect()
    }

    #[test]
    fn a_form_asks_for_what_is_needed_and_what_is_often_given() {
        #[rustfmt::skip]
        let cases: [(&str, &str, &[&str]); 8] = [
            ("epic",                            "description", &["description", "title?"]),
            ("backlog add",                     "description", &["description", "priority?", "points?", "criteria?"]),
            ("backlog add epic:E-1 points:3",   "description", &["description", "priority?", "criteria?"]),
            ("suggest_fix id:S-3",              "description", &["description"]),
            ("feedback",                        "description", &["description"]),
            ("request_changes",                 "description", &["description"]),
            ("story move S-1 blocked",          "reason",      &["reason"]),
            ("no such command",                 "what",        &["what"]),
        ];
        for (command, asked, expected) in cases {
            assert_eq!(names(command, asked), expected, "for {command}");
        }
    }

    #[test]
    fn what_was_typed_into_a_form_is_what_is_asked() {
        let odd = "Say \"hi\"\n  and \\ go; priority:low `x` --";
        let typed = [("description", odd), ("priority", " high "), ("points", "5 "), ("criteria", "")];

        let text = filled("backlog add epic:E-1", typed);

        let Command::BacklogAdd { story } = parse(&text).unwrap().command else { panic!("{text}") };
        assert_eq!(story.description.as_str(), odd);
        assert_eq!((story.priority.unwrap().to_string(), story.points), ("high".to_owned(), Some(5)));
        assert_eq!((story.epic.unwrap().as_str(), story.criteria.len()), ("E-1", 0));
    }

    #[test]
    fn lines_of_a_list_are_items() {
        let typed = [("description", "x"), ("criteria", "a mail arrives\r\nit works once; only once")];

        let text = filled("backlog add", typed);

        let Command::BacklogAdd { story } = parse(&text).unwrap().command else { panic!("{text}") };
        let criteria: Vec<_> = story.criteria.iter().map(Line::as_str).collect();
        assert_eq!(criteria, ["a mail arrives", "it works once", "only once"]);
    }
}
