//! What is left of a sprint, day by day, against an even pace.

use std::iter;

use crate::surface::answer::BurndownDay;
use crate::surface::render::image::WIDTH;
use crate::surface::render::image::canvas::{Anchor, Area, Canvas, Point, Stroke, Type, colour};
use crate::surface::render::image::chart::{
    COMPARED, HEIGHT, Headline, MARGIN, SMALL, STRONG, guide, kept, short, step,
};

/// More days than this are drawn without a dot for each.
const DOTS_MAX: usize = 31;
/// More days than this are not drawn one by one: they would lie within a pixel.
const POINTS_MAX: usize = 300;
/// How many steps the axes have at most.
const STEPS_MAX: u32 = 5;
const DAYS_MAX: u32 = 7;
/// The steps of points, and of days.
const OF_POINTS: [u32; 3] = [1, 2, 5];
const OF_DAYS: [u32; 6] = [1, 2, 7, 14, 30, 90];

const TOP: f32 = 186.0;
const BOTTOM: f32 = 528.0;
const RIGHT: f32 = WIDTH as f32 - MARGIN - 8.0;
/// The foot of the labels below the axis.
const LABELS: f32 = 572.0;

/// Between labels of days.
const GAP: f32 = 16.0;

/// Where points and days are in the picture.
struct Scale {
    left: f32,
    points: u32,
    days: u32,
}

impl Scale {
    fn x(&self, day: f64) -> f32 {
        self.left + (RIGHT - self.left) * (day / f64::from(self.days)) as f32
    }

    fn y(&self, points: f64) -> f32 {
        BOTTOM - (BOTTOM - TOP) * (points / f64::from(self.points)) as f32
    }

    fn at(&self, day: &BurndownDay) -> Point {
        (self.x(f64::from(day.day)), self.y(f64::from(day.remaining)))
    }
}

/// The burndown of a sprint of `total` points and `span` days.
pub(crate) fn draw(total: u32, span: u32, days: &[BurndownDay]) -> Canvas {
    let mut canvas = Canvas::new(WIDTH, HEIGHT);
    headline(total, span, days).draw(&mut canvas);
    let points = days.iter().map(|day| day.remaining).fold(total, u32::max).max(1);
    let last = days.last().map_or(0, |day| day.day);
    let ticks = ticks(points, step(points, STEPS_MAX, &OF_POINTS));
    let widest = ticks.iter().map(|tick| SMALL.width(&short(f64::from(*tick))));
    let left = MARGIN + widest.fold(0.0, f32::max) + 16.0;
    let scale = Scale { left, points, days: span.max(last).max(1) };
    draw_points(&mut canvas, &scale, &ticks);
    draw_overtime(&mut canvas, &scale, span, last);
    draw_pace(&mut canvas, &scale, total, span);
    draw_days(&mut canvas, &scale, days);
    draw_labels(&mut canvas, &scale, span, days);
    canvas
}

fn headline(total: u32, span: u32, days: &[BurndownDay]) -> Headline<'static> {
    let left = days.last().map_or(total, |day| day.remaining);
    let of = format!("of {}", short(f64::from(total)));
    let below = match days.last() {
        Some(day) => format!("{of}, day {} of {span}", day.day),
        None => format!("{of}, {span} days"),
    };
    Headline {
        figure: short(f64::from(left)),
        unit: if left == 1 { "point left" } else { "points left" },
        below,
        verdict: verdict(total, span, days),
        dashed: Some("even pace"),
    }
}

/// How good it is. The last day is not over, so it is measured against the pace at its beginning and its end.
fn verdict(total: u32, span: u32, days: &[BurndownDay]) -> Option<(String, &'static str)> {
    let last = days.last().filter(|_| total > 0)?;
    let left = f64::from(last.remaining);
    let latest = days.iter().rev().nth(1).map_or(last.ideal, |before| before.ideal);
    let over = last.day.saturating_sub(span);
    Some(match (left - latest, last.ideal - left) {
        _ if last.remaining == 0 => ("all done".to_owned(), colour::GREEN),
        _ if over == 1 => ("1 day over".to_owned(), colour::RED),
        _ if over > 1 => (format!("{} days over", short(f64::from(over))), colour::RED),
        (behind, _) if behind >= 0.5 => (format!("{} behind", short(behind.round())), colour::YELLOW),
        _ if last.day == span && days.len() > 1 => ("last day".to_owned(), colour::YELLOW),
        (_, ahead) if ahead >= 0.5 => (format!("{} ahead", short(ahead.round())), colour::GREEN),
        _ => ("on pace".to_owned(), colour::GREEN),
    })
}

fn ticks(end: u32, step: u32) -> Vec<u32> {
    (0..=end / step).map(|at| at * step).collect()
}

fn draw_points(canvas: &mut Canvas, scale: &Scale, ticks: &[u32]) {
    for tick in ticks {
        let y = scale.y(f64::from(*tick));
        guide(canvas, (scale.left, y), (RIGHT, y));
        canvas.label((scale.left - 16.0, y + 9.0), Anchor::End, SMALL, &short(f64::from(*tick)));
    }
}

