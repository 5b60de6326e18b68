//! A person's git repository: whether we may use it, where our things go, and how the state branch is mounted.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use git2::{ErrorClass, ErrorCode, Repository, RepositoryOpenFlags};

use crate::store::StoreError;
use crate::store::layout;

/// The name of the linked worktree in git's administration.
const WORKTREE: &str = "orch-state";
/// How often, and after how long, to look whether git is done with the index. A `git status` takes milliseconds.
const INDEX_TRIES: usize = 20;
const INDEX_PAUSE: Duration = Duration::from_millis(10);
/// Keeps `git status` of the person free of our folder.
const EXCLUDE: &str = "/.orch-state/";

/// A repository that can be used.
pub(crate) struct Place {
    repository: Repository,
    /// The top of the work tree.
    work: PathBuf,
    /// Git's folder, shared by all worktrees of the repository.
    common: PathBuf,
}

impl Place {
    /// Opens the repository whose work tree is `path` or lies around it.
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        let path = fs::canonicalize(path).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => StoreError::NoSuchPath { path: path.to_owned() },
            _ => StoreError::Io { action: "look at", path: path.to_owned(), source },
        })?;
        let none: [&std::ffi::OsStr; 0] = [];
        let repository = Repository::open_ext(&path, RepositoryOpenFlags::empty(), none)
            .map_err(|source| cannot_open(&path, source))?;
        let Some(work) = repository.workdir().map(Path::to_owned) else {
            return Err(StoreError::Bare { path });
        };
        let work = fs::canonicalize(&work).unwrap_or(work);
        // Somebody who stands in our folder means the repository that it belongs to.
        let is_ours = repository.is_worktree() && repository.path().ends_with(WORKTREE);
        if let Some(outer) = work.parent().filter(|_| is_ours && work.ends_with(layout::FOLDER)) {
            return Self::open(outer);
        }
        let common = repository.commondir().to_owned();
        let common = fs::canonicalize(&common).unwrap_or(common);
        if [&work, &common].iter().any(|path| path.as_os_str().as_encoded_bytes().contains(&b'\n')) {
            // The files with which git links a worktree to its repository are made of lines.
            return Err(StoreError::Unsupported { path, what: "its path has a line break".to_owned() });
        }
        Ok(Self { repository, work, common })
    }

    /// The repository itself.
    pub(crate) fn repository(&self) -> &Repository {
        &self.repository
    }

    /// The top of the work tree.
    pub(crate) fn work(&self) -> &Path {
        &self.work
    }

    /// Git's folder, shared by all worktrees.
    pub(crate) fn common(&self) -> &Path {
        &self.common
    }

    /// What is only ours and not state: the lock, the list of packs.
    pub(crate) fn private(&self) -> PathBuf {
        self.common.join("orch")
    }

    /// The folder that people see.
    pub(crate) fn folder(&self) -> PathBuf {
        self.work.join(layout::FOLDER)
    }

    /// The commit that the person's checkout stands on; `None` before the first.
    pub(crate) fn code_head(&self) -> Option<String> {
        self.repository.head().ok()?.target().map(|id| id.to_string())
    }

    /// Whether the person's branch has files in our folder.
    pub(crate) fn tracks_folder(&self) -> bool {
        let folder = Path::new(layout::FOLDER);
        let in_head = self.repository.head().and_then(|head| head.peel_to_tree());
        let in_head = in_head.is_ok_and(|tree| tree.get_path(folder).is_ok());
        let prefix = format!("{}/", layout::FOLDER);
        let in_index = self.repository.index().is_ok_and(|index| index.find_prefix(&prefix).is_ok());
        in_head || in_index
    }

    /// Whether the folder is the state branch, mounted by us.
    pub(crate) fn is_mounted(&self) -> bool {
        let leads_here = fs::read_to_string(self.folder().join(".git")).is_ok_and(|link| link == self.link());
        leads_here && self.administration().join("HEAD").exists()
    }

    /// The folder of another worktree of this repository in which the state branch is mounted.
    ///
    /// In a copy of a repository the administration still names the folder of the original, which is no
    /// concern of the copy: that folder does not lead back here.
    pub(crate) fn mounted_elsewhere(&self) -> Option<PathBuf> {
        let gitdir = fs::read_to_string(self.administration().join("gitdir")).ok()?;
        let folder = Path::new(gitdir.trim()).parent()?.to_owned();
        let leads_here = fs::read_to_string(folder.join(".git")).is_ok_and(|link| link == self.link());
        (folder != self.folder() && leads_here).then_some(folder)
    }

    /// Makes the folder a linked worktree of the state branch, as `git worktree add` would, but without a checkout.
    ///
    /// May be called again at any time: what is missing is made, what is there stays.
    pub(crate) fn mount(&self) -> Result<(), StoreError> {
        let (folder, administration) = (self.folder(), self.administration());
        if !self.common.exists() {
            // Made again, a folder of this name would stand in the way of whoever brings the repository back.
            return Err(StoreError::NoSuchPath { path: self.common.clone() });
        }
        make_folder(&folder)?;
        make_folder(&administration)?;
        write_if_different(&administration.join("HEAD"), &format!("ref: {}\n", layout::BRANCH))?;
        write_if_different(&administration.join("commondir"), "../..\n")?;
        let link = folder.join(".git");
        write_if_different(&administration.join("gitdir"), &format!("{}\n", link.display()))?;
        write_if_different(&link, &self.link())?;
        self.exclude()
    }

    /// Takes the mount away again; the branch stays, and so does the folder if somebody's files are in it.
    pub(crate) fn unmount(&self) -> Result<(), StoreError> {
        remove_file(&self.folder().join(".git"))?;
        let administration = self.administration();
        if let Err(source) = fs::remove_dir_all(&administration)
            && source.kind() != io::ErrorKind::NotFound
        {
            return Err(StoreError::Io { action: "remove", path: administration, source });
        }
        match fs::remove_dir(self.folder()) {
            // What stays there should not show up in the person's `git status` all of a sudden.
            Err(error) if error.kind() != io::ErrorKind::NotFound => Ok(()),
            _ => self.include(),
        }
    }

    /// Removes unfinished files that a process left in git's folder when it was killed.
    pub(crate) fn tidy(&self) -> Result<(), StoreError> {
        for folder in [self.administration(), self.common.join("info"), self.private()] {
            let entries = fs::read_dir(folder).into_iter().flatten().flatten();
            for entry in entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(UNFINISHED)) {
                remove_file(&entry.path())?;
            }
        }
        Ok(())
    }

    /// Writes the index of the folder's worktree, so that `git status` in it has nothing to say.
    ///
    /// Waits a moment for a git program of the person that is writing it, and leaves it alone if that takes long.
    pub(crate) fn write_index(&self, index: &[u8]) -> Result<(), StoreError> {
        let administration = self.administration();
        for _ in 0..INDEX_TRIES {
            if !administration.join("index.lock").exists() {
                return replace(&administration.join("index"), index);
            }
            std::thread::sleep(INDEX_PAUSE);
        }
        Ok(())
    }

    fn administration(&self) -> PathBuf {
        self.common.join("worktrees").join(WORKTREE)
    }

    fn link(&self) -> String {
        format!("gitdir: {}\n", self.administration().display())
    }

    fn exclude(&self) -> Result<(), StoreError> {
        let path = self.common.join("info/exclude");
        let text = read_or_empty(&path)?;
        if text.lines().any(|line| line.trim() == EXCLUDE) {
            return Ok(());
        }
        make_folder(&self.common.join("info"))?;
        make_folder(&self.private())?;
        replace(&self.excluded(), b"")?;
        let gap = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
        replace(&path, format!("{text}{gap}{EXCLUDE}\n").as_bytes())
    }

    /// Takes the line back that keeps our folder out of `git status`, unless it was there before us.
    fn include(&self) -> Result<(), StoreError> {
        if !self.excluded().exists() {
            return Ok(());
        }
        let path = self.common.join("info/exclude");
        let text = read_or_empty(&path)?;
        let kept: String = text.split_inclusive('\n').filter(|line| line.trim() != EXCLUDE).collect();
        if kept != text {
            replace(&path, kept.as_bytes())?;
        }
        remove_file(&self.excluded())
    }

    /// Its presence says that the line in git's list of ignored files is ours.
    fn excluded(&self) -> PathBuf {
        self.private().join("excluded")
    }
}

