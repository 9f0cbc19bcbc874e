use super::*;
use proptest::prelude::*;
use std::vec::Vec;

const MIB: u32 = 256;

fn present(low: u32, high: u32) -> [u32; ZONES] {
    [16 * MIB, low - 16 * MIB, high]
}

fn marks(low: u32, high: u32) -> [Marks; ZONES] {
    zone_marks(present(low, high), min_free_kbytes(low * 4))
}

fn three(marks: Marks) -> (u32, u32, u32) {
    (marks.min, marks.low, marks.high)
}

#[test]
fn marks_are_linuxs_for_256_mib() {
    assert_eq!(min_free_kbytes(256 * 1024), 2048);
    let marks = marks(256 * MIB, 0);
    assert_eq!(three(marks[NORMAL]), (480, 600, 720));
    assert_eq!(three(marks[DMA]), (32, 40, 48));
    assert_eq!(marks[DMA].reserve[NORMAL], 240);
    assert_eq!(three(marks[HIGHMEM]), (0, 0, 0));
}

#[test]
fn marks_are_linuxs_for_1_gib() {
    assert_eq!(min_free_kbytes(896 * 1024), 3831);
    let marks = marks(896 * MIB, 128 * MIB);
    assert_eq!(three(marks[NORMAL]), (939, 1173, 1408));
    assert_eq!(three(marks[HIGHMEM]), (32, 40, 48));
    assert_eq!(marks[NORMAL].reserve, [0, 0, 1024]);
    assert_eq!(marks[DMA].reserve, [0, 880, 1008]);
    assert_eq!(marks[HIGHMEM].reserve, [0, 0, 0]);
}

#[test]
fn marks_are_linuxs_for_large_machines() {
    for (gib, high_marks, reserve) in [
        (4, (128, 160, 192), 25600),
        (16, (128, 160, 192), 123_904),
        (64, (128, 160, 192), 517_120),
    ] {
        let marks = marks(896 * MIB, (gib * 1024 - 896) * MIB);
        assert_eq!(three(marks[NORMAL]), (939, 1173, 1408));
        assert_eq!(three(marks[HIGHMEM]), high_marks);
        assert_eq!(marks[NORMAL].reserve[HIGHMEM], reserve);
    }
}

#[test]
fn the_smallest_and_the_largest_machine_are_clamped() {
    assert_eq!(min_free_kbytes(0), 128);
    assert_eq!(min_free_kbytes(u32::MAX), 65536);
    assert_eq!(zone_marks([0; ZONES], 128).map(three), [(0, 0, 0); ZONES]);
}

#[test]
fn zones_of_machines_with_less_than_they_could_have() {
    let ranges = |low, max| {
        let memory = LowHigh { max_low_pfn: Pfn::new(low), max_pfn: Pfn::new(max), refused: false };
        zone_ranges(memory).map(FrameRange::len)
    };
    assert_eq!(ranges(0x800, 0x800), [0x800, 0, 0]);
    assert_eq!(ranges(0x2000, 0x2000), [0x1000, 0x1000, 0]);
    assert_eq!(ranges(0x2000, 0x5000), [0x1000, 0x1000, 0x3000]);
}

fn range(start: u32, len: u32) -> FrameRange {
    FrameRange::with_len(Pfn::new(start), len).unwrap()
}

#[test]
fn memory_is_cut_to_the_zone_and_marked() {
    let pages: Vec<Page> = (0..100).map(|_| Page::reserved()).collect();
    let mut zone = Zone::new(range(10, 80), 70);
    zone.add_memory(&pages, HIGHMEM, range(0, 20));
    zone.add_memory(&pages, HIGHMEM, range(95, 5));
    assert_eq!((zone.present, zone.managed(), zone.buddy.free_frames()), (70, 10, 10));
    assert!(pages[10].has(PageFlags::HIGHMEM) && pages[10].zone() == HIGHMEM);
    assert!(pages[9].has(PageFlags::RESERVED) && pages[20].has(PageFlags::RESERVED));
    assert!(!pages[12].has(PageFlags::RESERVED));
}

/// A zone with `free` single frames, none of which can be merged.
fn crumbs(free: u32, marks: Marks) -> Zone {
    let pages: Vec<Page> = (0..2 * free).map(|_| Page::reserved()).collect();
    let mut zone = Zone::new(range(0, 2 * free), 2 * free);
    (0..free).for_each(|n| zone.add_memory(&pages, NORMAL, range(2 * n, 1)));
    zone.marks = marks;
    zone
}

fn marks_of(min: u32, reserve: u32) -> Marks {
    Marks { min, low: min * 5 / 4, high: min * 3 / 2, reserve: [0, 0, reserve] }
}

#[test]
fn a_mark_must_be_exceeded_and_urgency_lowers_it() {
    let zone = |free| crumbs(free, marks_of(64, 0));
    let request = Request::KERNEL;
    assert!(zone(65).allows(&request, Mark::Min) && !zone(64).allows(&request, Mark::Min));
    assert!(zone(81).allows(&request, Mark::Low) && !zone(80).allows(&request, Mark::Low));
    assert!(zone(97).allows(&request, Mark::High) && !zone(96).allows(&request, Mark::High));
    let high = Request { urgency: Urgency::High, ..request };
    assert!(zone(33).allows(&high, Mark::Min) && !zone(32).allows(&high, Mark::Min));
    let atomic = Request::ATOMIC;
    assert!(zone(25).allows(&atomic, Mark::Min) && !zone(24).allows(&atomic, Mark::Min));
    assert!(zone(1).allows(&request, Mark::None) && !zone(0).allows(&request, Mark::None));
}

