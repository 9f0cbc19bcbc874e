//! A word of bits that anybody may set and one task waits for.
//!
//! Setting never blocks and needs no memory; bits set twice before they are taken are one event.
//! Whoever sets bits only learns whom to wake: the bits stay until they are taken, because
//! something else may reach the waiting task first.

use abi::errno::Errno;

/// See the module.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Notification {
    bits: u32,
    waiter: Option<Waiter>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Waiter {
    task: u32,
    mask: u32,
}

impl Notification {
    pub const fn new() -> Self {
        Self { bits: 0, waiter: None }
    }

    /// Sets bits. Returns the task to wake, if one waits for one of them.
    #[inline]
    pub fn notify(&mut self, bits: u32) -> Option<u32> {
        self.bits |= bits;
        let Waiter { task, mask } = self.waiter?;
        (bits & mask != 0).then_some(task)
    }

    /// Takes the bits of `mask` that are set.
    #[inline]
    pub fn take(&mut self, mask: u32) -> u32 {
        let bits = self.bits & mask;
        self.bits &= !mask;
        bits
    }

    /// From now on `task` is woken for the bits of `mask`. It looks for bits before it sleeps.
    /// EBUSY if another task waits.
    pub fn wait(&mut self, task: u32, mask: u32) -> Result<(), Errno> {
        if self.waiter.is_some_and(|waiter| waiter.task != task) {
            return Err(Errno::EBUSY);
        }
        self.waiter = (mask != 0).then_some(Waiter { task, mask });
        Ok(())
    }

    /// The task no longer waits.
    pub fn stop_waiting(&mut self, task: u32) {
        if self.waiter.is_some_and(|waiter| waiter.task == task) {
            self.waiter = None;
        }
    }

    /// The task that waits.
    pub fn waiter(&self) -> Option<u32> {
        self.waiter.map(|waiter| waiter.task)
    }

    /// What is set, taken by nobody.
    #[inline]
    pub fn bits(&self) -> u32 {
        self.bits
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_bit_wakes_the_one_who_waits_for_it_and_is_taken_once() {
        let mut notification = Notification::new();
        assert_eq!(notification.notify(0b1), None);
        notification.wait(7, 0b11).unwrap();
        assert_eq!(notification.take(0b11), 0b1);
        assert_eq!(notification.take(0b11), 0);
        assert_eq!(notification.wait(8, 0b11), Err(Errno::EBUSY));
        assert_eq!(notification.notify(0b100), None);
        assert_eq!(notification.notify(0b110), Some(7));
        assert_eq!(notification.notify(0b10), Some(7), "it may have been asleep again");
        assert_eq!(notification.take(0b11), 0b10);
        assert_eq!(notification.bits(), 0b100);
        assert_eq!(notification.waiter(), Some(7));
        notification.stop_waiting(9);
        assert_eq!(notification.notify(0b1), Some(7));
        notification.stop_waiting(7);
        assert_eq!((notification.notify(0b1), notification.waiter()), (None, None));
        notification.wait(8, 0).unwrap();
        assert_eq!(notification.wait(9, 1), Ok(()), "who waits for nothing is in nobody's way");
    }

    proptest! {
        #[test]
        fn no_bit_is_lost_or_taken_twice(
            steps in prop::collection::vec((0u8..5, any::<u8>()), 1..60),
        ) {
            let mut notification = Notification::new();
            let (mut set, mut waiting) = (0u32, 0u32);
            for (verb, word) in steps {
                let word = u32::from(word);
                match verb {
                    0 | 1 => {
                        set |= word;
                        prop_assert_eq!(notification.notify(word).is_some(), word & waiting != 0);
                    }
                    2 => {
                        notification.wait(1, word).unwrap();
                        waiting = word;
                    }
                    3 => {
                        notification.stop_waiting(1);
                        waiting = 0;
                    }
                    _ => {
                        prop_assert_eq!(notification.take(word), set & word);
                        set &= !word;
                    }
                }
                prop_assert_eq!(notification.bits(), set);
            }
        }
    }
}
