//! `fork`, `vfork` and `clone` without threads.

use crate::child;
use crate::fault::*;
use sys::Errno;
use sys::abi::process::*;
use sys::abi::signal::{SIGCHLD, SignalSet};
use sys::abi::{UserMutPtr, UserPtr};
use sys::process;
use sys::signal::{Action, set_action};
use sys::syscall::output;
use sys::wait::Status;

tests![
    parent_and_child_know_each_other,
    a_process_is_its_own_thread,
    many_generations_of_children,
    a_hundred_children_one_after_another,
    forty_children_at_once,
    orphans_get_a_new_parent,
    vfork_waits_and_shares_memory,
    clone_like_fork_stores_both_ids,
    clone_checks_its_flags,
    set_tid_address_returns_the_thread,
    a_subreaper_adopts_orphans,
    a_zombie_goes_where_children_are_ignored,
];

pub fn parent_and_child_know_each_other() {
    let parent = process::id();
    let (read, write) = sys::file::pipe().expect("pipe2");
    let pid = child::start(|| {
        assert_eq!(process::parent_id(), parent);
        assert_ne!(process::id(), parent);
        write.write_all(&process::id().to_le_bytes()).expect("write");
        0
    });
    let mut id = [0; 4];
    read.read(&mut id).expect("read");
    assert_eq!(i32::from_le_bytes(id), pid);
    assert_eq!(child::wait(pid), Status::Exited(0));
    assert_eq!(process::id(), parent);
}

pub fn a_process_is_its_own_thread() {
    assert_eq!(call!(gettid()), call!(getpid()));
}

