//! Going back in time: taking commands back, and restoring an earlier state, both as new commands.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::domain::approval::Approval;
use crate::domain::check;
use crate::domain::event::Event;
use crate::domain::id::SprintId;
use crate::domain::past::{Past, Patch, Step};
use crate::domain::project::Project;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::workflow::{State, Turn, settled};

/// Takes the given steps back, newest first, unless something later depends on them.
pub(crate) fn undo(turn: &mut Turn<'_>, confirm: bool) -> Result<State, Refusal> {
    let Some(Past::Steps(steps)) = &turn.facts.past else { return Err(no_past()) };
    if steps.is_empty() {
        return Err(Refusal::new(Code::Nothing, "there is no command to take back", "see `log`"));
    }
    let mut outlook = turn.project.clone();
    for step in steps {
        let patch = backwards(&outlook, step)?;
        outlook.apply(&Event::Replaced(Arc::new(patch)));
    }
    let each: Vec<_> = steps.iter().map(|step| format!("{} ({})", step.commit, step.subject)).collect();
    let each = each.join(", ");
    replace(turn, &outlook, format!("took back {each}"), &format!("taking back {each}"), confirm)
}

/// Goes back to how the project was at a commit.
pub(crate) fn restore(turn: &mut Turn<'_>, confirm: bool) -> Result<State, Refusal> {
    let Some(Past::At { commit, project }) = &turn.facts.past else { return Err(no_past()) };
    replace(turn, project, format!("restored {commit}"), &format!("going back to {commit}"), confirm)
}

