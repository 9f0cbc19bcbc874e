//! What an area is and allows, in Linux's values (mm.h).

use bitflags::bitflags;

bitflags! {
    /// `MAY*` say what mprotect may still grant; each lies four bits above its right.
    #[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
    pub struct VmFlags: u32 {
        const READ = 0x1;
        const WRITE = 0x2;
        const EXEC = 0x4;
        const SHARED = 0x8;
        const MAYREAD = 0x10;
        const MAYWRITE = 0x20;
        const MAYEXEC = 0x40;
        const MAYSHARE = 0x80;
        /// Grows down on a fault below it: a stack.
        const GROWSDOWN = 0x100;
        /// Frames without a `mem_map` entry worth counting.
        const PFNMAP = 0x400;
        const LOCKED = 0x2000;
        /// Device memory.
        const IO = 0x4000;
        const SEQ_READ = 0x8000;
        const RAND_READ = 0x10000;
        /// Not copied by fork.
        const DONTCOPY = 0x20000;
        /// mremap may not make it longer.
        const DONTEXPAND = 0x40000;
        /// mlock2: lock pages as they come.
        const LOCKONFAULT = 0x80000;
        /// Counted against the commit limit.
        const ACCOUNT = 0x100000;
        const NORESERVE = 0x200000;
        const HUGETLB = 0x400000;
        /// Empty in a fork's child.
        const WIPEONFORK = 0x2000000;
        const DONTDUMP = 0x4000000;
    }
}

impl VmFlags {
    pub const ACCESS: Self = Self::READ.union(Self::WRITE).union(Self::EXEC);
    pub const MAY: Self = Self::MAYREAD.union(Self::MAYWRITE).union(Self::MAYEXEC);
    /// Areas with one of these never merge.
    pub const SPECIAL: Self = Self::IO.union(Self::DONTEXPAND).union(Self::PFNMAP);

    /// PROT_READ, PROT_WRITE and PROT_EXEC have the values of the rights.
    pub const fn from_prot(prot: u32) -> Self {
        Self::from_bits_truncate(prot).intersection(Self::ACCESS)
    }

    /// Whether a page of the area can be reached at all.
    pub const fn is_accessible(self) -> bool {
        self.intersects(Self::ACCESS)
    }

    /// Whether writing makes private copies, now or after an mprotect.
    pub const fn is_cow(self) -> bool {
        self.bits() & (Self::SHARED.bits() | Self::MAYWRITE.bits()) == Self::MAYWRITE.bits()
    }

    /// Private and writable, and no stack: what RLIMIT_DATA counts.
    pub const fn is_data(self) -> bool {
        let all = Self::WRITE.union(Self::SHARED).union(Self::GROWSDOWN);
        self.intersection(all).bits() == Self::WRITE.bits()
    }

    /// Executable, not writable, and no stack.
    pub const fn is_exec(self) -> bool {
        let all = Self::EXEC.union(Self::WRITE).union(Self::GROWSDOWN);
        self.intersection(all).bits() == Self::EXEC.bits()
    }

    /// The first right asked for beyond what `MAY*` allows, as a set.
    pub const fn beyond_may(self) -> Self {
        Self::from_bits_retain(self.bits() & !(self.bits() >> 4)).intersection(Self::ACCESS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rights_beyond_may_are_found() {
        let may = VmFlags::MAYREAD | VmFlags::MAYEXEC;
        assert_eq!((may | VmFlags::READ).beyond_may(), VmFlags::empty());
        assert_eq!((may | VmFlags::ACCESS).beyond_may(), VmFlags::WRITE);
    }

    #[test]
    fn only_private_areas_that_may_be_written_copy_on_write() {
        assert!(VmFlags::MAYWRITE.is_cow());
        assert!(!(VmFlags::MAYWRITE | VmFlags::SHARED).is_cow());
        assert!(!VmFlags::READ.is_cow());
    }
}
