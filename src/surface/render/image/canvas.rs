//! A drawing as SVG text: a few shapes, and labels that know where they stand.

use std::fmt::{self, Display};

use crate::surface::render::image::font::{self, Weight};

/// The colours of pictures, made for a dark background and told apart without seeing red or green.
pub(crate) mod colour {
    /// Behind everything.
    pub(crate) const BACK: &str = "#1e1f22";
    /// A surface that lies on it.
    pub(crate) const PANEL: &str = "#2b2d31";
    /// Lines that only guide the eye.
    pub(crate) const GRID: &str = "#36383f";
    /// Lines that mean something, but not now.
    pub(crate) const LINE: &str = "#5a5d66";
    /// Words that do not matter now.
    pub(crate) const FAINT: &str = "#949ba4";
    /// Words that explain.
    pub(crate) const SOFT: &str = "#b5bac1";
    /// Words that matter.
    pub(crate) const TEXT: &str = "#f2f3f5";
    /// What is shown.
    pub(crate) const BLUE: &str = "#7289ff";
    /// What was shown before.
    pub(crate) const DEEP: &str = "#4752c4";
    /// It goes well.
    pub(crate) const GREEN: &str = "#43b581";
    /// Somebody may want to look.
    pub(crate) const YELLOW: &str = "#f0b232";
    /// Somebody has to look.
    pub(crate) const RED: &str = "#f2545b";
}

/// A point, in pixels from the left upper corner.
pub(crate) type Point = (f32, f32);

/// Which part of a label stands at its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Anchor {
    /// It begins there.
    Start,
    /// It is centred there.
    Middle,
    /// It ends there.
    End,
}

/// A rectangle, in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Area {
    /// Its left side.
    pub(crate) left: f32,
    /// Its upper side.
    pub(crate) top: f32,
    /// From left to right.
    pub(crate) width: f32,
    /// From top to bottom.
    pub(crate) height: f32,
}

impl Area {
    /// Its right side.
    pub(crate) fn right(self) -> f32 {
        self.left + self.width
    }

    /// Its lower side.
    pub(crate) fn bottom(self) -> f32 {
        self.top + self.height
    }

    /// The point in its middle.
    pub(crate) fn centre(self) -> Point {
        (self.left + self.width / 2.0, self.top + self.height / 2.0)
    }

    /// Its corners, in the order in which a pen would go round it.
    pub(crate) fn corners(self) -> [Point; 4] {
        let (right, bottom) = (self.right(), self.bottom());
        [(self.left, self.top), (right, self.top), (right, bottom), (self.left, bottom)]
    }

    /// The same with more on every side.
    pub(crate) fn grown(self, by: f32) -> Self {
        let Self { left, top, width, height } = self;
        Self { left: left - by, top: top - by, width: width + 2.0 * by, height: height + 2.0 * by }
    }

    /// Whether `other` lies within it.
    #[cfg(test)]
    pub(crate) fn contains(self, other: Self) -> bool {
        self.left <= other.left
            && self.top <= other.top
            && self.right() >= other.right()
            && self.bottom() >= other.bottom()
    }

    /// Whether both have a point in common.
    pub(crate) fn meets(self, other: Self) -> bool {
        self.left < other.right()
            && other.left < self.right()
            && self.top < other.bottom()
            && other.top < self.bottom()
    }
}

/// How letters look.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Type {
    /// The height of the letters, in pixels.
    pub(crate) size: f32,
    /// How strong they are.
    pub(crate) weight: Weight,
    /// Their colour.
    pub(crate) colour: &'static str,
}

impl Type {
    /// How wide `text` is.
    pub(crate) fn width(self, text: &str) -> f32 {
        font::width(text, self.size, self.weight)
    }

    /// `text`, or as much of its beginning as fits into `room` pixels with an ellipsis.
    pub(crate) fn shortened(self, text: &str, room: f32) -> String {
        font::shortened(text, self.size, self.weight, room)
    }
}

