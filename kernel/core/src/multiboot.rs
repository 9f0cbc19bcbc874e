//! The Multiboot 1 information a loader leaves behind (Multiboot Specification 0.6.96, §3.3).
//!
//! Nothing here follows an address: the kernel maps what an address names and hands over bytes.

use crate::addr::PhysAddr;

/// What the image's header starts with.
pub const HEADER_MAGIC: u32 = 0x1bad_b002;
/// What the loader leaves in EAX.
pub const LOADER_MAGIC: u32 = 0x2bad_b002;
/// Header flag: modules on page boundaries.
pub const HEADER_PAGE_ALIGN: u32 = 1 << 0;
/// Header flag: the memory map is wanted.
pub const HEADER_MEMORY_INFO: u32 = 1 << 1;

/// How much of the information block [`Info::parse`] reads.
pub const INFO_LEN: usize = 52;
/// Length of one module descriptor.
pub const MODULE_LEN: usize = 16;

const HAS_MEMORY: u32 = 1 << 0;
const HAS_COMMAND_LINE: u32 = 1 << 2;
const HAS_MODULES: u32 = 1 << 3;
const HAS_MEMORY_MAP: u32 = 1 << 6;
const TYPE_RAM: u32 = 1;

/// The third word of a header with these flags.
pub const fn header_checksum(flags: u32) -> u32 {
    0u32.wrapping_sub(HEADER_MAGIC).wrapping_sub(flags)
}

/// The information block, as far as the kernel uses it. Fields the loader did not fill are `None`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Info {
    /// KiB below 1 MiB, and KiB from 1 MiB to the first hole.
    pub memory: Option<(u32, u32)>,
    /// Address of the NUL-terminated command line.
    pub command_line: Option<PhysAddr>,
    /// Number of module descriptors and the address of the first.
    pub modules: Option<(u32, PhysAddr)>,
    /// Address and length in bytes of the memory map.
    pub memory_map: Option<(PhysAddr, u32)>,
}

impl Info {
    /// `None` if `bytes` is shorter than [`INFO_LEN`].
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let flags = word(bytes, 0)?;
        let pair = |bit: u32, at: usize| -> Option<Option<(u32, u32)>> {
            let both = (word(bytes, at)?, word(bytes, at + 4)?);
            Some((flags & bit != 0).then_some(both))
        };
        let command_line = word(bytes, 16)?;
        Some(Self {
            memory: pair(HAS_MEMORY, 4)?,
            command_line: (flags & HAS_COMMAND_LINE != 0).then_some(address(command_line)),
            modules: pair(HAS_MODULES, 20)?.map(|(count, at)| (count, address(at))),
            memory_map: pair(HAS_MEMORY_MAP, 44)?.map(|(length, at)| (address(at), length)),
        })
    }

    /// The memory map of a loader that gave only the two sizes.
    pub fn basic_regions(&self) -> impl Iterator<Item = Region> + Clone + use<> {
        let (lower, upper) = self.memory.unwrap_or((0, 0));
        let ram = |start, kib: u32| Region {
            start: PhysAddr::new(start),
            bytes: u64::from(kib) << 10,
            is_ram: true,
        };
        [ram(0, lower), ram(1 << 20, upper)].into_iter()
    }
}

/// One piece of the physical address space.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Region {
    pub start: PhysAddr,
    pub bytes: u64,
    /// Usable; everything else must be left alone.
    pub is_ram: bool,
}

/// The entries of the memory map in `bytes`. Ends at the first one that is cut off.
pub fn regions(bytes: &[u8]) -> Regions<'_> {
    Regions { rest: bytes }
}

/// See [`regions`].
#[derive(Clone)]
pub struct Regions<'a> {
    rest: &'a [u8],
}

impl Iterator for Regions<'_> {
    type Item = Region;

    fn next(&mut self) -> Option<Region> {
        // The size word does not count itself, and entries may grow in later versions.
        let size = word(self.rest, 0)?;
        let region = Region {
            start: PhysAddr::new(long(self.rest, 4)?),
            bytes: long(self.rest, 12)?,
            is_ram: word(self.rest, 20)? == TYPE_RAM,
        };
        let step = usize::try_from(size).ok()?.checked_add(4)?;
        self.rest = if step >= 24 { self.rest.get(step..).unwrap_or(&[]) } else { &[] };
        Some(region)
    }
}

/// A file the loader put into memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Module {
    pub start: PhysAddr,
    pub end: PhysAddr,
    /// Address of its NUL-terminated text, if not 0.
    pub text: PhysAddr,
}

impl Module {
    /// From a descriptor. `None` if it is cut off or the module ends before it starts.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let (start, end, text) = (word(bytes, 0)?, word(bytes, 4)?, word(bytes, 8)?);
        (start <= end).then_some(Self {
            start: address(start),
            end: address(end),
            text: address(text),
        })
    }
}

/// `bytes` up to the first NUL, or all of it.
pub fn until_nul(bytes: &[u8]) -> &[u8] {
    bytes.split(|&byte| byte == 0).next().unwrap_or(bytes)
}

fn address(value: u32) -> PhysAddr {
    PhysAddr::new(u64::from(value))
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let field = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes(field.try_into().ok()?))
}

