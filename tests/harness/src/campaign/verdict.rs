//! What a run may come to.

use abi::failpoint::{FAULT_RECORDS, Failpoint, FaultRecord, FaultState};
use abi::signal::{SIGBUS, SIGKILL, SIGSEGV};
use std::fmt;

/// How a scenario went: all as it should, or not.
pub type Outcome = Result<(), Failure>;

/// Why a scenario did not do its work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// A program refused: right if something failed for it.
    Refused(Refusal),
    /// Something is not as it has to be, whatever failed.
    Wrong(String),
    /// The guest is lost: its kernel panicked, or it does not answer.
    Lost(String),
}

/// How a program refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Its exit status, and what it said on standard error.
    Exit(i32, String),
    /// The signal that ended it.
    Signal(i32),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => refusal.fmt(f),
            Self::Wrong(why) | Self::Lost(why) => f.write_str(why),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exit(status, said) => write!(f, "exit status {status}, {:?}", said.trim_end()),
            Self::Signal(number) => match abi::signal::name(*number) {
                Some(name) => write!(f, "ended by {name}"),
                None => write!(f, "ended by signal {number}"),
            },
        }
    }
}

/// The faults that a state keeps.
pub fn records(state: &FaultState) -> impl Iterator<Item = FaultRecord> {
    let (records, faults) = (state.records, state.faults as usize);
    records.into_iter().take(faults.min(FAULT_RECORDS))
}

/// What is wrong with the outcome of a run in which that failed; `exits` are the statuses with which a
/// program may refuse, any if there are none.
pub fn wrong(outcome: &Outcome, state: &FaultState, exits: &[i32]) -> Option<String> {
    let refusal = match outcome {
        Ok(()) => return None,
        Err(Failure::Wrong(why) | Failure::Lost(why)) => return Some(why.clone()),
        Err(Failure::Refused(refusal)) => refusal,
    };
    if state.faults == 0 {
        return Some(format!("{refusal} without a fault"));
    }
    let any = |is: fn(Failpoint) -> bool| {
        records(state).filter_map(|record| Failpoint::from_number(record.point)).any(is)
    };
    let may = match refusal {
        Refusal::Exit(status, _) => exits.is_empty() || exits.contains(status),
        // Memory that the program has, but that was never there.
        Refusal::Signal(SIGKILL) => any(is_memory),
        // A handler's frame that cannot be written, or a program whose start fails where its old one
        // is gone.
        Refusal::Signal(SIGSEGV) => true,
        // A page of a file that its server cannot give.
        Refusal::Signal(SIGBUS) => {
            records(state).any(|record| record.served != 0) || any(is_message)
        }
        Refusal::Signal(_) => false,
    };
    (!may).then(|| refusal.to_string())
}

fn is_memory(point: Failpoint) -> bool {
    use Failpoint::*;
    matches!(point, PageLow | PageHigh | PageBlock | Slab | PageTable | Vmalloc)
}

fn is_message(point: Failpoint) -> bool {
    matches!(point, Failpoint::Message | Failpoint::Lease)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(point: Option<Failpoint>) -> FaultState {
        let mut state = FaultState::default();
        if let Some(point) = point {
            let mut records = state.records;
            records[0].point = point as u32;
            (state.faults, state.records) = (1, records);
        }
        state
    }

    #[test]
    fn a_refusal_needs_a_fault() {
        let refused = Err(Failure::Refused(Refusal::Exit(1, "ENOMEM".into())));
        assert!(wrong(&refused, &faults(None), &[]).unwrap().contains("without a fault"));
        assert_eq!(wrong(&refused, &faults(Some(Failpoint::Slab)), &[]), None);
        assert!(wrong(&refused, &faults(Some(Failpoint::Slab)), &[2]).is_some());
        assert_eq!(wrong(&Ok(()), &faults(None), &[]), None);
    }

    #[test]
    fn signals_need_the_fault_that_explains_them() {
        let ended = |signal| Err(Failure::Refused(Refusal::Signal(signal)));
        let slab = faults(Some(Failpoint::Slab));
        assert_eq!(wrong(&ended(SIGKILL), &slab, &[]), None);
        assert!(wrong(&ended(SIGKILL), &faults(Some(Failpoint::PathWalk)), &[]).is_some());
        assert_eq!(wrong(&ended(SIGSEGV), &faults(Some(Failpoint::UserCopyOut)), &[]), None);
        assert!(wrong(&ended(SIGSEGV), &faults(None), &[]).is_some());
        assert!(wrong(&ended(abi::signal::SIGILL), &slab, &[]).is_some());
    }

    #[test]
    fn what_is_wrong_stays_so() {
        let state = faults(Some(Failpoint::Slab));
        assert!(wrong(&Err(Failure::Wrong("other output".into())), &state, &[]).is_some());
    }
}
