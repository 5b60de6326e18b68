//! Buttons in a terminal: choices have numbers, and a number picks one.

use crate::surface::answer::Choice;

/// The choices of the latest answer.
#[derive(Clone, Debug, Default)]
pub(super) struct Offer(Vec<Choice>);

/// What a typed line turned out to mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Picked {
    /// Nothing was typed.
    Nothing,
    /// The person wants to leave.
    Leave,
    /// A command.
    Command(String),
    /// A command that needs something from the person first.
    Asks {
        /// The command so far.
        command: String,
        /// What to ask for.
        argument: String,
    },
    /// A number that is not offered; there are so many.
    NoSuchChoice(usize),
}

impl Offer {
    /// Offers `choices`, numbered from 1.
    pub(super) fn new(choices: &[Choice]) -> Self {
        Self(choices.to_vec())
    }

    /// What `typed` means with these choices.
    pub(super) fn pick(&self, typed: &str) -> Picked {
        let typed = typed.trim();
        if typed.is_empty() {
            return Picked::Nothing;
        }
        if ["/quit", "/exit", "quit", "exit"].contains(&typed) {
            return Picked::Leave;
        }
        let Ok(number) = typed.parse::<usize>() else { return Picked::Command(typed.to_owned()) };
        match number.checked_sub(1).and_then(|at| self.0.get(at)) {
            None => Picked::NoSuchChoice(self.0.len()),
            Some(Choice { command, asks: Some(argument), .. }) => {
                Picked::Asks { command: command.clone(), argument: argument.clone() }
            }
            Some(choice) => Picked::Command(choice.command.clone()),
        }
    }
}

/// The commands in what was typed or pasted: lines that all begin with `/` are a command each, everything else is
/// one, because a text may have several lines.
pub(super) fn commands(typed: &str) -> Vec<&str> {
    let lines: Vec<_> = typed.lines().filter(|line| !line.trim().is_empty()).collect();
    if lines.len() > 1 && lines.iter().all(|line| line.trim_start().starts_with('/')) {
        lines
    } else {
        vec![typed]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::surface::answer::ChoiceStyle;

    fn choice(command: &str, asks: Option<&str>) -> Choice {
        let asks = asks.map(str::to_owned);
        Choice { label: "x".into(), command: command.into(), asks, style: ChoiceStyle::Primary }
    }

    #[test]
    fn pasted_commands_are_told_from_a_text_of_several_lines() {
        let text = "/feedback good: quick\nimprove: tests";
        let cases =
            [("/state", vec!["/state"]), ("/state\n\n /log\n", vec!["/state", " /log"]), (text, vec![text])];
        for (typed, expected) in cases {
            assert_eq!(commands(typed), expected, "for {typed:?}");
        }
    }

    #[test]
    fn a_number_picks_a_choice_and_everything_else_is_a_command() {
        let offer = Offer::new(&[choice("sprint start", None), choice("epic", Some("description"))]);
        let asks = Picked::Asks { command: "epic".into(), argument: "description".into() };
        #[rustfmt::skip]
        let cases = [
            ("1",      Picked::Command("sprint start".into())),
            (" 2 ",    asks),
            ("3",      Picked::NoSuchChoice(2)),
            ("0",      Picked::NoSuchChoice(2)),
            ("",       Picked::Nothing),
            ("/state", Picked::Command("/state".into())),
            ("1 2",    Picked::Command("1 2".into())),
            ("quit",   Picked::Leave),
        ];
        for (typed, picked) in cases {
            assert_eq!(offer.pick(typed), picked, "for {typed:?}");
        }
    }
}
