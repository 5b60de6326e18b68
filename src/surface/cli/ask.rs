//! Actions that are commands of the chat: `do`, and the shortcuts for what scripts ask most.

use std::io::{self, IsTerminal, Read};

use anyhow::{Context, anyhow};

use crate::domain::id::CommandId;
use crate::domain::person::Surface;
use crate::domain::refusal::{Code, Refusal};
use crate::surface::cli::args::{Do, Register};
use crate::surface::cli::progress;
use crate::surface::cli::{Caller, Exit, Output};
use crate::surface::desk::{Outcome, Request};
use crate::surface::door::{Door, DoorError};
use crate::surface::parse;

/// The argument that stands for standard input.
const STDIN: &str = "-";

/// `do`: one command as it is written in a chat. `id` is the one that it gets where none is given.
pub async fn carry_out(
    door: &Door,
    caller: &Caller,
    args: &Do,
    id: CommandId,
    output: Output,
) -> anyhow::Result<Exit> {
    let id = args.id.clone().unwrap_or_else(|| id.to_string());
    let refused = |refusal| Ok(output.outcome(&Outcome::refused(id.clone(), refusal))?);
    if let Err(refusal) = check_id(args.id.as_deref()) {
        return refused(refusal);
    }
    let text = match text_of(&args.text)? {
        Ok(text) => text,
        Err(refusal) => return refused(refusal),
    };
    let request =
        Request { id: Some(id.clone()), wait: !args.no_wait, ..request(caller, args.project.clone(), text) };
    let outcome = door.run(request).await.map_err(|error| asked_again(error, &id))?;
    Ok(output.outcome(&outcome)?)
}

/// `register`: a path is passed on as it is, whatever characters it has.
pub async fn register(door: &Door, caller: &Caller, args: &Register, output: Output) -> anyhow::Result<Exit> {
    let path = args.path.to_str().ok_or_else(|| anyhow!("{:?} is not a path in UTF-8", args.path))?;
    let mut text = format!("project register {}", parse::quoted(path));
    if let Some(name) = &args.name {
        text += &format!(" name:{}", parse::quoted(name));
    }
    if args.import {
        text += " --import";
    }
    let spinner = progress::spinner(&format!("registering {path}"));
    let outcome = door.run(request(caller, None, text)).await;
    drop(spinner);
    Ok(output.outcome(&outcome?)?)
}

/// Any command that an action stands for.
pub async fn ask(
    door: &Door,
    caller: &Caller,
    project: Option<String>,
    text: String,
    output: Output,
) -> anyhow::Result<Exit> {
    Ok(output.outcome(&door.run(request(caller, project, text)).await?)?)
}

fn request(caller: &Caller, project: Option<String>, text: String) -> Request {
    Request {
        text,
        project,
        folder: caller.folder.clone(),
        person: caller.person.clone(),
        surface: Surface::Cli,
        id: None,
        wait: true,
    }
}

/// The id of a story in the place of the id of the command is a slip that would go unnoticed.
fn check_id(id: Option<&str>) -> Result<(), Refusal> {
    let names_a_thing = |id: &&str| {
        let id = id.to_lowercase();
        let number = ["s-", "e-", "a-", "sprint-"].iter().find_map(|kind| id.strip_prefix(kind));
        number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
    };
    match id.filter(names_a_thing) {
        None => Ok(()),
        Some(id) => {
            let message = format!("--id names the command itself, and {id} is a thing in a project");
            Err(Refusal::new(Code::Invalid, message, format!("write id:{id}")))
        }
    }
}

/// The command as it was typed. `-` alone stands for standard input, and behind a command for a text from there,
/// which is taken as it is.
fn text_of(words: &[String]) -> anyhow::Result<Result<String, Refusal>> {
    let Some((_, before)) = words.split_last().filter(|(last, _)| *last == STDIN) else {
        return Ok(Ok(parse::from_words(words)));
    };
    let typed = match standard_input()? {
        Ok(typed) => typed,
        Err(refusal) => return Ok(Err(refusal)),
    };
    Ok(Ok(match before {
        [] => typed,
        before => format!("{} {}", parse::from_words(before), parse::quoted(&typed)),
    }))
}

fn standard_input() -> anyhow::Result<Result<String, Refusal>> {
    if io::stdin().is_terminal() {
        // Whoever waits for an end of input should see that somebody waits.
        progress::note("reading from the terminal; Ctrl-D ends it")?;
    }
    let mut bytes = Vec::new();
    // One byte more than allowed is refused by whoever reads the command.
    let most = parse::INPUT_MAX as u64 + 1;
    io::stdin().lock().take(most).read_to_end(&mut bytes).context("cannot read standard input")?;
    let is_cut = bytes.len() > parse::INPUT_MAX;
    Ok(match String::from_utf8(bytes) {
        Ok(typed) => Ok(typed.trim_end_matches(['\n', '\r']).to_owned()),
        // The bound may have cut a sign in two.
        Err(error) if is_cut => Ok(String::from_utf8_lossy(error.as_bytes()).into_owned()),
        Err(_) => {
            Err(Refusal::new(Code::Invalid, "standard input is not text in UTF-8", "convert it to UTF-8"))
        }
    })
}

/// What to do when the server went away with the command in its hands.
fn asked_again(error: DoorError, id: &str) -> anyhow::Error {
    let gone = matches!(error, DoorError::Gone { .. });
    let error = anyhow::Error::new(error);
    if !gone {
        return error;
    }
    let hint = format!(
        "it is not known whether this was carried out; `--id {id}` asks again without doing it twice"
    );
    error.context(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_of_a_thing_is_not_the_id_of_a_command() {
        for (id, fine) in [
            ("01J8ZQ4Z5Y3W8XK2V9T7R6M5N4", true),
            ("nightly-7", true),
            ("s-", true),
            ("S-1", false),
            ("sprint-001", false),
        ] {
            assert_eq!(check_id(Some(id)).is_ok(), fine, "for {id}");
        }
    }
}
