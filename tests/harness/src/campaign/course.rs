//! All runs of a scenario: one fault after the other, until a run has none left.

use super::choice::Choice;
use super::id::{Id, place};
use super::run::Run;
use super::vm::Vm;
use super::{Guest, Scenario};
use abi::failpoint::{Failpoint, FaultRecord};
use std::ops::RangeInclusive;
use std::time::Duration;
use xtask::fault_report::{Fault, Report, Survival};
use xtask::fault_tests::Progress;
use xtask::report::Case;
use xtask::stop::Result;

/// Faults of a scenario are more only by mistake.
const MOST: u32 = 100_000;
/// A difference that only one run leaves is a cache that was filled.
pub const TRIES: RangeInclusive<u32> = 1..=5;
/// Servers and caches have what they want after so many runs.
pub const SETTLING: u32 = 8;
/// After so many runs that were wrong a scenario is given up.
const ENOUGH: usize = 3;

/// A scenario under way.
struct Course<'a> {
    vm: &'a Vm,
    scenario: &'a Scenario,
    report: &'a mut Report,
    progress: &'a mut Progress,
    guest: Guest,
    wrong: Vec<String>,
}

/// How many runs a scenario may take, and how long one of them; `None` if something is in the way, which its
/// sweep will tell.
pub fn expect(vm: &Vm, scenario: &Scenario) -> Option<(u32, Duration)> {
    let (_, run) = settled(vm, scenario).ok()?.ok()?;
    Some((scenario.sweep.runs(run.state.opportunities), run.took))
}

/// Runs a scenario with each of its faults. Whatever is in the way fails it.
pub fn sweep(vm: &Vm, scenario: &Scenario, report: &mut Report, progress: &mut Progress) -> Case {
    match all(vm, scenario, report, progress) {
        Ok(wrong) => match &wrong[..] {
            [] => Case::passed(scenario.name),
            [why] => Case::failed(scenario.name, why),
            [first, rest @ ..] => {
                let more = format!("{first}; and {} more, see the report", rest.len());
                Case::failed(scenario.name, more)
            }
        },
        Err(stop) => Case::failed(scenario.name, stop.why),
    }
}

/// What was wrong.
fn all(
    vm: &Vm,
    scenario: &Scenario,
    report: &mut Report,
    progress: &mut Progress,
) -> Result<Vec<String>> {
    let (guest, run) = match settled(vm, scenario)? {
        Ok(settled) => settled,
        Err(why) => return Ok(vec![format!("before anything failed: {why}")]),
    };
    if run.state.opportunities == 0 {
        let kinds = "nothing that could fail is done for it: does it run a program, and are its \
                     `points` the right ones?";
        return Ok(vec![kinds.into()]);
    }
    let mut course = Course { vm, scenario, report, progress, guest, wrong: Vec::new() };
    let singles = course.singles()?;
    course.pairs(singles)?;
    Ok(course.wrong)
}

/// A guest in which a scenario has run without faults until it left everything as it was, as the first
/// runs fill caches, and once more, so that it is known to write the same each time, and the last of these
/// runs; or what is wrong even so.
fn settled(vm: &Vm, scenario: &Scenario) -> Result<std::result::Result<(Guest, Run), String>> {
    let mut guest = vm.guest()?;
    let settle = |guest: &mut Guest| {
        Run::until_nothing_is_lost(vm, guest, scenario, Choice::NONE, 0, 1..=SETTLING)
    };
    let mut run = settle(&mut guest);
    if run.why().is_none() {
        guest.expect_the_same();
        run = settle(&mut guest);
    }
    Ok(match run.why() {
        None => Ok((guest, run)),
        Some(why) => Err(why),
    })
}

impl Course<'_> {
    /// Each single fault; how many there were.
    fn singles(&mut self) -> Result<u32> {
        for nth in 1..=MOST {
            if self.meet(Choice::single(nth))? == 0 {
                return Ok(nth - 1);
            }
        }
        self.wrong.push(format!("there are more than {MOST} opportunities"));
        Ok(MOST)
    }

    /// Each pair near enough of the single ones there were.
    fn pairs(&mut self, singles: u32) -> Result<()> {
        let sweep = self.scenario.sweep;
        for nth in sweep.nths(singles) {
            for then in 1..=sweep.pairs - nth {
                // Without a second fault now there is none later on.
                if self.meet(Choice::pair(nth, then))? < 2 {
                    break;
                }
            }
        }
        Ok(())
    }

    /// A run with one choice of faults; how many there were.
    fn meet(&mut self, choice: Choice) -> Result<u32> {
        if self.wrong.len() >= ENOUGH {
            return Ok(0);
        }
        let (vm, scenario) = (self.vm, self.scenario);
        let run = Run::until_nothing_is_lost(vm, &mut self.guest, scenario, choice, 0, TRIES);
        let (why, faults) = (run.why(), run.state.faults);
        self.progress.step(scenario.name, faults as usize);
        if why.is_some() || faults != 0 {
            self.note(choice, &run, why.as_deref());
        }
        if let Some(why) = why {
            let again = self.fewest(choice, &run)?;
            self.wrong.push(format!("{why}; again: {}", self.report.replay(&again.to_string())));
        }
        if !run.has_lost_its_guest() {
            return Ok(faults);
        }
        match settled(vm, scenario)? {
            Ok((guest, _)) => self.guest = guest,
            Err(why) => {
                self.wrong.push(format!("before anything failed: {why}"));
                return Ok(0);
            }
        }
        // It told nothing, so there may be more.
        Ok(choice.count())
    }

    /// A line of the report for each fault of a run.
    fn note(&mut self, choice: Choice, run: &Run, why: Option<&str>) {
        let survival = match (why, &run.outcome) {
            (Some(why), _) => Survival::Failed(why.into()),
            (None, Ok(())) => Survival::Done,
            (None, Err(failure)) => Survival::Refused(failure.to_string()),
        };
        let id = self.id(choice, run);
        let fault = |record: Option<FaultRecord>| Fault {
            scenario: id.scenario.clone(),
            choice: id.fault(),
            point: record
                .and_then(|record| Failpoint::from_number(record.point))
                .map_or("unknown", Failpoint::name)
                .into(),
            opportunity: record.map(|record| record.opportunity),
            site: record.map(|record| record.site as usize),
            task: record.map(|record| record.tid),
            is_served: record.is_some_and(|record| record.served != 0),
            survival: survival.clone(),
            calls: record.map_or(Vec::new(), |record| record.path().collect()),
            took: run.took,
        };
        if run.state.faults == 0 {
            // A guest that hangs tells nothing.
            self.report.add(fault(None));
        }
        for record in run.state.kept() {
            self.report.add(fault(Some(record)));
        }
    }

    fn id(&self, choice: Choice, run: &Run) -> Id {
        let place = place(&run.state, self.vm.sites());
        Id { scenario: self.scenario.name.into(), choice, place }
    }

    /// The fewest faults of a run that was wrong with which it is wrong, too, each choice in a fresh
    /// guest.
    fn fewest(&mut self, all: Choice, run: &Run) -> Result<Id> {
        let (vm, scenario) = (self.vm, self.scenario);
        let id = self.id(all, run);
        for choice in all.parts() {
            let Ok((mut guest, _)) = settled(vm, scenario)? else { continue };
            let run = Run::until_nothing_is_lost(vm, &mut guest, scenario, choice, 0, TRIES);
            if run.why().is_some() {
                let fewest = self.id(choice, &run);
                self.report.note_fewest(&id.to_string(), &fewest.to_string());
                return Ok(fewest);
            }
        }
        Ok(id)
    }
}
