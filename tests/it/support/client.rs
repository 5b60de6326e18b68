//! A program that speaks with the server over its control socket, one JSON object a line.

use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::LONG;

/// A connection to a running server.
pub(crate) struct Connection {
    stream: BufReader<UnixStream>,
}

/// A command for a project.
#[derive(Clone, Debug)]
pub(crate) struct Request<'a> {
    pub(crate) project: &'a str,
    pub(crate) id: &'a str,
    pub(crate) text: &'a str,
    pub(crate) wait: bool,
}

impl Connection {
    /// Connects, if a server listens.
    pub(crate) fn open(data: &Path) -> io::Result<Self> {
        let stream = UnixStream::connect(data.join("control.sock"))?;
        stream.set_read_timeout(Some(LONG))?;
        stream.set_write_timeout(Some(LONG))?;
        Ok(Self { stream: BufReader::new(stream) })
    }

    /// Sends a line without waiting for the answer.
    pub(crate) fn send(&mut self, ask: &Value) -> io::Result<()> {
        self.stream.get_mut().write_all(format!("{ask}\n").as_bytes())
    }

    /// The next answer. Answers come in the order of the questions.
    pub(crate) fn receive(&mut self) -> io::Result<Value> {
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        // A server that dies in the middle of a line has not answered.
        if !line.ends_with('\n') {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(serde_json::from_str::<Value>(&line)?["value"].take())
    }

    /// Asks anything.
    pub(crate) fn ask(&mut self, ask: &Value) -> io::Result<Value> {
        self.send(ask)?;
        self.receive()
    }

    /// Has a command carried out.
    pub(crate) fn run(&mut self, request: &Request<'_>) -> io::Result<Value> {
        self.ask(&request.json())
    }

    /// Has a command carried out, which has to succeed.
    pub(crate) fn must(&mut self, project: &str, id: &str, text: &str) -> Value {
        let outcome = self.run(&Request { project, id, text, wait: true }).unwrap();
        assert_eq!(outcome["ok"], true, "{outcome}");
        outcome
    }
}

impl Request<'_> {
    /// The line that asks for it.
    pub(crate) fn json(&self) -> Value {
        json!({
            "ask": "run", "text": self.text, "project": self.project, "folder": "/", "id": self.id,
            "person": { "name": "Ada", "account": "ada" }, "surface": "cli", "wait": self.wait,
        })
    }
}
