//! Segments of thread-local storage.

use crate::child;
use crate::fault::{map, poke_word};
use sys::Errno;
use sys::abi::process::*;
use sys::syscall::output;
use sys::wait::Status;

tests![
    a_free_entry_is_found_and_used,
    the_segment_survives_switches_and_fork,
    two_processes_have_two_segments,
    descriptors_can_be_read_back,
    only_three_entries_and_only_data,
];

/// A segment with a base, for GDT entry `entry` or any.
pub fn descriptor(entry: u32, base: u32) -> UserDesc {
    UserDesc {
        entry_number: entry,
        base_addr: base,
        limit: 0xf_ffff,
        flags: USER_DESC_SEG_32BIT | USER_DESC_LIMIT_IN_PAGES | USER_DESC_USEABLE,
    }
}

/// Makes it the thread's.
pub fn set(descriptor: &mut UserDesc) -> sys::Result<u32> {
    call!(set_thread_area(output(descriptor)))
}

/// Loads GS with the selector of a GDT entry and reads the word at offset 0.
fn read_through_gs(entry: u32) -> u32 {
    let selector = entry << 3 | 3;
    let value;
    // SAFETY: nothing in this program uses GS; the segment's base is a mapped page.
    unsafe {
        core::arch::asm!(
            "mov gs, {selector:x}",
            "mov {value:e}, gs:[0]",
            selector = in(reg) selector,
            value = out(reg) value,
        );
    }
    value
}

pub fn a_free_entry_is_found_and_used() {
    let page = map(1);
    poke_word(page, 0xcafe_f00d);
    let mut first = descriptor(u32::MAX, page);
    assert_eq!(set(&mut first), Ok(0));
    assert_eq!(read_through_gs(first.entry_number), 0xcafe_f00d);
    let mut second = descriptor(u32::MAX, page);
    assert_eq!(set(&mut second), Ok(0));
    assert_ne!(first.entry_number, second.entry_number);
    let mut third = descriptor(u32::MAX, page);
    assert_eq!(set(&mut third), Ok(0));
    assert_eq!(set(&mut descriptor(u32::MAX, page)), Err(Errno::ESRCH));
}

pub fn the_segment_survives_switches_and_fork() {
    let page = map(1);
    poke_word(page, 77);
    let mut area = descriptor(u32::MAX, page);
    assert_eq!(set(&mut area), Ok(0));
    assert_eq!(read_through_gs(area.entry_number), 77);
    let status = child::run(|| {
        let value: u32;
        // SAFETY: GS was loaded before the fork.
        unsafe { core::arch::asm!("mov {0:e}, gs:[0]", out(reg) value) };
        i32::from(value != 77)
    });
    assert_eq!(status, Status::Exited(0));
    for _ in 0..20 {
        let _ = call!(sched_yield());
    }
    let value: u32;
    // SAFETY: GS was loaded above.
    unsafe { core::arch::asm!("mov {0:e}, gs:[0]", out(reg) value) };
    assert_eq!(value, 77);
}

pub fn two_processes_have_two_segments() {
    let page = map(1);
    let mut area = descriptor(u32::MAX, page);
    assert_eq!(set(&mut area), Ok(0));
    poke_word(page, 1);
    let entry = area.entry_number;
    let pid = child::start(|| {
        let other = map(1);
        poke_word(other, 2);
        assert_eq!(set(&mut descriptor(entry, other)), Ok(0));
        for _ in 0..50 {
            assert_eq!(read_through_gs(entry), 2);
            let _ = call!(sched_yield());
        }
        0
    });
    for _ in 0..50 {
        assert_eq!(read_through_gs(entry), 1);
        let _ = call!(sched_yield());
    }
    assert_eq!(child::wait(pid), Status::Exited(0));
}

pub fn descriptors_can_be_read_back() {
    let page = map(1);
    let mut area = descriptor(u32::MAX, page);
    assert_eq!(set(&mut area), Ok(0));
    let mut found = UserDesc { entry_number: area.entry_number, ..UserDesc::default() };
    assert_eq!(call!(get_thread_area(output(&mut found))), Ok(0));
    assert_eq!((found.base_addr, found.limit), (page, 0xf_ffff));
    assert_eq!(found.flags & 0x7f, area.flags);
}

pub fn only_three_entries_and_only_data() {
    for entry in [0, 1, 5, 15, 1000] {
        assert_eq!(set(&mut descriptor(entry, 0)), Err(Errno::EINVAL), "{entry}");
    }
    let mut found = UserDesc { entry_number: 1, ..UserDesc::default() };
    assert_eq!(call!(get_thread_area(output(&mut found))), Err(Errno::EINVAL));
    let mut area = descriptor(u32::MAX, 0);
    area.flags &= !USER_DESC_SEG_32BIT;
    assert_eq!(set(&mut area), Err(Errno::EINVAL));
    let mut area = descriptor(u32::MAX, 0);
    area.flags |= 2 << USER_DESC_CONTENTS_SHIFT;
    assert_eq!(set(&mut area), Err(Errno::EINVAL));
}
