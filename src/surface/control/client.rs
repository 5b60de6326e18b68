//! The asking side of the control socket.

use std::io;
use std::path::Path;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::sync::Mutex;

use crate::surface::control::{Ask, LINE_MAX, Told, socket_path};

/// A connection to a running server.
pub struct Client {
    stream: Mutex<BufReader<UnixStream>>,
}

impl Client {
    /// Connects to the server of `data_dir`; `None` if none is running.
    pub async fn connect(data_dir: &Path) -> io::Result<Option<Self>> {
        match UnixStream::connect(socket_path(data_dir)).await {
            Ok(stream) => Ok(Some(Self { stream: Mutex::new(BufReader::new(stream)) })),
            Err(error) if is_nobody(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Asks, and waits for the answer.
    pub async fn ask(&self, ask: &Ask) -> io::Result<Told> {
        let mut line = serde_json::to_vec(ask)?;
        line.push(b'\n');
        let mut stream = self.stream.lock().await;
        stream.write_all(&line).await?;
        line.clear();
        let mut bounded = (&mut *stream).take(LINE_MAX);
        if bounded.read_until(b'\n', &mut line).await? == 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it closed the connection"));
        }
        Ok(serde_json::from_slice(&line)?)
    }
}

/// No socket, one that a killed server left behind, or a path that is too long for any.
fn is_nobody(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionRefused, InvalidInput, NotFound};

    matches!(error.kind(), NotFound | ConnectionRefused | InvalidInput)
}
