//! Which buttons, selects and modals Discord takes.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::sandbox::check::{Form, join};

const ROWS: usize = 5;
const BUTTONS: usize = 5;
const OPTIONS: usize = 25;
const CUSTOM_ID: usize = 100;
const LABEL: usize = 80;
/// Components of all kinds in a message of the newer sort.
const ALL_V2: usize = 40;

pub(crate) const ROW: u64 = 1;
pub(crate) const BUTTON: u64 = 2;
pub(crate) const SELECT: u64 = 3;
pub(crate) const INPUT: u64 = 4;
/// A title over one input of a modal.
pub(crate) const LABELLED: u64 = 18;

/// Checks the rows of a message.
pub(crate) fn rows(form: &mut Form, body: &Value, is_v2: bool) {
    let most = if is_v2 { ALL_V2 } else { ROWS };
    let mut ids = BTreeSet::new();
    for (at, row) in form.list(body, "components", "", most).iter().enumerate() {
        let path = join("components", at);
        match row["type"].as_u64() {
            Some(ROW) => one_row(form, row, &path, &mut ids),
            Some(9..=17) if is_v2 => nested_ids(form, row, &path, &mut ids),
            _ => wrong_type(form, &path, "(1,)"),
        }
    }
}

fn wrong_type(form: &mut Form, path: &str, fine: &str) {
    let message = format!("Value must be one of {{{fine}}}.");
    form.at(&join(path, "type"), "UNION_TYPE_CHOICES", message);
}

fn one_row(form: &mut Form, row: &Value, path: &str, ids: &mut BTreeSet<String>) {
    let items = form.list(row, "components", path, BUTTONS);
    let path = join(path, "components");
    if items.is_empty() {
        form.length(&path, 0, 1, BUTTONS);
    }
    let selects = items.iter().filter(|item| item["type"] != BUTTON).count();
    if selects > 0 && items.len() > 1 {
        form.at(
            &path,
            "COMPONENT_LAYOUT_WIDTH_EXCEEDED",
            "The specified component exceeds the maximum width",
        );
    }
    for (at, item) in items.iter().enumerate() {
        let path = join(&path, at);
        match item["type"].as_u64() {
            Some(BUTTON) => button(form, item, &path, ids),
            Some(SELECT | 5..=8) => select(form, item, &path, ids),
            _ => wrong_type(form, &path, "(2, 3, 5, 6, 7, 8)"),
        }
    }
}

/// Finds what can be clicked in components that are nested as one likes.
fn nested_ids(form: &mut Form, item: &Value, path: &str, ids: &mut BTreeSet<String>) {
    match item["type"].as_u64() {
        Some(ROW) => return one_row(form, item, path, ids),
        Some(BUTTON) => return button(form, item, path, ids),
        _ => {}
    }
    for (at, inner) in item["components"].as_array().into_iter().flatten().enumerate() {
        nested_ids(form, inner, &join(&join(path, "components"), at), ids);
    }
    if !item["accessory"].is_null() {
        nested_ids(form, &item["accessory"], &join(path, "accessory"), ids);
    }
}

fn custom_id(form: &mut Form, item: &Value, path: &str, ids: &mut BTreeSet<String>) {
    form.needed_text(item, "custom_id", path, CUSTOM_ID);
    let Some(id) = item["custom_id"].as_str() else { return };
    if !ids.insert(id.to_owned()) {
        let message = "Component custom id cannot be duplicated";
        form.at(&join(path, "custom_id"), "COMPONENT_CUSTOM_ID_DUPLICATED", message);
    }
}

fn button(form: &mut Form, item: &Value, path: &str, ids: &mut BTreeSet<String>) {
    form.text(item, "label", path, LABEL);
    if item["label"].as_str().is_none_or(str::is_empty) && item["emoji"].is_null() {
        form.required(&join(path, "label"));
    }
    match item["style"].as_u64() {
        Some(1..=4) if item["url"].is_null() => custom_id(form, item, path, ids),
        Some(5) if item["custom_id"].is_null() => {
            form.needed_text(item, "url", path, 512);
        }
        Some(1..=5) => {
            let message = "A custom id and url cannot both be specified";
            form.at(path, "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE", message);
        }
        _ => form.at(&join(path, "style"), "BASE_TYPE_CHOICES", "Value must be one of {1, 2, 3, 4, 5, 6}."),
    }
}

