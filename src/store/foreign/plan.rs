//! Takes sprints over, and makes them agree with the stories and the state.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::domain::id::{SprintId, StoryId};
use crate::domain::rules::story::is_stuck;
use crate::domain::sprint::{Retrospective, Sprint, SprintStatus};
use crate::domain::story::Status;
use crate::domain::workflow::State;
use crate::store::foreign::fields::Fields;
use crate::store::foreign::import::{Import, take_alias};
use crate::store::foreign::source::{self, Source};

/// How long a sprint lasts that does not say when it begins and ends.
const USUAL_DAYS: u32 = 14;
const SECONDS_A_DAY: i64 = 86_400;
/// Names that our own fields of a sprint have.
#[rustfmt::skip]
const SPRINT_FIELDS: [&str; 15] = [
    "format", "id", "uid", "goal", "days", "capacity", "status", "stories", "returned", "aliases",
    "planned_at", "started_at", "ended_at", "velocity", "retrospective",
];

/// A sprint on its way.
struct Draft {
    id: SprintId,
    raw: Map<String, Value>,
    /// What it says about how far it is.
    status: String,
    is_current: bool,
    /// What it has listed, and what says that it belongs to it.
    stories: Vec<StoryId>,
}

/// Takes the sprints and the state over.
pub(super) fn take_over(import: &mut Import, source: &mut Source) {
    let wanted = wanted_state(import, source);
    let mut drafts = drafts(import, source);
    if let Some(current) = current(&drafts, source, wanted) {
        drafts[current].is_current = true;
        import.project.sprint = Some(drafts[current].id);
        source.status.remove("current_sprint");
    }
    let homes = homes(import, &drafts);
    for (story, sprint) in &homes {
        import.change(*story, |story| story.sprint = Some(*sprint));
    }
    drafts.into_iter().for_each(|draft| sprint(import, draft, wanted));
    settle(import, source, wanted);
}

/// The state that the old files speak of.
fn wanted_state(import: &mut Import, source: &mut Source) -> Option<State> {
    let text = source.status.get("current_state")?.as_str()?.trim().to_owned();
    let state = State::ALL.into_iter().find(|state| state.name() == text);
    match state {
        Some(_) => drop(source.status.remove("current_state")),
        None => import.notes.push(format!("the state {text:?} is not known")),
    }
    state
}

fn drafts(import: &mut Import, source: &mut Source) -> Vec<Draft> {
    let mut drafts: Vec<Draft> = Vec::new();
    for (number, raw) in (1..).zip(std::mem::take(&mut source.sprints)) {
        let id = SprintId(number);
        let status = raw.get("status").and_then(Value::as_str).unwrap_or_default().trim().to_owned();
        drafts.push(Draft { id, raw, status, is_current: false, stories: Vec::new() });
    }
    for draft in &mut drafts {
        list(import, draft);
    }
    for (story, old) in import.sprint_of.clone() {
        match drafts.iter_mut().find(|draft| source::id(&draft.raw) == old) {
            Some(draft) if !draft.stories.contains(&story) => draft.stories.push(story),
            Some(_) => {}
            None => import.lose_sprint(story, old),
        }
    }
    drafts
}

/// Finds the stories that a sprint lists. The list itself is kept if some of them do not exist.
fn list(import: &mut Import, draft: &mut Draft) {
    let Some(Value::Array(listed)) = draft.raw.get("story_ids") else { return };
    let mut lost = Vec::new();
    for value in listed {
        let old = value.as_str().map_or_else(|| value.to_string(), |text| text.trim().to_owned());
        match import.stories.get(&old) {
            Some(story) if !draft.stories.contains(story) => draft.stories.push(*story),
            Some(_) => {}
            None => lost.push(old),
        }
    }
    if lost.is_empty() {
        draft.raw.remove("story_ids");
    } else {
        import.notes.push(format!("{}: it lists what does not exist: {}", draft.id, lost.join(", ")));
    }
}

/// Which sprint goes on.
fn current(drafts: &[Draft], source: &Source, wanted: Option<State>) -> Option<usize> {
    let named = match source.status.get("current_sprint") {
        Some(Value::Object(sprint)) => source::id(sprint),
        Some(Value::String(id)) => id.trim().to_owned(),
        _ => String::new(),
    };
    let in_review = wanted == Some(State::SprintReview);
    let is_open = |draft: &Draft| matches!(draft.status.as_str(), "active" | "planned") || in_review;
    let is_named = |draft: &Draft| !named.is_empty() && source::id(&draft.raw) == named && is_open(draft);
    let is = |status: &'static str| move |draft: &Draft| draft.status == status;
    let find = |wanted: &dyn Fn(&Draft) -> bool| drafts.iter().position(wanted);
    let completed = || drafts.iter().rposition(is("completed")).filter(|_| in_review);
    find(&is_named).or_else(|| find(&is("active"))).or_else(|| find(&is("planned"))).or_else(completed)
}

/// To which sprint each story belongs: the current one, or the last in which it was finished.
fn homes(import: &Import, drafts: &[Draft]) -> BTreeMap<StoryId, SprintId> {
    let mut homes = BTreeMap::new();
    let is_done =
        |id: &StoryId| import.project.stories.get(id).is_some_and(|story| story.status == Status::Done);
    let (current, past): (Vec<_>, Vec<_>) = drafts.iter().partition(|draft| draft.is_current);
    for draft in past {
        homes.extend(draft.stories.iter().filter(|id| is_done(id)).map(|id| (*id, draft.id)));
    }
    for draft in current {
        homes.extend(draft.stories.iter().map(|id| (*id, draft.id)));
    }
    homes
}

