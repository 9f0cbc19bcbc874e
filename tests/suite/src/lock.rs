//! Locks on files: `fcntl` and `flock`.

use crate::child;
use crate::fault::{PAGE, map_file, unmap};
use crate::scratch::Scratch;
use crate::threads::spawn;
use core::sync::atomic::{AtomicU32, Ordering::SeqCst};
use core::time::Duration;
use sys::Errno;
use sys::abi::file::*;
use sys::abi::memory::{MAP_PRIVATE, MREMAP_MAYMOVE, PROT_READ};
use sys::abi::signal::SIGKILL;
use sys::file::{File, pipe};
use sys::process;
use sys::syscall::output;
use sys::time::sleep;
use sys::wait::Status;

tests![
    ranges_keep_other_processes_out,
    readers_share_a_range,
    a_waiting_process_gets_the_lock_in_the_end,
    a_lock_that_comes_after_closing_goes_again,
    two_that_wait_for_each_other_are_told,
    lock_arguments_are_checked,
    flock_belongs_to_the_description,
    a_mapping_keeps_the_description_and_its_lock,
    whatever_is_open_can_be_locked,
    only_the_owner_gives_a_lock_up_by_closing,
];

fn range(kind: i16, start: i64, len: i64) -> Flock64 {
    Flock64 { kind, whence: SEEK_SET as i16, start, len, pid: 0 }
}

fn set(file: &File, lock: Flock64) -> Result<u32, Errno> {
    let mut lock = lock;
    let address = output(&mut lock).address();
    call!(fcntl64(file.fd().0, F_SETLK64, address))
}

fn get(file: &File, lock: Flock64) -> Result<Flock64, Errno> {
    let mut lock = lock;
    let address = output(&mut lock).address();
    call!(fcntl64(file.fd().0, F_GETLK64, address))?;
    Ok(lock)
}

fn again(name: &Scratch) -> File {
    File::open_with(name.as_str(), O_RDWR, 0).expect("open")
}

/// What a child that opens the file anew finds in the way.
fn in_the_way_of_a_child(name: &Scratch, lock: Flock64) -> (i32, i32) {
    let (read, write) = pipe().expect("pipe2");
    let status = child::run(|| {
        let found = get(&again(name), lock).expect("F_GETLK64");
        let (start, len) = (found.start as i32, found.len as i32);
        let bytes = [i32::from(found.kind), start, len].map(i32::to_le_bytes).concat();
        write.write_all(&bytes).expect("write");
        0
    });
    assert_eq!(status, Status::Exited(0));
    let mut bytes = [0; 12];
    assert_eq!(read.read(&mut bytes), Ok(12));
    let number =
        |at: usize| i32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
    if number(0) == i32::from(F_UNLCK) { (-1, -1) } else { (number(4), number(8)) }
}

pub fn ranges_keep_other_processes_out() {
    let (name, file) = Scratch::file("lock", b"0123456789");
    assert_eq!(set(&file, range(F_WRLCK, 2, 4)), Ok(0));
    // One's own is never in the way, through whichever descriptor.
    assert_eq!(get(&again(&name), range(F_WRLCK, 0, 0)).map(|lock| lock.kind), Ok(F_UNLCK));
    // That closed a descriptor of the file, so the lock is gone.
    assert_eq!(in_the_way_of_a_child(&name, range(F_WRLCK, 0, 0)), (-1, -1));
    assert_eq!(set(&file, range(F_WRLCK, 2, 4)), Ok(0));
    assert_eq!(in_the_way_of_a_child(&name, range(F_RDLCK, 0, 3)), (2, 4));
    assert_eq!(in_the_way_of_a_child(&name, range(F_RDLCK, 6, 0)), (-1, -1));
    // The middle goes.
    assert_eq!(set(&file, range(F_UNLCK, 3, 1)), Ok(0));
    assert_eq!(in_the_way_of_a_child(&name, range(F_RDLCK, 3, 1)), (-1, -1));
    assert_eq!(in_the_way_of_a_child(&name, range(F_RDLCK, 3, 2)), (4, 2));
    // To the end, however far that is; and backwards.
    assert_eq!(set(&file, range(F_WRLCK, 8, 0)), Ok(0));
    assert_eq!(in_the_way_of_a_child(&name, range(F_RDLCK, 1 << 30, 1)), (8, 0));
    assert_eq!(in_the_way_of_a_child(&name, range(F_RDLCK, 5, -2)), (4, 2));
}