fn select(form: &mut Form, item: &Value, path: &str, ids: &mut BTreeSet<String>) {
    custom_id(form, item, path, ids);
    form.text(item, "placeholder", path, 150);
    let options = form.list(item, "options", path, OPTIONS);
    let most = item["max_values"].as_u64().unwrap_or(1);
    let least = item["min_values"].as_u64().unwrap_or(1);
    if !(1..=25).contains(&most) || least > most {
        let message = "int value should be less than or equal to 25.";
        form.at(&join(path, "max_values"), "NUMBER_TYPE_MAX", message);
    }
    if item["type"] != SELECT {
        return;
    }
    let path = join(path, "options");
    if options.is_empty() {
        form.length(&path, 0, 1, OPTIONS);
    } else if most > options.len() as u64 {
        let message = "The number of options is less than max_values";
        form.at(&path, "COMPONENT_MAX_VALUES_EXCEED_OPTIONS", message);
    }
    let mut values = BTreeSet::new();
    for (at, option) in options.iter().enumerate() {
        let path = join(&path, at);
        form.needed_text(option, "label", &path, 100);
        form.needed_text(option, "value", &path, 100);
        form.text(option, "description", &path, 100);
        if !values.insert(option["value"].as_str().unwrap_or_default()) {
            let message = "The specified option value is already used";
            form.at(&join(&path, "value"), "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", message);
        }
    }
}

/// Checks the modal in an answer to an interaction.
pub(crate) fn modal(form: &mut Form, data: &Value) {
    form.needed_text(data, "title", "data", 45);
    form.needed_text(data, "custom_id", "data", CUSTOM_ID);
    let rows = form.list(data, "components", "data", 5);
    if rows.is_empty() {
        form.length("data.components", 0, 1, 5);
    }
    let mut ids = BTreeSet::new();
    for (at, row) in rows.iter().enumerate() {
        let path = join("data.components", at);
        match row["type"].as_u64() {
            Some(ROW) => {
                let items = form.list(row, "components", &path, 1);
                for (at, item) in items.iter().enumerate() {
                    input(form, item, &join(&join(&path, "components"), at), &mut ids);
                }
            }
            Some(LABELLED) => {
                form.needed_text(row, "label", &path, 45);
                labelled(form, &row["component"], &join(&path, "component"), &mut ids);
            }
            // A text to read.
            Some(10) => {}
            _ => wrong_type(form, &path, "(1, 10, 18)"),
        }
    }
}

fn labelled(form: &mut Form, item: &Value, path: &str, ids: &mut BTreeSet<String>) {
    match item["type"].as_u64() {
        Some(SELECT | 5..=8) => select(form, item, path, ids),
        Some(INPUT) => input_limits(form, item, path, ids),
        _ => wrong_type(form, path, "(3, 4, 5, 6, 7, 8)"),
    }
}

fn input(form: &mut Form, item: &Value, path: &str, ids: &mut BTreeSet<String>) {
    if item["type"] != INPUT {
        return wrong_type(form, path, "(4,)");
    }
    form.needed_text(item, "label", path, 45);
    input_limits(form, item, path, ids);
}

fn input_limits(form: &mut Form, item: &Value, path: &str, ids: &mut BTreeSet<String>) {
    custom_id(form, item, path, ids);
    form.text(item, "placeholder", path, 100);
    form.text(item, "value", path, 4_000);
    if !matches!(item["style"].as_u64(), Some(1 | 2)) {
        form.at(&join(path, "style"), "BASE_TYPE_CHOICES", "Value must be one of {1, 2}.");
    }
    for (key, max) in [("min_length", 4_000), ("max_length", 4_000)] {
        if item[key].as_i64().is_some_and(|length| !(0..=max).contains(&length)) {
            let message = format!("int value should be less than or equal to {max}.");
            form.at(&join(path, key), "NUMBER_TYPE_MAX", message);
        }
    }
}
