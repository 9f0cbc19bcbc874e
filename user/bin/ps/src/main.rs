//! `ps`: the processes, with their memory and processor time, from `/proc`. `ps -t [DELAY [COUNT]]`:
//! again and again, those first that have used the processor most since the last time.

#![no_std]
#![no_main]

extern crate alloc;

mod list;

use alloc::vec::Vec;
use core::time::Duration;
use figures::{Process, number};
use list::processes;
use sys::abi::statistics::TICKS_PER_SECOND;
use sys::io::STDOUT;
use sys::options::Options;
use sys::{Result, env, eprintln, file, println, terminal, time};

sys::entry!(main);

const SECOND: u64 = TICKS_PER_SECOND as u64;
const PAGE_KIB: u64 = 4;
/// Lines of a screen whose size nobody knows.
const LINES: usize = 24;
/// Seconds between two screens, unless one says otherwise.
const DELAY: u64 = 2;
/// Clears a terminal and goes to its first place.
const CLEAR: &str = "\x1b[H\x1b[J";

fn main() -> i32 {
    let options = Options::parse(env::args().skip(1), "t").ok();
    let shown = match options.as_ref().map(|options| (options.has(b't'), &options.operands[..])) {
        Some((false, [])) => once(),
        Some((true, [])) => again(DELAY, u64::MAX),
        Some((true, [delay])) if number(delay) > Some(0) => {
            again(number(delay).unwrap_or(DELAY), u64::MAX)
        }
        Some((true, [delay, count])) if number(delay) > Some(0) && number(count) > Some(0) => {
            again(number(delay).unwrap_or(DELAY), number(count).unwrap_or(1))
        }
        _ => {
            eprintln!("usage: ps [-t [DELAY [COUNT]]]");
            return 2;
        }
    };
    match shown {
        Ok(()) => 0,
        Err(why) => {
            eprintln!("ps: /proc: {why}");
            1
        }
    }
}

fn once() -> Result<()> {
    println!("  PID  PPID  PGRP S THR      RSS     SIZE     TIME NAME");
    processes()?.iter().for_each(show);
    Ok(())
}

fn show(process: &Process) {
    let seconds = process.ticks / SECOND;
    println!(
        "{:5} {:5} {:5} {} {:3} {:8} {:8} {:5}:{:02} {}",
        process.pid,
        process.parent,
        process.group,
        char::from(process.state),
        process.threads,
        process.resident * PAGE_KIB,
        process.size >> 10,
        seconds / 60,
        seconds % 60,
        process.name.escape_ascii(),
    );
}

/// Screens of those that use the processor.
fn again(delay: u64, count: u64) -> Result<()> {
    let size = terminal::window_size(STDOUT).ok();
    let lines = size.map_or(0, |size| usize::from(size.row));
    let lines = if lines < 4 { LINES } else { lines };
    let mut before: Vec<Process> = Vec::new();
    for screen in 0..count {
        let now = processes()?;
        let since = |process: &Process| process.ticks.saturating_sub(used(&before, process));
        let mut order: Vec<(u64, &Process)> =
            now.iter().map(|process| (since(process), process)).collect();
        order.sort_by(|one, next| next.0.cmp(&one.0).then(one.1.pid.cmp(&next.1.pid)));
        if size.is_some() {
            sys::print!("{CLEAR}");
        }
        let load = file::read("/proc/loadavg")?;
        println!("{} processes, load {}", now.len(), load.trim_ascii().escape_ascii());
        println!("  PID S THR %CPU      RSS     TIME NAME");
        for (ticks, process) in order.into_iter().take(lines.saturating_sub(3)) {
            let time = if screen == 0 { 0 } else { delay * SECOND };
            let percent = (ticks * 100).checked_div(time).unwrap_or(0);
            let seconds = process.ticks / SECOND;
            println!(
                "{:5} {} {:3} {percent:4} {:8} {:5}:{:02} {}",
                process.pid,
                char::from(process.state),
                process.threads,
                process.resident * PAGE_KIB,
                seconds / 60,
                seconds % 60,
                process.name.escape_ascii(),
            );
        }
        before = now;
        if screen + 1 < count {
            time::sleep(Duration::from_secs(delay));
        }
    }
    Ok(())
}

/// What a process had used at the last screen.
fn used(before: &[Process], process: &Process) -> u64 {
    let same = |old: &&Process| old.pid == process.pid && old.started == process.started;
    before.iter().find(same).map_or(0, |old| old.ticks)
}
