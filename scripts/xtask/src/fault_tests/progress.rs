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
    /// Of scenarios. `is_alone`: nobody else writes to standard error.
    pub fn new(is_alone: bool) -> Self {
        Self::of("scenarios", is_alone)
    }

    /// Of what `parts` calls so.
    pub fn of(parts: &'static str, is_alone: bool) -> Self {
        let (start, is_on_terminal) = (Instant::now(), is_alone && stderr().is_terminal());
        Self { work: Work::of(parts), start, shown: start, is_on_terminal, is_any: false }
    }

    /// There will be so many runs of such a length, about.
    pub fn expect(&mut self, scenario: &str, runs: u32, each: Duration) {
        // The work begins behind this, but a further guest says again what is behind it.
        if self.work.expect(scenario, runs, each) && !self.work.has_begun() {
            self.start = Instant::now();
        }
    }

    /// There will be no more runs of this one, however many were expected.
    pub fn over(&mut self, scenario: &str) {
        self.work.over(scenario);
    }

    /// A run of it has ended.
    pub fn step(&mut self, scenario: &str, faults: usize) {
        self.work.step(scenario, faults);
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

    #[cfg(test)]
    pub fn line(&self, elapsed: Duration) -> String {
        self.work.line(elapsed)
    }

    /// Leaves the terminal's line to others.
    pub fn end(&self) {
        if self.is_on_terminal && self.is_any {
            eprint!("\r\x1b[K");
        }
    }
}

/// A scenario's runs.
#[derive(Default)]
struct Runs {
    expected: u32,
    each: Duration,
    done: u32,
    is_over: bool,
}

impl Runs {
    /// What is behind it of what was expected.
    fn behind(&self) -> Duration {
        let done = if self.is_over { self.expected } else { self.done.min(self.expected) };
        self.each * done
    }
}

/// What is expected, and what is done of it. Several scenarios may run at a time.
struct Work {
    /// What scenarios are called.
    parts: &'static str,
    scenarios: BTreeMap<String, Runs>,
    /// The last one that went on.
    current: String,
    faults: usize,
}

impl Work {
    fn of(parts: &'static str) -> Self {
        Self { parts, scenarios: BTreeMap::new(), current: String::new(), faults: 0 }
    }

    /// Whether nobody has said so before.
    fn expect(&mut self, scenario: &str, expected: u32, each: Duration) -> bool {
        let runs = Runs { expected, each, ..Runs::default() };
        let is_new = !self.scenarios.contains_key(scenario);
        self.scenarios.entry(scenario.to_owned()).or_insert(runs);
        is_new
    }

    fn has_begun(&self) -> bool {
        self.scenarios.values().any(|runs| runs.done != 0)
    }

    fn over(&mut self, scenario: &str) {
        if let Some(runs) = self.scenarios.get_mut(scenario) {
            runs.is_over = true;
        }
    }

    fn step(&mut self, scenario: &str, faults: usize) {
        self.faults += faults;
        if self.current != scenario {
            self.current = scenario.to_owned();
        }
        if let Some(runs) = self.scenarios.get_mut(scenario) {
            runs.done += 1;
        }
    }

    /// Of the expected work.
    fn part(&self) -> f64 {
        let all: Duration = self.scenarios.values().map(|runs| runs.each * runs.expected).sum();
        let behind: Duration = self.scenarios.values().map(Runs::behind).sum();
        if all.is_zero() { 0.0 } else { behind.as_secs_f64() / all.as_secs_f64() }
    }

    fn line(&self, elapsed: Duration) -> String {
        let Self { parts, scenarios, current, faults } = self;
        let (part, all) = (self.part(), scenarios.len());
        let over = scenarios.values().filter(|runs| runs.is_over).count();
        let mut line = format!("{faults} faults, {over} of {all} {parts}, {current}");
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
        let mut work = Work::of("scenarios");
        work.expect("a", 10, Duration::from_millis(30));
        work.expect("b", 10, Duration::from_millis(10));
        assert_eq!(work.line(Duration::ZERO), "0 faults, 0 of 2 scenarios, ");
        (0..5).for_each(|_| work.step("a", 2));
        let line = "10 faults, 0 of 2 scenarios, a: 37 %, about 2:05 left";
        assert_eq!(work.line(Duration::from_secs(75)), line);
        // It was fewer than expected, and then more.
        work.over("a");
        let line = "10 faults, 1 of 2 scenarios, a: 75 %, about 0:20 left";
        assert_eq!(work.line(Duration::from_secs(60)), line);
        (0..30).for_each(|_| work.step("b", 1));
        let line = "40 faults, 1 of 2 scenarios, b: 100 %, about 0:00 left";
        assert_eq!(work.line(Duration::from_secs(100)), line);
    }

    #[test]
    fn scenarios_run_side_by_side() {
        let mut work = Work::of("scenarios");
        work.expect("a", 10, Duration::from_millis(10));
        work.expect("b", 10, Duration::from_millis(10));
        (0..5).for_each(|_| ["a", "b"].into_iter().for_each(|scenario| work.step(scenario, 1)));
        let line = "10 faults, 0 of 2 scenarios, b: 50 %, about 1:00 left";
        assert_eq!(work.line(Duration::from_secs(60)), line);
    }
}
