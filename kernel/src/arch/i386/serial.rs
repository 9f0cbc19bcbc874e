//! Serial ports. COM2 carries the kernel log; COM1 belongs to the console.

use abi::console::uart::Registers;
use x86::io::{inb, outb};

pub const COM1: u16 = 0x3f8;
pub const COM2: u16 = 0x2f8;

/// COM1's interrupt line.
pub const COM1_LINE: u8 = 4;

/// The registers of a serial port.
pub struct SerialPort {
    base: u16,
}

impl SerialPort {
    /// # Safety
    /// `base` is a 16550 that nobody else drives while this is used.
    pub const unsafe fn new(base: u16) -> Self {
        Self { base }
    }
}

impl Registers for SerialPort {
    #[inline]
    fn read(&mut self, register: u16) -> u8 {
        // SAFETY: `new`'s caller says the port is a UART register; reading one breaks no memory.
        unsafe { inb(self.base + register) }
    }

    #[inline]
    fn write(&mut self, register: u16, value: u8) {
        // SAFETY: as for `read`.
        unsafe { outb(self.base + register, value) }
    }
}
