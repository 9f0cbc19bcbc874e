//! What the kernel leaves on the stack for a handler.

use super::counted::*;
use crate::child;
use crate::fault::peek_word;
use core::sync::atomic::{AtomicU32, Ordering};
use sys::abi::signal::*;
use sys::process;
use sys::signal::Action;
use sys::wait::Status;

extern "C" fn look(signal: i32, info: &Siginfo, context: &mut Ucontext) {
    SEEN.store(signal, Ordering::Relaxed);
    let esp: u32;
    // SAFETY: reads two registers.
    unsafe { core::arch::asm!("pushfd", "pop {0:e}", out(reg) esp) };
    FLAGS.store(esp, Ordering::Relaxed);
    assert_eq!((info.signo, info.errno), (signal, 0));
    assert_eq!((info.code, info.pid()), (SI_USER, process::id()));
    assert_eq!(call!(getuid32()), Ok(info.uid()));
    let registers = context.mcontext;
    assert_eq!((registers.cs & 3, registers.ss & 3), (3, 3));
    assert_eq!(registers.esp, registers.esp_at_signal);
    assert_eq!(registers.eflags & 0x200, 0x200, "interrupts are on");
    COUNT.fetch_add(1, Ordering::Relaxed);
}

pub fn the_rt_frame_tells_who_and_where() {
    handle(SIGUSR1, Action::InfoHandler(look), 0);
    raise(SIGUSR1);
    assert_eq!(counted(), 1);
    assert_eq!(FLAGS.load(Ordering::Relaxed) & 0x400, 0, "direction flag is clear in handlers");
}

// Handlers that keep ESP as they found it, to look at the frame itself.
core::arch::global_asm!(
    ".globl frame_catcher",
    "frame_catcher:",
    "mov [{frame}], esp",
    "mov [{registers}], eax",
    "mov [{registers} + 4], edx",
    "mov [{registers} + 8], ecx",
    "lock inc dword ptr [{count}]",
    "ret",
    frame = sym FRAME,
    registers = sym REGISTERS,
    count = sym COUNT,
);

unsafe extern "C" {
    fn frame_catcher();
}

static FRAME: AtomicU32 = AtomicU32::new(0);
static REGISTERS: [AtomicU32; 3] = [const { AtomicU32::new(0) }; 3];

fn frame_of(flags: u32) -> u32 {
    let catcher = frame_catcher as *const ();
    let action = if flags & SA_SIGINFO == 0 {
        // SAFETY: the function has the convention of a handler and needs no arguments.
        let handler = unsafe { core::mem::transmute::<*const (), extern "C" fn(i32)>(catcher) };
        Action::Handler(handler)
    } else {
        type Handler = extern "C" fn(i32, &Siginfo, &mut Ucontext);
        // SAFETY: as above.
        Action::InfoHandler(unsafe { core::mem::transmute::<*const (), Handler>(catcher) })
    };
    handle(SIGUSR2, action, flags);
    raise(SIGUSR2);
    assert_eq!(counted(), 1);
    FRAME.load(Ordering::Relaxed)
}

/// The frame lies below ESP now, still as it was: nothing has been called in between that is deep.
pub fn the_old_frame_is_laid_out_as_on_linux() {
    let frame = frame_of(0);
    assert_eq!((frame + 4) % 16, 0, "aligned as at a function's first instruction");
    let registers = REGISTERS.each_ref().map(|register| register.load(Ordering::Relaxed));
    assert_eq!(registers[0], SIGUSR2.cast_unsigned(), "EAX is the signal");
}

pub fn the_rt_frame_is_laid_out_as_on_linux() {
    let frame = frame_of(SA_SIGINFO);
    assert_eq!((frame + 4) % 16, 0, "aligned as at a function's first instruction");
    let [eax, edx, ecx] = REGISTERS.each_ref().map(|register| register.load(Ordering::Relaxed));
    assert_eq!(eax, SIGUSR2.cast_unsigned());
    // Return address, signal, both pointers; then the structures themselves.
    assert_eq!(edx, frame + 16, "EDX points to siginfo");
    assert_eq!(ecx, frame + 16 + 128, "ECX points to ucontext");
}

pub fn a_frame_that_does_not_fit_ends_the_process() {
    let status = child::run(|| {
        handle(SIGUSR1, Action::Handler(count), 0);
        let pid = process::id();
        // SAFETY: nothing returns from here: the frame cannot be written below address 16.
        unsafe {
            core::arch::asm!(
                "mov ebx, {pid:e}",
                "mov ecx, 10",
                "mov eax, 37",
                "mov esp, 16",
                "int 0x80",
                "ud2",
                pid = in(reg) pid,
                options(noreturn)
            )
        }
    });
    assert_eq!(status, Status::Signaled(SIGSEGV));
}

pub fn the_signal_stack_may_be_copy_on_write() {
    handle(SIGUSR1, Action::Handler(count), 0);
    let pid = child::start(|| {
        raise(SIGUSR1);
        i32::from(counted() != 1)
    });
    raise(SIGUSR1);
    assert_eq!(counted(), 1);
    assert_eq!(child::wait(pid), Status::Exited(0));
}

pub fn frames_hold_the_return_address_first() {
    frame_of(0);
    let frame = FRAME.load(Ordering::Relaxed);
    // Below ESP by now, but nothing has been written that deep: the restorer's address.
    let restorer = handle(SIGUSR2, Action::Default, 0).restorer;
    assert!(frame != 0 && restorer != 0);
    let _ = peek_word(frame);
}
