//! What channels and categories are called, and what stands above them.

use std::path::Path;

use crate::domain::id::ProjectName;
use crate::domain::workflow::State;

/// Discord's bound of a name.
const NAME_MAX: usize = 100;
/// Discord's bound of a topic.
const TOPIC_MAX: usize = 1024;
/// How much of a path a topic shows.
const PATH_MAX: usize = 600;
/// With this begins what is ours in a topic.
const MARK: &str = "Bandmaster: ";
/// What stands between the parts of it.
const BETWEEN: &str = " · ";
/// What stands between the words of people and ours.
const APART: &str = " | ";
/// What stands in place of the state once a project was let go.
const LET_GO: &str = "not registered any more";
/// What stands in place of the state once a project is spoken about elsewhere.
const MOVED: &str = "in another channel now";

/// The name of the channel of a project, as Discord will write it: a-z, 0-9, `-` and `_`.
pub(super) fn channel(pattern: &str, host: &str, project: &ProjectName) -> String {
    let pattern = pattern.replace("<project>", project.as_str());
    let host = plain(host);
    let (rest, times) = (pattern.replace("<host>", ""), pattern.matches("<host>").count());
    // The name of the project stays whole, because it tells channels apart.
    let room = NAME_MAX.saturating_sub(rest.len()) / times.max(1);
    let host: String = host.chars().take(room).collect();
    plain(&pattern.replace("<host>", &host))
}

/// Small letters, digits, `_`, and single `-` inside.
fn plain(text: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let text = text.to_lowercase();
    let words = text.split(|c| !allowed(c)).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-").chars().take(NAME_MAX).collect()
}

/// The name of the first, second and so on of our categories.
pub(super) fn category(base: &str, number: usize) -> String {
    if number <= 1 { base.to_owned() } else { format!("{base} {number}") }
}

/// Whether two names of channels or categories are one to people.
pub(super) fn same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

/// What ends a topic of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Where the project stands.
    State(State),
    /// The project was let go.
    LetGo,
    /// The project is spoken about elsewhere.
    Moved,
}

impl End {
    fn text(self) -> &'static str {
        match self {
            Self::State(state) => state.name(),
            Self::LetGo => LET_GO,
            Self::Moved => MOVED,
        }
    }

    fn read(text: &str) -> Option<Self> {
        let states = State::ALL.iter().copied().map(Self::State);
        states.chain([Self::LetGo, Self::Moved]).find(|end| end.text() == text)
    }
}

/// What in a topic says which project a channel is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct About(String);

impl About {
    /// A project and the top of its work tree, on a machine: another one may have the same folders.
    pub(super) fn new(host: &str, project: &ProjectName, path: &Path) -> Self {
        let path = format!("{host}:{}", path.display());
        // What separates the parts is in none of them.
        let shown = |c: char| if c.is_control() || c == '·' { char::REPLACEMENT_CHARACTER } else { c };
        let mut short: String = path.chars().take(PATH_MAX).map(shown).collect();
        if path.chars().count() > PATH_MAX {
            short.push('…');
        }
        Self(format!("{MARK}{project}{BETWEEN}{short}{BETWEEN}"))
    }

    /// What a topic says by itself.
    pub(super) fn read(topic: &str) -> Option<Self> {
        let ours = &topic[ours(topic)?..];
        let end = ours.rfind(BETWEEN)? + BETWEEN.len();
        Some(Self(ours[..end].to_owned()))
    }

    /// What people call the project.
    pub(super) fn project(&self) -> Option<ProjectName> {
        self.0.strip_prefix(MARK)?.split(BETWEEN).next()?.parse().ok()
    }

    /// The topic of a channel whose topic is `now`: what people wrote in front stays. `None` if it would be too long.
    pub(super) fn topic(&self, now: Option<&str>, end: End) -> Option<String> {
        let words = now.map_or("", |now| ours(now).map_or(now, |at| &now[..at]));
        let words = words.trim_end().trim_end_matches(APART.trim()).trim_end();
        let apart = if words.is_empty() { "" } else { APART };
        let topic = format!("{words}{apart}{}{}", self.0, end.text());
        (topic.chars().count() <= TOPIC_MAX).then_some(topic)
    }

