//! `stat`: times and counters of the machine.

use crate::Kernel;
use crate::text::{Text, add};
use sys::Result;

const SECOND: u64 = 1_000_000_000;

/// Writes the lines.
pub fn stat(kernel: &dyn Kernel, text: &mut Text) -> Result<()> {
    let machine = kernel.machine()?;
    for label in ["cpu ", "cpu0"] {
        let (user, kernel, idle) = (machine.user_ticks, machine.kernel_ticks, machine.idle_ticks);
        add!(text, "{label} {user} 0 {kernel} {idle} 0 0 0 0 0 0\n");
    }
    let lines = machine.interrupts;
    let all = lines.into_iter().fold(0, u32::wrapping_add);
    add!(text, "intr {all}");
    for count in lines {
        add!(text, " {count}");
    }
    let boot = machine.realtime.saturating_sub(machine.monotonic) / SECOND;
    add!(text, "\nctxt {}\nbtime {boot}\nprocesses {}\n", machine.switches, machine.forks);
    add!(text, "procs_running {}\nprocs_blocked 0\n", machine.runnable);
    text.add_bytes(b"softirq 0 0 0 0 0 0 0 0 0 0 0\n");
    Ok(())
}
