//! What a run may come to.

use super::Sweep;
use abi::failpoint::{Failpoint, FaultRecord, FaultState};
use abi::signal::{SIGABRT, SIGBUS, SIGKILL, SIGSEGV};
use std::fmt;

/// Exit status of a Rust program that panicked.
const PANICKED: i32 = 101;

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

/// What is wrong with the outcome of a run in which that failed. `ends` tells of a fault whether it was
/// in what the kernel does where a program has no way to be told of failure.
pub fn wrong(
    outcome: &Outcome,
    state: &FaultState,
    sweep: &Sweep,
    ends: impl Fn(&FaultRecord) -> bool,
) -> Option<String> {
    let refusal = match outcome {
        Ok(()) => return None,
        Err(Failure::Wrong(why) | Failure::Lost(why)) => return Some(why.clone()),
        Err(Failure::Refused(refusal)) => refusal,
    };
    if state.faults == 0 {
        return Some(format!("{refusal} without a fault"));
    }
    let any = |is: fn(Failpoint) -> bool| state.kept().any(|record| is_at(&record, is));
    // What fails while a server works for somebody does not end the latter.
    let own = || state.kept().filter(|record| record.served == 0);
    let any_own = |is: fn(Failpoint) -> bool| own().any(|record| is_at(&record, is));
    let (may, declared) = match refusal {
        Refusal::Exit(status, _) => {
            // A panic is no refusal, unless somebody says so.
            let is_any = sweep.exits.is_empty() && *status != PANICKED;
            (is_any || sweep.exits.contains(status), "exits")
        }
        Refusal::Signal(signal) => {
            let by_kernel = match *signal {
                // Memory that the program has, but that was never there.
                SIGKILL => any_own(is_memory),
                // Memory that a program's heap did not get: Rust's, and ours.
                SIGABRT => any_own(|point| is_memory(point) || point == Failpoint::VmaReserve),
                // A page of a file that its server cannot give.
                SIGBUS => state.kept().any(|record| record.served != 0) || any(is_message),
                // Where a program that tests no answer uses a null pointer, nothing explains it.
                SIGSEGV => own().any(|record| ends(&record)),
                _ => false,
            };
            (by_kernel || sweep.signals.contains(signal), "signals")
        }
    };
    (!may).then(|| format!("{refusal}, which is not one of its `{declared}`"))
}

fn is_at(record: &FaultRecord, is: fn(Failpoint) -> bool) -> bool {
    Failpoint::from_number(record.point).is_some_and(is)
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
    use abi::signal::SIGILL;

    fn faults(point: Option<Failpoint>) -> FaultState {
        let mut state = FaultState::default();
        if let Some(point) = point {
            let mut records = state.records;
            records[0].point = point as u32;
            (state.faults, state.records) = (1, records);
        }
        state
    }

    fn judge(refusal: Refusal, point: Option<Failpoint>, sweep: Sweep) -> Option<String> {
        wrong(&Err(Failure::Refused(refusal)), &faults(point), &sweep, |_| false)
    }

    #[test]
    fn a_fault_of_a_server_ends_no_caller() {
        let judge = |served, signal| {
            let mut state = faults(Some(Failpoint::PageHigh));
            let mut records = state.records;
            records[0].served = served;
            state.records = records;
            let refused = Err(Failure::Refused(Refusal::Signal(signal)));
            wrong(&refused, &state, &Sweep::default(), |_| true)
        };
        for signal in [SIGKILL, SIGABRT, SIGSEGV] {
            assert_eq!((judge(0, signal), judge(7, signal).is_some()), (None, true), "{signal}");
        }
        assert_eq!(judge(7, SIGBUS), None);
    }

    #[test]
    fn a_refusal_needs_a_fault() {
        let refused = || Refusal::Exit(1, "ENOMEM".into());
        let (any, two) = (Sweep::default(), Sweep::default().exits(&[2]));
        assert!(judge(refused(), None, any).unwrap().contains("without a fault"));
        assert_eq!(judge(refused(), Some(Failpoint::Slab), any), None);
        let why = judge(refused(), Some(Failpoint::Slab), two).unwrap();
        assert!(
            why.contains("exit status 1, \"ENOMEM\", which is not one of its `exits`"),
            "{why}"
        );
        assert_eq!(wrong(&Ok(()), &faults(None), &any, |_| false), None);
    }

    #[test]
    fn a_panic_is_no_refusal_unless_declared() {
        let panicked = || Refusal::Exit(PANICKED, "index out of bounds".into());
        let why = judge(panicked(), Some(Failpoint::Slab), Sweep::default()).unwrap();
        assert!(why.contains("exit status 101") && why.contains("`exits`"), "{why}");
        let declared = Sweep::default().exits(&[PANICKED]);
        assert_eq!(judge(panicked(), Some(Failpoint::Slab), declared), None);
        assert!(judge(panicked(), None, declared).is_some());
    }

    #[test]
    fn signals_need_the_fault_that_explains_them_or_to_be_declared() {
        let any = Sweep::default();
        let ended = |signal, point| judge(Refusal::Signal(signal), Some(point), any);
        assert_eq!(ended(SIGKILL, Failpoint::Slab), None);
        assert!(ended(SIGKILL, Failpoint::PathWalk).is_some());
        assert!(ended(SIGILL, Failpoint::Slab).is_some());
        assert_eq!(ended(SIGABRT, Failpoint::Slab), None);
        assert_eq!(ended(SIGABRT, Failpoint::VmaReserve), None);
        assert!(ended(SIGABRT, Failpoint::UserCopyOut).unwrap().contains("`signals`"));
        assert!(ended(SIGSEGV, Failpoint::Slab).unwrap().contains("`signals`"));
        let declared = any.signals(&[SIGSEGV]);
        let segv = || Refusal::Signal(SIGSEGV);
        assert_eq!(judge(segv(), Some(Failpoint::Slab), declared), None);
        assert!(judge(segv(), None, declared).is_some());
        let state = faults(Some(Failpoint::Slab));
        assert_eq!(wrong(&Err(Failure::Refused(segv())), &state, &any, |_| true), None);
    }

    #[test]
    fn what_is_wrong_stays_so() {
        let state = faults(Some(Failpoint::Slab));
        let other = Err(Failure::Wrong("other output".into()));
        assert!(wrong(&other, &state, &Sweep::default(), |_| true).is_some());
    }
}
