//! The smallest program there is, for measuring `execve`: it only ends.

#![no_std]
#![no_main]

core::arch::global_asm!(
    ".globl _start",
    "_start:",
    "mov eax, 252",
    "xor ebx, ebx",
    "int 0x80",
    "ud2",
);

/// Nothing above can panic.
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {
        core::hint::spin_loop();
    }
}
