//! What a run with faults may come to.

use super::{Failure, Outcome, Scenario};
use alloc::format;
use alloc::string::String;
use sys::Errno;
use sys::abi::failpoint::{FAULT_RECORDS, Failpoint, FaultRecord, FaultState};
use sys::abi::signal::{SIGABRT, SIGBUS, SIGKILL, SIGSEGV};
use sys::process::PANICKED;
use sys::wait::Status;

/// Exit status of a program that says on standard error which call failed.
pub const REFUSED: i32 = 1;
/// That of one which could not be executed, by whoever was to become it.
pub const NOT_EXECUTABLE: i32 = 126;
/// That of one which is not there, also because nobody could look, or whose libraries are not: the
/// dynamic linker's.
pub const NOT_FOUND: i32 = 127;

/// How a process that ran a scenario ended.
#[derive(Clone, Copy, Debug)]
pub enum Ended {
    /// It said what came of the work.
    Said(Outcome),
    /// It did not live to say so.
    Died(Status),
}

/// A right answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Right {
    /// The work was done all the same.
    Done,
    /// A call gave a documented error.
    Refused(Errno),
    /// A call moved less than it was asked to.
    Short,
    /// A process came to a documented end.
    Ended(Status),
}

/// The faults that a state keeps.
pub fn records(state: &FaultState) -> impl Iterator<Item = FaultRecord> {
    let (records, faults) = (state.records, state.faults as usize);
    records.into_iter().take(faults.min(FAULT_RECORDS))
}

/// The faults of one try.
#[derive(Clone, Copy)]
pub struct Faults<'a> {
    pub state: &'a FaultState,
    /// How many there were before.
    pub before: u32,
}

impl Faults<'_> {
    /// Whether there was one in this try.
    pub fn are_some(self) -> bool {
        self.state.faults > self.before
    }

    fn records(self) -> impl Iterator<Item = FaultRecord> {
        records(self.state).skip(self.before as usize)
    }

    fn any(self, is: fn(Failpoint) -> bool) -> bool {
        self.records().filter_map(|record| Failpoint::from_number(record.point)).any(is)
    }

    /// The same of what failed for the program itself, not for a server at work for it.
    fn any_own(self, is: fn(Failpoint) -> bool) -> bool {
        let own = self.records().filter(|record| record.served == 0);
        own.filter_map(|record| Failpoint::from_number(record.point)).any(is)
    }

    fn gives(self, errno: Errno) -> bool {
        let mut points = self.records().filter_map(|record| Failpoint::from_number(record.point));
        points.any(|point| point.errnos().contains(&errno))
    }
}

/// Whether what came of a try is right, given the faults in it.
pub fn judge(scenario: &Scenario, ended: Ended, faults: Faults) -> Result<Right, String> {
    match ended {
        Ended::Said(Ok(())) => Ok(Right::Done),
        _ if !faults.are_some() => Err(format!("refused without a fault: {ended:?}")),
        Ended::Said(Err(Failure::Call(errno))) => {
            let is_listed = scenario.also.contains(&errno) && faults.any(Failpoint::is_refusal);
            match faults.gives(errno) || is_listed {
                true => Ok(Right::Refused(errno)),
                false => Err(format!("{errno} is written down nowhere")),
            }
        }
        Ended::Said(Err(Failure::Short)) => match faults.any(shortens) || has_served(faults) {
            true => Ok(Right::Short),
            false => Err("a transfer is short, and no fault explains that".into()),
        },
        Ended::Said(Err(Failure::Child(status))) => match status {
            Status::Exited(REFUSED | NOT_EXECUTABLE | NOT_FOUND) => {
                match faults.any(Failpoint::is_refusal) {
                    true => Ok(Right::Ended(status)),
                    false => Err(format!("a child's {status:?}, and no fault explains that")),
                }
            }
            Status::Exited(PANICKED) => Err("a child panicked".into()),
            Status::Signaled(signal) if ends(signal, faults) => Ok(Right::Ended(status)),
            // The start of a program failed where the old one was gone.
            Status::Signaled(SIGSEGV) if faults.any_own(is_area) => Ok(Right::Ended(status)),
            _ => Err(format!("a child's {status:?}")),
        },
        Ended::Died(status @ Status::Signaled(signal)) if ends(signal, faults) => {
            Ok(Right::Ended(status))
        }
        Ended::Died(status) => Err(format!("{status:?}")),
    }
}

/// Whether it is right that so much lies in `/tmp` afterwards: who lives to say what came of the work
/// leaves nothing there.
pub fn judge_files(ended: Ended, left: &[String]) -> Result<(), String> {
    match ended {
        Ended::Said(outcome) if !left.is_empty() => {
            Err(format!("left behind, with {outcome:?}: {}", left.join(" ")))
        }
        _ => Ok(()),
    }
}

/// Whether the faults explain that a signal ended a process.
fn ends(signal: i32, faults: Faults) -> bool {
    match signal {
        // Memory that the program has, but that was never there.
        SIGKILL => faults.any_own(is_memory),
        // A handler's frame that cannot be written, also for want of memory, or not be read back.
        SIGSEGV => faults.any_own(|point| is_copy(point) || is_memory(point)),
        // Memory for the program's heap.
        SIGABRT => faults.any_own(|point| is_memory(point) || is_area(point)),
        // Pages of a server's file that it cannot give.
        SIGBUS => has_served(faults) || faults.any(is_message),
        _ => false,
    }
}

fn is_memory(point: Failpoint) -> bool {
    use Failpoint::*;
    matches!(point, PageLow | PageHigh | PageBlock | Slab | PageTable | Vmalloc)
}

fn is_area(point: Failpoint) -> bool {
    point == Failpoint::VmaReserve
}

fn is_copy(point: Failpoint) -> bool {
    matches!(point, Failpoint::UserCopyIn | Failpoint::UserCopyOut)
}

fn is_message(point: Failpoint) -> bool {
    matches!(point, Failpoint::Message | Failpoint::Lease)
}

/// Whether somebody who moves bytes may stop there.
fn shortens(point: Failpoint) -> bool {
    is_memory(point) || is_copy(point) || is_message(point)
}

fn has_served(faults: Faults) -> bool {
    faults.records().any(|record| record.served != 0)
}
