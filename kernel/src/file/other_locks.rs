//! Locks on what is no regular file of the kernel's own, by node: directories, devices, pipes, what a
//! server answers for. There are [`Locks`] only as long as somebody holds or wants one.

use super::description::{File, Node};
use super::locks::{Locks, Owner};
use super::place::{NOWHERE, Place};
use crate::result::{Errno, Result};
use crate::sync::{Rank, SpinLock};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Deref;

/// Sorted by place.
static LOCKED: SpinLock<Vec<Entry>> = SpinLock::new(Rank::LockedFiles, Vec::new());

struct Entry {
    place: Place,
    locks: Arc<Locks>,
    /// How many are [`Kept`].
    users: u32,
}

/// The locks on a node, kept meanwhile.
pub struct Kept {
    place: Place,
    locks: Arc<Locks>,
}

/// Nodes without a tree have numbers of their own.
fn place(file: &File) -> Place {
    match file.node_of() {
        Node::Held(held) => held.place(),
        Node::Served(served) => served.place(),
        Node::Anonymous { ino, .. } => Place { mount: NOWHERE, node: u64::from(*ino) },
    }
}

/// ENOLCK without memory.
pub fn of(file: &File) -> Result<Kept> {
    let place = place(file);
    if let Some(kept) = find(place) {
        return Ok(kept);
    }
    let locks = Arc::try_new(Locks::new()).map_err(|_| Errno::ENOLCK)?;
    let mut locked = LOCKED.lock();
    match search(&locked, place) {
        // Somebody else has made them meanwhile.
        Ok(found) => locked.get_mut(found).map(Entry::keep).ok_or(Errno::ENOLCK),
        Err(free) => {
            locked.try_reserve(1).map_err(|_| Errno::ENOLCK)?;
            locked.insert(free, Entry { place, locks: locks.clone(), users: 1 });
            Ok(Kept { place, locks })
        }
    }
}

fn search(locked: &[Entry], place: Place) -> core::result::Result<usize, usize> {
    locked.binary_search_by_key(&place, |entry| entry.place)
}

impl Entry {
    fn keep(&mut self) -> Kept {
        self.users += 1;
        Kept { place: self.place, locks: self.locks.clone() }
    }
}

fn find(place: Place) -> Option<Kept> {
    let mut locked = LOCKED.lock();
    let found = search(&locked, place).ok()?;
    locked.get_mut(found).map(Entry::keep)
}

/// The owner is gone, or has closed a descriptor of the file.
#[cold]
pub fn remove_owner(file: &File, owner: Owner) {
    if let Some(kept) = find(place(file)) {
        kept.remove_owner(owner);
    }
}

impl Deref for Kept {
    type Target = Locks;

    fn deref(&self) -> &Locks {
        &self.locks
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        let mut locked = LOCKED.lock();
        let Ok(place) = search(&locked, self.place) else { return };
        let Some(entry) = locked.get_mut(place) else { return };
        entry.users -= 1;
        if entry.users == 0 && !entry.locks.are_held() {
            locked.remove(place);
        }
        if locked.is_empty() {
            *locked = Vec::new();
        }
    }
}
