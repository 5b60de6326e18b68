//! Calls to Discord's API that are tried again while that helps, and what is wrong with those that fail.

use std::time::Duration;

use serenity::all::{Error, HttpError};
use thiserror::Error as ThisError;
use tokio::time::Instant;

/// The pause before the second try; it doubles with each.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// The longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// How long one try may take.
pub(super) const TRY: Duration = Duration::from_secs(15);

/// Why a call failed for good.
#[derive(Clone, Debug, PartialEq, Eq, ThisError)]
pub(super) enum Fault {
    /// The channel, message or thread is not there any more.
    #[error("it is not there any more ({0})")]
    Gone(String),
    /// A permission is missing.
    #[error("Discord does not allow it ({0})")]
    Forbidden(String),
    /// An interaction is too old, or has been answered.
    #[error("the interaction is over ({0})")]
    Over(String),
    /// The token is not accepted.
    #[error("the token of the bot is not accepted")]
    Token,
    /// Discord does not take what was sent.
    #[error("Discord does not take it ({0})")]
    Invalid(String),
    /// Discord cannot be reached, or is too busy. Later it may work.
    #[error("Discord cannot be reached ({0})")]
    Away(String),
}

impl Fault {
    /// What kind of failure `error` is.
    pub(super) fn of(error: &Error) -> Self {
        let Error::Http(error) = error else { return Self::of_other(error) };
        let response = match error {
            HttpError::UnsuccessfulRequest(response) => response,
            HttpError::Request(error) => return Self::Away(broken(error).to_owned()),
            other => return Self::Away(other.to_string()),
        };
        let (status, code) = (response.status_code, response.error.code);
        let said = format!("{} {}", status.as_u16(), response.error.message);
        // Codes of Discord's documentation, "JSON Error Codes".
        match (status.as_u16(), code) {
            (_, 10_015 | 10_062 | 40_060 | 50_027) => Self::Over(said),
            (401, _) => Self::Token,
            (429 | 500.., _) => Self::Away(said),
            (404, _) => Self::Gone(said),
            (403, _) => Self::Forbidden(said),
            _ => Self::Invalid(with_details(said, response)),
        }
    }

    fn of_other(error: &Error) -> Self {
        match error {
            Error::Model(_) | Error::Json(_) | Error::ExceededLimit(..) | Error::NotInRange(..) => {
                Self::Invalid(error.to_string())
            }
            other => Self::Away(other.to_string()),
        }
    }

    /// Whether trying again may help.
    pub(super) fn is_passing(&self) -> bool {
        matches!(self, Self::Away(_))
    }
}

/// What went wrong on the way. The error's own words hold the address, and that may hold a token.
fn broken(error: &reqwest::Error) -> &'static str {
    if error.is_timeout() {
        "it does not answer in time"
    } else if error.is_connect() {
        "no connection can be made"
    } else {
        "the connection broke"
    }
}

fn with_details(said: String, response: &serenity::http::ErrorResponse) -> String {
    let details = response.error.errors.iter().map(|one| format!("{}: {}", one.path, one.message));
    let details: Vec<_> = details.take(5).collect();
    if details.is_empty() { said } else { format!("{said}: {}", details.join("; ")) }
}

/// Makes a call until it works, cannot work, or `patience` is over.
pub(super) async fn patiently<T, F>(patience: Duration, call: impl Fn() -> F) -> Result<T, Fault>
where
    F: Future<Output = serenity::Result<T>>,
{
    let deadline = Instant::now() + patience;
    let mut pause = FIRST_PAUSE;
    loop {
        let fault = match within(TRY.min(patience), call()).await {
            Ok(value) => return Ok(value),
            Err(fault) => fault,
        };
        if !fault.is_passing() || Instant::now() + pause >= deadline {
            return Err(fault);
        }
        tracing::debug!("{fault}; trying again in {pause:?}");
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Makes a call once: whoever makes it again has to look first what became of it, or has something newer to say.
pub(super) async fn within<T>(
    patience: Duration,
    call: impl Future<Output = serenity::Result<T>>,
) -> Result<T, Fault> {
    match tokio::time::timeout(patience, call).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(Fault::of(&error)),
        Err(_) => Err(Fault::Away("it does not answer".to_owned())),
    }
}
