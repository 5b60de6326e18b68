//! One project in its repository: what the engine asks the store to do.

use std::path::{Path, PathBuf};

use crate::domain::check;
use crate::domain::entity::Extra;
use crate::domain::event::Event;
use crate::domain::id::Uid;
use crate::domain::project::Project;
use crate::store::StoreError;
use crate::store::branch::Branch;
use crate::store::cache::{Cache, Kept};
use crate::store::folder::{Edit, Folder, Gap};
use crate::store::format::{self, Parsed};
use crate::store::former::Former;
use crate::store::index;
use crate::store::journal::{ChangeRecord, CommitMeta, FileChange};
use crate::store::layout::{self, Content};
use crate::store::load;
use crate::store::lock::WriterLock;
use crate::store::object::{EntryKind, Oid};
use crate::store::repository::Place;

/// An open project. Nobody else can write it.
pub struct ProjectStore {
    pub(super) place: Place,
    pub(super) branch: Branch,
    pub(super) folder: Folder,
    pub(super) extras: Extra,
    pub(super) cache: Cache,
    /// Whether the folder may lack what was published.
    pub(super) behind: bool,
    /// Whether files were edited since it was opened: what the folder holds may not be committed then.
    pub(super) edited: bool,
    pub(super) _lock: WriterLock,
}

/// What happened outside since the last look.
pub enum Look {
    /// Nothing.
    Quiet,
    /// Somebody else moved the branch; this is the project now.
    Moved(Box<Project>),
    /// A person edited files; this is the project with the edits, and what is to be committed first.
    Edited {
        /// The project with the edits.
        project: Box<Project>,
        /// The edited files as they shall be kept.
        files: Vec<FileChange>,
        /// Their names.
        paths: Vec<String>,
    },
}

/// What was published.
pub struct Published {
    /// The commits, one for each change, in full.
    pub commits: Vec<String>,
    /// The raw id of the last one.
    pub(crate) last: Option<Oid>,
    /// The project as it is now, if somebody else had moved the branch before.
    pub moved: Option<Box<Project>>,
}

impl ProjectStore {
    /// The top of the person's work tree.
    pub fn work(&self) -> &Path {
        self.place.work()
    }

    /// The folder that people see.
    pub fn folder(&self) -> PathBuf {
        self.place.folder()
    }

    /// The commit that the person's checkout stands on.
    pub fn code_head(&self) -> Option<String> {
        self.place.code_head()
    }

    /// The latest commit of the state branch.
    pub fn tip(&self) -> Option<String> {
        self.branch.tip().map(|tip| tip.to_string())
    }

    /// How many flushes publishing has cost so far.
    pub fn flushes(&self) -> u64 {
        self.branch.flushes()
    }

    /// Unknown fields of the backlog file.
    pub fn extras(&self) -> &Extra {
        &self.extras
    }

    /// Whether opening found nothing that a person has edited. Then the first look can wait.
    pub fn is_settled(&self) -> bool {
        self.folder.is_settled()
    }

    /// Looks whether a person edited files or, if `alone`, moved the branch. While changes of ours are on
    /// their way to the branch, publishing them will notice.
    pub fn look(&mut self, project: &Project, alone: bool) -> Result<Look, StoreError> {
        if alone && self.branch.has_moved(self.place.repository())? {
            return self.reread().map(|project| Look::Moved(Box::new(project)));
        }
        if self.behind {
            self.reread()?;
        }
        if !self.place.is_mounted() {
            self.place.mount()?;
        }
        let (edits, missing) = self.folder.look()?;
        self.put_back(&missing)?;
        if edits.is_empty() {
            return Ok(Look::Quiet);
        }
        self.with_edits(project, &edits)
    }

    /// Makes commits of changes that are durable already, and shows them in the folder.
    ///
    /// After an error nobody knows whether the commits were made: open the project again to find out.
    pub fn publish(&mut self, records: &[ChangeRecord]) -> Result<Published, StoreError> {
        let published = self.branch.publish(self.place.repository(), records)?;
        let moved = if published.moved { Some(Box::new(self.reread()?)) } else { None };
        if moved.is_none()
            && let Err(error) = self.show(records)
        {
            // The changes are in git; the next look brings the folder up to them.
            tracing::warn!(path = %self.place.work().display(), "cannot show the latest changes: {error}");
            self.behind = true;
        }
        let last = published.commits.last().copied();
        Ok(Published { commits: published.commits.iter().map(Oid::to_string).collect(), last, moved })
    }

    /// The latest commit of the state branch.
    pub(crate) fn tip_id(&self) -> Option<Oid> {
        self.branch.tip()
    }

