//! Shows what shared objects do: `shared-demo [LIBRARY TEXT…]` uses functions, data and thread-local
//! data of libraries that it is linked with, then opens LIBRARY and puts TEXT through its filter.

#![no_std]
#![no_main]

extern crate alloc;

use alloc::vec::Vec;
use core::sync::atomic::Ordering;
use sys::library::Library;
use sys::{env, eprintln, println};

sys::entry!(main);

fn main() -> i32 {
    println!("libtally.so is ready: {}", tally::is_ready());
    println!("this thread counts {}, {}", tally::count(), tally::count());
    println!("all together: {}", tally::TOTAL.load(Ordering::Relaxed));
    let mut arguments = env::args().skip(1);
    let Some(name) = arguments.next() else { return 0 };
    // SAFETY: such libraries want nothing at their start.
    let library = match unsafe { Library::open(name) } {
        Ok(library) => library,
        Err(error) => {
            eprintln!("{error}");
            return 1;
        }
    };
    // SAFETY: it is what libraries of this kind have by that name.
    let filter = unsafe { library.get::<unsafe extern "C" fn(*mut u8, usize)>("filter") };
    let filter = match filter {
        Ok(filter) => filter,
        Err(error) => {
            eprintln!("{error}");
            return 1;
        }
    };
    for text in arguments {
        let mut text = Vec::from(text);
        // SAFETY: the text is ours, and that long.
        unsafe { filter(text.as_mut_ptr(), text.len()) };
        println!("{}", text.escape_ascii());
    }
    0
}
