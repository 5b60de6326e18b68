//! Repositories of every kind, and places that are none.

use std::os::unix::fs::chown;

use super::*;
use crate::store::testing::{bare_repository, try_git};
use crate::store::{Survey, survey};

/// Registers, adds a story, and comes back after a restart.
fn works(path: &Path) {
    let (mut store, mut project) = create(path).unwrap();
    let event = Event::StoryAdded(Arc::new(story(1)));
    project.apply(&event);
    project.remember("c1".parse().unwrap());
    let record = change(&project, store.extras(), &[event], meta("c1")).unwrap();
    store.publish(&[record]).unwrap();
    store.rest().unwrap();
    let folder = store.folder();
    drop(store);

    let (store, found) = open_with(path, &[]).unwrap();
    assert_eq!(found, project);
    assert_eq!(store.folder(), folder);
    assert_eq!(git(&folder, &["status", "--porcelain"], b""), "");
    git(path, &["fsck", "--strict", "--no-dangling"], b"");
    let status = git(path, &["status", "--porcelain"], b"");
    assert!(!status.contains("orch-state"), "{status}");
}

#[test]
fn a_repository_without_a_commit_is_enough() {
    let folder = tempfile::tempdir().unwrap();
    git(folder.path(), &["init", "--quiet"], b"");

    works(folder.path());

    assert!(folder.path().join(".orch-state/status.json").exists());
}

#[test]
fn a_detached_head_is_left_where_it_is() {
    let folder = repository();
    git(folder.path(), &["checkout", "--quiet", "--detach"], b"");
    let head = git(folder.path(), &["rev-parse", "HEAD"], b"");

    works(folder.path());

    assert_eq!(fs::read_to_string(folder.path().join(".git/HEAD")).unwrap().trim(), head);
}

#[test]
fn submodules_neither_disturb_nor_are_disturbed() {
    let (inner, outer) = (repository(), repository());
    let url = inner.path().to_str().unwrap();
    let add = ["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", url, "lib"];
    git(outer.path(), &add, b"");
    git(outer.path(), &["commit", "--quiet", "-m", "lib"], b"");

    works(outer.path());
    // A submodule is a repository like any other; its git folder lies elsewhere.
    works(&outer.path().join("lib"));
}

#[test]
fn a_folder_deep_inside_means_its_repository_and_so_does_our_own() {
    let folder = repository();
    let deep = folder.path().join("a/b");
    fs::create_dir_all(&deep).unwrap();
    let work = fs::canonicalize(folder.path()).unwrap();

    assert_eq!(survey(&deep).unwrap().0, work);
    let (store, _) = create(&deep).unwrap();
    assert_eq!(store.work(), work);
    assert_eq!(survey(&store.folder()).unwrap().0, work);
    assert!(matches!(survey(&store.folder().join("stories")), Err(StoreError::NoSuchPath { .. })));
}

#[test]
fn names_with_blanks_and_in_any_script_work() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["with blank", "日本語 – ünï", "quote\"s", "-dash"] {
        let path = folder.path().join(name);
        fs::create_dir(&path).unwrap();
        git(&path, &["init", "--quiet"], b"");
        works(&path);
    }
}

#[test]
fn a_linked_worktree_can_be_registered_and_then_the_others_cannot() {
    let folder = repository();
    let linked = tempfile::tempdir().unwrap();
    let linked = linked.path().join("linked");
    git(folder.path(), &["worktree", "add", "--quiet", linked.to_str().unwrap()], b"");

    works(&linked);

    let mounted = fs::canonicalize(linked.join(".orch-state")).unwrap();
    for error in [survey(folder.path()).err().unwrap(), open_with(folder.path(), &[]).err().unwrap()] {
        let text = format!("the state branch of this repository is mounted at {}", mounted.display());
        assert_eq!(error.to_string(), text);
    }
    assert!(!folder.path().join(".orch-state").exists());
    git(folder.path(), &["worktree", "remove", "--force", linked.to_str().unwrap()], b"");
    open_with(folder.path(), &[]).unwrap();
}

