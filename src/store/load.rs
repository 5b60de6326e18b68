//! From files to a project: everything read, checked against its schema, and put together.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::path::Path;

use git2::Repository;

use crate::domain::check;
use crate::domain::entity::Extra;
use crate::domain::project::Project;
use crate::store::StoreError;
use crate::store::cache::Recollection;
use crate::store::error::with_causes;
use crate::store::folder::{Folder, Looker, Stamp};
use crate::store::format::{self, FormatError, Parsed, Parts};
use crate::store::former::Former;
use crate::store::layout::{self, Content};
use crate::store::object::{self, Oid};

/// Below this many files a second thread costs more than it saves.
const WORTH_A_THREAD: usize = 100;
/// More threads than this do not read faster.
const THREADS_MAX: usize = 4;

/// What a file in the folder turned out to be.
enum Found {
    /// It holds what was committed.
    Committed(Result<Parsed, FormatError>, Stamp),
    /// It is not there, or a loss of power has emptied it.
    Missing(Option<Stamp>),
    /// It holds something else.
    Other(Oid, Stamp),
}

/// Reads the project of the latest commit.
///
/// Files of the folder are used where they hold what was committed. A file that differs is put right if
/// `former` knows its content, else it is an edit, which stays and is left for the next look.
/// A file that looks as it did when `recollection` was made is not read at all.
pub(crate) fn project(
    repository: &Repository,
    folder: &mut Folder,
    former: &Former<'_>,
    recollection: Option<&Recollection>,
) -> Result<(Project, Extra), StoreError> {
    let mut parts = Parts::default();
    for (path, content, oid, found) in read_all(folder, recollection)? {
        let parsed = match found {
            Found::Committed(parsed, stamp) => {
                folder.confirm(&path, stamp);
                parsed
            }
            Found::Other(other, stamp) if !former.knows(&path, other, stamp.modified())? => {
                folder.suspect(&path);
                format::parse(content, &blob(repository, oid)?)
            }
            Found::Missing(stamp) => {
                let bytes = blob(repository, oid)?;
                folder.replace(&path, oid, &bytes, stamp)?;
                format::parse(content, &bytes)
            }
            Found::Other(_, stamp) => {
                let bytes = blob(repository, oid)?;
                folder.replace(&path, oid, &bytes, Some(stamp))?;
                format::parse(content, &bytes)
            }
        };
        parts.add(parsed.map_err(|error| {
            damaged(Path::new(&path), &blob(repository, oid).unwrap_or_default(), &error)
        })?);
    }
    remove_former(folder, former)?;
    let path = repository.path().to_owned();
    let whole = parts.assemble();
    whole.ok_or_else(|| StoreError::BrokenRule { path, reason: "there is no status.json".to_owned() })
}

/// Removes files of things that exist no more. Others with names of ours are left for the next look.
fn remove_former(folder: &mut Folder, former: &Former<'_>) -> Result<(), StoreError> {
    for path in folder.sweep()? {
        let Some(found) = folder.read(&path)? else { continue };
        let oid = object::blob_id(&found.content);
        if found.is_blank() || former.knows(&path, oid, found.stamp.modified())? {
            folder.take_away(&path, found.stamp)?;
        } else {
            folder.suspect(&path);
        }
    }
    Ok(())
}

/// Reads the project of any commit, leaving the folder alone.
pub(crate) fn project_at(
    repository: &Repository,
    files: &BTreeMap<String, Oid>,
) -> Result<(Project, Extra), StoreError> {
    let mut parts = Parts::default();
    for (path, oid) in files {
        let Some(content) = layout::content_of(path) else { continue };
        let bytes = blob(repository, *oid)?;
        let parsed = format::parse(content, &bytes);
        parts.add(parsed.map_err(|error| damaged(Path::new(path), &bytes, &error))?);
    }
    let path = repository.path().to_owned();
    let whole = parts.assemble();
    whole.ok_or_else(|| StoreError::BrokenRule { path, reason: "there is no status.json".to_owned() })
}

/// Refuses a project whose parts contradict one another.
pub(crate) fn sound(path: &Path, project: &Project) -> Result<(), StoreError> {
    match check::violations(project).first() {
        None => Ok(()),
        Some(first) => Err(StoreError::BrokenRule { path: path.to_owned(), reason: first.to_string() }),
    }
}

