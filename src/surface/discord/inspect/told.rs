//! What Discord tells about a server, with every bit of its permissions.
//!
//! serenity drops bits that are newer than its list, so this is read from what Discord says itself.

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serenity::all::{ChannelId, GuildId, Http, LightMethod, Request, RoleId, Route, UserId};

use crate::surface::discord::inspect::PATIENCE;
use crate::surface::discord::needs::{ADMINISTRATOR, VIEW_CHANNEL};
use crate::surface::discord::rest::{self, Fault};

/// A role and what it allows.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Role {
    pub(super) id: RoleId,
    pub(super) name: String,
    #[serde(deserialize_with = "bits")]
    pub(super) permissions: u64,
}

/// A member; here always the bot.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Member {
    pub(super) roles: Vec<RoleId>,
}

/// A channel, a category or a thread.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Place {
    pub(super) id: ChannelId,
    #[serde(rename = "type")]
    pub(super) kind: u8,
    pub(super) name: Option<String>,
    pub(super) parent_id: Option<ChannelId>,
    #[serde(default)]
    permission_overwrites: Vec<Overwrite>,
}

/// What a channel allows or denies to a role or a member.
#[derive(Clone, Debug, Deserialize)]
struct Overwrite {
    #[serde(deserialize_with = "bits")]
    id: u64,
    #[serde(deserialize_with = "bits")]
    allow: u64,
    #[serde(deserialize_with = "bits")]
    deny: u64,
}

/// A slash command.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Command {
    pub(super) name: String,
}

/// Discord's number for a category.
const CATEGORY: u8 = 4;
/// Discord's numbers for threads.
const THREADS: [u8; 3] = [10, 11, 12];

impl Place {
    pub(super) fn is_category(&self) -> bool {
        self.kind == CATEGORY
    }

    pub(super) fn is_thread(&self) -> bool {
        THREADS.contains(&self.kind)
    }

    /// What people call it.
    pub(super) fn called(&self) -> String {
        self.name.as_ref().map_or_else(|| self.id.to_string(), |name| format!("#{name}"))
    }
}

/// Asks Discord for something.
pub(super) async fn get<T: DeserializeOwned>(http: &Http, route: Route<'_>) -> Result<T, Fault> {
    rest::patiently(PATIENCE, || http.fire(Request::new(route, LightMethod::Get))).await
}

/// What a member with `own` roles may do on the server.
pub(super) fn on_server(guild: GuildId, roles: &[Role], own: &[RoleId]) -> u64 {
    let counts = |role: &&Role| role.id == guild.everyone_role() || own.contains(&role.id);
    let all = roles.iter().filter(counts).fold(0, |all, role| all | role.permissions);
    if all & ADMINISTRATOR == 0 { all } else { u64::MAX }
}

/// What is left of `all`, or joins it, in a channel: everyone is asked first, then the roles, then the member.
pub(super) fn in_channel(all: u64, place: &Place, guild: GuildId, own: &[RoleId], me: UserId) -> u64 {
    if all == u64::MAX {
        return all;
    }
    let is_role = |id: u64| own.iter().any(|role| role.get() == id);
    let steps: [&dyn Fn(u64) -> bool; 3] = [&|id| id == guild.get(), &is_role, &|id| id == me.get()];
    let all = steps.iter().fold(all, |all, concerns| {
        let those = place.permission_overwrites.iter().filter(|it| concerns(it.id));
        let (allow, deny) = those.fold((0, 0), |(allow, deny), it| (allow | it.allow, deny | it.deny));
        all & !deny | allow
    });
    if all & VIEW_CHANNEL == 0 { 0 } else { all }
}

/// Numbers that Discord writes as texts, because JavaScript could not hold them.
fn bits<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    String::deserialize(from)?.parse().map_err(D::Error::custom)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const GUILD: GuildId = GuildId::new(1);
    const ME: UserId = UserId::new(9);
    const OWN: [RoleId; 1] = [RoleId::new(2)];
    const PIN: u64 = 1 << 51;

    fn place(overwrites: &serde_json::Value) -> Place {
        serde_json::from_value(
            json!({ "id": "5", "type": 0, "name": "shop", "permission_overwrites": overwrites }),
        )
        .unwrap()
    }

    fn says(id: &str, allow: u64, deny: u64) -> serde_json::Value {
        json!({ "id": id, "type": 0, "allow": allow.to_string(), "deny": deny.to_string() })
    }

    #[test]
    fn roles_add_up_with_bits_that_are_newer_than_serenity() {
        let role = |id: &str, bits: u64| json!({ "id": id, "name": "x", "permissions": bits.to_string() });
        let roles = json!([role("1", VIEW_CHANNEL), role("2", PIN), role("3", 1)]);
        let roles: Vec<Role> = serde_json::from_value(roles).unwrap();

        assert_eq!(on_server(GUILD, &roles, &OWN), VIEW_CHANNEL | PIN);
        assert_eq!(on_server(GUILD, &roles, &[]), VIEW_CHANNEL);
    }

    #[test]
    fn the_member_comes_after_its_roles_and_those_after_everyone() {
        let all = VIEW_CHANNEL | PIN;
        let bits = |overwrites: serde_json::Value| in_channel(all, &place(&overwrites), GUILD, &OWN, ME);

        assert_eq!(bits(json!([says("1", 0, PIN)])), VIEW_CHANNEL);
        assert_eq!(bits(json!([says("2", PIN, 0), says("1", 0, PIN)])), all);
        assert_eq!(bits(json!([says("9", 0, PIN), says("2", PIN, 0)])), VIEW_CHANNEL);
        assert_eq!(bits(json!([says("3", 0, PIN)])), all, "the role of others does not count");
    }

    #[test]
    fn whoever_does_not_see_a_channel_can_do_nothing_there_unless_an_administrator() {
        let hidden = place(&json!([says("1", 0, VIEW_CHANNEL)]));

        assert_eq!(in_channel(VIEW_CHANNEL | PIN, &hidden, GUILD, &OWN, ME), 0);
        assert_eq!(in_channel(u64::MAX, &hidden, GUILD, &OWN, ME), u64::MAX);
    }
}
