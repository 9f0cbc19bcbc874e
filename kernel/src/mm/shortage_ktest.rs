//! Calls that run out of memory half way: nothing may have changed then.

use super::frames::{Frame, GFP_HIGHUSER, GFP_KERNEL};
use super::ktest::{RW, range};
use super::map::Contents;
use super::page::mem_map;
use super::space::Mm;
use super::statistics;
use crate::ktest::{Outcome, check, tests};
use crate::result::Errno;
use abi::memory::{MREMAP_DONTUNMAP, MREMAP_FIXED, MREMAP_MAYMOVE};
use alloc::vec::Vec;
use kcore::addr::{PAGE_SIZE, VirtAddr};
use kcore::vma::VmFlags;

tests![a_move_without_memory_changes_nothing];

/// All free memory, but for what is let go of.
struct Shortage(Vec<Frame>);

impl Shortage {
    /// `None` if so many frames cannot even be listed.
    fn begin() -> Option<Self> {
        let mut frames = Vec::new();
        frames.try_reserve_exact(mem_map().len()).ok()?;
        statistics::drain();
        let mut shortage = Self(frames);
        shortage.take_all();
        Some(shortage)
    }

    fn take_all(&mut self) {
        let allocate = || Frame::allocate(&GFP_HIGHUSER).or_else(|| Frame::allocate(&GFP_KERNEL));
        self.0.extend(core::iter::from_fn(allocate));
    }

    /// Runs `work` with so many free frames.
    fn with<R>(&mut self, frames: usize, work: impl FnOnce() -> R) -> R {
        self.0.truncate(self.0.len().saturating_sub(frames));
        let result = work();
        self.take_all();
        result
    }
}

const START: u32 = 0x1000_0000;
const ELSEWHERE: u32 = 0x2000_0000;
const OTHERS: u32 = 0x3000_0000;
const BYTES: u32 = 4 * PAGE_SIZE;
/// Enough for any call here.
const PLENTY: usize = 64;

fn has_area(mm: &Mm, address: u32) -> bool {
    mm.layout.read().areas.containing(VirtAddr::new(address).vpn()).is_some()
}

/// With more and more areas, so that each kind of memory is missing once.
fn a_move_without_memory_changes_nothing() -> Outcome {
    let mm = Mm::new().map_err(|_| "no mm")?;
    mm.map_fixed(range(START, 4), RW, Contents::Anonymous).map_err(|_| "map")?;
    mm.write_bytes(START, b"mapped").map_err(|_| "write")?;
    let Some(mut shortage) = Shortage::begin() else { return Ok(()) };
    let reads = |address| {
        let mut bytes = [0; 6];
        mm.read_bytes(address, &mut bytes).is_ok() && &bytes == b"mapped"
    };
    let move_to = |from, to, flags| mm.mremap(from, BYTES, BYTES, flags, to);
    const FIXED: u32 = MREMAP_MAYMOVE | MREMAP_FIXED;
    let mut failures = 0;
    for others in 0..72 {
        let flags = if others % 2 == 0 { RW } else { RW | VmFlags::EXEC };
        let place = range(OTHERS + others * PAGE_SIZE, 1);
        let mapped = shortage.with(PLENTY, || mm.map_fixed(place, flags, Contents::Anonymous));
        check!(mapped.is_ok());
        for flags in [FIXED, FIXED | MREMAP_DONTUNMAP] {
            for frames in 0..5 {
                let moved = shortage.with(frames, || move_to(START, ELSEWHERE, flags));
                if moved.is_err() {
                    check!(moved == Err(Errno::ENOMEM));
                    check!(reads(START) && !has_area(&mm, ELSEWHERE));
                    failures += 1;
                    continue;
                }
                check!(reads(ELSEWHERE));
                check!(has_area(&mm, START) == (flags != FIXED));
                let back = shortage.with(PLENTY, || move_to(ELSEWHERE, START, FIXED));
                check!(back == Ok(START) && reads(START));
            }
        }
    }
    check!(failures > 0);
    Ok(())
}
