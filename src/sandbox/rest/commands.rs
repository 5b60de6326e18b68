//! Routes about application commands: registering them, for one guild or for all.

use std::time::Duration;

use serde_json::Value;

use crate::sandbox::check;
use crate::sandbox::error::{ApiError, refused};
use crate::sandbox::id::Snowflake;
use crate::sandbox::json;
use crate::sandbox::model::Command;
use crate::sandbox::rest::{Answer, Call, Reply, id};
use crate::sandbox::world::World;

/// Commands that may be created for one guild, or for all, in a day.
const CREATED_A_DAY: usize = 200;
const DAY: Duration = Duration::from_hours(24);

pub(crate) fn route(world: &mut World, call: &Call, application: &str, parts: &[&str]) -> Answer {
    if id(application)? != world.bot {
        return Err(refused::NotThisApplication());
    }
    match parts {
        ["commands", rest @ ..] => scope(world, call, None, rest),
        ["guilds", guild, "commands", rest @ ..] => {
            let guild = id(guild)?;
            world.guild(guild).map_err(|_| refused::MissingAccess())?;
            scope(world, call, Some(guild), rest)
        }
        _ => Err(refused::NotFound()),
    }
}

fn scope(world: &mut World, call: &Call, guild: Option<Snowflake>, parts: &[&str]) -> Answer {
    match (call.method.as_str(), parts) {
        ("GET", []) => Ok(Reply::Json(all(world, guild))),
        ("PUT", []) => replace(world, &call.body, guild),
        ("POST", []) => {
            check::command::one(&call.body)?;
            let had = find(world, guild, call.body["name"].as_str().unwrap_or_default()).is_some();
            let count = world.commands.iter().filter(|one| one.guild == guild).count();
            if !had && count >= check::command::COMMANDS {
                return Err(ApiError::new(
                    400,
                    30032,
                    "Maximum number of application commands reached (100)",
                ));
            }
            if !had {
                count_created(world, guild, 1)?;
            }
            let command = keep(world, &call.body, guild);
            Ok(if had { Reply::Json(command) } else { Reply::Made(command) })
        }
        ("GET", [command]) => {
            let at = position(world, guild, command)?;
            Ok(Reply::Json(json::command(&world.commands[at], world.bot)))
        }
        ("PATCH", [command]) => {
            let at = position(world, guild, command)?;
            let mut body = world.commands[at].body.clone();
            if let (Some(old), Some(new)) = (body.as_object_mut(), call.body.as_object()) {
                old.extend(new.clone());
            }
            check::command::one(&body)?;
            let version = world.new_id();
            let command = &mut world.commands[at];
            command.version = version;
            body["name"].as_str().unwrap_or_default().clone_into(&mut command.name);
            command.body = body;
            Ok(Reply::Json(json::command(&world.commands[at], world.bot)))
        }
        ("DELETE", [command]) => {
            let at = position(world, guild, command)?;
            world.commands.remove(at);
            Ok(Reply::Empty)
        }
        _ => Err(refused::NotFound()),
    }
}

fn all(world: &World, guild: Option<Snowflake>) -> Value {
    let own = world.commands.iter().filter(|one| one.guild == guild);
    own.map(|one| json::command(one, world.bot)).collect()
}

fn find(world: &World, guild: Option<Snowflake>, name: &str) -> Option<usize> {
    world.commands.iter().position(|one| one.guild == guild && one.name == name)
}

fn position(world: &World, guild: Option<Snowflake>, command: &str) -> Result<usize, ApiError> {
    let wanted = id(command)?;
    let found = world.commands.iter().position(|one| one.guild == guild && one.id == wanted);
    found.ok_or_else(refused::UnknownCommand)
}

fn replace(world: &mut World, body: &Value, guild: Option<Snowflake>) -> Answer {
    let Some(bodies) = body.as_array() else { return Err(refused::InvalidJson()) };
    check::command::set(bodies)?;
    let is_new = |body: &&Value| find(world, guild, body["name"].as_str().unwrap_or_default()).is_none();
    let new = bodies.iter().filter(is_new).count();
    count_created(world, guild, new)?;
    let named = |name: &str| bodies.iter().any(|body| body["name"] == name);
    world.commands.retain(|one| one.guild != guild || named(&one.name));
    for body in bodies {
        keep(world, body, guild);
    }
    Ok(Reply::Json(all(world, guild)))
}

/// Notes that so many commands are created, unless that are too many in a day. Replacing one does not count.
fn count_created(world: &mut World, guild: Option<Snowflake>, new: usize) -> Result<(), ApiError> {
    let is_old = |time| world.clock.age(time) > DAY;
    let old = world.created_commands.iter().take_while(|(_, time)| is_old(*time)).count();
    world.created_commands.drain(..old);
    let so_far = world.created_commands.iter().filter(|(of, _)| *of == guild).count();
    if so_far + new > CREATED_A_DAY {
        let message = "Max number of daily application command creates has been reached (200)";
        return Err(ApiError::new(400, 30034, message));
    }
    let now = world.clock.now();
    world.created_commands.extend(std::iter::repeat_n((guild, now), new));
    Ok(())
}

/// Registers a command. One of the same name is replaced and keeps its id.
fn keep(world: &mut World, body: &Value, guild: Option<Snowflake>) -> Value {
    let name = body["name"].as_str().unwrap_or_default().to_owned();
    let (id, version) = (world.new_id(), world.new_id());
    let mut command = Command { id, guild, name, version, body: body.clone() };
    match find(world, guild, &command.name) {
        Some(at) => {
            command.id = world.commands[at].id;
            world.commands[at] = command.clone();
        }
        None => world.commands.push(command.clone()),
    }
    json::command(&command, world.bot)
}
