//! Who may do what with whose contexts.

use super::{Context, needs_failpoints};
use crate::child;
use alloc::vec::Vec;
use sys::Errno;
use sys::abi::failpoint::{
    FAULT_CHILDREN, FAULT_THREAD_MARK, FAULT_THREAD_NTH, FaultPlan, FaultState,
};
use sys::process::id;
use sys::statistics::Asker;
use sys::syscall::{failpoint, output};
use sys::wait::Status;

/// In a child that is not root's.
fn as_another_user(work: impl FnOnce()) {
    let ended = child::run(|| {
        call!(setuid32(1)).expect("another user");
        work();
        0
    });
    assert_eq!(ended, Status::Exited(0));
}

fn enter(number: u32) -> Result<u32, Errno> {
    // SAFETY: the call touches no memory.
    unsafe { failpoint::fault_enter(number) }
}

pub fn others_contexts_are_for_root() {
    needs_failpoints();
    let context = Context::new(&FaultPlan::default());
    let number = context.0;
    let ask = || {
        let mut state = FaultState::default();
        // SAFETY: the call writes the state only.
        unsafe { failpoint::fault_state(number, output(&mut state), 8) }
    };
    assert_eq!(child::run(|| i32::from(ask() != Ok(8))), Status::Exited(0), "root's");
    as_another_user(|| {
        assert_eq!(ask(), Err(Errno::EPERM));
        assert_eq!(enter(number), Err(Errno::EPERM));
        // SAFETY: the call touches no memory.
        assert_eq!(unsafe { failpoint::fault_close(number) }, Err(Errno::EPERM));
    });
    assert_eq!(ask(), Ok(8));
}

pub fn who_inherits_a_context_may_go_back() {
    needs_failpoints();
    let plan = FaultPlan { flags: FAULT_CHILDREN, ..FaultPlan::default() };
    let (context, other) = (Context::new(&plan), Context::new(&plan));
    let (number, other) = (context.0, other.0);
    context.run(|| {
        as_another_user(|| {
            assert_eq!(enter(0), Ok(number));
            assert_eq!(enter(other), Err(Errno::EPERM));
            assert_eq!(enter(number), Ok(0));
        });
    });
}

pub fn contexts_are_not_all_for_one() {
    needs_failpoints();
    as_another_user(|| {
        let mut contexts = Vec::new();
        let refused = loop {
            match Context::try_new(&FaultPlan::default()) {
                Ok(context) => contexts.push(context),
                Err(refused) => break refused,
            }
        };
        assert_eq!((refused, contexts.len()), (Errno::ENOSPC, 8));
    });
}

pub fn only_root_marks() {
    needs_failpoints();
    as_another_user(|| {
        let set = |what, value| Asker::OF_SELF.set_faults(id(), what, value);
        assert_eq!(set(FAULT_THREAD_MARK, 1), Err(Errno::EPERM));
        assert_eq!(set(FAULT_THREAD_NTH, 1000), Ok(()));
    });
}
