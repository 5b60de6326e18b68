//! From a command in a channel to an answer there: acknowledged at once, carried out, told.

use std::sync::Arc;
use std::time::Duration;

use crate::domain::command::{Command, CommandKind, Scope};
use crate::domain::refusal::{Code, Refusal};
use crate::engine::CommitWatch;
use crate::surface::answer::Answer;
use crate::surface::desk::{Outcome, own_name};
use crate::surface::discord::asking::{Asking, Line};
use crate::surface::discord::bot::Bot;
use crate::surface::parse::{self, Parsed};

/// How long an answer waits for the commit, so that it can name it. Most are in git before.
const COMMIT_SOON: Duration = Duration::from_millis(400);
/// How long to find out whether a command would be refused, before it is acknowledged in public. A project that is
/// not in memory may take longer.
const QUICK: Duration = Duration::from_millis(500);

/// How somebody came to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// They typed a command.
    Typed,
    /// They pressed a button, which may have been there for long.
    Pressed,
}

impl Bot {
    /// Serves the command that `text` is. Whoever asked learns what became of it.
    pub(super) async fn serve(
        self: &Arc<Self>,
        asking: &Asking,
        line: &Line,
        way: Way,
        kind: CommandKind,
        text: String,
    ) {
        let unsigned = self.rush.enter();
        let request = asking.request(text.clone());
        // What cannot be read is refused by the desk, in its words.
        let parsed = parse::parse(&text).ok();
        if asking.project.is_none() && parsed.as_ref().is_some_and(needs_project) {
            return self.refuse(line, &self.no_project_here(asking)).await;
        }
        // Whoever is refused is told in private, and that has to be said with the first word.
        // A look at the health of a project mends what it finds; that must not be broken off.
        let is_look = kind.scope() == Scope::Read && kind != CommandKind::ProjectHealth;
        let early = if is_look {
            tokio::time::timeout(QUICK, self.desk().handle(request, &asking.rights)).await.ok()
        } else {
            tokio::time::timeout(QUICK, self.desk().foresee(&request, &asking.rights)).await.ok().flatten()
        };
        let early = early.map(|outcome| kindly(way, outcome));
        if let Some(outcome) = early.as_ref().filter(|outcome| outcome.refusal.is_some()) {
            return self.refuse_at_once(line, outcome).await;
        }
        // Discord gives up after three seconds; nothing is carried out that could not be answered.
        let private = kind == CommandKind::Help || parsed.as_ref().is_some_and(is_unconfirmed);
        if !self.acknowledge(line, private).await {
            return;
        }
        drop(unsigned);
        self.rush.calm().await;
        let (outcome, commit) = match early.filter(|_| is_look) {
            Some(outcome) => (outcome, None),
            None => {
                self.promise(line, &interrupted(kind));
                self.carry_out(asking, kind, text.clone()).await
            }
        };
        if outcome.refusal.is_some() {
            self.tell_refused(line, &kindly(way, outcome), private).await;
        } else {
            outcome.reply.iter().filter(|_| !is_look).for_each(|reply| self.promise(line, reply));
            self.answer(line, kind, &text, outcome, commit).await;
        }
        self.keep_promise(line);
    }

    /// Carries a command out, and says how.
    pub(super) async fn carry_out(
        self: &Arc<Self>,
        asking: &Asking,
        kind: CommandKind,
        text: String,
    ) -> (Outcome, Option<CommitWatch>) {
        match kind {
            CommandKind::ProjectRegister => (self.register(asking, text).await, None),
            CommandKind::ProjectUnregister => (self.unregister(asking, text).await, None),
            CommandKind::ProjectBind => (self.bind(asking, text).await, None),
            CommandKind::ProjectHealth => (self.health(asking, text).await, None),
            _ => self.desk().begin(asking.request(text), &asking.rights).await,
        }
    }

    async fn answer(
        self: &Arc<Self>,
        line: &Line,
        kind: CommandKind,
        text: &str,
        mut outcome: Outcome,
        commit: Option<CommitWatch>,
    ) {
        if outcome.commit.is_none()
            && let Some(watch) = commit
        {
            outcome.commit = tokio::time::timeout(COMMIT_SOON, watch.wait()).await.ok().flatten();
        }
        self.tell(line, kind, text, &outcome).await;
    }

    /// Where people speak about the projects that they may see, for somebody who asked elsewhere.
    fn no_project_here(&self, asking: &Asking) -> Refusal {
        let names = self.channels_of(asking);
        let hint = if names.is_empty() {
            "register a repository with `project register`".to_owned()
        } else {
            format!("ask in {}, or name one with the option `project`", names.join(", "))
        };
        Refusal::new(Code::Unknown, "no project belongs to this channel", hint)
    }

    fn channels_of(&self, asking: &Asking) -> Vec<String> {
        /// More than this nobody reads.
        const NAMED_MAX: usize = 10;

        let entries = self.desk().engine().projects().into_iter().filter(|it| asking.rights.sees(&it.name));
        let mut names: Vec<_> = entries
            .filter_map(|entry| {
                let place = self.places().of(entry.key)?;
                let channel = serenity::all::ChannelId::new(place.channel);
                let called = self
                    .guilds()
                    .look(asking.guild, |known| known.channels.get(&channel).map(|it| it.name.clone()));
                Some(format!("#{} ({})", called.flatten()?, entry.name))
            })
            .collect();
        let more = names.len().saturating_sub(NAMED_MAX);
        names.truncate(NAMED_MAX);
        if more > 0 {
            names.push(format!("{more} more"));
        }
        names
    }
}

/// Whether a command is about a project and names none.
fn needs_project(parsed: &Parsed) -> bool {
    let kind = parsed.command.kind();
    let about_one = kind.scope() != Scope::Node && kind != CommandKind::Help;
    about_one && parsed.project.is_none() && own_name(&parsed.command).is_none()
}

/// Whether a command asks to be confirmed, so that it cannot have an effect yet.
fn is_unconfirmed(parsed: &Parsed) -> bool {
    match &parsed.command {
        Command::Undo { confirm, .. }
        | Command::Restore { confirm, .. }
        | Command::ProjectUnregister { confirm, .. } => !*confirm,
        _ => false,
    }
}

/// Says of a button that has had its time that this is no mistake of whoever pressed it.
fn kindly(way: Way, mut outcome: Outcome) -> Outcome {
    let overtaken = [Code::WrongState, Code::Unknown, Code::NoChange, Code::Nothing];
    let is_overtaken = outcome.refusal.as_ref().is_some_and(|refusal| overtaken.contains(&refusal.code));
    if way == Way::Pressed
        && is_overtaken
        && let Some(reply) = &mut outcome.reply
    {
        reply.title = "That has been decided already".to_owned();
        let why = reply.text.take().unwrap_or_default();
        reply.text = Some(format!("This button was for a moment that is over: {why}."));
    }
    outcome
}

/// Whether a command changes nothing, so that its answer may be shown page by page.
pub(super) fn looks_only(kind: CommandKind) -> bool {
    match kind.scope() {
        Scope::Read => true,
        Scope::Node => kind == CommandKind::ProjectList,
        Scope::Change => false,
    }
}

/// What is said after a sudden end to whoever was waiting.
fn interrupted(kind: CommandKind) -> Answer {
    Answer::warning("Bandmaster was interrupted").paragraph(format!(
        "It was about to carry out `{kind}`. Whether it was carried out, `log` shows; if not, ask again."
    ))
}
