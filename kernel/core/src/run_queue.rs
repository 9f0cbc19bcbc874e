//! Who runs next: the highest priority first, within a priority in turn. But nobody waits for ever:
//! who has waited too long below others gets a tick.
//!
//! Tasks are numbers; each has its place in one of 32 doubly linked lists, and a word says which
//! lists are not empty. Where a task keeps its [`Link`] is its owner's affair, so that queueing
//! needs no memory. Every verb takes constant time and cannot fail.

use crate::arena::NIL;

/// 0 is the highest, 31 the lowest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Priority(u8);

impl Priority {
    pub const HIGHEST: Self = Self(0);
    /// Ordinary programs.
    pub const NORMAL: Self = Self(16);
    pub const LOWEST: Self = Self(31);

    /// Numbers past the lowest are cut to it.
    pub const fn new(level: u8) -> Self {
        if level > Self::LOWEST.0 { Self::LOWEST } else { Self(level) }
    }

    pub const fn level(self) -> u8 {
        self.0
    }

    pub const fn is_above(self, other: Self) -> bool {
        self.0 < other.0
    }
}

/// What a nice value is worth.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Share {
    pub priority: Priority,
    /// Ticks a task runs before others of its priority.
    pub ticks: u32,
}

impl Share {
    /// Below 0, which takes privilege, a task is above ordinary programs and has longer turns; above
    /// it its turns are shorter.
    pub const fn of_nice(nice: i32) -> Self {
        let nice = if nice < -20 {
            -20
        } else if nice > 19 {
            19
        } else {
            nice
        };
        let normal = Priority::NORMAL.0 as i32;
        let (level, ticks) = if nice < 0 {
            (normal + nice.div_euclid(2), 10 - 2 * nice)
        } else {
            (normal, 10 - nice / 2)
        };
        Self { priority: Priority(level as u8), ticks: ticks as u32 }
    }
}

const LEVELS: usize = 32;
/// Ticks that a task waits below others before it gets one.
const PATIENCE: u32 = 9;
/// `level` of a task that is in no list.
const NOT_QUEUED: u8 = u8::MAX;

/// A task's place in the queue.
#[derive(Clone, Copy, Debug)]
pub struct Link {
    next: u32,
    previous: u32,
    level: u8,
}

impl Link {
    /// In no list.
    pub const fn new() -> Self {
        Self { next: NIL, previous: NIL, level: NOT_QUEUED }
    }
}

impl Default for Link {
    fn default() -> Self {
        Self::new()
    }
}

/// Where the links are. `None` for [`NIL`], and for a number that is no task.
pub trait Links {
    fn link(&self, task: u32) -> Option<&Link>;
    fn link_mut(&mut self, task: u32) -> Option<&mut Link>;
}

#[derive(Clone, Copy, Debug)]
struct List {
    first: u32,
    last: u32,
}

/// The tasks that are ready and not running.
#[derive(Debug)]
pub struct RunQueue<L> {
    /// Bit 31 − level: the list is not empty. So the leading zeros are the level.
    ready: u32,
    /// The same of levels that are held back, as lower ones have waited too long.
    held: u32,
    /// The highest level that is not held back.
    first: u8,
    /// Ticks in a row at which somebody waited below who ran.
    waited: u32,
    lists: [List; LEVELS],
    links: L,
}

impl<L: Links> RunQueue<L> {
    pub const fn new(links: L) -> Self {
        let empty = List { first: NIL, last: NIL };
        Self { ready: 0, held: 0, first: 0, waited: 0, lists: [empty; LEVELS], links }
    }

    /// Behind all others of its priority: a task that woke up or used up its slice. A task that
    /// is in a list already stays where it is.
    #[inline]
    pub fn push_back(&mut self, task: u32, priority: Priority) {
        let list = &mut self.lists[usize::from(priority.0) % LEVELS];
        let last = list.last;
        let Some(link) = self.links.link_mut(task).filter(|link| link.level == NOT_QUEUED) else {
            debug_assert!(self.is_queued(task), "no such task");
            return;
        };
        *link = Link { next: NIL, previous: last, level: priority.0 };
        list.last = task;
        if last == NIL {
            list.first = task;
            self.mark(priority.0);
        } else if let Some(link) = self.links.link_mut(last) {
            link.next = task;
        }
    }

