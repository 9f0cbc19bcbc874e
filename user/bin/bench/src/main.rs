//! Measures what the kernel's services cost, in processor ticks.
//!
//! The same file runs on Folio and on Linux. Under QEMU's `-icount shift=0` a tick is an
//! instruction, and every run gives the same numbers.
//!
//! `bench [NAME...]` measures the rows with these names; a name that no row has stands for all that
//! contain it; without any, all are measured. A line of output is `NAME TICKS FAULTS`, both for one
//! operation.
//!
//! Behind an argument `--rows` are the only names: what Linux hands its init begins with words of
//! the kernel's command line. `--mark NAME` before it does that row for a profiler: in few
//! operations, with marks around them.

#![no_std]
#![no_main]

mod anonymous;
mod calls;
mod cow;
mod files;
mod machine;
mod messages;
mod meter;
mod pages;
mod processes;
mod ranges;
mod regions;
mod row;
mod signals;

use row::Row;
use sys::{env, io, println};

sys::entry!(main);

/// Every row, family by family, in the order they run.
const FAMILIES: [&[Row]; 10] = [
    machine::ROWS,
    calls::ROWS,
    anonymous::ROWS,
    files::ROWS,
    cow::ROWS,
    ranges::ROWS,
    regions::ROWS,
    processes::ROWS,
    signals::ROWS,
    messages::ROWS,
];

fn main() -> i32 {
    // What `fork_exec_self` starts.
    let first = env::args().nth(1);
    if first.is_some() && first == processes::ONLY_EXIT.strip_suffix(b"\0") {
        return 0;
    }
    let border = env::args().position(|argument| argument == b"--rows").unwrap_or(0);
    let names = env::args().skip(border + 1);
    let all = names.clone().next().is_none();
    let mut options = env::args().take(border).skip_while(|argument| argument != b"--mark");
    let marked = options.nth(1);
    let rows = || FAMILIES.into_iter().flatten();
    let named = || processes::OF_OTHERS.iter();
    let is_row = |name: &[u8]| rows().chain(named()).any(|row| row.name.as_bytes() == name);
    let means = |name: &[u8], row: &Row| {
        let own = row.name.as_bytes();
        if is_row(name) { own == name } else { contains(own, name) }
    };
    let wanted = |row: &&Row| all || names.clone().any(|name| means(name, row));
    let mut status = 2;
    // Those that need more than this program run only when somebody asks for them by name.
    let asked = |row: &&Row| names.clone().any(|name| row.name.as_bytes() == name);
    for row in rows().filter(wanted).chain(named().filter(asked)) {
        status = if status == 2 { 0 } else { status };
        match row.measure(marked == Some(row.name.as_bytes())) {
            Ok(figures) => println!("{} {figures}", row.name),
            Err(error) => {
                println!("{} failed: {error:?}", row.name);
                status = 1;
            }
        }
        // The interrupts of this line must not fall into the next row.
        drain_output();
    }
    status
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    part.is_empty() || text.windows(part.len()).any(|window| window == part)
}

/// Waits until the terminal, if standard output is one, has sent everything.
fn drain_output() {
    const TCSBRK: u32 = 0x5409;
    // SAFETY: with argument 1 the call only waits.
    let _ = unsafe { sys::syscall::linux::ioctl(io::STDOUT.0, TCSBRK, 1) };
}
