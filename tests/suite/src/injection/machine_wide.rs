//! Faults that happen to everybody.

use super::{Context, always, needs_failpoints, wake_nobody};
use crate::child;
use sys::Errno;
use sys::abi::failpoint::{FAULT_MACHINE, FAULT_MARKED, FAULT_THREAD_MARK, Failpoint, FaultPlan};
use sys::process::id;
use sys::statistics::Asker;
use sys::wait::Status;

pub fn machine_wide(flags: u32) -> FaultPlan {
    FaultPlan { flags: FAULT_MACHINE | flags, ..always(Failpoint::Futex) }
}

pub fn marked_threads_alone_are_hit() {
    needs_failpoints();
    let context = Context::new(&machine_wide(FAULT_MARKED));
    assert_eq!(wake_nobody(), Ok(0));
    let ended = child::run(|| {
        Asker::OF_SELF.set_faults(id(), FAULT_THREAD_MARK, 1).expect("a mark");
        i32::from(wake_nobody() != Err(Errno::EFAULT))
    });
    assert_eq!(ended, Status::Exited(0));
    assert_eq!(wake_nobody(), Ok(0));
    assert_eq!({ context.state().faults }, 1);
}

pub fn who_has_a_context_is_left_alone() {
    needs_failpoints();
    let own = Context::new(&FaultPlan { points: Failpoint::Futex.bit(), ..FaultPlan::default() });
    let all = Context::new(&FaultPlan { times: 1, ..machine_wide(0) });
    assert_eq!(own.run(wake_nobody), Ok(0));
    // Others may use futexes as well.
    let state = all.state();
    if state.faults == 0 {
        assert_eq!(wake_nobody(), Err(Errno::EFAULT));
    }
    assert_eq!(wake_nobody(), Ok(0), "once was enough");
    assert_eq!({ own.state().opportunities }, 1);
}

pub fn only_root_makes_machine_wide_ones() {
    needs_failpoints();
    let ended = child::run(|| {
        call!(setuid32(1)).expect("another user");
        let refused = Context::try_new(&machine_wide(0)).err() == Some(Errno::EPERM);
        i32::from(!refused || Context::try_new(&always(Failpoint::Futex)).is_err())
    });
    assert_eq!(ended, Status::Exited(0));
    let context = Context::new(&machine_wide(FAULT_MARKED));
    // SAFETY: the call touches no memory.
    let entered = unsafe { sys::syscall::failpoint::fault_enter(context.0) };
    assert_eq!(entered, Err(Errno::EINVAL), "everybody is in it already");
}
