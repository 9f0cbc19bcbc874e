//! `linked-alone`: a program none of whose libraries has thread-local variables opens one that has.

#![no_std]
#![no_main]

use core::arch::asm;
use sys::library::{Library, OpenError};
use sys::println;

sys::entry!(main);

fn main() -> i32 {
    match turn() {
        Ok(()) => 0,
        Err(error) => {
            println!("{error}");
            1
        }
    }
}

fn turn() -> Result<(), OpenError> {
    let selector: u16;
    // SAFETY: reads a register.
    unsafe { asm!("mov {0:x}, gs", out(reg) selector, options(nomem, nostack)) };
    println!("the thread has memory: {}", selector != 0);
    // SAFETY: it wants nothing at its start, and says goodbye at its end.
    let library = unsafe { Library::open("librot13.so") }?;
    // SAFETY: the library has such a function.
    let filter = unsafe { library.get::<unsafe extern "C" fn(*mut u8, usize)>("filter") }?;
    let mut text = *b"Text";
    // SAFETY: the text is ours, and that long.
    unsafe { filter(text.as_mut_ptr(), text.len()) };
    println!("{}", text.escape_ascii());
    Ok(())
}
