//! What the bot may do on a server and in a channel, as Discord reckons it.

use serenity::all::{ChannelId, GuildId, PermissionOverwrite, PermissionOverwriteType, Permissions, UserId};

use crate::surface::discord::guilds::Known;
use crate::surface::discord::needs;

/// What making a channel needs.
pub(super) const TO_MAKE: Permissions = Permissions::VIEW_CHANNEL.union(Permissions::MANAGE_CHANNELS);

/// Without these nobody is answered in a channel.
pub(super) const TO_SPEAK: Permissions = Permissions::VIEW_CHANNEL.union(Permissions::SEND_MESSAGES);

/// The same in a thread.
pub(super) const TO_SPEAK_IN_THREAD: Permissions =
    Permissions::VIEW_CHANNEL.union(Permissions::SEND_MESSAGES_IN_THREADS);

/// All that is used in the channel of a project, as far as serenity knows of it: Pin Messages is newer than its list.
pub(super) const IN_CHANNEL: Permissions = Permissions::from_bits_truncate(needs::bits());

/// What `user` may do on a server, or in one of its channels; for a thread, the channel decides. `None` if the roles
/// of the user or the channel are not known.
pub(super) fn of(
    known: &Known,
    guild: GuildId,
    user: UserId,
    channel: Option<ChannelId>,
) -> Option<Permissions> {
    if known.owner == Some(user) {
        return Some(Permissions::all());
    }
    let roles = known.programs.get(&user)?;
    let everyone = guild.everyone_role();
    let own = roles.iter().chain([&everyone]).filter_map(|role| known.roles.get(role));
    let all = own.fold(Permissions::empty(), |all, (_, more)| all | *more);
    if all.contains(Permissions::ADMINISTRATOR) {
        return Some(Permissions::all());
    }
    let Some(channel) = channel else { return Some(all) };
    let place = known.channels.get(&channel)?;
    let place = match place.parent.filter(|_| place.is_thread()) {
        Some(parent) => known.channels.get(&parent)?,
        None => place,
    };
    // Discord asks in this order: everyone, the roles together, the member.
    let all = applied(all, &place.overwrites, |it| it == PermissionOverwriteType::Role(everyone));
    let all = applied(
        all,
        &place.overwrites,
        |it| matches!(it, PermissionOverwriteType::Role(role) if role != everyone && roles.contains(&role)),
    );
    let all = applied(all, &place.overwrites, |it| it == PermissionOverwriteType::Member(user));
    // Whoever does not see a channel can do nothing in it.
    Some(if all.contains(Permissions::VIEW_CHANNEL) { all } else { Permissions::empty() })
}

fn applied(
    all: Permissions,
    overwrites: &[PermissionOverwrite],
    concerns: impl Fn(PermissionOverwriteType) -> bool,
) -> Permissions {
    let those = overwrites.iter().filter(|it| concerns(it.kind));
    let (allow, deny) = those.fold((Permissions::empty(), Permissions::empty()), |(allow, deny), it| {
        (allow | it.allow, deny | it.deny)
    });
    (all - deny) | allow
}

/// What is missing of `needed`, as people call it; `None` if nothing is.
pub(super) fn missing(has: Permissions, needed: Permissions) -> Option<String> {
    let missing = needed - has;
    (!missing.is_empty()).then(|| missing.get_permission_names().join(", "))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use serenity::all::{ChannelType, RoleId};

    use super::*;
    use crate::surface::discord::guilds::Place;

    const GUILD: GuildId = GuildId::new(1);
    const BOT: UserId = UserId::new(9);

    fn place(kind: ChannelType, parent: Option<u64>, overwrites: Vec<PermissionOverwrite>) -> Place {
        let parent = parent.map(ChannelId::new);
        Place { name: "x".to_owned(), kind, parent, topic: None, overwrites }
    }

    fn says(kind: PermissionOverwriteType, allow: Permissions, deny: Permissions) -> PermissionOverwrite {
        PermissionOverwrite { allow, deny, kind }
    }

    /// A server where everyone sees and writes, and the role of the bot makes channels.
    fn known(overwrites: Vec<PermissionOverwrite>) -> Known {
        let role = |name: &str, all| (name.to_owned(), all);
        let channels = HashMap::from([
            (ChannelId::new(5), place(ChannelType::Text, None, overwrites)),
            (ChannelId::new(6), place(ChannelType::PublicThread, Some(5), Vec::new())),
        ]);
        Known {
            roles: HashMap::from([
                (RoleId::new(1), role("@everyone", TO_SPEAK)),
                (RoleId::new(2), role("Bandmaster", Permissions::MANAGE_CHANNELS)),
                (RoleId::new(3), role("Others", Permissions::MANAGE_MESSAGES)),
            ]),
            programs: HashMap::from([(BOT, vec![RoleId::new(2)])]),
            channels,
            ..Known::default()
        }
    }

    fn bits(known: &Known, channel: Option<u64>) -> Option<Permissions> {
        of(known, GUILD, BOT, channel.map(ChannelId::new))
    }

    #[test]
    fn roles_add_up_and_those_of_others_do_not_count() {
        assert_eq!(bits(&known(Vec::new()), None), Some(TO_MAKE | Permissions::SEND_MESSAGES));
        assert_eq!(of(&known(Vec::new()), GUILD, UserId::new(8), None), None, "nothing is known of them");
    }

    #[test]
    fn the_member_comes_after_its_roles_and_those_after_everyone() {
        let everyone = PermissionOverwriteType::Role(RoleId::new(1));
        let role = PermissionOverwriteType::Role(RoleId::new(2));
        let none = Permissions::empty();
        let send = Permissions::SEND_MESSAGES;

        let denied = known(vec![says(everyone, none, send)]);
        let by_role = known(vec![says(role, send, none), says(everyone, none, send)]);
        let member = says(PermissionOverwriteType::Member(BOT), none, send);
        let by_member = known(vec![member, says(role, send, none)]);

        assert!(!bits(&denied, Some(5)).unwrap().contains(send));
        assert!(bits(&by_role, Some(5)).unwrap().contains(send));
        assert!(!bits(&by_member, Some(5)).unwrap().contains(send));
        assert!(!bits(&by_member, Some(6)).unwrap().contains(send), "a thread is as its channel");
    }

    #[test]
    fn whoever_does_not_see_a_channel_can_do_nothing_there_unless_an_administrator() {
        let everyone = PermissionOverwriteType::Role(RoleId::new(1));
        let mut known = known(vec![says(everyone, Permissions::empty(), Permissions::VIEW_CHANNEL)]);

        assert_eq!(bits(&known, Some(5)), Some(Permissions::empty()));

        known.roles.insert(RoleId::new(2), ("Bandmaster".to_owned(), Permissions::ADMINISTRATOR));
        assert_eq!(bits(&known, Some(5)), Some(Permissions::all()));
    }

    #[test]
    fn what_is_missing_is_named_as_people_know_it() {
        assert_eq!(missing(TO_SPEAK, TO_SPEAK), None);
        let missing = missing(Permissions::VIEW_CHANNEL, TO_MAKE | TO_SPEAK).unwrap();
        assert_eq!(missing, "Manage Channels, Send Messages");
    }
}
