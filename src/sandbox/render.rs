//! Discord in plain text, for a terminal or the message of a failed test.

use serde_json::Value;

use crate::sandbox::model::Message;
use crate::sandbox::person::{Button, Outcome, Seen, Select};

/// All that a person sees of an interaction.
pub(crate) fn seen(seen: &Seen) -> String {
    let mut parts: Vec<_> = seen.messages.iter().map(message).collect();
    if let Some(modal) = &seen.modal {
        let inputs = modal.inputs().into_iter().map(|(label, _)| format!("  {label}: ____"));
        let lines: Vec<_> = std::iter::once(format!("{{{}}}", modal.title)).chain(inputs).collect();
        parts.push(lines.join("\n"));
    }
    parts.extend(seen.choices.iter().map(|(name, _)| format!("> {name}")));
    match seen.outcome {
        Outcome::Waiting => parts.push("(nothing yet)".to_owned()),
        Outcome::Thinking => parts.push("(the application is thinking)".to_owned()),
        Outcome::NoResponse => parts.push("(the application did not respond)".to_owned()),
        Outcome::Noted | Outcome::Answered => {}
    }
    parts.join("\n")
}

impl Message {
    /// The message in plain text: what is written, embeds, files, buttons and lists.
    pub fn text(&self) -> String {
        message(self)
    }
}

fn message(message: &Message) -> String {
    let mut lines = Vec::new();
    if message.only_for.is_some() {
        lines.push("(only you can see this)".to_owned());
    }
    if !message.content.is_empty() {
        lines.push(message.content.clone());
    }
    for one in &message.embeds {
        embed(one, &mut lines);
    }
    for file in &message.attachments {
        lines.push(format!("({}, {} bytes)", file.name, file.bytes.len()));
    }
    let rows = message.buttons();
    if !rows.is_empty() {
        lines.push(rows.iter().map(button).collect::<Vec<_>>().join(" "));
    }
    lines.extend(message.selects().iter().map(select));
    lines.join("\n")
}

fn embed(embed: &Value, lines: &mut Vec<String>) {
    let text = |value: &Value, key: &str| value[key].as_str().map(str::to_owned);
    let mut inner: Vec<String> = Vec::new();
    inner.extend(text(&embed["author"], "name"));
    inner.extend(text(embed, "title").map(|title| format!("**{title}**")));
    inner.extend(text(embed, "description"));
    for field in embed["fields"].as_array().into_iter().flatten() {
        let (name, value) =
            (text(field, "name").unwrap_or_default(), text(field, "value").unwrap_or_default());
        let gap = if value.contains('\n') { "\n" } else { " " };
        inner.push(format!("{name}:{gap}{value}"));
    }
    inner.extend(text(&embed["image"], "url").map(|url| format!("(picture {})", last(&url))));
    inner.extend(text(&embed["footer"], "text"));
    lines.extend(inner.iter().flat_map(|text| text.lines()).map(|line| format!("| {line}")));
}

fn last(url: &str) -> &str {
    url.rsplit('/').next().unwrap_or(url)
}

fn button(button: &Button) -> String {
    if button.disabled { format!("[-{}-]", button.label) } else { format!("[{}]", button.label) }
}

fn select(select: &Select) -> String {
    let labels: Vec<_> = select.options.iter().map(|(label, _)| label.as_str()).collect();
    format!("<{}: {}>", select.placeholder, labels.join(" | "))
}
