//! The way to the desk: in this process, or over the control socket of a server that is running.

use std::io;
use std::time::Duration;

use anyhow::Context;
use thiserror::Error;
use tokio::time::Instant;

use crate::domain::refusal::{Code, Refusal};
use crate::engine::{Engine, EngineError, Settings};
use crate::gateway::access::Rights;
use crate::surface::control::client::Client;
use crate::surface::control::{Ask, Greeting, Told};
use crate::surface::desk::{Desk, Export, Names, Outcome, Report, Request, Trouble, Whose};

/// How often to look whether another process has ended.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Where requests go.
pub enum Door {
    /// This process holds the projects.
    Here(Desk),
    /// A server holds them.
    There(Client),
}

/// Why there is no answer. None of these can happen where this process holds the projects.
#[expect(missing_docs, reason = "the messages say it")]
#[derive(Debug, Error)]
pub enum DoorError {
    #[error("the server went away")]
    Gone { source: io::Error },
    #[error("the server did not understand: {reason}; is it of another version?")]
    NotUnderstood { reason: String },
    #[error("the server answered something else: {told}")]
    Other { told: String },
}

impl Door {
    /// Finds a running server, or opens the projects in this process. Waits up to `patience` for another process
    /// that has them open, because one command takes only a moment.
    pub async fn open(settings: &Settings, patience: Duration) -> anyhow::Result<Result<Self, Refusal>> {
        let deadline = Instant::now() + patience;
        loop {
            let asked = Client::connect(&settings.data_dir).await;
            if let Some(client) = asked.context("cannot connect to the running server")? {
                return Ok(Ok(Self::There(client)));
            }
            match Engine::start(settings.clone()) {
                Ok(engine) => return Ok(Ok(Self::Here(Desk::new(engine, settings.ambient.clone())))),
                Err(EngineError::Refused(Refusal { code: Code::Held, .. })) if Instant::now() < deadline => {
                    tokio::time::sleep(LOOK_AGAIN).await;
                }
                Err(EngineError::Refused(refusal)) => return Ok(Err(refusal)),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Has a command carried out.
    pub async fn run(&self, request: Request) -> Result<Outcome, DoorError> {
        match self {
            Self::Here(desk) => Ok(desk.handle(request, &Rights::Owner).await),
            Self::There(client) => match told(client, &Ask::Run(request)).await? {
                Told::Outcome(outcome) => Ok(*outcome),
                told => Err(other(&told)),
            },
        }
    }

    /// The names that can be completed.
    pub async fn names(&self, project: Option<String>) -> Result<Names, DoorError> {
        match self {
            Self::Here(desk) => Ok(desk.names(project.as_deref()).await),
            Self::There(client) => match told(client, &Ask::Names { project }).await? {
                Told::Names(names) => Ok(names),
                told => Err(other(&told)),
            },
        }
    }

    /// The names of the projects that [`Door::verify`] would check.
    pub async fn projects(&self, whose: Whose) -> Result<Result<Vec<String>, Refusal>, DoorError> {
        match self {
            Self::Here(desk) => Ok(desk.projects_of(&whose)),
            Self::There(client) => match told(client, &Ask::Projects(whose)).await? {
                Told::Projects(projects) => Ok(projects),
                told => Err(other(&told)),
            },
        }
    }

    /// Checks one project.
    pub async fn verify(&self, project: String) -> Result<Result<Report, Refusal>, DoorError> {
        match self {
            Self::Here(desk) => Ok(desk.verify(&project).await),
            Self::There(client) => match told(client, &Ask::Verify { project }).await? {
                Told::Report(report) => Ok(report),
                told => Err(other(&told)),
            },
        }
    }

    /// Everything about a project, or why that cannot be told.
    pub async fn export(&self, whose: Whose) -> Result<Result<Export, Trouble>, DoorError> {
        match self {
            Self::Here(desk) => Ok(desk.export(&whose).await.map_err(Trouble::from)),
            Self::There(client) => match told(client, &Ask::Export(whose)).await? {
                Told::Export(export) => Ok(export.map(|export| *export)),
                told => Err(other(&told)),
            },
        }
    }

    /// Who is behind the door, if it is a server.
    pub async fn server(&self) -> Result<Option<Greeting>, DoorError> {
        match self {
            Self::Here(_) => Ok(None),
            Self::There(client) => match told(client, &Ask::Hello).await? {
                Told::Hello(greeting) => Ok(Some(greeting)),
                told => Err(other(&told)),
            },
        }
    }

    /// Leaves everything in order behind it.
    pub async fn close(self) {
        if let Self::Here(desk) = self {
            desk.engine().stop().await;
        }
    }
}

async fn told(client: &Client, ask: &Ask) -> Result<Told, DoorError> {
    match client.ask(ask).await.map_err(|source| DoorError::Gone { source })? {
        Told::Nonsense(reason) => Err(DoorError::NotUnderstood { reason }),
        told => Ok(told),
    }
}

fn other(told: &Told) -> DoorError {
    DoorError::Other { told: format!("{told:?}") }
}
