//! What an argument, or a word of a structure, is.

use crate::place::slot;
use core::ops::Range;

/// A sort of values.
#[derive(Clone, Copy, Debug)]
pub enum Sort {
    /// Nothing is known of it.
    Any,
    /// One of these.
    Of(&'static [u32]),
    /// Some of these bits.
    Bits(&'static [u32]),
    /// Something that was kept.
    Kept(Kind),
    /// Where a call writes, or reads bytes that mean nothing.
    Room,
    /// The address of a structure.
    To(&'static [Sort]),
    /// The address of a name.
    Text,
    /// An address to map, unmap or protect.
    Page,
    /// A length of such memory.
    Pages,
    /// A length of a buffer.
    Size,
    /// A place in a file.
    Offset,
    /// A user or a group.
    User,
    /// A word that a futex may be.
    Futex,
    /// The low part of 64 bits, and a high part that is mostly as its sign.
    Wide,
}

/// A kind of things that calls make and other calls name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Descriptor,
    Process,
    Timer,
    /// The slot where a process has one of its own from the beginning.
    Handle(u8),
}

impl Kind {
    /// The slots where they are kept.
    pub fn slots(self) -> Range<u8> {
        match self {
            Self::Descriptor => slot::DESCRIPTORS,
            Self::Process => slot::CHILDREN,
            Self::Timer => slot::TIMERS,
            Self::Handle(_) => slot::HANDLES,
        }
    }
}

pub const FD: Sort = Sort::Kept(Kind::Descriptor);
pub const PID: Sort = Sort::Kept(Kind::Process);
pub const TIMER: Sort = Sort::Kept(Kind::Timer);