/// The days that were not planned.
fn draw_overtime(canvas: &mut Canvas, scale: &Scale, span: u32, last: u32) {
    if last > span {
        let left = scale.x(f64::from(span));
        let area = Area { left, top: TOP, width: RIGHT - left, height: BOTTOM - TOP };
        canvas.surface(&area.corners(), colour::RED, 0.14);
    }
}

fn draw_pace(canvas: &mut Canvas, scale: &Scale, total: u32, span: u32) {
    let (start, end) = (scale.y(f64::from(total)), scale.x(f64::from(span)));
    canvas.line(&[(scale.left, start), (end, BOTTOM)], 0.0, COMPARED);
}

fn draw_days(canvas: &mut Canvas, scale: &Scale, days: &[BurndownDay]) {
    let Some(last) = days.last() else { return };
    let (x, y) = scale.at(last);
    let today = Stroke { colour: colour::TEXT, width: 3.0, dashes: "" };
    canvas.line(&[(x, TOP), (x, BOTTOM)], 0.0, Stroke { colour: colour::LINE, ..today });
    let every = days.len().div_ceil(POINTS_MAX).max(1);
    let mut points: Vec<Point> = days.iter().step_by(every).map(|day| scale.at(day)).collect();
    points.push((x, y));
    let first = points.first().map_or(x, |first| first.0);
    canvas.surface(&[&points, &[(x, BOTTOM), (first, BOTTOM)][..]].concat(), colour::BLUE, 0.22);
    canvas.line(&points, 0.0, Stroke { colour: colour::BLUE, width: 6.0, dashes: "" });
    if days.len() <= DOTS_MAX {
        points.iter().for_each(|point| canvas.dot(*point, 8.0, colour::BLUE));
    }
    canvas.dot((x, y), 15.0, colour::TEXT);
    canvas.dot((x, y), 9.0, colour::BLUE);
}

/// The days below the axis: the last one, the last planned one, and others where there is room.
fn draw_labels(canvas: &mut Canvas, scale: &Scale, span: u32, days: &[BurndownDay]) {
    if let Some(last) = days.last() {
        let words = format!("day {}", last.day);
        let x = kept(scale.x(f64::from(last.day)), STRONG, &words);
        canvas.label((x, LABELS), Anchor::Middle, STRONG, &words);
    }
    let look = Type { colour: colour::FAINT, ..SMALL };
    for day in iter::once(span).chain(ticks(scale.days, step(scale.days, DAYS_MAX, &OF_DAYS))) {
        let words = short(f64::from(day));
        let x = kept(scale.x(f64::from(day)), look, &words);
        canvas.label_if_free((x, LABELS), Anchor::Middle, look, &words, GAP);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(total: u32, span: u32, left: &[u32]) -> Vec<BurndownDay> {
        let ideal =
            |day: u32| f64::from(total) * f64::from(span.saturating_sub(day)) / f64::from(span.max(1));
        let day =
            |(day, remaining): (u32, &u32)| BurndownDay { day, remaining: *remaining, ideal: ideal(day) };
        (0..).zip(left).map(day).collect()
    }

    #[test]
    fn the_verdict_says_how_it_goes() {
        #[rustfmt::skip]
        let cases: &[(u32, u32, &[u32], Option<&str>)] = &[
            (20, 10, &[],                   None),
            (0,  10, &[0, 0],               None),
            (20, 10, &[20],                 Some("on pace")),
            // The first day is not over: nobody is behind yet.
            (20, 10, &[20, 20],             Some("on pace")),
            (20, 10, &[20, 20, 20],         Some("2 behind")),
            (20, 10, &[20, 18, 15],         Some("1 ahead")),
            (20, 10, &[20, 5, 0],           Some("all done")),
            (20, 2,  &[20, 10, 5],          Some("last day")),
            (20, 2,  &[20, 15, 15],         Some("5 behind")),
            (20, 2,  &[20, 15, 15, 15],     Some("1 day over")),
            (20, 2,  &[20, 15, 15, 15, 3],  Some("2 days over")),
        ];
        for (total, span, left, expected) in cases {
            let said = verdict(*total, *span, &days(*total, *span, left));
            assert_eq!(said.map(|(words, _)| words).as_deref(), *expected, "{left:?} of {total} in {span}");
        }
    }

    #[test]
    fn the_days_that_were_not_planned_stand_out() {
        let late = draw(21, 2, &days(21, 2, &[21, 18, 15, 10]));
        let timely = draw(21, 3, &days(21, 3, &[21, 18, 15, 10]));

        let surfaces = |canvas: &Canvas| canvas.svg().matches("fill-opacity").count();
        assert_eq!(surfaces(&late), surfaces(&timely) + 1);
    }

    #[test]
    fn a_long_sprint_is_drawn_with_as_many_points_as_can_be_seen() {
        let left: Vec<u32> = (0..900).map(|day| 1000 - day).collect();

        let drawn = draw(1000, 90, &days(1000, 90, &left)).svg();

        assert!(drawn.len() < 20_000, "{} bytes", drawn.len());
        assert_eq!(drawn.matches("<circle").count(), 2, "only the last day has a dot");
    }
}
