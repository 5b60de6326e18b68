//! Paces what is kept up to date: however often a thing changes, it is attended to only now and then, and at last.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

/// The longest pause while Discord is away.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// The pause after Discord has said no. Ten thousand such answers in ten minutes would lock the bot out.
const AFTER_NO: Duration = Duration::from_secs(300);

/// Things that change, each of which is attended to by one at a time, and not again before `gap` has passed.
///
/// It holds a thing only while something is to be done about it, so it never grows beyond the things there are.
#[derive(Debug)]
pub(super) struct Pace<K> {
    gap: Duration,
    things: Mutex<HashMap<K, Thing>>,
    changed: Notify,
}

#[derive(Debug)]
struct Thing {
    /// Whether it has changed since somebody began to attend to it.
    wanted: bool,
    /// Whether somebody attends to it.
    busy: bool,
    /// The earliest moment at which to attend to it.
    due: Instant,
    /// The pause that led to that moment.
    pause: Duration,
}

/// How attending to a thing went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Went {
    /// It is as it should be.
    Well,
    /// Discord is away: to be tried again soon.
    Away,
    /// Discord says no: to be tried again much later, for somebody may have changed that.
    Refused,
}

impl<K: Clone + Eq + Hash> Pace<K> {
    /// Nothing to do yet.
    pub(super) fn new(gap: Duration) -> Self {
        Self { gap, things: Mutex::default(), changed: Notify::new() }
    }

    /// A thing has changed.
    pub(super) fn want(&self, key: K) {
        let (now, gap) = (Instant::now(), self.gap);
        let new = || Thing { wanted: true, busy: false, due: now, pause: gap };
        self.things().entry(key).or_insert_with(new).wanted = true;
        self.changed.notify_waiters();
    }

    /// A thing has changed in such a way that what Discord refused may work now.
    pub(super) fn want_anew(&self, key: K) {
        if let Some(thing) = self.things().get_mut(&key) {
            thing.due = thing.due.min(Instant::now() + self.gap);
        }
        self.want(key);
    }

    /// Waits for a thing that is due. Whoever gets it has to say how it went.
    pub(super) async fn next(&self) -> K {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // From here on no change is missed, also if it comes before it is waited for.
            changed.as_mut().enable();
            match self.take(Instant::now()) {
                Ok(key) => return key,
                Err(Some(due)) => tokio::select! {
                    () = changed => {}
                    () = sleep_until(due) => {}
                },
                Err(None) => changed.await,
            }
        }
    }

    /// Says how it went with a thing that somebody attended to.
    pub(super) fn done(&self, key: &K, went: Went) {
        if let Some(thing) = self.things().get_mut(key) {
            thing.busy = false;
            thing.wanted |= went != Went::Well;
            thing.pause = match went {
                Went::Well => self.gap,
                Went::Away => (thing.pause * 2).min(LONGEST_PAUSE.max(self.gap)),
                Went::Refused => AFTER_NO,
            };
            thing.due = Instant::now() + thing.pause;
        }
        self.changed.notify_waiters();
    }

    /// What is due longest, or when the next thing will be.
    fn take(&self, now: Instant) -> Result<K, Option<Instant>> {
        let mut things = self.things();
        things.retain(|_, thing| thing.wanted || thing.busy || thing.due > now);
        let waiting = things.iter_mut().filter(|(_, thing)| thing.wanted && !thing.busy);
        match waiting.min_by_key(|(_, thing)| thing.due) {
            Some((key, thing)) if thing.due <= now => {
                (thing.busy, thing.wanted) = (true, false);
                Ok(key.clone())
            }
            other => Err(other.map(|(_, thing)| thing.due)),
        }
    }

    fn things(&self) -> MutexGuard<'_, HashMap<K, Thing>> {
        self.things.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    const GAP: Duration = Duration::from_secs(2);

    /// When something was attended to, what, and in which state it was.
    type Seen = Arc<Mutex<Vec<(Duration, &'static str, u32)>>>;

    /// Attends to everything, and takes notes.
    fn attend(pace: &Arc<Pace<&'static str>>, state: &Arc<AtomicU32>) -> Seen {
        let (pace, state) = (Arc::clone(pace), Arc::clone(state));
        let (seen, began) = (Seen::default(), Instant::now());
        let noted = Arc::clone(&seen);
        tokio::spawn(async move {
            loop {
                let key = pace.next().await;
                noted.lock().unwrap().push((began.elapsed(), key, state.load(Ordering::Relaxed)));
                pace.done(&key, Went::Well);
            }
        });
        seen
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_of_changes_is_attended_to_once_in_a_while_and_the_last_one_is_seen() {
        let (pace, state) = (Arc::new(Pace::new(GAP)), Arc::new(AtomicU32::new(0)));
        let seen = attend(&pace, &state);

        for number in 1..=500 {
            state.store(number, Ordering::Relaxed);
            pace.want("board");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        tokio::time::sleep(GAP * 2).await;

        let seen = seen.lock().unwrap().clone();
        let times: Vec<_> = seen.iter().map(|(at, ..)| at.as_secs()).collect();
        assert_eq!(times, [0, 2, 4, 6]);
        assert_eq!(seen.last().unwrap().2, 500);
    }

    #[tokio::test(start_paused = true)]
    async fn things_do_not_wait_for_each_other() {
        let (pace, state) = (Arc::new(Pace::new(GAP)), Arc::default());
        let seen = attend(&pace, &state);

        pace.want("a");
        tokio::time::sleep(Duration::from_secs(1)).await;
        pace.want("b");
        pace.want("a");
        tokio::time::sleep(GAP).await;

        let seen: Vec<_> = seen.lock().unwrap().iter().map(|(at, key, _)| (at.as_secs(), *key)).collect();
        assert_eq!(seen, [(0, "a"), (1, "b"), (2, "a")]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_failed_is_tried_again_ever_more_rarely_and_a_refusal_much_later() {
        let pace = Pace::new(GAP);
        let began = Instant::now();
        pace.want("board");

        let mut times = Vec::new();
        for went in [Went::Away, Went::Away, Went::Away, Went::Refused, Went::Well] {
            let key = pace.next().await;
            times.push(began.elapsed().as_secs());
            pace.done(&key, went);
        }

        assert_eq!(times, [0, 4, 12, 28, 328]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_is_forgotten_when_somebody_says_so() {
        let pace = Pace::new(GAP);
        pace.want("board");
        let key = pace.next().await;
        pace.done(&key, Went::Refused);
        let began = Instant::now();

        pace.want_anew("board");
        pace.next().await;

        assert_eq!(began.elapsed(), GAP);
    }

    #[tokio::test(start_paused = true)]
    async fn a_change_while_it_is_attended_to_is_not_forgotten_and_nobody_attends_twice_at_once() {
        let pace = Pace::new(GAP);
        pace.want("board");
        let key = pace.next().await;

        pace.want("board");
        assert!(tokio::time::timeout(GAP * 10, pace.next()).await.is_err());
        pace.done(&key, Went::Well);

        assert_eq!(pace.next().await, "board");
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_held_for_what_is_in_order() {
        let pace = Pace::new(GAP);
        for number in 0..100 {
            pace.want(number);
            let key = pace.next().await;
            pace.done(&key, Went::Well);
        }

        tokio::time::sleep(GAP).await;
        assert!(tokio::time::timeout(GAP, pace.next()).await.is_err());

        assert_eq!(pace.things().len(), 0);
    }
}
