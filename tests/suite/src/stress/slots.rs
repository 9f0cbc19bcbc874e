//! Threads that change pages of their own, side by side.
//!
//! Slots lie side by side, so that their areas merge and share page tables. A thread locks a slot,
//! does something to it and knows what has to be there afterwards. Besides, all threads count in
//! words of the same few pages, which every fork makes copy-on-write again.

use super::{goes_on, let_work};
use crate::child;
use crate::fault::{PAGE, map, unmap};
use crate::fuzz::Random;
use crate::threads::{Thread, spawn, word};
use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use sys::Errno;
use sys::abi::UserMutPtr;
use sys::abi::memory::{
    MADV_DONTNEED, MAP_ANONYMOUS, MAP_FIXED, MAP_PRIVATE, MREMAP_FIXED, MREMAP_MAYMOVE, PROT_NONE,
    PROT_READ, PROT_WRITE,
};
use sys::file::File;
use sys::wait::Status;

const THREADS: u32 = 4;
const SLOTS: u32 = 12;
/// Of each of a slot's two columns.
const PAGES: u32 = 48;
const COLUMN: u32 = PAGES * PAGE;
/// Below it is the program, far above it what the kernel places.
const BASE: u32 = 0x1000_0000;
/// Pages that all threads count in.
const COUNTED: u32 = 3;

static COUNTERS: AtomicU32 = AtomicU32::new(0);
/// By all threads: changes of slots, forks, and what was counted.
static DONE: [AtomicU32; 3] = [const { AtomicU32::new(0) }; 3];

/// Pages that may be mapped, and what is in them.
struct Slot {
    is_locked: AtomicBool,
    /// For each page of both columns the word at its start and end; `None` where nothing is mapped.
    pages: UnsafeCell<[[Option<u32>; PAGES as usize]; 2]>,
}

// SAFETY: `pages` is touched only by who holds the lock.
unsafe impl Sync for Slot {}

static STATE: [Slot; SLOTS as usize] = [const {
    Slot { is_locked: AtomicBool::new(false), pages: UnsafeCell::new([[None; PAGES as usize]; 2]) }
}; SLOTS as usize];

/// A column of a slot that this thread holds.
struct Held<'a> {
    pages: &'a mut [[Option<u32>; PAGES as usize]; 2],
    column: usize,
    address: u32,
}

