//! First touches of anonymous memory.

use crate::meter::Meter;
use crate::pages::{Pages, RW};
use crate::row::Row;
use sys::Result;
use sys::abi::memory::*;

pub const ROWS: &[Row] = &[
    Row { name: "anon_write_fault", run: |meter| write_fault(meter, PAGES) },
    Row { name: "anon_read_fault", run: read_fault },
    Row { name: "anon_write_after_read", run: write_after_read },
    Row { name: "anon_populate", run: populate },
    Row { name: "anon_munmap_64m", run: unmap },
    // More than low memory has.
    Row { name: "highmem_touch", run: |meter| write_fault(meter, 256 << 10) },
];

/// 64 MiB.
const PAGES: u32 = 16 << 10;

fn write_fault(meter: &mut Meter, count: u32) -> Result<()> {
    let count = meter.count(count);
    let pages = Pages::anonymous(count)?;
    meter.time(count, || pages.write_all());
    Ok(())
}

fn read_fault(meter: &mut Meter) -> Result<()> {
    let count = meter.count(PAGES);
    let pages = Pages::anonymous(count)?;
    meter.time(count, || (0..count).for_each(|page| pages.read(page)));
    Ok(())
}

fn write_after_read(meter: &mut Meter) -> Result<()> {
    let count = meter.count(PAGES);
    let pages = Pages::anonymous(count)?;
    (0..count).for_each(|page| pages.read(page));
    meter.time(count, || pages.write_all());
    Ok(())
}

fn populate(meter: &mut Meter) -> Result<()> {
    let count = meter.count(PAGES);
    let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE;
    meter.time(count, || Pages::map(count, RW, flags, -1)).map(drop)
}

fn unmap(meter: &mut Meter) -> Result<()> {
    let count = meter.count(PAGES);
    let pages = Pages::anonymous(count)?;
    pages.write_all();
    meter.time(count, || pages.unmap())
}