    /// Before all others of its priority: a task that was preempted with time left.
    #[inline]
    pub fn push_front(&mut self, task: u32, priority: Priority) {
        let list = &mut self.lists[usize::from(priority.0) % LEVELS];
        let first = list.first;
        let Some(link) = self.links.link_mut(task).filter(|link| link.level == NOT_QUEUED) else {
            debug_assert!(self.is_queued(task), "no such task");
            return;
        };
        *link = Link { next: first, previous: NIL, level: priority.0 };
        list.first = task;
        if first == NIL {
            list.last = task;
            self.mark(priority.0);
        } else if let Some(link) = self.links.link_mut(first) {
            link.previous = task;
        }
    }

    /// Takes the next task.
    #[inline]
    pub fn pop(&mut self) -> Option<u32> {
        let (task, _) = self.peek()?;
        self.remove(task);
        Some(task)
    }

    /// The next task, which stays.
    #[inline]
    pub fn peek(&self) -> Option<(u32, Priority)> {
        let bits = if self.ready == 0 { self.held } else { self.ready };
        let level = bits.leading_zeros();
        let list = self.lists.get(level as usize)?;
        Some((list.first, Priority(level as u8)))
    }

    /// Whether a task of a higher priority waits, so that the running one has to go.
    #[inline]
    pub fn has_above(&self, priority: Priority) -> bool {
        self.ready.leading_zeros() < u32::from(priority.0)
    }

    /// Whether a task of this or a higher priority waits, so that a used-up slice matters.
    #[inline]
    pub fn has_at_or_above(&self, priority: Priority) -> bool {
        self.ready.leading_zeros() <= u32::from(priority.0)
    }

    /// Whether tasks of this priority have to let one of a lower one go first.
    #[inline]
    pub fn holds(&self, priority: Priority) -> bool {
        priority.0 < self.first && self.ready != 0
    }

    /// A tick found a task of this priority running. Whether it has to go.
    pub fn account_tick(&mut self, running: Priority) -> bool {
        let all = self.ready | self.held;
        let is_waited_for = all & (bit(running.0) - 1) != 0;
        self.waited = if is_waited_for { self.waited.saturating_add(1) } else { 0 };
        self.first = if self.waited >= PATIENCE { running.0 + 1 } else { 0 };
        self.ready = all & (u32::MAX >> self.first);
        self.held = all & !self.ready;
        self.holds(running) || self.has_above(running)
    }

    #[inline]
    fn mark(&mut self, level: u8) {
        let bits = if level < self.first { &mut self.held } else { &mut self.ready };
        *bits |= bit(level);
    }

    /// How many are ready. Goes through all of them.
    pub fn len(&self) -> u32 {
        let mut count = 0;
        for list in &self.lists {
            let mut task = list.first;
            while let Some(link) = self.links.link(task) {
                count += 1;
                task = link.next;
            }
        }
        count
    }

    pub fn is_empty(&self) -> bool {
        self.ready | self.held == 0
    }

    #[inline]
    pub fn is_queued(&self, task: u32) -> bool {
        self.links.link(task).is_some_and(|link| link.level != NOT_QUEUED)
    }

    /// Takes `task` out; `false` if it was in no list.
    #[inline]
    pub fn remove(&mut self, task: u32) -> bool {
        let Some(link) = self.links.link_mut(task).filter(|link| link.level != NOT_QUEUED) else {
            return false;
        };
        let Link { next, previous, level } = *link;
        link.level = NOT_QUEUED;
        let list = &mut self.lists[usize::from(level) % LEVELS];
        match self.links.link_mut(previous) {
            Some(link) => link.next = next,
            None => list.first = next,
        }
        match self.links.link_mut(next) {
            Some(link) => link.previous = previous,
            None => list.last = previous,
        }
        if list.first == NIL {
            self.ready &= !bit(level);
            self.held &= !bit(level);
        }
        true
    }

