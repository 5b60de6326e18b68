//! Where lines come from: an editor with history in a terminal, plain lines elsewhere.

use std::io::{self, BufRead};
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
    /// A line.
    Typed(String),
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

    /// Waits for the next line.
    pub(super) async fn next(&mut self, prompt: &str, names: Names) -> anyhow::Result<Line> {
        match self {
            Self::Plain => Ok(tokio::task::spawn_blocking(plain).await??),
            Self::Editor { editor, .. } => {
                let Some(mut taken) = editor.take() else { return Ok(Line::End) };
                let prompt = prompt.to_owned();
                let reading = tokio::task::spawn_blocking(move || {
                    if let Some(helper) = taken.helper_mut() {
                        helper.names = names;
                    }
                    let line = taken.readline(&prompt);
                    (taken, line)
                });
                let (given, line) = reading.await?;
                edited(editor.insert(given), line)
            }
        }
    }

    /// Keeps the history.
    pub(super) fn close(&mut self) {
        if let Self::Editor { editor: Some(editor), history } = self {
            // As above: not worth failing for.
            let _ = editor.save_history(history);
        }
    }
}

fn edited(
    editor: &mut Editor<Knowledge, FileHistory>,
    line: rustyline::Result<String>,
) -> anyhow::Result<Line> {
    match line {
        Ok(line) => {
            let line = line.replace("\\\n", "\n");
            let _ = editor.add_history_entry(&line);
            Ok(Line::Typed(line))
        }
        Err(ReadlineError::Interrupted) => Ok(Line::Interrupted),
        Err(ReadlineError::Eof) => Ok(Line::End),
        Err(error) => Err(error).context("cannot read from the terminal"),
    }
}

/// One line of standard input, bounded a little above what a command may have.
fn plain() -> io::Result<Line> {
    let mut bytes = Vec::new();
    let mut input = io::stdin().lock();
    let bound = INPUT_MAX as u64 * 2;
    if io::Read::take(&mut input, bound).read_until(b'\n', &mut bytes)? == 0 {
        return Ok(Line::End);
    }
    Ok(Line::Typed(String::from_utf8_lossy(&bytes).trim_end_matches('\n').to_owned()))
}
