//! People use git in their repository while the project is open.

use super::*;
use crate::store::testing::try_git;

/// Commits, looks, reads the history, and comes back after a restart: all is well.
fn goes_on(world: &mut World, after: &str) {
    assert!(world.is_quiet(), "{after}");
    world.add();
    world.store().rest().unwrap();
    let project = world.project.clone();
    let findings = world.store().verify(&project).unwrap();
    assert!(findings.iter().all(|finding| finding.faults.is_empty()), "{after}: {findings:?}");
    assert!(world.store().entries(1000, &|_| true).is_ok(), "{after}");
    world.reopen(&[]);
    assert_eq!(world.project, project, "{after}");
    world.check();
}

#[test]
fn git_of_the_person_disturbs_nothing() {
    #[rustfmt::skip]
    let cases: [&[&str]; 14] = [
        &["gc", "--quiet", "--prune=now"],
        &["pack-refs", "--all"],
        &["repack", "-a", "-d", "-q"],
        &["multi-pack-index", "write"],
        &["commit-graph", "write", "--reachable"],
        &["worktree", "prune"],
        &["stash", "-u"],
        &["clean", "-fdx"],
        &["clean", "-ffdx"],
        &["checkout", "-q", "-b", "feature"],
        &["commit", "-q", "-a", "-m", "more", "--allow-empty"],
        &["checkout", "-q", "--detach"],
        &["reset", "-q", "--hard"],
        &["gc", "--quiet", "--aggressive"],
    ];
    let mut world = World::with_stories(3);
    for command in cases {
        git(world.path(), command, b"");
        goes_on(&mut world, &command.join(" "));
    }
}

#[test]
fn a_stash_takes_nothing_of_ours_along() {
    let mut world = World::with_stories(1);
    fs::write(world.path().join("code.txt"), "two\n").unwrap();
    fs::write(world.path().join("new.txt"), "new\n").unwrap();
    git(world.path(), &["stash", "-u", "-q"], b"");

    let stashed = git(world.path(), &["stash", "show", "-u", "--name-only"], b"");
    assert_eq!(stashed, "code.txt\nnew.txt");
    goes_on(&mut world, "stash");
    git(world.path(), &["stash", "pop", "-q"], b"");
    assert_eq!(fs::read_to_string(world.path().join("code.txt")).unwrap(), "two\n");
}

#[test]
fn gc_between_two_commits_of_an_open_project_is_harmless() {
    let mut world = World::with_stories(20);
    for _ in 0..4 {
        git(world.path(), &["gc", "--quiet", "--prune=now"], b"");
        world.add();
        assert!(world.is_quiet());
        world.store().rest().unwrap();
        world.add();
    }
    assert_eq!(world.store().entries(100, &|_| true).unwrap().len(), 29);
    world.check();
}

#[test]
fn a_commit_of_the_person_on_the_branch_is_taken_over() {
    let mut world = World::with_stories(2);
    world.store().rest().unwrap();
    assert!(world.is_quiet());
    let folder = world.path().join(".orch-state");
    let text = world.text("stories/0/S-1.json").replace("Story 1", "Committed");
    fs::write(world.file("stories/0/S-1.json"), text).unwrap();
    git(&folder, &["commit", "-q", "-a", "-m", "by hand"], b"");

    let Look::Moved(project) = world.look().unwrap() else { panic!("it was not noticed") };
    assert_eq!(project.stories[&StoryId(1)].title.as_str(), "Committed");
    world.project = *project;
    goes_on(&mut world, "a commit");
}

#[test]
fn a_branch_that_was_set_back_takes_the_folder_with_it_but_no_edits() {
    let mut world = World::with_stories(3);
    assert!(world.is_quiet());
    let edited = world.text("stories/0/S-1.json").replace("Story 1", "Edited");
    fs::write(world.file("stories/0/S-1.json"), edited).unwrap();
    git(world.path(), &["update-ref", "refs/heads/orch-state", "orch-state~2"], b"");

    let Look::Moved(project) = world.look().unwrap() else { panic!("it was not noticed") };
    assert_eq!(project.stories.len(), 1);
    world.project = *project;
    assert!(!world.file("stories/0/S-3.json").exists());
    assert_eq!(world.take_edit(), ["stories/0/S-1.json"]);
    goes_on(&mut world, "setting back");
}

#[test]
fn a_publication_goes_on_top_of_what_the_person_committed_meanwhile() {
    let mut world = World::with_stories(1);
    let record = world.addition();
    let folder = world.path().join(".orch-state");
    fs::write(world.file("decisions.md"), "new\n").unwrap();
    world.store().rest().unwrap();
    git(&folder, &["add", "decisions.md"], b"");
    git(&folder, &["commit", "-q", "-m", "by hand"], b"");

    let published = world.store().publish(&[record]).unwrap();

    let moved = published.moved.unwrap();
    assert_eq!(moved.stories.len(), 2);
    world.project = *moved;
    goes_on(&mut world, "a race");
    let log = git(world.path(), &["log", "-3", "--format=%s", "orch-state"], b"");
    assert_eq!(log, "c3\nc2\nby hand");
}

#[test]
fn a_branch_that_cannot_be_used_is_refused_until_it_is_mended() {
    let mut world = World::with_stories(1);
    world.store().rest().unwrap();
    let folder = world.path().join(".orch-state");
    fs::write(world.file("status.json"), "{}").unwrap();
    git(&folder, &["commit", "-q", "-a", "-m", "broken"], b"");

    for _ in 0..2 {
        let error = world.look().err().unwrap();
        assert!(matches!(&error, StoreError::DamagedFile { .. }), "{error}");
    }
    git(&folder, &["revert", "--no-edit", "HEAD"], b"");

    let Look::Moved(project) = world.look().unwrap() else { panic!("it was not noticed") };
    assert_eq!(*project, world.project);
    goes_on(&mut world, "mending");
}

#[test]
fn git_itself_protects_the_mounted_branch() {
    let mut world = World::with_stories(1);

    assert!(try_git(world.path(), &["branch", "-D", "orch-state"], b"").is_err());
    assert!(try_git(world.path(), &["checkout", "-q", "orch-state"], b"").is_err());
    goes_on(&mut world, "an attempt");
}

#[test]
fn a_branch_that_somebody_deleted_is_said_to_be_missing() {
    let mut world = World::with_stories(1);
    git(world.path(), &["update-ref", "-d", "refs/heads/orch-state"], b"");

    let error = world.error_of_opening();

    assert!(matches!(error, StoreError::NoBranch { .. }), "{error}");
}
