//! `librot13.so`: a library that programs open when they run, and use by C's calling convention.

#![no_std]
#![feature(thread_local)]

use core::cell::Cell;
use sys::println;

/// How many letters this thread has turned.
#[thread_local]
static LETTERS: Cell<u32> = Cell::new(0);

/// Turns Latin letters half around the alphabet.
///
/// # Safety
/// `text` points to `len` bytes that are the caller's to change.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn filter(text: *mut u8, len: usize) {
    // SAFETY: the caller's promise.
    let text = unsafe { core::slice::from_raw_parts_mut(text, len) };
    for byte in text {
        let first = match byte {
            b'a'..=b'z' => b'a',
            b'A'..=b'Z' => b'A',
            _ => continue,
        };
        *byte = first + (*byte - first + 13) % 26;
        LETTERS.set(LETTERS.get() + 1);
    }
}

extern "C" fn goodbye() {
    println!("librot13.so has turned {} letters", LETTERS.get());
}

/// What is called when the library is closed.
#[used]
#[unsafe(link_section = ".fini_array")]
static LAST: extern "C" fn() = goodbye;
