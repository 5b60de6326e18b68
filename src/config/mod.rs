//! Reads `config.toml` and the environment into one checked [`Config`], and finds the data folder.

mod discord;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _};
use thiserror::Error;

pub use crate::config::discord::{Discord, Guild, Projects, Roles};

/// Looks up a variable of the environment. `main` passes the real one, a test its own.
pub type Environment<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// Everything an operator can decide. Checked: what is out of range does not get this far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// How sprints are filled.
    pub planning: Planning,
    /// What is bounded, and by how much.
    pub limits: Limits,
    /// The files that make an answer durable.
    pub journal: Journal,
    /// Whose name commits carry.
    pub identity: Identity,
    /// Which repositories may become projects.
    pub projects: Projects,
    /// How Bandmaster appears on Discord.
    pub discord: Discord,
    /// What is logged, and how.
    pub log: Log,
}

/// How sprints are filled when nothing else is said.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Planning {
    /// Story points of a sprint.
    #[serde(deserialize_with = "between::<_, _, 1, 1000>")]
    pub capacity: u32,
    /// Days that a sprint lasts.
    #[serde(deserialize_with = "between::<_, _, 1, 90>")]
    pub sprint_days: u32,
}

/// What is bounded, and by how much.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Commands that may wait for one project.
    #[serde(deserialize_with = "between::<_, _, 1, 65536>")]
    pub queue: usize,
    /// Commands that one flush makes durable.
    #[serde(deserialize_with = "between::<_, _, 1, 4096>")]
    pub batch: usize,
    /// Answered commands of one project that may wait to become commits.
    #[serde(deserialize_with = "between::<_, _, 1, 65536>")]
    pub unpublished: usize,
    /// Seconds without a command after which a project leaves memory.
    #[serde(deserialize_with = "between::<_, _, 1, 86400>")]
    pub idle_seconds: u64,
}

/// The files that make an answer durable.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Journal {
    /// Size of each of the two files, in MiB.
    #[serde(deserialize_with = "between::<_, _, 1, 1024>")]
    pub file_size_mib: u64,
}

/// Whose name commits carry.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Identity {
    /// Name of the person at the terminal; `None` leaves it to git's `user.name`.
    #[serde(deserialize_with = "person_name")]
    pub name: Option<String>,
    /// Address of the person at the terminal; `None` leaves it to git's `user.email`.
    #[serde(deserialize_with = "email_address")]
    pub email: Option<String>,
    /// What follows the `@` in the address of a person who has none.
    #[serde(deserialize_with = "domain_name")]
    pub email_domain: String,
}

/// What is logged, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// The least level that is logged; `None` leaves it to what the program is doing.
    pub level: Option<LogLevel>,
    /// How a line looks.
    pub format: LogFormat,
    /// Directives from `BANDMASTER_LOG`, such as `warn,bandmaster::store=trace`. They go before `level`.
    #[serde(skip)]
    pub directives: Option<String>,
}

/// How much is logged.
#[expect(missing_docs, reason = "the words are those of every logger")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

/// How a line of the log looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For programs: one object to a line.
    Json,
}

impl Default for Planning {
    fn default() -> Self {
        Self { capacity: 20, sprint_days: 14 }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { queue: 256, batch: 256, unpublished: 1024, idle_seconds: 300 }
    }
}

impl Default for Journal {
    fn default() -> Self {
        Self { file_size_mib: 4 }
    }
}

impl Default for Identity {
    fn default() -> Self {
        Self { name: None, email: None, email_domain: "discord.invalid".to_owned() }
    }
}

/// Why there is no configuration, or no data folder. Each names what the operator has to look at.
#[expect(missing_docs, reason = "the messages say it")]
#[derive(Clone, Debug, Error)]
pub enum ConfigError {
    #[error("cannot read the configuration {}", path.display())]
    Read { path: PathBuf, source: Arc<io::Error> },
    #[error("{}, line {line} (`{text}`): {reason}", path.display())]
    Invalid { path: PathBuf, line: usize, text: String, reason: String },
    #[error("no place for data: give `--data-dir`, or set BANDMASTER_DATA_DIR, XDG_DATA_HOME or HOME")]
    NoDataFolder,
    #[error("{from} holds no token of a Discord bot")]
    NoToken { from: String },
}

impl Config {
    /// Reads the configuration: from `path` (what `--config` said), else from the file that
    /// `BANDMASTER_CONFIG` names, else from the person's own `bandmaster/config.toml`, else the
    /// defaults. A file that was asked for by name has to exist.
    pub fn load(path: Option<&Path>, env: &Environment<'_>) -> Result<Self, ConfigError> {
        let named =
            path.map(Path::to_owned).or_else(|| variable("BANDMASTER_CONFIG", env).map(PathBuf::from));
        let mut config = if let Some(path) = named {
            Self::parse(&read(&path)?, &path)?
        } else {
            Self::of_the_person(env)?
        };
        config.log.directives = variable("BANDMASTER_LOG", env);
        Ok(config)
    }

