//! The slots of the pkmap window: which frame of high memory each maps, and for how many.
//!
//! A slot's count is 0: free, and in no TLB; 1: nobody uses it, but its entry is still set and
//! TLBs may hold it; n: n − 1 users. Slots are taken in a circle, and only when it closes are the
//! slots of count 1 cleared, all with one flush (Linux's `kmap_high`).

use crate::addr::Pfn;
use crate::page::NO_PFN;

/// Fewest and most slots: `pkmap=` of the command line; the most is one page table's worth.
pub const MIN_SLOTS: u32 = 8;
pub const MAX_SLOTS: u32 = 1024;

const BUCKETS: usize = 128;
const NONE: u16 = u16::MAX;

/// One slot; the kernel provides the array.
#[derive(Clone, Copy, Debug)]
pub struct KmapSlot {
    count: u32,
    pfn: u32,
    /// Who mapped it last.
    holder: u32,
    /// The next slot whose frame has the same hash.
    next: u16,
}

impl KmapSlot {
    pub const FREE: Self = Self { count: 0, pfn: NO_PFN, holder: 0, next: NONE };
}

/// A slot that has a frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SlotInUse {
    pub number: u32,
    pub pfn: Pfn,
    /// 0 if it only has not been flushed yet.
    pub users: u32,
    /// Who mapped it last.
    pub holder: u32,
}

/// What `map` wants done.
#[must_use]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kmap {
    /// The frame is mapped there already.
    Mapped(u32),
    /// Write the entry of this slot; it needs no flush.
    Set(u32),
    /// Call [`KmapSlots::flush`], then ask again.
    FlushFirst,
    /// All slots are in use: sleep until [`KmapSlots::unmap`] says so, then ask again.
    Wait,
}

/// An unmapping without a mapping: the kernel is broken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NotMapped;

/// See the module's description. Guarded by `kmap_lock`.
#[derive(Debug)]
pub struct KmapSlots<'a> {
    slots: &'a mut [KmapSlot],
    buckets: [u16; BUCKETS],
    /// The slot that was taken last.
    last: u32,
    /// Slots with count 0.
    free: u32,
    /// Slots with count 1.
    unused: u32,
}

impl<'a> KmapSlots<'a> {
    /// `None` unless there are [`MIN_SLOTS`] to [`MAX_SLOTS`] slots.
    pub fn new(slots: &'a mut [KmapSlot]) -> Option<Self> {
        let len = u32::try_from(slots.len()).ok()?;
        if !(MIN_SLOTS..=MAX_SLOTS).contains(&len) {
            return None;
        }
        slots.fill(KmapSlot::FREE);
        Some(Self { slots, buckets: [NONE; BUCKETS], last: 0, free: len, unused: 0 })
    }

    pub fn len(&self) -> u32 {
        self.slots.len() as u32
    }

    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Slots somebody uses.
    pub fn in_use(&self) -> u32 {
        self.len() - self.free - self.unused
    }

    /// The slot of a frame that is mapped or may still be.
    #[inline]
    pub fn find(&self, pfn: Pfn) -> Option<u32> {
        let mut at = self.buckets[hash(pfn)];
        while let Some(slot) = self.slots.get(usize::from(at)) {
            if slot.pfn == pfn.as_u32() {
                return Some(u32::from(at));
            }
            at = slot.next;
        }
        None
    }

    /// Wants `pfn`, a frame of high memory, mapped.
    pub fn map(&mut self, pfn: Pfn) -> Kmap {
        if let Some(found) = self.find(pfn)
            && let Some(slot) = self.slots.get_mut(found as usize)
        {
            // A slot nobody uses comes back to life for nothing.
            self.unused -= u32::from(slot.count == 1);
            slot.count += 1;
            return Kmap::Mapped(found);
        }
        if self.free == 0 {
            return if self.unused == 0 { Kmap::Wait } else { Kmap::FlushFirst };
        }
        loop {
            self.last += 1;
            if self.last == self.len() {
                self.last = 0;
                if self.unused != 0 {
                    // Asked again, the search begins with slot 0.
                    self.last = self.len() - 1;
                    return Kmap::FlushFirst;
                }
            }
            let last = self.last;
            if let Some(slot) = self.slots.get_mut(last as usize)
                && slot.count == 0
            {
                let bucket = &mut self.buckets[hash(pfn)];
                *slot = KmapSlot { count: 2, pfn: pfn.as_u32(), next: *bucket, holder: 0 };
                *bucket = last as u16;
                self.free -= 1;
                return Kmap::Set(last);
            }
        }
    }

