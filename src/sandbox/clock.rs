//! A clock that a test can put forward, so that nobody waits fifteen minutes for a token to expire.

use std::time::{Duration, Instant};

use jiff::Timestamp;

/// The time in a local Discord: that of the machine when it began, and all that has passed or was skipped since.
#[derive(Debug)]
pub(crate) struct Clock {
    began: Timestamp,
    since: Instant,
    skipped: Duration,
    /// What had passed when it was stopped.
    stopped: Option<Duration>,
}

impl Clock {
    pub(crate) fn start() -> Self {
        Self { began: Timestamp::now(), since: Instant::now(), skipped: Duration::ZERO, stopped: None }
    }

    pub(crate) fn now(&self) -> Timestamp {
        let passed = self.stopped.unwrap_or_else(|| self.since.elapsed());
        self.began.saturating_add(passed + self.skipped).unwrap_or(Timestamp::MAX)
    }

    /// From now on only what is skipped passes: a busy machine is not to blame then.
    pub(crate) fn stop(&mut self) {
        self.stopped.get_or_insert_with(|| self.since.elapsed());
    }

    /// How long ago `time` was. Nothing if it is yet to come.
    pub(crate) fn age(&self, time: Timestamp) -> Duration {
        Duration::try_from(self.now().duration_since(time)).unwrap_or_default()
    }

    pub(crate) fn skip(&mut self, time: Duration) {
        self.skipped += time;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stopped_clock_moves_only_when_it_is_put_forward() {
        let mut clock = Clock::start();
        clock.stop();
        let before = clock.now();
        assert_eq!(clock.now(), before);

        clock.skip(Duration::from_secs(4));
        assert_eq!(clock.age(before), Duration::from_secs(4));
    }

    #[test]
    fn what_is_skipped_has_passed() {
        let mut clock = Clock::start();
        let before = clock.now();
        clock.skip(Duration::from_secs(900));

        assert!(clock.age(before) >= Duration::from_secs(900));
        assert!(clock.age(before) < Duration::from_secs(960));
    }
}
