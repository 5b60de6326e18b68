//! Keeps the tree in the shape that the architecture page draws: layers, lengths, headers, homes of crates.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Our modules, lowest first. A module may use those of a lower row, never those of a higher one, and
/// not its neighbours in the same row.
const LAYERS: [&[&str]; 7] = [
    &["domain"],
    &["store", "ledger", "agent", "tracker"],
    &["engine"],
    &["gateway"],
    &["surface"],
    &["bench"],
    &["app"],
];

/// Modules that stand beside the layers and use none of them.
const BESIDE: [&str; 4] = ["config", "process", "sandbox", "telemetry"];

/// Crates, and parts of std, that only some modules may name.
const KEPT_IN: [(&str, &[&str]); 16] = [
    ("axum", &["sandbox"]),
    ("clap", &["surface/cli", "main.rs"]),
    ("env::var", &["config", "main.rs"]),
    ("git2", &["store"]),
    ("indicatif", &["bench", "surface/cli"]),
    ("inotify", &["store"]),
    ("nucleo_matcher", &["surface/discord"]),
    ("poise", &["surface/discord"]),
    ("rusqlite", &["bench", "ledger"]),
    ("rustyline", &["surface/console"]),
    ("serenity", &["surface/discord"]),
    ("notosans", &["surface/render/image"]),
    ("resvg", &["surface/render/image"]),
    ("skrifa", &["surface/render/image"]),
    ("statig", &["domain"]),
    ("tokio", &["engine", "gateway", "surface", "bench", "sandbox", "app.rs", "main.rs"]),
];

/// What would give the domain a clock, a disk, a network or a scheduler.
const IMPURE: [&str; 10] = [
    "async fn",
    ".await",
    "Instant::now",
    "SystemTime",
    "Timestamp::now",
    "Zoned::now",
    "std::fs",
    "std::net",
    "std::process",
    "std::thread",
];

/// Ways to write a path that the tests below could not see through.
const HIDING: [&str; 2] = ["crate::{", "super::super"];

/// All there is at the top, apart from dotfiles and what git ignores.
const TOP_LEVEL: [&str; 9] = [
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "README.md",
    "benches",
    "config.toml",
    "docs_src",
    "src",
    "templates",
];

const LONGEST_FILE: usize = 600;
const LONGEST_FUNCTION: usize = 70;
const NINE_TENTHS_OF_FUNCTIONS: usize = 30;

#[test]
fn no_module_uses_a_higher_one_or_its_neighbour() {
    for (path, text) in sources() {
        for module in forbidden_in(&path) {
            let used = code(&text).find(|line| names(line, &format!("crate::{module}")));
            assert_eq!(used, None, "{} uses `{module}`, which it may not know", path.display());
        }
    }
}

#[test]
fn every_module_has_its_place() {
    let known: Vec<&str> = LAYERS.concat().into_iter().chain(BESIDE).chain(["lib", "main"]).collect();
    for (path, _) in sources() {
        let top = top_module(&path);
        assert!(known.contains(&top.as_str()), "the layers do not say where `{top}` belongs");
    }
}

#[test]
fn paths_are_written_out() {
    for (path, text) in sources() {
        let hidden = code(&text).find(|line| HIDING.iter().any(|way| line.contains(way)));
        assert_eq!(hidden, None, "in {}", path.display());
    }
}

#[test]
fn outside_crates_stay_where_they_belong() {
    for (path, text) in sources() {
        for (krate, homes) in KEPT_IN {
            let used = code(&text).find(|line| names(line, krate));
            let at_home =
                homes.iter().any(|home| path.starts_with(home) || path.with_extension("").starts_with(home));
            assert!(used.is_none() || at_home, "{} uses `{krate}`: {used:?}", path.display());
        }
    }
}

#[test]
fn the_domain_is_pure() {
    for (path, text) in sources().into_iter().filter(|(path, _)| path.starts_with("domain")) {
        let impure = code(&text).find(|line| IMPURE.iter().any(|word| line.contains(word)));
        assert_eq!(impure, None, "in {}", path.display());
    }
}

#[test]
fn every_file_is_short_and_says_what_it_is_for() {
    for (path, text) in all_rust() {
        let lines = text.lines().count();
        assert!(lines <= LONGEST_FILE, "{} has {lines} lines", path.display());
        assert!(text.starts_with("//! "), "{} has no header", path.display());
    }
}

