//! The board of a project: one pinned message in its channel that shows how it stands.

use serenity::all::{ChannelId, CreateActionRow, CreateAllowedMentions, EditMessage};
use serenity::json::Value;

use crate::domain::id::Uid;
use crate::domain::project::Project;
use crate::ledger::Channel;
use crate::surface::answer::{self, Answer};
use crate::surface::discord::bot::Bot;
use crate::surface::discord::look::{self, Sheet};
use crate::surface::discord::pace::Went;
use crate::surface::discord::posted::{Content, Standing, went};
use crate::surface::discord::reply::Kept;

/// What kind of message it is in the ledger.
const KIND: &str = "board";
/// How many stories of each status are listed: as many as fit into one message.
const LISTED: [usize; 5] = [8, 5, 3, 1, 0];

impl Bot {
    /// Brings the board of a project up to date.
    pub(super) async fn show_board(&self, key: Uid) -> Went {
        let (Some(place), Some(entry)) = (self.reachable(key), self.entry_of(key)) else { return Went::Well };
        let project = match self.latest(&entry).await {
            Ok(project) => project,
            Err(error) => return self.unread(&entry, &error),
        };
        self.note_standing(&project, &place);
        let Some(content) = self.board_content(&project) else { return Went::Refused };
        let (owner, title) = (key.to_string(), title(&project));
        let shown = self.keep_posted(standing(&place, &owner, &title), &content).await;
        self.topic_changed(&project);
        self.settle(&place);
        went(&format!("the board of {}", project.name), shown)
    }

    /// What identifies the board that shows a project as it is.
    pub(super) fn board_digest(&self, project: &Project) -> Option<String> {
        self.board_content(project).map(|content| content.digest())
    }

    /// Whether the board of a project is there and shows what has this digest.
    pub(super) fn board_shows(&self, place: &Channel, digest: &str) -> bool {
        self.is_posted(standing(place, &place.project.to_string(), ""), digest)
    }

    fn board_content(&self, project: &Project) -> Option<Content> {
        let (sheet, answer) = fitting(project);
        let rows = look::rows(&answer.choices, None, &mut Kept(self.ledger()));
        Some(Content {
            rich: body(EditMessage::new().embed(sheet.embed()), rows.clone())?,
            plain: body(EditMessage::new().content(look::plain(&answer)), rows)?,
        })
    }
}

/// What the title of a board begins with in every state.
fn title(project: &Project) -> String {
    format!("{} is ", project.name)
}

fn standing<'a>(place: &Channel, owner: &'a str, title: &'a str) -> Standing<'a> {
    Standing { kind: KIND, owner, channel: ChannelId::new(place.channel), pinned_as: Some(title) }
}

/// The board with as many stories as fit into one message.
fn fitting(project: &Project) -> (Sheet, Answer) {
    let mut tries = LISTED.into_iter().map(|listed| {
        let answer = answer::board(project, listed);
        (look::sheets(&answer), answer)
    });
    let fits = |(sheets, _): &(Vec<Sheet>, Answer)| sheets.len() == 1;
    let (mut sheets, answer) = tries.find(fits).unwrap_or_else(|| {
        let answer = answer::board(project, 0);
        (look::sheets(&answer), answer)
    });
    (sheets.swap_remove(0), answer)
}

fn body(message: EditMessage, rows: Vec<CreateActionRow>) -> Option<Value> {
    let message = message.components(rows).allowed_mentions(CreateAllowedMentions::new());
    serde_json::to_value(message).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::story::Status;
    use crate::surface::answer::samples::{World, moved, plan, story};

    #[test]
    fn the_largest_sprint_fits_into_one_message() {
        let mut world = World::new();
        let title = "*_~`|<@1> long words ".repeat(5);
        for _ in 0..40 {
            world.does(story(&title, |new| new.points = Some(0)));
        }
        let ids: Vec<_> = (1..=40).map(|number| format!("S-{number}")).collect();
        world.does(plan(&ids.join(" "), Some(&"goal ".repeat(30))));
        world.does(crate::domain::command::Command::SprintStart);
        for number in 1..=36 {
            let status = Status::MOVES[number % 5];
            if status != Status::Todo {
                let reason = (status == Status::Blocked).then(|| "because ".repeat(100));
                world.does(moved(&format!("S-{number}"), status, reason.as_deref()));
            }
        }

        let (sheet, answer) = fitting(&world.project);

        assert_eq!(look::sheets(&answer).len(), 1);
        assert_eq!(sheet.footer, None);
        let blocked = answer.fields.iter().find(|field| field.name.starts_with("Blocked")).unwrap();
        assert!(blocked.value.contains("more, see `backlog view sprint`"), "{}", blocked.value);
    }
}
