//! The same verbs in a process with many areas.

use crate::meter::Meter;
use crate::pages::{Pages, RW};
use crate::row::Row;
use sys::Result;
use sys::abi::memory::{MAP_ANONYMOUS, MAP_PRIVATE, PROT_EXEC, PROT_READ};

pub const ROWS: &[Row] = &[
    Row { name: "vma_fault_1", run: |meter| fault(meter, 1) },
    Row { name: "vma_fault_100", run: |meter| fault(meter, 100) },
    Row { name: "vma_fault_1000", run: |meter| fault(meter, 1000) },
    Row { name: "vma_fault_10000", run: |meter| fault(meter, 10_000) },
    Row { name: "vma_fault_60000", run: |meter| fault(meter, 60_000) },
    Row { name: "vma_mmap_1", run: |meter| map(meter, 1) },
    Row { name: "vma_mmap_1000", run: |meter| map(meter, 1000) },
    Row { name: "vma_mmap_60000", run: |meter| map(meter, 60_000) },
    Row { name: "vma_split_60000", run: |meter| split(meter, 60_000) },
    Row { name: "vma_munmap_60000", run: |meter| unmap(meter, 60_000) },
];

/// Goes through any number of regions or pages up to 60,000 that is no multiple of it.
const STRIDE: u32 = 7919;
/// Pages under one page table of the format with the smaller ones.
const PER_TABLE: u32 = 512;

/// `count` neighbouring areas of `each` pages, RW and RWX by turns so that none join.
fn regions(count: u32, each: u32) -> Result<Pages> {
    let pages = Pages::hole(count * each)?;
    for region in 0..count {
        pages.fill(region * each, each, if region % 2 == 0 { RW } else { RW | PROT_EXEC })?;
    }
    Ok(pages)
}

/// First writes in scattered order, with the page tables there already.
fn fault(meter: &mut Meter, count: u32) -> Result<()> {
    let pages = regions(count, (8192 / count).max(1))?;
    let total = pages.count;
    let brings_table = |page: u32| page % PER_TABLE == PER_TABLE - 1;
    (0..total).filter(|page| brings_table(*page)).for_each(|page| pages.write(page));
    meter.time(total - total / PER_TABLE, || {
        let mut page = 0;
        for _ in 0..total {
            if !brings_table(page) {
                pages.write(page);
            }
            page += STRIDE;
            page = if page >= total { page % total } else { page };
        }
    });
    Ok(())
}

/// A page mapped and unmapped where the kernel chooses. Its protection keeps it from joining one.
fn map(meter: &mut Meter, count: u32) -> Result<()> {
    let _regions = regions(count, 1)?;
    let count = meter.count(1000);
    let flags = MAP_PRIVATE | MAP_ANONYMOUS;
    meter.time(count, || (0..count).try_for_each(|_| Pages::map(1, PROT_READ, flags, -1).map(drop)))
}

/// The middle page of three becomes an area and joins the others again.
fn split(meter: &mut Meter, count: u32) -> Result<()> {
    let pages = regions(count, 3)?;
    let pairs = meter.count(2000);
    let mut region = 0;
    meter.time(2 * pairs, || {
        (0..pairs).try_for_each(|_| {
            region = (region + STRIDE) % count;
            let (middle, usual) =
                (region * 3 + 1, if region % 2 == 0 { RW } else { RW | PROT_EXEC });
            pages.protect(middle, 1, PROT_READ)?;
            pages.protect(middle, 1, usual)
        })
    })
}

/// All of them at once, each one an operation.
fn unmap(meter: &mut Meter, count: u32) -> Result<()> {
    let pages = regions(count, 1)?;
    meter.time(count, || pages.unmap())
}
