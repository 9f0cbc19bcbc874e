//! The handles of a process: object, rights, badge.
//!
//! A handle is an index and the generation of its slot, so one that was closed never names what
//! came after it (until the slot's 32,767 generations have gone round, oldest slot first).

use crate::arena::{NIL, NoMemory};
use crate::chunk_table::ChunkTable;
use abi::errno::Errno;

pub use abi::ipc::Rights;

/// What a program holds in its hands. Positive as an `i32`, never 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Handle(u32);

const INDEX_BITS: u32 = 16;
const LAST_GENERATION: u16 = 0x7fff;

impl Handle {
    /// Any number; whether it is a handle shows in the table.
    pub const fn from_raw(raw: u32) -> Self {
        Self(raw)
    }

    pub const fn raw(self) -> u32 {
        self.0
    }

    const fn new(index: u32, generation: u16) -> Self {
        Self((generation as u32) << INDEX_BITS | index & ((1 << INDEX_BITS) - 1))
    }

    const fn index(self) -> u32 {
        self.0 & ((1 << INDEX_BITS) - 1)
    }

    const fn generation(self) -> u32 {
        self.0 >> INDEX_BITS
    }
}

/// What is behind a handle.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Held<T> {
    pub object: T,
    pub rights: Rights,
    /// Chosen by whoever minted the handle; a server knows its clients by it.
    pub badge: u32,
}

#[derive(Debug)]
struct Slot<T> {
    /// Of the handle that is or will be here.
    generation: u16,
    /// In the list of free slots.
    next: u32,
    held: Option<Held<T>>,
}

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self { generation: 1, next: NIL, held: None }
    }
}

/// `T` is a counted reference to a kernel object.
#[derive(Debug)]
pub struct Handles<T> {
    slots: ChunkTable<Slot<T>, 32>,
    first_free: u32,
    last_free: u32,
    free_count: u32,
    limit: u32,
}

impl<T> Handles<T> {
    /// At most `limit` handles, rounded up to 32 and below 65,536.
    pub const fn new(limit: u32) -> Self {
        Self { slots: ChunkTable::new(), first_free: NIL, last_free: NIL, free_count: 0, limit }
    }

    /// Makes the next `count` insertions succeed. EMFILE at the limit.
    pub fn reserve(&mut self, count: u32) -> Result<(), Errno> {
        while self.free_count < count {
            let first = self.slots.len();
            if first >= self.limit || first >> INDEX_BITS != 0 {
                return Err(Errno::EMFILE);
            }
            self.slots.grow(first + 1).map_err(|NoMemory| Errno::ENOMEM)?;
            (first..self.slots.len()).for_each(|index| self.push_free(index));
        }
        Ok(())
    }

    /// Behind all others, so that a slot rests as long as possible.
    fn push_free(&mut self, index: u32) {
        if let Some(slot) = self.slots.get_mut(index) {
            slot.next = NIL;
        }
        match self.slots.get_mut(self.last_free) {
            Some(last) => last.next = index,
            None => self.first_free = index,
        }
        self.last_free = index;
        self.free_count += 1;
    }

    pub fn insert(&mut self, held: Held<T>) -> Result<Handle, Errno> {
        self.reserve(1)?;
        let index = self.first_free;
        let slot = self.slots.get_mut(index).ok_or(Errno::EMFILE)?;
        slot.held = Some(held);
        let handle = Handle::new(index, slot.generation);
        self.first_free = slot.next;
        if self.first_free == NIL {
            self.last_free = NIL;
        }
        self.free_count -= 1;
        Ok(handle)
    }

    /// EBADF for what is no handle.
    #[inline]
    pub fn get(&self, handle: Handle) -> Result<&Held<T>, Errno> {
        self.slots
            .get(handle.index())
            .filter(|slot| u32::from(slot.generation) == handle.generation())
            .and_then(|slot| slot.held.as_ref())
            .ok_or(Errno::EBADF)
    }

    /// EBADF for what is no handle, EPERM if it lacks one of the rights.
    #[inline]
    pub fn with_rights(&self, handle: Handle, needed: Rights) -> Result<&Held<T>, Errno> {
        let held = self.get(handle)?;
        if held.rights.contains(needed) { Ok(held) } else { Err(Errno::EPERM) }
    }

    /// Closes a handle.
    pub fn remove(&mut self, handle: Handle) -> Result<Held<T>, Errno> {
        self.get(handle)?;
        let index = handle.index();
        let slot = self.slots.get_mut(index).ok_or(Errno::EBADF)?;
        let held = slot.held.take().ok_or(Errno::EBADF)?;
        slot.generation = if slot.generation == LAST_GENERATION { 1 } else { slot.generation + 1 };
        self.push_free(index);
        Ok(held)
    }

    /// The same for changing what is held. EBADF for what is no handle.
    pub fn get_mut(&mut self, handle: Handle) -> Result<&mut Held<T>, Errno> {
        self.get(handle)?;
        self.slots.get_mut(handle.index()).and_then(|slot| slot.held.as_mut()).ok_or(Errno::EBADF)
    }

