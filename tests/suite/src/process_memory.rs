//! `process_vm_readv`, `process_vm_writev`.

use crate::child;
use crate::fault::{PAGE, map, unmap};
use alloc::vec;
use alloc::vec::Vec;
use sys::Errno;
use sys::abi::file::Iovec;
use sys::abi::memory::{PROT_NONE, PROT_READ};
use sys::abi::{UserMutPtr, UserPtr};
use sys::process;
use sys::syscall::{pointer, pointer_mut};
use sys::trace::{read_memory, write_memory};
use sys::wait::Status;

tests![
    a_childs_memory_is_read_and_written,
    several_ranges_meet_several_others,
    what_went_before_a_hole_counts,
    rights_of_the_other_side_count,
    lists_are_checked_first,
    a_zombie_has_no_memory,
    others_users_are_private,
];

fn list(ranges: &[(u32, u32)]) -> Vec<Iovec> {
    ranges.iter().map(|&(base, len)| Iovec { base: UserMutPtr::new(base), len }).collect()
}

fn read(pid: i32, local: &[(u32, u32)], remote: &[(u32, u32)], flags: u32) -> Result<u32, Errno> {
    let (local, remote) = (list(local), list(remote));
    let (to, to_count) = (UserPtr::new(pointer(local.as_slice())), local.len() as u32);
    let (from, from_count) = (UserPtr::new(pointer(remote.as_slice())), remote.len() as u32);
    call!(process_vm_readv(pid, to, to_count, from, from_count, flags))
}

fn write(pid: i32, local: &[(u32, u32)], remote: &[(u32, u32)]) -> Result<u32, Errno> {
    let (local, remote) = (list(local), list(remote));
    let (from, from_count) = (UserPtr::new(pointer(local.as_slice())), local.len() as u32);
    let (to, to_count) = (UserPtr::new(pointer(remote.as_slice())), remote.len() as u32);
    call!(process_vm_writev(pid, from, from_count, to, to_count, 0))
}

/// A child that waits until it is let go, and then exits with the first byte at `watched`.
fn with_child(watched: u32, test: impl FnOnce(i32) -> i32) {
    let (gate, key) = sys::file::pipe().expect("pipe2");
    let pid = child::start(|| {
        gate.read(&mut [0]).expect("read");
        // SAFETY: the test mapped it.
        i32::from(unsafe { (watched as *const u8).read_volatile() })
    });
    let expected = test(pid);
    key.write_all(b"x").expect("write");
    assert_eq!(child::wait(pid), Status::Exited(expected));
}

fn fill(start: u32, len: u32, first: u8) {
    for offset in 0..len {
        let byte = first.wrapping_add(offset as u8);
        // SAFETY: the test mapped it.
        unsafe { ((start + offset) as *mut u8).write_volatile(byte) };
    }
}

pub fn a_childs_memory_is_read_and_written() {
    let start = map(3);
    fill(start, 3 * PAGE, 7);
    with_child(start, |pid| {
        // The parent's copy changes; the child's does not.
        fill(start, 3 * PAGE, 0);
        let mut bytes = vec![0u8; 3 * PAGE as usize];
        assert_eq!(read_memory(pid, start, &mut bytes), Ok(bytes.len()));
        assert!(bytes.iter().zip(0u8..=255).all(|(byte, n)| *byte == n.wrapping_add(7)));
        assert_eq!(write_memory(pid, start + PAGE - 2, b"abcd"), Ok(4));
        let mut four = [0; 4];
        assert_eq!(read_memory(pid, start + PAGE - 2, &mut four), Ok(4));
        assert_eq!(&four, b"abcd");
        assert_eq!(write_memory(pid, start, &[42]), Ok(1));
        42
    });
    unmap(start, 3);
}

pub fn several_ranges_meet_several_others() {
    let start = map(1);
    fill(start, 64, 1);
    let mut to = [0u8; 12];
    let here = pointer_mut(&mut to);
    let remote = [(start, 5), (start + 10, 0), (start + 20, 7), (start + 40, 9)];
    let local = [(here, 3), (here + 3, 0), (here + 3, 9)];
    assert_eq!(read(process::id(), &local, &remote, 0), Ok(12), "the shorter side counts");
    assert_eq!(to, [1, 2, 3, 4, 5, 21, 22, 23, 24, 25, 26, 27]);
    unmap(start, 1);
}

