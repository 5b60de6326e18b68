//! Going back in time: taking commands back, and restoring an earlier state, both as new commands.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::domain::check;
use crate::domain::event::Event;
use crate::domain::past::{Past, Patch, Step};
use crate::domain::project::Project;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::workflow::{State, Turn};

/// Takes the given steps back, newest first, unless something later depends on them.
pub(crate) fn undo(turn: &mut Turn<'_>, confirm: bool) -> Result<State, Refusal> {
    let Some(Past::Steps(steps)) = &turn.facts.past else { return Err(no_past()) };
    let mut outlook = turn.project.clone();
    for step in steps {
        let patch = backwards(&outlook, step)?;
        outlook.apply(&Event::Replaced(Arc::new(patch)));
    }
    let names: Vec<_> =
        steps.iter().map(|step| format!("took back {}: {}", step.commit, step.subject)).collect();
    replace(turn, &outlook, names.join("; "), confirm)
}

/// Goes back to how the project was at a commit.
pub(crate) fn restore(turn: &mut Turn<'_>, confirm: bool) -> Result<State, Refusal> {
    let Some(Past::At { commit, project }) = &turn.facts.past else { return Err(no_past()) };
    replace(turn, project, format!("restored {commit}"), confirm)
}

/// Makes the project as `then` is, if that keeps every rule and is meant.
fn replace(turn: &mut Turn<'_>, then: &Project, why: String, confirm: bool) -> Result<State, Refusal> {
    let patch = Patch::between(turn.project, then, why);
    if patch.is_empty() && standing(&patch) == standing(&Patch::standing(turn.project, String::new())) {
        return Err(Refusal::new(Code::NoChange, "the project is already like that", "see `log`"));
    }
    let mut outlook = turn.project.clone();
    outlook.apply(&Event::Replaced(Arc::new(patch.clone())));
    if let Some(first) = check::violations(&outlook).first() {
        let message = format!("what would result breaks a rule: {first}");
        return Err(Refusal::new(Code::InUse, message, "take back what depends on it first; see `log`"));
    }
    if !confirm {
        return Err(Refusal::new(
            Code::Unconfirmed,
            would_change(turn.project, &patch),
            "add `confirm` to do it",
        ));
    }
    let state = patch.state;
    turn.emit(Event::Replaced(Arc::new(patch)));
    Ok(state)
}

/// The patch that takes one step back, or a refusal that names what was changed since.
fn backwards(now: &Project, step: &Step) -> Result<Patch, Refusal> {
    let mut patch = Patch::standing(now, String::new());
    patch.epics = reverted(&now.epics, &step.before.epics, &step.after.epics, step)?;
    patch.stories = reverted(&now.stories, &step.before.stories, &step.after.stories, step)?;
    patch.sprints = reverted(&now.sprints, &step.before.sprints, &step.after.sprints, step)?;
    if standing(&step.before) != standing(&step.after) {
        let same = standing(&Patch::standing(now, String::new())) == standing(&step.after);
        if !same {
            return Err(depends("the state of the project", step));
        }
        patch.state = step.before.state;
        patch.sprint = step.before.sprint;
        patch.approvals.clone_from(&step.before.approvals);
    }
    Ok(patch)
}

type Things<K, V> = BTreeMap<K, Option<Arc<V>>>;

fn reverted<K: Ord + Copy + std::fmt::Display, V: PartialEq>(
    now: &imbl::OrdMap<K, Arc<V>>,
    before: &Things<K, V>,
    after: &Things<K, V>,
    step: &Step,
) -> Result<Things<K, V>, Refusal> {
    for (id, value) in after {
        if now.get(id) != value.as_ref() {
            return Err(depends(&id.to_string(), step));
        }
    }
    Ok(before.clone())
}

fn depends(what: &str, step: &Step) -> Refusal {
    let message = format!("{what} was changed after {} ({})", step.commit, step.subject);
    Refusal::new(Code::InUse, message, "take back the later commands first; see `log`")
}

fn standing(
    patch: &Patch,
) -> (State, Option<crate::domain::id::SprintId>, &[crate::domain::approval::Approval]) {
    (patch.state, patch.sprint, &patch.approvals)
}

fn would_change(now: &Project, patch: &Patch) -> String {
    const SHOWN: usize = 10;

    let all: Vec<_> = patch.entities().map(|entity| entity.to_string()).collect();
    let mut text = format!("{} would change: {}", patch.why, all[..all.len().min(SHOWN)].join(", "));
    if all.is_empty() {
        text = format!("{} would change no story", patch.why);
    }
    if all.len() > SHOWN {
        text += &format!(" and {} more", all.len() - SHOWN);
    }
    if now.state != patch.state {
        text += &format!("; {} would become {}", now.state, patch.state);
    }
    text
}

fn no_past() -> Refusal {
    Refusal::new(Code::Unknown, "there is no such command or commit in the history", "see `log`")
}
