//! Which opportunities of a run fail.

use core::fmt;
use sys::abi::failpoint::{
    Effect, FAULT_CHILDREN, FAULT_MACHINE, FAULT_RECORDS, Failpoint, FaultPlan, Opportunities,
};

/// What happens on the way to a driver.
pub const ARRIVALS: [Failpoint; 5] = {
    use Failpoint::{IrqLate, IrqLost, IrqSpurious, NotifyLost, NotifyTwice};
    [NotifyLost, NotifyTwice, IrqLost, IrqSpurious, IrqLate]
};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Choice {
    /// None.
    Nothing,
    /// These.
    Counted(Opportunities),
    /// The nth of those things comes late, or once more, that would come in time and once.
    Untimely(u32),
    /// The nth thing of this kind does not come, or comes late, or once more.
    Arrival(Failpoint, u32),
    /// As often as that, but no more than the kernel keeps account of.
    Chance { per_million: u32, seed: u32 },
}

impl Choice {
    /// The nth, and with `then` other than 0 the so-manyth after it.
    pub fn counted(nth: u32, then: u32) -> Self {
        let second = (then != 0).then(|| nth.saturating_add(then));
        match Opportunities::new([nth].into_iter().chain(second)) {
            Some(opportunities) => Self::Counted(opportunities),
            None => Self::Nothing,
        }
    }

    /// As it is displayed.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(nth) = text.strip_prefix('+') {
            return Some(Self::Untimely(nth.parse().ok()?));
        }
        if let Some((name, nth)) = text.split_once('+') {
            let point = Failpoint::from_name(name.as_bytes())?;
            return Some(Self::Arrival(point, nth.parse().ok()?));
        }
        if let Some(chance) = text.strip_prefix('%') {
            let (per_million, seed) = chance.split_once('-')?;
            let (per_million, seed) = (per_million.parse().ok()?, seed.parse().ok()?);
            return Some(Self::Chance { per_million, seed });
        }
        match text {
            "0" => Some(Self::Nothing),
            _ => Opportunities::parse(text).map(Self::Counted),
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
            Self::Counted(opportunities) => opportunities.plan(plan),
            Self::Untimely(nth) => FaultPlan { points: untimely(), nth, times: 1, ..plan },
            // An interrupt is nobody's but its driver's.
            Self::Arrival(point, nth) => {
                let flags = if is_interrupt(point) { FAULT_MACHINE } else { FAULT_CHILDREN };
                FaultPlan { points: point.bit(), nth, times: 1, flags, ..plan }
            }
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

fn is_interrupt(point: Failpoint) -> bool {
    matches!(point, Failpoint::IrqLost | Failpoint::IrqSpurious | Failpoint::IrqLate)
}

/// One word.
impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match *self {
            Self::Nothing => write!(f, "0"),
            Self::Counted(opportunities) => write!(f, "{opportunities}"),
            Self::Arrival(point, nth) => write!(f, "{}+{nth}", point.name()),
            Self::Untimely(nth) => write!(f, "+{nth}"),
            Self::Chance { per_million, seed } => write!(f, "%{per_million}-{seed}"),
        }
    }
}