pub fn readers_share_a_range() {
    let (name, file) = Scratch::file("shared-lock", b"x");
    assert_eq!(set(&file, range(F_RDLCK, 0, 0)), Ok(0));
    let status = child::run(|| {
        let file = again(&name);
        assert_eq!(set(&file, range(F_RDLCK, 0, 0)), Ok(0));
        assert_eq!(set(&file, range(F_WRLCK, 0, 0)), Err(Errno::EAGAIN));
        0
    });
    assert_eq!(status, Status::Exited(0));
    assert_eq!(set(&file, range(F_WRLCK, 0, 0)), Ok(0), "the child's went with it");
}

pub fn a_waiting_process_gets_the_lock_in_the_end() {
    let (name, file) = Scratch::file("wait-lock", b"x");
    assert_eq!(set(&file, range(F_WRLCK, 0, 0)), Ok(0));
    let (read, write) = pipe().expect("pipe2");
    let pid = child::start(|| {
        let file = again(&name);
        write.write_all(b"1").expect("write");
        let mut lock = range(F_WRLCK, 0, 0);
        let address = output(&mut lock).address();
        assert_eq!(call!(fcntl64(file.fd().0, F_SETLKW64, address)), Ok(0));
        write.write_all(b"2").expect("write");
        0
    });
    drop(write);
    let mut byte = [0];
    assert_eq!((read.read(&mut byte), byte), (Ok(1), *b"1"));
    assert_eq!(set(&file, range(F_UNLCK, 0, 0)), Ok(0));
    assert_eq!((read.read(&mut byte), byte), (Ok(1), *b"2"));
    assert_eq!(child::wait(pid), Status::Exited(0));
}

pub fn a_lock_that_comes_after_closing_goes_again() {
    static RESULT: AtomicU32 = AtomicU32::new(0);
    extern "C" fn body(fd: u32) -> i32 {
        let mut lock = range(F_WRLCK, 0, 0);
        let address = output(&mut lock).address();
        let result = call!(fcntl64(fd.cast_signed(), F_SETLKW64, address));
        RESULT.store(result.map_or_else(|error| error.number().into(), |_| 0), SeqCst);
        0
    }
    let (name, _file) = Scratch::file("closed-lock", b"x");
    let ((read, ready), (gate, go)) = (pipe().expect("pipe2"), pipe().expect("pipe2"));
    let pid = child::start(|| {
        let file = again(&name);
        assert_eq!(set(&file, range(F_WRLCK, 0, 0)), Ok(0));
        ready.write_all(b"1").expect("write");
        assert_eq!(gate.read(&mut [0]), Ok(1));
        0
    });
    assert_eq!(read.read(&mut [0]), Ok(1));
    let file = again(&name);
    let thread = spawn(body, file.fd().0.cast_unsigned());
    sleep(Duration::from_millis(20));
    drop(file);
    go.write_all(b"1").expect("write");
    assert_eq!(child::wait(pid), Status::Exited(0));
    thread.join();
    assert_eq!(RESULT.load(SeqCst), u32::from(Errno::EBADF.number()));
    assert_eq!(in_the_way_of_a_child(&name, range(F_WRLCK, 0, 0)), (-1, -1));
}

