//! A project in trouble says what is wrong, keeps nobody else waiting, and works again once it is mended.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{LONG, PROGRAM, Request, Server, World, eventually};

/// No answer of a healthy project takes nearly as long, also on a machine that is busy with other things.
const PROMPT: Duration = Duration::from_secs(3);

/// A way to make a project unusable, what is said about it then, and the way back.
struct Trouble {
    name: &'static str,
    begin: fn(&Path),
    says: &'static str,
    end: fn(&Path),
}

const TROUBLES: [Trouble; 7] = [
    Trouble {
        name: "the repository is gone",
        begin: |repo| fs::rename(repo, repo.with_extension("away")).unwrap(),
        says: "does not exist",
        end: |repo| fs::rename(repo.with_extension("away"), repo).unwrap(),
    },
    Trouble {
        name: "the folder of git is gone",
        begin: |repo| fs::rename(repo.join(".git"), repo.join("away")).unwrap(),
        says: "sick",
        end: |repo| fs::rename(repo.join("away"), repo.join(".git")).unwrap(),
    },
    Trouble {
        name: "a file was damaged by hand",
        begin: |repo| fs::write(repo.join(".orch-state/status.json"), "{ \"format\": 1,").unwrap(),
        says: "status.json",
        end: |repo| fs::remove_file(repo.join(".orch-state/status.json")).unwrap(),
    },
    Trouble {
        name: "another program holds the branch",
        begin: |repo| fs::write(repo.join(".git/refs/heads/orch-state.lock"), "").unwrap(),
        says: "orch-state.lock",
        end: |repo| drop(fs::remove_file(repo.join(".git/refs/heads/orch-state.lock"))),
    },
    Trouble {
        name: "no pack can be written",
        begin: |repo| {
            fs::rename(repo.join(".git/objects/pack"), repo.join(".git/objects/away")).unwrap();
            fs::write(repo.join(".git/objects/pack"), "").unwrap();
        },
        says: "objects/pack",
        end: |repo| {
            fs::remove_file(repo.join(".git/objects/pack")).unwrap();
            fs::rename(repo.join(".git/objects/away"), repo.join(".git/objects/pack")).unwrap();
        },
    },
    Trouble {
        name: "the branch is gone",
        begin: |repo| fs::rename(repo.join(".git/refs/heads/orch-state"), repo.join(".git/kept")).unwrap(),
        says: "no state branch",
        end: |repo| fs::rename(repo.join(".git/kept"), repo.join(".git/refs/heads/orch-state")).unwrap(),
    },
    Trouble {
        name: "the branch holds rubbish",
        begin: |repo| {
            fs::copy(repo.join(".git/refs/heads/orch-state"), repo.join(".git/kept")).unwrap();
            fs::write(repo.join(".git/refs/heads/orch-state"), "rubbish\n").unwrap();
        },
        says: "orch-state",
        end: |repo| fs::rename(repo.join(".git/kept"), repo.join(".git/refs/heads/orch-state")).unwrap(),
    },
];

#[test]
fn a_project_in_trouble_keeps_nobody_waiting() {
    for trouble in &TROUBLES {
        let world = World::with(&["sick", "well"]);
        let server = world.serve();
        for project in ["sick", "well"] {
            world.connect().must(project, "first", "backlog add first");
        }
        (trouble.begin)(&world.repo("sick"));

        let told = thread::scope(|scope| {
            let asked = scope.spawn(|| complaint(&world));
            stay_prompt(&world, trouble.name);
            asked.join().unwrap()
        });
        assert!(told.contains(trouble.says), "{}: {told}", trouble.name);

        (trouble.end)(&world.repo("sick"));
        mended(&world, "after");
        server.stop();
        for id in ["first", "after"] {
            let times = world.command_ids("sick").iter().filter(|found| *found == id).count();
            assert_eq!(times, 1, "{}: {id}", trouble.name);
        }
        fs::remove_dir_all(world.repo("sick").with_extension("away")).ok();
        world.assert_sound(&["sick", "well"]);
    }
}

/// What the sick project says when it is asked until it complains.
fn complaint(world: &World) -> String {
    let mut connection = world.connect();
    let began = Instant::now();
    for number in 0.. {
        assert!(began.elapsed() < LONG, "it never complains");
        let id = format!("sick-{number}");
        let outcome = connection
            .run(&Request { project: "sick", id: &id, text: "backlog add \"in trouble\"", wait: false })
            .unwrap();
        if outcome["ok"] == false {
            return reason(&outcome);
        }
    }
    String::new()
}

