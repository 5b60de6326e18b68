//! The part of the configuration that is about Discord: which servers, which channels, who may do what there.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

/// How Bandmaster appears on Discord. It does so as soon as there is a token.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Discord {
    /// A file with the token of the bot; `DISCORD_TOKEN` comes before it.
    pub token_file: Option<PathBuf>,
    /// The category for the channels of projects; further ones get a number behind it.
    #[serde(deserialize_with = "channel_word")]
    pub category: String,
    /// What the channel of a project is called.
    #[serde(deserialize_with = "channel_pattern")]
    pub channel: String,
    /// What stands for `<host>` in it; `None` leaves it to the operating system.
    pub host: Option<String>,
    /// Where Discord's API is: another server that speaks its protocol, for a try.
    #[serde(deserialize_with = "address")]
    pub api_base: String,
    /// The address to which the name in `api_base` leads, where the name server is not to be asked.
    pub resolve: Option<SocketAddr>,
    /// A certificate (PEM) that the server may show besides those that everybody trusts.
    pub root_certificate: Option<PathBuf>,
    /// The Discord servers that may be served.
    pub guilds: Vec<Guild>,
}

/// One Discord server.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guild {
    /// Its id: a number of 17 to 20 digits.
    #[serde(deserialize_with = "snowflake")]
    pub id: u64,
    /// The name of a channel that gets one line for each project.
    #[serde(default)]
    pub overview: Option<String>,
    /// Who may do what: Discord roles, by name or id.
    #[serde(default)]
    pub roles: Roles,
    /// Who may do more in single projects.
    #[serde(default)]
    pub projects: BTreeMap<String, Roles>,
}

/// Which Discord roles give which role: their names or ids. `@everyone` is a role too.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Roles {
    /// Who looks. Nobody means everyone.
    pub viewer: Vec<String>,
    /// Who plans and works.
    pub contributor: Vec<String>,
    /// Who decides.
    pub approver: Vec<String>,
    /// Who says which projects there are. The administrators of the guild always are among them.
    pub admin: Vec<String>,
}

/// Which repositories may become projects.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Projects {
    /// Folders below which repositories may be registered from a chat.
    #[serde(deserialize_with = "whole_paths")]
    pub roots: Vec<PathBuf>,
}

impl Default for Discord {
    fn default() -> Self {
        Self {
            token_file: None,
            category: "Bandmaster".to_owned(),
            channel: "<host>-<project>".to_owned(),
            host: None,
            api_base: "https://discord.com".to_owned(),
            resolve: None,
            root_certificate: None,
            guilds: Vec::new(),
        }
    }
}

fn snowflake<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let id = super::text_that(
        deserializer,
        "must be the id of a server, such as \"123456789012345678\"",
        |text| (1..=20).contains(&text.len()) && text.parse::<u64>().is_ok_and(|id| id > 0),
    )?;
    id.parse().map_err(D::Error::custom)
}

fn channel_word<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    super::text_that(deserializer, "must be a name of 1 to 90 characters", |text| {
        !text.trim().is_empty() && text.chars().count() <= 90 && !text.contains(char::is_control)
    })
}

fn channel_pattern<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    super::text_that(
        deserializer,
        "must hold `<project>` and otherwise only a-z, 0-9, `-`, `_` and `<host>`",
        |text| {
            let rest = text.replace("<project>", "").replace("<host>", "");
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
            text.contains("<project>") && rest.len() <= 32 && rest.chars().all(plain)
        },
    )
}

fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let base = super::text_that(
        deserializer,
        "must begin with `https://` or `http://` and name a server",
        |text| {
            let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
            rest.is_some_and(|rest| {
                !rest.trim_end_matches('/').is_empty() && !rest.contains(char::is_whitespace)
            })
        },
    )?;
    Ok(base.trim_end_matches('/').to_owned())
}

fn whole_paths<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<PathBuf>, D::Error> {
    let paths = Vec::<PathBuf>::deserialize(deserializer)?;
    match paths.iter().find(|path| !path.is_absolute()) {
        Some(path) => Err(D::Error::custom(format!("{} must be a whole path, from `/` on", path.display()))),
        None => Ok(paths),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::config::Config;

    fn read(text: &str) -> Result<Config, String> {
        Config::parse(text, Path::new("config.toml")).map_err(|error| error.to_string())
    }

    #[test]
    fn a_guild_names_its_roles_for_all_projects_and_for_one() {
        let text = r#"
            [projects]
            roots = ["/srv/git"]
            [discord]
            channel = "<project>"
            [[discord.guilds]]
            id = "123456789012345678"
            overview = "all-projects"
            roles.contributor = ["Developers", "222222222222222222"]
            projects.shop.approver = ["Shop leads"]
        "#;

        let config = read(text).unwrap();

        let guild = &config.discord.guilds[0];
        assert_eq!(guild.id, 123_456_789_012_345_678);
        assert_eq!(guild.roles.contributor, ["Developers", "222222222222222222"]);
        assert_eq!(guild.projects["shop"].approver, ["Shop leads"]);
        assert_eq!(config.projects.roots, [Path::new("/srv/git")]);
    }

    #[test]
    fn a_mistake_is_named() {
        #[rustfmt::skip]
        let cases = [
            ("[[discord.guilds]]\nid = \"acme\"",            "must be the id of a server"),
            ("[[discord.guilds]]\noverview = \"x\"",         "missing field `id`"),
            ("[discord]\nchannel = \"team\"",                "must hold `<project>`"),
            ("[discord]\nchannel = \"<project> Team\"",      "must hold `<project>`"),
            ("[discord]\napi_base = \"discord.com\"",        "must begin with `https://`"),
            ("[discord]\ncategory = \"\"",                   "must be a name of 1 to 90 characters"),
            ("[discord]\nresolve = \"localhost\"",           "invalid socket address"),
            ("[discord]\ntoken = \"abc\"",                   "unknown field `token`"),
            ("[projects]\nroots = [\"git\"]",                "git must be a whole path"),
            ("[[discord.guilds]]\nid = \"1\"\nroles.owner = []", "unknown field `owner`"),
        ];
        for (text, expected) in cases {
            let error = read(text).unwrap_err();
            assert!(error.contains(expected), "{text:?}: {error}");
        }
    }
}
