//! The command line, as people see it in `--help`.

use std::ffi::OsString;
use std::num::NonZeroU64;
use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::surface::cli::order::options_first;

/// Runs a band of coding agents on your git repositories, and keeps every decision in git.
///
/// People plan in a chat or a terminal, a state machine per project decides what may happen next, and every
/// accepted command is a commit on the branch orch-state.
#[derive(Debug, Parser)]
#[command(name = "bandmaster", version, max_term_width = 100, arg_required_else_help = true)]
#[command(after_help = FIRST_STEPS)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub action: Action,
    /// Where everything lies.
    #[command(flatten)]
    pub common: Common,
}

impl Cli {
    /// Reads a command line. What cannot be read, and what only asks for help, has been said already when
    /// this returns the exit code.
    pub fn read(args: impl IntoIterator<Item = OsString>) -> Result<Self, u8> {
        let args = options_first(args.into_iter().collect(), &Self::command());
        Self::try_parse_from(args).map_err(|error| {
            // A closed pipe is not worth a word.
            let _ = error.print();
            u8::try_from(error.exit_code()).unwrap_or(1)
        })
    }
}

const FIRST_STEPS: &str = "\
First steps:
  bandmaster console --new demo     make a repository and chat with it
  bandmaster register ~/code/shop   put a repository under management
  bandmaster do help                what can be asked
  bandmaster doctor                 whether this machine has what is needed
  bandmaster discord sandbox        watch it on Discord, without an account

Exit codes: 0 done, 1 failed, 2 refused.";

const CONSOLE_HELP: &str = "\
Type a command, the number of a choice, /help or /quit. Tab completes commands, arguments and ids,
also by a word of a title. A line that ends with \\ goes on. Without a terminal it reads a command
from each line, and ends with 2 if one was refused.

Examples:
  bandmaster console                   the project around this folder
  bandmaster console --new demo        a new repository
  bandmaster console < commands.txt    a script";

const DO_HELP: &str = "\
Examples:
  bandmaster do /epic Build a login page
  bandmaster do backlog add \"Log in with a passkey\" priority:high points:3
  bandmaster do -p shop sprint plan --goal \"ship it\" --json
  bandmaster do feedback - < retrospective.txt
  echo \"sprint start\" | bandmaster do -

Answers go to standard output, refusals to standard error; with --json one object goes to standard
output in any case. Exit codes: 0 done, 1 failed, 2 refused. Options may stand anywhere, but --id is
the command's own where it has one; everything behind -- belongs to the command.";

const EVERYWHERE: &str = "Everywhere";

const COLOUR_HELP: &str =
    "When to use colours: auto (in a terminal, unless NO_COLOR is set), always or never";

const VERIFY_HELP: &str = "Exit codes: 0 all is well, 1 a check failed, 2 there is no such project.";

const SERVE_HELP: &str = "\
While it runs, every other bandmaster of the same user and data directory asks it, so any number of
consoles and scripts can work at the same time. SIGTERM and Ctrl-C end it in order.";

const CHECK_HELP: &str = "\
It changes nothing, and a server may run meanwhile. Exit codes: 0 all is well, 1 something is missing.";

const SANDBOX_HELP: &str = "\
Everything lies in a folder of its own below TMPDIR, else /tmp, and is removed at the end, also after
Ctrl-C. Exit codes: 0 it went through, 1 a step failed.";