    /// Understands `text`, the content of the file `path`.
    pub fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start.min(text.len()));
            let line = text[..at].matches('\n').count();
            ConfigError::Invalid {
                path: path.to_owned(),
                line: line + 1,
                text: text.lines().nth(line).unwrap_or_default().trim().to_owned(),
                reason: with_a_guess(error.message()),
            }
        })
    }

    fn of_the_person(env: &Environment<'_>) -> Result<Self, ConfigError> {
        let Some(folder) = base_folder("XDG_CONFIG_HOME", ".config", env) else { return Ok(Self::default()) };
        let path = folder.join("bandmaster/config.toml");
        match read(&path) {
            Ok(text) => Self::parse(&text, &path),
            Err(ConfigError::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                Ok(Self::default())
            }
            Err(error) => Err(error),
        }
    }
}

/// Where this machine's own data lives: `flag` (what `--data-dir` said), else `BANDMASTER_DATA_DIR`,
/// else the person's data folder.
pub fn data_dir(flag: Option<&Path>, env: &Environment<'_>) -> Result<PathBuf, ConfigError> {
    flag.map(Path::to_owned)
        .or_else(|| variable("BANDMASTER_DATA_DIR", env).map(PathBuf::from))
        .or_else(|| base_folder("XDG_DATA_HOME", ".local/share", env).map(|folder| folder.join("bandmaster")))
        .ok_or(ConfigError::NoDataFolder)
}

/// The token of the Discord bot: from `DISCORD_TOKEN`, else from the file that the configuration names. `None` where
/// neither is given: then Bandmaster is not on Discord.
pub fn discord_token(config: &Config, env: &Environment<'_>) -> Result<Option<String>, ConfigError> {
    let (text, from) = match (variable("DISCORD_TOKEN", env), &config.discord.token_file) {
        (Some(token), _) => (token, "DISCORD_TOKEN".to_owned()),
        (None, Some(path)) => (read(path)?, path.display().to_string()),
        (None, None) => return Ok(None),
    };
    let token = text.trim();
    // What a header cannot carry is no token; it must not be shown either.
    let whole = !token.is_empty() && token.chars().all(|c| c.is_ascii_graphic());
    whole.then(|| Some(token.to_owned())).ok_or(ConfigError::NoToken { from })
}

/// A folder of the XDG base directory specification, which says that a relative one is to be ignored.
fn base_folder(name: &str, below_home: &str, env: &Environment<'_>) -> Option<PathBuf> {
    let absolute = |text: String| Some(PathBuf::from(text)).filter(|path| path.is_absolute());
    variable(name, env)
        .and_then(absolute)
        .or_else(|| variable("HOME", env).and_then(absolute).map(|home| home.join(below_home)))
}

/// A variable that is set to nothing counts as not set, as it does for most programs.
fn variable(name: &str, env: &Environment<'_>) -> Option<String> {
    env(name).filter(|value| !value.is_empty())
}

fn read(path: &Path) -> Result<String, ConfigError> {
    fs::read_to_string(path)
        .map_err(|source| ConfigError::Read { path: path.to_owned(), source: Arc::new(source) })
}

/// Adds "did you mean" to serde's sentence about an unknown word, which quotes the word and then
/// every word that is known.
fn with_a_guess(message: &str) -> String {
    if !message.starts_with("unknown ") {
        return message.to_owned();
    }
    let mut quoted = message.split('`').skip(1).step_by(2);
    let word = quoted.next().unwrap_or_default();
    let likeness = |known: &&str| (strsim::jaro_winkler(word, known) * 1000.0) as u32;
    match quoted.max_by_key(likeness).filter(|known| likeness(known) >= 800) {
        Some(known) => format!("{message}; did you mean `{known}`?"),
        None => message.to_owned(),
    }
}

fn between<'de, D, T, const MIN: i64, const MAX: i64>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<i64>,
{
    let number = i64::deserialize(deserializer).ok().filter(|number| (MIN..=MAX).contains(number));
    number
        .and_then(|number| T::try_from(number).ok())
        .ok_or_else(|| D::Error::custom(format!("must be a whole number from {MIN} to {MAX}")))
}

fn person_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    // git ends the name at `<` and the line at its end.
    text_that(deserializer, "must be a name without `<`, `>` and line breaks", |text| {
        !text.trim().is_empty() && !text.contains(['<', '>']) && !text.contains(char::is_control)
    })
    .map(Some)
}

