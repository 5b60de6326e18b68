//! Slash commands: from what Discord sends to an outcome, and completion while people type.

use std::sync::Arc;

use poise::{ApplicationContext, BoxFuture, FrameworkError};
use serenity::all::{CommandInteraction, CreateAutocompleteResponse};

use crate::domain::command::CommandKind;
use crate::domain::id::ProjectName;
use crate::domain::refusal::Refusal;
use crate::engine::Entry;
use crate::gateway::access::Rights;
use crate::surface::discord::asking::{Asking, Line, Parts};
use crate::surface::discord::bot::{Bot, Data, Never};
use crate::surface::discord::menu::{self, Candidates, Given};
use crate::surface::discord::serving::Way;

/// What poise runs for every slash command.
pub(super) fn run(
    context: ApplicationContext<'_, Data, Never>,
) -> BoxFuture<'_, Result<(), FrameworkError<'_, Data, Never>>> {
    let bot: &Data = context.framework.user_data;
    let (bot, interaction) = (Arc::clone(bot), context.interaction);
    Box::pin(async move {
        let tasks = bot.tasks.clone();
        tasks.track_future(bot.command(interaction)).await;
        Ok(())
    })
}

/// What poise runs while somebody types.
pub(super) fn complete<'a>(
    context: ApplicationContext<'a, Data, Never>,
    _typed: &'a str,
) -> BoxFuture<'a, CreateAutocompleteResponse> {
    let bot: &Data = context.framework.user_data;
    let (bot, interaction) = (Arc::clone(bot), context.interaction);
    Box::pin(async move { bot.completed(interaction).await })
}

/// What poise cannot do. People are told in words; what went wrong is in the log.
pub(super) async fn failed(error: FrameworkError<'_, Data, Never>) {
    match error {
        FrameworkError::CommandPanic { payload, ctx, .. } => {
            let why = payload.unwrap_or_else(|| "nothing more is known".to_owned());
            tracing::error!(command = ctx.command().qualified_name.as_ref(), "a command panicked: {why}");
            if let poise::Context::Application(context) = ctx {
                let bot: &Data = context.framework.user_data;
                bot.apologise(&Parts::from(context.interaction).line()).await;
            }
        }
        // A command of an older set, which Discord shows for a while.
        FrameworkError::UnknownInteraction { framework, interaction, .. } => {
            let bot: &Data = framework.user_data;
            bot.command(interaction).await;
        }
        other => tracing::warn!("an event could not be served: {other}"),
    }
}

impl Bot {
    /// Serves a slash command.
    pub(super) async fn command(self: &Arc<Self>, interaction: &CommandInteraction) {
        let parts = Parts::from(interaction);
        let line = parts.line();
        let read = self.asking(&parts).await.and_then(|asking| {
            let given = menu::given(&interaction.data)?;
            let text = menu::text(&given)?;
            Ok((asking, given, text))
        });
        match read {
            Err(refusal) => self.refuse(&line, &refusal).await,
            Ok((asking, Given { kind, .. }, text)) => {
                self.serve(&asking, &line, Way::Typed, kind, text).await;
            }
        }
    }

    /// What can be picked for what somebody types. Whoever may not ask is offered nothing.
    async fn completed(&self, interaction: &CommandInteraction) -> CreateAutocompleteResponse {
        let nothing = CreateAutocompleteResponse::new();
        let asked = self.asking(&Parts::from(interaction)).await.and_then(|asking| {
            let asked = menu::asked(&interaction.data)?;
            Ok((asking, asked))
        });
        let Ok((asking, asked)) = asked else { return nothing };
        let project = self.meant(&asking, asked.given.project());
        let read = match &project {
            Some(entry) => self.desk().engine().read(&entry.name).await.ok(),
            None => None,
        };
        let projects = visible(&asking.rights);
        let folders = match asked.given.kind {
            CommandKind::ProjectRegister | CommandKind::ProjectBind => self.repositories().await,
            _ => Vec::new(),
        };
        let candidates =
            Candidates { project: read.as_deref(), entries: &[], projects: &projects, folders: &folders };
        let choices = menu::suggest(asked.given.kind, asked.argument, &asked.typed, &candidates);
        nothing.set_choices(choices)
    }

    /// The project that somebody means: the named one, or that of the channel.
    pub(super) fn meant(&self, asking: &Asking, named: Option<&str>) -> Option<Entry> {
        match named {
            None => asking.project.clone(),
            Some(named) => {
                let name: ProjectName = named.to_lowercase().parse().ok()?;
                asking.rights.sees(&name).then(|| self.desk().engine().find(name.as_str()).ok())?
            }
        }
    }

    /// Repositories that could be registered: folders right below the roots that git knows.
    async fn repositories(&self) -> Vec<String> {
        /// More folders than this are not looked at.
        const LOOKED_AT: usize = 500;

        let (roots, engine) = (self.roots(), self.desk().engine().clone());
        let look = move || {
            let below = roots.iter().flat_map(std::fs::read_dir).flatten().flatten().take(LOOKED_AT);
            let known = engine.projects();
            let is_new = |path: &std::path::PathBuf| {
                path.join(".git").exists() && !known.iter().any(|entry| entry.path == *path)
            };
            let mut found: Vec<_> = below.map(|entry| entry.path()).filter(is_new).collect();
            found.sort();
            found.into_iter().filter_map(|path| path.to_str().map(str::to_owned)).collect()
        };
        tokio::task::spawn_blocking(look).await.unwrap_or_default()
    }

    /// Tells somebody that something of ours failed, in whatever way is still open.
    async fn apologise(&self, line: &Line) {
        let refusal = Refusal::new(
            crate::domain::refusal::Code::Busy,
            "something went wrong here",
            "try again; if it happens again, the log of the program says why",
        );
        self.refuse(line, &refusal).await;
    }
}

/// The projects that somebody may name.
fn visible(rights: &Rights) -> Vec<String> {
    match rights {
        Rights::Owner => Vec::new(),
        Rights::Given(given) => given.projects.keys().map(ToString::to_string).collect(),
    }
}
