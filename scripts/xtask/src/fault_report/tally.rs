//! How many faults came to what.

use super::Survival;
use std::fmt;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub done: usize,
    pub refused: usize,
    pub failed: usize,
}

impl Tally {
    pub(super) fn count(&mut self, survival: &Survival) {
        *match survival {
            Survival::Done => &mut self.done,
            Survival::Refused(_) => &mut self.refused,
            Survival::Failed(_) => &mut self.failed,
        } += 1;
    }

    pub(super) fn join(&mut self, other: Self) {
        self.done += other.done;
        self.refused += other.refused;
        self.failed += other.failed;
    }

    pub fn all(self) -> usize {
        self.done + self.refused + self.failed
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { done, refused, failed } = self;
        write!(f, "{} faults: {done} done all the same, {refused} refused", self.all())?;
        if *failed != 0 {
            write!(f, ", {failed} FAILED")?;
        }
        Ok(())
    }
}
