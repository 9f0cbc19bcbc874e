//! The faults that were injected, for whoever reads the log.
//!
//! Addresses follow each of them as they do in a panic's report, for the host to put names there.

use super::decide::{CONTEXTS, MOST, now};
use super::scope::Whose;
use super::site::catalogue;
use crate::task::{self, Task};
use abi::failpoint::{FAULT_CALLS, FAULT_RECORDS, Failpoint, FaultRecord, FaultState};
use core::fmt::{self, Arguments, Display};
use kcore::failpoint::Opportunity;

/// Says that a fault is injected now. Debuggers stop here.
#[inline(never)]
#[unsafe(export_name = "fault_injected")]
pub(super) fn tell(opportunity: &Opportunity, number: u32) {
    let Opportunity { point, site, calls, .. } = *opportunity;
    let fault = Place { point: Some(point), site };
    log::info!("{fault} fails, opportunity {number}, {}", task::describe_current());
    tell_calls(&calls, |text| log::info!("{text}"));
}

/// The running thread ends with that wait status: if a signal ends it, or if it is a server that has not
/// answered yet, says what had been done to it.
pub(super) fn tell_fatal(task: &Task, status: i32) {
    let whose = task.scope.whose(task.tid()).unwrap_or_default();
    // WTERMSIG and WEXITSTATUS.
    let (what, number) = match status & 0x7f {
        0 if !whose.is_served() => return,
        0 => ("with status", status >> 8 & 0xff),
        signal => ("by signal", signal),
    };
    let is_its = |record: &FaultRecord| record.tid.cast_unsigned() == whose.tid;
    let is_for_it = |record: &FaultRecord| is_its(record) || record.served != 0;
    let mut is_begun = false;
    tell_all(&whose, is_for_it, is_its, |text| {
        if !is_begun {
            log::info!("{} ends {what} {number}, after", task::describe_current());
            is_begun = true;
        }
        log::info!("{text}");
    });
}

/// For the report of a panic: the faults in the running task's contexts and in those of the whole
/// machine.
pub fn describe(write: impl FnMut(Arguments)) {
    // SAFETY: no other code runs again.
    unsafe { CONTEXTS.force_unlock() };
    let whose = task::running().and_then(|task| task.scope.whose(task.tid()));
    tell_all(&whose.unwrap_or_default(), |_| true, |_| true, write);
}

/// Tells of the faults in somebody's contexts, and of those in machine-wide ones, that are wanted. The
/// log is slow, and nothing is locked meanwhile.
fn tell_all(
    whose: &Whose,
    is_wanted: impl Fn(&FaultRecord) -> bool,
    is_wanted_of_machine: impl Fn(&FaultRecord) -> bool,
    mut write: impl FnMut(Arguments),
) {
    for number in whose.contexts {
        let state = CONTEXTS.lock().get_mut(number).map(|context| *context.state());
        if let Some(state) = state {
            tell_kept(&state, &is_wanted, &mut write);
        }
    }
    for place in 0..MOST {
        let state = CONTEXTS.lock().machine_wide().nth(place).map(|context| *context.state());
        let Some(state) = state else { break };
        tell_kept(&state, &is_wanted_of_machine, &mut write);
    }
}

/// Each fault that a state keeps, if it is wanted; and how many there were, if it does not keep all.
fn tell_kept(
    state: &FaultState,
    is_wanted: impl Fn(&FaultRecord) -> bool,
    mut write: impl FnMut(Arguments),
) {
    let (records, faults) = (state.records, state.faults as usize);
    let mut is_any = false;
    for record in records.iter().take(faults).filter(|record| is_wanted(record)) {
        is_any = true;
        let fault = Fault(record);
        write(format_args!("  fault injected: {fault}"));
        tell_calls(&{ record.calls }, &mut write);
    }
    if is_any && faults > FAULT_RECORDS {
        write(format_args!("  faults injected: {faults} in all"));
    }
}

fn tell_calls(calls: &[u32; FAULT_CALLS], mut write: impl FnMut(Arguments)) {
    for call in calls.iter().filter(|call| **call != 0) {
        write(format_args!("  at {call:#010x}"));
    }
}

struct Fault<'a>(&'a FaultRecord);

impl Display for Fault<'_> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let FaultRecord { point, site, opportunity, time, tid, served, .. } = *self.0;
        let place = Place { point: Failpoint::from_number(point), site };
        write!(f, "{place}, opportunity {opportunity}, {} ms ago", now().wrapping_sub(time))?;
        match (tid, served) {
            (0, _) => f.write_str(", in an interrupt"),
            (tid, 0) => write!(f, ", thread {tid}"),
            (tid, _) => write!(f, ", thread {tid} as a server"),
        }
    }
}

struct Place {
    point: Option<Failpoint>,
    site: u32,
}

impl Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(self.point.map_or("?", Failpoint::name))?;
        match catalogue().get(self.site as usize) {
            Some(site) => {
                let (file, line) = site.place();
                write!(f, " at {file}:{line}")
            }
            None => Ok(()),
        }
    }
}
