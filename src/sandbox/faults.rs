//! What can be made to go wrong for the next requests.

use std::collections::VecDeque;
use std::time::Duration;

/// What happens to a request instead of, or before, being carried out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    /// 429: the bot is to wait that long, for this route or for all.
    RateLimited {
        /// How long.
        wait: Duration,
        /// Whether all routes are meant.
        global: bool,
    },
    /// A status with a page of HTML, as the hosts in front of Discord send it.
    Status(u16),
    /// The connection is closed and nothing is carried out.
    Closed,
    /// It is carried out, and then the connection is closed: the bot cannot know.
    CarriedOutThenClosed,
    /// It is carried out after that time, in real time.
    Late(Duration),
}

/// The faults that still wait for their requests; the first one that matches applies.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    waiting: VecDeque<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    method: String,
    path_part: String,
    left: u32,
    fault: Fault,
}

impl Faults {
    /// Lets `fault` happen to the next `times` requests with `method` (`*` for any) whose path has `path_part` in it.
    pub(crate) fn add(&mut self, method: &str, path_part: &str, times: u32, fault: Fault) {
        let (method, path_part) = (method.to_owned(), path_part.to_owned());
        self.waiting.push_back(Waiting { method, path_part, left: times, fault });
    }

    /// What happens to this request.
    pub(crate) fn take(&mut self, method: &str, path: &str) -> Option<Fault> {
        self.waiting.retain(|one| one.left > 0);
        let matches = |one: &&mut Waiting| {
            (one.method == "*" || one.method == method) && path.contains(one.path_part.as_str())
        };
        let first = self.waiting.iter_mut().find(matches)?;
        first.left -= 1;
        Some(first.fault)
    }

    pub(crate) fn clear(&mut self) {
        self.waiting.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_happens_as_often_as_it_was_told_and_to_what_matches() {
        let mut faults = Faults::default();
        faults.add("POST", "/messages", 2, Fault::Status(502));

        assert_eq!(faults.take("GET", "/channels/1/messages"), None);
        assert_eq!(faults.take("POST", "/channels/1/messages"), Some(Fault::Status(502)));
        assert_eq!(faults.take("POST", "/channels/2/messages"), Some(Fault::Status(502)));
        assert_eq!(faults.take("POST", "/channels/1/messages"), None);
    }
}
