//! Slots with 32-bit ids in frame-sized chunks that never move.
//!
//! ```text
//!  near ──► [chunk 0][chunk 1] ... 1024 pointers, one frame at most
//!  far  ──► [directory of 1024 chunks] ...        only past 1024 chunks
//! ```
//!
//! A chunk is one allocation of at most a frame, so no big contiguous block is ever needed, and a
//! small arena costs one chunk. [`Arena::reserve`] may fail; what was reserved, [`Arena::insert`]
//! takes without failing. Trees, lists and intervals of the kernel link their nodes by id.

use alloc::{boxed::Box, vec::Vec};
use core::ops::{Index, IndexMut};

/// "No slot" in a link.
pub const NIL: u32 = u32::MAX;

/// Pointers in one directory: what a frame holds on the 32-bit target.
const DIRECTORY: usize = 1024;

/// No memory for another chunk, or no more ids.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NoMemory;

/// A `T` with a spare bit pattern (a `NonZeroU8` will do) makes the slot as small as the `T`.
enum Slot<T> {
    /// The next free slot.
    Free(u32),
    Used(T),
}

type Chunk<T, const N: usize> = Box<[Slot<T>; N]>;

/// `N` slots a chunk, a power of two; on the target a chunk must fit a frame.
pub struct Arena<T, const N: usize> {
    near: Vec<Chunk<T, N>>,
    far: Vec<Vec<Chunk<T, N>>>,
    free: u32,
    free_count: u32,
    used_count: u32,
}

impl<T, const N: usize> Default for Arena<T, N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T, const N: usize> Arena<T, N> {
    /// An arena without chunks.
    pub const fn new() -> Self {
        const {
            assert!(N.is_power_of_two());
            assert!(cfg!(not(target_pointer_width = "32")) || size_of::<[Slot<T>; N]>() <= 4096);
        }
        Self { near: Vec::new(), far: Vec::new(), free: NIL, free_count: 0, used_count: 0 }
    }

    /// Slots in use.
    pub fn len(&self) -> u32 {
        self.used_count
    }

    pub fn is_empty(&self) -> bool {
        self.used_count == 0
    }

    /// Chunks held, a frame each.
    pub fn chunks(&self) -> u32 {
        (self.free_count + self.used_count) / N as u32
    }

    /// Ids are below it.
    pub fn slots(&self) -> u32 {
        self.free_count + self.used_count
    }

    /// Makes the next `slots` insertions succeed.
    #[inline]
    pub fn reserve(&mut self, slots: u32) -> Result<(), NoMemory> {
        while self.free_count < slots {
            self.grow()?;
        }
        Ok(())
    }

    /// Takes a slot. Panics if none was reserved.
    #[inline]
    pub fn insert(&mut self, value: T) -> u32 {
        let id = self.free;
        let slot = match self.slot_mut(id) {
            Some(slot) => slot,
            None => none_reserved(),
        };
        let Slot::Free(next) = *slot else { none_reserved() };
        *slot = Slot::Used(value);
        self.free = next;
        self.free_count -= 1;
        self.used_count += 1;
        id
    }

    /// Gives a slot back. `None` if `id` names no slot in use.
    #[inline]
    pub fn remove(&mut self, id: u32) -> Option<T> {
        let free = self.free;
        let slot = self.slot_mut(id)?;
        if matches!(slot, Slot::Free(_)) {
            return None;
        }
        let Slot::Used(value) = core::mem::replace(slot, Slot::Free(free)) else {
            return None;
        };
        self.free = id;
        self.free_count += 1;
        self.used_count -= 1;
        Some(value)
    }

    /// `None` if `id` names no slot in use.
    #[inline(always)]
    pub fn get(&self, id: u32) -> Option<&T> {
        let slot = match self.near.get(id as usize / N) {
            Some(chunk) => &chunk[id as usize % N],
            None => self.far_slot(id)?,
        };
        match slot {
            Slot::Used(value) => Some(value),
            Slot::Free(_) => None,
        }
    }

    /// `None` if `id` names no slot in use.
    #[inline(always)]
    pub fn get_mut(&mut self, id: u32) -> Option<&mut T> {
        match self.slot_mut(id)? {
            Slot::Used(value) => Some(value),
            Slot::Free(_) => None,
        }
    }

    /// Two at once. `None` if they are one, if either names no slot in use, or lies past the first
    /// directory.
    #[inline]
    pub fn pair_mut(&mut self, one: u32, other: u32) -> Option<(&mut T, &mut T)> {
        let (chunk, other_chunk) = (one as usize / N, other as usize / N);
        let (place, other_place) = (one as usize % N, other as usize % N);
        let pair = if chunk == other_chunk {
            let chunk = self.near.get_mut(chunk)?;
            let [one, other] = chunk.get_disjoint_mut([place, other_place]).ok()?;
            (one, other)
        } else {
            let [one, other] = self.near.get_disjoint_mut([chunk, other_chunk]).ok()?;
            (&mut one[place], &mut other[other_place])
        };
        match pair {
            (Slot::Used(one), Slot::Used(other)) => Some((one, other)),
            _ => None,
        }
    }

