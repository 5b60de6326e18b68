//! Takes the questions over that wait for an answer.

use serde_json::{Map, Value};

use crate::domain::approval::{Approval, Question};
use crate::domain::id::{ApprovalId, StoryId};
use crate::domain::story::Status;
use crate::domain::text::TextError;
use crate::store::foreign::fields::Fields;
use crate::store::foreign::import::Import;
use crate::store::foreign::source::Source;

/// Names that our own fields of an approval have.
const APPROVAL_FIELDS: [&str; 6] = ["id", "uid", "question", "text", "raised_at", "raised_by"];
/// Under which names the question may stand.
const WORDS: [&str; 6] = ["description", "question", "message", "text", "title", "summary"];
/// Under which names the time may stand.
const TIMES: [&str; 3] = ["created_at", "raised_at", "timestamp"];

/// Takes every question over. Proposed stories that nobody asks about join the backlog.
pub(super) fn take_over(import: &mut Import, source: &mut Source) -> Result<(), TextError> {
    let raw = match source.status.remove("pending_approvals") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(list)) => list,
        Some(one) => vec![one],
    };
    let mut proposed: Vec<StoryId> = proposed(import);
    for (number, raw) in (1..).zip(raw) {
        let asked = named(import, &raw);
        let stories: Vec<_> = proposed.extract_if(.., |id| asked.contains(id)).collect();
        approval(import, ApprovalId(number), raw, stories)?;
    }
    for id in proposed {
        import.notes.push(format!("{id}: it was proposed, and no question was about it; it is todo now"));
        import.change(id, |story| story.status = Status::Todo);
    }
    Ok(())
}

/// The proposed stories. In a sprint there are none: whoever planned it has agreed to them.
fn proposed(import: &mut Import) -> Vec<StoryId> {
    let stories = import.project.stories.values().filter(|story| story.status == Status::Proposed);
    let (planned, proposed): (Vec<_>, Vec<_>) =
        stories.map(|story| (story.id, story.sprint)).partition(|(_, sprint)| sprint.is_some());
    for (id, _) in planned {
        import.change(id, |story| story.status = Status::Todo);
    }
    proposed.into_iter().map(|(id, _)| id).collect()
}

fn approval(import: &mut Import, id: ApprovalId, raw: Value, stories: Vec<StoryId>) -> Result<(), TextError> {
    let uid = import.uid();
    let whole = raw.to_string();
    let (fields, text) = match raw {
        Value::Object(fields) => (fields, None),
        Value::String(text) => (Map::new(), Some(text)),
        _ => (Map::new(), Some(whole.clone())),
    };
    let mut fields = Fields::new(fields, id.to_string(), &mut import.notes);
    let text = text.or_else(|| WORDS.iter().find_map(|name| fields.take_text(name))).unwrap_or(whole);
    let text = match fields.prose("text", &text) {
        Some(text) => text,
        None => "a question without words".parse()?,
    };
    let raised_at = TIMES.iter().find_map(|name| fields.time(name)).unwrap_or(import.at);
    let epic = stories.first().and_then(|id| import.project.stories.get(id)).and_then(|story| story.epic);
    let question = if stories.is_empty() { Question::Imported } else { Question::Proposal { epic, stories } };
    let raised_by = import.person.clone();
    let extra = fields.rest(&APPROVAL_FIELDS);
    import.project.approvals.push(Approval { id, uid, question, text, raised_at, raised_by, extra });
    import.project.counters.approvals = id.0;
    Ok(())
}

/// The stories whose old ids stand anywhere in `value`.
fn named(import: &Import, value: &Value) -> Vec<StoryId> {
    let is_part = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    let text = value.to_string();
    text.split(|c| !is_part(c)).filter_map(|word| import.stories.get(word)).copied().collect()
}
