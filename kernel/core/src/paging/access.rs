//! What an entry says about its page, and the entry of a page that was swapped out.

use bitflags::bitflags;

bitflags! {
    /// Bits 0-11 have the places they have in an entry of either format (SDM 3A, tables 4-6 and
    /// 4-11), so most of encoding is an `and`.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub struct Access: u32 {
        const WRITE = 1 << 1;
        const USER = 1 << 2;
        const WRITE_THROUGH = 1 << 3;
        const NO_CACHE = 1 << 4;
        const ACCESSED = 1 << 5;
        const DIRTY = 1 << 6;
        /// The frame is kept, but the CPU sees no page: PROT_NONE. Linux 2.6 keeps it in bit 7,
        /// too, with Present clear.
        const PROT_NONE = 1 << 7;
        /// Survives a reload of CR3. Dropped where the CPU has no PGE.
        const GLOBAL = 1 << 8;
        /// Free for software: the frame is not counted, the mapping holds no reference (the zero
        /// page, devices).
        const SPECIAL = 1 << 9;
        /// Free for software.
        const SOFT_10 = 1 << 10;
        /// Free for software.
        const SOFT_11 = 1 << 11;
        /// The opposite of NX. Always set on decoding where entries or CPU have no NX.
        const EXEC = 1 << 31;
    }
}

impl Access {
    /// Kernel data: never faults, never needs the CPU to set a bit.
    pub const KERNEL: Self =
        Self::WRITE.union(Self::ACCESSED).union(Self::DIRTY).union(Self::GLOBAL);
    pub const KERNEL_READ: Self = Self::ACCESSED.union(Self::GLOBAL);
    pub const KERNEL_TEXT: Self = Self::KERNEL_READ.union(Self::EXEC);

    /// The bits that live in an entry's low word as they are.
    pub(super) const LOW: u32 = 0xffe;
}

/// Where a page lies that was swapped out: area 0-31 and slot. Slot 0 is the area's header, so no
/// entry is all zero.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct SwapEntry(u32);

impl SwapEntry {
    /// One past the highest slot: what the two-level format has bits for.
    pub const MAX_SLOTS: u32 = 1 << 24;

    /// `None` if the area or the slot has no place in an entry.
    pub const fn new(area: u32, slot: u32) -> Option<Self> {
        if area < 32 && slot != 0 && slot < Self::MAX_SLOTS {
            Some(Self(slot << 5 | area))
        } else {
            None
        }
    }

    pub const fn area(self) -> u32 {
        self.0 & 31
    }

    pub const fn slot(self) -> u32 {
        self.0 >> 5
    }

    /// For a word that holds it outside of page tables (`Page::private`).
    pub const fn as_u32(self) -> u32 {
        self.0
    }

    pub const fn from_u32(word: u32) -> Option<Self> {
        Self::new(word & 31, word >> 5)
    }
}
