//! Prints a greeting and its arguments.

#![no_std]
#![no_main]

use sys::{env, print, println};

sys::entry!(main);

fn main() {
    print!("hello, world");
    for argument in env::args().skip(1) {
        print!(" {}", argument.escape_ascii());
    }
    println!();
}