impl Held<'_> {
    fn at(&self, page: u32) -> u32 {
        self.address + self.column as u32 * COLUMN + page * PAGE
    }

    fn page(&mut self, page: u32) -> &mut Option<u32> {
        &mut self.pages[self.column][page as usize]
    }

    /// Any pages.
    fn range(&self, random: &mut Random) -> (u32, u32) {
        let first = random.below(PAGES);
        (first, 1 + random.below(PAGES - first))
    }

    /// Pages in a row that are mapped, from the first at or above a random one; none if there is
    /// none.
    fn run(&mut self, random: &mut Random) -> Option<(u32, u32)> {
        let first = (random.below(PAGES)..PAGES).find(|page| self.page(*page).is_some())?;
        let end = (first..PAGES).find(|page| self.page(*page).is_none()).unwrap_or(PAGES);
        Some((first, 1 + random.below(end - first)))
    }

    fn set(&mut self, (first, count): (u32, u32), value: Option<u32>) {
        (first..first + count).for_each(|page| *self.page(page) = value);
    }

    fn map(&mut self, random: &mut Random) {
        let (first, count) = self.range(random);
        let (protection, flags) = (PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED);
        let mapped = call!(mmap2(self.at(first), count * PAGE, protection, flags, -1, 0));
        assert_eq!(mapped, Ok(self.at(first)));
        self.set((first, count), Some(0));
    }

    fn unmap(&mut self, random: &mut Random) {
        let (first, count) = self.range(random);
        assert_eq!(call!(munmap(self.at(first), count * PAGE)), Ok(0));
        self.set((first, count), None);
    }

    fn write(&mut self, random: &mut Random) {
        let Some((first, count)) = self.run(random) else { return };
        for page in first..first + count {
            let value = random.below(u32::MAX);
            *self.page(page) = Some(value);
            word(self.at(page)).store(value, SeqCst);
            word(self.at(page) + PAGE - 4).store(value, SeqCst);
        }
    }

    fn verify(&mut self) {
        for page in 0..PAGES {
            if let Some(value) = *self.page(page) {
                let ends = [0, PAGE - 4].map(|at| word(self.at(page) + at).load(SeqCst));
                assert_eq!(ends, [value; 2], "page {:#x}", self.at(page));
            }
        }
    }

    fn discard(&mut self, random: &mut Random) {
        let Some((first, count)) = self.run(random) else { return };
        assert_eq!(call!(madvise(self.at(first), count * PAGE, MADV_DONTNEED)), Ok(0));
        self.set((first, count), Some(0));
    }

    fn protect(&mut self, random: &mut Random) {
        let Some((first, count)) = self.run(random) else { return };
        for protection in [PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE] {
            assert_eq!(call!(mprotect(self.at(first), count * PAGE, protection)), Ok(0));
            if protection != PROT_NONE {
                self.verify();
            }
        }
    }

    /// To the same place in the other column.
    fn relocate(&mut self, random: &mut Random) {
        let Some((first, count)) = self.run(random) else { return };
        let (from, bytes) = (self.at(first), count * PAGE);
        self.column ^= 1;
        let to = self.at(first);
        let moved = call!(mremap(from, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, to));
        if moved == Err(Errno::EFAULT) {
            // More than one area, as what was moved before does not merge: found out first.
            self.column ^= 1;
            return self.verify();
        }
        assert_eq!(moved, Ok(to));
        for page in first as usize..(first + count) as usize {
            self.pages[self.column][page] = self.pages[self.column ^ 1][page].take();
        }
        self.verify();
    }

    /// The kernel writes, and faults.
    fn read_zeros(&mut self, random: &mut Random) {
        let Some((first, count)) = self.run(random) else { return };
        let zero = File::open(b"/dev/zero").expect("/dev/zero");
        let to = UserMutPtr::new(self.at(first));
        assert_eq!(call!(read(zero.fd().0, to, count * PAGE)), Ok(count * PAGE));
        self.set((first, count), Some(0));
    }

    /// A child has the same, and what it writes is its own.
    fn fork(&mut self, random: &mut Random) {
        let status = child::run(|| {
            self.verify();
            for _ in 0..3 {
                self.write(random);
                self.verify();
            }
            0
        });
        assert_eq!(status, Status::Exited(0));
        DONE[1].fetch_add(1, SeqCst);
        self.verify();
    }

    fn step(&mut self, random: &mut Random) {
        match random.below(64) {
            0..8 => self.map(random),
            8..12 => self.unmap(random),
            12..34 => self.write(random),
            34..44 => self.verify(),
            44..50 => self.discard(random),
            50..55 => self.protect(random),
            55..60 => self.relocate(random),
            60..63 => self.read_zeros(random),
            _ => self.fork(random),
        }
    }
}

/// Counts in a random place. The words of all threads lie in all pages.
fn count(random: &mut Random) {
    let place = COUNTERS.load(SeqCst) + random.below(COUNTED * PAGE / 4) * 4;
    word(place).fetch_add(1, SeqCst);
    DONE[2].fetch_add(1, SeqCst);
}

extern "C" fn counts_once(seed: u32) -> i32 {
    count(&mut Random(seed));
    0
}

extern "C" fn works(seed: u32) -> i32 {
    let mut random = Random(seed);
    while goes_on() {
        let number = random.below(SLOTS);
        let slot = &STATE[number as usize];
        if slot.is_locked.swap(true, SeqCst) {
            continue;
        }
        // SAFETY: locked.
        let pages = unsafe { &mut *slot.pages.get() };
        let column = random.below(2) as usize;
        let address = BASE + number * 2 * COLUMN;
        Held { pages, column, address }.step(&mut random);
        slot.is_locked.store(false, SeqCst);
        DONE[0].fetch_add(1, SeqCst);
        (0..random.below(4)).for_each(|_| count(&mut random));
        if random.below(200) == 0 {
            spawn(counts_once, 1 + random.below(1000)).join();
        }
    }
    0
}

pub fn address_spaces_change_while_threads_fault() {
    COUNTERS.store(map(COUNTED), SeqCst);
    let threads: [Thread; THREADS as usize] =
        core::array::from_fn(|index| spawn(works, 0x9e37_79b9_u32.wrapping_mul(index as u32 + 1)));
    let_work();
    threads.into_iter().for_each(Thread::join);
    let counters = COUNTERS.load(SeqCst);
    let sum = (0..COUNTED * PAGE / 4).map(|at| word(counters + 4 * at).load(SeqCst)).sum();
    let [steps, forks, counted] = DONE.each_ref().map(|done| done.load(SeqCst));
    assert_eq!(counted, sum, "counts are lost");
    assert!(steps > 100 && forks > 0, "{steps} steps, {forks} forks");
    unmap(counters, COUNTED);
    unmap(BASE, SLOTS * 2 * PAGES);
}
