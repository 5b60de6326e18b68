//! The JSON Schemas of the files, generated from the types and checked on every read and before every write.

use std::fmt;
use std::sync::LazyLock;

use jsonschema::Validator;
use schemars::generate::SchemaSettings;
use serde_json::Value;

use crate::domain::sprint::Sprint;
use crate::domain::story::Story;
use crate::store::format::{BacklogFile, OneFile, StatusFile};

/// The kinds of files that have a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `status.json`.
    Status,
    /// `backlog.json`.
    Backlog,
    /// `stories/…/S-1.json`.
    Story,
    /// `sprints/sprint-001.json`.
    Sprint,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Status, Self::Backlog, Self::Story, Self::Sprint];
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Status => "status",
            Self::Backlog => "backlog",
            Self::Story => "story",
            Self::Sprint => "sprint",
        })
    }
}

/// The schema of one kind of file, as JSON Schema 2020-12.
pub fn schema(kind: Kind) -> Value {
    generated(kind, SchemaSettings::draft2020_12())
}

fn generated(kind: Kind, settings: SchemaSettings) -> Value {
    let generator = settings.into_generator();
    let mut schema = match kind {
        Kind::Status => generator.into_root_schema_for::<StatusFile>(),
        Kind::Backlog => generator.into_root_schema_for::<BacklogFile>(),
        Kind::Story => generator.into_root_schema_for::<OneFile<Story>>(),
        Kind::Sprint => generator.into_root_schema_for::<OneFile<Sprint>>(),
    };
    schema.insert("title".to_owned(), kind.to_string().into());
    schema.to_value()
}

/// Each compiled once a process, and only if it is needed: compiling takes longer than checking a hundred files.
static VALIDATORS: [LazyLock<Option<Validator>>; 4] = [
    LazyLock::new(|| compiled(Kind::Status)),
    LazyLock::new(|| compiled(Kind::Backlog)),
    LazyLock::new(|| compiled(Kind::Story)),
    LazyLock::new(|| compiled(Kind::Sprint)),
];

/// Says the same as the schema that people see, as an older draft: before a schema is compiled it is checked against
/// the one of its draft, which has to be compiled first, and that of draft 7 is much smaller.
fn compiled(kind: Kind) -> Option<Validator> {
    jsonschema::validator_for(&generated(kind, SchemaSettings::draft07())).ok()
}

/// Compiles what nearly every change needs, so that it is there when the first change asks for it.
pub(crate) fn prepare() {
    for kind in [Kind::Status, Kind::Story] {
        LazyLock::force(&VALIDATORS[kind as usize]);
    }
}

/// Checks a value; the error names the place and the rule.
pub(crate) fn check(kind: Kind, value: &Value) -> Result<(), String> {
    let Some(validator) = VALIDATORS[kind as usize].as_ref() else {
        return Err(format!("the schema of a {kind} cannot be compiled"));
    };
    if validator.is_valid(value) {
        return Ok(());
    }
    let Some(error) = validator.iter_errors(value).next() else { return Ok(()) };
    let place = error.instance_path().to_string();
    let place = if place.is_empty() { "the file".to_owned() } else { place };
    Err(format!("{place}: {error}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_schema_compiles_and_refuses_an_empty_object() {
        for kind in Kind::ALL {
            assert!(jsonschema::validator_for(&schema(kind)).is_ok(), "{kind}");
            assert!(check(kind, &json!({})).is_err(), "{kind}");
        }
    }

    #[test]
    fn an_error_names_the_place() {
        let epic = json!({"format": 1, "epics": [{"id": "S-1"}]});

        let error = check(Kind::Backlog, &epic).unwrap_err();

        assert!(error.starts_with("/epics/0"), "{error}");
    }
}
