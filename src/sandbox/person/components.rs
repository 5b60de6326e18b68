//! What can be clicked, chosen and filled in.

use serde_json::{Value, json};

use crate::sandbox::check::component::{BUTTON, INPUT, LABELLED, SELECT};
use crate::sandbox::error::SandboxError;
use crate::sandbox::id::Snowflake;
use crate::sandbox::model::Message;

/// A button under a message.
#[derive(Clone, Debug, PartialEq)]
pub struct Button {
    /// What stands on it.
    pub label: String,
    /// How the bot knows it; empty for a link.
    pub custom_id: String,
    /// 1 primary, 2 secondary, 3 success, 4 danger, 5 link.
    pub style: u64,
    /// Whether it cannot be clicked.
    pub disabled: bool,
}

/// A list under a message, to choose from.
#[derive(Clone, Debug, PartialEq)]
pub struct Select {
    /// How the bot knows it.
    pub custom_id: String,
    /// What stands in it while nothing is chosen.
    pub placeholder: String,
    /// Labels and values.
    pub options: Vec<(String, String)>,
    /// How many values have to be chosen at least, and may be at most.
    pub takes: (usize, usize),
    /// Whether it cannot be used.
    pub disabled: bool,
}

/// A window with a title and inputs, as the bot opened it.
#[derive(Clone, Debug, PartialEq)]
pub struct Modal {
    /// Its title.
    pub title: String,
    /// How the bot knows it.
    pub custom_id: String,
    /// The rows, as they came.
    pub components: Vec<Value>,
    /// The interaction that it answers.
    pub opened_by: Snowflake,
}

impl Modal {
    /// Label and custom id of each input, from top to bottom.
    pub fn inputs(&self) -> Vec<(String, String)> {
        let names = |(label, input): (&str, &Value)| (label.to_owned(), text(input, "custom_id").to_owned());
        self.components.iter().filter_map(|row| labelled(row).map(names)).collect()
    }
}

impl Message {
    /// Its buttons, from left to right and from top to bottom.
    pub fn buttons(&self) -> Vec<Button> {
        let buttons = leaves(&self.components).into_iter().filter(|one| one["type"] == BUTTON);
        let read = |one: &Value| Button {
            label: format!("{} {}", text(&one["emoji"], "name"), text(one, "label")).trim().to_owned(),
            custom_id: text(one, "custom_id").to_owned(),
            style: one["style"].as_u64().unwrap_or(1),
            disabled: one["disabled"] == true,
        };
        buttons.map(read).collect()
    }