fn long(bytes: &[u8], at: usize) -> Option<u64> {
    let low = word(bytes, at)?;
    let high = word(bytes, at.checked_add(4)?)?;
    Some(u64::from(low) | u64::from(high) << 32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::addr::Pfn;
    use crate::memory_map::MemoryMap;
    use proptest::prelude::*;
    use std::vec::Vec;

    fn info(flags: u32, fields: &[(usize, u32)]) -> Vec<u8> {
        let mut bytes = std::vec![0u8; 116];
        bytes[..4].copy_from_slice(&flags.to_le_bytes());
        for &(at, value) in fields {
            bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
        }
        bytes
    }

    fn entry(start: u64, bytes: u64, kind: u32, padding: usize) -> Vec<u8> {
        let mut entry = Vec::new();
        entry.extend(((20 + padding) as u32).to_le_bytes());
        entry.extend(start.to_le_bytes());
        entry.extend(bytes.to_le_bytes());
        entry.extend(kind.to_le_bytes());
        entry.resize(24 + padding, 0);
        entry
    }

    #[test]
    fn fields_without_their_flag_are_not_believed() {
        let fields =
            [(4, 639), (8, 130_048), (16, 0x9000), (20, 1), (24, 0xa000), (44, 96), (48, 0xb000)];
        let all = Info::parse(&info(0x4d, &fields)).unwrap();
        assert_eq!(all.memory, Some((639, 130_048)));
        assert_eq!(all.command_line, Some(PhysAddr::new(0x9000)));
        assert_eq!(all.modules, Some((1, PhysAddr::new(0xa000))));
        assert_eq!(all.memory_map, Some((PhysAddr::new(0xb000), 96)));
        let none = Info::parse(&info(0, &fields)).unwrap();
        let nothing = Info { memory: None, command_line: None, modules: None, memory_map: None };
        assert_eq!(none, nothing);
    }

    #[test]
    fn a_short_block_is_refused_at_every_length() {
        let bytes = info(0x4d, &[]);
        for length in 0..INFO_LEN {
            assert_eq!(Info::parse(&bytes[..length]), None);
        }
        assert!(Info::parse(&bytes[..INFO_LEN]).is_some());
    }

    #[test]
    fn entries_of_any_size_are_stepped_over_and_a_cut_one_ends_the_list() {
        let mut map = entry(0, 0x9_fc00, 1, 0);
        map.extend(entry(0x1_0000_0000, 0x4000_0000, 1, 4));
        map.extend(entry(0xfffc_0000, 0x4_0000, 2, 0));
        let all: Vec<_> = regions(&map).collect();
        assert_eq!(all.len(), 3);
        assert_eq!(all[1].start.as_u64(), 1 << 32);
        assert!(all[1].is_ram && !all[2].is_ram);
        assert_eq!(regions(&map[..map.len() - 1]).count(), 2);
    }

    #[test]
    fn an_entry_that_claims_no_length_does_not_loop() {
        let mut map = entry(0, 4096, 1, 0);
        map[..4].fill(0);
        map.extend(entry(0, 4096, 1, 0));
        assert_eq!(regions(&map).count(), 1);
        map[..4].fill(0xff);
        assert_eq!(regions(&map).count(), 1);
    }

    #[test]
    fn two_sizes_make_a_memory_map() {
        let info = Info::parse(&info(1, &[(4, 640), (8, 1024)])).unwrap();
        let all: Vec<_> = info.basic_regions().collect();
        assert_eq!(
            (all[0].bytes, all[1].start.as_u64(), all[1].bytes),
            (640 << 10, 1 << 20, 1 << 20)
        );
    }

    #[test]
    fn modules_and_texts() {
        let mut bytes = std::vec![0u8; 16];
        bytes[1] = 0x10;
        bytes[5] = 0x20;
        assert_eq!(Module::parse(&bytes).unwrap().end, PhysAddr::new(0x2000));
        bytes[1] = 0x30;
        assert_eq!(Module::parse(&bytes), None);
        assert_eq!(until_nul(b"a b\0c"), b"a b");
        assert_eq!(until_nul(b"abc"), b"abc");
        assert_eq!(HEADER_MAGIC.wrapping_add(3).wrapping_add(header_checksum(3)), 0);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        /// Whatever a loader leaves, reading it ends, and what comes out can be counted with.
        #[test]
        fn any_bytes_are_taken(
            mut bytes in prop::collection::vec(any::<u8>(), 0..300),
            words in prop::collection::vec((0usize..70, prop_oneof![
                Just(0u32), Just(1), Just(20), Just(24), Just(u32::MAX), Just(u32::MAX - 3), any::<u32>(),
            ]), 0..40),
        ) {
            for (at, word) in words {
                if let Some(place) = bytes.get_mut(at * 4..at * 4 + 4) {
                    place.copy_from_slice(&word.to_le_bytes());
                }
            }
            prop_assert!(regions(&bytes).count() <= bytes.len() / 24 + 1);
            let mut map = MemoryMap::new(regions(&bytes));
            let frames: u64 = map.frames().map(|range| u64::from(range.len())).sum();
            prop_assert!(frames <= map.bytes() / 4096);
            prop_assert!(map.frames().all(|range| map.contains(range) && range.end() <= map.max_pfn()));
            let limit = Pfn::new(1 << 20);
            map.cut(limit);
            prop_assert!(map.max_pfn() <= limit);
            if let Some(info) = Info::parse(&bytes) {
                let map = MemoryMap::new(info.basic_regions());
                prop_assert_eq!(map.frames_below(map.max_pfn()), map.frames().map(|range| range.len()).sum::<u32>());
            }
            if let Some(module) = Module::parse(&bytes) {
                prop_assert!(module.start <= module.end);
            }
            prop_assert!(!until_nul(&bytes).contains(&0));
        }
    }
}
