//! The workflow as boxes and arrows, with the current state and the ways on from it lit up.

use crate::domain::workflow::State;
use crate::surface::render::image::canvas::{Anchor, Area, Canvas, Point, Stroke, Type, colour, towards};
use crate::surface::render::image::font::{self, Weight};
use crate::surface::render::image::{SMALLEST, WIDTH};
use crate::surface::render::ways::{Way, ways};

use State::{BacklogReady, Blocked, Idle, SprintActive, SprintPaused, SprintPlanned, SprintReview};

const HEIGHT: u32 = 800;
/// The size of the name of a state.
const NAME: f32 = 27.0;
/// From one line of a label to the next, unless an arrow runs between them.
const LINE: f32 = 31.0;
/// The same with an arrow between them.
const AROUND: f32 = 42.0;
/// How round the corners of boxes and arrows are.
const RADIUS: f32 = 16.0;
/// How far the current state shines.
const GLOW: f32 = 9.0;
/// How long the head of an arrow is.
const HEAD: f32 = 17.0;

/// The states in which a sprint goes on; an arrow from its border starts at each of them.
const GROUP: Area = Area { left: 38.0, top: 346.0, width: 724.0, height: 278.0 };

/// An arrow, and where its label stands.
struct Arrow {
    from: &'static [State],
    to: State,
    points: &'static [Point],
    /// The foot of the first line.
    label: Point,
    anchor: Anchor,
    /// How wide a line may be.
    room: f32,
    /// From one line to the next.
    step: f32,
}

#[rustfmt::skip]
const ARROWS: [Arrow; 12] = [
    Arrow { from: &[Idle], to: BacklogReady, points: &[(212.0, 70.0), (486.0, 70.0)],
        label: (345.0, 56.0), anchor: Anchor::Middle, room: 270.0, step: LINE },
    Arrow { from: &[BacklogReady], to: SprintPlanned, points: &[(606.0, 104.0), (606.0, 216.0)],
        label: (619.0, 170.0), anchor: Anchor::Start, room: 160.0, step: LINE },
    Arrow { from: &[SprintPlanned], to: SprintActive, points: &[(606.0, 284.0), (606.0, 364.0)],
        label: (592.0, 326.0), anchor: Anchor::End, room: 160.0, step: LINE },
    Arrow { from: &[SprintPlanned], to: BacklogReady,
        points: &[(486.0, 250.0), (424.0, 250.0), (424.0, 160.0), (532.0, 160.0), (532.0, 104.0)],
        label: (408.0, 215.0), anchor: Anchor::End, room: 300.0, step: LINE },
    Arrow { from: &[SprintActive, SprintPaused, Blocked], to: BacklogReady,
        points: &[(424.0, 346.0), (424.0, 160.0), (532.0, 160.0), (532.0, 104.0)],
        label: (408.0, 215.0), anchor: Anchor::End, room: 300.0, step: LINE },
    Arrow { from: &[SprintActive], to: SprintPaused, points: &[(505.0, 400.0), (300.0, 400.0)],
        label: (402.0, 388.0), anchor: Anchor::Middle, room: 190.0, step: LINE },
    Arrow { from: &[SprintPaused], to: SprintActive, points: &[(300.0, 428.0), (505.0, 428.0)],
        label: (402.0, 458.0), anchor: Anchor::Middle, room: 190.0, step: LINE },
    Arrow { from: &[SprintActive], to: Blocked, points: &[(505.0, 522.0), (300.0, 522.0)],
        label: (402.0, 510.0), anchor: Anchor::Middle, room: 190.0, step: LINE },
    Arrow { from: &[Blocked], to: SprintActive, points: &[(300.0, 550.0), (505.0, 550.0)],
        label: (402.0, 580.0), anchor: Anchor::Middle, room: 190.0, step: 29.0 },
    Arrow { from: &[SprintActive, SprintPaused, Blocked], to: SprintReview, points: &[(400.0, 624.0), (400.0, 712.0)],
        label: (416.0, 659.0), anchor: Anchor::Start, room: 200.0, step: LINE },
    Arrow { from: &[SprintReview], to: Idle,
        points: &[(270.0, 746.0), (16.0, 746.0), (16.0, 70.0), (52.0, 70.0)],
        label: (144.0, 734.0), anchor: Anchor::Middle, room: 200.0, step: AROUND },
    Arrow { from: &[SprintReview], to: BacklogReady,
        points: &[(530.0, 746.0), (784.0, 746.0), (784.0, 70.0), (748.0, 70.0)],
        label: (656.0, 734.0), anchor: Anchor::Middle, room: 220.0, step: AROUND },
];

