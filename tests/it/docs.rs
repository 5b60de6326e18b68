//! Keeps the pages true to the tree: the map names every module, links resolve, commands agree.

use std::fs;
use std::path::{Path, PathBuf};

use bandmaster::config::Config;
use bandmaster::surface::cli::args::Cli;
use bandmaster::surface::discord::needs;
use clap::CommandFactory;

use crate::tidy::{files, root};

#[test]
fn the_map_names_every_module() {
    let map = read("docs_src/architecture.md");
    for entry in fs::read_dir(root().join("src")).unwrap() {
        let entry = entry.unwrap();
        let mut name = entry.file_name().into_string().unwrap();
        if entry.file_type().unwrap().is_dir() {
            name.push('/');
        }
        // With a space before it: `app.rs` is not named by a line about `myapp.rs`.
        assert!(map.contains(&format!(" {name}")), "docs_src/architecture.md does not name src/{name}");
    }
}

#[test]
fn the_summary_lists_every_page() {
    let summary = read("docs_src/SUMMARY.md");
    let listed = links(&summary);
    for page in pages().into_iter().filter(|page| !page.ends_with("SUMMARY.md")) {
        let name = page.strip_prefix(root().join("docs_src")).unwrap().to_str().unwrap().to_owned();
        assert!(listed.contains(&name), "docs_src/SUMMARY.md does not list {name}");
    }
}

#[test]
fn links_lead_somewhere() {
    for page in pages().into_iter().chain([root().join("README.md")]) {
        let text = fs::read_to_string(&page).unwrap();
        for link in links(&text) {
            let (file, section) = link.split_once('#').unwrap_or((&link, ""));
            let target = if file.is_empty() { page.clone() } else { page.parent().unwrap().join(file) };
            assert!(target.exists(), "{} links to {link}, which is not there", page.display());
            let found = section.is_empty()
                || sections(&fs::read_to_string(&target).unwrap()).contains(&section.to_owned());
            assert!(found, "{} links to {link}, which has no such section", page.display());
        }
    }
}

#[test]
fn the_checks_run_the_test_command_of_the_readme() {
    let readme = read("README.md");
    let command =
        readme.lines().map(str::trim).find(|line| line.starts_with("cargo ") && line.contains("test"));
    let command = command.expect("the README names no test command");

    let script = read(".ci/run");
    assert!(script.lines().any(|line| line.trim() == command), ".ci/run has no line `{command}`");
}

#[test]
fn the_reference_names_every_key_of_the_configuration() {
    let reference = read("docs_src/operate.md");
    for line in read("config.toml").lines() {
        let line = line.trim_start_matches("# ");
        let Some((key, _)) = line.split_once(" = ") else { continue };
        assert!(reference.contains(&format!("`{key}`")), "docs_src/operate.md does not name `{key}`");
    }
}

#[test]
fn configurations_on_the_pages_are_read() {
    let mut seen = 0;
    for page in pages() {
        for text in code(&fs::read_to_string(&page).unwrap(), "toml") {
            Config::parse(&text, &page).unwrap_or_else(|error| panic!("{error}"));
            seen += 1;
        }
    }
    assert!(seen > 0, "no page shows a configuration");
}

#[test]
fn the_page_about_discord_lists_exactly_the_permissions_that_are_asked_for() {
    let page = read("docs_src/discord.md");
    let lines = page.lines().skip_while(|line| !line.starts_with("| permission |"));
    let table: String =
        lines.take_while(|line| line.starts_with('|')).map(|line| format!("{line}\n")).collect();

    assert_eq!(table, needs::table());
}

#[test]
fn commands_on_the_page_about_discord_are_there() {
    let (page, commands) = (read("docs_src/discord.md"), read("docs_src/commands.md"));
    let known: Vec<_> = commands.lines().filter_map(|line| line.strip_prefix("### ")).collect();
    let spoken = page.split('`').skip(1).step_by(2).filter(|text| text.starts_with('/'));
    // Paths have a second slash.
    let spoken: Vec<_> = spoken.filter(|text| !text[1..].starts_with("etc") && text.len() > 1).collect();

    assert!(spoken.len() > 5, "{spoken:?}");
    for text in spoken {
        let is_it = |command: &&str| {
            text.strip_prefix(*command).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
        };
        assert!(known.iter().any(is_it), "docs_src/discord.md: `{text}` is no command");
    }
}

#[test]
fn actions_of_the_command_line_on_the_pages_are_there() {
    for page in pages().into_iter().chain([root().join("README.md")]) {
        let blocks = code(&fs::read_to_string(&page).unwrap(), "sh");
        let lines = blocks.iter().flat_map(|text| text.lines());
        for words in lines.filter_map(called) {
            assert!(is_action(words), "{}: `{words}` names no action", page.display());
        }
    }
}

/// Whether the first words are an action, and one of that action where it has some.
fn is_action(words: &str) -> bool {
    let mut action = Cli::command();
    for word in words.split_whitespace().take_while(|word| !word.starts_with('-')) {
        if !action.has_subcommands() {
            break;
        }
        let Some(found) = action.find_subcommand(word) else { return false };
        action = found.clone();
    }
    true
}

/// What a line of a shell gives to our program.
fn called(line: &str) -> Option<&str> {
    line.strip_prefix("bandmaster ").or_else(|| line.strip_prefix("cargo run --release -- "))
}

#[test]
fn links_are_found_in_text_and_not_in_code() {
    let text = "[a](b.md) and ![c](d.svg#e)\n```\n[no](no.md)\n```\n`[no](no.md)` [far](https://example.org)";

    assert_eq!(links(text), ["b.md", "d.svg#e"]);
}

/// The relative links of a page.
fn links(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in prose(text) {
        // What stands between two backticks is code.
        for text in line.split('`').step_by(2) {
            let ends = text.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
            found.extend(ends.map(|(link, _)| link.to_owned()).filter(|link| !link.contains("://")));
        }
    }
    found
}

/// The names by which links reach the headings of a page.
fn sections(text: &str) -> Vec<String> {
    let heading =
        |line: &str| line.starts_with('#').then(|| line.trim_start_matches('#').trim().to_lowercase());
    let kept = |c: &char| c.is_alphanumeric() || ['-', '_', ' '].contains(c);
    prose(text)
        .filter_map(heading)
        .map(|text| text.chars().filter(kept).collect::<String>().replace(' ', "-"))
        .collect()
}

/// The blocks of code in a language.
fn code(text: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    let blocks = text.split(&fence).skip(1).filter_map(|rest| rest.split_once("```"));
    blocks.map(|(block, _)| block.to_owned()).collect()
}

/// The lines outside blocks of code.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut in_code = false;
    text.lines().filter(move |line| {
        let fence = line.trim_start().starts_with("```");
        in_code ^= fence;
        !in_code && !fence
    })
}

fn pages() -> Vec<PathBuf> {
    files(&root().join("docs_src"))
        .into_iter()
        .filter(|path| path.extension().is_some_and(|end| end == "md"))
        .collect()
}

fn read(path: impl AsRef<Path>) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}
