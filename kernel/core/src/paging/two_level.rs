//! The 32-bit format (SDM 3A, 4.3): ten bits, ten bits, and twelve of offset. Big pages are 4 MiB.

use super::{Access, Cell, Features, Format, Level, Slot, SwapEntry};
use crate::addr::Pfn;
use core::sync::atomic::{
    AtomicU32,
    Ordering::{Relaxed, Release},
};

const PRESENT: u32 = 1 << 0;
const PROT_NONE: u32 = Access::PROT_NONE.bits();
const BIG: u32 = 1 << 7;
/// Linux's mark of an entry of a nonlinear file mapping.
const FILE: u32 = 1 << 6;
/// P, RW, US, A and D, as Linux writes the entries of tables.
const TABLE: u32 = 0x067;
const SWAP_AREA_SHIFT: u32 = 1;
const SWAP_SLOT_SHIFT: u32 = 8;

/// See the module's description.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TwoLevel {
    /// Bits that may be set.
    known: u32,
}

impl TwoLevel {
    /// Whether entries can forbid execution.
    #[inline]
    pub fn has_no_execute(self) -> bool {
        false
    }
}

impl Format for TwoLevel {
    type Raw = u32;
    type Cell = AtomicU32;
    type Table = [AtomicU32; 1024];
    type Root = [AtomicU32; 1024];

    const INDEX_BITS: &'static [u32] = &[10, 10];
    const LEAF_BITS: u32 = 10;
    const DIRECTORIES: bool = false;
    const ROOT_LEN: u32 = 1024;
    const EMPTY: u32 = 0;

    fn new(features: Features) -> Self {
        let unknown = if features.global { 0 } else { Access::GLOBAL.bits() };
        Self { known: !unknown }
    }

    #[inline]
    fn page(self, pfn: Pfn, access: Access) -> u32 {
        debug_assert!(pfn.as_u32() < 1 << 20, "a frame above 4 GiB in the two-level format");
        let bits = access.bits();
        let present = !(bits >> PROT_NONE.trailing_zeros()) & PRESENT;
        (pfn.as_u32() << 12 | bits & Access::LOW | present) & self.known
    }

    #[inline]
    fn at_frame(raw: u32, pfn: Pfn) -> u32 {
        raw | pfn.as_u32() << 12
    }

    fn big_page(self, pfn: Pfn, access: Access) -> u32 {
        debug_assert!(pfn.as_u32() < 1 << 20 && pfn.as_u32().is_multiple_of(1 << 10));
        debug_assert!(!access.contains(Access::PROT_NONE));
        (pfn.as_u32() << 12 | access.bits() & Access::LOW | BIG | PRESENT) & self.known
    }

    #[inline]
    fn table(self, pfn: Pfn, _level: Level) -> u32 {
        debug_assert!(pfn.as_u32() < 1 << 20);
        pfn.as_u32() << 12 | TABLE
    }

    fn swap(self, entry: SwapEntry) -> u32 {
        entry.slot() << SWAP_SLOT_SHIFT | entry.area() << SWAP_AREA_SHIFT
    }

    #[inline]
    fn decode(raw: u32, level: Level) -> Slot {
        let pfn = Pfn::new(raw >> 12);
        let low = Access::from_bits_retain(raw & Access::LOW | Access::EXEC.bits());
        match level {
            Level::Leaf if raw & PRESENT != 0 => {
                Slot::Page { pfn, access: low.difference(Access::PROT_NONE) }
            }
            Level::Leaf if raw & PROT_NONE != 0 => Slot::Page { pfn, access: low },
            _ if raw == 0 => Slot::Empty,
            Level::Leaf if raw & FILE == 0 => {
                let area = raw >> SWAP_AREA_SHIFT & 31;
                SwapEntry::new(area, raw >> SWAP_SLOT_SHIFT).map_or(Slot::Other, Slot::Swap)
            }
            Level::Directory if raw & (PRESENT | BIG) == PRESENT => Slot::Table(pfn),
            Level::Directory if raw & PRESENT != 0 => Slot::BigPage {
                // Bits 12-21 are the attribute-table bit, bits of frames above 4 GiB and zero.
                pfn: Pfn::new(raw >> 12 & !0x3ff),
                access: low.difference(Access::PROT_NONE),
            },
            _ => Slot::Other,
        }
    }

    #[inline]
    fn without(raw: u32, taken: Access) -> u32 {
        raw & !(taken.bits() & Access::LOW)
    }

    #[inline]
    fn is_present(raw: u32) -> bool {
        raw & PRESENT != 0
    }

    #[inline]
    fn cell(table: &[AtomicU32; 1024], index: u32) -> &AtomicU32 {
        &table[(index & 1023) as usize]
    }

    #[inline]
    fn root_cell(root: &[AtomicU32; 1024], index: u32) -> &AtomicU32 {
        &root[(index & 1023) as usize]
    }

    #[inline]
    fn cells(table: &[AtomicU32; 1024]) -> &[AtomicU32] {
        table
    }
}

