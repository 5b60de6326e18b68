//! Reads the files of agent-workflow as they are, without judging what they say.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::store::StoreError;
use crate::store::journal::FileChange;
use crate::store::layout::{self, Content};

/// A larger file was not written for people to plan with.
const LARGEST: u64 = 64 << 20;

/// What a folder of agent-workflow says.
#[derive(Debug, Default)]
pub(super) struct Source {
    /// `backlog.json` without its lists.
    pub(super) backlog: Map<String, Value>,
    /// `status.json`.
    pub(super) status: Map<String, Value>,
    /// What could not be taken out of `status.json` as it was.
    pub(super) kept: Map<String, Value>,
    /// In the order of the file.
    pub(super) epics: Vec<Map<String, Value>>,
    /// In the order of the file.
    pub(super) stories: Vec<Map<String, Value>>,
    /// In the order of their beginning.
    pub(super) sprints: Vec<Map<String, Value>>,
    /// Texts, which are kept as they are.
    pub(super) documents: Vec<FileChange>,
    /// Files that nobody knows. They stay in the folder that is set aside.
    pub(super) others: Vec<String>,
}

impl Source {
    /// Reads the folder. A file that is damaged is named, with the line.
    pub(super) fn read(folder: &Path) -> Result<Self, StoreError> {
        let mut source = Self::default();
        for path in entries(folder)? {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            match name.as_str() {
                ".git" => {}
                layout::STATUS => source.status = object(&path)?,
                layout::BACKLOG => source.backlog = object(&path)?,
                layout::SPRINTS if path.is_dir() => source.read_sprints(&path)?,
                _ if layout::content_of(&name) == Some(Content::Document) && path.is_file() => {
                    source.documents.push(FileChange { path: name, content: Some(read(&path)?) });
                }
                _ => source.others.push(name),
            }
        }
        let path = folder.join(layout::BACKLOG);
        source.epics = take_list(&mut source.backlog, "epics", &path)?;
        source.stories = take_list(&mut source.backlog, "stories", &path)?;
        let listed = take_list(&mut source.backlog, "sprints", &path)?;
        source.add_listed(listed);
        source.sprints.sort_by_cached_key(|sprint| (beginning(sprint), id(sprint)));
        Ok(source)
    }

    fn read_sprints(&mut self, folder: &Path) -> Result<(), StoreError> {
        for path in entries(folder)? {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.extension().is_some_and(|extension| extension == "json") {
                let mut sprint = object(&path)?;
                let stem = name.trim_end_matches(".json").to_owned();
                sprint.entry("id").or_insert(Value::String(stem));
                self.sprints.push(sprint);
            } else {
                self.others.push(format!("{}/{name}", layout::SPRINTS));
            }
        }
        Ok(())
    }

    /// Adds sprints that only the backlog lists. A file of their own says more.
    fn add_listed(&mut self, listed: Vec<Map<String, Value>>) {
        for sprint in listed {
            if !self.sprints.iter().any(|other| id(other) == id(&sprint)) {
                self.sprints.push(sprint);
            }
        }
    }
}

/// The id of a thing, as text.
pub(super) fn id(thing: &Map<String, Value>) -> String {
    match thing.get("id") {
        Some(Value::String(id)) => id.trim().to_owned(),
        Some(Value::Number(id)) => id.to_string(),
        _ => String::new(),
    }
}

/// Times of agent-workflow sort as text.
fn beginning(sprint: &Map<String, Value>) -> String {
    let time = |name: &str| sprint.get(name).and_then(Value::as_str).map(str::to_owned);
    time("start_date").or_else(|| time("created_at")).unwrap_or_default()
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let list = || -> io::Result<Vec<PathBuf>> {
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect()
    };
    let mut found =
        list().map_err(|source| StoreError::Io { action: "list", path: folder.to_owned(), source })?;
    found.sort();
    Ok(found)
}

fn read(path: &Path) -> Result<Vec<u8>, StoreError> {
    let fail = |source| StoreError::Io { action: "read", path: path.to_owned(), source };
    let about = fs::symlink_metadata(path).map_err(fail)?;
    if !about.is_file() || about.len() > LARGEST {
        return Err(damaged(path, "it is not a plain file of a usual size".to_owned()));
    }
    fs::read(path).map_err(fail)
}

fn object(path: &Path) -> Result<Map<String, Value>, StoreError> {
    match serde_json::from_slice(&read(path)?) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(damaged(path, "line 1: it does not hold an object".to_owned())),
        Err(error) => Err(damaged(path, format!("line {}: {error}", error.line()))),
    }
}

fn take_list(
    from: &mut Map<String, Value>,
    name: &str,
    path: &Path,
) -> Result<Vec<Map<String, Value>>, StoreError> {
    let list = match from.remove(name) {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(list)) => list,
        Some(_) => return Err(damaged(path, format!("`{name}` is not a list"))),
    };
    let one = |(at, value): (usize, Value)| match value {
        Value::Object(object) => Ok(object),
        _ => Err(damaged(path, format!("number {} of `{name}` is not an object", at + 1))),
    };
    list.into_iter().enumerate().map(one).collect()
}

fn damaged(path: &Path, reason: String) -> StoreError {
    StoreError::NotImportable { path: path.to_owned(), reason }
}
