//! Address spaces.

use crate::fault::{PAGE, PRIVATE, RW, peek_word, poke_word};
use crate::faults::{Outcome, ended_well, wait};
use sys::Errno;
use sys::abi::file::{O_CREAT, O_EXCL, O_RDWR};
use sys::abi::memory::*;
use sys::file::File;
use sys::io::Fd;
use sys::memory::Mapping;

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
    call!(madvise(start, PAGE, MADV_DONTNEED as i32))?;
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

pub fn a_file_is_mapped() -> Outcome {
    let path = crate::scratch::Scratch::path("mapped");
    let file = File::open_with(path.as_str(), O_RDWR | O_CREAT | O_EXCL, 0o644)?;
    file.write_all(&[3; 3 * PAGE as usize])?;
    let shared = Mapping::new(3 * PAGE, RW, MAP_SHARED, file.fd(), 0)?;
    let private = Mapping::new(3 * PAGE, RW, MAP_PRIVATE, file.fd(), 0)?;
    poke_word(private.address(), 9);
    poke_word(shared.address() + PAGE, 5);
    assert_eq!(peek_word(shared.address()), 0x0303_0303);
    assert_eq!(peek_word(private.address() + PAGE), 5);
    let mut word = [0; 4];
    file.read_at(&mut word, i64::from(PAGE))?;
    assert_eq!(word, [5, 0, 0, 0]);
    file.set_len(i64::from(PAGE))?;
    Ok(())
}

pub fn shared_memory_passes_a_fork() -> Outcome {
    let memory = anonymous(2, MAP_SHARED | MAP_ANONYMOUS)?;
    let start = memory.address();
    poke_word(start, 1);
    let child = match sys::process::fork()? {
        sys::process::Fork::Parent(pid) => pid,
        sys::process::Fork::Child => {
            poke_word(start + PAGE, 2);
            sys::process::exit(0)
        }
    };
    ended_well(wait(child)?)?;
    assert_eq!((peek_word(start), peek_word(start + PAGE)), (1, 2));
    Ok(())
}
