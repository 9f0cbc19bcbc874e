//! The memory that the kernel and a console driver share.
//!
//! Each word has one writer. An index is written after the bytes it speaks of, and whoever has
//! written one looks at the other side's before it goes to sleep, so no wake-up is lost. All indexes
//! count bytes from the beginning and run through all 32 bits.

use crate::frame::Exit;
use crate::line_discipline::{Ends, SAVED_WORDS, Typed};
use crate::terminal::TERMIOS_WORDS;
use core::sync::atomic::{AtomicU8, AtomicU32, Ordering::Relaxed, Ordering::SeqCst};

/// Bytes of one stream's ring: 8 pages.
pub const RING_BYTES: u32 = 8 * 4096;
/// Pages of all of it.
pub const SHARED_PAGES: u32 = (size_of::<Shared>() / 4096) as u32;
/// Commands that wait at most.
pub const COMMANDS: u32 = 8;
/// Words of a command: what it is, and its argument.
pub const COMMAND_WORDS: usize = 1 + TERMIOS_WORDS;
/// Bytes that arrived and were not worked on yet, at most.
pub(super) const ARRIVED_BYTES: u32 = 64;
/// What stands above byte `number` of those that arrived, and above no byte that was in its place
/// before.
pub(super) const fn arrived_tag(number: u32) -> u32 {
    number.wrapping_add(1) << 8
}

/// Words that a terminal's driver saves: what it has done, and the line's state.
pub(super) const DONE_WORDS: usize = 3 + SAVED_WORDS;

/// What the line is: a value of [`KernelPage::kind`].
pub const FRAMED: u32 = 0;
/// The same: a terminal.
pub const TERMINAL: u32 = 1;

/// All of it.
#[derive(Debug)]
#[repr(C)]
pub struct Shared {
    /// What the kernel writes.
    pub kernel: KernelPage,
    /// What the driver writes.
    pub driver: DriverPage,
    /// From the line to programs. The driver writes.
    pub input: Ring,
    /// From programs to the line: standard output, or all of a terminal's; standard error. The kernel
    /// writes.
    pub outputs: [Ring; 2],
}

/// What the kernel writes.
#[derive(Debug)]
#[repr(C, align(4096))]
pub struct KernelPage {
    /// [`FRAMED`] or [`TERMINAL`].
    pub kind: AtomicU32,
    /// Framed: not 0 if the other side sends credits.
    pub credits: AtomicU32,
    /// Framed: not 0 once somebody has asked for input. Before that the other side keeps its own.
    pub wanted: AtomicU32,
    /// Behind the last byte of each output.
    pub produced: [AtomicU32; 2],
    /// The kernel is to be told when an output is consumed beyond this.
    pub told_at: [AtomicU32; 2],
    /// Behind the last byte that programs took of the input.
    pub consumed: AtomicU32,
    /// Not 0 once the first program has ended: see [`set_exit`](Self::set_exit).
    pub(super) exit: AtomicU32,
    /// Commands that were given.
    pub commanded: AtomicU32,
    /// The last commands; number N is in place N mod [`COMMANDS`].
    pub commands: [[AtomicU32; COMMAND_WORDS]; COMMANDS as usize],
}

impl KernelPage {
    /// The first program has ended: once everything is sent, that is to follow.
    pub fn set_exit(&self, exit: Exit) {
        self.exit.store(exit.to_raw() + 1, SeqCst);
    }

    /// How the first program ended, if it has.
    pub fn exit(&self) -> Option<Exit> {
        self.exit.load(SeqCst).checked_sub(1).and_then(Exit::from_raw)
    }
}

/// What the driver writes.
#[derive(Debug)]
#[repr(C, align(4096))]
pub struct DriverPage {
    /// Behind the last byte of each output that is in the device.
    pub consumed: [AtomicU32; 2],
    /// Behind the last byte of input.
    pub produced: AtomicU32,
    /// Not 0 once the input has ended.
    pub ended: AtomicU32,
    /// The driver is to be told when programs have taken input beyond this.
    pub told_at: AtomicU32,
    /// Commands that were obeyed.
    pub obeyed: AtomicU32,
    /// Not 0 once the exit is sent.
    pub finished: AtomicU32,
    /// Framed: the other side was allowed input before this.
    pub granted: AtomicU32,
    /// Framed: the other side takes each output before this.
    pub limits: [AtomicU32; 2],
    /// Terminal: bytes that arrived, or one fewer.
    pub arrived: AtomicU32,
    /// The last ones, below what [`arrived_tag`] makes of their number.
    pub(super) bytes: [AtomicU32; ARRIVED_BYTES as usize],
    /// Terminal: which of the two states holds.
    pub(super) which: AtomicU32,
    pub(super) done: [[AtomicU32; DONE_WORDS]; 2],
    /// Terminal: where lines end in the input.
    pub ends: Ends,
}

/// A stream's bytes.
#[derive(Debug)]
#[repr(C)]
pub struct Ring(pub [AtomicU8; RING_BYTES as usize]);

impl Ring {
    /// Copies bytes in from index `at` on.
    pub(super) fn put(&self, at: u32, bytes: &[u8]) {
        for (index, byte) in (at..).zip(bytes) {
            self.0[(index % RING_BYTES) as usize].store(*byte, Relaxed);
        }
    }

    /// Copies bytes out from index `at` on.
    pub(super) fn get(&self, at: u32, bytes: &mut [u8]) {
        for (index, byte) in (0..).zip(bytes) {
            *byte = self.0[(at.wrapping_add(index) % RING_BYTES) as usize].load(Relaxed);
        }
    }
}

impl Shared {
    /// Bytes of an output that wait.
    pub(super) fn filled(&self, output: usize) -> u32 {
        let produced = self.kernel.produced[output].load(SeqCst);
        produced.wrapping_sub(self.driver.consumed[output].load(SeqCst)).min(RING_BYTES)
    }

    /// A terminal's input.
    pub fn typed(&self) -> Typed<'_> {
        Typed::new(&self.input.0, &self.driver.ends)
    }
}

/// Whether an index that goes from `old` to `new` passes `mark`, so that somebody is to be told.
pub const fn passes(mark: u32, old: u32, new: u32) -> bool {
    new.wrapping_sub(mark).wrapping_sub(1) < new.wrapping_sub(old)
}
