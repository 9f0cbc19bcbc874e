//! What a run with faults may come to.

use super::{Failure, Outcome, Scenario};
use alloc::format;
use alloc::string::String;
use sys::abi::failpoint::{FAULT_RECORDS, Failpoint, FaultRecord, FaultState};
use sys::abi::signal::{SIGKILL, SIGSEGV};
use sys::wait::Status;

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
    Refused,
    /// A process came to a documented end.
    Ended,
}

/// The faults that a state keeps.
pub fn records(state: &FaultState) -> impl Iterator<Item = FaultRecord> {
    let (records, faults) = (state.records, state.faults as usize);
    records.into_iter().take(faults.min(FAULT_RECORDS))
}

fn points(state: &FaultState) -> impl Iterator<Item = Failpoint> {
    records(state).filter_map(|record| Failpoint::from_number(record.point))
}

/// Whether what came of a run is right, given the faults in it.
pub fn judge(scenario: &Scenario, ended: Ended, state: &FaultState) -> Result<Right, String> {
    match ended {
        Ended::Said(Ok(())) => Ok(Right::Done),
        _ if state.faults == 0 => Err(format!("{ended:?} without a fault")),
        Ended::Said(Err(Failure::Call(errno))) => {
            let of_points = points(state).any(|point| point.errnos().contains(&errno));
            match of_points || scenario.also.contains(&errno) {
                true => Ok(Right::Refused),
                false => Err(format!("{errno} is written down nowhere")),
            }
        }
        Ended::Said(Err(Failure::Child(_))) => Ok(Right::Ended),
        // Memory that the program has, but that was never there.
        Ended::Died(Status::Signaled(SIGKILL)) if points(state).any(is_memory) => Ok(Right::Ended),
        // A handler's frame that cannot be written.
        Ended::Died(Status::Signaled(SIGSEGV)) if points(state).any(is_copy) => Ok(Right::Ended),
        Ended::Died(status) => Err(format!("{status:?}")),
    }
}

fn is_memory(point: Failpoint) -> bool {
    use Failpoint::*;
    matches!(point, PageLow | PageHigh | PageBlock | Slab | PageTable | Vmalloc)
}

fn is_copy(point: Failpoint) -> bool {
    matches!(point, Failpoint::UserCopyIn | Failpoint::UserCopyOut)
}
