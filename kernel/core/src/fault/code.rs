//! What kind of fault the CPU reports (SDM 3A 4.7).

use super::{AccessKind, Signal};
use crate::addr::VirtAddr;
use bitflags::bitflags;

bitflags! {
    /// The error code a page fault pushes.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub struct ErrorCode: u32 {
        /// The page was there, its rights were not.
        const PROTECTION = 1 << 0;
        const WRITE = 1 << 1;
        const USER = 1 << 2;
        /// A reserved bit was set in an entry.
        const RESERVED = 1 << 3;
        /// Only reported with NX or SMEP on.
        const FETCH = 1 << 4;
    }
}

impl ErrorCode {
    pub const fn kind(self) -> AccessKind {
        if self.contains(Self::WRITE) {
            AccessKind::Write
        } else if self.contains(Self::FETCH) {
            AccessKind::Execute
        } else {
            AccessKind::Read
        }
    }

    /// The code a signal frame shows for a user's fault at `address`: every kernel address looks
    /// mapped, so that none tells what is.
    pub const fn for_signal(self, address: VirtAddr, task_size: VirtAddr) -> Self {
        if address.as_u32() >= task_size.as_u32() { self.union(Self::PROTECTION) } else { self }
    }
}

/// Who faulted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Origin {
    /// A user program.
    User,
    /// A kernel instruction with an entry in the exception table that may sleep.
    UserCopy,
    /// The same inside an atomic section, or without an address space.
    AtomicCopy,
    /// Any other kernel instruction.
    Kernel,
}

/// What becomes of a fault.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Class {
    /// Find the area and decide.
    Page,
    /// Continue at the instruction's fixup.
    Fixup,
    Signal(Signal),
    /// The kernel broke its own rules: panic.
    Bug,
}

/// What becomes of a fault at `address`, before any lock is taken.
pub const fn classify(
    address: VirtAddr,
    code: ErrorCode,
    origin: Origin,
    task_size: VirtAddr,
) -> Class {
    if code.contains(ErrorCode::RESERVED) {
        return Class::Bug;
    }
    let user_address = address.as_u32() < task_size.as_u32();
    match origin {
        Origin::User if user_address => Class::Page,
        Origin::User => Class::Signal(Signal::MapError),
        Origin::Kernel => Class::Bug,
        // The kernel copies by loads and stores; a fetch is a wild jump.
        _ if code.contains(ErrorCode::FETCH) => Class::Bug,
        Origin::UserCopy if user_address => Class::Page,
        Origin::UserCopy | Origin::AtomicCopy => Class::Fixup,
    }
}
