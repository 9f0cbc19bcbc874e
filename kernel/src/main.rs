#![no_std]
#![no_main]

extern crate alloc;

mod arch;
mod cpu;
mod log;
mod mm;
mod panic;
mod sync;
mod task;
mod trap;

use arch::debug_exit::{self, End};

/// The boot story, top to bottom. Each stage returns what the next one needs.
#[unsafe(no_mangle)]
extern "C" fn kernel_main(magic: u32, info: u32) -> ! {
    log::initialise();
    // SAFETY: first thing after boot, with interrupts off.
    unsafe { cpu::initialise(panic::double_fault) };
    ::log::info!("hello {magic:x} {info:x}");
    debug_exit::exit(End::Orderly)
}
