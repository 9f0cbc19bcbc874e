//! The switchboard: where every fault, interrupt and system call of the machine arrives.

use crate::arch::entry::TrapFrame;
use crate::arch::extable;
use crate::irq;
use crate::panic::fatal_trap;
use crate::{syscall, task};

pub extern "fastcall" fn on_fault(frame: &mut TrapFrame) {
    if let Some(fixup) = extable::fixup(frame.eip) {
        frame.eip = fixup;
        return;
    }
    fatal_trap("trap in the kernel", frame)
}

pub extern "fastcall" fn on_interrupt(frame: &mut TrapFrame) {
    irq::dispatch(frame.vector, frame);
    if frame.from_user() && task::current().work() != 0 {
        task::exit_work(frame);
    }
}

pub extern "fastcall" fn on_syscall(frame: &mut TrapFrame) {
    frame.eax = syscall::linux_call(frame.error, &frame.arguments());
}
