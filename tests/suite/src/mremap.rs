//! Growing, shrinking and moving mappings.

use crate::child;
use crate::fault::*;
use crate::scratch::numbered_file;
use sys::abi::memory::*;
use sys::wait::Status;
use sys::{Errno, Result};

tests![
    same_size_is_no_change,
    grows_in_place,
    does_not_grow_into_a_neighbour,
    moves_when_it_may,
    shrinks_in_place,
    moves_to_a_given_place_and_replaces_it,
    moves_part_of_a_region,
    untouched_pages_move_as_untouched,
    copy_on_write_survives_a_move,
    a_file_mapping_grows_over_the_next_pages,
    old_length_zero_duplicates_a_shared_mapping,
    the_old_range_can_stay,
    a_big_region_moves_with_its_pages,
];

fn remap(address: u32, old: u32, new: u32, flags: u32, target: u32) -> Result<u32> {
    call!(mremap(address, old * PAGE, new * PAGE, flags, target))
}

fn fill(start: u32, pages: u32) {
    for page in 0..pages {
        poke_word(start + page * PAGE + 8, page + 100);
    }
}

fn assert_filled(start: u32, pages: u32) {
    for page in 0..pages {
        assert_eq!(peek_word(start + page * PAGE + 8), page + 100, "page {page}");
    }
}

/// A region of `pages` pages with nothing behind it for `pages` more.
fn with_room(pages: u32) -> u32 {
    let start = map(2 * pages);
    unmap(start + pages * PAGE, pages);
    start
}

/// A region of `pages` pages with another kind of region right behind it.
fn walled(pages: u32) -> u32 {
    let start = map(pages + 1);
    assert_eq!(call!(mprotect(start + pages * PAGE, PAGE, PROT_READ)), Ok(0));
    start
}

pub fn same_size_is_no_change() {
    let start = map(2);
    fill(start, 2);
    assert_eq!(remap(start, 2, 2, 0, 0), Ok(start));
    assert_filled(start, 2);
}

pub fn grows_in_place() {
    let start = with_room(4);
    fill(start, 4);
    assert_eq!(remap(start, 4, 8, 0, 0), Ok(start));
    assert_filled(start, 4);
    assert_eq!(peek_word(start + 7 * PAGE + 8), 0);
    poke(start + 7 * PAGE, 1);
}

pub fn does_not_grow_into_a_neighbour() {
    let start = walled(2);
    fill(start, 2);
    assert_eq!(remap(start, 2, 3, 0, 0), Err(Errno::ENOMEM));
    assert_filled(start, 2);
    assert_eq!(try_write(start + 2 * PAGE), forbidden(start + 2 * PAGE));
}

pub fn moves_when_it_may() {
    let start = walled(4);
    fill(start, 4);
    let moved = remap(start, 4, 64, MREMAP_MAYMOVE, 0).expect("mremap");
    assert_ne!(moved, start);
    assert_filled(moved, 4);
    assert_eq!(peek_word(moved + 63 * PAGE), 0);
    assert_eq!(try_read(start), not_mapped(start));
    assert_eq!(peek(start + 4 * PAGE), 0);
}

pub fn shrinks_in_place() {
    let start = map(8);
    fill(start, 8);
    assert_eq!(remap(start, 8, 3, 0, 0), Ok(start));
    assert_filled(start, 3);
    assert_eq!(try_read(start + 3 * PAGE), not_mapped(start + 3 * PAGE));
}

pub fn moves_to_a_given_place_and_replaces_it() {
    let start = map(4);
    fill(start, 4);
    let target = map(6);
    poke(target, 77);
    poke(target + 4 * PAGE, 77);
    let flags = MREMAP_MAYMOVE | MREMAP_FIXED;
    assert_eq!(remap(start, 4, 4, flags, target), Ok(target));
    assert_filled(target, 4);
    assert_eq!(peek(target), 0);
    assert_eq!(peek(target + 4 * PAGE), 77);
    assert_eq!(try_read(start), not_mapped(start));
}

pub fn moves_part_of_a_region() {
    let start = map(6);
    fill(start, 6);
    let target = free_range(2);
    let flags = MREMAP_MAYMOVE | MREMAP_FIXED;
    assert_eq!(remap(start + 2 * PAGE, 2, 2, flags, target), Ok(target));
    assert_eq!(peek_word(target + 8), 102);
    assert_eq!(peek_word(target + PAGE + 8), 103);
    assert_eq!(try_read(start + 2 * PAGE), not_mapped(start + 2 * PAGE));
    assert_filled(start, 2);
    assert_eq!(peek_word(start + 4 * PAGE + 8), 104);
}

pub fn untouched_pages_move_as_untouched() {
    let start = walled(8);
    poke(start + 3 * PAGE, 3);
    let moved = remap(start, 8, 9, MREMAP_MAYMOVE, 0).expect("mremap");
    let bytes: [u8; 9] = core::array::from_fn(|page| peek(moved + page as u32 * PAGE));
    assert_eq!(bytes, [0, 0, 0, 3, 0, 0, 0, 0, 0]);
}

pub fn copy_on_write_survives_a_move() {
    let start = walled(2);
    fill(start, 2);
    let status = child::run(|| {
        let moved = remap(start, 2, 4, MREMAP_MAYMOVE, 0).expect("mremap");
        assert_filled(moved, 2);
        poke_word(moved + 8, 0);
        0
    });
    assert_eq!(status, Status::Exited(0));
    assert_filled(start, 2);
}

pub fn a_file_mapping_grows_over_the_next_pages() {
    let file = numbered_file(4);
    let start = map_file(&file, 1, PROT_READ, MAP_SHARED, 1);
    let moved = remap(start, 1, 3, MREMAP_MAYMOVE, 0).expect("mremap");
    let bytes: [u8; 3] = core::array::from_fn(|page| peek(moved + page as u32 * PAGE));
    assert_eq!(bytes, [2, 3, 4]);
}

pub fn old_length_zero_duplicates_a_shared_mapping() {
    let flags = MAP_SHARED | MAP_ANONYMOUS;
    let start = call!(mmap2(0, 2 * PAGE, RW, flags, -1, 0)).expect("mmap2");
    fill(start, 2);
    let twin = remap(start, 0, 2, MREMAP_MAYMOVE, 0).expect("mremap");
    assert_ne!(twin, start);
    assert_filled(twin, 2);
    poke(twin, 9);
    assert_eq!(peek(start), 9);
}

pub fn the_old_range_can_stay() {
    let start = map(2);
    fill(start, 2);
    let flags = MREMAP_MAYMOVE | MREMAP_DONTUNMAP;
    let moved = remap(start, 2, 2, flags, 0).expect("mremap");
    assert_filled(moved, 2);
    assert_eq!(peek_word(start + 8), 0);
    poke(start, 1);
    assert_eq!(peek_word(moved + 8), 100);
}

pub fn a_big_region_moves_with_its_pages() {
    let pages = 1500;
    let start = map(pages);
    for page in (0..pages).step_by(7) {
        poke_word(start + page * PAGE, page);
    }
    let target = free_range(pages);
    let flags = MREMAP_MAYMOVE | MREMAP_FIXED;
    assert_eq!(remap(start, pages, pages, flags, target), Ok(target));
    for page in 0..pages {
        let wanted = if page % 7 == 0 { page } else { 0 };
        assert_eq!(peek_word(target + page * PAGE), wanted);
    }
    unmap(target, pages);
}