fn sprint(import: &mut Import, draft: Draft, wanted: Option<State>) {
    let (uid, old) = (import.uid(), source::id(&draft.raw));
    let is_taken = import.project.alias(&old).is_some();
    let members = draft.stories.iter().filter_map(|id| import.project.stories.get(id));
    let here: Vec<_> = members.filter(|story| story.sprint == Some(draft.id)).collect();
    let is_gone = |id: &&StoryId| !here.iter().any(|story| story.id == **id);
    let returned = draft.stories.iter().filter(is_gone).copied().collect();
    let done = here.iter().filter(|story| story.status == Status::Done);
    let velocity = done.map(|story| story.weight()).sum();
    let capacity: u32 = here.iter().map(|story| story.weight()).sum();
    let mut fields = Fields::new(draft.raw, draft.id.to_string(), &mut import.notes);
    let status = sprint_status(&mut fields, &draft.status, draft.is_current, wanted);
    let aliases = take_alias(&mut fields, &old, is_taken);
    let (starts, ends) = (fields.time("start_date"), fields.time("end_date"));
    let planned_at = fields.time("created_at").or(starts).unwrap_or(import.at);
    let goal = fields.take_text("goal").and_then(|text| fields.line("goal", &text));
    let has_ended = matches!(status, SprintStatus::Closed | SprintStatus::Cancelled | SprintStatus::Review);
    let sprint = Sprint {
        id: draft.id,
        uid,
        goal,
        days: days(&mut fields, starts, ends),
        capacity: capacity.clamp(1, Sprint::CAPACITY_MAX),
        status,
        returned,
        aliases,
        planned_at,
        started_at: starts.filter(|_| status != SprintStatus::Planned),
        ended_at: ends.filter(|_| has_ended),
        velocity: has_ended.then_some(velocity),
        retrospective: retrospective(&mut fields),
        extra: fields.rest(&SPRINT_FIELDS),
        stories: draft.stories,
    };
    import.project.set_sprint(sprint.id, Some(Arc::new(sprint)));
}

fn sprint_status(
    fields: &mut Fields<'_>,
    old: &str,
    is_current: bool,
    wanted: Option<State>,
) -> SprintStatus {
    fields.take("status");
    let status = match (is_current, wanted, old) {
        (true, Some(State::SprintPlanned), _) => SprintStatus::Planned,
        (true, Some(State::SprintActive | State::Blocked), _) => SprintStatus::Active,
        (true, Some(State::SprintPaused), _) => SprintStatus::Paused,
        (true, Some(State::SprintReview), _) => SprintStatus::Review,
        (true, _, "active") => SprintStatus::Active,
        (true, ..) => SprintStatus::Planned,
        (false, _, "completed" | "closed") => SprintStatus::Closed,
        (false, ..) => SprintStatus::Cancelled,
    };
    let was = match status {
        SprintStatus::Planned => "planned",
        SprintStatus::Active | SprintStatus::Paused => "active",
        SprintStatus::Review | SprintStatus::Closed => "completed",
        SprintStatus::Cancelled => "cancelled",
    };
    // A sprint is active until its review is over.
    if old != was && !(status == SprintStatus::Review && old == "active") {
        fields.note(&format!("it was {old:?} and is {status} now"));
        fields.keep("status", Value::String(old.to_owned()));
    }
    status
}

fn days(fields: &mut Fields<'_>, starts: Option<Timestamp>, ends: Option<Timestamp>) -> u32 {
    let (Some(starts), Some(ends)) = (starts, ends) else {
        fields.note(&format!("it does not say how long it lasts; it has {USUAL_DAYS} days now"));
        return USUAL_DAYS;
    };
    let days = (ends.as_second() - starts.as_second() + SECONDS_A_DAY - 1) / SECONDS_A_DAY;
    let fitting = days.clamp(1, i64::from(Sprint::DAYS_MAX));
    if fitting != days {
        fields.note(&format!("it lasted {days} days and has {fitting} now"));
    }
    u32::try_from(fitting).unwrap_or(USUAL_DAYS)
}

fn retrospective(fields: &mut Fields<'_>) -> Option<Retrospective> {
    let Some(Value::Object(raw)) = fields.take("retrospective") else { return None };
    let mut inner = fields.within(raw, "its retrospective");
    let retrospective = Retrospective {
        good: inner.lines("what_went_well"),
        improve: inner.lines("what_could_improve"),
        action: inner.lines("action_items"),
    };
    let rest = inner.rest(&[]);
    if !rest.is_empty() {
        fields.keep("retrospective", Value::Object(rest.into_iter().collect()));
    }
    Some(retrospective).filter(|found| *found != Retrospective::default())
}

/// Puts the project into the state that fits what there is.
fn settle(import: &mut Import, source: &mut Source, wanted: Option<State>) {
    let project = &import.project;
    let has_plan = project.open_stories() > 0 || !project.epics.is_empty();
    let state = match project.current_sprint().map(|sprint| sprint.status) {
        Some(SprintStatus::Planned) => State::SprintPlanned,
        Some(SprintStatus::Active) if is_stuck(project) => State::Blocked,
        Some(SprintStatus::Active) => State::SprintActive,
        Some(SprintStatus::Paused) => State::SprintPaused,
        Some(SprintStatus::Review) => State::SprintReview,
        _ if has_plan => State::BacklogReady,
        _ => State::Idle,
    };
    if let Some(wanted) = wanted.filter(|wanted| *wanted != state) {
        import.notes.push(format!("the state was {wanted} and is {state} now"));
        source.kept.insert("current_state".to_owned(), Value::String(wanted.to_string()));
    }
    import.project.state = state;
}
