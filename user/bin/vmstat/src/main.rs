//! `vmstat [DELAY [COUNT]]`: memory, faults, switches and processor time, from `/proc`. The first line
//! is about all the time since the boot; with a delay in seconds, each next one about that.

#![no_std]
#![no_main]

use core::time::Duration;
use figures::{Counters, Table, number};
use sys::abi::statistics::TICKS_PER_SECOND;
use sys::{Result, env, eprintln, file, println, time};

sys::entry!(main);

/// Lines between two headings.
const PAGE: u64 = 20;

fn main() -> i32 {
    let mut numbers = env::args().skip(1).map(number);
    let (delay, count) = match (numbers.next(), numbers.next(), numbers.next()) {
        (None, _, _) => (0, 1),
        (Some(Some(delay @ 1..)), None, _) => (delay, u64::MAX),
        (Some(Some(delay @ 1..)), Some(Some(count @ 1..)), None) => (delay, count),
        _ => {
            eprintln!("usage: vmstat [DELAY [COUNT]]");
            return 2;
        }
    };
    let mut before = Counters::default();
    for line in 0..count {
        if line.is_multiple_of(PAGE) {
            println!("procs ------------memory------------ ---------system-------- ----cpu----");
            println!(" r  ps     free   cached     anon    flt/s    in/s    cs/s  us  sy  id");
        }
        match show(&before) {
            Ok(now) => before = now,
            Err(why) => {
                eprintln!("vmstat: /proc: {why}");
                return 1;
            }
        }
        if line + 1 < count {
            time::sleep(Duration::from_secs(delay));
        }
    }
    0
}

/// Prints a line; what it was made of.
fn show(before: &Counters) -> Result<Counters> {
    let (stat, vmstat) = (file::read("/proc/stat")?, file::read("/proc/vmstat")?);
    let (meminfo, load) = (file::read("/proc/meminfo")?, file::read("/proc/loadavg")?);
    let now = Counters::parse(&stat, &vmstat);
    let rates = now.since(before, TICKS_PER_SECOND.into());
    let memory = Table::new(&meminfo);
    // Running and all threads are the fourth word, as in 1/57.
    let threads = load.split(|byte| *byte == b' ').nth(3);
    let threads = threads.and_then(|word| word.split(|byte| *byte == b'/').nth(1));
    println!(
        "{:2} {:3} {:8} {:8} {:8} {:8} {:7} {:7} {:3} {:3} {:3}",
        now.running,
        threads.and_then(number).unwrap_or(0),
        memory.get("MemFree"),
        memory.get("Cached"),
        memory.get("AnonPages"),
        rates.faults,
        rates.interrupts,
        rates.switches,
        rates.user,
        rates.system,
        rates.idle,
    );
    Ok(now)
}
