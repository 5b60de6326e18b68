//! What a member may do: the bits of roles, and what a channel adds or takes away.

use std::ops::BitOr;

use crate::sandbox::id::Snowflake;
use crate::sandbox::model::{Channel, Guild};

/// A set of permissions, with Discord's bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Permissions(u64);

#[expect(missing_docs, reason = "named as in Discord")]
impl Permissions {
    pub const NONE: Self = Self(0);
    pub const ADMINISTRATOR: Self = Self(1 << 3);
    pub const MANAGE_CHANNELS: Self = Self(1 << 4);
    pub const MANAGE_GUILD: Self = Self(1 << 5);
    pub const VIEW_CHANNEL: Self = Self(1 << 10);
    pub const SEND_MESSAGES: Self = Self(1 << 11);
    pub const MANAGE_MESSAGES: Self = Self(1 << 13);
    pub const EMBED_LINKS: Self = Self(1 << 14);
    pub const ATTACH_FILES: Self = Self(1 << 15);
    pub const READ_MESSAGE_HISTORY: Self = Self(1 << 16);
    pub const MANAGE_ROLES: Self = Self(1 << 28);
    pub const USE_APPLICATION_COMMANDS: Self = Self(1 << 31);
    pub const MANAGE_THREADS: Self = Self(1 << 34);
    pub const CREATE_PUBLIC_THREADS: Self = Self(1 << 35);
    pub const SEND_MESSAGES_IN_THREADS: Self = Self(1 << 38);
    pub const PIN_MESSAGES: Self = Self(1 << 51);
    pub const ALL: Self = Self((1 << 53) - 1);

    /// What everybody may do in a new guild.
    pub const EVERYONE: Self = Self(
        Self::VIEW_CHANNEL.0
            | Self::SEND_MESSAGES.0
            | Self::EMBED_LINKS.0
            | Self::ATTACH_FILES.0
            | Self::READ_MESSAGE_HISTORY.0
            | Self::USE_APPLICATION_COMMANDS.0
            | Self::CREATE_PUBLIC_THREADS.0
            | Self::SEND_MESSAGES_IN_THREADS.0,
    );

    /// What the bot may do besides, through a role of its own.
    pub const BOT: Self = Self(
        Self::EVERYONE.0
            | Self::MANAGE_CHANNELS.0
            | Self::MANAGE_MESSAGES.0
            | Self::PIN_MESSAGES.0
            | Self::MANAGE_THREADS.0,
    );

    /// Reads the bits of a number that Discord writes as a string.
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// The bits.
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// Whether all of `others` are in the set.
    pub const fn contains(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }

    /// The set without `others`.
    #[must_use]
    pub const fn without(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }
}

impl BitOr for Permissions {
    type Output = Self;

    fn bitor(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }
}

/// What a channel allows or denies to one role or one member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Overwrite {
    pub(crate) target: Snowflake,
    pub(crate) is_member: bool,
    pub(crate) allow: Permissions,
    pub(crate) deny: Permissions,
}

/// What `user` may do in `guild`, before any channel has its say.
pub(crate) fn in_guild(guild: &Guild, user: Snowflake) -> Permissions {
    if guild.owner == user {
        return Permissions::ALL;
    }
    let Some(member) = guild.members.get(&user) else { return Permissions::NONE };
    let counts = |id: Snowflake| id == guild.id || member.roles.contains(&id);
    let roles = guild.roles.iter().filter(|role| counts(role.id));
    let all = roles.fold(Permissions::NONE, |all, role| all | role.permissions);
    if all.contains(Permissions::ADMINISTRATOR) { Permissions::ALL } else { all }
}

