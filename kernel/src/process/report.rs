//! What `ps` and the leak check want to know.

use super::Process;
use super::table::{self, lock_family};
use super::usage::faults_of_the_past;
use abi::syscall::folio::{ProcessStatistics, Statistics};
use alloc::sync::Arc;

/// Fills in what belongs to processes.
pub fn fill(statistics: &mut Statistics) {
    statistics.processes = table::count();
    (statistics.threads, statistics.minor_faults, statistics.major_faults) = sums();
}

/// Threads there are, and page faults of all there ever were, minor and major.
pub fn sums() -> (u32, u32, u32) {
    let (mut threads, mut after) = (0u32, 0);
    let (mut minor, mut major) = faults_of_the_past();
    while let Some(process) = table::next_process(after) {
        after = process.pid();
        for thread in process.lock_signals().threads() {
            let used = thread.used();
            minor = minor.wrapping_add(used.minor_faults);
            major = major.wrapping_add(used.major_faults);
            threads += 1;
        }
    }
    (threads, minor, major)
}

/// What the family knows of a process.
struct Place {
    parent: u32,
    group: u32,
    session: u32,
    is_stopped: bool,
    has_exited: bool,
}

/// The process with the lowest id above `after`.
fn next(after: u32) -> Option<(u32, Place, Arc<Process>)> {
    let family = lock_family();
    let slot = family.next_process(after.checked_add(1)?)?;
    let member = family.get(slot)?;
    let place = Place {
        parent: member.process.parent_pid(),
        group: member.group(),
        session: member.session(),
        is_stopped: member.is_stopped,
        has_exited: member.has_exited(),
    };
    Some((member.pid(), place, member.process.clone()))
}

/// The entry of the process with the lowest id above `after`.
pub fn next_entry(after: u32) -> Option<ProcessStatistics> {
    let (pid, place, process) = next(after)?;
    let used = process.used();
    let mm = process.mm();
    let (pages, resident) = mm.map_or((0, 0), |mm| (mm.layout.total_pages(), mm.rss()));
    let (mut name, mut state, mut threads) = ([0; 16], b'Z', 0);
    for thread in process.lock_signals().threads() {
        if threads == 0 {
            name = thread.task.name();
            state = thread.task.state_letter();
        }
        threads += 1;
    }
    if place.is_stopped {
        state = b'T';
    }
    if place.has_exited {
        state = b'Z';
    }
    Some(ProcessStatistics {
        pid: pid.cast_signed(),
        parent: place.parent.cast_signed(),
        group: place.group.cast_signed(),
        session: place.session.cast_signed(),
        state: state.into(),
        threads,
        nice: process.nice(),
        user_ticks: used.utime,
        kernel_ticks: used.stime,
        pages,
        resident,
        minor_faults: used.minor_faults,
        major_faults: used.major_faults,
        name,
    })
}
