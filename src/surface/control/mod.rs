//! The local control socket: while a server runs, every other process of the same user asks it.
//!
//! One JSON object a line in both directions; every [`Ask`] gets one [`Told`], in order.
//!
//! Invariants:
//!
//! - Only the user who runs the server can connect: the folder, the socket and the peer are checked.
//! - Lines and connections are bounded.
//!
//! Deliberately absent: anything that the other surfaces cannot do.

pub mod client;
pub mod server;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::domain::refusal::Refusal;
use crate::surface::desk::{Export, Names, Outcome, Report, Request, Trouble, Whose};

/// The longest line in either direction, in bytes. An export of ten thousand stories has about a sixth of it.
pub const LINE_MAX: u64 = 64 << 20;

/// What is asked over the socket.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum Ask {
    /// Carry a command out.
    Run(Request),
    /// The names that can be completed.
    Names {
        /// The project that is spoken to.
        project: Option<String>,
    },
    /// The names of one project, or of all.
    Projects(Whose),
    /// Check one project.
    Verify {
        /// Its name.
        project: String,
    },
    /// Everything about a project.
    Export(Whose),
    /// Who is there.
    Hello,
}

/// What is told over the socket.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "told", content = "value", rename_all = "snake_case")]
pub enum Told {
    /// What became of a command.
    Outcome(Box<Outcome>),
    /// The names that can be completed.
    Names(Names),
    /// The names of projects.
    Projects(Result<Vec<String>, Refusal>),
    /// What was found out.
    Report(Result<Report, Refusal>),
    /// Everything about a project, or why that cannot be told.
    Export(Result<Box<Export>, Trouble>),
    /// Who is there.
    Hello(Greeting),
    /// The line could not be understood.
    Nonsense(String),
}

/// A server says who it is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Greeting {
    /// The version of the program.
    pub version: String,
    /// The id of the process.
    pub pid: u32,
}

/// Where the socket lies.
pub fn socket_path(data_dir: &Path) -> PathBuf {
    data_dir.join("control.sock")
}