/// What `user` may do in `channel` (for a thread: its parent). Everyone first, then roles, then the member.
pub(crate) fn in_channel(guild: &Guild, channel: &Channel, user: Snowflake) -> Permissions {
    let mut can = in_guild(guild, user);
    if can == Permissions::ALL {
        return can;
    }
    let roles = guild.members.get(&user).map(|member| member.roles.as_slice()).unwrap_or_default();
    let steps: [&dyn Fn(&Overwrite) -> bool; 3] =
        [&|one| one.target == guild.id, &|one| !one.is_member && roles.contains(&one.target), &|one| {
            one.is_member && one.target == user
        }];
    for applies in steps {
        let those = channel.overwrites.iter().filter(|one| applies(one));
        let (allow, deny) = those.fold((Permissions::NONE, Permissions::NONE), |(allow, deny), one| {
            (allow | one.allow, deny | one.deny)
        });
        can = can.without(deny) | allow;
    }
    if can.contains(Permissions::VIEW_CHANNEL) { can } else { Permissions::NONE }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::Timestamp;

    use super::*;
    use crate::sandbox::model::{ChannelKind, Member, Role};

    const GUILD: u64 = 1;
    const OWNER: u64 = 2;
    const MEMBER: u64 = 3;
    const ROLE: u64 = 4;
    const USUAL: Permissions =
        Permissions(Permissions::VIEW_CHANNEL.bits() | Permissions::SEND_MESSAGES.bits());

    /// A guild in which everybody may see and write, and one member has a role.
    fn guild(of_role: Permissions) -> Guild {
        let role = |id: u64, permissions| {
            let (id, name) = (id.into(), String::new());
            Role { id, name, permissions, position: 0, managed: false }
        };
        let user = Snowflake::from(MEMBER);
        let member = Member { user, roles: vec![ROLE.into()], joined: Timestamp::UNIX_EPOCH };
        Guild {
            id: GUILD.into(),
            name: String::new(),
            owner: OWNER.into(),
            roles: vec![role(GUILD, USUAL), role(ROLE, of_role)],
            members: BTreeMap::from([(user, member)]),
            has_bot: true,
        }
    }

    /// What the member may do in a channel that says this.
    fn there(guild: &Guild, overwrites: &[(u64, bool, Permissions, Permissions)]) -> Permissions {
        let overwrite = |(target, is_member, allow, deny): &(u64, bool, Permissions, Permissions)| {
            Overwrite { target: (*target).into(), is_member: *is_member, allow: *allow, deny: *deny }
        };
        let overwrites = overwrites.iter().map(overwrite).collect();
        let channel = Channel { overwrites, ..Channel::bare(9.into(), ChannelKind::Text, "") };
        in_channel(guild, &channel, MEMBER.into())
    }

    #[test]
    fn the_owner_and_administrators_may_do_anything() {
        assert_eq!(in_guild(&guild(Permissions::NONE), OWNER.into()), Permissions::ALL);
        let guild = guild(Permissions::ADMINISTRATOR);
        let nothing = [(GUILD, false, Permissions::NONE, Permissions::ALL)];
        assert_eq!(there(&guild, &nothing), Permissions::ALL);
    }

    #[test]
    fn the_member_has_the_last_word_and_its_roles_the_one_before() {
        let guild = guild(Permissions::NONE);
        let deny = (GUILD, false, Permissions::NONE, Permissions::SEND_MESSAGES);
        let role = (ROLE, false, Permissions::SEND_MESSAGES, Permissions::NONE);
        let member = (MEMBER, true, Permissions::NONE, Permissions::SEND_MESSAGES);

        assert_eq!(there(&guild, &[]), USUAL);
        assert_eq!(there(&guild, &[deny]), Permissions::VIEW_CHANNEL);
        assert_eq!(there(&guild, &[role, deny]), USUAL);
        assert_eq!(there(&guild, &[member, role, deny]), Permissions::VIEW_CHANNEL);
    }

    #[test]
    fn who_does_not_see_a_channel_can_do_nothing_there() {
        let hidden = [(GUILD, false, Permissions::NONE, Permissions::VIEW_CHANNEL)];
        assert_eq!(there(&guild(Permissions::SEND_MESSAGES), &hidden), Permissions::NONE);
        assert_eq!(in_guild(&guild(Permissions::ALL), 99.into()), Permissions::NONE);
    }
}