/// The box of a state.
fn place(state: State) -> Area {
    let (left, top, width, height) = match state {
        Idle => (52.0, 36.0, 160.0, 68.0),
        BacklogReady => (486.0, 36.0, 262.0, 68.0),
        SprintPlanned => (486.0, 216.0, 262.0, 68.0),
        SprintActive => (505.0, 364.0, 242.0, 242.0),
        SprintPaused => (54.0, 380.0, 246.0, 68.0),
        Blocked => (54.0, 502.0, 246.0, 68.0),
        SprintReview => (270.0, 712.0, 260.0, 68.0),
    };
    Area { left, top, width, height }
}

/// The colour of a state while it is the current one.
fn accent(state: State) -> &'static str {
    match state {
        Idle | BacklogReady | SprintPlanned | SprintReview => colour::BLUE,
        SprintActive => colour::GREEN,
        SprintPaused => colour::YELLOW,
        Blocked => colour::RED,
    }
}

/// The workflow with `current` marked.
pub(crate) fn draw(current: State) -> Canvas {
    let mut canvas = Canvas::new(WIDTH, HEIGHT);
    let border = Stroke { colour: colour::LINE, width: 3.0, dashes: "4 9" };
    canvas.frame(GROUP, RADIUS, "none", border);
    // What is lit lies on what is not, and has the first choice of places for labels.
    let (lit, dim): (Vec<_>, Vec<_>) = ARROWS.iter().partition(|arrow| arrow.from.contains(&current));
    canvas.glow(place(current).grown(GLOW), RADIUS + GLOW, accent(current));
    dim.iter().for_each(|arrow| draw_arrow(&mut canvas, arrow, colour::LINE, 3.0));
    lit.iter().for_each(|arrow| draw_arrow(&mut canvas, arrow, accent(current), 5.0));
    for state in State::ALL {
        let near = lit.iter().any(|arrow| arrow.to == state);
        draw_state(&mut canvas, state, current, near);
    }
    let words = Type { size: SMALLEST, weight: Weight::Bold, colour: colour::TEXT };
    lit.iter().for_each(|arrow| draw_label(&mut canvas, arrow, current, words));
    let words = Type { weight: Weight::Regular, colour: colour::FAINT, ..words };
    dim.iter().for_each(|arrow| draw_label(&mut canvas, arrow, current, words));
    canvas
}

fn draw_arrow(canvas: &mut Canvas, arrow: &Arrow, colour: &'static str, width: f32) {
    let [first @ .., before, tip] = arrow.points else { return };
    let neck = towards(*tip, *before, HEAD);
    let stroke = Stroke { colour, width, dashes: "" };
    canvas.line(&[first, &[*before, neck]].concat(), RADIUS, stroke);
    let (dx, dy) = ((tip.0 - neck.0) * 0.55, (tip.1 - neck.1) * 0.55);
    canvas.surface(&[*tip, (neck.0 - dy, neck.1 + dx), (neck.0 + dy, neck.1 - dx)], colour, 1.0);
}

/// The box of a state: filled if it is the current one, bright if a way leads to it.
fn draw_state(canvas: &mut Canvas, state: State, current: State, near: bool) {
    let area = place(state);
    let (x, y) = area.centre();
    let here = state == current;
    let (fill, border, letters) = match (here, near) {
        (true, _) => (accent(state), accent(state), colour::BACK),
        (_, true) => (colour::PANEL, colour::TEXT, colour::TEXT),
        _ => (colour::PANEL, colour::LINE, colour::FAINT),
    };
    canvas.frame(area, RADIUS, fill, Stroke { colour: border, width: 3.0, dashes: "" });
    let weight = if here || near { Weight::Bold } else { Weight::Regular };
    let look = Type { size: NAME, weight, colour: letters };
    canvas.label((x, y + NAME * 0.36), Anchor::Middle, look, state.name());
}

fn draw_label(canvas: &mut Canvas, arrow: &Arrow, current: State, look: Type) {
    let (x, mut y) = arrow.label;
    for line in lines(arrow, current) {
        canvas.label_if_free((x, y), arrow.anchor, look, &line, 0.0);
        y += arrow.step;
    }
}

