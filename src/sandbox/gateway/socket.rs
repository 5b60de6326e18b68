//! One connection to the gateway, from the greeting to the end.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use serde_json::{Value, json};
use tokio::select;
use tokio::sync::mpsc::{self, Sender};
use tokio::time::timeout;

use crate::sandbox::gateway::{FRAMES, Frame, intent};
use crate::sandbox::server::Shared;

/// How long a client has to answer a close frame.
const GOODBYE: Duration = Duration::from_secs(5);

/// What is sent at once in answer to a client.
enum Answer {
    Nothing,
    Text(Value),
    Close(u16),
}

/// Serves a client until one of the two has enough.
pub(crate) async fn serve(shared: Arc<Shared>, mut socket: WebSocket) {
    let interval = shared.look(|world| world.gateway.heartbeat_interval.as_millis());
    let hello = json!({ "op": 10, "s": null, "t": null, "d": { "heartbeat_interval": interval, "_trace": ["sandbox"] } });
    if socket.send(Message::text(hello.to_string())).await.is_err() {
        return;
    }
    let (link, mut frames) = mpsc::channel(FRAMES);
    // Handed to the session: when that lets go of it, the connection ends.
    let mut link = Some(link);
    loop {
        let answer = select! {
            frame = frames.recv() => match frame {
                Some(Frame::Text(text)) => {
                    if socket.send(Message::text(text)).await.is_err() {
                        return;
                    }
                    Answer::Nothing
                }
                Some(Frame::Close(code)) => Answer::Close(code),
                Some(Frame::Cut) | None => return,
            },
            message = socket.recv() => match message {
                Some(Ok(Message::Text(text))) => take(&shared, &mut link, &text),
                Some(Ok(Message::Binary(bytes))) => take(&shared, &mut link, &String::from_utf8_lossy(&bytes)),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => Answer::Nothing,
                Some(Ok(Message::Close(_))) => return closed(socket).await,
                Some(Err(_)) | None => return,
            },
        };
        let sent = match answer {
            Answer::Nothing => Ok(()),
            Answer::Text(json) => socket.send(Message::text(json.to_string())).await,
            Answer::Close(code) => return close(socket, code).await,
        };
        if sent.is_err() {
            return;
        }
    }
}

/// Says why, and waits until the client has heard it.
async fn close(mut socket: WebSocket, code: u16) {
    let reason = match code {
        4004 => "Authentication failed.",
        4013 => "Invalid intent(s).",
        4014 => "Disallowed intent(s).",
        _ => "",
    };
    let frame = CloseFrame { code, reason: reason.into() };
    if socket.send(Message::Close(Some(frame))).await.is_ok() {
        closed(socket).await;
    }
}

/// Waits until both have said that they close: whoever is hung up on takes it for a fault. A client that does not say
/// goodbye is left.
async fn closed(mut socket: WebSocket) {
    let _ = timeout(GOODBYE, async { while let Some(Ok(_)) = socket.recv().await {} }).await;
}

/// Takes what a client says.
fn take(shared: &Shared, link: &mut Option<Sender<Frame>>, text: &str) -> Answer {
    let Ok(message) = serde_json::from_str::<Value>(text) else { return Answer::Close(4002) };
    match message["op"].as_u64() {
        Some(1) => shared.change(|world| {
            world.gateway.heartbeats += 1;
            if world.gateway.ignores_heartbeats {
                return Answer::Nothing;
            }
            Answer::Text(json!({ "op": 11, "s": null, "t": null, "d": null }))
        }),
        Some(2) => identify(shared, link, &message["d"]),
        Some(6) => resume(shared, link, &message["d"]),
        // Presence, voice and lists of members: nothing here depends on them.
        Some(3 | 4 | 8) if link.is_none() => Answer::Nothing,
        Some(3 | 4 | 8) => Answer::Close(4003),
        _ => Answer::Close(4001),
    }
}

fn identify(shared: &Shared, link: &mut Option<Sender<Frame>>, data: &Value) -> Answer {
    let Some(intents) = data["intents"].as_u64() else { return Answer::Close(4013) };
    if data["properties"].is_null() {
        return Answer::Close(4002);
    }
    if data.get("shard").is_some_and(|shard| !shard.is_null() && *shard != json!([0, 1])) {
        return Answer::Close(4010);
    }
    shared.change(|world| {
        if !is_token(data, &world.token) {
            return Answer::Close(4004);
        }
        if intents & !intent::KNOWN != 0 {
            return Answer::Close(4013);
        }
        if intents & intent::PRIVILEGED != 0 {
            return Answer::Close(4014);
        }
        let Some(link) = link.take() else { return Answer::Close(4005) };
        world.identify(intents, link);
        Answer::Nothing
    })
}

fn resume(shared: &Shared, link: &mut Option<Sender<Frame>>, data: &Value) -> Answer {
    let (Some(id), Some(sequence)) = (data["session_id"].as_str(), data["seq"].as_u64()) else {
        return Answer::Close(4002);
    };
    shared.change(|world| {
        if !is_token(data, &world.token) {
            return Answer::Close(4004);
        }
        let Some(sender) = link.take() else { return Answer::Close(4005) };
        match world.gateway.resume(id, sequence, sender) {
            Ok(()) => Answer::Nothing,
            Err(sender) => {
                *link = Some(sender);
                Answer::Text(json!({ "op": 9, "s": null, "t": null, "d": false }))
            }
        }
    })
}

fn is_token(data: &Value, token: &str) -> bool {
    data["token"].as_str().is_some_and(|text| text.trim_start_matches("Bot ") == token)
}
