//! The 64-bit format (SDM 3A, 4.4): two bits, nine, nine, and twelve of offset. Big pages are
//! 2 MiB.
//!
//! An entry is two words. The CPU reads both once the low one says Present, so the high word is
//! written first when an entry appears and last when it goes (Linux's order).

use super::{Access, Cell, Features, Format, Level, Slot, SwapEntry};
use crate::addr::Pfn;
use core::sync::atomic::{
    AtomicU32,
    Ordering::{AcqRel, Acquire, Relaxed, Release},
};

const PRESENT: u64 = 1 << 0;
const PROT_NONE: u64 = Access::PROT_NONE.bits() as u64;
const BIG: u64 = 1 << 7;
const NO_EXECUTE: u64 = 1 << 63;
/// P, RW, US, A and D, as Linux writes the entries of tables.
const TABLE: u64 = 0x067;
/// Bits 12-51.
const FRAME: u64 = 0x000f_ffff_ffff_f000;

/// See the module's description.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pae {
    /// Bits that may be set.
    known: u64,
}

/// An entry in memory.
#[derive(Debug)]
#[repr(C, align(8))]
pub struct PaeCell {
    low: AtomicU32,
    high: AtomicU32,
}

impl PaeCell {
    pub const fn new(raw: u64) -> Self {
        let (low, high) = halves(raw);
        Self { low: AtomicU32::new(low), high: AtomicU32::new(high) }
    }
}

const fn halves(raw: u64) -> (u32, u32) {
    (raw as u32, (raw >> 32) as u32)
}

const fn join(low: u32, high: u32) -> u64 {
    low as u64 | (high as u64) << 32
}

const fn frame(raw: u64) -> Pfn {
    // Up to 40 bits of frame number; this kernel writes 32 at most.
    Pfn::new((raw >> 12) as u32)
}

impl Pae {
    /// Whether entries can forbid execution.
    #[inline]
    pub fn has_no_execute(self) -> bool {
        self.known & NO_EXECUTE != 0
    }

    #[inline]
    fn bits(access: Access) -> u64 {
        let no_execute = if access.contains(Access::EXEC) { 0 } else { NO_EXECUTE };
        u64::from(access.bits() & Access::LOW) | no_execute
    }

    #[inline]
    fn access(raw: u64) -> Access {
        let exec = if raw & NO_EXECUTE == 0 { Access::EXEC.bits() } else { 0 };
        Access::from_bits_retain(raw as u32 & Access::LOW | exec)
    }
}

impl Format for Pae {
    type Raw = u64;
    type Cell = PaeCell;
    type Table = [PaeCell; 512];
    type Root = [PaeCell; 4];

    const INDEX_BITS: &'static [u32] = &[2, 9, 9];
    const LEAF_BITS: u32 = 9;
    const DIRECTORIES: bool = true;
    const ROOT_LEN: u32 = 4;
    const EMPTY: u64 = 0;

    fn new(features: Features) -> Self {
        let no_global = if features.global { 0 } else { u64::from(Access::GLOBAL.bits()) };
        let no_nx = if features.no_execute { 0 } else { NO_EXECUTE };
        Self { known: !(no_global | no_nx) }
    }

    #[inline]
    fn page(self, pfn: Pfn, access: Access) -> u64 {
        let present = !(access.bits() >> PROT_NONE.trailing_zeros()) & 1;
        let bits = Self::bits(access) | u64::from(present);
        (u64::from(pfn.as_u32()) << 12 | bits) & self.known
    }

    #[inline]
    fn at_frame(raw: u64, pfn: Pfn) -> u64 {
        raw | u64::from(pfn.as_u32()) << 12
    }

    fn big_page(self, pfn: Pfn, access: Access) -> u64 {
        debug_assert!(pfn.as_u32().is_multiple_of(1 << 9));
        debug_assert!(!access.contains(Access::PROT_NONE));
        let bits = Self::bits(access) | BIG | PRESENT;
        (u64::from(pfn.as_u32()) << 12 | bits) & self.known
    }

