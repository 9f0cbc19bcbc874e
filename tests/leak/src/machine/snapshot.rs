//! What the kernel holds.

use super::on_folio;
use super::residents::Residents;
use alloc::format;
use alloc::string::String;
use core::fmt::Write;
use core::mem;
use core::time::Duration;
use sys::abi::syscall::folio::*;
use sys::syscall::{folio, output};

/// What the kernel holds when nothing is cached. Figures that only grow are left out.
#[derive(Clone)]
pub struct Snapshot {
    statistics: Statistics,
    residents: Residents,
}

/// As far as it matters: pages of files come and go.
impl PartialEq for Snapshot {
    fn eq(&self, other: &Self) -> bool {
        self.statistics == other.statistics
    }
}

impl Snapshot {
    /// Counts; `None` on Linux.
    pub fn take() -> Option<Self> {
        if !on_folio() {
            return None;
        }
        // Before it is counted: the list is memory.
        let residents = Residents::now();
        let mut statistics = Statistics::default();
        let size = size_of::<Statistics>() as u32;
        // SAFETY: the calls touch no memory but the structure.
        let counted = unsafe {
            folio::drain().and_then(|_| folio::statistics(output(&mut statistics), size))
        };
        counted.expect("drain and statistics");
        statistics.minor_faults = 0;
        statistics.major_faults = 0;
        statistics.switches = 0;
        statistics.zones.iter_mut().for_each(|zone| zone.least_free = 0);
        set_slabs_aside(&mut statistics);
        Some(Self { statistics, residents })
    }

    /// Counts when nobody else is at work: until two counts agree, or for a second.
    pub fn settled() -> Option<Self> {
        let mut last = Self::take()?;
        for _ in 0..50 {
            sys::time::sleep(Duration::from_millis(20));
            let next = Self::take()?;
            if next == last {
                break;
            }
            last = next;
        }
        Some(last)
    }

    /// Whether the machine has none beyond the direct map.
    pub fn has_no_high_memory(&self) -> bool {
        self.statistics.zones[ZONE_HIGHMEM].managed == 0
    }

    /// Pages that processes have more than now, or fewer, of those that were there.
    pub fn growth(&self, later: &Self) -> i64 {
        self.residents.growth(&later.residents)
    }

    /// The same as [`difference`](Self::difference), but pages that processes have now, of those that were
    /// there before, are not lost: a server may keep what it was asked for.
    pub fn difference_but_growth(&self, later: &Self) -> Option<String> {
        let (old, new) = (&self.statistics, &later.statistics);
        let pages = |statistics: &Statistics| {
            let owned = [OWNER_ANONYMOUS, OWNER_CACHE].map(|owner| statistics.owners[owner]);
            let free = [ZONE_NORMAL, ZONE_HIGHMEM].map(|zone| statistics.zones[zone].free);
            [owned, free].map(|two| i64::from(two[0]) + i64::from(two[1]))
        };
        let ([owned, free], [owned_later, free_later]) = (pages(old), pages(new));
        let growth = self.growth(later);
        if owned_later - owned != growth || free - free_later != growth {
            return self.difference(later);
        }
        let mut rest = later.clone();
        for owner in [OWNER_ANONYMOUS, OWNER_CACHE] {
            rest.statistics.owners[owner] = old.owners[owner];
        }
        for zone in [ZONE_NORMAL, ZONE_HIGHMEM] {
            rest.statistics.zones[zone].free = old.zones[zone].free;
        }
        self.difference(&rest)
    }

    /// What is different in `later`, for people; `None` if nothing is.
    pub fn difference(&self, later: &Self) -> Option<String> {
        let (old, new) = (&self.statistics, &later.statistics);
        let mut text = String::new();
        let mut compare = |what: &str, old: u32, new: u32| {
            if old != new {
                let separator = if text.is_empty() { "" } else { ", " };
                let _ = write!(text, "{separator}{what} {old} -> {new}");
            }
        };
        let free = |zone: usize| (old.zones[zone].free, new.zones[zone].free);
        let (low, high) = (free(ZONE_NORMAL), free(ZONE_HIGHMEM));
        compare("free low", low.0, low.1);
        compare("free high", high.0, high.1);
        for (index, (&old, &new)) in old.owners.iter().zip(&new.owners).enumerate() {
            compare(OWNER_NAMES.get(index).unwrap_or(&"owner"), old, new);
        }
        for (old, new) in old.caches.iter().zip(&new.caches) {
            compare(&format!("objects of {}", new.size), old.objects, new.objects);
        }
        compare("processes", old.processes, new.processes);
        compare("threads", old.threads, new.threads);
        compare("descriptions", old.descriptions, new.descriptions);
        compare("handles", old.handles, new.handles);
        compare("kmap", old.kmap, new.kmap);
        compare("vmalloc", old.vmalloc, new.vmalloc);
        compare("kernel locks", old.kernel_locks, new.kernel_locks);
        compare("file locks", old.file_locks, new.file_locks);
        // Whatever has no name of its own here.
        if text.is_empty() && self != later {
            text.push_str("some figure");
        }
        let who = self.residents.difference(&later.residents);
        (!text.is_empty()).then(|| text + &who)
    }
}

/// How many slabs hold the same objects depends on which objects went first: objects are compared,
/// and slabs count as free low memory. What is left of the heap are its large allocations. While
/// others are at work the figures are not of one moment, and there may be more slabs than heap.
fn set_slabs_aside(statistics: &mut Statistics) {
    let mut slabs = 0;
    for cache in &mut statistics.caches {
        slabs += mem::take(&mut cache.pages);
    }
    let heap = &mut statistics.owners[OWNER_HEAP];
    *heap = heap.wrapping_sub(slabs);
    let dma = mem::take(&mut statistics.zones[ZONE_DMA].free);
    let low = &mut statistics.zones[ZONE_NORMAL].free;
    *low = low.wrapping_add(dma).wrapping_add(slabs);
}
