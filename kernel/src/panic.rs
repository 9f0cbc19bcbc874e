//! The end of the kernel: a report on COM2 that the host completes with names, and its start on the
//! screen, if there is one; then the exit port.

use crate::arch::boot::image;
use crate::arch::control::cr2;
use crate::arch::debug_exit::{self, End};
use crate::arch::entry::TrapFrame;
use crate::arch::interrupts;
use crate::arch::vga_text::Screen;
use crate::cpu;
use crate::log::panic_write;
use core::fmt::Write;
use core::panic::PanicInfo;
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// Closes every report; the host looks for it.
const MARKER: &str = "PANIC END";
const MAX_FRAMES: usize = 32;
const PAGE_FAULT: u32 = 14;

static PANICKING: AtomicBool = AtomicBool::new(false);

#[panic_handler]
fn panic(info: &PanicInfo) -> ! {
    report(format_args!("{info}"), None)
}

/// A trap the kernel has no answer to.
pub fn fatal_trap(what: &str, frame: &TrapFrame) -> ! {
    report(format_args!("{what}"), Some(frame))
}

/// The double-fault task's code: the stack of the task that faulted is not usable.
pub unsafe extern "C" fn double_fault() -> ! {
    let frame = cpu::with_tables(|tables| tables.interrupted());
    let what = match crate::task::is_in_guard_page(cr2()) {
        true => "double fault: the kernel stack ran into its guard page",
        false => "double fault",
    };
    report(format_args!("{what}"), Some(&frame))
}

fn report(message: core::fmt::Arguments, frame: Option<&TrapFrame>) -> ! {
    interrupts::disable();
    if PANICKING.swap(true, Relaxed) {
        debug_exit::exit(End::Panic);
    }
    #[cfg(debug_assertions)]
    cpu::forget_ranks();
    // SAFETY: interrupts are off, this function does not return, and only it uses the screen.
    let mut screen = unsafe { Screen::new() };
    let mut write = |text: core::fmt::Arguments| {
        // SAFETY: as above.
        unsafe { panic_write(text) };
        if let Some(screen) = &mut screen {
            // It takes everything.
            let _ = screen.write_fmt(text);
        }
    };
    write(format_args!("\nPANIC: {message}\n"));
    write(format_args!("  cpu 0, task {}\n", crate::task::describe_current()));
    if let Some(frame) = frame {
        write(format_args!("  cr2 {:#010x} {frame:#x?}\n  at {:#010x}\n", cr2(), frame.eip));
        if is_wild(frame) {
            write(format_args!("  at {:#010x}\n", frame.esp));
        }
    }
    let pointer = frame.map_or_else(frame_pointer, |frame| frame.ebp);
    for address in crate::task::call_path(pointer).take(MAX_FRAMES) {
        write(format_args!("  at {address:#010x}\n"));
    }
    crate::failpoint::describe(|text| write(format_args!("{text}\n")));
    write(format_args!("{MARKER}\n"));
    debug_exit::exit(End::Panic)
}

/// Whether the kernel called an address where it has no code. The processor pushes no ESP for a trap
/// of the kernel's own, so in its place lies what was on top of the stack: who called.
fn is_wild(frame: &TrapFrame) -> bool {
    let image = image();
    frame.vector == PAGE_FAULT
        && !frame.is_from_user()
        && !(image.text_start..image.text_end).contains(&frame.eip)
}

fn frame_pointer() -> u32 {
    let pointer: u32;
    // SAFETY: reads a register.
    unsafe { core::arch::asm!("mov {}, ebp", out(reg) pointer, options(nomem, nostack)) };
    pointer
}
