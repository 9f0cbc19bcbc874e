//! The test of the tests: whatever is lost is seen.

use crate::scratch::Scratch;
pub use ::leak::Snapshot;
use sys::Errno;
use sys::abi::file::{LOCK_SH, LOCK_UN};
use sys::abi::syscall::folio::*;
use sys::syscall::folio;

tests![every_kind_is_found, a_files_lock_is_counted];

/// What can be lost, and the figure that shows it.
const KINDS: [(u32, &str); LEAK_KINDS as usize] = [
    (LEAK_FRAME, "kernel"),
    (LEAK_OBJECT, "objects of 8"),
    (LEAK_BLOCK, "heap"),
    (LEAK_HANDLE, "handles"),
    (LEAK_KMAP, "kmap"),
    (LEAK_DESCRIPTION, "descriptions"),
    (LEAK_KERNEL_LOCK, "kernel locks"),
];

/// The kernel loses one of a kind, and the count must show it: the test of the tests.
pub fn every_kind_is_found() {
    crate::harness::only_on_folio("tests/README.md, A test of the suite");
    for (kind, figure) in KINDS {
        let before = Snapshot::take().expect("statistics");
        let again = Snapshot::take().expect("statistics");
        assert_eq!(before.difference(&again), None, "counting leaks");
        // SAFETY: the call touches no memory.
        match unsafe { folio::leak(kind) } {
            Ok(_) => {}
            Err(Errno::ENODEV) if kind == LEAK_KMAP && before.has_no_high_memory() => continue,
            Err(Errno::EBUSY) if kind == LEAK_KERNEL_LOCK => continue,
            Err(Errno::ENOSYS) => skip!("a kernel without assertions leaks nothing on purpose"),
            Err(error) => panic!("leak {kind}: {error:?}"),
        }
        let after = Snapshot::take().expect("statistics");
        let found = before.difference(&after).unwrap_or_default();
        assert!(found.contains(figure), "leak of {figure} was not found: {found}");
    }
    // SAFETY: as above.
    assert_eq!(unsafe { folio::leak(LEAK_KINDS) }, Err(Errno::EINVAL));
}

/// Nothing else of the kernel's grows with it.
pub fn a_files_lock_is_counted() {
    crate::harness::only_on_folio("tests/README.md, A test of the suite");
    let (_name, file) = Scratch::file("counted", b"");
    let flock = |operation| call!(flock(file.fd().0, operation)).expect("flock");
    let taken = || {
        let before = Snapshot::take().expect("statistics");
        flock(LOCK_SH);
        before.difference(&Snapshot::take().expect("statistics")).unwrap_or_default()
    };
    let found = taken();
    assert!(found.contains("file locks 0 -> 1"), "a lock was not found: {found}");
    let found = taken();
    assert!(!found.contains("file locks"), "the same lock again is no other: {found}");
    let before = Snapshot::take().expect("statistics");
    flock(LOCK_UN);
    let found = before.difference(&Snapshot::take().expect("statistics")).unwrap_or_default();
    assert!(found.contains("file locks 1 -> 0"), "its end was not found: {found}");
}
