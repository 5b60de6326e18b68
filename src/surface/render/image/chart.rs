//! What charts have in common: a headline of figures, steps of an axis, and short numbers.

use crate::surface::render::image::canvas::{Anchor, Area, Canvas, Point, Stroke, Type, colour, place};
use crate::surface::render::image::font::{self, Weight};
use crate::surface::render::image::{SMALLEST, WIDTH};

/// How high charts are, in pixels: with the width, the shape that chats show largest.
pub(crate) const HEIGHT: u32 = 600;
/// What stays free at both sides.
pub(crate) const MARGIN: f32 = 36.0;

/// What stays free beside labels that stand below an axis.
const EDGE: f32 = 16.0;

/// The line that something is compared with.
pub(crate) const COMPARED: Stroke = Stroke { colour: colour::SOFT, width: 4.0, dashes: "3 11" };

/// Words that explain.
pub(crate) const SMALL: Type = Type { size: SMALLEST, weight: Weight::Regular, colour: colour::SOFT };
/// The same for what is to be seen first.
pub(crate) const STRONG: Type = Type { size: SMALLEST, weight: Weight::Bold, colour: colour::TEXT };

/// The sizes of the figure: the first that leaves room for what is beside it.
const FIGURES: [f32; 4] = [104.0, 84.0, 64.0, 44.0];
const UNIT: Type = Type { size: 36.0, weight: Weight::Bold, colour: colour::TEXT };
/// The feet of the two lines; the figure stands on the lower one.
const FIRST: f32 = 82.0;
const SECOND: f32 = 126.0;
/// Where the part on the right ends.
const RIGHT: f32 = WIDTH as f32 - MARGIN;
/// Between the figure, what is beside it, and the part on the right.
const GAP: f32 = 18.0;
/// The dashes that explain the dashed line.
const DASHES: f32 = 46.0;

/// What is written above a chart.
pub(crate) struct Headline<'a> {
    /// The one number that matters.
    pub(crate) figure: String,
    /// What it counts.
    pub(crate) unit: &'a str,
    /// What it is to be seen against.
    pub(crate) below: String,
    /// How good it is, and in which colour.
    pub(crate) verdict: Option<(String, &'static str)>,
    /// What the dashed line means, if there is one.
    pub(crate) dashed: Option<&'a str>,
}

impl Headline<'_> {
    /// Writes it.
    pub(crate) fn draw(&self, canvas: &mut Canvas) {
        let right = self.draw_verdict(canvas).min(self.draw_dashed(canvas)) - GAP;
        let beside = |size: f32| MARGIN + font::width(&self.figure, size, Weight::Bold) + GAP;
        let width = UNIT.width(self.unit).max(SMALL.width(&self.below));
        let size = FIGURES.into_iter().find(|size| beside(*size) + width <= right);
        let size = size.unwrap_or(UNIT.size);
        let figure = Type { size, weight: Weight::Bold, colour: colour::TEXT };
        canvas.label((MARGIN, SECOND), Anchor::Start, figure, &self.figure);
        canvas.label((beside(size), FIRST), Anchor::Start, UNIT, self.unit);
        let below = SMALL.shortened(&self.below, right - beside(size));
        canvas.label((beside(size), SECOND), Anchor::Start, SMALL, &below);
    }

    /// Writes how good it is, and says where that begins.
    fn draw_verdict(&self, canvas: &mut Canvas) -> f32 {
        let Some((words, colour)) = &self.verdict else { return RIGHT };
        let look = Type { colour: colour::BACK, ..STRONG };
        let at = (RIGHT - 16.0, FIRST - 12.0);
        let area = place(at, Anchor::End, look, words).grown(11.0);
        canvas.fill(Area { left: area.left - 5.0, width: area.width + 10.0, ..area }, 16.0, colour);
        canvas.label(at, Anchor::End, look, words);
        area.left
    }

    /// Explains the dashed line, and says where that begins.
    fn draw_dashed(&self, canvas: &mut Canvas) -> f32 {
        let Some(words) = self.dashed else { return RIGHT };
        canvas.label((RIGHT, SECOND), Anchor::End, SMALL, words);
        let left = RIGHT - SMALL.width(words) - 12.0;
        let y = SECOND - 0.3 * SMALL.size;
        canvas.line(&[(left - DASHES, y), (left, y)], 0.0, COMPARED);
        left - DASHES
    }
}

/// A straight line across, which only guides the eye.
pub(crate) fn guide(canvas: &mut Canvas, from: Point, to: Point) {
    canvas.line(&[from, to], 0.0, Stroke { colour: colour::GRID, width: 2.0, dashes: "" });
}

/// `x`, or as near to it as `text` can be centred without leaving the picture.
pub(crate) fn kept(x: f32, look: Type, text: &str) -> f32 {
    let room = (WIDTH as f32 / 2.0 - EDGE - look.width(text) / 2.0).max(0.0);
    x.clamp(WIDTH as f32 / 2.0 - room, WIDTH as f32 / 2.0 + room)
}

/// The smallest of `steps` that takes at most `most` to `end`; beyond them, tenfold and so on.
pub(crate) fn step(end: u32, most: u32, steps: &[u32]) -> u32 {
    let enough = |step: &u32| end / step <= most;
    let decades = (0..10).filter_map(|power| 10_u32.checked_pow(power));
    let mut all = decades.flat_map(|decade| steps.iter().filter_map(move |step| step.checked_mul(decade)));
    all.find(enough).unwrap_or(u32::MAX)
}

/// A number with at most four digits and a unit.
pub(crate) fn short(number: f64) -> String {
    const UNITS: [(f64, &str); 3] = [(1e9, "G"), (1e6, "M"), (1e3, "k")];
    let scaled = UNITS.iter().find(|(unit, _)| number >= unit * 10.0);
    let (value, unit) = scaled.map_or((number, ""), |(unit, name)| (number / unit, *name));
    let rounded = format!("{value:.1}");
    let digits =
        if value < 99.95 { rounded.trim_end_matches(".0").to_owned() } else { format!("{value:.0}") };
    format!("{digits}{unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_short() {
        let cases = [
            (0.0, "0"),
            (7.0, "7"),
            (17.33, "17.3"),
            (99.96, "100"),
            (120.5, "120"),
            (9999.0, "9999"),
            (10_000.0, "10k"),
            (12_345.0, "12.3k"),
            (4e9, "4000M"),
            (4e10, "40G"),
        ];
        for (number, expected) in cases {
            assert_eq!(short(number), expected, "{number}");
        }
    }

    #[test]
    fn an_axis_has_few_steps() {
        for end in [0, 1, 5, 13, 21, 100, 999, 50_000, u32::MAX] {
            let step = step(end, 5, &[1, 2, 5]);
            assert!(end / step <= 5, "{end} in steps of {step}");
        }
        assert_eq!(step(21, 5, &[1, 2, 5]), 5);
    }
}
