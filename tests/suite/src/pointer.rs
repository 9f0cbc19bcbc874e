//! Bad addresses: every pointer of every call gets EFAULT, never a crash.

use crate::fault::*;
use crate::harness::bare;
use crate::scratch::numbered_file;
use sys::abi::memory::PROT_READ;
use sys::abi::{Errno, UserMutPtr, UserPtr};
use sys::syscall::pointer;

tests![
    every_pointer_is_checked,
    read_only_memory_is_not_written_for_the_program,
    a_transfer_stops_where_memory_ends,
    a_path_may_end_at_the_end_of_memory,
    addresses_do_not_wrap_around,
    ranges_into_the_kernel_are_refused_whole,
    kernel_memory_is_out_of_reach,
];

/// EFAULT as it is in EAX.
const EFAULT: u32 = 0u32.wrapping_sub(14);

/// Addresses that no program may use: page 0, the kernel, the last page, and one that wraps.
fn bad_addresses() -> [u32; 5] {
    [8, 0xffff_f000, 0xffff_fffc, 0xffff_ffff, free_range(4) + PAGE]
}

/// The registers of a call with `bad` at one place; `path` and `fd` are good ones.
fn with_bad(place: usize, mut registers: [u32; 6], bad: u32) -> [u32; 6] {
    registers[place] = bad;
    registers
}

/// Calls and which of their registers are addresses that must be good.
///
/// P: a good path, F: a descriptor of a regular file, B: a good buffer.
pub fn every_pointer_is_checked() {
    let file = numbered_file(1);
    let (read_end, write_end) = sys::file::pipe().expect("pipe2");
    write_end.write_all(&[1; 64]).expect("write");
    let fd = file.fd().0.cast_unsigned();
    let buffer = map(1);
    let path = b"/tmp\0";
    let path = pointer(path.as_slice());
    let at = sys::abi::file::AT_FDCWD.cast_unsigned();
    let all_time = crate::cpu_clock::of_process(0).cast_unsigned();
    let rows: &[(&str, u32, [u32; 6], &[usize])] = &[
        ("read", 3, [read_end.fd().0.cast_unsigned(), 0, 8, 0, 0, 0], &[1]),
        ("read of a file", 180, [fd, 0, 8, 0, 0, 0], &[1]),
        ("write", 4, [write_end.fd().0.cast_unsigned(), 0, 8, 0, 0, 0], &[1]),
        ("pwrite64", 181, [fd, 0, 8, 0, 0, 0], &[1]),
        ("open", 5, [0; 6], &[0]),
        ("creat", 8, [0; 6], &[0]),
        ("link", 9, [path, path, 0, 0, 0, 0], &[0, 1]),
        ("unlink", 10, [0; 6], &[0]),
        ("execve", 11, [path, 0, 0, 0, 0, 0], &[0]),
        ("chdir", 12, [0; 6], &[0]),
        ("time", 13, [0; 6], &[0]),
        ("chmod", 15, [0; 6], &[0]),
        ("access", 33, [0; 6], &[0]),
        ("rename", 38, [path, path, 0, 0, 0, 0], &[0, 1]),
        ("mkdir", 39, [0; 6], &[0]),
        ("rmdir", 40, [0; 6], &[0]),
        ("pipe", 42, [0; 6], &[0]),
        ("times", 43, [0; 6], &[0]),
        ("TCGETS is not reached on a file, FIONBIO is", 54, [fd, 0x5421, 0, 0, 0, 0], &[2]),
        ("sigaction", 67, [10, 0, 0, 0, 0, 0], &[1, 2]),
        ("getrusage", 77, [0; 6], &[1]),
        ("gettimeofday", 78, [0; 6], &[0, 1]),
        ("symlink", 83, [path, path, 0, 0, 0, 0], &[0, 1]),
        ("readlink", 85, [0, buffer, 16, 0, 0, 0], &[0]),
        ("mmap", 90, [0; 6], &[0]),
        ("sysinfo", 116, [0; 6], &[0]),
        ("uname", 122, [0; 6], &[0]),
        ("_llseek", 140, [fd, 0, 0, 0, 0, 0], &[3]),
        ("readv", 145, [fd, 0, 1, 0, 0, 0], &[1]),
        ("writev", 146, [fd, 0, 1, 0, 0, 0], &[1]),
        ("nanosleep", 162, [0; 6], &[0]),
        ("poll", 168, [0, 1, 0, 0, 0, 0], &[0]),
        ("rt_sigaction", 174, [10, 0, 0, 8, 0, 0], &[1, 2]),
        ("rt_sigprocmask", 175, [0, 0, 0, 8, 0, 0], &[1, 2]),
        ("rt_sigpending", 176, [0, 8, 0, 0, 0, 0], &[0]),
        ("rt_sigsuspend", 179, [0, 8, 0, 0, 0, 0], &[0]),
        ("getcwd", 183, [0, 4096, 0, 0, 0, 0], &[0]),
        ("sigaltstack", 186, [0; 6], &[0, 1]),
        ("ugetrlimit", 191, [3, 0, 0, 0, 0, 0], &[1]),
        ("stat64", 195, [path, buffer, 0, 0, 0, 0], &[0, 1]),
        ("lstat64", 196, [path, buffer, 0, 0, 0, 0], &[0, 1]),
        ("fstat64", 197, [fd, 0, 0, 0, 0, 0], &[1]),
        ("mincore", 218, [buffer, PAGE, 0, 0, 0, 0], &[2]),
        ("set_thread_area", 243, [0; 6], &[0]),
        ("clock_gettime", 265, [0; 6], &[1]),
        ("clock_getres", 266, [0; 6], &[1]),
        ("clock_nanosleep", 267, [0; 6], &[2]),
        ("timer_create of processor time", 259, [2, 0, buffer, 0, 0, 0], &[1, 2]),
        ("clock_gettime of processor time", 265, [all_time, 0, 0, 0, 0, 0], &[1]),
        ("clock_nanosleep of processor time", 267, [all_time, 0, 0, 0, 0, 0], &[2]),
        ("statfs64", 268, [path, 84, buffer, 0, 0, 0], &[0, 2]),
        ("openat", 295, [at, 0, 0, 0, 0, 0], &[1]),
        ("mkdirat", 296, [at, 0, 0, 0, 0, 0], &[1]),
        ("fstatat64", 300, [at, path, buffer, 0, 0, 0], &[1, 2]),
        ("unlinkat", 301, [at, 0, 0, 0, 0, 0], &[1]),
        ("readlinkat", 305, [at, 0, buffer, 16, 0, 0], &[1]),
        ("faccessat", 307, [at, 0, 0, 0, 0, 0], &[1]),
        ("utimensat", 320, [at, path, buffer, 0, 0, 0], &[1, 2]),
        ("pipe2", 331, [0; 6], &[0]),
        ("prlimit64", 340, [0, 3, 0, 0, 0, 0], &[2, 3]),
        ("getrandom", 355, [0, 16, 0, 0, 0, 0], &[0]),
        ("memfd_create", 356, [0; 6], &[0]),
        ("statx", 383, [at, path, 0, 0x7ff, buffer, 0], &[1, 4]),
        ("clock_gettime64", 403, [0; 6], &[1]),
    ];
    for &(name, number, registers, places) in rows {
        for &place in places {
            for bad in bad_addresses() {
                let result = bare(number, with_bad(place, registers, bad));
                assert_eq!(result, EFAULT, "{name}, argument {place}, {bad:#x}");
            }
        }
    }
}

