//! Turns the command line into a running program, and its result into an exit code.

fn main() {}
