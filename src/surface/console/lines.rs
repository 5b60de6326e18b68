//! Where lines come from: an editor with history in a terminal, plain lines elsewhere.

use std::io::{self, BufRead, Read};
use std::path::{Path, PathBuf};

use anyhow::Context;
use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::{CompletionType, Config, Editor};

use crate::surface::console::completer::Knowledge;
use crate::surface::desk::Names;
use crate::surface::parse::INPUT_MAX;

/// How many lines are remembered.
const HISTORY: usize = 1000;

/// What came in.
pub(super) enum Line {
    /// A line, or several where all but the last end with a backslash.
    Typed(String),
    /// Something that is no text.
    NotText,
    /// Control-C.
    Interrupted,
    /// Nothing more will come.
    End,
}

/// A source of lines.
pub(super) enum Lines {
    Editor { editor: Option<Box<Editor<Knowledge, FileHistory>>>, history: PathBuf },
    Plain,
}

impl Lines {
    /// An editor where somebody sits at a terminal, else plain input.
    pub(super) fn open(interactive: bool, history: &Path) -> anyhow::Result<Self> {
        if !interactive {
            return Ok(Self::Plain);
        }
        let config = Config::builder().completion_type(CompletionType::List).max_history_size(HISTORY);
        let config = config.context("cannot set up the line editor")?.build();
        let mut editor: Editor<Knowledge, FileHistory> =
            Editor::with_config(config).context("cannot start the line editor")?;
        editor.set_helper(Some(Knowledge::default()));
        // A history that cannot be read is not worth stopping for.
        let _ = editor.load_history(history);
        Ok(Self::Editor { editor: Some(Box::new(editor)), history: history.to_owned() })
    }

    /// Waits for the next command.
    pub(super) async fn next(&mut self, prompt: &str, names: Names) -> anyhow::Result<Line> {
        let line = self.read(prompt, Knowledge { names, is_answer: false }).await?;
        if let (Line::Typed(line), Self::Editor { editor: Some(editor), history }) = (&line, self)
            && !line.trim().is_empty()
        {
            let _ = editor.add_history_entry(line);
            // At once, so that a window that is closed loses nothing.
            let _ = editor.append_history(history);
        }
        Ok(line)
    }

    /// Waits for the answer to a question; nothing if there is none.
    pub(super) async fn answer(&mut self, question: &str) -> anyhow::Result<Option<String>> {
        let knowledge = Knowledge { is_answer: true, ..Knowledge::default() };
        Ok(match self.read(question, knowledge).await? {
            Line::Typed(answer) if !answer.trim().is_empty() => Some(answer),
            _ => None,
        })
    }

    /// Waits for yes or no; an empty line is a yes, the end of the input a no.
    pub(super) async fn agreed(&mut self, question: &str) -> anyhow::Result<bool> {
        let knowledge = Knowledge { is_answer: true, ..Knowledge::default() };
        Ok(match self.read(question, knowledge).await? {
            Line::Typed(answer) => ["", "y", "yes"].contains(&answer.trim().to_lowercase().as_str()),
            _ => false,
        })
    }

    async fn read(&mut self, prompt: &str, knowledge: Knowledge) -> anyhow::Result<Line> {
        match self {
            Self::Plain => Ok(tokio::task::spawn_blocking(|| plain(&mut io::stdin().lock())).await??),
            Self::Editor { editor, .. } => {
                let Some(mut taken) = editor.take() else { return Ok(Line::End) };
                let prompt = prompt.to_owned();
                let reading = tokio::task::spawn_blocking(move || {
                    taken.set_helper(Some(knowledge));
                    let line = taken.readline(&prompt);
                    (taken, line)
                });
                let (given, line) = reading.await?;
                *editor = Some(given);
                edited(line)
            }
        }
    }

    /// Keeps the history.
    pub(super) fn close(&mut self) {
        if let Self::Editor { editor: Some(editor), history } = self {
            // As above: not worth failing for.
            let _ = editor.append_history(history);
        }
    }
}

fn edited(line: rustyline::Result<String>) -> anyhow::Result<Line> {
    match line {
        Ok(line) => Ok(Line::Typed(line.replace("\\\n", "\n"))),
        Err(ReadlineError::Interrupted) => Ok(Line::Interrupted),
        Err(ReadlineError::Eof) => Ok(Line::End),
        Err(error) => Err(error).context("cannot read from the terminal"),
    }
}

/// The next line of `input`, and those after it as long as they end with a backslash.
fn plain(input: &mut impl BufRead) -> io::Result<Line> {
    let mut text = String::new();
    loop {
        let mut bytes = Vec::new();
        if !bounded_line(input, &mut bytes)? {
            return Ok(if text.is_empty() { Line::End } else { Line::Typed(text) });
        }
        let Ok(line) = std::str::from_utf8(&bytes) else { return Ok(Line::NotText) };
        let line = line.strip_suffix('\r').unwrap_or(line);
        match line.strip_suffix('\\') {
            Some(goes_on) if text.len() <= INPUT_MAX => text += &format!("{goes_on}\n"),
            _ => return Ok(Line::Typed(text + line)),
        }
    }
}

/// Reads a line without its end, and no more of it than is needed to see that it is too long: what is behind that
/// must not be taken for the next command.
fn bounded_line(input: &mut impl BufRead, bytes: &mut Vec<u8>) -> io::Result<bool> {
    let most = INPUT_MAX as u64 + 8;
    if input.by_ref().take(most).read_until(b'\n', bytes)? == 0 {
        return Ok(false);
    }
    if bytes.pop_if(|last| *last == b'\n').is_none() && bytes.len() as u64 == most {
        input.skip_until(b'\n')?;
        // A sign that was cut in two would be taken for no text.
        let whole = String::from_utf8_lossy(bytes).into_owned();
        *bytes = whole.into_bytes();
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(mut input: &[u8]) -> Vec<String> {
        let mut found = Vec::new();
        loop {
            match plain(&mut input).unwrap() {
                Line::Typed(line) => found.push(line),
                Line::NotText => found.push("(no text)".to_owned()),
                Line::Interrupted | Line::End => return found,
            }
        }
    }

    #[test]
    fn a_script_is_read_line_by_line() {
        #[rustfmt::skip]
        let cases: &[(&[u8], &[&str])] = &[
            (b"",                    &[]),
            (b"a\nb",                &["a", "b"]),
            (b"a\r\n\nb\n",          &["a", "", "b"]),
            (b"a \\\nb\\\nc\nd\n",   &["a \nb\nc", "d"]),
            (b"a\\\n",               &["a\n"]),
            (b"a\n\xff\xfe\nb\n",    &["a", "(no text)", "b"]),
        ];
        for (input, expected) in cases {
            assert_eq!(lines(input), *expected, "for {input:?}");
        }
    }

    #[test]
    fn the_rest_of_a_line_that_is_too_long_is_no_command() {
        let long = "ü".repeat(INPUT_MAX);
        let found = lines(format!("{long}\n/state\n").as_bytes());

        assert_eq!(found.len(), 2);
        assert!(found[0].len() > INPUT_MAX);
        assert_eq!(found[1], "/state");
    }
}
