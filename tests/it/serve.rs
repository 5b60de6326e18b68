//! The server: one at a time, only for its user, and everything of that user goes through it.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use rustix::process::Signal;

use crate::run::Place;

#[test]
fn the_socket_is_for_its_user_only_and_goes_with_the_server() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut place = Place::with_shop(true);
        let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let socket = place.data_dir().join("control.sock");
        assert_eq!((mode(place.data_dir()), mode(socket.clone())), (0o700, 0o600));

        let (code, log) = place.stop(signal);

        assert_eq!(code, 0);
        assert!(log.contains("stopping") && log.trim_end().ends_with("stopped"), "{log}");
        assert!(!socket.exists());
    }
}

#[test]
fn a_second_server_is_refused_and_told_who_is_there() {
    let mut place = Place::new();
    let pid = place.serve();

    let ran = place.run(&["serve"]);

    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("a server is running already") && ran.err.contains(&pid.to_string()), "{ran:?}");
    assert!(place.stop(Signal::TERM).1.contains("stopped"), "the first one is still there");
}

#[test]
fn a_killed_server_leaves_nothing_in_the_way() {
    let mut place = Place::with_shop(true);
    place.done(&["do", "--no-wait", "epic", "Sign in"]);
    place.stop(Signal::KILL);

    let (code, object) = place.json(&["do", "backlog view E-1"]);
    place.serve();

    assert_eq!((code, object["ok"].as_bool()), (0, Some(true)), "{object}");
    assert_eq!(place.done(&["do", "log 1"]), place.done(&["log", "-n", "1"]));
}

#[test]
fn everything_goes_through_the_one_server() {
    let mut place = Place::with_shop(true);
    std::thread::scope(|scope| {
        for n in 0..4 {
            let place = &place;
            scope.spawn(move || place.done(&["do", &format!("backlog add Story {n}")]));
            scope.spawn(move || {
                let ran = place.run_with(&["console", "shop"], format!("/backlog add Line {n}\n").as_bytes());
                assert_eq!(ran.code, 0, "{ran:?}");
            });
        }
    });
    let (code, _) = place.stop(Signal::TERM);

    assert_eq!(code, 0);
    let (_, export) = place.json(&["export"]);
    assert_eq!(export["stories"].as_array().unwrap().len(), 8);
    assert_eq!(place.run(&["verify"]).code, 0);
}

#[test]
fn what_is_logged_can_be_chosen() {
    let place = Place::with_shop(false);
    let debug = place.run(&["projects"]);
    fs::write(place.here.join("quiet.toml"), "[log]\nlevel = \"trace\"\nformat = \"json\"\n").unwrap();
    let loud = place.run(&["projects", "--config", "quiet.toml"]);

    assert_eq!(debug.err, "", "a single command says nothing unasked");
    assert!(loud.err.lines().all(|line| line.starts_with('{')), "{}", loud.err);
    assert_eq!(debug.out, loud.out);
}

#[test]
fn a_data_directory_whose_path_is_too_long_for_a_socket_works_without_a_server() {
    let place = Place::new();
    let long = place.here.join("x".repeat(120));
    let data_dir = long.to_str().unwrap();

    let listed = place.run(&["projects", "--data-dir", data_dir]);
    let served = place.run(&["serve", "--data-dir", data_dir]);

    assert_eq!(listed.code, 0, "{listed:?}");
    assert_eq!(served.code, 1);
    assert!(served.err.contains("at most 107 bytes"), "{served:?}");
}
