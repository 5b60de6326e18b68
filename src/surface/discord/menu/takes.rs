//! What an option of a command takes, in the types that Discord knows.

use std::sync::LazyLock;

use serenity::all::{CommandOptionType, CreateCommandOption};

use crate::domain::id::ProjectName;
use crate::domain::text::Prose;
use crate::surface::parse::{self, Argument, ArgumentKind, PATH_MAX};

/// An id, and the title that the client leaves behind it when somebody edits what they picked.
const ID_MAX: usize = 200;
/// As many ids as anybody names at once.
const IDS_MAX: usize = 1000;
/// The digits of a number, or the word that empties it.
const NUMBER_MAX: usize = 10;

/// Gives an option its type.
pub(super) type Setter = fn(CreateCommandOption) -> CreateCommandOption;

/// What decides how an option looks.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Takes {
    kind: ArgumentKind,
    empties: bool,
}

/// All that arguments take, each once.
static TAKEN: LazyLock<Vec<Takes>> = LazyLock::new(|| {
    let mut taken = Vec::new();
    let arguments = parse::all().flat_map(|spec| spec.arguments).chain([&parse::PROJECT]);
    for takes in arguments.map(Takes::of) {
        if !taken.contains(&takes) {
            taken.push(takes);
        }
    }
    taken
});

/// poise wants a plain function for the type of an option, and a plain function cannot hold the argument that it is
/// for. So there is one function for each number, and the number is a place in [`TAKEN`].
macro_rules! setters {
    ($($place:literal)*) => { [$(set::<$place>),*] };
}

static SETTERS: [Setter; 40] = setters![
    0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39
];

fn set<const PLACE: usize>(option: CreateCommandOption) -> CreateCommandOption {
    match TAKEN.get(PLACE) {
        Some(takes) => takes.set(option),
        None => option,
    }
}

/// The function that gives the option for `argument` its type. Without one poise leaves the whole command out.
pub(super) fn setter(argument: &Argument) -> Option<Setter> {
    let place = TAKEN.iter().position(|takes| *takes == Takes::of(argument))?;
    SETTERS.get(place).copied()
}

/// Whether choices are offered while somebody types a value for `argument`.
pub(super) fn is_completed(argument: &Argument) -> bool {
    match argument.kind {
        ArgumentKind::Path
        | ArgumentKind::Project
        | ArgumentKind::Story
        | ArgumentKind::Stories
        | ArgumentKind::Epic
        | ArgumentKind::Any
        | ArgumentKind::View
        | ArgumentKind::Approvals
        | ArgumentKind::Commit
        | ArgumentKind::Steps
        | ArgumentKind::Command => true,
        ArgumentKind::Text
        | ArgumentKind::Line { .. }
        | ArgumentKind::ProjectName
        | ArgumentKind::Number { .. }
        | ArgumentKind::Choice(_)
        | ArgumentKind::Flag
        | ArgumentKind::List => false,
    }
}

impl Takes {
    fn of(argument: &Argument) -> Self {
        Self { kind: argument.kind, empties: argument.empties }
    }

    fn set(self, option: CreateCommandOption) -> CreateCommandOption {
        match self.kind {
            ArgumentKind::Flag => option.kind(CommandOptionType::Boolean),
            ArgumentKind::Number { min, max } if !self.empties => option
                .kind(CommandOptionType::Integer)
                .min_int_value(u64::from(min))
                .max_int_value(u64::from(max)),
            ArgumentKind::Choice(words) => words
                .iter()
                .fold(option, |option, word| option.add_string_choice(word.replace('_', " "), *word)),
            kind => option.min_length(1).max_length(u16::try_from(length(kind)).unwrap_or(u16::MAX)),
        }
    }
}

/// The most characters of a value.
fn length(kind: ArgumentKind) -> usize {
    match kind {
        ArgumentKind::Line { max } => max,
        ArgumentKind::Path => PATH_MAX,
        ArgumentKind::Project | ArgumentKind::ProjectName => ProjectName::MAX,
        ArgumentKind::Number { .. } => NUMBER_MAX,
        ArgumentKind::Stories | ArgumentKind::Approvals => IDS_MAX,
        ArgumentKind::Text | ArgumentKind::List => Prose::MAX,
        _ => ID_MAX,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_function_for_everything_that_is_taken() {
        let arguments = parse::all().flat_map(|spec| spec.arguments).chain([&parse::PROJECT]);
        for argument in arguments {
            assert!(setter(argument).is_some(), "SETTERS is too short for {}", argument.name);
        }
    }
}
