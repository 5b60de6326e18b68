//! A scripted person who leads a small project through one sprint, for those who want to see what the bot does.

use serde_json::{Value, json};

use crate::sandbox::error::SandboxError;
use crate::sandbox::person::{Button, Outcome, Person, Seen};

/// One thing that the scripted person did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What was typed or clicked: `/backlog add description:… points:3`, or `[Approve]`.
    pub typed: String,
    /// What was to be seen then, as plain text.
    pub seen: String,
}

/// The stories of the tour: what is wanted, and how much work it is.
const STORIES: [(&str, u64); 3] = [
    ("The sign-in page asks for an address", 3),
    ("The code comes by mail", 2),
    ("A wrong code is refused", 1),
];

const FEEDBACK: &str =
    "good: small stories\nimprove: talk about the words on the page earlier\naction: write them down";

/// Leads the project of `channel` from an empty backlog to the end of its first sprint, and tells of every step.
///
/// # Errors
///
/// Fails at the first command that the bot has not registered or does not answer within ten seconds.
pub async fn tour(
    person: &Person,
    channel: &str,
    tell: impl FnMut(&Step) + Send,
) -> Result<(), SandboxError> {
    let mut walk = Walk { person, channel, tell };
    walk.slash("state", json!({})).await?;
    let epic = json!({ "description": "People sign in with a code that comes by mail" });
    let proposed = walk.slash("epic", epic).await?;
    walk.click_if_there(&proposed, "Approve").await?;
    let mut stories = Vec::new();
    for (description, points) in STORIES {
        let added =
            walk.slash("backlog add", json!({ "description": description, "points": points })).await?;
        stories.push(story_in(&added.text())?);
    }
    let goal = json!({ "ids": stories.join(" "), "goal": "People can sign in" });
    walk.slash("sprint plan", goal).await?;
    walk.slash("sprint start", json!({})).await?;
    for story in &stories {
        for status in ["in_progress", "done"] {
            walk.slash("story move", json!({ "id": story, "status": status })).await?;
        }
    }
    walk.slash("sprint status", json!({})).await?;
    walk.slash("feedback", json!({ "description": FEEDBACK })).await?;
    walk.slash("state", json!({})).await?;
    Ok(())
}

struct Walk<'a, F> {
    person: &'a Person,
    channel: &'a str,
    tell: F,
}

impl<F: FnMut(&Step) + Send> Walk<'_, F> {
    async fn slash(&mut self, command: &str, options: Value) -> Result<Seen, SandboxError> {
        let typed = typed(command, &options);
        let seen = self.person.slash(self.channel, command, options).await?;
        self.show(typed, seen)
    }

    /// Clicks a button if there is one; some projects ask for an approval, others do not.
    async fn click_if_there(&mut self, seen: &Seen, label: &str) -> Result<(), SandboxError> {
        let has_it = |button: &Button| !button.disabled && button.label.contains(label);
        for message in &seen.messages {
            if let Some(button) = message.buttons().into_iter().find(has_it) {
                let clicked = self.person.click(message, &button.custom_id).await?;
                self.show(format!("[{}]", button.label), clicked)?;
                return Ok(());
            }
        }
        Ok(())
    }

    fn show(&mut self, typed: String, seen: Seen) -> Result<Seen, SandboxError> {
        if seen.outcome == Outcome::NoResponse {
            return Err(SandboxError::Unexpected(format!("an answer to `{typed}`, but there was none")));
        }
        (self.tell)(&Step { typed, seen: seen.text() });
        Ok(seen)
    }
}

/// A command as it stands in the input line.
fn typed(command: &str, options: &Value) -> String {
    let given = options.as_object().into_iter().flatten();
    let shown = given.map(|(key, value)| match value {
        Value::String(text) => format!(" {key}:{}", text.replace('\n', " / ")),
        other => format!(" {key}:{other}"),
    });
    format!("/{command}{}", shown.collect::<String>())
}

/// The first id of a story in a text.
fn story_in(text: &str) -> Result<String, SandboxError> {
    let digits = |rest: &str| rest.chars().take_while(char::is_ascii_digit).collect::<String>();
    let ids = text.split("S-").skip(1).map(digits);
    let found = ids.into_iter().find(|digits| !digits.is_empty()).map(|digits| format!("S-{digits}"));
    found.ok_or_else(|| SandboxError::Unexpected(format!("the id of the new story in `{text}`")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_found_wherever_it_stands() {
        assert_eq!(story_in("**S-12** The page\npoints: 3").unwrap(), "S-12");
        assert!(story_in("POINTS-x S- none").is_err());
    }
}