    /// Closes any handle, until there is none: at exit.
    pub fn take_any(&mut self) -> Option<Held<T>> {
        let (index, slot) = self.slots.iter().find(|(_, slot)| slot.held.is_some())?;
        self.remove(Handle::new(index, slot.generation)).ok()
    }

    /// Open handles.
    pub fn len(&self) -> u32 {
        self.slots.len() - self.free_count
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<T: Clone> Handles<T> {
    /// What goes into a message for `handle`, with at most these rights. EPERM without
    /// [`Rights::TRANSFER`].
    pub fn transfer(&self, handle: Handle, mask: Rights) -> Result<Held<T>, Errno> {
        let held = self.with_rights(handle, Rights::TRANSFER)?;
        Ok(Held { rights: held.rights & mask, ..held.clone() })
    }

    /// What a copy of `handle` with at most these rights holds; to be inserted here or elsewhere.
    /// EPERM without [`Rights::DUPLICATE`].
    pub fn duplicate(&self, handle: Handle, mask: Rights) -> Result<Held<T>, Errno> {
        let held = self.with_rights(handle, Rights::DUPLICATE)?;
        Ok(Held { rights: held.rights & mask, ..held.clone() })
    }

    /// The same with a badge. Only a handle without one can be given one, so that no client can
    /// pass for another.
    pub fn mint(&self, handle: Handle, mask: Rights, badge: u32) -> Result<Held<T>, Errno> {
        let held = self.duplicate(handle, mask)?;
        if held.badge != 0 { Err(Errno::EPERM) } else { Ok(Held { badge, ..held }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn held(object: u32) -> Held<u32> {
        Held { object, rights: Rights::CALL | Rights::DUPLICATE, badge: 0 }
    }

    #[test]
    fn a_closed_handle_never_names_its_successor() {
        let mut handles = Handles::new(32);
        let first = handles.insert(held(1)).unwrap();
        assert!(first.raw() > 0 && first.raw() < 1 << 31);
        assert_eq!(handles.remove(first).unwrap().object, 1);
        for object in 0..32 {
            handles.insert(held(object)).unwrap();
        }
        assert_eq!(handles.insert(held(0)).err(), Some(Errno::EMFILE));
        assert_eq!(handles.get(first), Err(Errno::EBADF));
        assert_eq!(handles.remove(first), Err(Errno::EBADF));
        assert_eq!(handles.len(), 32);
        assert_eq!(core::iter::from_fn(|| handles.take_any()).count(), 32);
    }

    #[test]
    fn generations_go_round_without_reaching_zero() {
        let mut handles = Handles::new(32);
        for round in 0..33 * 0x7fffu32 {
            let handle = handles.insert(held(round)).unwrap();
            assert!((1..=0x7fff).contains(&handle.generation()));
            handles.remove(handle).unwrap();
        }
    }

    #[test]
    fn rights_only_shrink_and_badges_stay() {
        let mut handles = Handles::new(32);
        let port = handles.insert(held(1)).unwrap();
        let copy = handles.duplicate(port, Rights::CALL | Rights::ATTACH).unwrap();
        assert_eq!(copy.rights, Rights::CALL);
        let copy = handles.insert(copy).unwrap();
        assert_eq!(handles.duplicate(copy, Rights::all()), Err(Errno::EPERM));
        assert_eq!(handles.with_rights(copy, Rights::ATTACH), Err(Errno::EPERM));
        assert_eq!(handles.transfer(copy, Rights::all()), Err(Errno::EPERM));
        let badged = handles.mint(port, Rights::all(), 7).unwrap();
        let badged = handles.insert(badged).unwrap();
        assert_eq!(handles.mint(badged, Rights::all(), 8), Err(Errno::EPERM));
        assert_eq!(handles.duplicate(badged, Rights::CALL).unwrap().badge, 7);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn it_is_a_map_whose_keys_do_not_come_back(
            steps in prop::collection::vec((any::<bool>(), any::<prop::sample::Index>()), 1..300),
        ) {
            let mut handles = Handles::new(64);
            let mut model = BTreeMap::new();
            let mut closed = std::vec::Vec::new();
            for (object, (insert, which)) in (0u32..).zip(steps) {
                if insert || model.is_empty() {
                    match handles.insert(held(object)) {
                        Ok(handle) => {
                            prop_assert!(!closed.contains(&handle));
                            prop_assert_eq!(model.insert(handle, object), None);
                        }
                        Err(errno) => {
                            prop_assert_eq!((errno, model.len()), (Errno::EMFILE, 64));
                        }
                    }
                } else {
                    let handle = *model.keys().nth(which.index(model.len())).unwrap();
                    let object = model.remove(&handle);
                    prop_assert_eq!(handles.remove(handle).ok().map(|held| held.object), object);
                    closed.push(handle);
                }
                prop_assert_eq!(handles.len() as usize, model.len());
                for (handle, object) in &model {
                    prop_assert_eq!(handles.get(*handle).unwrap().object, *object);
                }
                prop_assert!(closed.iter().all(|handle| handles.get(*handle).is_err()));
            }
        }
    }
}
