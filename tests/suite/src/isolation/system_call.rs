//! The kernel as a way around page protection: addresses inside of structures, addresses that are used
//! later, and calls that change mappings. That every pointer argument is checked is shown elsewhere
//! (`sweep`, `pointer`).

use super::end::End;
use super::kernel_memory::{places, task_size};
use super::table::Table;
use crate::child;
use crate::fault::*;
use crate::harness::only_on_folio;
use sys::abi::file::{AT_FDCWD, Iovec};
use sys::abi::memory::*;
use sys::abi::process::{CLONE_CHILD_CLEARTID, CLONE_CHILD_SETTID, CLONE_PARENT_SETTID};
use sys::abi::signal::SIGCHLD;
use sys::abi::socket::{AF_UNIX, Msghdr, SOCK_DGRAM};
use sys::abi::{UserMutPtr, UserPtr, UserStr};
use sys::syscall::{input, output, pointer};
use sys::wait::Status;
use sys::{Errno, Result};

/// A call that is led to `address`.
type Attack = fn(u32) -> Result<u32>;

fn vector(address: u32) -> Iovec {
    Iovec { base: UserMutPtr::new(address), len: 8 }
}

fn full_pipe() -> (sys::file::File, sys::file::File) {
    let (read, write) = sys::file::pipe().expect("pipe2");
    write.write_all(&[1; 64]).expect("write");
    (read, write)
}

fn sockets() -> [i32; 2] {
    let mut pair = [0; 2];
    call!(socketpair(AF_UNIX, SOCK_DGRAM, 0, output(&mut pair))).expect("socketpair");
    sys::io::Fd(pair[1]).write(b"12345678").expect("write");
    pair
}

fn message(name: u32, iov: &Iovec, control: u32) -> Msghdr {
    let mut message = Msghdr { iov: input(iov).cast(), iovlen: 1, ..Msghdr::default() };
    (message.name, message.namelen) = (UserMutPtr::new(name), if name == 0 { 0 } else { 16 });
    message.control = UserMutPtr::new(control);
    message.controllen = if control == 0 { 0 } else { 64 };
    message
}

fn own_memory(bytes: &mut [u8; 8]) -> Iovec {
    vector(sys::syscall::pointer_mut(bytes))
}

const INSIDE: [(&str, Attack); 13] = [
    ("readv", |address| {
        let (read, _write) = full_pipe();
        call!(readv(read.fd().0, input(&vector(address)), 1))
    }),
    ("writev", |address| {
        let (_read, write) = full_pipe();
        call!(writev(write.fd().0, input(&vector(address)), 1))
    }),
    ("process_vm_readv, the other's side", |address| {
        let mut bytes = [0; 8];
        let (local, remote) = (own_memory(&mut bytes), vector(address));
        call!(process_vm_readv(sys::process::id(), input(&local), 1, input(&remote), 1, 0))
    }),
    ("process_vm_readv, the own side", |address| {
        let mut bytes = [0; 8];
        let (local, remote) = (vector(address), own_memory(&mut bytes));
        call!(process_vm_readv(sys::process::id(), input(&local), 1, input(&remote), 1, 0))
    }),
    ("process_vm_writev, the other's side", |address| {
        let mut bytes = [0; 8];
        let (local, remote) = (own_memory(&mut bytes), vector(address));
        call!(process_vm_writev(sys::process::id(), input(&local), 1, input(&remote), 1, 0))
    }),
    ("sendmsg, its bytes", |address| {
        let bytes = vector(address);
        let header = message(0, &bytes, 0);
        call!(sendmsg(sockets()[0], input(&header), 0))
    }),
    ("sendmsg, its control data", |address| {
        let mut bytes = [0; 8];
        let own = own_memory(&mut bytes);
        let header = message(0, &own, address);
        call!(sendmsg(sockets()[0], input(&header), 0))
    }),
    ("sendmsg, its address", |address| {
        let mut bytes = [0; 8];
        let own = own_memory(&mut bytes);
        let header = message(address, &own, 0);
        call!(sendmsg(sockets()[0], input(&header), 0))
    }),
    ("recvmsg, its bytes", |address| {
        let bytes = vector(address);
        let mut header = message(0, &bytes, 0);
        call!(recvmsg(sockets()[0], output(&mut header), 0))
    }),
    ("execve, an argument", |address| {
        let arguments = [pointer(b"x\0".as_slice()), address, 0];
        let list = UserPtr::new(pointer(arguments.as_slice()));
        call!(execve(UserStr::new(pointer(b"/bin/suite\0".as_slice())), list, UserPtr::NULL))
    }),
    ("execve, the environment", |address| {
        let strings = [address, 0];
        let list = UserPtr::new(pointer(strings.as_slice()));
        call!(execve(UserStr::new(pointer(b"/bin/suite\0".as_slice())), UserPtr::NULL, list))
    }),
    ("openat, its name", |address| call!(openat(AT_FDCWD, UserStr::new(address), 0, 0))),
    ("message_block", |address| {
        // SAFETY: the kernel is told of memory that is not there.
        unsafe { sys::syscall::ipc::message_block(UserMutPtr::new(address & !3)) }
    }),
];

