//! The REST API: finds the route of a request, carries it out, and notes what was asked and answered.

mod body;
mod channels;
mod commands;
mod guilds;
mod interactions;
mod messages;
mod threads;
mod users;

use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderValue, Response, StatusCode, header};
use serde_json::{Value, json};

use crate::sandbox::error::{ApiError, refused};
use crate::sandbox::faults::Fault;
use crate::sandbox::id::Snowflake;
use crate::sandbox::log::Logged;
pub(crate) use crate::sandbox::rest::body::Upload;
pub(crate) use crate::sandbox::rest::channels::named;
pub(crate) use crate::sandbox::rest::interactions::{CALLBACK, THINKING, TOKEN, WILL_UPDATE};
use crate::sandbox::server::{Shared, Wire};
use crate::sandbox::world::World;

/// The prefix of all routes.
const API: &str = "/api/v10";

/// One request, read.
#[derive(Debug, Default)]
pub(crate) struct Call {
    method: String,
    /// Below `/api/v10`.
    path: String,
    query: String,
    authorization: Option<String>,
    body: Value,
    files: Vec<Upload>,
}

impl Call {
    /// The value of a query parameter. They are numbers, ids and words here, so nothing is escaped.
    fn query(&self, key: &str) -> Option<&str> {
        self.query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .find(|(name, _)| *name == key)
            .map(|(_, v)| v)
    }

    /// How many the caller wants at most.
    fn limit(&self, usual: usize, most: usize) -> usize {
        self.query("limit").and_then(|text| text.parse().ok()).unwrap_or(usual).clamp(1, most)
    }
}

/// What a request is answered with if nothing is wrong with it.
#[derive(Debug)]
pub(crate) enum Reply {
    Json(Value),
    /// Something was made: 201.
    Made(Value),
    Empty,
    File {
        bytes: Vec<u8>,
        content_type: String,
    },
}

pub(crate) type Answer = Result<Reply, ApiError>;

/// Answers one request.
pub(crate) async fn serve(shared: &Shared, request: Request) -> Response<Body> {
    let wire = request.extensions().get::<ConnectInfo<Wire>>().map(|info| info.0.clone());
    let (call, unreadable) = body::read(request).await;
    let fault = shared.change(|world| world.faults.take(&call.method, &call.path));
    if let Some(Fault::Late(time)) = fault {
        tokio::time::sleep(time).await;
    }
    let response = shared.change(|world| {
        let (response, status, answer) = match fault {
            Some(fault @ (Fault::RateLimited { .. } | Fault::Status(_) | Fault::Closed)) => misbehave(fault),
            _ => respond(match unreadable {
                Some(error) => Err(error),
                None => dispatch(world, &call),
            }),
        };
        let closed = matches!(fault, Some(Fault::Closed | Fault::CarriedOutThenClosed));
        note(world, call, if closed { 0 } else { status }, answer);
        response
    });
    if let (Some(Fault::Closed | Fault::CarriedOutThenClosed), Some(wire)) = (fault, wire) {
        wire.cut();
    }
    response
}

fn note(world: &mut World, call: Call, status: u16, answer: Value) {
    let files = call.files.iter().map(|file| (file.name.clone(), file.bytes.len())).collect();
    let at = world.clock.now();
    let Call { method, path, body, .. } = call;
    world.log.push(Logged { at, method, path, body, files, status, answer });
}

/// A response with its status and its body as a test will see them.
type Noted = (Response<Body>, u16, Value);

fn respond(answer: Answer) -> Noted {
    let (status, json) = match answer {
        Ok(Reply::Json(json)) => (200, json),
        Ok(Reply::Made(json)) => (201, json),
        Ok(Reply::Empty) => return (response(204, Body::empty(), None), 204, Value::Null),
        Ok(Reply::File { bytes, content_type }) => {
            return (response(200, Body::from(bytes), Some(&content_type)), 200, Value::Null);
        }
        Err(error) => (error.status, error.json()),
    };
    (response(status, Body::from(json.to_string()), Some("application/json")), status, json)
}

