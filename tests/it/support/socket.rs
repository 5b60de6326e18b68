//! A plain client of the gateway of a local Discord, which shows every frame as it came.

use std::time::Duration;

use bandmaster::sandbox::Server;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// Guilds, and messages in guilds and between two.
pub(crate) const INTENTS: u64 = 1 | 1 << 9 | 1 << 12;

/// Longer than any frame takes.
const PATIENCE: Duration = Duration::from_secs(10);

/// What came over the socket.
#[derive(Debug)]
pub(crate) enum Came {
    Frame(Value),
    Closed(u16),
    Cut,
}

/// A connection to the gateway.
pub(crate) struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Socket {
    /// Connects, and hears the greeting.
    pub(crate) async fn connect(discord: &Server) -> Self {
        let url = format!("{}/?v=10&encoding=json", discord.url().replacen("http", "ws", 1));
        let (stream, _) = connect_async(url).await.unwrap();
        let mut socket = Self { stream };
        assert_eq!(socket.frame().await["op"], 10);
        socket
    }

    /// Connects and identifies; gives the session's id, too.
    pub(crate) async fn identified(discord: &Server) -> (Self, String) {
        let mut socket = Self::connect(discord).await;
        socket.identify(&discord.token(), INTENTS).await;
        let ready = socket.event("READY").await;
        (socket, ready["session_id"].as_str().unwrap().to_owned())
    }

    pub(crate) async fn identify(&mut self, token: &str, intents: u64) {
        let data = json!({ "token": token, "intents": intents, "properties": { "os": "linux" } });
        self.send(&json!({ "op": 2, "d": data })).await;
    }

    pub(crate) async fn resume(&mut self, token: &str, session: &str, sequence: u64) {
        let data = json!({ "token": token, "session_id": session, "seq": sequence });
        self.send(&json!({ "op": 6, "d": data })).await;
    }

    pub(crate) async fn send(&mut self, frame: &Value) {
        self.stream.send(Message::text(frame.to_string())).await.unwrap();
    }

    /// What comes next.
    pub(crate) async fn next(&mut self) -> Came {
        let next = timeout(PATIENCE, self.stream.next()).await;
        match next.unwrap_or_else(|_| panic!("nothing came over the socket")) {
            Some(Ok(Message::Text(text))) => Came::Frame(serde_json::from_str(&text).unwrap()),
            Some(Ok(Message::Close(Some(frame)))) => Came::Closed(frame.code.into()),
            _ => Came::Cut,
        }
    }

    /// The next frame.
    pub(crate) async fn frame(&mut self) -> Value {
        match self.next().await {
            Came::Frame(frame) => frame,
            other => panic!("{other:?} instead of a frame"),
        }
    }

    /// The data of the next event of that name; others are passed over.
    pub(crate) async fn event(&mut self, name: &str) -> Value {
        loop {
            let mut frame = self.frame().await;
            if frame["t"] == name {
                return frame["d"].take();
            }
        }
    }
}
