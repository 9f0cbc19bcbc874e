//! `free`: how much memory there is, zone by zone, and what holds it. By `int 0x81`.

#![no_std]
#![no_main]

use sys::abi::syscall::folio::{OWNER_NAMES, Statistics};
use sys::syscall::{folio, output};
use sys::{eprintln, println};

sys::entry!(main);

/// KiB in a page.
const PAGE: u32 = 4;

fn main() -> i32 {
    let mut statistics = Statistics::default();
    let size = size_of::<Statistics>() as u32;
    // SAFETY: the structure is ours and that large.
    if let Err(error) = unsafe { folio::statistics(output(&mut statistics), size) } {
        eprintln!("free: {error}");
        return 1;
    }
    println!("KiB           total       used       free");
    let zones = ["DMA", "normal", "high"].into_iter().zip(statistics.zones);
    let (mut total, mut free) = (0, 0);
    for (name, zone) in zones.filter(|(_, zone)| zone.managed > 0) {
        line(name, zone.managed, zone.free);
        total += zone.managed;
        free += zone.free;
    }
    line("all", total, free);
    println!();
    for (name, pages) in OWNER_NAMES.iter().zip(statistics.owners) {
        if pages > 0 {
            println!("{name:<12}{:>23}", u64::from(pages) * u64::from(PAGE));
        }
    }
    0
}

fn line(name: &str, total: u32, free: u32) {
    let kib = |pages: u32| u64::from(pages) * u64::from(PAGE);
    let used = kib(total).saturating_sub(kib(free));
    println!("{name:<8}{:>11}{used:>11}{:>11}", kib(total), kib(free));
}