/// What leads along an arrow, in lines that fit beside it.
fn lines(arrow: &Arrow, current: State) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in way(arrow, current).iter().flat_map(Way::words) {
        match lines.last_mut() {
            Some(line) => {
                line.push(',');
                let longer = format!("{line} {word}");
                // Measured as if they were lit, so that lines break alike in every state.
                if font::width(&longer, SMALLEST, Weight::Bold) <= arrow.room {
                    *line = longer;
                } else {
                    lines.push(word.to_owned());
                }
            }
            None => lines.push(word.to_owned()),
        }
    }
    lines
}

/// The way that an arrow shows: that of the current state, else that of the first which shares it.
fn way(arrow: &Arrow, current: State) -> Option<Way> {
    let from = arrow.from.iter().find(|state| **state == current).or(arrow.from.first())?;
    ways(*from).iter().find(|way| way.to == arrow.to).copied()
}

#[cfg(test)]
mod tests {
    use resvg::tiny_skia::Pixmap;

    use super::*;
    use crate::surface::answer::Picture;
    use crate::surface::render::image::png;

    fn pixels(current: State) -> Pixmap {
        let image = png(&Picture::StateMachine { current, alt: String::new() }).unwrap();
        Pixmap::decode_png(&image.bytes).unwrap()
    }

    /// The colour at a point, as it is written in a drawing.
    fn colour_at(pixels: &Pixmap, (x, y): Point) -> String {
        let pixel = pixels.pixel(x as u32, y as u32).unwrap();
        format!("#{:02x}{:02x}{:02x}", pixel.red(), pixel.green(), pixel.blue())
    }

    /// The parts of an arrow, as wide as it is drawn.
    fn parts(arrow: &Arrow) -> Vec<Area> {
        let part = |ends: &[Point]| {
            let [(x1, y1), (x2, y2)] = *ends else { panic!("{ends:?}") };
            Area { left: x1.min(x2), top: y1.min(y2), width: (x1 - x2).abs(), height: (y1 - y2).abs() }
                .grown(2.5)
        };
        arrow.points.windows(2).map(part).collect()
    }

    #[test]
    fn every_way_has_its_arrow_and_every_arrow_its_ways() {
        for state in State::ALL {
            for way in ways(state) {
                let arrows = ARROWS.iter().filter(|arrow| arrow.from.contains(&state) && arrow.to == way.to);
                assert_eq!(arrows.count(), 1, "from {state} to {}", way.to);
            }
            for arrow in ARROWS.iter().filter(|arrow| arrow.from.contains(&state)) {
                assert!(way(arrow, state).is_some(), "from {state} to {}", arrow.to);
            }
        }
    }

    #[test]
    fn every_way_on_from_the_current_state_is_written_in_strong_letters() {
        for state in State::ALL {
            let drawing = draw(state).svg();
            let strong: Vec<_> = drawing.lines().filter(|line| line.contains("font-weight")).collect();
            for word in ways(state).iter().flat_map(Way::words) {
                assert!(strong.iter().any(|line| line.contains(word)), "{word} in {state}");
            }
        }
    }

    #[test]
    fn the_pixels_mark_the_current_state_and_no_other() {
        for current in State::ALL {
            let pixels = pixels(current);
            for state in State::ALL {
                let area = place(state);
                let inside = colour_at(&pixels, (area.centre().0, area.top + 12.0));
                let expected = if state == current { accent(state) } else { colour::PANEL };
                assert_eq!(inside, expected, "{state} while {current} is the current one");
            }
        }
    }

    #[test]
    fn the_name_of_the_current_state_is_made_of_letters() {
        for current in State::ALL {
            let (pixels, area) = (pixels(current), place(current));
            let (_, y) = area.centre();
            let dark = (0..area.width as u32)
                .filter(|x| colour_at(&pixels, (area.left + *x as f32, y)) == colour::BACK);

            assert!(dark.count() > 10, "{current} has no name");
        }
    }

    #[test]
    fn no_label_lies_on_an_arrow_or_on_the_edge_of_a_box() {
        for current in State::ALL {
            for (text, label) in draw(current).labels() {
                let crossed = ARROWS.iter().flat_map(parts).find(|part| part.meets(*label));
                let named = State::ALL.iter().any(|state| state.name() == text);
                assert!(named || crossed.is_none(), "{text} lies on {crossed:?}");
                for area in State::ALL.map(place) {
                    let within = area.grown(-8.0).contains(*label);
                    assert!(within || !area.meets(*label), "{text} lies on the edge of {area:?}");
                }
            }
        }
    }
}
