//! Page tables as the kernel counts them: what a lost one would be seen by.

use crate::child;
use crate::fault::{PAGE, map, poke, unmap};
use crate::harness::only_on_folio;
use sys::abi::syscall::folio::{OWNER_PAGE_TABLES, Statistics};
use sys::file;
use sys::process;
use sys::statistics::StatisticsRight;
use sys::syscall::{folio, output};
use sys::wait::Status;

tests![each_process_has_a_root_and_its_tables];

/// Bytes below the smallest table.
const APART: u32 = 4 << 20;
const PLACES: u32 = 3;

/// All that are in use.
fn counted() -> u32 {
    let mut statistics = Statistics::default();
    let size = size_of::<Statistics>() as u32;
    // SAFETY: the calls touch no memory but the structure.
    unsafe { folio::drain().and_then(|_| folio::statistics(output(&mut statistics), size)) }
        .expect("drain and statistics");
    statistics.owners[OWNER_PAGE_TABLES]
}

/// Those of a process, but for its root.
fn tables(right: &StatisticsRight, pid: i32) -> u32 {
    right.asker().details(pid).expect("details").space.page_tables
}

pub fn each_process_has_a_root_and_its_tables() {
    only_on_folio("abi::syscall::folio, OWNER_PAGE_TABLES");
    let (ready, say_ready) = file::pipe().expect("pipe");
    let (gate, key) = file::pipe().expect("pipe");
    let right = StatisticsRight::new().expect("the right");
    let area = map(PLACES * APART / PAGE);
    let (before, own) = (counted(), tables(&right, process::id()));
    let pid = child::start(|| {
        (0..PLACES).for_each(|place| poke(area + place * APART, 1));
        say_ready.write_all(b"x").expect("write");
        i32::from(gate.read(&mut [0]) != Ok(1))
    });
    assert_eq!(ready.read(&mut [0]), Ok(1));
    let (during, grown) = (counted(), tables(&right, process::id()) - own);
    let of_child = tables(&right, pid);
    assert!(of_child > own, "{of_child} tables, and {own} without {PLACES} more areas");
    assert_eq!(during, before + grown + 1 + of_child);
    key.write_all(b"x").expect("write");
    assert_eq!(child::wait(pid), Status::Exited(0));
    assert_eq!(counted(), before + grown);
    unmap(area, PLACES * APART / PAGE);
}
