//! Which opportunities of a run fail.

use core::fmt;
use sys::abi::failpoint::{Effect, FAULT_CHILDREN, FAULT_RECORDS, Failpoint, FaultPlan};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Choice {
    /// None.
    Nothing,
    /// The nth one, and with other than 0 the so-manyth after it.
    Counted { nth: u32, then: u32 },
    /// The nth of those things comes late, or once more, that would come in time and once.
    Untimely { nth: u32 },
    /// As often as that, but no more than the kernel keeps account of.
    Chance { per_million: u32, seed: u32 },
}

impl Choice {
    /// Reads `NTH`, `NTH:THEN`, `+NTH` or `%PER_MILLION:SEED`.
    pub fn parse(text: &str) -> Option<Self> {
        let (first, second) = text.split_once(':').unwrap_or((text, "0"));
        let second = second.parse().ok()?;
        if let Some(nth) = first.strip_prefix('+') {
            return Some(Self::Untimely { nth: nth.parse().ok()? });
        }
        match first.strip_prefix('%') {
            Some(first) => Some(Self::Chance { per_million: first.parse().ok()?, seed: second }),
            None => Some(Self::Counted { nth: first.parse().ok()?, then: second }),
        }
    }

    pub fn plan(self) -> FaultPlan {
        let plan = FaultPlan {
            points: Failpoint::answered(),
            flags: FAULT_CHILDREN,
            ..FaultPlan::default()
        };
        match self {
            Self::Nothing => plan,
            Self::Counted { nth, then } => {
                FaultPlan { nth, then, times: 1 + u32::from(then != 0), ..plan }
            }
            Self::Untimely { nth } => FaultPlan { points: untimely(), nth, times: 1, ..plan },
            Self::Chance { per_million, seed } => {
                FaultPlan { per_million, seed, times: FAULT_RECORDS as u32, ..plan }
            }
        }
    }
}

/// What still comes, so that nobody waits for ever.
fn untimely() -> u64 {
    let comes = |point: &&Failpoint| matches!(point.effect(), Effect::Late | Effect::Extra);
    Failpoint::ALL.iter().filter(comes).fold(0, |bits, point| bits | point.bit())
}

/// Two words.
impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match *self {
            Self::Nothing => write!(f, "0 0"),
            Self::Counted { nth, then } => write!(f, "{nth} {then}"),
            Self::Untimely { nth } => write!(f, "+{nth} 0"),
            Self::Chance { per_million, seed } => write!(f, "%{per_million} {seed}"),
        }
    }
}
