//! The choices that are offered while somebody types.
//!
//! In a list the last item is completed, and those before it stay as they are. The client keeps what it shows in the
//! box when somebody picks a choice and types on, so the shown text of a list begins with its value, and the title
//! behind an id is taken off again when it comes back.

use std::collections::BTreeSet;

use serenity::all::AutocompleteChoice;
use unicode_segmentation::UnicodeSegmentation;

use crate::domain::command::CommandKind;
use crate::surface::discord::menu::BETWEEN;
use crate::surface::discord::menu::given::without_title;
use crate::surface::discord::menu::pool::{Candidates, Id, Item, Note, pool};
use crate::surface::discord::menu::rank::Sought;
use crate::surface::parse::{Argument, ArgumentKind};

/// The most choices that Discord shows.
const CHOICES_MAX: usize = 25;
/// The most characters of what is shown and of what is sent.
const CHOICE_MAX: usize = 100;

/// What can be picked for `argument` of the command `kind`, of which `typed` is there: the most useful first, and
/// no more than Discord shows.
///
/// Ids are found by their number, things by the beginnings of words in their titles, then by letters in that order.
pub fn suggest(
    kind: CommandKind,
    argument: &Argument,
    typed: &str,
    candidates: &Candidates<'_>,
) -> Vec<AutocompleteChoice> {
    let list = List::read(argument, typed);
    let mut items = pool(kind, argument, candidates);
    if let Some(count) = counted(argument, list.last) {
        items.insert(0, count);
    }
    let mut sought = Sought::new(list.last, candidates.project);
    let mut ranked: Vec<_> = items
        .into_iter()
        .enumerate()
        .filter(|(_, item)| list.takes(item))
        .filter_map(|(at, item)| {
            if sought.is_empty() {
                return Some((None, at, item));
            }
            sought.rank(&item).map(|rank| (Some(rank), at, item))
        })
        .collect();
    ranked.sort_unstable_by_key(|(rank, at, _)| (*rank, *at));
    ranked.iter().filter_map(|(_, _, item)| list.choice(item)).take(CHOICES_MAX).collect()
}

/// A number where a number of commands is meant: Discord sends the first choice when somebody presses Enter, and
/// that must not be the id of a command that happens to look like it.
fn counted<'a>(argument: &Argument, typed: &'a str) -> Option<Item<'a>> {
    let is_number = !typed.is_empty() && typed.bytes().all(|byte| byte.is_ascii_digit());
    (argument.kind == ArgumentKind::Steps && is_number).then(|| Item::word(typed))
}

/// What was typed: ids that are there already, and the beginning of the next one.
struct List<'a> {
    /// The ids that stay, each with a comma behind it.
    kept: String,
    /// The same, in small letters.
    ids: BTreeSet<String>,
    last: &'a str,
    /// Whether another id may follow.
    goes_on: bool,
}

impl<'a> List<'a> {
    fn read(argument: &Argument, typed: &'a str) -> Self {
        let goes_on = matches!(argument.kind, ArgumentKind::Stories | ArgumentKind::Approvals);
        let mut list = Self { kept: String::new(), ids: BTreeSet::new(), last: typed, goes_on };
        if goes_on {
            while let Some((item, rest)) = list.last.split_once(',') {
                without_title(item).split_whitespace().for_each(|id| list.keep(id));
                list.last = rest;
            }
            list.last = without_title(list.last);
            // Ids may also have blanks between them.
            while let Some((id, rest)) = list.last.split_once(char::is_whitespace).filter(|(id, _)| is_id(id))
            {
                list.keep(id);
                list.last = rest.trim_start();
            }
        } else if argument.kind != ArgumentKind::Path {
            list.last = without_title(list.last);
        }
        list
    }

    fn keep(&mut self, id: &str) {
        self.kept += id;
        self.kept.push(',');
        self.ids.insert(id.to_lowercase());
    }

    /// Whether `item` can be the next one.
    fn takes(&self, item: &Item<'_>) -> bool {
        // Words such as `all` and `none` stand alone.
        self.kept.is_empty()
            || (!matches!(item.id, Id::Word(_)) && !self.ids.contains(&item.id.to_string().to_lowercase()))
    }

