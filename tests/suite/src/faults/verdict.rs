//! What a run with faults may come to.

use super::{Failure, Outcome, Scenario};
use alloc::format;
use alloc::string::String;
use sys::Errno;
use sys::abi::failpoint::{FAULT_RECORDS, Failpoint, FaultRecord, FaultState};
use sys::abi::signal::{SIGBUS, SIGKILL, SIGSEGV};
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
    Refused(Errno),
    /// A process came to a documented end.
    Ended(Status),
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
                true => Ok(Right::Refused(errno)),
                false => Err(format!("{errno} is written down nowhere")),
            }
        }
        // A program that says so, or one whose start failed where its old program was gone.
        Ended::Said(Err(Failure::Child(status))) => match status {
            Status::Exited(_) | Status::Signaled(SIGKILL | SIGSEGV) => Ok(Right::Ended(status)),
            Status::Signaled(SIGBUS) if is_file_lost(state) => Ok(Right::Ended(status)),
            _ => Err(format!("a child's {status:?}")),
        },
        // Memory that the program has, but that was never there.
        Ended::Died(status @ Status::Signaled(SIGKILL)) if points(state).any(is_memory) => {
            Ok(Right::Ended(status))
        }
        // A handler's frame that cannot be written, also for want of memory, or not be read back.
        Ended::Died(status @ Status::Signaled(SIGSEGV))
            if points(state).any(|point| is_copy(point) || is_memory(point)) =>
        {
            Ok(Right::Ended(status))
        }
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

/// Pages of a server's file that it cannot give.
fn is_file_lost(state: &FaultState) -> bool {
    records(state).any(|record| record.served != 0)
        || points(state).any(|point| matches!(point, Failpoint::Message | Failpoint::Lease))
}
