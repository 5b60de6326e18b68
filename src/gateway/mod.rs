//! Stands between the surfaces and the engine: may this person ask for that, and of which project?
//!
//! Invariant: every command passes [`access::allow`] before the engine sees it, whatever surface it came from.
//!
//! Deliberately absent: how a surface knows a person. It hands in [`access::Rights`].

pub mod access;
