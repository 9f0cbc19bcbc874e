//! What is mounted where.

use super::Place;
use abi::errno::Errno;
use alloc::vec::Vec;

/// Mounts at the same time.
pub const MAX_MOUNTS: usize = 32;

struct Mounted<N, T> {
    number: u32,
    covered: Place<N>,
    root: N,
    /// On its directory; else only who is in its tree knows it.
    is_attached: bool,
    value: T,
}

/// The mounts besides the first tree, whose number is 0. Numbers are not used again.
pub struct Mounts<N, T> {
    mounts: Vec<Mounted<N, T>>,
    last: u32,
}

impl<N: Copy + Eq, T> Mounts<N, T> {
    pub const fn new() -> Self {
        Self { mounts: Vec::new(), last: 0 }
    }

    /// The number of a mount that is about to be made. ENOSPC if there are no more.
    pub fn next_number(&mut self) -> Result<u32, Errno> {
        self.last = self.last.checked_add(1).ok_or(Errno::ENOSPC)?;
        Ok(self.last)
    }

    /// Mounts a tree with this root on a directory, under a number of its own. EBUSY if something is
    /// mounted there already, ENOSPC if there are too many; the value is lost then.
    pub fn mount(
        &mut self,
        number: u32,
        covered: Place<N>,
        root: N,
        value: T,
    ) -> Result<(), Errno> {
        if self.mounted_on(covered).is_some() {
            return Err(Errno::EBUSY);
        }
        if self.mounts.len() == MAX_MOUNTS {
            return Err(Errno::ENOSPC);
        }
        self.mounts.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
        self.mounts.push(Mounted { number, covered, root, is_attached: true, value });
        Ok(())
    }

    /// Ends a mount that nobody uses any more, as `is_unused` says: else EBUSY, as while something is
    /// mounted in its tree. EINVAL if there is no such mount.
    pub fn unmount(&mut self, number: u32, is_unused: impl FnOnce(&T) -> bool) -> Result<T, Errno> {
        let index = self.to_end(number)?;
        if !self.mounts.get(index).is_some_and(|mount| is_unused(&mount.value)) {
            return Err(Errno::EBUSY);
        }
        Ok(self.mounts.remove(index).value)
    }

    /// Takes a mount from its directory, though it may be in use: its users still find it, until it is
    /// [removed](Self::remove). EBUSY while something is mounted in its tree, EINVAL if there is no such
    /// mount. Returns its value.
    pub fn detach(&mut self, number: u32) -> Result<&mut T, Errno> {
        let index = self.to_end(number)?;
        let mount = self.mounts.get_mut(index).ok_or(Errno::EINVAL)?;
        mount.is_attached = false;
        Ok(&mut mount.value)
    }

    /// The index of a mount that is to end.
    fn to_end(&self, number: u32) -> Result<usize, Errno> {
        let index = self.index(number).ok_or(Errno::EINVAL)?;
        if !self.mounts.get(index).is_some_and(|mount| mount.is_attached) {
            return Err(Errno::EINVAL);
        }
        if self.attached().any(|mount| mount.covered.mount == number) {
            return Err(Errno::EBUSY);
        }
        Ok(index)
    }

    /// The last user of a mount is gone.
    pub fn remove(&mut self, number: u32) -> Option<T> {
        let index = self.index(number)?;
        Some(self.mounts.remove(index).value)
    }

    fn index(&self, number: u32) -> Option<usize> {
        self.mounts.iter().position(|mount| mount.number == number)
    }

    fn attached(&self) -> impl Iterator<Item = &Mounted<N, T>> {
        self.mounts.iter().filter(|mount| mount.is_attached)
    }

    pub fn get(&self, number: u32) -> Option<&T> {
        self.mounts.get(self.index(number)?).map(|mount| &mount.value)
    }

    /// The root of what is mounted on a directory.
    pub fn mounted_on(&self, place: Place<N>) -> Option<Place<N>> {
        let mount = self.attached().find(|mount| mount.covered == place)?;
        Some(Place { mount: mount.number, node: mount.root })
    }

    /// The directory that the mount with this root is mounted on.
    pub fn covered_by(&self, root: Place<N>) -> Option<Place<N>> {
        let mount = self.attached().find(|mount| mount.number == root.mount)?;
        (mount.root == root.node).then_some(mount.covered)
    }

    /// All that are on their directories, the oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.attached().map(|mount| &mount.value)
    }
}