/// How a line looks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stroke {
    /// Its colour.
    pub(crate) colour: &'static str,
    /// How wide it is, in pixels.
    pub(crate) width: f32,
    /// Dashes and gaps; empty for a whole line.
    pub(crate) dashes: &'static str,
}

/// A drawing under way.
#[derive(Debug)]
pub(crate) struct Canvas {
    width: u32,
    height: u32,
    body: String,
    labels: Vec<(String, Area)>,
}

impl Canvas {
    /// An empty drawing.
    pub(crate) fn new(width: u32, height: u32) -> Self {
        let back = format!("<rect width=\"{width}\" height=\"{height}\" fill=\"{}\"/>\n", colour::BACK);
        Self { width, height, body: back, labels: Vec::new() }
    }

    /// All of it.
    #[cfg(test)]
    pub(crate) fn area(&self) -> Area {
        Area { left: 0.0, top: 0.0, width: self.width as f32, height: self.height as f32 }
    }

    /// The labels with the places that they take.
    pub(crate) fn labels(&self) -> &[(String, Area)] {
        &self.labels
    }

    /// A filled rectangle.
    pub(crate) fn fill(&mut self, area: Area, radius: f32, colour: &str) {
        self.rect(area, radius, format_args!("fill=\"{colour}\""));
    }

    /// A rectangle with a border.
    pub(crate) fn frame(&mut self, area: Area, radius: f32, fill: &str, stroke: Stroke) {
        self.rect(area, radius, format_args!("fill=\"{fill}\" {stroke}"));
    }

    fn rect(&mut self, area: Area, radius: f32, look: impl Display) {
        let Area { left, top, width, height } = area;
        let (x, y, w, h, r) = (px(left), px(top), px(width), px(height), px(radius));
        self.add(format_args!("<rect x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" rx=\"{r}\" {look}/>"));
    }

    /// A rectangle through which one can see.
    pub(crate) fn glow(&mut self, area: Area, radius: f32, colour: &str) {
        self.rect(area, radius, format_args!("fill=\"{colour}\" fill-opacity=\"0.25\""));
    }

    /// A filled circle.
    pub(crate) fn dot(&mut self, (x, y): Point, radius: f32, colour: &str) {
        let (x, y, r) = (px(x), px(y), px(radius));
        self.add(format_args!("<circle cx=\"{x}\" cy=\"{y}\" r=\"{r}\" fill=\"{colour}\"/>"));
    }

    /// A line through all points, with corners rounded by `radius`.
    pub(crate) fn line(&mut self, points: &[Point], radius: f32, stroke: Stroke) {
        let path = rounded(points, radius);
        self.add(format_args!("<path d=\"{path}\" fill=\"none\" {stroke}/>"));
    }

    /// The surface within the points.
    pub(crate) fn surface(&mut self, points: &[Point], colour: &str, opacity: f32) {
        let path = rounded(points, 0.0);
        self.add(format_args!("<path d=\"{path}Z\" fill=\"{colour}\" fill-opacity=\"{opacity}\"/>"));
    }

    /// A line of text, standing on the height of `at`.
    pub(crate) fn label(&mut self, at: Point, anchor: Anchor, look: Type, text: &str) {
        let text = font::printable(text);
        let place = place(at, anchor, look, &text);
        let (x, y, size) = (px(at.0), px(at.1), px(look.size));
        let side = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let weight = if look.weight == Weight::Bold { " font-weight=\"700\"" } else { "" };
        self.add(format_args!(
            "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\" text-anchor=\"{side}\"{weight} fill=\"{}\">{}</text>",
            look.colour,
            escaped(&text)
        ));
        self.labels.push((text, place));
    }

    /// The same, unless another label stands there or within `gap` pixels beside it.
    pub(crate) fn label_if_free(&mut self, at: Point, anchor: Anchor, look: Type, text: &str, gap: f32) {
        let own = place(at, anchor, look, &font::printable(text));
        let wanted = Area { left: own.left - gap, width: own.width + 2.0 * gap, ..own };
        if !self.labels.iter().any(|(_, taken)| taken.meets(wanted)) {
            self.label(at, anchor, look, text);
        }
    }

