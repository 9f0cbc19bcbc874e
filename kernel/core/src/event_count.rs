//! The number behind an `eventfd`.

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EventCount {
    count: u64,
    /// Readers take one at a time.
    is_semaphore: bool,
}

impl EventCount {
    /// Writers get no further; only the kernel itself could.
    const MOST: u64 = u64::MAX - 1;

    pub const fn new(count: u64, is_semaphore: bool) -> Self {
        Self { count, is_semaphore }
    }

    /// What a reader gets. `None` while there is nothing.
    pub const fn take(&mut self) -> Option<u64> {
        let taken = if self.is_semaphore && self.count != 0 { 1 } else { self.count };
        self.count -= taken;
        if taken == 0 { None } else { Some(taken) }
    }

    /// For a writer; false while there is no room for so much.
    pub const fn add(&mut self, more: u64) -> bool {
        let has_room = more <= Self::MOST - self.count;
        if has_room {
            self.count += more;
        }
        has_room
    }

    pub const fn is_readable(&self) -> bool {
        self.count != 0
    }

    /// Whether there is room for one.
    pub const fn is_writable(&self) -> bool {
        self.count < Self::MOST
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn readers_take_all_or_one() {
        let mut all = EventCount::new(3, false);
        assert_eq!((all.take(), all.take()), (Some(3), None));
        let mut one = EventCount::new(2, true);
        assert_eq!((one.take(), one.take(), one.take()), (Some(1), Some(1), None));
    }

    #[test]
    fn the_largest_number_is_never_reached() {
        let mut count = EventCount::new(0, false);
        assert!(!count.add(u64::MAX) && count.add(u64::MAX - 2) && count.is_writable());
        assert!(!count.add(2) && count.add(1) && !count.is_writable() && !count.add(1));
        assert!(count.add(0));
        assert_eq!(count.take(), Some(u64::MAX - 1));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn nothing_is_lost(semaphore: bool, steps in prop::collection::vec(prop::option::of(0..u64::MAX), 0..40)) {
            let (mut count, mut model) = (EventCount::new(0, semaphore), 0u128);
            for step in steps {
                match step {
                    Some(more) => {
                        let fits = model + u128::from(more) < u128::from(u64::MAX);
                        prop_assert_eq!(count.add(more), fits);
                        if fits {
                            model += u128::from(more);
                        }
                    }
                    None => {
                        let taken = if semaphore { model.min(1) } else { model };
                        prop_assert_eq!(count.take().map_or(0, u128::from), taken);
                        model -= taken;
                    }
                }
                prop_assert_eq!(count.is_readable(), model != 0);
            }
        }
    }
}
