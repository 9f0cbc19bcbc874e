//! The switchboard: where every fault, interrupt and system call of the machine arrives.

pub mod traced;

use crate::arch::control::cr2;
use crate::arch::entry::{Arguments, TrapFrame};
use crate::arch::{extable, interrupts};
use crate::cpu;
use crate::irq;
use crate::mm::fault::Outcome;
use crate::mm::space::{Mm, TASK_SIZE};
use crate::panic::fatal_trap;
use crate::process::{self, CurrentThread, signal};
use crate::{syscall, task};
use abi::signal::SIGKILL;
use kcore::addr::VirtAddr;
use kcore::fault::{Class, ErrorCode, Origin, Signal, classify};

const EFLAGS_IF: u32 = 1 << 9;

pub extern "fastcall" fn on_fault(frame: &mut TrapFrame) {
    if frame.is_from_user() {
        interrupts::enable();
        signal::on_exception(frame);
    } else {
        fix_up(frame);
    }
    leave(frame);
}

pub extern "fastcall" fn on_page_fault(frame: &mut TrapFrame) {
    // Before anything can fault again.
    let address = VirtAddr::new(cr2());
    if !frame.is_from_user() {
        return on_kernel_page_fault(frame, address);
    }
    let code = ErrorCode::from_bits_retain(frame.error);
    match class(address, code, Origin::User) {
        Class::Page => {
            interrupts::enable();
            serve_page(frame, address, code);
        }
        Class::Signal(signal) => {
            interrupts::enable();
            raise(frame, signal, address, code);
        }
        Class::Fixup | Class::Bug => fatal_trap("broken page table", frame),
    }
    leave_to_user(frame);
}

/// Copies to and from programs fault, and bugs.
#[inline(never)]
fn on_kernel_page_fault(frame: &mut TrapFrame, address: VirtAddr) {
    let code = ErrorCode::from_bits_retain(frame.error);
    match class(address, code, kernel_origin(frame)) {
        Class::Page => {
            let_interrupts_in(frame);
            serve_page(frame, address, code);
        }
        Class::Fixup => fix_up(frame),
        Class::Signal(_) | Class::Bug => fatal_trap("page fault in the kernel", frame),
    }
}

#[inline(always)]
fn kernel_origin(frame: &TrapFrame) -> Origin {
    match () {
        () if extable::fixup(frame.eip).is_none() => Origin::Kernel,
        () if cpu::preempt_count() != 0 || process::try_current().is_none() => Origin::AtomicCopy,
        () => Origin::UserCopy,
    }
}

/// As they were when the trap came.
#[inline(always)]
fn let_interrupts_in(frame: &TrapFrame) {
    if frame.eflags & EFLAGS_IF != 0 {
        interrupts::enable();
    }
}

#[inline(always)]
fn class(address: VirtAddr, code: ErrorCode, origin: Origin) -> Class {
    classify(address, code, origin, TASK_SIZE.address().unwrap_or_default())
}

#[inline(always)]
fn serve_page(frame: &mut TrapFrame, address: VirtAddr, code: ErrorCode) {
    let thread = process::current();
    let outcome = match address_space(&thread) {
        Some(mm) => mm.fault(address, code.kind()),
        None => Outcome::Signal(Signal::MapError),
    };
    settle(frame, outcome, address, code);
}

#[inline(always)]
fn address_space(thread: &CurrentThread) -> Option<&Mm> {
    // SAFETY: only the thread itself gives up its address space, in exec and exit, and it is here.
    let mm = unsafe { thread.own().mm.try_borrow_unguarded() };
    mm.ok()?.as_deref()
}

#[inline(always)]
fn settle(frame: &mut TrapFrame, outcome: Outcome, address: VirtAddr, code: ErrorCode) {
    match outcome {
        Outcome::Done { major } => task::current().count_fault(major),
        outcome => not_served(frame, outcome, address, code),
    }
}

#[cold]
fn not_served(frame: &mut TrapFrame, outcome: Outcome, address: VirtAddr, code: ErrorCode) {
    match outcome {
        // A copy to or from the program tells its caller.
        _ if !frame.is_from_user() => fix_up(frame),
        Outcome::Signal(signal) => raise(frame, signal, address, code),
        // Its end would be the machine's: it tries again when others have had their turn.
        _ if process::current().process().is_unkillable => task::yield_now(),
        _ => {
            log::warn!("no memory for {}: killed", task::describe_current());
            signal::raise(SIGKILL);
        }
    }
}

/// The program did what its memory does not allow.
#[cold]
fn raise(frame: &mut TrapFrame, signal: Signal, address: VirtAddr, code: ErrorCode) {
    let (number, si_code) = signal.number_and_code();
    let shown = code.for_signal(address, TASK_SIZE.address().unwrap_or_default());
    let trap = (frame.vector, shown.bits(), address.as_u32());
    signal::force_fault(frame, number, si_code, address.as_u32(), trap);
}

/// A fault of the kernel's: expected at a few instructions, the end anywhere else.
#[cold]
fn fix_up(frame: &mut TrapFrame) {
    match extable::fixup(frame.eip) {
        Some(fixup) => frame.eip = fixup,
        None => fatal_trap("trap in the kernel", frame),
    }
}

pub extern "fastcall" fn on_interrupt(frame: &mut TrapFrame) {
    irq::dispatch(frame.vector, frame);
    leave(frame);
}

/// `int 0x81`.
///
/// The frame lies at the top of the thread's stack; handlers that replace the registers (exec,
/// sigreturn) write there, and their result is EAX.
pub extern "fastcall" fn on_folio_call(frame: *mut TrapFrame) {
    // SAFETY: the entry code passes its frame. Arguments are read before the handler they are for is
    // called, and nobody else writes to the frame before that.
    let result = unsafe { syscall::folio_call((*frame).error, &Arguments::of(frame)) };
    // SAFETY: the handler's references to the frame are gone.
    let frame = unsafe { &mut *frame };
    frame.eax = result;
    leave_to_user(frame);
}

/// There is work to do before the program goes on. Interrupts are off, and stay so.
pub extern "fastcall" fn on_work(frame: &mut TrapFrame) {
    task::exit_work(frame);
}

/// The last step before the program goes on. Interrupts are off from here.
#[inline]
fn leave(frame: &mut TrapFrame) {
    if frame.is_from_user() {
        leave_to_user(frame);
    }
}

/// The same from a trap that a program made for certain.
#[inline]
fn leave_to_user(frame: &mut TrapFrame) {
    interrupts::disable();
    if task::current().work() != 0 {
        task::exit_work(frame);
    }
}