#[test]
fn functions_are_short() {
    let mut lengths = Vec::new();
    for (path, text) in all_rust() {
        for (line, length) in functions(&text) {
            assert!(length <= LONGEST_FUNCTION, "{}:{line} has {length} lines", path.display());
            lengths.push(length);
        }
    }
    lengths.sort_unstable();
    let nine_tenths = lengths[lengths.len() * 9 / 10];
    assert!(
        nine_tenths <= NINE_TENTHS_OF_FUNCTIONS,
        "a tenth of the functions have {nine_tenths} lines or more"
    );
}

#[test]
fn the_scanner_sees_every_kind_of_function() {
    let text = "pub(crate) const fn a() {}\nimpl X {\n    async fn b(\n        c: u8,\n    ) -> u8 {\n        1\n    }\n    fn d(&self);\n}\n";

    assert_eq!(functions(text), [(1, 1), (3, 5), (8, 1)]);
}

#[test]
fn the_top_level_does_not_grow() {
    let allowed = BTreeSet::from(TOP_LEVEL);
    for entry in fs::read_dir(root()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let fine = name.starts_with('.')
            || ["target", "tests"].contains(&name.as_str())
            || allowed.contains(name.as_str());
        assert!(fine, "`{name}` does not belong at the top level");
    }
}

#[test]
fn no_snapshot_waits_to_be_looked_at() {
    for folder in ["src", "tests"] {
        for path in files(&root().join(folder)) {
            let name = path.file_name().unwrap().to_str().unwrap();
            assert!(!name.ends_with(".snap.new") && !name.ends_with(".pending-snap"), "{}", path.display());
        }
    }
}

/// The modules that the file at `path` (below `src`) may not name.
fn forbidden_in(path: &Path) -> Vec<&'static str> {
    let module = top_module(path);
    if BESIDE.contains(&module.as_str()) {
        return LAYERS.concat();
    }
    let Some(row) = LAYERS.iter().position(|row| row.contains(&module.as_str())) else { return Vec::new() };
    let mut forbidden: Vec<_> = LAYERS[row..].concat().into_iter().filter(|other| *other != module).collect();
    if row == 0 {
        forbidden.extend(BESIDE);
    }
    forbidden
}

/// `store` for `store/commit.rs` and for `store.rs`.
fn top_module(path: &Path) -> String {
    let first = path.components().next().unwrap();
    Path::new(first.as_os_str()).file_stem().unwrap().to_str().unwrap().to_owned()
}

/// Whether `line` has `word` as the beginning of a path, and not as a part of another word.
fn names(line: &str, word: &str) -> bool {
    let in_word = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        let path_goes_on = word.contains("::") || line[at + word.len()..].starts_with("::");
        !before.is_some_and(in_word) && !after.is_some_and(in_word) && path_goes_on
    })
}

/// The lines that are not comments.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.trim_start().starts_with("//"))
}

/// First line and length of each function. Relies on rustfmt: the brace that closes one stands in the
/// column where it began.
fn functions(text: &str) -> Vec<(usize, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        if begins_function(lines[at]) {
            let length = function_length(&lines[at..]);
            found.push((at + 1, length));
            at += length;
        } else {
            at += 1;
        }
    }
    found
}

fn begins_function(line: &str) -> bool {
    let mut words = line.split_whitespace().skip_while(|word| {
        word.starts_with("pub") || ["const", "async", "unsafe", "extern", "default"].contains(word)
    });
    words.next() == Some("fn")
}

fn function_length(lines: &[&str]) -> usize {
    let indent = lines[0].len() - lines[0].trim_start().len();
    let end = format!("{}}}", &lines[0][..indent]);
    let mut has_body = false;
    for (at, line) in lines.iter().enumerate() {
        has_body |= line.contains('{');
        let one_line = at == 0 && line.ends_with('}');
        let declaration = !has_body && line.ends_with(';');
        if one_line || declaration || line.trim_end() == end {
            return at + 1;
        }
    }
    lines.len()
}

/// Every file of the program: its path below `src`, and its text.
fn sources() -> Vec<(PathBuf, String)> {
    rust_below("src")
}

fn all_rust() -> Vec<(PathBuf, String)> {
    ["src", "tests", "benches"].into_iter().flat_map(rust_below).collect()
}

fn rust_below(folder: &str) -> Vec<(PathBuf, String)> {
    let base = root().join(folder);
    let rust = files(&base).into_iter().filter(|path| path.extension().is_some_and(|end| end == "rs"));
    rust.map(|path| (path.strip_prefix(&base).unwrap().to_owned(), fs::read_to_string(&path).unwrap()))
        .collect()
}

/// Every file below `folder`; none if there is no such folder.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The top of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
