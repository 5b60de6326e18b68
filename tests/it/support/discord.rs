//! A world with a local Discord in it, and the real program serving it.

use bandmaster::domain::id::ProjectName;
use bandmaster::engine;
use bandmaster::ledger::{Channel, Ledger};
use bandmaster::sandbox::{self, Discord, Person, Snowflake};

use crate::support::{Server, World, openapi};

/// The channel of a project that was registered before the test began.
pub(crate) fn channel_of(project: &str) -> String {
    format!("box-{project}")
}

/// A world, its Discord, and the program between them.
pub(crate) struct Chat {
    pub(crate) world: World,
    pub(crate) discord: sandbox::Server,
    server: Option<Server>,
}

impl Chat {
    /// A Discord with a channel for each of these projects, and the program on line. `settings` goes to the end of
    /// the configuration, which ends with the guild: `roles.contributor = ["Devs"]`.
    pub(crate) async fn with(projects: &[&str], settings: &str) -> Self {
        let mut chat = Self::offline(projects, settings).await;
        chat.start().await;
        chat
    }

    /// The same before the program is started.
    pub(crate) async fn offline(projects: &[&str], settings: &str) -> Self {
        let world = World::with(projects);
        let discord = sandbox::Server::start().await.unwrap();
        let chat = Self { world, discord, server: None };
        chat.configure(settings);
        for project in projects {
            let channel = chat.discord.add_channel(chat.discord.guild(), &channel_of(project), None);
            chat.tie(project, channel);
        }
        chat
    }

    /// Writes the configuration anew; the program reads it when it is started.
    pub(crate) fn configure(&self, settings: &str) {
        self.configure_at(&format!("api_base = {:?}", self.discord.url()), settings);
    }

    /// The same, with other words about where Discord is.
    pub(crate) fn configure_at(&self, place: &str, settings: &str) {
        let token_file = self.world.path().join("token");
        std::fs::write(&token_file, self.discord.token()).unwrap();
        self.world.configure(&format!(
            "[projects]\nroots = [{root:?}]\n[discord]\ntoken_file = {token_file:?}\n{place}\nhost = \"box\"\n\
             [[discord.guilds]]\nid = \"{guild}\"\n{settings}\n",
            root = self.world.path(),
            guild = self.discord.guild(),
        ));
    }

    /// Ties a project to a channel, as if that had been done before.
    pub(crate) fn tie(&self, project: &str, channel: Snowflake) {
        let name: ProjectName = project.parse().unwrap();
        let entries = engine::registered(&self.world.data()).unwrap();
        let entry = entries.into_iter().find(|entry| entry.name == name).unwrap();
        let (guild, channel) = (number(self.discord.guild()), number(channel));
        let place = Channel { project: entry.key, guild, channel, bound: false };
        Ledger::open(&self.world.data()).unwrap().set_channel(&place).unwrap();
    }

    /// Starts the program and waits until it is on line and its commands are known.
    pub(crate) async fn start(&mut self) {
        self.start_without_waiting();
        self.discord.until_so("the bot is on line", Discord::is_connected).await.unwrap();
        self.discord.until_so("the commands are known", |it| !it.commands().is_empty()).await.unwrap();
    }

    /// Starts the program.
    pub(crate) fn start_without_waiting(&mut self) {
        self.server = Some(Server::start(&self.world));
    }

    /// The program.
    pub(crate) fn server(&mut self) -> &mut Server {
        self.server.as_mut().unwrap()
    }

    /// Ends the program as a loss of power would.
    pub(crate) fn kill(&mut self) {
        self.server.take().unwrap().kill();
    }

    /// Tells the program to stop; it has to end well, and to have sent only what Discord takes. Returns its log.
    pub(crate) fn stop(&mut self) -> String {
        let log = self.server.take().unwrap().stop();
        openapi::check(&self.discord);
        assert!(!log.contains(&self.discord.token()), "the token is in the log");
        for request in self.discord.requests_to("POST", "/callback") {
            let token = request.path.split('/').nth(3).unwrap();
            assert!(!log.contains(token), "the token of an interaction is in the log");
        }
        log
    }

    /// Somebody with these Discord roles.
    pub(crate) fn person(&self, name: &str, roles: &[&str]) -> Person {
        let guild = self.discord.guild();
        let person = self.discord.add_person(guild, name);
        let roles: Vec<_> = roles.iter().map(|role| self.role(role)).collect();
        self.discord.set_roles(&person, guild, &roles);
        person
    }

    /// Another role of the same name does no harm.
    fn role(&self, name: &str) -> Snowflake {
        self.discord.add_role(self.discord.guild(), name, sandbox::Permissions::from_bits(0))
    }
}

fn number(id: Snowflake) -> u64 {
    id.to_string().parse().unwrap()
}
