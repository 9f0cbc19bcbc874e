//! Who sleeps on which word of memory.
//!
//! A word is named by a key that is the same for everybody who shares it. Sleepers of one key
//! wake in the order in which they came, wherever they were moved meanwhile.

use crate::arena::{Arena, NIL, NoMemory};

/// Lists of sleepers, by key.
const BUCKETS: usize = 64;

/// Sleepers with any bit in common with the waker's are woken.
pub const MATCH_ANY: u32 = u32::MAX;

/// A word: the address space or object it lies in, and where.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Key {
    /// A number that no other address space or object has, or gets while somebody sleeps here.
    pub space: u64,
    /// Its address in a private space, its offset in a shared object.
    pub offset: u64,
}

impl Key {
    fn bucket(self) -> usize {
        let mixed = (self.offset as u32 >> 2 ^ (self.offset >> 32) as u32)
            .wrapping_mul(0x9e37_79b1)
            .wrapping_add((self.space as u32).wrapping_mul(0x85eb_ca6b));
        (mixed >> 26) as usize % BUCKETS
    }
}

struct Sleeper<T> {
    key: Key,
    bits: u32,
    is_awake: bool,
    next: u32,
    previous: u32,
    /// What the waker needs.
    task: T,
}

#[derive(Clone, Copy)]
struct List {
    first: u32,
    last: u32,
}

/// All sleepers.
pub struct Sleepers<T> {
    sleepers: Arena<Sleeper<T>, 64>,
    lists: [List; BUCKETS],
}

impl<T> Default for Sleepers<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Sleepers<T> {
    pub const fn new() -> Self {
        Self { sleepers: Arena::new(), lists: [List { first: NIL, last: NIL }; BUCKETS] }
    }

    /// How many there are.
    pub fn len(&self) -> u32 {
        self.sleepers.len()
    }

    pub fn is_empty(&self) -> bool {
        self.sleepers.is_empty()
    }

    /// Gives unused memory back.
    pub fn shrink(&mut self) {
        self.sleepers.shrink();
    }

    /// Room for one more, so that [`add`](Self::add) does not fail.
    pub fn reserve(&mut self) -> Result<(), NoMemory> {
        self.sleepers.reserve(1)
    }

    /// A sleeper on `key`, last. To be taken out by [`finish`](Self::finish).
    pub fn add(&mut self, key: Key, bits: u32, task: T) -> u32 {
        let sleeper = Sleeper { key, bits, is_awake: false, next: NIL, previous: NIL, task };
        let id = self.sleepers.insert(sleeper);
        self.link(id);
        id
    }

    /// Whether the sleeper has been woken.
    pub fn is_awake(&self, id: u32) -> bool {
        self.sleepers.get(id).is_none_or(|sleeper| sleeper.is_awake)
    }

    /// Takes a sleeper out, woken or not. Returns whether it was woken.
    pub fn finish(&mut self, id: u32) -> bool {
        let was_awake = self.is_awake(id);
        if !was_awake {
            self.unlink(id);
        }
        self.sleepers.remove(id);
        was_awake
    }

    /// Wakes the oldest sleeper of the key with one of the bits, and shows it.
    pub fn wake_one(&mut self, key: Key, bits: u32) -> Option<&T> {
        let id = self.find(key, bits)?;
        self.unlink(id);
        let sleeper = self.sleepers.get_mut(id)?;
        sleeper.is_awake = true;
        Some(&sleeper.task)
    }

    /// Moves the oldest sleeper of one key to another. `false` if there is none.
    pub fn move_one(&mut self, from: Key, to: Key) -> bool {
        let Some(id) = self.find(from, MATCH_ANY) else { return false };
        self.unlink(id);
        if let Some(sleeper) = self.sleepers.get_mut(id) {
            sleeper.key = to;
        }
        self.link(id);
        true
    }

    fn find(&self, key: Key, bits: u32) -> Option<u32> {
        let mut id = self.lists[key.bucket()].first;
        while let Some(sleeper) = self.sleepers.get(id) {
            if sleeper.key == key && sleeper.bits & bits != 0 {
                return Some(id);
            }
            id = sleeper.next;
        }
        None
    }