/// Options of every action.
#[derive(Clone, Debug, Args)]
pub struct Common {
    /// The configuration file [default: config.toml in the configuration folder of the user].
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Where the journal and the list of projects lie [default: bandmaster in the data folder of the user].
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// When to use colours; `auto` is in a terminal unless `NO_COLOR` is set.
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "WHEN", default_value = "auto")]
    #[arg(hide_possible_values = true, long_help = COLOUR_HELP)]
    pub color: Colour,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Colour {
    /// In a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Which project.
#[derive(Clone, Debug, Args)]
pub struct Project {
    /// The project: its name, or a path in its work tree [default: the one around this folder, or the only one].
    #[arg(value_name = "PROJECT")]
    pub project: Option<String>,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Chat with a project.
    #[command(after_help = CONSOLE_HELP)]
    Console(Console),
    /// Carry out one command, written as in a chat.
    #[command(after_help = DO_HELP)]
    Do(Do),
    /// Put a repository under management.
    Register(Register),
    /// Run until told to stop, with all surfaces that are configured.
    #[command(after_help = SERVE_HELP)]
    Serve,
    /// List the projects.
    Projects {
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Show how a project is doing.
    Status(Project),
    /// Show who did what, when.
    Log {
        /// Which project.
        #[command(flatten)]
        project: Project,
        /// How many entries, 1 to 100.
        #[arg(short = 'n', long, default_value_t = 10)]
        count: u32,
        /// Only what concerns this story, epic or sprint.
        #[arg(long)]
        id: Option<String>,
    },
    /// Show which stories can be started, in order.
    Ready {
        /// Which project.
        #[command(flatten)]
        project: Project,
        /// How many, 1 to 100.
        #[arg(short = 'n', long, default_value_t = 10)]
        count: u32,
    },
    /// Find a text in stories, notes and history.
    Search {
        /// The text.
        text: String,
        /// Which project.
        #[command(flatten)]
        project: Project,
    },
    /// Go back to how a project was at a commit of its state branch.
    Restore {
        /// The commit, shortened or not.
        commit: String,
        /// Which project.
        #[command(flatten)]
        project: Project,
        /// Do it; otherwise it only says what would change.
        #[arg(long)]
        confirm: bool,
    },
    /// Set Bandmaster up on Discord, or watch it there without an account.
    Discord {
        /// What to do.
        #[command(subcommand)]
        action: Discord,
    },
    /// Check a project, or all: schemas, references, journal, and the state branch with git.
    #[command(after_help = VERIFY_HELP)]
    Verify(Project),
    /// Check what Bandmaster needs, and say how to mend what is missing.
    Doctor {
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Print the JSON Schema of a kind of file, or of all.
    Schema {
        /// Which one: status, backlog, story or sprint.
        kind: Option<String>,
    },
    /// Write out everything about a project, as JSON or as one document.
    Export(Export),
    /// Print completions for a shell.
    Completions {
        /// Which shell.
        shell: Shell,
    },
    /// Measure how fast this machine answers, as ratios in one run.
    Bench(Bench),
}

/// Arguments of `console`.
#[derive(Clone, Debug, Args)]
pub struct Console {
    /// A folder in the repository of the project.
    #[arg(default_value = ".")]
    pub path: PathBuf,
    /// Make a new git repository there first.
    #[arg(long)]
    pub new: bool,
    /// Register the repository without asking.
    #[arg(short, long)]
    pub yes: bool,
    /// What to call the project where it is registered [default: made of the name of the folder].
    #[arg(long)]
    pub name: Option<String>,
    /// Act under this name.
    #[arg(long = "as", value_name = "PERSON")]
    pub person: Option<String>,
}

/// Arguments of `do`.
#[derive(Clone, Debug, Args)]
pub struct Do {
    /// The project: its name, or a path in its work tree [default: the one around this folder, or the only one].
    #[arg(short, long, value_name = "NAME|PATH")]
    pub project: Option<String>,
    /// Act under this name.
    #[arg(long = "as", value_name = "PERSON")]
    pub person: Option<String>,
    /// The id of the command; the same id again carries nothing out twice.
    #[arg(long, value_name = "COMMAND-ID")]
    pub id: Option<String>,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
    /// Answer as soon as the command is durable, before its commit is in git.
    #[arg(long)]
    pub no_wait: bool,
    /// The command, such as /epic Build a login page; `-` at its end stands for standard input.
    #[arg(required = true, value_name = "COMMAND")]
    pub text: Vec<String>,
}

/// Arguments of `register`.
#[derive(Clone, Debug, Args)]
pub struct Register {
    /// The folder of the repository.
    #[arg(default_value = ".")]
    pub path: PathBuf,
    /// What to call the project [default: made of the name of the folder].
    #[arg(long)]
    pub name: Option<String>,
    /// Take over what agent-workflow left in `.orch-state/`.
    #[arg(long)]
    pub import: bool,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// What to do about Discord.
#[derive(Clone, Debug, Subcommand)]
pub enum Discord {
    /// Print the link that takes the bot to a server, with the permissions that it needs.
    Invite {
        /// The id of the application [default: the one that the token belongs to].
        #[arg(long, value_name = "ID")]
        application: Option<NonZeroU64>,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Check the token, the servers, the permissions and the channels, and say how to mend what is missing.
    #[command(after_help = CHECK_HELP)]
    Check {
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Watch the bot at work on a Discord inside this program: no account, no network, nothing left behind.
    #[command(after_help = SANDBOX_HELP)]
    Sandbox(Sandbox),
}

/// Arguments of `discord sandbox`.
#[derive(Clone, Debug, Args)]
pub struct Sandbox {
    /// Leave the folder with the repository, to look at what has become of it.
    #[arg(long)]
    pub keep: bool,
    /// How fast [default: slow in a terminal, otherwise fast].
    #[arg(long, value_enum)]
    pub speed: Option<Speed>,
    /// Print one JSON object a step, each on a line.
    #[arg(long)]
    pub json: bool,
}

/// How fast to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Speed {
    /// With time to read.
    Slow,
    /// Without a pause.
    Fast,
}

/// Arguments of `export`.
#[derive(Clone, Debug, Args)]
pub struct Export {
    /// The project: its name, or a path in its work tree [default: the one around this folder, or the only one].
    #[arg(value_name = "PROJECT")]
    pub project: Option<String>,
    /// What to write.
    #[arg(long, value_enum, default_value = "json")]
    pub format: ExportFormat,
    /// The same as `--format json`, and a refusal is JSON too.
    #[arg(long, conflicts_with = "format")]
    pub json: bool,
    /// Write to this file instead of standard output.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// How an export looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// One object with everything.
    Json,
    /// A document with the backlog, the sprints and the history.
    Markdown,
}

/// Arguments of `bench`.
#[derive(Clone, Debug, Args)]
pub struct Bench {
    /// What to measure.
    #[arg(value_enum)]
    pub what: Option<BenchKind>,
    /// Where to put the repositories that are measured; removed afterwards [default: the folder for temporary files].
    #[arg(long, value_name = "DIR")]
    pub folder: Option<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
    /// A tenth of the rounds, to see that it works.
    #[arg(long)]
    pub quick: bool,
}

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BenchKind {
    /// How long an answer takes, against one append with a flush and one SQLite insert.
    Answer,
    /// Against `git add` and `git commit`, in small and large repositories.
    Git,
    /// Whether size matters: files, commits, loose objects, stories.
    Flat,
    /// Many commands at once, on one project and on a hundred.
    Load,
    /// What the server costs while nobody asks.
    Idle,
    /// How soon people on Discord hear from the bot, on a Discord inside this program.
    Discord,
    /// Reading: views and search over ten thousand stories.
    Read,
    /// `do` from start to exit, against `git --version`.
    Oneshot,
}
