//! The ids of Discord: numbers that grow with time and are written as strings.

use std::fmt::{self, Display};
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Serialize, Serializer};

/// The first millisecond of 2015, from which Discord counts.
const EPOCH_MS: i64 = 1_420_070_400_000;

/// The id of anything at all: a guild, a channel, a message, a person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Snowflake(u64);

impl Snowflake {
    /// The id of what was made at `time` as number `serial` of its millisecond.
    pub(crate) fn new(time: Timestamp, serial: u64) -> Self {
        let ms = u64::try_from(time.as_millisecond() - EPOCH_MS).unwrap_or_default();
        Self(ms << 22 | serial & 0x3f_ffff)
    }

    /// The number itself.
    pub fn get(self) -> u64 {
        self.0
    }
}

impl From<u64> for Snowflake {
    fn from(number: u64) -> Self {
        Self(number)
    }
}

impl FromStr for Snowflake {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

impl Display for Snowflake {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl Serialize for Snowflake {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}
