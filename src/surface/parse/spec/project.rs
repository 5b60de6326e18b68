//! The commands about whole projects.

use std::path::PathBuf;

use crate::domain::command::{Command, CommandKind};
use crate::domain::text::Line;
use crate::surface::parse::spec::{Argument, ArgumentKind, Group, Spec};
use crate::surface::parse::write::Writer;

const NAME: Argument =
    Argument::optional("name", ArgumentKind::Project, "Which project; the one that is spoken to by default.");

/// A name has at most a hundred characters, and a `#` before it.
const CHANNEL_MAX: usize = 101;

pub(crate) static REGISTER: Spec = Spec {
    kind: CommandKind::ProjectRegister,
    group: Group::Project,
    aliases: &["project add"],
    summary: "Put a git repository under management.",
    details: "Makes the branch `orch-state` in the repository and shows it there as the folder `.orch-state`. Your \
              own branches, your index and your files stay as they are.",
    arguments: &[
        Argument::required("path", ArgumentKind::Path, "The folder of the repository."),
        Argument::optional(
            "name",
            ArgumentKind::ProjectName,
            "What to call it; by default after its folder.",
        ),
        Argument::named("import", ArgumentKind::Flag, "Take over the state that another tool left there."),
    ],
    examples: &["project register /srv/billing-api", "project register /srv/web name:shop"],
    build: |fields| {
        Ok(Command::ProjectRegister {
            path: PathBuf::from(fields.path("path")?),
            name: fields.get("name")?,
            import: fields.flag("import")?,
        })
    },
    write,
};

pub(crate) static LIST: Spec = Spec {
    kind: CommandKind::ProjectList,
    group: Group::Project,
    aliases: &["projects"],
    summary: "Show all projects.",
    details: "",
    arguments: &[],
    examples: &["project list"],
    build: |_| Ok(Command::ProjectList),
    write,
};

pub(crate) static STATUS: Spec = Spec {
    kind: CommandKind::ProjectStatus,
    group: Group::Project,
    aliases: &[],
    summary: "Show the state of a project, its counts and its latest commands.",
    details: "",
    arguments: &[NAME],
    examples: &["project status", "project status billing-api"],
    build: |fields| Ok(Command::ProjectStatus { name: fields.get("name")? }),
    write,
};

pub(crate) static HEALTH: Spec = Spec {
    kind: CommandKind::ProjectHealth,
    group: Group::Project,
    aliases: &[],
    summary: "Check that everything about a project is in order.",
    details: "Every check that fails comes with what mends it.",
    arguments: &[NAME],
    examples: &["project health"],
    build: |fields| Ok(Command::ProjectHealth { name: fields.get("name")? }),
    write,
};

pub(crate) static UNREGISTER: Spec = Spec {
    kind: CommandKind::ProjectUnregister,
    group: Group::Project,
    aliases: &["project remove"],
    summary: "Let a project go; its state stays in its repository.",
    details: "Without `confirm` it only says what would happen. Registering the repository again takes everything up \
              where it was left.",
    arguments: &[NAME, Argument::named("confirm", ArgumentKind::Flag, "Yes, it is meant.")],
    examples: &["project unregister billing-api", "project unregister billing-api confirm"],
    build: |fields| {
        Ok(Command::ProjectUnregister { name: fields.get("name")?, confirm: fields.flag("confirm")? })
    },
    write,
};

pub(crate) static BIND: Spec = Spec {
    kind: CommandKind::ProjectBind,
    group: Group::Project,
    aliases: &[],
    summary: "Speak about a project in a channel or thread that is there already.",
    details: "For chats only. By default it is the channel or thread in which you ask, and the only project without a \
              channel. A channel belongs to one project at most. With `path` a repository is put under management \
              without a channel of its own.",
    arguments: &[
        Argument::optional(
            "name",
            ArgumentKind::Project,
            "Which project; the only one without a channel by default.",
        ),
        Argument::named(
            "channel",
            ArgumentKind::Line { max: CHANNEL_MAX },
            "Which channel or thread: #name or its id; this one by default.",
        ),
        Argument::named("path", ArgumentKind::Path, "The folder of a repository to register first."),
    ],
    examples: &["project bind", "project bind billing-api channel:#billing"],
    build: |fields| {
        let path = fields.given("path").then(|| fields.path("path")).transpose()?;
        Ok(Command::ProjectBind {
            name: fields.get("name")?,
            channel: fields.get("channel")?,
            path: path.map(PathBuf::from),
        })
    },
    write,
};

fn write(command: &Command, out: &mut Writer) {
    match command {
        Command::ProjectRegister { path, name, import } => {
            out.text(&path.to_string_lossy());
            out.named("name", name.as_ref());
            out.flag("import", *import);
        }
        Command::ProjectStatus { name } | Command::ProjectHealth { name } => {
            out.named("name", name.as_ref());
        }
        Command::ProjectUnregister { name, confirm } => {
            out.named("name", name.as_ref());
            out.flag("confirm", *confirm);
        }
        Command::ProjectBind { name, channel, path } => {
            out.named("name", name.as_ref());
            out.named_text("channel", channel.as_ref().map(Line::as_str));
            out.named_text("path", path.as_ref().map(|path| path.to_string_lossy()).as_deref());
        }
        _ => {}
    }
}