fn read_or_empty(path: &Path) -> Result<String, StoreError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(text),
        Err(source) if source.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        Err(source) => Err(StoreError::Io { action: "read", path: path.to_owned(), source }),
    }
}

/// Makes a git repository in a folder that is not one yet. Files that are there stay.
pub fn init_repository(path: &Path) -> Result<(), StoreError> {
    if path.join(".git").exists() {
        return Err(StoreError::ExistsAlready { path: path.to_owned() });
    }
    make_folder(path)?;
    let made = Repository::init(path);
    made.map(drop).map_err(|source| StoreError::Git { action: "make", path: path.to_owned(), source })
}

/// The name and the address that git's own configuration gives the user.
pub fn git_identity() -> (Option<String>, Option<String>) {
    let Ok(config) = git2::Config::open_default() else { return (None, None) };
    let value = |name: &str| config.get_string(name).ok().filter(|value| !value.trim().is_empty());
    (value("user.name"), value("user.email"))
}

fn cannot_open(path: &Path, source: git2::Error) -> StoreError {
    let path = path.to_owned();
    let text = source.message().to_lowercase();
    match (source.code(), source.class()) {
        (ErrorCode::NotFound, _) => StoreError::NotARepository { path },
        (ErrorCode::Owner, _) => StoreError::OtherOwner { path },
        _ if text.contains("refstorage") => {
            StoreError::Unsupported { path, what: "it keeps its branches as a reftable".to_owned() }
        }
        (_, ErrorClass::Repository) if text.contains("extension") || text.contains("version") => {
            StoreError::Unsupported { path, what: source.message().to_owned() }
        }
        _ if text.contains("object format") || text.contains("sha256") || text.contains("hash algorithm") => {
            StoreError::Unsupported { path, what: "it uses SHA-256 object ids".to_owned() }
        }
        _ => StoreError::Git { action: "open", path, source },
    }
}

