//! Answers about questions that wait for people.

use crate::domain::approval::{Approval, Question};
use crate::domain::envelope::Receipt;
use crate::domain::event::Event;
use crate::domain::id::StoryId;
use crate::domain::project::Project;
use crate::surface::answer::changed::{next_field, onward, state_field};
use crate::surface::answer::{Answer, Table, words};

/// How many questions get choices of their own.
const OFFERED_MAX: usize = 3;

/// What was approved or rejected, by whom, and what is next.
pub(crate) fn answered(receipt: &Receipt) -> Option<Answer> {
    let mut ids = Vec::new();
    let mut last = None;
    for event in &receipt.events {
        match event {
            Event::ApprovalGranted { approval, by } => {
                ids.push(*approval);
                last = Some(("approved", by, None));
            }
            Event::ApprovalRejected { approval, by, reason } => {
                ids.push(*approval);
                last = Some(("rejected", by, reason.as_ref()));
            }
            _ => {}
        }
    }
    let (verb, by, reason) = last?;
    let title = match ids.as_slice() {
        [one] => format!("{one} {verb} by {by}"),
        many => format!("{} {verb} by {by}", words::count(many.len(), "question")),
    };
    let before = &receipt.before;
    let questions = before.approvals.iter().filter(|approval| ids.contains(&approval.id));
    let answer = Answer::done(title)
        .table(questions_table(before, questions))
        .field_if("Reason", reason.map(|reason| words::excerpt(reason.as_str(), words::EXCERPT, "`log`")));
    let waiting = receipt.after.approvals.len();
    let answer =
        if waiting > 0 { answer.field("Still waiting", words::count(waiting, "question")) } else { answer };
    let answer = state_field(answer, receipt);
    let answer =
        if before.state == receipt.after.state { next_field(answer, receipt.after.state) } else { answer };
    Some(onward(answer, &receipt.after))
}

/// Adds questions to an answer, with a choice of yes and no for each of the first few.
pub(crate) fn asked(answer: Answer, project: &Project, questions: &[&Approval]) -> Answer {
    let answer = answer.table(questions_table(project, questions.iter().copied()));
    questions.iter().take(OFFERED_MAX).fold(answer, |answer, approval| {
        let id = approval.id;
        answer
            .primary(format!("Approve {id}"), format!("approve {id}"))
            .danger(format!("Reject {id}"), format!("reject {id}"))
    })
}

/// The questions with what depends on each.
pub(crate) fn questions_table<'a>(project: &Project, questions: impl Iterator<Item = &'a Approval>) -> Table {
    let mut table = Table::new(&["Question", "What", "Stories"]);
    let mut more = 0;
    for approval in questions {
        if table.rows.len() == words::ROWS_MAX {
            more += 1;
            continue;
        }
        let id = approval.id;
        let text = words::excerpt(approval.text.as_str(), words::EXCERPT, "`.orch-state/status.json`");
        table.push([id.to_string(), text, stories(project, &approval.question)]);
    }
    words::remark(&mut table, more);
    table
}

fn stories(project: &Project, question: &Question) -> String {
    let named = |id: &StoryId| match project.stories.get(id) {
        Some(story) => format!("{id} {}", story.title),
        None => id.to_string(),
    };
    match question {
        Question::Proposal { stories, .. } => stories.iter().map(named).collect::<Vec<_>>().join("\n"),
        Question::Run { story } => named(story),
        Question::Imported => "–".to_owned(),
    }
}
