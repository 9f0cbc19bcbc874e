//! `ps`: the processes, with their memory and processor time. By `int 0x81`.

#![no_std]
#![no_main]

use sys::abi::Plain;
use sys::abi::UserMutPtr;
use sys::abi::syscall::folio::ProcessStatistics;
use sys::syscall::{folio, pointer_mut};
use sys::{eprintln, println};

sys::entry!(main);

/// Clock ticks in a second.
const TICKS: u32 = 100;

fn main() -> i32 {
    println!("  PID  PPID  PGRP S THR      RSS     SIZE     TIME NAME");
    let mut entries = [ProcessStatistics::ZERO; 32];
    let mut after = 0;
    loop {
        let target = UserMutPtr::new(pointer_mut(&mut entries));
        // SAFETY: the array is ours and that large.
        let written = unsafe { folio::processes(after, target, size_of_val(&entries) as u32) };
        let count = match written {
            Ok(bytes) => bytes as usize / size_of::<ProcessStatistics>(),
            Err(error) => {
                eprintln!("ps: {error}");
                return 1;
            }
        };
        let found = entries.get(..count).unwrap_or_default();
        let Some(last) = found.last() else { return 0 };
        after = last.pid;
        found.iter().for_each(show);
    }
}

fn show(process: &ProcessStatistics) {
    let seconds = process.user_ticks.saturating_add(process.kernel_ticks) / TICKS;
    let state = char::from_u32(process.state).unwrap_or('?');
    let kib = |pages: u32| u64::from(pages) * 4;
    let name = process.name.split(|&byte| byte == 0).next().unwrap_or_default();
    println!(
        "{:5} {:5} {:5} {state} {:3} {:8} {:8} {:5}:{:02} {}",
        { process.pid },
        { process.parent },
        { process.group },
        { process.threads },
        kib(process.resident),
        kib(process.pages),
        seconds / 60,
        seconds % 60,
        name.escape_ascii(),
    );
}
