//! Mapped files: coherence with `read` and `write`, ends, truncation.

use crate::child;
use crate::fault::*;
use crate::scratch::{Scratch, numbered_file};
use alloc::vec;
use core::time::Duration;
use sys::abi::UserMutPtr;
use sys::abi::file::{FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE, O_RDONLY, O_RDWR};
use sys::abi::memory::*;
use sys::abi::process::PRIO_PROCESS;
use sys::abi::signal::SIGKILL;
use sys::file::File;
use sys::process;
use sys::wait::Status;

tests![
    pages_hold_the_file,
    an_offset_counts_pages,
    a_mapping_outlives_its_descriptor_and_name,
    who_is_killed_stops_populating,
    shared_stores_are_read,
    writes_are_seen_through_mappings,
    two_shared_mappings_are_one_memory,
    private_stores_stay_private,
    private_memory_can_be_discarded_again,
    children_share_what_is_shared,
    the_rest_of_the_last_page_is_zero,
    stores_beyond_the_end_never_reach_the_file,
    pages_beyond_the_end_are_a_bus_error,
    an_empty_file_maps_but_has_no_page,
    growing_the_file_makes_pages_appear,
    truncation_takes_pages_away,
    truncation_in_a_child_takes_pages_from_the_parent,
    reading_into_a_mapping_of_the_same_file_works,
    writing_from_a_mapping_of_the_same_file_works,
    msync_and_fsync_succeed,
    the_program_itself_can_be_mapped,
    another_description_sees_the_same_pages,
    a_hole_reads_as_zero_and_can_be_stored_to,
    private_copies_survive_a_punched_hole,
    memfd_is_a_file_without_a_name,
];

fn byte_at(file: &File, offset: i64) -> u8 {
    let mut byte = [0];
    assert_eq!(file.read_at(&mut byte, offset), Ok(1));
    byte[0]
}

pub fn pages_hold_the_file() {
    let file = numbered_file(8);
    let start = map_file(&file, 8, PROT_READ, MAP_PRIVATE, 0);
    for page in (0..8).rev() {
        assert_eq!(peek(start + page * PAGE), page as u8 + 1);
        assert_eq!(peek(start + page * PAGE + PAGE - 1), page as u8 + 1);
    }
}

pub fn an_offset_counts_pages() {
    let file = numbered_file(8);
    let start = map_file(&file, 2, PROT_READ, MAP_SHARED, 5);
    assert_eq!((peek(start), peek(start + PAGE)), (6, 7));
}

pub fn a_mapping_outlives_its_descriptor_and_name() {
    let start = {
        let file = numbered_file(2);
        map_file(&file, 2, RW, MAP_SHARED, 0)
    };
    assert_eq!((peek(start), peek(start + PAGE)), (1, 2));
    poke(start, 9);
    assert_eq!(peek(start), 9);
}

pub fn shared_stores_are_read() {
    let file = numbered_file(2);
    let start = map_file(&file, 2, RW, MAP_SHARED, 0);
    poke(start + 10, 77);
    poke(start + PAGE + 20, 78);
    assert_eq!(byte_at(&file, 10), 77);
    assert_eq!(byte_at(&file, 4096 + 20), 78);
}

pub fn writes_are_seen_through_mappings() {
    let file = numbered_file(2);
    let shared = map_file(&file, 2, PROT_READ, MAP_SHARED, 0);
    let private = map_file(&file, 2, PROT_READ, MAP_PRIVATE, 0);
    assert_eq!((peek(shared), peek(private)), (1, 1));
    assert_eq!(file.write_at(&[50; 8], 4092), Ok(8));
    assert_eq!((peek(shared + PAGE - 1), peek(shared + PAGE)), (50, 50));
    assert_eq!((peek(private + PAGE - 1), peek(private + PAGE)), (50, 50));
}

