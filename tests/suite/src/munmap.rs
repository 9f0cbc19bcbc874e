//! Unmapping: whole regions, parts, holes.

use crate::fault::*;

tests![
    nothing_is_left,
    a_hole_in_the_middle_splits_the_region,
    ends_can_be_cut,
    holes_are_no_error,
    several_regions_go_at_once,
    across_many_page_tables,
];

pub fn nothing_is_left() {
    let start = map(4);
    poke(start, 1);
    unmap(start, 4);
    for page in 0..4 {
        let address = start + page * PAGE;
        assert_eq!(try_read(address), not_mapped(address));
        assert_eq!(try_write(address), not_mapped(address));
    }
}

pub fn a_hole_in_the_middle_splits_the_region() {
    let start = map(9);
    for page in 0..9 {
        poke(start + page * PAGE, page as u8 + 1);
    }
    unmap(start + 3 * PAGE, 3);
    for page in 0..9 {
        let address = start + page * PAGE;
        if (3..6).contains(&page) {
            assert_eq!(try_read(address), not_mapped(address));
        } else {
            assert_eq!(peek(address), page as u8 + 1);
        }
    }
    // Both rests are whole regions of their own.
    unmap(start, 3);
    assert_eq!(try_read(start), not_mapped(start));
    assert_eq!(peek(start + 6 * PAGE), 7);
}

pub fn ends_can_be_cut() {
    let start = map(6);
    for page in 0..6 {
        poke(start + page * PAGE, page as u8);
    }
    unmap(start, 1);
    unmap(start + 5 * PAGE, 1);
    assert!(!is_mapped(start, 1) && !is_mapped(start + 5 * PAGE, 1));
    assert!((1..5).all(|page| peek(start + page * PAGE) == page as u8));
}

pub fn holes_are_no_error() {
    let start = map(5);
    unmap(start + PAGE, 1);
    unmap(start + 3 * PAGE, 1);
    assert_eq!(call!(munmap(start, 5 * PAGE)), Ok(0));
    assert_eq!(call!(munmap(start, 5 * PAGE)), Ok(0));
    assert!((0..5).all(|page| !is_mapped(start + page * PAGE, 1)));
}

pub fn several_regions_go_at_once() {
    use sys::abi::memory::{MAP_FIXED, PROT_EXEC};
    let start = map(8);
    // Four regions of two pages, each with other rights than its neighbours.
    for index in [1, 3] {
        let address = start + index * 2 * PAGE;
        let flags = PRIVATE | MAP_FIXED;
        assert_eq!(call!(mmap2(address, 2 * PAGE, RW | PROT_EXEC, flags, -1, 0)), Ok(address));
    }
    for page in 0..8 {
        poke(start + page * PAGE, page as u8 + 1);
    }
    // From the middle of the first to the middle of the last.
    unmap(start + PAGE, 6);
    assert_eq!((peek(start), peek(start + 7 * PAGE)), (1, 8));
    assert!((1..7).all(|page| !is_mapped(start + page * PAGE, 1)));
}

pub fn across_many_page_tables() {
    let pages = 5 * 1024;
    let start = map(pages);
    for page in (0..pages).step_by(509) {
        poke_word(start + page * PAGE, page);
    }
    // Keeps the first and the last page.
    unmap(start + PAGE, pages - 2);
    assert_eq!(peek_word(start), 0);
    for page in (1..pages - 1).step_by(1000) {
        let address = start + page * PAGE;
        assert_eq!(try_read(address), not_mapped(address));
    }
    poke(start + (pages - 1) * PAGE, 1);
    unmap(start, 1);
    unmap(start + (pages - 1) * PAGE, 1);
}