    /// Empties the arena and gives all chunks back.
    pub fn clear(&mut self) {
        *self = Self::new();
    }

    /// Gives the unused chunks at the end back and prefers low ids from now on. Visits every slot.
    pub fn shrink(&mut self) {
        self.shrink_to(0);
    }

    /// The same, and the next `slots` insertions that would have succeeded still do.
    pub fn shrink_to(&mut self, slots: u32) {
        while let Some(chunk) = self.last_chunk() {
            if self.free_count < slots.saturating_add(N as u32) {
                break;
            }
            if chunk.iter().any(|slot| matches!(slot, Slot::Used(_))) {
                break;
            }
            self.pop_chunk();
            self.free_count -= N as u32;
        }
        fit(&mut self.near);
        self.far.last_mut().into_iter().for_each(fit);
        fit(&mut self.far);
        self.free = NIL;
        for id in (0..self.free_count + self.used_count).rev() {
            let next = self.free;
            if let Some(slot @ Slot::Free(_)) = self.slot_mut(id) {
                *slot = Slot::Free(next);
                self.free = id;
            }
        }
    }

    #[inline(always)]
    fn slot_mut(&mut self, id: u32) -> Option<&mut Slot<T>> {
        let chunk = id as usize / N;
        let chunk = if chunk < self.near.len() {
            &mut self.near[chunk]
        } else {
            let far = chunk.checked_sub(DIRECTORY)?;
            self.far.get_mut(far / DIRECTORY)?.get_mut(far % DIRECTORY)?
        };
        Some(&mut chunk[id as usize % N])
    }

    #[cold]
    #[inline(never)]
    fn far_slot(&self, id: u32) -> Option<&Slot<T>> {
        let far = (id as usize / N).checked_sub(DIRECTORY)?;
        Some(&self.far.get(far / DIRECTORY)?.get(far % DIRECTORY)?[id as usize % N])
    }

    fn last_chunk(&self) -> Option<&Chunk<T, N>> {
        self.far.last().and_then(|directory| directory.last()).or_else(|| self.near.last())
    }

    fn pop_chunk(&mut self) {
        match self.far.last_mut() {
            Some(directory) => {
                directory.pop();
                if directory.is_empty() {
                    self.far.pop();
                }
            }
            None => {
                self.near.pop();
            }
        }
    }

    /// Adds a chunk, its slots in front of the free list in the order of their ids.
    #[cold]
    #[inline(never)]
    fn grow(&mut self) -> Result<(), NoMemory> {
        let first = self.free_count + self.used_count;
        let end = first.checked_add(N as u32).ok_or(NoMemory)?;
        let mut slots = Vec::new();
        slots.try_reserve_exact(N).map_err(|_| NoMemory)?;
        slots.extend((first + 1..end).map(Slot::Free));
        slots.push(Slot::Free(self.free));
        self.push_chunk(slots)?;
        self.free = first;
        self.free_count += N as u32;
        Ok(())
    }

    fn push_chunk(&mut self, slots: Vec<Slot<T>>) -> Result<(), NoMemory> {
        let chunk = Chunk::try_from(slots.into_boxed_slice()).map_err(|_| NoMemory)?;
        self.directory_with_room()?.push(chunk);
        Ok(())
    }

    fn directory_with_room(&mut self) -> Result<&mut Vec<Chunk<T, N>>, NoMemory> {
        let directory = if self.near.len() < DIRECTORY {
            &mut self.near
        } else {
            if self.far.last().is_none_or(|directory| directory.len() == DIRECTORY) {
                let mut directory = Vec::new();
                directory.try_reserve_exact(1).map_err(|_| NoMemory)?;
                self.far.try_reserve(1).map_err(|_| NoMemory)?;
                self.far.push(directory);
            }
            self.far.last_mut().ok_or(NoMemory)?
        };
        directory.try_reserve(1).map_err(|_| NoMemory)?;
        Ok(directory)
    }
}

/// Gives back what the list has reserved and does not hold, if there is memory for a shorter list.
pub(crate) fn fit<T>(list: &mut Vec<T>) {
    let mut fitting = Vec::new();
    if list.capacity() != list.len() && fitting.try_reserve_exact(list.len()).is_ok() {
        fitting.append(list);
        *list = fitting;
    }
}

/// For ids the owner of the arena wrote itself: panics if `id` names no slot in use.
impl<T, const N: usize> Index<u32> for Arena<T, N> {
    type Output = T;

    #[inline(always)]
    fn index(&self, id: u32) -> &T {
        self.get(id).unwrap_or_else(|| no_slot(id))
    }
}

impl<T, const N: usize> IndexMut<u32> for Arena<T, N> {
    #[inline(always)]
    fn index_mut(&mut self, id: u32) -> &mut T {
        self.get_mut(id).unwrap_or_else(|| no_slot(id))
    }
}

#[cold]
#[inline(never)]
fn none_reserved() -> ! {
    panic!("arena: insertion without reservation")
}

