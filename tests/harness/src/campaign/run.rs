//! One run of a scenario.

use super::choice::Choice;
use super::lost;
use super::verdict::{Failure, Outcome, wrong};
use super::vm::Vm;
use super::{Guest, Output, Scenario};
use abi::failpoint::FaultState;
use std::any::Any;
use std::ops::RangeInclusive;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

/// What came of it.
pub struct Run {
    pub outcome: Outcome,
    pub state: FaultState,
    pub took: Duration,
    /// What was wrong, but for what was lost.
    wrong: Option<String>,
    /// What the kernel holds afterwards and did not before, or the other way round.
    lost: Option<String>,
}

impl Run {
    /// Runs a scenario. `flags` are those of a plan.
    fn once(vm: &Vm, guest: &mut Guest, scenario: &Scenario, choice: Choice, flags: u32) -> Self {
        let start = Instant::now();
        let (mut state, mut absent, mut left) = (FaultState::default(), None, None);
        let mut attempt = || {
            guest.begin(&choice.plan(scenario.sweep.points, flags))?;
            let outcome = without_panic(|| (scenario.run)(guest));
            if !matches!(outcome, Err(Failure::Lost(_))) {
                (state, absent, left) = guest.end(scenario.sweep.within)?;
            }
            outcome
        };
        let (outcome, took) = (attempt(), start.elapsed());
        if let Err(Failure::Lost(_)) = &outcome {
            state = lost::state(&guest.machine().log(), vm.sites());
        }
        let ends = |record: &_| vm.ends_programs(record);
        let sweep = &scenario.sweep;
        let differs = || match sweep.output {
            Output::Same => guest.difference(),
            Output::Any => None,
        };
        let wrong = wrong(&outcome, &state, sweep, ends).or_else(differs).or(absent);
        Self { outcome, state, took, wrong, lost: left }
    }

    /// Runs it as often as `times` begins with, and then until nothing is lost, but no more often than it
    /// ends with: what only the first runs leave is a cache that was filled. A run in which anything else
    /// is wrong is the last one.
    pub fn until_nothing_is_lost(
        vm: &Vm,
        guest: &mut Guest,
        scenario: &Scenario,
        choice: Choice,
        flags: u32,
        times: RangeInclusive<u32>,
    ) -> Self {
        let mut run = Self::once(vm, guest, scenario, choice, flags);
        for done in 1..*times.end() {
            if run.wrong.is_some() || (run.lost.is_none() && done >= *times.start()) {
                break;
            }
            run = Self::once(vm, guest, scenario, choice, flags);
        }
        run
    }

    /// What was wrong with it.
    pub fn why(&self) -> Option<String> {
        let lost = || self.lost.as_ref().map(|lost| format!("lost: {lost}"));
        self.wrong.clone().or_else(lost)
    }

    /// Whether there is no guest any more to go on with.
    pub fn has_lost_its_guest(&self) -> bool {
        matches!(self.outcome, Err(Failure::Lost(_)))
    }
}

/// A scenario that panics has found something wrong.
fn without_panic(scenario: impl FnOnce() -> Outcome) -> Outcome {
    catch_unwind(AssertUnwindSafe(scenario))
        .unwrap_or_else(|panic| Err(Failure::Wrong(format!("panicked: {}", message(&*panic)))))
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_what_is_wrong() {
        let outcome = without_panic(|| panic!("{} is not {}", 1, 2));
        assert_eq!(outcome, Err(Failure::Wrong("panicked: 1 is not 2".into())));
        assert_eq!(without_panic(|| Ok(())), Ok(()));
    }
}
