//! `smaps` and `smaps_rollup`: what the pages of each area are.

use super::Subject;
use super::maps::{each_area, line};
use crate::text::{Text, add};
use sys::abi::statistics::{AreaStatistics, AreaUsage};
use sys::{Errno, Result};

/// Fraction bits of proportional sums, and those from bytes to KiB.
const FRACTION_AND_KIB: u32 = 12 + 10;

/// Letters for the flags of areas, by bit; of other bits nothing is known.
const FLAGS: [(u32, &str); 24] = [
    (0, "rd"),
    (1, "wr"),
    (2, "ex"),
    (3, "sh"),
    (4, "mr"),
    (5, "mw"),
    (6, "me"),
    (7, "ms"),
    (8, "gd"),
    (10, "pf"),
    (13, "lo"),
    (14, "io"),
    (15, "sr"),
    (16, "rr"),
    (17, "dc"),
    (18, "de"),
    (20, "ac"),
    (21, "nr"),
    (22, "ht"),
    (23, "sf"),
    (24, "ar"),
    (25, "wf"),
    (26, "dd"),
    (28, "mm"),
];

/// Writes some areas that end above `address`; where to go on.
pub fn smaps(of: &Subject<'_>, address: u64, text: &mut Text) -> Result<Option<u64>> {
    each_area(of, address, |area, name| {
        let usage = match of.kernel.area_usage(of.pid, area.start) {
            Ok(usage) => usage,
            // It has just been unmapped.
            Err(Errno::ENOENT) => return Ok(()),
            Err(why) => return Err(why),
        };
        line(text, area, name);
        add!(text, "Size:           {:8} kB\n", (area.end - area.start) >> 10);
        text.add_bytes(b"KernelPageSize:        4 kB\nMMUPageSize:           4 kB\n");
        sums(text, &usage, false);
        text.add_bytes(b"THPeligible:    0\nVmFlags: ");
        flags(text, area.flags);
        text.add_bytes(b"\n");
        Ok(())
    })
}

fn flags(text: &mut Text, flags: u32) {
    for bit in (0..32).filter(|bit| flags & 1 << bit != 0) {
        let letters = FLAGS.iter().find(|row| row.0 == bit).map_or("??", |row| row.1);
        add!(text, "{letters} ");
    }
}

fn sums(text: &mut Text, usage: &AreaUsage, with_kinds: bool) {
    let mut sum = |label: &str, kib: u64| add!(text, "{label:<16}{kib:8} kB\n");
    sum("Rss:", usage.resident >> 10);
    sum("Pss:", usage.proportional >> FRACTION_AND_KIB);
    sum("Pss_Dirty:", usage.proportional_dirty >> FRACTION_AND_KIB);
    if with_kinds {
        sum("Pss_Anon:", usage.proportional_private >> FRACTION_AND_KIB);
        sum("Pss_File:", usage.proportional_file >> FRACTION_AND_KIB);
        sum("Pss_Shmem:", usage.proportional_shared >> FRACTION_AND_KIB);
    }
    sum("Shared_Clean:", usage.shared_clean >> 10);
    sum("Shared_Dirty:", usage.shared_dirty >> 10);
    sum("Private_Clean:", usage.private_clean >> 10);
    sum("Private_Dirty:", usage.private_dirty >> 10);
    sum("Referenced:", usage.referenced >> 10);
    sum("Anonymous:", usage.anonymous >> 10);
    for label in ["LazyFree:", "AnonHugePages:", "ShmemPmdMapped:", "FilePmdMapped:"] {
        sum(label, 0);
    }
    text.add_bytes(b"Shared_Hugetlb:        0 kB\nPrivate_Hugetlb:       0 kB\n");
    let mut sum = |label: &str, kib: u64| add!(text, "{label:<16}{kib:8} kB\n");
    sum("Swap:", usage.swapped >> 10);
    sum("SwapPss:", usage.swapped >> 10);
    sum("Locked:", usage.locked >> FRACTION_AND_KIB);
}

/// Writes the sums of all areas.
pub fn smaps_rollup(of: &Subject<'_>, text: &mut Text) -> Result<()> {
    let mut all = AreaUsage::default();
    let mut first = None;
    let mut next = Some(0);
    while let Some(address) = next {
        next = each_area(of, address, |area, _| {
            let usage = match of.kernel.area_usage(of.pid, area.start) {
                Err(Errno::ENOENT) => return Ok(()),
                usage => usage?,
            };
            first.get_or_insert(area.start);
            all.end = area.end;
            add_up(&mut all, &usage);
            Ok(())
        })?;
    }
    let range = AreaStatistics { start: first.unwrap_or(0), end: all.end, ..Default::default() };
    line(text, &range, b"[rollup]");
    sums(text, &all, true);
    Ok(())
}

fn add_up(all: &mut AreaUsage, usage: &AreaUsage) {
    all.resident += usage.resident;
    all.proportional += usage.proportional;
    all.proportional_dirty += usage.proportional_dirty;
    all.proportional_private += usage.proportional_private;
    all.proportional_file += usage.proportional_file;
    all.proportional_shared += usage.proportional_shared;
    all.shared_clean += usage.shared_clean;
    all.shared_dirty += usage.shared_dirty;
    all.private_clean += usage.private_clean;
    all.private_dirty += usage.private_dirty;
    all.referenced += usage.referenced;
    all.anonymous += usage.anonymous;
    all.swapped += usage.swapped;
    all.locked += usage.locked;
}