pub fn two_shared_mappings_are_one_memory() {
    let file = numbered_file(1);
    let one = map_file(&file, 1, RW, MAP_SHARED, 0);
    let two = map_file(&file, 1, RW, MAP_SHARED, 0);
    poke(one, 5);
    assert_eq!(peek(two), 5);
    poke(two + 1, 6);
    assert_eq!(peek(one + 1), 6);
}

pub fn private_stores_stay_private() {
    let file = numbered_file(1);
    let private = map_file(&file, 1, RW, MAP_PRIVATE, 0);
    let shared = map_file(&file, 1, RW, MAP_SHARED, 0);
    poke(private, 9);
    assert_eq!((peek(private), peek(shared), byte_at(&file, 0)), (9, 1, 1));
    // The copy keeps what it was; the file goes its own way.
    assert_eq!(file.write_at(&[33; 16], 0), Ok(16));
    assert_eq!((peek(private), peek(private + 1), peek(shared)), (9, 1, 33));
}

pub fn private_memory_can_be_discarded_again() {
    let file = numbered_file(1);
    let private = map_file(&file, 1, RW, MAP_PRIVATE, 0);
    poke(private, 9);
    assert_eq!(call!(madvise(private, PAGE, MADV_DONTNEED)), Ok(0));
    assert_eq!(peek(private), 1);
}

pub fn children_share_what_is_shared() {
    let file = numbered_file(2);
    let shared = map_file(&file, 2, RW, MAP_SHARED, 0);
    let private = map_file(&file, 2, RW, MAP_PRIVATE, 0);
    let status = child::run(|| {
        poke(shared, 40);
        poke(private, 41);
        0
    });
    assert_eq!(status, Status::Exited(0));
    assert_eq!((peek(shared), peek(private), byte_at(&file, 0)), (40, 40, 40));
}

pub fn the_rest_of_the_last_page_is_zero() {
    let (_name, file) = Scratch::file("tail", &[7; 5000]);
    let start = map_file(&file, 2, PROT_READ, MAP_PRIVATE, 0);
    assert_eq!(peek(start + 4999), 7);
    assert!((5000..2 * PAGE).all(|offset| peek(start + offset) == 0));
}

pub fn stores_beyond_the_end_never_reach_the_file() {
    let (_name, file) = Scratch::file("tail", &[7; 100]);
    let start = map_file(&file, 1, RW, MAP_SHARED, 0);
    poke(start + 100, 1);
    assert_eq!(file.stat().expect("fstat64").size, 100);
    let mut buffer = [0; 200];
    assert_eq!(file.read_at(&mut buffer, 0), Ok(100));
}

pub fn pages_beyond_the_end_are_a_bus_error() {
    let (_name, file) = Scratch::file("beyond", &[7; 5000]);
    for flags in [MAP_SHARED, MAP_PRIVATE] {
        let start = map_file(&file, 4, RW, flags, 0);
        let beyond = start + 2 * PAGE;
        assert_eq!(try_read(beyond + 3), beyond_file(beyond + 3));
        assert_eq!(try_write(beyond + PAGE), beyond_file(beyond + PAGE));
        assert_eq!(try_read(start + PAGE), Ok(()));
    }
}

pub fn an_empty_file_maps_but_has_no_page() {
    let (_name, file) = Scratch::file("empty", &[]);
    let start = map_file(&file, 1, RW, MAP_SHARED, 0);
    assert_eq!(try_read(start), beyond_file(start));
}

pub fn growing_the_file_makes_pages_appear() {
    let (_name, file) = Scratch::file("grow", &[7; 100]);
    let start = map_file(&file, 3, RW, MAP_SHARED, 0);
    assert_eq!(try_read(start + PAGE), beyond_file(start + PAGE));
    file.set_len(3 * 4096).expect("ftruncate64");
    assert_eq!(peek(start + 2 * PAGE), 0);
    poke(start + 2 * PAGE, 4);
    assert_eq!(byte_at(&file, 2 * 4096), 4);
}

