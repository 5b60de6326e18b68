//! What Discord would be told, and what comes back from it.

use poise::builtins::create_application_commands;
use poise::{ApplicationContext, BoxFuture, FrameworkError};
use serde_json::{Value, json};
use serenity::all::{CommandData, CreateAutocompleteResponse, CreateCommand};

use crate::domain::command::{Command, CommandKind};
use crate::surface::discord::menu::build::{arguments, names};
use crate::surface::discord::menu::{asked, commands, fingerprint, given, text};
use crate::surface::parse::{self, ArgumentKind, Spec, quoted};

const SUB_COMMAND: u64 = 1;
const TEXT: u64 = 3;
const INTEGER: u64 = 4;
const BOOLEAN: u64 = 5;

fn run(_: ApplicationContext<'_, (), ()>) -> BoxFuture<'_, Result<(), FrameworkError<'_, (), ()>>> {
    Box::pin(async { Ok(()) })
}

fn complete<'a>(_: ApplicationContext<'a, (), ()>, _: &'a str) -> BoxFuture<'a, CreateAutocompleteResponse> {
    Box::pin(async { CreateAutocompleteResponse::new() })
}

/// The set as poise would register it.
fn set() -> Vec<CreateCommand> {
    create_application_commands(&commands(run, complete))
}

fn told() -> Vec<Value> {
    set().iter().map(|command| serde_json::to_value(command).unwrap()).collect()
}

fn options(value: &Value) -> &[Value] {
    value["options"].as_array().map_or(&[], Vec::as_slice)
}

/// Every command with its full name: a group gives its members.
fn leaves(told: &[Value]) -> Vec<(String, &Value)> {
    let mut found = Vec::new();
    for command in told {
        let name = command["name"].as_str().unwrap();
        let members = options(command).iter().filter(|option| option["type"] == SUB_COMMAND);
        let members: Vec<_> =
            members.map(|one| (format!("{name} {}", one["name"].as_str().unwrap()), one)).collect();
        if members.is_empty() {
            found.push((name.to_owned(), command));
        }
        found.extend(members);
    }
    found
}

#[test]
fn every_command_is_in_the_menu_with_all_that_it_takes() {
    let told = told();
    let leaves = leaves(&told);

    let expected: Vec<_> = parse::all().flat_map(names).collect();
    assert_eq!(leaves.len(), expected.len());
    for spec in parse::all() {
        for name in names(spec) {
            let (_, leaf) = leaves.iter().find(|(known, _)| known == name).unwrap();
            let shown: Vec<_> = options(leaf).iter().map(|one| one["name"].as_str().unwrap()).collect();
            assert_eq!(shown, arguments(spec).map(|one| one.name).collect::<Vec<_>>(), "{name}");
        }
    }
    assert!(leaves.iter().any(|(name, _)| name == "add_story"), "an alias of one word is in the menu");
}

#[test]
fn the_set_keeps_the_limits_of_discord() {
    let told = told();
    assert!(told.len() <= 100, "{}", told.len());
    for command in told {
        assert_eq!(command["contexts"], json!([0]), "guilds only");
        assert_eq!(command["integration_types"], json!([0]), "installed in guilds only");
        check_entry(&command);
        let mut filled = command.clone();
        filled["type"] = json!(1);
        filled["version"] = json!("1");
        let decoded: twilight_model::application::command::Command = serde_json::from_value(filled).unwrap();
        twilight_validate::command::command(&decoded).unwrap();
        twilight_validate::command::options(&decoded.options).unwrap();
        assert!(twilight_validate::command::command_characters(&decoded) <= 8000, "{}", decoded.name);
    }
}

/// The rules for one command or option, and for those below it.
fn check_entry(entry: &Value) {
    let name = entry["name"].as_str().unwrap();
    let plain = |c: char| c.is_ascii_lowercase() || c == '_';
    assert!((1..=32).contains(&name.len()) && name.chars().all(plain), "{name}");
    let description = entry["description"].as_str().unwrap();
    assert!((1..=100).contains(&description.chars().count()), "{name}: {description}");
    let required: Vec<_> = options(entry).iter().map(|one| one["required"] == true).collect();
    assert!(required.is_sorted_by(|one, next| one >= next), "{name}: what is needed comes first");
    assert!(options(entry).len() <= 25, "{name}");
    let choices = entry["choices"].as_array().map_or(0, Vec::len);
    assert!(choices <= 25 && (choices == 0 || entry["autocomplete"] == false), "{name}");
    if let Some(max) = entry["max_length"].as_u64() {
        assert!(entry["type"] == TEXT && entry["min_length"] == 1 && (1..=6000).contains(&max), "{name}");
    }
    options(entry).iter().for_each(check_entry);
}

