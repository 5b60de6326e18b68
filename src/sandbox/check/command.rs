//! Which commands Discord lets an application register.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::sandbox::check::{Form, join};
use crate::sandbox::error::ApiError;

/// Commands of one scope.
pub(crate) const COMMANDS: usize = 100;
const OPTIONS: usize = 25;
const CHOICES: usize = 25;
/// Characters of names, descriptions and values in all of one command.
const TOTAL: usize = 8_000;

pub(crate) const SUB_COMMAND: u64 = 1;
pub(crate) const SUB_COMMAND_GROUP: u64 = 2;
const STRING: u64 = 3;
const KINDS: std::ops::RangeInclusive<u64> = 1..=11;

/// Checks one command.
pub(crate) fn one(body: &Value) -> Result<(), ApiError> {
    let mut form = Form::default();
    command(&mut form, body, "");
    form.finish()
}

/// Checks a whole set, which replaces what there was.
pub(crate) fn set(bodies: &[Value]) -> Result<(), ApiError> {
    let mut form = Form::default();
    let mut names = BTreeSet::new();
    for (at, body) in bodies.iter().enumerate() {
        let path = at.to_string();
        command(&mut form, body, &path);
        if !names.insert(body["name"].as_str().unwrap_or_default()) {
            let message = "Application command names must be unique";
            form.at(&join(&path, "name"), "APPLICATION_COMMANDS_DUPLICATE_NAME", message);
        }
    }
    form.length("", bodies.len(), 0, COMMANDS);
    form.finish()
}

fn command(form: &mut Form, body: &Value, path: &str) {
    name(form, body, path);
    form.needed_text(body, "description", path, 100);
    if body["type"].as_u64().is_some_and(|kind| kind != 1) {
        let message = "This kind of command is not known here";
        form.at(&join(path, "type"), "BASE_TYPE_CHOICES", message);
    }
    options(form, body, path, 0);
    if size(body) > TOTAL {
        let message = format!("Command exceeds maximum size ({TOTAL})");
        form.at(path, "APPLICATION_COMMAND_TOO_LARGE", message);
    }
}

fn name(form: &mut Form, body: &Value, path: &str) {
    if form.needed_text(body, "name", path, 32) == 0 {
        return;
    }
    let name = body["name"].as_str().unwrap_or_default();
    let fine = |c: char| c.is_alphanumeric() || ['-', '_', '\''].contains(&c);
    if !name.chars().all(fine) || name.to_lowercase() != name {
        form.at(&join(path, "name"), "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid");
    }
}

/// Names, descriptions and values, of the command and all that is in it.
fn size(body: &Value) -> usize {
    let own = |key: &str| body[key].as_str().map_or(0, |text| text.chars().count());
    let inner = |key: &str| body[key].as_array().into_iter().flatten().map(size).sum::<usize>();
    own("name") + own("description") + own("value") + inner("options") + inner("choices")
}

fn options(form: &mut Form, body: &Value, path: &str, depth: usize) {
    let options = form.list(body, "options", path, OPTIONS);
    let path = join(path, "options");
    let nests = |option: &Value| matches!(option["type"].as_u64(), Some(SUB_COMMAND | SUB_COMMAND_GROUP));
    let nested = options.iter().filter(|option| nests(option)).count();
    if nested > 0 && nested < options.len() {
        let message =
            "Sub-command and sub-command group option types are mutually exclusive to all other types";
        form.at(&path, "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", message);
    }
    let mut names = BTreeSet::new();
    let mut optional_seen = false;
    for (at, item) in options.iter().enumerate() {
        let path = join(&path, at);
        if !names.insert(item["name"].as_str().unwrap_or_default()) {
            let message = "Option name already exists";
            form.at(&join(&path, "name"), "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS", message);
        }
        let required = item["required"] == true;
        if required && optional_seen {
            let message = "Required options must be placed before non-required options";
            form.at(&path, "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", message);
        }
        optional_seen |= !required;
        option(form, item, &path, depth);
    }
}

fn option(form: &mut Form, item: &Value, path: &str, depth: usize) {
    name(form, item, path);
    form.needed_text(item, "description", path, 100);
    let kind = item["type"].as_u64().unwrap_or_default();
    let too_deep = kind == SUB_COMMAND_GROUP && depth > 0 || kind == SUB_COMMAND && depth > 1;
    if !KINDS.contains(&kind) || too_deep {
        form.at(&join(path, "type"), "BASE_TYPE_CHOICES", "Value must be one of {1, ..., 11}.");
    }
    if matches!(kind, SUB_COMMAND | SUB_COMMAND_GROUP) {
        options(form, item, path, depth + kind_depth(kind));
        return;
    }
    if !item["options"].is_null() && item["options"] != Value::Array(Vec::new()) {
        form.at(
            &join(path, "options"),
            "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID",
            "Options cannot be nested here",
        );
    }
    choices(form, item, path, kind);
}

/// Below a group stand sub-commands; below a sub-command nothing that nests.
fn kind_depth(kind: u64) -> usize {
    if kind == SUB_COMMAND_GROUP { 1 } else { 2 }
}

fn choices(form: &mut Form, item: &Value, path: &str, kind: u64) {
    let choices = form.list(item, "choices", path, CHOICES);
    if item["autocomplete"] == true && !choices.is_empty() {
        let message = "Autocomplete cannot be used with choices";
        form.at(path, "APPLICATION_COMMAND_OPTIONS_CHOICES_AUTOCOMPLETE", message);
    }
    for (at, choice) in choices.iter().enumerate() {
        let path = join(&join(path, "choices"), at);
        form.needed_text(choice, "name", &path, 100);
        if kind == STRING {
            form.needed_text(choice, "value", &path, 100);
        }
    }
}

/// Checks what is offered while a person types.
pub(crate) fn offered(data: &Value) -> Result<(), ApiError> {
    let mut form = Form::default();
    for (at, choice) in form.list(data, "choices", "data", CHOICES).iter().enumerate() {
        let path = join("data.choices", at);
        form.needed_text(choice, "name", &path, 100);
        if choice["value"].is_string() {
            form.needed_text(choice, "value", &path, 100);
        } else if choice["value"].is_null() {
            form.required(&join(&path, "value"));
        }
    }
    form.finish()
}
