//! How a project stands, for a message that is always there: nobody asked, and everybody should see it at a glance.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::domain::command::CommandKind;
use crate::domain::figures;
use crate::domain::project::Project;
use crate::domain::sprint::{Sprint, SprintStatus};
use crate::domain::story::{Status, Story};
use crate::domain::workflow::{self, State};
use crate::surface::answer::changed::{next_field, onward};
use crate::surface::answer::{Answer, Tone, sprint, state, words};

/// How much of a title is shown in a list.
const TITLE: usize = 48;
/// How much of a question or a reason is shown in a list.
const REASON: usize = 80;
/// The signs that a bar of progress has.
const BAR: u32 = 10;
/// How many questions get choices of their own.
const OFFERED_MAX: usize = 1;

/// The board of a project: state, sprint, stories by status with at most `listed` of each, and what waits for whom.
///
/// It says nothing that changes by itself, such as the day of the sprint, so an unchanged project has an unchanged
/// board.
pub fn board(project: &Project, listed: usize) -> Answer {
    let title = board_title(project);
    let answer = match project.state {
        State::Blocked => Answer::warning(title),
        _ => Answer::info(title),
    };
    let answer = answer.paragraph(state::meaning(project.state));
    let answer = match project.current_sprint() {
        Some(current) => of_sprint(answer, project, current, listed),
        None => of_backlog(answer, project, listed),
    };
    let answer = next_field(waiting(answer, project, listed), project.state);
    offered(answer, project)
}

/// What the title of a board begins with, whatever else is on it.
pub fn board_title(project: &Project) -> String {
    format!("{} is {}", project.name, project.state)
}

fn of_sprint(answer: Answer, project: &Project, current: &Sprint, listed: usize) -> Answer {
    let stories: Vec<_> = project.stories_of(current).collect();
    let with = |status: Status| stories.iter().copied().filter(move |story| story.status == status);
    let answer = answer
        .field_if("Goal", current.goal.as_ref().map(|goal| words::cut(goal.as_str(), TITLE * 2)))
        .field("Sprint", format!("{}, {}", current.id, days(current)))
        .field("Progress", progress(project, current));
    let answer = [
        ("To do", Status::Todo),
        ("In progress", Status::InProgress),
        ("In review", Status::InReview),
        ("Blocked", Status::Blocked),
        ("Done", Status::Done),
    ]
    .into_iter()
    .fold(answer, |answer, (name, status)| {
        let list = list(with(status), listed, "backlog view sprint");
        answer.field_if(&format!("{name} ({})", with(status).count()), list)
    });
    answer.field_if("Left the sprint", (!current.returned.is_empty()).then(|| words::ids(&current.returned)))
}

fn of_backlog(answer: Answer, project: &Project, listed: usize) -> Answer {
    let open = project.open_stories();
    answer
        .field_if(
            &format!("Backlog ({})", words::thousands(open)),
            list(project.backlog(), listed, "backlog view"),
        )
        .field_if(
            "Past velocity",
            figures::past_velocity(project)
                .map(|points| format!("{} a sprint on average", words::points(points))),
        )
}

/// The first stories by name; what is left out is counted, with where to see it. `None` if there are none.
fn list<'a>(stories: impl Iterator<Item = &'a Arc<Story>>, listed: usize, see: &str) -> Option<String> {
    let mut lines = Vec::new();
    let mut more = 0;
    for story in stories {
        if lines.len() < listed {
            lines.push(one(story));
        } else {
            more += 1;
        }
    }
    match (lines.is_empty(), more) {
        (true, 0) => return None,
        (_, 0) => {}
        (true, _) => lines.push(format!("see `{see}`")),
        (false, more) => lines.push(format!("and {} more, see `{see}`", words::thousands(more))),
    }
    Some(lines.join("\n"))
}

fn one(story: &Story) -> String {
    let points = story.points.map(|points| format!(" ({points})")).unwrap_or_default();
    let line = format!("{} {}{points}", story.id, words::cut(story.title.as_str(), TITLE));
    match (&story.reason, story.status) {
        (Some(reason), Status::Blocked) => format!("{line}: {}", words::cut(reason.as_str(), REASON)),
        _ => line,
    }
}

