//! Answers to questions that wait for people.

use crate::domain::approval::{Approval, Question};
use crate::domain::event::Event;
use crate::domain::id::{ApprovalId, Reference};
use crate::domain::project::Project;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::text::Prose;
use crate::domain::workflow::{State, Turn};

/// Yes to the named questions, or to all.
pub(crate) fn approve(turn: &mut Turn<'_>, ids: &[Reference]) -> Result<(), Refusal> {
    let by = turn.envelope.person.name.clone();
    for approval in chosen(turn.project, ids)? {
        turn.emit(Event::ApprovalGranted { approval: approval.id, by: by.clone() });
    }
    Ok(())
}

/// No to the named questions, or to all; proposed stories are gone then.
pub(crate) fn reject(turn: &mut Turn<'_>, ids: &[Reference], reason: Option<&Prose>) -> Result<(), Refusal> {
    let by = turn.envelope.person.name.clone();
    for approval in chosen(turn.project, ids)? {
        turn.emit(Event::ApprovalRejected { approval: approval.id, by: by.clone(), reason: reason.cloned() });
        if let Question::Proposal { stories, .. } = &approval.question {
            stories.iter().for_each(|id| turn.emit(Event::StoryRemoved(*id)));
        }
    }
    Ok(())
}

/// Whether a question can be answered now.
pub(crate) fn any(project: &Project) -> bool {
    project.approvals.iter().any(|approval| is_open(project, approval))
}

/// Proposals change the backlog and wait until it is open; a run may ask at any time.
fn is_open(project: &Project, approval: &Approval) -> bool {
    project.state == State::BacklogReady || matches!(approval.question, Question::Run { .. })
}

fn chosen<'a>(project: &'a Project, ids: &[Reference]) -> Result<Vec<&'a Approval>, Refusal> {
    let named: Vec<_> = match ids {
        [] => project.approvals.iter().filter(|approval| is_open(project, approval)).collect(),
        ids => ids.iter().map(|id| one(project, id)).collect::<Result<_, _>>()?,
    };
    if named.is_empty() {
        let waiting = project.approvals.len();
        let message = match waiting {
            0 => "nothing waits for an answer".to_owned(),
            _ => format!("the {waiting} pending approvals can be answered in {}", State::BacklogReady),
        };
        return Err(Refusal::new(Code::Nothing, message, project.state.next_step()));
    }
    let twice = |(at, approval): (usize, &&Approval)| named[..at].iter().any(|other| other.id == approval.id);
    if named.iter().enumerate().any(twice) {
        return Err(Refusal::new(Code::Invalid, "an approval is named twice", "name each once"));
    }
    Ok(named)
}

fn one<'a>(project: &'a Project, id: &Reference) -> Result<&'a Approval, Refusal> {
    let number = id.as_str().parse::<ApprovalId>().ok();
    let found = project.approvals.iter().find(|approval| Some(approval.id) == number);
    let approval = found.ok_or_else(|| {
        let waiting: Vec<_> = project.approvals.iter().map(|approval| approval.id.to_string()).collect();
        let hint = if waiting.is_empty() {
            "nothing waits".to_owned()
        } else {
            format!("waiting: {}", waiting.join(", "))
        };
        Refusal::new(Code::Unknown, format!("no approval {id} waits for an answer"), hint)
    })?;
    if is_open(project, approval) {
        return Ok(approval);
    }
    let message =
        format!("{id} can be answered in {}, the project is {}", State::BacklogReady, project.state);
    Err(Refusal::new(Code::WrongState, message, project.state.next_step()))
}