/// Calls about mappings, and what they say of what is no program's.
const MAPPINGS: [(&str, Errno, Attack); 9] = [
    ("map over", Errno::ENOMEM, |address| {
        call!(mmap2(address & !(PAGE - 1), PAGE, RW, PRIVATE | MAP_FIXED, -1, 0))
    }),
    ("unmap", Errno::EINVAL, |address| call!(munmap(address & !(PAGE - 1), PAGE))),
    ("unmap from the last page of a program on to", Errno::EINVAL, |address| {
        let start = task_size() - PAGE;
        call!(munmap(start, (address & !(PAGE - 1)).wrapping_sub(start).wrapping_add(PAGE)))
    }),
    ("mprotect", Errno::ENOMEM, |address| call!(mprotect(address & !(PAGE - 1), PAGE, RW))),
    ("mremap", Errno::EFAULT, |address| {
        call!(mremap(address & !(PAGE - 1), PAGE, 2 * PAGE, MREMAP_MAYMOVE, 0))
    }),
    ("mremap to", Errno::EINVAL, |address| {
        let flags = MREMAP_MAYMOVE | MREMAP_FIXED;
        call!(mremap(map(1), PAGE, PAGE, flags, address & !(PAGE - 1)))
    }),
    ("madvise", Errno::ENOMEM, |address| {
        call!(madvise(address & !(PAGE - 1), PAGE, MADV_DONTNEED))
    }),
    ("mlock", Errno::ENOMEM, |address| call!(mlock(address & !(PAGE - 1), PAGE))),
    ("msync", Errno::ENOMEM, |address| call!(msync(address & !(PAGE - 1), PAGE, MS_SYNC))),
];

/// The first place about which a call does not say `errno`. A range that ends where addresses do, and
/// so at 0, may be EINVAL as on Linux.
fn everywhere(attack: Attack, errno: Errno) -> End {
    let answers = places().map(|(_, address)| (address, attack(address)));
    let is_refused = |(address, answer): &(u32, Result<u32>)| {
        *answer == Err(errno) || *address >= LAST_PAGE && *answer == Err(Errno::EINVAL)
    };
    let got = answers.into_iter().find(|answer| !is_refused(answer));
    got.map_or(Err(errno), |(_, answer)| answer).into()
}

const LAST_PAGE: u32 = 0xffff_f000;

pub fn system_calls_are_no_way_around() {
    only_on_folio("TASK_SIZE of i386 (kcore::layout)");
    let mut table = Table::default();
    for (how, attack) in INSIDE {
        let name = alloc::format!("reach all kernel places by {how}");
        let checked = "every address is compared with TASK_SIZE where it is used";
        table.row(&name, checked, Errno::EFAULT.into(), || everywhere(attack, Errno::EFAULT));
    }
    for (how, errno, attack) in MAPPINGS {
        let name = alloc::format!("{how} all kernel places");
        table.row(&name, "areas end at TASK_SIZE", errno.into(), || everywhere(attack, errno));
    }
    table.row("brk into the kernel", "the heap ends where something else is", End::Nothing, || {
        let end = call!(brk(0)).expect("brk");
        places().iter().any(|(_, address)| call!(brk(*address)) != Ok(end)).into()
    });
    later(&mut table);
    table.finish();
}

/// Addresses that the kernel notes, and writes to when something ends or begins.
fn later(table: &mut Table) {
    let start = task_size();
    let checked = "checked when it is written, and then passed over";
    for (name, address) in [("PAGE_OFFSET", start), ("the text", start + 0x10_2000)] {
        for (when, flags) in [
            ("a child begins (CHILD_SETTID)", CLONE_CHILD_SETTID),
            ("a child ends (CHILD_CLEARTID)", CLONE_CHILD_CLEARTID),
            ("a child is made (PARENT_SETTID)", CLONE_PARENT_SETTID),
        ] {
            let attack = alloc::format!("have {name} written when {when}");
            table.row(&attack, checked, End::Nothing, || {
                let place = UserMutPtr::new(address);
                let flags = flags | SIGCHLD.cast_unsigned();
                match call!(clone(flags, 0, place, UserPtr::NULL, UserMutPtr::new(address))) {
                    Ok(0) => sys::process::exit(0),
                    Ok(pid) => (child::wait(pid.cast_signed()) != Status::Exited(0)).into(),
                    Err(errno) => errno.into(),
                }
            });
        }
        let attack = alloc::format!("have {name} changed by a robust list");
        table.row(&attack, checked, End::Nothing, || {
            let status = child::run(|| {
                // Head: the list's first entry, the offset of its word, one pending.
                let head = [address, 0, address];
                let set = call!(set_robust_list(pointer(head.as_slice()), 12));
                i32::from(set.is_err())
            });
            (status != Status::Exited(0)).into()
        });
    }
}