    /// Notes who has mapped a slot.
    pub fn set_holder(&mut self, slot: u32, holder: u32) {
        if let Some(slot) = self.slots.get_mut(slot as usize) {
            slot.holder = holder;
        }
    }

    /// The first slot from `from` on that has a frame.
    pub fn next(&self, from: u32) -> Option<SlotInUse> {
        let rest = self.slots.get(from as usize..)?;
        let (number, slot) = (from..).zip(rest).find(|(_, slot)| slot.count != 0)?;
        Some(SlotInUse {
            number,
            pfn: Pfn::new(slot.pfn),
            users: slot.count - 1,
            holder: slot.holder,
        })
    }

    /// One user less. `true` if the slot can be used by those who wait.
    pub fn unmap(&mut self, slot: u32) -> Result<bool, NotMapped> {
        let slot = self.slots.get_mut(slot as usize).ok_or(NotMapped)?;
        if slot.count < 2 {
            return Err(NotMapped);
        }
        slot.count -= 1;
        let unused = slot.count == 1;
        self.unused += u32::from(unused);
        Ok(unused)
    }

    /// Frees the slots nobody uses: `clear` empties the entry of each. `true` if there were any,
    /// and then every CPU has to flush the window before the next call of [`KmapSlots::map`].
    #[must_use]
    pub fn flush(&mut self, mut clear: impl FnMut(u32)) -> bool {
        let flushed = self.unused;
        for index in 0..self.len() {
            if self.slots.get(index as usize).is_some_and(|slot| slot.count == 1) {
                self.forget(index);
                clear(index);
            }
        }
        self.free += flushed;
        self.unused = 0;
        flushed != 0
    }

    /// Takes a slot out of its bucket.
    fn forget(&mut self, index: u32) {
        let Some(slot) = self.slots.get_mut(index as usize) else { return };
        let KmapSlot { pfn, next, .. } = core::mem::replace(slot, KmapSlot::FREE);
        let bucket = &mut self.buckets[hash(Pfn::new(pfn))];
        if u32::from(*bucket) == index {
            *bucket = next;
            return;
        }
        let mut at = *bucket;
        while let Some(slot) = self.slots.get_mut(usize::from(at)) {
            if u32::from(slot.next) == index {
                slot.next = next;
                return;
            }
            at = slot.next;
        }
    }
}

