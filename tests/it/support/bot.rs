//! A small bot on serenity, to see that the local Discord serves a real client.

use std::sync::Arc;

use bandmaster::sandbox::Server;
use poise::serenity_prelude as serenity;
use serenity::{
    ActionRowComponent, ButtonStyle, ChannelId, ChannelType, Command, CommandInteraction, CommandOptionType,
    ComponentInteraction, ComponentInteractionDataKind, Context, CreateActionRow, CreateAttachment,
    CreateAutocompleteResponse, CreateButton, CreateChannel, CreateCommand, CreateCommandOption, CreateEmbed,
    CreateInputText, CreateInteractionResponse, CreateInteractionResponseFollowup,
    CreateInteractionResponseMessage, CreateMessage, CreateModal, CreateSelectMenu, CreateSelectMenuKind,
    CreateSelectMenuOption, CreateThread, EditInteractionResponse, EditMessage, EventHandler, GatewayIntents,
    GuildId, InputTextStyle, Interaction, ModalInteraction, Ready, ShardManager,
};
use tokio::task::JoinHandle;

/// A bot that runs beside a test.
pub(crate) struct Bot {
    shards: Arc<ShardManager>,
    task: JoinHandle<()>,
}

impl Bot {
    /// Connects to a local Discord and registers its commands there.
    pub(crate) async fn start(discord: &Server) -> Self {
        let http = serenity::HttpBuilder::new(discord.token())
            .proxy(discord.url())
            .ratelimiter_disabled(true)
            .application_id(discord.bot().get().into())
            .build();
        let mut client = serenity::ClientBuilder::new_with_http(http, GatewayIntents::GUILDS)
            .event_handler(Handler { guild: discord.guild().get().into() })
            .await
            .unwrap();
        let shards = Arc::clone(&client.shard_manager);
        let task = tokio::spawn(async move { client.start().await.unwrap() });
        Self { shards, task }
    }

    /// Ends the bot and its connection.
    pub(crate) async fn stop(self) {
        self.shards.shutdown_all().await;
    }
}

impl Drop for Bot {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Handler {
    guild: GuildId,
}

#[serenity::async_trait]
impl EventHandler for Handler {
    async fn ready(&self, context: Context, _: Ready) {
        let option = |kind, name: &str| CreateCommandOption::new(kind, name, name);
        let add = option(CommandOptionType::SubCommand, "add")
            .add_sub_option(option(CommandOptionType::String, "description").required(true))
            .add_sub_option(option(CommandOptionType::Integer, "points").min_int_value(0).max_int_value(100))
            .add_sub_option(option(CommandOptionType::String, "epic").set_autocomplete(true));
        let commands = vec![
            CreateCommand::new("backlog").description("stories").add_option(add),
            CreateCommand::new("board").description("an ordinary message"),
        ];
        self.guild.set_commands(&context, commands).await.unwrap();
        let hello = CreateCommand::new("hello").description("who are you");
        Command::create_global_command(&context, hello).await.unwrap();
    }

