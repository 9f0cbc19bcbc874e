//! The entries of a directory.

use super::node::Directory;
use crate::arena::{Arena, NIL, NoMemory};
use crate::avl::{Links, Node, Side, Tree};
use alloc::vec::Vec;

/// Entries of all directories.
pub(super) type Entries = Arena<Entry, 64>;

pub(super) struct Entry {
    links: Links,
    /// Unique in the directory: the hash of the name, or the next free number above it.
    key: u32,
    pub node: u32,
    pub name: Vec<u8>,
}

impl Node for Entry {
    fn links(&self) -> &Links {
        &self.links
    }

    fn links_mut(&mut self) -> &mut Links {
        &mut self.links
    }
}

/// The position before everything; `.` and `..` come first.
pub const FIRST_COOKIE: u32 = 0;
/// Position of the entry with key 0.
const COOKIE_OF_KEY_0: u32 = 2;

/// What `getdents` shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DirectoryEntry<'a> {
    pub name: &'a [u8],
    pub node: super::NodeId,
    /// With the type bits, for `d_type`.
    pub mode: u32,
    /// The position behind this entry: below 2^31, so that old programs can seek to it.
    pub next_cookie: u32,
}

/// FNV-1a, cut so that displaced keys and cookies stay below 2^31.
fn hash(name: &[u8]) -> u32 {
    let hash = name
        .iter()
        .fold(0x811c_9dc5u32, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193));
    (hash ^ hash >> 30) & 0x3fff_ffff
}

/// A name in memory of its own.
pub(super) fn copy_name(name: &[u8]) -> Result<Vec<u8>, NoMemory> {
    let mut copy = Vec::new();
    copy.try_reserve_exact(name.len()).map_err(|_| NoMemory)?;
    copy.extend_from_slice(name);
    Ok(copy)
}

/// The entry with the lowest key from `key` up, or `NIL`.
fn at_or_above(entries: &Entries, tree: Tree, key: u32) -> u32 {
    let (mut found, mut id) = (NIL, tree.root());
    while let Some(entry) = entries.get(id) {
        if entry.key >= key {
            found = id;
            id = entry.links.left();
        } else {
            id = entry.links.right();
        }
    }
    found
}

impl Directory {
    pub fn new(parent: u32) -> Self {
        Self { parent, entries: Tree::new(), count: 0, displacement: 0, dead: false }
    }

    /// The entry's id.
    pub fn find(&self, entries: &Entries, name: &[u8]) -> Option<u32> {
        let hash = hash(name);
        let mut id = at_or_above(entries, self.entries, hash);
        while let Some(entry) = entries.get(id).filter(|e| e.key - hash <= self.displacement) {
            if entry.name == name {
                return Some(id);
            }
            id = self.entries.next(entries, id);
        }
        None
    }

    /// Adds an entry with a name that is not there yet. A slot must have been reserved.
    pub fn insert(&mut self, entries: &mut Entries, name: Vec<u8>, node: u32) {
        let hash = hash(&name);
        let mut key = hash;
        let mut id = at_or_above(entries, self.entries, key);
        while entries.get(id).is_some_and(|entry| entry.key == key) {
            key += 1;
            id = self.entries.next(entries, id);
        }
        self.displacement = self.displacement.max(key - hash);

        let (mut parent, mut side, mut id) = (NIL, Side::Left, self.entries.root());
        while let Some(entry) = entries.get(id) {
            parent = id;
            side = if key < entry.key { Side::Left } else { Side::Right };
            id = entry.links.child(side);
        }
        let new = entries.insert(Entry { links: Links::new(0), key, node, name });
        self.entries.insert(entries, (parent, side), new, NIL);
        self.count += 1;
    }

    /// Takes out an entry that [`find`](Self::find) gave.
    pub fn remove(&mut self, entries: &mut Entries, id: u32) {
        self.entries.remove(entries, id, NIL);
        entries.remove(id);
        self.count -= 1;
        if self.count == 0 {
            self.displacement = 0;
        }
    }

    /// The first entry from `cookie` up, with the cookie behind it. Not `.` and `..`.
    pub fn at_cookie<'a>(&self, entries: &'a Entries, cookie: u32) -> Option<(&'a Entry, u32)> {
        let key = cookie.saturating_sub(COOKIE_OF_KEY_0);
        let entry = entries.get(at_or_above(entries, self.entries, key))?;
        Some((entry, entry.key + COOKIE_OF_KEY_0 + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::format;

    #[test]
    fn names_with_one_hash_are_told_apart_also_after_removals() {
        // Found by search: equal in the 30 bits that are used.
        let mut by_hash = std::collections::HashMap::new();
        let (first, second) = (0u32..)
            .find_map(|number| {
                let name = format!("{number}").into_bytes();
                by_hash.insert(hash(&name), name.clone()).map(|other| (other, name))
            })
            .unwrap();
        let (mut entries, mut directory) = (Entries::new(), Directory::new(0));
        entries.reserve(3).unwrap();
        for (name, node) in [(&first, 1), (&second, 2)] {
            directory.insert(&mut entries, name.clone(), node);
        }
        assert_eq!(directory.displacement, 1);
        let (a, b) = (directory.find(&entries, &first), directory.find(&entries, &second));
        assert_eq!(entries.get(a.unwrap()).unwrap().node, 1);
        assert_eq!(entries.get(b.unwrap()).unwrap().node, 2);
        directory.remove(&mut entries, a.unwrap());
        assert_eq!(directory.find(&entries, &first), None);
        assert_eq!(directory.find(&entries, &second), b, "the displaced one stays in place");
        directory.insert(&mut entries, first.clone(), 3);
        assert!(directory.find(&entries, &first).is_some());
    }
}