    /// Its lists to choose from, from top to bottom.
    pub fn selects(&self) -> Vec<Select> {
        let selects = leaves(&self.components).into_iter().filter(|one| one["type"] == SELECT);
        let options = |one: &Value| {
            let all = one["options"].as_array().into_iter().flatten();
            all.map(|option| (text(option, "label").to_owned(), text(option, "value").to_owned())).collect()
        };
        let number = |value: &Value| value.as_u64().map_or(1, |number| usize::try_from(number).unwrap_or(25));
        let read = |one: &Value| Select {
            custom_id: text(one, "custom_id").to_owned(),
            placeholder: text(one, "placeholder").to_owned(),
            options: options(one),
            takes: (number(&one["min_values"]), number(&one["max_values"])),
            disabled: one["disabled"] == true,
        };
        selects.map(read).collect()
    }
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

/// Components that hold no others.
fn leaves(components: &[Value]) -> Vec<&Value> {
    let mut found = Vec::new();
    for one in components {
        match one["components"].as_array() {
            Some(inner) => found.extend(leaves(inner)),
            None => found.push(one),
        }
        // A section has a button beside its text.
        found.extend(Some(&one["accessory"]).filter(|accessory| !accessory.is_null()));
    }
    found
}

/// The label and the input of a row of a modal.
fn labelled(row: &Value) -> Option<(&str, &Value)> {
    if row["type"] == LABELLED {
        return Some((text(row, "label"), &row["component"]));
    }
    let input = row["components"].get(0)?;
    Some((text(input, "label"), input))
}

/// The button that is meant, if it can be clicked.
pub(crate) fn button(message: &Message, meant: &str) -> Result<Button, SandboxError> {
    let all = message.buttons();
    let same = |one: &&Button| one.custom_id == meant || one.label == meant;
    let found = all.iter().find(same).filter(|one| one.style != 5);
    let Some(found) = found else {
        let labels: Vec<_> = all.iter().map(|one| one.label.as_str()).collect();
        return Err(SandboxError::NoSuchComponent("button", meant.to_owned(), labels.join(", ")));
    };
    if found.disabled { Err(SandboxError::Disabled(meant.to_owned())) } else { Ok(found.clone()) }
}

/// The select that is meant, and the values that are meant, if they can be chosen.
pub(crate) fn choice(
    message: &Message,
    meant: &str,
    chosen: &[&str],
) -> Result<(Select, Vec<String>), SandboxError> {
    let all = message.selects();
    let same = |one: &&Select| one.custom_id == meant || one.placeholder == meant;
    let Some(select) = all.iter().find(same).cloned() else {
        let names: Vec<_> = all.iter().map(|one| one.custom_id.as_str()).collect();
        return Err(SandboxError::NoSuchComponent("select", meant.to_owned(), names.join(", ")));
    };
    if select.disabled {
        return Err(SandboxError::Disabled(meant.to_owned()));
    }
    let (least, most) = select.takes;
    if !(least..=most).contains(&chosen.len()) {
        return Err(SandboxError::WrongChoice(meant.to_owned(), format!("{} values", chosen.len())));
    }
    let mut values = Vec::new();
    for one in chosen {
        let found = select.options.iter().find(|(label, value)| label == one || value == one);
        let wrong = || SandboxError::WrongChoice(meant.to_owned(), (*one).to_owned());
        values.push(found.ok_or_else(wrong)?.1.clone());
    }
    Ok((select, values))
}

/// The data of an interaction for a modal that was filled in.
pub(crate) fn submission(modal: &Modal, values: &Value) -> Result<Value, SandboxError> {
    let inputs = modal.inputs();
    for key in values.as_object().into_iter().flat_map(|all| all.keys()) {
        if !inputs.iter().any(|(label, id)| label == key || id == key) {
            let names: Vec<_> = inputs.iter().map(|(label, _)| label.as_str()).collect();
            return Err(SandboxError::NoSuchComponent("input", key.clone(), names.join(", ")));
        }
    }
    let mut rows = Vec::new();
    for (at, row) in modal.components.iter().enumerate() {
        let Some((label, input)) = labelled(row) else { continue };
        let given = [label, text(input, "custom_id")].into_iter().find_map(|key| values.get(key));
        let filled = filled(label, input, given)?;
        rows.push(if row["type"] == LABELLED {
            json!({ "type": LABELLED, "id": at + 1, "component": filled })
        } else {
            json!({ "type": 1, "id": at + 1, "components": [filled] })
        });
    }
    Ok(json!({ "custom_id": modal.custom_id, "components": rows }))
}

/// An input with what was put into it, or what was in it from the beginning.
fn filled(label: &str, input: &Value, given: Option<&Value>) -> Result<Value, SandboxError> {
    let custom_id = &input["custom_id"];
    let wrong = |given: &str| SandboxError::WrongChoice(label.to_owned(), format!("{given:?}"));
    if input["type"] != INPUT {
        let values = match given {
            Some(Value::Array(values)) => values.clone(),
            Some(one) => vec![one.clone()],
            None => Vec::new(),
        };
        let known = |value: &Value| {
            input["options"].as_array().is_none_or(|all| all.iter().any(|option| option["value"] == *value))
        };
        if let Some(unknown) = values.iter().find(|value| !known(value)) {
            return Err(wrong(&unknown.to_string()));
        }
        return Ok(json!({ "type": input["type"], "id": 1, "custom_id": custom_id, "values": values }));
    }
    let value = given.and_then(Value::as_str).unwrap_or_else(|| text(input, "value"));
    let length = value.chars().count() as u64;
    let least = input["min_length"].as_u64().unwrap_or(0);
    let most = input["max_length"].as_u64().unwrap_or(4_000);
    let is_missing = value.is_empty() && input["required"] != false;
    if is_missing || !value.is_empty() && !(least..=most).contains(&length) {
        return Err(wrong(value));
    }
    Ok(json!({ "type": INPUT, "id": 1, "custom_id": custom_id, "value": value }))
}
