//! All contexts, by numbers that are not used again soon.

use super::context::{Context, Opportunity};
use abi::errno::Errno;

/// A process that makes a context, or wants something of one.
#[derive(Clone, Copy, Debug)]
pub struct Owner {
    /// 0 for the machine's own.
    pub pid: u32,
    /// Whether it may deal with everybody's.
    pub is_privileged: bool,
}

/// As many may an unprivileged process have.
const MOST_OF_ONE: usize = 8;

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
    taken: Option<(Owner, Context)>,
}

/// Lower bits of a number: the slot's place, from 1 on.
const PLACE_BITS: u32 = 8;

impl<const N: usize> Contexts<N> {
    pub const fn new() -> Self {
        const { assert!(N < 1 << PLACE_BITS) };
        Self { slots: [const { Slot { sequence: 0, taken: None } }; N], open: 0 }
    }

    /// Adds a context; its number, above 0. `None` if there is no room for it: unprivileged processes
    /// may have some each, and leave a quarter to the others.
    pub fn insert(&mut self, owner: Owner, context: Context) -> Option<u32> {
        if !owner.is_privileged {
            let owners = || self.slots.iter().filter_map(|slot| Some(slot.taken.as_ref()?.0));
            let of_it = owners().filter(|other| other.pid == owner.pid).count();
            let unprivileged = owners().filter(|other| !other.is_privileged).count();
            if of_it >= MOST_OF_ONE || unprivileged >= N - N / 4 {
                return None;
            }
        }
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

    /// The first of these in which something may still fail, else the first that was given at all; 0
    /// stands for none.
    pub fn first_of(&mut self, numbers: [u32; 3]) -> u32 {
        let may_fail = |number: &u32| self.get_mut(*number).is_some_and(|found| !found.is_over());
        let open = numbers.into_iter().find(may_fail);
        open.or(numbers.into_iter().find(|number| *number != 0)).unwrap_or(0)
    }

    /// Whether `asker` may see a context and close it: it is its own, or anybody's to a privileged one.
    /// EINVAL if it is not open, else EPERM.
    pub fn check(&self, number: u32, asker: Owner) -> Result<(), Errno> {
        let slot = Self::place(number).and_then(|place| self.slots.get(place));
        let slot = slot.filter(|slot| slot.sequence == number >> PLACE_BITS);
        let (owner, _) = slot.and_then(|slot| slot.taken.as_ref()).ok_or(Errno::EINVAL)?;
        if asker.is_privileged || owner.pid == asker.pid { Ok(()) } else { Err(Errno::EPERM) }
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
            if slot.taken.take_if(|(of, _)| of.pid == owner).is_some() {
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

    /// Those of the whole machine.
    pub fn machine_wide(&self) -> impl Iterator<Item = &Context> {
        let contexts = self.slots.iter().filter_map(|slot| slot.taken.as_ref());
        contexts.map(|(_, context)| context).filter(|context| context.is_machine_wide())
    }

    /// How many are open.
    pub fn open(&self) -> u32 {
        self.open
    }

    fn place(number: u32) -> Option<usize> {
        usize::try_from((number & ((1 << PLACE_BITS) - 1)).checked_sub(1)?).ok()
    }

    fn slot_mut(&mut self, number: u32) -> Option<&mut Slot> {
        let slot = self.slots.get_mut(Self::place(number)?)?;
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

    fn root(pid: u32) -> Owner {
        Owner { pid, is_privileged: true }
    }

    fn user(pid: u32) -> Owner {
        Owner { pid, is_privileged: false }
    }

    #[test]
    fn others_contexts_are_for_the_privileged() {
        let mut contexts = Contexts::<4>::new();
        let number = contexts.insert(user(1), any()).unwrap();
        assert_eq!(contexts.check(number, user(1)), Ok(()));
        assert_eq!(contexts.check(number, root(9)), Ok(()));
        assert_eq!(contexts.check(number, user(2)), Err(Errno::EPERM));
        assert_eq!(contexts.check(number + (1 << PLACE_BITS), user(1)), Err(Errno::EINVAL));
        assert_eq!(contexts.check(0, root(1)), Err(Errno::EINVAL));
        contexts.remove(number);
        assert_eq!(contexts.check(number, user(2)), Err(Errno::EINVAL));
    }

    #[test]
    fn nobody_takes_all_the_room_but_the_privileged() {
        let mut contexts = Contexts::<64>::new();
        let mut of =
            |owner| (0..64).take_while(|_| contexts.insert(owner, any()).is_some()).count();
        assert_eq!(of(user(1)), MOST_OF_ONE);
        assert_eq!((2..20).map(|pid| of(user(pid))).sum::<usize>(), 48 - MOST_OF_ONE);
        assert_eq!(of(root(99)), 16);
    }

    #[test]
    fn numbers_of_closed_contexts_mean_nothing() {
        let mut contexts = Contexts::<2>::new();
        let (first, second) =
            (contexts.insert(root(1), any()).unwrap(), contexts.insert(root(2), any()).unwrap());
        assert_eq!(contexts.insert(root(1), any()), None);
        assert!(contexts.remove(first) && !contexts.remove(first));
        let third = contexts.insert(root(1), any()).unwrap();
        assert!(third != first && contexts.get_mut(first).is_none());
        contexts.remove_all_of(1);
        assert!(contexts.get_mut(third).is_none() && contexts.get_mut(second).is_some());
        assert_eq!(contexts.open(), 1);
        for number in [0, 1, 255, 256, u32::MAX] {
            assert!(contexts.get_mut(number).is_none(), "{number}");
        }
    }

    #[test]
    fn a_context_that_is_over_hides_no_later_one() {
        let mut contexts = Contexts::<4>::new();
        let points = Failpoint::Futex.bit();
        let nth = FaultPlan { points, nth: 1, ..FaultPlan::default() };
        let [over, other, open] = [nth, nth, FaultPlan { nth: 2, ..nth }]
            .map(|plan| contexts.insert(root(1), Context::new(plan).unwrap()).unwrap());
        assert_eq!(contexts.first_of([0, over, open]), over);
        let (point, calls) = (Failpoint::Futex, [0; FAULT_CALLS]);
        let at = Opportunity { point, site: 0, size: 1, time: 0, tid: 1, is_served: false, calls };
        let failed = [over, other].map(|number| contexts.get_mut(number).unwrap().pass(&at));
        assert_eq!(failed, [true; 2]);
        assert_eq!(contexts.first_of([0, over, open]), open);
        // A server's end names the faults of the context that it works for.
        assert_eq!(contexts.first_of([0, over, other]), over);
        contexts.remove(open);
        assert_eq!(contexts.first_of([0, open, other]), open, "none is left");
        assert_eq!(contexts.first_of([0; 3]), 0);
    }

    #[test]
    fn what_is_nobodys_is_the_machines() {
        let mut contexts = Contexts::<4>::new();
        let of = |flags| {
            let points = Failpoint::IrqLost.bit();
            Context::new(FaultPlan { points, nth: 2, flags, ..FaultPlan::default() }).unwrap()
        };
        let numbers = [0, FAULT_MACHINE | FAULT_MARKED, FAULT_MACHINE]
            .map(|flags| contexts.insert(root(1), of(flags)).unwrap());
        let (point, calls) = (Failpoint::IrqLost, [0; FAULT_CALLS]);
        let at = Opportunity { point, site: 0, size: 1, time: 0, tid: 0, is_served: false, calls };
        assert!(contexts.pass(&at, false).is_none());
        assert!(contexts.pass(&at, true).is_some_and(|context| !context.wants_marked()));
        assert!(contexts.pass(&at, true).is_some_and(Context::wants_marked));
        let counted = numbers.map(|number| contexts.get_mut(number).unwrap().state().opportunities);
        assert_eq!(counted, [0, 2, 2]);
        assert_eq!(contexts.machine_wide().count(), 2);
    }

    proptest! {
        #[test]
        fn a_list_says_the_same(steps in prop::collection::vec((0u8..3, 0u32..4), 1..80)) {
            let mut contexts = Contexts::<5>::new();
            let mut model: Vec<(u32, u32)> = Vec::new();
            for (what, which) in steps {
                match what {
                    0 => match contexts.insert(root(which), any()) {
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
