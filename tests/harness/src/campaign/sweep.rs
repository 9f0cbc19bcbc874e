//! What a scenario declares.

use abi::failpoint::Failpoint;

/// Which faults a scenario meets, and how its programs may take them: by default each single one of
/// every kind that is answered at once, and any exit status but a panic's.
#[derive(Clone, Copy, Debug)]
pub struct Sweep {
    pub(super) points: u64,
    pub(super) exits: &'static [i32],
    pub(super) signals: &'static [i32],
    pub(super) pairs: u32,
}

impl Default for Sweep {
    fn default() -> Self {
        Self { points: Failpoint::answered(), exits: &[], signals: &[], pairs: 0 }
    }
}

impl Sweep {
    /// These kinds of faults only.
    pub fn points(self, points: &[Failpoint]) -> Self {
        Self { points: points.iter().fold(0, |bits, point| bits | point.bit()), ..self }
    }

    /// The exit statuses with which a program may refuse; without this any but 0 and 101, a panic's.
    pub fn exits(self, exits: &'static [i32]) -> Self {
        Self { exits, ..self }
    }

    /// Signals that may end a program when something failed for it, besides those that the kernel
    /// sends for want of memory.
    pub fn signals(self, signals: &'static [i32]) -> Self {
        Self { signals, ..self }
    }

    /// Also each pair of faults, the nth and the so-manyth after it, where both numbers together are at
    /// most this.
    pub fn pairs(self, bound: u32) -> Self {
        Self { pairs: bound, ..self }
    }
}
