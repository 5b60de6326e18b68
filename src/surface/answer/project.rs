//! Answers about projects as a whole: the list of them, how one is doing, whether all is in order.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::command::Command;
use crate::domain::figures::past_velocity;
use crate::domain::id::ProjectName;
use crate::domain::past::Entry;
use crate::domain::project::Project;
use crate::domain::story::Status;
use crate::domain::workflow::State;
use crate::surface::answer::changed::{next_field, onward};
use crate::surface::answer::{Answer, Table, history, review, sprint, words};
use crate::surface::parse::to_text;

/// How many commands the status of a project shows.
const COMMANDS_SHOWN: usize = 5;

/// One project of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectRow {
    /// What people call it.
    pub name: ProjectName,
    /// The folder of the repository.
    pub path: String,
    /// Where it stands; absent where it has not been opened.
    pub state: Option<State>,
    /// How many stories are open; absent where it has not been opened.
    pub open: Option<usize>,
    /// Why it cannot be used, where that is so.
    pub trouble: Option<String>,
}

/// A project that was just put under management.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registered {
    /// What people call it.
    pub name: ProjectName,
    /// The folder of the repository.
    pub path: String,
    /// Where people speak about it, where the surface has such places.
    pub channel: Option<String>,
    /// Where it stands.
    pub state: State,
    /// What was taken over from another tool, or found from before.
    pub remark: Option<String>,
}

/// One thing that must be in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// What was looked at.
    pub name: String,
    /// Whether it is in order.
    pub ok: bool,
    /// What was seen.
    pub detail: String,
    /// How to mend it, where it is not in order.
    pub mend: Option<String>,
}

impl Check {
    /// Something in order.
    pub fn good(name: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { name: name.into(), ok: true, detail: detail.into(), mend: None }
    }

    /// Something wrong, with what mends it.
    pub fn bad(name: impl Into<String>, detail: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { name: name.into(), ok: false, detail: detail.into(), mend: Some(mend.into()) }
    }
}

/// A new project.
pub fn registered(new: &Registered) -> Answer {
    let answer = Answer::done(format!("Project {} registered", new.name))
        .field("Path", new.path.clone())
        .field_if("Channel", new.channel.clone())
        .field_if("Remark", new.remark.clone())
        .field("State", new.state.name());
    next_field(answer, new.state)
        .choice("Add an epic", "epic")
        .asking("description")
        .choice("Add a story", "backlog add")
        .asking("description")
}

/// A project that was let go.
pub fn unregistered(name: &ProjectName, path: &str) -> Answer {
    let again = Command::ProjectRegister { path: path.into(), name: Some(name.clone()), import: false };
    Answer::done(format!("Project {name} unregistered"))
        .paragraph("Its state stays in its repository, on the branch `orch-state`. Registering it again takes it up where it was.")
        .field("Path", path)
        .choice("Register it again", to_text(&again))
}

/// What stands at the beginning of the channel of a project.
pub fn welcome(name: &ProjectName, path: &str, state: State) -> Answer {
    let answer = Answer::info(format!("This is the channel of {name}"))
        .paragraph("What is asked here is about this project; commands and buttons do the same. Each change becomes a commit on the branch `orch-state` of its repository, under the name of whoever asked.");
    let answer = match state {
        State::Idle => answer.paragraph("Begin with an epic or with single stories, choose some for a sprint with `sprint plan`, and start it with `sprint start`."),
        _ => answer,
    };
    let answer = next_field(answer.field("Path", path).field("State", state.name()), state);
    let answer = match state {
        State::Idle => {
            let answer = answer.primary("Add an epic", "epic").asking("description");
            answer.choice("Add a story", "backlog add").asking("description")
        }
        _ => answer.primary("Backlog", "backlog view"),
    };
    answer.choice("State", "state").choice("Help", "help")
}

/// What stands at the end of the channel of a project that was let go.
pub fn let_go(name: Option<&ProjectName>) -> Answer {
    let name =
        name.map_or_else(|| "The project of this channel".to_owned(), |name| format!("Project {name}"));
    Answer::warning(format!("{name} is not managed here any more"))
        .paragraph("Its state stays in its repository, on the branch `orch-state`. This channel stays too, for what was said in it; nothing more comes here.")
}

/// A project that is spoken about in another channel than before.
pub fn bound(name: &ProjectName, channel: &str, before: Option<&str>, state: State) -> Answer {
    let answer = Answer::done(format!("Project {name} belongs to {channel}"))
        .paragraph("What is asked there is about this project from now on.")
        .field("Channel", channel)
        .field_if("Before", before)
        .field("State", state.name());
    next_field(answer, state)
}

