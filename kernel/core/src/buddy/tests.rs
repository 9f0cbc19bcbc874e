use super::*;
use proptest::prelude::*;
use std::vec::Vec;

fn mem_map(frames: u32) -> Vec<Page> {
    let pages: Vec<Page> = (0..frames).map(|_| Page::reserved()).collect();
    pages.iter().for_each(|page| page.reset(PageFlags::empty()));
    pages
}

fn range(start: u32, end: u32) -> FrameRange {
    FrameRange::new(Pfn::new(start), Pfn::new(end)).unwrap()
}

fn buddy(pages: &[Page], zone: FrameRange) -> Buddy {
    let mut buddy = Buddy::new(zone);
    buddy.free_range(pages, zone);
    buddy
}

#[test]
fn a_block_is_split_and_merged_again() {
    let pages = mem_map(1024);
    let mut buddy = buddy(&pages, range(0, 1024));
    assert_eq!(buddy.free_blocks(10), 1);
    let frame = buddy.allocate(&pages, 0).unwrap();
    assert_eq!(frame, Pfn::new(0));
    assert!((0..10).all(|order| buddy.free_blocks(order) == 1) && buddy.free_blocks(10) == 0);
    assert_eq!((buddy.free_frames(), buddy.check(&pages)), (1023, Ok(())));
    buddy.free(&pages, frame, 0);
    assert_eq!((buddy.free_blocks(10), buddy.check(&pages)), (1, Ok(())));
}

#[test]
fn there_is_no_block_above_the_highest_order() {
    let pages = mem_map(4096);
    let mut buddy = buddy(&pages, range(0, 4096));
    assert_eq!(buddy.allocate(&pages, 11), None);
    assert_eq!(buddy.allocate(&pages, u32::MAX), None);
    assert_eq!((0..5).filter_map(|_| buddy.allocate(&pages, 10)).count(), 4);
    assert_eq!(buddy.allocate(&pages, 0), None);
}

#[test]
fn two_zones_that_meet_inside_a_block_do_not_merge_across() {
    let pages = mem_map(1024);
    let mut low = buddy(&pages, range(0, 333));
    let mut high = buddy(&pages, range(333, 1024));
    for _ in 0..2 {
        assert_eq!((low.check(&pages), high.check(&pages)), (Ok(()), Ok(())));
        assert_eq!((low.free_frames(), high.free_frames()), (333, 691));
        let last = low.allocate(&pages, 0).unwrap();
        let first = high.allocate(&pages, 0).unwrap();
        assert_eq!((last, first), (Pfn::new(332), Pfn::new(333)));
        low.free(&pages, last, 0);
        high.free(&pages, first, 0);
    }
}

#[test]
fn a_reserved_frame_is_never_part_of_a_block() {
    let pages = mem_map(64);
    pages[5].set(PageFlags::RESERVED);
    let mut buddy = Buddy::new(range(0, 64));
    buddy.free_range(&pages, range(0, 5));
    buddy.free_range(&pages, range(6, 64));
    assert_eq!((buddy.check(&pages), buddy.free_frames()), (Ok(()), 63));
    while let Some(frame) = buddy.allocate(&pages, 0) {
        assert_ne!(frame, Pfn::new(5));
    }
}

#[test]
fn check_sees_a_block_that_should_have_been_merged() {
    let pages = mem_map(8);
    let mut buddy = Buddy::new(range(0, 8));
    buddy.put(&pages, Pfn::new(0), 0);
    buddy.put(&pages, Pfn::new(1), 0);
    buddy.free_frames = 2;
    assert_eq!(buddy.check(&pages), Err("two buddies were not merged"));
}

#[derive(Clone, Debug)]
enum Step {
    Allocate(u32),
    Free(prop::sample::Index),
}

fn step() -> impl Strategy<Value = Step> {
    let order = prop_oneof![4 => 0u32..3, 1 => 0u32..12];
    prop_oneof![order.prop_map(Step::Allocate), any::<prop::sample::Index>().prop_map(Step::Free),]
}

/// The largest order of an aligned block in which every frame is free.
fn largest(free: &[bool]) -> Option<u32> {
    (0..=MAX_ORDER).rev().find(|&order| {
        free.chunks_exact(1 << order).any(|block| block.iter().all(|&is_free| is_free))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn agrees_with_an_array_of_booleans(
        (start, end) in (0u32..300, 300u32..1500),
        holes in prop::collection::vec(0u32..1500, 0..6),
        steps in prop::collection::vec(step(), 0..120),
    ) {
        let pages = mem_map(1500);
        let mut buddy = Buddy::new(range(start, end));
        let mut free = [false; 2048];
        for frame in (start..end).filter(|frame| !holes.contains(frame)) {
            buddy.free(&pages, Pfn::new(frame), 0);
            free[frame as usize] = true;
        }
        let whole: Vec<u32> = (0..=MAX_ORDER).map(|order| buddy.free_blocks(order)).collect();
        let mut held: Vec<(Pfn, u32)> = Vec::new();
        for step in steps {
            match step {
                Step::Allocate(order) => match buddy.allocate(&pages, order) {
                    None => prop_assert!(order > MAX_ORDER || largest(&free).is_none_or(|o| o < order)),
                    Some(head) => {
                        prop_assert_eq!(head.as_u32() % (1 << order), 0);
                        for frame in head.as_u32()..head.as_u32() + (1 << order) {
                            prop_assert!(core::mem::replace(&mut free[frame as usize], false));
                        }
                        held.push((head, order));
                    }
                },
                Step::Free(_) if held.is_empty() => {}
                Step::Free(index) => {
                    let (head, order) = held.swap_remove(index.index(held.len()));
                    buddy.free(&pages, head, order);
                    free[head.as_u32() as usize..][..1 << order].fill(true);
                }
            }
            prop_assert_eq!(buddy.check(&pages), Ok(()));
            let count = free.iter().filter(|&&is_free| is_free).count() as u32;
            prop_assert_eq!(buddy.free_frames(), count);
        }
        for (head, order) in held {
            buddy.free(&pages, head, order);
        }
        // With everything back the blocks are what they were.
        let again: Vec<u32> = (0..=MAX_ORDER).map(|order| buddy.free_blocks(order)).collect();
        prop_assert_eq!(again, whole);
    }
}
