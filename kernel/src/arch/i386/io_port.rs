//! I/O ports on behalf of programs.

use x86::io::inb;

/// Reads a byte.
///
/// # Safety
/// What is behind the port breaks no memory because it is read.
pub unsafe fn read(port: u16) -> u8 {
    // SAFETY: as the caller says.
    unsafe { inb(port) }
}
