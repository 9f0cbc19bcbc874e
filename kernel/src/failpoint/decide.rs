//! Whether a passage fails: the contexts, and whose task it is.

use super::scope::Whose;
use super::site::{self, Passage, catalogue};
use super::{injected, interrupt, pressure};
use crate::result::{Errno, Result};
use crate::sync::{IrqSpinLock, Rank};
use crate::task::{self, Task};
use crate::time;
use abi::failpoint::{FAULT_CALLS, Failpoint, FaultPlan, FaultSite, FaultState};
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};
use kcore::cmdline::CommandLine;
use kcore::failpoint::{Context, Contexts, Opportunity, Owner};

/// As many scenarios may run at the same time.
pub(super) const MOST: usize = 64;

/// Interrupts take it too.
pub(super) static CONTEXTS: IrqSpinLock<Contexts<MOST>> =
    IrqSpinLock::new(Rank::Failpoint, Contexts::new());

/// Whether passages are counted though no context is open.
static COUNTS_ALWAYS: AtomicBool = AtomicBool::new(false);

/// Whether the first fault is the end.
static PANICS: AtomicBool = AtomicBool::new(false);

/// Machine-wide contexts of the command line: `NAME=<interval>,<probability>,<space>,<times>` for a
/// point's name, chance from `fail_seed=`; `failpoints=count`, `failpoints=panic`.
pub fn configure(line: &CommandLine) {
    let seed = line.number("fail_seed").unwrap_or_else(|bad| {
        log::warn!("{}={}: not a number; ignored", bad.name, bad.value.escape_ascii());
        None
    });
    for &point in Failpoint::ALL {
        match kcore::failpoint::plan(*line, point, seed.unwrap_or(0)) {
            Ok(None) => {}
            // Nobody's: it stays to the end.
            Ok(Some(plan)) => drop(create(Owner { pid: 0, is_privileged: true }, plan)),
            Err(bad) => log::warn!(
                "{}={}: not <interval>,<probability>,<space>,<times>; ignored",
                bad.name,
                bad.value.escape_ascii()
            ),
        }
    }
    match line.value("failpoints") {
        None => {}
        Some(b"count") => {
            COUNTS_ALWAYS.store(true, Relaxed);
            site::arm(Some(decide));
        }
        Some(b"panic") => PANICS.store(true, Relaxed),
        Some(word) => {
            log::warn!("failpoints={}: neither count nor panic; ignored", word.escape_ascii());
        }
    }
}

pub fn create(owner: Owner, plan: FaultPlan) -> Result<u32> {
    let context = Context::new(plan).ok_or(Errno::EINVAL)?;
    let number = CONTEXTS.lock().insert(owner, context).ok_or(Errno::ENOSPC)?;
    site::arm(Some(decide));
    Ok(number)
}

/// The running task, of process `asker`, is in that context from now on, or in none; the one it was in.
pub fn enter(asker: Owner, context: u32) -> Result<u32> {
    let scope = &task::current().scope;
    if context != 0 {
        let mut contexts = CONTEXTS.lock();
        let found = contexts.get_mut(context).ok_or(Errno::EINVAL)?;
        if found.is_machine_wide() {
            return Err(Errno::EINVAL);
        }
        if !scope.has_inherited(context) {
            contexts.check(context, asker)?;
        }
    }
    Ok(scope.enter(context))
}

pub fn state(asker: Owner, context: u32) -> Result<FaultState> {
    let mut contexts = CONTEXTS.lock();
    contexts.check(context, asker)?;
    contexts.get_mut(context).map(|context| *context.state()).ok_or(Errno::EINVAL)
}

pub fn close(asker: Owner, context: u32) -> Result<()> {
    let mut contexts = CONTEXTS.lock();
    contexts.check(context, asker)?;
    remove(&mut contexts, context);
    Ok(())
}

/// Closes a context, unless it is closed already.
pub(super) fn remove(contexts: &mut Contexts<MOST>, context: u32) {
    if contexts.remove(context) {
        disarm_if_over(contexts);
    }
}

/// Process `owner` has ended.
pub fn close_all_of(owner: u32) {
    // It is while any is open.
    if site::is_armed() {
        let mut contexts = CONTEXTS.lock();
        contexts.remove_all_of(owner);
        disarm_if_over(&contexts);
    }
    pressure::give_back_of(owner);
}

fn disarm_if_over(contexts: &Contexts<MOST>) {
    if contexts.open() == 0 && !COUNTS_ALWAYS.load(Relaxed) {
        site::arm(None);
    }
}

/// The new thread or process of the running task is in its context, if that takes children, and
/// marked if it is.
pub fn inherit(child: &Task, is_thread: bool) {
    let scope = &task::current().scope;
    let own = scope.own();
    let takes_children =
        |number| CONTEXTS.lock().get_mut(number).is_some_and(|context| context.takes_children());
    if own != 0 && (is_thread || takes_children(own)) {
        child.scope.inherit(own);
    }
    child.scope.mark(scope.is_marked());
}

/// Runs `work` of the running task. Nothing fails in it if it controls the injection.
pub fn exempt<R>(is_control: bool, work: impl FnOnce() -> R) -> R {
    if is_control { task::current().scope.exempt(work) } else { work() }
}

/// The sites from number `first` on.
pub fn sites(first: u32) -> impl Iterator<Item = FaultSite> {
    catalogue().iter().skip(first as usize).map(|site| {
        let (hits, faults) = site.counts();
        FaultSite { point: site.point() as u32, hits, faults }
    })
}

/// What is done before there are tasks is nobody's, and what an interrupt does is not the running
/// task's.
fn decide(passage: &Passage) -> bool {
    let Some(task) = task::running() else { return false };
    let whose = match passage.whose {
        Some(whose) => whose,
        None if interrupt::is_served() => Whose::default(),
        None => match task.scope.whose(task.tid()) {
            Some(whose) => whose,
            None => return false,
        },
    };
    let mut opportunity = Opportunity {
        point: passage.site.point(),
        site: passage.site.number(),
        size: passage.size,
        time: now(),
        tid: whose.tid,
        is_served: whose.is_served(),
        calls: call_path(passage.frame),
    };
    let fault = pass(&mut opportunity, &whose);
    if let Some((number, true)) = fault {
        injected::tell(&opportunity, number);
    }
    assert!(fault.is_none() || !PANICS.load(Relaxed), "a fault, where faults are panics");
    fault.is_some()
}

/// Which fault it is of the context in which it fails, and whether that is to be told.
fn pass(opportunity: &mut Opportunity, whose: &Whose) -> Option<(u32, bool)> {
    let mut contexts = CONTEXTS.lock();
    let told = |context: &Context| (context.state().opportunities, context.is_verbose());
    for number in whose.contexts {
        // A caller's may be closed before its call is over: then it is the task's own business.
        if let Some(context) = contexts.get_mut(number) {
            opportunity.is_served = whose.is_served() && number == whose.contexts[0];
            if context.pass(opportunity) {
                return Some(told(context));
            }
            // Whoever has a context of his own is left alone by those of the machine.
            if !context.is_over() {
                return None;
            }
        }
    }
    opportunity.is_served = whose.is_served();
    contexts.pass(opportunity, whose.is_marked).map(told)
}

/// In milliseconds.
pub(super) fn now() -> u32 {
    (time::monotonic() / 1_000_000) as u32
}

/// Return addresses from the failpoint on outwards.
fn call_path(frame: u32) -> [u32; FAULT_CALLS] {
    let mut calls = [0; FAULT_CALLS];
    calls.iter_mut().zip(task::call_path(frame)).for_each(|(call, address)| *call = address);
    calls
}
