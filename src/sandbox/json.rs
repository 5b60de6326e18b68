//! How Discord writes what there is. Leaving a field out makes clients drop an event in silence, so all are here.

use serde_json::{Value, json};

use crate::sandbox::id::Snowflake;
use crate::sandbox::model::{
    Attachment, Channel, ChannelKind, Command, EPHEMERAL, Guild, LOADING, Member, Message, Role, User,
};
use crate::sandbox::world::World;

pub(crate) fn user(user: &User) -> Value {
    json!({
        "id": user.id,
        "username": user.name,
        "global_name": if user.bot { None } else { Some(&user.name) },
        "discriminator": if user.bot { "0001" } else { "0" },
        "avatar": null,
        "avatar_decoration_data": null,
        "collectibles": null,
        "primary_guild": null,
        "clan": null,
        "public_flags": 0,
        "flags": 0,
        "bot": user.bot,
        "banner": null,
        "accent_color": null,
    })
}

pub(crate) fn role(role: &Role, bot: Snowflake) -> Value {
    let mut json = json!({
        "id": role.id,
        "name": role.name,
        "description": null,
        "permissions": role.permissions.bits().to_string(),
        "position": role.position,
        "color": 0,
        "colors": { "primary_color": 0, "secondary_color": null, "tertiary_color": null },
        "hoist": false,
        "managed": role.managed,
        "mentionable": false,
        "icon": null,
        "unicode_emoji": null,
        "flags": 0,
    });
    if role.managed {
        json["tags"] = json!({ "bot_id": bot });
    }
    json
}

fn thread_metadata(channel: &Channel) -> Option<Value> {
    channel.thread.as_ref().map(|thread| {
        json!({
            "archived": thread.archived,
            "archive_timestamp": thread.archived_or_back.to_string(),
            "auto_archive_duration": thread.archive_after,
            "locked": thread.locked,
            "create_timestamp": thread.created.to_string(),
        })
    })
}

pub(crate) fn attachment(file: &Attachment, ephemeral: bool) -> Value {
    let mut json = json!({
        "id": file.id,
        "filename": file.name,
        "size": file.bytes.len(),
        "url": file.url,
        "proxy_url": file.url,
    });
    if let Some(kind) = &file.content_type {
        json["content_type"] = json!(kind);
    }
    if let Some(description) = &file.description {
        json["description"] = json!(description);
    }
    if let Some((width, height)) = png_size(&file.bytes) {
        json["width"] = json!(width);
        json["height"] = json!(height);
    }
    if ephemeral {
        json["ephemeral"] = json!(true);
    }
    json
}

/// Width and height of a PNG, from its header.
fn png_size(bytes: &[u8]) -> Option<(u32, u32)> {
    let header = bytes.strip_prefix(b"\x89PNG\r\n\x1a\n")?;
    let number = |at: usize| Some(u32::from_be_bytes(header.get(at..at + 4)?.try_into().ok()?));
    Some((number(8)?, number(12)?))
}

pub(crate) fn command(command: &Command, application: Snowflake) -> Value {
    let mut json = json!({
        "type": 1,
        "description": "",
        "options": [],
        "default_member_permissions": null,
        "nsfw": false,
        "name_localizations": null,
        "description_localizations": null,
        "integration_types": [0],
        "contexts": null,
    });
    if let (Some(all), Some(sent)) = (json.as_object_mut(), command.body.as_object()) {
        all.extend(sent.iter().filter(|(_, value)| !value.is_null()).map(|(k, v)| (k.clone(), v.clone())));
    }
    json["options"].as_array_mut().into_iter().flatten().for_each(drop_usual);
    json["id"] = json!(command.id);
    json["application_id"] = json!(application);
    json["version"] = json!(command.version);
    match command.guild {
        Some(guild) => json["guild_id"] = json!(guild),
        None => json["dm_permission"] = json!(true),
    }
    json
}

