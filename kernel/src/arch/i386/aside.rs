//! What is hardly ever wanted, asked for and called from where every instruction counts.
//!
//! A branch that is never taken costs even so: the compiler puts what it asks about into a register,
//! and keeps what it needs afterwards out of those that a call may change. Here the question is two
//! instructions and no register, and a call changes one register that nobody can tell from outside.

use core::arch::{asm, global_asm};
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

static IS_WANTED: AtomicBool = AtomicBool::new(false);

/// Whether anything is wanted.
#[inline(always)]
pub fn is_wanted() -> bool {
    // SAFETY: reads a flag.
    unsafe {
        asm!(
            "cmp byte ptr [{flag}], 0",
            "jne {wanted}",
            flag = sym IS_WANTED,
            wanted = label { return true },
            options(nostack, readonly),
        )
    };
    false
}

/// From now on it is, or is not.
pub fn set_wanted(is_wanted: bool) {
    IS_WANTED.store(is_wanted, Relaxed);
}

/// What is called: as C does it, with two words and the address of a frame as the compiler makes them,
/// whose caller is who called.
pub type Aside = unsafe extern "C" fn(u32, u32, u32) -> u32;

/// Calls `function`.
///
/// # Safety
/// As `function` wants it of the two words.
#[inline(always)]
pub unsafe fn call(function: Aside, first: u32, second: u32) -> u32 {
    let mut result = function as usize as u32;
    // SAFETY: `call_aside` keeps all registers but EAX, and does nothing besides calling `function`.
    unsafe { asm!("call call_aside", inout("eax") result, in("edx") first, in("ecx") second) };
    result
}

global_asm!(
    r#"
    .section .text.unlikely, "ax"
    .balign 16
    .globl call_aside
call_aside:
    push ebp
    mov ebp, esp
    push ecx
    push edx
    push ebp
    push ecx
    push edx
    call eax
    add esp, 12
    pop edx
    pop ecx
    pop ebp
    ret
    .text
    "#
);