pub fn two_that_wait_for_each_other_are_told() {
    let (name, file) = Scratch::file("deadlock", b"xy");
    let (read, write) = pipe().expect("pipe2");
    assert_eq!(set(&file, range(F_WRLCK, 0, 1)), Ok(0));
    let wait_for = |file: &File, start| {
        let mut lock = range(F_WRLCK, start, 1);
        let address = output(&mut lock).address();
        call!(fcntl64(file.fd().0, F_SETLKW64, address))
    };
    let pid = child::start(|| {
        let file = again(&name);
        assert_eq!(set(&file, range(F_WRLCK, 1, 1)), Ok(0));
        write.write_all(b"1").expect("write");
        // The parent is refused, ends its lock and lets this one go on; or the other way round.
        match wait_for(&file, 0) {
            Ok(0) => 0,
            Err(Errno::EDEADLK) => 1,
            _ => 2,
        }
    });
    assert_eq!(read.read(&mut [0]), Ok(1));
    let own = wait_for(&file, 1);
    if own == Err(Errno::EDEADLK) {
        assert_eq!(set(&file, range(F_UNLCK, 0, 1)), Ok(0));
        assert_eq!(child::wait(pid), Status::Exited(0));
    } else {
        assert_eq!((own, child::wait(pid)), (Ok(0), Status::Exited(1)));
    }
}

pub fn lock_arguments_are_checked() {
    let (name, file) = Scratch::file("lock-errors", b"x");
    assert_eq!(set(&file, range(F_RDLCK, -1, 1)), Err(Errno::EINVAL));
    assert_eq!(set(&file, range(F_RDLCK, 1, -2)), Err(Errno::EINVAL));
    assert_eq!(set(&file, range(F_RDLCK, 2, i64::MAX)), Err(Errno::EOVERFLOW));
    assert_eq!(set(&file, range(7, 0, 1)), Err(Errno::EINVAL));
    assert_eq!(get(&file, range(F_UNLCK, 0, 1)).err(), Some(Errno::EINVAL));
    let odd = Flock64 { whence: 9, ..range(F_RDLCK, 0, 1) };
    assert_eq!(set(&file, odd), Err(Errno::EINVAL));
    let reader = File::open_with(name.as_str(), O_RDONLY, 0).expect("open");
    assert_eq!(set(&reader, range(F_WRLCK, 0, 1)), Err(Errno::EBADF));
    assert_eq!(call!(fcntl64(file.fd().0, F_SETLK64, 0)), Err(Errno::EFAULT));
    // 32 bits of it.
    let mut old = Flock { kind: F_WRLCK, len: 5, ..Flock::default() };
    let address = output(&mut old).address();
    assert_eq!(call!(fcntl(file.fd().0, F_SETLK, address)), Ok(0));
    assert_eq!(in_the_way_of_a_child(&name, range(F_RDLCK, 0, 0)), (0, 5));
}

pub fn flock_belongs_to_the_description() {
    let (name, file) = Scratch::file("flock", b"");
    let other = again(&name);
    let twin = call!(dup(file.fd().0)).expect("dup");
    let twin = File::from_fd(sys::io::Fd(twin.cast_signed()));
    let lock = |file: &File, operation| call!(flock(file.fd().0, operation | LOCK_NB));
    assert_eq!(lock(&file, LOCK_EX), Ok(0));
    assert_eq!(lock(&twin, LOCK_EX), Ok(0), "a duplicate is the same description");
    assert_eq!(lock(&other, LOCK_SH), Err(Errno::EAGAIN));
    drop(file);
    assert_eq!(lock(&other, LOCK_SH), Err(Errno::EAGAIN), "the duplicate still has it");
    assert_eq!(lock(&twin, LOCK_SH), Ok(0));
    assert_eq!(lock(&other, LOCK_SH), Ok(0));
    assert_eq!(lock(&twin, LOCK_EX), Err(Errno::EAGAIN));
    assert_eq!(lock(&other, LOCK_UN), Ok(0));
    assert_eq!(lock(&twin, 0), Err(Errno::EINVAL));
    assert_eq!(call!(flock(999, LOCK_SH)), Err(Errno::EBADF));
    let child = child::run(|| {
        // The child holds the same description, and so the lock.
        assert_eq!(lock(&twin, LOCK_EX), Ok(0));
        0
    });
    assert_eq!(child, Status::Exited(0));
    assert_eq!(lock(&other, LOCK_SH), Err(Errno::EAGAIN));
    drop(twin);
    assert_eq!(lock(&other, LOCK_EX), Ok(0));
}

