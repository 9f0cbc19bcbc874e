//! Which process ids are taken, and by whom.
//!
//! Ids are given out upwards and start again at [`FIRST_REUSED`] behind the last one, so a freed
//! id stays unused as long as possible. An id is taken while anybody holds it: the task, and
//! every task whose process group or session it names.

use crate::arena::{NIL, NoMemory};
use crate::chunk_table::ChunkTable;
use abi::errno::Errno;

/// One past the largest id, as Linux's default.
pub const PID_LIMIT: u32 = 32768;
/// Where the search starts again; the ids below are given out once.
pub const FIRST_REUSED: u32 = 300;

#[derive(Clone, Copy, Debug)]
struct Entry {
    task: u32,
    group: u32,
    holders: u32,
}

impl Default for Entry {
    fn default() -> Self {
        Self { task: NIL, group: NIL, holders: 0 }
    }
}

/// Process ids and the slots of their tasks.
#[derive(Debug)]
pub struct PidMap {
    entries: ChunkTable<Entry, 256>,
    last: u32,
    count: u32,
    limit: u32,
}

impl Default for PidMap {
    fn default() -> Self {
        Self::new()
    }
}

impl PidMap {
    pub const fn new() -> Self {
        Self::with_limit(PID_LIMIT)
    }

    /// For a `pid_max` other than the default; at least [`FIRST_REUSED`] + 1.
    pub const fn with_limit(limit: u32) -> Self {
        let limit = if limit <= FIRST_REUSED { FIRST_REUSED + 1 } else { limit };
        Self { entries: ChunkTable::new(), last: 0, count: 0, limit }
    }

    /// A free id for the task in `task`, held once. EAGAIN if all are taken.
    pub fn allocate(&mut self, task: u32) -> Result<u32, Errno> {
        let first = if self.last + 1 < self.limit { self.last + 1 } else { FIRST_REUSED };
        let pid = (first..self.limit)
            .chain(FIRST_REUSED..first)
            .find(|&pid| self.entries.get(pid).is_none_or(|entry| entry.holders == 0))
            .ok_or(Errno::EAGAIN)?;
        if self.entries.is_empty() {
            self.entries.reserve(self.limit).map_err(|NoMemory| Errno::ENOMEM)?;
        }
        self.entries.grow(pid + 1).map_err(|NoMemory| Errno::ENOMEM)?;
        let entry = self.entries.get_mut(pid).ok_or(Errno::ENOMEM)?;
        *entry = Entry { task, group: NIL, holders: 1 };
        self.last = pid;
        self.count += 1;
        Ok(pid)
    }

    /// The slot of the task with this id. `None` also for an id that only names a group.
    #[inline]
    pub fn task(&self, pid: u32) -> Option<u32> {
        self.entries.get(pid).map(|entry| entry.task).filter(|task| *task != NIL)
    }

    /// Whether the id may not be given out.
    pub fn is_held(&self, pid: u32) -> bool {
        self.entries.get(pid).is_some_and(|entry| entry.holders > 0)
    }

    /// Ids in use.
    pub fn len(&self) -> u32 {
        self.count
    }

    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The id given out last, for `/proc/loadavg` and tests.
    pub fn last(&self) -> u32 {
        self.last
    }

    /// One more holder of an id in use; `false` if it is free.
    pub fn hold(&mut self, pid: u32) -> bool {
        match self.entries.get_mut(pid).filter(|entry| entry.holders > 0) {
            Some(entry) => {
                entry.holders += 1;
                true
            }
            None => false,
        }
    }

    /// One holder less; the last one frees the id.
    pub fn release(&mut self, pid: u32) {
        let Some(entry) = self.entries.get_mut(pid).filter(|entry| entry.holders > 0) else {
            debug_assert!(false, "pid {pid} released once too often");
            return;
        };
        entry.holders -= 1;
        if entry.holders == 0 {
            *entry = Entry::default();
            self.count -= 1;
        }
    }

    /// The task is gone: its id names nobody, and its hold ends.
    pub fn remove_task(&mut self, pid: u32) {
        if let Some(entry) = self.entries.get_mut(pid) {
            entry.task = NIL;
        }
        self.release(pid);
    }

    /// The task moves to another slot, or the id changes hands at `execve` of a thread.
    pub fn set_task(&mut self, pid: u32, task: u32) {
        if let Some(entry) = self.entries.get_mut(pid).filter(|entry| entry.holders > 0) {
            entry.task = task;
        }
    }

    /// The first member of the process group of this id, `NIL` if there is none.
    #[inline]
    pub fn group(&self, id: u32) -> u32 {
        self.entries.get(id).map_or(NIL, |entry| entry.group)
    }

