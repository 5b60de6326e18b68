//! Holds what a bot sent, and what the local Discord answered, against Discord's own description of its API.
//!
//! The document is not part of the repository. Its place is told by `DISCORD_OPENAPI`; otherwise it is looked
//! for beside the repository. Where it is absent nothing is checked, and the test says so.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::OnceLock;

use bandmaster::sandbox::{Discord, Logged};
use jsonschema::Validator;
use serde_json::{Map, Value, json};

/// Fails if a body that the bot sent is not what Discord takes: neither what its description says, nor what the
/// description leaves out and the local Discord refused.
pub(crate) fn check(discord: &Discord) {
    let refused = discord.requests().into_iter().filter(is_refused_body);
    report(refused.map(|one| format!("{} {}: {}", one.method, one.path, one.answer)).collect());
    report(faults(discord).unwrap_or_default());
}

/// What does not fit the description; nothing if there is none.
pub(crate) fn faults(discord: &Discord) -> Option<Vec<String>> {
    let document = document()?;
    Some(discord.requests().iter().filter_map(|one| document.fault_of_request(one)).collect())
}

/// Fails if an answer of the local Discord is not what Discord answers.
pub(crate) fn check_answers(discord: &Discord) {
    let Some(document) = document() else { return };
    report(discord.requests().iter().filter_map(|one| document.fault_of_answer(one)).collect());
}

/// Too large, empty, or invalid somewhere.
fn is_refused_body(one: &Logged) -> bool {
    matches!(one.answer["code"].as_u64(), Some(40005 | 50006 | 50035))
}

fn report(faults: Vec<String>) {
    assert!(faults.is_empty(), "{} do not fit Discord's description:\n{}", faults.len(), faults.join("\n"));
}

#[expect(clippy::print_stderr, reason = "a test that checks nothing has to say so")]
fn document() -> Option<&'static Document> {
    static DOCUMENT: OnceLock<Option<Document>> = OnceLock::new();
    let document = DOCUMENT.get_or_init(Document::read).as_ref();
    if document.is_none() {
        eprintln!("skipped: there is no description of Discord's API; DISCORD_OPENAPI says where it is");
    }
    document
}

struct Document {
    paths: Map<String, Value>,
    schemas: Map<String, Value>,
}

impl Document {
    fn read() -> Option<Self> {
        let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/discord/openapi.json");
        let path = std::env::var_os("DISCORD_OPENAPI").map_or(beside, Into::into);
        let text = std::fs::read_to_string(path).ok()?;
        let mut json: Value = serde_json::from_str(&text).unwrap();
        tolerate(&mut json);
        let part = |value: &mut Value| value.take().as_object().cloned().unwrap();
        Some(Self { paths: part(&mut json["paths"]), schemas: part(&mut json["components"]["schemas"]) })
    }

    /// What is wrong with the body of a request.
    fn fault_of_request(&self, one: &Logged) -> Option<String> {
        if one.body.is_null() {
            return None;
        }
        let Some(operation) = self.operation(one) else {
            return Some(format!("{} {}: no such operation", one.method, one.path));
        };
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        if schema.is_null() {
            // An empty object says nothing, and some clients send it with everything.
            let says_something = one.body != json!({});
            return says_something
                .then(|| format!("{} {}: takes no body, got {}", one.method, one.path, one.body));
        }
        self.fault(one, schema, &one.body)
    }

    /// What is wrong with the answer to a request, if it was a good one.
    fn fault_of_answer(&self, one: &Logged) -> Option<String> {
        if !(200..300).contains(&one.status) || one.path.starts_with("/attachments/") {
            return None;
        }
        let Some(operation) = self.operation(one) else {
            return Some(format!("{} {}: no such operation", one.method, one.path));
        };
        let Some(response) = operation["responses"].get(one.status.to_string()) else {
            return Some(format!("{} {}: not answered with {}", one.method, one.path, one.status));
        };
        let schema = &response["content"]["application/json"]["schema"];
        if one.answer.is_null() && schema.is_null() {
            return None;
        }
        self.fault(one, schema, &one.answer)
    }

    fn fault(&self, one: &Logged, schema: &Value, body: &Value) -> Option<String> {
        let faults: Vec<_> = self
            .validator(schema)
            .iter_errors(body)
            .map(|error| format!("  at {}: {error:.600}", error.instance_path()))
            .collect();
        (!faults.is_empty()).then(|| format!("{} {}\n{}", one.method, one.path, faults.join("\n")))
    }

    /// The operation of a request: of several paths that fit, the one with the fewest parameters.
    fn operation(&self, one: &Logged) -> Option<&Value> {
        let wanted: Vec<_> = one.path.split('/').collect();
        let is_parameter = |part: &str| part.starts_with('{');
        let fits = |path: &str| {
            let parts: Vec<_> = path.split('/').collect();
            let same = |(part, wanted): (&&str, &&str)| is_parameter(part) || part == wanted;
            parts.len() == wanted.len() && parts.iter().zip(&wanted).all(same)
        };
        let method = one.method.to_lowercase();
        let found = self.paths.iter().filter(|(path, value)| fits(path) && value.get(&method).is_some());
        let best = found.min_by_key(|(path, _)| path.split('/').filter(|part| is_parameter(part)).count());
        best.map(|(_, value)| &value[&method])
    }

    /// A validator of `schema` with those that it refers to, and no others: reading all takes seconds.
    fn validator(&self, schema: &Value) -> Validator {
        let mut needed = BTreeSet::new();
        self.collect(schema, &mut needed);
        let schemas: BTreeMap<_, _> =
            needed.iter().map(|name| (name.as_str(), self.schemas[name.as_str()].clone())).collect();
        let whole = json!({ "allOf": [schema], "components": { "schemas": schemas } });
        jsonschema::draft202012::new(&whole).unwrap()
    }

    fn collect(&self, schema: &Value, needed: &mut BTreeSet<String>) {
        match schema {
            Value::Object(all) => {
                let name = all.get("$ref").and_then(Value::as_str);
                if let Some(name) = name.and_then(|name| name.strip_prefix("#/components/schemas/"))
                    && needed.insert(name.to_owned())
                {
                    self.collect(&self.schemas[name], needed);
                }
                all.values().for_each(|one| self.collect(one, needed));
            }
            Value::Array(all) => all.iter().for_each(|one| self.collect(one, needed)),
            _ => {}
        }
    }
}

/// The two tolerances that the description's own README announces: digits for integers, integers for ids. A
/// value may then fit two of several alternatives, which is why one of them or more is enough.
fn tolerate(json: &mut Value) {
    match json {
        Value::Object(all) => {
            if let Some(alternatives) = all.remove("oneOf") {
                all.insert("anyOf".to_owned(), alternatives);
            }
            let is_id = all.get("format").is_some_and(|format| format == "snowflake");
            let mut types: Vec<Value> = match all.get("type") {
                Some(Value::String(one)) => vec![json!(one)],
                Some(Value::Array(several)) => several.clone(),
                _ => Vec::new(),
            };
            if is_id {
                types.push(json!("integer"));
                all.insert("type".to_owned(), json!(types));
            } else if types.contains(&json!("integer")) && !types.contains(&json!("string")) {
                types.push(json!("string"));
                all.insert("type".to_owned(), json!(types));
                all.insert("pattern".to_owned(), json!("^-?[0-9]+$"));
            }
            all.values_mut().for_each(tolerate);
        }
        Value::Array(all) => all.iter_mut().for_each(tolerate),
        _ => {}
    }
}
