//! What was finished in each sprint, against the average.

use crate::surface::answer::SprintVelocity;
use crate::surface::render::image::canvas::{Anchor, Area, Canvas, Type, colour, place};
use crate::surface::render::image::chart::{
    COMPARED, HEIGHT, Headline, MARGIN, SMALL, STRONG, guide, kept, short,
};
use crate::surface::render::image::font;
use crate::surface::render::image::{SMALLEST, WIDTH};

/// How many sprints are shown, the newest.
const BARS_MAX: usize = 20;
/// The widest place of a bar, with its share of the gaps.
const SLOT_MAX: f32 = 150.0;
/// How much of its place a bar fills.
const FILLED: f32 = 0.68;
/// Between one label and the next.
const GAP: f32 = 4.0;
/// A name is not cut to less than this; where bars are narrower, some names are left out.
const ROOM_MIN: f32 = 90.0;
/// The height of a bar of nothing, so that it is seen.
const NOTHING: f32 = 5.0;
/// The sizes of the values above the bars: the first that fits.
const SIZES: [f32; 3] = [36.0, 30.0, SMALLEST];

const TOP: f32 = 222.0;
const BOTTOM: f32 = 504.0;
const WIDE: f32 = WIDTH as f32 - 2.0 * MARGIN;
/// The foot of the names of sprints, and of what they have in common.
const NAMES: f32 = 542.0;
const SHARED: f32 = 580.0;

/// The velocities of the newest sprints.
pub(crate) fn draw(sprints: &[SprintVelocity]) -> Canvas {
    let mut canvas = Canvas::new(WIDTH, HEIGHT);
    let shown = &sprints[sprints.len().saturating_sub(BARS_MAX)..];
    headline(shown, sprints.len()).draw(&mut canvas);
    guide(&mut canvas, (MARGIN, BOTTOM), (MARGIN + WIDE, BOTTOM));
    let bars = bars(shown);
    for (at, bar) in bars.iter().enumerate() {
        let fill = if at + 1 == bars.len() { colour::BLUE } else { colour::DEEP };
        canvas.fill(*bar, 6.0, fill);
    }
    if shown.len() > 1 {
        let y = BOTTOM - height(average(shown), most(shown));
        canvas.line(&[(MARGIN, y), (MARGIN + WIDE, y)], 0.0, COMPARED);
    }
    draw_values(&mut canvas, shown, &bars);
    draw_names(&mut canvas, shown, &bars);
    canvas
}

fn headline(shown: &[SprintVelocity], all: usize) -> Headline<'static> {
    let count = shown.len();
    let average = short(average(shown));
    let below = match shown {
        [] => "no sprint is finished yet".to_owned(),
        [only] => format!("in {}", font::printable(&only.sprint)),
        _ if all > count => format!("average, latest {count} of {all}"),
        _ => format!("average of {count} sprints"),
    };
    let latest = shown.last().filter(|_| count > 1);
    Headline {
        unit: match (count, average.as_str()) {
            (0 | 1, "1") => "point",
            (0 | 1, _) => "points",
            _ => "points a sprint",
        },
        figure: average,
        below,
        verdict: latest.map(|one| (format!("latest {}", short(f64::from(one.points))), colour::BLUE)),
        dashed: (count > 1).then_some("average"),
    }
}

fn average(shown: &[SprintVelocity]) -> f64 {
    // Not `sum`, which makes a negative zero of nothing.
    let sum = shown.iter().fold(0.0, |sum, one| sum + f64::from(one.points));
    sum / shown.len().max(1) as f64
}

fn most(shown: &[SprintVelocity]) -> f64 {
    shown.iter().map(|one| f64::from(one.points)).fold(1.0, f64::max)
}

fn height(points: f64, most: f64) -> f32 {
    (BOTTOM - TOP) * (points / most) as f32
}

/// The place that each sprint has.
fn slot(count: usize) -> f32 {
    (WIDE / count.max(1) as f32).min(SLOT_MAX)
}

fn bars(shown: &[SprintVelocity]) -> Vec<Area> {
    let (slot, most) = (slot(shown.len()), most(shown));
    let first = MARGIN + (WIDE - slot * shown.len() as f32) / 2.0;
    let bar = |(at, one): (usize, &SprintVelocity)| {
        let (width, height) = (slot * FILLED, height(f64::from(one.points), most).max(NOTHING));
        let left = first + slot * at as f32 + (slot - width) / 2.0;
        Area { left, top: BOTTOM - height, width, height }
    };
    shown.iter().enumerate().map(bar).collect()
}

