//! One fault again: every time the same, to the last line of the kernel's log.
//!
//! The guest boots and counts instructions, and so gets no input: what it is asked is in a file. That is
//! found out in a guest that is asked request by request. If the counted one would be asked something else
//! from some answer on, one more is booted with what is known by then. In the end it is asked what it has
//! been given, and each request follows from answers that are the same whenever it boots.

use super::choice::Choice;
use super::course::{SETTLING, TRIES};
use super::id::{Id, place};
use super::run::Run;
use super::vm::Vm;
use super::{Guest, Scenario};

use abi::failpoint::FAULT_VERBOSE;
use std::fs;
use std::path::Path;
use xtask::stop::{Result, failed, io};

/// A scenario that has not come to its end by then asks its guest what chance has it ask.
const MOST_BOOTS: usize = 40;

/// Repeats a fault in a fresh guest, which is brought to where a sweep begins, and prints what the
/// kernel says; its log goes to `folder`. Whether it went well.
pub fn replay(vm: &Vm, scenario: &Scenario, id: &Id, folder: &Path) -> Result<bool> {
    let Replayed { before, run, log } = exactly(vm, scenario, id)?;
    vm.with_names(&log).iter().for_each(|line| println!("{line}"));
    fs::create_dir_all(folder).map_err(|error| io("create", folder, error))?;
    let path = folder.join("replay.log");
    let text = log.iter().map(|line| format!("{line}\n")).collect::<String>();
    fs::write(&path, text).map_err(|error| io("write", &path, error))?;
    println!("kernel log: {}", path.display());
    let Some(run) = run else {
        println!("not ok {id}: before anything failed: {}", before.why().unwrap_or_default());
        return Ok(false);
    };
    match (run.why(), &run.outcome) {
        (Some(why), _) => {
            println!("not ok {id}: {why}");
            return Ok(false);
        }
        (None, _) if run.state.faults == 0 => {
            let opportunities = before.state.opportunities;
            return Err(failed(format!("{id}: there are only {opportunities} opportunities")));
        }
        (None, Ok(())) => println!("ok {id}: done all the same"),
        (None, Err(failure)) => println!("ok {id}: refused: {failure}"),
    }
    let found = place(&run.state, vm.sites());
    match &id.place {
        Some(wanted) if found.as_ref() != Some(wanted) => {
            let found = found.as_deref().unwrap_or("nowhere");
            Err(failed(format!(
                "{id}: that was at {found}: kernel, programs or scenario have changed since then"
            )))
        }
        _ => Ok(true),
    }
}

/// A fault that was repeated.
struct Replayed {
    /// The last run without faults.
    before: Run,
    /// The run with it; `None` if something was wrong before.
    run: Option<Run>,
    /// All that the kernel said.
    log: Vec<String>,
}

/// The same each time.
fn exactly(vm: &Vm, scenario: &Scenario, id: &Id) -> Result<Replayed> {
    let mut guest = vm.guest()?;
    runs(vm, &mut guest, scenario, id.choice);
    let mut script = guest.into_asked();
    for _ in 0..MOST_BOOTS {
        let mut guest = vm.counted(script.clone())?;
        let (before, run) = runs(vm, &mut guest, scenario, id.choice);
        let (asked, log) = guest.finish()?;
        if asked == script {
            return Ok(Replayed { before, run, log });
        }
        script = asked;
    }
    Err(failed(format!("{id}: the scenario asks its guest for something else each time")))
}

/// The last run without faults, and that with them. There are as many of the first kind each time, as a
/// guest has to know beforehand what it is asked.
fn runs(vm: &Vm, guest: &mut Guest, scenario: &Scenario, choice: Choice) -> (Run, Option<Run>) {
    let times = SETTLING..=SETTLING;
    let before = Run::until_nothing_is_lost(vm, guest, scenario, Choice::NONE, 0, times);
    if before.why().is_some() {
        return (before, None);
    }
    guest.expect_the_same();
    let run = Run::until_nothing_is_lost(vm, guest, scenario, choice, FAULT_VERBOSE, TRIES);
    (before, Some(run))
}