    #[inline]
    fn table(self, pfn: Pfn, level: Level) -> u64 {
        // The four top entries have no rights: their bits 1 and 2 are reserved.
        let bits = if level == Level::Top { PRESENT } else { TABLE };
        u64::from(pfn.as_u32()) << 12 | bits
    }

    fn swap(self, entry: SwapEntry) -> u64 {
        // The low word stays zero: not present, not PROT_NONE.
        join(0, entry.as_u32())
    }

    #[inline]
    fn decode(raw: u64, level: Level) -> Slot {
        let pfn = frame(raw & FRAME);
        match level {
            Level::Leaf if raw & PRESENT != 0 => {
                Slot::Page { pfn, access: Self::access(raw).difference(Access::PROT_NONE) }
            }
            Level::Leaf if raw & PROT_NONE != 0 => Slot::Page { pfn, access: Self::access(raw) },
            Level::Leaf if raw as u32 == 0 && raw != 0 => {
                SwapEntry::from_u32((raw >> 32) as u32).map_or(Slot::Other, Slot::Swap)
            }
            Level::Directory if raw & (PRESENT | BIG) == PRESENT => Slot::Table(pfn),
            Level::Directory if raw & PRESENT != 0 => Slot::BigPage {
                // Bits 12-20 are the attribute-table bit and zero.
                pfn: Pfn::new(pfn.as_u32() & !0x1ff),
                access: Self::access(raw).difference(Access::PROT_NONE),
            },
            Level::Top if raw & PRESENT != 0 => Slot::Table(pfn),
            _ if raw == 0 => Slot::Empty,
            _ => Slot::Other,
        }
    }

    #[inline]
    fn without(raw: u64, taken: Access) -> u64 {
        raw & !u64::from(taken.bits() & Access::LOW)
    }

    #[inline]
    fn is_present(raw: u64) -> bool {
        raw & PRESENT != 0
    }

    #[inline]
    fn cell(table: &[PaeCell; 512], index: u32) -> &PaeCell {
        &table[(index & 511) as usize]
    }

    #[inline]
    fn root_cell(root: &[PaeCell; 4], index: u32) -> &PaeCell {
        &root[(index & 3) as usize]
    }

    #[inline]
    fn cells(table: &[PaeCell; 512]) -> &[PaeCell] {
        table
    }
}

impl Cell for PaeCell {
    type Raw = u64;

    #[inline]
    fn load(&self) -> u64 {
        let low = self.low.load(Acquire);
        join(low, self.high.load(Relaxed))
    }

    #[inline]
    fn set(&self, raw: u64) {
        let (low, high) = halves(raw);
        self.high.store(high, Relaxed);
        self.low.store(low, Release);
    }

    #[inline]
    fn take(&self) -> u64 {
        let low = self.low.swap(0, AcqRel);
        // Nobody else writes the high word while the table's lock is held.
        let high = self.high.load(Relaxed);
        self.high.store(0, Release);
        join(low, high)
    }

    #[inline]
    fn clear(&self) {
        self.low.store(0, Release);
        self.high.store(0, Release);
    }

    #[inline]
    fn replace(&self, raw: u64) -> u64 {
        let before = join(self.low.swap(0, AcqRel), self.high.load(Relaxed));
        self.set(raw);
        before
    }

    #[inline]
    fn set_bits(&self, bits: Access) {
        self.low.fetch_or(bits.bits() & Access::LOW, Relaxed);
    }

