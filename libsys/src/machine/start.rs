//! From the kernel's jump into the program to `main`, and the ends by panic and for want of memory.

use crate::library::{self, Linker};
use crate::{env, eprintln, process, syscall};
use core::alloc::Layout;
use core::panic::PanicInfo;

/// Says which function a program starts with.
///
/// The function takes nothing and returns something that is a [`process::Termination`]. Arguments
/// are in [`env::args`].
#[macro_export]
macro_rules! entry {
    ($main:path) => {
        /// The kernel comes here with the argument count at ESP and all registers 0, the dynamic
        /// linker with its functions in ECX. EBP = 0 ends the chain of frames; the ABI wants ESP + 4
        /// divisible by 16 at the first instruction of a function.
        #[unsafe(naked)]
        #[unsafe(no_mangle)]
        extern "C" fn _start() -> ! {
            extern "C" fn start(
                stack: *const u32,
                linker: *const $crate::library::Linker,
            ) -> ! {
                let main = || $crate::process::Termination::status($main());
                // SAFETY: this is what `_start` was entered with.
                unsafe { $crate::start(stack, linker, main) }
            }
            core::arch::naked_asm!(
                "xor ebp, ebp",
                "mov eax, esp",
                "and esp, -16",
                "sub esp, 8",
                "push ecx",
                "push eax",
                "call {start}",
                "ud2",
                start = sym start,
            )
        }
    };
}

/// What [`entry!`] makes the program do first.
///
/// # Safety
/// `stack` and `linker` must be what the program was started with, and stay.
#[doc(hidden)]
pub unsafe fn start(stack: *const u32, linker: *const Linker, main: fn() -> i32) -> ! {
    // SAFETY: the caller's promise.
    unsafe {
        env::remember(stack);
        library::remember(linker);
    }
    syscall::use_vdso();
    let status = main();
    library::finish();
    process::exit(status)
}

/// The first function of `libsys.so`, so that those of libraries which use it find what a program
/// finds: the dynamic linker gives first functions its own.
///
/// # Safety
/// `arguments` is the vector that the kernel has made.
#[doc(hidden)]
pub unsafe extern "C" fn start_shared(
    _count: u32,
    arguments: *const u32,
    _environment: *const u32,
    linker: *const Linker,
) {
    // SAFETY: the count lies below the arguments; the caller's promise.
    unsafe {
        env::remember(arguments.sub(1));
        library::remember(linker);
    }
    syscall::use_vdso();
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    eprintln!("{}: {}", env::program(), info);
    process::exit(process::PANICKED)
}

/// As in programs with Rust's `std`: not a panic, for nothing is wrong with the program. The text takes
/// no memory of the heap's.
#[alloc_error_handler]
fn no_memory(layout: Layout) -> ! {
    eprintln!("{}: memory allocation of {} bytes failed", env::program(), layout.size());
    process::abort()
}
