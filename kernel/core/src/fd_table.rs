//! The descriptors of a process.
//!
//! Groups of 32 with a word of bits each for "taken" and "close on exec". A new descriptor is the
//! lowest free one, as POSIX wants. It can be reserved first and filled when the file is there:
//! until then nobody can use or replace it.

use crate::arena::NoMemory;
use crate::chunk_table::ChunkTable;
use abi::errno::Errno;

const GROUP: u32 = 32;

#[derive(Debug)]
struct Group<T> {
    taken: u32,
    close_on_exec: u32,
    files: [Option<T>; GROUP as usize],
}

impl<T> Default for Group<T> {
    fn default() -> Self {
        Self { taken: 0, close_on_exec: 0, files: [const { None }; GROUP as usize] }
    }
}

/// Whether `execve` closes a descriptor.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CloseOnExec {
    No,
    Yes,
}

/// `T` is a reference to an open-file description.
#[derive(Debug, Default)]
pub struct FdTable<T> {
    groups: ChunkTable<Group<T>, 1>,
    /// All descriptors below are taken.
    lowest_free: u32,
}

impl<T> FdTable<T> {
    pub const fn new() -> Self {
        Self { groups: ChunkTable::new(), lowest_free: 0 }
    }

    /// The file behind `fd`; `None` (EBADF) also while it is only reserved.
    #[inline]
    pub fn get(&self, fd: u32) -> Option<&T> {
        self.groups.get(fd / GROUP)?.files[(fd % GROUP) as usize].as_ref()
    }

    #[inline]
    fn group_mut(&mut self, fd: u32) -> Option<(&mut Group<T>, u32, usize)> {
        let index = fd % GROUP;
        Some((self.groups.get_mut(fd / GROUP)?, 1 << index, index as usize))
    }

    /// Takes the lowest free descriptor from `from` up. EMFILE if none is below `limit`
    /// (RLIMIT_NOFILE). To be followed by [`install`](Self::install) or
    /// [`unreserve`](Self::unreserve).
    pub fn reserve(&mut self, from: u32, limit: u32) -> Result<u32, Errno> {
        let fd = self.first_free(from.max(self.lowest_free));
        if fd >= limit {
            return Err(Errno::EMFILE);
        }
        self.take(fd)?;
        if from <= self.lowest_free {
            self.lowest_free = fd + 1;
        }
        Ok(fd)
    }

    /// The lowest free number from `from` up, perhaps beyond the table.
    fn first_free(&self, from: u32) -> u32 {
        let (mut index, mut skip) = (from / GROUP, from % GROUP);
        while let Some(group) = self.groups.get(index) {
            let free = !group.taken & u32::MAX << skip;
            if free != 0 {
                return index * GROUP + free.trailing_zeros();
            }
            (index, skip) = (index + 1, 0);
        }
        index * GROUP + skip
    }

    fn take(&mut self, fd: u32) -> Result<(), Errno> {
        self.groups.grow(fd / GROUP + 1).map_err(|NoMemory| Errno::ENOMEM)?;
        let (group, bit, _) = self.group_mut(fd).ok_or(Errno::ENOMEM)?;
        group.taken |= bit;
        group.close_on_exec &= !bit;
        Ok(())
    }

    /// Fills a reserved descriptor.
    pub fn install(&mut self, fd: u32, file: T, close: CloseOnExec) {
        let Some((group, bit, index)) = self.group_mut(fd) else { return };
        debug_assert!(group.taken & bit != 0 && group.files[index].is_none(), "not reserved");
        group.files[index] = Some(file);
        if close == CloseOnExec::Yes {
            group.close_on_exec |= bit;
        }
    }

    /// Gives a reserved descriptor back.
    pub fn unreserve(&mut self, fd: u32) {
        if let Some((group, bit, index)) = self.group_mut(fd) {
            debug_assert!(group.files[index].is_none(), "not only reserved");
            group.taken &= !bit;
            self.lowest_free = self.lowest_free.min(fd);
        }
    }

    /// [`reserve`](Self::reserve) and [`install`](Self::install) at once.
    pub fn insert(
        &mut self,
        file: T,
        close: CloseOnExec,
        from: u32,
        limit: u32,
    ) -> Result<u32, Errno> {
        let fd = self.reserve(from, limit)?;
        self.install(fd, file, close);
        Ok(fd)
    }

