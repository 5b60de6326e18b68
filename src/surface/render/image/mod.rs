//! Pictures as PNG, for surfaces that show images: the workflow, a burndown, velocities.
//!
//! A picture is drawn as SVG text, which a test can read and compare, and resvg makes pixels of it. plotters
//! would draw axes and series, but not the boxes and arrows of the workflow, and its labels do not give way to
//! one another.
//!
//! Invariants:
//!
//! - The same picture gives the same bytes, and looks the same on every machine: the fonts are compiled in.
//! - It is made for a phone that shows it 375 pixels wide: no letters are smaller than `SMALLEST`.
//! - No label covers another, and none leaves the picture.
//! - What colours say is also said by words or shapes.
//!
//! Deliberately absent: figures; a picture brings its own.

mod burndown;
mod canvas;
mod chart;
mod font;
mod machine;
mod velocity;

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg;
use thiserror::Error;

use crate::surface::answer::Picture;
use crate::surface::render::image::canvas::Canvas;

/// How wide pictures are, in pixels.
pub const WIDTH: u32 = 800;

/// The size of the smallest letters, in pixels.
const SMALLEST: f32 = 26.0;

/// A picture to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// A PNG file.
    pub bytes: Vec<u8>,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// A name that says what it shows.
    pub file_name: &'static str,
    /// The picture in words.
    pub alt: String,
}

/// Why a picture could not be made. It is never the fault of who asked.
#[derive(Debug, Error)]
pub enum ImageError {
    /// The drawing is not what resvg reads.
    #[error("the drawing for {0} cannot be read")]
    Drawing(&'static str, #[source] usvg::Error),
    /// There is no memory for the pixels.
    #[error("no room for the {width} x {height} pixels of {file_name}")]
    Size {
        /// Which picture.
        file_name: &'static str,
        /// In pixels.
        width: u32,
        /// In pixels.
        height: u32,
    },
    /// The pixels cannot be written.
    #[error("{file_name} cannot be written: {reason}")]
    Writing {
        /// Which picture.
        file_name: &'static str,
        /// What the encoder says.
        reason: String,
    },
}

/// A picture as PNG. Computing it takes some 20 milliseconds, so a thread that others wait for should not.
///
/// # Errors
///
/// An [`ImageError`] if the drawing cannot be made; whoever sends it should send the words instead.
pub fn png(picture: &Picture) -> Result<Image, ImageError> {
    let file_name = file_name(picture);
    let options = usvg::Options { fontdb: font::database(), ..usvg::Options::default() };
    let tree = usvg::Tree::from_str(&draw(picture).svg(), &options)
        .map_err(|error| ImageError::Drawing(file_name, error))?;
    let size = tree.size().to_int_size();
    let (width, height) = (size.width(), size.height());
    let mut pixels = Pixmap::new(width, height).ok_or(ImageError::Size { file_name, width, height })?;
    resvg::render(&tree, Transform::identity(), &mut pixels.as_mut());
    let bytes =
        pixels.encode_png().map_err(|error| ImageError::Writing { file_name, reason: error.to_string() })?;
    Ok(Image { bytes, width, height, file_name, alt: picture.alt().to_owned() })
}

fn file_name(picture: &Picture) -> &'static str {
    match picture {
        Picture::StateMachine { .. } => "state.png",
        Picture::Burndown { .. } => "burndown.png",
        Picture::Velocity { .. } => "velocity.png",
    }
}

fn draw(picture: &Picture) -> Canvas {
    match picture {
        Picture::StateMachine { current, .. } => machine::draw(*current),
        Picture::Burndown { total, span, days, .. } => burndown::draw(*total, *span, days),
        Picture::Velocity { sprints, .. } => velocity::draw(sprints),
    }
}

#[cfg(test)]
mod tests {
    use resvg::tiny_skia::Pixmap;

    use super::*;
    use crate::domain::workflow::State;
    use crate::surface::answer::{BurndownDay, SprintVelocity};

    fn burndown(total: u32, span: u32, left: &[u32]) -> Picture {
        let ideal =
            |day: u32| f64::from(total) * f64::from(span.saturating_sub(day)) / f64::from(span.max(1));
        let day =
            |(day, remaining): (u32, &u32)| BurndownDay { day, remaining: *remaining, ideal: ideal(day) };
        let days = (0..).zip(left).map(day).collect();
        Picture::Burndown { total, span, days, alt: "what is left".to_owned() }
    }

