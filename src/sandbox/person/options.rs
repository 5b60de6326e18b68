//! Turns what a person types into the options of a command, as a client does: typed, nested, checked.

use serde_json::{Map, Value, json};

use crate::sandbox::check::command::{SUB_COMMAND, SUB_COMMAND_GROUP};
use crate::sandbox::error::SandboxError;
use crate::sandbox::id::Snowflake;
use crate::sandbox::model::{Channel, Command};
use crate::sandbox::permission::Permissions;
use crate::sandbox::world::World;

/// A command found by what was typed: the command, the steps below it, and the options at the end.
struct Found<'a> {
    command: &'a Command,
    /// Type and name of each step.
    steps: Vec<(u64, &'a str)>,
    options: &'a [Value],
}

/// The data of an interaction for `typed`, such as `backlog add`.
pub(crate) fn command(
    world: &World,
    user: Snowflake,
    channel: &Channel,
    typed: &str,
    given: &Value,
) -> Result<Value, SandboxError> {
    let found = find(world, user, channel, typed)?;
    let given = named(given);
    let mut resolved = json!({});
    let mut options = Vec::new();
    known(typed, &found, &given)?;
    for option in found.options {
        let name = text(option, "name");
        match given.get(name).filter(|value| !value.is_null()) {
            Some(value) => {
                let value = typed_value(option, value)?;
                resolve(world, channel, option, &value, &mut resolved);
                options.push(json!({ "name": name, "type": option["type"], "value": value }));
            }
            None if option["required"] == true => {
                return Err(SandboxError::MissingOption {
                    command: typed.to_owned(),
                    option: name.to_owned(),
                });
            }
            None => {}
        }
    }
    let mut data = data(&found, options);
    if resolved != json!({}) {
        data["resolved"] = resolved;
    }
    Ok(data)
}

/// The data of an interaction while the option `focused` is being typed. Nothing else has to be there yet.
pub(crate) fn autocomplete(
    world: &World,
    user: Snowflake,
    channel: &Channel,
    typed: &str,
    given: &Value,
    focused: &str,
) -> Result<Value, SandboxError> {
    let found = find(world, user, channel, typed)?;
    let given = named(given);
    known(typed, &found, &given)?;
    let offers = |option: &&Value| text(option, "name") == focused && option["autocomplete"] == true;
    if !found.options.iter().any(|option| offers(&option)) {
        return Err(SandboxError::WrongOption {
            option: focused.to_owned(),
            given: "typing".to_owned(),
            why: format!("`/{typed}` offers nothing for it"),
        });
    }
    let mut options = Vec::new();
    for option in found.options {
        let name = text(option, "name");
        let value = given.get(name);
        if name == focused {
            // Half a number is not a number: what is being typed is always a text.
            let so_far = match value {
                Some(Value::String(text)) => text.clone(),
                None | Some(Value::Null) => String::new(),
                Some(other) => other.to_string(),
            };
            options.push(json!({ "name": name, "type": option["type"], "value": so_far, "focused": true }));
        } else if let Some(value) = value {
            let value = typed_value(option, value)?;
            options.push(json!({ "name": name, "type": option["type"], "value": value }));
        }
    }
    Ok(data(&found, options))
}

fn data(found: &Found<'_>, options: Vec<Value>) -> Value {
    let mut inner = options;
    for (kind, name) in found.steps.iter().rev() {
        inner = vec![json!({ "type": kind, "name": name, "options": inner })];
    }
    let mut data = json!({ "id": found.command.id, "name": found.command.name, "type": 1, "options": inner });
    if let Some(guild) = found.command.guild {
        data["guild_id"] = json!(guild);
    }
    data
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn named(given: &Value) -> Map<String, Value> {
    given.as_object().cloned().unwrap_or_default()
}

fn known(typed: &str, found: &Found<'_>, given: &Map<String, Value>) -> Result<(), SandboxError> {
    let names: Vec<_> = found.options.iter().map(|option| text(option, "name")).collect();
    match given.keys().find(|key| !names.contains(&key.as_str())) {
        Some(unknown) => Err(SandboxError::NoSuchOption {
            command: typed.to_owned(),
            option: unknown.clone(),
            known: names.join(", "),
        }),
        None => Ok(()),
    }
}

/// The commands that can be used in a channel: those of its guild before those of all.
fn usable<'a>(world: &'a World, channel: &Channel) -> Vec<&'a Command> {
    let context = if channel.guild.is_some() { 0 } else { 1 };
    let bot_is_in = channel.guild.is_none_or(|guild| world.guild(guild).is_ok());
    let fits = |one: &&Command| {
        let contexts = one.body["contexts"].as_array();
        bot_is_in && contexts.is_none_or(|all| all.iter().any(|one| *one == context))
    };
    let own = world.commands.iter().filter(|one| one.guild.is_some() && one.guild == channel.guild);
    let all = world.commands.iter().filter(|one| one.guild.is_none());
    own.chain(all).filter(fits).collect()
}

