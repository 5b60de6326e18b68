//! Sends the log to standard error, as text or as JSON, as much of it as was asked for.

use std::io;

use thiserror::Error;
use tracing::subscriber::SetGlobalDefaultError;
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{FilterExt, ParseError, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;

use crate::config::{Log, LogFormat, LogLevel};

/// Why nothing is logged.
#[expect(missing_docs, reason = "the messages say it")]
#[derive(Debug, Error)]
pub enum TelemetryError {
    #[error("BANDMASTER_LOG={directives} is not a list such as `warn,bandmaster::store=debug`")]
    Directives { directives: String, source: ParseError },
    #[error("the log was started twice")]
    Twice { source: SetGlobalDefaultError },
}

/// Starts the log of this process. `usual` is the level that applies when the operator says nothing:
/// `Warn` for a single command, whose answer is what matters, and `Info` for a service.
pub fn start(log: &Log, usual: LogLevel) -> Result<(), TelemetryError> {
    let subscriber = subscriber(log, usual, io::stderr)?;
    tracing::subscriber::set_global_default(subscriber).map_err(|source| TelemetryError::Twice { source })
}

fn subscriber<W>(
    log: &Log,
    usual: LogLevel,
    out: W,
) -> Result<Box<dyn Subscriber + Send + Sync>, TelemetryError>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    // No colours: the log ends in a file or a journal far more often than before somebody's eyes.
    let lines = tracing_subscriber::fmt::layer().with_writer(out).with_ansi(false);
    let wanted = filter(log, usual)?.and(filter_fn(may_be_told));
    Ok(match log.format {
        LogFormat::Text => Box::new(tracing_subscriber::registry().with(lines.with_filter(wanted))),
        LogFormat::Json => {
            let lines = lines.json().flatten_event(true);
            Box::new(tracing_subscriber::registry().with(lines.with_filter(wanted)))
        }
    })
}

/// What libraries say in detail holds addresses and headers, and those hold tokens. No setting lets that through.
fn may_be_told(what: &Metadata<'_>) -> bool {
    *what.level() <= Level::WARN || what.target().starts_with("bandmaster")
}

fn filter(log: &Log, usual: LogLevel) -> Result<EnvFilter, TelemetryError> {
    let Some(directives) = &log.directives else {
        return Ok(EnvFilter::new(word(log.level.unwrap_or(usual))));
    };
    EnvFilter::builder()
        .parse(directives)
        .map_err(|source| TelemetryError::Directives { directives: directives.clone(), source })
}

fn word(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Error => "error",
        LogLevel::Warn => "warn",
        LogLevel::Info => "info",
        LogLevel::Debug => "debug",
        LogLevel::Trace => "trace",
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use super::*;

    /// Keeps what is written, so that a test can read it.
    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(log: &Log, usual: LogLevel) -> String {
        let page = Page::default();
        let writer = page.clone();
        let subscriber = subscriber(log, usual, move || writer.clone()).unwrap();
        tracing::subscriber::with_default(subscriber, || {
            tracing::warn!(project = "demo", "slow disk");
            tracing::info!("opened");
        });
        String::from_utf8(page.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn as_much_is_logged_as_was_asked_for() {
        let log = |level, directives: Option<&str>| Log {
            level,
            directives: directives.map(str::to_owned),
            ..Log::default()
        };
        #[rustfmt::skip]
        let cases = [
            (log(None, None),                                     LogLevel::Warn,  1),
            (log(None, None),                                     LogLevel::Info,  2),
            (log(Some(LogLevel::Error), None),                    LogLevel::Info,  0),
            (log(Some(LogLevel::Error), Some("info")),            LogLevel::Warn,  2),
            (log(None, Some("off,bandmaster::telemetry=warn")),   LogLevel::Trace, 1),
        ];
        for (log, usual, lines) in cases {
            assert_eq!(logged(&log, usual).lines().count(), lines, "{log:?} {usual:?}");
        }
    }

    #[test]
    fn libraries_are_heard_only_when_something_is_wrong() {
        let log = Log { directives: Some("trace".to_owned()), ..Log::default() };
        let page = Page::default();
        let writer = page.clone();
        let subscriber = subscriber(&log, LogLevel::Trace, move || writer.clone()).unwrap();

        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(target: "library::http", "POST /interactions/1/token/callback");
            tracing::warn!(target: "library::gateway", "slow heartbeat");
            tracing::trace!("ours");
        });

        let text = String::from_utf8(page.0.lock().unwrap().clone()).unwrap();
        assert!(
            text.contains("slow heartbeat") && text.contains("ours") && !text.contains("token"),
            "{text}"
        );
    }

    #[test]
    fn json_has_one_object_to_a_line() {
        let log = Log { format: LogFormat::Json, ..Log::default() };

        let text = logged(&log, LogLevel::Warn);

        let line: serde_json::Value = serde_json::from_str(text.trim_end()).unwrap();
        assert_eq!((&line["level"], &line["project"]), (&"WARN".into(), &"demo".into()));
    }

    #[test]
    fn directives_that_mean_nothing_are_refused() {
        let log = Log { directives: Some("bandmaster=loud".to_owned()), ..Log::default() };

        let error = start(&log, LogLevel::Warn).unwrap_err();

        assert!(error.to_string().starts_with("BANDMASTER_LOG=bandmaster=loud is not a list"), "{error}");
    }
}
