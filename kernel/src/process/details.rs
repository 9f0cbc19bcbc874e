//! What `/proc/PID/stat` and `status` are made of.

use super::signal::SignalGuard;
use super::table::{self, lock_family};
use super::usage::Used;
use super::{Process, Thread};
use crate::file::console;
use crate::result::{Errno, Result};
use abi::signal::{NSIG, SIG_DFL, SIG_IGN, SignalSet};
use abi::statistics::{
    LimitStatistics, ProcessDetails, SpaceStatistics, ThreadStatistics, UsedStatistics,
};
use alloc::sync::Arc;
use alloc::vec::Vec;
use kcore::credentials::Ids;
use kcore::family::Report;
use kcore::user_account::Resource;

/// The process with this id, or with a thread of this id. ESRCH.
pub fn find(id: i32) -> Result<Arc<Process>> {
    table::find(&lock_family(), id).map(|(_, process)| process.clone())
}

/// Of a process in the family.
pub fn details(process: &Process) -> Result<ProcessDetails> {
    let mut details = ProcessDetails::default();
    fill_place(process, &mut details)?;
    fill_signals(process, &mut details);
    details.nice = process.nice();
    details.started = process.started();
    details.used = used(process.used());
    details.children = used(process.usage.children());
    let credentials = process.credentials();
    (details.users, details.groups) = (ids(&credentials.user), ids(&credentials.group));
    details.supplementary_count = u32::try_from(credentials.groups.len()).unwrap_or(u32::MAX);
    let mut places = details.supplementary;
    places.iter_mut().zip(&credentials.groups).for_each(|(to, group)| *to = *group);
    details.supplementary = places;
    details.umask = process.fs().map_or(0, |fs| fs.umask());
    details.descriptor_places = process.files().map_or(0, |files| files.capacity());
    let limits = process.limits();
    details.limits = core::array::from_fn(|resource| {
        let limit = limits.get(resource as u32).unwrap_or_default();
        LimitStatistics { current: limit.cur, maximum: limit.max }
    });
    details.space = process.mm().map_or_else(SpaceStatistics::default, |mm| mm.space_statistics());
    details.level = u32::from(process.ipc.level().number());
    details.personality = process.personality();
    details.signals_kept = process.account().count(Resource::Signals);
    details.is_dumpable = process.is_dumpable().into();
    Ok(details)
}

fn fill_place(process: &Process, details: &mut ProcessDetails) -> Result<()> {
    let family = lock_family();
    let member = family.get(process.slot()).filter(|member| member.pid() == process.pid());
    let member = member.ok_or(Errno::ESRCH)?;
    details.pid = member.pid().cast_signed();
    details.parent = process.parent_pid().cast_signed();
    details.group = member.group().cast_signed();
    details.session = member.session().cast_signed();
    details.exit_signal = i32::from(member.exit_signal);
    details.state = u32::from(b'R');
    match member.report {
        Report::Exited(status) => (details.state, details.exit_status) = (b'Z'.into(), status),
        _ if member.is_stopped => details.state = b'T'.into(),
        _ => {}
    }
    let session = member.session();
    drop(family);
    details.terminal_group = -1;
    if let Some((number, group)) = console::terminal_of(session) {
        details.terminal = number.encode();
        details.terminal_group = group.map_or(-1, u32::cast_signed);
    }
    Ok(())
}

fn fill_signals(process: &Process, details: &mut ProcessDetails) {
    let mut guard = process.lock_signals();
    let first = guard.threads().next().cloned();
    if let Some(first) = first {
        details.name = first.task.name();
        if details.state == u32::from(b'R') {
            details.state = state_and_tracer(&mut guard, &first).0.into();
        }
    } else {
        details.name = process.last_name();
    }
    details.threads = u32::try_from(guard.threads().count()).unwrap_or(u32::MAX);
    details.pending = guard.pending_set().bits;
    let (mut ignored, mut caught) = (SignalSet::EMPTY, SignalSet::EMPTY);
    for signal in 1..=NSIG {
        match guard.actions.get(signal).handler {
            SIG_DFL => {}
            SIG_IGN => ignored = ignored.union(SignalSet::of(signal)),
            _ => caught = caught.union(SignalSet::of(signal)),
        }
    }
    (details.ignored, details.caught) = (ignored.bits, caught.bits);
}

fn used(used: Used) -> UsedStatistics {
    UsedStatistics {
        user_ticks: used.utime,
        kernel_ticks: used.stime,
        minor_faults: used.minor_faults,
        major_faults: used.major_faults,
        voluntary_switches: used.voluntary_switches,
        forced_switches: used.forced_switches,
    }
}

fn ids(ids: &Ids) -> [u32; 4] {
    [ids.real, ids.effective, ids.saved, ids.filesystem]
}

/// The thread of a process with the lowest id above `after`.
pub fn next_thread(process: &Process, after: i32) -> Option<ThreadStatistics> {
    let mut guard = process.lock_signals();
    let is_stopped = guard.is_stopped();
    let above = |thread: &&Arc<Thread>| thread.task.tid().cast_signed() > after;
    let thread = guard.threads().filter(above).min_by_key(|thread| thread.task.tid())?.clone();
    let (pending, blocked) = guard.sets_of(&thread);
    let (state, tracer) = state_and_tracer(&mut guard, &thread);
    drop(guard);
    let task = &thread.task;
    let state = if is_stopped { b'T' } else { state };
    let [entry, call, instruction, stack] = task.entry().unwrap_or_default();
    Some(ThreadStatistics {
        tid: task.tid().cast_signed(),
        state: state.into(),
        used: used(thread.used()),
        started: task.started(),
        pending: pending.bits,
        blocked: blocked.bits,
        entry,
        call,
        instruction,
        stack,
        nice: process.nice(),
        processor: 0,
        policy: 0,
        name: task.name(),
        tracer,
    })
}

/// The letter of a thread's state, and the process that traces it.
fn state_and_tracer(guard: &mut SignalGuard, thread: &Thread) -> (u8, u32) {
    match guard.with(thread).1.tracee.as_ref().map(|tracee| tracee.state()) {
        Some((tracer, true)) => (b't', tracer),
        Some((tracer, false)) => (thread.task.state_letter(), tracer),
        None => (thread.task.state_letter(), 0),
    }
}

/// Pages that programs keep in memory.
pub fn locked_pages() -> Result<u32> {
    let (mut after, mut sum, mut seen) = (0, 0u32, Vec::new());
    while let Some(process) = table::next_process(after) {
        after = process.pid();
        let Some(mm) = process.mm().filter(|mm| mm.layout.locked_pages() != 0) else { continue };
        // Processes may share one.
        if let Err(place) = seen.binary_search_by_key(&Arc::as_ptr(&mm), Arc::as_ptr) {
            seen.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
            sum = sum.saturating_add(mm.resident_locked());
            seen.insert(place, mm);
        }
    }
    Ok(sum)
}
