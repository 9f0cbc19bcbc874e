//! Kernel stacks: vmalloc areas, so a guard page lies below each. Some are kept for the next
//! task, because mapping one costs far more than all the rest of making a task. At the upper end of
//! each, above what the task itself uses, is room for the FPU state of its program.

use crate::arch::fpu;
use crate::mm::vmalloc::{Area, vmalloc};
use crate::result::Result;
use crate::sync::{Rank, SpinLock};
use core::mem::ManuallyDrop;
use kcore::addr::PAGE_SIZE;

const PAGES: u32 = 4;
const STACK_BYTES: u32 = PAGES * PAGE_SIZE;
const CACHED: usize = 16;

/// The stack of one task. Dropping it puts it into the cache.
pub struct Stack {
    area: ManuallyDrop<Area>,
}

struct Cache {
    areas: [Option<Area>; CACHED],
    count: usize,
}

static CACHE: SpinLock<Cache> =
    SpinLock::new(Rank::StackCache, Cache { areas: [const { None }; CACHED], count: 0 });

impl Stack {
    pub fn new() -> Result<Self> {
        let cached = CACHE.lock().pop();
        let area = match cached {
            Some(area) => area,
            None => {
                let area = vmalloc(PAGES)?;
                area.mark_stack();
                let stack = Self { area: ManuallyDrop::new(area) };
                let bytes = fpu::area_bytes() as usize;
                // SAFETY: the room above the top, which nobody uses yet.
                unsafe { (stack.top() as *mut u8).write_bytes(0, bytes) };
                return Ok(stack);
            }
        };
        Ok(Self { area: ManuallyDrop::new(area) })
    }

    /// One past the highest address; there the room for the FPU state begins.
    pub fn top(&self) -> u32 {
        self.area.address() + STACK_BYTES - fpu::area_bytes()
    }

    /// The lowest address of the stack with this top.
    pub fn bottom(top: u32) -> u32 {
        top + fpu::area_bytes() - STACK_BYTES
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        // SAFETY: `area` is not used again.
        let area = unsafe { ManuallyDrop::take(&mut self.area) };
        let rejected = CACHE.lock().push(area);
        // Freed, if it did not fit, without the lock.
        drop(rejected);
    }
}

impl Cache {
    #[inline]
    fn pop(&mut self) -> Option<Area> {
        let last = self.count.checked_sub(1)?;
        self.count = last;
        self.areas.get_mut(last)?.take()
    }

    #[inline]
    fn push(&mut self, area: Area) -> Option<Area> {
        match self.areas.get_mut(self.count) {
            Some(place) => {
                self.count += 1;
                place.replace(area)
            }
            None => Some(area),
        }
    }
}

/// Gives the cached stacks back.
pub fn drain_cache() {
    loop {
        let area = CACHE.lock().pop();
        // Freed without the lock.
        if area.is_none() {
            break;
        }
    }
}
