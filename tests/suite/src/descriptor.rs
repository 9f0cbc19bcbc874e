//! Descriptors and the descriptions they stand for.

use crate::child;
use crate::scratch::{Scratch, numbered_file};
use sys::Errno;
use sys::abi::file::*;
use sys::abi::memory::{MAP_PRIVATE, MAP_SHARED, PROT_READ, PROT_WRITE};
use sys::file::{File, SeekFrom, pipe};
use sys::memory::Mapping;
use sys::wait::Status;

tests![
    the_lowest_free_number_is_taken,
    duplicates_share_the_offset,
    children_share_the_offset,
    opening_again_has_its_own_offset,
    children_have_numbers_of_their_own,
    dup2_replaces_and_dup3_checks,
    fcntl_duplicates_from_a_number_on,
    status_flags_belong_to_the_description,
    closing_twice_is_ebadf,
    the_number_of_descriptors_is_limited,
    many_descriptors,
    a_range_can_be_closed,
    null_zero_and_full,
    a_file_is_no_terminal,
    close_on_exec_by_ioctl,
    mapping_the_zero_device_is_new_memory,
];

fn offset(file: &File) -> u64 {
    file.seek(SeekFrom::Current(0)).expect("_llseek")
}

fn open_count() -> usize {
    (0..64).filter(|&fd| call!(fcntl64(fd, F_GETFD, 0)).is_ok()).count()
}

pub fn the_lowest_free_number_is_taken() {
    let one = call!(dup(0)).expect("dup").cast_signed();
    let two = call!(dup(0)).expect("dup").cast_signed();
    assert!(one > 2 && two > one);
    assert_eq!(call!(close(one)), Ok(0));
    assert_eq!(call!(dup(0)), Ok(one.cast_unsigned()));
}

pub fn duplicates_share_the_offset() {
    let file = numbered_file(1);
    let twin = call!(dup(file.fd().0)).expect("dup");
    let twin = File::from_fd(sys::io::Fd(twin.cast_signed()));
    file.seek(SeekFrom::Start(100)).expect("_llseek");
    assert_eq!(offset(&twin), 100);
    twin.read(&mut [0; 10]).expect("read");
    assert_eq!(offset(&file), 110);
}

pub fn children_share_the_offset() {
    let file = numbered_file(1);
    file.seek(SeekFrom::Start(5)).expect("_llseek");
    let status = child::run(|| {
        file.read(&mut [0; 7]).expect("read");
        0
    });
    assert_eq!(status, Status::Exited(0));
    assert_eq!(offset(&file), 12);
}

pub fn opening_again_has_its_own_offset() {
    let (name, file) = Scratch::file("again", b"0123456789");
    let again = File::open(name.as_str()).expect("open");
    assert_eq!((offset(&file), offset(&again)), (10, 0));
}

pub fn children_have_numbers_of_their_own() {
    let file = numbered_file(1);
    let status = child::run(|| {
        assert_eq!(call!(close(file.fd().0)), Ok(0));
        0
    });
    assert_eq!(status, Status::Exited(0));
    assert!(file.stat().is_ok());
}

pub fn dup2_replaces_and_dup3_checks() {
    let (read, write) = pipe().expect("pipe2");
    assert_eq!(call!(dup2(write.fd().0, 20)), Ok(20));
    assert_eq!(call!(dup2(write.fd().0, write.fd().0)), Ok(write.fd().0.cast_unsigned()));
    // Replacing closes what was there.
    assert_eq!(call!(dup2(read.fd().0, 20)), Ok(20));
    drop(write);
    assert_eq!(read.read(&mut [0]), Ok(0));
    assert_eq!(call!(dup2(999, 20)), Err(Errno::EBADF));
    assert!(call!(fcntl64(20, F_GETFD, 0)).is_ok(), "a failed dup2 closes nothing");
    assert_eq!(call!(dup2(999, 999)), Err(Errno::EBADF));
    assert_eq!(call!(dup2(0, -1)), Err(Errno::EBADF));
    assert_eq!(call!(dup3(0, 0, 0)), Err(Errno::EINVAL));
    assert_eq!(call!(dup3(0, 21, O_APPEND)), Err(Errno::EINVAL));
    assert_eq!(call!(dup3(0, 21, O_CLOEXEC)), Ok(21));
    assert_eq!(call!(fcntl64(21, F_GETFD, 0)), Ok(FD_CLOEXEC));
    assert_eq!(call!(dup2(21, 22)), Ok(22));
    assert_eq!(call!(fcntl64(22, F_GETFD, 0)), Ok(0));
}

