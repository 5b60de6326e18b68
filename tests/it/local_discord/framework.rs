//! A bot on poise, which registers its commands by itself and answers through its own helpers.

use bandmaster::sandbox::Server;
use poise::serenity_prelude as serenity;
use serde_json::json;

use crate::support::openapi;

type Context<'a> = poise::Context<'a, (), serenity::Error>;

#[poise::command(slash_command, subcommands("add", "fail"))]
#[expect(clippy::unused_async, reason = "only what is below it can be asked")]
async fn backlog(_: Context<'_>) -> serenity::Result<()> {
    Ok(())
}

#[expect(clippy::unused_async, reason = "poise awaits it")]
async fn epics(_: Context<'_>, typed: &str) -> serenity::CreateAutocompleteResponse {
    let offered = ["E-1", "E-2"].into_iter().filter(|epic| epic.starts_with(typed));
    let empty = serenity::CreateAutocompleteResponse::new();
    offered.fold(empty, |all, epic| all.add_string_choice(epic, epic))
}

/// Add a story.
#[poise::command(slash_command)]
async fn add(
    ctx: Context<'_>,
    #[description = "What is wanted."] description: String,
    #[description = "How much work it is."]
    #[min = 0]
    points: Option<u32>,
    #[description = "Where it belongs."]
    #[autocomplete = "epics"]
    epic: Option<String>,
) -> serenity::Result<()> {
    ctx.defer().await?;
    ctx.say(format!("{description}, {points:?}, {epic:?}")).await?;
    let more = poise::CreateReply::default().content("only for you").ephemeral(true);
    ctx.send(more).await?;
    Ok(())
}

/// Fail.
#[poise::command(slash_command)]
async fn fail(ctx: Context<'_>) -> serenity::Result<()> {
    ctx.say("x".repeat(3_000)).await.map(|_| ())
}

/// A poise bot, connected; it ends with the runtime of the test.
async fn start(discord: &Server) {
    let guild = discord.guild().get().into();
    let options = poise::FrameworkOptions {
        commands: vec![backlog()],
        on_error: |error| {
            Box::pin(async move {
                if let poise::FrameworkError::Command { error, ctx, .. } = error {
                    ctx.say(format!("refused: {error}").chars().take(60).collect::<String>()).await.unwrap();
                }
            })
        },
        ..Default::default()
    };
    let framework = poise::Framework::builder().options(options).setup(move |ctx, _, framework| {
        let commands = &framework.options().commands;
        Box::pin(async move { poise::builtins::register_in_guild(ctx, commands, guild).await })
    });
    let http =
        serenity::HttpBuilder::new(discord.token()).proxy(discord.url()).ratelimiter_disabled(true).build();
    let client = serenity::ClientBuilder::new_with_http(http, serenity::GatewayIntents::GUILDS)
        .framework(framework.build())
        .await;
    let mut client = client.unwrap();
    tokio::spawn(async move { client.start().await.unwrap() });
    discord.until_ready(1).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poise_bot_registers_answers_offers_and_fails() {
    let discord = Server::start().await.unwrap();
    start(&discord).await;
    let ada = discord.owner();

    let given = json!({ "description": "Log in", "points": 5, "epic": "E-1" });
    let asked = ada.ask_slash("general", "backlog add", &given).unwrap();
    let all = discord.until("both answers", |_| Some(asked.seen()).filter(|seen| seen.messages.len() == 2));
    let all = all.await.unwrap();
    assert_eq!(all.messages[0].content, "Log in, Some(5), Some(\"E-1\")");
    assert_eq!(all.messages[1].only_for, Some(ada.id()));

    let offered = ada.autocomplete("general", "backlog add", json!({ "epic": "E-2" }), "epic").await.unwrap();
    assert_eq!(offered, [("E-2".to_owned(), json!("E-2"))]);
    openapi::check(&discord);

    let failed = ada.slash("general", "backlog fail", json!({})).await.unwrap();
    assert!(failed.text().starts_with("refused: "), "{}", failed.text());
}