    pub fn set_group(&mut self, id: u32, first_member: u32) {
        if let Some(entry) = self.entries.get_mut(id).filter(|entry| entry.holders > 0) {
            entry.group = first_member;
        }
    }

    /// Gives back the memory of the ids behind the last one in use.
    pub fn shrink(&mut self) {
        let is_held = |&pid: &u32| self.is_held(pid);
        let used = (0..self.entries.len()).rev().find(is_held).map_or(0, |pid| pid + 1);
        self.entries.shrink(used);
    }

    /// The first id from `pid` up that names a task, with its slot. Walks all processes.
    pub fn next_task(&self, pid: u32) -> Option<(u32, u32)> {
        (pid..self.entries.len()).find_map(|pid| Some((pid, self.task(pid)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[test]
    fn unused_memory_goes_and_ids_go_on() {
        let mut map = PidMap::new();
        for pid in 1..1000 {
            assert_eq!(map.allocate(pid), Ok(pid));
        }
        (2..1000).for_each(|pid| map.remove_task(pid));
        map.shrink();
        assert_eq!((map.entries.len(), map.task(1), map.is_held(999)), (256, Some(1), false));
        assert_eq!(map.allocate(7), Ok(1000));
        assert_eq!((map.task(1000), map.task(1), map.len()), (Some(7), Some(1), 2));
    }

    #[test]
    fn ids_go_up_and_are_reused_late() {
        let mut map = PidMap::with_limit(303);
        assert_eq!(map.allocate(7), Ok(1));
        map.remove_task(1);
        for expected in 2..303 {
            assert_eq!(map.allocate(7), Ok(expected));
        }
        assert_eq!(map.allocate(0), Err(Errno::EAGAIN), "1 is reserved once it was given out");
        map.remove_task(301);
        map.remove_task(300);
        assert_eq!(map.allocate(8), Ok(300));
        assert_eq!(map.allocate(8), Ok(301));
        assert_eq!(map.len(), 301);
    }

    #[test]
    fn a_groups_id_stays_taken_without_its_leader() {
        let mut map = PidMap::with_limit(301);
        let leader = (0..300).map(|_| map.allocate(4).unwrap()).last().unwrap();
        assert_eq!(leader, 300);
        assert!(map.hold(leader));
        map.remove_task(leader);
        assert_eq!((map.task(leader), map.is_held(leader)), (None, true));
        assert_eq!(map.allocate(5), Err(Errno::EAGAIN));
        map.release(leader);
        assert_eq!(map.allocate(5), Ok(leader));
        assert!(!map.hold(9999));
    }

    #[test]
    fn tasks_are_found_in_order() {
        let mut map = PidMap::new();
        (10..13).for_each(|task| _ = map.allocate(task));
        map.remove_task(2);
        assert_eq!((map.next_task(0), map.next_task(2)), (Some((1, 10)), Some((3, 12))));
        assert_eq!(map.next_task(4), None);
        map.set_task(3, 99);
        assert_eq!(map.task(3), Some(99));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn no_id_is_given_out_while_held(
            steps in prop::collection::vec((0u8..8, any::<prop::sample::Index>()), 1..300),
        ) {
            let mut map = PidMap::with_limit(320);
            let mut model = BTreeMap::<u32, u32>::new();
            (0..300).for_each(|_| _ = map.allocate(0));
            (1..300).for_each(|pid| map.remove_task(pid));
            model.insert(300, 1);
            for (verb, which) in steps {
                let nth = which.index(model.len().max(1));
                let held = model.keys().copied().nth(nth);
                match (verb, held) {
                    (0..4, _) => match map.allocate(1) {
                        Ok(pid) => {
                            prop_assert!((300..320).contains(&pid));
                            prop_assert_eq!(model.insert(pid, 1), None);
                        }
                        Err(_) => prop_assert_eq!(model.len(), 20),
                    },
                    (4 | 5, Some(pid)) => {
                        prop_assert!(map.hold(pid));
                        *model.get_mut(&pid).unwrap() += 1;
                    }
                    (_, Some(pid)) => {
                        map.release(pid);
                        let holders = model.get_mut(&pid).unwrap();
                        *holders -= 1;
                        if *holders == 0 {
                            model.remove(&pid);
                        }
                    }
                    _ => {}
                }
                prop_assert_eq!(map.len() as usize, model.len());
                prop_assert!((0..330).all(|pid| map.is_held(pid) == model.contains_key(&pid)));
            }
        }
    }
}
