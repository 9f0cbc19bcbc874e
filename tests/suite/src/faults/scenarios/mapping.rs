//! Files in memory.

use crate::fault::{PAGE, RW, peek_word, poke_word};
use crate::faults::files::Made;
use crate::faults::{Outcome, child, join, whole};
use sys::abi::UserStr;
use sys::abi::file::{FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE};
use sys::abi::memory::*;
use sys::file::File;
use sys::io::Fd;
use sys::memory::Mapping;
use sys::syscall::pointer;

pub fn a_file_is_mapped() -> Outcome {
    let (_name, file) = Made::file("mapped")?;
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

pub fn the_program_file_is_copied_where_it_is_written() -> Outcome {
    let file = File::open("/bin/hello")?;
    let memory = Mapping::new(4 * PAGE, RW, MAP_PRIVATE, file.fd(), 0)?;
    let start = memory.address();
    let second = peek_word(start + PAGE);
    poke_word(start, 7);
    let child = child(|| {
        poke_word(start + PAGE, !second);
        assert_eq!((peek_word(start), peek_word(start + PAGE)), (7, !second));
        Ok(())
    })?;
    let ended = join(child);
    assert_eq!((peek_word(start), peek_word(start + PAGE)), (7, second));
    let mut magic = [0; 4];
    file.read_at(&mut magic, 0)?;
    assert_eq!(&magic, b"\x7fELF");
    ended
}

pub fn what_is_written_in_memory_is_synced() -> Outcome {
    let (_name, file) = Made::file("synced")?;
    file.set_len(i64::from(4 * PAGE))?;
    let shared = Mapping::new(4 * PAGE, RW, MAP_SHARED, file.fd(), 0)?;
    (0..4).for_each(|page| poke_word(shared.address() + page * PAGE, page + 1));
    call!(msync(shared.address(), 4 * PAGE, MS_SYNC))?;
    file.sync()?;
    let mut words = [0; 4 * PAGE as usize];
    let read = file.read_at(&mut words, 0)?;
    let numbers = words[..read].iter().step_by(PAGE as usize);
    assert!(numbers.zip(1u8..).all(|(found, number)| *found == number));
    whole(read, words.len())
}

pub fn a_file_without_a_name_grows_and_shrinks() -> Outcome {
    let fd = call!(memfd_create(UserStr::new(pointer(b"fd\0")), 0))?;
    let file = File::from_fd(Fd(fd.cast_signed()));
    file.set_len(i64::from(8 * PAGE))?;
    let shared = Mapping::new(8 * PAGE, RW, MAP_SHARED, file.fd(), 0)?;
    (0..8).for_each(|page| poke_word(shared.address() + page * PAGE, 9));
    let hole = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
    call!(fallocate(fd.cast_signed(), hole, PAGE.into(), PAGE.into()))?;
    assert_eq!([0, PAGE, 2 * PAGE].map(|at| peek_word(shared.address() + at)), [9, 0, 9]);
    file.set_len(i64::from(2 * PAGE))?;
    file.set_len(i64::from(4 * PAGE))?;
    assert_eq!([0, 2 * PAGE].map(|at| peek_word(shared.address() + at)), [9, 0]);
    Ok(())
}

pub fn one_file_is_mapped_page_by_page() -> Outcome {
    let (_name, file) = Made::file("pages")?;
    for page in 0..6u8 {
        file.write_all(&[page; PAGE as usize])?;
    }
    // Backwards, so that no two of them become one area.
    let place = Mapping::anonymous(6 * PAGE)?;
    for page in 0..6 {
        let (at, flags) = (place.address() + (5 - page) * PAGE, MAP_SHARED | MAP_FIXED);
        call!(mmap2(at, PAGE, PROT_READ, flags, file.fd().0, page))?;
    }
    for page in 0..6 {
        let at = place.address() + (5 - page) * PAGE;
        assert_eq!(peek_word(at), page * 0x0101_0101);
    }
    Ok(())
}
