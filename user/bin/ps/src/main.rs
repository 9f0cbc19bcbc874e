//! `ps`: the processes, with their memory and processor time, from `/proc`. `ps -t [DELAY [COUNT]]`:
//! again and again, those first that have used the processor most since the last time.

#![no_std]
#![no_main]

extern crate alloc;

mod list;

use alloc::vec::Vec;
use core::time::Duration;
use figures::number;
use list::{Row, rows};
use sys::io::STDOUT;
use sys::options::Options;
use sys::{Result, env, eprintln, file, println, terminal, time};

sys::entry!(main);

/// `USER_HZ`.
const TICKS_PER_SECOND: u64 = 100;
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
    rows()?.iter().for_each(show);
    Ok(())
}

fn show(row: &Row) {
    let seconds = row.ticks / TICKS_PER_SECOND;
    println!(
        "{:5} {:5} {:5} {} {:3} {:8} {:8} {:5}:{:02} {}",
        row.pid,
        row.parent,
        row.group,
        char::from(row.state),
        row.threads,
        row.resident,
        row.size,
        seconds / 60,
        seconds % 60,
        row.name.escape_ascii(),
    );
}

/// Screens of those that use the processor.
fn again(delay: u64, count: u64) -> Result<()> {
    let size = terminal::window_size(STDOUT).ok();
    let lines = size.map_or(0, |size| usize::from(size.row));
    let lines = if lines < 4 { LINES } else { lines };
    let mut before: Vec<Row> = Vec::new();
    for screen in 0..count {
        let now = rows()?;
        let mut order: Vec<(u64, &Row)> =
            now.iter().map(|row| (row.ticks - row.ticks.min(used(&before, row)), row)).collect();
        order.sort_by(|one, next| next.0.cmp(&one.0).then(one.1.pid.cmp(&next.1.pid)));
        if size.is_some() {
            sys::print!("{CLEAR}");
        }
        let load = file::read("/proc/loadavg")?;
        println!("{} processes, load {}", now.len(), load.trim_ascii().escape_ascii());
        println!("  PID S THR %CPU      RSS     TIME NAME");
        for (ticks, row) in order.into_iter().take(lines.saturating_sub(3)) {
            let time = if screen == 0 { 0 } else { delay * TICKS_PER_SECOND };
            let percent = (ticks * 100).checked_div(time).unwrap_or(0);
            let seconds = row.ticks / TICKS_PER_SECOND;
            println!(
                "{:5} {} {:3} {percent:4} {:8} {:5}:{:02} {}",
                row.pid,
                char::from(row.state),
                row.threads,
                row.resident,
                seconds / 60,
                seconds % 60,
                row.name.escape_ascii(),
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
fn used(before: &[Row], row: &Row) -> u64 {
    let same = |old: &&Row| old.pid == row.pid && old.started == row.started;
    before.iter().find(same).map_or(0, |old| old.ticks)
}
