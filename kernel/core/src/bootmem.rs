//! The allocator of the boot: one bit per low frame, set while the frame is reserved.
//!
//! At first every frame is reserved; then memory is freed, and what must not be handed out
//! (kernel, archive, the bitmap itself) is reserved again. A request is served first fit from its
//! goal, or from the last success if that lies higher, then from the bottom.

use crate::addr::{FrameRange, Pfn};
use crate::bitmap::Bitmap;

/// See the module's description.
#[derive(Debug)]
pub struct Bootmem<'a> {
    /// A set bit is a reserved frame, of those below `max_low_pfn`.
    reserved: Bitmap<'a>,
    /// The end of the last allocation.
    hint: u32,
}

impl<'a> Bootmem<'a> {
    /// Everything is reserved. `None` if `words` has less than
    /// [`bitmap_words`](crate::bitmap::bitmap_words) words.
    pub fn new(words: &'a mut [u32], max_low_pfn: Pfn) -> Option<Self> {
        let mut reserved = Bitmap::new(words, max_low_pfn.as_u32())?;
        reserved.write(0, max_low_pfn.as_u32(), true);
        Some(Self { reserved, hint: 0 })
    }

    /// Gives the frames of `range` that are low memory.
    pub fn free(&mut self, range: FrameRange) {
        self.reserved.write(range.start().as_u32(), range.end().as_u32(), false);
    }

    /// Keeps the frames of `range` from being handed out. They may be reserved already.
    pub fn reserve(&mut self, range: FrameRange) {
        self.reserved.write(range.start().as_u32(), range.end().as_u32(), true);
    }

    /// `count` consecutive frames, the first a multiple of `align`, at `goal` or above if there
    /// are any.
    pub fn allocate(&mut self, count: u32, align: u32, goal: Pfn) -> Option<Pfn> {
        if count == 0 || align == 0 {
            return None;
        }
        let goal = if goal.as_u32() < self.reserved.len() { goal.as_u32() } else { 0 };
        let preferred = goal.max(self.hint);
        let run = |from| self.reserved.next_clear_run(from, count, align);
        let found = run(preferred).or_else(|| run(goal)).or_else(|| run(0))?;
        let range = FrameRange::with_len(Pfn::new(found), count)?;
        self.reserve(range);
        self.hint = range.end().as_u32();
        Some(range.start())
    }

    pub fn is_reserved(&self, pfn: Pfn) -> bool {
        self.reserved.get(pfn.as_u32()).unwrap_or(true)
    }

    pub fn free_frames(&self) -> u32 {
        self.reserved.count_clear()
    }

    /// The runs of free frames, for the buddy allocator. The bitmap's own frames are the caller's
    /// to free when the iterator is gone.
    pub fn release(self) -> impl Iterator<Item = FrameRange> + use<'a> {
        let mut next = 0;
        core::iter::from_fn(move || {
            let start = self.reserved.next(next, false)?;
            let end = self.reserved.next(start, true).unwrap_or(self.reserved.len());
            next = end;
            FrameRange::new(Pfn::new(start), Pfn::new(end))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::vec::Vec;

    fn range(start: u32, len: u32) -> FrameRange {
        FrameRange::with_len(Pfn::new(start), len).unwrap()
    }

    #[test]
    fn everything_is_reserved_at_first() {
        let mut bitmap = [0; 4];
        let mut bootmem = Bootmem::new(&mut bitmap, Pfn::new(100)).unwrap();
        assert_eq!(bootmem.allocate(1, 1, Pfn::new(0)), None);
        assert!(bootmem.is_reserved(Pfn::new(99)) && bootmem.is_reserved(Pfn::new(5000)));
        assert_eq!(bootmem.free_frames(), 0);
        assert!(Bootmem::new(&mut [0; 3], Pfn::new(97)).is_none());
    }

    #[test]
    fn a_goal_is_tried_first_and_the_bottom_last() {
        let mut bitmap = [0; 4];
        let mut bootmem = Bootmem::new(&mut bitmap, Pfn::new(128)).unwrap();
        bootmem.free(range(0, 500));
        assert_eq!(bootmem.free_frames(), 128);
        assert_eq!(bootmem.allocate(8, 4, Pfn::new(99)), Some(Pfn::new(100)));
        // The hint is behind the last success.
        assert_eq!(bootmem.allocate(1, 1, Pfn::new(0)), Some(Pfn::new(108)));
        assert_eq!(bootmem.allocate(20, 1, Pfn::new(100)), Some(Pfn::new(0)));
        assert_eq!(bootmem.allocate(1, 1, Pfn::new(4000)), Some(Pfn::new(20)));
        assert_eq!(bootmem.allocate(200, 1, Pfn::new(0)), None);
    }

    #[test]
    fn the_hint_does_not_hide_frames_at_the_goal() {
        let mut bitmap = [0; 2];
        let mut bootmem = Bootmem::new(&mut bitmap, Pfn::new(64)).unwrap();
        bootmem.free(range(0, 64));
        assert_eq!(bootmem.allocate(32, 1, Pfn::new(32)), Some(Pfn::new(32)));
        bootmem.free(range(40, 4));
        assert_eq!(bootmem.allocate(4, 1, Pfn::new(36)), Some(Pfn::new(40)));
    }

    #[derive(Clone, Debug)]
    enum Step {
        Free(u32, u32),
        Reserve(u32, u32),
        Allocate(u32, u32, u32),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            (0u32..150, 0u32..60).prop_map(|(start, len)| Step::Free(start, len)),
            (0u32..150, 0u32..20).prop_map(|(start, len)| Step::Reserve(start, len)),
            (0u32..20, 0u32..5, 0u32..150).prop_map(|(n, shift, g)| Step::Allocate(
                n,
                1 << shift,
                g
            )),
        ]
    }

    proptest! {
        #[test]
        fn agrees_with_an_array_of_booleans(
            max in 1u32..140,
            steps in prop::collection::vec(step(), 1..24),
        ) {
            let mut bitmap = [0; 5];
            let mut bootmem = Bootmem::new(&mut bitmap, Pfn::new(max)).unwrap();
            let mut free = std::vec![false; max as usize];
            for step in steps {
                match step {
                    Step::Free(start, len) => {
                        bootmem.free(range(start, len));
                        (start..(start + len).min(max)).for_each(|f| free[f as usize] = true);
                    }
                    Step::Reserve(start, len) => {
                        bootmem.reserve(range(start, len));
                        (start..(start + len).min(max)).for_each(|f| free[f as usize] = false);
                    }
                    Step::Allocate(count, align, goal) => {
                        let fits = |start: u32| {
                            count != 0
                                && start.is_multiple_of(align)
                                && start + count <= max
                                && (start..start + count).all(|f| free[f as usize])
                        };
                        let got = bootmem.allocate(count, align, Pfn::new(goal));
                        match got {
                            None => prop_assert!(!(0..max).any(fits)),
                            Some(pfn) => {
                                let start = pfn.as_u32();
                                prop_assert!(fits(start));
                                let from_goal = goal < max && (goal..max).any(fits);
                                prop_assert!(!from_goal || start >= goal);
                                (start..start + count).for_each(|f| free[f as usize] = false);
                            }
                        }
                    }
                }
            }
            let released: Vec<u32> =
                bootmem.release().flat_map(|r| r.frames().map(Pfn::as_u32)).collect();
            let expected: Vec<u32> = (0..max).filter(|&f| free[f as usize]).collect();
            prop_assert_eq!(released, expected);
        }
    }
}
