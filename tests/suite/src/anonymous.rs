//! Private and shared memory without a file.

use crate::child;
use crate::fault::*;
use sys::abi::memory::*;
use sys::abi::{Errno, UserMutPtr};
use sys::syscall::pointer_mut;
use sys::wait::Status;

tests![
    new_memory_is_zero_and_writable,
    reading_first_and_writing_later_keeps_zeros,
    mapping_again_gives_zeros_again,
    lengths_round_up_to_pages,
    protection_none_faults_on_any_access,
    read_only_memory_reads_zero_and_refuses_writes,
    writable_implies_readable,
    executable_memory_executes,
    a_hint_is_taken_when_free,
    a_misaligned_hint_is_rounded,
    fixed_replaces_what_is_there,
    fixed_noreplace_refuses_any_overlap,
    populated_pages_are_present,
    untouched_pages_are_not_present,
    dont_need_drops_contents,
    shared_memory_is_shared_with_children,
    a_big_sparse_mapping_costs_only_what_is_touched,
    the_kernel_writes_to_untouched_memory,
    many_regions_fault_in_any_order,
];

pub fn new_memory_is_zero_and_writable() {
    let pages = 64;
    let start = map(pages);
    for page in 0..pages {
        let address = start + page * PAGE;
        assert_eq!(peek_word(address), 0);
        assert_eq!(peek_word(address + PAGE - 4), 0);
        poke_word(address, page);
        poke_word(address + PAGE - 4, !page);
    }
    for page in 0..pages {
        let address = start + page * PAGE;
        assert_eq!(peek_word(address), page);
        assert_eq!(peek_word(address + 4), 0);
        assert_eq!(peek_word(address + PAGE - 4), !page);
    }
    unmap(start, pages);
}

pub fn reading_first_and_writing_later_keeps_zeros() {
    let start = map(8);
    for page in 0..8 {
        assert_eq!(peek(start + page * PAGE), 0);
    }
    for page in 0..8 {
        poke(start + page * PAGE + 7, 1);
    }
    for page in 0..8 {
        let address = start + page * PAGE;
        assert_eq!((peek(address), peek(address + 7), peek(address + 8)), (0, 1, 0));
    }
}

pub fn mapping_again_gives_zeros_again() {
    for _ in 0..64 {
        let start = map(16);
        for page in 0..16 {
            assert_eq!(peek_word(start + page * PAGE + 128), 0);
            poke_word(start + page * PAGE + 128, 0xdead_beef);
        }
        unmap(start, 16);
    }
}

pub fn lengths_round_up_to_pages() {
    let start = call!(mmap2(0, PAGE + 1, RW, PRIVATE, -1, 0)).expect("mmap2");
    poke(start + 2 * PAGE - 1, 1);
    assert_eq!(call!(munmap(start, 1)), Ok(0));
    assert!(!is_mapped(start, 1));
    assert!(is_mapped(start + PAGE, 1));
    unmap(start + PAGE, 1);
}

pub fn protection_none_faults_on_any_access() {
    let start = call!(mmap2(0, PAGE, PROT_NONE, PRIVATE, -1, 0)).expect("mmap2");
    assert_eq!(try_read(start + 5), forbidden(start + 5));
    assert_eq!(try_write(start + 6), forbidden(start + 6));
    assert_eq!(try_execute(start + 7), forbidden(start + 7));
}

pub fn read_only_memory_reads_zero_and_refuses_writes() {
    let start = call!(mmap2(0, PAGE, PROT_READ, PRIVATE, -1, 0)).expect("mmap2");
    assert_eq!(peek(start), 0);
    assert_eq!(try_write(start), forbidden(start));
    assert_eq!(peek(start), 0);
}

pub fn writable_implies_readable() {
    let start = call!(mmap2(0, PAGE, PROT_WRITE, PRIVATE, -1, 0)).expect("mmap2");
    assert_eq!(try_write(start), Ok(()));
    assert_eq!(try_read(start), Ok(()));
}

pub fn executable_memory_executes() {
    let start = map(1);
    poke(start, 0xc3);
    assert_eq!(call!(mprotect(start, PAGE, PROT_READ | PROT_EXEC)), Ok(0));
    assert_eq!(try_execute(start), Ok(()));
}

/// PAE and NX are in use, or the kernel has 64 bits.
pub fn has_no_execute() -> bool {
    if !crate::harness::on_folio() {
        return true;
    }
    let mut name = sys::abi::process::Utsname::default();
    call!(uname(sys::syscall::output(&mut name))).expect("uname");
    name.version.windows(2).any(|word| word == b"NX")
}

pub fn a_hint_is_taken_when_free() {
    let hint = free_range(4);
    assert_eq!(call!(mmap2(hint, 4 * PAGE, RW, PRIVATE, -1, 0)), Ok(hint));
    // Taken now: another place, and nothing replaced.
    poke(hint, 9);
    let other = call!(mmap2(hint, 4 * PAGE, RW, PRIVATE, -1, 0)).expect("mmap2");
    assert_ne!(other, hint);
    assert_eq!((peek(hint), peek(other)), (9, 0));
}

pub fn a_misaligned_hint_is_rounded() {
    let hint = free_range(4);
    let start = call!(mmap2(hint + 5, PAGE, RW, PRIVATE, -1, 0)).expect("mmap2");
    assert_eq!(start % PAGE, 0);
}