pub fn truncation_takes_pages_away() {
    let file = numbered_file(4);
    let shared = map_file(&file, 4, RW, MAP_SHARED, 0);
    let private = map_file(&file, 4, RW, MAP_PRIVATE, 0);
    for page in 0..4 {
        poke(private + page * PAGE, 90);
        assert_eq!(peek(shared + page * PAGE), page as u8 + 1);
    }
    file.set_len(4096 + 100).expect("ftruncate64");
    let gone = shared + 2 * PAGE;
    assert_eq!(try_read(gone), beyond_file(gone));
    // Private copies beyond the end go, too.
    assert_eq!(try_read(private + 3 * PAGE), beyond_file(private + 3 * PAGE));
    // What is left keeps its bytes up to the end, and zeros behind it.
    assert_eq!((peek(shared + PAGE + 99), peek(shared + PAGE + 100)), (2, 0));
    file.set_len(4 * 4096).expect("ftruncate64");
    assert_eq!(peek(gone), 0);
    assert_eq!((peek(shared + PAGE + 99), peek(shared + PAGE + 100)), (2, 0));
}

pub fn truncation_in_a_child_takes_pages_from_the_parent() {
    let file = numbered_file(2);
    let start = map_file(&file, 2, RW, MAP_SHARED, 0);
    assert_eq!(peek(start + PAGE), 2);
    let status = child::run(|| {
        file.set_len(4096).expect("ftruncate64");
        0
    });
    assert_eq!(status, Status::Exited(0));
    assert_eq!(try_read(start + PAGE), beyond_file(start + PAGE));
}

pub fn reading_into_a_mapping_of_the_same_file_works() {
    let file = numbered_file(2);
    let start = map_file(&file, 2, RW, MAP_SHARED, 0);
    let target = sys::abi::UserMutPtr::new(start);
    assert_eq!(call!(pread64(file.fd().0, target, 100, 4096)), Ok(100));
    assert_eq!((peek(start), peek(start + 100)), (2, 1));
}

pub fn writing_from_a_mapping_of_the_same_file_works() {
    let file = numbered_file(2);
    let start = map_file(&file, 2, RW, MAP_SHARED, 0);
    let source = sys::abi::UserPtr::new(start);
    assert_eq!(call!(pwrite64(file.fd().0, source, 100, 4096)), Ok(100));
    assert_eq!((peek(start + PAGE), peek(start + PAGE + 100)), (1, 2));
}

pub fn msync_and_fsync_succeed() {
    let file = numbered_file(1);
    let start = map_file(&file, 1, RW, MAP_SHARED, 0);
    poke(start, 3);
    assert_eq!(call!(msync(start, PAGE, MS_SYNC)), Ok(0));
    assert_eq!(call!(msync(start, PAGE, MS_ASYNC)), Ok(0));
    assert_eq!(file.sync(), Ok(()));
    assert_eq!(byte_at(&file, 0), 3);
}

pub fn the_program_itself_can_be_mapped() {
    let name = sys::env::args().next().expect("argument 0");
    let file = File::open_with(name, O_RDONLY, 0).expect("open");
    let start = map_file(&file, 1, PROT_READ, MAP_PRIVATE, 0);
    assert_eq!(peek_word(start), 0x464c_457f);
    let private = map_file(&file, 1, RW, MAP_PRIVATE, 0);
    poke(private, 0);
    assert_eq!(peek_word(start), 0x464c_457f);
}

pub fn another_description_sees_the_same_pages() {
    let (name, file) = Scratch::file("twice", &[1; 4096]);
    let again = File::open_with(name.as_str(), O_RDWR, 0).expect("open");
    let one = map_file(&file, 1, RW, MAP_SHARED, 0);
    let two = map_file(&again, 1, RW, MAP_SHARED, 0);
    poke(one, 55);
    assert_eq!((peek(two), byte_at(&again, 0)), (55, 55));
}

pub fn a_hole_reads_as_zero_and_can_be_stored_to() {
    let (_name, file) = Scratch::file("hole", &[]);
    file.set_len(1 << 20).expect("ftruncate64");
    let start = map_file(&file, 256, RW, MAP_SHARED, 0);
    assert_eq!(peek(start + 200 * PAGE), 0);
    poke(start + 100 * PAGE, 8);
    assert_eq!(byte_at(&file, 100 * 4096), 8);
    assert_eq!(byte_at(&file, 200 * 4096), 0);
}

