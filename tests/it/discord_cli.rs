//! `bandmaster discord`: the invitation, the checks, and the bot to watch without an account.

use bandmaster::sandbox::{Fault, Permissions};
use serde_json::Value;

use crate::support::discord::{Chat, channel_of};
use crate::support::{PROGRAM, Ran, World};

/// What the bot has to be allowed, as Discord's documentation numbers it.
const NEEDED: u64 =
    1 << 4 | 1 << 10 | 1 << 11 | 1 << 14 | 1 << 15 | 1 << 16 | 1 << 34 | 1 << 35 | 1 << 38 | 1 << 51;

/// The checks that failed, as `name: detail`, and their mends.
struct Checked {
    ran: Ran,
    failed: Vec<(String, String)>,
}

fn check(world: &World) -> Checked {
    let ran = world.run(&["discord", "check", "--json"]);
    let answer = ran.json();
    let text = |check: &Value, key: &str| check[key].as_str().unwrap_or_default().to_owned();
    let failed = answer["checks"].as_array().unwrap().iter().filter(|check| check["ok"] == false);
    let failed: Vec<_> = failed
        .map(|check| (format!("{}: {}", text(check, "name"), text(check, "detail")), text(check, "mend")))
        .collect();
    assert_eq!(answer["ok"], failed.is_empty(), "{ran:?}");
    assert_eq!(ran.code, i32::from(!failed.is_empty()), "{ran:?}");
    assert!(failed.iter().all(|(_, mend)| !mend.is_empty()), "{ran:?}");
    Checked { ran, failed }
}

