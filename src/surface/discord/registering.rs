//! Putting a repository under management from a chat, and letting it go: the project and its channel come together.
//!
//! The channel is made first and the project last. So whatever fails, only a channel has to be taken away in which
//! nobody has said anything yet, and never a state branch.

use std::path::Path;
use std::sync::Arc;

use serenity::all::{ChannelId, CreateAllowedMentions, CreateMessage, GuildId};

use crate::domain::command::Command;
use crate::domain::id::{ProjectName, Uid};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::workflow::State;
use crate::engine::{EngineError, Entry};
use crate::store::with_causes;
use crate::surface::answer::{self, Answer};
use crate::surface::desk::Outcome;
use crate::surface::discord::asking::Asking;
use crate::surface::discord::bot::Bot;
use crate::surface::discord::look;
use crate::surface::discord::naming::{About, End};
use crate::surface::discord::reply::Kept;
use crate::surface::discord::topic::Wanted;
use crate::surface::parse;

/// Why something did not come about: refused, or failed on our side.
pub(super) enum Why {
    Refused(Refusal),
    /// The desk has said it already.
    Told(Box<Outcome>),
    Failed(String),
}

impl From<Refusal> for Why {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<EngineError> for Why {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Refused(refusal) => Self::Refused(refusal),
            ours => Self::Failed(with_causes(&ours)),
        }
    }
}

impl From<crate::ledger::LedgerError> for Why {
    fn from(error: crate::ledger::LedgerError) -> Self {
        Self::Failed(with_causes(&error))
    }
}

impl Bot {
    /// Registers a project and gives it a channel. A failure at any step leaves neither.
    pub(super) async fn register(self: &Arc<Self>, asking: &Asking, text: String) -> Outcome {
        let _alone = self.making.lock().await;
        let done = self.try_to_register(asking, &text).await;
        // Whatever was begun is ended, or has to go.
        if !self.clear_up(asking.guild).await {
            self.clear_up_later(asking.guild);
        }
        done.unwrap_or_else(|why| why.told(asking, &text))
    }

    async fn try_to_register(&self, asking: &Asking, text: &str) -> Result<Outcome, Why> {
        let Command::ProjectRegister { path, name, import } = parse::parse(text)?.command else {
            return Err(Refusal::new(Code::Syntax, "this registers nothing", "see `help`").into());
        };
        let site = asking.site(&path, name, import);
        let whole = site.path.clone();
        let (name, work) = match self.desk().engine().may_register(site).await {
            Ok(found) => found,
            Err(EngineError::Refused(refusal)) if refusal.code == Code::Taken => {
                return self.registered_before(asking, &whole, refusal).await;
            }
            Err(error) => return Err(error.into()),
        };
        // What an earlier attempt has left must not be in the way of this one.
        self.clear_up(asking.guild).await;
        let plan = self.plan_channel(asking.guild, &name, &work)?;
        let channel = self.make_channel(&plan, State::Idle).await?;
        let mut outcome = self.desk().handle(asking.request(text.to_owned()), &asking.rights).await;
        let Some(entry) = self.entry_at(&work).filter(|_| outcome.ok) else {
            return Err(Why::Told(Box::new(outcome)));
        };
        let state = outcome.state.as_deref().and_then(read_state).unwrap_or(State::Idle);
        self.keep_channel(&plan, &entry, channel, state)?;
        self.ledger().set_cursor(&registered_by(entry.key), &asking.id())?;
        self.welcome(channel, asking.guild, &entry, state);
        if let Some(reply) = &mut outcome.reply {
            say_where(reply, &self.name_of(asking.guild, channel), plan.remark);
        }
        Ok(outcome)
    }

    /// The repository is registered already: by this very request, or elsewhere and without a channel so far.
    async fn registered_before(
        &self,
        asking: &Asking,
        path: &Path,
        refusal: Refusal,
    ) -> Result<Outcome, Why> {
        let Some(entry) = self.entry_around(path).filter(|it| asking.rights.sees(&it.name)) else {
            return Err(refusal.into());
        };
        let project = self.desk().engine().read(&entry.name).await?;
        let is_again = self.ledger().cursor(&registered_by(entry.key))? == Some(asking.id());
        let mut remark = None;
        let channel = match self.places().of(entry.key) {
            Some(place) if is_again => ChannelId::new(place.channel),
            Some(place) if place.guild == asking.guild.get() => {
                let name = self.name_of(asking.guild, ChannelId::new(place.channel));
                return Err(Refusal { hint: format!("its channel is #{name}"), ..refusal }.into());
            }
            Some(_) => return Err(refusal.into()),
            None => {
                remark = Some("it was registered already and has a channel now".to_owned());
                self.give_channel(asking.guild, &entry, project.state).await?
            }
        };
        let mut reply = answer::registered(&answer::Registered {
            name: entry.name.clone(),
            path: entry.path.display().to_string(),
            channel: None,
            state: project.state,
            remark: None,
        });
        say_where(&mut reply, &self.name_of(asking.guild, channel), remark);
        Ok(outcome(asking, &entry.name, Some(project.state), reply))
    }

