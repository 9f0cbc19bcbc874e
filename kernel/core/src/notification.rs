//! A word of bits that anybody may set and one waits for.
//!
//! Setting never blocks and needs no memory; bits set twice before they are taken are one event.

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

/// A task to wake, with what it waited for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Woken {
    pub task: u32,
    pub bits: u32,
}

impl Notification {
    pub const fn new() -> Self {
        Self { bits: 0, waiter: None }
    }

    /// Sets bits. A task that waits for one of them gets those it waits for, and they are taken.
    #[inline]
    pub fn notify(&mut self, bits: u32) -> Option<Woken> {
        self.bits |= bits;
        let Waiter { task, mask } = self.waiter?;
        let bits = self.bits & mask;
        if bits == 0 {
            return None;
        }
        self.bits &= !mask;
        self.waiter = None;
        Some(Woken { task, bits })
    }

    /// Takes the bits of `mask` that are set.
    #[inline]
    pub fn take(&mut self, mask: u32) -> u32 {
        let bits = self.bits & mask;
        self.bits &= !mask;
        bits
    }

    /// Takes the bits of `mask`; if none is set, `task` waits and 0 is returned. EBUSY if another
    /// task waits already.
    #[inline]
    pub fn wait(&mut self, task: u32, mask: u32) -> Result<u32, Errno> {
        if self.waiter.is_some_and(|waiter| waiter.task != task) {
            return Err(Errno::EBUSY);
        }
        let bits = self.take(mask);
        self.waiter = if bits == 0 { Some(Waiter { task, mask }) } else { None };
        Ok(bits)
    }

    /// The task no longer waits: a message came first, its time is up, or it died.
    #[inline]
    pub fn stop_waiting(&mut self, task: u32) {
        if self.waiter.is_some_and(|waiter| waiter.task == task) {
            self.waiter = None;
        }
    }

    /// What is set, taken by nobody.
    pub fn bits(&self) -> u32 {
        self.bits
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_bit_is_seen_once_by_the_one_who_waits_for_it() {
        let mut notification = Notification::new();
        assert_eq!(notification.notify(0b1), None);
        assert_eq!(notification.wait(7, 0b11), Ok(0b1));
        assert_eq!(notification.wait(7, 0b11), Ok(0));
        assert_eq!(notification.wait(8, 0b11), Err(Errno::EBUSY));
        assert_eq!(notification.notify(0b100), None);
        assert_eq!(notification.notify(0b110), Some(Woken { task: 7, bits: 0b10 }));
        assert_eq!(notification.bits(), 0b100);
        notification.wait(8, 0b1).unwrap();
        notification.stop_waiting(9);
        assert!(notification.notify(0b1).is_some());
        notification.wait(8, 0b1).unwrap();
        notification.stop_waiting(8);
        assert_eq!(notification.notify(0b1), None);
    }

    proptest! {
        #[test]
        fn no_bit_is_lost_or_seen_twice(
            steps in prop::collection::vec((0u8..4, any::<u8>()), 1..60),
        ) {
            let mut notification = Notification::new();
            let (mut set, mut waiting) = (0u32, None::<u32>);
            for (verb, word) in steps {
                let word = u32::from(word);
                match verb {
                    0 | 1 => {
                        set |= word;
                        let due = waiting.map_or(0, |mask| set & mask);
                        let woken = notification.notify(word);
                        prop_assert_eq!(woken.map_or(0, |woken| woken.bits), due);
                        if woken.is_some() {
                            waiting = None;
                        }
                        set &= !due;
                    }
                    2 => {
                        let taken = notification.wait(1, word).unwrap();
                        prop_assert_eq!(taken, set & word);
                        waiting = (taken == 0).then_some(word);
                        set &= !taken;
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
