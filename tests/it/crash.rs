//! Whatever has been answered survives the sudden end of the program, and nothing happens twice.

use std::collections::VecDeque;
use std::io;
use std::io::Write;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::{
    Chance, Connection, LONG, PROGRAM, Request, Server, World, assert_in_order, eventually,
};

/// How many commands a client has on their way at once.
const WINDOW: usize = 8;
/// The longest life of a server that is going to be killed.
const LIFE: Duration = Duration::from_millis(150);
const PROJECTS: [&str; 4] = ["alpha", "beta", "gamma", "delta"];
const CLIENTS: [&str; 2] = ["one", "two"];

fn kills() -> u64 {
    std::env::var("BANDMASTER_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(200)
}

/// Sends commands that all change one story, and sends again, under the same id, what was not answered.
struct Client {
    project: &'static str,
    name: &'static str,
    story: usize,
    data: PathBuf,
    sent: usize,
    unanswered: VecDeque<usize>,
    acknowledged: Vec<usize>,
    progress: Instant,
}

impl Client {
    fn id(&self, number: usize) -> String {
        format!("{}-{}-{number}", self.project, self.name)
    }

    fn text(&self, number: usize) -> String {
        format!("backlog edit S-{} title:\"{}\"", self.story, self.id(number))
    }

    /// Works until it is told to stop and everything it has sent was answered.
    fn work(&mut self, stop: &AtomicBool) {
        while !stop.load(Ordering::Relaxed) || !self.unanswered.is_empty() {
            assert!(self.progress.elapsed() < LONG, "{} waits for an answer", self.id(self.sent));
            // Whatever breaks the connection, the next one goes on.
            if self.converse(stop).is_err() {
                thread::sleep(Duration::from_millis(2));
            }
        }
    }

    fn converse(&mut self, stop: &AtomicBool) -> io::Result<()> {
        let mut connection = Connection::open(&self.data)?;
        for number in self.unanswered.clone() {
            self.send(&mut connection, number)?;
        }
        loop {
            while !stop.load(Ordering::Relaxed) && self.unanswered.len() < WINDOW {
                self.unanswered.push_back(self.sent);
                self.sent += 1;
                self.send(&mut connection, self.sent - 1)?;
            }
            let Some(&number) = self.unanswered.front() else { return Ok(()) };
            let outcome = connection.receive()?;
            assert_eq!(outcome["ok"], true, "{outcome}");
            assert_eq!(outcome["command_id"], self.id(number));
            self.progress = Instant::now();
            self.unanswered.pop_front();
            self.acknowledged.push(number);
        }
    }

    fn send(&self, connection: &mut Connection, number: usize) -> io::Result<()> {
        let (id, text) = (self.id(number), self.text(number));
        // Some wait for the commit, most do not.
        let wait = number.is_multiple_of(7);
        connection.send(&Request { project: self.project, id: &id, text: &text, wait }.json())
    }
}

#[test]
fn a_killed_server_loses_nothing_it_has_answered() {
    let mut chance = Chance::new("crash");
    let world = World::with(&PROJECTS);
    world.configure("[journal]\nfile_size_mib = 1\n");
    let mut clients = clients(&world);
    let (stop, ended) = (AtomicBool::new(false), AtomicBool::new(false));

    thread::scope(|scope| {
        let at_work: Vec<_> = clients.iter_mut().map(|client| scope.spawn(|| client.work(&stop))).collect();
        scope.spawn(|| watch_the_person(&world, &ended));
        for _ in 0..kills() {
            let server = Server::start(&world);
            // One in five dies while it starts, or mends what the one before it left.
            if chance.below(5) > 0 {
                server.wait_until_ready();
            }
            thread::sleep(chance.time(LIFE));
            server.kill();
        }
        stop.store(true, Ordering::Relaxed);
        let last = world.serve();
        let ends: Vec<_> = at_work.into_iter().map(thread::ScopedJoinHandle::join).collect();
        ended.store(true, Ordering::Relaxed);
        last.stop();
        assert!(ends.iter().all(Result::is_ok), "a client was not satisfied");
    });

    world.assert_sound(&PROJECTS);
    for project in PROJECTS {
        let ours: Vec<_> = clients.iter().filter(|client| client.project == project).collect();
        let ids = |client: &&Client| client.acknowledged.iter().map(|number| client.id(*number)).collect();
        assert_in_order(&world.command_ids(project), &ours.iter().map(ids).collect::<Vec<Vec<_>>>());
        let export = world.run(&["export", project]).json();
        for client in ours {
            assert!(client.acknowledged.len() > WINDOW, "{project} got nothing done");
            let title = &export["stories"][client.story - 1]["title"];
            assert_eq!(*title, client.id(client.sent - 1));
        }
    }
}

/// Clients of every project, each with a story to work on.
fn clients(world: &World) -> Vec<Client> {
    let server = world.serve();
    let mut clients = Vec::new();
    for project in PROJECTS {
        for (at, name) in CLIENTS.into_iter().enumerate() {
            let id = format!("{project}-{name}");
            world.connect().must(project, &id, "backlog add \"a story\"");
            clients.push(Client {
                project,
                name,
                story: at + 1,
                data: world.data(),
                sent: 0,
                unanswered: VecDeque::new(),
                acknowledged: Vec::new(),
                progress: Instant::now(),
            });
        }
    }
    server.stop();
    clients
}

/// Looks again and again whether the person's own work tree is left alone.
fn watch_the_person(world: &World, ended: &AtomicBool) {
    while !ended.load(Ordering::Relaxed) {
        for project in PROJECTS {
            let args = ["--no-optional-locks", "status", "--porcelain"];
            assert_eq!(world.git(project, &args), "", "{project}");
        }
        thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn a_killed_command_happens_once_however_often_it_is_sent() {
    let mut chance = Chance::new("crash of do");
    let world = World::with(&["alpha"]);
    let ids: Vec<String> = (0..20).map(|number| format!("command-{number}")).collect();

    for id in &ids {
        let text = format!("backlog add \"{id}\"");
        let args = ["do", "--project", "alpha", "--id", id, "--json", &text];
        // Sometimes two at once, so that one waits for the other.
        let started: Vec<_> =
            (0..=chance.below(2)).map(|_| Server::start_as(&world, PROGRAM, &args, Stdio::null())).collect();
        thread::sleep(chance.time(Duration::from_millis(30)));
        started.into_iter().for_each(Server::kill);
        if chance.below(2) == 0 {
            let outcome = world.do_as("alpha", id, &text);
            assert_eq!(outcome["ok"], true, "{outcome}");
        }
    }
    for id in &ids {
        let outcome = world.do_as("alpha", id, &format!("backlog add \"{id}\""));
        assert_eq!(outcome["ok"], true, "{outcome}");
    }

    world.assert_sound(&["alpha"]);
    assert_in_order(&world.command_ids("alpha"), &ids.iter().map(|id| vec![id.clone()]).collect::<Vec<_>>());
}

#[test]
fn a_killed_chat_keeps_what_it_has_shown() {
    let mut chance = Chance::new("crash of console");
    let world = World::with(&["alpha"]);
    let path = world.repo("alpha");

    let mut shown = 0;
    for round in 0..20 {
        let args = ["console", path.to_str().unwrap()];
        let mut chat = Server::start_as(&world, PROGRAM, &args, Stdio::piped());
        let mut stdin = chat.child().stdin.take().unwrap();
        for number in 0..10 {
            // It may be gone already.
            let _ = writeln!(stdin, "backlog add \"story {round} {number}\"");
        }
        if round % 2 == 0 {
            eventually("something is shown", || chat.log().contains(" added: story"));
        }
        thread::sleep(chance.time(Duration::from_millis(20)));
        let log = chat.log_path();
        chat.kill();
        shown += std::fs::read_to_string(log).unwrap().matches(" added: story").count();
    }

    world.assert_sound(&["alpha"]);
    let kept = world.run(&["export", "alpha"]).json()["stories"].as_array().unwrap().len();
    assert!(kept >= shown, "{shown} were shown and {kept} are there");
}