impl Cell for AtomicU32 {
    type Raw = u32;

    #[inline]
    fn load(&self) -> u32 {
        self.load(Relaxed)
    }

    #[inline]
    fn set(&self, raw: u32) {
        self.store(raw, Release);
    }

    #[inline]
    fn take(&self) -> u32 {
        self.swap(0, Relaxed)
    }

    #[inline]
    fn clear(&self) {
        self.store(0, Release);
    }

    #[inline]
    fn replace(&self, raw: u32) -> u32 {
        self.swap(raw, Release)
    }

    #[inline]
    fn set_bits(&self, bits: Access) {
        self.fetch_or(bits.bits() & Access::LOW, Relaxed);
    }

    #[inline]
    fn clear_bits(&self, bits: Access) -> Access {
        let bits = bits.bits() & Access::LOW;
        Access::from_bits_retain(self.fetch_and(!bits, Relaxed) & bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Level::{Directory, Leaf};

    const FULL: Features = Features { global: true, no_execute: true };

    fn format() -> TwoLevel {
        TwoLevel::new(FULL)
    }

    fn user(access: Access) -> Access {
        access | Access::USER | Access::EXEC
    }

    /// SDM 3A figure 4-4: frame in 31:12, G 8, PAT 7, D 6, A 5, PCD 4, PWT 3, U/S 2, R/W 1, P 0.
    #[test]
    fn a_page_has_the_bits_of_the_manual() {
        let page = |access| format().page(Pfn::new(0xabcde), access);
        assert_eq!(page(Access::empty()), 0xabcd_e001);
        assert_eq!(page(Access::WRITE), 0xabcd_e003);
        assert_eq!(page(user(Access::empty())), 0xabcd_e005);
        assert_eq!(page(Access::WRITE_THROUGH), 0xabcd_e009);
        assert_eq!(page(Access::NO_CACHE), 0xabcd_e011);
        assert_eq!(page(Access::ACCESSED), 0xabcd_e021);
        assert_eq!(page(Access::DIRTY), 0xabcd_e041);
        assert_eq!(page(Access::GLOBAL), 0xabcd_e101);
        assert_eq!(page(Access::SPECIAL), 0xabcd_e201);
        assert_eq!(page(Access::KERNEL), 0xabcd_e163);
    }

    #[test]
    fn prot_none_clears_present_and_keeps_the_rest() {
        let access = user(Access::WRITE | Access::DIRTY | Access::PROT_NONE);
        let raw = format().page(Pfn::new(7), access);
        assert_eq!(raw, 0x70c6);
        assert!(!TwoLevel::is_present(raw));
        assert_eq!(TwoLevel::decode(raw, Leaf), Slot::Page { pfn: Pfn::new(7), access });
    }

    #[test]
    fn big_pages_and_tables() {
        assert_eq!(format().big_page(Pfn::new(0x400), Access::KERNEL), 0x0040_01e3);
        assert_eq!(format().table(Pfn::new(0x1234), Directory), 0x0123_4067);
        assert_eq!(TwoLevel::decode(0x0123_4067, Directory), Slot::Table(Pfn::new(0x1234)));
        let big = Slot::BigPage { pfn: Pfn::new(0x400), access: Access::KERNEL | Access::EXEC };
        assert_eq!(TwoLevel::decode(0x0040_01e3, Directory), big);
    }

    #[test]
    fn bit_7_of_a_present_page_is_not_prot_none() {
        let Slot::Page { access, .. } = TwoLevel::decode(0x1081, Leaf) else { panic!() };
        assert!(!access.contains(Access::PROT_NONE));
    }

    /// Linux 2.6: area in bits 1-5, slot from bit 8 on.
    #[test]
    fn swap_entries_are_linuxs() {
        let entry = SwapEntry::new(3, 0x12_3456).unwrap();
        assert_eq!(format().swap(entry), 0x1234_5606);
        assert_eq!(TwoLevel::decode(0x1234_5606, Leaf), Slot::Swap(entry));
        assert_eq!(TwoLevel::decode(0, Leaf), Slot::Empty);
        assert_eq!(TwoLevel::decode(0x40, Leaf), Slot::Other);
        assert_eq!(TwoLevel::decode(0x06, Leaf), Slot::Other);
    }

    #[test]
    fn global_is_dropped_where_the_cpu_has_none() {
        let format = TwoLevel::new(Features::default());
        assert_eq!(format.page(Pfn::new(1), Access::KERNEL), 0x1063);
        assert_eq!(format.big_page(Pfn::new(0), Access::KERNEL), 0xe3);
    }

    #[test]
    fn bits_change_in_place() {
        let cell = AtomicU32::new(0x1063);
        assert_eq!(cell.clear_bits(Access::WRITE | Access::GLOBAL), Access::WRITE);
        cell.set_bits(Access::USER | Access::EXEC);
        assert_eq!(Cell::take(&cell), 0x1065);
        assert_eq!(cell.replace(5), 0);
        assert_eq!(Cell::load(&cell), 5);
    }
}
