//! One fault after the other.

use super::verdict::{Failure, Outcome, records, wrong};
use super::vm::Vm;
use super::{Guest, Scenario, case};
use abi::failpoint::{
    FAULT_CHILDREN, FAULT_VERBOSE, Failpoint, FaultPlan, FaultRecord, FaultState,
};
use std::fmt;
use std::time::{Duration, Instant};
use xtask::fault_report::{Fault, Report, Survival};
use xtask::report::Case;
use xtask::stop::{Result, failed};

/// Which faults a scenario meets: by default each single one of every kind that is answered at once.
#[derive(Clone, Copy, Debug)]
pub struct Sweep {
    points: u64,
    exits: &'static [i32],
    pairs: u32,
}

impl Default for Sweep {
    fn default() -> Self {
        Self { points: Failpoint::answered(), exits: &[], pairs: 0 }
    }
}

impl Sweep {
    /// These kinds of faults only.
    pub fn points(self, points: &[Failpoint]) -> Self {
        Self { points: points.iter().fold(0, |bits, point| bits | point.bit()), ..self }
    }

    /// The exit statuses with which a program may refuse; without this any but 0.
    pub fn exits(self, exits: &'static [i32]) -> Self {
        Self { exits, ..self }
    }

    /// Also each pair of faults, the nth and the so-manyth after it, where both numbers together are at
    /// most this.
    pub fn pairs(self, bound: u32) -> Self {
        Self { pairs: bound, ..self }
    }
}

/// Which opportunities fail: the nth, and `then` opportunities later one more, if that is not 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    pub nth: u32,
    pub then: u32,
}

impl Choice {
    const NONE: Self = Self { nth: 0, then: 0 };

    /// As it is displayed.
    pub fn parse(text: &str) -> Option<Self> {
        let (nth, then) = text.split_once('+').unwrap_or((text, "0"));
        let (nth, then) = (nth.parse().ok()?, then.parse().ok()?);
        (nth > 0).then_some(Self { nth, then })
    }

    fn plan(self, points: u64, flags: u32) -> FaultPlan {
        let Self { nth, then } = self;
        let times = 1 + u32::from(then != 0);
        FaultPlan {
            points,
            nth,
            then,
            times,
            flags: FAULT_CHILDREN | flags,
            ..FaultPlan::default()
        }
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.then {
            0 => write!(f, "{}", self.nth),
            then => write!(f, "{}+{then}", self.nth),
        }
    }
}

/// Faults of a scenario are more only by mistake.
const MOST: u32 = 100_000;
/// A difference that only one run leaves is a cache that was filled.
const TRIES: u32 = 3;
/// Servers and caches have what they want after so many runs.
const SETTLING: u32 = 8;

struct Run {
    outcome: Outcome,
    state: FaultState,
    /// What the kernel holds afterwards and did not before, or the other way round.
    lost: Option<String>,
    took: Duration,
}

impl Run {
    fn wrong(&self, scenario: &Scenario) -> Option<String> {
        let wrong = wrong(&self.outcome, &self.state, scenario.sweep.exits);
        wrong.or_else(|| self.lost.as_ref().map(|lost| format!("lost: {lost}")))
    }
}

/// Runs a scenario with each of its faults; why it failed first, if it did.
pub fn sweep(vm: &Vm, scenario: &Scenario, report: &mut Report) -> Result<Case> {
    let mut guest = vm.guest()?;
    if let Some(why) = settle(&mut guest, scenario) {
        return Ok(case(scenario.name, Some(why)));
    }
    let mut first = None;
    let mut singles = 0;
    for nth in 1..MOST {
        let choice = Choice { nth, then: 0 };
        let Some(why) = meet(vm, &mut guest, scenario, choice, report)? else { break };
        singles = nth;
        first = first.or(why);
    }
    let bound = scenario.sweep.pairs;
    for nth in 1..bound.min(singles + 1) {
        for then in 1..=bound - nth {
            let choice = Choice { nth, then };
            if let Some(why) = meet(vm, &mut guest, scenario, choice, report)? {
                first = first.or(why);
            }
        }
    }
    Ok(case(scenario.name, first))
}

/// Runs a scenario without faults until a run leaves everything as it was: the first ones fill caches.
/// What is wrong, if it never does.
fn settle(guest: &mut Guest, scenario: &Scenario) -> Option<String> {
    let mut wrong = None;
    for _ in 0..SETTLING {
        let run = run(guest, scenario, Choice::NONE, 0);
        wrong = run.wrong(scenario);
        if wrong.is_none() || run.lost.is_none() {
            break;
        }
    }
    wrong
}

