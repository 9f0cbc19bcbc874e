//! Into a handler and back: the program's registers and its stack.

use super::deliver::NO_CALL;
use super::{fault, fpu, set_blocked};
use crate::arch::context::{set_user_segments, user_segments};
use crate::arch::entry::TrapFrame;
use crate::mm::user;
use crate::process::{CurrentThread, current};
use crate::result::{Errno, Result};
use abi::signal::{
    RtSignalFrame, SIGSEGV, Sigcontext, SignalFrame, SignalFrameEnd, SignalSet, Ucontext,
};
use abi::{UserMutPtr, UserPtr};
use core::mem::offset_of;
use kcore::signal::{
    FrameBytes, FrameRequest, HandlerCall, HandlerFrame, Info, Registers, restored,
};

/// Lets the program continue in a handler. EFAULT if the frame cannot be stored; nothing has
/// changed then but the memory below the stack pointer.
pub(super) fn enter_handler(
    frame: &mut TrapFrame,
    thread: &CurrentThread,
    call: &HandlerCall,
    info: &Info,
) -> Result<()> {
    let own = thread.own();
    let mut stack = own.alternate_stack.get();
    let registers = registers(frame);
    let built = HandlerFrame::build(&FrameRequest {
        call,
        info,
        registers: &registers,
        trap: own.trap.get(),
        mask: own.saved_mask.get().unwrap_or_else(|| thread.blocked()),
        stack: &stack,
        with_fpu: true,
        vdso_returns: None,
    })
    .map_err(|_| Errno::EFAULT)?;
    if let Some(fpstate) = built.fpstate {
        fpu::save(fpstate)?;
    }
    match &built.bytes {
        FrameBytes::Old(start, end) => {
            let end_address = built.address.wrapping_add(SignalFrame::END_OFFSET);
            user::write(UserMutPtr::new(built.address), start)?;
            user::write(UserMutPtr::new(end_address), end)?;
        }
        FrameBytes::Rt(whole) => user::write(UserMutPtr::new(built.address), whole)?,
    }
    own.saved_mask.set(None);
    stack.disarm_if_wanted();
    own.alternate_stack.set(stack);
    set_blocked(thread, call.blocked);
    store(frame, &built.registers);
    Ok(())
}

/// `sigreturn`. The value is EAX as the handler's frame has it.
pub fn sigreturn() -> Result<u32> {
    let thread = current();
    // The return popped `pretcode`, the restorer `signo`.
    let address = thread.frame().esp.wrapping_sub(offset_of!(SignalFrame, context) as u32);
    finish(&thread, || {
        let start: SignalFrame = user::read(UserPtr::new(address))?;
        let end_address = address.wrapping_add(SignalFrame::END_OFFSET);
        let extra: u32 = user::read_word(UserPtr::new(
            end_address.wrapping_add(offset_of!(SignalFrameEnd, extramask) as u32),
        ))?;
        let mask = u64::from(start.context.oldmask) | u64::from(extra) << 32;
        restore(&thread, &start.context, SignalSet { bits: mask })
    })
}

/// `rt_sigreturn`.
pub fn rt_sigreturn() -> Result<u32> {
    let thread = current();
    // The return popped `pretcode`.
    let address = thread.frame().esp.wrapping_sub(offset_of!(RtSignalFrame, signo) as u32);
    finish(&thread, || {
        let context = address.wrapping_add(offset_of!(RtSignalFrame, context) as u32);
        let context: Ucontext = user::read(UserPtr::new(context))?;
        let eax = restore(&thread, &{ context.mcontext }, context.sigmask)?;
        let mut stack = thread.own().alternate_stack.get();
        // A stack that cannot be set again stays as it is.
        let _ = stack.set(&{ context.stack }, thread.frame().esp);
        thread.own().alternate_stack.set(stack);
        Ok(eax)
    })
}

fn finish(thread: &CurrentThread, restore: impl FnOnce() -> Result<u32>) -> Result<u32> {
    thread.own().restart.set(None);
    match restore() {
        Ok(eax) => abi::errno::decode(eax),
        Err(_) => {
            fault::force(thread, &Info { code: abi::signal::SI_KERNEL, ..Info::bare(SIGSEGV) });
            Ok(0)
        }
    }
}

/// Puts back what a handler's frame saved, FPU included. Returns EAX.
fn restore(thread: &CurrentThread, context: &Sigcontext, mask: SignalSet) -> Result<u32> {
    set_blocked(thread, mask);
    let registers = restored(context, thread.frame().eflags).ok_or(Errno::EFAULT)?;
    fpu::restore(context.fpstate)?;
    thread.with_frame(|frame| {
        store(frame, &registers);
        // Whatever call it was is over.
        frame.vector = NO_CALL;
    });
    set_user_segments(registers.fs, registers.gs);
    Ok(registers.eax)
}

fn registers(frame: &TrapFrame) -> Registers {
    let (fs, gs) = user_segments();
    Registers {
        gs,
        fs,
        es: frame.es as u16,
        ds: frame.ds as u16,
        cs: frame.cs as u16,
        ss: frame.ss as u16,
        edi: frame.edi,
        esi: frame.esi,
        ebp: frame.ebp,
        esp: frame.esp,
        ebx: frame.ebx,
        edx: frame.edx,
        ecx: frame.ecx,
        eax: frame.eax,
        eip: frame.eip,
        eflags: frame.eflags,
    }
}

/// All but FS and GS, which are in the CPU.
fn store(frame: &mut TrapFrame, registers: &Registers) {
    frame.es = u32::from(registers.es);
    frame.ds = u32::from(registers.ds);
    frame.cs = u32::from(registers.cs);
    frame.ss = u32::from(registers.ss);
    frame.edi = registers.edi;
    frame.esi = registers.esi;
    frame.ebp = registers.ebp;
    frame.esp = registers.esp;
    frame.ebx = registers.ebx;
    frame.edx = registers.edx;
    frame.ecx = registers.ecx;
    frame.eax = registers.eax;
    frame.eip = registers.eip;
    frame.eflags = registers.eflags;
}
