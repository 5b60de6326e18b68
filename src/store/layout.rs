//! Where each thing of a project lies below `.orch-state/`.

use std::fmt::{self, Write};

use crate::domain::entity::Entity;
use crate::domain::id::{SprintId, StoryId};

/// The folder in the work tree of a project.
pub const FOLDER: &str = ".orch-state";
/// The branch that carries the content of the folder.
pub const BRANCH: &str = "refs/heads/orch-state";
/// Name, state, counters, what waits for an answer, and the latest commands.
pub const STATUS: &str = "status.json";
/// The epics.
pub const BACKLOG: &str = "backlog.json";
/// Decisions, for people and agents.
pub const ARCHITECTURE: &str = "architecture.md";
/// Conventions, for people and agents.
pub const BEST_PRACTICES: &str = "best-practices.md";

/// The folder of the folders of stories.
pub(crate) const STORIES: &str = "stories";
/// The folder of the sprints.
pub(crate) const SPRINTS: &str = "sprints";

/// A hundred stories to a folder keep both the folders and the git trees small.
const STORIES_A_FOLDER: u32 = 100;

/// What a file below the folder holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Content {
    /// The status of the project.
    Status,
    /// Its epics.
    Backlog,
    /// One story.
    Story(StoryId),
    /// One sprint.
    Sprint(SprintId),
    /// A text that belongs to the people of the project.
    Document,
}

/// The path of the file that holds `entity`.
pub fn path_of(entity: Entity) -> String {
    let mut path = String::new();
    // A string takes everything.
    let _ = write_path(entity, &mut path);
    path
}

fn write_path(entity: Entity, path: &mut impl Write) -> fmt::Result {
    match entity {
        Entity::Epic(_) => path.write_str(BACKLOG),
        Entity::Story(id) => write!(path, "{STORIES}/{}/{id}.json", id.0 / STORIES_A_FOLDER),
        Entity::Sprint(id) => write!(path, "{SPRINTS}/{id}.json"),
    }
}

/// Takes only what a text begins with, and leaves the rest.
struct Expected<'a>(&'a str);

impl Write for Expected<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 = self.0.strip_prefix(text).ok_or(fmt::Error)?;
        Ok(())
    }
}

/// Whether `entity` lies at `path`. Asked of thousands of files when a project is opened.
fn is_path_of(entity: Entity, path: &str) -> bool {
    let mut expected = Expected(path);
    write_path(entity, &mut expected).is_ok() && expected.0.is_empty()
}

/// What the file at `path` holds; `None` for files that are not ours, which are left alone.
pub fn content_of(path: &str) -> Option<Content> {
    match path {
        STATUS => return Some(Content::Status),
        BACKLOG => return Some(Content::Backlog),
        _ => {}
    }
    if path.ends_with(".md") && !path.contains('/') {
        return Some(Content::Document);
    }
    let name = path.strip_suffix(".json")?.rsplit('/').next()?;
    let story = name.parse().ok().map(|id| (Entity::Story(id), Content::Story(id)));
    let sprint = || name.parse().ok().map(|id| (Entity::Sprint(id), Content::Sprint(id)));
    story.or_else(sprint).filter(|(entity, _)| is_path_of(*entity, path)).map(|(_, content)| content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_leads_back_to_its_content() {
        #[rustfmt::skip]
        let cases = [
            (Entity::Story(StoryId(7)),      "stories/0/S-7.json",      Content::Story(StoryId(7))),
            (Entity::Story(StoryId(142)),    "stories/1/S-142.json",    Content::Story(StoryId(142))),
            (Entity::Sprint(SprintId(1)),    "sprints/sprint-001.json", Content::Sprint(SprintId(1))),
        ];
        for (entity, path, content) in cases {
            assert_eq!(path_of(entity), path);
            assert_eq!(content_of(path), Some(content));
        }
    }

    #[test]
    fn what_is_not_ours_is_left_alone() {
        for path in [
            "stories/1/S-7.json",
            "stories/0/s-7.json",
            "S-7.json",
            "stories/0/S-07.json",
            "stories/00/S-7.json",
            "stories/0/S-7.json.json",
            "notes.txt",
            "a/b.md",
            "stories/0/S-7.json~",
        ] {
            assert_eq!(content_of(path), None, "for {path}");
        }
        assert_eq!(content_of("architecture.md"), Some(Content::Document));
    }
}
