use super::*;
use crate::addr::FrameRange;
use crate::page::PageFlags;
use proptest::prelude::*;
use std::vec::Vec;

#[test]
fn batches_grow_with_the_zone_up_to_31() {
    assert_eq!(
        [0, 4096, 8192, 65535, 65536, 225_280, u32::MAX].map(batch),
        [1, 1, 3, 31, 31, 31, 31]
    );
}

/// `count` free frames, with flags.
fn frames(count: u32, flags: PageFlags) -> Vec<Page> {
    let page = || {
        let page = Page::reserved();
        page.reset(flags);
        page
    };
    (0..count).map(|_| page()).collect()
}

/// As a write fault leaves it.
fn make_private(page: &Page) {
    page.set_refcount(1);
    page.become_private(1, 0);
}

#[test]
fn only_private_pages_that_nobody_else_has_join_a_chain() {
    let pages = frames(5, PageFlags::empty());
    let mut chain = FreeChain::new();
    let mut take = |number: u32| chain.take(&pages[number as usize], Pfn::new(number));
    pages.iter().for_each(make_private);
    pages[1].get();
    pages[2].set(PageFlags::DIRTY);
    pages[3].reset(PageFlags::HIGHMEM | PageFlags::ANON);
    use Taken::{Freed, Not, Shared};
    assert_eq!([0, 1, 2, 3, 4].map(&mut take), [Freed, Shared, Not, Not, Freed]);
    assert_eq!(chain.iter(&pages).map(Pfn::as_u32).collect::<Vec<_>>(), [4, 0]);
    assert!(pages[0].refcount() == 0 && pages[0].mapcount() == 0 && pages[0].has_no_use());
    assert!(pages[1].refcount() == 2 && pages[1].mapcount() == 1 && pages[1].has(PageFlags::ANON));
    // An empty chain is of any zone.
    let mut chain = FreeChain::new();
    assert_eq!(chain.take(&pages[3], Pfn::new(3)), Freed);
    assert_eq!(pages[3].flags(), PageFlags::HIGHMEM);
}

#[test]
fn neighbours_go_back_as_blocks() {
    let pages = frames(64, PageFlags::empty());
    let zone = FrameRange::with_len(Pfn::new(0), 64).unwrap();
    let mut buddy = Buddy::new(zone);
    let mut lists = PageLists::new(7);
    // In the order in which a program's pages are freed.
    for pfn in zone.frames() {
        if lists.push(&pages, pfn) {
            let before = lists.len();
            lists.shrink(&pages, &mut buddy);
            // 36 to 42, and 32 to 35 of the same block; then 43 to 53, below which 31 comes.
            assert_eq!((before, lists.len()), (43, 32));
        }
    }
    assert_eq!(buddy.check(&pages), Ok(()));
    lists.drain(&pages, &mut buddy);
    assert_eq!((buddy.free_frames(), buddy.free_blocks(6)), (64, 1));
    assert_eq!(buddy.check(&pages), Ok(()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_frame_is_in_one_place(
        count in 1u32..200,
        batch in 1u32..8,
        steps in prop::collection::vec((0u8..9, any::<prop::sample::Index>()), 0..200),
    ) {
        let zone = FrameRange::with_len(Pfn::new(0), count).unwrap();
        let pages = frames(count, PageFlags::empty());
        let mut buddy = Buddy::new(zone);
        buddy.free_range(&pages, zone);
        let mut lists = PageLists::new(batch);
        let mut held: Vec<Pfn> = Vec::new();
        for (step, index) in steps {
            match step {
                0..4 => {
                    let free = buddy.free_frames() + lists.len();
                    let filled = !lists.is_empty() || lists.fill(&pages, &mut buddy);
                    prop_assert_eq!(filled, free != 0);
                    if let Some(pfn) = lists.pop(&pages) {
                        prop_assert!(!held.contains(&pfn));
                        held.push(pfn);
                    }
                }
                4..7 if !held.is_empty() => {
                    let pfn = held.swap_remove(index.index(held.len()));
                    if lists.push(&pages, pfn) {
                        lists.shrink(&pages, &mut buddy);
                    }
                    prop_assert!(lists.len() <= 6 * batch);
                }
                // Some at once, as when a range is unmapped.
                7 => {
                    let mut chain = FreeChain::new();
                    let range = index.index(held.len() + 1)..;
                    for pfn in held.drain(range) {
                        let page = entry(&pages, pfn);
                        make_private(page);
                        prop_assert_eq!(chain.take(page, pfn), Taken::Freed);
                    }
                    if lists.push_chain(&pages, chain) {
                        lists.shrink(&pages, &mut buddy);
                    }
                    prop_assert!(lists.len() <= 6 * batch);
                }
                8 => {
                    lists.drain(&pages, &mut buddy);
                    prop_assert!(lists.is_empty());
                }
                _ => {}
            }
            prop_assert_eq!(buddy.free_frames() + lists.len() + held.len() as u32, count);
            prop_assert_eq!(buddy.check(&pages), Ok(()));
        }
    }
}
