//! Addresses and page numbers as types that do not mix.
//!
//! [`Pfn`] (a page frame number) is what crosses interfaces: a PAE frame does not fit a 32-bit
//! address. [`PhysAddr`] appears at the edges (memory map, CR3, device windows). A range of
//! virtual pages is a [`PageRange`] of [`Vpn`]s, so the end of the address space (page 2^20) is
//! an ordinary number and nothing wraps.

use core::fmt;

pub const PAGE_SHIFT: u32 = 12;
pub const PAGE_SIZE: u32 = 1 << PAGE_SHIFT;
pub const PAGE_MASK: u32 = !(PAGE_SIZE - 1);
/// One past the last virtual page number.
pub const VPN_LIMIT: u32 = 1 << (32 - PAGE_SHIFT);

/// A physical address, up to 52 bits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct PhysAddr(u64);

/// A virtual address of some address space.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct VirtAddr(u32);

/// A page frame number: physical address / 4096.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[repr(transparent)]
pub struct Pfn(u32);

/// A virtual page number: virtual address / 4096, at most [`VPN_LIMIT`] as the end of a range.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Vpn(u32);

impl PhysAddr {
    pub const fn new(address: u64) -> Self {
        Self(address)
    }

    pub const fn as_u64(self) -> u64 {
        self.0
    }

    /// The frame that holds this address. `None` past 2^44, which no `Pfn` can name.
    pub const fn pfn(self) -> Option<Pfn> {
        let number = self.0 >> PAGE_SHIFT;
        if number > u32::MAX as u64 { None } else { Some(Pfn(number as u32)) }
    }
}

impl VirtAddr {
    pub const fn new(address: u32) -> Self {
        Self(address)
    }

    pub const fn as_u32(self) -> u32 {
        self.0
    }

    /// The page that holds this address.
    pub const fn vpn(self) -> Vpn {
        Vpn(self.0 >> PAGE_SHIFT)
    }

    pub const fn page_offset(self) -> u32 {
        self.0 & (PAGE_SIZE - 1)
    }

    pub const fn is_page_aligned(self) -> bool {
        self.page_offset() == 0
    }

    pub const fn checked_add(self, bytes: u32) -> Option<Self> {
        match self.0.checked_add(bytes) {
            Some(address) => Some(Self(address)),
            None => None,
        }
    }
}

impl Pfn {
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    pub const fn as_u32(self) -> u32 {
        self.0
    }

    /// The address of the frame's first byte.
    pub const fn address(self) -> PhysAddr {
        PhysAddr((self.0 as u64) << PAGE_SHIFT)
    }

    pub const fn checked_add(self, frames: u32) -> Option<Self> {
        match self.0.checked_add(frames) {
            Some(number) => Some(Self(number)),
            None => None,
        }
    }
}

impl Vpn {
    /// `number` must not exceed [`VPN_LIMIT`]; larger numbers are cut to it.
    pub const fn new(number: u32) -> Self {
        Self(if number > VPN_LIMIT { VPN_LIMIT } else { number })
    }

    pub const fn as_u32(self) -> u32 {
        self.0
    }

    /// The address of the page's first byte. The end of the address space has none.
    pub const fn address(self) -> Option<VirtAddr> {
        if self.0 < VPN_LIMIT { Some(VirtAddr(self.0 << PAGE_SHIFT)) } else { None }
    }

    pub const fn checked_add(self, pages: u32) -> Option<Self> {
        match self.0.checked_add(pages) {
            Some(number) if number <= VPN_LIMIT => Some(Self(number)),
            _ => None,
        }
    }
}

/// Consecutive virtual pages, `start` included, `end` not. May be empty.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct PageRange {
    start: Vpn,
    end: Vpn,
}

impl PageRange {
    /// `None` if `start` lies beyond `end`.
    pub const fn new(start: Vpn, end: Vpn) -> Option<Self> {
        if start.0 <= end.0 { Some(Self { start, end }) } else { None }
    }

    /// `pages` pages from `start`; `None` if they pass the end of the address space.
    pub const fn with_len(start: Vpn, pages: u32) -> Option<Self> {
        match start.checked_add(pages) {
            Some(end) => Some(Self { start, end }),
            None => None,
        }
    }

    pub const fn start(self) -> Vpn {
        self.start
    }

    pub const fn end(self) -> Vpn {
        self.end
    }

    /// Length in pages.
    pub const fn len(self) -> u32 {
        self.end.0 - self.start.0
    }

    pub const fn is_empty(self) -> bool {
        self.start.0 == self.end.0
    }

    pub const fn contains(self, page: Vpn) -> bool {
        self.start.0 <= page.0 && page.0 < self.end.0
    }

    pub const fn contains_range(self, other: Self) -> bool {
        self.start.0 <= other.start.0 && other.end.0 <= self.end.0
    }

    pub const fn overlaps(self, other: Self) -> bool {
        self.start.0 < other.end.0 && other.start.0 < self.end.0
    }

