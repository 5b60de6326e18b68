//! Answers to somebody who looks at the backlog, or at one thing of it.

use crate::domain::command::View;
use crate::domain::entity::{Entity, Epic};
use crate::domain::id::Reference;
use crate::domain::project::Project;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::rules::resolve;
use crate::domain::sprint::Sprint;
use crate::domain::story::{Status, Story};
use crate::domain::workflow::{State, placed};
use crate::surface::answer::backlog::criteria;
use crate::surface::answer::changed::onward;
use crate::surface::answer::{Answer, Table, review, sprint, story, words};

/// How many stories a page has.
const PAGE: usize = 10;
/// How many notes of a story are shown in full length or nearly so.
const NOTES_SHOWN: usize = 10;
/// How much of a note is shown.
const NOTE: usize = 600;

/// The backlog in order, ten a page, or everything about one thing.
///
/// # Errors
///
/// A [`Refusal`] that names an unknown id, or a page beyond the last.
pub fn backlog(project: &Project, view: &View, page: u32) -> Result<Answer, Refusal> {
    match view {
        View::Product => {
            let all: Vec<_> = project.backlog().map(AsRef::as_ref).collect();
            let title = format!("Backlog of {}", project.name);
            paged(project, &all, page, &title, "backlog view product")
        }
        View::Sprint => {
            let Some(current) = project.current_sprint() else {
                let refusal =
                    Refusal::new(Code::Nothing, "there is no current sprint", project.state.next_step());
                return Err(placed(refusal, project));
            };
            let all: Vec<_> = project.stories_of(current).map(AsRef::as_ref).collect();
            paged(project, &all, page, &format!("Stories of {}", current.id), "backlog view sprint")
        }
        View::One(reference) => one(project, reference),
    }
}

/// One page of `all`; `command` leads to the others.
fn paged(
    project: &Project,
    all: &[&Story],
    page: u32,
    title: &str,
    command: &str,
) -> Result<Answer, Refusal> {
    let pages = all.len().div_ceil(PAGE);
    let at = page as usize;
    if all.is_empty() {
        let answer = Answer::info(format!("{title}: no open stories"));
        return Ok(onward(answer.field("Next", State::Idle.next_step()), project));
    }
    if !(1..=pages).contains(&at) {
        let message = format!(
            "there is no page {page}; {} fill {}",
            words::count(all.len(), "story"),
            words::count(pages, "page")
        );
        return Err(placed(
            Refusal::new(Code::Invalid, message, format!("see `{command} page:{pages}`")),
            project,
        ));
    }
    let points: u32 = all.iter().map(|story| story.weight()).sum();
    let size = format!("{}, {}", words::count(all.len(), "story"), words::points(points));
    let size = if pages > 1 { format!("{size}; page {at} of {pages}") } else { size };
    let mut answer = Answer::info(format!("{title}: {size}")).table(rows(all, (at - 1) * PAGE));
    if at > 1 {
        answer = answer.turn("Previous", format!("{command} page:{}", at - 1));
    }
    if at < pages {
        answer = answer.turn("Next", format!("{command} page:{}", at + 1));
    }
    Ok(onward(answer, project))
}

/// The stories of the page that begins behind `first` others.
fn rows(all: &[&Story], first: usize) -> Table {
    let mut table = Table::new(&[">", "Story", "Title", "Status", "Priority", ">Points", "Sprint"]);
    for (nth, story) in all.iter().enumerate().skip(first).take(PAGE) {
        table.push([
            (nth + 1).to_string(),
            story.id.to_string(),
            story.title.to_string(),
            story.status.to_string(),
            story.priority.to_string(),
            words::short_estimate(story),
            story.sprint.map_or_else(String::new, |id| id.to_string()),
        ]);
    }
    table
}

/// Everything about one thing.
fn one(project: &Project, reference: &Reference) -> Result<Answer, Refusal> {
    let entity = resolve::entity(project, reference).map_err(|refusal| placed(refusal, project))?;
    let found = match entity {
        Entity::Story(id) => project.stories.get(&id).map(|story| whole_story(project, story)),
        Entity::Epic(id) => project.epics.get(&id).map(|epic| whole_epic(project, epic)),
        Entity::Sprint(id) => project.sprints.get(&id).map(|sprint| whole_sprint(project, sprint)),
    };
    found.ok_or_else(|| {
        let message = format!("there is no {reference}");
        placed(Refusal::new(Code::Unknown, message, "see what there is with `backlog view`"), project)
    })
}

fn whole_story(project: &Project, story: &Story) -> Answer {
    let id = story.id;
    let answer = Answer::info(format!("{id} {}", story.title));
    let answer = described(answer, story.description.as_str(), story.title.as_str());
    let answer = answer
        .field("Status", story.status.to_string())
        .field_if("Reason", story.reason.as_ref().map(ToString::to_string))
        .field("Priority", story.priority.to_string())
        .field_if("Place", words::place(project, id))
        .field("Points", words::estimate(story))
        .field_if("Criteria", criteria(story))
        .field_if("Epic", words::epic(project, story))
        .field_if("Sprint", story.sprint.map(|id| id.to_string()))
        .field_if("Depends on", words::dependencies(project, story))
        .field_if("Needed by", needed_by(project, story))
        .field_if("Assignee", story.assignee.as_ref().map(ToString::to_string))
        .field("Added", format!("{} by {}", words::minute_utc(story.created_at), story.created_by))
        .field_if("Begun", story.started_at.map(words::minute_utc))
        .field_if("Done", story.done_at.map(words::minute_utc))
        .field_if("Also known as", (!story.aliases.is_empty()).then(|| story.aliases.join(", ")));
    story_choices(answer.table(notes(story)), project, story)
}

