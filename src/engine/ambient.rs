//! Time, chance and the name of this process, as values that are passed in.

use std::fmt;

use jiff::Timestamp;

use crate::store::lock::Holder;

/// What the engine may not find out by itself.
#[derive(Clone)]
pub struct Ambient {
    /// What time it is.
    pub now: fn() -> Timestamp,
    /// Random bits.
    pub entropy: fn() -> u128,
    /// The name of the machine.
    pub host: String,
    /// The id of the process.
    pub pid: u32,
}

impl Ambient {
    /// Who holds a lock that is taken now.
    pub(crate) fn holder(&self) -> Holder {
        Holder { host: self.host.clone(), pid: self.pid, since: (self.now)().to_string() }
    }
}

impl fmt::Debug for Ambient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {} on {}", self.pid, self.host)
    }
}
