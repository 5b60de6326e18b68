//! The page of the manual about the commands, made from their descriptions so that it cannot differ from them.

use std::fmt::Write;

use crate::domain::command::Scope;
use crate::surface::parse::help::{CommandHelp, about, overview};

const HEAD: &str = "\
# Commands

This page is made from the descriptions of the commands in `src/surface/parse/spec/`; a test compares the two, and
`UPDATE_DOCS=1 cargo test --test it commands_page` writes the page again.

## How a command is written

The same text works everywhere. In a chat it begins with `/`; elsewhere the `/` may be left out.

- Arguments have names: `points:5`, `goal:\"ship it\"`, or `--points 5`, `--points=5`, `--confirm`.
- The names may be left out where the place says enough: first come the arguments that are needed (`<so>`), then the
  others (`[so]`) in the order of the usage line. Those marked *by name* always need their name;
  where they take yes or no, the name alone means yes.
- Free text takes all words that follow, line ends included, and needs no quotes:
  `/backlog add As a user I log in priority:high`. Words like `http://x` or `12:30` stay text; only names of the
  command's own arguments mean something. Put the text in quotes if it must contain one of those.
- Quotes are `\"…\"`, `'…'` and `“…”`. Between `\"` and `\"`, write `\\\"` for a quote, `\\\\` for a backslash, `\\n` for a new
  line. Behind `--` nothing is an argument by its name.
- Several ids have blanks or commas between them: `S-1 S-2`, `ids:S-1,S-2`. Capitals do not matter.
- Several lines (`criteria`) have `;` between them; write `\\;` for the sign itself.
- Every command takes `project:name`, to speak to another project.
- A command has at most 16 KiB, a text at most 4,000 characters.
";

/// The whole page, in Markdown.
pub fn commands_page() -> String {
    let mut page = HEAD.to_owned();
    for section in overview() {
        let _ = write!(page, "\n## {}\n", section.title);
        for spec in section.commands {
            page += &command(&about(spec.kind));
        }
    }
    page
}

fn command(help: &CommandHelp) -> String {
    let CommandHelp { spec, usage, when, arguments } = help;
    let mut text = format!("\n### /{}\n\n{}\n\n```text\n/{usage}\n```\n", spec.kind, spec.summary);
    if !spec.details.is_empty() {
        let _ = write!(text, "\n{}\n", spec.details);
    }
    if !arguments.is_empty() {
        text += "\n| argument | takes | |\n|---|---|---|\n";
    }
    for ([name, takes, description], argument) in arguments.iter().zip(spec.in_order()) {
        let by_name = if argument.placed { "" } else { "; *by name*" };
        let _ = writeln!(text, "| `{name}` | {takes}{by_name} | {description} |");
    }
    let _ = write!(text, "\n{when}{}\n", kept(spec.kind.scope()));
    let examples: Vec<_> = spec.examples.iter().map(|example| format!("`/{example}`")).collect();
    if !arguments.is_empty() {
        let _ = write!(text, "\nFor example: {}\n", examples.join(", "));
    }
    if !spec.aliases.is_empty() {
        let aliases: Vec<_> = spec.aliases.iter().map(|alias| format!("`/{alias}`")).collect();
        let _ = write!(text, "\nAlso: {}\n", aliases.join(", "));
    }
    text
}

fn kept(scope: Scope) -> &'static str {
    match scope {
        Scope::Change => " What it changes is kept as a commit.",
        Scope::Node | Scope::Read => "",
    }
}
