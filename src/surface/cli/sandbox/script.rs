//! What people do while somebody watches: from a repository to the end of a first sprint.

use serde_json::Value;

/// Who does something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    /// Owns the server, so she is an admin.
    Ada,
    /// Has no role, so he looks.
    Bob,
}

/// What they do.
#[derive(Clone, Debug)]
pub(super) enum Deed {
    /// They type a command with these options.
    Types(&'static str, Vec<(&'static str, Value)>),
    /// They click a button under the message before.
    Clicks(&'static str),
    /// They click a button that opens a form, and fill in its first field.
    FillsIn(&'static str, &'static str),
}

/// One step.
#[derive(Clone, Debug)]
pub(super) struct Step {
    /// What it shows.
    pub(super) about: &'static str,
    pub(super) who: Who,
    pub(super) deed: Deed,
    /// Whether it has to be refused, so that only whoever asked is told.
    pub(super) refused: bool,
}

/// The steps after the repository is registered, in its channel.
pub(super) fn steps() -> Vec<Step> {
    [planning(), working(), ending()].concat()
}

fn planning() -> Vec<Step> {
    vec![
        step("Where the project stands, and what is possible now", types("state", [])),
        step(
            "A large wish, in somebody's own words",
            types("epic", [("description", "Customers pay by card".into())]),
        ),
        step(
            "Stories that can be finished and checked",
            story("As a buyer I pay by card", 5, "A paid order says so"),
        ),
        step("", story("As a buyer I get a receipt by mail", 2, "It comes within a minute")),
        step("", story("As a clerk I give money back", 3, "Half of it is possible too")),
        refused("Too early: a refusal says why and what is possible", types("sprint start", [])),
        refused("Bob has no role that lets him plan", Step { who: Who::Bob, ..types("sprint plan", []) }),
        step("A sprint", types("sprint plan", [("goal", "Buyers can pay".into())])),
        step("Buttons stand for what comes next", clicks("Start sprint")),
    ]
}

fn working() -> Vec<Step> {
    let blocked = [
        ("id", "S-2".into()),
        ("status", "blocked".into()),
        ("reason", "There is no account for mail yet".into()),
    ];
    let advice = [("description", "Use the account of the shop".into()), ("id", "S-2".into())];
    vec![
        step("Work", moved("S-1", "in_progress")),
        step("", moved("S-1", "done")),
        step("Something is in the way", types("story move", blocked)),
        step("How the sprint is doing, with a picture", types("sprint status", [])),
        step("Out of the way", types("suggest_fix", advice)),
        step("", moved("S-2", "done")),
        step("The last story ends the sprint", moved("S-3", "done")),
    ]
}

fn ending() -> Vec<Step> {
    let words = "good: paying works\nimprove: ask for accounts before a sprint";
    let form = Step { deed: Deed::FillsIn("Close with feedback …", words), ..clicks("") };
    vec![
        step("A form for what needs more than a line", form),
        step("Who did what: every line is a commit", types("log", [("n", 5.into())])),
    ]
}

fn story(text: &str, points: u32, criteria: &str) -> Step {
    let options = [
        ("description", text.into()),
        ("points", points.into()),
        ("priority", "high".into()),
        ("criteria", criteria.into()),
    ];
    types("backlog add", options)
}

fn moved(id: &str, status: &str) -> Step {
    types("story move", [("id", id.into()), ("status", status.into())])
}

/// How the project comes to be.
pub(super) fn registering(path: &str) -> Step {
    step("A repository comes under management", types("project register", [("path", path.into())]))
}

fn types<const N: usize>(command: &'static str, options: [(&'static str, Value); N]) -> Step {
    Step { about: "", who: Who::Ada, deed: Deed::Types(command, options.into()), refused: false }
}

fn clicks(button: &'static str) -> Step {
    Step { about: "", who: Who::Ada, deed: Deed::Clicks(button), refused: false }
}

fn step(about: &'static str, step: Step) -> Step {
    Step { about, ..step }
}

fn refused(about: &'static str, step: Step) -> Step {
    Step { about, refused: true, ..step }
}

impl Step {
    /// What people see somebody type or click.
    pub(super) fn shown(&self) -> String {
        match &self.deed {
            Deed::Clicks(button) => format!("[{button}]"),
            Deed::FillsIn(button, text) => format!("[{button}] {}", text.replace('\n', " / ")),
            Deed::Types(command, options) => {
                let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                let options = options.iter().map(|(name, value)| format!(" {name}:{}", plain(value)));
                format!("/{command}{}", options.collect::<String>())
            }
        }
    }
}
