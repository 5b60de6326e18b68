//! The engine with real repositories: full queues, long pauses, sudden ends.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tempfile::TempDir;

use crate::domain::command::{Command, UndoWhat};
use crate::domain::envelope::Envelope;
use crate::domain::id::ProjectName;
use crate::domain::refusal::Code;
use crate::domain::testing;
use crate::store;
use crate::store::testing::git;

use super::*;

/// Far longer than anything here takes.
const LONG: Duration = Duration::from_secs(30);

struct World {
    folder: TempDir,
    settings: Settings,
    asked: std::cell::Cell<u64>,
}

impl World {
    /// A node with one project, `repo`, and the engine that it was registered with.
    async fn new(adjust: impl FnOnce(&mut Settings)) -> (Self, Engine) {
        let folder = tempfile::tempdir().unwrap();
        store::init_repository(&folder.path().join("repo")).unwrap();
        let mut settings = settings(folder.path().join("data"));
        adjust(&mut settings);
        let world = Self { folder, settings, asked: std::cell::Cell::new(0) };
        let engine = Engine::start(world.settings.clone()).unwrap();
        let register = Command::ProjectRegister { path: world.repo(), name: None, import: false };
        let site = Site { path: world.repo(), name: None, import: false, roots: None };
        engine.register(site, world.envelope(register)).await.unwrap();
        (world, engine)
    }

    fn repo(&self) -> PathBuf {
        self.folder.path().join("repo")
    }

    fn lock(&self) -> PathBuf {
        self.repo().join(".git/refs/heads/orch-state.lock")
    }

    fn envelope(&self, command: Command) -> Envelope {
        self.asked.set(self.asked.get() + 1);
        testing::envelope(self.asked.get(), Timestamp::UNIX_EPOCH, command)
    }

    async fn run(&self, engine: &Engine, text: &str) -> Result<Submitted, EngineError> {
        engine.submit(&name(), self.envelope(testing::command(text))).await
    }

