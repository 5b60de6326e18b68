//! Lets the options of `do` stand anywhere, although a command may have options of its own.

use std::ffi::OsString;

use clap::{ArgAction, Command};

use crate::surface::parse;

/// The action whose command line also holds a command of the chat.
const DO: &str = "do";
/// The option of ours that some commands have too, as in `log --id S-1`; there it is theirs.
const SHARED: &str = "id";

/// The same arguments, with the options of `do` in front of the command and `--` between the two. What is no option
/// of ours stays where it is; nothing behind a `--` is one.
pub(super) fn options_first(args: Vec<OsString>, program: &Command) -> Vec<OsString> {
    let Some(action) = program.find_subcommand(DO) else { return args };
    let options = Options { all: program.get_arguments().chain(action.get_arguments()).collect() };
    let Some(at) = options.first_word(&args, 1).filter(|at| args[*at] == DO) else { return args };
    let mut sorted = args[..=at].to_vec();
    let mut text = Vec::new();
    let mut rest = args[at + 1..].iter().peekable();
    while let Some(arg) = rest.next() {
        if arg == "--" {
            text.extend(rest.by_ref().cloned());
            break;
        }
        match options.find(arg) {
            Some(option) if option.name != SHARED || !is_theirs(&text) => {
                sorted.push(arg.clone());
                sorted.extend(rest.next_if(|_| option.takes_next).cloned());
            }
            _ => text.push(arg.clone()),
        }
    }
    if !text.is_empty() {
        sorted.push("--".into());
        sorted.append(&mut text);
    }
    sorted
}

/// Whether the command that begins with `words` has an argument of that name.
fn is_theirs(words: &[OsString]) -> bool {
    let words: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
    parse::has_argument(&words.join(" "), SHARED)
}

struct Options<'a> {
    all: Vec<&'a clap::Arg>,
}

struct Found<'a> {
    name: &'a str,
    /// Whether the next argument is its value.
    takes_next: bool,
}

impl Options<'_> {
    /// The place of the first argument from `from` on that is neither an option nor the value of one.
    fn first_word(&self, args: &[OsString], from: usize) -> Option<usize> {
        let arg = args.get(from)?;
        match self.find(arg) {
            Some(option) => self.first_word(args, from + 1 + usize::from(option.takes_next)),
            None => Some(from),
        }
    }

    fn find(&self, arg: &OsString) -> Option<Found<'_>> {
        let arg = arg.to_str()?;
        if matches!(arg, "--help" | "-h") {
            return Some(Found { name: "help", takes_next: false });
        }
        let (name, has_value) = arg.split_once('=').map_or((arg, false), |(name, _)| (name, true));
        let is_called = |option: &&&clap::Arg| match name.strip_prefix("--") {
            Some(long) => option.get_long() == Some(long),
            None => option.get_short().is_some_and(|short| name == format!("-{short}")),
        };
        let option = self.all.iter().find(is_called)?;
        let is_flag =
            matches!(option.get_action(), ArgAction::SetTrue | ArgAction::Help | ArgAction::Version);
        Some(Found { name: option.get_id().as_str(), takes_next: !is_flag && !has_value })
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::surface::cli::args::Cli;

    fn sorted(line: &str) -> String {
        let args = line.split(' ').map(OsString::from).collect();
        let sorted = options_first(args, &Cli::command());
        sorted.iter().map(|arg| arg.to_str().unwrap()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn options_of_ours_come_before_the_command() {
        #[rustfmt::skip]
        let cases = [
            ("bm do state --json",                     "bm do --json -- state"),
            ("bm do -p shop state",                    "bm do -p shop -- state"),
            ("bm do sprint plan --goal x -p shop",     "bm do -p shop -- sprint plan --goal x"),
            ("bm do undo --confirm --project=x --as y", "bm do --project=x --as y -- undo --confirm"),
            ("bm do --id 7 log --id S-1",              "bm do --id 7 -- log --id S-1"),
            ("bm do sprint start --id 7",              "bm do --id 7 -- sprint start"),
            ("bm do epic -- a --json",                 "bm do -- epic a --json"),
            ("bm do epic -5 degrees",                  "bm do -- epic -5 degrees"),
            ("bm do epic -",                           "bm do -- epic -"),
            ("bm --data-dir do do state --color never", "bm --data-dir do do --color never -- state"),
            ("bm do --help",                           "bm do --help"),
            ("bm do",                                  "bm do"),
            ("bm log --id S-1",                        "bm log --id S-1"),
            ("bm",                                     "bm"),
        ];
        for (line, expected) in cases {
            assert_eq!(sorted(line), expected, "for {line}");
        }
    }
}
