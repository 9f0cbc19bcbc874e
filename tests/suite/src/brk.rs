//! The program break.

use crate::child;
use crate::fault::*;
use sys::wait::Status;

tests![
    zero_asks_for_the_break,
    the_break_grows_by_zeroed_memory,
    the_break_need_not_be_aligned,
    shrinking_gives_pages_back,
    absurd_breaks_change_nothing,
    the_break_stays_below_the_stack_and_the_kernel,
    a_mapping_in_the_way_stops_the_break,
    children_have_a_break_of_their_own,
];

fn brk(address: u32) -> u32 {
    // Never an error: the result is the break.
    call!(brk(address)).expect("brk")
}

/// The break, moved up to a page boundary.
fn aligned_break() -> u32 {
    brk(brk(0).next_multiple_of(PAGE))
}

pub fn zero_asks_for_the_break() {
    let start = brk(0);
    assert!(start > 0x0804_8000);
    assert_eq!(brk(0), start);
}

pub fn the_break_grows_by_zeroed_memory() {
    let start = aligned_break();
    assert_eq!(brk(start + 16 * PAGE), start + 16 * PAGE);
    for page in 0..16 {
        assert_eq!(peek_word(start + page * PAGE), 0);
        poke_word(start + page * PAGE, page);
    }
    assert_eq!(try_write(start + 16 * PAGE), not_mapped(start + 16 * PAGE));
}

pub fn the_break_need_not_be_aligned() {
    let start = aligned_break();
    assert_eq!(brk(start + 1), start + 1);
    // The whole page is there.
    poke(start + PAGE - 1, 3);
    assert_eq!(brk(start + 5), start + 5);
    assert_eq!(peek(start + PAGE - 1), 3);
    assert_eq!(brk(0), start + 5);
}

pub fn shrinking_gives_pages_back() {
    let start = aligned_break();
    brk(start + 4 * PAGE);
    poke(start + PAGE, 1);
    poke(start + 3 * PAGE, 1);
    assert_eq!(brk(start + PAGE + 1), start + PAGE + 1);
    assert_eq!(peek(start + PAGE), 1);
    assert_eq!(try_read(start + 2 * PAGE), not_mapped(start + 2 * PAGE));
    brk(start + 4 * PAGE);
    assert_eq!(peek(start + 3 * PAGE), 0);
}

pub fn absurd_breaks_change_nothing() {
    let start = aligned_break();
    for wish in [1, PAGE, 0x0804_8000, 0xffff_f000, 0xffff_ffff] {
        assert_eq!(brk(wish), start, "{wish:#x}");
    }
}

/// A 64-bit kernel leaves a program 4 GiB.
pub fn the_break_stays_below_the_stack_and_the_kernel() {
    crate::harness::only_on_folio("TASK_SIZE of i386 (kcore::layout)");
    let start = aligned_break();
    for wish in [0xbfff_f000, 0xbfff_ffff, 0xc000_0000, 0xf800_0000] {
        assert_eq!(brk(wish), start, "{wish:#x}");
    }
}

pub fn a_mapping_in_the_way_stops_the_break() {
    use sys::abi::memory::MAP_FIXED_NOREPLACE;
    let start = aligned_break();
    let wall = start + 8 * PAGE;
    let flags = PRIVATE | MAP_FIXED_NOREPLACE;
    assert_eq!(call!(mmap2(wall, PAGE, RW, flags, -1, 0)), Ok(wall));
    poke(wall, 9);
    assert_eq!(brk(wall + PAGE), start);
    assert_eq!(brk(start + 4 * PAGE), start + 4 * PAGE);
    assert_eq!(peek(wall), 9);
    unmap(wall, 1);
    assert_eq!(brk(wall + PAGE), wall + PAGE);
}

pub fn children_have_a_break_of_their_own() {
    let start = aligned_break();
    brk(start + PAGE);
    poke(start, 1);
    let status = child::run(|| {
        assert_eq!(brk(0), start + PAGE);
        assert_eq!(brk(start + 9 * PAGE), start + 9 * PAGE);
        poke(start, 2);
        0
    });
    assert_eq!(status, Status::Exited(0));
    assert_eq!(brk(0), start + PAGE);
    assert_eq!(peek(start), 1);
}