impl Checked {
    /// There is exactly this to mend: what a line of the failed checks has to hold, and its mend.
    fn only(&self, expected: &[(&str, &str)]) {
        assert_eq!(self.failed.len(), expected.len(), "{:#?}", self.failed);
        for ((found, mend), (line, how)) in self.failed.iter().zip(expected) {
            assert!(found.contains(line) && mend.contains(how), "{found}: {mend}; expected {line}: {how}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_invitation_asks_for_exactly_what_is_needed() {
    let chat = Chat::offline(&[], "").await;
    let link = |id: &str| {
        format!(
            "https://discord.com/oauth2/authorize?client_id={id}&scope=bot%20applications.commands&permissions={NEEDED}\n"
        )
    };

    let named = chat.world.run(&["discord", "invite", "--application", "123456789012345678"]);
    let by_token = chat.world.run(&["discord", "invite"]);
    let json = chat.world.run(&["discord", "invite", "--json"]).json();

    assert_eq!((named.code, named.stdout), (0, link("123456789012345678")));
    assert_eq!((by_token.code, by_token.stdout), (0, link(&chat.discord.bot().to_string())));
    assert_eq!(json["permissions"], NEEDED.to_string());
    assert_eq!(json["needs"].as_array().unwrap().len(), NEEDED.count_ones() as usize);
}

#[test]
fn without_token_and_id_there_is_no_invitation() {
    let ran = World::new().run(&["discord", "invite"]);

    assert_eq!((ran.code, ran.stdout.as_str()), (1, ""));
    assert!(ran.stderr.contains("--application") && ran.stderr.contains("DISCORD_TOKEN"), "{}", ran.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_set_up_passes_every_check_while_the_server_runs() {
    let mut chat = Chat::offline(&["alpha", "beta"], "roles.approver = [\"Leads\"]").await;
    chat.person("bob", &["Leads"]);
    let thread = chat.discord.owner().start_thread("general", None, "talk about beta").unwrap();
    chat.tie("beta", thread.id);
    chat.start().await;
    chat.discord.owner().archive_thread(&thread.id.to_string(), false).unwrap();
    let identified = chat.discord.identified();

    let checked = check(&chat.world);

    checked.only(&[]);
    let names: Vec<_> = checked.ran.json()["checks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|check| check["name"].as_str().unwrap().to_owned())
        .collect();
    let expected = [
        "roots",
        "token",
        "gateway",
        "server workshop",
        "permissions on workshop",
        "slash commands on workshop",
        "category on workshop",
        "channels on workshop",
        "roles on workshop",
        "channel of alpha",
        "channel of beta",
    ];
    assert_eq!(names, expected);
    assert_eq!(chat.discord.identified(), identified, "the check has not used the gateway up");
    chat.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn every_missing_thing_is_found_with_its_mend() {
    let settings = "roles.approver = [\"Leeds\", \"Testers\"]\nprojects.alhpa.viewer = [\"@everyone\"]";
    let mut chat = Chat::with(&["alpha", "beta", "gamma"], settings).await;
    let (discord, guild) = (&chat.discord, chat.discord.guild());
    discord.add_role(guild, "Leads", Permissions::NONE);
    let few = Permissions::BOT.without(Permissions::PIN_MESSAGES | Permissions::MANAGE_CHANNELS);
    discord.set_bot_permissions(guild, few);
    discord.owner().delete_channel(&channel_of("beta")).unwrap();
    for number in 0..480 {
        discord.add_channel(guild, &format!("talk-{number}"), None);
    }
    chat.world.repository("delta");
    let path = chat.world.repo("delta");
    assert_eq!(chat.world.run(&["register", path.to_str().unwrap()]).code, 0);

    check(&chat.world).only(&[
        ("permissions on workshop: missing: Manage Channels, Pin Messages", "guild_id="),
        ("category on workshop: there is no \"Bandmaster\"", "make a category"),
        ("channels on workshop: 483 of 500", "project bind"),
        ("no role \"Leeds\", which `roles`", "did you mean \"Leads\"?"),
        ("no role \"Testers\"", "make the role"),
        ("no project \"alhpa\"", "did you mean \"alpha\"?"),
        ("channel of beta", "project bind"),
        ("channel of delta: it has none", "project bind"),
    ]);
    chat.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_the_bot_and_one_without_its_commands_are_found() {
    let chat = Chat::offline(&["alpha"], "[[discord.guilds]]\nid = \"17\"").await;

    check(&chat.world).only(&[
        ("slash commands on workshop: none is known", "bandmaster serve"),
        ("server 17: the bot is not in it", "guild_id=17"),
    ]);

    // No server runs, so all that was asked of Discord is the check's.
    assert!(chat.discord.requests().iter().all(|request| request.method == "GET"), "it changes nothing");

    chat.discord.set_bot_in_guild(chat.discord.guild(), false);
    let bot_is_out = check(&chat.world);
    let id = chat.discord.guild();
    bot_is_out.only(&[(&format!("server {id}: the bot is not in it"), "invite"), ("server 17", "invite")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_token_and_a_discord_that_is_away_are_told_apart() {
    let chat = Chat::offline(&[], "").await;
    chat.discord.change_token();
    check(&chat.world).only(&[("token: the token of the bot is not accepted", "developer portal")]);
    chat.configure("");

    chat.discord.fail("GET", "/gateway", 100, Fault::Status(503));
    let away = check(&chat.world);
    assert!(away.failed[0].0.starts_with("gateway: Discord cannot be reached"), "{:?}", away.failed);
    chat.discord.heal();

    chat.discord.fail("GET", "/oauth2", 100, Fault::Closed);
    check(&chat.world).only(&[("connection: Discord cannot be reached", "discord.api_base")]);
}

#[test]
fn without_a_configuration_the_first_steps_are_named() {
    check(&World::new()).only(&[("roots: there are none", "[projects]"), ("token: there is none", "portal")]);
}

#[test]
fn a_token_that_cannot_be_read_is_told_as_such() {
    let world = World::new();
    world.configure("[projects]\nroots = [\"/\"]\n[discord]\ntoken_file = \"/nowhere/token\"\n");

    check(&world).only(&[("token: cannot read", "discord.token_file")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_servers_nobody_is_served() {
    let chat = Chat::offline(&[], "").await;
    let token_file = chat.world.path().join("token");
    chat.world.configure(&format!(
        "[projects]\nroots = [\"/nowhere/at/all\"]\n[discord]\ntoken_file = {token_file:?}\napi_base = {:?}\n",
        chat.discord.url()
    ));

    check(&chat.world)
        .only(&[("roots: no such folder: /nowhere/at/all", "make it"), ("servers", "[[discord.guilds]]")]);
}

/// The folders that a sandbox has left below the folder for temporary files.
fn left_by_sandboxes(world: &World) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(world.path().join("tmp")).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

fn sandbox(world: &World, args: &[&str]) -> Ran {
    let folder = world.path().join("tmp");
    std::fs::create_dir_all(&folder).unwrap();
    let with_folder = format!("TMPDIR={}", folder.display());
    let args = [&[&with_folder, PROGRAM, "discord", "sandbox"], args].concat();
    world.run_program("env", &args)
}

#[test]
fn the_sandbox_shows_a_sprint_and_leaves_nothing() {
    let world = World::new();

    let ran = sandbox(&world, &[]);

    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{}", ran.stdout);
    let steps = [
        "ada in #general: /project register path:",
        "| Project shop registered",
        "ada in #sandbox-shop: /epic description:Customers pay by card",
        "| S-1 added: As a buyer I pay by card",
        "(only you can see this)",
        "| Not possible now",
        "bob in #sandbox-shop: /sprint plan",
        "needs the role contributor",
        "| sprint-001 planned: 3 stories, 10 points",
        "ada in #sandbox-shop: [Start sprint]",
        "| sprint-001 started",
        "| S-1: todo → in_progress",
        "(picture burndown.png)",
        "| That was the last story",
        "| sprint-001 closed",
        "feedback: good: paying works",
        "── #all-projects",
        "── #sandbox-shop, pinned\n    | shop is IDLE",
        "── #S-2 As a buyer I get a receipt by mail",
        "ada moved S-2 to blocked: There is no account for mail yet",
        "docs_src/discord.md",
    ];
    let mut rest = ran.stdout.as_str();
    for step in steps {
        let at = rest.find(step).unwrap_or_else(|| panic!("{step} is missing in: {rest}"));
        rest = &rest[at + step.len()..];
    }
    assert_eq!(left_by_sandboxes(&world), [""; 0].map(std::path::PathBuf::from));
}

#[test]
fn a_kept_sandbox_is_a_repository_with_the_same_story_and_json_has_an_object_a_line() {
    let world = World::new();

    let ran = sandbox(&world, &["--keep", "--json"]);

    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{}", ran.stdout);
    let lines: Vec<Value> = ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let steps: Vec<_> = lines.iter().filter(|line| line["step"].is_u64()).collect();
    assert!(steps.iter().any(|step| step["who"] == "bob" && step["private"] == true), "{steps:?}");
    let last = lines.last().unwrap();
    assert_eq!(last["ok"], true);
    let repository = last["repository"].as_str().unwrap();
    let log = world.git_in(repository.as_ref(), &["log", "--format=%an %s", "orch-state"]);
    let commands = steps.iter().filter(|step| step["seen"].as_str().unwrap().contains("| commit ")).count();
    assert!(log.starts_with("ada feedback: "), "{log}");
    assert!(log.lines().count() >= commands && log.contains("ada sprint start"), "{log}");
    assert_eq!(left_by_sandboxes(&world).len(), 1);
}

#[test]
fn a_sandbox_without_room_says_so() {
    let world = World::new();

    let ran = world.run_program("env", &["TMPDIR=/nowhere/at/all", PROGRAM, "discord", "sandbox"]);

    assert_eq!((ran.code, ran.stdout.as_str()), (1, ""));
    assert!(ran.stderr.contains("cannot make a folder in /nowhere/at/all"), "{}", ran.stderr);
}
