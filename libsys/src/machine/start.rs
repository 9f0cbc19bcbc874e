//! From the kernel's jump into the program to `main`, and the end by panic.

use crate::{env, eprintln, process};
use core::panic::PanicInfo;

// The kernel enters with the argument count at ESP and every register 0. EBP = 0 ends the chain of
// frames; the ABI wants ESP + 4 divisible by 16 at the first instruction of a function.
core::arch::global_asm!(
    ".globl _start",
    ".type _start, @function",
    "_start:",
    "xor ebp, ebp",
    "mov eax, esp",
    "and esp, -16",
    "sub esp, 12",
    "push eax",
    "call {start}",
    "ud2",
    ".size _start, . - _start",
    start = sym start,
);

unsafe extern "Rust" {
    safe fn folio_main() -> i32;
}

extern "C" fn start(stack: *const u32) -> ! {
    env::remember(stack);
    process::exit(folio_main())
}

/// Says which function a program starts with.
///
/// The function takes nothing and returns something that is a [`process::Termination`]. Arguments
/// are in [`env::args`].
#[macro_export]
macro_rules! entry {
    ($main:path) => {
        #[unsafe(no_mangle)]
        fn folio_main() -> i32 {
            $crate::process::Termination::status($main())
        }
    };
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    eprintln!("{}: {}", env::program(), info);
    process::exit(process::PANICKED)
}