/// One line per command and option.
fn shown(told: &[Value]) -> String {
    let mut lines = Vec::new();
    for (name, leaf) in leaves(told) {
        lines.push(format!("/{name}: {}", leaf["description"].as_str().unwrap()));
        lines.extend(options(leaf).iter().map(shown_option));
    }
    lines.join("\n")
}

fn shown_option(option: &Value) -> String {
    let name = option["name"].as_str().unwrap();
    let bounds = |least: &str, most: &str| match (option[least].as_u64(), option[most].as_u64()) {
        (Some(least), Some(most)) => format!(" {least}–{most}"),
        _ => String::new(),
    };
    let kind = match option["type"].as_u64().unwrap() {
        TEXT => format!("text{}", bounds("min_length", "max_length")),
        INTEGER => format!("integer{}", bounds("min_value", "max_value")),
        BOOLEAN => "boolean".to_owned(),
        other => panic!("{name} has type {other}"),
    };
    let choices = option["choices"].as_array().unwrap().iter().map(|one| {
        assert_eq!(one["name"].as_str().unwrap().replace(' ', "_"), one["value"].as_str().unwrap());
        one["value"].as_str().unwrap()
    });
    let choices: Vec<_> = choices.collect();
    let choices = if choices.is_empty() { String::new() } else { format!(" of {}", choices.join("|")) };
    let need = if option["required"] == true { "!" } else { "" };
    let completed = if option["autocomplete"] == true { ", completed" } else { "" };
    let description = option["description"].as_str().unwrap();
    format!("  {name}{need} ({kind}{choices}{completed}): {description}")
}

#[test]
fn the_whole_menu() {
    insta::assert_snapshot!(shown(&told()));
}

#[test]
fn the_fingerprint_changes_with_the_set_and_with_nothing_else() {
    let mut other = set();
    assert_eq!(fingerprint(&other), fingerprint(&set()));
    assert_eq!(fingerprint(&other).len(), 40);

    other.truncate(other.len() - 1);
    assert_ne!(fingerprint(&other), fingerprint(&set()));
    let last = set().pop().unwrap().description("Something else.");
    other.push(last);
    assert_ne!(fingerprint(&other), fingerprint(&set()));
}

/// An interaction as Discord sends it.
fn interaction(name: &str, options: Vec<Value>) -> CommandData {
    let (name, options) = match name.split_once(' ') {
        Some((group, member)) => {
            (group, vec![json!({ "name": member, "type": SUB_COMMAND, "options": options })])
        }
        None => (name, options),
    };
    serde_json::from_value(json!({ "id": "1", "name": name, "type": 1, "options": options })).unwrap()
}

/// What somebody picks or types for an option, in the type that was registered.
fn answer(spec: &'static Spec, option: &Value) -> Value {
    let name = option["name"].as_str().unwrap();
    let kind = arguments(spec).find(|argument| argument.name == name).unwrap().kind;
    match option["type"].as_u64().unwrap() {
        INTEGER => option["max_value"].clone(),
        BOOLEAN => json!(true),
        _ => match kind {
            ArgumentKind::Choice(words) => json!(words[0]),
            ArgumentKind::Number { max, .. } => json!(max.to_string()),
            ArgumentKind::Path => json!("/srv/it's \"here\"\\"),
            ArgumentKind::Project | ArgumentKind::ProjectName => json!("billing-api"),
            ArgumentKind::Epic => json!("E-1"),
            ArgumentKind::Stories => json!("s-1, S-2 S-3"),
            ArgumentKind::Approvals => json!("A-1,A-2"),
            ArgumentKind::Commit => json!("1a2b3c4"),
            ArgumentKind::Steps => json!("3"),
            ArgumentKind::Command => json!("sprint plan"),
            ArgumentKind::Story | ArgumentKind::Any | ArgumentKind::View => json!("S-1"),
            _ => json!("say \"no\" to priority:high; it's \\n -- project:x --confirm none"),
        },
    }
}

/// The same command as somebody would type it.
fn typed(spec: &'static Spec, given: &[Value]) -> Command {
    let mut line = spec.kind.name().to_owned();
    for option in given {
        let value = match &option["value"] {
            Value::Bool(_) => "yes".to_owned(),
            Value::String(text) => quoted(text),
            other => other.to_string(),
        };
        line += &format!(" {}:{value}", option["name"].as_str().unwrap());
    }
    parse::parse(&line).unwrap_or_else(|refusal| panic!("{line}: {refusal}")).command
}