/// Neighbouring frames go to different buckets.
#[inline]
fn hash(pfn: Pfn) -> usize {
    (pfn.as_u32().wrapping_mul(0x9e37_79b1) >> 25) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;
    use std::vec::Vec;

    /// Maps, flushing where asked, and says how many flushes that took.
    fn map(slots: &mut KmapSlots<'_>, pfn: u32) -> (Kmap, u32) {
        let mut flushes = 0;
        loop {
            match slots.map(Pfn::new(pfn)) {
                Kmap::FlushFirst => {
                    assert!(slots.flush(|_| {}), "a flush without use");
                    flushes += 1;
                }
                other => return (other, flushes),
            }
        }
    }

    #[test]
    fn one_flush_serves_a_whole_circle() {
        let mut array = [KmapSlot::FREE; 64];
        let mut slots = KmapSlots::new(&mut array).unwrap();
        let mut flushes = 0;
        for pfn in 0..64 * 10 {
            let (Kmap::Set(slot), more) = map(&mut slots, pfn) else { panic!() };
            flushes += more;
            assert_eq!(slots.unmap(slot), Ok(true));
        }
        assert_eq!(flushes, 10);
    }

    #[test]
    fn a_frame_is_mapped_once_for_all_its_users() {
        let mut array = [KmapSlot::FREE; 8];
        let mut slots = KmapSlots::new(&mut array).unwrap();
        let (Kmap::Set(slot), 0) = map(&mut slots, 77) else { panic!() };
        assert_eq!(map(&mut slots, 77), (Kmap::Mapped(slot), 0));
        assert_eq!((slots.unmap(slot), slots.unmap(slot)), (Ok(false), Ok(true)));
        assert_eq!(slots.unmap(slot), Err(NotMapped));
        // Unused, but still there.
        assert_eq!(map(&mut slots, 77), (Kmap::Mapped(slot), 0));
        assert_eq!(slots.in_use(), 1);
        assert_eq!(slots.unmap(1000), Err(NotMapped));
    }

    #[test]
    fn when_all_are_used_one_waits() {
        let mut array = [KmapSlot::FREE; 8];
        let mut slots = KmapSlots::new(&mut array).unwrap();
        for pfn in 0..8 {
            assert!(matches!(map(&mut slots, pfn).0, Kmap::Set(_)));
        }
        assert_eq!(map(&mut slots, 8), (Kmap::Wait, 0));
        let slot = slots.find(Pfn::new(3)).unwrap();
        assert_eq!(slots.unmap(slot), Ok(true));
        assert_eq!(map(&mut slots, 8), (Kmap::Set(slot), 1));
        assert_eq!(slots.find(Pfn::new(3)), None);
    }

    #[test]
    fn slots_are_shown_with_their_users() {
        let mut array = [KmapSlot::FREE; 8];
        let mut slots = KmapSlots::new(&mut array).unwrap();
        let (Kmap::Set(slot), 0) = map(&mut slots, 77) else { panic!() };
        slots.set_holder(slot, 5);
        let shown = |users| Some(SlotInUse { number: slot, pfn: Pfn::new(77), users, holder: 5 });
        assert_eq!((slots.next(0), slots.next(slot + 1), slots.next(8)), (shown(1), None, None));
        assert_eq!((slots.unmap(slot), slots.next(0)), (Ok(true), shown(0)));
        assert!(slots.flush(|_| {}));
        assert_eq!(slots.next(0), None);
    }

    #[test]
    fn sizes_outside_the_limits_are_refused() {
        assert!(KmapSlots::new(&mut [KmapSlot::FREE; 7]).is_none());
        assert!(KmapSlots::new(&mut [KmapSlot::FREE; 1025]).is_none());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// A CPU touches every mapping and forgets only when told.
        #[test]
        fn no_slot_is_reused_before_a_flush(
            len in 8usize..20,
            steps in prop::collection::vec((any::<bool>(), 0u32..40, any::<prop::sample::Index>()), 0..200),
        ) {
            let mut array = [KmapSlot::FREE; 20];
            let mut slots = KmapSlots::new(&mut array[..len]).unwrap();
            let mut entries: HashMap<u32, u32> = HashMap::new();
            let mut tlb: HashMap<u32, u32> = HashMap::new();
            let mut users: Vec<(u32, u32)> = Vec::new();
            for (map, pfn, index) in steps {
                if map {
                    let slot = loop {
                        match slots.map(Pfn::new(pfn)) {
                            Kmap::Mapped(slot) => break Some(slot),
                            Kmap::Set(slot) => {
                                prop_assert_eq!(entries.insert(slot, pfn), None);
                                break Some(slot);
                            }
                            Kmap::FlushFirst => {
                                let flushed = slots.flush(|slot| {
                                    assert!(entries.remove(&slot).is_some());
                                });
                                prop_assert!(flushed);
                                tlb.clear();
                            }
                            Kmap::Wait => break None,
                        }
                    };
                    let Some(slot) = slot else {
                        let mut frames: Vec<u32> = users.iter().map(|user| user.1).collect();
                        frames.sort_unstable();
                        frames.dedup();
                        prop_assert_eq!(frames.len(), len);
                        continue;
                    };
                    let seen = *tlb.entry(slot).or_insert(entries[&slot]);
                    prop_assert_eq!(seen, pfn, "a stale mapping was used");
                    users.push((slot, pfn));
                } else if !users.is_empty() {
                    let (slot, _) = users.swap_remove(index.index(users.len()));
                    let last = users.iter().all(|user| user.0 != slot);
                    prop_assert_eq!(slots.unmap(slot), Ok(last));
                }
                let mut used: Vec<u32> = users.iter().map(|user| user.0).collect();
                used.sort_unstable();
                used.dedup();
                prop_assert_eq!(slots.in_use() as usize, used.len());
                for &(slot, pfn) in &users {
                    prop_assert_eq!(slots.find(Pfn::new(pfn)), Some(slot));
                    prop_assert_eq!(entries[&slot], pfn);
                }
            }
        }
    }
}
