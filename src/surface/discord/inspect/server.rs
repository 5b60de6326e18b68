//! Looks at one server: whether the bot is in it, what it may do there, and whether the configuration fits.

use serenity::all::{ApplicationId, GuildId, Http, RoleId, Route, UserId};

use crate::config;
use crate::engine::Entry;
use crate::surface::answer::Check;
use crate::surface::discord::bot::{Data, Never};
use crate::surface::discord::inspect::told::{self, Command, Member, Place, Role};
use crate::surface::discord::inspect::{link_for, named};
use crate::surface::discord::rest::Fault;
use crate::surface::discord::{command, menu, needs};

/// As many channels has a server at most, with categories. Discord's documentation, "Guild limits".
const CHANNELS_MAX: usize = 500;
/// From so many on it is worth a word.
const CHANNELS_MANY: usize = 480;
/// How alike two names are at least that are taken for a slip of the hand.
const ALIKE: f64 = 0.8;

/// What is needed to look at a server.
pub(super) struct Looking<'a> {
    pub(super) http: &'a Http,
    pub(super) application: ApplicationId,
    pub(super) config: &'a config::Discord,
    pub(super) guild: &'a config::Guild,
}

/// A server that the bot is in.
pub(super) struct Server {
    pub(super) id: GuildId,
    pub(super) name: String,
    pub(super) me: UserId,
    pub(super) own: Vec<RoleId>,
    roles: Vec<Role>,
    pub(super) channels: Vec<Place>,
}

#[derive(serde::Deserialize)]
struct Name {
    name: String,
}

#[derive(serde::Deserialize)]
struct Threads {
    threads: Vec<Place>,
}

impl Server {
    /// What the bot may do, before any channel has its say.
    pub(super) fn may(&self) -> u64 {
        told::on_server(self.id, &self.roles, &self.own)
    }
}

impl Looking<'_> {
    /// Checks the server; `None` if the bot is not in it.
    pub(super) async fn check(&self, checks: &mut Vec<Check>) -> Option<Server> {
        let guild = self.guild.id;
        match self.look().await {
            Ok(server) => {
                let seen = format!("the bot is in it ({guild})");
                checks.push(Check::good(format!("server {}", server.name), seen));
                checks.push(self.permissions(&server));
                checks.push(self.commands(&server).await);
                checks.push(self.category(&server));
                checks.push(room(&server));
                checks.extend(self.roles(&server));
                Some(server)
            }
            Err(Fault::Gone(_) | Fault::Forbidden(_)) => {
                let mend = format!(
                    "invite it with {} or correct the id in `discord.guilds`",
                    link_for(self.application, guild)
                );
                checks.push(Check::bad(format!("server {guild}"), "the bot is not in it", mend));
                None
            }
            Err(fault) => {
                checks.push(Check::bad(format!("server {guild}"), fault.to_string(), "try again later"));
                None
            }
        }
    }

    async fn look(&self) -> Result<Server, Fault> {
        let (http, guild_id) = (self.http, GuildId::new(self.guild.id));
        let me = UserId::new(self.application.get());
        let Name { name } = told::get(http, Route::Guild { guild_id }).await?;
        let roles = told::get(http, Route::GuildRoles { guild_id }).await?;
        let member: Member = told::get(http, Route::GuildMember { guild_id, user_id: me }).await?;
        let mut channels: Vec<Place> = told::get(http, Route::GuildChannels { guild_id }).await?;
        let Threads { threads } = told::get(http, Route::GuildThreadsActive { guild_id }).await?;
        channels.extend(threads);
        Ok(Server { id: guild_id, name, me, own: member.roles, roles, channels })
    }

    fn permissions(&self, server: &Server) -> Check {
        let name = named("permissions", server);
        let missing = needs::missing(server.may());
        if missing.is_empty() {
            return Check::good(name, "all that are needed");
        }
        let mend = format!(
            "give them to the role of the bot in the settings of the server, or invite it again with {}",
            link_for(self.application, self.guild.id)
        );
        Check::bad(name, format!("missing: {}", missing.join(", ")), mend)
    }

    async fn commands(&self, server: &Server) -> Check {
        let name = named("slash commands", server);
        let mend = format!(
            "start `bandmaster serve`, which makes them known; if they are missing then, invite the bot again with {}",
            link_for(self.application, self.guild.id)
        );
        let route = Route::GuildCommands { application_id: self.application, guild_id: server.id };
        let known: Vec<Command> = match told::get(self.http, route).await {
            Ok(known) => known,
            Err(fault) => return Check::bad(name, fault.to_string(), mend),
        };
        let ours = menu::commands::<Data, Never>(command::run, command::complete);
        let missing: Vec<_> = ours
            .iter()
            .map(|it| it.name.as_ref())
            .filter(|ours| !known.iter().any(|it| it.name == *ours))
            .collect();
        match missing.as_slice() {
            [] => Check::good(name, format!("{} are known", ours.len())),
            all if all.len() == ours.len() => Check::bad(name, "none is known", mend),
            some => Check::bad(name, format!("not known: {}", list(some)), mend),
        }
    }

    /// A category that is missing is made when it is needed.
    fn category(&self, server: &Server) -> Check {
        let (name, wanted) = (named("category", server), &self.config.category);
        let is_it = |it: &&Place| it.is_category() && it.name.as_ref().is_some_and(|name| same(name, wanted));
        let can_make = !needs::missing(server.may()).contains(&"Manage Channels");
        match server.channels.iter().find(is_it) {
            Some(_) => Check::good(name, format!("{wanted:?} is there")),
            None if can_make => Check::good(name, format!("{wanted:?} is made with the first project")),
            None => {
                let mend = "make a category of that name, or give the bot Manage Channels";
                Check::bad(name, format!("there is no {wanted:?}, and the bot may not make one"), mend)
            }
        }
    }

    /// Roles of the configuration that the server does not have.
    fn roles(&self, server: &Server) -> Vec<Check> {
        let own = [("roles", &self.guild.roles)];
        let of_projects = self.guild.projects.iter().map(|(name, roles)| (name.as_str(), roles));
        let lists = own.into_iter().chain(of_projects).flat_map(|(whose, roles)| {
            let kinds = [&roles.viewer, &roles.contributor, &roles.approver, &roles.admin];
            kinds.into_iter().flatten().map(move |role| (whose, role))
        });
        let mut checks: Vec<_> =
            lists.filter_map(|(whose, role)| unknown_role(server, whose, role)).collect();
        if checks.is_empty() {
            checks.push(Check::good(named("roles", server), "all that the configuration names"));
        }
        checks
    }
}