#[test]
fn a_reserve_holds_only_for_those_who_could_go_higher() {
    let zone = crumbs(100, marks_of(64, 50));
    assert!(zone.allows(&Request::KERNEL, Mark::Min));
    assert!(!zone.allows(&Request::HIGH_USER, Mark::Min));
}

#[test]
fn frames_in_small_blocks_do_not_serve_a_large_request() {
    let request = |order| Request { order, ..Request::KERNEL };
    let zone = crumbs(500, marks_of(64, 0));
    assert!(zone.allows(&request(0), Mark::Min) && !zone.allows(&request(1), Mark::Min));
    assert!(!zone.allows(&request(1), Mark::None));
    let pages: Vec<Page> = (0..512).map(|_| Page::reserved()).collect();
    let mut whole = Zone::new(range(0, 512), 512);
    whole.add_memory(&pages, NORMAL, range(0, 512));
    whole.marks = marks_of(64, 0);
    assert!(whole.allows(&request(3), Mark::Min) && !whole.allows(&request(10), Mark::Min));
}

/// The zones that may be used at each mark.
fn ask(request: Request, stage: Stage, none: &[usize], min: &[usize], low: &[usize]) -> Decision {
    decide(&request, stage, |zone, mark| match mark {
        Mark::None => none.contains(&zone),
        Mark::Min => min.contains(&zone),
        Mark::Low => low.contains(&zone),
        Mark::High => false,
    })
}

#[test]
fn fallback_goes_downwards_and_before_waking_reclaim() {
    use Decision::Allocate;
    let user = Request::HIGH_USER;
    let first = Stage::First;
    let all = &[DMA, NORMAL, HIGHMEM];
    assert_eq!(ask(user, first, all, all, all), Allocate { zone: HIGHMEM, wake: false });
    assert_eq!(ask(user, first, all, all, &[DMA]), Allocate { zone: DMA, wake: false });
    assert_eq!(ask(user, first, all, all, &[]), Allocate { zone: HIGHMEM, wake: true });
    assert_eq!(ask(Request::KERNEL, first, all, all, all), Allocate { zone: NORMAL, wake: false });
    let dma = Request { class: DMA, ..Request::KERNEL };
    assert_eq!(ask(dma, first, all, &[NORMAL], &[NORMAL]), Decision::Reclaim);
}

#[test]
fn who_may_not_wait_fails_and_who_frees_memory_gets_the_last_frame() {
    let first = Stage::First;
    assert_eq!(ask(Request::ATOMIC, first, &[DMA], &[], &[]), Decision::Fail);
    let reclaimer = Request { frees_memory: true, ..Request::KERNEL };
    let last = Decision::Allocate { zone: DMA, wake: true };
    assert_eq!(ask(reclaimer, first, &[DMA], &[], &[]), last);
    assert_eq!(ask(reclaimer, first, &[], &[], &[]), Decision::Fail);
}

#[test]
fn small_requests_are_persistent() {
    let ask = |request, progress| ask(request, Stage::Reclaimed { progress }, &[], &[], &[]);
    assert_eq!(ask(Request::KERNEL, true), Decision::Reclaim);
    assert_eq!(ask(Request::KERNEL, false), Decision::OutOfMemory);
    let large = Request { order: 4, ..Request::KERNEL };
    assert_eq!((ask(large, true), ask(large, false)), (Decision::Fail, Decision::Fail));
    let impatient = Request { no_retry: true, ..Request::KERNEL };
    assert_eq!(ask(impatient, true), Decision::Fail);
    let freed_by_others =
        decide(&Request::KERNEL, Stage::Reclaimed { progress: false }, |zone, mark| {
            mark == Mark::High && zone == NORMAL
        });
    assert_eq!(freed_by_others, Decision::Allocate { zone: NORMAL, wake: false });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whoever is allowed gets a block, and more free memory never takes a permission away.
    #[test]
    fn permission_means_a_block(
        runs in prop::collection::vec((0u32..1024, 1u32..200), 0..12),
        min in 0u32..200,
        reserve in 0u32..100,
        order in 0u32..11,
        extra in 0u32..1024,
    ) {
        let pages: Vec<Page> = (0..1024).map(|_| Page::reserved()).collect();
        let mut zone = Zone::new(range(0, 1024), 1024);
        for (start, len) in runs {
            for frame in (start..start + len).filter(|&frame| frame < 1024) {
                if pages[frame as usize].has(PageFlags::RESERVED) {
                    zone.add_memory(&pages, NORMAL, range(frame, 1));
                }
            }
        }
        zone.marks = marks_of(min, reserve);
        let request = Request { order, ..Request::HIGH_USER };
        for mark in [Mark::None, Mark::Min, Mark::Low, Mark::High] {
            if zone.allows(&request, mark) {
                let head = zone.buddy.allocate(&pages, order);
                prop_assert!(head.is_some());
                zone.buddy.free(&pages, head.unwrap(), order);
            }
        }
        let before = zone.allows(&Request::HIGH_USER, Mark::Min);
        if pages[extra as usize].has(PageFlags::RESERVED) {
            zone.add_memory(&pages, NORMAL, range(extra, 1));
        }
        prop_assert!(!before || zone.allows(&Request::HIGH_USER, Mark::Min));
    }
}
