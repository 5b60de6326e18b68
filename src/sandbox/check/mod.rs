//! What Discord refuses, and how it says where the fault is.

pub(crate) mod command;
pub(crate) mod component;
pub(crate) mod message;

use serde_json::{Map, Value, json};

use crate::sandbox::error::ApiError;

/// The faults of one request body, by the path that leads to them.
#[derive(Debug, Default)]
pub(crate) struct Form {
    errors: Map<String, Value>,
}

impl Form {
    /// Notes a fault at `path`, whose steps are parted by dots: `embeds.0.title`.
    pub(crate) fn at(&mut self, path: &str, code: &str, message: impl Into<String>) {
        let mut here = &mut self.errors;
        for step in path.split('.').filter(|step| !step.is_empty()) {
            let next = here.entry(step).or_insert_with(|| json!({}));
            let Value::Object(next) = next else { return };
            here = next;
        }
        let faults = here.entry("_errors").or_insert_with(|| json!([]));
        if let Value::Array(faults) = faults {
            faults.push(json!({ "code": code, "message": message.into() }));
        }
    }

    pub(crate) fn required(&mut self, path: &str) {
        self.at(path, "BASE_TYPE_REQUIRED", "This field is required");
    }

    pub(crate) fn length(&mut self, path: &str, length: usize, min: usize, max: usize) {
        if min == 0 && length > max {
            self.at(path, "BASE_TYPE_MAX_LENGTH", format!("Must be {max} or fewer in length."));
        } else if length < min || length > max {
            let message = format!("Must be between {min} and {max} in length.");
            self.at(path, "BASE_TYPE_BAD_LENGTH", message);
        }
    }

    /// Checks a text that may be absent, and gives its length.
    pub(crate) fn text(&mut self, holder: &Value, key: &str, path: &str, max: usize) -> usize {
        self.text_of(holder, key, path, 0, max)
    }

    /// Checks a text that has to be there, and gives its length.
    pub(crate) fn needed_text(&mut self, holder: &Value, key: &str, path: &str, max: usize) -> usize {
        let is_empty = |value: &Value| value.as_str().is_some_and(|text| text.trim().is_empty());
        if holder[key].is_null() || is_empty(&holder[key]) {
            self.required(&join(path, key));
            return 0;
        }
        self.text_of(holder, key, path, 1, max)
    }

    fn text_of(&mut self, holder: &Value, key: &str, path: &str, min: usize, max: usize) -> usize {
        let path = join(path, key);
        match &holder[key] {
            Value::Null => 0,
            Value::String(text) => {
                let length = text.chars().count();
                self.length(&path, length, min, max);
                length
            }
            _ => {
                self.at(&path, "STRING_TYPE_CONVERT", "Could not interpret value as string.");
                0
            }
        }
    }

    /// Checks a list that may be absent, and gives what is in it.
    pub(crate) fn list<'a>(&mut self, holder: &'a Value, key: &str, path: &str, max: usize) -> &'a [Value] {
        let path = join(path, key);
        match &holder[key] {
            Value::Null => &[],
            Value::Array(items) => {
                self.length(&path, items.len(), 0, max);
                items
            }
            _ => {
                self.at(&path, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType");
                &[]
            }
        }
    }

    /// All is well, or the refusal that names every fault.
    pub(crate) fn finish(self) -> Result<(), ApiError> {
        if self.errors.is_empty() { Ok(()) } else { Err(ApiError::form(Value::Object(self.errors))) }
    }
}

/// The path one step further.
pub(crate) fn join(path: &str, step: impl std::fmt::Display) -> String {
    if path.is_empty() { step.to_string() } else { format!("{path}.{step}") }
}