pub fn fixed_replaces_what_is_there() {
    let start = map(4);
    for page in 0..4 {
        poke(start + page * PAGE, 7);
    }
    let fixed = call!(mmap2(start + PAGE, 2 * PAGE, RW, PRIVATE | MAP_FIXED, -1, 0));
    assert_eq!(fixed, Ok(start + PAGE));
    let bytes: [u8; 4] = core::array::from_fn(|page| peek(start + page as u32 * PAGE));
    assert_eq!(bytes, [7, 0, 0, 7]);
}

pub fn fixed_noreplace_refuses_any_overlap() {
    let start = map(4);
    let flags = PRIVATE | MAP_FIXED_NOREPLACE;
    for (first, pages) in [(0, 4), (1, 1), (3, 5)] {
        let address = start + first * PAGE;
        assert_eq!(call!(mmap2(address, pages * PAGE, RW, flags, -1, 0)), Err(Errno::EEXIST));
    }
    unmap(start + PAGE, 2);
    assert_eq!(call!(mmap2(start + PAGE, 2 * PAGE, RW, flags, -1, 0)), Ok(start + PAGE));
}

pub fn populated_pages_are_present() {
    let start = call!(mmap2(0, 16 * PAGE, RW, PRIVATE | MAP_POPULATE, -1, 0)).expect("mmap2");
    let mut vector = [0u8; 16];
    let pointer = UserMutPtr::new(pointer_mut(&mut vector));
    assert_eq!(call!(mincore(start, 16 * PAGE, pointer)), Ok(0));
    assert!(vector.iter().all(|page| page & 1 == 1));
    let before = crate::usage::minor_faults();
    for page in 0..16 {
        poke(start + page * PAGE, 1);
    }
    assert_eq!(crate::usage::minor_faults() - before, 0);
}

pub fn untouched_pages_are_not_present() {
    let start = map(16);
    // A neighbouring region must not have merged with touched pages: those are elsewhere.
    let mut vector = [0xffu8; 16];
    let pointer = UserMutPtr::new(pointer_mut(&mut vector));
    poke(start + 3 * PAGE, 1);
    assert_eq!(call!(mincore(start, 16 * PAGE, pointer)), Ok(0));
    let present: [bool; 16] = core::array::from_fn(|page| vector[page] & 1 == 1);
    assert_eq!(present, core::array::from_fn(|page| page == 3));
}

pub fn dont_need_drops_contents() {
    let start = map(4);
    for page in 0..4 {
        poke(start + page * PAGE, 5);
    }
    assert_eq!(call!(madvise(start + PAGE, 2 * PAGE, MADV_DONTNEED)), Ok(0));
    let bytes: [u8; 4] = core::array::from_fn(|page| peek(start + page as u32 * PAGE));
    assert_eq!(bytes, [5, 0, 0, 5]);
}

pub fn shared_memory_is_shared_with_children() {
    let start = call!(mmap2(0, 4 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0)).expect("mmap2");
    poke(start, 1);
    let status = child::run(|| {
        assert_eq!(peek(start), 1);
        poke(start, 2);
        // First touched by the child.
        poke(start + 3 * PAGE, 3);
        0
    });
    assert_eq!(status, Status::Exited(0));
    assert_eq!((peek(start), peek(start + 3 * PAGE), peek(start + PAGE)), (2, 3, 0));
}

pub fn a_big_sparse_mapping_costs_only_what_is_touched() {
    let length = 512 << 20;
    let start = call!(mmap2(0, length, RW, PRIVATE | MAP_NORESERVE, -1, 0)).expect("mmap2");
    let addresses = [0, 4 << 20, 100 << 20, 511 << 20].map(|offset| start + offset);
    for (value, address) in addresses.into_iter().enumerate() {
        poke_word(address, value as u32);
    }
    for (value, address) in addresses.into_iter().enumerate() {
        assert_eq!(peek_word(address), value as u32);
    }
    assert_eq!(call!(munmap(start, length)), Ok(0));
    assert_eq!(try_read(start), not_mapped(start));
}

pub fn the_kernel_writes_to_untouched_memory() {
    let start = map(2);
    let (read, write) = sys::file::pipe().expect("pipe2");
    write.write_all(b"abcdefgh").expect("write");
    // Across the boundary of two pages that do not exist yet.
    let address = start + PAGE - 4;
    assert_eq!(call!(read(read.fd().0, UserMutPtr::new(address), 8)), Ok(8));
    assert_eq!(peek_word(address), u32::from_le_bytes(*b"abcd"));
    assert_eq!(peek_word(address + 4), u32::from_le_bytes(*b"efgh"));
}

pub fn many_regions_fault_in_any_order() {
    // RW and RWX by turns, so that no two neighbours merge.
    let count = 600;
    let start = free_range(count);
    for index in 0..count {
        let protection = if index % 2 == 0 { RW } else { RW | PROT_EXEC };
        let address = start + index * PAGE;
        let flags = PRIVATE | MAP_FIXED_NOREPLACE;
        assert_eq!(call!(mmap2(address, PAGE, protection, flags, -1, 0)), Ok(address));
    }
    let scattered = |index: u32| start + index * 7 % count * PAGE;
    for index in 0..count {
        poke_word(scattered(index), index);
    }
    for index in 0..count {
        assert_eq!(peek_word(scattered(index)), index);
    }
    for index in 0..count {
        unmap(scattered(index), 1);
    }
    assert_eq!(try_read(start), not_mapped(start));
}
