//! `test`: the rings of tests, on the machines their words ask for.
//!
//! ```text
//!  options   what the command line asks for
//!  runner    runs groups of tests, and shows what comes of them
//!  built     what they need
//!  guests    kernel tests, suite, faults, stress, calls at random: each machine's are a job
//!  faults    what came of faults in guests and in the harness: one report
//!  harness   the harness, and its campaigns
//!  linux     the suite on this Linux; oracle and foreign, which Debian's Linux has to agree with
//! ```

mod built;
mod faults;
mod guests;
mod harness;
mod linux;
mod options;
mod runner;

pub use options::USAGE;

use crate::fault_tests::{self, Replays};
use crate::foreign::FOREIGN;
use crate::host_tests::{self, Draw};
use crate::lanes::{self, Lane};
use crate::oracle::ORACLE;
use crate::report::{Counts, write_junit};
use crate::stop::Result;
use crate::words::Words;
use harness::{Extent, TABLE_WALKS};
use options::{Options, Ring};
use runner::Tests;
use std::time::Instant;

const STRESS: u32 = 60;
const LONG_STRESS: u32 = 600;

/// Runs the command; its exit status.
pub fn run(words: Words) -> Result<u8> {
    let mut options = Options::parse(words)?;
    if let Some(id) = options.replay.take() {
        // Before anything is built for it.
        fault_tests::check(&id)?;
        if options.gdb || !fault_tests::is_of_campaign(&id) {
            return Ok(u8::from(!replay(&options, &id)?));
        }
        // Its campaign has it again.
        options.filter = Some(id);
    }
    let mut tests = Tests {
        filter: options.filter.as_deref(),
        programs: None,
        groups: Vec::new(),
        report: None,
        start: Instant::now(),
        named: options.ring.is_some_and(|ring| ring != Ring::All),
    };
    let machine = &options.machine;
    let own = Lane::plain(machine);
    let stress = if options.long { LONG_STRESS } else { STRESS };
    match options.ring {
        Some(Ring::Host) => tests.host(Draw::Fresh)?,
        Some(Ring::Ktest) => {
            let job = tests.ktest(&own)?;
            tests.run(job)?;
        }
        Some(Ring::Harness) => tests.harness(&own, tests.filter, Extent::Whole)?,
        Some(Ring::Oracle) => tests.compared(&ORACLE, &own)?,
        Some(Ring::Foreign) => tests.compared(&FOREIGN, &own)?,
        Some(Ring::Fault) => {
            let lane = lanes::faults(machine);
            let is_outside = tests.filter.map(fault_tests::is_outside);
            tests.begin_report(&lane, &options.faults())?;
            if is_outside != Some(true) {
                let job = tests.fault(&lane, options.faults())?;
                tests.run(job)?;
            }
            if is_outside != Some(false) {
                tests.campaigns(&own, options.long)?;
            }
            tests.finish_report()?;
        }
        Some(Ring::Random) => {
            let jobs = tests.random(machine, &options.random)?;
            tests.run_together(jobs)?;
        }
        Some(Ring::Stress) => {
            let jobs = tests.stress(machine, stress)?;
            tests.run_together(jobs)?;
        }
        Some(Ring::Suite) => {
            let job = tests.suite(&own)?;
            tests.run(job)?;
            tests.suite_on_linux()?;
        }
        None => {
            tests.host(Draw::Same)?;
            let jobs = [tests.ktest(&own)?, tests.suite(&own)?];
            tests.run(jobs.into_iter().flatten())?;
            tests.suite_on_linux()?;
            tests.harness(&own, tests.filter, Extent::Brief)?;
            let others = lanes::layouts(machine);
            for lane in others.iter().filter(|lane| lane.machine.layout != machine.layout) {
                let job = tests.smoke(lane)?;
                tests.run(job)?;
            }
            let job = tests.smoke(&Lane::release(machine))?;
            tests.run(job)?;
        }
        Some(Ring::All) => {
            tests.host(Draw::Fresh)?;
            tests.suite_on_linux()?;
            let (faults, ask) = (lanes::faults(machine), options.faults());
            tests.begin_report(&faults, &ask)?;
            let mut jobs = tests.on_all_machines(machine)?;
            jobs.extend(tests.stress(machine, stress)?);
            jobs.extend(tests.random(machine, &options.random)?);
            tests.run_together(jobs)?;
            // By itself: it has a guest for each processor, and looks how soon servers are back.
            let job = tests.fault(&faults, ask)?;
            tests.run(job)?;
            for lane in &lanes::layouts(machine) {
                let part = (!lane.is_of_the_harness()).then_some(TABLE_WALKS);
                let part = tests.filter.or(part);
                tests.harness(lane, part, Extent::Whole)?;
            }
            tests.campaigns(&own, options.long)?;
            tests.finish_report()?;
            tests.compared(&ORACLE, &own)?;
            tests.compared(&FOREIGN, &own)?;
        }
    }
    let cases = || tests.groups.iter().flat_map(|group| &group.cases);
    if let Some(path) = &options.junit {
        write_junit(path, &tests.groups)?;
    }
    let counts = Counts::of(cases());
    if counts == Counts::default() {
        match &options.filter {
            Some(filter) => eprintln!("no test's name contains {filter:?}"),
            None => eprintln!("no test ran"),
        }
    }
    println!("{counts}");
    Ok(if counts.failed > 0 || counts == Counts::default() { 1 } else { 0 })
}

/// One fault again, alone or up to where gdb takes over. Whether it went well.
fn replay(options: &Options, id: &str) -> Result<bool> {
    if fault_tests::is_outside(id) {
        return harness::debug(&options.machine, id);
    }
    let replays = Replays::build(&options.machine)?;
    match options.gdb {
        true => fault_tests::under_gdb(&replays, id),
        false => fault_tests::again(&replays, id, &options.faults().folder),
    }
}

impl Tests<'_> {
    fn host(&mut self, draw: Draw) -> Result<()> {
        let filter = self.filter;
        self.group("host".into(), || host_tests::run(filter, draw))
    }
}