pub fn private_copies_survive_a_punched_hole() {
    let (name, file) = Scratch::file("punch", &[7; 4 * 4096]);
    let other = File::open_with(name.as_str(), O_RDWR, 0).expect("open");
    let private = map_file(&file, 4, RW, MAP_PRIVATE, 0);
    let shared = map_file(&file, 4, RW, MAP_SHARED, 0);
    poke(private + PAGE, 9);
    let first_bytes =
        || [0, 1, 2, 3].map(|page| (peek(private + page * PAGE), peek(shared + page * PAGE)));
    assert_eq!(first_bytes(), [(7, 7), (9, 7), (7, 7), (7, 7)]);
    let mode = FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE;
    assert_eq!(call!(fallocate(other.fd().0, mode, 0, 3 * 4096)), Ok(0));
    assert_eq!(first_bytes(), [(0, 0), (9, 0), (0, 0), (7, 7)]);
    assert_eq!(peek(private + PAGE + 1), 7);
    // The same by way of a mapping.
    poke(private + 3 * PAGE, 8);
    assert_eq!(call!(madvise(shared, 4 * PAGE, MADV_REMOVE)), Ok(0));
    assert_eq!(first_bytes(), [(0, 0), (9, 0), (0, 0), (8, 0)]);
}

pub fn memfd_is_a_file_without_a_name() {
    let name = b"suite\0";
    let name = sys::abi::UserStr::new(sys::syscall::pointer(name.as_slice()));
    let fd = call!(memfd_create(name, MFD_CLOEXEC)).expect("memfd_create");
    let file = File::from_fd(sys::io::Fd(fd.cast_signed()));
    file.write_all(&[4; 5000]).expect("write");
    let start = map_file(&file, 2, RW, MAP_SHARED, 0);
    assert_eq!((peek(start + 4999), peek(start + 5000)), (4, 0));
    assert_eq!(file.stat().expect("fstat64").size, 5000);
}

pub fn who_is_killed_stops_populating() {
    crate::harness::only_on_folio("Linux 6.1, fatal_signal_pending in __get_user_pages");
    // The end may come while it does something else.
    assert!((0..20).any(|_| is_stopped_populating()), "it went on to the end");
}

/// Kills a child that populates one mapping after the other; `false` if none was left half done.
fn is_stopped_populating() -> bool {
    const PAGES: u32 = 24 << 8;
    let (name, file) = Scratch::file("populate", b"");
    file.set_len(i64::from(PAGES * PAGE)).expect("ftruncate64");
    let start = map_file(&file, PAGES, PROT_READ, MAP_SHARED, 0);
    let mut resident = vec![0u8; PAGES as usize];
    let mut count = || {
        let vector = UserMutPtr::new(resident.as_mut_ptr() as u32);
        assert_eq!(call!(mincore(start, PAGES * PAGE, vector)), Ok(0));
        resident.iter().filter(|page| **page & 1 != 0).count()
    };
    let pid = child::start(|| {
        // So that the parent gets the CPU when it wakes up.
        assert_eq!(call!(setpriority(PRIO_PROCESS, 0, 19)), Ok(0));
        let file = File::open_with(name.as_str(), O_RDWR, 0).expect("open");
        loop {
            let start = map_file(&file, PAGES, RW, MAP_SHARED | MAP_POPULATE, 0);
            unmap(start, PAGES);
            file.set_len(0).expect("ftruncate64");
            file.set_len(i64::from(PAGES * PAGE)).expect("ftruncate64");
        }
    });
    while count() == 0 {
        sys::time::sleep(Duration::from_millis(1));
    }
    process::kill(pid, SIGKILL).expect("kill");
    assert_eq!(child::wait(pid), Status::Signaled(SIGKILL));
    (1..PAGES as usize).contains(&count())
}