    /// Keeps the packs few.
    pub fn consolidate(&mut self) -> Result<(), StoreError> {
        self.branch.consolidate()
    }

    /// Housekeeping for quiet times: few packs, and an index for `git status` in the folder.
    pub fn rest(&mut self) -> Result<(), StoreError> {
        let consolidated = self.branch.consolidate();
        if let Some(tip) = self.branch.tip().filter(|_| !self.behind) {
            self.cache.save(tip);
        }
        self.write_index()?;
        consolidated
    }

    /// Lets git believe that the folder holds the latest commit.
    pub(super) fn write_index(&mut self) -> Result<(), StoreError> {
        if self.cache.knows_all() && !self.behind && !self.edited {
            // Then the branch holds nothing else, and need not be read.
            let entries = self.folder.known().map(|(path, oid)| (path, EntryKind::File, oid));
            return self.place.write_index(&index::encode(entries));
        }
        let leaves = self.branch.root().leaves(self.place.repository());
        let path = self.place.work().to_owned();
        let leaves = leaves.map_err(|source| StoreError::Git { action: "read", path, source })?;
        let entries = leaves.iter().map(|(path, (kind, oid))| (path.as_str(), *kind, *oid));
        self.place.write_index(&index::encode(entries))
    }

    /// Reads everything again, after the branch was moved.
    pub(crate) fn reread(&mut self) -> Result<Project, StoreError> {
        let before = self.branch.tip();
        let read = self.read_again();
        if read.is_err() {
            // Else the next look would take what cannot be read for what was there all the time.
            self.branch.forget_move(before);
        }
        read
    }

    fn read_again(&mut self) -> Result<Project, StoreError> {
        let repository = self.place.repository();
        self.branch.read(repository)?;
        let fail = |source| StoreError::Git { action: "read", path: self.place.work().to_owned(), source };
        let files = self.branch.root().files(repository).map_err(fail)?;
        // Files that nobody has edited follow the branch.
        let former = Former::of_folder(repository, self.folder.known());
        let mut folder = Folder::of_commit(self.place.folder(), &files);
        let (project, extras) = load::project(repository, &mut folder, &former, None)?;
        self.cache.forget();
        load::sound(self.place.work(), &project)?;
        (self.folder, self.extras, self.behind) = (folder, extras, false);
        Ok(project)
    }

    fn put_back(&mut self, missing: &[Gap]) -> Result<(), StoreError> {
        for Gap { path, stamp } in missing {
            let repository = self.place.repository();
            let fail =
                |source| StoreError::Git { action: "read", path: self.place.work().to_owned(), source };
            let Some(oid) = self.branch.root().get(repository, path).map_err(fail)? else { continue };
            let bytes = load::blob(repository, oid)?;
            self.folder.replace(path, oid, &bytes, *stamp)?;
            self.cache_file(path, Some(&bytes));
        }
        Ok(())
    }

    /// The project as a person wants it, if every rule still holds.
    fn with_edits(&mut self, project: &Project, edits: &[Edit]) -> Result<Look, StoreError> {
        let (edited, extras) = self.edited(project, edits)?;
        self.edited = true;
        edits.iter().for_each(|edit| self.folder.accept(edit));
        self.extras = extras;
        let files = self.edited_files(&edited, edits)?;
        let paths = edits.iter().map(|edit| edit.path.clone()).collect();
        Ok(Look::Edited { project: Box::new(edited), files, paths })
    }

    /// The project with the edits, if it keeps every rule.
    pub(super) fn edited(&self, project: &Project, edits: &[Edit]) -> Result<(Project, Extra), StoreError> {
        let mut edited = project.clone();
        let mut extras = self.extras.clone();
        for edit in edits {
            let path = self.place.folder().join(&edit.path);
            let Some(content) = layout::content_of(&edit.path) else { continue };
            let parsed = format::parse(content, &edit.content);
            let parsed = parsed.map_err(|error| load::damaged(&path, &edit.content, &error))?;
            take_edit(&mut edited, &mut extras, parsed).map_err(|reason| StoreError::DamagedFile {
                path,
                line: 1,
                reason,
            })?;
        }
        self.check_edits(&edited, edits)?;
        Ok((edited, extras))
    }

