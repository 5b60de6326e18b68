//! Answers to questions that wait for people.

use std::collections::BTreeSet;

use crate::domain::approval::{Approval, Question};
use crate::domain::event::Event;
use crate::domain::id::{ApprovalId, Reference, StoryId};
use crate::domain::project::Project;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::rules::backlog;
use crate::domain::story::Status;
use crate::domain::text::Prose;
use crate::domain::workflow::{State, Turn};

/// Yes to the named questions, or to all.
pub(crate) fn approve(turn: &mut Turn<'_>, ids: &[Reference]) -> Result<(), Refusal> {
    let by = turn.envelope.person.name.clone();
    for approval in chosen(turn, ids)? {
        turn.emit(Event::ApprovalGranted { approval: approval.id, by: by.clone() });
        for story in proposed(approval) {
            let (from, to, at) = (Status::Proposed, Status::Todo, turn.envelope.at);
            turn.emit(Event::StoryMoved { story: *story, from, to, reason: None, at });
        }
    }
    Ok(())
}

/// No to the named questions, or to all; proposed stories are gone then.
pub(crate) fn reject(turn: &mut Turn<'_>, ids: &[Reference], reason: Option<&Prose>) -> Result<(), Refusal> {
    let by = turn.envelope.person.name.clone();
    let approvals = chosen(turn, ids)?;
    nothing_needs(turn.project, &approvals)?;
    for approval in approvals {
        turn.emit(Event::ApprovalRejected { approval: approval.id, by: by.clone(), reason: reason.cloned() });
        proposed(approval).iter().for_each(|id| turn.emit(Event::StoryRemoved(*id)));
    }
    Ok(())
}

/// Whether a proposal waits for an answer, which is possible while the backlog is open.
pub(crate) fn proposals_wait(project: &Project) -> bool {
    project.approvals.iter().any(|approval| !matches!(approval.question, Question::Run { .. }))
}

/// Whether a question can be answered now.
pub(crate) fn any(project: &Project) -> bool {
    project.approvals.iter().any(|approval| is_open(project, approval))
}

/// Proposals change the backlog and wait until it is open; a run may ask at any time.
fn is_open(project: &Project, approval: &Approval) -> bool {
    project.state == State::BacklogReady || matches!(approval.question, Question::Run { .. })
}

/// The stories that are gone if the answer is no.
fn proposed(approval: &Approval) -> &[StoryId] {
    match &approval.question {
        Question::Proposal { stories, .. } => stories,
        Question::Run { .. } | Question::Imported => &[],
    }
}

/// Refuses to let proposed stories go while something else speaks of them.
fn nothing_needs(project: &Project, rejected: &[&Approval]) -> Result<(), Refusal> {
    let gone: BTreeSet<StoryId> = rejected.iter().flat_map(|one| proposed(one)).copied().collect();
    for id in &gone {
        let mut waiting = backlog::dependents(project, *id);
        waiting.retain(|other| !gone.contains(other));
        if !waiting.is_empty() {
            return Err(backlog::needed("rejected", *id, &waiting));
        }
        let is_rejected = |one: &Approval| rejected.iter().any(|other| other.id == one.id);
        let other = project.approvals.iter().find(|one| backlog::asks_about(one, *id) && !is_rejected(one));
        if let Some(other) = other {
            let message = format!("{id} also waits for the answer to {}", other.id);
            return Err(Refusal::new(Code::InUse, message, "answer both at once, or that one first"));
        }
    }
    Ok(())
}

