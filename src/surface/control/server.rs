//! The listening side of the control socket.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use crate::gateway::access::Rights;
use crate::surface::control::{Ask, Greeting, LINE_MAX, Told, socket_path};
use crate::surface::desk::{Desk, Trouble};

/// How many processes may be connected at once.
const CONNECTIONS: usize = 256;
/// How long requests that were begun may take after the server was told to stop.
const LAST_REQUESTS: Duration = Duration::from_secs(10);

/// A socket that others can connect to. It is removed when dropped.
pub struct ControlSocket {
    listener: UnixListener,
    path: PathBuf,
}

impl ControlSocket {
    /// Opens the socket in `data_dir`. Whoever calls this holds the journal, so an old socket is a leftover.
    pub fn open(data_dir: &Path) -> io::Result<Self> {
        let path = socket_path(data_dir);
        fs::set_permissions(data_dir, Permissions::from_mode(0o700))?;
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(&path)?;
        fs::set_permissions(&path, Permissions::from_mode(0o600))?;
        Ok(Self { listener, path })
    }

    /// Serves until `stop` says so; then takes no more, and finishes what was begun.
    pub async fn serve(self, desk: Desk, pid: u32, mut stop: watch::Receiver<bool>) {
        let turns = Arc::new(Semaphore::new(CONNECTIONS));
        let mut connections = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                _ = stop.wait_for(|stop| *stop) => break,
            };
            while connections.try_join_next().is_some() {}
            match accepted {
                Ok((stream, _)) if is_ours(&stream) => {
                    // Nobody closes the semaphore.
                    let Ok(turn) = Arc::clone(&turns).acquire_owned().await else { break };
                    let connection = Connection { desk: desk.clone(), pid, stop: stop.clone() };
                    connections.spawn(async move {
                        let _turn = turn;
                        connection.run(stream).await;
                    });
                }
                Ok(_) => tracing::warn!("refused a control connection of another user"),
                Err(error) => {
                    tracing::warn!("cannot accept a control connection: {error}");
                    // Out of file handles, most likely; others will give some back.
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
        let finish = async { while connections.join_next().await.is_some() {} };
        if tokio::time::timeout(LAST_REQUESTS, finish).await.is_err() {
            tracing::warn!("control connections did not end in time");
        }
    }
}

impl Drop for ControlSocket {
    fn drop(&mut self) {
        // A leftover is removed by the next start.
        let _ = fs::remove_file(&self.path);
    }
}

fn is_ours(stream: &UnixStream) -> bool {
    let ours = rustix::process::geteuid().as_raw();
    stream.peer_cred().is_ok_and(|peer| peer.uid() == ours || peer.uid() == 0)
}

struct Connection {
    desk: Desk,
    pid: u32,
    stop: watch::Receiver<bool>,
}

impl Connection {
    async fn run(self, stream: UnixStream) {
        if let Err(error) = self.converse(stream).await {
            tracing::debug!("a control connection ended: {error}");
        }
    }

    async fn converse(mut self, stream: UnixStream) -> io::Result<()> {
        let (read, mut write) = stream.into_split();
        let mut read = BufReader::new(read);
        let mut line = Vec::new();
        loop {
            line.clear();
            let mut bounded = (&mut read).take(LINE_MAX);
            let got = tokio::select! {
                got = bounded.read_until(b'\n', &mut line) => got?,
                _ = self.stop.wait_for(|stop| *stop) => return Ok(()),
            };
            if got == 0 {
                return Ok(());
            }
            let told = match serde_json::from_slice(&line) {
                Ok(ask) => self.tell(ask).await,
                Err(error) => Told::Nonsense(error.to_string()),
            };
            let mut answer = serde_json::to_vec(&told)?;
            answer.push(b'\n');
            write.write_all(&answer).await?;
        }
    }

    async fn tell(&self, ask: Ask) -> Told {
        match ask {
            Ask::Run(request) => Told::Outcome(Box::new(self.desk.handle(request, &Rights::Owner).await)),
            Ask::Names { project } => Told::Names(self.desk.names(project.as_deref()).await),
            Ask::Projects(whose) => Told::Projects(self.desk.projects_of(&whose)),
            Ask::Verify { project } => Told::Report(self.desk.verify(&project).await),
            Ask::Export(whose) => {
                let export = self.desk.export(&whose).await;
                Told::Export(export.map(Box::new).map_err(Trouble::from))
            }
            Ask::Hello => {
                Told::Hello(Greeting { version: env!("CARGO_PKG_VERSION").to_owned(), pid: self.pid })
            }
        }
    }
}