    /// Refuses edits that contradict one another or the rest, naming the file and the line.
    fn check_edits(&self, edited: &Project, edits: &[Edit]) -> Result<(), StoreError> {
        let Some(broken) = check::violations(edited).into_iter().next() else { return Ok(()) };
        let reason = broken.to_string();
        let words: Vec<_> = reason.split([' ', ',']).collect();
        let is_about = |edit: &&Edit| {
            let name = edit.path.trim_end_matches(".json");
            words.contains(&name.rsplit('/').next().unwrap_or(name))
        };
        let Some(edit) = edits.iter().find(is_about).or(edits.first()) else { return Ok(()) };
        let text = String::from_utf8_lossy(&edit.content);
        let place = words.iter().rev().find_map(|word| text.find(&format!("\"{word}\"")));
        let line = text[..place.unwrap_or(0)].matches('\n').count() + 1;
        Err(StoreError::DamagedFile { path: self.place.folder().join(&edit.path), line, reason })
    }

    /// Data in the form in which we write it, documents as they are.
    fn edited_files(&self, project: &Project, edits: &[Edit]) -> Result<Vec<FileChange>, StoreError> {
        let mut files = Vec::with_capacity(edits.len());
        for edit in edits {
            files.extend(match layout::content_of(&edit.path) {
                Some(Content::Document) => {
                    Some(FileChange { path: edit.path.clone(), content: Some(edit.content.clone()) })
                }
                // The status is written with every change anyway.
                Some(Content::Status) | None => None,
                Some(content) => Some(format::file(project, &self.extras, content)?),
            });
        }
        Ok(files)
    }

    pub(super) fn show(&mut self, records: &[ChangeRecord]) -> Result<(), StoreError> {
        let mut latest = std::collections::BTreeMap::new();
        for change in records.iter().flat_map(|record| &record.files) {
            latest.insert(change.path.as_str(), change.content.as_deref());
        }
        for (path, content) in latest {
            self.folder.put(path, content)?;
            self.cache_file(path, content);
        }
        Ok(())
    }

    /// Notes for the next opening what a file holds now.
    fn cache_file(&mut self, path: &str, content: Option<&[u8]>) {
        match (content, self.folder.seen(path)) {
            (None, _) => self.cache.note(path, None),
            (Some(content), Some((oid, stamp))) => {
                let is_document = layout::content_of(path) == Some(Content::Document);
                let content = if is_document { Vec::new() } else { content.to_owned() };
                self.cache.note(path, Some(Kept { oid, stamp, content }));
            }
            // A person was faster; only a full read tells what is there.
            (Some(_), None) => self.cache.forget(),
        }
    }
}

/// Puts the content of an edited file into a project. What only we may write stays as it was.
fn take_edit(project: &mut Project, extras: &mut Extra, parsed: Parsed) -> Result<(), String> {
    match parsed {
        Parsed::Status(status) => {
            if status.key != project.key {
                return Err("the key of a project cannot be changed".to_owned());
            }
            project.name = status.name;
            project.state = status.state;
            project.sprint = status.sprint;
            project.approvals = status.pending_approvals;
            project.extra = status.extra;
            let (ours, theirs) = (&mut project.counters, status.counters);
            ours.epics = ours.epics.max(theirs.epics);
            ours.stories = ours.stories.max(theirs.stories);
            ours.sprints = ours.sprints.max(theirs.sprints);
            ours.approvals = ours.approvals.max(theirs.approvals);
        }
        Parsed::Backlog(backlog) => {
            let gone: Vec<_> = project.epics.keys().copied().collect();
            gone.into_iter().for_each(|id| project.set_epic(id, None));
            backlog.epics.into_iter().for_each(|epic| project.set_epic(epic.id, Some(epic)));
            *extras = backlog.extra;
        }
        Parsed::Story(story) => project.set_story(story.id, Some(story)),
        Parsed::Sprint(sprint) => project.set_sprint(sprint.id, Some(sprint)),
        Parsed::Document => {}
    }
    Ok(())
}

/// The change that `events` made, ready for the journal. `project` is as it is afterwards.
pub fn change(
    project: &Project,
    extras: &Extra,
    events: &[Event],
    meta: CommitMeta,
) -> Result<ChangeRecord, StoreError> {
    let files = format::changed_files(project, extras, events)?;
    Ok(ChangeRecord { project: key_bytes(project.key), revision: project.revision, files, meta })
}

/// The change that edits by hand made.
pub fn edited_change(
    project: &Project,
    mut files: Vec<FileChange>,
    meta: CommitMeta,
) -> Result<ChangeRecord, StoreError> {
    files.push(format::status_file(project)?);
    Ok(ChangeRecord { project: key_bytes(project.key), revision: project.revision, files, meta })
}

/// The key of a project as the journal keeps it.
pub fn key_bytes(key: Uid) -> [u8; 16] {
    key.0.to_bytes()
}