    /// The choice of `item`; none where Discord has no room for what would be sent.
    fn choice(&self, item: &Item<'_>) -> Option<AutocompleteChoice> {
        let value = format!("{}{}", self.kept, item.id);
        let note = if item.note == Note::Nothing { String::new() } else { format!("{BETWEEN}{}", item.note) };
        let mut title = item.title.split_whitespace().collect::<Vec<_>>().join(" ");
        if self.goes_on {
            // Behind a comma begins the next id.
            title = title.replace(',', "");
        }
        let room = CHOICE_MAX.checked_sub(value.chars().count())?;
        let room_for_title = room.saturating_sub(BETWEEN.chars().count() + note.chars().count());
        let mut name = value.clone();
        if !title.is_empty() && room_for_title > 1 {
            name = format!("{name}{BETWEEN}{}", shortened(&title, room_for_title));
        }
        if name.chars().count() + note.chars().count() <= CHOICE_MAX {
            name += &note;
        }
        Some(AutocompleteChoice::new(name, value))
    }
}

/// Letters, `-` and digits: no word of a title looks so by chance.
fn is_id(word: &str) -> bool {
    word.split_once('-').is_some_and(|(letters, digits)| {
        letters.chars().all(char::is_alphabetic)
            && !digits.is_empty()
            && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// At most `max` characters of `text`, with a sign that there are more; no letter is torn from its marks.
fn shortened(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    let mut short = String::new();
    let mut room = max.saturating_sub(1);
    for letter in text.graphemes(true) {
        let Some(left) = room.checked_sub(letter.chars().count()) else { break };
        room = left;
        short += letter;
    }
    format!("{}…", short.trim_end())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, any, prop_assert, prop_oneof, proptest};

    use super::*;
    use crate::domain::command::Command;
    use crate::domain::project::Project;
    use crate::domain::story::{Status, Story};
    use crate::domain::testing::World as Proposal;
    use crate::surface::answer::samples::{World, epic, moved, plan, story};
    use crate::surface::parse;

    /// The names and the values that are offered.
    fn offered(
        candidates: &Candidates<'_>,
        kind: CommandKind,
        name: &str,
        typed: &str,
    ) -> Vec<(String, String)> {
        let argument = parse::of(kind).argument(name).unwrap();
        let choices = suggest(kind, argument, typed, candidates);
        let told = choices.into_iter().map(|choice| serde_json::to_value(choice).unwrap());
        told.map(|one| (one["name"].as_str().unwrap().to_owned(), one["value"].as_str().unwrap().to_owned()))
            .collect()
    }

    fn values(project: &Project, kind: CommandKind, name: &str, typed: &str) -> Vec<String> {
        let candidates = Candidates { project: Some(project), ..Candidates::default() };
        offered(&candidates, kind, name, typed).into_iter().map(|(_, value)| value).collect()
    }

    #[test]
    fn what_is_most_useful_comes_first() {
        let world = World::midway();
        #[rustfmt::skip]
        let cases: &[(CommandKind, &str, &[&str])] = &[
            (CommandKind::BacklogPrioritize, "id",         &["S-1", "S-2", "S-3", "S-5", "S-4"]),
            (CommandKind::StoryMove,         "id",         &["S-1", "S-2", "S-3", "S-4", "S-5"]),
            (CommandKind::SuggestFix,        "id",         &["S-3", "S-1", "S-2", "S-5", "S-4"]),
            (CommandKind::SkipTask,          "id",         &["S-3", "S-1", "S-2", "S-5", "S-4"]),
            (CommandKind::RequestChanges,    "ids",        &["S-4", "S-1", "S-2", "S-3", "S-5"]),
            (CommandKind::BacklogAdd,        "epic",       &["E-2", "E-1"]),
            (CommandKind::BacklogEdit,       "epic",       &["E-2", "E-1", "none"]),
            (CommandKind::BacklogEdit,       "depends_on", &["S-1", "S-2", "S-3", "S-5", "S-4", "none"]),
            (CommandKind::BacklogView, "view", &["product", "sprint", "S-1", "S-2", "S-3", "S-5", "S-4", "E-2", "E-1", "sprint-001"]),
            (CommandKind::Approve,           "ids",        &["all"]),
        ];
        for (kind, name, expected) in cases {
            assert_eq!(values(&world.project, *kind, name, ""), *expected, "{kind} {name}");
        }
        let proposal = Proposal::with_proposal();
        assert_eq!(values(&proposal.project, CommandKind::Reject, "ids", ""), ["all", "A-1"]);
    }

    #[test]
    fn a_story_is_found_by_its_number_and_by_its_title() {
        let mut world = World::backlog();
        for number in 6..=71 {
            world.does(story(&format!("Filler {number}"), |_| {}));
        }
        #[rustfmt::skip]
        let cases: &[(&str, &[&str])] = &[
            ("S-7",            &["S-7", "S-70", "S-71"]),
            ("7",              &["S-7", "S-70", "S-71"]),
            ("s7",             &["S-7", "S-70", "S-71"]),
            (" s-007 ",        &["S-7", "S-70", "S-71"]),
            ("71",             &["S-71"]),
            ("dark",           &["S-5"]),
            ("DARK MO",        &["S-5"]),
            ("rot prov",       &["S-4"]),
            ("receipt",        &["S-2"]),
            ("drkmd",          &["S-5"]),
            ("S-1 · As a customer I pay by card · todo", &["S-1", "S-10", "S-11", "S-12", "S-13", "S-14", "S-15", "S-16", "S-17", "S-18", "S-19"]),
            ("S-999",          &[]),
            ("0",              &[]),
            ("-",              &[]),
            ("zzz",            &[]),
        ];
        for (typed, expected) in cases {
            assert_eq!(values(&world.project, CommandKind::StoryMove, "id", typed), *expected, "{typed:?}");
        }
        let found = values(&world.project, CommandKind::StoryMove, "id", "customer");
        assert_eq!(found, ["S-1", "S-2"], "in the order of the backlog");
        assert_eq!(values(&world.project, CommandKind::StoryMove, "id", "").len(), CHOICES_MAX);
        let sprints = values(&World::midway().project, CommandKind::BacklogView, "view", "sprint-1");
        assert_eq!(sprints, ["sprint-001"]);
        assert_eq!(values(&world.project, CommandKind::BacklogView, "view", "pr")[0], "product");
    }

    #[test]
    fn an_older_name_finds_the_story() {
        let mut world = World::backlog();
        let project = std::sync::Arc::make_mut(&mut world.project);
        let mut renamed = Story::clone(project.stories.values().next().unwrap());
        let id = renamed.id;
        renamed.aliases.push("JIRA-77".to_owned());
        project.set_story(id, Some(std::sync::Arc::new(renamed)));

        assert_eq!(values(project, CommandKind::BacklogRemove, "id", "jira-77"), [id.to_string()]);
    }

    #[test]
    fn a_list_keeps_what_is_in_it() {
        let world = World::midway();
        #[rustfmt::skip]
        let cases: &[(&str, &[&str])] = &[
            ("S-1,S-2,dark",    &["S-1,S-2,S-5"]),
            ("S-1, S-2 dark",   &["S-1,S-2,S-5"]),
            ("s-1,",            &["s-1,S-2", "s-1,S-3", "s-1,S-5", "s-1,S-4"]),
            ("S-1 · As a customer · todo,dark", &["S-1,S-5"]),
            ("S-1,1",           &[]),
            ("dark",            &["S-5"]),
        ];
        for (typed, expected) in cases {
            assert_eq!(values(&world.project, CommandKind::SprintPlan, "ids", typed), *expected, "{typed:?}");
        }
        let proposal = Proposal::with_proposal();
        assert_eq!(values(&proposal.project, CommandKind::Approve, "ids", "A-2,"), ["A-2,A-1"]);
        let full = "S-12345,".repeat(13);
        assert!(values(&world.project, CommandKind::SprintPlan, "ids", &full).is_empty(), "no room");
    }

    #[test]
    fn a_choice_says_what_it_is_in_a_hundred_characters() {
        let mut world = World::backlog();
        world.does(epic("Security", "x"));
        world.does(plan("S-1", Some("Customers can pay")));
        world.does(Command::SprintStart);
        world.does(moved("S-1", Status::InReview, None));
        world.does(story(&"🇩🇪, ".repeat(36), |_| {}));
        let candidates = Candidates { project: Some(&world.project), ..Candidates::default() };
        let name = |kind, name, typed| offered(&candidates, kind, name, typed)[0].0.clone();

        let kind = CommandKind::StoryMove;
        assert_eq!(name(kind, "id", "1"), "S-1 · As a customer I pay by card · in review");
        assert_eq!(name(CommandKind::BacklogAdd, "epic", "sec"), "E-3 · Security");
        assert_eq!(
            name(CommandKind::BacklogView, "view", "sprint-001"),
            "sprint-001 · Customers can pay · active"
        );
        assert_eq!(
            name(CommandKind::Help, "command", "sprint pl"),
            "sprint plan · Choose the stories of the next sprint, or choose again."
        );
        let long = name(kind, "id", "6");
        assert!(long.chars().count() <= CHOICE_MAX && long.ends_with(", 🇩🇪… · todo"), "{long}");
        let long = name(CommandKind::SprintPlan, "ids", "S-1,S-2,6");
        assert!(long.starts_with("S-1,S-2,S-6 · 🇩🇪 🇩🇪") && long.ends_with("🇩🇪… · todo"), "{long}");
    }

    #[test]
    fn commands_commits_projects_and_folders_are_offered_where_they_are_known() {
        let world = World::sprint();
        let projects = ["billing-api".to_owned(), "shop".to_owned()];
        let folders = ["/srv/billing-api".to_owned(), format!("/srv/{}", "x".repeat(CHOICE_MAX))];
        let candidates = Candidates {
            project: Some(&world.project),
            entries: &world.entries,
            projects: &projects,
            folders: &folders,
        };
        let first = |kind, name, typed| offered(&candidates, kind, name, typed).into_iter().next();
        let pair = |name: &str, value: &str| Some((name.to_owned(), value.to_owned()));

        let latest = pair("c-9 · sprint start: … · 2026-03-02 09:09 UTC", "c-9");
        assert_eq!(first(CommandKind::Undo, "what", ""), latest);
        assert_eq!(first(CommandKind::Undo, "what", "start"), latest);
        assert_eq!(first(CommandKind::Undo, "what", "9"), pair("9", "9"), "a number counts commands");
        let commit = pair("0a3d709f · sprint start: … · 2026-03-02 09:09 UTC", "0a3d709f");
        assert_eq!(first(CommandKind::Restore, "commit", "sprint st"), commit);
        assert_eq!(first(CommandKind::State, "project", "api"), pair("billing-api", "billing-api"));
        assert_eq!(first(CommandKind::State, "project", "bapi"), pair("billing-api", "billing-api"));
        let register = CommandKind::ProjectRegister;
        assert_eq!(first(register, "path", "bill"), pair("/srv/billing-api", "/srv/billing-api"));
        assert_eq!(first(register, "path", "xxx"), None, "too long for a choice");
        assert_eq!(first(CommandKind::Epic, "description", ""), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn whatever_is_typed_the_choices_fit(
            typed in prop_oneof![any::<String>(), "[sSeE# ,·a0-9-]{0,120}", "(S-[0-9]{1,3}, ?){0,40}[a-zü ]{0,9}"],
        ) {
            let world = World::midway();
            let projects = ["shop".to_owned()];
            let candidates = Candidates {
                project: Some(&world.project),
                entries: &world.entries,
                projects: &projects,
                folders: &projects,
            };
            for spec in parse::all() {
                for argument in spec.arguments {
                    let choices = offered(&candidates, spec.kind, argument.name, &typed);
                    let fits = |text: &String| (1..=CHOICE_MAX).contains(&text.chars().count());
                    prop_assert!(choices.len() <= CHOICES_MAX);
                    prop_assert!(choices.iter().all(|(name, value)| fits(name) && fits(value)), "{choices:?}");
                }
            }
        }
    }
}
