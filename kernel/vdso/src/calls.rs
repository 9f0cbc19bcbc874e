//! The calls of the kernel's that the vDSO makes.

use core::arch::asm;

macro_rules! numbers {
    ($( $(#[$doc:meta])* $number:literal $name:ident($($argument:ident: $kind:ty),*); )*) => {
        /// The number of a call that the table has.
        const fn number(wanted: &str) -> u32 {
            $( if is_same(stringify!($name), wanted) { return $number; } )*
            panic!("no such call")
        }
    };
}
abi::for_each_linux_call!(numbers);

const fn is_same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut at = 0;
    while at < a.len() && at < b.len() && a[at] == b[at] {
        at += 1;
    }
    at == a.len() && at == b.len()
}

pub const SIGRETURN: u32 = number("sigreturn");
pub const RT_SIGRETURN: u32 = number("rt_sigreturn");
pub const CLOCK_GETTIME: u32 = number("clock_gettime");
pub const CLOCK_GETTIME64: u32 = number("clock_gettime64");
pub const CLOCK_GETRES: u32 = number("clock_getres");

/// Makes a call about a clock.
///
/// # Safety
/// `to` is what the caller of the vDSO passed for the kernel to write to.
pub unsafe fn call<T>(number: u32, clock: i32, to: *mut T) -> i32 {
    let result;
    // SAFETY: the kernel changes EAX and what is at `to`. EBX cannot be an operand here.
    unsafe {
        asm!(
            "xchg ebx, {clock}",
            "int 0x80",
            "xchg ebx, {clock}",
            clock = inout(reg) clock => _,
            inlateout("eax") number => result,
            in("ecx") to,
            options(nostack),
        );
    }
    result
}