fn reason(outcome: &Value) -> String {
    let refusal = outcome["refusal"]["message"].as_str().or(outcome["error"].as_str());
    refusal.unwrap_or_default().to_owned()
}

fn stay_prompt(world: &World, name: &str) {
    let mut connection = world.connect();
    for number in 0..20 {
        let began = Instant::now();
        connection.must("well", &format!("well-{number}"), "backlog add \"as ever\"");
        assert!(began.elapsed() < PROMPT, "{name}: it took {:?}", began.elapsed());
    }
}

fn mended(world: &World, id: &str) {
    let mut connection = world.connect();
    let mut last = Value::Null;
    let began = Instant::now();
    while last["ok"] != true {
        assert!(began.elapsed() < Duration::from_secs(30), "it was mended and still: {last}");
        last =
            connection.run(&Request { project: "sick", id, text: "backlog add after", wait: true }).unwrap();
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn what_was_accepted_before_the_trouble_is_in_git_after_it_without_being_asked() {
    let world = World::with(&["sick"]);
    let server = world.serve();
    let lock = world.repo("sick").join(".git/refs/heads/orch-state.lock");
    world.connect().must("sick", "first", "backlog add first");
    fs::write(&lock, "").unwrap();

    let request = Request { project: "sick", id: "kept", text: "backlog add kept", wait: true };
    let outcome = world.connect().run(&request).unwrap();
    assert_eq!((&outcome["ok"], &outcome["commit"]), (&true.into(), &Value::Null), "{outcome}");
    let read = world.connect().run(&Request { text: "backlog view", id: "look", ..request.clone() }).unwrap();
    assert!(read.to_string().contains("kept"), "{read}");

    let _ = fs::remove_file(&lock);
    eventually("it is in git", || world.command_ids("sick").contains(&"kept".to_owned()));
    server.stop();
    world.assert_sound(&["sick"]);
}

#[test]
fn a_second_orchestrator_is_told_who_is_at_work() {
    let world = World::with(&["alpha"]);
    let server = world.serve();
    world.connect().must("alpha", "first", "backlog add first");

    let (path, other) = (world.repo("alpha"), world.path().join("other"));
    let args = ["--data-dir", other.to_str().unwrap(), "register", path.to_str().unwrap(), "--json"];
    let refused = world.run(&args);

    assert_eq!(refused.code, 2, "{refused:?}");
    let message = reason(&refused.json());
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    for part in [&format!("process {} on {}", server.pid(), host.trim()), "since 2"] {
        assert!(message.contains(part), "{message}");
    }
    assert!(refused.took < Duration::from_secs(20), "{:?}", refused.took);
    server.stop();
    assert_eq!(world.run(&args).code, 0);
}

#[test]
fn a_project_that_another_process_holds_is_only_late_itself() {
    let world = World::with(&["sick", "well"]);
    let lock = world.repo("sick").join(".git/orch/lock");
    let script = format!("exec 9<>{} && flock 9 && echo held && exec sleep 600", lock.display());
    let holder = Server::start_as(&world, "sh", &["-c", &script], Stdio::null());
    eventually("the lock is held", || holder.log().contains("held"));
    let server = world.serve();

    let told = thread::scope(|scope| {
        let asked = scope.spawn(|| complaint(&world));
        stay_prompt(&world, "held");
        asked.join().unwrap()
    });
    assert!(told.contains("is held by process"), "{told}");

    holder.kill();
    mended(&world, "after");
    server.stop();
    world.assert_sound(&["sick", "well"]);
}

#[test]
fn what_a_killed_server_leaves_behind_stops_nobody() {
    let world = World::with(&["alpha"]);
    let server = world.serve();
    world.connect().must("alpha", "first", "backlog add first");
    server.kill();
    assert!(world.data().join("control.sock").exists());
    // By this bit we know that the lock is one of ours.
    let lock = world.repo("alpha").join(".git/refs/heads/orch-state.lock");
    fs::write(&lock, "").unwrap();
    fs::set_permissions(&lock, fs::Permissions::from_mode(0o1644)).unwrap();

    assert_eq!(world.do_as("alpha", "second", "backlog add second")["ok"], true);
    world.serve().stop();

    assert!(!world.data().join("control.sock").exists());
    world.assert_sound(&["alpha"]);
    assert_eq!(world.run(&["projects"]).code, 0, "{PROGRAM}");
}