fn response(status: u16, body: Body, content_type: Option<&str>) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if let Some(value) = content_type.and_then(|text| HeaderValue::from_str(text).ok()) {
        response.headers_mut().insert(header::CONTENT_TYPE, value);
    }
    response
}

fn misbehave(fault: Fault) -> Noted {
    let Fault::RateLimited { wait, global } = fault else {
        let status = if let Fault::Status(status) = fault { status } else { 500 };
        let page = format!(
            "<html><head><title>{status}</title></head><body><center>cloudflare</center></body></html>"
        );
        return (response(status, Body::from(page), Some("text/html")), status, Value::Null);
    };
    let seconds = wait.as_secs_f64();
    let json = json!({ "message": "You are being rate limited.", "retry_after": seconds, "global": global });
    let mut response = response(429, Body::from(json.to_string()), Some("application/json"));
    let mut put = |name: &'static str, text: String| {
        if let Ok(value) = HeaderValue::from_str(&text) {
            response.headers_mut().insert(name, value);
        }
    };
    put("retry-after", seconds.ceil().to_string());
    put("x-ratelimit-scope", if global { "global" } else { "user" }.to_owned());
    if global {
        put("x-ratelimit-global", "true".to_owned());
    } else {
        put("x-ratelimit-limit", "5".to_owned());
        put("x-ratelimit-remaining", "0".to_owned());
        put("x-ratelimit-reset-after", format!("{seconds:.3}"));
        put("x-ratelimit-bucket", "sandbox".to_owned());
    }
    (response, 429, json)
}

/// Carries out a request.
fn dispatch(world: &mut World, call: &Call) -> Answer {
    let parts: Vec<&str> = call.path.trim_matches('/').split('/').collect();
    let method = call.method.as_str();
    // What is authorised by a token in the path, or by nothing.
    match (method, parts.as_slice()) {
        ("GET", ["attachments", _, file, ..]) => return messages::file(world, file),
        ("GET", ["gateway"]) => return Ok(Reply::Json(json!({ "url": world.gateway_url() }))),
        ("POST", ["interactions", id, token, "callback"]) => {
            return interactions::callback(world, call, id, token);
        }
        (_, ["webhooks", application, token, rest @ ..]) => {
            return interactions::webhook(world, call, application, token, rest);
        }
        _ => {}
    }
    let expected = format!("Bot {}", world.token);
    if call.authorization.as_ref() != Some(&expected) {
        return Err(refused::Unauthorized());
    }
    match (method, parts.as_slice()) {
        ("GET", ["gateway", "bot"]) => Ok(Reply::Json(users::gateway_bot(world))),
        (_, ["users", rest @ ..]) => users::route(world, call, rest),
        ("GET", ["applications", "@me"] | ["oauth2", "applications", "@me"]) => {
            Ok(Reply::Json(users::application(world)))
        }
        (_, ["applications", application, rest @ ..]) => commands::route(world, call, application, rest),
        (_, ["guilds", guild, rest @ ..]) => guilds::route(world, call, id(guild)?, rest),
        (_, ["channels", channel, rest @ ..]) => channels::route(world, call, id(channel)?, rest),
        _ => Err(refused::NotFound()),
    }
}

/// An id from a path.
fn id(text: &str) -> Result<Snowflake, ApiError> {
    text.parse().map_err(|_| {
        ApiError::form(json!({ "id": { "_errors": [{
            "code": "NUMBER_TYPE_COERCE",
            "message": format!("Value \"{text}\" is not snowflake."),
        }] } }))
    })
}

/// An id in a body, where it is a text, or by courtesy a number.
fn id_in(value: &Value) -> Option<Snowflake> {
    match value {
        Value::String(text) => text.parse().ok(),
        Value::Number(number) => number.as_u64().map(Snowflake::from),
        _ => None,
    }
}
