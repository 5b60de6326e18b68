//! What must be found, and what must not, after everything that was done to a world.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Every acknowledged command is in the history exactly once, those of one client in the order in which
/// they were acknowledged; the others are in it at most once.
pub(crate) fn assert_in_order(history: &[String], acknowledged: &[Vec<String>]) {
    let mut places = HashMap::new();
    for (place, id) in history.iter().enumerate() {
        assert_eq!(places.insert(id.as_str(), place), None, "{id} was carried out twice");
    }
    for client in acknowledged {
        let found = client.iter().map(|id| match places.get(id.as_str()) {
            Some(place) => *place,
            None => panic!("{id} was acknowledged and is lost"),
        });
        let found: Vec<_> = found.collect();
        assert!(found.is_sorted(), "the commands of one client changed places: {client:?}");
    }
}

/// Locks and unfinished files that nobody will ever finish.
pub(crate) fn leftovers(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_leftover = name.ends_with(".lock")
            || name.contains("band-tmp")
            || name.starts_with("tmp_")
            || name.ends_with(".keep")
            || name.contains(".tmp");
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            found.extend(leftovers(&path));
        } else if is_leftover {
            found.push(path);
        }
    }
    found
}
