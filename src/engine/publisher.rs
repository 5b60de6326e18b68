//! Turning durable changes into commits, in the background and a few projects at a time.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc};

use crate::store::journal::ChangeRecord;
use crate::store::{ProjectStore, Published, StoreError, with_causes};

/// How long a project may keep others from publishing.
const TURN: Duration = Duration::from_secs(3);

/// What an actor and its publisher share.
pub(super) type SharedStore = Arc<Mutex<ProjectStore>>;

/// What became of a publication.
pub(super) type Done = Result<Published, StoreError>;

/// Publishes `records`, which are the oldest of a project that are not in git, and reports back.
pub(super) fn start(
    path: PathBuf,
    store: SharedStore,
    records: Vec<ChangeRecord>,
    turns: Arc<Semaphore>,
    done: mpsc::Sender<Done>,
) {
    tokio::spawn(async move {
        // Closed only when the process ends; then recovery does the work.
        let Ok(turn) = turns.acquire_owned().await else { return };
        let reports = done.clone();
        let mut work = tokio::task::spawn_blocking(move || {
            let mut store = store.lock().unwrap_or_else(PoisonError::into_inner);
            let published = store.publish(&records);
            let failed = published.is_err();
            // The actor may have ended; what it does not hear, recovery finds out.
            let _ = reports.blocking_send(published);
            if !failed && let Err(error) = store.consolidate() {
                tracing::warn!("cannot merge packs of {}: {}", store.work().display(), with_causes(&error));
            }
        });
        let ended = tokio::time::timeout(TURN, &mut work).await;
        // A disk that hangs takes no turn from other projects for longer than this.
        drop(turn);
        let ended = match ended {
            Ok(ended) => ended,
            Err(_) => work.await,
        };
        if let Err(error) = ended {
            tracing::error!("publishing panicked: {error}");
            let _ = done.send(Err(StoreError::Panicked { path })).await;
        }
    });
}