/// Runs a scenario with one choice of faults, until nothing is lost. `None` if nothing failed any more,
/// else what was wrong.
fn meet(
    vm: &Vm,
    guest: &mut Guest,
    scenario: &Scenario,
    choice: Choice,
    report: &mut Report,
) -> Result<Option<Option<String>>> {
    let mut made = run(guest, scenario, choice, 0);
    for _ in 1..TRIES {
        if made.lost.is_none() {
            break;
        }
        made = run(guest, scenario, choice, 0);
    }
    let wrong = made.wrong(scenario);
    let Run { outcome, state, took, .. } = made;
    if matches!(outcome, Err(Failure::Lost(_))) {
        *guest = vm.guest()?;
    } else if state.faults == 0 {
        return Ok(None);
    }
    let survival = match (&wrong, &outcome) {
        (Some(why), _) => Survival::Failed(why.clone()),
        (None, Ok(())) => Survival::Done,
        (None, Err(failure)) => Survival::Refused(failure.to_string()),
    };
    let fault = |record: Option<FaultRecord>| Fault {
        scenario: scenario.name.into(),
        choice: choice.to_string(),
        point: record
            .and_then(|record| Failpoint::from_number(record.point))
            .map_or("unknown", Failpoint::name)
            .into(),
        site: record.map(|record| record.site as usize),
        is_served: record.is_some_and(|record| record.served != 0),
        survival: survival.clone(),
        calls: record.map_or(Vec::new(), |record| path(&record)),
        took,
    };
    if state.faults == 0 {
        // A guest that is lost tells nothing.
        report.add(fault(None));
    }
    records(&state).for_each(|record| report.add(fault(Some(record))));
    let again = report.replay(scenario.name, &choice.to_string());
    Ok(Some(wrong.map(|why| format!("{why}; again: {again}"))))
}

/// The addresses that led to a fault.
fn path(record: &FaultRecord) -> Vec<u32> {
    record.calls.into_iter().take_while(|call| *call != 0).collect()
}

fn run(guest: &mut Guest, scenario: &Scenario, choice: Choice, flags: u32) -> Run {
    let start = Instant::now();
    let (mut state, mut lost) = (FaultState::default(), None);
    let mut attempt = || {
        guest.begin(&choice.plan(scenario.sweep.points, flags))?;
        let outcome = (scenario.run)(guest);
        if !matches!(outcome, Err(Failure::Lost(_))) {
            (state, lost) = guest.end()?;
        }
        outcome
    };
    let outcome = attempt();
    Run { outcome, state, lost, took: start.elapsed() }
}

/// Repeats one choice in a fresh guest, and prints what the kernel says. Whether it went well.
pub fn replay(vm: &Vm, scenario: &Scenario, choice: Choice) -> Result<bool> {
    let mut guest = vm.guest()?;
    let before = guest.machine().log().len();
    let made = run(&mut guest, scenario, choice, FAULT_VERBOSE);
    let wrong = made.wrong(scenario);
    let Run { outcome, state, .. } = made;
    for line in guest.machine().log().iter().skip(before) {
        println!("{line}");
    }
    for record in records(&state) {
        vm.names(&path(&record)).iter().for_each(|line| println!("{line}"));
    }
    match (wrong, outcome) {
        (Some(why), _) => {
            println!("not ok {}/{choice}: {why}", scenario.name);
            Ok(false)
        }
        (None, _) if state.faults == 0 => {
            Err(failed(format!("{}/{choice}: there are not so many opportunities", scenario.name)))
        }
        (None, Ok(())) => {
            println!("ok {}/{choice}: done all the same", scenario.name);
            Ok(true)
        }
        (None, Err(failure)) => {
            println!("ok {}/{choice}: refused: {failure}", scenario.name);
            Ok(true)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_are_read_as_they_are_shown() {
        for choice in [Choice { nth: 17, then: 0 }, Choice { nth: 3, then: 9 }] {
            assert_eq!(Choice::parse(&choice.to_string()), Some(choice));
        }
        for text in ["", "0", "x", "1+", "+2", "1+2+3"] {
            assert_eq!(Choice::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_pair_is_two_faults() {
        let plan = Choice { nth: 4, then: 2 }.plan(1, 0);
        assert_eq!(({ plan.nth }, { plan.then }, { plan.times }), (4, 2, 2));
        assert_eq!({ Choice { nth: 4, then: 0 }.plan(1, 0).times }, 1);
    }
}
