//! How far a long run is, and how long it may still take.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

/// A terminal's line is written again after that.
const GLANCE: Duration = Duration::from_millis(500);
/// Elsewhere each line is a new one, and what is over soon needs none.
const REST: Duration = Duration::from_secs(10);

/// What is written about that to standard error.
pub struct Progress {
    work: Work,
    start: Instant,
    shown: Instant,
    /// Whether one line is written again and again.
    is_on_terminal: bool,
    is_any: bool,
}

impl Progress {
    /// `is_alone`: nobody else writes to standard error.
    pub fn new(is_alone: bool) -> Self {
        let (start, is_on_terminal) = (Instant::now(), is_alone && stderr().is_terminal());
        Self { work: Work::default(), start, shown: start, is_on_terminal, is_any: false }
    }

    /// There will be so many runs of such a length, about.
    pub fn expect(&mut self, scenario: &str, runs: u32, each: Duration) {
        self.work.expect(scenario, runs, each);
        // The work begins behind this.
        self.start = Instant::now();
    }

    /// From now on runs are of this one.
    pub fn begin(&mut self, scenario: &str) {
        self.work.begin(scenario);
    }

    /// A run has ended.
    pub fn step(&mut self, faults: usize) {
        self.work.step(faults);
        let pause = if self.is_on_terminal { GLANCE } else { REST };
        if self.shown.elapsed() < pause {
            return;
        }
        self.shown = Instant::now();
        let line = self.work.line(self.start.elapsed());
        if self.is_on_terminal {
            eprint!("\r{line}\x1b[K");
            let _ = stderr().flush();
        } else {
            eprintln!("{line}");
        }
        self.is_any = true;
    }

    /// Leaves the terminal's line to others.
    pub fn end(&self) {
        if self.is_on_terminal && self.is_any {
            eprint!("\r\x1b[K");
        }
    }
}

/// What is expected, and what is done of it.
#[derive(Default)]
struct Work {
    expected: BTreeMap<String, (u32, Duration)>,
    all: Duration,
    /// That of the scenarios before the current one.
    before: Duration,
    current: String,
    runs: u32,
    faults: usize,
    scenarios: usize,
}

impl Work {
    fn expect(&mut self, scenario: &str, runs: u32, each: Duration) {
        if self.expected.insert(scenario.to_owned(), (runs, each)).is_none() {
            self.all += each * runs;
        }
    }

    fn begin(&mut self, scenario: &str) {
        if let Some((runs, each)) = self.expected.get(&self.current) {
            self.before += *each * *runs;
            self.scenarios += 1;
        }
        (self.current, self.runs) = (scenario.to_owned(), 0);
    }

    fn step(&mut self, faults: usize) {
        self.runs += 1;
        self.faults += faults;
    }

    /// Of the expected work.
    fn part(&self) -> f64 {
        let current = self.expected.get(&self.current);
        let current = current.map_or(Duration::ZERO, |(runs, each)| *each * self.runs.min(*runs));
        let done = (self.before + current).as_secs_f64();
        if self.all.is_zero() { 0.0 } else { (done / self.all.as_secs_f64()).min(1.0) }
    }

    fn line(&self, elapsed: Duration) -> String {
        let Self { faults, scenarios, current, .. } = self;
        let (part, all) = (self.part(), self.expected.len());
        let mut line = format!("{faults} faults, {scenarios} of {all} scenarios, {current}");
        if part > 0.0 {
            let left = (elapsed.as_secs_f64() * (1.0 - part) / part).round() as u64;
            let (minutes, seconds) = (left / 60, left % 60);
            line += &format!(": {:.0} %, about {minutes}:{seconds:02} left", part * 100.0);
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_estimate_follows_the_work() {
        let mut work = Work::default();
        work.expect("a", 10, Duration::from_millis(30));
        work.expect("b", 10, Duration::from_millis(10));
        assert_eq!(work.line(Duration::ZERO), "0 faults, 0 of 2 scenarios, ");
        work.begin("a");
        (0..5).for_each(|_| work.step(2));
        let line = "10 faults, 0 of 2 scenarios, a: 37 %, about 2:05 left";
        assert_eq!(work.line(Duration::from_secs(75)), line);
        // It was fewer than expected, and then more.
        work.begin("b");
        let line = "10 faults, 1 of 2 scenarios, b: 75 %, about 0:20 left";
        assert_eq!(work.line(Duration::from_secs(60)), line);
        (0..30).for_each(|_| work.step(1));
        assert_eq!(
            work.line(Duration::from_secs(100)),
            "40 faults, 1 of 2 scenarios, b: 100 %, about 0:00 left"
        );
    }
}
