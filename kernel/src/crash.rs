//! Ends the kernel on purpose, as `crash=` on the command line says: `tests/harness` reads the
//! report from outside. Only in images with ktest.

use crate::arch::boot::image;
use crate::task;
use alloc::vec::Vec;
use core::arch::asm;
use core::fmt::{self, Display, Formatter};
use core::hint::black_box;

/// Does what `how` names. Returns if nothing has that name, or if the machine let it pass.
pub fn crash(how: &[u8]) {
    match how {
        b"panic" => panic_on_purpose(black_box(42)),
        b"log" => log::info!("{}", Panicking),
        b"stack" => {
            black_box(overflow_on_purpose(0));
        }
        b"null" => read_on_purpose(8),
        b"text" => write_on_purpose(image().text_start),
        b"rodata" => write_on_purpose(image().rodata_end - 4096),
        b"data" => execute_data_on_purpose(),
        b"freed" => write_to_freed_on_purpose(),
        // SAFETY: the fault is what the test wants.
        b"divide" => unsafe {
            asm!("xor ecx, ecx", "div ecx", out("eax") _, out("ecx") _, out("edx") _);
        },
        // SAFETY: the fault is what the test wants.
        b"invalid" => unsafe { asm!("ud2") },
        // Interrupts and other tasks go on; the boot does not.
        b"hang" => loop {
            task::might_resched();
        },
        _ => {}
    }
}

#[inline(never)]
fn panic_on_purpose(number: u32) {
    panic!("on purpose, number {number}");
}

/// What cannot be written.
struct Panicking;

impl Display for Panicking {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        panic_on_purpose(black_box(7));
        f.write_str("still there")
    }
}

#[inline(never)]
fn overflow_on_purpose(depth: u32) -> u32 {
    let mut frame = [depth; 64];
    black_box(&mut frame);
    // Never so deep, but the compiler cannot know.
    if frame[5] == u32::MAX { 0 } else { overflow_on_purpose(depth + 1) + frame[3] }
}

#[inline(never)]
fn read_on_purpose(address: u32) {
    // SAFETY: the fault is what the test wants.
    black_box(unsafe { (address as *const u32).read_volatile() });
}

#[inline(never)]
fn write_on_purpose(address: u32) {
    // SAFETY: the fault is what the test wants; if there is none, the same value is there again.
    unsafe {
        let place = address as *mut u32;
        place.write_volatile(place.read_volatile());
    }
}

#[inline(never)]
fn execute_data_on_purpose() {
    const RET: u8 = 0xc3;
    let mut code = Vec::new();
    if code.try_reserve_exact(16).is_ok() {
        code.extend_from_slice(&[RET; 16]);
        // SAFETY: either the fault that the test wants, or a return.
        unsafe { asm!("call {}", in(reg) black_box(code.as_ptr()), clobber_abi("C")) }
    }
}

/// Whoever gets the memory next finds out.
#[inline(never)]
fn write_to_freed_on_purpose() {
    let object = || {
        let mut object = Vec::<u32>::new();
        object.try_reserve_exact(10).is_ok().then_some(object)
    };
    if let Some(first) = object() {
        let place = first.as_ptr().cast_mut();
        drop(first);
        // SAFETY: the memory is there; that it is nobody's any more is what the test is about.
        unsafe { place.add(3).write_volatile(7) };
        black_box(object());
    }
}