fn unknown_role(server: &Server, whose: &str, wanted: &str) -> Option<Check> {
    let guild = server.id.to_string();
    let is_known = wanted == "@everyone"
        || wanted == guild
        || server.roles.iter().any(|it| it.name == wanted || it.id.to_string() == wanted);
    if is_known {
        return None;
    }
    let place = if whose == "roles" { "`roles`".to_owned() } else { format!("`projects.{whose}`") };
    let detail = format!("there is no role {wanted:?}, which {place} names");
    let guess = guess(wanted, server.roles.iter().map(|it| it.name.as_str()));
    let mend = match guess {
        Some(guess) => format!("did you mean {guess:?}? Correct the configuration"),
        None => "make the role in the settings of the server, or correct the configuration".to_owned(),
    };
    Some(Check::bad(named("roles", server), detail, mend))
}

/// Projects that the configuration gives roles in, and that this machine does not have.
pub(super) fn unknown_projects(config: &config::Discord, entries: &[Entry]) -> Vec<Check> {
    let named = config.guilds.iter().flat_map(|guild| guild.projects.keys());
    let unknown = named.filter(|name| !entries.iter().any(|entry| entry.name.as_str() == name.as_str()));
    let check = |name: &String| {
        let mend = match guess(name, entries.iter().map(|entry| entry.name.as_str())) {
            Some(guess) => format!("did you mean {guess:?}? Correct the configuration"),
            None => "register it, or take it out of the configuration".to_owned(),
        };
        let detail = format!("there is no project {name:?}, which `discord.guilds` names");
        Check::bad("roles of projects", detail, mend)
    };
    unknown.map(check).collect()
}

fn room(server: &Server) -> Check {
    let name = named("channels", server);
    let count = server.channels.iter().filter(|it| !it.is_thread()).count();
    let detail = format!("{count} of {CHANNELS_MAX}");
    if count < CHANNELS_MANY {
        return Check::good(name, detail);
    }
    let mend = "delete some, or tie further projects to threads with `project bind`";
    Check::bad(name, detail, mend)
}

/// The name that was probably meant.
fn guess<'a>(wanted: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let likeness = |name: &str| strsim::jaro_winkler(&wanted.to_lowercase(), &name.to_lowercase());
    let (best, name) = known.map(|name| (likeness(name), name)).max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best >= ALIKE).then_some(name)
}

fn same(a: &str, b: &str) -> bool {
    a.to_lowercase() == b.to_lowercase()
}

fn list(names: &[&str]) -> String {
    /// More of them nobody reads.
    const NAMED_MAX: usize = 5;

    let mut shown: Vec<_> = names.iter().take(NAMED_MAX).map(|name| format!("/{name}")).collect();
    if names.len() > NAMED_MAX {
        shown.push(format!("{} more", names.len() - NAMED_MAX));
    }
    shown.join(", ")
}