pub fn what_went_before_a_hole_counts() {
    let start = map(3);
    fill(start, 3 * PAGE, 1);
    unmap(start + PAGE, 1);
    let mut to = vec![0u8; 2 * PAGE as usize];
    let here = pointer_mut(to.as_mut_slice());
    let pid = process::id();
    assert_eq!(read(pid, &[(here, 2 * PAGE)], &[(start, 2 * PAGE)], 0), Ok(PAGE));
    let two = [(start + PAGE - 4, 4), (start + PAGE, 4)];
    assert_eq!(read(pid, &[(here, 8)], &two, 0), Ok(4));
    assert_eq!(read(pid, &[(here, 8)], &[(start + PAGE, 8)], 0), Err(Errno::EFAULT));
    unmap(start, 1);
    unmap(start + 2 * PAGE, 1);
}

pub fn rights_of_the_other_side_count() {
    let start = map(2);
    fill(start, 2 * PAGE, 1);
    assert_eq!(call!(mprotect(start, PAGE, PROT_NONE)), Ok(0));
    assert_eq!(call!(mprotect(start + PAGE, PAGE, PROT_READ)), Ok(0));
    with_child(start + PAGE, |pid| {
        let mut byte = [0];
        assert_eq!(read_memory(pid, start, &mut byte), Err(Errno::EFAULT));
        assert_eq!(write_memory(pid, start, &byte), Err(Errno::EFAULT));
        assert_eq!(read_memory(pid, start + PAGE, &mut byte), Ok(1));
        assert_eq!(write_memory(pid, start + PAGE, &byte), Err(Errno::EFAULT));
        1
    });
    unmap(start, 2);
}

pub fn lists_are_checked_first() {
    let mut byte = [0u8];
    let (here, own) = (pointer_mut(&mut byte), process::id());
    let nobody = 0x7fff_fff0;
    let one = [(here, 1)];
    assert_eq!(read(own, &one, &one, 1), Err(Errno::EINVAL), "no flags");
    assert_eq!(read(nobody, &[], &one, 0), Ok(0), "nothing to copy to");
    assert_eq!(read(nobody, &one, &[], 0), Ok(0), "nothing to copy");
    assert_eq!(read(nobody, &[(here, 0)], &one, 0), Ok(0));
    assert_eq!(read(nobody, &one, &[(1, 0)], 0), Ok(0));
    assert_eq!(read(nobody, &one, &one, 0), Err(Errno::ESRCH));
    assert_eq!(read(0, &one, &one, 0), Err(Errno::ESRCH));
    assert_eq!(read(-1, &one, &one, 0), Err(Errno::ESRCH));
    assert_eq!(read(own, &[(here, u32::MAX)], &one, 0), Err(Errno::EINVAL));
    assert_eq!(read(own, &one, &[(here, 1 << 31)], 0), Err(Errno::EINVAL));
    assert_eq!(write(own, &[(here, 1 << 31)], &one), Err(Errno::EINVAL));
    let bad = UserPtr::new(1);
    assert_eq!(call!(process_vm_readv(own, bad, 1, bad, 1, 0)), Err(Errno::EFAULT));
    assert_eq!(call!(process_vm_readv(own, bad, 1025, bad, 1, 0)), Err(Errno::EINVAL));
    let good = list(&one);
    let good = UserPtr::new(pointer(good.as_slice()));
    assert_eq!(call!(process_vm_writev(own, good, 1, bad, 1025, 0)), Err(Errno::EINVAL));
    assert_eq!(call!(process_vm_writev(own, good, 1, bad, 1, 0)), Err(Errno::EFAULT));
}

pub fn a_zombie_has_no_memory() {
    let pid = child::start(|| 0);
    let mut info = sys::abi::signal::Siginfo::default();
    let info = UserMutPtr::new(pointer_mut(&mut info));
    let options = sys::abi::process::WEXITED | sys::abi::process::WNOWAIT;
    assert_eq!(call!(waitid(1, pid, info, options, UserMutPtr::NULL)), Ok(0));
    assert_eq!(read_memory(pid, pointer(&pid), &mut [0]), Err(Errno::ESRCH));
    assert_eq!(child::wait(pid), Status::Exited(0));
}

pub fn others_users_are_private() {
    let (gate, key) = sys::file::pipe().expect("pipe2");
    let target = child::start(|| {
        gate.read(&mut [0]).expect("read");
        0
    });
    let status = child::run(|| {
        if call!(setresuid32(1000, 1000, 1000)).is_err() {
            return 77;
        }
        assert_eq!(read_memory(target, pointer(&target), &mut [0]), Err(Errno::EPERM));
        assert_eq!(write_memory(target, pointer(&target), &[0]), Err(Errno::EPERM));
        0
    });
    key.write_all(b"x").expect("write");
    assert_eq!(child::wait(target), Status::Exited(0));
    if status == Status::Exited(77) {
        skip!("not privileged");
    }
    assert_eq!(status, Status::Exited(0));
}
