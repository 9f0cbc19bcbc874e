//! On the way to user mode: what is pending takes effect.

use super::state::{POOL, SignalGuard};
use super::{fault, frame, send, stop};
use crate::arch::entry::{FOLIO_CALL, LINUX_CALL, TrapFrame};
use crate::process::{CurrentThread, current, exit, trace};
use crate::result::restart::{ERESTART_RESTARTBLOCK, ERESTARTNOHAND, ERESTARTNOINTR, ERESTARTSYS};
use crate::task::work;
use abi::process::status_signaled;
use abi::signal::{SI_TIMER, SignalSet};
use alloc::sync::Arc;
use kcore::signal::{
    AfterCall, Delivery, HandlerCall, Info, Interrupted, ProcessKind, STOP, after_interruption,
    next_signal,
};

/// Bytes of `int 0x80`.
const CALL_LEN: u32 = 2;
const RESTART_SYSCALL: u32 = 0;

/// Delivers what is pending: for `task::set_exit_work`.
pub fn serve(frame: &mut TrapFrame) {
    let thread = current();
    let process = thread.process();
    loop {
        let mut guard = process.lock_signals();
        if let Some(status) = guard.ending(&thread) {
            drop(guard);
            exit::exit_thread(status);
        }
        send::post_fired(process, &mut guard);
        if let Some(signal) = guard.stopped_by {
            drop(guard);
            if thread.task.is_traced() {
                trace::stopped(signal);
            }
            stop::wait_until_continued(&thread);
            continue;
        }
        let taken = take_next(&mut guard, &thread);
        let Some(info) = &taken else {
            guard.update_work(&thread);
            drop(guard);
            return finish_without_handler(frame, &thread);
        };
        if thread.task.is_traced() {
            drop(guard);
            trace::signal(info);
            guard = process.lock_signals();
        }
        let kind =
            if process.is_unkillable { ProcessKind::Unkillable } else { ProcessKind::Ordinary };
        let blocked = guard.with(&thread).1.blocked;
        match guard.actions.deliver(info.signal, blocked, kind) {
            Delivery::Nothing => {}
            Delivery::Terminate { signal, .. } => guard.end_all(status_signaled(signal)),
            Delivery::Stop { signal } => {
                drop(guard);
                stop::begin(&thread, signal);
            }
            Delivery::Handle(call) => {
                if run_handler(frame, &thread, guard, &call, info, blocked) {
                    return;
                }
            }
        }
    }
}

/// Lets the handler of a fault of the running instruction begin, if there is one and nothing else
/// has to be looked at before. `false` if the signal has to be sent.
pub(super) fn handle_fault(frame: &mut TrapFrame, thread: &CurrentThread, info: &Info) -> bool {
    let process = thread.process();
    let mut guard = process.lock_signals();
    let blocked = guard.with(thread).1.blocked;
    if thread.task.work() & (work::SIGNAL | work::KILL | work::TRACED) != 0
        || guard.actions.is_put_off(info.signal, blocked)
    {
        return false;
    }
    match guard.actions.deliver(info.signal, blocked, ProcessKind::Ordinary) {
        Delivery::Handle(call) => {
            // Without room for its frame another signal is pending now.
            run_handler(frame, thread, guard, &call, info, blocked);
            true
        }
        _ => false,
    }
}

/// Lets a handler begin. `false` if there is no room for its frame: SIGSEGV instead.
fn run_handler(
    frame: &mut TrapFrame,
    thread: &CurrentThread,
    mut guard: SignalGuard,
    call: &HandlerCall,
    info: &Info,
    blocked: SignalSet,
) -> bool {
    let mut is_shared = false;
    if guard.actions.has_one_shot() {
        // Such a table is nobody else's, unless processes share it.
        match Arc::get_mut(&mut guard.actions) {
            Some(actions) => actions.use_up(call.signal),
            None => is_shared = true,
        }
    }
    drop(guard);
    if is_shared {
        thread.use_up_action(call.signal);
    }
    finish_call(frame, Some(call.action.flags));
    let begun = frame::enter_handler(frame, thread, call, info, blocked);
    if begun.is_err() {
        fault::force_segv(thread, call.signal);
    }
    begun.is_ok()
}

/// The next signal the thread does not block.
#[inline]
fn take_next(guard: &mut SignalGuard, thread: &CurrentThread) -> Option<Info> {
    let (signals, own) = guard.with(thread);
    let mut taken =
        next_signal(&mut own.pending, &mut signals.pending, own.blocked, &mut POOL.lock());
    if let Some(info) = &mut taken {
        if info.code == SI_TIMER {
            thread.process().take_timer_signal(info);
        }
        if STOP.contains(info.signal) {
            signals.stop_dequeued = true;
        }
    }
    taken
}

/// Nothing to handle: an interrupted call is made again, a replaced mask comes back.
fn finish_without_handler(frame: &mut TrapFrame, thread: &CurrentThread) {
    finish_call(frame, None);
    if let Some(mask) = thread.own().saved_mask.take() {
        super::set_blocked(thread, mask);
    }
}

/// Decides what becomes of a call that a signal interrupted. `handler` holds the flags of the
/// handler about to run.
fn finish_call(frame: &mut TrapFrame, handler: Option<u32>) {
    let Some(interrupted) = interruption(frame) else { return };
    match after_interruption(interrupted, handler) {
        AfterCall::Fail(errno) => frame.eax = abi::errno::encode(Err(errno)),
        AfterCall::Again => call_again(frame, frame.error),
        AfterCall::RestartSyscall => call_again(frame, RESTART_SYSCALL),
    }
}

/// Whether the frame is that of a call that gave up because of a signal.
fn interruption(frame: &TrapFrame) -> Option<Interrupted> {
    if frame.vector != LINUX_CALL as u32 && frame.vector != FOLIO_CALL as u32 {
        return None;
    }
    match abi::errno::decode(frame.eax).err()? {
        ERESTARTSYS => Some(Interrupted::RestartSystemCall),
        ERESTARTNOINTR => Some(Interrupted::RestartAlways),
        ERESTARTNOHAND => Some(Interrupted::RestartUnlessHandled),
        ERESTART_RESTARTBLOCK => Some(Interrupted::RestartBlock),
        _ => None,
    }
}

fn call_again(frame: &mut TrapFrame, number: u32) {
    frame.eax = number;
    frame.eip = frame.eip.wrapping_sub(CALL_LEN);
}
