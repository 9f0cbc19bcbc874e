//! Memory by its physical address: frames that a handle stands for, and which frames a program has.

use super::end::End;
use super::other_user::drop_privileges;
use super::table::Table;
use crate::fault::*;
use crate::harness::only_on_folio;
use sys::Errno;
use sys::abi::memory::{PROT_EXEC, PROT_READ, PROT_WRITE};
use sys::abi::statistics::{PAGE_FRAME, PAGE_PRESENT, TableRange};
use sys::ipc::*;
use sys::process;
use sys::statistics::Asker;
use sys::syscall::ipc;

/// Whether this process is told frames of its own pages.
fn frames_of_words() -> bool {
    let start = map(1);
    poke(start, 1);
    let mut words = [0];
    let told = Asker::OF_SELF.page_words(process::id(), start / PAGE, &mut words);
    assert_eq!((told, words[0] & PAGE_PRESENT), (Ok(1), PAGE_PRESENT));
    words[0] & PAGE_FRAME != 0
}

/// The same by the ranges of its page tables.
fn frames_of_ranges() -> bool {
    let start = map(1);
    poke(start, 1);
    let mut ranges = [<TableRange as sys::abi::Plain>::ZERO; 4];
    let told = Asker::OF_SELF.table_ranges(process::id(), start, &mut ranges).expect("ranges");
    assert!(told > 0);
    ranges[..told].iter().any(|range| range.frame != 0)
}

pub fn frames_give_what_their_handles_say() {
    only_on_folio("abi::syscall::ipc, frames");
    let mut table = Table::default();
    let rights = "the handle's rights";
    let frames = |rights: Rights| {
        let frames = Frames::new(2).expect("frames");
        Frames(frames.0.duplicate(rights).expect("duplicate"))
    };
    let refused = Errno::EPERM.into();
    table.row("ask for a physical address", rights, refused, || {
        frames(Rights::READ | Rights::WRITE | Rights::MAP).physical_address(0).map(|_| 0).into()
    });
    table.row("map frames for writing", rights, refused, || {
        frames(Rights::READ | Rights::MAP).map(0, 1, true).map(|_| 0).into()
    });
    table.row("map frames", rights, refused, || {
        frames(Rights::READ | Rights::WRITE).map(0, 1, false).map(|_| 0).into()
    });
    table.row("write to frames by a call", rights, refused, || {
        frames(Rights::READ).write(0, b"x").map(|_| 0).into()
    });
    let bounds = "the number of frames";
    for (name, first, pages) in
        [("beyond the end", 2, 1), ("across the end", 1, 2), ("around", u32::MAX, 2)]
    {
        table.row(&alloc::format!("map frames {name}"), bounds, Errno::EINVAL.into(), || {
            let frames = Frames::new(2).expect("frames");
            // SAFETY: new memory, if any.
            unsafe { ipc::frames_map(frames.0.raw(), first, pages, PROT_READ) }.into()
        });
    }
    table.row("map frames to execute", "no PROT_EXEC for them", Errno::EINVAL.into(), || {
        let frames = Frames::new(1).expect("frames");
        let protection = PROT_READ | PROT_WRITE | PROT_EXEC;
        // SAFETY: as above.
        unsafe { ipc::frames_map(frames.0.raw(), 0, 1, protection) }.into()
    });
    table.row("make frames executable later", "no MAYEXEC", Errno::EACCES.into(), || {
        let frames = Frames::new(1).expect("frames");
        let mapping = frames.map(0, 1, true).expect("map");
        call!(mprotect(mapping.as_mut_ptr() as u32, PAGE, RW | PROT_EXEC)).into()
    });
    for (how, seen) in
        [("page_words", frames_of_words as fn() -> bool), ("table_ranges", frames_of_ranges)]
    {
        let attack = alloc::format!("learn of its frames by {how}");
        table.row(&attack, "frames are for root, and who has the right", End::Nothing, || {
            drop_privileges();
            seen().into()
        });
    }
    assert!(frames_of_words() && frames_of_ranges(), "root sees them");
    table.row("read memory through a device file", "there is none", Errno::ENOENT.into(), || {
        let names = ["/dev/mem", "/dev/kmem", "/dev/port", "/proc/kcore"];
        match names.iter().find_map(|name| sys::file::File::open(name).ok()) {
            Some(_) => End::Through(0),
            None => Errno::ENOENT.into(),
        }
    });
    table.finish();
}