    /// Puts `file` at `fd` (`dup2`) and returns what was there, to be closed. EBADF if `fd` is
    /// not below `limit`; EBUSY if it is reserved by an open still under way.
    pub fn replace(
        &mut self,
        fd: u32,
        file: T,
        close: CloseOnExec,
        limit: u32,
    ) -> Result<Option<T>, Errno> {
        if fd >= limit {
            return Err(Errno::EBADF);
        }
        if self.is_taken(fd) && self.get(fd).is_none() {
            return Err(Errno::EBUSY);
        }
        self.take(fd)?;
        let old = self.group_mut(fd).and_then(|(group, _, index)| group.files[index].take());
        self.install(fd, file, close);
        Ok(old)
    }

    /// Closes `fd`; `None` is EBADF.
    pub fn remove(&mut self, fd: u32) -> Option<T> {
        let (group, bit, index) = self.group_mut(fd)?;
        let file = group.files[index].take()?;
        group.taken &= !bit;
        group.close_on_exec &= !bit;
        self.lowest_free = self.lowest_free.min(fd);
        Some(file)
    }

    fn is_taken(&self, fd: u32) -> bool {
        self.groups.get(fd / GROUP).is_some_and(|group| group.taken >> (fd % GROUP) & 1 != 0)
    }

    /// EBADF if nothing is open there.
    pub fn close_on_exec(&self, fd: u32) -> Result<CloseOnExec, Errno> {
        self.get(fd).ok_or(Errno::EBADF)?;
        let bits = self.groups.get(fd / GROUP).map_or(0, |group| group.close_on_exec);
        Ok(if bits >> (fd % GROUP) & 1 != 0 { CloseOnExec::Yes } else { CloseOnExec::No })
    }

    /// EBADF if nothing is open there.
    pub fn set_close_on_exec(&mut self, fd: u32, close: CloseOnExec) -> Result<(), Errno> {
        self.get(fd).ok_or(Errno::EBADF)?;
        if let Some((group, bit, _)) = self.group_mut(fd) {
            match close {
                CloseOnExec::Yes => group.close_on_exec |= bit,
                CloseOnExec::No => group.close_on_exec &= !bit,
            }
        }
        Ok(())
    }

    /// Closes the first descriptor from `from` up that does not survive `execve`. To be called
    /// with the last one plus 1 until there is none.
    pub fn take_close_on_exec(&mut self, from: u32) -> Option<(u32, T)> {
        let fd = self.find(from, |group| group.close_on_exec)?;
        Some((fd, self.remove(fd)?))
    }

    /// Closes the first open descriptor from `from` up, for exit and `close_range`.
    pub fn take_next(&mut self, from: u32) -> Option<(u32, T)> {
        let fd = self.next(from)?;
        Some((fd, self.remove(fd)?))
    }

    /// The first open descriptor from `from` up.
    pub fn next(&self, from: u32) -> Option<u32> {
        let mut from = from;
        loop {
            let fd = self.find(from, |group| group.taken)?;
            if self.get(fd).is_some() {
                return Some(fd);
            }
            from = fd + 1;
        }
    }

    fn find(&self, from: u32, bits: impl Fn(&Group<T>) -> u32) -> Option<u32> {
        let (mut index, mut skip) = (from / GROUP, from % GROUP);
        while let Some(group) = self.groups.get(index) {
            let found = bits(group) & u32::MAX << skip;
            if found != 0 {
                return Some(index * GROUP + found.trailing_zeros());
            }
            (index, skip) = (index + 1, 0);
        }
        None
    }

    /// Descriptors there are places for.
    pub fn capacity(&self) -> u32 {
        self.groups.len() * GROUP
    }

    /// Open descriptors.
    pub fn len(&self) -> u32 {
        self.groups.iter().map(|(_, group)| group.files.iter().flatten().count() as u32).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.next(0).is_none()
    }
}

