//! What the time is computed from. The kernel writes it, and programs may read it: the vDSO tells the
//! time by the same code and from the same numbers as the system call, so the two cannot disagree.

use crate::clock::Scale;
use abi::time::{
    CLOCK_BOOTTIME, CLOCK_MONOTONIC, CLOCK_MONOTONIC_COARSE, CLOCK_MONOTONIC_RAW, CLOCK_REALTIME,
    CLOCK_REALTIME_COARSE,
};
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use core::sync::atomic::{AtomicU32, fence};

/// Changed by one writer at a time. A reader that meets the writer reads again.
#[derive(Debug, Default)]
#[repr(C)]
pub struct TimePage {
    /// Odd while the writer is at it.
    sequence: AtomicU32,
    scale: [AtomicU32; 2],
    /// The counter's value when the monotonic clock showed 0.
    start: Words,
    /// What the time of day is ahead of the monotonic clock.
    ahead: Words,
    /// The monotonic clock at the last tick.
    tick: Words,
}

impl TimePage {
    /// Clocks that have not been started: the monotonic one shows 0.
    pub const fn new() -> Self {
        Self {
            sequence: AtomicU32::new(0),
            scale: [const { AtomicU32::new(0) }; 2],
            start: Words::new(),
            ahead: Words::new(),
            tick: Words::new(),
        }
    }

    /// Starts the monotonic clock at the counter's value `start`. Once, before anybody reads.
    pub fn start(&self, scale: Scale, start: u64) {
        self.write(|page| {
            for (to, from) in page.scale.iter().zip(scale.to_words()) {
                to.store(from, Relaxed);
            }
            page.start.set(start);
        });
    }

    /// Sets the time of day, as nanoseconds before the monotonic clock's.
    pub fn set_ahead(&self, ahead: u64) {
        self.write(|page| page.ahead.set(ahead));
    }

    /// The monotonic clock shows `now`, and there is a tick.
    #[inline]
    pub fn tick(&self, now: u64) {
        self.write(|page| page.tick.set(now));
    }

    /// What the monotonic clock shows when the counter does `cycles`.
    #[inline]
    pub fn monotonic(&self, cycles: u64) -> u64 {
        // Written once, before anybody reads.
        let [whole, fraction] = &self.scale;
        let scale = Scale::from_words([whole.load(Relaxed), fraction.load(Relaxed)]);
        scale.nanoseconds(cycles.wrapping_sub(self.start.get()))
    }

    /// Nanoseconds since 1970-01-01 00:00 UTC when the counter shows `cycles`.
    #[inline]
    pub fn realtime(&self, cycles: u64) -> u64 {
        self.monotonic(cycles).wrapping_add(self.read(|page| page.ahead.get()))
    }

    /// What a clock shows in nanoseconds; `None` for a clock that is not computed from here.
    #[inline]
    pub fn clock(&self, clock: i32, counter: impl Fn() -> u64) -> Option<u64> {
        Some(match clock {
            CLOCK_REALTIME => self.realtime(counter()),
            CLOCK_MONOTONIC | CLOCK_MONOTONIC_RAW | CLOCK_BOOTTIME => self.monotonic(counter()),
            CLOCK_REALTIME_COARSE => {
                self.read(|page| page.tick.get().wrapping_add(page.ahead.get()))
            }
            CLOCK_MONOTONIC_COARSE => self.read(|page| page.tick.get()),
            _ => return None,
        })
    }

    #[inline]
    fn write(&self, change: impl FnOnce(&Self)) {
        let sequence = self.sequence.load(Relaxed);
        self.sequence.store(sequence.wrapping_add(1), Relaxed);
        fence(Release);
        change(self);
        self.sequence.store(sequence.wrapping_add(2), Release);
    }

    #[inline]
    fn read<R>(&self, look: impl Fn(&Self) -> R) -> R {
        loop {
            let before = self.sequence.load(Acquire);
            let found = look(self);
            fence(Acquire);
            if before & 1 == 0 && self.sequence.load(Relaxed) == before {
                return found;
            }
            core::hint::spin_loop();
        }
    }
}

/// 64 bits as two words.
#[derive(Debug, Default)]
#[repr(C)]
struct Words {
    low: AtomicU32,
    high: AtomicU32,
}

impl Words {
    const fn new() -> Self {
        Self { low: AtomicU32::new(0), high: AtomicU32::new(0) }
    }

    #[inline]
    fn set(&self, value: u64) {
        self.low.store(value as u32, Relaxed);
        self.high.store((value >> 32) as u32, Relaxed);
    }

    #[inline]
    fn get(&self) -> u64 {
        u64::from(self.low.load(Relaxed)) | u64::from(self.high.load(Relaxed)) << 32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SECOND;
    use core::sync::atomic::AtomicBool;

    #[test]
    fn clocks_start_when_they_are_started() {
        let page = TimePage::new();
        assert_eq!(page.monotonic(12_345), 0);
        page.start(Scale::new(2 * SECOND), 1000);
        page.set_ahead(50 * SECOND);
        assert_eq!(page.monotonic(1000), 0);
        assert_eq!(page.monotonic(1000 + 2 * SECOND), SECOND);
        assert_eq!(page.realtime(1000 + 4 * SECOND), 52 * SECOND);
    }

    #[test]
    fn coarse_clocks_show_the_last_tick() {
        let page = TimePage::new();
        page.start(Scale::new(SECOND), 0);
        page.set_ahead(100);
        page.tick(7);
        let read = |clock| page.clock(clock, || 1_000_000);
        assert_eq!(read(CLOCK_MONOTONIC_COARSE), Some(7));
        assert_eq!(read(CLOCK_REALTIME_COARSE), Some(107));
        assert_eq!(read(CLOCK_MONOTONIC), Some(1_000_000));
        assert_eq!(read(CLOCK_REALTIME), Some(1_000_100));
        assert_eq!((read(2), read(3), read(11), read(-1)), (None, None, None, None));
    }

    #[test]
    fn a_reader_sees_all_of_a_change_or_nothing() {
        let page = TimePage::new();
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for step in 0..200_000_u64 {
                    page.tick(step << 32 | step);
                }
                over.store(true, Release);
            });
            let mut last = 0;
            while !over.load(Acquire) {
                let now = page.clock(CLOCK_MONOTONIC_COARSE, || 0).unwrap();
                assert_eq!(now >> 32, now & 0xffff_ffff);
                assert!(now >= last);
                last = now;
            }
        });
    }
}