/// Makes the project as `then` is, if that keeps every rule and is meant.
fn replace(
    turn: &mut Turn<'_>,
    then: &Project,
    why: String,
    doing: &str,
    confirm: bool,
) -> Result<State, Refusal> {
    let mut patch = Patch::between(turn.project, then, why);
    let mut outlook = turn.project.clone();
    outlook.apply(&Event::Replaced(Arc::new(patch.clone())));
    patch.state = settled(&outlook, patch.state);
    outlook.state = patch.state;
    if patch.is_empty() && standing(&patch) == standing(&Patch::standing(turn.project, String::new())) {
        return Err(Refusal::new(Code::NoChange, "the project is already like that", "see `log`"));
    }
    if let Some(first) = check::violations(&outlook).first() {
        let message = format!("what would result breaks a rule: {first}");
        return Err(Refusal::new(Code::InUse, message, "take back what depends on it first; see `log`"));
    }
    if !confirm {
        let message = would_change(turn.project, &patch, doing);
        return Err(Refusal::new(Code::Unconfirmed, message, "add `confirm` to do it"));
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

fn reverted<K: Ord + Copy + fmt::Display, V: PartialEq>(
    now: &imbl::OrdMap<K, Arc<V>>,
    before: &Things<K, V>,
    after: &Things<K, V>,
    step: &Step,
) -> Result<Things<K, V>, Refusal> {
    let expected = |id: &K| after.get(id).and_then(Option::as_ref);
    match before.keys().chain(after.keys()).find(|id| now.get(*id) != expected(id)) {
        Some(id) => Err(depends(&id.to_string(), step)),
        None => Ok(before.clone()),
    }
}

fn depends(what: &str, step: &Step) -> Refusal {
    let message = format!("{what} was changed after {} ({})", step.commit, step.subject);
    Refusal::new(Code::InUse, message, "take back the later commands first; see `log`")
}

fn standing(patch: &Patch) -> (State, Option<SprintId>, &[Approval]) {
    (patch.state, patch.sprint, &patch.approvals)
}

/// What a person should know before saying that it is meant.
fn would_change(now: &Project, patch: &Patch, doing: &str) -> String {
    let mut ids: [Vec<String>; 3] = Default::default();
    sort_into(&mut ids, &now.epics, &patch.epics);
    sort_into(&mut ids, &now.stories, &patch.stories);
    sort_into(&mut ids, &now.sprints, &patch.sprints);
    let told = ["change", "remove", "bring back"].iter().zip(&ids).filter(|(_, ids)| !ids.is_empty());
    let mut parts: Vec<_> = told.map(|(verb, ids)| format!("{verb} {}", some_of(ids))).collect();
    if parts.is_empty() {
        parts.push("change no story".to_owned());
    }
    let mut text = format!("{doing} would {}", parts.join("; "));
    if now.state != patch.state {
        text += &format!("; {} would become {}", now.state, patch.state);
    }
    text
}

/// Sorts the ids in `things` into those that would change, go, or come back.
fn sort_into<K: Ord + fmt::Display, V>(
    ids: &mut [Vec<String>; 3],
    now: &imbl::OrdMap<K, Arc<V>>,
    things: &Things<K, V>,
) {
    let [changed, gone, back] = ids;
    for (id, value) in things {
        let list = match (value, now.contains_key(id)) {
            (None, _) => &mut *gone,
            (Some(_), true) => &mut *changed,
            (Some(_), false) => &mut *back,
        };
        list.push(id.to_string());
    }
}

fn some_of(ids: &[String]) -> String {
    const SHOWN: usize = 10;

    let mut text = ids[..ids.len().min(SHOWN)].join(", ");
    if ids.len() > SHOWN {
        text += &format!(" and {} more", ids.len() - SHOWN);
    }
    text
}

fn no_past() -> Refusal {
    Refusal::new(Code::Unknown, "there is no such command or commit in the history", "see `log`")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::StoryId;
    use crate::domain::testing::{World, check_refusals};

    fn world() -> World {
        World::given(&["backlog add one", "backlog add two after=S-1", "sprint plan S-1", "sprint start"])
    }

    #[test]
    fn what_going_back_refuses() {
        #[rustfmt::skip]
        check_refusals(&world(), &[
            ("undo", "unconfirmed: taking back c4 (command 4) would change sprint-001; SPRINT_ACTIVE would become SPRINT_PLANNED; add `confirm` to do it"),
            ("undo 2", "unconfirmed: taking back c4 (command 4), c3 (command 3) would change S-1; remove sprint-001; SPRINT_ACTIVE would become BACKLOG_READY; add `confirm` to do it"),
            ("undo c1 confirm", "in_use: S-1 was changed after c1 (command 1); take back the later commands first; see `log`"),
            ("undo c3 confirm", "in_use: sprint-001 was changed after c3 (command 3); take back the later commands first; see `log`"),
            ("undo c9 confirm", "unknown: there is no such command or commit in the history; see `log`"),
            ("restore c1", "unconfirmed: going back to c1 would change S-1; remove S-2, sprint-001; SPRINT_ACTIVE would become BACKLOG_READY; add `confirm` to do it"),
            ("restore c4 confirm", "no_change: the project is already like that; see `log`"),
            ("restore c0ffee", "unknown: there is no such command or commit in the history; see `log`"),
        ]);
        #[rustfmt::skip]
        check_refusals(&World::given(&["backlog add one", "backlog add two after=S-1"]), &[
            ("undo c1 confirm", "in_use: what would result breaks a rule: S-2 refers to S-1, which does not exist; take back what depends on it first; see `log`"),
        ]);
        #[rustfmt::skip]
        check_refusals(&World::given(&[]), &[
            ("undo", "nothing: there is no command to take back; see `log`"),
        ]);
        #[rustfmt::skip]
        check_refusals(&World::given(&["backlog add one", "backlog remove S-1"]), &[
            ("undo", "unconfirmed: taking back c2 (command 2) would bring back S-1; add `confirm` to do it"),
        ]);
        let later = ["story move S-2 done", "backlog add three", "sprint pause", "sprint resume"];
        #[rustfmt::skip]
        check_refusals(&world().and(&["sprint cancel", "sprint plan S-1"]).and(&later[..2]), &[
            ("undo c5 confirm", "in_use: S-1 was changed after c5 (command 5); take back the later commands first; see `log`"),
        ]);
    }

    #[test]
    fn a_sprint_that_was_taken_back_leaves_its_number_behind() {
        let world = world().and(&["undo 2 confirm"]);
        assert!(world.project.sprints.is_empty());
        assert_eq!(world.project.stories[&StoryId(1)].sprint, None);

        let world = world.and(&["sprint plan S-1"]);
        assert_eq!(world.project.sprint, Some(SprintId(2)));
    }

    #[test]
    fn taking_back_can_be_taken_back() {
        let before = world().project;

        let mut after = world().and(&["undo 3 confirm", "undo 1 confirm"]).project;

        (after.recent, after.revision) = (before.recent.clone(), before.revision);
        assert_eq!(after, before);
    }

    #[test]
    fn one_command_among_many_is_taken_back_alone() {
        let world = world().and(&["backlog edit S-2 points=8", "story move S-1 done", "undo c5 confirm"]);

        assert_eq!(world.project.stories[&StoryId(2)].points, None);
        assert_eq!(world.project.state, State::SprintReview);
    }

    #[test]
    fn the_first_story_taken_back_does_not_make_a_backlog_with_others_idle() {
        let world = World::given(&["backlog add one", "backlog add two", "undo c1 confirm"]);

        assert_eq!(world.project.state, State::BacklogReady);
    }
}
