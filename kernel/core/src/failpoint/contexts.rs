//! All contexts, by numbers that are not used again soon.

use super::context::{Context, Opportunity};

/// Room for `N` contexts, fewer than 256.
#[derive(Debug)]
pub struct Contexts<const N: usize> {
    slots: [Slot; N],
    open: u32,
}

#[derive(Debug)]
struct Slot {
    /// Upper bits of the number of the context that is here, or was last.
    sequence: u32,
    taken: Option<(u32, Context)>,
}

/// Lower bits of a number: the slot's place, from 1 on.
const PLACE_BITS: u32 = 8;

impl<const N: usize> Contexts<N> {
    pub const fn new() -> Self {
        const { assert!(N < 1 << PLACE_BITS) };
        Self { slots: [const { Slot { sequence: 0, taken: None } }; N], open: 0 }
    }

    /// Adds a context of process `owner`; its number, above 0. `None` if there is no room.
    pub fn insert(&mut self, owner: u32, context: Context) -> Option<u32> {
        let (place, slot) = (1..).zip(&mut self.slots).find(|(_, slot)| slot.taken.is_none())?;
        slot.sequence = (slot.sequence + 1) % (1 << (31 - PLACE_BITS));
        slot.taken = Some((owner, context));
        self.open += 1;
        Some(slot.sequence << PLACE_BITS | place)
    }

    /// The context of a number, if it is still open.
    pub fn get_mut(&mut self, number: u32) -> Option<&mut Context> {
        let slot = self.slot_mut(number)?;
        slot.taken.as_mut().map(|(_, context)| context)
    }

    /// Closes a context. Says whether it was open.
    pub fn remove(&mut self, number: u32) -> bool {
        let removed = self.slot_mut(number).is_some_and(|slot| slot.taken.take().is_some());
        self.open -= u32::from(removed);
        removed
    }

    /// Closes all contexts of a process.
    pub fn remove_all_of(&mut self, owner: u32) {
        for slot in &mut self.slots {
            if slot.taken.take_if(|(of, _)| *of == owner).is_some() {
                self.open -= 1;
            }
        }
    }

    /// Lets an opportunity pass that belongs to no single context: those of the whole machine count
    /// it, the rest only if whose it is `is_marked` for them. The first in which it fails.
    pub fn pass(&mut self, opportunity: &Opportunity, is_marked: bool) -> Option<&Context> {
        let contexts = self.slots.iter_mut().filter_map(|slot| slot.taken.as_mut());
        let wants =
            |context: &Context| context.is_machine_wide() && (is_marked || !context.wants_marked());
        let mut contexts = contexts.map(|(_, context)| context).filter(|context| wants(context));
        contexts.find_map(|context| context.pass(opportunity).then_some(&*context))
    }

    /// All that are open.
    pub fn iter(&self) -> impl Iterator<Item = &Context> {
        self.slots.iter().filter_map(|slot| slot.taken.as_ref()).map(|(_, context)| context)
    }

    /// How many are open.
    pub fn open(&self) -> u32 {
        self.open
    }

    fn slot_mut(&mut self, number: u32) -> Option<&mut Slot> {
        let place = number & ((1 << PLACE_BITS) - 1);
        let slot = self.slots.get_mut(usize::try_from(place.checked_sub(1)?).ok()?)?;
        (slot.sequence == number >> PLACE_BITS).then_some(slot)
    }
}

impl<const N: usize> Default for Contexts<N> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use abi::failpoint::{FAULT_CALLS, FAULT_MACHINE, FAULT_MARKED, Failpoint, FaultPlan};
    use proptest::prelude::*;
    use std::vec::Vec;

    fn any() -> Context {
        Context::new(FaultPlan::default()).unwrap()
    }

    #[test]
    fn numbers_of_closed_contexts_mean_nothing() {
        let mut contexts = Contexts::<2>::new();
        let (first, second) =
            (contexts.insert(1, any()).unwrap(), contexts.insert(2, any()).unwrap());
        assert_eq!(contexts.insert(1, any()), None);
        assert!(contexts.remove(first) && !contexts.remove(first));
        let third = contexts.insert(1, any()).unwrap();
        assert!(third != first && contexts.get_mut(first).is_none());
        contexts.remove_all_of(1);
        assert!(contexts.get_mut(third).is_none() && contexts.get_mut(second).is_some());
        assert_eq!(contexts.open(), 1);
        for number in [0, 1, 255, 256, u32::MAX] {
            assert!(contexts.get_mut(number).is_none(), "{number}");
        }
    }

    #[test]
    fn what_is_nobodys_is_the_machines() {
        let mut contexts = Contexts::<4>::new();
        let of = |flags| {
            let points = Failpoint::IrqLost.bit();
            Context::new(FaultPlan { points, nth: 2, flags, ..FaultPlan::default() }).unwrap()
        };
        let numbers = [0, FAULT_MACHINE | FAULT_MARKED, FAULT_MACHINE]
            .map(|flags| contexts.insert(1, of(flags)).unwrap());
        let (point, calls) = (Failpoint::IrqLost, [0; FAULT_CALLS]);
        let at = Opportunity { point, site: 0, size: 1, time: 0, tid: 0, is_served: false, calls };
        assert!(contexts.pass(&at, false).is_none());
        assert!(contexts.pass(&at, true).is_some_and(|context| !context.wants_marked()));
        assert!(contexts.pass(&at, true).is_some_and(Context::wants_marked));
        let counted = numbers.map(|number| contexts.get_mut(number).unwrap().state().opportunities);
        assert_eq!(counted, [0, 2, 2]);
        assert_eq!(contexts.iter().count(), 3);
    }

    proptest! {
        #[test]
        fn a_list_says_the_same(steps in prop::collection::vec((0u8..3, 0u32..4), 1..80)) {
            let mut contexts = Contexts::<5>::new();
            let mut model: Vec<(u32, u32)> = Vec::new();
            for (what, which) in steps {
                match what {
                    0 => match contexts.insert(which, any()) {
                        Some(number) => {
                            prop_assert!(number != 0 && model.iter().all(|(n, _)| *n != number));
                            model.push((number, which));
                        }
                        None => prop_assert_eq!(model.len(), 5),
                    },
                    1 => {
                        contexts.remove_all_of(which);
                        model.retain(|(_, owner)| *owner != which);
                    }
                    _ => if let Some(&(number, _)) = model.get(which as usize) {
                        prop_assert!(contexts.remove(number));
                        model.retain(|(n, _)| *n != number);
                    }
                }
                prop_assert_eq!(contexts.open() as usize, model.len());
                prop_assert!(model.iter().all(|(n, _)| contexts.get_mut(*n).is_some()));
            }
        }
    }
}
