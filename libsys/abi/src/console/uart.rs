//! A 16550 UART behind whatever reads and writes its registers.

use super::{Device, Wanted};
use core::sync::atomic::{AtomicU32, Ordering::SeqCst};

/// Bytes the transmit FIFO takes once it is empty.
pub const FIFO_BYTES: usize = 16;

const DATA: u16 = 0;
const INTERRUPT_ENABLE: u16 = 1;
const RECEIVED_DATA: u8 = 1;
const TRANSMITTER_EMPTY: u8 = 2;
const LINE_STATUS: u16 = 5;
const DATA_READY: u8 = 1;
const TRANSMIT_EMPTY: u8 = 1 << 5;

/// The eight registers.
pub trait Registers {
    /// Reads a register.
    fn read(&mut self, register: u16) -> u8;
    /// Reads a register and stores `tag` with its value in the low 8 bits. Whoever can be ended
    /// between the two must not do it like this, but in one piece.
    fn read_into(&mut self, register: u16, place: &AtomicU32, tag: u32) {
        place.store(tag | u32::from(self.read(register)), SeqCst);
    }
    /// Writes a register.
    fn write(&mut self, register: u16, value: u8);
}

/// The port.
#[derive(Debug)]
pub struct Uart<R> {
    registers: R,
    /// Bytes the transmitter takes before it has to be asked again.
    room: usize,
}

impl<R: Registers> Uart<R> {
    /// A port as it is: what it holds stays.
    pub const fn new(registers: R) -> Self {
        Self { registers, room: 0 }
    }

    /// Whether a byte has arrived.
    fn is_ready(&mut self) -> bool {
        self.registers.read(LINE_STATUS) & DATA_READY != 0
    }

    /// 115200 baud, 8N1, interrupts off, FIFOs on and cleared: the receiver's interrupt, once on,
    /// comes with 14 bytes, or a pause behind fewer.
    pub fn initialise(&mut self) {
        for (register, value) in
            [(1, 0x00), (3, 0x80), (0, 0x01), (1, 0x00), (3, 0x03), (2, 0xc7), (4, 0x0b)]
        {
            self.registers.write(register, value);
        }
    }

    /// The same of a port that somebody may have left in disorder, but what it holds stays.
    pub fn restore(&mut self) {
        for (register, value) in
            [(3, 0x80), (0, 0x01), (1, 0x00), (3, 0x03), (1, 0x00), (2, 0xc1), (4, 0x0b)]
        {
            self.registers.write(register, value);
        }
    }

    /// What raises the port's interrupt from here on. What is there already raises it anew.
    pub fn listen(&mut self, wanted: Wanted) {
        let receive = if wanted.receive { RECEIVED_DATA } else { 0 };
        let send = if wanted.send { TRANSMITTER_EMPTY } else { 0 };
        self.registers.write(INTERRUPT_ENABLE, 0);
        self.registers.write(INTERRUPT_ENABLE, receive | send);
    }

    /// Sends all bytes, waiting for the port as long as it takes.
    pub fn send_all(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let sent = self.send(bytes);
            bytes = bytes.get(sent..).unwrap_or_default();
            core::hint::spin_loop();
        }
    }
}

impl<R: Registers> Device for Uart<R> {
    fn receive(&mut self) -> Option<u8> {
        self.is_ready().then(|| self.registers.read(DATA))
    }

    fn receive_into(&mut self, place: &AtomicU32, tag: u32) -> bool {
        let is_ready = self.is_ready();
        if is_ready {
            self.registers.read_into(DATA, place, tag);
        }
        is_ready
    }

    fn send(&mut self, bytes: &[u8]) -> usize {
        let mut sent = 0;
        for &byte in bytes {
            if self.room == 0 {
                if self.registers.read(LINE_STATUS) & TRANSMIT_EMPTY == 0 {
                    break;
                }
                self.room = FIFO_BYTES;
            }
            self.registers.write(DATA, byte);
            self.room -= 1;
            sent += 1;
        }
        sent
    }
}
