//! Turns the command line into a running program, and its result into an exit code.

use std::io::Write;
use std::process::ExitCode;

/// Reading a project is a few thousand small allocations on several threads, which the allocator of the system
/// answers with as many calls to the kernel.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let env = |name: &str| std::env::var(name).ok();
    let (code, complaint) = bandmaster::app::run(std::env::args_os(), &env);
    if let Some(complaint) = complaint {
        // With nobody to read it there is nothing left to do.
        let _ = writeln!(std::io::stderr(), "bandmaster: {complaint}");
    }
    ExitCode::from(code)
}
