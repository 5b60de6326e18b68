//! What a button carries: all that is needed to act when it is pressed, however long after it was shown.
//!
//! ```text
//! bm1r:sprint start                   run a command
//! bm1a:description:suggest_fix id:S-3 ask for an argument, then run the command
//! bm1n:2:backlog view                 show another page
//! bm1p:                               a menu, whose options carry keys themselves
//! bm1k:7f3a                           too long for a button; kept elsewhere under 7f3a
//! ```
//!
//! A number behind the letter tells two equal keys of one message apart and means nothing else. Whoever changes what
//! a key means raises the number of the version, so that buttons of old messages are told from those of new ones.

use thiserror::Error;

use crate::surface::discord::look::markup::length;

/// What all our keys begin with.
const PREFIX: &str = "bm";
/// The version of the form above.
const VERSION: u32 = 1;
/// Discord's bound.
pub(super) const KEY_MAX: usize = 100;

/// What is to be done when a button is pressed, an option chosen or a form sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// Run a command, as if it had been typed.
    Run {
        /// Its text.
        command: String,
    },
    /// Ask the person for an argument with a form, then run the command with it.
    Ask {
        /// The text of the command so far.
        command: String,
        /// The name of the argument.
        argument: String,
    },
    /// Show another page of what a command answers. It changes nothing; whoever runs it makes sure.
    Page {
        /// Which, counted from 1.
        number: u32,
        /// The text of the command.
        command: String,
    },
    /// A menu: what is to be done is the key that was chosen.
    Pick,
    /// The key itself is kept under this name, because it is too long for a button. What is kept is read with
    /// [`Key::read`] and is never of this kind.
    Kept(String),
}

/// Why a text is not a key that can be acted on. Shown to whoever pressed the button, with the hint to type the
/// command instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NotOurs {
    /// It was made by somebody else.
    #[error("that button is not one of Bandmaster's")]
    Foreign,
    /// It was made before its form changed.
    #[error("that button is from an older version of Bandmaster")]
    Older,
    /// It was made after its form changed.
    #[error("that button is from a newer version of Bandmaster than the one that runs now")]
    Newer,
    /// It begins like one of ours and goes on otherwise.
    #[error("that button is damaged")]
    Damaged,
}

/// Where keys go that are too long for a button.
pub trait Keys {
    /// Keeps `text` for as long as messages may exist, and gives a short name for it: at most 64 letters and digits,
    /// the same name for the same text.
    fn keep(&mut self, text: &str) -> String;
}

impl Key {
    /// Reads what came back with a click.
    ///
    /// # Errors
    ///
    /// [`NotOurs`], which says how the text differs from a key.
    pub fn read(text: &str) -> Result<Self, NotOurs> {
        let rest = text.strip_prefix(PREFIX).ok_or(NotOurs::Foreign)?;
        let letter = rest.find(|c: char| !c.is_ascii_digit()).ok_or(NotOurs::Foreign)?;
        let (version, rest) = rest.split_at(letter);
        let version: u32 = version.parse().map_err(|_| NotOurs::Foreign)?;
        if version != VERSION {
            return Err(if version < VERSION { NotOurs::Older } else { NotOurs::Newer });
        }
        let (head, body) = rest.split_once(':').ok_or(NotOurs::Damaged)?;
        let kind = head.trim_end_matches(|c: char| c.is_ascii_digit());
        Self::of(kind, body).ok_or(NotOurs::Damaged)
    }

    fn of(kind: &str, body: &str) -> Option<Self> {
        Some(match kind {
            "r" => Self::Run { command: body.to_owned() },
            "a" => {
                let (argument, command) = body.split_once(':')?;
                let argument = argument.replace("%3A", ":").replace("%25", "%");
                Self::Ask { command: command.to_owned(), argument }
            }
            "n" => {
                let (number, command) = body.split_once(':')?;
                Self::Page { number: number.parse().ok()?, command: command.to_owned() }
            }
            "p" if body.is_empty() => Self::Pick,
            "k" => Self::Kept(body.to_owned()),
            _ => return None,
        })
    }

