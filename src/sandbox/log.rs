//! What the bot asked of the REST API, in order, for tests to look at.

use std::collections::VecDeque;

use jiff::Timestamp;
use serde_json::Value;

/// More requests than that, and the oldest are forgotten.
const KEPT: usize = 10_000;

/// One request and how it was answered.
#[derive(Clone, Debug)]
pub struct Logged {
    /// When it came in, on the clock of the local Discord.
    pub at: Timestamp,
    /// The method, in capitals.
    pub method: String,
    /// The path below `/api/v10`, without the query: `/channels/7/messages`.
    pub path: String,
    /// The body, or the part `payload_json` of it; null if there was none.
    pub body: Value,
    /// Name and size of the files that came along.
    pub files: Vec<(String, usize)>,
    /// The status of the answer; 0 if the connection was closed instead.
    pub status: u16,
    /// The body of the answer; null if it was empty or not JSON.
    pub answer: Value,
}

/// The latest requests.
#[derive(Debug, Default)]
pub(crate) struct RequestLog {
    entries: VecDeque<Logged>,
}

impl RequestLog {
    pub(crate) fn push(&mut self, entry: Logged) {
        self.entries.push_back(entry);
        if self.entries.len() > KEPT {
            self.entries.pop_front();
        }
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = &Logged> {
        self.entries.iter()
    }

    pub(crate) fn clear(&mut self) {
        self.entries.clear();
    }
}
