//! Lets those who wait for the first sign go before those who have had it: Discord waits for that sign only so long.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Notify;

/// The longest that anybody steps back.
const PATIENCE: Duration = Duration::from_millis(40);

/// How many interactions have not had their first sign yet.
#[derive(Debug, Default)]
pub(super) struct Rush {
    waiting: AtomicUsize,
    over: Notify,
}

/// One interaction that has not had its first sign yet; dropped when it has, or never will.
#[derive(Debug)]
pub(super) struct Unsigned<'a>(&'a Rush);

impl Rush {
    /// An interaction has come in.
    pub(super) fn enter(&self) -> Unsigned<'_> {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        Unsigned(self)
    }

    /// Waits until everybody has had a sign, but not for long.
    pub(super) async fn calm(&self) {
        let wait = async {
            loop {
                let over = self.over.notified();
                tokio::pin!(over);
                over.as_mut().enable();
                if self.waiting.load(Ordering::Relaxed) == 0 {
                    return;
                }
                over.await;
            }
        };
        // Whoever has stepped back for so long goes on, whatever the others do.
        let _ = tokio::time::timeout(PATIENCE, wait).await;
    }
}

impl Drop for Unsigned<'_> {
    fn drop(&mut self) {
        if self.0.waiting.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.0.over.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn whoever_has_had_a_sign_waits_for_the_others_but_not_for_ever() {
        let rush = Rush::default();
        let began = tokio::time::Instant::now();

        rush.calm().await;
        assert_eq!(began.elapsed(), Duration::ZERO);

        let first = rush.enter();
        let second = rush.enter();
        let signs = async {
            tokio::time::sleep(Duration::from_millis(5)).await;
            drop(first);
            tokio::time::sleep(Duration::from_millis(5)).await;
            drop(second);
        };
        tokio::join!(rush.calm(), signs);
        assert_eq!(began.elapsed(), Duration::from_millis(10));

        let _stuck = rush.enter();
        rush.calm().await;
        assert!(began.elapsed() >= PATIENCE);
    }
}
