//! `echo [-n] [WORD…]`: prints its arguments with a blank between; `-n` leaves out the line's end.

#![no_std]
#![no_main]

extern crate alloc;

use alloc::vec::Vec;
use sys::{env, io::STDOUT};

sys::entry!(main);

fn main() -> sys::Result<()> {
    let mut words = env::args().skip(1).peekable();
    let end: &[u8] = if words.next_if(|word| *word == b"-n").is_some() { b"" } else { b"\n" };
    let mut line = words.collect::<Vec<_>>().join(&b' ');
    line.extend_from_slice(end);
    STDOUT.write_all(&line)
}
