//! The last thing before user mode: what has come up meanwhile.

use super::task::work;
use super::{current, schedule};
use crate::arch::entry::TrapFrame;
use crate::arch::interrupts;
use spin::Once;

/// Serves every bit of [`work`] but `RESCHED` and `TRACED`, and clears those it served. Interrupts are on.
type Serve = fn(&mut TrapFrame);

static SERVE: Once<Serve> = Once::new();

/// The process layer says, once, who delivers signals.
pub fn set_exit_work(serve: Serve) {
    SERVE.call_once(|| serve);
}

/// To be called, with interrupts off, when the running task's [`work`](super::Task::work) is not
/// zero on the way to user mode. Returns with interrupts off and nothing of it left but `TRACED`.
#[cold]
pub fn exit_work(frame: &mut TrapFrame) {
    debug_assert!(!interrupts::are_enabled());
    loop {
        let pending = current().work() & !work::TRACED;
        if pending == 0 {
            return;
        }
        interrupts::enable();
        if pending & work::RESCHED != 0 {
            schedule();
        }
        if pending & !work::RESCHED != 0 {
            match SERVE.get() {
                Some(serve) => serve(frame),
                None => panic!("work {pending:#x} before there are signals"),
            }
        }
        interrupts::disable();
    }
}