    /// Waits until that many stories are on the state branch.
    async fn until_git_has(&self, stories: usize) {
        let began = Instant::now();
        let listed = || git(&self.repo(), &["ls-tree", "-r", "--name-only", "orch-state", "stories/"], b"");
        while listed().lines().count() < stories {
            assert!(began.elapsed() < LONG, "git never got it");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

fn settings(data_dir: PathBuf) -> Settings {
    Settings {
        data_dir,
        queue: 4,
        batch: 4,
        unpublished: 8,
        idle: Duration::from_secs(60),
        journal_bytes: 1 << 20,
        capacity: 20,
        days: 14,
        email_domain: "example.org".to_owned(),
        ambient: Ambient { now: Timestamp::now, entropy: || 7, host: "alpha".to_owned(), pid: 1 },
    }
}

fn name() -> ProjectName {
    "repo".parse().unwrap()
}

fn code(error: &EngineError) -> Option<Code> {
    match error {
        EngineError::Refused(refusal) => Some(refusal.code),
        _ => None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_refuses_and_what_is_in_it_is_served() {
    let (world, engine) = World::new(|_| {}).await;
    let (go_on, wait) = std::sync::mpsc::channel::<()>();
    let busy = {
        let engine = engine.clone();
        tokio::spawn(async move { engine.visit(&name(), move |_, _| wait.recv()).await })
    };
    let asked: Vec<_> = (0..12)
        .map(|number| {
            let envelope = world.envelope(testing::command(&format!("backlog add {number}")));
            let engine = engine.clone();
            tokio::spawn(async move { engine.submit(&name(), envelope).await })
        })
        .collect();

    // Only what fits into the queue waits for longer than the queue lets anybody wait.
    let began = Instant::now();
    while asked.iter().filter(|one| one.is_finished()).count() < 5 {
        assert!(began.elapsed() < LONG, "nobody was refused");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    go_on.send(()).unwrap();
    busy.await.unwrap().unwrap().unwrap();

    let mut accepted = 0;
    for one in asked {
        match one.await.unwrap() {
            Ok(_) => accepted += 1,
            Err(error) => assert_eq!(code(&error), Some(Code::Busy), "{error}"),
        }
    }
    // As many as the queue holds, and those of the batch that the visit came with.
    assert!((4..=7).contains(&accepted), "{accepted} were accepted");
    engine.stop().await;
    drop(engine);
    assert_eq!(accepted, stories(&world).await);
}

/// How many stories there are for an engine that begins anew.
async fn stories(world: &World) -> usize {
    let engine = Engine::start(world.settings.clone()).unwrap();
    let count = engine.read(&name()).await.unwrap().stories.len();
    engine.stop().await;
    count
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_may_be_missing_from_git_is_not_accepted() {
    let (world, engine) = World::new(|_| {}).await;
    std::fs::write(world.lock(), "").unwrap();

    let mut accepted = 0;
    let refused = loop {
        match world.run(&engine, &format!("backlog add {accepted}")).await {
            Ok(_) => accepted += 1,
            Err(error) => break error,
        }
    };

    assert_eq!(code(&refused), Some(Code::Busy), "{refused}");
    assert!((1..=8).contains(&accepted), "{accepted} were accepted");
    std::fs::remove_file(world.lock()).unwrap();
    world.until_git_has(accepted).await;
    engine.stop().await;
    drop(engine);
    assert_eq!(accepted, stories(&world).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_in_git_when_the_engine_stops_is_there_after_the_next_start() {
    let (world, engine) = World::new(|_| {}).await;
    std::fs::write(world.lock(), "").unwrap();
    let submitted = world.run(&engine, "backlog add one").await.unwrap();

    let began = Instant::now();
    engine.stop().await;
    assert!(began.elapsed() < Duration::from_secs(5), "it took {:?}", began.elapsed());
    assert_eq!(submitted.commit.wait().await, None);
    drop(engine);

    std::fs::remove_file(world.lock()).unwrap();
    let engine = Engine::start(world.settings.clone()).unwrap();
    world.until_git_has(1).await;
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_that_nobody_asks_for_is_let_go_and_comes_back() {
    let (world, engine) = World::new(|settings| settings.idle = Duration::from_millis(50)).await;
    world.run(&engine, "backlog add one").await.unwrap();

    let lock = std::fs::File::open(world.repo().join(".git/orch/lock")).unwrap();
    let began = Instant::now();
    while lock.try_lock().is_err() {
        assert!(began.elapsed() < LONG, "it is never let go");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    drop(lock);

    world.run(&engine, "backlog add two").await.unwrap();
    assert_eq!(engine.read(&name()).await.unwrap().stories.len(), 2);
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn undo_sees_everything_that_was_accepted_before_it() {
    let (world, engine) = World::new(|_| {}).await;
    for number in 0..6 {
        world.run(&engine, &format!("backlog add {number}")).await.unwrap();
    }

    let undo = Command::Undo { what: UndoWhat::Last(1), confirm: true };
    engine.submit(&name(), world.envelope(undo)).await.unwrap();

    assert_eq!(engine.read(&name()).await.unwrap().stories.len(), 5);
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_ends_one_question_and_nothing_else() {
    let (world, engine) = World::new(|_| {}).await;
    world.run(&engine, "backlog add one").await.unwrap();

    let ended = engine.visit(&name(), |_, _| panic!("on purpose")).await;
    assert!(matches!(ended, Err::<(), _>(EngineError::Stopped)));

    world.run(&engine, "backlog add two").await.unwrap();
    assert_eq!(engine.read(&name()).await.unwrap().stories.len(), 2);
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_is_not_let_go_while_its_repository_lacks_accepted_commands() {
    let (world, engine) = World::new(|_| {}).await;
    std::fs::write(world.lock(), "").unwrap();
    world.run(&engine, "backlog add one").await.unwrap();

    let refused = engine.unregister(&name()).await.unwrap_err();
    assert_eq!(code(&refused), Some(Code::Busy), "{refused}");

    std::fs::remove_file(world.lock()).unwrap();
    engine.unregister(&name()).await.unwrap();
    world.until_git_has(1).await;
    engine.stop().await;
}

#[tokio::test]
async fn whoever_follows_sees_what_happened_in_order_and_nothing_of_what_was_refused() {
    let (world, engine) = World::new(|_| {}).await;
    let mut follower = engine.follow();

    world.run(&engine, "backlog add first").await.unwrap();
    world.run(&engine, "sprint start").await.unwrap_err();
    world.run(&engine, "backlog add second").await.unwrap();
    engine.unregister(&name()).await.unwrap();

    let mut seen = Vec::new();
    while seen.len() < 3 {
        seen.push(match tokio::time::timeout(LONG, follower.next()).await.unwrap().unwrap() {
            Item::Changed(project) => format!("{} stories", project.stories.len()),
            Item::Unregistered(entry) => format!("{} is gone", entry.name),
            other => format!("{other:?}"),
        });
    }
    assert_eq!(seen, ["1 stories", "2 stories", "repo is gone"]);
    engine.stop().await;
}

#[tokio::test]
async fn chat_may_only_register_what_the_operator_has_opened_to_it() {
    let (world, engine) = World::new(|_| {}).await;
    let open = world.folder.path().join("open");
    store::init_repository(&open.join("inside")).unwrap();
    store::init_repository(&world.folder.path().join("outside")).unwrap();
    std::os::unix::fs::symlink(world.folder.path().join("outside"), open.join("link")).unwrap();
    let site = |path: &str, name: Option<&str>| Site {
        path: world.folder.path().join(path),
        name: name.map(|name| name.parse().unwrap()),
        import: false,
        roots: Some([open.clone()].into()),
    };
    let code = async |site: Site| match engine.may_register(site).await {
        Ok((name, _)) => Ok(name.to_string()),
        Err(EngineError::Refused(refusal)) => Err(refusal.code),
        Err(error) => panic!("{error}"),
    };

    assert_eq!(code(site("open/inside", None)).await, Ok("inside".to_owned()));
    assert_eq!(code(site("open/inside", Some("other"))).await, Ok("other".to_owned()));
    assert_eq!(code(site("open/inside", Some("repo"))).await, Err(Code::Taken));
    assert_eq!(code(site("outside", None)).await, Err(Code::Forbidden));
    assert_eq!(code(site("open/link", None)).await, Err(Code::Forbidden));
    assert_eq!(code(site("open/../outside", None)).await, Err(Code::Forbidden));
    let register = Command::ProjectRegister { path: "/".into(), name: None, import: false };
    engine.register(site("open/link", None), world.envelope(register)).await.unwrap_err();
    assert!(!world.folder.path().join("outside/.orch-state").exists());
    engine.stop().await;
}
