//! Actions that print something which is known without any project: schemas and completions.

use clap::CommandFactory;
use clap_complete::Shell;
use serde_json::{Map, Value};

use crate::domain::refusal::{Code, Refusal};
use crate::store::schema::{self, Kind};
use crate::surface::answer;
use crate::surface::cli::args::Cli;
use crate::surface::cli::{Exit, Output};

/// `schema`: one of them, or an object with all.
pub fn schema(kind: Option<&str>, output: Output) -> anyhow::Result<Exit> {
    let Some(wanted) = kind else {
        let all: Map<String, Value> =
            Kind::ALL.map(|kind| (kind.to_string(), schema::schema(kind))).into_iter().collect();
        output.object(&all)?;
        return Ok(Exit::Done);
    };
    match Kind::ALL.into_iter().find(|kind| kind.to_string() == wanted) {
        Some(kind) => output.object(&schema::schema(kind)).map(|()| Exit::Done).map_err(Into::into),
        None => {
            let known = Kind::ALL.map(|kind| kind.to_string()).join(", ");
            let refusal = Refusal::new(
                Code::Unknown,
                format!("there is no schema of {wanted:?}"),
                format!("there are: {known}"),
            );
            output.complaint(&answer::refused(&refusal, None))?;
            Ok(Exit::Refused)
        }
    }
}

/// `completions`: a script for a shell.
pub fn completions(shell: Shell, output: Output) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "bandmaster", &mut script);
    output.text(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}
