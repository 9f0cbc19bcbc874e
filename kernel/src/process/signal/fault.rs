//! Signals that the running instruction brought about itself. They are never put off: if one
//! cannot be handled now, the process ends by it.

use super::deliver;
use super::state::POOL;
use crate::arch::control;
use crate::arch::entry::TrapFrame;
use crate::arch::fpu;
use crate::process::{CurrentThread, current, trace};
use crate::task::work;
use abi::process::status_signaled;
use abi::signal::{SI_KERNEL, SIG_DFL, SIGSEGV};
use kcore::exception::{Address, signal_of};
use kcore::signal::Info;

/// An exception other than a page fault, in user mode.
pub fn on_exception(frame: &mut TrapFrame) {
    let thread = current();
    let Some(fault) = signal_of(frame.vector, fpu::pending_exceptions, control::take_debug_status)
    else {
        // An exception the program cleared meanwhile: try again.
        return;
    };
    let address = match fault.address {
        Address::Nothing => 0,
        Address::Instruction => frame.eip,
    };
    let (_, _, cr2) = thread.own().trap.get();
    let trap = (frame.vector, frame.error, cr2);
    force_fault(frame, fault.signal, fault.code, address, trap);
}

/// A fault of the running program, whose registers are in `frame`. `trap` is what handlers find
/// as `trapno`, `err` and `cr2`.
pub fn force_fault(
    frame: &mut TrapFrame,
    signal: i32,
    code: i32,
    address: u32,
    trap: (u32, u32, u32),
) {
    let thread = current();
    thread.own().trap.set(trap);
    let fields = [address, 0, 0, 0, 0, 0, 0, 0, 0];
    let info = Info { signal, errno: 0, code, fields };
    if !deliver::handle_fault(frame, &thread, &info) {
        force(&thread, &info);
    }
}

/// A handler's frame for `signal` could not be built.
pub(super) fn force_segv(thread: &CurrentThread, signal: i32) {
    if signal == SIGSEGV {
        thread.process().lock_signals().end_all(status_signaled(SIGSEGV));
    } else {
        force(thread, &Info { code: SI_KERNEL, ..Info::bare(SIGSEGV) });
    }
}

/// Sends a signal that takes effect before the program's next instruction.
pub(super) fn force(thread: &CurrentThread, info: &Info) {
    let mut guard = thread.process().lock_signals();
    let (signals, own) = guard.with(thread);
    let is_fatal = signals.actions.is_put_off(info.signal, own.blocked)
        || signals.actions.get(info.signal).handler == SIG_DFL;
    if is_fatal {
        drop(guard);
        trace::force_signal(thread, info);
        let mut guard = thread.process().lock_signals();
        guard.end_all(status_signaled(info.signal));
    } else {
        // A standard signal is never refused.
        let account = thread.process.account();
        let _ = own.pending.post(&mut POOL.lock(), info, account, u32::MAX);
        thread.task.add_work(work::SIGNAL);
    }
}
