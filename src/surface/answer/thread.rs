//! What happened to single stories of a sprint, told where people speak about each of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::domain::id::{SprintId, StoryId};
use crate::domain::past::Entry;
use crate::domain::project::Project;
use crate::domain::sprint::Sprint;
use crate::domain::story::{Status, Story};
use crate::surface::answer::{Answer, Tone, words};

/// How much of a line is told; the rest is in the history.
const LINE: usize = 280;

/// What a part of the history says about stories, a line each, oldest first. Only what happened to a story while a
/// sprint with it went on is told.
///
/// `entries` are newest first, as the history gives them, and `project` is what they have led to.
pub fn news(project: &Project, entries: &[Entry]) -> BTreeMap<StoryId, Vec<String>> {
    let mut told: BTreeMap<StoryId, Vec<String>> = BTreeMap::new();
    let mut going_on = going_on_before(project, entries);
    for entry in entries.iter().rev() {
        for event in &entry.events {
            for story in spoken_of(event).into_iter().filter(|story| is_in_one(project, &going_on, *story)) {
                let line = words::cut(&line(&entry.actor, story, event), LINE);
                told.entry(story).or_default().push(line);
            }
        }
        // What begins or ends a sprint belongs to what was before.
        for (sprint, goes_on) in entry.events.iter().filter_map(|event| turn(event)) {
            if goes_on {
                going_on.insert(sprint)
            } else {
                going_on.remove(&sprint)
            };
        }
    }
    told
}

/// The sprints that went on before the oldest of `entries`. The clock of the history is too coarse to tell.
fn going_on_before(project: &Project, entries: &[Entry]) -> BTreeSet<SprintId> {
    let mut turns = BTreeMap::new();
    for (sprint, goes_on) in entries.iter().rev().flat_map(|entry| &entry.events).filter_map(|it| turn(it)) {
        turns.entry(sprint).or_insert(goes_on);
    }
    let went_on = |sprint: &&Arc<Sprint>| match turns.get(&sprint.id) {
        Some(begins) => !begins,
        None => sprint.started_at.is_some() && sprint.ended_at.is_none(),
    };
    project.sprints.values().filter(went_on).map(|sprint| sprint.id).collect()
}

/// A sprint that begins (true) or ends with an event.
fn turn(event: &str) -> Option<(SprintId, bool)> {
    let (first, rest) = event.split_once(' ')?;
    let goes_on = match rest.split(' ').next()? {
        "started" => true,
        "ended" | "cancelled" => false,
        _ => return None,
    };
    Some((first.parse().ok()?, goes_on))
}

fn is_in_one(project: &Project, going_on: &BTreeSet<SprintId>, story: StoryId) -> bool {
    let mut sprints = going_on.iter().filter_map(|sprint| project.sprints.get(sprint));
    sprints.any(|sprint| sprint.stories.contains(&story) || sprint.returned.contains(&story))
}

/// Lines about a story as one message; with what helps if it is blocked.
pub fn story_news(story: &Story, lines: &[String]) -> Answer {
    let answer = match lines {
        [one] => Answer::info(one),
        many => Answer::info(format!("{}: {}", story.id, words::count(many.len(), "event")))
            .paragraph(many.join("\n")),
    };
    if story.status != Status::Blocked {
        return answer;
    }
    let id = story.id;
    let answer = answer
        .primary("Suggest a fix", format!("suggest_fix id:{id}"))
        .asking("description")
        .danger("Skip", format!("skip_task {id}"));
    Answer { tone: Tone::Warning, ..answer }
}

/// The stories of which an event speaks: the one that it is about, or those that a question names.
fn spoken_of(event: &str) -> Vec<StoryId> {
    let mut words = event.split(|c: char| !c.is_alphanumeric() && c != '-');
    let first = words.next().unwrap_or_default();
    if let Ok(story) = first.parse() {
        return vec![story];
    }
    if !first.starts_with("A-") {
        return Vec::new();
    }
    let mut named: Vec<StoryId> = words.filter_map(|word| word.parse().ok()).collect();
    named.sort_unstable();
    named.dedup();
    named
}