    /// The pages in both ranges, `None` if there are none.
    pub const fn intersection(self, other: Self) -> Option<Self> {
        let start = if self.start.0 > other.start.0 { self.start } else { other.start };
        let end = if self.end.0 < other.end.0 { self.end } else { other.end };
        if start.0 < end.0 { Some(Self { start, end }) } else { None }
    }

    /// The part below `page`; empty if there is none.
    pub const fn below(self, page: Vpn) -> Self {
        let end = if page.0 < self.end.0 { page } else { self.end };
        let end = if end.0 < self.start.0 { self.start } else { end };
        Self { start: self.start, end }
    }

    /// The part from `page` on; empty if there is none.
    pub const fn above(self, page: Vpn) -> Self {
        let start = if page.0 > self.start.0 { page } else { self.start };
        let start = if start.0 > self.end.0 { self.end } else { start };
        Self { start, end: self.end }
    }

    /// The range from this start to `end`, if that makes it longer.
    pub const fn up_to(self, end: Vpn) -> Self {
        Self { start: self.start, end: if end.0 > self.end.0 { end } else { self.end } }
    }

    pub fn pages(self) -> impl DoubleEndedIterator<Item = Vpn> {
        (self.start.0..self.end.0).map(Vpn)
    }
}

/// Consecutive frames, `start` included, `end` not. May be empty.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct FrameRange {
    start: Pfn,
    end: Pfn,
}

impl FrameRange {
    pub const EMPTY: Self = Self { start: Pfn(0), end: Pfn(0) };

    /// `None` if `start` lies beyond `end`.
    pub const fn new(start: Pfn, end: Pfn) -> Option<Self> {
        if start.0 <= end.0 { Some(Self { start, end }) } else { None }
    }

    pub const fn with_len(start: Pfn, frames: u32) -> Option<Self> {
        match start.checked_add(frames) {
            Some(end) => Some(Self { start, end }),
            None => None,
        }
    }

    pub const fn start(self) -> Pfn {
        self.start
    }

    pub const fn end(self) -> Pfn {
        self.end
    }

    /// Length in frames.
    pub const fn len(self) -> u32 {
        self.end.0 - self.start.0
    }

    pub const fn is_empty(self) -> bool {
        self.start.0 == self.end.0
    }

    pub const fn contains(self, frame: Pfn) -> bool {
        self.start.0 <= frame.0 && frame.0 < self.end.0
    }

    pub const fn contains_range(self, other: Self) -> bool {
        self.start.0 <= other.start.0 && other.end.0 <= self.end.0
    }

    /// The frames in both ranges, `None` if there are none.
    pub const fn intersection(self, other: Self) -> Option<Self> {
        let start = if self.start.0 > other.start.0 { self.start } else { other.start };
        let end = if self.end.0 < other.end.0 { self.end } else { other.end };
        if start.0 < end.0 { Some(Self { start, end }) } else { None }
    }

    pub fn frames(self) -> impl DoubleEndedIterator<Item = Pfn> + Clone {
        (self.start.0..self.end.0).map(Pfn)
    }
}

impl fmt::Debug for PhysAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "phys {:#x}", self.0)
    }
}

impl fmt::Debug for VirtAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#010x}", self.0)
    }
}

impl fmt::Debug for Pfn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pfn {:#x}", self.0)
    }
}

impl fmt::Debug for Vpn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "vpn {:#x}", self.0)
    }
}

impl fmt::Debug for FrameRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "frames {:#x}-{:#x}", self.start.0, self.end.0)
    }
}

impl fmt::Debug for PageRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (start, end) = (u64::from(self.start.0), u64::from(self.end.0));
        write!(f, "{:#x}-{:#x}", start << PAGE_SHIFT, end << PAGE_SHIFT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_page_of_the_address_space_is_an_ordinary_range() {
        let top = PageRange::with_len(VirtAddr::new(0xffff_f000).vpn(), 1).unwrap();
        assert_eq!(top.len(), 1);
        assert_eq!(top.end().address(), None);
        assert!(PageRange::with_len(top.start(), 2).is_none());
    }

    #[test]
    fn a_frame_above_four_gib_keeps_its_address() {
        let pfn = PhysAddr::new(0x1_2345_6000).pfn().unwrap();
        assert_eq!(pfn.address().as_u64(), 0x1_2345_6000);
        assert_eq!(PhysAddr::new(1 << 44).pfn(), None);
    }

    #[test]
    fn touching_ranges_do_not_overlap() {
        let range = |a, b| PageRange::new(Vpn::new(a), Vpn::new(b)).unwrap();
        assert!(!range(0, 4).overlaps(range(4, 8)));
        assert_eq!(range(0, 5).intersection(range(4, 8)), Some(range(4, 5)));
        assert_eq!(range(0, 4).intersection(range(4, 8)), None);
    }
}
