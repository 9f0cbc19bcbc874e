//! A polled 16550 UART. COM2 carries the kernel log; COM1 belongs to the console.

use x86::io::{inb, outb};

pub const COM1: u16 = 0x3f8;
pub const COM2: u16 = 0x2f8;

/// COM1's interrupt line.
pub const COM1_LINE: u8 = 4;

const INTERRUPT_ENABLE: u16 = 1;
const RECEIVED_DATA: u8 = 1;
const LINE_STATUS: u16 = 5;
const DATA_READY: u8 = 1;
const TRANSMIT_EMPTY: u8 = 1 << 5;
/// Bytes the transmit FIFO takes once it is empty.
pub const FIFO_BYTES: usize = 16;

pub struct Uart {
    base: u16,
}

impl Uart {
    /// # Safety
    /// `base` is a 16550 that nobody else drives.
    pub const unsafe fn new(base: u16) -> Self {
        Self { base }
    }

    /// 115200 baud, 8N1, FIFOs on and cleared, interrupts off.
    pub fn initialise(&mut self) {
        for (register, value) in
            [(1, 0x00), (3, 0x80), (0, 0x01), (1, 0x00), (3, 0x03), (2, 0x07), (4, 0x0b)]
        {
            self.write(register, value);
        }
    }

    pub fn can_send(&self) -> bool {
        self.read(LINE_STATUS) & TRANSMIT_EMPTY != 0
    }

    /// Sends bytes, waiting for the FIFO to drain before each load of it.
    pub fn send(&mut self, bytes: &[u8]) {
        for load in bytes.chunks(FIFO_BYTES) {
            while !self.can_send() {
                core::hint::spin_loop();
            }
            for &byte in load {
                self.write(0, byte);
            }
        }
    }

    /// Whether bytes that arrive raise the port's interrupt.
    pub fn interrupt_on_receive(&mut self, on: bool) {
        self.write(INTERRUPT_ENABLE, if on { RECEIVED_DATA } else { 0 });
    }

    /// The next received byte, if there is one.
    pub fn receive(&mut self) -> Option<u8> {
        (self.read(LINE_STATUS) & DATA_READY != 0).then(|| self.read(0))
    }

    fn read(&self, register: u16) -> u8 {
        // SAFETY: `new`'s caller says the port is a UART register; reading one breaks no memory.
        unsafe { inb(self.base + register) }
    }

    fn write(&mut self, register: u16, value: u8) {
        // SAFETY: as for `read`.
        unsafe { outb(self.base + register, value) }
    }
}
