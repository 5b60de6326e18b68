//! The person goes on using git, in every way, while the server is at work.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::{LONG, Request, World, assert_in_order};

/// With more commands than this, git itself takes most of the time.
const MOST: usize = 1000;

type Act = (&'static str, fn(&World, &Path));

/// What people do to their repositories.
#[rustfmt::skip]
const ACTS: [Act; 11] = [
    ("gc",               |world, repo| may_lose(world, repo, &["gc", "-q"])),
    ("gc prune",         |world, repo| may_lose(world, repo, &["gc", "-q", "--prune=now"])),
    ("repack",           |world, repo| may_lose(world, repo, &["repack", "-adq"])),
    ("pack-refs",        |world, repo| may_lose(world, repo, &["pack-refs", "--all", "--prune"])),
    ("stash",            stash),
    ("clean",            |world, repo| may_lose(world, repo, &["clean", "-ffdxq"])),
    ("another branch",   branch),
    ("commit",           commit),
    ("prune worktrees",  |world, repo| git(world, repo, &["worktree", "prune"])),
    ("folder removed",   |_, repo| drop(fs::remove_dir_all(repo.join(".orch-state")))),
    ("index removed",    |_, repo| drop(fs::remove_file(repo.join(".git/worktrees/orch-state/index")))),
];

#[test]
fn the_persons_own_git_and_ours_do_not_get_into_each_others_way() {
    let world = World::with(&["alpha"]);
    // What git does by itself after a commit should be over when the test looks.
    world.git("alpha", &["config", "gc.autoDetach", "false"]);
    let server = world.serve();
    let (world, stop) = (&world, &AtomicBool::new(false));

    let acknowledged = thread::scope(|scope| {
        let stop_at_end = StopAtEnd(stop);
        let clients = ["one", "two"].map(|name| scope.spawn(move || work(world, name, stop)));
        for (name, act) in ACTS.iter().cycle().take(2 * ACTS.len()) {
            act(world, &world.repo("alpha"));
            thread::sleep(Duration::from_millis(30));
            let status = world.git("alpha", &["status", "--porcelain"]);
            assert_eq!(status, "", "after {name}");
        }
        drop(stop_at_end);
        clients.map(|client| client.join().unwrap())
    });

    // The last word is the person's, and the next command puts back what is missing.
    let _ = fs::remove_dir_all(world.repo("alpha").join(".orch-state"));
    world.connect().must("alpha", "last", "backlog add last");
    let log = server.stop();
    assert_in_order(&world.command_ids("alpha"), &acknowledged);
    // Mending is for losses that nobody could prevent.
    assert!(!log.contains("mending the state branch"), "{log}");
    world.assert_sound(&["alpha"]);
}

#[test]
fn commits_of_the_person_on_the_state_branch_stay_and_ours_follow() {
    let world = World::with(&["alpha"]);
    let server = world.serve();
    let (world, stop) = (&world, &AtomicBool::new(false));
    let folder = world.repo("alpha").join(".orch-state");

    let acknowledged = thread::scope(|scope| {
        let stop_at_end = StopAtEnd(stop);
        let clients = ["one", "two"].map(|name| scope.spawn(move || work(world, name, stop)));
        for number in 0..20 {
            // Of the whole branch, as a colleague would push it: made without the folder.
            let tip = world.git("alpha", &["rev-parse", "orch-state"]);
            let message = format!("by hand {number}");
            let ours =
                world.git("alpha", &["commit-tree", "-p", &tip, "-m", &message, &format!("{tip}^{{tree}}")]);
            // Git refuses when we were quicker, which is right.
            world.try_git(&world.repo("alpha"), &["update-ref", "refs/heads/orch-state", &ours, &tip]);
            thread::sleep(Duration::from_millis(20));
        }
        drop(stop_at_end);
        clients.map(|client| client.join().unwrap())
    });

    server.stop();
    world.git_in(&folder, &["status", "--porcelain"]);
    assert_in_order(&world.command_ids("alpha"), &acknowledged);
    let by_hand = world.git("alpha", &["log", "--format=%s", "--grep=by hand", "orch-state"]);
    assert!(!by_hand.is_empty(), "no commit of the person is left");
    world.assert_sound(&["alpha"]);
}

/// Sends one command after the other; what is refused for the moment is sent again under the same id.
fn work(world: &World, name: &str, stop: &AtomicBool) -> Vec<String> {
    let mut connection = world.connect();
    let mut acknowledged = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        if acknowledged.len() == MOST {
            thread::sleep(Duration::from_millis(5));
            continue;
        }
        let id = format!("{name}-{}", acknowledged.len());
        let text = format!("backlog add \"{id}\"");
        let request =
            Request { project: "alpha", id: &id, text: &text, wait: acknowledged.len().is_multiple_of(5) };
        let began = Instant::now();
        loop {
            let outcome = connection.run(&request).unwrap();
            if outcome["ok"] == true {
                break;
            }
            assert!(began.elapsed() < LONG, "{outcome}");
            thread::sleep(Duration::from_millis(10));
        }
        acknowledged.push(id);
        // Work for git, and not only for us.
        thread::sleep(Duration::from_millis(2));
    }
    acknowledged
}

/// Ends the clients also when the test fails, which would else wait for them for ever.
struct StopAtEnd<'a>(&'a AtomicBool);

impl Drop for StopAtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// What git itself gives up when somebody else is at work in the same repository: it says so, and the person
/// tries again. What counts is that nothing of ours is lost.
fn may_lose(world: &World, repo: &Path, args: &[&str]) {
    world.try_git(repo, args);
}

fn git(world: &World, repo: &Path, args: &[&str]) {
    world.git_in(repo, args);
}

fn stash(world: &World, repo: &Path) {
    fs::write(repo.join("README"), "changed\n").unwrap();
    fs::write(repo.join("new"), "new\n").unwrap();
    git(world, repo, &["stash", "-qu"]);
    git(world, repo, &["stash", "drop", "-q"]);
}

fn branch(world: &World, repo: &Path) {
    git(world, repo, &["checkout", "-qb", "other"]);
    git(world, repo, &["checkout", "-q", "main"]);
    git(world, repo, &["branch", "-qD", "other"]);
}

fn commit(world: &World, repo: &Path) {
    let text = fs::read_to_string(repo.join("README")).unwrap();
    fs::write(repo.join("README"), format!("{text}more\n")).unwrap();
    git(world, repo, &["commit", "-qam", "more"]);
}
