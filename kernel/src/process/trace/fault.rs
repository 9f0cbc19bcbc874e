//! Page faults of a traced thread: seen from outside, before and after.

use crate::arch::control::rdtsc;
use crate::arch::entry::TrapFrame;
use crate::mm::fault::Outcome;
use crate::mm::observe::View;
use crate::mm::page::page;
use crate::mm::space::Mm;
use crate::mm::zero_page::zero_pfn;
use crate::process::CurrentThread;
use abi::trace::{
    ACCESS_EXECUTE, ACCESS_READ, ACCESS_WRITE, FAULT_CACHED, FAULT_IN_KERNEL, FAULT_MAJOR,
    FAULT_NO_MEMORY, FAULT_SIGNAL, FAULT_STACK, Fault, What,
};
use kcore::addr::VirtAddr;
use kcore::fault::{AccessKind, Mapped, served};

/// Serves a fault of the running thread, and tells of it. If the program faulted itself,
/// it stands still; a copy of the kernel's may hold what the tracer needs.
pub fn observe(
    thread: &CurrentThread,
    mm: &Mm,
    address: VirtAddr,
    access: AccessKind,
    frame: &TrapFrame,
) -> Outcome {
    let is_from_user = frame.is_from_user();
    let before = mm.view(address);
    let start = rdtsc();
    let outcome = mm.fault(address, access);
    let cycles = rdtsc().wrapping_sub(start);
    let after = mm.view(address);
    let seen = describe(&before, &after, outcome);
    let fault = Fault {
        address: address.as_u32(),
        access: match access {
            AccessKind::Read => ACCESS_READ,
            AccessKind::Write => ACCESS_WRITE,
            AccessKind::Execute => ACCESS_EXECUTE,
        },
        flags: seen.flags | if is_from_user { 0 } else { FAULT_IN_KERNEL },
        instruction: frame.eip,
        cycles,
        ..seen
    };
    if let Some(tracee) = thread.tracee() {
        match is_from_user {
            true => tracee.tell(&What::Fault(fault)),
            false => tracee.tell_fault(thread, fault),
        }
    }
    outcome
}

fn describe(before: &View, after: &View, outcome: Outcome) -> Fault {
    let area = after.area.unwrap_or_default();
    let mut fault = Fault {
        start: area.start,
        end: area.end,
        area_flags: area.flags,
        page_offset: area.page_offset,
        ..Fault::default()
    };
    fault.kind = match outcome {
        Outcome::Done { .. } => served(&before.sight, &after.sight),
        Outcome::Signal(_) => FAULT_SIGNAL,
        Outcome::OutOfMemory => FAULT_NO_MEMORY,
    };
    let frame = match after.sight.mapped {
        Mapped::Zero => Some(zero_pfn()),
        mapped => mapped.frame(),
    };
    if let Some(pfn) = frame {
        (fault.frame, fault.zone) = (pfn.as_u32(), page(pfn).zone() as u32);
    }
    if fault.kind == FAULT_CACHED {
        fault.around = after.rss_file.wrapping_sub(before.rss_file).saturating_sub(1);
    }
    if outcome == (Outcome::Done { major: true }) {
        fault.flags |= FAULT_MAJOR;
    }
    if before.area.is_none() && after.area.is_some() {
        fault.flags |= FAULT_STACK;
    }
    fault
}
