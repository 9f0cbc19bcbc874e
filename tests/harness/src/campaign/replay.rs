//! One fault again.

use super::Scenario;
use super::course::{TRIES, settled};
use super::id::{Id, place};
use super::run::Run;
use super::vm::Vm;
use abi::failpoint::FAULT_VERBOSE;
use xtask::stop::{Result, failed};

/// Repeats a fault in a fresh guest, which is brought to where a sweep begins, and prints what the
/// kernel says. Whether it went well.
pub fn replay(vm: &Vm, scenario: &Scenario, id: &Id) -> Result<bool> {
    let (mut guest, opportunities) = match settled(vm, scenario)? {
        Ok(settled) => settled,
        Err(why) => {
            println!("not ok {id}: before anything failed: {why}");
            return Ok(false);
        }
    };
    let (before, choice) = (guest.machine().log().len(), id.choice);
    let run = Run::until_nothing_is_lost(vm, &mut guest, scenario, choice, FAULT_VERBOSE, TRIES);
    let log = guest.machine().log().split_off(before);
    vm.with_names(&log).iter().for_each(|line| println!("{line}"));
    match (run.why(), &run.outcome) {
        (Some(why), _) => {
            println!("not ok {id}: {why}");
            return Ok(false);
        }
        (None, _) if run.state.faults == 0 => {
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
