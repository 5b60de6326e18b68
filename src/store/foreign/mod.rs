//! Folders named `.orch-state` that are not ours: recognising them, taking them over, setting them aside.
//!
//! The only program whose folder can be taken over is agent-workflow. Everything of it is kept: what has no
//! place in our files stays beside them under its old name, and what had to be changed is told.

mod approvals;
mod fields;
mod import;
mod plan;
mod source;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

pub use crate::store::foreign::import::{Imported, import};

use crate::store::StoreError;
use crate::store::layout;
use crate::store::repository::{Place, make_folder};

/// Whether agent-workflow wrote the folder: its files have no number of a format. They may be damaged.
pub(crate) fn is_foreign(folder: &Path) -> bool {
    let has = |name: &str, field: &str| {
        let Ok(text) = fs::read(folder.join(name)) else { return false };
        match serde_json::from_slice::<Value>(&text) {
            Ok(value) => value.get(field).is_some() && value.get("format").is_none(),
            Err(_) => {
                let text = String::from_utf8_lossy(&text);
                text.contains(&format!("\"{field}\"")) && !text.contains("\"format\"")
            }
        }
    };
    has(layout::STATUS, "current_state") || has(layout::BACKLOG, "epics") || has(layout::BACKLOG, "stories")
}

/// Whether the folder was a mount of ours once, as in a copy of a repository.
pub(crate) fn is_a_mount(folder: &Path) -> bool {
    fs::read_to_string(folder.join(".git")).is_ok_and(|link| link.starts_with("gitdir: "))
}

/// Whether all there is in the folder could be ours: left over when a project was unregistered.
pub(crate) fn is_left_over(folder: &Path) -> bool {
    let is_ours = |entry: &fs::DirEntry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        layout::content_of(&name).is_some() || name == layout::STORIES || name == layout::SPRINTS
    };
    fs::read_dir(folder)
        .is_ok_and(|mut entries| entries.all(|entry| entry.is_ok_and(|entry| is_ours(&entry))))
}

/// Moves what is in our folder into git's folder, where nothing is lost and nothing is shown.
pub(crate) fn set_aside(place: &Place) -> Result<Option<PathBuf>, StoreError> {
    let folder = place.folder();
    let mut entries = fs::read_dir(&folder).into_iter().flatten().flatten();
    if !entries.any(|entry| entry.file_name() != ".git") {
        return Ok(None);
    }
    let target = free(&place.private(), "set-aside")?;
    move_folder(&folder, &target)?;
    Ok(Some(target))
}

/// Moves a folder, of which nothing is left behind.
pub(crate) fn move_folder(from: &Path, to: &Path) -> Result<(), StoreError> {
    fs::rename(from, to).map_err(|source| StoreError::Io {
        action: "move away",
        path: from.to_owned(),
        source,
    })
}

/// A name in `folder` that nothing has yet.
pub(crate) fn free(folder: &Path, name: &str) -> Result<PathBuf, StoreError> {
    make_folder(folder)?;
    let mut names = (1..=u32::MAX).map(|n| folder.join(format!("{name}-{n}")));
    let free = names.find(|path| !path.exists());
    free.ok_or_else(|| StoreError::UnknownFolder { path: folder.to_owned() })
}
