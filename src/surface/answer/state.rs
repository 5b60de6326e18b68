//! Answers to somebody who asks where a project stands and what can be done.

use crate::domain::command::{CommandKind, Scope};
use crate::domain::figures;
use crate::domain::project::Project;
use crate::domain::workflow::{self, State};
use crate::surface::answer::changed::{next_field, onward};
use crate::surface::answer::{Answer, Picture, Table, approval, sprint, words};

/// Where the project stands, what is allowed, what waits, and the machine as a picture.
pub fn state(project: &Project) -> Answer {
    let state = project.state;
    let allowed = workflow::allowed(project);
    let names = |scope: Scope| {
        let names: Vec<_> =
            allowed.iter().filter(|kind| kind.scope() == scope).map(|kind| format!("`{kind}`")).collect();
        names.join(", ")
    };
    let answer = Answer::info(format!("{} is {state}", project.name)).paragraph(meaning(state));
    let answer = match project.current_sprint() {
        Some(current) => {
            answer.field("Sprint", format!("{}: {}", current.id, sprint::progress_line(project, current)))
        }
        None => answer.field("Open stories", words::thousands(project.open_stories())),
    };
    let answer =
        next_field(answer, state).field("Allowed", names(Scope::Change)).field("Always", names(Scope::Read));
    let answer =
        waiting(answer, project).picture(Picture::StateMachine { current: state, alt: alt(state, &allowed) });
    let answer = onward(answer, project);
    let offered: Vec<_> = answer.choices.iter().map(|choice| choice.command.clone()).collect();
    let further = [CommandKind::SprintStatus, CommandKind::SprintPause, CommandKind::SprintFinish];
    let further = further
        .into_iter()
        .filter(|kind| allowed.contains(kind) && !offered.iter().any(|it| it == kind.name()));
    further.fold(answer, |answer, kind| answer.choice(label(kind), kind.name())).choice("History", "log")
}

fn label(kind: CommandKind) -> &'static str {
    match kind {
        CommandKind::SprintPause => "Pause",
        CommandKind::SprintFinish => "Finish sprint",
        _ => "Sprint status",
    }
}

/// What a state means, in a sentence.
pub(crate) fn meaning(state: State) -> &'static str {
    match state {
        State::Idle => "There is nothing to do.",
        State::BacklogReady => "The backlog is open, and no sprint is chosen.",
        State::SprintPlanned => "A sprint is chosen and has not begun.",
        State::SprintActive => "A sprint goes on.",
        State::SprintPaused => "The sprint rests.",
        State::SprintReview => "The sprint is over and waits for feedback.",
        State::Blocked => "No story of the sprint can go on without a person.",
    }
}

/// The questions that wait, and the blocked stories.
fn waiting(answer: Answer, project: &Project) -> Answer {
    let blocked: Vec<_> = project
        .current_sprint()
        .map(|current| figures::progress(project, current).blocked)
        .unwrap_or_default();
    let answer = answer.field_if(
        "Blocked",
        (!blocked.is_empty()).then(|| words::ids(blocked.iter().map(|story| &story.id))),
    );
    if project.approvals.is_empty() {
        return answer;
    }
    let questions: Vec<_> = project.approvals.iter().collect();
    let answerable = workflow::allowed(project).contains(&CommandKind::Approve);
    if answerable {
        return approval::asked(answer, project, &questions);
    }
    let until = format!(
        "{}, which can be answered in {}",
        words::count(questions.len(), "question"),
        State::BacklogReady
    );
    answer.field("Waiting", until).table(approval::questions_table(project, questions.iter().copied()))
}

fn alt(state: State, allowed: &[CommandKind]) -> String {
    let changes = allowed.iter().filter(|kind| kind.scope() == Scope::Change).map(|kind| kind.name());
    let changes: Vec<_> = changes.collect();
    format!("The workflow stands at {state}. Possible: {}.", changes.join(", "))
}

/// What can be started now, in order.
pub fn ready(project: &Project, count: u32) -> Answer {
    let all: Vec<_> = figures::ready(project).collect();
    let shown = all.len().min(count as usize);
    if all.is_empty() {
        let answer = Answer::info("No story can be started now").paragraph(none_ready(project));
        return onward(next_field(answer, project.state), project);
    }
    let mut table = Table::new(&["", "Story", "Title", "Priority", ">Points", "Sprint"]);
    for (at, story) in all.iter().take(shown).enumerate() {
        table.push([
            (at + 1).to_string(),
            story.id.to_string(),
            story.title.to_string(),
            story.priority.to_string(),
            words::short_estimate(story),
            story.sprint.map_or_else(String::new, |id| id.to_string()),
        ]);
    }
    let title = match all.len() - shown {
        0 => format!("{} can be started", words::count(all.len(), "story")),
        _ => format!("The first {shown} of {} that can be started", words::count(all.len(), "story")),
    };
    let answer = Answer::info(title).table(table);
    match all.first() {
        Some(first) if first.sprint.is_some() && project.state == State::SprintActive => {
            answer.primary(format!("Begin {}", first.id), format!("story move {} in_progress", first.id))
        }
        _ => onward(answer, project),
    }
}

fn none_ready(project: &Project) -> &'static str {
    if project.open_stories() == 0 {
        "The backlog is empty."
    } else {
        "Every open story is in work, blocked, or waits for another one."
    }
}
