//! Whether a passage fails: the contexts, and whose task it is.

use super::site::{self, Site, catalogue};
use crate::result::{Errno, Result};
use crate::sync::{IrqSpinLock, Rank};
use crate::task::{self, Task};
use abi::failpoint::{FAULT_CALLS, FaultPlan, FaultSite, FaultState};
use core::arch::asm;
use kcore::failpoint::{Context, Contexts, Opportunity};

/// As many scenarios may run at the same time.
const MOST: usize = 64;

static CONTEXTS: IrqSpinLock<Contexts<MOST>> = IrqSpinLock::new(Rank::Failpoint, Contexts::new());

/// Makes a context of process `owner`.
pub fn create(owner: u32, plan: FaultPlan) -> Result<u32> {
    let context = Context::new(plan).ok_or(Errno::EINVAL)?;
    let number = CONTEXTS.lock().insert(owner, context).ok_or(Errno::ENOSPC)?;
    site::arm(Some(decide));
    Ok(number)
}

/// The running task is in that context from now on, or in none; the one it was in.
pub fn enter(context: u32) -> Result<u32> {
    if context != 0 && CONTEXTS.lock().get_mut(context).is_none() {
        return Err(Errno::EINVAL);
    }
    Ok(task::current().scope.enter(context))
}

pub fn state(context: u32) -> Result<FaultState> {
    CONTEXTS.lock().get_mut(context).map(|context| *context.state()).ok_or(Errno::EINVAL)
}

pub fn close(context: u32) -> Result<()> {
    let mut contexts = CONTEXTS.lock();
    if !contexts.remove(context) {
        return Err(Errno::EINVAL);
    }
    disarm_if_over(&contexts);
    Ok(())
}

/// Process `owner` has ended.
pub fn close_all_of(owner: u32) {
    let mut contexts = CONTEXTS.lock();
    if contexts.open() != 0 {
        contexts.remove_all_of(owner);
        disarm_if_over(&contexts);
    }
}

fn disarm_if_over(contexts: &Contexts<MOST>) {
    if contexts.open() == 0 {
        site::arm(None);
    }
}

/// The new thread or process of the running task is in its context, if that takes children.
pub fn inherit(child: &Task, is_thread: bool) {
    let own = task::current().scope.own();
    let takes_children =
        |number| CONTEXTS.lock().get_mut(number).is_some_and(|context| context.takes_children());
    if own != 0 && (is_thread || takes_children(own)) {
        child.scope.enter(own);
    }
}

/// The sites from number `first` on.
pub fn sites(first: u32) -> impl Iterator<Item = FaultSite> {
    catalogue().iter().skip(first as usize).map(|site| {
        let (hits, faults) = site.counts();
        FaultSite { point: site.point() as u32, hits, faults }
    })
}

/// No failpoint lies where interrupts come along. What is done before there are tasks is nobody's.
fn decide(site: &'static Site) -> bool {
    let Some(task) = task::running() else { return false };
    let scope = &task.scope;
    let number = scope.context();
    if number == 0 || scope.is_exempt() {
        return false;
    }
    let opportunity = Opportunity {
        point: site.point(),
        site: site.number(),
        tid: task.tid(),
        is_served: scope.is_serving(),
        calls: call_path(),
    };
    let (fails, is_verbose) = {
        let mut contexts = CONTEXTS.lock();
        let Some(context) = contexts.get_mut(number) else { return false };
        (context.pass(&opportunity), context.is_verbose())
    };
    if fails && is_verbose {
        let (file, line) = site.place();
        log::info!(
            "{} at {file}:{line}, {}, path {:#x?}",
            site.point().name(),
            task::describe_current(),
            opportunity.calls
        );
    }
    fails
}

/// Return addresses from the failpoint on outwards.
fn call_path() -> [u32; FAULT_CALLS] {
    let mut calls = [0; FAULT_CALLS];
    let mut pointer: u32;
    // SAFETY: reads a register.
    unsafe { asm!("mov {}, ebp", out(reg) pointer, options(nomem, nostack)) };
    // This function's and `Site::fails`' frames are left out.
    for place in (-2isize..).take(FAULT_CALLS + 2) {
        let Some([next, address]) = task::stack_words(pointer) else { break };
        if let Some(call) = usize::try_from(place).ok().and_then(|place| calls.get_mut(place)) {
            *call = address;
        }
        if next <= pointer {
            break;
        }
        pointer = next;
    }
    calls
}
