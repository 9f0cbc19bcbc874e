//! Watermarks, and what low zones keep back from requests that could go higher.

use super::{DMA, HIGHMEM, NORMAL, Request, Urgency, ZONES};
use crate::addr::PAGE_SHIFT;
use crate::buddy::{Buddy, MAX_ORDER};

/// One in so many of the frames above a zone is kept back in it.
const RESERVE_RATIO: [u32; ZONES] = [256, 32, 1];

/// How far down a request may go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mark {
    /// No mark: for who frees memory.
    None,
    Min,
    Low,
    High,
}

/// One zone's marks, in frames.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Marks {
    pub min: u32,
    /// Below it, reclaim is woken.
    pub low: u32,
    /// Reclaim goes on until there.
    pub high: u32,
    /// Kept back besides, by the highest zone the request could use.
    pub reserve: [u32; ZONES],
}

impl Marks {
    pub const NONE: Self = Self { min: 0, low: 0, high: 0, reserve: [0; ZONES] };

    fn from_min(min: u32, reserve: [u32; ZONES]) -> Self {
        Self { min, low: min + min / 4, high: min + min / 2, reserve }
    }

    pub(super) fn allow(&self, buddy: &Buddy, request: &Request, mark: Mark) -> bool {
        let mut mark = match mark {
            // Not even frames to be kept back, but there must be a block.
            Mark::None => {
                return (request.order..=MAX_ORDER).any(|order| buddy.free_blocks(order) != 0);
            }
            Mark::Min => self.min,
            Mark::Low => self.low,
            Mark::High => self.high,
        };
        match request.urgency {
            Urgency::Normal => {}
            Urgency::High => mark -= mark / 2,
            Urgency::Atomic => {
                mark -= mark / 2;
                mark -= mark / 4;
            }
        }
        let kept = self.reserve.get(request.class).copied().unwrap_or(u32::MAX);
        let Some(mut free) = buddy.free_frames().checked_sub((1 << request.order) - 1) else {
            return false;
        };
        if free <= mark.saturating_add(kept) {
            return false;
        }
        // Frames in smaller blocks do not help; but of large blocks fewer need to stay.
        for order in 0..request.order {
            free = free.saturating_sub(buddy.free_blocks(order) << order);
            mark /= 2;
            if free <= mark {
                return false;
            }
        }
        true
    }
}

/// What all low zones keep free together: more on large machines, but less than in proportion.
pub const fn min_free_kbytes(low_kbytes: u32) -> u32 {
    let root = (low_kbytes as u64 * 16).isqrt() as u32;
    if root < 128 {
        128
    } else if root > 65536 {
        65536
    } else {
        root
    }
}

/// The marks of all zones, from the frames present in each.
pub fn zone_marks(present: [u32; ZONES], min_free_kbytes: u32) -> [Marks; ZONES] {
    let min_frames = u64::from(min_free_kbytes >> (PAGE_SHIFT - 10));
    let low = u64::from(present[DMA]) + u64::from(present[NORMAL]);
    core::array::from_fn(|zone| {
        let min = if zone == HIGHMEM {
            // Nobody depends on high memory alone: a little, so that it is reclaimed at all.
            if present[zone] == 0 { 0 } else { (present[zone] / 1024).clamp(32, 128) }
        } else {
            (min_frames * u64::from(present[zone])).checked_div(low).unwrap_or(0) as u32
        };
        let reserve = core::array::from_fn(|class| {
            let above = present.iter().take(class + 1).skip(zone + 1);
            above.sum::<u32>() / RESERVE_RATIO[zone]
        });
        Marks::from_min(min, reserve)
    })
}
