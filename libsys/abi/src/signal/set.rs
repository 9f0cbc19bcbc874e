//! Sets of signals, and how a mask is changed.

use super::number::{NSIG, SIGKILL, SIGSTOP};
use crate::plain::structure;

structure! {
    /// A set of signals; signal n is bit n − 1.
    pub struct SignalSet: 8 {
        /// The bits.
        pub bits: u64,
    }
}

/// Adds to the mask.
pub const SIG_BLOCK: i32 = 0;
/// Takes from the mask.
pub const SIG_UNBLOCK: i32 = 1;
/// Replaces the mask.
pub const SIG_SETMASK: i32 = 2;

impl SignalSet {
    /// No signal.
    pub const EMPTY: Self = Self { bits: 0 };
    /// All signals.
    pub const FULL: Self = Self { bits: u64::MAX };
    /// SIGKILL and SIGSTOP, which nobody blocks.
    pub const UNBLOCKABLE: Self = Self::of(SIGKILL).union(Self::of(SIGSTOP));

    /// The set of one signal; empty for a number that is none.
    #[inline]
    pub const fn of(signal: i32) -> Self {
        if signal < 1 || signal > NSIG {
            return Self::EMPTY;
        }
        // A shift of 64 bits is long.
        let bit = (1u32 << ((signal - 1) & 31)) as u64;
        Self { bits: if signal > 32 { bit << 32 } else { bit } }
    }

    /// Whether `signal` is in the set.
    #[inline]
    pub const fn contains(self, signal: i32) -> bool {
        // Half by half: shifts of 64 bits are long.
        let half = if signal > 32 { self.bits >> 32 } else { self.bits } as u32;
        signal >= 1 && signal <= NSIG && half >> ((signal - 1) & 31) & 1 != 0
    }

    /// Signals of either set.
    #[inline]
    pub const fn union(self, other: Self) -> Self {
        Self { bits: self.bits | other.bits }
    }

    /// Signals of both sets.
    #[inline]
    pub const fn intersection(self, other: Self) -> Self {
        Self { bits: self.bits & other.bits }
    }

    /// Signals of this set that are not in `other`.
    #[inline]
    pub const fn difference(self, other: Self) -> Self {
        Self { bits: self.bits & !other.bits }
    }

    /// Whether no signal is in the set.
    #[inline]
    pub const fn is_empty(self) -> bool {
        self.bits == 0
    }

    /// The lowest signal of the set.
    #[inline]
    pub const fn first(self) -> Option<i32> {
        if self.is_empty() { None } else { Some(self.bits.trailing_zeros().cast_signed() + 1) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_hold_signals_and_nothing_else() {
        assert_eq!(SignalSet::of(0), SignalSet::EMPTY);
        assert_eq!(SignalSet::of(65), SignalSet::EMPTY);
        assert_eq!(SignalSet::of(-1), SignalSet::EMPTY);
        for signal in 1..=NSIG {
            let set = SignalSet::of(signal);
            assert!(set.contains(signal));
            assert_eq!(set.first(), Some(signal));
            assert!(!SignalSet::FULL.difference(set).contains(signal));
        }
    }
}
