//! Into a handler and back: the program's registers and its stack.

use super::{fault, fpu, set_blocked};
use crate::arch::context::{set_user_segments, user_segments};
use crate::arch::entry::{NO_CALL, TrapFrame};
use crate::mm::user;
use crate::mm::vdso::{RT_SIGRETURN, SIGRETURN};
use crate::process::{CurrentThread, current};
use crate::result::{Errno, Result};
use abi::signal::{
    RtSignalFrame, SI_KERNEL, SIGSEGV, Sigcontext, SignalFrame, SignalFrameEnd, SignalSet, Ucontext,
};
use abi::{UserMutPtr, UserPtr};
use core::mem::offset_of;
use kcore::signal::{FrameRequest, HandlerCall, Info, Registers, USER_CS, USER_DS, restored};

/// Lets the program continue in a handler. EFAULT if the frame cannot be stored; nothing has
/// changed then but the memory below the stack pointer. `blocked` is what was blocked until now.
pub(super) fn enter_handler(
    frame: &mut TrapFrame,
    thread: &CurrentThread,
    call: &HandlerCall,
    info: &Info,
    blocked: SignalSet,
) -> Result<()> {
    let own = thread.own();
    let vdso = thread.mm().vdso();
    let mut stack = own.alternate_stack.get();
    let registers = registers(frame);
    let request = FrameRequest {
        call,
        info,
        registers: &registers,
        trap: own.trap.get(),
        mask: own.saved_mask.get().unwrap_or(blocked),
        stack: &stack,
        fpu_image: Some(fpu::image_bytes()),
        vdso_returns: (vdso != 0).then_some((vdso + SIGRETURN, vdso + RT_SIGRETURN)),
    };
    let place = request.place().map_err(|_| Errno::EFAULT)?;
    if let Some(fpstate) = place.fpstate {
        fpu::save(fpstate)?;
    }
    if request.with_info() {
        user::write(UserMutPtr::new(place.address), &request.rt_frame(&place))?;
    } else {
        let end = place.address.wrapping_add(SignalFrame::END_OFFSET);
        user::write(UserMutPtr::new(place.address), &request.old_frame(&place))?;
        user::write_part(UserMutPtr::new(end), &request.old_frame_end())?;
    }
    let start = request.start(&place);
    own.saved_mask.set(None);
    stack.disarm_if_wanted();
    own.alternate_stack.set(stack);
    set_blocked(thread, call.blocked);
    [frame.eax, frame.edx, frame.ecx] = [start.eax, start.edx, start.ecx];
    [frame.eip, frame.esp, frame.eflags] = [start.eip, start.esp, start.eflags];
    frame.cs = u32::from(USER_CS);
    (frame.ds, frame.es, frame.ss) = (u32::from(USER_DS), u32::from(USER_DS), u32::from(USER_DS));
    Ok(())
}

/// `sigreturn`. The value is EAX as the handler's frame has it.
pub fn sigreturn() -> Result<u32> {
    let thread = current();
    // The return popped `pretcode`, the restorer `signo`.
    let context = thread.frame_value(|frame| frame.esp);
    let end = context
        .wrapping_sub(offset_of!(SignalFrame, context) as u32)
        .wrapping_add(SignalFrame::END_OFFSET + offset_of!(SignalFrameEnd, extramask) as u32);
    let extra = user::read_word(UserPtr::new(end));
    let context = user::read::<Sigcontext>(UserPtr::new(context));
    let (Ok(extra), Ok(context)) = (extra, context) else { return bad_frame(&thread) };
    let mask = u64::from(context.oldmask) | u64::from(extra) << 32;
    restore(&thread, &context, SignalSet { bits: mask })
}

/// `rt_sigreturn`.
pub fn rt_sigreturn() -> Result<u32> {
    let thread = current();
    // The return popped `pretcode`.
    let address =
        thread.frame_value(|frame| frame.esp).wrapping_sub(offset_of!(RtSignalFrame, signo) as u32);
    let context = address.wrapping_add(offset_of!(RtSignalFrame, context) as u32);
    let Ok(context) = user::read::<Ucontext>(UserPtr::new(context)) else {
        return bad_frame(&thread);
    };
    let result = restore(&thread, &{ context.mcontext }, context.sigmask);
    let mut stack = thread.own().alternate_stack.get();
    // A stack that cannot be set again stays as it is.
    let _ = stack.set(&{ context.stack }, thread.frame_value(|frame| frame.esp));
    thread.own().alternate_stack.set(stack);
    result
}

/// What a handler's frame should be is none.
#[cold]
fn bad_frame(thread: &CurrentThread) -> Result<u32> {
    fault::force(thread, &Info { code: SI_KERNEL, ..Info::bare(SIGSEGV) });
    Ok(0)
}

/// Puts back what a handler's frame saved, FPU included. Returns EAX.
fn restore(thread: &CurrentThread, context: &Sigcontext, mask: SignalSet) -> Result<u32> {
    thread.own().restart.set(None);
    set_blocked(thread, mask);
    let eflags = thread.frame_value(|frame| frame.eflags);
    let Some(registers) = restored(context, eflags) else { return bad_frame(thread) };
    if fpu::restore(context.fpstate).is_err() {
        return bad_frame(thread);
    }
    thread.with_frame(|frame| {
        store(frame, &registers);
        // Whatever call it was is over.
        frame.vector = NO_CALL;
    });
    set_user_segments(registers.fs, registers.gs);
    abi::errno::decode(registers.eax)
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
