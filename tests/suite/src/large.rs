//! More memory than is comfortable.

use crate::child;
use crate::fault::*;
use sys::Errno;
use sys::abi::memory::{MAP_NORESERVE, PROT_READ};
use sys::abi::process::Sysinfo;
use sys::abi::signal::SIGKILL;
use sys::syscall::output;
use sys::wait::Status;

tests![
    a_large_part_of_memory_keeps_its_contents,
    high_memory_is_used_where_there_is_any,
    copies_of_high_pages_are_right,
    a_process_that_takes_all_memory_does_not_take_others_along,
    the_number_of_regions_is_limited,
];

fn information() -> Sysinfo {
    let mut info = Sysinfo::default();
    call!(sysinfo(output(&mut info))).expect("sysinfo");
    info
}

fn pages(count: u32, info: &Sysinfo) -> u32 {
    u32::try_from(u64::from(count) * u64::from(info.mem_unit) / u64::from(PAGE)).unwrap_or(u32::MAX)
}

/// Three quarters of what is free, at most 1.5 GiB: on a machine of 3 GiB most is high memory.
pub fn a_large_part_of_memory_keeps_its_contents() {
    let info = information();
    let count = (pages(info.freeram, &info) / 4 * 3).min(1536 << 8);
    let start = call!(mmap2(0, count * PAGE, RW, PRIVATE | MAP_NORESERVE, -1, 0)).expect("mmap2");
    let mark = |page: u32| page.wrapping_mul(0x9e37_79b1) ^ start;
    for page in 0..count {
        poke_word(start + page * PAGE + (page % 1024) * 4, mark(page));
    }
    for page in 0..count {
        let address = start + page * PAGE;
        assert_eq!(peek_word(address + (page % 1024) * 4), mark(page), "page {page}");
        assert_eq!(peek_word(address + ((page + 1) % 1024) * 4), 0, "page {page}");
    }
    unmap(start, count);
}

pub fn high_memory_is_used_where_there_is_any() {
    let before = information();
    if pages(before.freehigh, &before) < 2048 {
        skip!("no high memory");
    }
    let start = map(1024);
    for page in 0..1024 {
        poke(start + page * PAGE, page as u8);
    }
    let after = information();
    let used = pages(before.freehigh, &before).saturating_sub(pages(after.freehigh, &after));
    assert!(used >= 768, "{used} of 1024 pages are high");
}

pub fn copies_of_high_pages_are_right() {
    let start = map(512);
    for page in 0..512 {
        poke_word(start + page * PAGE + 16, page);
    }
    let status = child::run(|| {
        for page in 0..512 {
            assert_eq!(peek_word(start + page * PAGE + 16), page);
            poke_word(start + page * PAGE + 16, !page);
        }
        i32::from(!(0..512).all(|page| peek_word(start + page * PAGE + 16) == !page))
    });
    assert_eq!(status, Status::Exited(0));
    assert!((0..512).all(|page| peek_word(start + page * PAGE + 16) == page));
}

pub fn a_process_that_takes_all_memory_does_not_take_others_along() {
    crate::harness::only_on_folio("a test that would fill the host's memory");
    let survivor = map(16);
    for page in 0..16 {
        poke_word(survivor + page * PAGE, page);
    }
    let status = child::run(|| {
        loop {
            match call!(mmap2(0, 256 * PAGE, RW, PRIVATE | MAP_NORESERVE, -1, 0)) {
                Ok(start) => (0..256).for_each(|page| poke(start + page * PAGE, 1)),
                Err(error) => {
                    // The address space ended first, or the kernel counts what it promises.
                    assert_eq!(error, Errno::ENOMEM);
                    return 7;
                }
            }
        }
    });
    assert!(matches!(status, Status::Signaled(SIGKILL) | Status::Exited(7)), "{status:?}");
    assert!((0..16).all(|page| peek_word(survivor + page * PAGE) == page));
    assert_eq!(child::run(|| 5), Status::Exited(5));
}

/// Linux's usual vm.max_map_count: at most 65,530 regions.
pub fn the_number_of_regions_is_limited() {
    crate::harness::only_on_folio("vm.max_map_count; a host may have another");
    let count = 2 * 66_000;
    let flags = PRIVATE | MAP_NORESERVE;
    let start = call!(mmap2(0, count * PAGE, RW, flags, -1, 0)).expect("mmap2");
    let mut made = 0;
    let error = loop {
        assert!(made < 66_000 / 2, "no limit");
        // Two more regions each time.
        let page = start + (4 * made + 1) * PAGE;
        match call!(mprotect(page, PAGE, PROT_READ)) {
            Ok(_) => made += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(error, Errno::ENOMEM);
    assert!((65_400..=65_530).contains(&(2 * made)), "{}", 2 * made);
    unmap(start, count);
}