pub fn many_generations_of_children() {
    fn nest(depth: i32) -> i32 {
        if depth == 0 {
            return 42;
        }
        match child::run(|| nest(depth - 1)) {
            Status::Exited(code) => code,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(nest(12), 42);
}

pub fn a_hundred_children_one_after_another() {
    for index in 0..100 {
        assert_eq!(child::run(|| index), Status::Exited(index));
    }
}

pub fn forty_children_at_once() {
    let mut children = [0; 40];
    for (index, pid) in children.iter_mut().enumerate() {
        *pid = child::start(|| index as i32);
    }
    for (index, pid) in children.into_iter().enumerate().rev() {
        assert_eq!(child::wait(pid), Status::Exited(index as i32));
    }
}

pub fn orphans_get_a_new_parent() {
    let (read, write) = sys::file::pipe().expect("pipe2");
    let grandchild = child::run(|| {
        let middle = process::id();
        let _ = child::start(|| {
            while process::parent_id() == middle {
                let _ = call!(sched_yield());
            }
            write.write_all(b"adopted").expect("write");
            0
        });
        0
    });
    assert_eq!(grandchild, Status::Exited(0));
    drop(write);
    let mut buffer = [0; 16];
    assert_eq!(read.read(&mut buffer), Ok(7));
}

pub fn vfork_waits_and_shares_memory() {
    let start = map(1);
    let ended = vfork_store(start);
    // The store happened before the parent went on, and in the parent's memory.
    assert_eq!(peek_word(start), 1234);
    assert_eq!(child::wait(ended), Status::Exited(5));
}

/// The child stores 1234 at `address` and exits with 5; returns the child's id.
///
/// Between both returns of `vfork` only registers are used: the stack is the parent's.
fn vfork_store(address: u32) -> i32 {
    let pid: i32;
    // SAFETY: the child only stores to the test's page and exits; ECX and EDX survive calls.
    unsafe {
        core::arch::asm!(
            "push ebx",
            "mov eax, 190",
            "int 0x80",
            "test eax, eax",
            "jnz 2f",
            "mov dword ptr [ecx], 1234",
            "mov ebx, 5",
            "mov eax, 252",
            "int 0x80",
            "2:",
            "pop ebx",
            in("ecx") address,
            lateout("eax") pid,
        );
    }
    assert!(pid > 0, "vfork: {pid}");
    pid
}

pub fn clone_like_fork_stores_both_ids() {
    static mut CHILD_TID: i32 = 0;
    let mut parent_tid = 0i32;
    let flags = CLONE_CHILD_SETTID | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID | SIGCHLD as u32;
    let child_tid = (&raw mut CHILD_TID) as u32;
    let pid =
        call!(clone(flags, 0, output(&mut parent_tid), UserPtr::NULL, UserMutPtr::new(child_tid)))
            .expect("clone");
    if pid == 0 {
        process::exit(i32::from(peek_word(child_tid) != process::id().cast_unsigned()));
    }
    assert_eq!(parent_tid.cast_unsigned(), pid);
    assert_eq!(peek_word(child_tid), 0);
    assert_eq!(child::wait(pid.cast_signed()), Status::Exited(0));
}

pub fn clone_checks_its_flags() {
    let clone = |flags: u32| {
        let result = call!(clone(flags, 0, UserMutPtr::NULL, UserPtr::NULL, UserMutPtr::NULL));
        if result == Ok(0) {
            process::exit(0);
        }
        result
    };
    assert_eq!(clone(CLONE_THREAD), Err(Errno::EINVAL));
    assert_eq!(clone(CLONE_SIGHAND), Err(Errno::EINVAL));
    assert_eq!(clone(CLONE_THREAD | CLONE_SIGHAND), Err(Errno::EINVAL));
    assert_eq!(clone(CLONE_FS | CLONE_NEWNS), Err(Errno::EINVAL));
}

pub fn set_tid_address_returns_the_thread() {
    let mut word = 0;
    assert_eq!(call!(set_tid_address(output(&mut word))), call!(gettid()));
    assert_eq!(call!(set_tid_address(UserMutPtr::NULL)), call!(gettid()));
}

pub fn a_subreaper_adopts_orphans() {
    process::adopt_orphans(true).expect("prctl");
    let mut adopts = 0i32;
    let address = output(&mut adopts).address();
    assert_eq!(call!(prctl(PR_GET_CHILD_SUBREAPER, address, 0, 0, 0)), Ok(0));
    assert_eq!(adopts, 1);
    let own = process::id();
    let (read, write) = sys::file::pipe().expect("pipe");
    let middle = child::start(|| {
        // Not inherited.
        let mut adopts = 1i32;
        let address = output(&mut adopts).address();
        assert_eq!(call!(prctl(PR_GET_CHILD_SUBREAPER, address, 0, 0, 0)), Ok(0));
        let middle = process::id();
        let orphan = child::start(|| {
            while process::parent_id() == middle {
                let _ = call!(sched_yield());
            }
            i32::from(process::parent_id() != own)
        });
        write.write_all(&orphan.to_le_bytes()).expect("write");
        adopts
    });
    assert_eq!(child::wait(middle), Status::Exited(0));
    let mut orphan = [0; 4];
    assert_eq!(read.read(&mut orphan), Ok(4));
    assert_eq!(child::wait(i32::from_le_bytes(orphan)), Status::Exited(0));
}

/// The one who adopts a zombie may not want to know of it.
pub fn a_zombie_goes_where_children_are_ignored() {
    process::adopt_orphans(true).expect("prctl");
    let on_child = |action| {
        // SAFETY: no handler runs.
        unsafe { set_action(SIGCHLD, action, 0, SignalSet::EMPTY) }.expect("rt_sigaction");
    };
    on_child(Action::Ignore);
    let middle = child::start(|| {
        on_child(Action::Default);
        let zombies = [child::start(|| 0), child::start(|| 0)];
        for pid in zombies {
            let none = (UserMutPtr::NULL, UserMutPtr::NULL);
            assert_eq!(call!(waitid(P_PID, pid, none.0, WEXITED | WNOWAIT, none.1)), Ok(0));
        }
        0
    });
    // Everybody goes; at last nobody is left to wait for.
    assert_eq!(process::wait(middle, 0), Err(Errno::ECHILD));
    assert_eq!(process::wait(-1, 0), Err(Errno::ECHILD));
}
