use super::*;
use crate::addr::PhysAddr;
use crate::layout::Split;
use proptest::prelude::*;
use std::vec::Vec;

const MIB: u64 = 1 << 20;

fn region(start: u64, bytes: u64, is_ram: bool) -> Region {
    Region { start: PhysAddr::new(start), bytes, is_ram }
}

fn map(regions: &[Region]) -> MemoryMap {
    MemoryMap::new(regions.iter().copied())
}

fn frames(map: &MemoryMap) -> Vec<(u32, u32)> {
    map.frames().map(|range| (range.start().as_u32(), range.end().as_u32())).collect()
}

/// What QEMU's `pc` reports with `-m`, below 3 GiB.
fn pc(mib: u64) -> MemoryMap {
    map(&[
        region(0, 0x9_fc00, true),
        region(0x9_fc00, 0x400, false),
        region(0xf_0000, 0x1_0000, false),
        region(MIB, mib * MIB - MIB - 0x2_0000, true),
        region(mib * MIB - 0x2_0000, 0x2_0000, false),
    ])
}

fn range(start: u32, end: u32) -> FrameRange {
    FrameRange::new(Pfn::new(start), Pfn::new(end)).unwrap()
}

#[test]
fn frames_are_cut_inwards_and_sorted() {
    let map = map(&[region(0x10_0800, 0x2000, true), region(0, 0x9_fc00, true)]);
    assert_eq!(frames(&map), [(0, 0x9f), (0x101, 0x102)]);
    assert_eq!(map.max_pfn(), Pfn::new(0x102));
}

#[test]
fn neighbours_that_meet_inside_a_frame_keep_it() {
    let map = map(&[region(0, 0x1800, true), region(0x1800, 0x1800, true)]);
    assert_eq!(frames(&map), [(0, 3)]);
}

#[test]
fn reserved_wins_in_any_order() {
    let hole = region(0x3000, 0x1000, false);
    let ram = region(0, 0x8000, true);
    for order in [[hole, ram], [ram, hole]] {
        assert_eq!(frames(&map(&order)), [(0, 3), (4, 8)]);
    }
}

#[test]
fn entries_that_wrap_or_cannot_be_named_are_counted_as_lost() {
    let map = map(&[region(u64::MAX - 0xfff, u64::MAX, true), region(0, 0x2000, true)]);
    assert_eq!(frames(&map), [(0, 2)]);
    assert_eq!(map.lost(), 0xfff);
}

#[test]
fn without_pae_memory_above_four_gib_is_cut_and_announced() {
    let mut map = map(&[region(0, 3 << 30, true), region(1 << 32, 5 << 30, true)]);
    assert_eq!(map.cut(Pfn::new(TWO_LEVEL_FRAMES)), 5 << 30);
    assert_eq!(map.max_pfn(), Pfn::new(3 << 18));
    assert_eq!(map.cut(Pfn::new(TWO_LEVEL_FRAMES)), 0);
}

#[test]
fn more_ranges_than_the_table_holds_are_counted_as_lost() {
    let many: Vec<Region> =
        (0..MAX_RANGES as u64 + 3).map(|i| region(i * 0x2000, 0x1000, true)).collect();
    let map = map(&many);
    assert_eq!(map.frames().count(), MAX_RANGES);
    assert_eq!(map.lost(), 3 * 0x1000);
}

#[test]
fn low_memory_ends_at_896_mib_or_where_memory_does() {
    let max_low = Split::THREE_G.max_low_memory();
    let small = LowHigh::new(&pc(128), max_low, None, &[]);
    assert_eq!((small.max_low_pfn, small.max_pfn), (small.max_pfn, Pfn::new((128 << 8) - 32)));
    let large = LowHigh::new(&pc(2048), max_low, None, &[]);
    assert_eq!(large.max_low_pfn, Pfn::new(896 << 8));
}

#[test]
fn highmem_takes_from_the_top_unless_too_little_stays_low() {
    let max_low = Split::THREE_G.max_low_memory();
    let kept = [range(0x100, 0x100 + (8 << 8))];
    let get = |mib: u64| LowHigh::new(&pc(128), max_low, Some(mib * MIB), &kept);
    let forced = get(48);
    assert_eq!(forced.max_pfn.as_u32() - forced.max_low_pfn.as_u32(), 48 << 8);
    assert!(!forced.refused);
    // 128 MiB less 103 is 25: sixteen, the kernel's eight and one of `mem_map`, but for the hole
    // below 1 MiB.
    assert!(get(103).refused && !get(102).refused);
    assert_eq!(get(103).max_low_pfn, get(103).max_pfn);
    assert!(get(u64::MAX >> 20).refused);
    // An archive at the top would not stay low.
    let high = [range(100 << 8, 110 << 8)];
    assert!(LowHigh::new(&pc(128), max_low, Some(48 * MIB), &high).refused);
}

#[test]
fn highmem_smaller_than_what_is_high_anyway_changes_nothing() {
    let split = LowHigh::new(&pc(2048), Split::THREE_G.max_low_memory(), Some(MIB), &[]);
    assert_eq!((split.max_low_pfn, split.refused), (Pfn::new(896 << 8), false));
}

#[test]
fn what_no_frame_can_name_is_counted_to_the_end() {
    let map = map(&[region(1 << 63, u64::MAX, true), region(LIMIT, u64::MAX, true)]);
    assert_eq!((map.bytes(), map.lost()), (0, u64::MAX));
}

proptest! {
    #[test]
    fn agrees_with_a_byte_map(
        entries in prop::collection::vec((0u64..64, 0u64..24, prop::bool::weighted(0.7)), 0..16),
        limit in 0u32..20,
    ) {
        // One unit is a quarter of a frame.
        let mut model = [false; 96];
        for ram in [true, false] {
            for &(start, len, is_ram) in entries.iter().filter(|entry| entry.2 == ram) {
                model[start as usize..(start + len) as usize].fill(is_ram);
            }
        }
        let unit = 1024;
        let regions: Vec<Region> =
            entries.iter().map(|&(start, len, ram)| region(start * unit, len * unit, ram)).collect();
        let mut map = map(&regions);
        // A frame counts if one merged range holds all four quarters, that is if all are set.
        let is_frame = |frame: usize| model[frame * 4..frame * 4 + 4].iter().all(|&ram| ram);
        let mut found = [false; 24];
        for range in map.frames() {
            for frame in range.frames() {
                prop_assert!(!found[frame.as_u32() as usize]);
                found[frame.as_u32() as usize] = true;
            }
        }
        for (frame, &is_found) in found.iter().enumerate() {
            prop_assert_eq!(is_found, is_frame(frame));
        }
        let below = (0..limit as usize).filter(|&frame| is_frame(frame)).count() as u32;
        prop_assert_eq!(map.frames_below(Pfn::new(limit)), below);
        map.cut(Pfn::new(limit));
        prop_assert_eq!(map.frames_below(Pfn::new(100)), below);
        prop_assert!(map.max_pfn() <= Pfn::new(limit));
    }
}