/// A description in full, where it says more than the title.
fn described(answer: Answer, description: &str, title: &str) -> Answer {
    match words::beyond(description, title) {
        "" => answer,
        more => answer.paragraph(more),
    }
}

fn needed_by(project: &Project, story: &Story) -> Option<String> {
    let waiting = project.stories.values().filter(|other| other.depends_on.contains(&story.id));
    let waiting: Vec<_> = waiting.map(|other| other.id).collect();
    (!waiting.is_empty()).then(|| words::ids(&waiting))
}

/// The latest notes, newest first.
fn notes(story: &Story) -> Table {
    let file = format!("`.orch-state/stories/{}/{}.json`", story.id.0 / 100, story.id);
    let mut table = Table::new(&["When (UTC)", "Note by", "Note"]);
    for note in story.notes.iter().rev().take(NOTES_SHOWN) {
        table.push([
            words::minute(note.at),
            note.by.to_string(),
            words::excerpt(note.text.as_str(), NOTE, &file),
        ]);
    }
    if story.notes.len() > NOTES_SHOWN {
        let older = words::count(story.notes.len() - NOTES_SHOWN, "older note");
        table.push([String::new(), String::new(), format!("… {older} in {file}")]);
    }
    table
}

/// Where a story can go from here, if the project lets it move at all.
fn story_choices(answer: Answer, project: &Project, story: &Story) -> Answer {
    let id = story.id;
    let in_sprint = story.sprint.is_some();
    let goes_on =
        matches!(project.state, State::SprintActive | State::Blocked) && story.sprint == project.sprint;
    let movable = if in_sprint { goes_on } else { project.state != State::SprintReview };
    let answer = match story.status {
        Status::Todo if movable && project.is_ready(story) => {
            answer.primary("Begin", format!("story move {id} in_progress"))
        }
        Status::InProgress if movable => answer.primary("To review", format!("story move {id} in_review")),
        Status::InReview if movable => answer.primary("Done", format!("story move {id} done")),
        Status::Blocked if goes_on => answer
            .primary("Suggest a fix", format!("suggest_fix id:{id}"))
            .asking("description")
            .danger("Skip", format!("skip_task {id}")),
        _ => answer,
    };
    let answer = if story.is_open() && project.state != State::SprintReview {
        answer.choice("Put on top", format!("backlog prioritize {id} top"))
    } else {
        answer
    };
    answer.choice("History", format!("log id:{id}"))
}

fn whole_epic(project: &Project, epic: &Epic) -> Answer {
    let mut stories: Vec<_> =
        project.stories.values().filter(|story| story.epic == Some(epic.id)).map(AsRef::as_ref).collect();
    let done = stories.iter().filter(|story: &&&Story| story.status == Status::Done).count();
    // What is left to do is what people look for.
    stories.sort_by_key(|story: &&Story| (story.status == Status::Done, story.priority, story.rank));
    let answer = Answer::info(format!("{} {}", epic.id, epic.title));
    described(answer, epic.description.as_str(), epic.title.as_str())
        .field("Stories", format!("{done} of {} done", stories.len()))
        .field("Added", format!("{} by {}", words::minute_utc(epic.created_at), epic.created_by))
        .field_if("Also known as", (!epic.aliases.is_empty()).then(|| epic.aliases.join(", ")))
        .table(words::stories(stories.into_iter()))
        .choice("Add a story", format!("backlog add epic:{}", epic.id))
        .asking("description")
        .choice("History", format!("log id:{}", epic.id))
}

fn whole_sprint(project: &Project, sprint: &Sprint) -> Answer {
    let blocked = project
        .stories_of(sprint)
        .map(AsRef::as_ref)
        .filter(|story: &&Story| story.status == Status::Blocked);
    let answer = story::reasons(Answer::info(sprint::standing(sprint)), blocked)
        .field_if("Goal", sprint.goal.as_ref().map(ToString::to_string))
        .field("Length", words::count(sprint.days as usize, "day"))
        .field("Capacity", words::points(sprint.capacity))
        .field("Progress", sprint::progress_line(project, sprint))
        .field_if("Velocity", sprint.velocity.map(words::points))
        .field("Planned", words::minute_utc(sprint.planned_at))
        .field_if("Started", sprint.started_at.map(words::minute_utc))
        .field_if("Ended", sprint.ended_at.map(words::minute_utc))
        .field_if("Left the sprint", (!sprint.returned.is_empty()).then(|| words::ids(&sprint.returned)))
        .table(words::stories(project.stories_of(sprint).map(AsRef::as_ref)));
    review::said_after(answer, sprint).choice("History", format!("log id:{}", sprint.id))
}
