//! Mapping, unmapping, protecting, moving and growing ranges.

use crate::meter::Meter;
use crate::pages::{Pages, RW};
use crate::row::Row;
use sys::abi::memory::*;
use sys::syscall::linux;
use sys::{Errno, Result};

pub const ROWS: &[Row] = &[
    Row { name: "mmap_munmap_4k", run: |meter| map_unmap(meter, 1) },
    Row { name: "mmap_munmap_1m", run: |meter| map_unmap(meter, MIB) },
    Row { name: "mmap_touch_munmap_1m", run: map_touch_unmap },
    Row { name: "munmap_1m_touched", run: unmap_touched },
    Row { name: "mprotect_alone", run: protect_alone },
    Row { name: "mprotect_split", run: protect_split },
    Row { name: "mremap_move_64k", run: |meter| remap(meter, 16) },
    Row { name: "mremap_move_1m", run: |meter| remap(meter, MIB) },
    Row { name: "brk_64p", run: |meter| brk(meter, false) },
    Row { name: "brk_64p_touched", run: |meter| brk(meter, true) },
];

/// Pages of a MiB.
const MIB: u32 = 256;

fn map_unmap(meter: &mut Meter, pages: u32) -> Result<()> {
    let count = meter.count(1000);
    meter.time(count, || (0..count).try_for_each(|_| Pages::anonymous(pages).map(drop)))
}

fn map_touch_unmap(meter: &mut Meter) -> Result<()> {
    let count = meter.count(64);
    meter.time(count, || {
        (0..count).try_for_each(|_| {
            Pages::anonymous(MIB)?.write_all();
            Ok(())
        })
    })
}

fn unmap_touched(meter: &mut Meter) -> Result<()> {
    for _ in 0..meter.count(64) {
        let pages = Pages::anonymous(MIB)?;
        pages.write_all();
        meter.time(1, || pages.unmap())?;
    }
    Ok(())
}

/// A touched page between two that can never join it.
fn protect_alone(meter: &mut Meter) -> Result<()> {
    let pages = Pages::map(3, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1)?;
    pages.protect(1, 1, RW)?;
    pages.write(1);
    toggle(meter, &pages)
}

/// The middle one of three touched pages, so that areas split and join.
fn protect_split(meter: &mut Meter) -> Result<()> {
    let pages = Pages::anonymous(3)?;
    pages.write_all();
    toggle(meter, &pages)
}

fn toggle(meter: &mut Meter, pages: &Pages) -> Result<()> {
    let pairs = meter.count(500);
    meter.time(2 * pairs, || {
        (0..pairs).try_for_each(|_| {
            pages.protect(1, 1, PROT_READ)?;
            pages.protect(1, 1, RW)
        })
    })
}

/// Touched pages there and back.
fn remap(meter: &mut Meter, count: u32) -> Result<()> {
    let (here, there) = (Pages::anonymous(count)?, Pages::hole(count)?);
    here.write_all();
    let go = |from: &Pages, to: &Pages| {
        let (length, flags) = (from.length(), MREMAP_MAYMOVE | MREMAP_FIXED);
        // SAFETY: both ranges belong to this row.
        unsafe { linux::mremap(from.address, length, length, flags, to.address) }.map(drop)
    };
    let pairs = meter.count(200);
    meter.time(2 * pairs, || {
        (0..pairs).try_for_each(|_| {
            go(&here, &there)?;
            go(&there, &here)
        })
    })
}

/// The break 64 pages up and down again.
fn brk(meter: &mut Meter, touched: bool) -> Result<()> {
    let set = |address: u32| {
        // SAFETY: the heap of libsys lies elsewhere.
        let now = unsafe { linux::brk(address) }?;
        if address == 0 || now == address { Ok(now) } else { Err(Errno::ENOMEM) }
    };
    let start = set(0)?;
    let grown = Pages { address: start.next_multiple_of(PAGE_SIZE), count: 64 };
    let end = grown.page(grown.count);
    let count = meter.count(if touched { 64 } else { 1000 });
    let result = meter.time(count, || {
        (0..count).try_for_each(|_| {
            set(end)?;
            if touched {
                grown.write_all();
            }
            set(start).map(drop)
        })
    });
    // The kernel owns the range.
    core::mem::forget(grown);
    result
}
