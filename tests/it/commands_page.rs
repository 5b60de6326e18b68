//! Keeps the page about the commands equal to their descriptions.

use std::fs;
use std::path::Path;

use bandmaster::surface::parse::commands_page;

#[test]
fn the_page_says_what_the_commands_do() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs_src/commands.md");
    let made = commands_page();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &made).expect("cannot write docs_src/commands.md");
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();

    let differs = kept.lines().zip(made.lines()).position(|(kept, made)| kept != made);
    let line = differs.unwrap_or(kept.lines().count().min(made.lines().count())) + 1;
    assert!(
        kept == made,
        "docs_src/commands.md differs from the descriptions of the commands in line {line}; \
         write it again with: UPDATE_DOCS=1 cargo test --test it commands_page"
    );
}
