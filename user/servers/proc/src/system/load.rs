//! `uptime` and `loadavg`.

use crate::Kernel;
use crate::text::{Text, add};
use sys::Result;
use sys::abi::statistics::{LOAD_BITS, TICKS_PER_SECOND};

const CENTISECOND: u64 = 10_000_000;

/// Writes the seconds since the boot, and those in which nothing ran.
pub fn uptime(kernel: &dyn Kernel, text: &mut Text) -> Result<()> {
    let machine = kernel.machine()?;
    let up = machine.monotonic / CENTISECOND;
    let idle = u64::from(machine.idle_ticks) * 100 / u64::from(TICKS_PER_SECOND);
    add!(text, "{}.{:02} {}.{:02}\n", up / 100, up % 100, idle / 100, idle % 100);
    Ok(())
}

/// Writes the averages, threads that run and that there are, and the id given out last.
pub fn loadavg(kernel: &dyn Kernel, text: &mut Text) -> Result<()> {
    let machine = kernel.machine()?;
    // Rounded to hundredths.
    let half = (1 << LOAD_BITS) / 200;
    for average in machine.load {
        let rounded = average + half;
        let hundredths = ((rounded & ((1 << LOAD_BITS) - 1)) * 100) >> LOAD_BITS;
        add!(text, "{}.{hundredths:02} ", rounded >> LOAD_BITS);
    }
    add!(text, "{}/{} {}\n", machine.runnable, machine.threads, machine.last_id);
    Ok(())
}