pub fn a_mapping_keeps_the_description_and_its_lock() {
    let (name, file) = Scratch::file("flock-mapped", &[1; 8192]);
    let other = again(&name);
    let lock = |file: &File| call!(flock(file.fd().0, LOCK_EX | LOCK_NB));
    assert_eq!(lock(&file), Ok(0));
    let start = map_file(&file, 2, PROT_READ, MAP_PRIVATE, 0);
    drop(file);
    assert_eq!(lock(&other), Err(Errno::EAGAIN));
    // Part of it, at another place, and in a child, too.
    unmap(start, 1);
    let moved = call!(mremap(start + PAGE, PAGE, 2 * PAGE, MREMAP_MAYMOVE, 0)).expect("mremap");
    assert_eq!(lock(&other), Err(Errno::EAGAIN));
    let pid = child::start(|| {
        let _ = call!(pause());
        1
    });
    unmap(moved, 2);
    assert_eq!(lock(&other), Err(Errno::EAGAIN));
    process::kill(pid, SIGKILL).expect("kill");
    assert_eq!(child::wait(pid), Status::Signaled(SIGKILL));
    assert_eq!(lock(&other), Ok(0));
}

pub fn whatever_is_open_can_be_locked() {
    let name = Scratch::directory("flock-directory");
    let open = || File::open_with(name.as_str(), O_RDONLY | O_DIRECTORY, 0).expect("open");
    let lock = |file: &File, operation| call!(flock(file.fd().0, operation | LOCK_NB));
    let (first, second) = (open(), open());
    assert_eq!(lock(&first, LOCK_EX), Ok(0));
    assert_eq!(lock(&second, LOCK_SH), Err(Errno::EAGAIN));
    drop(first);
    assert_eq!(lock(&second, LOCK_SH), Ok(0));
    assert_eq!(lock(&second, LOCK_UN), Ok(0));
    assert_eq!(set(&second, range(F_WRLCK, 0, 0)), Err(Errno::EBADF));
    // The two ends are one node: a process's own locks are never in its way, and go with either.
    let (read, write) = pipe().expect("pipe2");
    assert_eq!(set(&read, range(F_RDLCK, 0, 0)), Ok(0));
    assert_eq!(set(&write, range(F_WRLCK, 4, 0)), Ok(0));
    let found_by_a_child = || {
        child::run(|| {
            let found = get(&write, range(F_WRLCK, 0, 0)).expect("F_GETLK64");
            if found.kind == F_UNLCK { 100 } else { found.start as i32 }
        })
    };
    assert_eq!(found_by_a_child(), Status::Exited(0));
    assert_eq!(set(&read, range(F_UNLCK, 0, 2)), Ok(0));
    assert_eq!(found_by_a_child(), Status::Exited(2));
    drop(read);
    assert_eq!(found_by_a_child(), Status::Exited(100));
}

pub fn only_the_owner_gives_a_lock_up_by_closing() {
    let open = || File::open_with("/dev/null", O_RDWR, 0).expect("/dev/null");
    let is_locked = || {
        child::run(|| i32::from(get(&open(), range(F_WRLCK, 0, 0)).expect("get").kind != F_UNLCK))
    };
    let (first, second) = (open(), open());
    drop(open());
    assert_eq!(set(&first, range(F_WRLCK, 0, 0)), Ok(0));
    // A child has descriptors, but no locks.
    let child = child::run(|| call!(close(first.fd().0)).map_or(1, |_| 0));
    assert_eq!((child, is_locked()), (Status::Exited(0), Status::Exited(1)));
    let path = File::open_with("/dev/null", O_PATH, 0).expect("/dev/null");
    drop(path);
    assert_eq!(is_locked(), Status::Exited(1));
    drop(second);
    assert_eq!(is_locked(), Status::Exited(0));
}
