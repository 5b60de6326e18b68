//! Which projects this node has, in a file that survives restarts.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::domain::id::{ProjectName, Uid};
use crate::engine::error::EngineError;

/// The number of the format of the file.
const FORMAT: u32 = 1;
/// The name of the file in the data directory.
const FILE: &str = "projects.json";
/// Its name while it is being written. What a killed process leaves, the next one removes.
const UNFINISHED: &str = ".band-tmp-projects.json";

/// One project of this node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// What people call it.
    pub name: ProjectName,
    /// The top of its work tree.
    pub path: PathBuf,
    /// What never changes about it.
    pub key: Uid,
}

/// All projects of this node.
#[derive(Debug)]
pub(crate) struct Registry {
    path: PathBuf,
    entries: BTreeMap<ProjectName, Entry>,
}

/// The projects that the node with this data directory has, without opening any of them.
pub fn registered(data_dir: &Path) -> Result<Vec<Entry>, EngineError> {
    Ok(Registry::open(data_dir)?.entries.into_values().collect())
}

#[derive(Serialize, Deserialize)]
struct File {
    format: u32,
    projects: Vec<Entry>,
}

impl Registry {
    /// Reads the file in `folder`; a missing one means that there is no project yet.
    pub(crate) fn open(folder: &Path) -> Result<Self, EngineError> {
        let path = folder.join(FILE);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Self { path, entries: BTreeMap::new() });
            }
            Err(source) => return Err(EngineError::Io { action: "read", path, source: Arc::new(source) }),
        };
        let damaged = |reason: String| EngineError::Registry { path: path.clone(), reason };
        let file: File = serde_json::from_slice(&text).map_err(|error| damaged(error.to_string()))?;
        if file.format > FORMAT {
            return Err(damaged(format!("it has format {}, this version knows up to {FORMAT}", file.format)));
        }
        let entries = file.projects.into_iter().map(|entry| (entry.name.clone(), entry)).collect();
        Ok(Self { path, entries })
    }

    /// Removes what a killed process has left. Only for whoever holds the journal: anybody else might remove
    /// what is just being written.
    pub(crate) fn tidy(folder: &Path) {
        // Whatever stops it from being removed will stop it from being written, and be told then.
        let _ = fs::remove_file(folder.join(UNFINISHED));
    }

    /// The project called `name`.
    pub(crate) fn get(&self, name: &ProjectName) -> Option<&Entry> {
        self.entries.get(name)
    }

    /// The project whose work tree is `path`.
    pub(crate) fn at(&self, path: &Path) -> Option<&Entry> {
        self.entries.values().find(|entry| entry.path == path)
    }

    /// All of them by name.
    pub(crate) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values()
    }

    /// Adds a project and keeps the list. When this fails nothing has changed.
    pub(crate) fn add(&mut self, entry: Entry) -> Result<(), EngineError> {
        let mut entries = self.entries.clone();
        entries.insert(entry.name.clone(), entry);
        self.keep(entries)
    }

    /// Takes a project off the list. When this fails nothing has changed.
    pub(crate) fn remove(&mut self, name: &ProjectName) -> Result<(), EngineError> {
        let mut entries = self.entries.clone();
        entries.remove(name);
        self.keep(entries)
    }

    fn keep(&mut self, entries: BTreeMap<ProjectName, Entry>) -> Result<(), EngineError> {
        let file = File { format: FORMAT, projects: entries.values().cloned().collect() };
        let write = || -> io::Result<()> {
            let folder = self.path.parent().unwrap_or(Path::new("."));
            let unfinished = folder.join(UNFINISHED);
            let mut whole = fs::File::create(&unfinished)?;
            whole.write_all(&serde_json::to_vec_pretty(&file)?)?;
            whole.write_all(b"\n")?;
            whole.sync_all()?;
            fs::rename(&unfinished, &self.path)?;
            fs::File::open(folder)?.sync_all()
        };
        let path = self.path.clone();
        write().map_err(|source| EngineError::Io { action: "write", path, source: Arc::new(source) })?;
        self.entries = entries;
        Ok(())
    }
}