pub fn read_only_memory_is_not_written_for_the_program() {
    let start = map(1);
    poke(start, 5);
    assert_eq!(call!(mprotect(start, PAGE, PROT_READ)), Ok(0));
    let (read, write) = sys::file::pipe().expect("pipe2");
    write.write_all(b"xy").expect("write");
    assert_eq!(call!(read(read.fd().0, UserMutPtr::new(start), 2)), Err(Errno::EFAULT));
    assert_eq!(peek(start), 5);
    let file = numbered_file(1);
    assert_eq!(call!(pread64(file.fd().0, UserMutPtr::new(start), 2, 0)), Err(Errno::EFAULT));
    assert_eq!(call!(uname(UserMutPtr::new(start))), Err(Errno::EFAULT));
}

pub fn a_transfer_stops_where_memory_ends() {
    let start = map(2);
    unmap(start + PAGE, 1);
    for offset in 0..100 {
        poke(start + PAGE - 100 + offset, offset as u8);
    }
    let file = numbered_file(2);
    // Some bytes before the hole: at least one arrives, or EFAULT; never more than there are.
    let target = UserMutPtr::new(start + PAGE - 100);
    let count = call!(pread64(file.fd().0, target, 4096, 0));
    assert_eq!(count, Ok(100));
    let source = UserPtr::new(start + PAGE - 100);
    assert_eq!(call!(pwrite64(file.fd().0, source, 4096, 0)), Ok(100));
}

pub fn a_path_may_end_at_the_end_of_memory() {
    let start = map(2);
    unmap(start + PAGE, 1);
    let place = start + PAGE - 5;
    for (index, byte) in b"/tmp\0".iter().enumerate() {
        poke(place + index as u32, *byte);
    }
    assert_eq!(call!(access(sys::abi::UserStr::new(place), 0)), Ok(0));
    // Without its zero byte it runs into nothing.
    poke(start + PAGE - 1, b'x');
    assert_eq!(call!(access(sys::abi::UserStr::new(place), 0)), Err(Errno::EFAULT));
}

pub fn addresses_do_not_wrap_around() {
    let (_read, write) = sys::file::pipe().expect("pipe2");
    let high = call!(write(write.fd().0, UserPtr::new(0xffff_f000), 0x2000));
    assert_eq!(high, Err(Errno::EFAULT));
}

/// A 64-bit kernel would begin with the bytes that are there.
pub fn ranges_into_the_kernel_are_refused_whole() {
    crate::harness::only_on_folio("TASK_SIZE of i386 (kcore::layout)");
    let (read, write) = sys::file::pipe().expect("pipe2");
    let start = map(1);
    let huge = call!(write(write.fd().0, UserPtr::new(start), 0xffff_ffff));
    assert_eq!(huge, Err(Errno::EFAULT));
    write.write_all(b"x").expect("write");
    let huge = call!(read(read.fd().0, UserMutPtr::new(start), 0xffff_ffff));
    assert_eq!(huge, Err(Errno::EFAULT));
}

/// The first kernel address is no user's, whatever maps it.
pub fn kernel_memory_is_out_of_reach() {
    crate::harness::only_on_folio("PAGE_OFFSET of i386 (kcore::layout)");
    let (read, write) = sys::file::pipe().expect("pipe2");
    write.write_all(&[1; 64]).expect("write");
    for address in [0xc000_0000, 0xc010_0000, 0xbfff_ffff, 0xf800_0000] {
        let target = UserMutPtr::new(address);
        assert_eq!(call!(read(read.fd().0, target, 16)), Err(Errno::EFAULT));
        let source = UserPtr::new(address);
        assert_eq!(call!(write(write.fd().0, source, 16)), Err(Errno::EFAULT));
    }
}