    /// The whole drawing.
    pub(crate) fn svg(&self) -> String {
        let Self { width, height, body, .. } = self;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" font-family=\"{}\">\n{body}</svg>\n",
            font::FAMILY
        )
    }

    fn add(&mut self, element: impl Display) {
        self.body.push_str(&element.to_string());
        self.body.push('\n');
    }
}

impl Display for Stroke {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "stroke=\"{}\" stroke-width=\"{}\"", self.colour, px(self.width))?;
        write!(f, " stroke-linecap=\"round\" stroke-linejoin=\"round\"")?;
        if !self.dashes.is_empty() {
            write!(f, " stroke-dasharray=\"{}\"", self.dashes)?;
        }
        Ok(())
    }
}

/// The place that a label takes, from the top of its capitals to the foot of its `g`.
pub(crate) fn place((x, y): Point, anchor: Anchor, look: Type, text: &str) -> Area {
    const CAPITALS: f32 = 0.76;
    const FOOT: f32 = 0.22;
    let width = look.width(text);
    let left = match anchor {
        Anchor::Start => x,
        Anchor::Middle => x - width / 2.0,
        Anchor::End => x - width,
    };
    Area { left, top: y - CAPITALS * look.size, width, height: (CAPITALS + FOOT) * look.size }
}

/// A path through all points.
fn rounded(points: &[Point], radius: f32) -> String {
    let mut path = String::new();
    for (at, point) in points.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| points.get(at));
        match (before, points.get(at + 1)) {
            (None, _) => path.push_str(&format!("M{}", pair(*point))),
            (Some(before), Some(after)) if radius > 0.0 => {
                let (from, to) = (towards(*point, *before, radius), towards(*point, *after, radius));
                path.push_str(&format!("L{}Q{} {}", pair(from), pair(*point), pair(to)));
            }
            _ => path.push_str(&format!("L{}", pair(*point))),
        }
    }
    path
}

/// The point that is `distance` from `from` on the way to `to`, at most half of the way.
pub(crate) fn towards(from: Point, to: Point, distance: f32) -> Point {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let part = (distance / dx.hypot(dy).max(f32::EPSILON)).min(0.5);
    (from.0 + dx * part, from.1 + dy * part)
}

fn pair((x, y): Point) -> String {
    format!("{} {}", px(x), px(y))
}

/// A length in tenths of a pixel: the same text on every machine.
fn px(length: f32) -> String {
    let text = format!("{length:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOOK: Type = Type { size: 20.0, weight: Weight::Regular, colour: colour::TEXT };

    #[test]
    fn words_of_people_are_text_and_no_markup() {
        let mut canvas = Canvas::new(100, 100);

        canvas.label((0.0, 20.0), Anchor::Start, LOOK, "</text><rect/>&amp;\u{0}");

        assert!(canvas.svg().contains(">&lt;/text&gt;&lt;rect/&gt;&amp;amp;?</text>"), "{}", canvas.svg());
    }

    #[test]
    fn a_label_gives_way_to_the_one_before() {
        let mut canvas = Canvas::new(100, 100);
        let mut add = |x: f32, gap: f32| {
            canvas.label_if_free((x, 20.0), Anchor::Start, LOOK, "0", gap);
            canvas.labels().len()
        };

        assert_eq!(add(0.0, 0.0), 1);
        assert_eq!(add(5.0, 0.0), 1, "it would lie on the first");
        assert_eq!(add(15.0, 10.0), 1, "it would stand too close");
        assert_eq!(add(15.0, 0.0), 2);
    }

    #[test]
    fn a_corner_is_round_only_where_there_is_room() {
        let points = [(0.0, 0.0), (10.0, 0.0), (10.0, 40.0)];

        assert_eq!(rounded(&points, 0.0), "M0 0L10 0L10 40");
        assert_eq!(rounded(&points, 8.0), "M0 0L5 0Q10 0 10 8L10 40");
    }
}