    /// Moves a waiting task behind those of another priority.
    pub fn set_priority(&mut self, task: u32, priority: Priority) {
        if self.remove(task) {
            self.push_back(task, priority);
        }
    }

    /// Asserts that lists, links and bits agree; returns the number of tasks. For tests.
    pub fn check(&self) -> u32 {
        let mut count = 0;
        for (level, list) in (0u8..).zip(&self.lists) {
            let (bits, others) = match level < self.first {
                true => (self.held, self.ready),
                false => (self.ready, self.held),
            };
            assert_eq!(bits & bit(level) != 0, list.first != NIL, "bit of level {level}");
            assert_eq!(others & bit(level), 0, "bit of level {level}");
            let (mut task, mut previous) = (list.first, NIL);
            while let Some(link) = self.links.link(task) {
                assert_eq!((link.previous, link.level), (previous, level), "task {task}");
                count += 1;
                (task, previous) = (link.next, task);
            }
            assert_eq!(list.last, previous, "last of level {level}");
        }
        count
    }
}

const fn bit(level: u8) -> u32 {
    0x8000_0000 >> (level % LEVELS as u8)
}

/// Milliseconds a task with this nice value runs before its equals do: Linux 2.6's table, 800 at
/// −20, 100 at 0, 5 at 19.
pub const fn time_slice_ms(nice: i32) -> u32 {
    let nice = if nice < -20 {
        -20
    } else if nice > 19 {
        19
    } else {
        nice
    };
    let scale = if nice < 0 { 20 } else { 5 };
    ((20 - nice) * scale) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::VecDeque;

    struct Table([Link; 40]);

    impl Links for Table {
        fn link(&self, task: u32) -> Option<&Link> {
            self.0.get(task as usize)
        }

        fn link_mut(&mut self, task: u32) -> Option<&mut Link> {
            self.0.get_mut(task as usize)
        }
    }

    fn queue() -> RunQueue<Table> {
        RunQueue::new(Table([Link::new(); 40]))
    }

    #[test]
    fn a_nice_value_is_worth_turns_and_below_zero_a_place_in_front() {
        let share = |nice| (Share::of_nice(nice).priority.level(), Share::of_nice(nice).ticks);
        assert_eq!(
            [share(0), share(5), share(19), share(100)],
            [(16, 10), (16, 8), (16, 1), (16, 1)]
        );
        assert_eq!(
            [share(-1), share(-2), share(-20), share(-99)],
            [(15, 12), (15, 14), (6, 50), (6, 50)]
        );
    }

    #[test]
    fn equals_take_turns_and_the_higher_goes_first() {
        let mut queue = queue();
        for task in [1, 2, 3] {
            queue.push_back(task, Priority::NORMAL);
        }
        queue.push_front(4, Priority::NORMAL);
        queue.push_back(5, Priority::HIGHEST);
        assert!(queue.has_above(Priority::NORMAL) && !queue.has_above(Priority::HIGHEST));
        let order: std::vec::Vec<_> = core::iter::from_fn(|| queue.pop()).collect();
        assert_eq!(order, [5, 4, 1, 2, 3]);
        assert!(queue.is_empty() && !queue.has_at_or_above(Priority::LOWEST));
    }

    /// How many of so many ticks each of these levels gets if nobody ever sleeps.
    fn ticks_of<const N: usize>(levels: [u8; N], ticks: u32) -> [u32; N] {
        let (mut queue, mut found) = (queue(), [0; N]);
        for (task, level) in (0..).zip(levels) {
            queue.push_back(task, Priority::new(level));
        }
        for _ in 0..ticks {
            let (task, priority) = queue.peek().unwrap();
            queue.pop();
            found[task as usize] += 1;
            let goes = queue.account_tick(priority);
            assert_eq!(goes, queue.has_above(priority) || queue.holds(priority));
            queue.push_front(task, priority);
            assert_eq!(goes, queue.peek().unwrap().1 != priority);
        }
        found
    }

    #[test]
    fn who_waits_below_others_gets_some_ticks() {
        assert_eq!(ticks_of([11, 16], 100), [90, 10]);
        assert_eq!(ticks_of([6, 11, 16], 110), [90, 10, 10]);
        assert_eq!(ticks_of([0, 31], 100), [90, 10]);
        assert_eq!(ticks_of([16], 7), [7]);
    }

    #[test]
    fn what_is_owed_is_forgotten_once_nobody_waits() {
        let mut queue = queue();
        let high = Priority::new(3);
        queue.push_back(1, Priority::NORMAL);
        let goes: std::vec::Vec<_> = (0..9).map(|_| queue.account_tick(high)).collect();
        assert_eq!(goes, [&[false; 8][..], &[true]].concat());
        // It runs and sleeps before a tick finds it; who wakes up goes first all the same.
        queue.push_front(2, high);
        assert_eq!(queue.pop(), Some(1));
        assert_eq!(queue.peek(), Some((2, high)));
        queue.push_back(1, Priority::NORMAL);
        assert!(queue.holds(high) && !queue.has_above(Priority::NORMAL));
        assert_eq!([queue.pop(), queue.pop()], [Some(1), Some(2)]);
        assert!(!queue.holds(high) && !queue.account_tick(high));
        queue.push_back(1, Priority::NORMAL);
        assert!(!queue.holds(high) && !queue.account_tick(high));
    }

    #[test]
    fn a_task_is_queued_once() {
        let mut queue = queue();
        queue.push_back(1, Priority::NORMAL);
        queue.push_back(1, Priority::HIGHEST);
        assert_eq!(queue.peek(), Some((1, Priority::NORMAL)));
        assert_eq!(queue.check(), 1);
        assert!(queue.remove(1) && !queue.remove(1));
    }

    #[test]
    fn slices_are_those_of_linux_2_6() {
        assert_eq!([-20, 0, 19, -99, 99].map(time_slice_ms), [800, 100, 5, 800, 5]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn it_is_32_lists(
            steps in prop::collection::vec((0u8..7, 0u32..40, 0u8..32), 1..200),
        ) {
            let mut queue = queue();
            let mut model = [const { VecDeque::<u32>::new() }; LEVELS];
            let (mut waited, mut first) = (0, 0);
            for (verb, task, level) in steps {
                let priority = Priority::new(level);
                let place = model.iter().position(|list| list.contains(&task));
                let drop = |model: &mut [VecDeque<u32>; LEVELS]| {
                    model.iter_mut().for_each(|list| list.retain(|other| *other != task));
                };
                match verb {
                    0 | 1 if place.is_none() => {
                        queue.push_back(task, priority);
                        model[usize::from(level)].push_back(task);
                    }
                    2 if place.is_none() => {
                        queue.push_front(task, priority);
                        model[usize::from(level)].push_front(task);
                    }
                    3 => {
                        prop_assert_eq!(queue.remove(task), place.is_some());
                        drop(&mut model);
                    }
                    4 => {
                        queue.set_priority(task, priority);
                        if place.is_some() {
                            drop(&mut model);
                            model[usize::from(level)].push_back(task);
                        }
                    }
                    5 => {
                        for _ in 0..5 {
                            queue.account_tick(priority);
                        }
                        let waits = model[usize::from(level) + 1..].iter().any(|list| !list.is_empty());
                        waited = if waits { waited + 5 } else { 0 };
                        first = if waited >= PATIENCE { level + 1 } else { 0 };
                    }
                    _ => {
                        let (held, others) = model.split_at_mut(first.into());
                        let mut lists = others.iter_mut().chain(held);
                        let expected = lists.find_map(VecDeque::pop_front);
                        prop_assert_eq!(queue.pop(), expected);
                    }
                }
                let count: usize = model.iter().map(VecDeque::len).sum();
                prop_assert_eq!((queue.check(), queue.len()), (count as u32, count as u32));
                let queued = (0..40).filter(|task| queue.is_queued(*task)).count();
                prop_assert_eq!(queued, count);
                let mut above = (0..level).zip(&model).skip(first.into());
                let above = above.any(|(_, list)| !list.is_empty());
                prop_assert_eq!(queue.has_above(priority), above);
            }
        }
    }
}
