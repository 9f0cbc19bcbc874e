//! Zones of memory, how much each keeps back, and which one serves a request.
//!
//! DMA is what old devices reach (16 MiB), NORMAL the rest of the direct map, HIGHMEM what lies
//! above it. A request names the highest zone it can use; the ones below serve it when that has
//! too little, except for what they reserve for those who cannot go higher. Marks and rules are
//! those of Linux 2.6.11.

mod decide;
mod marks;

#[cfg(test)]
mod tests;

pub use decide::{Decision, Request, Stage, Urgency, decide};
pub use marks::{Mark, Marks, min_free_kbytes, zone_marks};

use crate::addr::{FrameRange, Pfn};
use crate::buddy::Buddy;
use crate::index_list::entry;
use crate::memory_map::LowHigh;
use crate::page::{Page, PageFlags};

pub const DMA: usize = 0;
pub const NORMAL: usize = 1;
pub const HIGHMEM: usize = 2;
pub const ZONES: usize = 3;
pub const ZONE_NAMES: [&str; ZONES] = ["DMA", "Normal", "HighMem"];

/// End of the DMA zone: 16 MiB.
const DMA_END: Pfn = Pfn::new(0x1000);

/// The frames of each zone. A zone the machine has no memory for is empty.
pub fn zone_ranges(memory: LowHigh) -> [FrameRange; ZONES] {
    let low = memory.max_low_pfn;
    let dma_end = DMA_END.min(low);
    [(Pfn::new(0), dma_end), (dma_end, low), (low, memory.max_pfn.max(low))]
        .map(|(start, end)| FrameRange::new(start, end).unwrap_or_default())
}

/// What one zone's lock guards.
#[derive(Debug)]
pub struct Zone {
    pub buddy: Buddy,
    pub marks: Marks,
    /// Frames of memory, the kernel's own included.
    pub present: u32,
    managed: u32,
}

impl Zone {
    /// Of which so many frames are memory. It is given none yet, and has no marks.
    pub const fn new(frames: FrameRange, present: u32) -> Self {
        Self { buddy: Buddy::new(frames), marks: Marks::NONE, present, managed: 0 }
    }

    /// Frames that were given to the zone, free or in use.
    pub const fn managed(&self) -> u32 {
        self.managed
    }

    /// Gives the part of `range` that lies in this zone to its allocator: the hand-over from
    /// bootmem, and the freeing of what only the boot needed.
    pub fn add_memory(&mut self, pages: &[Page], index: usize, range: FrameRange) {
        let Some(range) = self.buddy.zone().intersection(range) else { return };
        for pfn in range.frames() {
            let page = entry(pages, pfn);
            page.reset(PageFlags::empty());
            page.set_zone(index);
            if index == HIGHMEM {
                page.set(PageFlags::HIGHMEM);
            }
            page.set_refcount(0);
        }
        self.managed += range.len();
        self.buddy.free_range(pages, range);
    }

    /// Whether a request may take its frames here without going below `mark`.
    pub fn allows(&self, request: &Request, mark: Mark) -> bool {
        self.marks.allow(&self.buddy, request, mark)
    }
}