/// The content of a file of a commit.
pub(crate) fn blob(repository: &Repository, oid: Oid) -> Result<Vec<u8>, StoreError> {
    let read = oid.to_git2().and_then(|id| repository.find_blob(id));
    read.map(|blob| blob.content().to_owned()).map_err(|source| StoreError::DamagedObject {
        path: repository.path().to_owned(),
        oid: oid.to_string(),
        reason: source.message().to_owned(),
    })
}

/// The error for a file that cannot be used, with the line.
pub(crate) fn damaged(path: &Path, bytes: &[u8], error: &FormatError) -> StoreError {
    let line = match error {
        FormatError::Json(source) | FormatError::Value(source) if source.line() > 0 => source.line(),
        FormatError::Schema(reason) => line_of(bytes, reason),
        _ => 1,
    };
    StoreError::DamagedFile { path: path.to_owned(), line, reason: with_causes(error) }
}

/// The line on which the value stands that a schema error speaks of: `/notes/0/text: …`.
pub(crate) fn line_of(bytes: &[u8], reason: &str) -> usize {
    let text = String::from_utf8_lossy(bytes);
    let place = reason.split(": ").next().unwrap_or_default();
    let mut at = 0;
    for key in place.split('/').filter(|key| !key.is_empty() && key.parse::<usize>().is_err()) {
        match text[at..].find(&format!("\"{key}\"")) {
            Some(further) => at += further,
            None => break,
        }
    }
    text[..at].matches('\n').count() + 1
}

type Row = (String, Content, Oid, Found);

/// Reads, hashes and parses all files of ours, on a few threads where there are many.
fn read_all(folder: &Folder, recollection: Option<&Recollection>) -> Result<Vec<Row>, StoreError> {
    let ours: Vec<_> = folder
        .known()
        .filter_map(|(path, oid)| layout::content_of(path).map(|content| (path, content, oid)))
        .collect();
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get).min(THREADS_MAX);
    let threads = cores.min(ours.len() / WORTH_A_THREAD).max(1);
    let (mine, others) = ours.split_at(ours.len() / threads);
    if others.is_empty() {
        return read_some(folder, recollection, mine);
    }
    let share = others.len().div_ceil(threads - 1);
    std::thread::scope(|scope| {
        let work = |rows| move || read_some(folder, recollection, rows);
        let handles: Vec<_> = others.chunks(share).map(|rows| scope.spawn(work(rows))).collect();
        let mut all = read_some(folder, recollection, mine)?;
        all.reserve_exact(others.len());
        for handle in handles {
            all.extend(handle.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?);
        }
        Ok(all)
    })
}

fn read_some(
    folder: &Folder,
    recollection: Option<&Recollection>,
    files: &[(&str, Content, Oid)],
) -> Result<Vec<Row>, StoreError> {
    let mut looker = folder.looker();
    let read_one = |file: &_| match recalled(&mut looker, recollection, *file) {
        Some(row) => Ok(row),
        None => read_one(folder, recollection, *file),
    };
    files.iter().map(read_one).collect()
}

/// What a file holds, without reading it: it looks as it did when it was last seen.
fn recalled<'a>(
    looker: &mut Looker<'a>,
    recollection: Option<&Recollection>,
    (path, content, oid): (&'a str, Content, Oid),
) -> Option<Row> {
    let (stamp, bytes) = recollection?.of(path, oid)?;
    if looker.stamp(path) != Some(stamp) {
        return None;
    }
    let parsed = format::parse_checked(content, bytes);
    Some((path.to_owned(), content, oid, Found::Committed(parsed, stamp)))
}

fn read_one(
    folder: &Folder,
    recollection: Option<&Recollection>,
    (path, content, oid): (&str, Content, Oid),
) -> Result<Row, StoreError> {
    // What the cache knows was checked on its way in.
    let is_checked = recollection.is_some_and(|known| known.has(path, oid));
    let parse = if is_checked { format::parse_checked } else { format::parse };
    let found = match folder.read(path)? {
        None => Found::Missing(None),
        Some(found) => match object::blob_id(&found.content) {
            same if same == oid => Found::Committed(parse(content, &found.content), found.stamp),
            _ if found.is_blank() => Found::Missing(Some(found.stamp)),
            other => Found::Other(other, found.stamp),
        },
    };
    Ok((path.to_owned(), content, oid, found))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_error_leads_to_its_line() {
        let text = b"{\n  \"format\": 1,\n  \"notes\": [\n    {\n      \"text\": 7\n    }\n  ]\n}\n";

        assert_eq!(line_of(text, "/notes/0/text: 7 is not of type \"string\""), 5);
        assert_eq!(line_of(text, "the file: \"id\" is a required property"), 1);
    }
}