pub fn fcntl_duplicates_from_a_number_on() {
    assert_eq!(call!(fcntl64(0, F_DUPFD, 40)), Ok(40));
    assert_eq!(call!(fcntl64(0, F_DUPFD_CLOEXEC, 40)), Ok(41));
    assert_eq!(call!(fcntl64(41, F_GETFD, 0)), Ok(FD_CLOEXEC));
    assert_eq!(call!(fcntl64(40, F_GETFD, 0)), Ok(0));
    assert_eq!(call!(fcntl64(0, F_DUPFD, 1 << 30)), Err(Errno::EINVAL));
    assert_eq!(call!(fcntl64(0, 0x7777, 0)), Err(Errno::EINVAL));
    assert_eq!(call!(fcntl64(77, F_GETFD, 0)), Err(Errno::EBADF));
}

pub fn status_flags_belong_to_the_description() {
    let (name, file) = Scratch::file("flags", &[]);
    let twin = call!(dup(file.fd().0)).expect("dup").cast_signed();
    assert_eq!(call!(fcntl64(twin, F_SETFL, O_APPEND | O_NONBLOCK)), Ok(0));
    let flags = call!(fcntl64(file.fd().0, F_GETFL, 0)).expect("fcntl64");
    assert_eq!(flags & (O_ACCMODE | O_APPEND | O_NONBLOCK), O_RDWR | O_APPEND | O_NONBLOCK);
    // The access mode cannot be changed.
    assert_eq!(call!(fcntl64(twin, F_SETFL, O_WRONLY)), Ok(0));
    let flags = call!(fcntl64(file.fd().0, F_GETFL, 0)).expect("fcntl64");
    assert_eq!(flags & (O_ACCMODE | O_APPEND | O_NONBLOCK), O_RDWR);
    let reader = File::open(name.as_str()).expect("open");
    let flags = call!(fcntl64(reader.fd().0, F_GETFL, 0)).expect("fcntl64");
    assert_eq!(flags & O_ACCMODE, O_RDONLY);
}

pub fn closing_twice_is_ebadf() {
    let fd = call!(dup(0)).expect("dup").cast_signed();
    assert_eq!(call!(close(fd)), Ok(0));
    assert_eq!(call!(close(fd)), Err(Errno::EBADF));
    assert_eq!(call!(close(-1)), Err(Errno::EBADF));
}

pub fn the_number_of_descriptors_is_limited() {
    let mut limit = sys::abi::process::Rlimit::default();
    let pointer = sys::syscall::output(&mut limit);
    assert_eq!(call!(ugetrlimit(sys::abi::process::RLIMIT_NOFILE, pointer)), Ok(0));
    let before = open_count();
    let lower = sys::abi::process::Rlimit { cur: 32, max: limit.max };
    let resource = sys::abi::process::RLIMIT_NOFILE;
    assert_eq!(call!(setrlimit(resource, sys::syscall::input(&lower))), Ok(0));
    let mut opened = 0;
    let error = loop {
        match call!(dup(0)) {
            Ok(_) => opened += 1,
            Err(error) => break error,
        }
        assert!(opened <= 32);
    };
    assert_eq!(error, Errno::EMFILE);
    assert_eq!(before + opened, 32);
    assert_eq!(call!(dup2(0, 32)), Err(Errno::EBADF));
    assert_eq!(call!(fcntl64(0, F_DUPFD, 32)), Err(Errno::EINVAL));
    assert_eq!(call!(pipe2(sys::syscall::output(&mut [0; 2]), 0)), Err(Errno::EMFILE));
    assert_eq!(File::open("/dev/null").err(), Some(Errno::EMFILE));
}

