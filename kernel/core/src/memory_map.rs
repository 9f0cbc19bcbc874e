//! What the firmware says is memory, made into frames.
//!
//! Entries may overlap, be out of order and start anywhere. Where a reserved entry overlaps
//! memory, reserved wins. Ranges are merged as bytes and then cut inwards to whole frames, so two
//! neighbours that meet inside a frame do not lose it.

use crate::addr::{FrameRange, PAGE_SHIFT, PAGE_SIZE, Pfn};
use crate::multiboot::Region;
use crate::page::Page;

/// Ranges a [`MemoryMap`] holds; machines have fewer than ten.
pub const MAX_RANGES: usize = 64;
/// Frames an entry of the two-level format can name: 4 GiB.
pub const TWO_LEVEL_FRAMES: u32 = 1 << 20;
/// `highmem=` must leave this much low memory besides the kernel and the archive: 16 MiB.
pub const MIN_LOW_FRAMES: u32 = 16 << (20 - PAGE_SHIFT);

/// The last byte that a `Pfn` below `NO_PFN` can name, plus one.
const LIMIT: u64 = (u32::MAX as u64) << PAGE_SHIFT;

/// Memory, sorted and without overlaps.
#[derive(Clone, Debug)]
pub struct MemoryMap {
    /// First byte and the byte behind the last, in use up to `len`.
    ranges: [(u64, u64); MAX_RANGES],
    len: usize,
    lost: u64,
}

impl MemoryMap {
    /// From the firmware's entries, in any order.
    pub fn new(regions: impl Iterator<Item = Region> + Clone) -> Self {
        let mut map = Self { ranges: [(0, 0); MAX_RANGES], len: 0, lost: 0 };
        for region in regions.clone().filter(|region| region.is_ram) {
            let (start, end) = ends(region);
            // A loader may name more than there can be.
            let beyond = end.max(LIMIT) - start.max(LIMIT);
            map.lost = map.lost.saturating_add(beyond);
            map.add(start.min(LIMIT), end.min(LIMIT));
        }
        for region in regions.filter(|region| !region.is_ram) {
            let (start, end) = ends(region);
            map.remove(start, end);
        }
        map
    }

    /// Memory as whole frames, lowest first.
    pub fn frames(&self) -> impl Iterator<Item = FrameRange> + Clone + '_ {
        self.ranges.iter().take(self.len).filter_map(|&(start, end)| {
            let first = start.div_ceil(1 << PAGE_SHIFT);
            let last = end >> PAGE_SHIFT;
            // Both fit: every range ends at LIMIT or before.
            let range = FrameRange::new(Pfn::new(first as u32), Pfn::new(last as u32))?;
            (!range.is_empty()).then_some(range)
        })
    }

    /// One past the highest frame of memory.
    pub fn max_pfn(&self) -> Pfn {
        self.frames().last().map_or(Pfn::new(0), FrameRange::end)
    }

    /// How many frames there are below `limit`.
    pub fn frames_below(&self, limit: Pfn) -> u32 {
        let below = FrameRange::new(Pfn::new(0), limit).unwrap_or_default();
        self.frames().filter_map(|range| range.intersection(below)).map(FrameRange::len).sum()
    }

    /// Whether every frame of `range` is memory.
    pub fn contains(&self, range: FrameRange) -> bool {
        self.frames().any(|memory| memory.contains_range(range))
    }

    /// Drops everything from frame `limit` on and says how many bytes that were.
    pub fn cut(&mut self, limit: Pfn) -> u64 {
        let before = self.bytes();
        self.remove(limit.address().as_u64(), u64::MAX);
        before - self.bytes()
    }

    /// All memory, in bytes, partial frames included.
    pub fn bytes(&self) -> u64 {
        self.ranges.iter().take(self.len).map(|&(start, end)| end - start).sum()
    }

    /// Bytes that no frame number can name or that came when the table was full.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    fn add(&mut self, start: u64, end: u64) {
        if start >= end {
            return;
        }
        // Everything that touches the new range becomes one range with it.
        let used = &self.ranges[..self.len];
        let from = used.partition_point(|&(_, other_end)| other_end < start);
        let to = used.partition_point(|&(other_start, _)| other_start <= end);
        if from == to {
            if self.len == MAX_RANGES {
                self.lost = self.lost.saturating_add(end - start);
                return;
            }
            self.ranges.copy_within(from..self.len, from + 1);
            self.ranges[from] = (start, end);
            self.len += 1;
        } else {
            let joined = (start.min(used[from].0), end.max(used[to - 1].1));
            self.ranges[from] = joined;
            self.ranges.copy_within(to..self.len, from + 1);
            self.len -= to - from - 1;
        }
    }

    fn remove(&mut self, start: u64, end: u64) {
        if start >= end {
            return;
        }
        let mut at = 0;
        while let Some(&(other_start, other_end)) = self.ranges[..self.len].get(at) {
            if other_end <= start || end <= other_start {
                at += 1;
                continue;
            }
            let left = (other_start, start.max(other_start));
            let right = (end.min(other_end), other_end);
            match (left.0 < left.1, right.0 < right.1) {
                (false, false) => {
                    self.ranges.copy_within(at + 1..self.len, at);
                    self.len -= 1;
                }
                (true, false) => self.ranges[at] = left,
                (false, true) => self.ranges[at] = right,
                (true, true) => {
                    self.ranges[at] = left;
                    self.add(right.0, right.1);
                }
            }
        }
    }
}

fn ends(region: Region) -> (u64, u64) {
    let start = region.start.as_u64();
    (start, start.saturating_add(region.bytes))
}

/// Where low memory, which the direct map covers, ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LowHigh {
    /// One past the last low frame.
    pub max_low_pfn: Pfn,
    /// One past the last frame.
    pub max_pfn: Pfn,
    /// Set if `highmem=` was not followed because too little low memory would have stayed.
    pub refused: bool,
}

impl LowHigh {
    /// `max_low_bytes` is what the split's direct map can cover; `highmem` what the command line
    /// asks to be high; `must_stay_low` the frames of kernel and archive, beside which `mem_map`
    /// has to lie.
    pub fn new(
        map: &MemoryMap,
        max_low_bytes: u32,
        highmem: Option<u64>,
        must_stay_low: &[FrameRange],
    ) -> Self {
        let max_pfn = map.max_pfn();
        let natural = Pfn::new(max_pfn.as_u32().min(max_low_bytes >> PAGE_SHIFT));
        let plain = Self { max_low_pfn: natural, max_pfn, refused: false };
        let Some(bytes) = highmem else { return plain };
        // As much as asked, taken from the top; a request smaller than what is high anyway
        // changes nothing.
        let frames = u32::try_from(bytes >> PAGE_SHIFT).unwrap_or(u32::MAX);
        let Some(low) = max_pfn.as_u32().checked_sub(frames) else {
            return Self { refused: true, ..plain };
        };
        let low = Pfn::new(low.min(natural.as_u32()));
        let mem_map = max_pfn.as_u32().div_ceil(PAGE_SIZE / size_of::<Page>() as u32);
        let kept = must_stay_low.iter().map(|range| range.len()).sum::<u32>() + mem_map;
        let enough = map.frames_below(low) >= MIN_LOW_FRAMES.saturating_add(kept);
        if enough && must_stay_low.iter().all(|range| range.end() <= low) {
            Self { max_low_pfn: low, ..plain }
        } else {
            Self { refused: true, ..plain }
        }
    }
}

#[cfg(test)]
mod tests;
