//! Address spaces.

use crate::fault::{PAGE, PRIVATE, RW, peek_word, poke_word};
use crate::faults::{Outcome, child, join};
use sys::Errno;
use sys::abi::UserMutPtr;
use sys::abi::memory::*;
use sys::io::Fd;
use sys::memory::Mapping;
use sys::syscall::pointer_mut;

fn anonymous(pages: u32, flags: u32) -> Result<Mapping, Errno> {
    Mapping::new(pages * PAGE, RW, flags, Fd(-1), 0)
}

fn fill(start: u32, pages: u32) {
    (0..pages).for_each(|page| poke_word(start + page * PAGE, page + 1));
}

fn check(start: u32, pages: u32) {
    (0..pages).for_each(|page| assert_eq!(peek_word(start + page * PAGE), page + 1));
}

pub fn pages_are_touched() -> Outcome {
    let memory = anonymous(4, PRIVATE)?;
    assert_eq!(peek_word(memory.address() + PAGE), 0);
    fill(memory.address(), 4);
    check(memory.address(), 4);
    Ok(())
}

pub fn a_mapping_is_cut_and_changed() -> Outcome {
    let memory = anonymous(8, PRIVATE)?;
    let start = memory.address();
    fill(start, 8);
    call!(mprotect(start + 2 * PAGE, PAGE, PROT_READ))?;
    call!(munmap(start + 5 * PAGE, PAGE))?;
    check(start, 5);
    call!(madvise(start, PAGE, MADV_DONTNEED))?;
    assert_eq!(peek_word(start), 0);
    call!(mprotect(start + 2 * PAGE, PAGE, RW))?;
    poke_word(start + 2 * PAGE, 7);
    assert_eq!(peek_word(start + 2 * PAGE), 7);
    Ok(())
}

pub fn a_mapping_moves() -> Outcome {
    let memory = anonymous(4, PRIVATE)?;
    fill(memory.address(), 4);
    let place = anonymous(8, PRIVATE)?;
    let flags = MREMAP_MAYMOVE | MREMAP_FIXED;
    let moved = call!(mremap(memory.address(), 4 * PAGE, 6 * PAGE, flags, place.address()));
    match moved {
        Ok(start) => {
            check(start, 4);
            assert_eq!(peek_word(start + 5 * PAGE), 0);
            Ok(())
        }
        Err(errno) => {
            check(memory.address(), 4);
            Err(errno.into())
        }
    }
}

pub fn shared_memory_passes_a_fork() -> Outcome {
    let memory = anonymous(2, MAP_SHARED | MAP_ANONYMOUS)?;
    let start = memory.address();
    poke_word(start, 1);
    let child = child(|| {
        poke_word(start + PAGE, 2);
        Ok(())
    })?;
    join(child)?;
    assert_eq!((peek_word(start), peek_word(start + PAGE)), (1, 2));
    Ok(())
}

pub fn a_large_area_takes_many_tables() -> Outcome {
    const APART: u32 = 2 << 20;
    let memory = anonymous(5 * APART / PAGE, PRIVATE | MAP_NORESERVE)?;
    let places = (0..5).map(|table| memory.address() + table * APART);
    places.clone().for_each(|place| poke_word(place, place));
    assert!(places.clone().all(|place| peek_word(place) == place));
    call!(madvise(memory.address(), memory.length(), MADV_DONTNEED))?;
    assert!(places.clone().all(|place| peek_word(place) == 0));
    Ok(())
}

pub fn pages_are_there_from_the_beginning() -> Outcome {
    let memory = anonymous(6, PRIVATE | MAP_POPULATE)?;
    fill(memory.address(), 6);
    let mut there = [0u8; 6];
    let vector = UserMutPtr::new(pointer_mut(&mut there));
    call!(mincore(memory.address(), 6 * PAGE, vector))?;
    assert_eq!(there, [1; 6]);
    check(memory.address(), 6);
    Ok(())
}

pub fn pages_are_locked() -> Outcome {
    let memory = anonymous(6, PRIVATE)?;
    let start = memory.address();
    call!(mlock(start + PAGE, 2 * PAGE))?;
    call!(mlock2(start + 4 * PAGE, PAGE, MLOCK_ONFAULT))?;
    fill(start, 6);
    call!(munlock(start + 2 * PAGE, PAGE))?;
    call!(mlockall(MCL_CURRENT))?;
    call!(munlockall())?;
    check(start, 6);
    Ok(())
}
