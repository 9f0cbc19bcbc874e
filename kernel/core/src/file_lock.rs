//! Locks on ranges of a file: `fcntl`'s, which belong to a process, and `flock`'s, which belong to
//! an open-file description and cover the whole file.
//!
//! The list is ordered by owner and start. An owner's ranges do not overlap, and touching ones of
//! a kind are one.

use crate::arena::fit;
use abi::errno::Errno;
use alloc::vec::Vec;
use core::cmp::Ordering;

/// The last position.
pub const END: u64 = i64::MAX as u64;

/// A lock, held or wanted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FileLock {
    /// Who holds it: any number, one per owner.
    pub owner: u32,
    /// For F_GETLK.
    pub pid: u32,
    /// A write lock: nobody else may have any.
    pub exclusive: bool,
    pub start: u64,
    /// The last position it covers.
    pub last: u64,
}

impl FileLock {
    fn overlaps(&self, other: &Self) -> bool {
        self.start <= other.last && other.start <= self.last
    }

    fn touches(&self, other: &Self) -> bool {
        self.start <= other.last.saturating_add(1) && other.start <= self.last.saturating_add(1)
    }

    fn conflicts(&self, other: &Self) -> bool {
        self.owner != other.owner && (self.exclusive || other.exclusive) && self.overlaps(other)
    }

    fn order(&self, other: &Self) -> Ordering {
        (self.owner, self.start).cmp(&(other.owner, other.start))
    }
}

/// The locks of one kind on one file.
#[derive(Debug, Default)]
pub struct FileLocks {
    locks: Vec<FileLock>,
}

impl FileLocks {
    pub const fn new() -> Self {
        Self { locks: Vec::new() }
    }

    pub fn is_empty(&self) -> bool {
        self.locks.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> u32 {
        self.locks.len() as u32
    }

    /// A lock in the way of `wanted`.
    pub fn conflict(&self, wanted: &FileLock) -> Option<&FileLock> {
        self.locks.iter().find(|lock| lock.conflicts(wanted))
    }

    /// Sets a lock that nothing is in the way of, replacing what its owner had there. ENOLCK
    /// without memory.
    pub fn set(&mut self, lock: FileLock) -> Result<(), Errno> {
        debug_assert!(self.conflict(&lock).is_none() && lock.start <= lock.last);
        self.replace(lock, true)
    }

    /// Removes what `owner` has from `start` to `last`. ENOLCK without memory: the middle of a
    /// range may make two.
    pub fn unlock(&mut self, owner: u32, start: u64, last: u64) -> Result<(), Errno> {
        let hole = FileLock { owner, pid: 0, exclusive: false, start, last };
        self.replace(hole, false)
    }

    /// Takes the range out of its owner's locks and puts it in again if it is `kept`.
    fn replace(&mut self, new: FileLock, kept: bool) -> Result<(), Errno> {
        // At most one range is cut in two, and one is new.
        self.locks.try_reserve(2).map_err(|_| Errno::ENOLCK)?;
        let mut new = new;
        let mut tail = None;
        self.locks.retain_mut(|lock| {
            if lock.owner != new.owner {
                return true;
            }
            if kept && lock.exclusive == new.exclusive && lock.touches(&new) {
                new.start = new.start.min(lock.start);
                new.last = new.last.max(lock.last);
                return false;
            }
            if !lock.overlaps(&new) {
                return true;
            }
            let whole = *lock;
            if whole.last > new.last {
                tail = Some(FileLock { start: new.last + 1, ..whole });
            }
            // What is left before the range, if anything.
            if whole.start < new.start {
                lock.last = new.start - 1;
            }
            whole.start < new.start
        });
        for lock in tail.into_iter().chain(kept.then_some(new)) {
            let place = self.locks.partition_point(|other| other.order(&lock).is_lt());
            self.locks.insert(place, lock);
        }
        Ok(())
    }

    /// Removes everything `owner` has; false if there was nothing.
    pub fn remove_owner(&mut self, owner: u32) -> bool {
        let before = self.locks.len();
        self.locks.retain(|lock| lock.owner != owner);
        self.locks.len() != before
    }
}

/// Who waits for whom: a circle would never end (EDEADLK).
#[derive(Debug, Default)]
pub struct Waiting {
    /// (waiting owner, the owner it waits for)
    edges: Vec<(u32, u32)>,
}

/// So many owners in a row are looked at.
const MAX_CHAIN: usize = 10;

impl Waiting {
    pub const fn new() -> Self {
        Self { edges: Vec::new() }
    }

    /// Notes that `owner` waits for `holder`. EDEADLK if that one waits for `owner`, perhaps
    /// through others; ENOLCK without memory.
    pub fn add(&mut self, owner: u32, holder: u32) -> Result<(), Errno> {
        let mut at = holder;
        for _ in 0..MAX_CHAIN {
            if at == owner {
                return Err(Errno::EDEADLK);
            }
            let Some((_, next)) = self.edges.iter().find(|(waiting, _)| *waiting == at) else {
                break;
            };
            at = *next;
        }
        self.edges.try_reserve(1).map_err(|_| Errno::ENOLCK)?;
        self.edges.push((owner, holder));
        Ok(())
    }

