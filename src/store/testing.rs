//! Real git for the tests of the store.

use std::io::Write;
use std::path::Path;
use std::process::Stdio;

/// Runs the `git` program in `folder` and returns what it printed. Fails the test if git fails.
pub(crate) fn git(folder: &Path, arguments: &[&str], input: &[u8]) -> String {
    try_git(folder, arguments, input).unwrap_or_else(|errors| panic!("git {arguments:?}: {errors}"))
}

/// Runs the `git` program in `folder`: what it printed, or what it complained about.
#[expect(clippy::disallowed_methods, reason = "a test checks our bytes with the real program")]
pub(crate) fn try_git(folder: &Path, arguments: &[&str], input: &[u8]) -> Result<String, String> {
    let mut child = std::process::Command::new("git")
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", folder)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .envs(["GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"].map(|name| (name, "Ada")))
        .envs(["GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"].map(|name| (name, "ada@example.org")))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    Ok(String::from_utf8(output.stdout).unwrap().trim_end().to_owned())
}

/// An empty bare repository in a folder of its own.
pub(crate) fn bare_repository() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    git(folder.path(), &["init", "--quiet", "--bare"], b"");
    folder
}
