//! The letters of pictures: which there are, and how wide they are.

use std::sync::{Arc, LazyLock};

use resvg::usvg::fontdb::Database;
use skrifa::instance::{LocationRef, Size};
use skrifa::metrics::GlyphMetrics;
use skrifa::{FontRef, MetadataProvider};
use unicode_segmentation::UnicodeSegmentation;

/// The name under which the drawing asks for both weights.
pub(crate) const FAMILY: &str = "Noto Sans";

/// Stands for a sign that the font lacks.
const UNKNOWN: char = '?';
/// The width of a sign that cannot be measured, in parts of the size.
const TYPICAL: f32 = 0.6;
/// No label of a picture needs more; what is longer is not even measured.
const SIGNS_MAX: usize = 200;

/// How strong letters are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    /// For what explains.
    Regular,
    /// For what is to be seen first.
    Bold,
}

impl Weight {
    fn bytes(self) -> &'static [u8] {
        match self {
            Self::Regular => notosans::REGULAR_TTF,
            Self::Bold => notosans::BOLD_TTF,
        }
    }

    fn font(self) -> Option<&'static FontRef<'static>> {
        static REGULAR: LazyLock<Option<FontRef<'static>>> =
            LazyLock::new(|| FontRef::new(Weight::Regular.bytes()).ok());
        static BOLD: LazyLock<Option<FontRef<'static>>> =
            LazyLock::new(|| FontRef::new(Weight::Bold.bytes()).ok());
        match self {
            Self::Regular => REGULAR.as_ref(),
            Self::Bold => BOLD.as_ref(),
        }
    }
}

/// The two fonts, read once. Those of the machine are not in it: a picture looks the same everywhere.
pub(crate) fn database() -> Arc<Database> {
    static DATABASE: LazyLock<Arc<Database>> = LazyLock::new(|| {
        let mut database = Database::new();
        for weight in [Weight::Regular, Weight::Bold] {
            database.load_font_data(weight.bytes().to_vec());
        }
        Arc::new(database)
    });
    Arc::clone(&DATABASE)
}

/// How wide `text` is at `size`, in pixels.
pub(crate) fn width(text: &str, size: f32, weight: Weight) -> f32 {
    let Some(font) = weight.font() else { return TYPICAL * size * text.chars().count() as f32 };
    let (signs, metrics) = (font.charmap(), metrics(font, size));
    let advance = |c: char| signs.map(c).and_then(|glyph| metrics.advance_width(glyph));
    text.chars().map(|c| advance(c).unwrap_or(TYPICAL * size)).sum()
}

fn metrics(font: &'static FontRef<'static>, size: f32) -> GlyphMetrics<'static> {
    font.glyph_metrics(Size::new(size), LocationRef::default())
}

/// `text` with what has a shape: one line, without control characters, and a sign in place of unknown ones.
pub(crate) fn printable(text: &str) -> String {
    let signs = Weight::Regular.font().map(MetadataProvider::charmap);
    let known = |c: char| signs.as_ref().is_some_and(|signs| signs.map(c).is_some());
    let shown = |c: char| match c {
        c if c.is_whitespace() => ' ',
        c if !c.is_control() && known(c) => c,
        _ => UNKNOWN,
    };
    text.chars().take(SIGNS_MAX).map(shown).collect()
}

/// `text`, or as much of its beginning as fits into `room` pixels with an ellipsis.
pub(crate) fn shortened(text: &str, size: f32, weight: Weight, room: f32) -> String {
    if width(text, size, weight) <= room {
        return text.to_owned();
    }
    let mut kept = String::new();
    for sign in text.graphemes(true) {
        if width(&format!("{kept}{sign}…"), size, weight) > room {
            break;
        }
        kept.push_str(sign);
    }
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bold_letters_are_wider_and_size_scales_them() {
        let regular = width("SPRINT_ACTIVE", 20.0, Weight::Regular);

        assert!(width("SPRINT_ACTIVE", 20.0, Weight::Bold) > regular);
        assert!((width("SPRINT_ACTIVE", 40.0, Weight::Regular) - 2.0 * regular).abs() < 0.1);
    }

    #[test]
    fn a_long_label_ends_in_an_ellipsis_and_fits() {
        let text = "a name that nobody can read on a phone";

        let short = shortened(text, 20.0, Weight::Regular, 120.0);

        assert!(short.ends_with('…') && short.len() > 5, "{short}");
        assert!(width(&short, 20.0, Weight::Regular) <= 120.0, "{short}");
        assert_eq!(shortened("short", 20.0, Weight::Regular, 120.0), "short");
        assert_eq!(shortened(text, 20.0, Weight::Regular, 1.0), "…");
    }

    #[test]
    fn what_has_no_shape_becomes_a_sign_that_has_one() {
        assert_eq!(printable("é Ж ω"), "é Ж ω");
        assert_eq!(printable("a\n\u{1b}b\u{0}🚀"), "a ?b??");
        assert_eq!(printable(&"x".repeat(1000)).len(), SIGNS_MAX);
    }

    #[test]
    fn both_fonts_are_in_the_database_and_no_others() {
        let database = database();
        let families: Vec<_> = database.faces().map(|face| face.families[0].0.as_str()).collect();

        assert_eq!(families, [FAMILY, FAMILY]);
    }
}