    async fn interaction_create(&self, context: Context, interaction: Interaction) {
        match interaction {
            Interaction::Command(command) if command.data.name == "board" => board(&context, command).await,
            Interaction::Command(command) if command.data.name == "hello" => hello(&context, command).await,
            Interaction::Command(command) => add(&context, command).await,
            Interaction::Autocomplete(command) => offer(&context, command).await,
            Interaction::Component(component) => component_used(&context, component).await,
            Interaction::Modal(modal) => submitted(&context, modal).await,
            _ => {}
        }
    }
}

async fn add(context: &Context, command: CommandInteraction) {
    command.defer(context).await.unwrap();
    let options = command.data.options();
    let serenity::ResolvedValue::SubCommand(given) = &options[0].value else { panic!("{options:?}") };
    let shown: Vec<_> = given.iter().map(|one| format!("{}={:?}", one.name, one.value)).collect();
    let rows = vec![
        CreateActionRow::Buttons(vec![
            CreateButton::new("v1:approve").label("Approve").style(ButtonStyle::Success),
            CreateButton::new("v1:edit").label("Edit"),
            CreateButton::new("v1:gone").label("Gone").disabled(true),
        ]),
        CreateActionRow::SelectMenu(CreateSelectMenu::new(
            "v1:status",
            CreateSelectMenuKind::String {
                options: vec![
                    CreateSelectMenuOption::new("To do", "todo"),
                    CreateSelectMenuOption::new("Done", "done"),
                ],
            },
        )),
    ];
    let edit = EditInteractionResponse::new()
        .embed(CreateEmbed::new().title("S-1").field("given", shown.join(", "), false))
        .components(rows)
        .new_attachment(CreateAttachment::bytes(b"points,5".to_vec(), "burndown.csv"));
    command.edit_response(context, edit).await.unwrap();
}

async fn hello(context: &Context, command: CommandInteraction) {
    let place = command.guild_id.map_or("between us", |_| "in a guild");
    let text = CreateInteractionResponseMessage::new().content(format!("{} {place}", command.user.name));
    command.create_response(context, CreateInteractionResponse::Message(text)).await.unwrap();
}

async fn offer(context: &Context, command: CommandInteraction) {
    let typed = command.data.autocomplete().unwrap().value.to_owned();
    let choices = ["alpha", "beta"].iter().filter(|name| name.starts_with(&typed));
    let offered =
        choices.fold(CreateAutocompleteResponse::new(), |all, name| all.add_string_choice(*name, *name));
    command.create_response(context, CreateInteractionResponse::Autocomplete(offered)).await.unwrap();
}

async fn component_used(context: &Context, component: ComponentInteraction) {
    let text = |text: String| CreateInteractionResponseMessage::new().content(text);
    let response = match (&component.data.kind, component.data.custom_id.as_str()) {
        (ComponentInteractionDataKind::StringSelect { values }, _) => {
            CreateInteractionResponse::Message(text(format!("chosen: {}", values.join(", "))).ephemeral(true))
        }
        (_, "v1:edit") => {
            let input = CreateInputText::new(InputTextStyle::Short, "Title", "title").min_length(3);
            let rows = vec![CreateActionRow::InputText(input)];
            CreateInteractionResponse::Modal(CreateModal::new("v1:edited", "Edit S-1").components(rows))
        }
        _ => CreateInteractionResponse::UpdateMessage(text("approved".to_owned()).components(Vec::new())),
    };
    component.create_response(context, response).await.unwrap();
}

async fn submitted(context: &Context, modal: ModalInteraction) {
    modal.defer(context).await.unwrap();
    let ActionRowComponent::InputText(input) = &modal.data.components[0].components[0] else {
        panic!("{:?}", modal.data.components)
    };
    let title = format!("title is now {}", input.value.as_deref().unwrap_or_default());
    modal.edit_response(context, EditInteractionResponse::new().content(title)).await.unwrap();
    let more = CreateInteractionResponseFollowup::new().content("and more").ephemeral(true);
    modal.create_followup(context, more).await.unwrap();
}

/// Makes a channel with a pinned message and a thread.
async fn board(context: &Context, command: CommandInteraction) {
    command.defer_ephemeral(context).await.unwrap();
    let guild = command.guild_id.unwrap();
    let new = CreateChannel::new("Sprint Board").kind(ChannelType::Text).topic("what is going on");
    let channel: ChannelId = guild.create_channel(context, new).await.unwrap().id;
    let mut message = channel
        .send_message(context, CreateMessage::new().embed(CreateEmbed::new().title("Sprint 1")))
        .await
        .unwrap();
    message.pin(context).await.unwrap();
    message
        .edit(context, EditMessage::new().embed(CreateEmbed::new().title("Sprint 1: done")))
        .await
        .unwrap();
    let thread = channel
        .create_thread_from_message(context, message.id, CreateThread::new("Run of S-1"))
        .await
        .unwrap();
    thread.id.say(context, "red").await.unwrap();
    command.edit_response(context, EditInteractionResponse::new().content("made")).await.unwrap();
}
