//! Real git for the tests of the store.

use std::io::Write;
use std::path::Path;
use std::process::Stdio;

/// Runs the `git` program in `folder` and returns what it printed. Fails the test if git fails.
#[expect(clippy::disallowed_methods, reason = "a test checks our bytes with the real program")]
pub(crate) fn git(folder: &Path, arguments: &[&str], input: &[u8]) -> String {
    let mut child = std::process::Command::new("git")
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", folder)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git {arguments:?}: {errors}");
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

/// An empty bare repository in a folder of its own.
pub(crate) fn bare_repository() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    git(folder.path(), &["init", "--quiet", "--bare"], b"");
    folder
}
