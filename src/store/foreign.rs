//! Folders named `.orch-state` that are not ours: recognising them, and setting them aside.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::store::StoreError;
use crate::store::repository::{Place, make_folder};

/// Whether agent-workflow wrote the folder: its backlog has epics and no number of a format.
pub(crate) fn is_foreign(folder: &Path) -> bool {
    let read = |name: &str| {
        fs::read(folder.join(name)).ok().and_then(|text| serde_json::from_slice::<Value>(&text).ok())
    };
    let status = read("status.json").is_some_and(|status| status.get("current_state").is_some());
    let backlog =
        read("backlog.json").is_some_and(|file| file.get("epics").is_some() && file.get("format").is_none());
    status || backlog
}

/// Whether the folder was a mount of ours once, as in a copy of a repository.
pub(crate) fn is_a_mount(folder: &Path) -> bool {
    fs::read_to_string(folder.join(".git")).is_ok_and(|link| link.starts_with("gitdir: "))
}

/// Moves a folder that is not ours into git's folder, where nothing is lost and nothing is shown.
pub(crate) fn set_aside(place: &Place) -> Result<Option<PathBuf>, StoreError> {
    let folder = place.folder();
    if place.is_mounted() || !folder.exists() {
        return Ok(None);
    }
    make_folder(&place.private())?;
    let free = (1..).map(|n| place.private().join(format!("set-aside-{n}"))).find(|path| !path.exists());
    let Some(target) = free else { return Ok(None) };
    fs::rename(&folder, &target).map_err(|source| StoreError::Io {
        action: "move away",
        path: folder,
        source,
    })?;
    Ok(Some(target))
}
