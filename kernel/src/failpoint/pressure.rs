//! Shortage of memory for as long as a test wants it.

use crate::mm::frames::{drain_page_lists, free_frames, put_page, take_free};
use crate::mm::page::page;
use crate::result::{Errno, Result};
use crate::sync::Mutex;
use crate::task::might_resched;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
use kcore::addr::Pfn;
use kcore::zone::ZONES;

/// Frames that nobody uses, linked through [`mem_map`](crate::mm::page::mem_map).
struct Taken {
    first: Option<Pfn>,
    count: u32,
}

static TAKEN: Mutex<Taken> = Mutex::new(Taken { first: None, count: 0 });

/// The process for which they are taken, 0 for none; changes under the lock.
static OWNER: AtomicU32 = AtomicU32::new(0);

/// Between two points where others may run.
const STEP: u32 = 64;

/// Has at most `free` frames left in the zones whose bits are set, for process `owner`; what was taken
/// before goes back first. How many frames are taken.
pub fn take_memory(owner: u32, zones: u32, free: u32) -> Result<u32> {
    if zones >> ZONES != 0 {
        return Err(Errno::EINVAL);
    }
    let mut taken = TAKEN.lock();
    taken.give_back();
    OWNER.store(owner, Relaxed);
    drain_page_lists();
    let is_chosen = |zone: &usize| zones & 1 << zone != 0;
    // High memory goes first, as with any other use.
    for zone in (0..ZONES).rev().filter(is_chosen) {
        let rest: u32 = (0..zone).filter(is_chosen).map(free_frames).sum();
        while rest + free_frames(zone) > free {
            let Some(pfn) = take_free(zone) else { break };
            taken.add(pfn);
        }
    }
    Ok(taken.count)
}

/// Process `owner` has ended.
pub(super) fn give_back_of(owner: u32) {
    if OWNER.load(Relaxed) != owner {
        return;
    }
    let mut taken = TAKEN.lock();
    // Somebody else may take them meanwhile.
    if OWNER.compare_exchange(owner, 0, Relaxed, Relaxed).is_ok() {
        taken.give_back();
    }
}

impl Taken {
    fn add(&mut self, pfn: Pfn) {
        page(pfn).set_next(self.first);
        self.first = Some(pfn);
        self.count += 1;
        self.pause();
    }

    fn give_back(&mut self) {
        while let Some(pfn) = self.first {
            self.first = page(pfn).next();
            self.count -= 1;
            put_page(pfn);
            self.pause();
        }
    }

    fn pause(&self) {
        if self.count.is_multiple_of(STEP) {
            might_resched();
        }
    }
}