/// The points above each bar, the newest first; those for which there is no room are left to the scale.
fn draw_values(canvas: &mut Canvas, shown: &[SprintVelocity], bars: &[Area]) {
    let room = slot(shown.len()) - GAP;
    let values: Vec<_> = shown.iter().map(|one| short(f64::from(one.points))).collect();
    let fits = |size: &f32| values.iter().all(|value| font::width(value, *size, STRONG.weight) <= room);
    let look = Type { size: SIZES.into_iter().find(fits).unwrap_or(SMALLEST), ..STRONG };
    for (value, bar) in values.iter().zip(bars).rev() {
        let at = (kept(bar.centre().0, look, value), bar.top - 12.0);
        let area = place(at, Anchor::Middle, look, value);
        // Behind it, so that the line of the average does not run through a number.
        let clear = area.grown(GAP / 2.0);
        let covers = bars.iter().any(|other| other.meets(clear));
        let taken = canvas.labels().iter().any(|(_, other)| other.meets(clear));
        if !covers && !taken {
            canvas.fill(clear, 4.0, colour::BACK);
            canvas.label(at, Anchor::Middle, look, value);
        }
    }
}

/// The names below the bars, without what all have in common if they are too long.
fn draw_names(canvas: &mut Canvas, shown: &[SprintVelocity], bars: &[Area]) {
    let names: Vec<_> = shown.iter().map(|one| font::printable(&one.sprint)).collect();
    let room = slot(shown.len()) - GAP;
    let fit = names.iter().all(|name| SMALL.width(name) <= room);
    let shared = if fit { "" } else { shared(&names) };
    for (name, bar) in names.iter().zip(bars).rev() {
        let rest = &name[shared.len()..];
        // `sprint-007` is the seventh.
        let rest = if shared.is_empty() { rest } else { number(rest) };
        let rest = SMALL.shortened(rest, room.max(ROOM_MIN));
        let x = kept(bar.centre().0, SMALL, &rest);
        canvas.label_if_free((x, NAMES), Anchor::Middle, SMALL, &rest, GAP / 2.0);
    }
    let caption = shared.trim_end_matches(|c: char| !c.is_alphanumeric());
    let look = Type { colour: colour::FAINT, ..SMALL };
    canvas.label((WIDTH as f32 / 2.0, SHARED), Anchor::Middle, look, &look.shortened(caption, WIDE));
}

/// A number without the zeros that fill it up.
fn number(text: &str) -> &str {
    match text.trim_start_matches('0') {
        "" => text,
        rest => rest,
    }
}

/// What all names begin with, up to a sign that ends a word.
fn shared(names: &[String]) -> &str {
    let [first, others @ ..] = names else { return "" };
    let ends = first.char_indices().filter(|(_, c)| !c.is_alphanumeric()).map(|(at, c)| at + c.len_utf8());
    let mut beginnings = ends.map(|end| &first[..end]);
    let by_all = |beginning: &&str| others.iter().all(|name| name.starts_with(beginning));
    beginnings.rfind(by_all).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sprints(points: impl IntoIterator<Item = u32>) -> Vec<SprintVelocity> {
        let bar = |(number, points)| SprintVelocity { sprint: format!("sprint-{number:03}"), points };
        (1..).zip(points).map(bar).collect()
    }

    fn words(sprints: &[SprintVelocity]) -> Vec<String> {
        draw(sprints).labels().iter().map(|(text, _)| text.clone()).collect()
    }

    #[test]
    fn the_newest_twenty_are_shown_and_the_others_counted() {
        let words = words(&sprints(1..=30));

        assert!(words.iter().any(|word| word == "average, latest 20 of 30"), "{words:?}");
        assert!(words.iter().any(|word| word == "20.5"), "{words:?}");
        assert!(
            !words.iter().any(|word| word == "10"),
            "the tenth sprint is not one of the newest: {words:?}"
        );
    }

    #[test]
    fn every_bar_has_its_value_and_its_name_where_there_is_room() {
        let words = words(&sprints([21, 13, 0]));

        for expected in ["21", "13", "0", "sprint-001", "sprint-002", "sprint-003"] {
            assert!(words.iter().any(|word| word == expected), "{expected} is not in {words:?}");
        }
    }

    #[test]
    fn narrow_bars_share_what_their_names_have_in_common() {
        let words = words(&sprints(1..=12));

        for expected in ["sprint", "1", "12"] {
            assert!(words.iter().any(|word| word == expected), "{expected} is not in {words:?}");
        }
    }

    #[test]
    fn names_share_whole_words_only() {
        let of = |names: &[&str]| {
            let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
            shared(&names).to_owned()
        };

        assert_eq!(of(&["sprint-001", "sprint-002"]), "sprint-");
        assert_eq!(of(&["team a-1", "team a-2"]), "team a-");
        assert_eq!(of(&["sprint1", "sprint2"]), "");
        assert_eq!(of(&["é-1", "e-1"]), "");
        assert_eq!(of(&[]), "");
    }
}