    /// `owner` waits no more for `holder`.
    pub fn remove(&mut self, owner: u32, holder: u32) {
        if let Some(index) = self.edges.iter().position(|edge| *edge == (owner, holder)) {
            self.edges.swap_remove(index);
        }
    }

    /// Gives unused memory back.
    pub fn shrink(&mut self) {
        fit(&mut self.edges);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lock(owner: u32, exclusive: bool, start: u64, last: u64) -> FileLock {
        FileLock { owner, pid: owner + 100, exclusive, start, last }
    }

    #[test]
    fn readers_share_and_writers_do_not() {
        let mut locks = FileLocks::new();
        locks.set(lock(1, false, 0, 9)).unwrap();
        assert_eq!(locks.conflict(&lock(2, false, 0, END)), None);
        assert_eq!(locks.conflict(&lock(2, true, 9, 20)).unwrap().pid, 101);
        assert_eq!(locks.conflict(&lock(2, true, 10, 20)), None);
        assert_eq!(locks.conflict(&lock(1, true, 0, END)), None, "one's own is not in the way");
    }

    #[test]
    fn ranges_are_cut_and_joined() {
        let mut locks = FileLocks::new();
        locks.set(lock(1, true, 0, 99)).unwrap();
        locks.unlock(1, 40, 59).unwrap();
        assert_eq!(locks.locks, [lock(1, true, 0, 39), lock(1, true, 60, 99)]);
        locks.set(lock(1, false, 30, 69)).unwrap();
        assert_eq!(
            locks.locks,
            [lock(1, true, 0, 29), lock(1, false, 30, 69), lock(1, true, 70, 99)]
        );
        locks.set(lock(1, true, 30, 69)).unwrap();
        assert_eq!(locks.locks, [lock(1, true, 0, 99)]);
        locks.set(lock(1, true, 100, END)).unwrap();
        assert_eq!(locks.locks, [lock(1, true, 0, END)], "touching ranges are one");
        assert!(locks.remove_owner(1) && !locks.remove_owner(1) && locks.is_empty());
    }

    #[test]
    fn a_circle_of_waiters_is_refused() {
        let mut waiting = Waiting::new();
        waiting.add(1, 2).unwrap();
        waiting.add(2, 3).unwrap();
        assert_eq!(waiting.add(3, 1), Err(Errno::EDEADLK));
        assert_eq!(waiting.add(4, 4), Err(Errno::EDEADLK));
        waiting.remove(1, 2);
        waiting.add(3, 1).unwrap();
        waiting.remove(2, 3);
        waiting.shrink();
        assert_eq!((waiting.edges.len(), waiting.edges.capacity()), (1, 1));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        /// Against a map that says for each position and owner what it holds.
        #[test]
        fn positions_are_held_as_in_a_map(
            steps in proptest::collection::vec((0u8..3, 0u32..3, 0u64..24, 0u64..24), 1..60)
        ) {
            let mut locks = FileLocks::new();
            let mut map = [[None::<bool>; 3]; 24];
            for (step, owner, a, b) in steps {
                let (start, last) = (a.min(b), a.max(b));
                let range = start as usize..=last as usize;
                if step == 0 {
                    locks.unlock(owner, start, last).unwrap();
                    map[range].iter_mut().for_each(|held| held[owner as usize] = None);
                    continue;
                }
                let wanted = lock(owner, step == 1, start, last);
                let in_the_way = map[range.clone()].iter().any(|held| {
                    (0..3).any(|other| other != owner as usize
                        && held[other].is_some_and(|exclusive| exclusive || wanted.exclusive))
                });
                prop_assert_eq!(locks.conflict(&wanted).is_some(), in_the_way);
                if !in_the_way {
                    locks.set(wanted).unwrap();
                    map[range].iter_mut().for_each(|held| {
                        held[owner as usize] = Some(wanted.exclusive);
                    });
                }
                for (position, held) in map.iter().enumerate() {
                    for (owner, held) in (0u32..).zip(held) {
                        let position = position as u64;
                        let found = locks.locks.iter().find(|lock| {
                            lock.owner == owner && (lock.start..=lock.last).contains(&position)
                        });
                        prop_assert_eq!(found.map(|lock| lock.exclusive), *held);
                    }
                }
                for pair in locks.locks.windows(2) {
                    let joined = pair[0].owner == pair[1].owner
                        && pair[0].exclusive == pair[1].exclusive
                        && pair[0].touches(&pair[1]);
                    prop_assert!(pair[0].order(&pair[1]).is_lt() && !joined);
                }
            }
        }
    }
}
