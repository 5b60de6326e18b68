//! The commands about the sprint, from its plan to its review.

use crate::domain::command::{Command, CommandKind};
use crate::domain::sprint::Sprint;
use crate::domain::text::Line;
use crate::surface::parse::spec::{Argument, ArgumentKind, Group, Spec};
use crate::surface::parse::write::Writer;

pub(crate) static PLAN: Spec = Spec {
    kind: CommandKind::SprintPlan,
    group: Group::Sprint,
    aliases: &[],
    summary: "Choose the stories of the next sprint, or choose again.",
    details: "Without ids it takes the top of the backlog, as much as fits into the capacity.",
    arguments: &[
        Argument::optional("ids", ArgumentKind::Stories, "Which stories; the top of the backlog by default.")
            .also(&["id", "stories"]),
        Argument::named("goal", ArgumentKind::Line { max: Line::MAX }, "What the sprint is for."),
        Argument::named("days", ArgumentKind::Number { min: 1, max: Sprint::DAYS_MAX }, "How long it lasts."),
        Argument::named(
            "capacity",
            ArgumentKind::Number { min: 1, max: Sprint::CAPACITY_MAX },
            "How many points fit in; by default as before.",
        ),
    ],
    examples: &["sprint plan", "sprint plan S-1 S-2 goal:\"people can log in\" days:10"],
    build: |fields| {
        Ok(Command::SprintPlan {
            ids: fields.ids("ids", "")?,
            goal: fields.get("goal")?,
            days: fields.number("days")?,
            capacity: fields.number("capacity")?,
        })
    },
    write,
};

pub(crate) static START: Spec = Spec {
    kind: CommandKind::SprintStart,
    group: Group::Sprint,
    aliases: &[],
    summary: "Begin the planned sprint.",
    details: "",
    arguments: &[],
    examples: &["sprint start"],
    build: |_| Ok(Command::SprintStart),
    write,
};

pub(crate) static STATUS: Spec = Spec {
    kind: CommandKind::SprintStatus,
    group: Group::Sprint,
    aliases: &[],
    summary: "Show how the sprint is doing.",
    details: "When every story of it has ended, this also leads to its review.",
    arguments: &[],
    examples: &["sprint status"],
    build: |_| Ok(Command::SprintStatus),
    write,
};

pub(crate) static PAUSE: Spec = Spec {
    kind: CommandKind::SprintPause,
    group: Group::Sprint,
    aliases: &[],
    summary: "Let work on the sprint rest.",
    details: "",
    arguments: &[],
    examples: &["sprint pause"],
    build: |_| Ok(Command::SprintPause),
    write,
};

pub(crate) static RESUME: Spec = Spec {
    kind: CommandKind::SprintResume,
    group: Group::Sprint,
    aliases: &[],
    summary: "Let work on the sprint go on.",
    details: "",
    arguments: &[],
    examples: &["sprint resume"],
    build: |_| Ok(Command::SprintResume),
    write,
};

pub(crate) static FINISH: Spec = Spec {
    kind: CommandKind::SprintFinish,
    group: Group::Sprint,
    aliases: &[],
    summary: "End work on the sprint and look at what came out.",
    details: "Stories that are not finished return to the backlog. Close the review with `feedback` or \
              `request_changes`.",
    arguments: &[],
    examples: &["sprint finish"],
    build: |_| Ok(Command::SprintFinish),
    write,
};

pub(crate) static CANCEL: Spec = Spec {
    kind: CommandKind::SprintCancel,
    group: Group::Sprint,
    aliases: &[],
    summary: "Give the sprint up; its stories return to the backlog.",
    details: "",
    arguments: &[],
    examples: &["sprint cancel"],
    build: |_| Ok(Command::SprintCancel),
    write,
};

pub(crate) static REQUEST_CHANGES: Spec = Spec {
    kind: CommandKind::RequestChanges,
    group: Group::Sprint,
    aliases: &[],
    summary: "Say what is missing from the result of the sprint and reopen its stories.",
    details: "The text is kept with every story that it reopens.",
    arguments: &[
        Argument::required("description", ArgumentKind::Text, "What is missing."),
        Argument::named("ids", ArgumentKind::Stories, "Which stories; by default all that were finished.")
            .also(&["id", "stories"]),
    ],
    examples: &["request_changes The error page shows a stack trace ids:S-1,S-2"],
    build: |fields| {
        Ok(Command::RequestChanges { description: fields.need("description")?, ids: fields.ids("ids", "")? })
    },
    write,
};

pub(crate) static FEEDBACK: Spec = Spec {
    kind: CommandKind::Feedback,
    group: Group::Sprint,
    aliases: &[],
    summary: "Say what you think of the sprint; this closes it.",
    details: "Lines that begin with `good:`, `improve:` or `action:` are sorted into these three lists of the \
              retrospective.",
    arguments: &[Argument::required(
        "description",
        ArgumentKind::Text,
        "Lines with good:, improve: or action:.",
    )],
    examples: &["feedback good: small stories", "feedback \"good: fast\\nimprove: smaller stories\""],
    build: |fields| Ok(Command::Feedback { description: fields.need("description")? }),
    write,
};

fn write(command: &Command, out: &mut Writer) {
    match command {
        Command::SprintPlan { ids, goal, days, capacity } => {
            out.named_list("ids", ids);
            out.named_text("goal", goal.as_ref().map(|goal| goal.as_str()));
            out.named("days", days.as_ref());
            out.named("capacity", capacity.as_ref());
        }
        Command::RequestChanges { description, ids } => {
            out.text(description.as_str());
            out.named_list("ids", ids);
        }
        Command::Feedback { description } => out.text(description.as_str()),
        _ => {}
    }
}
