//! Chance that can be had again: every run says its seed, and `BANDMASTER_SEED` repeats it.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// A row of numbers that follows from its seed.
pub(crate) struct Chance(u64);

impl Chance {
    /// Chance for the test called `name`; says how to repeat it.
    #[expect(clippy::print_stderr, reason = "whoever looks for a failure needs the seed")]
    pub(crate) fn new(name: &str) -> Self {
        let given = std::env::var("BANDMASTER_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = given.unwrap_or_else(|| RandomState::new().hash_one(name) >> 16);
        eprintln!("{name}: repeat with BANDMASTER_SEED={seed}");
        Self(seed)
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        // SplitMix64: good enough to choose moments.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    /// A time shorter than `bound`.
    pub(crate) fn time(&mut self, bound: Duration) -> Duration {
        Duration::from_micros(self.below(u64::try_from(bound.as_micros()).unwrap().max(1)))
    }
}
