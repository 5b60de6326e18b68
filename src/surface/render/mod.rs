//! From an answer to what a person sees.
//!
//! Invariants:
//!
//! - No line is wider than asked for, unless a single sign is.
//! - No text that came from people or from git reaches a terminal as a control sequence.
//!
//! Deliberately absent: what is said; answers know that.

pub mod document;
pub mod image;
pub mod picture;
pub mod text;
mod ways;
mod wrap;

pub(crate) use crate::surface::render::wrap::{Look, Span, harmless, spans};