fn find<'a>(
    world: &'a World,
    user: Snowflake,
    channel: &Channel,
    typed: &str,
) -> Result<Found<'a>, SandboxError> {
    let usable = usable(world, channel);
    let no_such =
        || SandboxError::NoSuchCommand { wanted: typed.to_owned(), registered: registered(&usable) };
    let mut words = typed.trim_start_matches('/').split_whitespace();
    let first = words.next().unwrap_or_default();
    let command = *usable.iter().find(|one| one.name == first).ok_or_else(no_such)?;
    let mut here = &command.body;
    let mut steps = Vec::new();
    for word in words {
        let mut below = nested(here).filter(|(_, option)| text(option, "name") == word);
        let (kind, next) = below.next().ok_or_else(no_such)?;
        steps.push((kind, text(next, "name")));
        here = next;
    }
    if nested(here).next().is_some() {
        return Err(no_such());
    }
    allowed(world, user, channel, command)?;
    let options = here["options"].as_array().map(Vec::as_slice).unwrap_or_default();
    Ok(Found { command, steps, options })
}

/// The sub-commands and groups below a command or group.
fn nested(body: &Value) -> impl Iterator<Item = (u64, &Value)> {
    let options = body["options"].as_array().into_iter().flatten();
    options.filter_map(|option| match option["type"].as_u64() {
        Some(kind @ (SUB_COMMAND | SUB_COMMAND_GROUP)) => Some((kind, option)),
        _ => None,
    })
}

/// All that can be typed for a command.
fn paths(body: &Value) -> Vec<String> {
    let name = text(body, "name");
    let below: Vec<_> = nested(body).flat_map(|(_, option)| paths(option)).collect();
    if below.is_empty() {
        return vec![name.to_owned()];
    }
    below.iter().map(|path| format!("{name} {path}")).collect()
}

fn registered(commands: &[&Command]) -> String {
    let all: Vec<_> = commands.iter().flat_map(|one| paths(&one.body)).collect();
    if all.is_empty() { "none".to_owned() } else { all.join(", ") }
}

fn allowed(world: &World, user: Snowflake, channel: &Channel, command: &Command) -> Result<(), SandboxError> {
    let needed = text(&command.body, "default_member_permissions").parse().unwrap_or(0);
    let needed = Permissions::from_bits(needed) | Permissions::USE_APPLICATION_COMMANDS;
    if channel.guild.is_none() || world.permissions(user, channel).contains(needed) {
        return Ok(());
    }
    Err(SandboxError::NotAllowed(world.name_of(user), command.name.clone()))
}

/// The value as a client would send it, if the option takes it.
fn typed_value(option: &Value, given: &Value) -> Result<Value, SandboxError> {
    let wrong = |why: &str| SandboxError::WrongOption {
        option: text(option, "name").to_owned(),
        given: given.to_string(),
        why: why.to_owned(),
    };
    if let Some(choices) = option["choices"].as_array().filter(|choices| !choices.is_empty()) {
        let meant = |one: &&Value| one["value"] == *given || one["name"] == *given;
        let found = choices.iter().find(meant).map(|one| one["value"].clone());
        return found.ok_or_else(|| wrong("it is none of the choices"));
    }
    let fits = match option["type"].as_u64() {
        Some(3) => given.is_string(),
        Some(4) => given.is_i64(),
        Some(5) => given.is_boolean(),
        Some(6..=9) => given.as_str().is_some_and(|id| id.parse::<Snowflake>().is_ok()),
        Some(10) => given.is_number(),
        _ => false,
    };
    if !fits {
        return Err(wrong("it is of another type"));
    }
    let size = given.as_str().map(|text| text.chars().count() as f64).or_else(|| given.as_f64());
    let (least, most) = match option["type"].as_u64() {
        Some(3) => (option["min_length"].as_f64(), option["max_length"].as_f64().or(Some(6_000.0))),
        _ => (option["min_value"].as_f64(), option["max_value"].as_f64()),
    };
    let in_bounds =
        size.is_none_or(|size| least.is_none_or(|min| size >= min) && most.is_none_or(|max| size <= max));
    if in_bounds { Ok(given.clone()) } else { Err(wrong("it is too small or too large")) }
}

/// Tells the bot who or what an id in an option is.
fn resolve(world: &World, channel: &Channel, option: &Value, value: &Value, resolved: &mut Value) {
    let Some(id) = value.as_str().and_then(|text| text.parse::<Snowflake>().ok()) else { return };
    let key = id.to_string();
    let guild = channel.guild.and_then(|id| world.guilds.get(&id));
    match option["type"].as_u64() {
        Some(6 | 9) => {
            resolved["users"][&key] = world.user_json(id);
            if let Some(member) = guild.and_then(|guild| guild.members.get(&id)) {
                let mut member = World::bare_member_json(member);
                member["permissions"] = json!(world.permissions(id, channel).bits().to_string());
                resolved["members"][&key] = member;
            }
        }
        Some(7) => {
            if let Some(named) = world.channels.get(&id) {
                let mut json = world.channel_json(named);
                json["permissions"] = json!(world.permissions(world.bot, named).bits().to_string());
                resolved["channels"][&key] = json;
            }
        }
        Some(8) => {
            let role = guild.and_then(|guild| guild.roles.iter().find(|role| role.id == id));
            resolved["roles"][&key] =
                role.map_or(Value::Null, |role| crate::sandbox::json::role(role, world.bot));
        }
        _ => {}
    }
}
