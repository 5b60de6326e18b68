//! Tells whoever follows it what has happened to projects: the only way upwards that nobody asked for.

use std::sync::Arc;

use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use crate::domain::project::Project;
use crate::engine::registry::Entry;

/// How many items a slow follower may be behind before it misses some.
const KEPT: usize = 1024;

/// Something that has happened.
#[derive(Clone, Debug)]
pub enum Item {
    /// A project is different: commands were carried out, or a person edited it. It is durable, and in git soon.
    Changed(Arc<Project>),
    /// A project came under management.
    Registered(Entry),
    /// A project was let go.
    Unregistered(Entry),
    /// The follower was too slow and has missed some: anything may be different.
    Missed,
}

/// Where items go in.
#[derive(Clone, Debug)]
pub(super) struct Feed(broadcast::Sender<Item>);

/// Where items come out, in order.
#[derive(Debug)]
pub struct Follower(broadcast::Receiver<Item>);

impl Feed {
    pub(super) fn new() -> Self {
        Self(broadcast::Sender::new(KEPT))
    }

    /// Nobody listening is fine.
    pub(super) fn tell(&self, item: Item) {
        let _ = self.0.send(item);
    }

    pub(super) fn follow(&self) -> Follower {
        Follower(self.0.subscribe())
    }
}

impl Follower {
    /// The next item; `None` when the engine is gone.
    pub async fn next(&mut self) -> Option<Item> {
        match self.0.recv().await {
            Ok(item) => Some(item),
            Err(RecvError::Lagged(_)) => Some(Item::Missed),
            Err(RecvError::Closed) => None,
        }
    }
}
