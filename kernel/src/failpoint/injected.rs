//! The faults that were injected, for whoever reads the log.
//!
//! Addresses follow each of them as they do in a panic's report, for the host to put names there.

use super::decide::{CONTEXTS, now};
use super::scope::Whose;
use super::site::catalogue;
use crate::task;
use abi::failpoint::{FAULT_CALLS, FAULT_RECORDS, Failpoint, FaultRecord, FaultState};
use core::fmt::{self, Arguments, Display};
use kcore::failpoint::{Context, Opportunity};

/// Says that a fault is injected now.
pub(super) fn tell(opportunity: &Opportunity, number: u32) {
    let Opportunity { point, site, calls, .. } = *opportunity;
    let fault = Place { point: Some(point), site };
    log::info!("{fault} fails, opportunity {number}, {}", task::describe_current());
    tell_calls(&calls, |text| log::info!("{text}"));
}

/// The running program ends with that wait status: if a signal ends it, says what had been done to it.
pub fn log_fatal(status: i32) {
    // WTERMSIG.
    let signal = status & 0x7f;
    if signal == 0 {
        return;
    }
    let mut states = [None; 2];
    if let Some(whose) = running() {
        let mut contexts = CONTEXTS.lock();
        for (state, number) in states.iter_mut().zip([whose.context, whose.otherwise]) {
            *state = contexts.get_mut(number).map(|context| *context.state());
        }
    }
    let faults = |state: &FaultState| state.faults != 0;
    let mut states = states.into_iter().flatten().filter(faults).peekable();
    if states.peek().is_some() {
        log::info!("{} ends by signal {signal}, after", task::describe_current());
        states.for_each(|state| tell_all(&state, |text| log::info!("{text}")));
    }
}

/// For the report of a panic: the faults in the running task's contexts and in those of the whole
/// machine.
pub fn describe(mut write: impl FnMut(Arguments)) {
    let whose = running().unwrap_or_default();
    // SAFETY: no other code runs again.
    unsafe { CONTEXTS.force_unlock() };
    let mut contexts = CONTEXTS.lock();
    for number in [whose.context, whose.otherwise] {
        if let Some(context) = contexts.get_mut(number) {
            tell_all(context.state(), &mut write);
        }
    }
    for context in contexts.iter().filter(|context| Context::is_machine_wide(context)) {
        tell_all(context.state(), &mut write);
    }
}

fn running() -> Option<Whose> {
    task::running()?.scope.whose(0)
}

/// A line for each fault that is kept, and how many there were.
fn tell_all(state: &FaultState, mut write: impl FnMut(Arguments)) {
    let (records, faults) = (state.records, state.faults as usize);
    for record in records.iter().take(faults) {
        let fault = Fault(record);
        write(format_args!("  fault injected: {fault}"));
        tell_calls(&{ record.calls }, &mut write);
    }
    if faults > FAULT_RECORDS {
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
