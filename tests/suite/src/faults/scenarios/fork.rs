//! Second processes.

use crate::fault::{PAGE, peek_word, poke_word};
use crate::faults::{Failure, Outcome, child, join, wait};
use core::sync::atomic::{AtomicU32, Ordering::SeqCst};
use sys::abi::process::{CLONE_VFORK, CLONE_VM, P_PID, Rusage, WEXITED, WNOWAIT};
use sys::abi::signal::{CLD_EXITED, SIGCHLD, Siginfo};
use sys::memory::Mapping;
use sys::syscall::output;
use sys::wait::Status;

pub fn a_child_writes_its_copy() -> Outcome {
    let memory = Mapping::anonymous(2 * PAGE)?;
    poke_word(memory.address(), 5);
    let child = child(|| {
        poke_word(memory.address(), 6);
        poke_word(memory.address() + PAGE, 7);
        assert_eq!(peek_word(memory.address()), 6);
        Ok(())
    })?;
    let ended = join(child);
    assert_eq!(peek_word(memory.address()), 5);
    ended
}

pub fn children_have_children() -> Outcome {
    let memory = Mapping::anonymous(3 * PAGE)?;
    (0..3).for_each(|page| poke_word(memory.address() + page * PAGE, 1));
    let first = child(|| {
        poke_word(memory.address(), 2);
        let second = child(|| {
            poke_word(memory.address() + PAGE, 3);
            assert_eq!(peek_word(memory.address()), 2);
            Ok(())
        })?;
        join(second)?;
        assert_eq!(peek_word(memory.address() + PAGE), 1);
        Ok(())
    })?;
    join(first)
}

pub fn several_children_come_and_go() -> Outcome {
    let mut children = [0; 4];
    for pid in &mut children {
        *pid = child(|| Ok(()))?;
    }
    children.into_iter().try_for_each(join)
}

pub fn an_end_is_told_in_every_way() -> Outcome {
    let pid = child(|| sys::process::exit(7))?;
    let (mut info, mut usage) = (Siginfo::default(), Rusage::default());
    call!(waitid(P_PID, pid, output(&mut info), WEXITED | WNOWAIT, output(&mut usage)))?;
    // Or it did not come to say so.
    let exited = (info.code, info.status()) == (CLD_EXITED, 7);
    assert_eq!(info.pid(), pid);
    let mut status = 0;
    let found = call!(wait4(pid, output(&mut status), 0, output(&mut usage)))?;
    assert_eq!(found.cast_signed(), pid);
    assert_eq!(exited, Status::from_raw(status) == Status::Exited(7));
    assert!(wait(pid).is_err());
    match Status::from_raw(status) {
        Status::Exited(7) => Ok(()),
        status => Err(Failure::Child(status)),
    }
}

pub fn a_child_borrows_memory() -> Outcome {
    static LENT: AtomicU32 = AtomicU32::new(0);
    extern "C" fn stores(argument: u32) -> i32 {
        LENT.store(argument, SeqCst);
        0
    }
    let stack = Mapping::anonymous(4 * PAGE)?;
    let top = stack.address() + stack.length() - 36;
    poke_word(top, stores as *const () as u32);
    poke_word(top + 4, 7);
    let flags = CLONE_VM | CLONE_VFORK | SIGCHLD.cast_unsigned();
    // SAFETY: the stack is the child's alone, and stays until it has ended.
    let pid = unsafe { sys::thread::clone(flags, top, 0, 0, 0) }?;
    // This goes on only now that it has ended.
    let seen = LENT.load(SeqCst);
    join(pid)?;
    assert_eq!(seen, 7);
    Ok(())
}