    #[inline]
    fn clear_bits(&self, bits: Access) -> Access {
        let bits = bits.bits() & Access::LOW;
        Access::from_bits_retain(self.low.fetch_and(!bits, Relaxed) & bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Level::{Directory, Leaf, Top};

    const FULL: Features = Features { global: true, no_execute: true };

    fn format() -> Pae {
        Pae::new(FULL)
    }

    /// SDM 3A table 4-11: as in 32 bits, but the frame in 51:12 and NX in 63.
    #[test]
    fn a_page_has_the_bits_of_the_manual() {
        let page = |access| format().page(Pfn::new(0x12_3456), access | Access::EXEC);
        assert_eq!(page(Access::empty()), 0x1_2345_6001);
        assert_eq!(page(Access::WRITE), 0x1_2345_6003);
        assert_eq!(page(Access::USER), 0x1_2345_6005);
        assert_eq!(page(Access::WRITE_THROUGH), 0x1_2345_6009);
        assert_eq!(page(Access::NO_CACHE), 0x1_2345_6011);
        assert_eq!(page(Access::ACCESSED), 0x1_2345_6021);
        assert_eq!(page(Access::DIRTY), 0x1_2345_6041);
        assert_eq!(page(Access::GLOBAL), 0x1_2345_6101);
        assert_eq!(format().page(Pfn::new(1), Access::KERNEL), 0x8000_0000_0000_1163);
        assert_eq!(format().page(Pfn::new(1), Access::KERNEL_TEXT), 0x1121);
        let kernel = format().page(Pfn::new(0), Access::KERNEL);
        let frame = Pfn::new(0x12_3456);
        assert_eq!(Pae::at_frame(kernel, frame), format().page(frame, Access::KERNEL));
    }

    #[test]
    fn bits_the_cpu_does_not_know_are_never_set() {
        let format = Pae::new(Features::default());
        assert_eq!(format.page(Pfn::new(1), Access::KERNEL), 0x1063);
        assert_eq!(format.big_page(Pfn::new(0x200), Access::KERNEL), 0x20_00e3);
    }

    #[test]
    fn prot_none_clears_present_and_keeps_the_rest() {
        let access = Access::USER | Access::WRITE | Access::DIRTY | Access::PROT_NONE;
        let raw = format().page(Pfn::new(0x10_0007), access);
        assert_eq!(raw, 0x8000_0001_0000_70c6);
        assert_eq!(Pae::decode(raw, Leaf), Slot::Page { pfn: Pfn::new(0x10_0007), access });
    }

    /// Tables 4-8 and 4-10: a top entry may carry P, PWT and PCD, and bits 1, 2, 5-8 and 63 are
    /// reserved.
    #[test]
    fn top_entries_have_no_rights_and_directory_entries_have_all() {
        assert_eq!(format().table(Pfn::new(0x1234), Top), 0x123_4001);
        assert_eq!(format().table(Pfn::new(0x10_1234), Directory), 0x1_0123_4067);
        for level in [Top, Directory] {
            let raw = format().table(Pfn::new(0x10_1234), level);
            assert_eq!(Pae::decode(raw, level), Slot::Table(Pfn::new(0x10_1234)));
        }
    }

    #[test]
    fn big_pages() {
        let raw = format().big_page(Pfn::new(0x20_0200), Access::KERNEL);
        assert_eq!(raw, 0x8000_0002_0020_01e3);
        let big = Slot::BigPage { pfn: Pfn::new(0x20_0200), access: Access::KERNEL };
        assert_eq!(Pae::decode(raw, Directory), big);
    }

    /// Linux 2.6: the low word zero, the high word with the area in bits 0-4 and then the slot.
    #[test]
    fn swap_entries_are_linuxs() {
        let entry = SwapEntry::new(3, 0x12_3456).unwrap();
        assert_eq!(format().swap(entry), 0x0246_8ac3_0000_0000);
        assert_eq!(Pae::decode(0x0246_8ac3_0000_0000, Leaf), Slot::Swap(entry));
        assert_eq!(Pae::decode(0, Leaf), Slot::Empty);
        assert_eq!(Pae::decode(0x40, Leaf), Slot::Other);
    }

    #[test]
    fn a_cell_keeps_both_words() {
        let cell = PaeCell::new(0);
        cell.set(0x8000_0001_0000_7067);
        assert_eq!(cell.clear_bits(Access::WRITE), Access::WRITE);
        assert_eq!(cell.load(), 0x8000_0001_0000_7065);
        cell.set_bits(Access::WRITE | Access::EXEC);
        assert_eq!(cell.replace(0x3_0000_1001), 0x8000_0001_0000_7067);
        assert_eq!(cell.take(), 0x3_0000_1001);
        assert_eq!(cell.load(), 0);
    }
}