fn email_address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    text_that(deserializer, "must be an address such as `ada@example.org`", |text| {
        let plain =
            !text.contains(['<', '>']) && !text.contains(|c: char| c.is_whitespace() || c.is_control());
        let halves = text.split_once('@');
        plain && halves.is_some_and(|(account, domain)| !account.is_empty() && is_domain(domain))
    })
    .map(Some)
}

fn domain_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    text_that(deserializer, "must be a domain such as `example.org`", is_domain)
}

fn is_domain(text: &str) -> bool {
    let in_label = |c: char| c.is_ascii_alphanumeric() || c == '-';
    text.split('.').all(|label| !label.is_empty() && label.chars().all(in_label))
}

fn text_that<'de, D: Deserializer<'de>>(
    deserializer: D,
    rule: &str,
    holds: impl Fn(&str) -> bool,
) -> Result<String, D::Error> {
    String::deserialize(deserializer).ok().filter(|text| holds(text)).ok_or_else(|| D::Error::custom(rule))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nothing_set(_: &str) -> Option<String> {
        None
    }

    fn reason(text: &str) -> String {
        Config::parse(text, Path::new("config.toml")).unwrap_err().to_string()
    }

    #[test]
    fn the_shipped_file_says_what_applies_without_it() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config.toml");

        assert_eq!(Config::load(Some(&path), &nothing_set).unwrap(), Config::default());
        assert_eq!(Config::load(None, &nothing_set).unwrap(), Config::default());
    }

    #[test]
    fn the_shipped_file_names_every_key() {
        // Examples stand behind a `#`; prose has no `=` after its first word.
        let is_key = |line: &str| line.starts_with("[[") || line.split(' ').nth(1) == Some("=");
        let uncommented =
            |line: &'static str| line.strip_prefix("# ").filter(|it| is_key(it)).unwrap_or(line);
        let text: Vec<_> = include_str!("../../config.toml").lines().map(uncommented).collect();
        let text = text.join("\n");

        let config = Config::parse(&text, Path::new("config.toml")).unwrap();

        let Identity { name, email, email_domain: _ } = config.identity;
        assert_eq!((name.as_deref(), email.as_deref()), (Some("Ada Lovelace"), Some("ada@example.org")));
        assert_eq!(config.log.level, Some(LogLevel::Info));
        assert_eq!(config.projects.roots, [Path::new("/srv/git")]);
        let Discord { token_file, host, resolve, root_certificate, guilds, .. } = config.discord;
        assert!(token_file.is_some() && host.is_some() && resolve.is_some() && root_certificate.is_some());
        assert_eq!(guilds[0].roles.admin, ["Team leads"]);
        assert_eq!(guilds[0].projects["shop"].approver, ["Shop"]);
    }

    #[test]
    fn a_mistake_is_named_with_its_line_and_what_is_allowed() {
        #[rustfmt::skip]
        let cases = [
            ("[planning]\ncapcity = 3\n",       "config.toml, line 2 (`capcity = 3`): unknown field `capcity`, expected `capacity` or `sprint_days`; did you mean `capacity`?"),
            ("[planing]\n",                     "config.toml, line 1 (`[planing]`): unknown field `planing`, expected one of `planning`, `limits`, `journal`, `identity`, `projects`, `discord`, `log`; did you mean `planning`?"),
            ("[limits]\nzzz = 1",               "config.toml, line 2 (`zzz = 1`): unknown field `zzz`, expected one of `queue`, `batch`, `unpublished`, `idle_seconds`"),
            ("[log]\nlevel = \"inof\"",         "config.toml, line 2 (`level = \"inof\"`): unknown variant `inof`, expected one of `error`, `warn`, `info`, `debug`, `trace`; did you mean `info`?"),
            ("[planning]\n\ncapacity = 0",      "config.toml, line 3 (`capacity = 0`): must be a whole number from 1 to 1000"),
            ("[planning]\ncapacity = 1001",     "config.toml, line 2 (`capacity = 1001`): must be a whole number from 1 to 1000"),
            ("[planning]\ncapacity = \"20\"",   "config.toml, line 2 (`capacity = \"20\"`): must be a whole number from 1 to 1000"),
            ("[limits]\nidle_seconds = -1",     "config.toml, line 2 (`idle_seconds = -1`): must be a whole number from 1 to 86400"),
            ("[identity]\nname = \"A <b>\"",    "config.toml, line 2 (`name = \"A <b>\"`): must be a name without `<`, `>` and line breaks"),
            ("[identity]\nemail = \"ada\"",     "config.toml, line 2 (`email = \"ada\"`): must be an address such as `ada@example.org`"),
            ("[identity]\nemail_domain = \"\"", "config.toml, line 2 (`email_domain = \"\"`): must be a domain such as `example.org`"),
            ("[planning\n",                     "config.toml, line 1 (`[planning`): unclosed table, expected `]`"),
        ];
        for (text, expected) in cases {
            assert_eq!(reason(text), expected, "for {text:?}");
        }
    }

    #[test]
    fn the_nearest_file_wins() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, capacity: u32| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, format!("[planning]\ncapacity = {capacity}\n")).unwrap();
            path
        };
        let flag = write("flag.toml", 1);
        let variable = write("variable.toml", 2).display().to_string();
        write("xdg/bandmaster/config.toml", 3);
        write("home/.config/bandmaster/config.toml", 4);
        let xdg = folder.path().join("xdg").display().to_string();
        let home = folder.path().join("home").display().to_string();

        let all = [("BANDMASTER_CONFIG", variable), ("XDG_CONFIG_HOME", xdg), ("HOME", home)];
        let capacity = |path: Option<&Path>, set: &[(&str, String)]| {
            let env = |name: &str| set.iter().find(|(set, _)| *set == name).map(|(_, value)| value.clone());
            Config::load(path, &env).unwrap().planning.capacity
        };
        assert_eq!(capacity(Some(&flag), &all), 1);
        assert_eq!(capacity(None, &all), 2);
        assert_eq!(capacity(None, &all[1..]), 3);
        assert_eq!(capacity(None, &all[2..]), 4);
        assert_eq!(capacity(None, &[]), 20);
    }

    #[test]
    fn a_file_that_was_asked_for_has_to_exist() {
        let env = |name: &str| (name == "BANDMASTER_CONFIG").then(|| "/nowhere/config.toml".to_owned());

        let error = Config::load(None, &env).unwrap_err();

        assert_eq!(error.to_string(), "cannot read the configuration /nowhere/config.toml");
    }

    #[test]
    fn a_token_comes_from_the_environment_or_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        fs::write(&file, "from-the-file\n").unwrap();
        let mut config = Config::default();
        let token = |config: &Config, set: Option<&str>| {
            discord_token(config, &|name: &str| set.filter(|_| name == "DISCORD_TOKEN").map(str::to_owned))
                .map_err(|error| error.to_string())
        };

        assert_eq!(token(&config, None), Ok(None));
        assert_eq!(token(&config, Some("abc.def")), Ok(Some("abc.def".to_owned())));
        config.discord.token_file = Some(file.clone());
        assert_eq!(token(&config, None), Ok(Some("from-the-file".to_owned())));
        assert_eq!(token(&config, Some("abc.def")), Ok(Some("abc.def".to_owned())));
        let broken = token(&config, Some("a b")).unwrap_err();
        assert_eq!(broken, "DISCORD_TOKEN holds no token of a Discord bot");
        fs::write(&file, "\n").unwrap();
        assert!(token(&config, None).unwrap_err().ends_with("token holds no token of a Discord bot"));
    }

    #[test]
    fn log_directives_come_from_the_environment() {
        let env = |name: &str| (name == "BANDMASTER_LOG").then(|| "debug".to_owned());

        assert_eq!(Config::load(None, &env).unwrap().log.directives.as_deref(), Some("debug"));
    }

    #[test]
    fn data_lives_where_the_nearest_word_says() {
        type Case<'a> = (Option<&'a Path>, &'a [(&'a str, &'a str)], Option<&'a str>);
        let flag = Path::new("/flag");
        #[rustfmt::skip]
        let cases: [Case<'_>; 6] = [
            (Some(flag), &[("BANDMASTER_DATA_DIR", "/variable")],          Some("/flag")),
            (None, &[("BANDMASTER_DATA_DIR", "/variable"), ("HOME", "/h")], Some("/variable")),
            (None, &[("XDG_DATA_HOME", "/xdg"), ("HOME", "/h")],            Some("/xdg/bandmaster")),
            (None, &[("XDG_DATA_HOME", "relative"), ("HOME", "/h")],        Some("/h/.local/share/bandmaster")),
            (None, &[("BANDMASTER_DATA_DIR", ""), ("HOME", "/h")],          Some("/h/.local/share/bandmaster")),
            (None, &[],                                                     None),
        ];
        for (flag, set, expected) in cases {
            let env =
                |name: &str| set.iter().find(|(set, _)| *set == name).map(|(_, value)| (*value).to_owned());
            let found = data_dir(flag, &env).ok();
            assert_eq!(found.as_deref(), expected.map(Path::new), "for {set:?}");
        }
    }
}
