//! Times, what they amount to, and whether that meets a target.

use std::time::Duration;

use serde::Serialize;

/// A bound that a figure has to keep.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Target {
    /// Not more than this.
    AtMost(f64),
    /// Not less than this.
    AtLeast(f64),
}

impl Target {
    fn is_met(self, value: f64) -> bool {
        match self {
            Self::AtMost(most) => value <= most,
            Self::AtLeast(least) => value >= least,
        }
    }
}

/// One result: a value from every repeat, and their median against the target.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Figure {
    pub(crate) name: String,
    pub(crate) unit: &'static str,
    pub(crate) min: f64,
    pub(crate) median: f64,
    pub(crate) max: f64,
    pub(crate) target: Option<Target>,
    /// Nothing where there is no target.
    pub(crate) ok: Option<bool>,
}

impl Figure {
    /// The figure of one value from each repeat.
    pub(crate) fn new(name: impl Into<String>, unit: &'static str, values: Vec<f64>) -> Self {
        let values = Samples(values);
        let (min, median, max) = (values.quantile(0.0), values.quantile(0.5), values.quantile(1.0));
        Self { name: name.into(), unit, min, median, max, target: None, ok: None }
    }

    /// The same with a target for the median.
    pub(crate) fn against(mut self, target: Target) -> Self {
        self.target = Some(target);
        self.ok = Some(target.is_met(self.median));
        self
    }
}

/// How long something took, over all repeats.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Timing {
    pub(crate) name: String,
    pub(crate) count: usize,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
}

/// What a part found out.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) figures: Vec<Figure>,
    pub(crate) timings: Vec<Timing>,
}

/// Milliseconds, in the order in which they were measured.
#[derive(Clone, Debug, Default)]
pub(crate) struct Samples(pub(crate) Vec<f64>);

impl Samples {
    /// Adds one.
    pub(crate) fn add(&mut self, took: Duration) {
        self.0.push(took.as_secs_f64() * 1e3);
    }

    /// The value below which the given part of all lies; 0 of nothing.
    pub(crate) fn quantile(&self, part: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        #[expect(
            clippy::cast_sign_loss,
            clippy::cast_possible_truncation,
            reason = "an index below the length"
        )]
        let at = (sorted.len().saturating_sub(1) as f64 * part).round() as usize;
        sorted.get(at).copied().unwrap_or(0.0)
    }

    /// The one in the middle.
    pub(crate) fn median(&self) -> f64 {
        self.quantile(0.5)
    }
}

/// Several things that are measured in turns, repeat by repeat.
#[derive(Debug)]
pub(crate) struct Series {
    names: Vec<String>,
    repeats: Vec<Vec<Samples>>,
}

impl Series {
    /// Nothing measured yet.
    pub(crate) fn of(names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { names: names.into_iter().map(Into::into).collect(), repeats: Vec::new() }
    }

    /// Begins another repeat.
    pub(crate) fn repeat(&mut self) {
        self.repeats.push(vec![Samples::default(); self.names.len()]);
    }

    /// Adds a time of the thing with this number.
    pub(crate) fn add(&mut self, which: usize, took: Duration) {
        if let Some(samples) = self.repeats.last_mut().and_then(|repeat| repeat.get_mut(which)) {
            samples.add(took);
        }
    }

    /// What `of` makes of the medians of each repeat.
    pub(crate) fn each(&self, of: impl Fn(&[f64]) -> f64) -> Vec<f64> {
        let medians = |repeat: &Vec<Samples>| repeat.iter().map(Samples::median).collect::<Vec<_>>();
        self.repeats.iter().map(|repeat| of(&medians(repeat))).collect()
    }

    /// All times of each thing.
    pub(crate) fn timings(&self) -> Vec<Timing> {
        let timing = |(which, name): (usize, &String)| {
            let all: Vec<f64> = self.repeats.iter().flat_map(|repeat| repeat[which].0.clone()).collect();
            let all = Samples(all);
            Timing {
                name: name.clone(),
                count: all.0.len(),
                p50_ms: all.quantile(0.5),
                p99_ms: all.quantile(0.99),
            }
        };
        self.names.iter().enumerate().map(timing).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_few_and_of_many() {
        #[rustfmt::skip]
        let cases: &[(&[f64], f64, f64)] = &[
            (&[], 0.5, 0.0),
            (&[7.0], 0.99, 7.0),
            (&[3.0, 1.0, 2.0], 0.0, 1.0),
            (&[3.0, 1.0, 2.0], 0.5, 2.0),
            (&[3.0, 1.0, 2.0], 1.0, 3.0),
        ];
        for (values, part, expected) in cases {
            assert_eq!(Samples(values.to_vec()).quantile(*part), *expected, "{values:?} {part}");
        }
    }

    #[test]
    fn the_median_of_the_repeats_has_to_meet_the_target() {
        let figure = |target| Figure::new("", "", vec![9.0, 1.0, 2.0]).against(target).ok;

        assert_eq!(figure(Target::AtMost(2.0)), Some(true));
        assert_eq!(figure(Target::AtMost(1.9)), Some(false));
        assert_eq!(figure(Target::AtLeast(2.0)), Some(true));
        assert_eq!(figure(Target::AtLeast(2.1)), Some(false));
    }

    #[test]
    fn a_series_compares_the_medians_of_each_repeat() {
        let mut series = Series::of(["a", "b"]);
        for factor in [2, 3] {
            series.repeat();
            series.add(0, Duration::from_millis(10));
            series.add(1, Duration::from_millis(10 * factor));
        }

        assert_eq!(series.each(|median| median[1] / median[0]), [2.0, 3.0]);
        assert_eq!(series.timings()[1].count, 2);
    }
}
