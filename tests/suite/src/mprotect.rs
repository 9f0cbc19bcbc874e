//! Changing the protection of mapped pages.

use crate::child;
use crate::fault::*;
use crate::scratch::{Scratch, numbered_file};
use sys::abi::file::O_RDONLY;
use sys::abi::memory::*;
use sys::file::File;
use sys::wait::Status;
use sys::{Errno, Result};

tests![
    rights_go_and_come_back,
    the_middle_of_a_region_splits_it,
    untouched_pages_obey_too,
    a_hole_stops_it_after_what_came_before,
    a_hole_at_the_start_changes_nothing,
    shared_zero_pages_stay_read_only_in_truth,
    pages_shared_by_fork_stay_copy_on_write,
    a_read_only_file_is_not_written_through_a_shared_mapping,
    private_file_pages_stay_private,
    alternating_rights_over_many_pages,
];

fn protect(address: u32, pages: u32, protection: u32) -> Result<u32> {
    call!(mprotect(address, pages * PAGE, protection))
}

pub fn rights_go_and_come_back() {
    let start = map(1);
    poke(start, 1);
    assert_eq!(protect(start, 1, PROT_READ), Ok(0));
    assert_eq!(try_write(start), forbidden(start));
    assert_eq!(peek(start), 1);
    assert_eq!(protect(start, 1, PROT_NONE), Ok(0));
    assert_eq!(try_read(start), forbidden(start));
    assert_eq!(try_write(start), forbidden(start));
    assert_eq!(protect(start, 1, RW), Ok(0));
    assert_eq!(peek(start), 1);
    assert_eq!(try_write(start), Ok(()));
}

pub fn the_middle_of_a_region_splits_it() {
    let start = map(3);
    for page in 0..3 {
        poke(start + page * PAGE, 1);
    }
    let middle = start + PAGE;
    assert_eq!(protect(middle, 1, PROT_READ), Ok(0));
    assert_eq!(try_write(start), Ok(()));
    assert_eq!(try_write(middle), forbidden(middle));
    assert_eq!(try_write(middle + PAGE), Ok(()));
    assert_eq!(protect(start, 3, RW), Ok(0));
    assert_eq!(try_write(middle), Ok(()));
}

pub fn untouched_pages_obey_too() {
    let start = map(2);
    assert_eq!(protect(start, 2, PROT_READ), Ok(0));
    assert_eq!(try_write(start), forbidden(start));
    assert_eq!(peek(start), 0);
    assert_eq!(try_write(start), forbidden(start));
    assert_eq!(protect(start, 2, RW), Ok(0));
    assert_eq!(try_write(start), Ok(()));
}

pub fn a_hole_stops_it_after_what_came_before() {
    let start = map(5);
    unmap(start + 2 * PAGE, 1);
    assert_eq!(protect(start, 5, PROT_READ), Err(Errno::ENOMEM));
    assert_eq!(try_write(start + PAGE), forbidden(start + PAGE));
    assert_eq!(try_write(start + 3 * PAGE), Ok(()));
}

pub fn a_hole_at_the_start_changes_nothing() {
    let start = map(3);
    unmap(start, 1);
    assert_eq!(protect(start, 3, PROT_READ), Err(Errno::ENOMEM));
    assert_eq!(try_write(start + PAGE), Ok(()));
}

pub fn shared_zero_pages_stay_read_only_in_truth() {
    // Read, protected, made writable: the first write must not reach a page others have.
    let start = map(2);
    assert_eq!(peek(start), 0);
    assert_eq!(protect(start, 2, PROT_READ), Ok(0));
    assert_eq!(protect(start, 2, RW), Ok(0));
    poke(start, 1);
    assert_eq!(peek(start + PAGE), 0);
    assert_eq!(peek(map(1)), 0);
}

pub fn pages_shared_by_fork_stay_copy_on_write() {
    let start = map(1);
    poke(start, 1);
    let status = child::run(|| {
        assert_eq!(protect(start, 1, PROT_READ), Ok(0));
        assert_eq!(protect(start, 1, RW), Ok(0));
        poke(start, 2);
        0
    });
    assert_eq!(status, Status::Exited(0));
    assert_eq!(peek(start), 1);
}

pub fn a_read_only_file_is_not_written_through_a_shared_mapping() {
    let (name, _file) = Scratch::file("protect", &[1; 4096]);
    let file = File::open_with(name.as_str(), O_RDONLY, 0).expect("open");
    let start = map_file(&file, 1, PROT_READ, MAP_SHARED, 0);
    assert_eq!(protect(start, 1, RW), Err(Errno::EACCES));
    assert_eq!(try_write(start), forbidden(start));
    // A private mapping of it may be written.
    let start = map_file(&file, 1, PROT_READ, MAP_PRIVATE, 0);
    assert_eq!(protect(start, 1, RW), Ok(0));
    assert_eq!(try_write(start), Ok(()));
    let mut byte = [0];
    assert_eq!(file.read_at(&mut byte, 0), Ok(1));
    assert_eq!(byte, [1]);
}

pub fn private_file_pages_stay_private() {
    let file = numbered_file(1);
    let start = map_file(&file, 1, PROT_READ, MAP_PRIVATE, 0);
    assert_eq!(peek(start), 1);
    assert_eq!(protect(start, 1, RW), Ok(0));
    poke(start, 9);
    let mut byte = [0];
    file.read_at(&mut byte, 0).expect("pread64");
    assert_eq!(byte, [1]);
}

pub fn alternating_rights_over_many_pages() {
    let start = map(64);
    for page in (0..64).step_by(2) {
        assert_eq!(protect(start + page * PAGE, 1, PROT_READ), Ok(0));
    }
    for page in 0..64 {
        let address = start + page * PAGE;
        let wanted = if page % 2 == 0 { forbidden(address) } else { Ok(()) };
        assert_eq!(try_write(address), wanted);
    }
    assert_eq!(protect(start, 64, RW), Ok(0));
    assert!((0..64).all(|page| try_write(start + page * PAGE).is_ok()));
}