    /// Makes a channel for a project that has none. Whoever calls holds [`Bot::making`] and clears up.
    pub(super) async fn give_channel(
        &self,
        guild: GuildId,
        entry: &Entry,
        state: State,
    ) -> Result<ChannelId, Why> {
        let plan = self.plan_channel(guild, &entry.name, &entry.path)?;
        let channel = self.make_channel(&plan, state).await?;
        self.keep_channel(&plan, entry, channel, state)?;
        self.welcome(channel, guild, entry, state);
        Ok(channel)
    }

    /// Says in a channel what it is for.
    pub(super) fn welcome(&self, channel: ChannelId, guild: GuildId, entry: &Entry, state: State) {
        let answer = answer::welcome(&entry.name, &entry.path.display().to_string(), state);
        self.say(channel, guild, &format!("welcome-{channel}"), &answer);
    }

    /// Says something in a channel, now or later.
    pub(super) fn say(&self, channel: ChannelId, guild: GuildId, name: &str, answer: &Answer) {
        let embeds = self
            .guilds()
            .may(guild, Some(channel))
            .is_none_or(|all| all.contains(serenity::all::Permissions::EMBED_LINKS));
        let message = CreateMessage::new()
            .allowed_mentions(CreateAllowedMentions::new())
            .components(look::rows(&answer.choices, None, &mut Kept(self.ledger())));
        let message = match look::sheets(answer).first() {
            Some(sheet) if embeds => message.embed(sheet.embed()),
            _ => message.content(look::plain(answer)),
        };
        self.post_sometime(channel, name, message);
    }

    /// Lets a project go.
    pub(super) async fn unregister(self: &Arc<Self>, asking: &Asking, text: String) -> Outcome {
        let before = self.desk().engine().projects();
        let outcome = self.desk().handle(asking.request(text), &asking.rights).await;
        let name = outcome.project.as_deref().filter(|_| outcome.ok);
        if let Some(entry) = before.iter().find(|entry| Some(entry.name.as_str()) == name) {
            self.unregistered(entry);
        }
        outcome
    }

    /// A project was let go, here or elsewhere. Its channel stays, for what people have said there, and says so. Once.
    pub(super) fn unregistered(&self, entry: &Entry) {
        self.let_go(entry.key, Some(&entry.name));
    }

    /// The same where perhaps only the key of the project is known any more.
    pub(super) fn let_go(&self, project: Uid, name: Option<&ProjectName>) {
        let place = match self.places().forget(project) {
            Ok(Some(place)) => place,
            Ok(None) => return,
            Err(error) => return tracing::error!(%project, "was let go, which cannot be noted: {error}"),
        };
        let (guild, channel) = (GuildId::new(place.guild), ChannelId::new(place.channel));
        let place = self.guilds().look(guild, |known| known.channels.get(&channel).cloned()).flatten();
        let about = place.and_then(|it| About::read(it.topic.as_deref()?));
        let named = about.as_ref().and_then(About::project);
        if let Some(about) = about {
            self.want_topic(channel, Wanted { guild, about, end: End::LetGo });
        }
        let answer = answer::let_go(name.or(named.as_ref()));
        self.say(channel, guild, &format!("let-go-{project}-{channel}"), &answer);
    }

    /// The project whose work tree is exactly this one.
    pub(super) fn entry_at(&self, work: &Path) -> Option<Entry> {
        self.desk().engine().projects().into_iter().find(|entry| entry.path == work)
    }

    /// The project of the repository in which a path is.
    fn entry_around(&self, path: &Path) -> Option<Entry> {
        let whole = std::fs::canonicalize(path).ok()?;
        // Inside a project may lie the repository of another one.
        let top = whole.ancestors().find(|it| self.entry_at(it).is_some() || it.join(".git").exists())?;
        self.entry_at(top)
    }
}

impl Why {
    /// The outcome for whoever asked.
    pub(super) fn told(self, asking: &Asking, text: &str) -> Outcome {
        match self {
            Self::Told(outcome) => *outcome,
            Self::Refused(refusal) => {
                let command = parse::parse(text).ok().map(|parsed| parsed.command);
                let reply = answer::refused(&refusal, command.as_ref());
                Outcome { reply: Some(reply), ..Outcome::refused(asking.id(), refusal) }
            }
            Self::Failed(text) => {
                tracing::error!(command = asking.id(), "a command failed: {text}");
                Outcome::failed(asking.id(), text)
            }
        }
    }
}

/// The outcome of a command that was carried out here.
pub(super) fn outcome(
    asking: &Asking,
    project: &ProjectName,
    state: Option<State>,
    reply: Answer,
) -> Outcome {
    let state = state.map(|state| state.to_string());
    Outcome::answered(asking.id(), Some(project.to_string()), state, reply)
}

/// Under which name the ledger keeps which request has registered a project.
fn registered_by(project: Uid) -> String {
    format!("registered:{project}")
}

fn read_state(text: &str) -> Option<State> {
    State::ALL.into_iter().find(|state| state.name() == text)
}

/// Adds where people speak about the project, behind its path.
fn say_where(reply: &mut Answer, channel: &str, remark: Option<String>) {
    let at = usize::from(!reply.fields.is_empty());
    let field = |name: &str, value| answer::Field { name: name.to_owned(), value };
    reply.fields.insert(at, field("Channel", format!("#{channel}")));
    if let Some(remark) = remark {
        reply.fields.insert(at + 1, field("Remark", remark));
    }
}
