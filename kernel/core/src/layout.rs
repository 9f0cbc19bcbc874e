//! Where everything lies above PAGE_OFFSET.
//!
//! ```text
//!  FFFFF000  FIXADDR_TOP, never mapped (a wild pointer of -1 must fault)
//!            fixmap: kmap_atomic slots, grows downwards
//!  FFC00000  fixmap window (two-level)          FFE00000 (PAE)
//!  FF800000  pkmap, one page table (two-level)  FFC00000 (PAE)
//!            two guard pages
//!  F8800000  vmalloc
//!  F8000000  8 MiB hole that catches overruns of the direct map
//!            direct map: PAGE_OFFSET .. at most F8000000
//! ```
//!
//! From F8000000 up the layout is the same for every split, so only the direct map's size
//! depends on it: 896 MiB at 3G/1G, 1920 MiB at 2G/2G, 2944 MiB at 1G/3G.

use crate::addr::{PageRange, VirtAddr};

const MIB: u32 = 1 << 20;

/// End of the direct map's window and start of the hole below vmalloc.
pub const DIRECT_MAP_LIMIT: u32 = 0xf800_0000;
pub const VMALLOC_START: u32 = DIRECT_MAP_LIMIT + 8 * MIB;
/// The page at this address stays unmapped; fixmap index `i` is at `FIXADDR_TOP - i * 4096`.
pub const FIXADDR_TOP: u32 = 0xffff_f000;

/// The split of the address space between user (below) and kernel (above).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Split {
    pub page_offset: u32,
}

impl Split {
    pub const THREE_G: Self = Self { page_offset: 0xc000_0000 };
    pub const TWO_G: Self = Self { page_offset: 0x8000_0000 };
    pub const ONE_G: Self = Self { page_offset: 0x4000_0000 };

    /// The most physical memory the direct map can cover, in bytes.
    pub const fn max_low_memory(self) -> u32 {
        DIRECT_MAP_LIMIT - self.page_offset
    }
}

/// The windows whose place depends on how much one page table covers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Windows {
    pub vmalloc_end: u32,
    pub pkmap_base: u32,
    /// Number of pkmap slots: one page table's worth.
    pub last_pkmap: u32,
    pub fixmap_base: u32,
}

impl Windows {
    /// `leaf_bytes` is what one page table maps: 4 MiB two-level, 2 MiB PAE.
    pub const fn new(leaf_bytes: u32) -> Self {
        let fixmap_base = (FIXADDR_TOP / leaf_bytes) * leaf_bytes;
        let pkmap_base = fixmap_base - leaf_bytes;
        Self {
            vmalloc_end: pkmap_base - 2 * 4096,
            pkmap_base,
            last_pkmap: leaf_bytes / 4096,
            fixmap_base,
        }
    }

    pub fn vmalloc(self) -> PageRange {
        range(VMALLOC_START, self.vmalloc_end)
    }

    pub fn pkmap(self) -> PageRange {
        range(self.pkmap_base, self.fixmap_base)
    }

    pub fn fixmap(self) -> PageRange {
        range(self.fixmap_base, FIXADDR_TOP)
    }
}

/// The address of fixmap index `index` (1-based; index 0 is the hole).
pub const fn fix_to_virt(index: u32) -> VirtAddr {
    VirtAddr::new(FIXADDR_TOP - index * 4096)
}

fn range(start: u32, end: u32) -> PageRange {
    PageRange::new(VirtAddr::new(start).vpn(), VirtAddr::new(end).vpn()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_windows_are_where_linux_2_6_11_puts_them() {
        let two_level = Windows::new(4 << 20);
        assert_eq!(two_level.pkmap_base, 0xff80_0000);
        assert_eq!(two_level.vmalloc_end, 0xff7f_e000);
        assert_eq!(two_level.last_pkmap, 1024);
        let pae = Windows::new(2 << 20);
        assert_eq!(pae.pkmap_base, 0xffc0_0000);
        assert_eq!(pae.vmalloc_end, 0xffbf_e000);
        assert_eq!(pae.last_pkmap, 512);
    }

    #[test]
    fn low_memory_is_four_gib_less_page_offset_less_128_mib() {
        for (split, mib) in [(Split::THREE_G, 896), (Split::TWO_G, 1920), (Split::ONE_G, 2944)] {
            assert_eq!(split.max_low_memory() / MIB, mib);
        }
    }

    #[test]
    fn fixmap_indices_grow_downwards_inside_one_page_table() {
        assert_eq!(fix_to_virt(1).as_u32(), 0xffff_e000);
        assert!(Windows::new(2 << 20).fixmap().contains(fix_to_virt(256).vpn()));
    }
}
