//! The end of the machine, which is that of its first process.

use crate::arch::debug_exit::{self, End};
use crate::file::console;
use abi::frame::Exit;
use abi::signal;

/// The first process has ended with this wait status.
pub fn end_with_status(status: i32) -> ! {
    end(match status & 0x7f {
        0 => Exit::Exited((status >> 8 & 0xff) as u8),
        signal => Exit::Signalled(signal as u8),
    })
}

/// `init` has ended with this wait status, and nobody looks after the servers any more.
pub fn lose_init(status: i32) -> ! {
    match status & 0x7f {
        0 => panic!("init has ended with status {}", status >> 8 & 0xff),
        signal => panic!("init was ended by {}", signal::name(signal).unwrap_or("a signal")),
    }
}

/// Everything that was written reaches the other side, then how the program ended.
pub fn end(exit: Exit) -> ! {
    console::finish(exit);
    debug_exit::exit(End::Orderly)
}
