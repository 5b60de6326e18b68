//! The way to the desk: in this process, or over the control socket of a server that is running.

use std::io;

use anyhow::{Context, bail};
use serde_json::Value;

use crate::domain::refusal::Refusal;
use crate::surface::control::client::Client;
use crate::surface::control::{Ask, Greeting, Told};
use crate::surface::desk::{Desk, Names, Outcome, Report, Request, chain};

/// Where requests go.
pub enum Door {
    /// This process holds the projects.
    Here(Desk),
    /// A server holds them.
    There(Client),
}

impl Door {
    /// Has a command carried out.
    pub async fn run(&self, request: Request) -> anyhow::Result<Outcome> {
        match self {
            Self::Here(desk) => Ok(desk.handle(request).await),
            Self::There(client) => match told(client.ask(&Ask::Run(request)).await)? {
                Told::Outcome(outcome) => Ok(*outcome),
                other => bail!("the server answered something else: {other:?}"),
            },
        }
    }

    /// The names that can be completed.
    pub async fn names(&self, project: Option<String>) -> anyhow::Result<Names> {
        match self {
            Self::Here(desk) => Ok(desk.names(project.as_deref()).await),
            Self::There(client) => match told(client.ask(&Ask::Names { project }).await)? {
                Told::Names(names) => Ok(names),
                other => bail!("the server answered something else: {other:?}"),
            },
        }
    }

    /// Checks one project, or all.
    pub async fn verify(&self, project: Option<String>) -> anyhow::Result<Result<Vec<Report>, Refusal>> {
        match self {
            Self::Here(desk) => Ok(desk.verify(project.as_deref()).await),
            Self::There(client) => match told(client.ask(&Ask::Verify { project }).await)? {
                Told::Reports(reports) => Ok(reports),
                other => bail!("the server answered something else: {other:?}"),
            },
        }
    }

    /// Everything about a project, or why that cannot be told.
    pub async fn export(&self, project: Option<String>) -> anyhow::Result<Result<Value, String>> {
        match self {
            Self::Here(desk) => Ok(desk.export(project.as_deref()).await.map_err(|error| chain(&error))),
            Self::There(client) => match told(client.ask(&Ask::Export { project }).await)? {
                Told::Export(export) => Ok(export),
                other => bail!("the server answered something else: {other:?}"),
            },
        }
    }

    /// Who is behind the door, if it is a server.
    pub async fn server(&self) -> anyhow::Result<Option<Greeting>> {
        match self {
            Self::Here(_) => Ok(None),
            Self::There(client) => match told(client.ask(&Ask::Hello).await)? {
                Told::Hello(greeting) => Ok(Some(greeting)),
                other => bail!("the server answered something else: {other:?}"),
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

fn told(answer: io::Result<Told>) -> anyhow::Result<Told> {
    match answer.context("cannot speak with the running server")? {
        Told::Nonsense(reason) => bail!("the server did not understand: {reason}; is it of another version?"),
        told => Ok(told),
    }
}
