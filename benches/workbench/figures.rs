//! Samples and what is said of them: one line of the table each.
//!
//! Medians and percentiles are of the samples as they are; nothing is thrown out.

use std::time::{Duration, Instant};

/// Times of the same act, in milliseconds.
#[derive(Debug, Clone, Default)]
pub struct Samples(Vec<f64>);

impl Samples {
    /// Measures an act `n` times.
    pub fn take(n: usize, mut act: impl FnMut()) -> Self {
        let mut samples = Self::default();
        for _ in 0..n {
            let began = Instant::now();
            act();
            samples.add(began.elapsed());
        }
        samples
    }

    /// Adds one.
    pub fn add(&mut self, time: Duration) {
        self.0.push(time.as_secs_f64() * 1000.0);
    }

    /// The value below which this share of them lies.
    pub fn quantile(&self, share: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let last = sorted.len().saturating_sub(1);
        let at = (last as f64 * share).round() as usize;
        sorted.get(at).copied().unwrap_or(f64::NAN)
    }

    /// The median.
    pub fn median(&self) -> f64 {
        self.quantile(0.5)
    }

    fn count(&self) -> usize {
        self.0.len()
    }
}

/// What is to be reached.
#[derive(Debug, Clone, Copy)]
pub enum Goal {
    /// The median is below this.
    Median(f64),
    /// Median and 99th percentile are below these.
    Both(f64, f64),
    /// Nothing: the line explains another one.
    None,
}

/// A line of the table.
#[derive(Debug, Clone)]
pub struct Row {
    what: String,
    middle: String,
    tail: String,
    n: usize,
    floor: String,
    goal: String,
    met: Option<bool>,
}

impl Row {
    /// Times in milliseconds, beside a floor.
    pub fn times(
        what: &str,
        samples: &Samples,
        floor: Option<(&str, &Samples)>,
        goal: Goal,
    ) -> Self {
        let (median, tail) = (samples.median(), samples.quantile(0.99));
        let (goal, met) = match goal {
            Goal::Median(limit) => (format!("< {limit} ms"), Some(median < limit)),
            Goal::Both(limit, far) => {
                (format!("< {limit}, p99 < {far} ms"), Some(median < limit && tail < far))
            }
            Goal::None => (String::new(), None),
        };
        let floor = floor.map(|(name, floor)| format!("{name} {}", shown(floor.median())));
        Self {
            what: what.to_owned(),
            middle: format!("{} ms", shown(median)),
            tail: format!("{} ms", shown(tail)),
            n: samples.count(),
            floor: floor.unwrap_or_default(),
            goal,
            met,
        }
    }

    /// A single figure, already in words.
    pub fn figure(what: &str, figure: String, floor: String, goal: &str, met: bool) -> Self {
        Self {
            what: what.to_owned(),
            middle: figure,
            tail: String::new(),
            n: 1,
            floor,
            goal: goal.to_owned(),
            met: (!goal.is_empty()).then_some(met),
        }
    }

    /// The table's head.
    pub fn print_head() {
        println!("| what | median | p99 | n | floor (median) | goal | met |");
        println!("|---|---|---|---|---|---|---|");
    }

    /// The line.
    pub fn print(&self) {
        let met = match self.met {
            Some(true) => "yes",
            Some(false) => "NO",
            None => "",
        };
        let Self { what, middle, tail, n, floor, goal, .. } = self;
        println!("| {what} | {middle} | {tail} | {n} | {floor} | {goal} | {met} |");
    }
}

/// Three digits that say something.
fn shown(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}