    /// How a topic ends that is about this project; `None` for any other.
    pub(super) fn end(&self, topic: &str) -> Option<End> {
        End::read(topic[ours(topic)?..].strip_prefix(&self.0)?)
    }
}

/// Where in a topic our part begins.
fn ours(topic: &str) -> Option<usize> {
    let parts = |at: &usize| topic[*at..].matches(BETWEEN).count();
    topic.rmatch_indices(MARK).map(|(at, _)| at).find(|at| parts(at) >= 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> ProjectName {
        text.parse().unwrap()
    }

    #[test]
    fn a_channel_is_called_as_discord_writes_it() {
        let long = "x".repeat(200);
        #[rustfmt::skip]
        let cases = [
            ("<host>-<project>",     "build-1",           "shop", "build-1-shop"),
            ("<host>-<project>",     "Build.Example.ORG", "shop", "build-example-org-shop"),
            ("<host>-<project>",     "Änne's Mac",        "shop", "nne-s-mac-shop"),
            ("<host>-<project>",     "...",               "shop", "shop"),
            ("dev_<project>-<host>", "a",                 "shop", "dev_shop-a"),
            ("<project>",            "a",                 "shop", "shop"),
        ];
        for (pattern, host, project, expected) in cases {
            assert_eq!(channel(pattern, host, &name(project)), expected, "{pattern} {host}");
        }
        let whole = channel("<host>-<project>-<host>", &long, &name("shop"));
        assert!(whole.len() <= 100 && whole.contains("-shop-"), "{whole}");
    }

    #[test]
    fn a_topic_says_which_project_it_is_about_and_how_it_stands() {
        let about = About::new("box", &name("shop"), Path::new("/srv/shop"));
        let other = About::new("box", &name("shop"), Path::new("/srv/shop2"));

        let topic = about.topic(None, End::State(State::Idle)).unwrap();

        assert_eq!(topic, "Bandmaster: shop · box:/srv/shop · IDLE");
        assert_eq!(about.end(&topic), Some(End::State(State::Idle)));
        assert_eq!(other.end(&topic), None);
        assert_eq!(About::new("tower", &name("shop"), Path::new("/srv/shop")).end(&topic), None);
        for end in [End::LetGo, End::Moved] {
            let topic = about.topic(Some(&topic), end).unwrap();
            assert_eq!(about.end(&topic), Some(end), "{topic}");
        }
        assert_eq!(About::read(&format!("Our shop | {topic}")), Some(about.clone()));
        assert_eq!(About::read("Bandmaster: shop"), None);
        assert_eq!(about.project(), Some(name("shop")));
        assert_eq!(about.end("Bandmaster: shop · box:/srv/shop · and so on"), None);
    }

    #[test]
    fn what_people_wrote_above_a_channel_stays() {
        let about = About::new("box", &name("shop"), Path::new("/srv/shop"));
        let idle = End::State(State::Idle);

        let once = about.topic(Some("All about Bandmaster: the shop "), idle).unwrap();
        let twice = about.topic(Some(&once), End::LetGo).unwrap();

        assert_eq!(once, "All about Bandmaster: the shop | Bandmaster: shop · box:/srv/shop · IDLE");
        assert_eq!(
            twice,
            "All about Bandmaster: the shop | Bandmaster: shop · box:/srv/shop · not registered any more"
        );
        assert_eq!(about.end(&twice), Some(End::LetGo));
        assert_eq!(about.topic(Some(&"x".repeat(1000)), idle), None, "no room");
    }

    #[test]
    fn a_long_or_strange_path_still_fits_and_is_found_again() {
        let path = format!("/srv/\nBandmaster: a · b · c{}", "x".repeat(4000));
        let about = About::new("box", &name("shop"), Path::new(&path));

        let topic = about.topic(None, End::State(State::Idle)).unwrap();

        assert!(topic.chars().count() <= TOPIC_MAX && !topic.contains('\n'));
        assert_eq!(about.end(&topic), Some(End::State(State::Idle)));
    }

    #[test]
    fn further_categories_are_numbered() {
        assert_eq!([category("Bandmaster", 1), category("Bandmaster", 3)], ["Bandmaster", "Bandmaster 3"]);
    }
}
