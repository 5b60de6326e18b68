//! Reads a request: JSON, or several parts with files.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::header;
use serde_json::Value;

use crate::sandbox::error::{ApiError, refused};
use crate::sandbox::rest::{API, Call};

/// Ten files of the largest size, and their descriptions.
const BODY: usize = 101 << 20;

/// A file that came with a request.
#[derive(Clone, Debug)]
pub(crate) struct Upload {
    /// The `n` of `files[n]`.
    pub(crate) index: String,
    pub(crate) name: String,
    pub(crate) content_type: Option<String>,
    pub(crate) bytes: Vec<u8>,
}

/// Reads all of a request. What cannot be read is in the second part, so that it can be noted anyway.
pub(crate) async fn read(request: Request) -> (Call, Option<ApiError>) {
    let (head, body) = request.into_parts();
    let header = |name| head.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let mut call = Call {
        method: head.method.to_string(),
        path: head.uri.path().strip_prefix(API).unwrap_or(head.uri.path()).to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        authorization: header(header::AUTHORIZATION),
        ..Call::default()
    };
    let content_type = header(header::CONTENT_TYPE).unwrap_or_default();
    let Ok(bytes) = to_bytes(body, BODY).await else { return (call, Some(refused::TooLarge())) };
    let parts = if content_type.starts_with("multipart/form-data") {
        let whole = Request::from_parts(head, Body::from(bytes));
        parts(whole).await
    } else {
        json(&bytes).map(|body| (body, Vec::new()))
    };
    match parts {
        Ok((body, files)) => {
            (call.body, call.files) = (body, files);
            (call, None)
        }
        Err(error) => (call, Some(error)),
    }
}

fn json(bytes: &Bytes) -> Result<Value, ApiError> {
    if bytes.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_slice(bytes).map_err(|_| refused::InvalidJson())
}

async fn parts(request: Request) -> Result<(Value, Vec<Upload>), ApiError> {
    let unreadable = |_| refused::InvalidJson();
    let mut parts = Multipart::from_request(request, &()).await.map_err(|_| refused::InvalidJson())?;
    let (mut body, mut files) = (Value::Null, Vec::new());
    while let Some(part) = parts.next_field().await.map_err(unreadable)? {
        let field = part.name().unwrap_or_default().to_owned();
        let name = part.file_name().unwrap_or("unknown").to_owned();
        let content_type = part.content_type().map(str::to_owned);
        let bytes = part.bytes().await.map_err(unreadable)?;
        let index = field.strip_prefix("files[").and_then(|rest| rest.strip_suffix(']'));
        match (field.as_str(), index) {
            ("payload_json", _) => body = json(&bytes)?,
            (_, Some(index)) => {
                files.push(Upload { index: index.to_owned(), name, content_type, bytes: bytes.to_vec() });
            }
            _ => return Err(refused::InvalidJson()),
        }
    }
    Ok((body, files))
}