    fn link(&mut self, id: u32) {
        let list = &mut self.lists[self.sleepers[id].key.bucket()];
        let last = core::mem::replace(&mut list.last, id);
        if last == NIL {
            list.first = id;
        }
        let sleeper = &mut self.sleepers[id];
        (sleeper.previous, sleeper.next) = (last, NIL);
        if let Some(last) = self.sleepers.get_mut(last) {
            last.next = id;
        }
    }

    fn unlink(&mut self, id: u32) {
        let sleeper = &self.sleepers[id];
        let (next, previous) = (sleeper.next, sleeper.previous);
        let list = &mut self.lists[sleeper.key.bucket()];
        match self.sleepers.get_mut(previous) {
            Some(previous) => previous.next = next,
            None => list.first = next,
        }
        match self.sleepers.get_mut(next) {
            Some(next) => next.previous = previous,
            None => list.last = previous,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::vec::Vec;

    const fn key(offset: u64) -> Key {
        Key { space: 1, offset }
    }

    #[test]
    fn only_the_key_and_the_bits_decide_who_wakes() {
        let mut sleepers = Sleepers::new();
        sleepers.reserve().unwrap();
        let a = sleepers.add(key(0), 1, 'a');
        let b = sleepers.add(key(0), 2, 'b');
        let c = sleepers.add(Key { space: 2, offset: 0 }, MATCH_ANY, 'c');
        assert_eq!(sleepers.wake_one(key(4), MATCH_ANY), None);
        assert_eq!(sleepers.wake_one(key(0), 2), Some(&'b'));
        assert_eq!(sleepers.wake_one(key(0), 2), None);
        assert_eq!([a, b, c].map(|id| sleepers.is_awake(id)), [false, true, false]);
        assert_eq!([a, b, c].map(|id| sleepers.finish(id)), [false, true, false]);
        assert!(sleepers.is_empty());
    }

    #[test]
    fn who_was_moved_wakes_by_the_new_key() {
        let mut sleepers = Sleepers::new();
        sleepers.reserve().unwrap();
        let id = sleepers.add(key(0), MATCH_ANY, 'a');
        assert!(sleepers.move_one(key(0), key(8)));
        assert!(!sleepers.move_one(key(0), key(8)));
        assert_eq!(sleepers.wake_one(key(0), MATCH_ANY), None);
        assert_eq!(sleepers.wake_one(key(8), MATCH_ANY), Some(&'a'));
        assert!(sleepers.finish(id));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn sleepers_are_lists_by_key(
            steps in prop::collection::vec((0u8..6, 0u64..6, 0u64..6, 1u32..4), 1..200),
        ) {
            let mut sleepers = Sleepers::new();
            // In order of coming: key, bits, id.
            let mut model: Vec<(u64, u32, u32)> = Vec::new();
            let mut woken = Vec::new();
            for (verb, one, two, bits) in steps {
                match verb {
                    0..3 => {
                        sleepers.reserve().unwrap();
                        // The id itself is what the waker gets.
                        let id = sleepers.add(key(one), bits, 0);
                        model.push((one, bits, id));
                    }
                    3 => {
                        let place = model.iter().position(|m| m.0 == one && m.1 & bits != 0);
                        prop_assert_eq!(sleepers.wake_one(key(one), bits).is_some(), place.is_some());
                        woken.extend(place.map(|place| model.remove(place).2));
                    }
                    4 => {
                        let place = model.iter().position(|m| m.0 == one);
                        prop_assert_eq!(sleepers.move_one(key(one), key(two)), place.is_some());
                        if let Some(place) = place {
                            let (_, bits, id) = model.remove(place);
                            model.push((two, bits, id));
                        }
                    }
                    _ => {
                        if !model.is_empty() {
                            let (_, _, id) = model.remove(one as usize % model.len());
                            prop_assert!(!sleepers.finish(id));
                        }
                    }
                }
                prop_assert!(woken.iter().all(|id| sleepers.is_awake(*id)));
                prop_assert!(model.iter().all(|m| !sleepers.is_awake(m.2)));
                prop_assert_eq!(sleepers.len() as usize, model.len() + woken.len());
            }
        }
    }
}
