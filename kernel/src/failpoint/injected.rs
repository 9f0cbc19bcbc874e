//! The faults that were injected, for whoever reads the log.
//!
//! Addresses follow each of them as they do in a panic's report, for the host to put names there.

use super::decide::{CONTEXTS, MOST, now};
use super::scope::Whose;
use super::site::catalogue;
use crate::task;
use abi::failpoint::{FAULT_CALLS, FAULT_RECORDS, Failpoint, FaultRecord, FaultState};
use core::fmt::{self, Arguments, Display};
use kcore::failpoint::{Contexts, Opportunity};

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
    let whose = running();
    let mut is_begun = false;
    tell_all(
        &mut CONTEXTS.lock(),
        &whose,
        |record| record.tid.cast_unsigned() == whose.tid,
        |text| {
            if !is_begun {
                log::info!("{} ends by signal {signal}, after", task::describe_current());
                is_begun = true;
            }
            log::info!("{text}");
        },
    );
}

/// For the report of a panic: the faults in the running task's contexts and in those of the whole
/// machine.
pub fn describe(write: impl FnMut(Arguments)) {
    // SAFETY: no other code runs again.
    unsafe { CONTEXTS.force_unlock() };
    tell_all(&mut CONTEXTS.lock(), &running(), |_| true, write);
}

/// Whose faults are the running task's; nobody's where nothing fails.
fn running() -> Whose {
    let whose = task::running().and_then(|task| task.scope.whose(task.tid()));
    whose.unwrap_or_default()
}

/// Tells of the faults in somebody's contexts, and of those in machine-wide ones that are wanted.
fn tell_all(
    contexts: &mut Contexts<MOST>,
    whose: &Whose,
    wanted: impl Fn(&FaultRecord) -> bool,
    mut write: impl FnMut(Arguments),
) {
    for number in [whose.context, whose.otherwise] {
        if let Some(context) = contexts.get_mut(number) {
            tell_kept(context.state(), |_| true, &mut write);
        }
    }
    for context in contexts.iter().filter(|context| context.is_machine_wide()) {
        tell_kept(context.state(), &wanted, &mut write);
    }
}

/// Each fault that a state keeps, if it is wanted; and how many there were, if it does not keep all.
fn tell_kept(
    state: &FaultState,
    wanted: impl Fn(&FaultRecord) -> bool,
    mut write: impl FnMut(Arguments),
) {
    let (records, faults) = (state.records, state.faults as usize);
    let mut is_any = false;
    for record in records.iter().take(faults).filter(|record| wanted(record)) {
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
