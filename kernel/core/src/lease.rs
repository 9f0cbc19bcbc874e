//! Memory that a caller lends for the length of a call.
//!
//! The kernel copies between the two processes; nothing is mapped. Before the call meets a
//! receiver, the pages of all leases are faulted in and pinned in the caller's context, so a
//! server never waits for a client's page.

use crate::addr::{PAGE_MASK, PAGE_SIZE};
use abi::errno::Errno;

/// Leases of one call.
pub const MAX_LEASES: u32 = 4;
/// Pages pinned for one call.
pub const MAX_LEASE_PAGES: u32 = 16;

/// What the server may do with the memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LeaseAccess {
    Read,
    Write,
    Both,
}

impl LeaseAccess {
    const fn allows(self, wanted: Self) -> bool {
        matches!(
            (self, wanted),
            (Self::Both, _) | (Self::Read, Self::Read) | (Self::Write, Self::Write)
        )
    }
}

/// A range of the caller's memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lease {
    pub start: u32,
    pub len: u32,
    pub access: LeaseAccess,
}

impl Lease {
    /// Pages that hold a byte of it.
    pub const fn pages(&self) -> u32 {
        if self.len == 0 {
            return 0;
        }
        let first = self.start & PAGE_MASK;
        let last = self.start.wrapping_add(self.len - 1) & PAGE_MASK;
        last.wrapping_sub(first) / PAGE_SIZE + 1
    }

    /// Its beginning, cut so that it needs at most `pages`: long reads and writes come back short,
    /// as POSIX allows.
    pub const fn cut(self, pages: u32) -> Self {
        if self.pages() <= pages {
            return self;
        }
        let in_first = PAGE_SIZE - self.start % PAGE_SIZE;
        let len = if pages == 0 { 0 } else { in_first + (pages - 1) * PAGE_SIZE };
        Self { len, ..self }
    }
}

/// The leases of a call, checked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Leases {
    leases: [Option<Lease>; MAX_LEASES as usize],
    count: u32,
    pages: u32,
}

impl Leases {
    pub const fn new() -> Self {
        Self { leases: [None; MAX_LEASES as usize], count: 0, pages: 0 }
    }

    /// EFAULT for memory that does not end below `task_size`; EINVAL for a fifth lease; E2BIG if
    /// all together need more than [`MAX_LEASE_PAGES`].
    pub fn add(&mut self, lease: Lease, task_size: u32) -> Result<(), Errno> {
        if lease.len > task_size || lease.start > task_size - lease.len {
            return Err(Errno::EFAULT);
        }
        let slot = self.leases.get_mut(self.count as usize).ok_or(Errno::EINVAL)?;
        let pages = self.pages + lease.pages();
        if pages > MAX_LEASE_PAGES {
            return Err(Errno::E2BIG);
        }
        *slot = Some(lease);
        self.count += 1;
        self.pages = pages;
        Ok(())
    }

    pub fn len(&self) -> u32 {
        self.count
    }

    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Pages to pin.
    pub fn pages(&self) -> u32 {
        self.pages
    }

    pub fn iter(&self) -> impl Iterator<Item = &Lease> {
        self.leases.iter().flatten()
    }

    /// EINVAL if there is no such lease.
    #[inline]
    pub fn get(&self, index: u32) -> Result<&Lease, Errno> {
        self.leases.get(index as usize).and_then(Option::as_ref).ok_or(Errno::EINVAL)
    }

    /// The caller's address for a copy of up to `len` bytes from `offset`, and how many of them
    /// the lease has. EPERM for the wrong direction, EFAULT for an offset beyond its end.
    #[inline]
    pub fn locate(
        &self,
        index: u32,
        offset: u32,
        len: u32,
        wanted: LeaseAccess,
    ) -> Result<(u32, u32), Errno> {
        let lease = self.get(index)?;
        if !lease.access.allows(wanted) {
            return Err(Errno::EPERM);
        }
        let rest = lease.len.checked_sub(offset).ok_or(Errno::EFAULT)?;
        Ok((lease.start.wrapping_add(offset), rest.min(len)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use LeaseAccess::{Both, Read, Write};
    use proptest::prelude::*;

    const TASK_SIZE: u32 = 0xc000_0000;

    fn lease(start: u32, len: u32, access: LeaseAccess) -> Lease {
        Lease { start, len, access }
    }

    #[test]
    fn a_server_stays_inside_what_was_lent() {
        let mut leases = Leases::new();
        leases.add(lease(0x1000, 100, Read), TASK_SIZE).unwrap();
        leases.add(lease(0x5000, 100, Write), TASK_SIZE).unwrap();
        leases.add(lease(0x9000, 0, Both), TASK_SIZE).unwrap();
        assert_eq!(leases.locate(0, 10, 20, Read), Ok((0x100a, 20)));
        assert_eq!(leases.locate(0, 90, 20, Read), Ok((0x105a, 10)));
        assert_eq!(leases.locate(0, 100, 20, Read), Ok((0x1064, 0)));
        assert_eq!(leases.locate(0, 101, 0, Read), Err(Errno::EFAULT));
        assert_eq!(leases.locate(0, 0, 1, Write), Err(Errno::EPERM));
        assert_eq!(leases.locate(1, 0, 1, Read), Err(Errno::EPERM));
        assert_eq!(leases.locate(1, 0, 1, Both), Err(Errno::EPERM));
        assert_eq!(leases.locate(2, 0, 9, Write), Ok((0x9000, 0)));
        assert_eq!(leases.locate(3, 0, 1, Read), Err(Errno::EINVAL));
        assert_eq!(leases.locate(u32::MAX, 0, 1, Read), Err(Errno::EINVAL));
    }

    #[test]
    fn limits_are_four_leases_sixteen_pages_and_user_memory() {
        let mut leases = Leases::new();
        assert_eq!(leases.add(lease(TASK_SIZE - 1, 2, Read), TASK_SIZE), Err(Errno::EFAULT));
        assert_eq!(leases.add(lease(0xffff_ffff, 1, Read), TASK_SIZE), Err(Errno::EFAULT));
        assert_eq!(leases.add(lease(4, u32::MAX, Read), TASK_SIZE), Err(Errno::EFAULT));
        assert_eq!(leases.add(lease(0xfff, 16 * 4096, Read), TASK_SIZE), Err(Errno::E2BIG));
        leases.add(lease(0x1000, 15 * 4096, Read), TASK_SIZE).unwrap();
        assert_eq!(leases.add(lease(0xfff, 2, Read), TASK_SIZE), Err(Errno::E2BIG));
        for _ in 0..3 {
            leases.add(lease(TASK_SIZE, 0, Read), TASK_SIZE).unwrap();
        }
        assert_eq!(leases.add(lease(0, 0, Read), TASK_SIZE), Err(Errno::EINVAL));
        assert_eq!((leases.len(), leases.pages()), (4, 15));
    }

    proptest! {
        #[test]
        fn a_cut_lease_fits_and_is_as_long_as_it_can_be(
            start in 0..TASK_SIZE, len in 0u32..100_000, limit in 0u32..20,
        ) {
            let len = len.min(TASK_SIZE - start);
            let whole = lease(start, len, Both);
            let touched = (0..len).map(|byte| (start + byte) / 4096)
                .collect::<std::collections::BTreeSet<_>>().len() as u32;
            prop_assert_eq!(whole.pages(), touched);
            let cut = whole.cut(limit);
            prop_assert!(cut.pages() <= limit && cut.len <= len && cut.start == start);
            let longer = Lease { len: cut.len + 1, ..cut };
            prop_assert!(cut.len == len || longer.pages() > limit);
        }
    }
}