#[test]
fn what_is_picked_is_the_command_that_is_typed() {
    let told = told();
    for (name, leaf) in leaves(&told) {
        let spec = parse::all().find(|spec| names(spec).any(|known| known == name)).unwrap();
        for all in [true, false] {
            let picked = options(leaf).iter().filter(|option| all || option["required"] == true);
            let picked: Vec<_> = picked
                .map(|option| {
                    json!({ "name": option["name"], "type": option["type"], "value": answer(spec, option) })
                })
                .collect();
            let given = given(&interaction(&name, picked.clone())).unwrap();
            let text = text(&given).unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
            let parsed = parse::parse(&text).unwrap_or_else(|refusal| panic!("{text}: {refusal}"));

            assert_eq!(given.kind, spec.kind);
            assert_eq!(parsed.command, typed(spec, &picked), "{text}");
            let project = picked.iter().find(|option| option["name"] == "project");
            assert_eq!(parsed.project.is_some(), project.is_some(), "{text}");
            let projects = picked.iter().any(|option| option["value"] == "billing-api");
            let registers = spec.kind == CommandKind::ProjectRegister;
            assert_eq!(given.project().is_some(), projects && !registers, "{name}");
        }
    }
}

#[test]
fn what_was_said_no_to_is_not_given() {
    let option = json!({ "name": "confirm", "type": BOOLEAN, "value": false });
    let given = given(&interaction("undo", vec![option])).unwrap();

    assert_eq!(text(&given).unwrap(), "undo");
}

#[test]
fn a_field_is_emptied_with_none() {
    let points = json!({ "name": "points", "type": TEXT, "value": "none" });
    let id = json!({ "name": "id", "type": TEXT, "value": "S-1" });

    let given = given(&interaction("backlog edit", vec![id, points])).unwrap();
    assert_eq!(text(&given).unwrap(), "backlog edit S-1 points:none");
}

#[test]
fn the_title_of_a_choice_is_not_part_of_its_id() {
    #[rustfmt::skip]
    let cases = [
        ("sprint plan", "ids",  "S-1,S-2 · Pay by card · todo,S-3 ", "sprint plan ids:S-1,S-2,S-3"),
        ("skip_task",   "id",   "S-2 · Pay by card, or cash · todo", "skip_task id:S-2"),
        ("undo",        "what", "c-2 · sprint start: sprint-001",    "undo c-2"),
    ];
    for (name, option, value, expected) in cases {
        let option = json!({ "name": option, "type": TEXT, "value": value });
        assert_eq!(text(&given(&interaction(name, vec![option])).unwrap()).unwrap(), expected);
    }
}

#[test]
fn what_an_older_menu_sends_is_refused_by_name() {
    let text = |name: &str| json!({ "name": name, "type": TEXT, "value": "x" });
    let role = json!({ "name": "id", "type": 8, "value": "7" });
    #[rustfmt::skip]
    let cases = [
        ("burn",         vec![],             "this version does not know `/burn`"),
        ("backlog burn", vec![],             "this version does not know `/backlog burn`"),
        ("backlog",      vec![],             "this version does not know `/backlog`"),
        ("epic",         vec![text("color")], "this version does not know `color` of `/epic`"),
        ("skip_task",    vec![role],         "this version does not know this kind of value for `id` of `/skip_task`"),
    ];
    for (name, options, message) in cases {
        let refusal = given(&interaction(name, options)).unwrap_err();
        assert_eq!(refusal.message, message);
        assert!(refusal.hint.contains("being updated"), "{}", refusal.hint);
    }
}

#[test]
fn a_value_that_cannot_be_is_refused_as_everywhere() {
    let id = json!({ "name": "id", "type": TEXT, "value": "S 1" });
    let refusal = text(&given(&interaction("backlog remove", vec![id])).unwrap()).unwrap_err();
    let typed = parse::parse("backlog remove id:\"S 1\"").unwrap_err();
    assert_eq!(refusal, typed);

    let refusal = text(&given(&interaction("epic", vec![])).unwrap()).unwrap_err();
    assert_eq!(refusal.message, "`epic` needs a description");
}

#[test]
fn a_keystroke_says_where_it_is() {
    let id = json!({ "name": "id", "type": TEXT, "value": "lo", "focused": true });
    let project = json!({ "name": "project", "type": TEXT, "value": "shop" });

    let asked = asked(&interaction("story move", vec![id, project.clone()])).unwrap();
    assert_eq!((asked.argument.name, asked.typed.as_str()), ("id", "lo"));
    assert_eq!(asked.given.kind, CommandKind::StoryMove);
    assert_eq!(asked.given.project(), Some("shop"));
    assert_eq!(asked.given.get("id"), None, "what is typed is not given yet");

    let nowhere = super::asked(&interaction("story move", vec![project])).unwrap_err();
    assert_eq!(nowhere.message, "Discord does not say which option of `/story move` is typed");
}
