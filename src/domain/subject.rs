//! The command in one line.

use crate::domain::command::Command;

/// The first line of the commit of a command.
pub fn subject(command: &Command) -> String {
    command.kind().name().to_owned()
}