/// An event as a sentence, where it is one of those that people ask for most.
fn line(actor: &str, story: StoryId, event: &str) -> String {
    let about = event.strip_prefix(&story.to_string()).unwrap_or_default();
    if let Some((_, to)) = about.strip_prefix(": ").and_then(|rest| rest.split_once(" -> ")) {
        return match to.split_once(" (") {
            Some((to, reason)) => {
                let reason = reason.strip_suffix(')').unwrap_or(reason);
                format!("{actor} moved {story} to {to}: {reason}")
            }
            None => format!("{actor} moved {story} to {to}"),
        };
    }
    match about.strip_prefix(" noted: ") {
        Some(note) => format!("{actor} on {story}: {note}"),
        None => format!("{actor}: {event}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::command::{Command, StoryEdit};
    use crate::surface::answer::samples::{World, moved, of, plan};

    fn told(world: &World) -> Vec<(String, Vec<String>)> {
        let told = news(&world.project, &world.entries);
        told.into_iter().map(|(story, lines)| (story.to_string(), lines)).collect()
    }

    #[test]
    fn a_sprint_is_told_story_by_story_in_order() {
        let mut world = World::midway();
        world.does(Command::SuggestFix { description: of("ask Grace\nor Ada"), id: Some(of("S-3")) });
        let edit = StoryEdit { points: Some(Some(2)), ..StoryEdit::default() };
        world.does(Command::BacklogEdit { id: of("S-2"), edit: Box::new(edit) });

        let told =
            told(&world).into_iter().map(|(story, lines)| format!("{story}\n  {}", lines.join("\n  ")));
        insta::assert_snapshot!(told.collect::<Vec<_>>().join("\n"), @r"
        S-1
          Ada moved S-1 to in_progress
        S-2
          Ada: S-2 edited: points
        S-3
          Ada moved S-3 to blocked: waits for the list of columns from accounting
          Ada on S-3: ask Grace
          Ada moved S-3 to todo
        S-4
          Ada moved S-4 to done
        ");
    }

    #[test]
    fn what_happens_outside_of_a_sprint_is_not_told() {
        let mut world = World::backlog();
        world.does(moved("S-1", Status::InProgress, None));
        assert_eq!(told(&world), []);

        let mut world = World::sprint();
        world.does(moved("S-5", Status::InProgress, None));
        assert_eq!(told(&world), []);
    }

    #[test]
    fn what_is_told_bit_by_bit_is_what_is_told_at_once() {
        let mut world = World::backlog();
        let mut told: BTreeMap<StoryId, Vec<String>> = BTreeMap::new();
        for command in [
            moved("S-1", Status::InProgress, None),
            plan("S-1 S-2", None),
            Command::SprintStart,
            moved("S-1", Status::Done, None),
            moved("S-3", Status::Done, None),
            Command::SprintFinish,
            Command::Feedback { description: of("good: it works") },
            moved("S-2", Status::InProgress, None),
            plan("S-2", None),
            Command::SprintStart,
            moved("S-2", Status::Done, None),
        ] {
            world.does(command);
            for (story, lines) in news(&world.project, &world.entries[..1]) {
                told.entry(story).or_default().extend(lines);
            }
        }

        assert_eq!(news(&world.project, &world.entries), told);
        let count = |id: &str| told[&of(id)].len();
        assert_eq!((count("S-1"), count("S-2"), told.len()), (1, 2, 2), "{told:?}");
    }

    #[test]
    fn what_leaves_the_sprint_says_so_and_is_quiet_afterwards() {
        let mut world = World::midway();
        world.does(Command::SkipTask { id: Some(of("S-3")) });
        world.does(Command::SprintFinish);
        world.does(Command::Feedback { description: of("good: it works") });
        world.days(1);
        let before = told(&world);
        let edit = StoryEdit { points: Some(Some(2)), ..StoryEdit::default() };
        world.does(Command::BacklogEdit { id: of("S-3"), edit: Box::new(edit) });

        assert_eq!(told(&world), before);
        let (_, lines) = before.iter().find(|(story, _)| story == "S-3").unwrap();
        assert_eq!(lines.last().unwrap(), "Ada: S-3 left sprint-001");
    }

    #[test]
    fn a_question_speaks_of_the_stories_that_it_names() {
        #[rustfmt::skip]
        let cases: [(&str, &[&str]); 5] = [
            ("S-12: todo -> done",                    &["S-12"]),
            ("S-1 noted: like S-2",                   &["S-1"]),
            ("A-3 raised: may S-2, S-1 and S-2 go on?", &["S-1", "S-2"]),
            ("sprint-001 started",                          &[]),
            ("now SPRINT_ACTIVE",                     &[]),
        ];
        for (event, stories) in cases {
            let found: Vec<_> = spoken_of(event).iter().map(ToString::to_string).collect();
            assert_eq!(found, stories, "{event}");
        }
    }
}
