//! What the bot is sent when a person asks for something.

use serde_json::{Value, json};

use crate::sandbox::check::message::FILE;
use crate::sandbox::gateway::intent;
use crate::sandbox::id::Snowflake;
use crate::sandbox::model::{Channel, Interaction, Message};
use crate::sandbox::person::{Asked, Person};
use crate::sandbox::world::World;

/// What is asked, and where.
pub(crate) struct Asking<'a> {
    /// 2 a command, 3 a component, 4 autocomplete, 5 a modal.
    pub(crate) kind: u8,
    pub(crate) channel: &'a Channel,
    pub(crate) data: Value,
    /// The message whose component is used, or was when the modal opened.
    pub(crate) source: Option<&'a Message>,
    /// For a modal: what is known of the interaction that opened it.
    pub(crate) after: Option<Value>,
}

impl Person {
    /// Sends an interaction to the bot. If nobody is connected, nobody will answer.
    pub(crate) fn ask(&self, world: &mut World, asking: &Asking<'_>) -> Asked {
        let id = world.new_id();
        let token = format!("aW50ZXJhY3Rpb246{id}SandboxToken{:x}", id.get().rotate_left(17));
        let metadata = metadata(world, self.user, id, asking);
        let json = event(world, self.user, id, &token, asking);
        world.keep_interaction(Interaction {
            id,
            token,
            kind: asking.kind,
            user: self.user,
            channel: asking.channel.id,
            created: world.clock.now(),
            source: asking.source.map(|message| message.id),
            callback: None,
            original: None,
            follow_ups: Vec::new(),
            answers: 0,
            modal: None,
            choices: None,
            metadata,
        });
        world.emit("INTERACTION_CREATE", intent::NONE, &json);
        let edits = asking.source.map_or(0, |message| message.edits);
        Asked::new(self.discord.clone(), id, self.user, edits)
    }
}

/// Who installed the application: the guild, or in a conversation between two the guild zero.
fn owners(channel: &Channel) -> Value {
    json!({ "0": channel.guild.unwrap_or_default() })
}

fn metadata(world: &World, user: Snowflake, id: Snowflake, asking: &Asking<'_>) -> Value {
    let mut metadata = json!({
        "id": id,
        "type": asking.kind,
        "user": world.user_json(user),
        "authorizing_integration_owners": owners(asking.channel),
    });
    match (asking.kind, asking.source) {
        (2, _) => {
            metadata["name"] = asking.data["name"].clone();
            metadata["command_type"] = json!(1);
        }
        (3, Some(source)) => metadata["interacted_message_id"] = json!(source.id),
        _ => {}
    }
    if let Some(after) = &asking.after {
        metadata["triggering_interaction_metadata"] = after.clone();
    }
    metadata
}

fn event(world: &World, user: Snowflake, id: Snowflake, token: &str, asking: &Asking<'_>) -> Value {
    let channel = asking.channel;
    let can = world.permissions(user, channel).bits().to_string();
    let mut channel_json = world.channel_json(channel);
    channel_json["permissions"] = json!(can);
    let mut json = json!({
        "id": id,
        "application_id": world.bot,
        "type": asking.kind,
        "token": token,
        "version": 1,
        "data": asking.data,
        "channel_id": channel.id,
        "channel": channel_json,
        "app_permissions": world.permissions(world.bot, channel).bits().to_string(),
        "locale": "en-US",
        "entitlements": [],
        "entitlement_sku_ids": [],
        "authorizing_integration_owners": owners(channel),
        "context": if channel.guild.is_some() { 0 } else { 1 },
        "attachment_size_limit": FILE,
    });
    match channel.guild.and_then(|id| world.guilds.get(&id)) {
        Some(guild) => {
            json["guild_id"] = json!(guild.id);
            json["guild"] = json!({ "id": guild.id, "locale": "en-US", "features": [] });
            json["guild_locale"] = json!("en-US");
            if let Some(member) = guild.members.get(&user) {
                let mut member = world.member_json(member);
                member["permissions"] = json!(can);
                json["member"] = member;
            }
        }
        None => json["user"] = world.user_json(user),
    }
    if let Some(source) = asking.source {
        json["message"] = world.message_json(source);
    }
    json
}