pub(crate) fn make_folder(path: &Path) -> Result<(), StoreError> {
    fs::create_dir_all(path).map_err(|source| StoreError::Io {
        action: "create",
        path: path.to_owned(),
        source,
    })
}

pub(crate) fn remove_file(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            Err(StoreError::Io { action: "remove", path: path.to_owned(), source })
        }
        _ => Ok(()),
    }
}

fn write_if_different(path: &Path, text: &str) -> Result<(), StoreError> {
    if fs::read_to_string(path).is_ok_and(|found| found == text) {
        return Ok(());
    }
    replace(path, text.as_bytes())
}

/// How the names of unfinished files begin.
pub(crate) const UNFINISHED: &str = ".band-tmp-";

/// Writes a file beside `path` and moves it there, so that no reader sees half of it.
pub(crate) fn replace(path: &Path, content: &[u8]) -> Result<(), StoreError> {
    let fail = |source| StoreError::Io { action: "write", path: path.to_owned(), source };
    let folder = path.parent().unwrap_or(Path::new("."));
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("file");
    let unfinished = folder.join(format!("{UNFINISHED}{name}"));
    fs::write(&unfinished, content).map_err(fail)?;
    fs::rename(&unfinished, path).map_err(|source| {
        // The cause is worth telling, not that its leftover could not be removed.
        let _ = fs::remove_file(&unfinished);
        fail(source)
    })
}
