//! Speaking to a real engine, with a clock in hand.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context;

use crate::domain::command::Command;
use crate::domain::envelope::Envelope;
use crate::domain::id::ProjectName;
use crate::domain::person::{Person, Surface};
use crate::engine::{CommitWatch, Engine, Settings, Site};
use crate::gateway::access::Rights;
use crate::store;
use crate::surface::answer;
use crate::surface::desk::{Desk, Outcome, Request};
use crate::surface::parse;

/// A commit that takes longer never comes.
const COMMIT_TIME: Duration = Duration::from_secs(60);
/// How many commands are under way while stories are written.
const WRITERS: usize = 128;

/// An engine, and somebody who speaks to it. Copies lead to the same.
#[derive(Clone)]
pub(crate) struct Session {
    desk: Desk,
    settings: Settings,
    person: Person,
}

/// A command that was answered.
pub(crate) struct Asked {
    /// How long its durable answer took, from text to answer.
    pub(crate) answer: Duration,
    began: Instant,
    commit: CommitWatch,
}

impl Asked {
    /// Waits for the commit; how long that took since the command was sent.
    pub(crate) async fn visible(self) -> anyhow::Result<Duration> {
        let seen = tokio::time::timeout(COMMIT_TIME, self.commit.wait()).await;
        let took = self.began.elapsed();
        seen.context("a commit did not come")?
            .context("a command changed nothing, or its project stopped")?;
        Ok(took)
    }
}

impl Session {
    /// Starts an engine of its own.
    pub(crate) fn start(settings: Settings) -> anyhow::Result<Self> {
        let engine = Engine::start(settings.clone())?;
        let desk = Desk::new(engine, settings.ambient.clone());
        let name: crate::domain::text::Line = "bench".parse()?;
        let email = Some("bench@bandmaster.invalid".to_owned());
        Ok(Self { desk, settings, person: Person { account: name.clone(), name, email } })
    }

    /// The engine.
    pub(crate) fn engine(&self) -> &Engine {
        self.desk.engine()
    }

    /// The desk.
    pub(crate) fn desk(&self) -> &Desk {
        &self.desk
    }

    /// Registers a repository, which is made if it is missing.
    pub(crate) async fn register(&self, path: &Path, name: &str) -> anyhow::Result<ProjectName> {
        if !path.exists() {
            store::init_repository(path)?;
        }
        let name: ProjectName = name.parse()?;
        let command =
            Command::ProjectRegister { path: path.to_owned(), name: Some(name.clone()), import: false };
        let site = Site { path: path.to_owned(), name: Some(name.clone()), import: false, roots: None };
        self.engine().register(site, self.envelope(command)?).await?;
        Ok(name)
    }

    /// Has a command carried out: parsed, judged, kept, answered.
    pub(crate) async fn ask(&self, project: &ProjectName, text: &str) -> anyhow::Result<Asked> {
        let began = Instant::now();
        let command = parse::parse(text)?.command;
        let envelope = self.envelope(command.clone())?;
        let at = envelope.at;
        let submitted = self.engine().submit(project, envelope).await?;
        std::hint::black_box(answer::changed(&command, &submitted.receipt, at));
        Ok(Asked { answer: began.elapsed(), began, commit: submitted.commit })
    }

    /// Changes a story so that two small files are different; `round` makes it so every time.
    pub(crate) async fn change(
        &self,
        project: &ProjectName,
        story: usize,
        round: usize,
    ) -> anyhow::Result<Asked> {
        self.ask(project, &format!("backlog edit S-{story} title:\"As it is in round {round}\"")).await
    }

    /// Asks over the desk, as every surface does.
    pub(crate) async fn look(
        &self,
        project: &ProjectName,
        text: &str,
    ) -> anyhow::Result<(Duration, Outcome)> {
        let request = Request {
            text: text.to_owned(),
            project: Some(project.to_string()),
            folder: self.settings.data_dir.clone(),
            person: self.person.clone(),
            surface: Surface::Cli,
            id: None,
            wait: false,
        };
        let began = Instant::now();
        let outcome = self.desk.handle(request, &Rights::Owner).await;
        let took = began.elapsed();
        anyhow::ensure!(outcome.ok, "{text} was not carried out: {:?} {:?}", outcome.refusal, outcome.error);
        Ok((took, outcome))
    }

    /// Writes so many stories, and waits until they are in git.
    pub(crate) async fn write_stories(&self, project: &ProjectName, count: usize) -> anyhow::Result<()> {
        let mut writers = tokio::task::JoinSet::new();
        for writer in 0..WRITERS.min(count) {
            let (session, project) = (self.clone(), project.clone());
            writers.spawn(async move {
                for number in (writer..count).step_by(WRITERS) {
                    // Whoever writes faster than git is refused once the journal is full.
                    session.ask(&project, &story(number)).await?.visible().await?;
                }
                anyhow::Ok(())
            });
        }
        while let Some(written) = writers.join_next().await {
            written??;
        }
        Ok(())
    }

    /// Waits until a project is at rest: published, its packs merged.
    pub(crate) async fn settle(&self, project: &ProjectName) -> anyhow::Result<()> {
        Ok(self.engine().visit(project, |store, _| store.rest()).await??)
    }

    /// Ends the engine in order.
    pub(crate) async fn stop(self) {
        self.engine().stop().await;
    }

    fn envelope(&self, command: Command) -> anyhow::Result<Envelope> {
        let ambient = &self.settings.ambient;
        let (at, entropy) = ((ambient.now)(), (ambient.entropy)());
        let id = ulid::Ulid(entropy).to_string().parse()?;
        Ok(Envelope { id, at, entropy, person: self.person.clone(), surface: Surface::Cli, command })
    }
}

/// A story of the length that people write.
fn story(number: usize) -> String {
    const THINGS: [&str; 8] = [
        "the login",
        "an invoice",
        "the export",
        "a report",
        "the search",
        "my account",
        "an upload",
        "a note",
    ];
    let (thing, other) = (THINGS[number % 8], THINGS[number / 8 % 8]);
    format!(
        "backlog add \"As a customer I want {thing} to work together with {other}, so that I am done sooner. \
         This is number {number} of what we wrote down when we talked about it for the first time.\" \
         points:3 criteria:\"It works on a phone; Nothing is lost when the connection ends\""
    )
}
