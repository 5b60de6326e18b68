//! Asks the kernel which files change, so that looking costs nothing while nobody edits.

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::path::Path;

use inotify::{EventMask, Inotify, WatchDescriptor, WatchMask};

use crate::store::repository::UNFINISHED;

/// Room for some hundred events at a time.
const BUFFER: usize = 16 * 1024;

/// What was seen since the last time.
pub(crate) enum Seen {
    /// These files were touched.
    Files(BTreeSet<String>),
    /// More than the kernel remembers, or a folder came or went: everything has to be looked at.
    TooMuch,
}

/// A watch on some folders.
pub(crate) struct Watch {
    inotify: Inotify,
    folders: HashMap<WatchDescriptor, String>,
    lost: bool,
}

impl Watch {
    /// Watches `folders` below `root`; `None` if the kernel has no watch to spare.
    pub(crate) fn start(root: &Path, folders: &BTreeSet<String>) -> Option<Self> {
        let inotify = Inotify::init().ok()?;
        let mut watch = Self { inotify, folders: HashMap::new(), lost: false };
        for folder in folders {
            watch.add(root, folder);
        }
        (!watch.lost).then_some(watch)
    }

    /// Watches one more folder. One that does not exist will be seen when it is made.
    pub(crate) fn add(&mut self, root: &Path, folder: &str) {
        let mask = WatchMask::CLOSE_WRITE
            | WatchMask::MODIFY
            | WatchMask::CREATE
            | WatchMask::DELETE
            | WatchMask::MOVE
            | WatchMask::DELETE_SELF
            | WatchMask::MOVE_SELF;
        match self.inotify.watches().add(root.join(folder), mask) {
            Ok(descriptor) => drop(self.folders.insert(descriptor, folder.to_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(_) => self.lost = true,
        }
    }

    /// What was seen since the last time.
    pub(crate) fn drain(&mut self) -> Seen {
        let mut files = BTreeSet::new();
        let mut buffer = [0; BUFFER];
        loop {
            let events = match self.inotify.read_events(&mut buffer) {
                Ok(events) => events,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(_) => return Seen::TooMuch,
            };
            for event in events {
                let gone = EventMask::Q_OVERFLOW
                    | EventMask::DELETE_SELF
                    | EventMask::MOVE_SELF
                    | EventMask::IGNORED;
                if event.mask.intersects(gone) || event.mask.contains(EventMask::ISDIR) {
                    self.lost = true;
                    continue;
                }
                let Some(name) = event.name.and_then(|name| name.to_str()) else { continue };
                let Some(folder) = self.folders.get(&event.wd).filter(|_| !name.starts_with(UNFINISHED))
                else {
                    continue;
                };
                files.insert(if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") });
            }
        }
        if self.lost { Seen::TooMuch } else { Seen::Files(files) }
    }
}