/// Takes out of an option what Discord does not give back: what is absent, empty, or as it would be anyway.
fn drop_usual(option: &mut Value) {
    let usual = [Value::Null, json!([]), json!(false), json!({})];
    let Some(all) = option.as_object_mut() else { return };
    all.retain(|_, value| !usual.contains(value));
    all.get_mut("options").and_then(Value::as_array_mut).into_iter().flatten().for_each(drop_usual);
}

/// The settings that nobody here changes.
fn guild_settings() -> Value {
    json!({
        "icon": null, "icon_hash": null, "splash": null, "discovery_splash": null, "banner": null,
        "home_header": null, "description": null, "vanity_url_code": null,
        "afk_channel_id": null, "afk_timeout": 300,
        "widget_enabled": false, "widget_channel_id": null,
        "verification_level": 0, "default_message_notifications": 0, "explicit_content_filter": 0,
        "mfa_level": 0, "nsfw": false, "nsfw_level": 0,
        "emojis": [], "stickers": [], "features": [],
        "application_id": null, "system_channel_id": null, "system_channel_flags": 0,
        "rules_channel_id": null, "public_updates_channel_id": null, "safety_alerts_channel_id": null,
        "max_presences": null, "max_members": 500_000,
        "max_video_channel_users": 25, "max_stage_video_channel_users": 50,
        "premium_tier": 0, "premium_subscription_count": 0, "premium_progress_bar_enabled": false,
        "preferred_locale": "en-US", "region": "deprecated",
        "hub_type": null, "latest_onboarding_question_id": null, "incidents_data": null, "inventory_settings": null,
    })
}

impl World {
    pub(crate) fn user_json(&self, id: Snowflake) -> Value {
        self.users.get(&id).map_or(Value::Null, user)
    }

    /// The member's place in a guild, without who it is.
    pub(crate) fn bare_member_json(member: &Member) -> Value {
        json!({
            "roles": member.roles,
            "nick": null,
            "avatar": null,
            "banner": null,
            "avatar_decoration_data": null,
            "joined_at": member.joined.to_string(),
            "premium_since": null,
            "deaf": false,
            "mute": false,
            "flags": 0,
            "pending": false,
            "communication_disabled_until": null,
            "unusual_dm_activity_until": null,
        })
    }

    pub(crate) fn member_json(&self, member: &Member) -> Value {
        let mut json = Self::bare_member_json(member);
        json["user"] = self.user_json(member.user);
        json
    }

    /// A guild as `GET /guilds/{id}` gives it.
    pub(crate) fn guild_json(&self, guild: &Guild) -> Value {
        let mut json = guild_settings();
        json["id"] = json!(guild.id);
        json["name"] = json!(guild.name);
        json["owner_id"] = json!(guild.owner);
        json["roles"] = guild.roles.iter().map(|one| role(one, self.bot)).collect();
        json
    }

    /// A guild as the gateway announces it. Without the intent for members, that is the bot alone.
    pub(crate) fn guild_create_json(&self, guild: &Guild) -> Value {
        let mut json = self.guild_json(guild);
        let joined = guild.members.get(&self.bot).map(|member| member.joined.to_string());
        let threads = |channel: &&Channel| {
            channel.guild == Some(guild.id) && channel.thread.as_ref().is_some_and(|thread| !thread.archived)
        };
        let bot = guild.members.get(&self.bot).map(|member| self.member_json(member));
        json["joined_at"] = json!(joined);
        json["large"] = json!(false);
        json["unavailable"] = json!(false);
        json["member_count"] = json!(guild.members.len());
        json["members"] = bot.into_iter().collect();
        json["channels"] = self.channels_of(guild.id).map(|channel| self.channel_json(channel)).collect();
        json["threads"] =
            self.channels.values().filter(threads).map(|channel| self.channel_json(channel)).collect();
        for nothing in
            ["voice_states", "presences", "stage_instances", "guild_scheduled_events", "soundboard_sounds"]
        {
            json[nothing] = json!([]);
        }
        json
    }

