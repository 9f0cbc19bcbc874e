//! Talking to servers: messages, rights, notifications.
//!
//! A **port** is where callers and a server meet. A caller sends a message of at most 64 bytes and
//! sleeps until the server has replied. It can lend the server parts of its memory for the length
//! of the call (*leases*: the kernel copies, nothing is mapped) and pass handles on.
//!
//! # Handles
//!
//! Ports, frames, interrupts, I/O ports and processes are named by handles: numbers that mean
//! something in one process only. A handle has [`Rights`], which a copy can only lessen, and a
//! *badge*, a number that whoever made the copy chose and that the server reads with every message:
//! so it knows its clients. A child starts without handles; `execve` keeps them.
//!
//! # Messages
//!
//! A message is a [`Tag`] and 16 words. Words 0 to 3 travel in EDX, ESI, EDI and EBP. Everything
//! else lies in the thread's [`Block`], in its own memory where `message_block` said. The kernel
//! touches the block only as far as the tag says there is something in it, so a message of four
//! words costs no copy.
//!
//! Why not frames that the kernel maps too? Copying the 12 words of a full message from the sender's
//! block to the kernel and on to the receiver's takes some 60 instructions more than copying them
//! between two mapped frames. In return there is no memory to allocate, map and account for each
//! thread, and `fork` and `execve` have nothing to do.
//!
//! # Levels
//!
//! Every process has a [`Level`] and every port one. Calls only go down, to a port whose level is
//! lower than the caller's (else EDEADLK), and only a process that is no higher than a port can
//! serve it: so no ring of callers can wait for each other.
//!
//! # When one side goes
//!
//! - *The server*: its ports stay, as they belong to whoever holds the handles. Callers it had not
//!   received wait for the next process that attaches. Of those it had, the ones with [`Tag::RETRY`]
//!   are received again by that process, the others fail with EOWNERDEAD.
//! - *The caller, by a signal that kills*: its leases end at once, and the reply goes nowhere.
//! - *The caller, by another signal*: a call that nobody has received is taken back. If it has been
//!   received, the server gets a [`Kind::Cancel`] for it and should reply soon.
//!
//! # Notifications
//!
//! A port also has 32 bits. Anybody with the right can set some without waiting; whoever receives
//! from the port gets and clears those it asked for. Interrupts and deaths of processes arrive this
//! way. Bits set twice before they are received are one event, and they survive the server.

mod memory;
mod tag;

pub use memory::{Block, LENT_READ, LENT_WRITE, Lent, Passed};
pub use tag::{Kind, MAX_HANDLES, MAX_LEASES, MAX_WORDS, Tag};

use crate::argument::{RegisterFile, Registers};
use crate::checked_argument::CheckedArgument;
use crate::errno::Errno;
use bitflags::bitflags;

bitflags! {
    /// What a handle allows. A copy may have less, never more.
    #[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
    pub struct Rights: u32 {
        /// Port: call it.
        const CALL = 1 << 0;
        /// Port: become the server behind it, or replace the one there is.
        const ATTACH = 1 << 1;
        /// Port: set bits of its notification, or have them set.
        const NOTIFY = 1 << 2;
        /// Frames: read.
        const READ = 1 << 3;
        /// Frames: write.
        const WRITE = 1 << 4;
        /// Frames: map.
        const MAP = 1 << 5;
        /// Frames: learn the physical address. I/O ports: use them.
        const DMA = 1 << 6;
        /// Port: give it up. Interrupt: attach and acknowledge. Process: watch, signal.
        const CONTROL = 1 << 7;
        /// Make another handle for the same object.
        const DUPLICATE = 1 << 8;
        /// Hand it over in a message.
        const TRANSFER = 1 << 9;
        /// Make all other handles for the object worthless.
        const REVOKE = 1 << 10;
    }
}

/// How much others depend on a process: 0 is `init`, 9 are programs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Level(u8);

impl Level {
    /// Everybody may call it; it calls nobody.
    pub const INIT: Self = Self(0);
    /// Drivers of disks.
    pub const BLOCK: Self = Self(1);
    /// Pagers.
    pub const PAGER: Self = Self(2);
    /// Filesystems.
    pub const FILESYSTEM: Self = Self(3);
    /// Console and process information.
    pub const CONSOLE: Self = Self(4);
    /// Nobody can call it.
    pub const PROGRAM: Self = Self(9);

    /// `None` above 9.
    pub const fn new(level: u8) -> Option<Self> {
        if level <= Self::PROGRAM.0 { Some(Self(level)) } else { None }
    }

    /// 0 to 9.
    pub const fn number(self) -> u8 {
        self.0
    }
}

/// `receive` without an end.
pub const NO_DEADLINE: u64 = u64::MAX;
/// I/O ports of one process at most: runs.
pub const MAX_PORT_RUNS: usize = 8;
/// Pages of one frames handle at most.
pub const MAX_FRAMES: u32 = 1024;
/// Handles of one process at most.
pub const MAX_PROCESS_HANDLES: u32 = 1024;

impl CheckedArgument for Rights {
    const REGISTERS: usize = 1;

    fn decode(registers: &impl RegisterFile, first: usize) -> Result<Self, Errno> {
        Self::from_bits(u32::decode(registers, first)?).ok_or(Errno::EINVAL)
    }

    fn encode(self, registers: &mut Registers, first: usize) {
        self.bits().encode(registers, first);
    }
}

impl CheckedArgument for Level {
    const REGISTERS: usize = 1;

    fn decode(registers: &impl RegisterFile, first: usize) -> Result<Self, Errno> {
        let number = u8::try_from(u32::decode(registers, first)?).map_err(|_| Errno::EINVAL)?;
        Self::new(number).ok_or(Errno::EINVAL)
    }

    fn encode(self, registers: &mut Registers, first: usize) {
        u32::from(self.0).encode(registers, first);
    }
}