impl<N: Copy + Eq, T> Default for Mounts<N, T> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn place(mount: u32, node: u32) -> Place<u32> {
        Place { mount, node }
    }

    /// Mounts something under the next number, which is its value too.
    fn mount(mounts: &mut Mounts<u32, u32>, covered: Place<u32>) -> Result<u32, Errno> {
        let number = mounts.next_number()?;
        mounts.mount(number, covered, 1, number).map(|()| number)
    }

    #[test]
    fn a_mount_is_found_from_both_sides_until_it_ends() {
        let mut mounts = Mounts::new();
        assert_eq!(mount(&mut mounts, place(0, 7)), Ok(1));
        assert_eq!(mount(&mut mounts, place(0, 7)), Err(Errno::EBUSY));
        assert_eq!(mount(&mut mounts, place(1, 9)), Ok(3));
        assert_eq!(mounts.mounted_on(place(0, 7)), Some(place(1, 1)));
        assert_eq!((mounts.mounted_on(place(0, 1)), mounts.mounted_on(place(1, 1))), (None, None));
        assert_eq!(mounts.covered_by(place(3, 1)), Some(place(1, 9)));
        assert_eq!((mounts.covered_by(place(3, 2)), mounts.covered_by(place(0, 1))), (None, None));
        assert_eq!(mounts.unmount(1, |_| true), Err(Errno::EBUSY));
        assert_eq!(mounts.detach(1), Err(Errno::EBUSY));
        assert_eq!(mounts.unmount(3, |_| false), Err(Errno::EBUSY));
        assert_eq!(mounts.unmount(3, |value| *value == 3), Ok(3));
        assert_eq!(mounts.unmount(3, |_| true), Err(Errno::EINVAL));
        assert_eq!(mount(&mut mounts, place(0, 8)), Ok(4));
        assert_eq!(mounts.iter().collect::<Vec<_>>(), [&1, &4]);
    }

    #[test]
    fn what_is_detached_is_known_by_its_number_only() {
        let mut mounts = Mounts::new();
        assert_eq!(mount(&mut mounts, place(0, 7)), Ok(1));
        assert_eq!(mounts.detach(1), Ok(&mut 1));
        assert_eq!((mounts.mounted_on(place(0, 7)), mounts.covered_by(place(1, 1))), (None, None));
        assert_eq!((mounts.get(1), mounts.iter().count()), (Some(&1), 0));
        assert_eq!(mounts.detach(1), Err(Errno::EINVAL));
        assert_eq!(mounts.unmount(1, |_| true), Err(Errno::EINVAL));
        assert_eq!(mount(&mut mounts, place(0, 7)), Ok(2));
        assert_eq!(mounts.remove(1), Some(1));
        assert_eq!(mounts.remove(1), None);
        assert_eq!(mounts.get(1), None);
        assert_eq!(mounts.mounted_on(place(0, 7)), Some(place(2, 1)));
    }

    proptest! {
        #[test]
        fn mounts_are_a_map_of_places(steps in prop::collection::vec((0..5u32, 0..40u32, any::<bool>()), 1..120)) {
            let mut mounts = Mounts::new();
            let mut model: BTreeMap<Place<u32>, u32> = BTreeMap::new();
            for (parent, node, adds) in steps {
                let at = place(parent, node);
                if adds {
                    let expected = match model.contains_key(&at) {
                        true => Err(Errno::EBUSY),
                        false if model.len() == MAX_MOUNTS => Err(Errno::ENOSPC),
                        false => Ok(()),
                    };
                    let made = mount(&mut mounts, at);
                    prop_assert_eq!(made.map(drop), expected);
                    made.into_iter().for_each(|number| _ = model.insert(at, number));
                } else if let Some(number) = model.get(&at).copied() {
                    let is_busy = model.keys().any(|place| place.mount == number);
                    prop_assert_eq!(mounts.unmount(number, |_| true).is_err(), is_busy);
                    if !is_busy {
                        model.remove(&at);
                    }
                }
                for (at, number) in &model {
                    prop_assert_eq!(mounts.mounted_on(*at), Some(place(*number, 1)));
                    prop_assert_eq!(mounts.covered_by(place(*number, 1)), Some(*at));
                    prop_assert_eq!(mounts.get(*number), Some(number));
                }
                prop_assert_eq!(mounts.iter().count(), model.len());
            }
        }
    }
}
