//! The one integration binary: a file per behaviour.
#![expect(clippy::unwrap_used, reason = "clippy excuses tests, but not the functions they share")]

mod commands_page;
mod docs;
mod tidy;
