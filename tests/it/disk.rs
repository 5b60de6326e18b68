//! A disk that is full and a journal that is damaged are said to be so, and nothing that was answered is lost.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;

use crate::support::{PROGRAM, Request, Server, World, eventually};

type Damage = fn(&Path);

/// A server that sees a small disk where nobody else sees one, so that it goes away with the server.
struct SmallDisk<'w> {
    world: &'w World,
    server: Server,
}

impl<'w> SmallDisk<'w> {
    /// Mounts it at `place`, runs `script` there, and starts a server. Nothing if that is not permitted here.
    #[expect(clippy::print_stderr, reason = "a test that was skipped should be seen")]
    fn serve(world: &'w World, place: &str, script: &str) -> Option<Self> {
        let mount = format!("mount -t tmpfs -o size=12m tmpfs {place} && {script} && exec {PROGRAM} serve");
        let server = Server::start_as(world, "unshare", &["-m", "sh", "-ec", &mount], Stdio::null());
        let mut ready = false;
        eventually("there is a disk, or none is permitted", || {
            ready = world.data().join("control.sock").exists();
            ready || !Path::new(&format!("/proc/{}/exe", server.pid())).exists()
        });
        if !ready && server.log().contains("unshare") || server.log().contains("permission denied") {
            eprintln!("skipped: no disk can be mounted here: {}", server.log());
            return None;
        }
        server.wait_until_ready();
        Some(Self { world, server })
    }

    /// A path as the server sees it.
    fn inside(&self, path: &Path) -> PathBuf {
        PathBuf::from(format!("/proc/{}/root{}", self.server.pid(), path.display()))
    }

    fn fill(&self, place: &str) {
        let full = fs::write(self.inside(&self.world.repo(place)).join("ballast"), vec![1; 64 << 20]);
        assert_eq!(full.unwrap_err().kind(), std::io::ErrorKind::StorageFull);
    }

    fn empty(&self, place: &str) {
        fs::remove_file(self.inside(&self.world.repo(place)).join("ballast")).unwrap();
    }

    fn git(&self, project: &str, args: &[&str]) -> String {
        let (pid, repo) = (self.server.pid().to_string(), self.world.repo(project));
        let inside = ["-t", &pid, "-m", "git", "-C", repo.to_str().unwrap()];
        let all: Vec<&str> = inside.iter().chain(args).copied().collect();
        let output = self.world.program("nsenter", &all, self.world.path()).unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }
}

#[test]
fn a_full_disk_is_named_and_work_goes_on_when_there_is_room_again() {
    let world = World::with(&["well"]);
    fs::create_dir(world.repo("small")).unwrap();
    let script = format!("git init -q small && {PROGRAM} register small");
    let Some(disk) = SmallDisk::serve(&world, "small", &script) else { return };
    let mut connection = world.connect();
    connection.must("small", "first", "backlog add first");

    disk.fill("small");
    let mut acknowledged = vec!["first".to_owned()];
    let mut refused = Value::Null;
    for number in 0..5000 {
        let id = format!("full-{number}");
        let request = Request { project: "small", id: &id, text: "backlog add \"no room\"", wait: false };
        let outcome = connection.run(&request).unwrap();
        if outcome["ok"] == false {
            refused = outcome;
            break;
        }
        acknowledged.push(id);
    }
    let told = refused["refusal"].to_string();
    assert!(told.contains("No space left on device"), "{refused}");
    connection.must("well", "well", "backlog add \"as ever\"");

    disk.empty("small");
    eventually("it goes on", || {
        let request = Request { project: "small", id: "after", text: "backlog add after", wait: true };
        connection.run(&request).unwrap()["ok"] == true
    });
    acknowledged.push("after".to_owned());
    let log = disk
        .git("small", &["log", "--reverse", "--format=%(trailers:key=Command-Id,valueonly)", "orch-state"]);
    let found: Vec<&str> = log.lines().filter(|line| !line.is_empty()).skip(1).collect();
    assert_eq!(found, acknowledged);
    disk.git("small", &["fsck", "--strict", "--no-dangling"]);
    // Git's index of the folder follows when everything is quiet.
    let status = || disk.git("small/.orch-state", &["--no-optional-locks", "status", "--porcelain"]);
    eventually("the folder shows it all", || status().trim().is_empty());
    disk.server.stop();
}

#[test]
fn a_disk_without_room_for_the_journal_is_named_and_left_as_it_was() {
    let world = World::new();
    world.configure("[journal]\nfile_size_mib = 64\n");
    let script =
        format!("mount -t tmpfs -o size=12m tmpfs {} && exec {PROGRAM} projects", world.data().display());

    let tried = world.program("unshare", &["-m", "sh", "-ec", &script], world.path()).unwrap();

    let told = String::from_utf8_lossy(&tried.stderr);
    if !told.contains("unshare") && !told.contains("permission denied") {
        assert_eq!(tried.status.code(), Some(1), "{tried:?}");
        assert!(
            told.contains("cannot make room for the journal in") && told.contains("No space left"),
            "{told}"
        );
    }
}

#[test]
fn a_damaged_journal_is_named_or_does_no_harm() {
    // What is done to the two files, and what is said then: nothing if everything goes on.
    #[rustfmt::skip]
    let cases: [(&str, Damage, &str); 5] = [
        ("a bit of a record",  |path| flip(path, 60),                            ""),
        ("cut off",            |path| cut(path, 1000),                           ""),
        ("emptied",            |path| cut(path, 0),                              ""),
        ("a bit of the start", |path| flip(path, 3),                             "does not begin as a journal does"),
        ("something else",     |path| fs::write(path, vec![b'x'; 9000]).unwrap(), "does not begin as a journal does"),
    ];
    for (name, damage, says) in cases {
        let world = World::with(&["alpha"]);
        for number in 0..5 {
            let done = world.do_as("alpha", &format!("before-{number}"), "backlog add before");
            assert_eq!(done["ok"], true, "{done}");
        }
        for file in ["journal-0", "journal-1"] {
            damage(&world.data().join("journal").join(file));
        }

        let args = ["do", "--project", "alpha", "--id", "after", "--json", "backlog add after"];
        let after = world.run(&args);
        assert!(after.stdout.contains(says), "{name}: {after:?}");
        if says.is_empty() {
            assert_eq!(after.json()["ok"], true, "{name}");
        } else {
            assert_eq!(after.code, 1, "{name}: {after:?}");
            assert!(after.stdout.contains("journal/journal-"), "{name}: {after:?}");
            assert_eq!(after.stderr, "", "{name}: an object is all that a program reads");
            // The way out: every command that was answered by `do` is in git already.
            fs::remove_dir_all(world.data().join("journal")).unwrap();
            assert_eq!(world.run(&args).json()["ok"], true, "{name}");
        }
        assert_eq!(world.command_ids("alpha").len(), 7, "{name}");
        world.assert_sound(&["alpha"]);
    }
}

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 0x10;
    fs::write(path, bytes).unwrap();
}

fn cut(path: &Path, length: u64) {
    fs::File::options().write(true).open(path).unwrap().set_len(length).unwrap();
}