impl<T: Clone> FdTable<T> {
    /// A table with the same files, for `fork`. Reserved descriptors are free in it.
    pub fn try_clone(&self) -> Result<Self, NoMemory> {
        let mut copy = Self::new();
        for (index, group) in self.groups.iter() {
            if group.taken == 0 {
                continue;
            }
            copy.groups.grow(index + 1)?;
            let Some(to) = copy.groups.get_mut(index) else { continue };
            let mut taken = group.taken;
            while taken != 0 {
                let slot = taken.trailing_zeros();
                taken &= taken - 1;
                let file = &group.files[slot as usize];
                if file.is_some() {
                    to.files[slot as usize].clone_from(file);
                    to.taken |= 1 << slot;
                }
            }
            to.close_on_exec = group.close_on_exec & to.taken;
        }
        copy.lowest_free = copy.first_free(0);
        Ok(copy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use CloseOnExec::{No, Yes};
    use proptest::prelude::*;
    use std::collections::BTreeMap;
    use std::vec::Vec;

    #[test]
    fn the_lowest_free_number_is_taken() {
        let mut table = FdTable::new();
        for expected in 0..100 {
            assert_eq!(table.insert(expected, No, 0, 1024), Ok(expected));
        }
        assert_eq!([40, 3, 70].map(|fd| table.remove(fd)), [Some(40), Some(3), Some(70)]);
        assert_eq!(table.insert(0, No, 10, 1024), Ok(40));
        assert_eq!(table.insert(0, No, 0, 1024), Ok(3));
        assert_eq!(table.insert(0, No, 200, 1024), Ok(200));
        assert_eq!(table.insert(0, No, 0, 70), Err(Errno::EMFILE));
        assert_eq!(table.insert(0, No, 0, 71), Ok(70));
        assert_eq!(table.insert(0, No, 0, 1024), Ok(100));
        assert_eq!(table.len(), 102);
    }

    #[test]
    fn a_reserved_number_is_neither_free_nor_open() {
        let mut table = FdTable::new();
        assert_eq!(table.reserve(0, 16), Ok(0));
        assert_eq!(table.get(0), None::<&u8>);
        assert_eq!(table.replace(0, 1, No, 16), Err(Errno::EBUSY));
        assert_eq!((table.remove(0), table.next(0)), (None, None));
        assert_eq!(table.insert(7, No, 0, 16), Ok(1));
        assert_eq!(table.try_clone().unwrap().reserve(0, 16), Ok(0));
        table.unreserve(0);
        assert_eq!(table.reserve(0, 16), Ok(0));
        table.install(0, 9, Yes);
        assert_eq!((table.get(0), table.close_on_exec(0)), (Some(&9), Ok(Yes)));
    }

    #[test]
    fn a_replaced_file_is_handed_back_and_loses_its_flag() {
        let mut table = FdTable::new();
        table.insert(1, Yes, 0, 16).unwrap();
        assert_eq!(table.replace(0, 2, No, 16), Ok(Some(1)));
        assert_eq!(table.close_on_exec(0), Ok(No));
        assert_eq!(table.replace(15, 3, Yes, 16), Ok(None));
        assert_eq!(table.replace(16, 4, No, 16), Err(Errno::EBADF));
        assert_eq!(table.take_close_on_exec(0), Some((15, 3)));
        assert_eq!(table.take_close_on_exec(0), None);
        assert_eq!(table.set_close_on_exec(9, Yes), Err(Errno::EBADF));
        assert_eq!(table.get(u32::MAX), None);
        assert_eq!(table.remove(u32::MAX), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn it_is_a_map_of_numbers(
            steps in prop::collection::vec((0u8..8, 0u32..90, any::<bool>()), 1..150),
        ) {
            let mut table = FdTable::new();
            let mut model = BTreeMap::<u32, (usize, bool)>::new();
            const LIMIT: u32 = 80;
            for (value, (verb, fd, close)) in steps.into_iter().enumerate() {
                let flag = if close { Yes } else { No };
                match verb {
                    0..3 => {
                        let from = fd % 4 * 20;
                        let free = (from..LIMIT).find(|fd| !model.contains_key(fd));
                        let expected = free.ok_or(Errno::EMFILE);
                        prop_assert_eq!(table.insert(value, flag, from, LIMIT), expected);
                        free.map(|fd| model.insert(fd, (value, close)));
                    }
                    3 | 4 => {
                        let expected = model.remove(&fd).map(|(value, _)| value);
                        prop_assert_eq!(table.remove(fd), expected);
                    }
                    5 => {
                        let replaced = table.replace(fd, value, flag, LIMIT);
                        if fd < LIMIT {
                            let old = model.insert(fd, (value, close)).map(|(value, _)| value);
                            prop_assert_eq!(replaced, Ok(old));
                        } else {
                            prop_assert_eq!(replaced, Err(Errno::EBADF));
                        }
                    }
                    6 => {
                        let set = table.set_close_on_exec(fd, flag);
                        prop_assert_eq!(set.is_ok(), model.contains_key(&fd));
                        model.entry(fd).and_modify(|(_, old)| *old = close);
                    }
                    _ => {
                        table = table.try_clone().unwrap();
                        let next = model.range(fd..).next().map(|(fd, _)| *fd);
                        prop_assert_eq!(table.next(fd), next);
                    }
                }
                let found: Vec<_> = (0..100).filter_map(|fd| {
                    Some((fd, (*table.get(fd)?, table.close_on_exec(fd) == Ok(Yes))))
                }).collect();
                prop_assert_eq!(found, model.clone().into_iter().collect::<Vec<_>>());
            }
        }
    }
}