fn chosen<'a>(turn: &Turn<'a>, ids: &[Reference]) -> Result<Vec<&'a Approval>, Refusal> {
    let project = turn.project;
    let named: Vec<_> = match ids {
        [] => project.approvals.iter().filter(|approval| is_open(project, approval)).collect(),
        ids => ids.iter().map(|id| one(project, id)).collect::<Result<_, _>>()?,
    };
    if named.is_empty() && project.state == State::BacklogReady {
        return Err(Refusal::new(Code::Nothing, "nothing waits for an answer", project.state.next_step()));
    }
    if named.is_empty() {
        let (kind, state) = (turn.envelope.command.kind(), project.state);
        let message = format!(
            "`{kind}` is not possible in {state}; it is possible in {}, and anywhere once a run asks",
            State::BacklogReady
        );
        return Err(Refusal::new(Code::WrongState, message, state.next_step()));
    }
    let mut seen = BTreeSet::new();
    if let Some(twice) = named.iter().find(|approval| !seen.insert(approval.id)) {
        let message = format!("{} is named twice", twice.id);
        return Err(Refusal::new(Code::Invalid, message, "name each approval once"));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::testing::{World, approval, check_refusals};

    /// `A-1` proposes `S-2`, on which `S-3` shall wait, and `A-2` is a question of a run on `S-1`.
    fn world() -> World {
        let mut world = World::with_proposal().and(&["backlog add three", "backlog edit S-3 after=S-2"]);
        let run = approval(2, Question::Run { story: StoryId(1) });
        world.project.apply(&Event::ApprovalRaised(run.into()));
        world
    }

    #[test]
    fn what_answering_refuses() {
        #[rustfmt::skip]
        check_refusals(&world(), &[
            ("approve A-9", "unknown: no approval A-9 waits for an answer; waiting: A-1, A-2"),
            ("approve S-1", "unknown: no approval S-1 waits for an answer; waiting: A-1, A-2"),
            ("approve A-1,a-1", "invalid: A-1 is named twice; name each approval once"),
            ("reject A-1", "in_use: S-2 cannot be rejected: S-3 depends on it; change the dependencies with `backlog edit` first"),
            ("reject", "in_use: S-2 cannot be rejected: S-3 depends on it; change the dependencies with `backlog edit` first"),
        ]);
        #[rustfmt::skip]
        check_refusals(&world().and(&["sprint plan S-1"]), &[
            ("approve A-1", "wrong_state: A-1 can be answered in BACKLOG_READY, the project is SPRINT_PLANNED; begin with `sprint start`"),
            ("reject A-2,A-1", "wrong_state: A-1 can be answered in BACKLOG_READY, the project is SPRINT_PLANNED; begin with `sprint start`"),
        ]);
        #[rustfmt::skip]
        check_refusals(&World::given(&["backlog add one"]), &[
            ("approve", "nothing: nothing waits for an answer; choose stories with `sprint plan`"),
            ("reject A-1", "unknown: no approval A-1 waits for an answer; nothing waits"),
        ]);
        #[rustfmt::skip]
        check_refusals(&World::with_proposal().and(&["sprint plan S-1"]), &[
            ("approve", "wrong_state: `approve` is not possible in SPRINT_PLANNED; it is possible in BACKLOG_READY, and anywhere once a run asks; begin with `sprint start`"),
        ]);
    }

    #[test]
    fn yes_to_a_proposal_puts_its_stories_into_the_backlog() {
        let mut world = world();
        assert!(world.project.backlog().all(|story| story.id != StoryId(2)));

        let events = world.run("approve a-1").unwrap();

        let lines: Vec<_> = events.iter().map(Event::to_string).collect();
        assert_eq!(lines, ["A-1 approved by Ada", "S-2: proposed -> todo"]);
        assert!(world.project.backlog().any(|story| story.id == StoryId(2)));
        assert_eq!(world.project.approvals.len(), 1);
    }

    #[test]
    fn no_to_a_proposal_lets_its_stories_go() {
        let world = world().and(&["backlog edit S-3 after=", "reject A-1"]);

        assert!(!world.project.stories.contains_key(&StoryId(2)));
    }

    #[test]
    fn all_that_can_be_answered_is_meant_if_nothing_is_named() {
        let world = world().and(&["sprint plan S-1", "approve"]);
        let left: Vec<_> = world.project.approvals.iter().map(|approval| approval.id).collect();
        assert_eq!(left, [ApprovalId(1)], "a run may ask in any state, a proposal waits");

        assert!(world.and(&["sprint cancel", "approve"]).project.approvals.is_empty());
    }
}
