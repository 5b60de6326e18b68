//! The answer to somebody who asks what can be asked.

use crate::surface::answer::{Answer, Table, words};
use crate::surface::parse::{CommandHelp, Help, Section};

/// All commands, those of one group, or one command in full.
pub fn help(help: &Help) -> Answer {
    match help {
        Help::Overview(sections) => overview(sections),
        Help::Section(section) => of_section(section),
        Help::Command(command) => of_command(command),
    }
}

/// All commands by group; the text of each is one `help` away.
fn overview(sections: &[Section]) -> Answer {
    let mut table = Table::new(&["Group", "Command", "What it does"]);
    for section in sections {
        for (at, spec) in section.commands.iter().enumerate() {
            let title = if at == 0 { section.title } else { "" };
            table.push([title.to_owned(), format!("`{}`", spec.kind), spec.summary.to_owned()]);
        }
    }
    Answer::info("What you can ask")
        .table(table)
        .field("One in full", "`help <command>`, such as `help sprint plan`")
        .choice("Where things stand", "state")
}

fn of_section(section: &Section) -> Answer {
    let mut table = Table::new(&["Command", "What it does"]);
    for spec in &section.commands {
        table.push([format!("`{}`", spec.kind), spec.summary.to_owned()]);
    }
    let answer =
        Answer::info(format!("{}: {}", section.title, words::count(section.commands.len(), "command")));
    answer.table(table).field("One in full", "`help <command>`")
}

fn of_command(help: &CommandHelp) -> Answer {
    let spec = help.spec;
    let also: Vec<_> = spec.aliases.iter().map(|name| format!("`{name}`")).collect();
    let examples: Vec<_> = spec.examples.iter().map(|example| format!("`{example}`")).collect();
    let mut table = Table::new(&["Argument", "Takes", "What for"]);
    for argument in &help.arguments {
        table.push(argument.clone());
    }
    let answer = Answer::info(format!("{}: {}", spec.kind, spec.summary));
    let answer = if spec.details.is_empty() { answer } else { answer.paragraph(spec.details) };
    answer
        .field("Usage", format!("`{}`", help.usage))
        .field("When", help.when.clone())
        .field_if("Also", (!also.is_empty()).then(|| also.join(", ")))
        .field_if("Examples", (!examples.is_empty()).then(|| examples.join("\n")))
        .table(table)
}