#[cold]
#[inline(never)]
fn no_slot(id: u32) -> ! {
    panic!("arena: no slot {id}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::num::NonZeroU8;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[test]
    fn a_spare_bit_pattern_makes_the_slot_free_of_cost() {
        struct Node(#[allow(dead_code)] [u32; 15], #[allow(dead_code)] NonZeroU8);
        assert_eq!(size_of::<Slot<Node>>(), size_of::<Node>());
        assert_eq!(size_of::<Node>(), 64);
    }

    #[test]
    fn ten_small_slots_cost_one_chunk() {
        let mut arena = Arena::<u32, 64>::new();
        arena.reserve(10).unwrap();
        let ids: std::vec::Vec<_> = (0..10).map(|n| arena.insert(n)).collect();
        assert_eq!(ids, (0..10).collect::<std::vec::Vec<_>>());
        assert_eq!(arena.chunks(), 1);
    }

    #[test]
    fn ids_past_the_near_directory_work_the_same() {
        let mut arena = Arena::<u32, 2>::new();
        let count = 2 * 1024 * 3 + 8;
        arena.reserve(count).unwrap();
        let mut seen: std::vec::Vec<_> = (0..count).map(|_| arena.insert(0)).collect();
        seen.iter().for_each(|&id| *arena.get_mut(id).unwrap() = id * 3);
        seen.sort();
        assert_eq!(seen, (0..count).collect::<std::vec::Vec<_>>());
        assert!(seen.iter().all(|&id| arena.get(id) == Some(&(id * 3))));
        assert_eq!(arena.remove(count - 1), Some(count * 3 - 3));
        assert_eq!(arena.get(count - 1), None);
        assert_eq!(arena.far.len(), 3);
    }

    #[test]
    fn bad_ids_are_none() {
        let mut arena = Arena::<u32, 4>::new();
        assert_eq!(arena.get(0), None);
        arena.reserve(1).unwrap();
        let id = arena.insert(5);
        for bad in [id + 1, id + 100, NIL] {
            assert_eq!(arena.get(bad), None);
            assert_eq!(arena.get_mut(bad), None);
            assert_eq!(arena.remove(bad), None);
        }
        assert_eq!(arena.remove(id), Some(5));
        assert_eq!(arena.remove(id), None);
    }

    #[test]
    fn shrinking_gives_the_unused_end_back() {
        let mut arena = Arena::<u32, 4>::new();
        arena.reserve(5000).unwrap();
        (0..5000).for_each(|n| _ = arena.insert(n));
        (3..5000).chain([1]).for_each(|id| _ = arena.remove(id));
        arena.shrink();
        assert_eq!(arena.chunks(), 1);
        assert!(arena.get(0).is_some() && arena.get(1).is_none() && arena.get(2).is_some());
        assert_eq!(arena.insert(9), 1);
    }

    #[test]
    fn shrinking_leaves_what_is_wanted() {
        let mut arena = Arena::<u32, 4>::new();
        arena.reserve(40).unwrap();
        // The lowest come first from here on.
        arena.shrink_to(40);
        let ids = [arena.insert(7), arena.insert(8)];
        for (wanted, chunks) in [(50, 10), (30, 8), (3, 2), (2, 1), (0, 1)] {
            arena.shrink_to(wanted);
            assert_eq!(arena.chunks(), chunks, "{wanted}");
        }
        assert_eq!(ids.map(|id| *arena.get(id).unwrap()), [7, 8]);
    }

    #[test]
    fn shrinking_leaves_no_room_in_the_directories() {
        let mut arena = Arena::<u32, 2>::new();
        arena.reserve(2 * 1024 * 2 + 10).unwrap();
        (0..arena.slots()).for_each(|n| _ = arena.insert(n));
        for left in [2500, 5, 0] {
            (left..arena.len()).for_each(|id| _ = arena.remove(id));
            arena.shrink();
            assert_eq!((arena.len(), arena.chunks()), (left, left.div_ceil(2)));
            assert_eq!(arena.near.capacity(), arena.near.len());
            assert_eq!(arena.far.capacity(), arena.far.len());
            assert!(arena.far.iter().all(|directory| directory.capacity() == directory.len()));
        }
    }

    #[test]
    #[should_panic(expected = "without reservation")]
    fn insertion_without_reservation_is_a_bug() {
        Arena::<u32, 4>::new().insert(1);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn an_arena_is_a_map_from_ids(steps in prop::collection::vec((any::<bool>(), any::<u32>()), 1..200)) {
            let mut arena = Arena::<u32, 8>::new();
            let mut model = BTreeMap::new();
            for (add, value) in steps {
                if add {
                    arena.reserve(1).unwrap();
                    let id = arena.insert(value);
                    prop_assert_eq!(model.insert(id, value), None);
                } else if let Some(&id) = model.keys().nth(value as usize % model.len().max(1)) {
                    prop_assert_eq!(arena.remove(id), model.remove(&id));
                } else {
                    arena.shrink();
                }
                prop_assert_eq!(arena.len() as usize, model.len());
                for id in 0..210 {
                    prop_assert_eq!(arena.get(id), model.get(&id));
                }
            }
        }
    }
}
