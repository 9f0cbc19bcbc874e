//! One trial of a campaign, as reports and filters name it.

use crate::flips::Flip;
use crate::nmi::{ANOTHER, DOUBLE_FAULT, Moment};
use std::fmt;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trial {
    /// `flips::user/17`.
    Flip(Flip),
    /// `nmi::sysenter_entry/1+3`.
    Interrupt(Moment),
    /// `clock::17`: the round.
    Jump(u32),
    /// `pressure::50`: the free frames.
    Level(u32),
}

impl Trial {
    /// `None` if a word is any other filter.
    pub fn parse(word: &str) -> Option<Self> {
        let (campaign, name) = word.split_once("::")?;
        match campaign {
            "flips" => Flip::parse(name).map(Self::Flip),
            "nmi" => Moment::parse(name).filter(is_possible).map(Self::Interrupt),
            "clock" => name.parse().ok().map(Self::Jump),
            "pressure" => name.parse().ok().map(Self::Level),
            _ => None,
        }
    }

    /// The scenario whose trial it is.
    pub fn scenario(&self) -> &'static str {
        match self {
            Self::Flip(_) => "flips::each",
            Self::Interrupt(moment) if moment.door == ANOTHER => "nmi::one_in_the_middle",
            Self::Interrupt(moment) if moment.door == DOUBLE_FAULT => "nmi::a_double_fault",
            Self::Interrupt(_) => "nmi::one_at_awkward",
            Self::Jump(_) => "clock::",
            Self::Level(_) => "pressure::",
        }
    }
}

/// Where there is one arrival, no other is meant.
fn is_possible(moment: &Moment) -> bool {
    moment.arrivals == 1
        || moment.arrivals != 0 && ![ANOTHER, DOUBLE_FAULT].contains(&&*moment.door)
}

impl fmt::Display for Trial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flip(flip) => write!(f, "flips::{flip}"),
            Self::Interrupt(moment) => write!(f, "nmi::{moment}"),
            Self::Jump(round) => write!(f, "clock::{round}"),
            Self::Level(level) => write!(f, "pressure::{level}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_filters() {
        for (name, scenario) in [
            ("flips::heap/17", "flips::each"),
            ("nmi::sysenter_entry/3+17", "nmi::one_at_awkward"),
            ("nmi::another/1+2", "nmi::one_in_the_middle"),
            ("nmi::double_fault/1+40", "nmi::a_double_fault"),
            ("clock::5", "clock::"),
            ("pressure::0", "pressure::"),
        ] {
            let trial = Trial::parse(name).unwrap();
            assert_eq!((trial.to_string().as_str(), trial.scenario()), (name, scenario));
        }
        for filter in [
            "flips::",
            "nmi::one",
            "nmi::a/1",
            "clock::waits",
            "pressure",
            "user/17",
            "nmi::another/2+1",
            "nmi::tick/0+1",
        ] {
            assert_eq!(Trial::parse(filter), None);
        }
    }
}
