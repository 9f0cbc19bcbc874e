//! Switching from one kernel stack to another.
//!
//! Only what the C calling convention preserves is saved: the caller of `switch_stacks` has
//! stored the rest. A new task's stack starts with the words of [`InitialStack`].

use super::entry::TrapFrame;
use core::arch::global_asm;

/// The saved stack pointer of a task that does not run.
#[derive(Debug, Default)]
#[repr(transparent)]
pub struct Context {
    esp: u32,
}

/// What a new task's stack holds below its trap frame, lowest address first.
#[repr(C)]
struct InitialStack {
    edi: u32,
    esi: u32,
    ebx: u32,
    ebp: u32,
    eip: u32,
}

/// What a new task does first. If it returns, the task goes to user mode with the trap frame at
/// the top of its stack.
pub type Start = extern "C" fn(argument: usize);

unsafe extern "fastcall" {
    /// Saves the registers, stores the stack pointer in `save` and goes on at `load`.
    ///
    /// # Safety
    /// `load` is the stack pointer of a task that is not running, and its page tables (or any
    /// that share the kernel part) are loaded. Interrupts are off.
    pub fn switch_stacks(save: *mut Context, load: *const Context);
}

unsafe extern "C" {
    fn task_entry();
}

impl Context {
    pub const fn new() -> Self {
        Self { esp: 0 }
    }

    /// Prepares an unused stack that ends at `top` so that the first switch to it calls
    /// `start(argument)`. Returns where the task's trap frame lies.
    ///
    /// # Safety
    /// The stack is mapped, at least a page long, and nobody else uses it.
    pub unsafe fn prepare(&mut self, top: u32, start: Start, argument: usize) -> *mut TrapFrame {
        let frame = (top as usize - size_of::<TrapFrame>()) as *mut TrapFrame;
        let words = (frame as usize - size_of::<InitialStack>()) as *mut InitialStack;
        // SAFETY: both lie in the top page of a stack that the caller owns.
        unsafe {
            frame.write(TrapFrame::default());
            words.write(InitialStack {
                edi: 0,
                esi: argument as u32,
                ebx: start as usize as u32,
                ebp: 0,
                eip: task_entry as *const () as u32,
            });
        }
        self.esp = words as u32;
        frame
    }
}

global_asm!(
    r#"
    .text
    .balign 16
    .globl switch_stacks
switch_stacks:
    push ebp
    push ebx
    push esi
    push edi
    mov [ecx], esp
    mov esp, [edx]
    pop edi
    pop esi
    pop ebx
    pop ebp
    ret

    .globl task_entry
task_entry:
    push esi
    call ebx
    add esp, 4
    jmp trap_return
    "#
);

/// FS and GS of the running program.
#[inline]
pub fn user_segments() -> (u16, u16) {
    let (fs, gs): (u32, u32);
    // SAFETY: reads two segment registers.
    unsafe {
        core::arch::asm!("mov {0:e}, fs", "mov {1:e}, gs", out(reg) fs, out(reg) gs,
            options(nomem, nostack, preserves_flags))
    };
    (fs as u16, gs as u16)
}

/// Loads FS and GS. A selector that is not the program's to use becomes null.
#[inline]
pub fn set_user_segments(fs: u16, gs: u16) {
    // SAFETY: the kernel uses neither register; a fault on a bad selector loads null instead.
    unsafe {
        core::arch::asm!(
            "2: mov fs, {fs:e}",
            "3: mov gs, {gs:e}",
            ".pushsection .text.fixup, \"ax\"",
            "4: xor {fs:e}, {fs:e}",
            "jmp 2b",
            "5: xor {gs:e}, {gs:e}",
            "jmp 3b",
            ".popsection",
            ".pushsection __ex_table, \"aw\"",
            ".long 2b, 4b, 3b, 5b",
            ".popsection",
            fs = inout(reg) u32::from(fs) => _,
            gs = inout(reg) u32::from(gs) => _,
        )
    };
}
