//! The workflow as a diagram of boxes, or as a list where there is no room for one.

use anstyle::{AnsiColor, Style};

use crate::domain::workflow::State;
use crate::surface::render::text::paint;
use crate::surface::render::ways::ways;
use crate::surface::render::wrap;

/// The columns that the diagram needs.
const WIDE: usize = 72;

/// The dashed box holds the states in which a sprint goes on; what leads out of it leads out of each.
#[rustfmt::skip]
const DIAGRAM: [&str; 21] = [
    "┌──────┐    epic     ┌───────────────┐ sprint plan ┌────────────────┐",
    "│ IDLE ├────────────►│ BACKLOG_READY ├────────────►│ SPRINT_PLANNED │",
    "└──▲───┘ backlog add └──▲─────────▲──┘             └──┬───────┬─────┘",
    "   │                    │         │                   │       │",
    "   │                    │         │   sprint cancel   │       │ sprint",
    "   │                    │         ├───────────────────┘       │ start",
    "   │                    │         │                           │",
    "   │                    │ ┌╌╌╌╌╌╌╌┴╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌│╌╌╌╌╌╌╌╌┐",
    "   │                    │ ╎ ┌───────────────┐ pause  ┌────────▼──────┐ ╎",
    "   │                    │ ╎ │ SPRINT_PAUSED │◄──────►│ SPRINT_ACTIVE │ ╎",
    "   │                    │ ╎ └───────────────┘ resume └───────▲───────┘ ╎",
    "   │                    │ ╎                                  │         ╎",
    "   │          feedback, │ ╎ ┌───────────────┐ all is stuck   │         ╎",
    "   │    request_changes │ ╎ │    BLOCKED    │◄───────────────┘         ╎",
    "   │                    │ ╎ └───────────────┘ suggest_fix, skip_task   ╎",
    "   │                    │ └╌╌╌╌╌╌╌┬╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌┘",
    "   │                    │         │ sprint finish, or all is done",
    "   │                    │ ┌───────▼───────┐",
    "   │ feedback,          └─┤ SPRINT_REVIEW │",
    "   │ nothing is open      └───────┬───────┘",
    "   └──────────────────────────────┘",
];

/// The workflow with `current` marked, in at most `width` columns.
pub(crate) fn draw(current: State, width: usize, colour: bool) -> String {
    if width >= WIDE { diagram(current, colour) } else { list(current, width, colour) }
}

/// The left upper corner of the box of a state, as column and row, and its width. All are three rows high.
fn place(state: State) -> (usize, usize, usize) {
    match state {
        State::Idle => (0, 0, 8),
        State::BacklogReady => (21, 0, 17),
        State::SprintPlanned => (51, 0, 18),
        State::SprintPaused => (28, 8, 17),
        State::SprintActive => (53, 8, 17),
        State::Blocked => (28, 12, 17),
        State::SprintReview => (26, 17, 17),
    }
}

fn diagram(current: State, colour: bool) -> String {
    let (left, top, width) = place(current);
    let lines = DIAGRAM.iter().enumerate().map(|(row, line)| {
        if !(top..top + 3).contains(&row) {
            return (*line).to_owned();
        }
        let part = |from: usize, to: usize| line.chars().skip(from).take(to - from).collect::<String>();
        let marked: String = part(left, left + width).chars().map(doubled).collect();
        format!("{}{}{}", part(0, left), paint(colour, highlight(), &marked), part(left + width, usize::MAX))
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The same piece of a box with double lines, which also shows without colours.
fn doubled(c: char) -> char {
    match c {
        '┌' => '╔',
        '┐' => '╗',
        '└' => '╚',
        '┘' => '╝',
        '─' => '═',
        '│' => '║',
        '┬' => '╤',
        '┴' => '╧',
        '├' => '╟',
        '┤' => '╢',
        other => other,
    }
}

fn highlight() -> Style {
    AnsiColor::Green.on_default().bold()
}

/// The states one below the other, each with what leads on from it.
fn list(current: State, width: usize, colour: bool) -> String {
    let mut lines = Vec::new();
    for state in State::ALL {
        if state == current {
            lines.push(paint(colour, highlight(), &format!("▶ {state}")));
        } else {
            lines.push(format!("  {state}"));
        }
        for way in ways(state) {
            lines.push(format!("    → {}", way.to));
            let by: Vec<_> = way.words().collect();
            let by = wrap::lines(&by.join(", "), width.saturating_sub(6));
            lines.extend(by.iter().map(|line| format!("      {}", wrap::plain(line))));
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr;

    use super::*;

    #[test]
    fn every_state_has_its_box() {
        for state in State::ALL {
            let drawn = draw(state, WIDE, false);

            assert_eq!(drawn.matches('╔').count(), 1, "{state}");
            let line = drawn.lines().find(|line| line.contains(state.name())).unwrap();
            let (name, marked) = (line.find(state.name()).unwrap(), line.find(['║', '╢', '╟']).unwrap());
            assert!(marked < name, "{state} is not the marked one:\n{drawn}");
        }
    }

    #[test]
    fn it_fits_where_it_is_drawn() {
        for state in State::ALL {
            assert!(draw(state, WIDE, false).lines().all(|line| line.width() <= WIDE));
            assert!(draw(state, 40, false).lines().all(|line| line.width() <= 40));
        }
    }

    #[test]
    fn the_diagram_and_the_list() {
        let both =
            format!("{}\n\n{}", draw(State::SprintActive, WIDE, false), draw(State::Blocked, 40, false));

        insta::assert_snapshot!(both);
    }
}
