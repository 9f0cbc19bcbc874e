//! What a scenario declares.

use abi::failpoint::Failpoint;
use std::ops::Range;

/// Which faults a scenario meets, and how its programs may take them: by default each single one of
/// every kind that is answered at once, any exit status but a panic's, and servers that are there again
/// within 5 s.
#[derive(Clone, Copy, Debug)]
pub struct Sweep {
    pub(super) points: u64,
    pub(super) exits: &'static [i32],
    pub(super) signals: &'static [i32],
    pub(super) pairs: u32,
    pub(super) within: u32,
    pub(super) output: Output,
}

/// What programs that succeed although something failed may write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// What they write when nothing fails.
    Same,
    /// Anything: they tell of time or of processes, or of a failure that they got around.
    Any,
}

/// Seconds after which each service has a server again.
const USUAL_WITHIN: u32 = 5;

impl Default for Sweep {
    fn default() -> Self {
        Self {
            points: Failpoint::answered(),
            exits: &[],
            signals: &[],
            pairs: 0,
            within: USUAL_WITHIN,
            output: Output::Same,
        }
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

    /// How many seconds after the programs' end each service has a server again, 5 without this.
    pub fn within(self, seconds: u32) -> Self {
        Self { within: seconds, ..self }
    }

    /// What programs that succeed may write, to standard output and standard error.
    pub fn output(self, output: Output) -> Self {
        Self { output, ..self }
    }
}

impl Sweep {
    /// How many runs there are at most where nothing else is wrong, with so many single opportunities: the
    /// last one finds none.
    pub(super) fn runs(&self, opportunities: u32) -> u32 {
        opportunities + 1 + self.nths(opportunities).map(|nth| self.pairs - nth).sum::<u32>()
    }

    /// The first faults of pairs.
    pub(super) fn nths(&self, opportunities: u32) -> Range<u32> {
        1..self.pairs.min(opportunities + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn singles_and_pairs_are_counted() {
        assert_eq!(Sweep::default().runs(0), 1);
        assert_eq!(Sweep::default().runs(17), 18);
        // 1 and 1, 2 or 3 later; 2 and 1 or 2 later; 3 and 1 later.
        assert_eq!(Sweep::default().pairs(4).runs(17), 18 + 6);
        assert_eq!(Sweep::default().pairs(4).runs(2), 3 + 5);
    }
}