pub fn many_descriptors() {
    for index in 0..500 {
        let fd = call!(dup(0)).expect("dup");
        assert!(fd >= index);
    }
    assert_eq!(call!(fcntl64(400, F_GETFD, 0)), Ok(0));
}

pub fn a_range_can_be_closed() {
    for fd in [30, 31, 33, 40] {
        assert_eq!(call!(dup2(0, fd)), Ok(fd.cast_unsigned()));
    }
    assert_eq!(call!(close_range(31, 39, 0)), Ok(0));
    let open = [30, 31, 33, 40].map(|fd| call!(fcntl64(fd, F_GETFD, 0)).is_ok());
    assert_eq!(open, [true, false, false, true]);
    assert_eq!(call!(close_range(5, 4, 0)), Err(Errno::EINVAL));
}

pub fn null_zero_and_full() {
    let open = |path| File::open_with(path, O_RDWR, 0).expect("open");
    let (null, zero, full) = (open("/dev/null"), open("/dev/zero"), open("/dev/full"));
    let mut buffer = [7; 100];
    assert_eq!(null.read(&mut buffer), Ok(0));
    assert_eq!(null.write(&buffer), Ok(100));
    assert_eq!(zero.read(&mut buffer), Ok(100));
    assert_eq!(buffer, [0; 100]);
    assert_eq!(zero.write(&buffer), Ok(100));
    assert_eq!(full.read(&mut buffer), Ok(100));
    assert_eq!(full.write(&buffer), Err(Errno::ENOSPC));
    assert_eq!((zero.read(&mut []), full.read(&mut [])), (Ok(0), Ok(0)));
    assert_eq!(null.stat().expect("fstat64").mode & S_IFMT, S_IFCHR);
    let random = File::open("/dev/urandom").expect("open");
    assert_eq!(random.read(&mut buffer), Ok(100));
    assert_ne!(buffer, [0; 100]);
}

pub fn a_file_is_no_terminal() {
    let file = numbered_file(1);
    assert_eq!(sys::terminal::attributes(file.fd()).err(), Some(Errno::ENOTTY));
    let (read, _write) = pipe().expect("pipe2");
    assert_eq!(sys::terminal::attributes(read.fd()).err(), Some(Errno::ENOTTY));
    assert_eq!(call!(ioctl(999, sys::abi::terminal::TCGETS, 0)), Err(Errno::EBADF));
}

pub fn close_on_exec_by_ioctl() {
    use sys::abi::terminal::{FIOCLEX, FIONBIO, FIONCLEX};
    let file = numbered_file(1);
    let fd = file.fd().0;
    assert_eq!(call!(ioctl(fd, FIONCLEX, 0)), Ok(0));
    assert_eq!(call!(fcntl64(fd, F_GETFD, 0)), Ok(0));
    assert_eq!(call!(ioctl(fd, FIOCLEX, 0)), Ok(0));
    assert_eq!(call!(fcntl64(fd, F_GETFD, 0)), Ok(FD_CLOEXEC));
    let on = 1i32;
    assert_eq!(call!(ioctl(fd, FIONBIO, sys::syscall::pointer(&on))), Ok(0));
    let flags = call!(fcntl64(fd, F_GETFL, 0)).expect("fcntl64");
    assert_eq!(flags & O_NONBLOCK, O_NONBLOCK);
}

pub fn mapping_the_zero_device_is_new_memory() {
    let zero = File::open_with("/dev/zero", O_RDWR, 0).expect("open");
    let map = |flags, page_offset| {
        let protection = PROT_READ | PROT_WRITE;
        Mapping::new(8192, protection, flags, zero.fd(), page_offset).expect("mmap2")
    };
    let [one, other, private] = [map(MAP_SHARED, 0), map(MAP_SHARED, 0), map(MAP_PRIVATE, 0)];
    // SAFETY: inside of mappings that this test has alone.
    let at = |mapping: &Mapping| unsafe { &mut *mapping.as_mut_ptr().add(5000) };
    *at(&one) = 7;
    assert_eq!((*at(&one), *at(&other), *at(&private)), (7, 0, 0));
}