    pub(crate) fn channel_json(&self, channel: &Channel) -> Value {
        let mut json = json!({
            "id": channel.id,
            "type": channel.kind.number(),
            "last_message_id": channel.last_message,
            "last_pin_timestamp": channel.last_pin.map(|time| time.to_string()),
            "flags": 0,
        });
        match channel.kind {
            ChannelKind::Direct => {
                json["recipients"] = channel.owner.map(|id| self.user_json(id)).into_iter().collect();
            }
            ChannelKind::Thread => self.add_thread_fields(channel, &mut json),
            ChannelKind::Text | ChannelKind::Category => add_channel_fields(channel, &mut json),
        }
        json
    }

    fn add_thread_fields(&self, channel: &Channel, json: &mut Value) {
        let messages = self.messages.values().filter(|message| message.channel == channel.id);
        let count = messages.filter(|message| message.kind != 21).count();
        json["guild_id"] = json!(channel.guild);
        json["parent_id"] = json!(channel.parent);
        json["owner_id"] = json!(channel.owner);
        json["name"] = json!(channel.name);
        json["message_count"] = json!(count);
        json["total_message_sent"] = json!(count);
        json["member_count"] = json!(1);
        json["rate_limit_per_user"] = json!(channel.slow_mode);
        json["thread_metadata"] = json!(thread_metadata(channel));
    }

    /// A message as it is read. It says in which guild it is only when the gateway tells of it.
    pub(crate) fn message_json(&self, message: &Message) -> Value {
        let ephemeral = message.flags & EPHEMERAL != 0;
        let loading = if message.thinking { LOADING } else { 0 };
        let files: Vec<_> = message.attachments.iter().map(|file| attachment(file, ephemeral)).collect();
        let mentioned = message.pings.iter().filter_map(|id| id.parse().ok()).collect::<Vec<Snowflake>>();
        let (people, roles): (Vec<_>, Vec<_>) = mentioned.iter().partition(|id| self.users.contains_key(id));
        let mut json = json!({
            "id": message.id,
            "channel_id": message.channel,
            "type": message.kind,
            "author": self.user_json(message.author),
            "content": message.content,
            "embeds": message.embeds,
            "components": message.components,
            "attachments": files,
            "timestamp": message.written.to_string(),
            "edited_timestamp": message.edited.map(|time| time.to_string()),
            "mentions": people.into_iter().map(|id| self.user_json(id)).collect::<Value>(),
            "mention_roles": roles,
            "mention_everyone": message.pings.iter().any(|ping| ping == "everyone"),
            "mention_channels": [],
            "pinned": message.pinned,
            "tts": false,
            "flags": message.flags | loading,
        });
        self.add_origin(message, &mut json);
        json
    }

    /// Where a message came from, and what hangs on it.
    fn add_origin(&self, message: &Message, json: &mut Value) {
        if let Some(nonce) = &message.nonce {
            json["nonce"] = nonce.clone();
        }
        if let Some(metadata) = &message.interaction {
            json["interaction_metadata"] = metadata.clone();
        }
        if message.author == self.bot {
            json["application_id"] = json!(self.bot);
        }
        if message.webhook {
            json["webhook_id"] = json!(self.bot);
        }
        if let Some(reference) = &message.reference {
            json["message_reference"] = reference.clone();
        }
        if let Some(thread) = self.channels.get(&message.id) {
            json["thread"] = self.channel_json(thread);
        }
    }
}

fn add_channel_fields(channel: &Channel, json: &mut Value) {
    let overwrites = channel.overwrites.iter().map(|one| {
        json!({
            "id": one.target,
            "type": u8::from(one.is_member),
            "allow": one.allow.bits().to_string(),
            "deny": one.deny.bits().to_string(),
        })
    });
    json["guild_id"] = json!(channel.guild);
    json["name"] = json!(channel.name);
    json["position"] = json!(channel.position);
    json["permission_overwrites"] = overwrites.collect();
    json["parent_id"] = json!(channel.parent);
    if channel.kind == ChannelKind::Text {
        json["topic"] = json!(channel.topic);
        json["nsfw"] = json!(false);
        json["rate_limit_per_user"] = json!(channel.slow_mode);
    }
}
