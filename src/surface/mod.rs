//! Where people and programs speak to Bandmaster: text comes in, text goes out.
//!
//! Invariant: a surface decides nothing. It turns what came in into a command, hands it on, and shows the answer.
//!
//! Deliberately absent: the rules of a project (they are in the domain) and anything that outlives an answer.

pub mod parse;
