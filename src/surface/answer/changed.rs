//! The answer to a command that was carried out: one arm for each, nothing else.

use jiff::Timestamp;

use crate::domain::command::Command;
use crate::domain::envelope::Receipt;
use crate::domain::project::Project;
use crate::domain::workflow::State;
use crate::surface::answer::{Answer, Tone, approval, backlog, history, review, sprint, story};

/// What a carried-out command led to, in words.
pub fn changed(command: &Command, receipt: &Receipt, now: Timestamp) -> Answer {
    let answer = built(command, receipt, now).unwrap_or_else(|| plain(command, receipt));
    if receipt.again { repeated(answer) } else { answer }
}

/// `None` where the events are not those that the command usually has.
fn built(command: &Command, receipt: &Receipt, now: Timestamp) -> Option<Answer> {
    match command {
        Command::Epic { .. } => backlog::epic_added(receipt),
        Command::Approve { .. } | Command::Reject { .. } => approval::answered(receipt),
        Command::BacklogAdd { .. } => backlog::added(receipt),
        Command::BacklogEdit { .. } => backlog::edited(receipt),
        Command::BacklogRemove { .. } => backlog::removed(receipt),
        Command::BacklogPrioritize { .. } => backlog::prioritized(receipt),
        Command::SprintPlan { .. } => sprint::planned(receipt),
        Command::SprintStart => sprint::started(receipt),
        Command::SprintStatus => Some(sprint::looked_at(receipt, now)),
        Command::SprintPause => sprint::paused(receipt),
        Command::SprintResume => sprint::resumed(receipt),
        Command::SprintFinish => sprint::finished(receipt),
        Command::SprintCancel => sprint::cancelled(receipt),
        Command::StoryMove { .. } => story::moved(receipt),
        Command::RequestChanges { .. } => review::reopened(receipt),
        Command::SuggestFix { .. } => story::helped(receipt),
        Command::SkipTask { .. } => story::skipped(receipt),
        Command::Feedback { .. } => review::closed(receipt),
        Command::Undo { .. } | Command::Restore { .. } => history::went_back(receipt),
        Command::ProjectRegister { .. }
        | Command::ProjectList
        | Command::ProjectStatus { .. }
        | Command::ProjectHealth { .. }
        | Command::ProjectUnregister { .. }
        | Command::ProjectBind { .. }
        | Command::BacklogView { .. }
        | Command::State
        | Command::Log { .. }
        | Command::Ready { .. }
        | Command::Search { .. }
        | Command::Help { .. } => None,
    }
}

/// The events as they are.
fn plain(command: &Command, receipt: &Receipt) -> Answer {
    let events: Vec<_> = receipt.events.iter().map(ToString::to_string).collect();
    let kind = command.kind();
    let answer = Answer::done(if receipt.again { kind.to_string() } else { format!("Done: {kind}") });
    let answer = if events.is_empty() { answer } else { answer.field("Changed", events.join("\n")) };
    state_field(answer, receipt)
}

/// Somebody who sends a command twice learns that the first time counted.
fn repeated(mut answer: Answer) -> Answer {
    answer.title = format!("Already done: {}", answer.title);
    answer.tone = Tone::Info;
    let before = answer.text.take();
    let answer =
        answer.paragraph("This command had been carried out before and was sent again. Nothing changed now.");
    before.into_iter().fold(answer, Answer::paragraph)
}

/// Adds where the project stands now and, if that is new, what to do there.
pub(crate) fn state_field(answer: Answer, receipt: &Receipt) -> Answer {
    let (before, after) = (receipt.before.state, receipt.after.state);
    if before == after {
        return answer.field("State", after.name());
    }
    next_field(answer.field("State", format!("{before} → {after}")), after)
}

/// Adds what people most likely want to do in `state`.
pub(crate) fn next_field(answer: Answer, state: State) -> Answer {
    answer.field("Next", state.next_step())
}

/// Offers what leads on from where the project stands.
pub(crate) fn onward(answer: Answer, project: &Project) -> Answer {
    match project.state {
        State::Idle => answer.choice("Add a story", "backlog add").asking("description"),
        State::BacklogReady if project.open_stories() == 0 => {
            answer.choice("Add a story", "backlog add").asking("description")
        }
        State::BacklogReady => answer.primary("Plan a sprint", "sprint plan"),
        State::SprintPlanned => {
            answer.primary("Start sprint", "sprint start").danger("Cancel", "sprint cancel")
        }
        State::SprintActive => answer.choice("Sprint status", "sprint status"),
        State::SprintPaused => answer.primary("Resume", "sprint resume"),
        State::SprintReview => {
            let answer = answer.primary("Close with feedback", "feedback").asking("description");
            answer.choice("Request changes", "request_changes").asking("description")
        }
        State::Blocked => story::help_choices(answer, project),
    }
}