    fn velocity(names: impl Fn(usize) -> String, points: &[u32]) -> Picture {
        let bar = |(at, points): (usize, &u32)| SprintVelocity { sprint: names(at), points: *points };
        let sprints = points.iter().enumerate().map(bar).collect();
        Picture::Velocity { sprints, alt: "what was finished".to_owned() }
    }

    fn numbered(at: usize) -> String {
        format!("sprint-{:03}", at + 1)
    }

    /// What people see every day, and all the extremes.
    fn pictures() -> Vec<Picture> {
        let many: Vec<u32> = (0..900).map(|day| 9999 - day * 11).collect();
        let state = |current| Picture::StateMachine { current, alt: "where it stands".to_owned() };
        let mut pictures = State::ALL.map(state).to_vec();
        pictures.extend([
            burndown(21, 14, &[21, 21, 18, 18, 13]),
            burndown(21, 14, &[21]),
            burndown(21, 14, &[]),
            burndown(21, 7, &[21, 21, 21, 18, 18, 18, 13, 13, 8, 8, 1]),
            burndown(8, 1, &[8, 3]),
            burndown(0, 0, &[0]),
            burndown(0, 90, &[0, 0, 0]),
            burndown(1, 90, &[1; 80]),
            burndown(9999, 90, &many[..91]),
            burndown(9999, 1, &many),
            burndown(u32::MAX, u32::MAX, &[u32::MAX, u32::MAX / 2]),
            // Not what we would make, but what a socket may bring.
            burndown(5, 7, &[u32::MAX, 0]),
            velocity(numbered, &[13, 21, 18, 8, 24, 19, 22, 25]),
            velocity(numbered, &[]),
            velocity(numbered, &[13]),
            velocity(numbered, &[0, 0]),
            velocity(numbered, &[30; 20]),
            velocity(numbered, &many[..20]),
            velocity(numbered, &[u32::MAX, 1, u32::MAX - 7]),
            velocity(|at| "a name that does not end ".repeat(at + 1), &[3, 5, 8]),
            velocity(|at| format!("<{at}> & \"\u{1b}[31m\u{202e}\u{1f680}\n"), &many[..13]),
            velocity(|at| "x".repeat(at * 40), &many[..30]),
        ]);
        pictures
    }

    #[test]
    fn every_picture_is_a_png_of_the_size_it_says() {
        for picture in pictures() {
            let image = png(&picture).unwrap();
            let pixels = Pixmap::decode_png(&image.bytes).unwrap();

            assert_eq!((pixels.width(), pixels.height()), (image.width, image.height), "{picture:?}");
            assert_eq!(image.width, WIDTH);
            assert!(image.height <= WIDTH, "a chat shows high pictures small");
            assert!(image.bytes.len() < 100_000, "{} bytes for {picture:?}", image.bytes.len());
            assert_eq!(image.alt, picture.alt());
        }
    }

    #[test]
    fn no_label_covers_another_or_leaves_the_picture_or_is_small() {
        for picture in pictures() {
            let canvas = draw(&picture);
            let labels = canvas.labels();
            for (at, (text, label)) in labels.iter().enumerate() {
                assert!(
                    canvas.area().contains(*label),
                    "{text} leaves the picture at {label:?}: {picture:?}"
                );
                assert!(label.height >= SMALLEST * 0.9, "{text} is small");
                let covered = labels[..at].iter().find(|(_, other)| other.meets(*label));
                assert_eq!(covered, None, "{text} covers it: {picture:?}");
            }
        }
    }

    #[test]
    fn the_same_picture_gives_the_same_bytes_and_another_one_others() {
        let all: Vec<_> = pictures().iter().map(|picture| png(picture).unwrap().bytes).collect();
        let again: Vec<_> = pictures().iter().map(|picture| png(picture).unwrap().bytes).collect();

        assert!(all == again);
        for (at, bytes) in all.iter().enumerate() {
            assert!(!all[..at].contains(bytes), "{:?} looks like one before", pictures()[at]);
        }
    }

    #[test]
    fn the_drawings() {
        let state = Picture::StateMachine { current: State::SprintActive, alt: String::new() };
        insta::assert_snapshot!("state", draw(&state).svg());
        insta::assert_snapshot!("burndown", draw(&burndown(21, 14, &[21, 21, 18, 18, 13, 10, 8])).svg());
        insta::assert_snapshot!("velocity", draw(&velocity(numbered, &[21, 13, 0, 18])).svg());
    }
}
