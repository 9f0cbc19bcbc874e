//! Page faults as lines, and what they cost by kind.

use abi::syscall::folio::{ZONE_DMA, ZONE_HIGHMEM, ZONE_NORMAL};
use abi::trace::{
    ACCESS_EXECUTE, ACCESS_READ, ACCESS_WRITE, FAULT_ANONYMOUS, FAULT_CACHED, FAULT_COPY,
    FAULT_COPY_CACHED, FAULT_IN_KERNEL, FAULT_KINDS, FAULT_MAJOR, FAULT_NEW, FAULT_NO_MEMORY,
    FAULT_RETRY, FAULT_REUSE, FAULT_SIGNAL, FAULT_STACK, FAULT_WRITABLE, FAULT_ZERO, Fault,
};
use alloc::format;
use alloc::string::String;
use core::fmt::Write;

/// What was done, in words.
pub fn kind_name(kind: u32) -> &'static str {
    match kind {
        FAULT_RETRY => "nothing to do",
        FAULT_ZERO => "zero page",
        FAULT_ANONYMOUS => "new page",
        FAULT_COPY => "copy on write",
        FAULT_COPY_CACHED => "copy of file page",
        FAULT_REUSE => "reuse on write",
        FAULT_CACHED => "cached page",
        FAULT_WRITABLE => "made writable",
        FAULT_NEW => "new page of object",
        FAULT_SIGNAL => "not allowed",
        FAULT_NO_MEMORY => "no memory",
        _ => "?",
    }
}

pub const HEADING: &str =
    "address    access what was done           frame   zone      cycles  region\n";

/// One fault. `region` says what the address belongs to.
pub fn line(fault: &Fault, region: &str) -> String {
    let access = match fault.access {
        ACCESS_READ => "read",
        ACCESS_WRITE => "write",
        ACCESS_EXECUTE => "exec",
        _ => "?",
    };
    let mut what = String::from(kind_name(fault.kind));
    if fault.around != 0 {
        let _ = write!(what, " +{}", fault.around);
    }
    let (frame, zone) = match fault.frame {
        0 => (String::from("-"), "-"),
        frame => (format!("{frame:#x}"), zone_name(fault.zone)),
    };
    let (address, cycles) = (fault.address, fault.cycles);
    let mut line = format!(
        "{address:#010x} {access:<6} {what:<23} {frame:<7} {zone:<7} {cycles:>8}  {region}"
    );
    for (flag, note) in [
        (FAULT_STACK, " (stack grew)"),
        (FAULT_MAJOR, " (waited for input)"),
        (FAULT_IN_KERNEL, " (by the kernel)"),
    ] {
        if fault.flags & flag != 0 {
            line.push_str(note);
        }
    }
    line
}

fn zone_name(zone: u32) -> &'static str {
    match zone as usize {
        ZONE_DMA => "DMA",
        ZONE_NORMAL => "Normal",
        ZONE_HIGHMEM => "HighMem",
        _ => "?",
    }
}

/// Faults counted by kind.
#[derive(Default)]
pub struct Costs([Cost; FAULT_KINDS as usize]);

#[derive(Clone, Copy, Default)]
struct Cost {
    faults: u64,
    cycles: u64,
    least: u64,
    most: u64,
}

impl Costs {
    pub fn count(&mut self, fault: &Fault) {
        let Some(cost) = self.0.get_mut(fault.kind as usize) else { return };
        let cycles = fault.cycles;
        cost.least = if cost.faults == 0 { cycles } else { cost.least.min(cycles) };
        cost.most = cost.most.max(cycles);
        cost.faults += 1;
        cost.cycles += cycles;
    }

    /// A table of the kinds that occurred.
    pub fn table(&self) -> String {
        let mut text =
            String::from("what was done            faults    mean cycles  least   most\n");
        let (mut faults, mut cycles) = (0, 0);
        for (kind, cost) in self.0.iter().enumerate().filter(|(_, cost)| cost.faults != 0) {
            let mean = cost.cycles / cost.faults;
            let name = kind_name(kind as u32);
            let _ = writeln!(
                text,
                "{name:<23} {:>7} {mean:>14} {:>6} {:>6}",
                cost.faults, cost.least, cost.most
            );
            faults += cost.faults;
            cycles += cost.cycles;
        }
        let mean = cycles.checked_div(faults).unwrap_or(0);
        let _ = writeln!(text, "{:<23} {faults:>7} {mean:>14}", "all");
        text
    }
}