/// What stands at the end of a channel whose project is spoken about elsewhere.
pub fn moved_away(name: &ProjectName, channel: &str) -> Answer {
    Answer::info(format!("Project {name} is in {channel} now"))
        .paragraph("This channel stays for what was said in it.")
}

/// All projects.
pub fn project_list(rows: &[ProjectRow]) -> Answer {
    if rows.is_empty() {
        return Answer::info("There are no projects")
            .field("Next", "put a repository under management with `project register <path>`");
    }
    let mut table = Table::new(&["Project", "State", ">Open", "Path"]);
    for row in rows {
        let state = match (&row.trouble, row.state) {
            (Some(trouble), _) => words::excerpt(trouble, words::EXCERPT, "`project health`"),
            (None, Some(state)) => state.name().to_owned(),
            (None, None) => "not opened yet".to_owned(),
        };
        let open = row.open.map_or_else(|| "–".to_owned(), words::thousands);
        table.push([row.name.to_string(), state, open, row.path.clone()]);
    }
    let troubled = rows.iter().filter(|row| row.trouble.is_some()).count();
    let title = words::count(rows.len(), "project");
    if troubled > 0 {
        return Answer::warning(format!("{title}, {troubled} in trouble")).table(table);
    }
    Answer::info(title).table(table)
}

/// Whether everything about a project is in order, with a mend for each thing that is not.
pub fn health(name: &ProjectName, checks: &[Check]) -> Answer {
    let wrong = checks.iter().filter(|check| !check.ok).count();
    let answer = if wrong == 0 {
        Answer::done(format!("{name} is in order"))
    } else {
        Answer::warning(format!("{name}: {} of {} failed", wrong, words::count(checks.len(), "check")))
    };
    let mut table = Table::new(&["", "Check", "Seen", "Mend"]);
    for check in checks {
        let mark = if check.ok { "ok" } else { "FAILED" };
        let mend = match (check.ok, &check.mend) {
            (false, Some(mend)) => mend.clone(),
            (false, None) => "no mend is known; see the log of the program".to_owned(),
            (true, _) => String::new(),
        };
        let detail = words::excerpt(&check.detail, words::EXCERPT, "the log of the program");
        table.push([mark.to_owned(), check.name.clone(), detail, mend]);
    }
    if wrong == 0 {
        table.columns.truncate(3);
        table.rows.iter_mut().for_each(|row| row.truncate(3));
    }
    answer.table(table)
}

/// How one project is doing: state, counts, sprint, last commands.
pub fn project_status(project: &Project, entries: &[Entry]) -> Answer {
    let finished = project.sprints.values().filter(|sprint| sprint.velocity.is_some()).count();
    let answer = Answer::info(format!("{} is {}", project.name, project.state))
        .field("Stories", stories(project))
        .field("Epics", words::thousands(project.epics.len()))
        .field("Sprints", format!("{finished} of {} finished", project.sprints.len()));
    let answer = match past_velocity(project) {
        Some(velocity) => answer.field("Past velocity", format!("{} a sprint", words::points(velocity))),
        None => answer,
    };
    let answer = match project.current_sprint() {
        Some(current) => answer.field(
            "Current sprint",
            format!("{} ({}): {}", current.id, current.status, sprint::progress_line(project, current)),
        ),
        None => answer,
    };
    let waiting = project.approvals.len();
    let answer = answer
        .field_if("Waiting for you", (waiting > 0).then(|| words::count(waiting, "question")))
        .field("Commands", words::thousands(usize::try_from(project.revision).unwrap_or(usize::MAX)));
    let answer =
        next_field(answer, project.state).table(history::entries_table(entries.iter().take(COMMANDS_SHOWN)));
    let answer = match review::velocities(project) {
        Some(picture) => answer.picture(picture),
        None => answer,
    };
    onward(answer, project).choice("History", "log")
}

/// How many stories there are of each status.
pub(crate) fn stories(project: &Project) -> String {
    let mut counts: BTreeMap<Status, usize> = BTreeMap::new();
    for story in project.stories.values() {
        *counts.entry(story.status).or_default() += 1;
    }
    let parts: Vec<_> =
        counts.into_iter().map(|(status, number)| format!("{} {status}", words::thousands(number))).collect();
    if parts.is_empty() { "none".to_owned() } else { parts.join(", ") }
}