fn days(current: &Sprint) -> String {
    let length = words::count(current.days as usize, "day");
    match (current.started_at, current.ended_at, sprint::end(current)) {
        (Some(start), Some(ended), _) => format!("{} to {}", words::day(start), words::day(ended)),
        (Some(_), None, Some(until)) => format!("{length}, until {}", words::day(until)),
        _ => length,
    }
}

/// A bar, and the same in words.
fn progress(project: &Project, current: &Sprint) -> String {
    let progress = figures::progress(project, current);
    let full = (progress.points_done * BAR).checked_div(progress.points_total).unwrap_or(0);
    let bar = "▰".repeat(full as usize) + &"▱".repeat((BAR - full.min(BAR)) as usize);
    format!("{bar} {}", sprint::progress_line(project, current))
}

/// What cannot go on without somebody, by the role that can help.
fn waiting(answer: Answer, project: &Project, listed: usize) -> Answer {
    let mut approvers: Vec<_> = project
        .approvals
        .iter()
        .take(listed.max(1))
        .map(|approval| format!("{} {}", approval.id, words::cut(approval.text.as_str(), REASON)))
        .collect();
    let more = project.approvals.len().saturating_sub(approvers.len());
    if more > 0 {
        approvers.push(format!("and {}", words::count(more, "more question")));
    }
    let of = |status: Status| project.sprint_stories().filter(move |story| story.status == status);
    let ids = |status: Status| words::ids(of(status).map(|story| &story.id));
    if of(Status::InReview).next().is_some() {
        approvers.push(format!("{} in review", ids(Status::InReview)));
    }
    match project.current_sprint() {
        Some(current) if current.status == SprintStatus::Planned => {
            approvers.push(format!("the start of {}", current.id));
        }
        Some(current) if current.status == SprintStatus::Review => {
            approvers.push(format!("feedback on {}", current.id));
        }
        _ => {}
    }
    let contributors = of(Status::Blocked).next().map(|_| format!("{} blocked", ids(Status::Blocked)));
    answer
        .field_if("For approvers", (!approvers.is_empty()).then(|| approvers.join("\n")))
        .field_if("For contributors", contributors)
}

/// The few things that most likely come next.
fn offered(answer: Answer, project: &Project) -> Answer {
    let answer = onward(answer, project);
    let answerable = workflow::allowed(project).contains(&CommandKind::Approve);
    let questions = project.approvals.iter().filter(|_| answerable).take(OFFERED_MAX);
    let answer = questions.fold(answer, |answer, approval| {
        answer
            .primary(format!("Approve {}", approval.id), format!("approve {}", approval.id))
            .danger(format!("Reject {}", approval.id), format!("reject {}", approval.id))
    });
    if project.state == State::SprintActive {
        return answer.choice("What can be started", "ready").choice("Pause", "sprint pause");
    }
    answer
}

/// How a project stands, in one line of a list: state, points, and how much waits. Holds nothing that people wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Where the workflow stands.
    pub state: State,
    /// Points that are done and points of all, while there is a sprint.
    pub points: Option<(u32, u32)>,
    /// Open stories.
    pub open: usize,
    /// Stories of the sprint that cannot go on.
    pub blocked: usize,
    /// Questions that wait.
    pub waiting: usize,
}

impl Standing {
    /// How `project` stands.
    pub fn of(project: &Project) -> Self {
        let progress = project.current_sprint().map(|current| figures::progress(project, current));
        Self {
            state: project.state,
            points: progress.as_ref().map(|it| (it.points_done, it.points_total)),
            open: project.open_stories(),
            blocked: progress.map_or(0, |it| it.blocked.len()),
            waiting: project.approvals.len(),
        }
    }

    /// Whether somebody should look at it.
    pub fn tone(&self) -> Tone {
        if self.blocked > 0 || self.waiting > 0 { Tone::Warning } else { Tone::Info }
    }

    /// In words, such as `5/13 points, 1 blocked, 2 wait`.
    pub fn words(&self) -> String {
        let size = match self.points {
            Some((done, total)) => format!("{done}/{total} points"),
            None => format!("{} open", words::thousands(self.open)),
        };
        let some = |number: usize, what: &str| {
            if number > 0 { format!(", {} {what}", words::thousands(number)) } else { String::new() }
        };
        let waiting = if self.waiting == 1 { "waits" } else { "wait" };
        format!("{size}{}{}", some(self.blocked, "blocked"), some(self.waiting, waiting))
    }
}
