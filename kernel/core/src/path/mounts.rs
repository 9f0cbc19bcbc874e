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

    /// Mounts a tree with this root on a directory; returns its number. `value` is made for that
    /// number. EBUSY if something is mounted there already, ENOSPC if there are too many.
    pub fn mount(
        &mut self,
        covered: Place<N>,
        root: N,
        value: impl FnOnce(u32) -> Result<T, Errno>,
    ) -> Result<u32, Errno> {
        if self.mounted_on(covered).is_some() {
            return Err(Errno::EBUSY);
        }
        if self.mounts.len() == MAX_MOUNTS {
            return Err(Errno::ENOSPC);
        }
        let number = self.last.checked_add(1).ok_or(Errno::ENOSPC)?;
        self.mounts.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
        let value = value(number)?;
        self.mounts.push(Mounted { number, covered, root, value });
        self.last = number;
        Ok(number)
    }

    /// Ends a mount that nobody uses any more, as `is_unused` says: else EBUSY, as while something is
    /// mounted in its tree. EINVAL if there is no such mount.
    pub fn unmount(&mut self, number: u32, is_unused: impl FnOnce(&T) -> bool) -> Result<T, Errno> {
        let index = self.index(number).ok_or(Errno::EINVAL)?;
        let has_mounts = self.mounts.iter().any(|mount| mount.covered.mount == number);
        if has_mounts || !self.mounts.get(index).is_some_and(|mount| is_unused(&mount.value)) {
            return Err(Errno::EBUSY);
        }
        Ok(self.mounts.remove(index).value)
    }

    fn index(&self, number: u32) -> Option<usize> {
        self.mounts.iter().position(|mount| mount.number == number)
    }

    pub fn get(&self, number: u32) -> Option<&T> {
        self.mounts.get(self.index(number)?).map(|mount| &mount.value)
    }

    /// The root of what is mounted on a directory.
    pub fn mounted_on(&self, place: Place<N>) -> Option<Place<N>> {
        let mount = self.mounts.iter().find(|mount| mount.covered == place)?;
        Some(Place { mount: mount.number, node: mount.root })
    }

    /// The directory that the mount with this root is mounted on.
    pub fn covered_by(&self, root: Place<N>) -> Option<Place<N>> {
        let mount = self.mounts.get(self.index(root.mount)?)?;
        (mount.root == root.node).then_some(mount.covered)
    }

    /// All, the oldest first, with their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        self.mounts.iter().map(|mount| (mount.number, &mount.value))
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

    #[test]
    fn a_mount_is_found_from_both_sides_until_it_ends() {
        let mut mounts = Mounts::new();
        assert_eq!(mounts.mount(place(0, 7), 1, |_| Err(Errno::ENOMEM)), Err(Errno::ENOMEM));
        assert_eq!(mounts.mount(place(0, 7), 1, Ok), Ok(1));
        assert_eq!(mounts.mount(place(0, 7), 1, Ok), Err(Errno::EBUSY));
        assert_eq!(mounts.mount(place(1, 9), 1, Ok), Ok(2));
        assert_eq!(mounts.mounted_on(place(0, 7)), Some(place(1, 1)));
        assert_eq!((mounts.mounted_on(place(0, 1)), mounts.mounted_on(place(1, 1))), (None, None));
        assert_eq!(mounts.covered_by(place(2, 1)), Some(place(1, 9)));
        assert_eq!((mounts.covered_by(place(2, 2)), mounts.covered_by(place(0, 1))), (None, None));
        assert_eq!(mounts.unmount(1, |_| true), Err(Errno::EBUSY));
        assert_eq!(mounts.unmount(2, |_| false), Err(Errno::EBUSY));
        assert_eq!(mounts.unmount(2, |value| *value == 2), Ok(2));
        assert_eq!(mounts.unmount(2, |_| true), Err(Errno::EINVAL));
        assert_eq!(mounts.mount(place(0, 8), 1, Ok), Ok(3));
        assert_eq!(mounts.iter().collect::<Vec<_>>(), [(1, &1), (3, &3)]);
    }

    proptest! {
        #[test]
        fn mounts_are_a_map_of_places(steps in prop::collection::vec((0..5u32, 0..40u32, any::<bool>()), 1..120)) {
            let mut mounts = Mounts::new();
            let mut model: BTreeMap<Place<u32>, u32> = BTreeMap::new();
            for (mount, node, adds) in steps {
                let at = place(mount, node);
                if adds {
                    let expected = match model.contains_key(&at) {
                        true => Err(Errno::EBUSY),
                        false if model.len() == MAX_MOUNTS => Err(Errno::ENOSPC),
                        false => Ok(()),
                    };
                    let made = mounts.mount(at, 1, Ok);
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