#[test]
fn a_moved_and_a_copied_repository_are_repositories_of_their_own() {
    let mut world = World::with_stories(1);
    drop(world.store.take());
    let other = tempfile::tempdir().unwrap();
    let copy = other.path().join("copy");
    let arguments = ["-r", world.path().to_str().unwrap(), copy.to_str().unwrap()];
    copy_folder(&arguments);

    assert!(matches!(survey(&copy).unwrap().1, Survey::Ours));
    let (store, project) = open_with(&copy, &[]).unwrap();
    assert_eq!(project, world.project);
    assert_eq!(git(&store.folder(), &["rev-parse", "--git-common-dir"], b""), common(&copy));
    drop(store);

    let moved = other.path().join("moved");
    fs::rename(&copy, &moved).unwrap();
    let (store, _) = open_with(&moved, &[]).unwrap();
    assert_eq!(git(&store.folder(), &["rev-parse", "--git-common-dir"], b""), common(&moved));
    world.reopen(&[]);
    world.check();
}

fn common(path: &Path) -> String {
    fs::canonicalize(path.join(".git")).unwrap().display().to_string()
}

#[expect(clippy::disallowed_methods, reason = "nothing copies a folder as people do but cp")]
fn copy_folder(arguments: &[&str]) {
    assert!(std::process::Command::new("cp").args(arguments).status().unwrap().success());
}

#[test]
fn a_clone_takes_the_branch_up() {
    let mut world = World::with_stories(2);
    let other = tempfile::tempdir().unwrap();
    let clone = other.path().join("clone");
    drop(world.store.take());
    git(other.path(), &["clone", "--quiet", world.path().to_str().unwrap(), "clone"], b"");
    git(&clone, &["branch", "--quiet", "orch-state", "origin/orch-state"], b"");

    assert!(matches!(survey(&clone).unwrap().1, Survey::Ours));
    assert_eq!(open_with(&clone, &[]).unwrap().1, world.project);
}

#[test]
fn places_that_cannot_be_used_are_refused_with_a_reason() {
    let empty = tempfile::tempdir().unwrap();
    let bare = bare_repository();
    let tracked = repository();
    fs::create_dir(tracked.path().join(".orch-state")).unwrap();
    fs::write(tracked.path().join(".orch-state/x"), "").unwrap();
    git(tracked.path(), &["add", "."], b"");
    let unknown = repository();
    fs::create_dir(unknown.path().join(".orch-state")).unwrap();
    fs::write(unknown.path().join(".orch-state/x"), "").unwrap();
    let gone = empty.path().join("gone");
    let lines = empty.path().join("two\nlines");
    fs::create_dir(&lines).unwrap();
    git(&lines, &["init", "--quiet"], b"");

    #[rustfmt::skip]
    let cases = [
        (gone.as_path(),  "gone does not exist"),
        (empty.path(),    "is not in a git repository"),
        (lines.as_path(), "is a git repository of a kind that cannot be used: its path has a line break"),
        (bare.path(),     "is a bare repository, which has no folder for people to work in"),
        (tracked.path(),  ".orch-state is tracked on the current branch"),
        (unknown.path(),  ".orch-state exists and was not made by Bandmaster"),
    ];
    for (path, reason) in cases {
        let error = survey(path).err().unwrap();
        assert!(error.to_string().ends_with(reason), "{error}");
        let named = fs::canonicalize(path).unwrap_or(path.to_owned());
        assert!(error.to_string().starts_with(named.to_str().unwrap()), "{error}");
    }
}

#[test]
fn formats_of_git_that_we_do_not_know_are_refused() {
    for (option, word) in [("--object-format=sha256", "SHA-256"), ("--ref-format=reftable", "reftable")] {
        let folder = tempfile::tempdir().unwrap();
        // An older git does not know it either.
        let Ok(_) = try_git(folder.path(), &["init", "--quiet", option], b"") else { continue };

        let error = survey(folder.path()).err().unwrap();

        assert!(matches!(error, StoreError::Unsupported { .. }), "{option}: {error:?}");
        assert!(error.to_string().contains(word), "{error}");
        assert!(create(folder.path()).is_err());
        assert!(!folder.path().join(".git/orch").exists());
    }
}