    /// The key as text of any length. Keys with different `copy` differ.
    fn text(&self, copy: usize) -> String {
        let copy = if copy == 0 { String::new() } else { copy.to_string() };
        let (kind, body) = match self {
            Self::Run { command } => ('r', command.clone()),
            Self::Ask { command, argument } => {
                let argument = argument.replace('%', "%25").replace(':', "%3A");
                ('a', format!("{argument}:{command}"))
            }
            Self::Page { number, command } => ('n', format!("{number}:{command}")),
            Self::Pick => ('p', String::new()),
            Self::Kept(name) => ('k', name.clone()),
        };
        format!("{PREFIX}{VERSION}{kind}{copy}:{body}")
    }

    /// The key as what a button can carry.
    fn short(&self, copy: usize, keys: &mut dyn Keys) -> String {
        let text = self.text(copy);
        // Blanks at the ends and control characters may not come back as they were sent.
        let safe = text.trim() == text && !text.contains(char::is_control);
        if safe && length(&text) <= KEY_MAX { text } else { Self::Kept(keys.keep(&self.text(0))).text(copy) }
    }
}

/// Writes the keys of one message, no two of which are equal.
pub(super) struct Writer<'a> {
    keys: &'a mut dyn Keys,
    used: Vec<String>,
}

impl<'a> Writer<'a> {
    /// For a message without any.
    pub(super) fn new(keys: &'a mut dyn Keys) -> Self {
        Self { keys, used: Vec::new() }
    }

    /// The text for a button.
    pub(super) fn write(&mut self, key: &Key) -> String {
        let mut text = key.short(0, self.keys);
        let mut copy = 0;
        while self.used.contains(&text) {
            copy += 1;
            text = key.short(copy, self.keys);
        }
        self.used.push(text.clone());
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keeps nothing, because nothing is too long.
    struct Short;

    impl Keys for Short {
        fn keep(&mut self, text: &str) -> String {
            panic!("{text:?} is kept")
        }
    }

    #[test]
    fn keys_look_the_same_for_good() {
        let command = || "sprint start".to_owned();
        let ask = Key::Ask { command: "suggest_fix id:S-3".into(), argument: "description".into() };
        #[rustfmt::skip]
        let cases = [
            (Key::Run { command: command() },             "bm1r:sprint start"),
            (ask,                                         "bm1a:description:suggest_fix id:S-3"),
            (Key::Page { number: 2, command: command() }, "bm1n:2:sprint start"),
            (Key::Pick,                                   "bm1p:"),
            (Key::Kept("7f3a".into()),                    "bm1k:7f3a"),
        ];
        for (key, text) in cases {
            assert_eq!(Writer::new(&mut Short).write(&key), text);
            assert_eq!(Key::read(text), Ok(key));
        }
    }

    #[test]
    fn two_equal_keys_of_a_message_are_told_apart_and_mean_the_same() {
        let key = Key::Run { command: "undo 2".into() };
        let mut short = Short;
        let mut writer = Writer::new(&mut short);

        let texts = [writer.write(&key), writer.write(&key), writer.write(&key)];

        assert_eq!(texts, ["bm1r:undo 2", "bm1r1:undo 2", "bm1r2:undo 2"]);
        assert_eq!(texts.map(|text| Key::read(&text)), [Ok(key.clone()), Ok(key.clone()), Ok(key)]);
    }

    #[test]
    fn what_is_not_ours_is_told_from_what_is_old_new_or_damaged() {
        #[rustfmt::skip]
        let cases = [
            ("",                        NotOurs::Foreign),
            ("approve",                 NotOurs::Foreign),
            ("bm",                      NotOurs::Foreign),
            ("bm1",                     NotOurs::Foreign),
            ("bmx1:y",                  NotOurs::Foreign),
            ("bm99999999999r:undo",     NotOurs::Foreign),
            ("bm0r:undo",               NotOurs::Older),
            ("bm2r:undo",               NotOurs::Newer),
            ("bm2 of another form",     NotOurs::Newer),
            ("bm1r",                    NotOurs::Damaged),
            ("bm1z:undo",               NotOurs::Damaged),
            ("bm1a:no command",         NotOurs::Damaged),
            ("bm1n:-1:backlog view",    NotOurs::Damaged),
            ("bm1:",                    NotOurs::Damaged),
            ("bm1ß:x",                  NotOurs::Damaged),
        ];
        for (text, why) in cases {
            assert_eq!(Key::read(text), Err(why), "for {text:?}");
        }
    }
}
