//! The sockets of a local Discord: one address for the REST API, the gateway and the files.

use std::io;
use std::net::SocketAddr;
use std::ops::Deref;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use axum::Router;
use axum::extract::connect_info::Connected;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};

use crate::sandbox::discord::Discord;
use crate::sandbox::error::SandboxError;
use crate::sandbox::gateway::{self, Frame};
use crate::sandbox::rest;
use crate::sandbox::world::World;

/// The world, its lock, and a bell that rings after every change.
pub(crate) struct Shared {
    world: Mutex<World>,
    changed: watch::Sender<u64>,
}

impl Shared {
    pub(crate) fn new(world: World) -> Self {
        Self { world: Mutex::new(world), changed: watch::Sender::new(0) }
    }

    /// Reads the world.
    pub(crate) fn look<T>(&self, read: impl FnOnce(&World) -> T) -> T {
        read(&self.world.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the world, and wakes all who wait for a change.
    pub(crate) fn change<T>(&self, write: impl FnOnce(&mut World) -> T) -> T {
        let result = write(&mut self.world.lock().unwrap_or_else(PoisonError::into_inner));
        self.changed.send_modify(|count| *count += 1);
        result
    }

    /// Hears of every change from now on.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }
}

/// A local Discord that listens. It ends with this value; what was asked of it stays readable in a [`Discord`].
pub struct Server {
    discord: Discord,
    address: SocketAddr,
    end: Option<oneshot::Sender<()>>,
}

impl Server {
    /// Listens on a free port of the loopback. Needs a runtime.
    ///
    /// # Errors
    ///
    /// Fails if the machine has no loopback or no free port.
    pub async fn start() -> Result<Self, SandboxError> {
        Self::start_at(0).await
    }

    /// Listens on a given port of the loopback, so that a program can be told of it beforehand.
    ///
    /// # Errors
    ///
    /// Fails if the port is taken.
    pub async fn start_at(port: u16) -> Result<Self, SandboxError> {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.map_err(SandboxError::Listen)?;
        let address = listener.local_addr().map_err(SandboxError::Listen)?;
        let discord = Discord::new(&format!("http://{address}"));
        let (end, ended) = oneshot::channel();
        let service = discord.router().into_make_service_with_connect_info::<Wire>();
        let serve = axum::serve(Wires(listener), service).with_graceful_shutdown(async {
            // Either way it ends: asked to, or dropped.
            let _ = ended.await;
        });
        tokio::spawn(async move {
            if let Err(error) = serve.await {
                tracing::warn!("the local Discord has stopped: {error}");
            }
        });
        Ok(Self { discord, address, end: Some(end) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Deref for Server {
    type Target = Discord;

    fn deref(&self) -> &Discord {
        &self.discord
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.discord.shared().change(|world| world.gateway.tell_all(|| Frame::Cut));
        if let Some(end) = self.end.take() {
            // Nobody there any more: then it has ended already.
            let _ = end.send(());
        }
    }
}

/// All routes, for whoever brings a listener of their own.
pub(crate) fn router(shared: Arc<Shared>) -> Router {
    // The bodies have a bound of their own, which is larger than axum's.
    let unbounded = DefaultBodyLimit::disable();
    Router::new().route("/", get(connect)).fallback(answer).layer(unbounded).with_state(shared)
}

async fn connect(State(shared): State<Arc<Shared>>, upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(move |socket| gateway::serve(shared, socket))
}

async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    rest::serve(&shared, request).await.into_response()
}

/// Accepts connections that can be closed from within.
struct Wires(TcpListener);

impl Listener for Wires {
    type Io = WiredStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (WiredStream, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.0).await;
        // Without it every event is some 40 ms late. A socket that does not take it is closed already.
        let _ = stream.set_nodelay(true);
        (WiredStream { stream, wire: Wire::default() }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        TcpListener::local_addr(&self.0)
    }
}

/// Closes the connection that a request came over, before it is answered.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wire {
    cut: Arc<AtomicBool>,
}

impl Wire {
    pub(crate) fn cut(&self) {
        self.cut.store(true, Ordering::Release);
    }
}

impl Connected<IncomingStream<'_, Wires>> for Wire {
    fn connect_info(stream: IncomingStream<'_, Wires>) -> Self {
        stream.io().wire.clone()
    }
}

/// A connection that refuses to write once it is cut.
struct WiredStream {
    stream: TcpStream,
    wire: Wire,
}

impl WiredStream {
    fn is_cut(&self) -> bool {
        self.wire.cut.load(Ordering::Acquire)
    }
}

impl AsyncRead for WiredStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for WiredStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.is_cut() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
