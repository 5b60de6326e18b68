//! Everything that was found out, as a table for people and as one JSON object for programs.

use serde_json::{Value, json};

use crate::bench::REPEATS;
use crate::bench::figure::{Figure, Findings, Target, Timing};
use crate::bench::workshop::Workshop;
use crate::surface::answer::{Answer, Table};
use crate::surface::cli::Output;

/// The findings of all parts.
pub(crate) struct Report {
    quick: bool,
    in_memory: bool,
    cores: usize,
    /// How many programs wanted a core on average, before and afterwards.
    load: [f64; 2],
    /// Whether no part is missing.
    complete: bool,
    parts: Vec<(&'static str, Findings)>,
}

impl Report {
    /// Nothing yet.
    pub(crate) fn new(workshop: &Workshop) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let load = [load(), 0.0];
        let (quick, in_memory) = (workshop.quick, workshop.is_in_memory());
        Self { quick, in_memory, cores, load, complete: false, parts: Vec::new() }
    }

    /// Nothing more comes; `complete` says that nothing is missing.
    pub(crate) fn end(&mut self, complete: bool) {
        self.load[1] = load();
        self.complete = complete;
    }

    /// Adds what a part found out.
    pub(crate) fn add(&mut self, part: &'static str, findings: Findings) {
        self.parts.push((part, findings));
    }

    /// Whether every target was met.
    pub(crate) fn ok(&self) -> bool {
        self.complete && self.figures().all(|figure| figure.ok != Some(false))
    }

    /// Shows it.
    pub(crate) fn show(&self, output: Output) -> std::io::Result<()> {
        if self.parts.is_empty() {
            return Ok(());
        }
        if output.json {
            return output.object(&self.json());
        }
        output.answer(&self.figures_answer())?;
        output.text("\n")?;
        output.answer(&self.timings_answer())
    }

    fn figures(&self) -> impl Iterator<Item = &Figure> {
        self.parts.iter().flat_map(|(_, findings)| &findings.figures)
    }

    fn json(&self) -> Value {
        let part = |(name, findings): &(&str, Findings)| json!({ "part": name, "figures": findings.figures, "times": findings.timings });
        json!({
            "ok": self.ok(),
            "version": env!("CARGO_PKG_VERSION"),
            "quick": self.quick,
            "in_memory": self.in_memory,
            "cores": self.cores,
            "load": self.load,
            "complete": self.complete,
            "repeats": REPEATS,
            "parts": self.parts.iter().map(part).collect::<Vec<_>>(),
        })
    }

    fn figures_answer(&self) -> Answer {
        let mut table = Table::new(&["Part", "Figure", "Median", "Least", "Most", "Target", ""]);
        for (part, findings) in &self.parts {
            for figure in &findings.figures {
                table.push(row(part, figure));
            }
        }
        let missed = self.figures().filter(|figure| figure.ok == Some(false)).count();
        let answer = match missed {
            0 if !self.complete => Answer::warning("Not everything was measured"),
            0 => Answer::done("Every target was met"),
            1 => Answer::warning("One target was missed"),
            more => Answer::warning(format!("{more} targets were missed")),
        };
        let text = format!(
            "Each figure is the median of {REPEATS} repeats; least and most show how much they differ. \
             {} processor cores; {:.1} programs wanted one before, {:.1} afterwards.",
            self.cores, self.load[0], self.load[1]
        );
        answer.paragraph(text).table(table)
    }

    fn timings_answer(&self) -> Answer {
        let mut table =
            Table::new(&["Part", "Times in ms", "Half are below", "99 of 100 are below", "Count"]);
        for (part, findings) in &self.parts {
            for Timing { name, count, p50_ms, p99_ms } in &findings.timings {
                let (name, count) = (name.clone(), count.to_string());
                table.push([(*part).to_owned(), name, number(*p50_ms), number(*p99_ms), count]);
            }
        }
        Answer::info("What they are made of").table(table)
    }
}

/// The average of the last minute; 0 where the kernel does not tell.
fn load() -> f64 {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().and_then(|first| first.parse().ok()).unwrap_or(0.0)
}

fn row(part: &str, figure: &Figure) -> [String; 7] {
    let with_unit = |value: f64| format!("{} {}", number(value), figure.unit).trim_end().to_owned();
    let target = match figure.target {
        None => String::new(),
        Some(Target::AtMost(value)) => format!("at most {}", number(value)),
        Some(Target::AtLeast(value)) => format!("at least {}", number(value)),
    };
    let verdict = match figure.ok {
        None => "",
        Some(true) => "met",
        Some(false) => "MISSED",
    };
    [
        part.to_owned(),
        figure.name.clone(),
        with_unit(figure.median),
        number(figure.min),
        number(figure.max),
        target,
        verdict.to_owned(),
    ]
}

/// Three digits say enough.
fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_digits() {
        #[rustfmt::skip]
        let cases = [(0.0, "0.000"), (0.1264, "0.126"), (1.264, "1.26"), (12.64, "12.6"), (1264.4, "1264")];
        for (value, expected) in cases {
            assert_eq!(number(value), expected);
        }
    }

    #[test]
    fn a_missed_target_is_marked() {
        let figure = Figure::new("answer", "ms", vec![0.5]).against(Target::AtMost(0.3));

        let expected = ["answer", "answer", "0.500 ms", "0.500", "0.500", "at most 0.300", "MISSED"];
        assert_eq!(row("answer", &figure), expected);
    }
}
