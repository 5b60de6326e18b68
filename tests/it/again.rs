//! The same command sent again is answered again, and carried out once.

use std::thread;

use crate::support::{Request, World};

const ADD: &str = "backlog add \"only once\"";

#[test]
fn a_command_sent_from_many_sides_at_once_happens_once() {
    let world = World::with(&["alpha"]);
    let server = world.serve();

    let request = Request { project: "alpha", id: "same", text: ADD, wait: true };
    let outcomes: Vec<_> = thread::scope(|scope| {
        let asked: Vec<_> = (0..12).map(|_| scope.spawn(|| world.connect().run(&request).unwrap())).collect();
        asked.into_iter().map(|outcome| outcome.join().unwrap()).collect()
    });

    server.stop();
    let tip = world.git("alpha", &["rev-parse", "orch-state"]);
    for outcome in outcomes {
        assert_eq!((&outcome["ok"], &outcome["commit"]), (&true.into(), &tip.as_str().into()), "{outcome}");
    }
    assert_eq!(world.command_ids("alpha").iter().filter(|id| *id == "same").count(), 1);
    world.assert_sound(&["alpha"]);
}

#[test]
fn a_command_sent_again_has_the_commit_of_the_first_time() {
    let world = World::with(&["alpha"]);
    let server = world.serve();
    let first = world.connect().must("alpha", "same", ADD);
    world.connect().must("alpha", "other", "backlog add \"another\"");
    let again = world.connect().must("alpha", "same", ADD);
    server.kill();
    let server = world.serve();
    let after_a_kill = world.connect().must("alpha", "same", ADD);
    server.stop();
    let without_a_server = world.do_as("alpha", "same", ADD);
    // An id names what was carried out under it; what is sent along is not looked at.
    let with_other_words = world.do_as("alpha", "same", "backlog add \"something else\"");

    for outcome in [again, after_a_kill, without_a_server, with_other_words] {
        assert_eq!(outcome["ok"], true, "{outcome}");
        assert_eq!(outcome["commit"], first["commit"], "{outcome}");
        assert_eq!(outcome["events"], serde_json::json!([]), "{outcome}");
    }
    assert_eq!(world.run(&["export", "alpha"]).json()["stories"].as_array().unwrap().len(), 2);
}

#[test]
fn two_commands_at_once_without_a_server_wait_for_each_other() {
    let world = World::with(&["alpha"]);

    let world = &world;
    let outcomes: Vec<_> = thread::scope(|scope| {
        let ids = ["one", "two", "three", "four"];
        let asked = ids.map(|id| scope.spawn(move || world.do_as("alpha", id, &format!("backlog add {id}"))));
        asked.into_iter().map(|outcome| outcome.join().unwrap()).collect()
    });

    for outcome in outcomes {
        assert_eq!(outcome["ok"], true, "{outcome}");
    }
    assert_eq!(world.run(&["export", "alpha"]).json()["stories"].as_array().unwrap().len(), 4);
    world.assert_sound(&["alpha"]);
}
