//! Faults and runs, for people and for tools.

use super::Scenario;
use super::choice::Choice;
use super::runner::{Run, Wrong};
use super::verdict::{Right, records};
use alloc::format;
use alloc::string::String;
use core::fmt::{self, Write};
use core::time::Duration;
use sys::abi::failpoint::{Failpoint, FaultRecord, FaultState};
use sys::abi::signal;
use sys::wait::Status;
use sys::{failpoint, println};

fn point(record: &FaultRecord) -> &'static str {
    Failpoint::from_number(record.point).map_or("?", Failpoint::name)
}

/// What may take how long.
pub fn print_expected(scenario: &Scenario, (runs, each): (u32, Duration)) {
    println!("expect {} {runs} {}", scenario.name, each.as_micros());
}

/// What follows is about this one.
pub fn print_scenario(scenario: &Scenario) {
    println!("scenario {}", scenario.name);
}

/// A run begins.
pub fn print_begin(choice: Choice) {
    println!("try {choice}");
}

/// It has ended.
pub fn print_run(run: &Run) {
    println!("run {} {}{}", run.right, run.took.as_micros(), Faults(&run.state));
}

/// Something was wrong with it.
pub fn print_wrong(wrong: &Wrong) {
    let Wrong { why, state, took } = wrong;
    println!("run failed {}{} # {why}", took.as_micros(), Faults(state));
}

/// ` OPPORTUNITY/SITE/THREAD/CALL,…` for each.
struct Faults<'a>(&'a FaultState);

impl fmt::Display for Faults<'_> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        for record in records(self.0) {
            let FaultRecord { opportunity, site, served, tid, .. } = record;
            let mark = if served == 0 { "" } else { "s" };
            write!(f, " {opportunity}/{site}{mark}/{tid}/")?;
            let mut path = record.path();
            write!(f, "{:x}", path.next().unwrap_or(0))?;
            path.try_for_each(|call| write!(f, ",{call:x}"))?;
        }
        Ok(())
    }
}

/// `site NUMBER HITS FAULTS` for each place with a failpoint.
pub fn print_sites() {
    for (number, site) in failpoint::sites().enumerate() {
        println!("site {number} {} {}", { site.hits }, { site.faults });
    }
}

/// What was wrong, and what had failed.
pub fn describe(why: &str, choice: Choice, state: &FaultState) -> String {
    let mut text = format!("{why}; opportunity {choice}");
    for record in records(state) {
        let who = if record.served == 0 { "" } else { " in a server" };
        let _ = write!(text, ", {}{who} at", point(&record));
        for call in record.calls.into_iter().filter(|call| *call != 0) {
            let _ = write!(text, " {call:#010x}");
        }
    }
    text
}

/// One word.
impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match *self {
            Self::Done => f.write_str("done"),
            Self::Refused(errno) => write!(f, "refused:{errno:?}"),
            Self::Short => f.write_str("short"),
            Self::Ended(Status::Exited(status)) => write!(f, "ended:exit-{status}"),
            Self::Ended(Status::Signaled(number)) => match signal::name(number) {
                Some(name) => write!(f, "ended:{name}"),
                None => write!(f, "ended:signal-{number}"),
            },
            Self::Ended(_) => f.write_str("ended:no"),
        }
    }
}
