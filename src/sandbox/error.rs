//! What goes wrong: for the bot, in Discord's own words and codes; for a person, in ours.

use std::time::Duration;

use serde_json::{Value, json};
use thiserror::Error;

/// A refusal as the API of Discord words it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ApiError {
    pub(crate) status: u16,
    code: u32,
    message: String,
    errors: Option<Value>,
}

impl ApiError {
    pub(crate) fn new(status: u16, code: u32, message: &str) -> Self {
        Self { status, code, message: message.to_owned(), errors: None }
    }

    /// The body of a request is not what it should be; `errors` says where.
    pub(crate) fn form(errors: Value) -> Self {
        Self { errors: Some(errors), ..Self::new(400, 50035, "Invalid Form Body") }
    }

    pub(crate) fn json(&self) -> Value {
        let mut json = json!({ "message": self.message, "code": self.code });
        if let Some(errors) = &self.errors {
            json["errors"] = errors.clone();
        }
        json
    }
}

#[expect(non_snake_case, reason = "they read like constants, which they cannot be")]
pub(crate) mod refused {
    //! The refusals that more than one route gives.

    use super::ApiError;

    macro_rules! refusals {
        ($($name:ident: $status:literal $code:literal $message:literal,)+) => {
            $(pub(crate) fn $name() -> ApiError { ApiError::new($status, $code, $message) })+
        };
    }

    refusals! {
        Unauthorized: 401 0 "401: Unauthorized",
        NotFound: 404 0 "404: Not Found",
        MethodNotAllowed: 405 0 "405: Method Not Allowed",
        UnknownChannel: 404 10003 "Unknown Channel",
        UnknownGuild: 404 10004 "Unknown Guild",
        UnknownMember: 404 10007 "Unknown Member",
        UnknownMessage: 404 10008 "Unknown Message",
        UnknownUser: 404 10013 "Unknown User",
        UnknownWebhook: 404 10015 "Unknown Webhook",
        UnknownInteraction: 404 10062 "Unknown interaction",
        UnknownCommand: 404 10063 "Unknown application command",
        NotThisApplication: 403 20012 "You are not authorized to perform this action on this application",
        TooManyPins: 400 30003 "Maximum number of pins reached for the channel (50)",
        TooManyChannels: 400 30013 "Maximum number of guild channels reached (500)",
        TooLarge: 413 40005 "Request entity too large",
        AlreadyAcknowledged: 400 40060 "Interaction has already been acknowledged.",
        ThreadExists: 400 160004 "A thread has already been created for this message",
        MissingAccess: 403 50001 "Missing Access",
        NotOfThisChannelKind: 400 50024 "Cannot execute action on this channel type",
        AnothersMessage: 403 50005 "Cannot edit a message authored by another user",
        EmptyMessage: 400 50006 "Cannot send an empty message",
        CannotMessageUser: 403 50007 "Cannot send messages to this user",
        MissingPermissions: 403 50013 "Missing Permissions",
        SystemMessage: 403 50021 "Cannot execute action on a system message",
        InvalidWebhookToken: 401 50027 "Invalid Webhook Token",
        ThreadArchived: 400 50083 "Thread is archived",
        ThreadLocked: 403 160005 "Thread is locked",
        TooManyThreads: 400 160006 "Maximum number of active threads reached",
        InvalidJson: 400 50109 "The request body contains invalid JSON.",
    }
}

/// Why a person could not do something, or did not see what was awaited.
#[expect(missing_docs, reason = "the messages say it")]
#[derive(Debug, Error)]
pub enum SandboxError {
    #[error("cannot listen on the loopback")]
    Listen(#[source] std::io::Error),
    #[error("there is no channel `{0}` that {1} can see")]
    NoSuchChannel(String, String),
    #[error("there is no guild {0}")]
    NoSuchGuild(super::Snowflake),
    #[error("there is no message {0} that {1} can see")]
    NoSuchMessage(super::Snowflake, String),
    #[error("there is no command `/{wanted}` here; registered are: {registered}")]
    NoSuchCommand { wanted: String, registered: String },
    #[error("{0} may not use `/{1}`")]
    NotAllowed(String, String),
    #[error("`/{command}` has no option `{option}`; it has: {known}")]
    NoSuchOption { command: String, option: String, known: String },
    #[error("`/{command}` needs the option `{option}`")]
    MissingOption { command: String, option: String },
    #[error("the option `{option}` does not take {given}: {why}")]
    WrongOption { option: String, given: String, why: String },
    #[error("the message has no {0} `{1}`; it has: {2}")]
    NoSuchComponent(&'static str, String, String),
    #[error("`{0}` is disabled")]
    Disabled(String),
    #[error("`{0}` does not take {1}")]
    WrongChoice(String, String),
    #[error("{what} did not happen within {limit:?}; seen last: {last}")]
    TooSlow { what: String, limit: Duration, last: String },
    #[error("expected {0}")]
    Unexpected(String),
}
