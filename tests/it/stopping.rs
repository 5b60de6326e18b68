//! A server that is told to stop answers what it has begun, and leaves nothing for the next one to mend.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use rustix::process::Signal;

use crate::support::{Chance, Connection, Request, World, assert_in_order};

const PROJECTS: [&str; 3] = ["alpha", "beta", "gamma"];

#[test]
fn a_server_stops_in_the_middle_of_its_work_and_leaves_everything_in_order() {
    let mut chance = Chance::new("stopping");
    let world = World::with(&PROJECTS);
    let mut acknowledged = vec![Vec::new(); PROJECTS.len()];

    for (round, signal) in [Signal::TERM, Signal::INT].into_iter().cycle().take(8).enumerate() {
        let mut server = world.serve();
        let told = AtomicBool::new(false);
        thread::scope(|scope| {
            for (project, acknowledged) in PROJECTS.iter().zip(&mut acknowledged) {
                let (world, told) = (&world, &told);
                scope.spawn(move || work(world.connect(), project, round, told, acknowledged));
            }
            thread::sleep(chance.time(Duration::from_millis(150)));
            told.store(true, Ordering::SeqCst);
            server.signal(signal);
            assert_eq!(server.wait().code(), Some(0), "{}", server.log());
        });
        assert!(!server.log().contains("WARN"), "{}", server.log());
        assert!(!server.log().contains("did not end cleanly"), "{}", server.log());
    }

    world.assert_sound(&PROJECTS);
    for (project, acknowledged) in PROJECTS.iter().zip(acknowledged) {
        assert!(!acknowledged.is_empty(), "{project} got nothing done");
        assert_in_order(&world.command_ids(project), &[acknowledged]);
    }
}

/// Sends commands, several at once, until the connection ends.
fn work(
    mut connection: Connection,
    project: &str,
    round: usize,
    told: &AtomicBool,
    acknowledged: &mut Vec<String>,
) {
    let id = |number: usize| format!("{project}-{round}-{number}");
    let send = |connection: &mut Connection, number: usize| {
        let (id, text) = (id(number), format!("backlog add \"{}\"", id(number)));
        connection.send(&Request { project, id: &id, text: &text, wait: number.is_multiple_of(3) }.json())
    };
    let mut sent = 0;
    for answered in 0.. {
        while sent < answered + 4 && send(&mut connection, sent).is_ok() {
            sent += 1;
        }
        let Ok(outcome) = connection.receive() else { break };
        // Until it is told to stop there is no reason to refuse anything.
        assert!(outcome["ok"] == true || told.load(Ordering::SeqCst), "{outcome}");
        if outcome["ok"] == true {
            acknowledged.push(id(answered));
        }
    }
    assert!(told.load(Ordering::SeqCst), "the connection ended by itself");
}