#[test]
fn a_place_that_cannot_be_written_is_named() {
    let folder = repository();
    // Permissions do not bind the administrator; a file where a folder has to be binds everybody.
    fs::write(folder.path().join(".git/orch"), "").unwrap();

    let error = create(folder.path()).err().unwrap();

    let path = fs::canonicalize(folder.path()).unwrap().join(".git/orch");
    assert_eq!(error.to_string(), format!("cannot create {}", path.display()));
    assert!(!folder.path().join(".orch-state").exists());
}

#[test]
fn a_repository_of_another_user_is_refused_unless_git_was_told_that_it_is_safe() {
    let folder = repository();
    // Only the administrator can give files away.
    if chown(folder.path(), Some(65534), Some(65534)).is_err() {
        return;
    }
    chown(folder.path().join(".git"), Some(65534), Some(65534)).unwrap();

    let error = survey(folder.path()).err().unwrap();
    assert!(matches!(error, StoreError::OtherOwner { .. }), "{error:?}");
    assert!(error.to_string().ends_with("belongs to another user"), "{error}");

    // Where git keeps its settings is fixed for a whole process, so another one has to try.
    let config = format!("[safe]\n\tdirectory = {}\n", fs::canonicalize(folder.path()).unwrap().display());
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join(".gitconfig"), config).unwrap();
    assert!(survey_with_home(folder.path(), home.path()));
}

#[expect(clippy::disallowed_methods, reason = "the test runs itself again")]
fn survey_with_home(repository: &Path, home: &Path) -> bool {
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "store::tests::places::is_usable", "--ignored", "--quiet"]);
    let output = command.env("HOME", home).env("IS_USABLE", repository).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("running 1 test"), "{text}");
    output.status.success()
}

#[test]
#[ignore = "run by another test, in a process with another home"]
fn is_usable() {
    let path = std::env::var_os("IS_USABLE").unwrap();
    let (_, survey) = survey(Path::new(&path)).unwrap();
    assert!(matches!(survey, Survey::Fresh));
}

#[test]
fn a_place_that_can_only_be_read_is_refused() {
    let folder = repository();
    // Only the administrator can mount, and permissions bind everybody else.
    let path = folder.path().display();
    let script =
        format!("mount --bind '{path}' '{path}' && mount -o remount,ro,bind '{path}' && exec \"$@\"");
    let Some(success) = run_read_only(&script, folder.path()) else { return };

    assert!(success);
    assert_eq!(git(folder.path(), &["status", "--porcelain"], b""), "");
    assert!(!folder.path().join(".git/orch").exists());
}

/// Runs a test where the script has prepared the place; nothing if that is not allowed here.
#[expect(clippy::disallowed_methods, reason = "the test runs itself again")]
fn run_read_only(script: &str, repository: &Path) -> Option<bool> {
    let this = std::env::current_exe().unwrap();
    let mut command = std::process::Command::new("unshare");
    command.args(["--mount", "sh", "-c", script, "sh"]).arg(this);
    command.args(["--exact", "store::tests::places::is_read_only", "--ignored", "--quiet"]);
    let output = command.env("IS_READ_ONLY", repository).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.contains("running 1 test").then_some(output.status.success())
}

#[test]
#[ignore = "run by another test, where the place can only be read"]
fn is_read_only() {
    let path = PathBuf::from(std::env::var_os("IS_READ_ONLY").unwrap());
    assert!(matches!(survey(&path).unwrap().1, Survey::Fresh));

    let error = create(&path).err().unwrap();

    assert_eq!(error.to_string(), format!("cannot create {}", path.join(".git/orch").display()));
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.starts_with("Read-only file system"), "{source}");
}
