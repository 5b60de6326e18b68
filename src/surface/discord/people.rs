//! Who speaks, and what the roles of the server let them do.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use serenity::all::{GuildId, Member, Permissions, RoleId, User};

use crate::config::{Guild, Roles};
use crate::domain::id::ProjectName;
use crate::domain::person::{Person, Role};
use crate::domain::text::Line;
use crate::gateway::access::{Given, Rights};
use crate::surface::discord::guilds::Known;

/// The person behind an account. The id of the account stays the same for good; names do not.
pub(super) fn person(user: &User, member: Option<&Member>) -> Person {
    let nick = member.and_then(|member| member.nick.as_deref());
    let names = [nick, user.global_name.as_deref(), Some(user.name.as_str())];
    let id = user.id.to_string();
    let mut lines = names.into_iter().flatten().filter_map(line);
    Person { name: lines.next().unwrap_or_else(|| sure(&id)), account: sure(&id), email: None }
}

/// A name with what cannot be in one line taken out.
fn line(name: &str) -> Option<Line> {
    // git ends the name of an author at these.
    let plain = |c: &char| !c.is_control() && !matches!(c, '<' | '>' | '\n');
    let plain: String = name.chars().filter(plain).take(80).collect();
    plain.trim().parse().ok()
}

/// An id of Discord has only digits, so it always is a line; the type cannot say so.
fn sure(id: &str) -> Line {
    loop {
        if let Ok(line) = id.parse() {
            return line;
        }
    }
}

/// Somebody in a server: what decides about their roles.
#[derive(Clone, Copy, Debug)]
pub(super) struct Standing<'a> {
    pub(super) guild: GuildId,
    pub(super) roles: &'a [RoleId],
    pub(super) permissions: Permissions,
}

impl Standing<'_> {
    /// The role that these Discord roles give; `None` for somebody who may not even look.
    fn role(&self, config: &Roles, known: &Known) -> Option<Role> {
        if self.permissions.contains(Permissions::ADMINISTRATOR) {
            return Some(Role::Admin);
        }
        let lists = [&config.admin, &config.approver, &config.contributor, &config.viewer];
        let given = lists.into_iter().zip(Role::ALL.into_iter().rev());
        let mut given = given.filter(|(names, _)| names.iter().any(|name| self.has(name, known)));
        given.next().map(|(_, role)| role).or(config.viewer.is_empty().then_some(Role::Viewer))
    }

    /// Whether one of the person's roles is called `name`, or has it as its id. Everyone has `@everyone`.
    fn has(&self, name: &str, known: &Known) -> bool {
        if name == "@everyone" {
            return true;
        }
        let is_called = |role: &RoleId| known.roles.get(role).is_some_and(|(called, _)| called == name);
        self.roles.iter().any(|role| role.to_string() == name || is_called(role))
            || name == self.guild.to_string()
    }

    /// What they may do with the projects that can be spoken to from this server; `None` for nothing at all.
    pub(super) fn rights(
        &self,
        config: &Guild,
        known: &Known,
        projects: impl IntoIterator<Item = ProjectName>,
        roots: Arc<[PathBuf]>,
    ) -> Option<Rights> {
        let general = self.role(&config.roles, known);
        let in_project = |name: &ProjectName| {
            let own = config.projects.get(name.as_str())?;
            // Nobody named as a viewer of one project says nothing about who may look.
            let own = Roles { viewer: without_default(&own.viewer), ..own.clone() };
            self.role(&own, known)
        };
        let roles = projects.into_iter().filter_map(|name| {
            let role = general.max(in_project(&name))?;
            Some((name, role))
        });
        let projects: BTreeMap<_, _> = roles.collect();
        if general.is_none() && projects.is_empty() {
            return None;
        }
        let general = general.unwrap_or(Role::Viewer);
        Some(Rights::Given(Given { general, projects: Arc::new(projects), roots }))
    }
}

/// A list that is never empty, so that an empty one does not mean everyone.
fn without_default(viewers: &[String]) -> Vec<String> {
    if viewers.is_empty() { vec![String::new()] } else { viewers.to_vec() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(list: &[&str]) -> Vec<String> {
        list.iter().map(|name| (*name).to_owned()).collect()
    }

    fn known() -> Known {
        let role = |id: u64, name: &str| (RoleId::new(id), (name.to_owned(), Permissions::empty()));
        Known { roles: [role(1, "@everyone"), role(2, "Devs"), role(3, "Leads")].into(), ..Known::default() }
    }

    fn role_of(config: &Guild, roles: &[u64], permissions: Permissions, project: &str) -> Option<Role> {
        let roles: Vec<_> = roles.iter().copied().map(RoleId::new).collect();
        let standing = Standing { guild: GuildId::new(1), roles: &roles, permissions };
        let projects = ["demo".parse().unwrap(), "shop".parse().unwrap()];
        let rights = standing.rights(config, &known(), projects, Arc::new([]))?;
        rights.role(Some(&project.parse().unwrap()))
    }

    fn guild(roles: Roles) -> Guild {
        Guild { id: 1, overview: None, roles, projects: BTreeMap::new() }
    }

    #[test]
    fn without_roles_administrators_are_admins_and_everyone_else_looks() {
        let config = guild(Roles::default());

        assert_eq!(role_of(&config, &[], Permissions::ADMINISTRATOR, "demo"), Some(Role::Admin));
        assert_eq!(role_of(&config, &[2], Permissions::MANAGE_CHANNELS, "demo"), Some(Role::Viewer));
    }

    #[test]
    fn the_highest_role_counts_and_roles_are_named_or_numbered() {
        let config =
            guild(Roles { contributor: names(&["Devs"]), approver: names(&["3"]), ..Roles::default() });
        let none = Permissions::empty();

        assert_eq!(role_of(&config, &[], none, "demo"), Some(Role::Viewer));
        assert_eq!(role_of(&config, &[2], none, "demo"), Some(Role::Contributor));
        assert_eq!(role_of(&config, &[2, 3], none, "demo"), Some(Role::Approver));
    }

    #[test]
    fn whoever_is_no_viewer_sees_nothing() {
        let config = guild(Roles { viewer: names(&["Devs"]), ..Roles::default() });

        assert_eq!(role_of(&config, &[3], Permissions::empty(), "demo"), None);
        assert_eq!(role_of(&config, &[2], Permissions::empty(), "demo"), Some(Role::Viewer));
        assert_eq!(role_of(&config, &[], Permissions::ADMINISTRATOR, "demo"), Some(Role::Admin));
    }

    #[test]
    fn a_project_adds_roles_of_its_own() {
        let mut config = guild(Roles { viewer: names(&["Devs"]), ..Roles::default() });
        let shop = Roles { approver: names(&["Leads"]), ..Roles::default() };
        config.projects.insert("shop".to_owned(), shop);
        let none = Permissions::empty();

        assert_eq!(role_of(&config, &[3], none, "shop"), Some(Role::Approver));
        assert_eq!(role_of(&config, &[3], none, "demo"), None);
        assert_eq!(role_of(&config, &[2], none, "shop"), Some(Role::Viewer));
        assert_eq!(role_of(&config, &[], none, "shop"), None);
    }
}
