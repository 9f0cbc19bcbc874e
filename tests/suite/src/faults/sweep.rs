//! All runs of a scenario.

use super::Scenario;
use super::choice::{ARRIVALS, Choice};
use super::plans::{Amount, distant_pairs, lucky};
use super::report::{describe, print_begin, print_run, print_wrong};
use super::runner::{QUIET, Run, Runner, VERBOSE, Wrong};
use super::verdict::Right;
use crate::leak::Snapshot;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Write};
use core::time::Duration;
use sys::time;

/// A scenario with more opportunities is too large.
const MOST: u32 = 20_000;
/// After so many runs that were wrong a scenario is given up.
const ENOUGH: usize = 3;
/// Runs that may each leave something: what a server or a cache keeps from the first times is no leak.
const TAKES: u32 = 5;

/// What came of runs.
#[derive(Default)]
pub struct Counts {
    pub faults: u32,
    runs: u32,
    done: u32,
    refused: u32,
    short: u32,
    ended: u32,
}

impl Counts {
    fn add(&mut self, right: Right, faults: u32) {
        self.faults += faults;
        self.runs += 1;
        *match right {
            Right::Done => &mut self.done,
            Right::Refused(_) => &mut self.refused,
            Right::Short => &mut self.short,
            Right::Ended(_) => &mut self.ended,
        } += 1;
    }

    pub fn join(&mut self, other: &Self) {
        self.faults += other.faults;
        self.runs += other.runs;
        self.done += other.done;
        self.refused += other.refused;
        self.short += other.short;
        self.ended += other.ended;
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let Self { faults, runs, done, refused, short, ended } = self;
        write!(f, "{faults} faults in {runs} runs: {done} done all the same, {refused} refused")?;
        write!(f, ", {short} short, {ended} ended")
    }
}

/// How many runs a scenario will be, and how long one takes; both about.
pub fn expect(runner: &Runner, scenario: &Scenario, amount: Amount) -> (u32, Duration) {
    let start = time::now();
    match runner.run(scenario, Choice::Nothing, QUIET) {
        Ok(run) => {
            let _ = Snapshot::take();
            (amount.runs(run.state.opportunities), time::now() - start)
        }
        // The sweep will say why.
        Err(_) => (0, Duration::ZERO),
    }
}

/// A sweep under way.
struct Sweep<'a> {
    runner: &'a Runner,
    scenario: &'a Scenario,
    report: bool,
    /// What the kernel's log says of the runs.
    flags: u32,
    before: Snapshot,
    counts: Counts,
    wrong: Vec<String>,
}

/// Runs a scenario with one fault after the other, and then with several; what came of that, and what
/// was wrong.
pub fn sweep(
    runner: &Runner,
    scenario: &Scenario,
    amount: Amount,
    report: bool,
) -> (Counts, Vec<String>) {
    // What the first run of all makes the kernel keep is no leak.
    if let Err(wrong) = runner.run(scenario, Choice::Nothing, QUIET) {
        return (Counts::default(), Vec::from([wrong.why]));
    }
    let mut sweep = Sweep::new(runner, scenario, report, QUIET);
    if scenario.for_driver {
        for point in ARRIVALS {
            sweep.singles(|nth| Choice::Arrival(point, nth));
        }
        return (sweep.counts, sweep.wrong);
    }
    let opportunities = sweep.singles(|nth| Choice::counted(nth, 0));
    sweep.singles(Choice::Untimely);
    sweep.near_pairs(opportunities, amount);
    for choice in distant_pairs(opportunities, amount).chain(lucky(opportunities, amount)) {
        sweep.take(choice);
    }
    (sweep.counts, sweep.wrong)
}

/// One run, in the state of the kernel that runs of a sweep meet; the kernel's log tells of it.
pub fn once(runner: &Runner, scenario: &Scenario, choice: Choice) -> Result<Run, Wrong> {
    runner.run(scenario, Choice::Nothing, QUIET)?;
    Sweep::new(runner, scenario, false, VERBOSE).run_exactly(choice)
}

impl<'a> Sweep<'a> {
    fn new(runner: &'a Runner, scenario: &'a Scenario, report: bool, flags: u32) -> Self {
        let before = Snapshot::settled().expect("statistics");
        let (counts, wrong) = (Counts::default(), Vec::new());
        Self { runner, scenario, report, flags, before, counts, wrong }
    }

    /// One after the other, until none is left; how many there were.
    fn singles(&mut self, choose: impl Fn(u32) -> Choice) -> u32 {
        for nth in 1..MOST {
            if self.take(choose(nth)) == 0 {
                return nth - 1;
            }
        }
        self.wrong.push(alloc::format!("more than {MOST} opportunities"));
        MOST
    }

    fn near_pairs(&mut self, opportunities: u32, amount: Amount) {
        for nth in 1..amount.pairs_to.min(opportunities) {
            for then in 1..=amount.pairs_to - nth {
                // Without a second fault now there is none later on.
                if self.take(Choice::counted(nth, then)) < 2 {
                    break;
                }
            }
        }
    }

    /// One run, and what has to be noted of it; how many faults it had.
    fn take(&mut self, choice: Choice) -> u32 {
        if self.wrong.len() >= ENOUGH {
            return 0;
        }
        if self.report {
            print_begin(choice);
        }
        match self.run_exactly(choice) {
            Ok(run) => {
                let faults = run.state.faults;
                if faults != 0 {
                    self.counts.add(run.right, faults);
                }
                if self.report {
                    print_run(&run);
                }
                faults
            }
            Err(wrong) => {
                if self.report {
                    print_wrong(&wrong);
                }
                let faults = wrong.state.faults;
                self.wrong.push(wrong.why);
                faults
            }
        }
    }

    /// A run that must leave everything as it was. What is lost does not come back: if a further run
    /// ends as one before did, nothing is.
    fn run_exactly(&mut self, choice: Choice) -> Result<Run, Wrong> {
        let mut found = String::new();
        let mut seen = Vec::new();
        for take in 1.. {
            // Once is enough for the log.
            let flags = if take == 1 { self.flags } else { QUIET };
            let run = self.runner.run(self.scenario, choice, flags)?;
            let after = if take == 1 { Snapshot::take() } else { Snapshot::settled() };
            let after = after.expect("statistics");
            let Some(lost) = self.before.difference(&after) else { return Ok(run) };
            let before = core::mem::replace(&mut self.before, after);
            if seen.contains(&self.before) {
                return Ok(run);
            }
            seen.push(before);
            let _ = write!(found, "{}{lost}", if take == 1 { "lost: " } else { "; again: " });
            if take == TAKES {
                let Run { state, took, .. } = run;
                let why = describe(&found, choice, &state);
                return Err(Wrong { why, state: Box::new(state), took });
            }
        }
        unreachable!()
    }
}
