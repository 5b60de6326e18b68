//! The answer to a command that was not carried out.

use crate::domain::command::Command;
use crate::domain::refusal::{Code, Refusal};
use crate::surface::answer::Answer;
use crate::surface::parse::to_text;

/// Says what is wrong, what to do, where the project stands and what is allowed now.
///
/// With the command, what only waits for a confirmation can be confirmed by a choice.
pub fn refused(refusal: &Refusal, command: Option<&Command>) -> Answer {
    // Whoever is asked to confirm has already found something possible.
    let asked = refusal.code == Code::Unconfirmed;
    let allowed: Vec<_> = refusal.allowed.iter().filter(|_| !asked).map(|name| format!("`{name}`")).collect();
    let hint = Some(&refusal.hint).filter(|hint| !hint.is_empty());
    let answer = Answer::warning(title(refusal.code))
        .paragraph(&refusal.message)
        .field_if("Hint", hint.cloned())
        .field_if("State", refusal.state.clone())
        .field_if("Allowed", (!allowed.is_empty()).then(|| allowed.join(", ")));
    match confirmation(refusal, command) {
        Some(text) => answer.danger("Do it", text),
        None => answer,
    }
}

fn title(code: Code) -> &'static str {
    match code {
        Code::WrongState => "Not possible now",
        Code::Unknown => "Not found",
        Code::Syntax => "Not understood",
        Code::Invalid => "Not a possible value",
        Code::DependencyCircle => "The stories would wait for each other",
        Code::OverCapacity => "Too much for the sprint",
        Code::InAnotherSprint => "It belongs to another sprint",
        Code::InUse => "Something still needs it",
        Code::Nothing => "There is nothing to do it to",
        Code::NoChange => "Nothing would change",
        Code::Unconfirmed => "Please confirm",
        Code::Taken => "Already taken",
        Code::Damaged => "The project needs mending",
        Code::Busy => "Too busy",
        Code::Held => "Another program holds it",
        Code::Forbidden => "Not allowed here",
        Code::NotAllowed => "Your role does not allow it",
    }
}

/// The same command, confirmed.
fn confirmation(refusal: &Refusal, command: Option<&Command>) -> Option<String> {
    if refusal.code != Code::Unconfirmed {
        return None;
    }
    let mut command = command?.clone();
    match &mut command {
        Command::Undo { confirm, .. }
        | Command::Restore { confirm, .. }
        | Command::ProjectUnregister { confirm, .. } => *confirm = true,
        _ => return None,
    }
    Some(to_text(&command))
}
